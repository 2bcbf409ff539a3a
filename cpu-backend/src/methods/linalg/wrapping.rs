//! Products of integers, which wrap, and of bool (any of ands), by a blocked loop.

use super::matrices::Matrices;
use crate::element::Arithmetic;
use crate::fused::epilogue::Finish;
use crate::iteration::gather;
use crate::parallel::{for_each_chunk, worth_sharing};
use crate::simd::{Loop, widest};
use polyarray_core::Result;
use polyarray_core::array::{HostBuffer, Operand};
use polyarray_core::backend::specs::Matmul;

/// Multiplications of a task.
const TASK: usize = 1 << 20;
/// Rows and columns of the right operand that stay in cache while they meet all rows of the left one.
const PANEL: (usize, usize) = (64, 1024);

/// The product of (batch…, m, k) and (batch…, k, n), or what becomes of it, as a dense (batch…, m, n) buffer.
///
/// # Errors
/// Out of memory; an operand that is not on the host.
pub fn wrapping<T: Arithmetic>(
    a: &Operand,
    b: &Operand,
    spec: &Matmul,
    finish: &Finish<'_>,
) -> Result<HostBuffer> {
    let &Matmul { m, k, n, .. } = spec;
    let batch: usize = spec.batch.iter().product();
    let mut out = HostBuffer::unwritten(finish.dtype, batch * m * n)?;
    let (a, b) = (Matrices::<T>::of(a)?, Matrices::<T>::of(b)?);
    let share = worth_sharing(m.saturating_mul(n), k);
    let size = finish.dtype.size();
    let rows = (TASK / k.saturating_mul(n).max(1)).clamp(1, PANEL.0);
    for (i, out) in out.bytes_mut().chunks_exact_mut(m * n * size).enumerate() {
        let (a_start, b_start) = (a.start(i), b.start(i));
        // Rows of the right operand are read as slices.
        let packed: Vec<T::Repr>;
        let panel = if b.column_step == 1 || n == 1 {
            Panel { data: b.view.data, start: b_start, step: b.row_step }
        } else {
            packed = pack(&b, b_start, k, n);
            Panel { data: &packed, start: 0, step: n as isize }
        };
        let task = rows * n * size;
        let product = |r: usize, out: &mut [T::Repr]| {
            let mut line = Vec::with_capacity(PANEL.0);
            out.fill(T::ZERO.to_repr());
            for j in (0..n).step_by(PANEL.1) {
                let columns = j..n.min(j + PANEL.1);
                for p in (0..k).step_by(PANEL.0) {
                    let inner = p..k.min(p + PANEL.0);
                    for (row, out) in out.chunks_exact_mut(n).enumerate() {
                        let start = a_start + (r * rows + row) as isize * a.row_step;
                        let at = |p: usize| (start + p as isize * a.column_step) as usize;
                        line.clear();
                        line.extend(inner.clone().map(|p| T::from_repr(a.view.data[at(p)])));
                        widest(Row {
                            out: &mut out[columns.clone()],
                            line: &line,
                            panel,
                            first: panel.start + p as isize * panel.step + j as isize,
                        });
                    }
                }
            }
        };
        for_each_chunk(out, task, share, &|| finish.scratch(), &|scratch, r, out| {
            finish.run(scratch, (i * m + r * rows) * n, out, |out| product(r, out));
        });
    }
    Ok(out)
}

/// A matrix copied row by row.
fn pack<T: Arithmetic>(b: &Matrices<'_, T>, start: isize, k: usize, n: usize) -> Vec<T::Repr> {
    let mut packed = vec![T::ZERO.to_repr(); k * n];
    gather(b.view.data, &[k, n], &[b.row_step, b.column_step], start, 0, &mut packed);
    packed
}

/// A matrix whose rows are slices of `data`.
struct Panel<'a, R> {
    data: &'a [R],
    start: isize,
    step: isize,
}

impl<R> Clone for Panel<'_, R> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<R> Copy for Panel<'_, R> {}

/// Adds to a row of the result a line of the left operand times rows of the right one.
struct Row<'a, T: Arithmetic> {
    out: &'a mut [T::Repr],
    line: &'a [T],
    panel: Panel<'a, T::Repr>,
    first: isize,
}

impl<T: Arithmetic> Loop for Row<'_, T> {
    type Out = ();
    #[inline(always)]
    fn run(self) {
        let mut at = self.first;
        for &x in self.line {
            let row = &self.panel.data[at as usize..][..self.out.len()];
            for (o, &y) in self.out.iter_mut().zip(row) {
                *o = T::from_repr(*o).plus(x.times(T::from_repr(y))).to_repr();
            }
            at += self.panel.step;
        }
    }
}
