//! Views: reshape, permute, slice, flip, broadcast, expand, squeeze. Metadata on any residency; only a reshape
//! that no strides can express copies, where the array lives.

use super::repr::View;
use super::slice::{self, IntoSpec};
use super::{Array, IntoAxes, IntoShape};
use crate::device::Marker;
use crate::dispatch::raise;
use crate::error::{Error, Result};
use crate::expr::axes::{wrap_axes, wrap_axis};
use crate::graph::record;
use crate::memory::layout::checked_len;
use crate::memory::{Dims, Layout};
use smallvec::SmallVec;

impl<R: Marker> Array<R> {
    fn seen(&self, layout: Layout) -> Array<R> {
        Array { dense: self.dense.seen(layout), coercion: self.coercion, marker: self.marker }
    }

    /// The same elements in row-major order under another shape. One length may be -1: what remains.
    /// A view where strides can express it, else a copy where the array lives.
    ///
    /// # Errors
    /// [`Error::Shape`] if the number of elements differs; what the copy fails with.
    pub fn reshape(&self, shape: impl IntoShape) -> Result<Array<R>> {
        let wanted = &shape.into_shape()[..];
        let bad = |fix: &str| Error::Shape {
            op: "reshape",
            operands: format!("shape {:?} into {wanted:?}", self.shape()),
            fix: fix.into(),
        };
        let holes = wanted.iter().filter(|&&d| d == -1).count();
        if holes > 1 || wanted.iter().any(|&d| d < -1) {
            return Err(bad("lengths are 0 or more, and at most one is -1"));
        }
        let known: Dims = wanted.iter().filter(|&&d| d >= 0).map(|&d| d as usize).collect();
        let rest = match checked_len(&known) {
            Some(0) if holes == 1 => return Err(bad("beside a length of 0, -1 could be any: give it")),
            Some(0) | None => 0,
            Some(n) => self.len() / n,
        };
        let shape: Dims = wanted.iter().map(|&d| if d == -1 { rest } else { d as usize }).collect();
        if checked_len(&shape) != Some(self.len()) {
            return Err(bad("the number of elements must stay the same"));
        }
        if shape.as_slice() == self.shape() {
            return Ok(self.clone());
        }
        if let Some(seen) = self.represented(|| View::Reshape(shape.clone())) {
            return seen;
        }
        if let Some(l) = self.layout().reshape(&shape) {
            return Ok(self.seen(l));
        }
        let dense = record::copy(&self.dense)?.seen(Layout::dense(&shape));
        Ok(Array { dense, coercion: self.coercion, marker: self.marker })
    }

    /// The axes in another order.
    ///
    /// # Errors
    /// [`Error::Axis`] if they are not each named once.
    pub fn permute(&self, axes: impl IntoAxes) -> Result<Array<R>> {
        let axes = wrap_axes("permute", &axes.into_axes(), self.ndim())?;
        if let Some(missing) = (0..self.ndim()).find(|a| !axes.contains(a)) {
            return Err(Error::Axis {
                op: "permute",
                axis: missing as isize,
                ndim: self.ndim(),
                fix: "it is not named: name every axis once",
            });
        }
        if let Some(seen) = self.represented(|| View::Permute(axes.clone())) {
            return seen;
        }
        let l = self.layout();
        Ok(self.seen(Layout {
            shape: axes.iter().map(|&a| l.shape[a]).collect(),
            strides: axes.iter().map(|&a| l.strides[a]).collect(),
            offset: l.offset,
        }))
    }

    /// The axes in reverse order. A representation that has no such view panics with its error, as operators do; `permute`
    /// returns it.
    #[track_caller]
    pub fn t(&self) -> Array<R> {
        if let Some(seen) = self.represented(|| View::Permute((0..self.ndim()).rev().collect())) {
            return match seen {
                Ok(seen) => seen,
                Err(error) => raise(error),
            };
        }
        let mut l = self.layout();
        l.shape.reverse();
        l.strides.reverse();
        self.seen(l)
    }

