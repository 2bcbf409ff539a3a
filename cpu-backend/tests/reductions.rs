//! Every reduction, in every dtype, over every way an array can lie; and that threads don't change the bits.

mod common;

use common::*;
use num_complex::Complex64;
use polyarray_core::array::{ArrayBackend, HostBuffer};
use polyarray_core::dtype::DTYPES;
use polyarray_core::expr::{Instr, Op, REDUCTIONS, Reduction};
use polyarray_core::numpy as np;
use polyarray_core::{Array, DType, Error, Kind, Scalar};

fn defined(op: Reduction, dtype: DType) -> bool {
    match op {
        Reduction::Sum | Reduction::Prod => true,
        Reduction::Any | Reduction::All => dtype == DType::Bool,
        _ => !dtype.is_complex(),
    }
}

/// Fails unless `got` is the reduction of `xs`.
fn check_one(what: &str, op: Reduction, dtype: DType, got: Scalar, xs: &[Scalar]) {
    let real: Vec<f64> = xs.iter().map(|x| x.to_f64()).collect();
    let nan = real.iter().position(|x| x.is_nan());
    let first = |better: fn(&Scalar, &Scalar) -> bool| {
        nan.unwrap_or_else(|| {
            (0..xs.len()).fold(0, |best, i| if better(&xs[i], &xs[best]) { i } else { best })
        })
    };
    let less = |a: &Scalar, b: &Scalar| match (a.to_i128(), b.to_i128()) {
        (Some(a), Some(b)) => a < b,
        _ => a.to_f64() < b.to_f64(),
    };
    let more = |a: &Scalar, b: &Scalar| match (a.to_i128(), b.to_i128()) {
        (Some(a), Some(b)) => a > b,
        _ => a.to_f64() > b.to_f64(),
    };
    let same = |want: Scalar| {
        let (g, w) = (got.to_f64(), want.to_f64());
        assert!(g == w || (g.is_nan() && w.is_nan()), "{what}: got {got:?}, want {want:?}");
        assert_eq!(got.to_i128(), want.to_i128(), "{what}");
    };
    match op {
        Reduction::ArgMin => same(Scalar::I64(first(less) as i64)),
        Reduction::ArgMax => same(Scalar::I64(first(more) as i64)),
        Reduction::Min => same(xs[first(less)]),
        Reduction::Max => same(xs[first(more)]),
        Reduction::Any => same(Scalar::Bool(xs.contains(&Scalar::Bool(true)))),
        Reduction::All => same(Scalar::Bool(!xs.contains(&Scalar::Bool(false)))),
        Reduction::Sum | Reduction::Prod if matches!(dtype.kind(), Kind::Bool | Kind::Int) => {
            let ints = xs.iter().map(|x| x.to_i128().unwrap());
            let want = match op {
                Reduction::Sum => ints.sum(),
                // Every dtype's wrapping product is the low bits of this one's.
                _ => ints.fold(1u64, |a, b| a.wrapping_mul(b as u64)) as i128,
            };
            same(integer(want, dtype));
        }
        Reduction::Sum => {
            // Twice-the-digits summation (Neumaier), in f64: the truth for f16, f32 and near enough for f64.
            let sum = |part: fn(Complex64) -> f64| {
                let (mut s, mut c) = (0.0f64, 0.0f64);
                for x in xs {
                    let x = part(x.to_c128());
                    let t = s + x;
                    c += if s.abs() >= x.abs() { (s - t) + x } else { (x - t) + s };
                    s = t;
                }
                (s + c, xs.iter().map(|x| part(x.to_c128()).abs()).sum::<f64>())
            };
            for (g, part) in
                [(got.to_c128().re, (|z| z.re) as fn(Complex64) -> f64), (got.to_c128().im, |z| z.im)]
            {
                let (want, size) = sum(part);
                // Pairwise: the error is that of some twenty additions of the size of all terms, plus the
                // rounding of the result. f16 accumulates in f32.
                let acc = if dtype == DType::F16 { DType::F32 } else { dtype };
                let bound = 20.0 * ulp(size, acc) + ulp(want, dtype);
                assert!((g - want).abs() <= bound, "{what}: got {g}, want {want}, bound {bound}");
            }
        }
        Reduction::Prod => {
            let want = xs.iter().fold(Complex64::new(1.0, 0.0), |a, x| a * x.to_c128());
            let far = (got.to_c128() - want).norm();
            let bound = (xs.len() + 2) as f64 * ulp(want.norm(), dtype) * 2.0;
            assert!(far <= bound, "{what}: got {got:?}, want {want}, bound {bound}");
        }
    }
}

/// Sums want finite terms; products terms near 1.
fn tame(op: Reduction, view: View) -> View {
    let dtype = view.dtype();
    if matches!(dtype.kind(), Kind::Bool | Kind::Int) || !matches!(op, Reduction::Sum | Reduction::Prod) {
        return view;
    }
    let mut random = Random(3);
    let mut x = || match op {
        Reduction::Sum => random.unit() * 2.0 - 0.9,
        _ => 1.0 + (random.unit() - 0.5) * 0.01,
    };
    let imaginary = op == Reduction::Sum;
    let values: Vec<Scalar> = (0..view.buffer.bytes().len() / dtype.size())
        .map(|_| Scalar::C128(Complex64::new(x(), if imaginary { x() } else { 0.01 })).cast(dtype))
        .collect();
    View { buffer: host(dtype, &values), layout: view.layout }
}

