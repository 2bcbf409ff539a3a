//! Kernels that end in a reduction, by rows or by columns.
//!
//! *Rows*: the elements of one result lie together, and each block is folded to one accumulator. *Columns*:
//! elements of neighbouring results lie together (a sum over the first axis of a row-major matrix), and whole
//! rows are folded into a row of accumulators. Either way long reductions are cut into spans of fixed length
//! whose partial results merge pairwise.

use crate::element::Arithmetic;
use crate::fused::fold::{
    All, Any, ArgMax, ArgMin, Fold, Max, Min, Prod, ROWS_AT_ONCE, Repr, RowsInto, Sum, Tree,
};
use crate::fused::ops::{among, ordered};
use crate::fused::program::{LONG_ROW, Program, Scratch};
use crate::parallel::{MakeScratch, collect, for_each_chunk, worth_sharing};
use crate::simd::widest;
use polyarray_core::array::{Buffer, HostBuffer};
use polyarray_core::dtype::ty;
use polyarray_core::expr::{Kernel, Reduction};
use polyarray_core::{DType, Element, Error, Result, with_element};
use std::ops::Range;

/// Elements that one task reduces.
const SPAN: usize = 64 << 10;
/// Rows that are added up one by one before accumulators merge pairwise.
const ROWS: usize = 64;

/// A fold's results as stored.
type Out<F> = <<F as Fold>::Out as Element>::Repr;

/// Is the reduction defined on elements of this dtype?
pub fn reducible(op: Reduction, dtype: DType) -> bool {
    match op {
        Reduction::Sum | Reduction::Prod => true,
        Reduction::Min | Reduction::Max | Reduction::ArgMin | Reduction::ArgMax => !dtype.is_complex(),
        Reduction::Any | Reduction::All => dtype == DType::Bool,
    }
}

/// Runs the kernel.
///
/// # Errors
/// Out of memory; a kernel that the host can't run; nothing reduced by a reduction without identity.
pub fn reduce(kernel: &Kernel, op: Reduction) -> Result<HostBuffer> {
    let dtype = kernel.result().dtype;
    let done = match op {
        Reduction::Sum => Some(with_element!(dtype, T => run::<Sum<T>>(kernel, op))),
        Reduction::Prod => Some(with_element!(dtype, T => run::<Prod<T>>(kernel, op))),
        Reduction::Min => ordered!(dtype, T => run::<Min<T>>(kernel, op)),
        Reduction::Max => ordered!(dtype, T => run::<Max<T>>(kernel, op)),
        Reduction::Any => (dtype == DType::Bool).then(|| run::<Any>(kernel, op)),
        Reduction::All => (dtype == DType::Bool).then(|| run::<All>(kernel, op)),
        Reduction::ArgMin => ordered!(dtype, T => run::<ArgMin<T>>(kernel, op)),
        Reduction::ArgMax => ordered!(dtype, T => run::<ArgMax<T>>(kernel, op)),
    };
    done.unwrap_or_else(|| {
        Err(Error::DType {
            op: op.name(),
            operands: format!("elements of {dtype}"),
            fix: "cast them with astype first".into(),
        })
    })
}

fn run<F: Fold>(kernel: &Kernel, op: Reduction) -> Result<HostBuffer> {
    let mut out = HostBuffer::unwritten(<F::Out as Element>::DTYPE, kernel.output_len())?;

    if kernel.reduced_len() == 0 {
        let empty = F::EMPTY.ok_or_else(|| Error::Shape {
            op: op.name(),
            operands: "no elements along the reduced axes".into(),
            fix: "it has no value of nothing; check the shape first".into(),
        })?;
        out.as_repr_mut::<F::Out>()?.fill(empty.to_repr());
    } else if by_columns(kernel) {
        columns::<F>(kernel, &mut out)?;
    } else {
        rows::<F>(kernel, &mut out)?;
    }
    Ok(out)
}