    /// Two axes exchanged.
    ///
    /// # Errors
    /// [`Error::Axis`] out of range.
    pub fn swap_axes(&self, a: isize, b: isize) -> Result<Array<R>> {
        let (a, b) = (wrap_axis("swap_axes", a, self.ndim())?, wrap_axis("swap_axes", b, self.ndim())?);
        if self.repr().is_some() {
            let mut axes: SmallVec<[isize; 4]> = (0..self.ndim() as isize).collect();
            axes.swap(a, b);
            return self.permute(axes);
        }
        let mut l = self.layout();
        l.shape.swap(a, b);
        l.strides.swap(a, b);
        Ok(self.seen(l))
    }

    /// A part: by ndarray's `s![..]` (checked bounds), or by Python's notation as text or [`Slice`](super::Slice)
    /// (clamped bounds).
    ///
    /// ```
    /// use polyarray_core::array::Array;
    /// use ndarray::s;
    /// let x = Array::from(vec![0, 1, 2, 3, 4, 5]);
    /// assert_eq!(x.slice(s![1..4])?.to_vec::<i32>()?, [1, 2, 3]);
    /// assert_eq!(x.slice("::-2")?.to_vec::<i32>()?, [5, 3, 1]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Index`] out of bounds; [`Error::Shape`] for more items than axes or a step of 0.
    pub fn slice(&self, items: impl IntoSpec) -> Result<Array<R>> {
        let spec = items.into_spec()?;
        if self.repr().is_some() {
            let picks = slice::resolve(self.shape(), &spec.0)?;
            if let Some(seen) = self.represented(|| View::Slice(picks)) {
                return seen;
            }
        }
        Ok(self.seen(slice::apply(&self.layout(), &spec.0)?))
    }

    /// The elements along some axes in reverse order; along all for `()`.
    ///
    /// # Errors
    /// [`Error::Axis`] out of range or named twice.
    pub fn flip(&self, axes: impl IntoAxes) -> Result<Array<R>> {
        let mut axes = wrap_axes("flip", &axes.into_axes(), self.ndim())?;
        if axes.is_empty() {
            axes = (0..self.ndim()).collect();
        }
        if let Some(seen) = self.represented(|| View::Flip(axes.clone())) {
            return seen;
        }
        let mut l = self.layout();
        if !l.is_empty() {
            for a in axes {
                l.offset = (l.offset as isize + (l.shape[a] as isize - 1) * l.strides[a]) as usize;
                l.strides[a] = -l.strides[a];
            }
        }
        Ok(self.seen(l))
    }

    /// A diagonal of two axes (rows, columns) as the last axis, `offset` above the main one: a view.
    ///
    /// # Errors
    /// [`Error::Axis`] out of range or named twice; [`Error::Shape`] for less than two axes.
    pub fn diagonal(&self, offset: isize, axes: [isize; 2]) -> Result<Array<R>> {
        if self.ndim() < 2 {
            return Err(Error::Shape {
                op: "diagonal",
                operands: format!("an array of shape {:?}", self.shape()),
                fix: "a diagonal is one of two axes".into(),
            });
        }
        let axes = wrap_axes("diagonal", &axes, self.ndim())?;
        let others = (0..self.ndim()).filter(|a| !axes.contains(a));
        let order: SmallVec<[isize; 4]> = others.chain(axes.iter().copied()).map(|a| a as isize).collect();
        let x = self.permute(order)?;
        let (batch, matrix) = x.shape().split_at(x.ndim() - 2);
        let (m, n) = (matrix[0], matrix[1]);
        let (down, across) = (offset.min(0).unsigned_abs(), offset.max(0).unsigned_abs());
        let k = m.saturating_sub(down).min(n.saturating_sub(across));
        let mut shape: Dims = SmallVec::from_slice(batch);
        if x.repr().is_some() {
            // Elements that are n + 1 apart in the flattened matrix.
            shape.push(m * n);
            let (start, end) =
                if k == 0 { (0, 0) } else { (down * n + across, (down + k - 1) * (n + 1) + across + 1) };
            return x.reshape(&shape)?.slice(format!("..., {start}:{end}:{}", n + 1));
        }
        let mut l = x.layout();
        let steps = [l.strides[x.ndim() - 2], l.strides[x.ndim() - 1]];
        if k > 0 {
            let start = down as isize * steps[0] + across as isize * steps[1];
            l.offset = (l.offset as isize + start) as usize;
        }
        l.strides.truncate(x.ndim() - 2);
        l.strides.push(steps[0] + steps[1]);
        shape.push(k);
        l.shape = shape;
        Ok(x.seen(l))
    }

