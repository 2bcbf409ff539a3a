//! Products of small integers and of bits, in int32: operands are packed into panels of a register's width, and a
//! tile of the result is computed by a function that runs over them. Sums are exact modulo 2^32, so that the order
//! of summation is free.
//!
//! A unit of the summed axis is a word of 32 bits: two integers of 16 bits, four of 8, or 32 bits. What the tile functions
//! do with them is in [`microkernels`].

pub mod microkernels;

use crate::fused::epilogue::Finish;
use crate::parallel::{for_each_chunk, worth_sharing};
use bytemuck::Pod;
use microkernels::Kernel;

/// Units of a panel of the right operand that a tile function runs over: half of the first-level cache.
const PANEL: usize = 4096;
/// Units of the summed axis that it runs over, at most.
const DEEPEST: usize = 256;
/// Most rows of one task: their packed units fit the second-level cache.
const ROWS: usize = 96;

/// Shape of a product: rows, units along the summed axis, columns.
#[derive(Clone, Copy)]
pub struct Extent {
    /// Rows of the left operand.
    pub m: usize,
    /// Units along the summed axis.
    pub k: usize,
    /// Columns of the right operand.
    pub n: usize,
}

/// Where a product goes, row-major, and what becomes of its elements there.
pub struct Out<'a> {
    /// The output's bytes.
    pub bytes: &'a mut [u8],
    /// Number of the first element among all products.
    pub first: usize,
    /// What becomes of them.
    pub finish: &'a Finish<'a>,
}

/// The product: `left(i, l)` and `right(l, j)` give the operands' units.
pub fn product<U: Pod + Send + Sync, const M: usize, const N: usize>(
    Extent { m, k, n }: Extent,
    left: impl Fn(usize, usize) -> U + Sync,
    right: impl Fn(usize, usize) -> U + Sync,
    Kernel { tile, start }: Kernel<U, M, N>,
    Out { bytes, first: start_at, finish }: Out<'_>,
) {
    // Behind a panel stands what its columns start from, a word each as units are.
    const { assert!(size_of::<U>() == 4) };
    let size = (k + 1) * N;
    if bytes.is_empty() {
        return;
    }
    let share = worth_sharing(m * n, k);
    let deepest = (PANEL / N).min(DEEPEST);
    let mut packed = vec![U::zeroed(); n.div_ceil(N) * size];
    for_each_chunk(
        bytemuck::cast_slice_mut(&mut packed),
        size * size_of::<U>(),
        share,
        &|| (),
        &|_, p, panel| {
            let columns = p * N..n.min((p + 1) * N);
            let (rows, _) = bytemuck::cast_slice_mut(panel).as_chunks_mut::<N>();
            let Some((last, rows)) = rows.split_last_mut() else { return };
            for (l, row) in rows.iter_mut().enumerate() {
                for (unit, j) in row.iter_mut().zip(columns.clone()) {
                    *unit = right(l, j);
                }
            }
            if let Some(start) = start {
                *last = start(rows).map(bytemuck::cast);
            }
        },
    );
    // Some tasks for each thread, and whole tiles.
    let rows = m.div_ceil(4 * rayon::current_num_threads()).next_multiple_of(M).min(ROWS);
    let rows_of = |t: usize, out: &mut [i32]| {
        if k == 0 {
            return out.fill(0);
        }
        let mut lines = vec![[U::zeroed(); M]; rows.div_ceil(M) * deepest.min(k)];
        for first in (0..k).step_by(deepest) {
            let depth = deepest.min(k - first);
            for (g, lines) in lines.chunks_exact_mut(depth).enumerate() {
                for i in 0..M {
                    // Rows beyond the last one are computed and dropped.
                    let row = (t * rows + g * M + i).min(m - 1);
                    lines.iter_mut().enumerate().for_each(|(l, line)| line[i] = left(row, first + l));
                }
            }
            for (p, panel) in packed.chunks_exact(size).enumerate() {
                let (panel, _) = panel.as_chunks::<N>();
                let starts: [i32; N] = panel[k].map(bytemuck::cast);
                let panel = &panel[first..first + depth];
                let columns = p * N..n.min((p + 1) * N);
                for (out, lines) in out.chunks_mut(M * n).zip(lines.chunks_exact(depth)) {
                    let sums = tile(lines, panel);
                    for (out, sums) in out.chunks_exact_mut(n).zip(sums) {
                        for ((o, sum), start) in out[columns.clone()].iter_mut().zip(sums).zip(starts) {
                            *o = if first == 0 { start } else { *o }.wrapping_add(sum);
                        }
                    }
                }
            }
        }
    };
    let task = rows * n * finish.dtype.size();
    for_each_chunk(bytes, task, share, &|| finish.scratch(), &|scratch, t, out| {
        finish.run(scratch, start_at + t * rows * n, out, |out| rows_of(t, out));
    });
}