/// Do most inputs step less along the last kept axis than along the last reduced one?
fn by_columns(kernel: &Kernel) -> bool {
    let (split, n) = (kernel.split(), kernel.dims.len());
    if split == 0 || split == n || kernel.has_rows() {
        return false;
    }
    // Many small columns cost a task each; gathering them is as quick.
    let small = kernel.dims[split - 1] * kernel.reduced_len() < 256;
    if small && split > 1 {
        return false;
    }
    let votes = kernel.inputs.iter().map(|input| {
        let (kept, reduced) = (input.strides[split - 1].abs(), input.strides[n - 1].abs());
        match (kept, reduced) {
            (0, 0) => 0,
            (0, _) => -1,
            (_, 0) => 1,
            _ => {
                if kept < reduced {
                    1
                } else {
                    -1
                }
            }
        }
    });
    votes.sum::<i32>() > 0
}

fn rows<F: Fold>(kernel: &Kernel, out: &mut HostBuffer) -> Result<()> {
    let axes: Vec<usize> = (0..kernel.dims.len()).collect();
    let program = &Program::new(kernel, &axes)?;
    let len = kernel.reduced_len();
    let share = worth_sharing(out.len().saturating_mul(len), program.cost());
    let scratch: MakeScratch<'_, Scratch> = &|| program.scratch();
    let size = <F::Out as Element>::DTYPE.size();
    if len <= program.block && (program.dense || len < LONG_ROW) {
        // Several results to a block.
        let group = program.block / len;
        let task = (SPAN / len / group).max(1) * group;
        for_each_chunk(out.bytes_mut(), task * size, share, scratch, &|scratch, i, out| {
            let out: &mut [Out<F>] = bytemuck::cast_slice_mut(out);

            for (j, out) in out.chunks_mut(group).enumerate() {
                let start = (i * task + j * group) * len;
                let bytes = program.load(scratch, start..start + out.len() * len);
                let xs: &[Repr<F>] = bytemuck::cast_slice(bytes);
                for (o, xs) in out.iter_mut().zip(xs.chunks_exact(len)) {
                    *o = F::finish(F::slice(xs, 0)).to_repr();
                }
            }
        });
    } else if len <= SPAN {
        let task = SPAN / len;
        for_each_chunk(out.bytes_mut(), task * size, share, scratch, &|scratch, i, out| {
            let out: &mut [Out<F>] = bytemuck::cast_slice_mut(out);

            for (j, o) in out.iter_mut().enumerate() {
                let start = (i * task + j) * len;
                *o = F::finish(fold_range::<F>(program, scratch, start..start + len, 0)).to_repr();
            }
        });
    } else {
        let spans = len.div_ceil(SPAN);
        let partial = collect(out.len() * spans, share, scratch, &|scratch, i| {
            let (row, first) = (i / spans, i % spans * SPAN);
            let range = row * len + first..row * len + len.min(first + SPAN);
            fold_range::<F>(program, scratch, range, first as i64)
        });
        let out = out.as_repr_mut::<F::Out>()?;
        for (o, partial) in out.iter_mut().zip(partial.chunks_exact(spans)) {
            let mut tree = Tree::new(F::merge);
            partial.iter().for_each(|&a| tree.push(a));
            *o = F::finish(tree.finish().expect("there are spans")).to_repr();
        }
    }
    Ok(())
}

/// Folds a range of elements, block by block.
fn fold_range<F: Fold>(
    program: &Program<'_>,
    scratch: &mut Scratch,
    range: Range<usize>,
    first: i64,
) -> F::Acc {
    let mut tree = Tree::new(F::merge);
    let start = range.start;
    for block in program.blocks(range) {
        let index = first + (block.start - start) as i64;
        tree.push(F::slice(bytemuck::cast_slice(program.load(scratch, block)), index));
    }
    tree.finish().unwrap_or(F::NEUTRAL)
}

/// One tile of a reduction by columns: which results, and which part of the reduced elements.
struct Tile {
    /// Row-major index over the kept axes before the last one.
    outer: usize,
    /// First result along the last kept axis.
    first: usize,
    /// How many.
    width: usize,
    /// Reduced elements.
    rows: Range<usize>,
}

