//! Reductions, means and variances.

use super::{Compensated, Truth, Want};
use crate::dtype::{DType, Kind, Scalar};
use crate::expr::Reduction;
use crate::numpy::{Reduce, Variance};
use crate::testing::samples::{Plain, integer, ravel, unravel};
use num_complex::Complex64;

/// The axes that are reduced, and the shape of the result.
fn axes_of(x: &Plain, over: &Reduce) -> (Vec<bool>, Vec<usize>) {
    let n = x.shape.len();
    let mut reduced = vec![over.axes.is_none(); n];
    for &axis in over.axes.iter().flatten() {
        reduced[if axis < 0 { (n as isize + axis) as usize } else { axis as usize }] = true;
    }
    let kept = |axis: usize| if reduced[axis] { over.keepdims.then_some(1) } else { Some(x.shape[axis]) };
    let shape = (0..n).filter_map(kept).collect();
    (reduced, shape)
}

/// The elements that go into each one of the result, in row-major order.
fn groups(x: &Plain, over: &Reduce) -> (Vec<usize>, Vec<Vec<Scalar>>) {
    let (reduced, shape) = axes_of(x, over);
    let lengths = |of: bool| -> Vec<usize> {
        x.shape.iter().zip(&reduced).map(|(&n, &r)| if r == of { n } else { 1 }).collect()
    };
    let (outer, inner) = (lengths(false), lengths(true));
    let count = |shape: &[usize]| shape.iter().product::<usize>();
    let group = |o: usize| {
        let start = unravel(o, &outer);
        let at =
            |i: usize| -> Vec<usize> { start.iter().zip(unravel(i, &inner)).map(|(a, b)| a + b).collect() };
        (0..count(&inner)).map(|i| x.data[ravel(&at(i), &x.shape)]).collect()
    };
    (shape, (0..count(&outer)).map(group).collect())
}

/// The sum of numbers and the sum of their magnitudes.
fn total(values: impl Iterator<Item = Complex64>) -> (Complex64, f64) {
    let (mut re, mut im, mut terms) = (Compensated::default(), Compensated::default(), 0.0);
    for z in values {
        re.add(z.re);
        im.add(z.im);
        terms += z.norm();
    }
    (Complex64::new(re.total(), im.total()), terms)
}

/// The dtype that a reduction gives, and computes in.
fn dtype_of(op: Reduction, x: DType) -> DType {
    match op {
        Reduction::ArgMin | Reduction::ArgMax => DType::I64,
        Reduction::Any | Reduction::All => DType::Bool,
        Reduction::Sum | Reduction::Prod if x.is_unsigned() => DType::U64,
        Reduction::Sum | Reduction::Prod if x.kind() < Kind::Float => DType::I64,
        _ => x,
    }
}

/// One reduction of elements; the row-major index of the first that is best for `argmin` and `argmax`. Of nothing only
/// where that has a value.
pub fn fold(op: Reduction, dtype: DType, values: &[Scalar]) -> Truth {
    let whole = dtype.kind() < Kind::Float;
    let wide = || values.iter().map(|x| x.to_i128().expect("integers are integers"));
    match op {
        Reduction::Sum if whole => Truth::Exact(integer(wide().fold(0, i128::wrapping_add), dtype)),
        Reduction::Prod if whole => Truth::Exact(integer(wide().fold(1, i128::wrapping_mul), dtype)),
        Reduction::Sum => {
            let (value, terms) = total(values.iter().map(|x| x.to_c128()));
            Truth::Near { value, terms }
        }
        Reduction::Prod => {
            let one = Complex64::new(1.0, 0.0);
            let product = |a: Complex64, b: Complex64| {
                // Complex multiplication would make NaN of infinite real numbers.
                if dtype.is_complex() { a * b } else { Complex64::new(a.re * b.re, 0.0) }
            };
            Truth::near(values.iter().map(|x| x.to_c128()).fold(one, product))
        }
        Reduction::Any => {
            Truth::Exact(Scalar::Bool(values.iter().any(|x| x.cast(DType::Bool) == Scalar::Bool(true))))
        }
        Reduction::All => {
            Truth::Exact(Scalar::Bool(values.iter().all(|x| x.cast(DType::Bool) == Scalar::Bool(true))))
        }
        _ => {
            let greatest = matches!(op, Reduction::Max | Reduction::ArgMax);
            let mut best = 0;
            for at in 1..values.len() {
                let order = super::rank(values[at], values[best]);
                let nan = |x: Scalar| x.to_f64().is_nan();
                let better = match (nan(values[best]), nan(values[at])) {
                    (true, _) => false,
                    (false, true) => true,
                    _ if greatest => order.is_gt(),
                    _ => order.is_lt(),
                };
                best = if better { at } else { best };
            }
            Truth::Exact(if matches!(op, Reduction::Min | Reduction::Max) {
                values[best]
            } else {
                Scalar::I64(best as i64)
            })
        }
    }
}

