//! Evaluated operands as strided slices: what the kernels that are not fused ones read.

use crate::identity::KIND;
use crate::iteration::{gather, position, unravel};
use bytemuck::Pod;
use polyarray_core::array::Buffer;
use polyarray_core::array::{HostBuffer, Operand, downcast};
use polyarray_core::expr::layout::collapse;
use polyarray_core::expr::{Dims, Strides};
use polyarray_core::{Element, Error, Result};
use std::borrow::Cow;
use std::ops::Range;

/// A strided view of stored elements.
pub struct View<'a, P> {
    /// The buffer's elements.
    pub data: &'a [P],
    /// Lengths.
    pub dims: Dims,
    /// Steps in elements.
    pub strides: Strides,
    /// Element at index (0, 0, …).
    pub offset: isize,
}

impl<'a, P: Pod> View<'a, P> {
    /// An operand's elements.
    ///
    /// # Errors
    /// A buffer that is not the host's, or of another dtype.
    pub fn of<T: Element<Repr = P>>(operand: &'a Operand, op: &str) -> Result<View<'a, P>> {
        let buffer: &HostBuffer = downcast(&*operand.buffer, KIND, op)?;
        Ok(View::new(buffer.as_repr::<T>()?, operand))
    }

    /// The bits of an operand's elements, which are as long as `P`.
    ///
    /// # Errors
    /// A buffer that is not the host's, or of another size of elements.
    pub fn bits(operand: &'a Operand, op: &str) -> Result<View<'a, P>> {
        let buffer: &HostBuffer = downcast(&*operand.buffer, KIND, op)?;
        if buffer.dtype().size() != size_of::<P>() {
            return Err(Error::Backend {
                op: op.into(),
                backend: KIND.into(),
                message: format!("{} is not {} bytes long", buffer.dtype(), size_of::<P>()),
            });
        }
        Ok(View::new(bytemuck::cast_slice(buffer.bytes()), operand))
    }

    fn new(data: &'a [P], operand: &Operand) -> View<'a, P> {
        let layout = &operand.layout;
        let (dims, strides) = (layout.shape.clone(), layout.strides.clone());
        View { data, dims, strides, offset: layout.offset as isize }
    }

    /// The same elements in the same order under as few axes as possible, those from `split` on apart from those before
    /// it. Returns where these begin now.
    pub fn collapse(&mut self, split: usize) -> usize {
        let mut strides = [std::mem::take(&mut self.strides)];
        let (dims, split) = collapse(&self.dims, split, &mut strides);
        [self.strides] = strides;
        self.dims = dims;
        split
    }

    /// The same elements in the same order under as few axes as possible.
    pub fn collapsed(mut self) -> View<'a, P> {
        self.collapse(self.dims.len());
        self
    }

    /// Copies the elements that follow `start` in row-major order.
    pub fn copy(&self, start: usize, out: &mut [P]) {
        gather(self.data, &self.dims, &self.strides, self.offset, start, out);
    }

    /// The elements of a range in row-major order, where they lie so.
    pub fn as_slice(&self, range: Range<usize>) -> Option<&'a [P]> {
        let at = run(&self.dims, &self.strides, self.offset, range.clone())?;
        self.data.get(at..at + range.len())
    }

    /// The elements in row-major order: borrowed where they lie so, else copied.
    pub fn dense(self) -> Cow<'a, [P]> {
        let view = self.collapsed();
        let n: usize = view.dims.iter().product();
        view.as_slice(0..n).map(Cow::Borrowed).unwrap_or_else(|| {
            let mut out = vec![P::zeroed(); n];
            view.copy(0, &mut out);
            Cow::Owned(out)
        })
    }
}

/// Where the elements of a range in row-major order begin, if they lie one behind the other.
pub fn run(dims: &[usize], strides: &[isize], offset: isize, range: Range<usize>) -> Option<usize> {
    let at = match (dims, strides) {
        _ if range.is_empty() => return Some(0),
        (_, []) => 0,
        ([_], [1]) => range.start as isize,
        ([.., inner], [.., 1]) if range.start % inner + range.len() <= *inner => {
            position(&unravel(range.start, dims), strides, 0)
        }
        _ => return None,
    };
    Some((offset + at) as usize)
}
