//! Einstein's summation over all indices, one product after the other: sums of products of any form.

use super::product::term_sum;
use super::{Truth, Want};
use crate::dtype::{DType, Scalar};
use crate::testing::samples::{Plain, unravel};
use std::collections::BTreeMap;

/// The sums over all axes that `output` does not name, of products of elements; a letter for each axis, and operands of one
/// dtype. Axes of length 1 broadcast.
pub fn einsum(inputs: &[&str], output: &str, operands: &[Plain], dtype: DType) -> Want {
    let operands: Vec<Plain> = operands.iter().map(|x| x.cast(dtype)).collect();
    let mut lengths: BTreeMap<char, usize> = BTreeMap::new();
    for (labels, x) in inputs.iter().zip(&operands) {
        for (label, &n) in labels.chars().zip(&x.shape) {
            let known = lengths.entry(label).or_insert(n);
            *known = if *known == 1 { n } else { *known };
        }
    }
    let summed: Vec<char> = lengths.keys().copied().filter(|&label| !output.contains(label)).collect();
    let shape = |labels: &[char]| -> Vec<usize> { labels.iter().map(|label| lengths[label]).collect() };
    let output: Vec<char> = output.chars().collect();
    let (outer, inner) = (shape(&output), shape(&summed));
    let count: usize = inner.iter().product();
    let one = |index: &BTreeMap<char, usize>, labels: &str, x: &Plain| {
        let at = |(label, &n): (char, &usize)| if n == 1 { 0 } else { index[&label] };
        x.data[labels.chars().zip(&x.shape).fold(0, |flat, axis| flat * axis.1 + at(axis))]
    };
    let element = |flat: usize| {
        let outside: Vec<usize> = unravel(flat, &outer);
        let terms = (0..count).map(|flat| {
            let inside = unravel(flat, &inner);
            let names = output.iter().chain(&summed).copied();
            let index: BTreeMap<char, usize> = names.zip(outside.iter().chain(&inside).copied()).collect();
            let factors = inputs.iter().zip(&operands).map(|(labels, x)| one(&index, labels, x));
            factors.collect::<Vec<Scalar>>()
        });
        term_sum(terms, dtype)
    };
    let elements: Vec<Truth> = (0..outer.iter().product()).map(element).collect();
    // Each product but one is rounded, too.
    Want { terms: count.max(1) + operands.len(), ..Want::new(dtype, &outer, elements) }
}

/// A diagonal of two axes, as the last one.
pub fn diagonal(x: &Plain, offset: isize, [a, b]: [usize; 2]) -> Plain {
    let others: Vec<usize> = (0..x.shape.len()).filter(|axis| *axis != a && *axis != b).collect();
    let (down, across) = (offset.min(0).unsigned_abs(), offset.max(0).unsigned_abs());
    let k = x.shape[a].saturating_sub(down).min(x.shape[b].saturating_sub(across));
    let shape: Vec<usize> = others.iter().map(|&axis| x.shape[axis]).chain([k]).collect();
    let element = |flat: usize| {
        let at = unravel(flat, &shape);
        let mut index = vec![0; x.shape.len()];
        others.iter().zip(&at).for_each(|(&axis, &i)| index[axis] = i);
        (index[a], index[b]) = (at[others.len()] + down, at[others.len()] + across);
        x.broadcast_at(&index)
    };
    Plain::new(x.dtype, &shape, (0..shape.iter().product()).map(element).collect::<Vec<_>>())
}