    /// Repeated along new or stretched axes, without a copy.
    ///
    /// # Errors
    /// [`Error::Shape`] where a length is neither equal nor 1.
    pub fn broadcast_to(&self, shape: impl IntoShape) -> Result<Array<R>> {
        let shape = &super::lengths("broadcast_to", &shape.into_shape())?[..];
        record::checked_shape("broadcast_to", shape)?;
        let l = self.layout().broadcast_to(shape).ok_or_else(|| Error::Shape {
            op: "broadcast_to",
            operands: format!("shape {:?} to {shape:?}", self.shape()),
            fix: "aligned at the last axis, lengths must be equal or 1".into(),
        })?;
        if let Some(seen) = self.represented(|| View::BroadcastTo(SmallVec::from_slice(shape))) {
            return seen;
        }
        Ok(self.seen(l))
    }

    /// Windows of a length (from 1 to the axis's) along an axis, one element apart, as a last axis; none of a representation,
    /// which knows no such view.
    pub(crate) fn windows(&self, axis: usize, window: usize) -> Option<Array<R>> {
        if self.repr().is_some() {
            return None;
        }
        let mut l = self.layout();
        l.shape[axis] = l.shape[axis] + 1 - window;
        l.shape.push(window);
        l.strides.push(l.strides[axis]);
        Some(self.seen(l))
    }

    /// A new axis of length 1 at `axis` of the result.
    ///
    /// # Errors
    /// [`Error::Axis`] out of range.
    pub fn expand_dims(&self, axis: isize) -> Result<Array<R>> {
        let a = wrap_axis("expand_dims", axis, self.ndim() + 1)?;
        let wider = || {
            let mut shape: Dims = SmallVec::from_slice(self.shape());
            shape.insert(a, 1);
            View::Reshape(shape)
        };
        if let Some(seen) = self.represented(wider) {
            return seen;
        }
        let mut l = self.layout();
        l.shape.insert(a, 1);
        // The stride of an axis of length 1 is free; this one keeps a dense layout dense.
        let step = l.shape.get(a + 1).map_or(1, |&d| l.strides[a] * d as isize);
        l.strides.insert(a, step);
        Ok(self.seen(l))
    }

    /// Without some axes of length 1; without all of them for `()`.
    ///
    /// # Errors
    /// [`Error::Axis`] out of range; [`Error::Shape`] if one is longer than 1.
    pub fn squeeze(&self, axes: impl IntoAxes) -> Result<Array<R>> {
        let mut axes = wrap_axes("squeeze", &axes.into_axes(), self.ndim())?;
        if axes.is_empty() {
            axes = (0..self.ndim()).filter(|&a| self.shape()[a] == 1).collect();
        }
        if let Some(&a) = axes.iter().find(|&&a| self.shape()[a] != 1) {
            return Err(Error::Shape {
                op: "squeeze",
                operands: format!("axis {a} of shape {:?}", self.shape()),
                fix: "only axes of length 1 can go".into(),
            });
        }
        let keep = |i: &usize| !axes.contains(i);
        let narrower = || View::Reshape((0..self.ndim()).filter(keep).map(|i| self.shape()[i]).collect());
        if let Some(seen) = self.represented(narrower) {
            return seen;
        }
        let l = self.layout();
        Ok(self.seen(Layout {
            shape: (0..self.ndim()).filter(keep).map(|i| l.shape[i]).collect(),
            strides: (0..self.ndim()).filter(keep).map(|i| l.strides[i]).collect(),
            offset: l.offset,
        }))
    }
}
