//! Reductions: every operation and dtype, along every kind of axis, with NumPy's NaN rules.

use crate::device::device;
use crate::fused::{profiles, run, samples, ulps};
use crate::kernels::{View, host, interpret, kernel, value};
use crate::random::Sample;
use polyarray_core::dtype::DTYPES;
use polyarray_core::expr::{Instr, Kernel, Layout, Op, Output, REDUCTIONS, Reduction};
use polyarray_core::{DType, Scalar};
use polyarray_shaders::fused::supports_reduction;
use polyarray_shaders::plan::Profile;

fn less(a: Scalar, b: Scalar) -> bool {
    match (a.to_i128(), b.to_i128()) {
        (Some(a), Some(b)) => a < b,
        _ => a.to_f64() < b.to_f64(),
    }
}

/// The reduction of one row, in doubles (and wrapping integers).
pub fn reference(op: Reduction, dtype: DType, row: &[Scalar]) -> Scalar {
    let nan = |s: &Scalar| s.to_i128().is_none() && s.to_c128().is_nan();
    let first = |better: fn(Scalar, Scalar) -> bool| {
        let mut best = 0;
        for (i, &x) in row.iter().enumerate() {
            if !nan(&row[best]) && (nan(&x) || better(x, row[best])) {
                best = i;
            }
        }
        best
    };
    let zero = num_complex::Complex64::new(0.0, 0.0);
    let int = |f: fn(i128, i128) -> i128, start: i128| {
        let v = row.iter().fold(start, |a, x| f(a, x.to_i128().unwrap_or(0)) as u64 as i128);
        Scalar::U64(v as u64).cast(dtype)
    };
    match op {
        Reduction::Sum if dtype.is_int() => int(|a, b| a + b, 0),
        Reduction::Prod if dtype.is_int() => int(|a, b| (a as u64).wrapping_mul(b as u64) as i128, 1),
        Reduction::Sum => Scalar::C128(row.iter().fold(zero, |a, x| a + x.to_c128())),
        Reduction::Prod => Scalar::C128(row.iter().fold(zero + 1.0, |a, x| a * x.to_c128())),
        Reduction::Any => Scalar::Bool(row.contains(&Scalar::Bool(true))),
        Reduction::All => Scalar::Bool(!row.contains(&Scalar::Bool(false))),
        Reduction::Min => row[first(less)],
        Reduction::Max => row[first(|a, b| less(b, a))],
        Reduction::ArgMin => Scalar::I64(first(less) as i64),
        Reduction::ArgMax => Scalar::I64(first(|a, b| less(b, a)) as i64),
    }
}

#[track_caller]
fn check(k: &Kernel, op: Reduction, profile: &Profile, limit: f64) {
    let dtype = k.result().dtype;
    let got = run(device(), k, profile);
    let values = interpret(k);
    let n = k.reduced_len();
    for (i, g) in got.iter().enumerate() {
        let want = reference(op, dtype, &values[i * n..(i + 1) * n]);
        let error = ulps(
            *g,
            if want.to_i128().is_some() { want } else { Scalar::C128(want.to_c128()).cast(wide(dtype)) },
        );
        assert!(error <= limit, "{op} of {dtype} over {n} at {i}: {g:?}, want {want:?}: {error} ULP");
    }
}

fn wide(dtype: DType) -> DType {
    if dtype.is_complex() { DType::C128 } else { DType::F64 }
}

fn load(dtype: DType) -> Vec<polyarray_core::expr::Value> {
    vec![value(Instr::Load(0), dtype)]
}

/// Values whose products and sums stay finite.
pub fn tame(dtype: DType, n: usize) -> Vec<Scalar> {
    let float = |i: usize| 0.75 + ((i * 37) % 64) as f64 / 128.0;
    match dtype {
        DType::Bool => (0..n).map(|i| Scalar::Bool(i % 5 < 4)).collect(),
        _ if dtype.is_int() => (0..n).map(|i| Scalar::I64((i * 29 % 251) as i64 - 60).cast(dtype)).collect(),
        _ => (0..n)
            .map(|i| {
                let im = if dtype.is_complex() { float(i + 3) - 1.0 } else { 0.0 };
                Scalar::C128(num_complex::Complex64::new(float(i), im)).cast(dtype)
            })
            .collect(),
    }
}

#[test]
fn every_reduction_of_every_dtype() {
    let gpu = device();
    for (p, profile) in profiles(gpu).into_iter().enumerate().take(2) {
        for op in REDUCTIONS {
            for dtype in DTYPES {
                if supports_reduction(op, dtype, profile.features).is_err() {
                    continue;
                }
                // Every dtype on the adapter as it is, the emulated ones without its features.
                if p == 1 && !matches!(dtype, DType::I64 | DType::U64 | DType::Bool) {
                    continue;
                }
                // 7 rows of 150: more than one word of packed outputs, and a tail.
                let (rows, n) = (7, 150);
                let data = host(dtype, &tame(dtype, rows * n));
                let exact = !matches!(op, Reduction::Prod) || dtype.is_int();
                // A product rounds at every step.
                let limit = if exact { 0.71 } else { 160.0 };
                for strides in [[n as isize, 1], [1, rows as isize]] {
                    let layout = Layout {
                        shape: [rows, n].as_slice().into(),
                        strides: strides.as_slice().into(),
                        offset: 0,
                    };
                    let view = View { buffer: data.clone(), layout };
                    let k =
                        kernel(&[rows, n], 1, &[view], vec![], load(dtype), Output::Reduce { op, split: 1 });
                    check(&k, op, &profile, limit);
                }
            }
        }
    }
}

