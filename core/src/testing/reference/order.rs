//! What goes along an axis in order: sorts, scans, searches.

use super::{Compensated, Truth, Want};
use crate::dtype::{DType, Kind, Scalar};
use crate::expr::Reduction;
use crate::numpy::{Order, Scanned, Side};
use crate::testing::samples::{Plain, integer, ravel, unravel};
use num_complex::Complex64;
use std::cmp::Ordering;

/// The order of two numbers, NaN last; −0 and 0 are equal. Complex ones by their real parts, then by their imaginary parts.
pub fn rank(a: Scalar, b: Scalar) -> Ordering {
    if a.dtype().is_complex() || b.dtype().is_complex() {
        return spoiled(a).cmp(&spoiled(b)).then(by_parts(a, b));
    }
    if let (Some(a), Some(b)) = (a.to_i128(), b.to_i128()) {
        return a.cmp(&b);
    }
    let (a, b) = (a.to_f64(), b.to_f64());
    a.is_nan().cmp(&b.is_nan()).then(a.partial_cmp(&b).unwrap_or(Ordering::Equal))
}

/// Which parts are no numbers: the real one counts for more.
fn spoiled(x: Scalar) -> u8 {
    let z = x.to_c128();
    2 * u8::from(z.re.is_nan()) + u8::from(z.im.is_nan())
}

fn by_parts(a: Scalar, b: Scalar) -> Ordering {
    let (a, b) = (a.to_c128(), b.to_c128());
    let part = |a: f64, b: f64| a.partial_cmp(&b).unwrap_or(Ordering::Equal);
    part(a.re, b.re).then(part(a.im, b.im))
}

/// The positions of the elements of every row along an axis. An array without axes is one row.
fn rows(shape: &[usize], axis: isize) -> (usize, Vec<Vec<usize>>) {
    if shape.is_empty() {
        return (0, vec![vec![0]]);
    }
    let axis = if axis < 0 { (shape.len() as isize + axis) as usize } else { axis as usize };
    let mut outer = shape.to_vec();
    outer[axis] = 1;
    let row = |o: usize| {
        let mut index = unravel(o, &outer);
        let at = |i: usize| {
            index[axis] = i;
            ravel(&index, shape)
        };
        (0..shape[axis]).map(at).collect()
    };
    (axis, (0..outer.iter().product()).map(row).collect())
}

/// The indices that sort elements: stable, NaN last in either direction.
fn sorted(values: &[Scalar], descending: bool) -> Vec<usize> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| {
        if values[a].dtype().is_complex() {
            let parts = by_parts(values[a], values[b]);
            return spoiled(values[a]).cmp(&spoiled(values[b])).then(if descending {
                parts.reverse()
            } else {
                parts
            });
        }
        let nan = |i: usize| values[i].to_f64().is_nan();
        let rank = rank(values[a], values[b]);
        if descending && !nan(a) && !nan(b) { rank.reverse() } else { rank }
    });
    order
}

/// The elements along an axis in order.
pub fn sort(x: &Plain, order: &Order) -> Want {
    let mut out = x.clone();
    for row in rows(&x.shape, order.axis).1 {
        let values: Vec<Scalar> = row.iter().map(|&at| x.data[at]).collect();
        let sorted = sorted(&values, order.descending);
        row.iter().zip(sorted).for_each(|(&at, from)| out.data[at] = values[from]);
    }
    Want::exact(out)
}

/// The indices that sort along an axis.
pub fn argsort(x: &Plain, order: &Order) -> Want {
    let mut out = Plain::new(DType::I64, &x.shape, x.data.iter().map(|_| Scalar::I64(0)));
    for row in rows(&x.shape, order.axis).1 {
        let values: Vec<Scalar> = row.iter().map(|&at| x.data[at]).collect();
        let sorted = sorted(&values, order.descending);
        row.iter().zip(sorted).for_each(|(&at, from)| out.data[at] = Scalar::I64(from as i64));
    }
    Want::exact(out)
}

