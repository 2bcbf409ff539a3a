//! Evaluated operands as strided slices: what the kernels that are not fused ones read.

use crate::identity::KIND;
use crate::iteration::gather;
use polyarray_core::array::{HostBuffer, Operand, own};
use polyarray_core::expr::layout::collapse;
use polyarray_core::expr::{Dims, Strides};
use polyarray_core::{Element, Result};
use std::borrow::Cow;

/// A strided view of stored elements.
pub struct View<'a, T: Element> {
    /// The buffer's elements.
    pub data: &'a [T::Repr],
    /// Lengths.
    pub dims: Dims,
    /// Steps in elements.
    pub strides: Strides,
    /// Element at index (0, 0, …).
    pub offset: isize,
}

impl<'a, T: Element> View<'a, T> {
    /// An operand's elements.
    ///
    /// # Errors
    /// A buffer that is not the host's, or of another dtype.
    pub fn of(operand: &'a Operand, op: &str) -> Result<View<'a, T>> {
        let buffer: &HostBuffer = own(&*operand.buffer, KIND, op)?;
        let layout = &operand.layout;
        Ok(View {
            data: buffer.as_repr::<T>()?,
            dims: layout.shape.clone(),
            strides: layout.strides.clone(),
            offset: layout.offset as isize,
        })
    }

    /// The same elements in the same order under as few axes as possible.
    pub fn collapsed(mut self) -> View<'a, T> {
        let mut strides = [self.strides];
        let (dims, _) = collapse(&self.dims, self.dims.len(), &mut strides);
        let [strides] = strides;
        self.dims = dims;
        self.strides = strides;
        self
    }

    /// Copies the elements that follow `start` in row-major order.
    pub fn copy(&self, start: usize, out: &mut [T::Repr]) {
        gather(self.data, &self.dims, &self.strides, self.offset, start, out);
    }

    /// The elements in row-major order, lent where they lie so.
    pub fn dense(self) -> Cow<'a, [T::Repr]> {
        let view = self.collapsed();
        let n: usize = view.dims.iter().product();
        let at = view.offset as usize;
        match (&view.dims[..], &view.strides[..]) {
            (_, []) => Cow::Borrowed(&view.data[at..at + n]),
            ([_], [1]) => Cow::Borrowed(&view.data[at..at + n]),
            _ => {
                let mut out = vec![bytemuck::Zeroable::zeroed(); n];
                view.copy(0, &mut out);
                Cow::Owned(out)
            }
        }
    }
}
