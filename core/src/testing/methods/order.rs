//! Sorts, scans, searches.

use super::arguments::{Arg, Case, Sampler};
use crate::dtype::{DType, Kind, Scalar};
use crate::expr::Reduction;
use crate::numpy::{Order, Scanned};
use crate::testing::reference::{argsort, flat_nonzero, nonzero, scan, select, sort};
use crate::testing::samples::{Lie, Random, SHAPES, moderate, random, special};
use num_complex::Complex64;

pub(super) const ENTRIES: super::Family = &[
    (&["sort"], sorts, |given, _| vec![sort(given.array(0), given.plain(1))]),
    (&["argsort"], sorts, |given, _| vec![argsort(given.array(0), given.plain(1))]),
    (&["cumulative_sum"], scans, |given, _| vec![scan(Reduction::Sum, given.array(0), given.plain(1))]),
    (&["cumulative_prod"], scans, |given, _| vec![scan(Reduction::Prod, given.array(0), given.plain(1))]),
    (&["flat_nonzero"], searches, |given, _| vec![flat_nonzero(given.array(0))]),
    (&["nonzero"], searches, |given, _| nonzero(given.array(0))),
    (&["select"], selections, |given, _| vec![select(given.array(0), given.array(1))]),
];

/// Many equal ones, zeros of both signs, NaN, infinities.
fn mixed(dtype: DType, r: &mut Random) -> Scalar {
    match r.below(8) {
        0 => random(dtype, r),
        1 => {
            let special = special(dtype);
            special[r.below(special.len())]
        }
        2 => Scalar::F64(-0.0).cast(dtype),
        3 => Scalar::F64(0.0).cast(dtype),
        _ => moderate(dtype, r),
    }
}

/// An axis of an array; one without axes is a row of one element.
fn an_axis(shape: &[usize], s: &mut Sampler) -> isize {
    match shape.len() {
        0 => -1,
        n => s.random.below(2 * n) as isize - n as isize,
    }
}

fn sorts(s: &mut Sampler, _: &str) -> Vec<Case> {
    let mut cases = Vec::new();
    for dtype in s.all(|_| true) {
        for descending in [false, true] {
            let x = s.array(dtype, &[3, 333], Lie::Dense, mixed);
            cases.push(vec![Arg::Array(x), Arg::plain(Order { axis: -1, descending })]);
        }
    }
    for shape in SHAPES {
        for dtype in s.some(|_| true) {
            let order = Order { axis: an_axis(shape, s), descending: s.random.bits() & 1 == 0 };
            let lie = s.lie();
            cases.push(vec![Arg::Array(s.array(dtype, shape, lie, mixed)), Arg::plain(order)]);
        }
    }
    cases
}

fn scans(s: &mut Sampler, name: &str) -> Vec<Case> {
    let value = if name == "cumulative_prod" { factor } else { summand };
    let along = |axis: isize| Scanned { axis: Some(axis), ..Scanned::default() };
    let mut cases = Vec::new();
    for dtype in s.dtypes.clone() {
        cases.push(vec![Arg::Array(s.array(dtype, &[3, 300], Lie::Dense, value)), Arg::plain(along(-1))]);
    }
    for shape in SHAPES {
        for dtype in s.some(|_| true) {
            let (axis, lie) = (an_axis(shape, s), s.lie());
            let mut scanned = along(axis);
            scanned.include_initial = !shape.is_empty() && s.random.bits() & 1 == 0;
            if s.random.below(3) == 0 {
                let wider =
                    s.all(|d| d != DType::Bool && d.kind() >= dtype.kind() && d.size() >= dtype.size());
                scanned.dtype = wider.get(s.random.below(wider.len())).copied();
            }
            // Integers whose product is one of floats wrap nowhere: it must stay in range.
            let inexact = name == "cumulative_prod" && scanned.dtype.is_some_and(|d| d.kind() >= Kind::Float);
            let value = if dtype.kind() < Kind::Float && inexact { few } else { value };
            cases.push(vec![Arg::Array(s.array(dtype, shape, lie, value)), Arg::plain(scanned)]);
        }
    }
    cases
}

fn summand(dtype: DType, r: &mut Random) -> Scalar {
    if dtype.is_int() { random(dtype, r) } else { moderate(dtype, r) }
}

/// Ones, and a few twos.
fn few(dtype: DType, r: &mut Random) -> Scalar {
    Scalar::I64(if r.below(32) == 0 { 2 } else { 1 }).cast(dtype)
}

/// Products of many of them stay in range.
fn factor(dtype: DType, r: &mut Random) -> Scalar {
    if dtype.kind() < Kind::Float {
        return Scalar::I64([1, 1, 1, 3, 5, -1][r.below(6)]).cast(dtype);
    }
    let sign = if r.bits() & 1 == 0 { -1.0 } else { 1.0 };
    let im = if dtype.is_complex() { 0.125 * r.unit() } else { 0.0 };
    Scalar::C128(Complex64::new(sign * (1.0 + r.unit() / 16.0), im)).cast(dtype)
}

/// Half of them zero.
fn sparse(dtype: DType, r: &mut Random) -> Scalar {
    if r.bits() & 1 == 0 { Scalar::Bool(false).cast(dtype) } else { mixed(dtype, r) }
}

fn searches(s: &mut Sampler, name: &str) -> Vec<Case> {
    let mut cases = Vec::new();
    for dtype in s.dtypes.clone() {
        cases.push(vec![Arg::Array(s.array(dtype, &[7, 111], Lie::Dense, sparse))]);
    }
    for shape in SHAPES.into_iter().filter(|shape| name != "nonzero" || !shape.is_empty()) {
        for dtype in s.some(|_| true) {
            let lie = s.lie();
            cases.push(vec![Arg::Array(s.array(dtype, shape, lie, sparse))]);
        }
    }
    cases
}

fn selections(s: &mut Sampler, _: &str) -> Vec<Case> {
    let coin = |_: DType, r: &mut Random| Scalar::Bool(r.bits() & 1 == 0);
    let mut cases = Vec::new();
    for dtype in s.dtypes.clone() {
        let x = s.array(dtype, &[5, 77], Lie::Dense, mixed);
        let mask = s.array(DType::Bool, &[5, 77], Lie::Dense, coin);
        cases.push(vec![Arg::Array(x), Arg::Array(mask)]);
    }
    for shape in SHAPES.into_iter().filter(|shape| !shape.is_empty()) {
        for dtype in s.some(|_| true) {
            let (axes, lies) = (1 + s.random.below(shape.len()), [s.lie(), s.lie()]);
            let x = s.array(dtype, shape, lies[0], mixed);
            let mask = s.array(DType::Bool, &shape[..axes], lies[1], coin);
            cases.push(vec![Arg::Array(x), Arg::Array(mask)]);
        }
    }
    cases
}
