//! Arrays of indices, bits as bytes, systems of several axes.

use super::arguments::{Arg, Case, Given, Sampler};
use super::factorisation::computed;
use crate::dtype::{DType, Scalar, promote};
use crate::numpy::{Along, BitOrder, Bounds, Count, Shape};
use crate::testing::reference::{Matrix, Want, epsilon};
use crate::testing::samples::{Lie, Plain, Random, Sample, moderate, ravel, unravel};

pub(super) const ENTRIES: super::Family = &[
    (&["unravel_index"], numbers, unraveled),
    (&["ravel_multi_index"], several, |given, _| vec![raveled(given)]),
    (&["ix_"], vectors, crossed),
    (&["fill_diagonal"], squares, |given, _| vec![filled(given)]),
    (&["packbits"], packs, |given, _| vec![packed(given)]),
    (&["unpackbits"], unpacks, |given, _| vec![unpacked(given)]),
    (&["tensorsolve", "tensorinv"], tensors, tensor),
];

fn shape(lengths: &[usize]) -> Shape {
    Shape::from(lengths.iter().map(|&n| n as isize).collect::<Vec<_>>())
}

fn numbers(s: &mut Sampler, _: &str) -> Vec<Case> {
    let mut cases = Vec::new();
    for (of, lengths) in [(&[9][..], &[4, 5][..]), (&[2, 3], &[7]), (&[], &[2, 3, 2]), (&[0], &[3])] {
        for dtype in s.some(|d| d.is_int()) {
            let count: usize = lengths.iter().product();
            let lie = s.lie();
            let x = s.array(dtype, of, lie, |d, r| Scalar::I64(r.below(count) as i64).cast(d));
            cases.push(vec![Arg::Array(x), Arg::plain(shape(lengths))]);
        }
    }
    cases
}

fn lengths(shape: &Shape) -> Vec<usize> {
    shape.0.iter().map(|&n| n as usize).collect()
}

fn whole(x: &Scalar) -> i128 {
    x.to_i128().expect("indices are integers")
}

fn unraveled(given: &Given, _: &str) -> Vec<Want> {
    let (x, shape) = (given.array(0), lengths(given.plain(1)));
    let along = |axis: usize| {
        let at = |x: &Scalar| Scalar::I64(unravel(whole(x) as usize, &shape)[axis] as i64);
        Want::exact(Plain::new(DType::I64, &x.shape, x.data.iter().map(at)))
    };
    (0..shape.len()).map(along).collect()
}

fn several(s: &mut Sampler, _: &str) -> Vec<Case> {
    let mut cases = Vec::new();
    for bounds in [Bounds::Raise, Bounds::Clip, Bounds::Wrap] {
        for dtype in s.some(|d| d.is_int() && !d.is_unsigned()) {
            let out = if bounds == Bounds::Raise { 0 } else { 3 };
            let along = [4, 5].map(|n| {
                let lie = s.lie();
                s.array(dtype, &[2, 3], lie, |d, r| {
                    Scalar::I64(r.below(n + 2 * out) as i64 - out as i64).cast(d)
                })
            });
            cases.push(vec![Arg::Arrays(along.into()), Arg::plain(shape(&[4, 5])), Arg::plain(bounds)]);
        }
    }
    cases
}

fn raveled(given: &Given) -> Want {
    let (along, shape) = (given.arrays(0), lengths(given.plain(1)));
    let at = |i: usize| {
        let index = along.iter().zip(&shape).map(|(x, &n)| match given.plain::<Bounds>(2) {
            Bounds::Raise => whole(&x.data[i]) as usize,
            Bounds::Clip => whole(&x.data[i]).clamp(0, n as i128 - 1) as usize,
            Bounds::Wrap => whole(&x.data[i]).rem_euclid(n as i128) as usize,
        });
        Scalar::I64(ravel(&index.collect::<Vec<_>>(), &shape) as i64)
    };
    Want::exact(Plain::new(DType::I64, &along[0].shape, (0..along[0].data.len()).map(at)))
}

fn vectors(s: &mut Sampler, _: &str) -> Vec<Case> {
    let mut cases = Vec::new();
    for dtype in s.some(|d| d.is_int()) {
        let coin = |_: DType, r: &mut Random| Scalar::Bool(r.bits() & 1 == 0);
        let all = vec![
            s.array(dtype, &[3], Lie::Dense, moderate),
            s.array(DType::Bool, &[6], Lie::Dense, coin),
            s.array(dtype, &[2], Lie::Strided, moderate),
        ];
        cases.push(vec![Arg::Arrays(all)]);
    }
    cases
}

fn crossed(given: &Given, _: &str) -> Vec<Want> {
    let all = given.arrays(0);
    let one = |(i, x): (usize, &Plain)| {
        let set: Vec<Scalar> = if x.dtype == DType::Bool {
            (0..x.data.len())
                .filter(|&i| x.data[i] == Scalar::Bool(true))
                .map(|i| Scalar::I64(i as i64))
                .collect()
        } else {
            x.data.clone()
        };
        let mut shape = vec![1; all.len()];
        shape[i] = set.len();
        Want::exact(Plain::new(if x.dtype == DType::Bool { DType::I64 } else { x.dtype }, &shape, set))
    };
    all.iter().enumerate().map(one).collect()
}

fn squares(s: &mut Sampler, _: &str) -> Vec<Case> {
    let mut cases = Vec::new();
    for (of, value) in [(&[4, 4][..], &[][..]), (&[3, 5], &[2]), (&[5, 3], &[1]), (&[3, 3, 3], &[])] {
        for dtype in s.some(|_| true) {
            let lie = s.lie();
            let x = s.array(dtype, of, lie, moderate);
            cases.push(vec![Arg::Array(x), Arg::Array(s.array(dtype, value, Lie::Dense, moderate))]);
        }
    }
    cases
}

