//! Indices and axes that may count from the end.

use crate::error::{Error, Result};
use smallvec::SmallVec;

/// An index counted from the start, of one that may count from the end.
pub(crate) fn wrap_index(op: &'static str, i: i64, axis: usize, len: usize) -> Result<usize> {
    let n = len as i64;
    let k = if i < 0 { i + n } else { i };
    if (0..n).contains(&k) { Ok(k as usize) } else { Err(Error::Index { op, index: i, axis, len }) }
}

/// Whether a bit set of axes has this one; of more than 64 axes it has the first ones at most.
pub(crate) fn holds(axes: u64, axis: usize) -> bool {
    axes.checked_shr(axis as u32).is_some_and(|bits| bits & 1 == 1)
}

/// An axis counted from the start, of one that may count from the end.
pub(crate) fn wrap_axis(op: &'static str, axis: isize, ndim: usize) -> Result<usize> {
    let k = if axis < 0 { axis + ndim as isize } else { axis };
    if (0..ndim as isize).contains(&k) {
        Ok(k as usize)
    } else {
        Err(Error::Axis { op, axis, ndim, fix: "axes count from 0, or from -1 at the end" })
    }
}

/// Axes counted from the start; repeats are an error.
pub(crate) fn wrap_axes(op: &'static str, axes: &[isize], ndim: usize) -> Result<SmallVec<[usize; 4]>> {
    let mut out: SmallVec<[usize; 4]> = SmallVec::new();
    for &axis in axes {
        let k = wrap_axis(op, axis, ndim)?;
        if out.contains(&k) {
            return Err(Error::Axis { op, axis, ndim, fix: "an axis can be named only once" });
        }
        out.push(k);
    }
    Ok(out)
}
