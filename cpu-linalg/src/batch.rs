//! Matrices of a batch: read from operands, shared among threads, written to results.

use crate::KIND;
use crate::number::{Float, Number};
use faer::{Mat, MatRef};
use polyarray_core::Result;
use polyarray_core::backend::specs::{Fault, refused};
use polyarray_core::backend::{HostBuffer, Layout, Operand, downcast};
use polyarray_core::dispatch::detached;
use rayon::prelude::*;
use std::sync::{Mutex, PoisonError};

/// Rows and columns that are copied together: their cache lines stay in cache.
const TILE: usize = 16;
/// Operations below which a second thread costs more than it brings.
const WORTH_SHARING: usize = 1 << 16;

/// What an algorithm says of one matrix that it can't compute, and what helps.
pub type Reason = (String, &'static str);

/// Of one on which an iteration goes on for ever.
pub fn stuck() -> Reason {
    Fault::Diverges.reason(0)
}

/// The matrices of an operand (batch…, m, n).
pub struct Matrices<'a, T> {
    elements: &'a [T],
    layout: &'a Layout,
}

impl<'a, T: Number> Matrices<'a, T> {
    /// # Errors
    /// An operand that is not on the host, or of another dtype.
    pub fn of(operand: &'a Operand, op: &str) -> Result<Matrices<'a, T>> {
        let buffer: &HostBuffer = downcast(&*operand.buffer, KIND, op)?;
        Ok(Matrices { elements: buffer.as_repr::<T>()?, layout: &operand.layout })
    }

    /// A copy of one of them.
    pub fn matrix(&self, at: usize) -> Mat<T> {
        let batch = self.layout.shape.len() - 2;
        let (mut flat, mut start) = (at, self.layout.offset as isize);
        for axis in (0..batch).rev() {
            let n = self.layout.shape[axis];
            start += (flat % n) as isize * self.layout.strides[axis];
            flat /= n;
        }
        let [m, n] = [self.layout.shape[batch], self.layout.shape[batch + 1]];
        let [down, across] = [self.layout.strides[batch], self.layout.strides[batch + 1]];
        let mut out = Mat::zeros(m, n);
        for rows in (0..m).step_by(TILE) {
            let rows = rows..m.min(rows + TILE);
            for j in 0..n {
                let column = &mut out.col_as_slice_mut(j)[rows.clone()];
                let first = start + j as isize * across;
                for (x, i) in column.iter_mut().zip(rows.clone()) {
                    *x = self.elements[(first + i as isize * down) as usize];
                }
            }
        }
        out
    }
}

/// Copies a matrix to row-major memory.
pub fn store<T: Number>(from: MatRef<'_, T>, to: &mut [T]) {
    let n = from.ncols();
    for (rows, to) in to.chunks_mut((TILE * n).max(1)).enumerate() {
        for columns in (0..n).step_by(TILE) {
            for (i, to) in to.chunks_mut(n).enumerate() {
                let end = n.min(columns + TILE);
                for (j, x) in (columns..end).zip(&mut to[columns..end]) {
                    *x = from[(rows * TILE + i, j)];
                }
            }
        }
    }
}

/// Copies the adjoint of a matrix to row-major memory: its columns, conjugated.
pub fn store_adjoint<T: Number>(from: MatRef<'_, T>, to: &mut [T]) {
    let m = from.nrows();
    for (j, to) in to.chunks_mut(m.max(1)).enumerate() {
        for (i, x) in to.iter_mut().enumerate() {
            *x = from[(i, j)].conjugate();
        }
    }
}

/// A factor that brings the elements to where their squares neither over- nor underflow, and its inverse: powers of two,
/// 1 for nearly every matrix. Nothing where an element is not finite.
pub fn scale<T: Number>(x: &mut Mat<T>) -> Result<T::Float, Reason> {
    let mut largest = 0.0_f64;
    for j in 0..x.ncols() {
        for part in x.col_as_slice(j).iter().flat_map(|x| x.parts()) {
            let size = part.wide().abs();
            if !size.is_finite() {
                return Err(Fault::NotFinite.reason(0));
            }
            largest = largest.max(size);
        }
    }
    let most = if size_of::<T::Float>() == 4 { 120 } else { 1000 };
    let exponent = if largest > 0.0 { largest.log2().floor() as i32 } else { 0 };
    if exponent.abs() <= most / 3 {
        return Ok(T::Float::narrow(1.0));
    }
    let power = exponent.clamp(-most, most);
    let by = T::Float::narrow(2_f64.powi(-power));
    for j in 0..x.ncols() {
        x.col_as_slice_mut(j).iter_mut().for_each(|x| *x = x.times(by));
    }
    Ok(T::Float::narrow(2_f64.powi(power)))
}

/// Memory for a result of each of so many matrices.
pub fn pieces<T>(mut data: &mut [T], size: usize, count: usize) -> Vec<&mut [T]> {
    let next = |_| {
        let piece;
        (piece, data) = std::mem::take(&mut data).split_at_mut(size);
        piece
    };
    (0..count).map(next).collect()
}

/// Calls `body` with each piece of work and its number, on several threads if all are worth it.
///
/// # Errors
/// The reason of the first matrix that has one.
pub fn for_each<P: Send>(
    op: &'static str,
    pieces: Vec<P>,
    cost: usize,
    body: impl Fn(usize, P) -> Result<(), Reason> + Sync,
) -> Result<()> {
    let count = pieces.len();
    let failed: Mutex<Option<(usize, Reason)>> = Mutex::new(None);
    let one = |(i, piece): (usize, P)| {
        if let Err(reason) = body(i, piece) {
            let mut first = failed.lock().unwrap_or_else(PoisonError::into_inner);
            if first.as_ref().is_none_or(|(before, _)| i < *before) {
                *first = Some((i, reason));
            }
        }
    };
    if count > 1 && count.saturating_mul(cost) >= WORTH_SHARING {
        // A thread that waits may be handed another caller's task, so it waits in the empty dispatch state.
        detached(|| pieces.into_par_iter().enumerate().for_each(one));
    } else {
        pieces.into_iter().enumerate().for_each(one);
    }
    match failed.into_inner().unwrap_or_else(PoisonError::into_inner) {
        Some((i, reason)) => Err(refused(op, i, count, reason)),
        None => Ok(()),
    }
}