/// A reduction of an array.
pub fn reduce(op: Reduction, x: &Plain, over: &Reduce) -> Want {
    let (shape, groups) = groups(x, over);
    let dtype = dtype_of(op, x.dtype);
    // A bool is 0 or 1 in a sum.
    let numbers = |group: &Vec<Scalar>| match op {
        Reduction::Sum | Reduction::Prod => group.iter().map(|v| v.cast(dtype)).collect(),
        _ => group.clone(),
    };
    let elements = groups.iter().map(|group| fold(op, dtype, &numbers(group))).collect();
    let terms = groups.first().map_or(1, Vec::len);
    Want { terms, ..Want::new(dtype, &shape, elements) }
}

/// The dtype of a mean.
fn inexact(x: DType, float: DType) -> DType {
    if x.kind() < Kind::Float { float } else { x }
}

/// The mean; `float` is the default float of the place.
pub fn mean(x: &Plain, over: &Reduce, float: DType) -> Want {
    let (shape, groups) = groups(x, over);
    let of = |group: &Vec<Scalar>| {
        let (sum, terms) = total(group.iter().map(|x| x.to_c128()));
        let n = group.len() as f64;
        Truth::Near { value: sum / n, terms: terms / n.max(1.0) }
    };
    let terms = groups.first().map_or(1, Vec::len);
    Want { terms, ..Want::new(inexact(x.dtype, float), &shape, groups.iter().map(of).collect()) }
}

/// The variance, or its root.
pub fn variance(x: &Plain, over: &Variance, float: DType, root: bool) -> Want {
    let (shape, groups) = groups(x, &over.axes);
    let of = |group: &Vec<Scalar>| {
        let n = group.len() as f64;
        let values = || group.iter().map(|x| x.to_c128());
        let mean = total(values()).0 / n;
        let squares = total(values().map(|z| Complex64::new((z - mean).norm_sqr(), 0.0))).0.re;
        let value = squares / (n - over.ddof).max(0.0);
        Truth::near(Complex64::new(if root { value.sqrt() } else { value }, 0.0))
    };
    let terms = groups.first().map_or(1, Vec::len);
    let dtype = inexact(x.dtype, float).real();
    Want { terms, ..Want::new(dtype, &shape, groups.iter().map(of).collect()) }
}

/// The reductions of the elements between bounds; of nothing, least and greatest are 0.
pub fn segments(op: Reduction, x: &Plain, starts: &Plain, ends: &Plain) -> Want {
    let bound = |x: &Scalar| x.to_i128().expect("bounds are integers") as usize;
    let ranges = starts.data.iter().zip(&ends.data).map(|(from, to)| bound(from)..bound(to).max(bound(from)));
    let of = |range: std::ops::Range<usize>| match (op, &x.data[range]) {
        (Reduction::Min | Reduction::Max, []) => Truth::Exact(Scalar::Bool(false).cast(x.dtype)),
        (op, values) => fold(op, x.dtype, values),
    };
    let terms = ranges.clone().map(|range| range.len()).max().unwrap_or(1);
    Want { terms, ..Want::new(x.dtype, &starts.shape, ranges.map(of).collect()) }
}
