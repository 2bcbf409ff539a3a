//! Arrays as matrices of rows, the form in which kernels along an axis take them.

use crate::array::Array;
use crate::error::Result;
use crate::expr::axes::wrap_axis;
use smallvec::SmallVec;

/// An array as a matrix whose rows lie along one of its axes: the form in which kernels along an axis take it.
pub(super) struct Rows {
    /// (count, len).
    pub matrix: Array,
    pub count: usize,
    pub len: usize,
    axis: isize,
    /// The shape with the axis last.
    moved: SmallVec<[isize; 4]>,
}

impl Rows {
    /// Along an axis; along the only one of an array without axes, which has one element.
    pub fn of(op: &'static str, x: &Array, axis: isize) -> Result<Rows> {
        if x.ndim() == 0 {
            let matrix = x.reshape([1, 1])?;
            wrap_axis(op, axis, 1)?;
            return Ok(Rows { matrix, count: 1, len: 1, axis: -1, moved: SmallVec::new() });
        }
        let axis = wrap_axis(op, axis, x.ndim())? as isize;
        let last = move_axis(x, axis, -1)?;
        let len = x.shape()[axis as usize];
        let count =
            x.shape().iter().enumerate().filter(|(i, _)| *i != axis as usize).map(|(_, &n)| n).product();
        let moved = last.shape().iter().map(|&n| n as isize).collect();
        Ok(Rows { matrix: last.reshape([count as isize, len as isize])?, count, len, axis, moved })
    }

    /// A result with rows of another length, under the shape of the array with that length.
    pub fn restore_as(&self, result: &Array, len: usize) -> Result<Array> {
        let mut moved = self.moved.clone();
        if let Some(last) = moved.last_mut() {
            *last = len as isize;
        }
        move_axis(&result.reshape(moved)?, -1, self.axis)
    }

    /// A result of the matrix's shape, under the shape of the array.
    pub fn restore(&self, result: &Array) -> Result<Array> {
        let last = result.reshape(&self.moved)?;
        if self.moved.is_empty() { Ok(last) } else { move_axis(&last, -1, self.axis) }
    }
}

/// One axis at another place, the others in their order.
pub(super) fn move_axis(x: &Array, from: isize, to: isize) -> Result<Array> {
    let n = x.ndim();
    let (from, to) = (wrap_axis("moveaxis", from, n)?, wrap_axis("moveaxis", to, n)?);
    let mut axes: SmallVec<[isize; 4]> = (0..n as isize).filter(|&a| a != from as isize).collect();
    axes.insert(to, from as isize);
    x.permute(axes)
}