fn columns<F: Fold>(kernel: &Kernel, out: &mut HostBuffer) -> Result<()> {
    let (split, n) = (kernel.split(), kernel.dims.len());
    let axes: Vec<usize> = (0..split - 1).chain(split..n).chain([split - 1]).collect();
    let program = &Program::new(kernel, &axes)?;
    let (len, across) = (kernel.reduced_len(), kernel.dims[split - 1]);
    let share = worth_sharing(out.len().saturating_mul(len), program.cost());
    let scratch: MakeScratch<'_, Scratch> = &|| program.scratch();
    let size = <F::Out as Element>::DTYPE.size();
    let width = across.min(program.block);
    let span = (SPAN / width).next_multiple_of(ROWS);
    let spans = len.div_ceil(span);
    let fold = |scratch: &mut Scratch, tile: Tile| fold_tile::<F>(program, scratch, len, across, tile);
    let finish = |out: &mut [Out<F>], accs: Vec<F::Acc>| {
        out.iter_mut().zip(accs).for_each(|(o, acc)| *o = F::finish(acc).to_repr());
    };
    if spans == 1 {
        let outers = (SPAN / len.saturating_mul(across)).max(1);
        let task = outers * across * size;
        for_each_chunk(out.bytes_mut(), task, share, &|| (), &|_, i, out| {
            for (j, out) in out.chunks_mut(across * size).enumerate() {
                for_each_chunk(out, width * size, share, scratch, &|scratch, k, out| {
                    let out: &mut [Out<F>] = bytemuck::cast_slice_mut(out);
                    let tile =
                        Tile { outer: i * outers + j, first: k * width, width: out.len(), rows: 0..len };
                    finish(out, fold(scratch, tile));
                });
            }
        });
        return Ok(());
    }
    let tiles = across.div_ceil(width);
    let partial = collect(out.len() / across * tiles * spans, share, scratch, &|scratch, i| {
        let (outer, tile, start) = (i / spans / tiles, i / spans % tiles, i % spans * span);
        let first = tile * width;
        let width = width.min(across - first);
        fold(scratch, Tile { outer, first, width, rows: start..len.min(start + span) })
    });
    let mut partial = partial.into_iter();
    for out in out.as_repr_mut::<F::Out>()?.chunks_mut(across) {
        for out in out.chunks_mut(width) {
            let mut tree = Tree::new(merge_rows::<F>);
            partial.by_ref().take(spans).for_each(|accs| tree.push(accs));
            finish(out, tree.finish().expect("there are spans"));
        }
    }
    Ok(())
}

fn merge_rows<F: Fold>(mut a: Vec<F::Acc>, b: Vec<F::Acc>) -> Vec<F::Acc> {
    a.iter_mut().zip(b).for_each(|(a, b)| *a = F::merge(*a, b));
    a
}

/// Folds a tile to one accumulator per result.
fn fold_tile<F: Fold>(
    program: &Program<'_>,
    scratch: &mut Scratch,
    len: usize,
    across: usize,
    tile: Tile,
) -> Vec<F::Acc> {
    // Whole rows that lie together, or are short, are computed several to a block.
    let together = tile.width == across && (program.dense || across < LONG_ROW);
    // No fewer than are read side by side, even if they are longer than a block.
    let group = if together { (program.block / across).clamp(ROWS_AT_ONCE, ROWS) } else { 1 };
    let mut tree = Tree::new(merge_rows::<F>);
    let mut row = tile.rows.start;
    let mut next = vec![F::NEUTRAL; tile.width];
    while row < tile.rows.end {
        let leaf = tile.rows.end.min(row + ROWS);
        let mut accs = vec![F::NEUTRAL; tile.width];
        while row < leaf {
            let n = group.min(leaf - row);
            let start = (tile.outer * len + row) * across + tile.first;
            let xs: &[Repr<F>] = bytemuck::cast_slice(program.load(scratch, start..start + n * tile.width));
            let mut rows = xs;
            while !rows.is_empty() {
                let n = if rows.len() >= ROWS_AT_ONCE * tile.width { ROWS_AT_ONCE } else { 1 };
                let (these, rest) = rows.split_at(n * tile.width);
                widest(RowsInto::<F> { from: &accs, rows: these, index: row as i64, to: &mut next });
                std::mem::swap(&mut accs, &mut next);
                row += n;
                rows = rest;
            }
        }
        tree.push(accs);
    }
    tree.finish().unwrap_or_else(|| vec![F::NEUTRAL; tile.width])
}