fn check_reduction(op: Reduction, dtype: DType, shape: &[usize], split: usize, lie: Lie) {
    let v = tame(op, view(dtype, shape, lie, 41));
    let code = [(Instr::Load(0), dtype)];
    let got = run(&kernel(shape, std::slice::from_ref(&v), &[], &code, Some((op, split))));
    let xs = v.elements();
    let len: usize = shape[split..].iter().product();
    for (i, &got) in got.iter().enumerate() {
        let what = format!("{op} in {dtype} of {shape:?} from axis {split}, {lie:?}, result {i}");
        check_one(&what, op, dtype, got, &xs[i * len..(i + 1) * len]);
    }
}

fn each(mut body: impl FnMut(Reduction, DType)) {
    for op in REDUCTIONS {
        DTYPES.into_iter().filter(|&d| defined(op, d)).for_each(|d| body(op, d));
    }
}

#[test]
fn every_reduction_over_every_lie() {
    let cases: [(&[usize], usize); 8] = [
        (&[], 0),
        (&[1], 0),
        (&[300], 0),
        (&[7, 5], 1),
        (&[5, 300], 1),
        (&[300, 5], 0),
        (&[3, 4, 5], 2),
        (&[2, 140, 3], 1),
    ];
    each(|op, dtype| {
        for (shape, split) in cases {
            LIES.iter().for_each(|&lie| check_reduction(op, dtype, shape, split, lie));
        }
    });
}

/// Long enough for several spans, by rows and by columns, and for wide and narrow tiles.
#[test]
fn long_and_wide_reductions() {
    for (shape, split) in
        [(&[150_001][..], 0), (&[3, 70_001], 1), (&[9001, 3], 1), (&[5000, 31], 1), (&[20, 5000], 1)]
    {
        for op in REDUCTIONS {
            for dtype in [DType::Bool, DType::I64, DType::F16, DType::F32, DType::C64] {
                // A product of so many terms near 1 strays too far to bound.
                if defined(op, dtype) && op != Reduction::Prod {
                    for lie in [Lie::Dense, Lie::Transposed, Lie::Reversed] {
                        check_reduction(op, dtype, shape, split, lie);
                    }
                }
            }
        }
    }
}

#[test]
fn a_reduction_takes_its_prologue_with_it() {
    let shape = [40, 300];
    for lies in [[Lie::Dense, Lie::BroadcastLast], [Lie::Transposed, Lie::Broadcast]] {
        let views = [0, 1].map(|i| tame(Reduction::Sum, view(DType::F64, &shape, lies[i], 8)));
        let code = [
            (Instr::Load(0), DType::F64),
            (Instr::Load(1), DType::F64),
            (Instr::Map(Op::Multiply, [0, 1, 0]), DType::F64),
        ];
        let got = run(&kernel(&shape, &views, &[], &code, Some((Reduction::Sum, 1))));
        let terms: Vec<Scalar> = views[0]
            .elements()
            .iter()
            .zip(views[1].elements())
            .map(|(a, b)| Scalar::F64(a.to_f64() * b.to_f64()))
            .collect();
        for (i, &got) in got.iter().enumerate() {
            check_one("sum of products", Reduction::Sum, DType::F64, got, &terms[i * 300..(i + 1) * 300]);
        }
    }
}

#[test]
fn nothing_reduced_is_the_identity_or_an_error() {
    let v = view(DType::F32, &[4, 0], Lie::Dense, 1);
    let of =
        |op| kernel(&[4, 0], std::slice::from_ref(&v), &[], &[(Instr::Load(0), DType::F32)], Some((op, 1)));
    assert_eq!(run(&of(Reduction::Sum)), [Scalar::F32(0.0); 4]);
    assert!(run(&of(Reduction::Sum))[0].to_f64().is_sign_positive());
    assert_eq!(run(&of(Reduction::Prod)), [Scalar::F32(1.0); 4]);
    for op in [Reduction::Min, Reduction::Max, Reduction::ArgMin, Reduction::ArgMax] {
        assert!(matches!(backend().run(&of(op)), Err(Error::Shape { .. })), "{op}");
    }
}

#[test]
fn the_sum_of_negative_zero_keeps_its_sign() {
    let v = View {
        buffer: host(DType::F64, &[Scalar::F64(-0.0); 40]),
        layout: polyarray_core::expr::Layout::dense(&[40]),
    };
    let k = kernel(
        &[40],
        std::slice::from_ref(&v),
        &[],
        &[(Instr::Load(0), DType::F64)],
        Some((Reduction::Sum, 0)),
    );
    assert!(run(&k)[0].to_f64().is_sign_negative());
}

#[test]
fn the_number_of_threads_does_not_change_the_bits() {
    for (shape, split) in [(&[400_003][..], 0), (&[3, 200_001], 1), (&[30_000, 17], 1)] {
        for lie in [Lie::Dense, Lie::Transposed] {
            for op in [Reduction::Sum, Reduction::Prod] {
                let v = tame(op, view(DType::F32, shape, lie, 1));
                let k = kernel(
                    shape,
                    std::slice::from_ref(&v),
                    &[],
                    &[(Instr::Load(0), DType::F32), (Instr::Map(Op::Sin, [0, 0, 0]), DType::F32)],
                    Some((op, split)),
                );
                let bits = [1, 2, 5].map(|threads| {
                    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
                    let out = pool.install(|| backend().run(&k)).unwrap();
                    (&*out as &dyn std::any::Any).downcast_ref::<HostBuffer>().unwrap().bytes().to_vec()
                });
                assert!(bits[0] == bits[1] && bits[0] == bits[2], "{op} of {shape:?}, {lie:?}");
            }
        }
    }
}

#[test]
fn more_elements_than_32_bits_count_are_reduced() {
    let len = (1_usize << 32) + 5;
    let x = Array::from(vec![3_i8]).broadcast_to([len]).unwrap();
    let sum = np::sum(np::multiply(&x, 2_i8).unwrap(), ()).unwrap();
    assert_eq!(sum.item().unwrap(), Scalar::I64(6 * len as i64));
}
