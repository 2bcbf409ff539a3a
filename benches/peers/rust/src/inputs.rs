//! Inputs other than uniform numbers, for libraries that are no arrays of ours: the same as in `methods.py`.
use crate::request::uniform;

/// The positions that `take` reads: every one once, far from the one before.
pub fn positions(len: usize) -> Vec<i32> {
    (0..len as i64).map(|i| (i * 7_368_787 % len as i64) as i32).collect()
}

/// A symmetric matrix of the first input.
pub fn symmetric(n: usize) -> Vec<f32> {
    let x = uniform(0, n * n);
    (0..n * n).map(|i| (x[i] + x[i % n * n + i / n]) / 2.0).collect()
}

/// A positive definite matrix of the first input.
pub fn definite(n: usize) -> Vec<f32> {
    let mut x = symmetric(n);
    (0..n).for_each(|i| x[i * n + i] += n as f32);
    x
}

/// How many operands an einsum has.
pub fn operands(subscripts: &str) -> u32 {
    subscripts.split("->").next().unwrap_or_default().split(',').count() as u32
}
