//! The rows of an operand.

use crate::KIND;
use polyarray_core::backend::{HostBuffer, Operand, downcast};
use polyarray_core::{Element, Result};

/// An operand of (rows, len) elements.
pub struct Rows<'a, T> {
    elements: &'a [T],
    start: isize,
    down: isize,
    across: isize,
    len: usize,
}

impl<'a, T: Element<Repr = T> + Copy> Rows<'a, T> {
    /// # Errors
    /// An operand that is not on the host, or of another dtype.
    pub fn of(operand: &'a Operand) -> Result<Rows<'a, T>> {
        let buffer: &HostBuffer = downcast(&*operand.buffer, KIND, "fft")?;
        let layout = &operand.layout;
        Ok(Rows {
            elements: buffer.as_repr::<T>()?,
            start: layout.offset as isize,
            down: layout.strides[0],
            across: layout.strides[1],
            len: layout.shape[1],
        })
    }

    /// A row, where its elements lie one behind the other.
    pub fn dense_row(&self, row: usize) -> Option<&'a [T]> {
        let start = (self.start + row as isize * self.down) as usize;
        if self.across == 1 || self.len <= 1 { self.elements.get(start..start + self.len) } else { None }
    }

    /// Copies rows from one on, each to the beginning of `pitch` elements: together, so that a cache line is read once
    /// where neighbours in it belong to different rows.
    pub fn copy(&self, first: usize, to: &mut [T], pitch: usize) {
        let start = self.start + first as isize * self.down;
        if self.across.unsigned_abs() <= self.down.unsigned_abs() {
            for (row, to) in to.chunks_mut(pitch).enumerate() {
                let start = start + row as isize * self.down;
                for (i, to) in to[..self.len].iter_mut().enumerate() {
                    *to = self.elements[(start + i as isize * self.across) as usize];
                }
            }
            return;
        }
        let rows = to.len() / pitch;
        for i in 0..self.len {
            let start = start + i as isize * self.across;
            for row in 0..rows {
                to[row * pitch + i] = self.elements[(start + row as isize * self.down) as usize];
            }
        }
    }
}
