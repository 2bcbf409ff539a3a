//! The rows of an operand: its last axis, whatever its strides, for methods that work along it.

use crate::erased::with_bits;
use crate::identity::KIND;
use crate::iteration::{gather, position, unravel};
use crate::view::run;
use bytemuck::Pod;
use polyarray_core::Result;
use polyarray_core::array::{HostBuffer, Operand, downcast};
use polyarray_core::expr::layout::collapse;
use polyarray_core::expr::{Dims, Strides};
use std::ops::Range;

/// Elements of a piece that is copied.
const PIECE: usize = 1024;
/// Columns that are copied together where the elements of a row lie apart.
const TOGETHER: usize = 8;

/// An operand of (…, len) elements.
pub struct Rows<'a> {
    bytes: &'a [u8],
    /// Bytes of an element.
    size: usize,
    dims: Dims,
    strides: Strides,
    offset: isize,
    /// Axes from here on are the row's.
    split: usize,
    len: usize,
}

impl<'a> Rows<'a> {
    /// An operand's rows; a scalar is one row of one.
    ///
    /// # Errors
    /// An operand that is not on the host.
    pub fn of(operand: &'a Operand, op: &str) -> Result<Rows<'a>> {
        let buffer: &HostBuffer = downcast(&*operand.buffer, KIND, op)?;
        let layout = &operand.layout;
        let len = layout.shape.last().copied().unwrap_or(1);
        let mut strides = [layout.strides.clone()];
        let (mut dims, mut split) =
            collapse(&layout.shape, layout.shape.len().saturating_sub(1), &mut strides);
        // Contiguous rows are passed as one slice.
        if layout.is_contiguous() {
            (dims, split) = ([layout.len()].as_slice().into(), 0);
            strides = [[1].as_slice().into()];
        }
        let [strides] = strides;
        let offset = layout.offset as isize;
        Ok(Rows {
            bytes: buffer.bytes(),
            size: operand.buffer.dtype().size(),
            dims,
            strides,
            offset,
            split,
            len,
        })
    }

    /// Elements of a row.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Rows of a task of about so many elements: whole cache lines of an operand whose rows lie across them.
    pub fn per_task(&self, elements: usize) -> usize {
        let least = if self.across().is_some() { 64 / self.size } else { 1 };
        (elements / self.len.max(1)).max(least)
    }

    /// Steps from row to row and along a row, where neighbours in a row lie further apart than those in a column.
    fn across(&self) -> Option<(isize, isize)> {
        match (&self.strides[..self.split], &self.strides[self.split..]) {
            (&[down], &[across]) if across.unsigned_abs() > down.unsigned_abs() => Some((down, across)),
            _ => None,
        }
    }

    /// One element, as bits that are as long.
    pub fn element<P: Pod>(&self, row: usize, at: usize) -> P {
        let index = unravel(row * self.len + at, &self.dims);
        bytemuck::cast_slice(self.bytes)[position(&index, &self.strides, self.offset) as usize]
    }

    /// Elements in row-major order, where they lie so.
    fn dense_range(&self, range: Range<usize>) -> Option<&'a [u8]> {
        let at = run(&self.dims, &self.strides, self.offset, range.clone())?;
        self.bytes.get(at * self.size..(at + range.len()) * self.size)
    }

    /// Copies the elements that follow `start` in row-major order.
    fn copy(&self, start: usize, out: &mut [u8]) {
        with_bits!(self.size, P => {
            let (from, out): (&[P], &mut [P]) = (bytemuck::cast_slice(self.bytes), bytemuck::cast_slice_mut(out));
            gather(from, &self.dims, &self.strides, self.offset, start, out);
        });
    }

    /// Hands over `n` elements of a row from one on, piece by piece, each with the number of its first one.
    pub fn pieces<P: Pod>(&self, row: usize, at: usize, n: usize, body: &mut dyn FnMut(usize, &[P])) {
        let start = row * self.len + at;
        if let Some(xs) = self.dense_range(start..start + n) {
            return body(0, bytemuck::cast_slice(xs));
        }
        let mut piece = [P::zeroed(); PIECE];
        for first in (0..n).step_by(PIECE) {
            let piece = &mut piece[..PIECE.min(n - first)];
            self.copy(start + first, bytemuck::cast_slice_mut(piece));
            body(first, piece);
        }
    }

    /// Elements in row-major order: borrowed where they lie so, else copied.
    pub fn range<'s>(&self, range: Range<usize>, copy: &'s mut Vec<u128>) -> &'s [u8]
    where
        'a: 's,
    {
        if let Some(xs) = self.dense_range(range.clone()) {
            return xs;
        }
        let bytes = range.len() * self.size;
        copy.resize(bytes.div_ceil(size_of::<u128>()).max(copy.len()), 0);
        let copy = &mut bytemuck::cast_slice_mut(copy)[..bytes];
        match self.across() {
            // Each cache line of such an operand has elements of several rows: it is read once for all of them.
            Some((down, across))
                if range.start.is_multiple_of(self.len) && range.len().is_multiple_of(self.len) =>
            {
                let rows = range.start / self.len..range.end / self.len;
                with_bits!(self.size, P => {
                    let copy: &mut [P] = bytemuck::cast_slice_mut(copy);
                    self.copy_across(rows, down, across, copy);
                });
            }
            _ => self.copy(range.start, copy),
        }
        copy
    }

    fn copy_across<P: Pod>(&self, rows: Range<usize>, down: isize, across: isize, copy: &mut [P]) {
        let from: &[P] = bytemuck::cast_slice(self.bytes);
        for columns in (0..self.len).step_by(TOGETHER) {
            let columns = columns..self.len.min(columns + TOGETHER);
            for (row, copy) in rows.clone().zip(copy.chunks_exact_mut(self.len)) {
                let start = self.offset + row as isize * down;
                for (column, o) in columns.clone().zip(&mut copy[columns.clone()]) {
                    *o = from[(start + column as isize * across) as usize];
                }
            }
        }
    }
}