#[test]
fn nan_infinity_and_ties() {
    let gpu = device();
    for profile in profiles(gpu) {
        for op in [Reduction::Sum, Reduction::Min, Reduction::Max, Reduction::ArgMin, Reduction::ArgMax] {
            let nan = samples(DType::F32);
            let mut infinite = nan.clone();
            infinite.retain(|x| !x.to_f64().is_nan());
            let one_sided: Vec<Scalar> = infinite.iter().filter(|x| x.to_f64() > -1e300).copied().collect();
            for data in [nan, infinite, one_sided] {
                let n = data.len();
                let k = kernel(
                    &[n],
                    0,
                    &[View::dense(DType::F32, &data)],
                    vec![],
                    load(DType::F32),
                    Output::Reduce { op, split: 0 },
                );
                check(&k, op, &profile, 1.0);
            }
        }
    }
}

#[test]
fn long_sums_keep_their_digits_and_their_bits() {
    let gpu = device();
    let n = 1_000_003;
    let data: Vec<Scalar> = (0..n).map(|i| Scalar::F32(((i * 7919) % 1009) as f32 * 0.1 + 1e4)).collect();
    for profile in profiles(gpu) {
        let view = View::dense(DType::F32, &data);
        let k = kernel(
            &[n],
            0,
            std::slice::from_ref(&view),
            vec![],
            load(DType::F32),
            Output::Reduce { op: Reduction::Sum, split: 0 },
        );
        check(&k, Reduction::Sum, &profile, 0.5001);
        assert_eq!(run(gpu, &k, &profile), run(gpu, &k, &profile));
        // With a prologue, a scalar operand and an argument of the index.
        let code = vec![
            value(Instr::Load(0), DType::F32),
            value(Instr::Param(0), DType::F32),
            value(Instr::Map(Op::Subtract, [0, 1, 0]), DType::F32),
            value(Instr::Map(Op::Multiply, [2, 2, 0]), DType::F32),
        ];
        for op in [Reduction::Sum, Reduction::ArgMax] {
            let k = kernel(
                &[n],
                0,
                std::slice::from_ref(&view),
                vec![Scalar::F32(10_050.0)],
                code.clone(),
                Output::Reduce { op, split: 0 },
            );
            check(&k, op, &profile, 0.5001);
        }
    }
}

/// Every axis had length 1 and is collapsed away.
#[test]
fn one_element() {
    let gpu = device();
    for profile in profiles(gpu) {
        for (op, dtype) in
            [(Reduction::Sum, DType::F32), (Reduction::ArgMax, DType::I32), (Reduction::Max, DType::U8)]
        {
            let view = View::dense(dtype, &tame(dtype, 1));
            let view = View { layout: Layout::dense(&[]), ..view };
            let k = kernel(&[], 0, &[view], vec![], load(dtype), Output::Reduce { op, split: 0 });
            check(&k, op, &profile, 0.0);
        }
    }
}

/// Blocks of a dense input beside what is walked through strides: a row, a column, a matrix of another stride, backwards;
/// over rows of whole blocks of 16, 8 and 4, over rows that no block divides, and over everything.
#[test]
fn blocks_beside_strides() {
    let gpu = device();
    let mut sample = Sample::new(3);
    for profile in profiles(gpu) {
        for (dtype, op) in [
            (DType::F32, Reduction::Sum),
            (DType::F32, Reduction::ArgMin),
            (DType::I16, Reduction::Max),
            (DType::I64, Reduction::Sum),
        ] {
            for (rows, columns) in [(37, 64), (5, 40), (130, 12), (7, 9), (3, 5000)] {
                let data = host(dtype, &tame(dtype, 2 * rows * columns + 64));
                let view = |strides: [isize; 2], offset| View::of(&data, &[rows, columns], &strides, offset);
                let c = columns as isize;
                for beside in [
                    view([0, 1], 16),
                    view([0, 1], 3),
                    view([1, 0], 5),
                    view([2 * c, 1], 16),
                    view([-c, -1], rows * columns - 1),
                ] {
                    for split in [0, 1] {
                        if !sample.takes(6) {
                            continue;
                        }
                        let views = [view([c, 1], 0), beside.clone()];
                        let code = vec![
                            value(Instr::Load(0), dtype),
                            value(Instr::Load(1), dtype),
                            value(Instr::Map(Op::Minimum, [0, 1, 0]), dtype),
                        ];
                        let k = kernel(
                            &[rows, columns],
                            split,
                            &views,
                            vec![],
                            code,
                            Output::Reduce { op, split },
                        );
                        check(&k, op, &profile, 0.71);
                    }
                }
            }
        }
    }
}

