//! Binary searches, bins.

use super::arguments::{Arg, Case, Given, Sampler};
use super::ranking::mixed;
use crate::dtype::{DType, Scalar, promote};
use crate::numpy::Side;
use crate::testing::reference::{Want, rank, search};
use crate::testing::samples::{Lie, Plain, Sample, moderate};
use std::cmp::Ordering;

pub(super) const ENTRIES: super::Family =
    &[(&["searchsorted", "searchsorted_by"], searches, searched), (&["digitize"], bins, digitize)];

fn order(x: &Plain) -> Vec<usize> {
    let mut order: Vec<usize> = (0..x.data.len()).collect();
    order.sort_by(|&a, &b| rank(x.data[a], x.data[b]));
    order
}

fn searches(s: &mut Sampler, name: &str) -> Vec<Case> {
    let mut cases = Vec::new();
    for (len, shape) in [(100, &[61][..]), (7, &[2, 3]), (0, &[4]), (1, &[]), (33, &[0])] {
        for dtype in s.some(|d| !d.is_complex()) {
            let x = s.array(dtype, &[len], Lie::Dense, mixed).values;
            let order = order(&x);
            let sorted = Plain::new(dtype, &[len], order.iter().map(|&i| x.data[i]));
            let lie = s.lie();
            let values = s.array(dtype, shape, lie, mixed);
            let side = if s.random.bits() & 1 == 0 { Side::Left } else { Side::Right };
            cases.push(if name == "searchsorted" {
                vec![Arg::Array(Sample::dense(sorted)), Arg::Array(values), Arg::plain(side)]
            } else {
                let at = Plain::new(DType::I64, &[len], order.iter().map(|&i| Scalar::I64(i as i64)));
                let at = Arg::Array(Sample::dense(at));
                vec![Arg::Array(Sample::dense(x)), at, Arg::Array(values), Arg::plain(side)]
            });
        }
    }
    cases
}

fn searched(given: &Given, name: &str) -> Vec<Want> {
    let by = usize::from(name == "searchsorted_by");
    let (x, values, side) = (given.array(0), given.array(1 + by), *given.plain::<Side>(2 + by));
    let dtype = promote(x.dtype, values.dtype);
    let (x, values) = (x.cast(dtype), values.cast(dtype));
    vec![search(&x, &values, side)]
}

fn bins(s: &mut Sampler, _: &str) -> Vec<Case> {
    let mut cases = Vec::new();
    for descending in [false, true] {
        for right in [false, true] {
            for dtype in s.some(|d| !d.is_complex()) {
                let lie = s.lie();
                let x = s.array(dtype, &[5, 13], lie, moderate);
                let mut edges = s.array(dtype, &[6], Lie::Dense, moderate).values;
                let order = order(&edges);
                let sorted: Vec<Scalar> = order.iter().map(|&i| edges.data[i]).collect();
                edges.data = if descending { sorted.into_iter().rev().collect() } else { sorted };
                cases.push(vec![Arg::Array(x), Arg::Array(Sample::dense(edges)), Arg::plain(right)]);
            }
        }
    }
    cases
}

/// By the definition of each bin; equal edges bound bins of nothing.
fn digitize(given: &Given, _: &str) -> Vec<Want> {
    let (x, edges, right) = (given.array(0), given.array(1), *given.plain::<bool>(2));
    let ascending = edges.data.windows(2).all(|pair| rank(pair[0], pair[1]) != Ordering::Greater);
    let passed = |edge: Scalar, value: Scalar| match (rank(edge, value), ascending) {
        (Ordering::Equal, true) => !right,
        (Ordering::Equal, false) => right,
        (Ordering::Less, _) => ascending,
        (Ordering::Greater, _) => !ascending,
    };
    let bin =
        |&value: &Scalar| Scalar::I64(edges.data.iter().filter(|&&edge| passed(edge, value)).count() as i64);
    vec![Want::exact(Plain::new(DType::I64, &x.shape, x.data.iter().map(bin)))]
}
