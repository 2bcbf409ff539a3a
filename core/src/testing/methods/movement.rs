//! Gathers, joins, creation.

use super::arguments::{Arg, Case, Given, Sampler};
use crate::dtype::{DType, Scalar};
use crate::numpy::{Along, Axis, Gather, Shape};
use crate::testing::reference::{Want, concat, full, indices, stack, take};
use crate::testing::samples::{Lie, Plain, Random, SHAPES, Sample, random};

pub(super) const ENTRIES: super::Family = &[
    (&["take"], takes, |given, _| vec![take(given.array(0), given.array(1), given.plain::<Gather>(2).axis)]),
    (&["concat"], joins, |given, _| {
        vec![{
            let (parts, axis) = (given.arrays(0), given.plain::<Along>(1).0);
            let flat = |part: Plain| Plain { shape: vec![part.data.len()], ..part };
            match axis {
                Some(axis) => concat(&parts, axis),
                None => concat(&parts.into_iter().map(flat).collect::<Vec<_>>(), 0),
            }
        }]
    }),
    (&["stack"], joins, |given, _| vec![stack(&given.arrays(0), given.plain::<Axis>(1).0)]),
    (&["full"], fills, filled),
    (&["indices"], counts, |given, _| vec![indices(*given.plain(0))]),
];

fn takes(s: &mut Sampler, _: &str) -> Vec<Case> {
    let index = |s: &mut Sampler, dtype: DType, shape: &[usize], len: usize, lie: Lie| -> Sample {
        s.array(dtype, shape, lie, |d, r: &mut Random| {
            let at = r.below(len) as i64;
            Scalar::I64(if !d.is_unsigned() && r.bits() & 1 == 0 { at - len as i64 } else { at })
        })
    };
    let mut cases = Vec::new();
    for dtype in s.dtypes.clone() {
        let x = s.array(dtype, &[11, 13], Lie::Dense, random);
        let at = index(s, DType::I64, &[29], 13, Lie::Dense);
        cases.push(vec![Arg::Array(x), Arg::Array(at), Arg::plain(Gather::from(-1))]);
    }
    for shape in SHAPES.into_iter().filter(|shape| !shape.contains(&0)) {
        for dtype in s.some(|_| true) {
            let along = (!shape.is_empty() && s.random.below(3) > 0)
                .then(|| s.random.below(2 * shape.len()) as isize - shape.len() as isize);
            let len = along.map_or(shape.iter().product(), |a| {
                shape[if a < 0 { (shape.len() as isize + a) as usize } else { a as usize }]
            });
            let kind: Vec<DType> = s.all(|d| d.is_int() && (len < 100 || d.size() > 2));
            let (kind, lies) = (kind[s.random.below(kind.len())], [s.lie(), s.lie()]);
            let of = [&[][..], &[0], &[5], &[2, 3]][s.random.below(4)];
            let x = s.array(dtype, shape, lies[0], random);
            let at = index(s, kind, of, len, lies[1]);
            cases.push(vec![Arg::Array(x), Arg::Array(at), Arg::plain(Gather::from(Along(along)))]);
        }
    }
    cases
}

fn joins(s: &mut Sampler, name: &str) -> Vec<Case> {
    let mut cases = Vec::new();
    for dtype in s.dtypes.clone() {
        let parts = (0..3).map(|_| s.array(dtype, &[4, 9], Lie::Dense, random)).collect();
        cases.push(vec![Arg::Arrays(parts), joined(name, Some(0))]);
    }
    for shape in SHAPES.into_iter().filter(|shape| name == "stack" || !shape.is_empty()) {
        for dtype in s.some(|_| true) {
            let axes = shape.len() + usize::from(name == "stack");
            let axis = s.random.below(2 * axes) as isize - axes as isize;
            let count = 1 + s.random.below(4);
            let mut parts = Vec::new();
            for n in 0..count {
                let mut own = shape.to_vec();
                if name == "concat" {
                    own[if axis < 0 { (axes as isize + axis) as usize } else { axis as usize }] =
                        [2, 0, 1, 5][n];
                }
                // Another dtype is promoted, where the place holds what comes out.
                let mixed = if n == 1 { s.random.below(2) == 0 } else { false };
                let dtype = if mixed { s.dtypes[s.random.below(s.dtypes.len())] } else { dtype };
                let lie = s.lie();
                parts.push(s.array(dtype, &own, lie, random));
            }
            let flat = s.random.below(5) == 0;
            cases.push(vec![Arg::Arrays(parts), joined(name, (name == "stack" || !flat).then_some(axis))]);
        }
    }
    cases
}

/// Along which axis arrays are joined.
fn joined(name: &str, axis: Option<isize>) -> Arg {
    match (name, axis) {
        ("stack", Some(axis)) => Arg::plain(Axis(axis)),
        _ => Arg::plain(Along(axis)),
    }
}

fn fills(s: &mut Sampler, _: &str) -> Vec<Case> {
    let mut cases = Vec::new();
    for dtype in s.dtypes.clone() {
        let value = random(dtype, &mut s.random);
        let asked = (s.random.bits() & 1 == 0).then_some(dtype);
        cases.push(vec![
            Arg::plain(Shape::from([3_usize, 5])),
            Arg::plain(value),
            Arg::plain(asked),
            Arg::Place,
        ]);
    }
    for shape in SHAPES {
        let to = s.dtypes[s.random.below(s.dtypes.len())];
        let (shape, value) = (Arg::plain(Shape::from(shape)), Arg::plain(Scalar::I64(7)));
        cases.push(vec![shape, value, Arg::plain(Some(to)), Arg::Place]);
    }
    cases
}

fn filled(given: &Given, _: &str) -> Vec<Want> {
    let value = *given.plain::<Scalar>(1);
    let own = match value.dtype() {
        DType::F64 => given.float,
        DType::C128 if given.float == DType::F32 => DType::C64,
        own => own,
    };
    let shape: Vec<usize> = given.plain::<Shape>(0).0.iter().map(|&n| n as usize).collect();
    vec![full(&shape, value, given.plain::<Option<DType>>(2).unwrap_or(own))]
}

fn counts(_: &mut Sampler, _: &str) -> Vec<Case> {
    [0_usize, 1, 7, 1031].into_iter().map(|n| vec![Arg::plain(n), Arg::Place]).collect()
}
