//! Reductions, means, variances.

use super::arguments::{Arg, Case, Given, Sampler};
use crate::dtype::{DType, Kind, Scalar};
use crate::expr::{REDUCTIONS, Reduction};
use crate::numpy::{Reduce, Variance, axis};
use crate::testing::reference::{Want, mean, reduce, variance};
use crate::testing::samples::{Lie, Plain, Random, SHAPES, Sample, ends, integer, moderate, random, special};
use crate::testing::tolerance::ulp;
use num_complex::Complex64;

pub(super) const ENTRIES: super::Family = &[
    (&["sum", "prod", "min", "max", "any", "all", "argmin", "argmax"], samples, reference),
    (&["count_nonzero"], samples, counted),
    (&["mean"], samples, |given, _| vec![mean(given.array(0), given.plain(1), given.float)]),
    (&["var", "std"], samples, |given, name| {
        vec![variance(given.array(0), given.plain::<Variance>(1), given.float, name == "std")]
    }),
];

/// Whether the method is defined on the dtype.
fn takes(name: &str, dtype: DType) -> bool {
    !(dtype.is_complex() && matches!(name, "min" | "max" | "argmin" | "argmax"))
}

/// Values of which a reduction says something.
fn value(name: &str, dtype: DType, r: &mut Random) -> Scalar {
    let sign = |r: &mut Random| if r.bits() & 1 == 0 { -1.0 } else { 1.0 };
    match name {
        "prod" if dtype.kind() >= Kind::Float => {
            // Products of them stay in range.
            let size = |r: &mut Random| (1.0 + r.unit() * 0.25) * sign(r);
            let im = if dtype.is_complex() { 0.25 * r.unit() } else { 0.0 };
            Scalar::C128(Complex64::new(size(r), im)).cast(dtype)
        }
        "prod" => Scalar::I64([1, 1, 1, 3, 5, 7, 2, -1][r.below(8)]).cast(dtype),
        "any" | "all" | "count_nonzero" => {
            let rare = if r.below(24) == 0 { 1 } else { 0 };
            let zero = Scalar::I64(if name == "all" { 1 - rare } else { rare }).cast(dtype);
            if r.below(40) == 0 { special(dtype)[0] } else { zero }
        }
        "min" | "max" | "argmin" | "argmax" => match r.below(6) {
            0 => random(dtype, r),
            1 if dtype.is_float() && r.below(60) == 0 => Scalar::F64(f64::NAN).cast(dtype),
            _ => moderate(dtype, r),
        },
        // Sums of integers wrap.
        "sum" if dtype.is_int() => random(dtype, r),
        "mean" if matches!(dtype, DType::I64 | DType::U64) => random(dtype, r),
        _ => moderate(dtype, r),
    }
}

/// What to reduce over.
fn over(shape: &[usize], name: &str, s: &mut Sampler) -> Reduce {
    let n = shape.len() as isize;
    // Of nothing there is no least element.
    let nothing = matches!(name, "min" | "max" | "argmin" | "argmax") && shape.contains(&0);
    let fits = |over: &Reduce| {
        let axes: Vec<isize> = over.axes.as_ref().map_or((0..n).collect(), |axes| axes.to_vec());
        !nothing || axes.iter().all(|&a| shape[if a < 0 { (n + a) as usize } else { a as usize }] > 0)
    };
    let mut all = vec![Reduce::default(), Reduce::default().keepdims()];
    if n > 0 {
        all.extend([axis(0), axis(-1).keepdims()]);
    }
    if n > 1 {
        all.extend([axis(1), axis([0, -1]), axis([-1, 0]).keepdims()]);
    }
    all.retain(fits);
    if all.is_empty() {
        return Reduce { axes: Some([].as_slice().into()), keepdims: false };
    }
    all.swap_remove(s.random.below(all.len()))
}

fn option(name: &str, over: Reduce, s: &mut Sampler) -> Arg {
    match name {
        "var" | "std" => Arg::plain(over.ddof([0.0, 1.0][s.random.below(2)])),
        _ => Arg::plain(over),
    }
}

fn samples(s: &mut Sampler, name: &str) -> Vec<Case> {
    let mut cases = Vec::new();
    for dtype in s.all(|d| takes(name, d)) {
        for over in [Reduce::default(), axis(0), axis(-1)] {
            let x = s.array(dtype, &[23, 41], Lie::Dense, |d, r| value(name, d, r));
            let option = option(name, over, s);
            cases.push(vec![Arg::Array(x), option]);
        }
    }
    for (n, shape) in SHAPES.into_iter().enumerate() {
        if name.starts_with("arg") && shape.contains(&0) && n < 3 {
            continue;
        }
        for dtype in s.some(|d| takes(name, d)) {
            let (over, lie) = (over(shape, name, s), s.lie());
            let x = s.array(dtype, shape, lie, |d, r| value(name, d, r));
            let option = option(name, over, s);
            cases.push(vec![Arg::Array(x), option]);
        }
    }
    let whole = |dtype: DType, values: Vec<Scalar>| {
        vec![
            Arg::Array(Sample::dense(Plain::new(dtype, &[values.len()], values))),
            Arg::plain(Reduce::default()),
        ]
    };
    // Nothing but the least or the greatest value: no neutral element may be beside them.
    if matches!(name, "min" | "max" | "argmin" | "argmax") {
        for dtype in s.all(|d| takes(name, d)) {
            let (least, most) = if dtype.is_float() {
                (Scalar::F64(f64::NEG_INFINITY), Scalar::F64(f64::INFINITY))
            } else {
                let (least, most) = ends(dtype);
                (integer(least, dtype), integer(most, dtype))
            };
            cases.extend([least, most].map(|end| whole(dtype, vec![end; 943])));
        }
    }
    if name == "sum" {
        for dtype in s.all(|d| d.kind() >= Kind::Float) {
            // Each below half a unit in the last place of 1: added to it one by one, all would be lost.
            let tiny = 0.45 * ulp(1.0, dtype);
            let values = (0..4099).map(|i| Scalar::F64(if i % 512 == 0 { 1.0 } else { tiny })).collect();
            cases.push(whole(dtype, values));
        }
        // What is not finite, each alone: it decides.
        for dtype in s.some(|d| d.is_float()) {
            for odd in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
                let at = s.random.below(300);
                let values = (0..300).map(|i| Scalar::F64(if i == at { odd } else { 1.0 })).collect();
                cases.push(whole(dtype, values));
            }
        }
    }
    cases
}

fn reference(given: &Given, name: &str) -> Vec<Want> {
    let op: Reduction = REDUCTIONS.into_iter().find(|op| op.name() == name).expect("it is a reduction");
    vec![reduce(op, given.array(0), given.plain(1))]
}

fn counted(given: &Given, _: &str) -> Vec<Want> {
    vec![reduce(Reduction::Sum, &given.array(0).cast(DType::Bool), given.plain(1))]
}