/// Lanes that own neighbouring outputs: columns of a matrix, beside a row that they share, a column that all rows
/// share, another matrix; widths of whole blocks, and one that no block divides; several segments.
#[test]
fn blocks_of_columns() {
    let gpu = device();
    let mut sample = Sample::new(4);
    for (p, profile) in profiles(gpu).into_iter().enumerate() {
        for (dtype, op) in [
            (DType::F32, Reduction::Sum),
            (DType::F32, Reduction::ArgMax),
            (DType::U8, Reduction::Max),
            (DType::I64, Reduction::Sum),
        ] {
            if p > 0 && op != Reduction::Max {
                continue;
            }
            // Enough elements for blocks of them, but for the last.
            for (rows, columns) in [(8200, 64), (600, 900), (3, 175_000), (2500, 211), (37, 64)] {
                let data = host(dtype, &tame(dtype, 2 * rows * columns + 64));
                let view = |strides: [isize; 2], offset| View::of(&data, &[columns, rows], &strides, offset);
                let c = columns as isize;
                for beside in [
                    view([1, 0], 16),
                    view([1, 0], 3),
                    view([0, 1], 5),
                    view([1, 2 * c], 8),
                    view([-1, c], columns - 1),
                ] {
                    if !sample.takes(4) {
                        continue;
                    }
                    let views = [view([1, c], 0), beside];
                    let code = vec![
                        value(Instr::Load(0), dtype),
                        value(Instr::Load(1), dtype),
                        value(Instr::Map(Op::Minimum, [0, 1, 0]), dtype),
                    ];
                    let k =
                        kernel(&[columns, rows], 1, &views, vec![], code, Output::Reduce { op, split: 1 });
                    check(&k, op, &profile, 0.71);
                }
            }
        }
    }
}

#[test]
fn any_axes_and_big_outputs() {
    let gpu = device();
    for own in profiles(gpu) {
        let profile = Profile { max_binding: 1 << 18, ..own };
        let shape = [40, 30, 9, 17];
        let data = host(DType::I32, &tame(DType::I32, shape.iter().product()));
        for (dims, strides, split) in [
            ([40, 9, 30, 17], [30 * 9 * 17, 17, 9 * 17, 1], 2),
            ([30, 17, 40, 9], [9 * 17, 1, 30 * 9 * 17, 17], 2),
            ([40, 30, 9, 17], [30 * 9 * 17, 9 * 17, 17, 1], 3),
        ] {
            let layout =
                Layout { shape: dims.as_slice().into(), strides: strides.as_slice().into(), offset: 0 };
            let view = View { buffer: data.clone(), layout };
            for op in [Reduction::Sum, Reduction::ArgMin] {
                let k = kernel(
                    &dims,
                    split,
                    std::slice::from_ref(&view),
                    vec![],
                    load(DType::I32),
                    Output::Reduce { op, split },
                );
                check(&k, op, &profile, 0.0);
            }
        }
    }
}

#[test]
fn short_rows() {
    let gpu = device();
    let mut sample = Sample::new(5);
    for profile in profiles(gpu) {
        for n in [1, 2, 4, 8, 12, 17] {
            let rows = 1003;
            for dtype in [DType::F32, DType::U8, DType::F16] {
                if !sample.takes(3) {
                    continue;
                }
                let data = host(dtype, &tame(dtype, rows * n));
                let view = View { buffer: data, layout: Layout::dense(&[rows, n]) };
                // A row of one element collapses away: nothing is reduced.
                let output = Output::Reduce { op: Reduction::Max, split: 1 };
                let k = kernel(&[rows, n], 1, std::slice::from_ref(&view), vec![], load(dtype), output);
                check(&k, Reduction::Max, &profile, 0.0);
            }
        }
    }
}

#[test]
fn nothing_reduced_is_the_identity() {
    let gpu = device();
    for profile in profiles(gpu) {
        for (op, dtype, want) in [
            (Reduction::Sum, DType::F32, Scalar::F32(0.0)),
            (Reduction::Prod, DType::I64, Scalar::I64(1)),
            (Reduction::Any, DType::Bool, Scalar::Bool(false)),
            (Reduction::All, DType::Bool, Scalar::Bool(true)),
        ] {
            let view = View {
                buffer: host(dtype, &[]),
                layout: Layout {
                    shape: [5, 0].as_slice().into(),
                    strides: [0, 1].as_slice().into(),
                    offset: 0,
                },
            };
            let mut k = kernel(&[5, 0], 1, &[view], vec![], load(dtype), Output::Reduce { op, split: 1 });
            k.dims = [5, 0].as_slice().into();
            k.inputs[0].strides = [0, 1].as_slice().into();
            k.output = Output::Reduce { op, split: 1 };
            assert_eq!(run(gpu, &k, &profile), vec![want; 5]);
        }
    }
}
