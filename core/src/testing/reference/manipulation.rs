//! What lays elements out in another way: each by the index that its elements come from.

use super::{Truth, Want, fold};
use crate::dtype::{Kind, Scalar};
use crate::expr::Reduction;
use crate::numpy::{Indices, Pad};
use crate::testing::samples::{Plain, integer, ravel, unravel};

/// The elements of `x` that `from` names for each index of a shape.
pub fn pick(x: &Plain, shape: &[usize], from: impl Fn(&[usize]) -> Vec<usize>) -> Want {
    let count = shape.iter().product();
    let element = |i: usize| x.data[ravel(&from(&unravel(i, shape)), &x.shape)];
    Want::exact(Plain::new(x.dtype, shape, (0..count).map(element)))
}

/// Parts along an axis.
pub fn split(x: &Plain, at: &Indices, axis: usize) -> Vec<Want> {
    let len = x.shape[axis] as isize;
    let starts: Vec<isize> = match at {
        Indices::One(parts) => {
            let (each, longer) = (len / parts, len % parts);
            (0..*parts)
                .scan(0, |next, i| Some(std::mem::replace(next, *next + each + isize::from(i < longer))))
                .collect()
        }
        Indices::Many(at) => std::iter::once(0)
            .chain(at.iter().map(|&i| (if i < 0 { i + len } else { i }).clamp(0, len)))
            .collect(),
    };
    let ends = starts.iter().skip(1).copied().chain([len]);
    let part = |(&from, to): (&isize, isize)| {
        let mut shape = x.shape.clone();
        shape[axis] = (to - from).max(0) as usize;
        pick(x, &shape, |index| {
            let mut index = index.to_vec();
            index[axis] += from as usize;
            index
        })
    };
    starts.iter().zip(ends).map(part).collect()
}

/// The index of which `i` steps from the first element arrive, walking to and fro.
fn walk(i: isize, len: isize, mode: Pad) -> usize {
    let (mut at, mut step) = (0, if i < 0 { -1 } else { 1 });
    for _ in 0..i.abs() {
        let next = at + step;
        let inside = (0..len).contains(&next);
        match mode {
            _ if inside => at = next,
            Pad::Wrap => at = if next < 0 { len - 1 } else { 0 },
            Pad::Edge => {}
            // The edge element again, and back.
            Pad::Symmetric => step = -step,
            _ => {
                step = -step;
                at = if len > 1 { at + step } else { at };
            }
        }
    }
    at as usize
}

/// What is mirrored at an edge, or beside it, and turned round about its value.
fn odd(row: &[Scalar], i: isize, beside: isize) -> Scalar {
    let last = row.len() as isize - 1;
    let about = |edge: Scalar, mirrored: isize| {
        let x = odd(row, mirrored, beside);
        match (edge.to_i128(), x.to_i128()) {
            (Some(edge), Some(x)) => integer(2 * edge - x, row[0].dtype()),
            _ => Scalar::C128(edge.to_c128() * 2.0 - x.to_c128()),
        }
    };
    match i {
        _ if last == 0 => row[0],
        i if i < 0 => about(row[0], -i - beside),
        i if i > last => about(row[last as usize], 2 * last + beside - i),
        i => row[i as usize],
    }
}

/// A frame around an array, one axis after the other.
pub fn pad(x: &Plain, widths: &[[usize; 2]], mode: Pad) -> Want {
    let mut out = x.clone();
    for (axis, &[before, behind]) in widths.iter().enumerate() {
        let len = out.shape[axis];
        let mut shape = out.shape.clone();
        shape[axis] += before + behind;
        let row = |index: &[usize]| -> Vec<Scalar> {
            let mut index = index.to_vec();
            let at = |i: usize| {
                index[axis] = i;
                out.data[ravel(&index, &out.shape)]
            };
            (0..len).map(at).collect()
        };
        let element = |flat: usize| {
            let index = unravel(flat, &shape);
            let i = index[axis] as isize - before as isize;
            let outside = i < 0 || i >= len as isize;
            let row = if outside && matches!(mode, Pad::Constant(_)) { vec![] } else { row(&index) };
            match mode {
                _ if !outside => row[i as usize],
                Pad::Constant(value) => value,
                Pad::LinearRamp { end } => {
                    let (edge, far, width) = if i < 0 {
                        (row[0], -i, before)
                    } else {
                        (row[len - 1], i - len as isize + 1, behind)
                    };
                    let part = (width as isize - far) as f64 / width as f64;
                    let (edge, end) = (edge.to_c128(), end.to_c128());
                    let value = end + (edge - end) * part;
                    let whole = out.dtype.is_int();
                    if whole { Scalar::F64(value.re.floor()) } else { Scalar::C128(value) }
                }
                Pad::Maximum => fold(Reduction::Max, x.dtype, &row).rounded(x.dtype),
                Pad::Minimum => fold(Reduction::Min, x.dtype, &row).rounded(x.dtype),
                Pad::Mean => {
                    let sum: num_complex::Complex64 = row.iter().map(|x| x.to_c128()).sum();
                    let mean = sum / len as f64;
                    if x.dtype.kind() < Kind::Float {
                        Scalar::F64(mean.re.round_ties_even())
                    } else {
                        Scalar::C128(mean)
                    }
                }
                Pad::ReflectOdd | Pad::SymmetricOdd => odd(&row, i, isize::from(mode == Pad::SymmetricOdd)),
                _ => row[walk(i, len as isize, mode)],
            }
        };
        out = Plain::new(out.dtype, &shape, (0..shape.iter().product()).map(element));
    }
    Want::new(out.dtype, &out.shape, out.data.into_iter().map(Truth::Exact).collect())
}

/// Without the zeros at the ends of each axis.
pub fn trimmed(x: &Plain, front: bool, back: bool) -> Want {
    let set: Vec<Vec<usize>> = (0..x.data.len())
        .filter(|&i| x.data[i].to_c128() != num_complex::Complex64::default())
        .map(|i| unravel(i, &x.shape))
        .collect();
    let bounds: Vec<(usize, usize)> = (0..x.shape.len())
        .map(|axis| {
            let along = || set.iter().map(|index| index[axis]);
            match (along().min(), along().max()) {
                (Some(first), Some(last)) => {
                    (if front { first } else { 0 }, if back { last + 1 } else { x.shape[axis] })
                }
                _ => (0, 0),
            }
        })
        .collect();
    let shape: Vec<usize> = bounds.iter().map(|(from, to)| to - from).collect();
    pick(x, &shape, |index| index.iter().zip(&bounds).map(|(i, (from, _))| i + from).collect())
}
