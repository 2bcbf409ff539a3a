//! Matrix products.

use super::{Compensated, Truth, Want};
use crate::dtype::{DType, Kind, Scalar};
use crate::memory::layout::broadcast;
use crate::testing::samples::{Plain, integer, unravel};
use num_complex::Complex64;

/// The product of matrices (leading axes broadcast, a single axis is a row or a column), of operands cast to `dtype`.
/// With `bits` the terms are numbers of bits set in both.
pub fn matmul(a: &Plain, b: &Plain, dtype: DType, bits: bool) -> Want {
    let (row, column) = (a.shape.len() == 1, b.shape.len() == 1);
    let with = |x: &Plain, shape: &[usize]| Plain { shape: shape.to_vec(), ..x.clone() };
    let a = if row { with(a, &[1, a.shape[0]]) } else { a.clone() };
    let b = if column { with(b, &[b.shape[0], 1]) } else { b.clone() };
    let (a, b) = if bits { (a, b) } else { (a.cast(dtype), b.cast(dtype)) };
    let split = |x: &Plain| x.shape.len() - 2;
    let batch = broadcast(&a.shape[..split(&a)], &b.shape[..split(&b)]).expect("leading axes broadcast");
    let (m, k, n) = (a.shape[split(&a)], a.shape[split(&a) + 1], b.shape[split(&b) + 1]);
    let shape: Vec<usize> = batch.iter().copied().chain([m, n]).collect();
    let element = |flat: usize| {
        let index = unravel(flat, &shape);
        let (lead, last) = index.split_at(batch.len());
        let at = |x: &Plain, i: usize, j: usize| x.broadcast_at(&[lead, &[i, j]].concat());
        let pairs = (0..k).map(|l| [at(&a, last[0], l), at(&b, l, last[1])]);
        if bits { bits_in_both(pairs) } else { term_sum(pairs, dtype) }
    };
    let elements = (0..shape.iter().product()).map(element).collect();
    let mut out = shape.clone();
    if column {
        out.pop();
    }
    if row {
        out.remove(batch.len());
    }
    Want { terms: k, ..Want::new(dtype, &out, elements) }
}

fn wide(x: Scalar) -> i128 {
    x.to_i128().unwrap_or(0)
}

/// The number of bits set in both of a pair, summed.
fn bits_in_both(pairs: impl Iterator<Item = [Scalar; 2]>) -> Truth {
    let count = pairs.map(|[x, y]| i128::from((wide(x) & wide(y)).count_ones())).sum();
    Truth::Exact(integer(count, DType::I32))
}

/// The sum of products of elements of a dtype.
pub(super) fn term_sum(mut terms: impl Iterator<Item = impl AsRef<[Scalar]>>, dtype: DType) -> Truth {
    match dtype.kind() {
        Kind::Bool => {
            Truth::Exact(Scalar::Bool(terms.any(|term| term.as_ref().iter().all(|&x| wide(x) == 1))))
        }
        Kind::Int => {
            let product =
                |term: &[Scalar]| term.iter().fold(1_i128, |product, &x| product.wrapping_mul(wide(x)));
            let sum = terms.fold(0_i128, |sum, term| sum.wrapping_add(product(term.as_ref())));
            Truth::Exact(integer(sum, dtype))
        }
        Kind::Float | Kind::Complex => {
            let (mut re, mut im, mut size) = (Compensated::default(), Compensated::default(), 0.0);
            for term in terms {
                // All factors but the last are multiplied in doubles: their elements have few digits.
                let (last, first) = term.as_ref().split_last().expect("a term has factors");
                let y = last.to_c128();
                let x = first.iter().fold(Complex64::from(1.0), |product, x| match dtype.is_complex() {
                    true => product * x.to_c128(),
                    false => Complex64::from(product.re * x.to_c128().re),
                });
                size += x.norm() * y.norm();
                re.add_product(x.re, y.re);
                if dtype.is_complex() {
                    re.add_product(-x.im, y.im);
                    im.add_product(x.re, y.im);
                    im.add_product(x.im, y.re);
                }
            }
            Truth::Near { value: Complex64::new(re.total(), im.total()), terms: size }
        }
    }
}