fn filled(given: &Given) -> Want {
    let (x, value) = (given.array(0), given.array(1));
    let at = |i: usize| {
        let index = unravel(i, &x.shape);
        let on = index.iter().all(|&k| k == index[0]);
        if on { value.data[index[0] % value.data.len()] } else { x.data[i] }
    };
    Want::exact(Plain::new(x.dtype, &x.shape, (0..x.data.len()).map(at)))
}

fn packs(s: &mut Sampler, _: &str) -> Vec<Case> {
    let mut cases = Vec::new();
    let sparse = |d: DType, r: &mut Random| {
        if r.bits() & 1 == 0 { Scalar::Bool(false).cast(d) } else { moderate(d, r) }
    };
    for (of, axis) in [(&[21][..], None), (&[3, 16], Some(-1)), (&[9, 4], Some(0)), (&[3, 5], None)] {
        for dtype in s.some(|d| d.is_int() || d == DType::Bool) {
            let order = [BitOrder::Big, BitOrder::Little][s.random.below(2)];
            let lie = s.lie();
            cases.push(vec![
                Arg::Array(s.array(dtype, of, lie, sparse)),
                Arg::plain(Along(axis)),
                Arg::plain(order),
            ]);
        }
    }
    cases
}

/// Where the axis is, in the shape that it is in.
fn placed(x: &Plain, along: &Along) -> (Vec<usize>, usize) {
    match along.0 {
        None => (vec![x.data.len()], 0),
        Some(axis) if axis < 0 => (x.shape.clone(), (axis + x.shape.len() as isize) as usize),
        Some(axis) => (x.shape.clone(), axis as usize),
    }
}

fn place(order: BitOrder, i: usize) -> usize {
    if order == BitOrder::Big { 7 - i % 8 } else { i % 8 }
}

fn packed(given: &Given) -> Want {
    let (x, order) = (given.array(0), *given.plain::<BitOrder>(2));
    let (shape, axis) = placed(x, given.plain(1));
    let mut out = shape.clone();
    out[axis] = shape[axis].div_ceil(8);
    let mut bytes = vec![0_u64; out.iter().product()];
    for (i, value) in x.data.iter().enumerate() {
        let mut index = unravel(i, &shape);
        let bit = place(order, index[axis]);
        index[axis] /= 8;
        bytes[ravel(&index, &out)] |= u64::from(value.cast(DType::Bool) == Scalar::Bool(true)) << bit;
    }
    Want::exact(Plain::new(DType::U8, &out, bytes.into_iter().map(Scalar::U64)))
}

fn unpacks(s: &mut Sampler, _: &str) -> Vec<Case> {
    let mut cases = Vec::new();
    let byte = |d: DType, r: &mut Random| Scalar::I64(r.below(256) as i64).cast(d);
    for (of, axis, count) in
        [(&[5][..], None, None), (&[3, 2], Some(-1), Some(11)), (&[2, 4], Some(0), Some(20))]
    {
        let order = [BitOrder::Big, BitOrder::Little][s.random.below(2)];
        let lie = s.lie();
        cases.push(vec![
            Arg::Array(s.array(DType::U8, of, lie, byte)),
            Arg::plain(Along(axis)),
            Arg::plain(Count(count)),
            Arg::plain(order),
        ]);
    }
    cases
}

fn unpacked(given: &Given) -> Want {
    let (x, order) = (given.array(0), *given.plain::<BitOrder>(3));
    let (shape, axis) = placed(x, given.plain(1));
    let mut out = shape.clone();
    out[axis] = given.plain::<Count>(2).0.unwrap_or(8 * shape[axis]);
    let bit = |i: usize| {
        let mut index = unravel(i, &out);
        let bit = place(order, index[axis]);
        index[axis] /= 8;
        let byte = if index[axis] < shape[axis] { whole(&x.data[ravel(&index, &shape)]) } else { 0 };
        Scalar::I64((byte >> bit & 1) as i64)
    };
    Want::exact(Plain::new(DType::U8, &out, (0..out.iter().product()).map(bit)))
}

/// Maps with a heavy diagonal.
fn tensors(s: &mut Sampler, name: &str) -> Vec<Case> {
    let mut cases = Vec::new();
    for dtype in s.some(|d| d != DType::Bool) {
        let mut a = s.array(dtype, &[2, 3, 6], Lie::Dense, moderate).values;
        for i in 0..6 {
            a.data[7 * i] = Scalar::I64(60).cast(dtype);
        }
        let a = Arg::Array(Sample::dense(a));
        let lie = s.lie();
        cases.push(match name {
            "tensorsolve" => vec![a, Arg::Array(s.array(dtype, &[2, 3], lie, moderate))],
            _ => vec![a, Arg::plain(2_usize)],
        });
    }
    cases
}

fn tensor(given: &Given, name: &str) -> Vec<Want> {
    let a = given.array(0);
    let square =
        |x: &Plain, columns: usize| Matrix::new(6, columns, |i, j| x.data[i * columns + j].to_c128());
    let of = square(a, 6);
    let (dtype, shape, wanted) = match name {
        "tensorsolve" => (promote(a.dtype, given.array(1).dtype), vec![6], square(given.array(1), 1)),
        _ => (a.dtype, vec![6, 2, 3], Matrix::identity(6)),
    };
    let dtype = computed(dtype, given.float);
    Want::checked([(dtype, shape)], move |got| {
        let columns = wanted.columns;
        let x = square(&got[0], columns);
        let far = of.times(&x).far(&wanted);
        if far <= 64.0 * epsilon(dtype) * of.size() * x.size() {
            Ok(())
        } else {
            Err(format!("a · x is {far:e} off"))
        }
    })
}