/// Sums or products up to each element.
pub fn scan(op: Reduction, x: &Plain, along: &Scanned) -> Want {
    let dtype = along.dtype.unwrap_or(match x.dtype {
        d if d.is_unsigned() => DType::U64,
        d if d.kind() < Kind::Float => DType::I64,
        d => d,
    });
    let cast = x.cast(dtype);
    let (axis, rows) = rows(&x.shape, along.axis.unwrap_or(-1));
    let mut shape = x.shape.clone();
    if along.include_initial {
        shape[axis] += 1;
    }
    let mut elements = vec![Truth::Exact(Scalar::Bool(false)); shape.iter().product()];
    for row in &rows {
        let values: Vec<Scalar> = row.iter().map(|&at| cast.data[at]).collect();
        let mut results = cumulate(op, dtype, &values);
        if along.include_initial {
            results.insert(0, Truth::Exact(Scalar::I64(i64::from(op == Reduction::Prod)).cast(dtype)));
        }
        let Some(&first) = row.first() else { continue };
        let mut index = unravel(first, &x.shape);
        for (i, result) in results.into_iter().enumerate() {
            if let Some(at) = index.get_mut(axis) {
                *at = i;
            }
            elements[ravel(&index, &shape)] = result;
        }
    }
    if rows.iter().any(Vec::is_empty) {
        let initial = Scalar::I64(i64::from(op == Reduction::Prod)).cast(dtype);
        elements.fill(Truth::Exact(initial));
    }
    Want { terms: rows.first().map_or(1, Vec::len), ..Want::new(dtype, &shape, elements) }
}

fn cumulate(op: Reduction, dtype: DType, values: &[Scalar]) -> Vec<Truth> {
    if dtype.kind() < Kind::Float {
        let f = if op == Reduction::Sum { i128::wrapping_add } else { i128::wrapping_mul };
        let start = i128::from(op == Reduction::Prod);
        let step = |total: &mut i128, x: &Scalar| {
            *total = f(*total, x.to_i128().unwrap_or(0));
            Some(Truth::Exact(integer(*total, dtype)))
        };
        return values.iter().scan(start, step).collect();
    }
    let numbers = values.iter().map(|x| x.to_c128());
    if op == Reduction::Prod {
        let step = |total: &mut Complex64, z: Complex64| {
            *total = if dtype.is_complex() { *total * z } else { Complex64::new(total.re * z.re, 0.0) };
            Some(Truth::near(*total))
        };
        return numbers.scan(Complex64::new(1.0, 0.0), step).collect();
    }
    let (mut re, mut im, mut terms) = (Compensated::default(), Compensated::default(), 0.0);
    let step = |z: Complex64| {
        re.add(z.re);
        im.add(z.im);
        terms += z.norm();
        Truth::Near { value: Complex64::new(re.total(), im.total()), terms }
    };
    numbers.map(step).collect()
}

/// Where elements are not zero, in the flattened array.
pub fn flat_nonzero(x: &Plain) -> Want {
    let set = |x: &Scalar| x.cast(DType::Bool) == Scalar::Bool(true);
    let at: Vec<Scalar> =
        x.data.iter().enumerate().filter(|(_, x)| set(x)).map(|(i, _)| Scalar::I64(i as i64)).collect();
    Want::exact(Plain::new(DType::I64, &[at.len()], at))
}

/// Where elements are not zero: the indices along each axis.
pub fn nonzero(x: &Plain) -> Vec<Want> {
    let flat = flat_nonzero(x).plain();
    let index = |axis: usize| {
        let along =
            |at: &Scalar| Scalar::I64(unravel(at.to_i128().unwrap_or(0) as usize, &x.shape)[axis] as i64);
        Want::exact(Plain::new(DType::I64, &flat.shape, flat.data.iter().map(along)))
    };
    (0..x.shape.len()).map(index).collect()
}

/// Before which of sorted elements each value belongs: as many come before it.
pub fn search(sorted: &Plain, values: &Plain, side: Side) -> Want {
    let before = |&value: &Scalar| {
        let comes = |&&x: &&Scalar| match rank(x, value) {
            Ordering::Less => true,
            Ordering::Equal => side == Side::Right,
            Ordering::Greater => false,
        };
        Scalar::I64(sorted.data.iter().filter(comes).count() as i64)
    };
    Want::exact(Plain::new(DType::I64, &values.shape, values.data.iter().map(before)))
}
