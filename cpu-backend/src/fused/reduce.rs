//! Kernels that end in a reduction, by rows or by columns.
//!
//! *Rows*: the elements of one result lie together, and each run of them is folded to one accumulator. *Columns*:
//! elements of neighbouring results lie together (a sum over the first axis of a row-major matrix), and whole
//! rows are folded into a row of accumulators. Which of the two runs depends on how the inputs lie; the order in which floats
//! are added up does not (`super::trees`). Long reductions are cut into spans whose partial results merge pairwise.

use super::fold::{ROWS_AT_ONCE, Tree};
use super::loops::Operand;
use super::ops::cast_loop;
use super::program::{LONG_ROW, Program, Scratch};
use super::reducer::Reducer;
use super::trees::{Accs, Runs, Sums};
use crate::erased::Erased;
use crate::parallel::{MakeScratch, collect, for_each_chunk, worth_sharing};
use polyarray_core::array::{Buffer, HostBuffer};
use polyarray_core::expr::{Instr, Kernel, Reduction, Value};
use polyarray_core::{DType, Error, Result};
use std::ops::Range;

/// Elements that one task reduces.
const SPAN: usize = 64 << 10;
/// Rows that accumulators are merged with one by one before these merge pairwise, where the order is free.
const ROWS: usize = 64;
/// Fewer tasks are divided further.
const FEW_TASKS: usize = 16;

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
    if dtype == DType::F16 {
        return reduce_half(kernel, op);
    }
    let reducer = &Reducer::of(op, dtype).ok_or_else(|| Error::DType {
        op: op.name(),
        operands: format!("elements of {dtype}"),
        fix: "cast them with astype first".into(),
    })?;
    let mut out = HostBuffer::unwritten(kernel.output_dtype(), kernel.output_len())?;
    if kernel.reduced_len() == 0 {
        reducer.finish_nothing(op, dtype, out.bytes_mut()).ok_or_else(|| Error::Shape {
            op: op.name(),
            operands: "no elements along the reduced axes".into(),
            fix: "it has no value of nothing; check the shape first".into(),
        })?;
    } else if by_columns(kernel) {
        columns(reducer, kernel, &mut out)?;
    } else {
        rows(reducer, kernel, &mut out)?;
    }
    Ok(out)
}

/// Reduces float16 in float32, and rounds once.
fn reduce_half(kernel: &Kernel, op: Reduction) -> Result<HostBuffer> {
    let mut kernel = kernel.clone();
    let last = kernel.code.len() - 1;
    kernel.code.push(Value { instr: Instr::Cast(last as _), dtype: DType::F32 });
    let wide = reduce(&kernel, op)?;
    if !wide.dtype().is_float() {
        return Ok(wide);
    }
    let mut out = HostBuffer::unwritten(DType::F16, wide.len())?;
    cast_loop(DType::F32, DType::F16)(&[Operand::Each(wide.bytes())], out.bytes_mut());
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
        match (input.strides[split - 1].abs(), input.strides[n - 1].abs()) {
            // What repeats along one of the two is read as quickly either way.
            (0, _) | (_, 0) => 0,
            (kept, reduced) if kept < reduced => 1,
            _ => -1,
        }
    });
    votes.sum::<i32>() > 0
}

fn rows(r: &Reducer, kernel: &Kernel, out: &mut HostBuffer) -> Result<()> {
    let axes: Vec<usize> = (0..kernel.dims.len()).collect();
    let program = &Program::new(kernel, &axes)?;
    let (len, n) = (kernel.reduced_len(), out.len());
    let share = worth_sharing(n.saturating_mul(len), program.cost());
    let scratch: MakeScratch<'_, Sums> = &|| Sums::new(program);
    let finish = |acc: Erased, out: &mut [u8]| (r.finish)(&bytemuck::bytes_of(&acc)[..r.acc], out);
    if len <= program.block && (program.dense || len < LONG_ROW) {
        // Several results to a block.
        let group = program.block / len;
        let task = (SPAN / len / group).max(1) * group;
        for_each_chunk(out.bytes_mut(), task * r.out, share, scratch, &|scratch, i, out| {
            for (j, out) in out.chunks_mut(group * r.out).enumerate() {
                let start = (i * task + j * group) * len;
                let n = out.len() / r.out * len;
                (r.rows)(program.load(&mut scratch.scratch, start..start + n), len, out);
            }
        });
    } else if len <= SPAN {
        let task = SPAN / len;
        for_each_chunk(out.bytes_mut(), task * r.out, share, scratch, &|scratch, i, out| {
            for (j, o) in out.chunks_mut(r.out).enumerate() {
                let start = (i * task + j) * len;
                finish(fold_range(r, program, scratch, start..start + len, 0), o);
            }
        });
    } else {
        let spans = len.div_ceil(SPAN);
        let partial = collect(n * spans, share, scratch, &|scratch, i| {
            let (row, first) = (i / spans, i % spans * SPAN);
            let range = row * len + first..row * len + len.min(first + SPAN);
            fold_range(r, program, scratch, range, first as i64)
        });
        for (o, partial) in out.bytes_mut().chunks_mut(r.out).zip(partial.chunks_exact(spans)) {
            let mut tree = Tree::new(r.merge);
            partial.iter().for_each(|&acc| tree.push(acc));
            finish(tree.finish().unwrap_or(r.neutral), o);
        }
    }
    Ok(())
}

/// Folds a range of elements.
fn fold_range(
    r: &Reducer,
    program: &Program<'_>,
    sums: &mut Sums,
    range: Range<usize>,
    first: i64,
) -> Erased {
    // A row whose reduction is broadcast back is computed as a whole, too.
    if program.whole().is_some() || program.row > 0 {
        return (r.run)(program.load(&mut sums.scratch, range), first);
    }
    if !r.selects {
        let (start, len) = (range.start, range.len());
        let runs = Runs { reducer: r, program, start, len, across: 1, width: 1 };
        return bits(runs.fold(sums));
    }
    let mut tree = Tree::new(r.merge);
    let start = range.start;
    for block in program.blocks(range) {
        let index = first + (block.start - start) as i64;
        tree.push((r.run)(program.load(&mut sums.scratch, block), index));
    }
    tree.finish().unwrap_or(r.neutral)
}

/// One accumulator.
fn bits(acc: &[u8]) -> Erased {
    let mut bits = [0; size_of::<Erased>()];
    bits[..acc.len()].copy_from_slice(acc);
    Erased::from_ne_bytes(bits)
}

/// Merges rows of accumulators pairwise.
fn tree_of_rows(r: &Reducer) -> Tree<Accs, impl Fn(Accs, Accs) -> Accs> {
    let merge = r.merge_rows;
    Tree::new(move |mut a: Accs, b: Accs| {
        merge(a.bytes_mut(), b.bytes());
        a
    })
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

fn columns(r: &Reducer, kernel: &Kernel, out: &mut HostBuffer) -> Result<()> {
    let (split, n) = (kernel.split(), kernel.dims.len());
    let axes: Vec<usize> = (0..split - 1).chain(split..n).chain([split - 1]).collect();
    let program = &Program::new(kernel, &axes)?;
    let (len, across, results) = (kernel.reduced_len(), kernel.dims[split - 1], out.len());
    let share = worth_sharing(results.saturating_mul(len), program.cost());
    let scratch: MakeScratch<'_, Sums> = &|| Sums::new(program);
    let width = across.min(if r.selects { program.block } else { Runs::most(r, program, len) });
    let span = if r.selects { (SPAN / width).next_multiple_of(ROWS) } else { SPAN };
    let (tiles, spans) = (across.div_ceil(width), len.div_ceil(span));
    let few = share && !r.selects && results / across * tiles * spans < FEW_TASKS;
    let fold = |sums: &mut Sums, tile: Tile| -> Accs {
        if r.selects {
            return fold_tile(r, program, &mut sums.scratch, len, across, tile);
        }
        let start = (tile.outer * len + tile.rows.start) * across + tile.first;
        let runs = Runs { reducer: r, program, start, len: tile.rows.len(), across, width: tile.width };
        if few && runs.leaves() > 1 { runs.fold_shared() } else { Accs::of(runs.fold(sums)) }
    };
    let share = share && !few;
    if spans == 1 {
        let outers = (SPAN / len.saturating_mul(across)).max(1);
        let task = outers * across * r.out;
        for_each_chunk(out.bytes_mut(), task, share, &|| (), &|(), i, out| {
            for (j, out) in out.chunks_mut(across * r.out).enumerate() {
                for_each_chunk(out, width * r.out, share, scratch, &|scratch, k, out| {
                    let (outer, first, width) = (i * outers + j, k * width, out.len() / r.out);
                    (r.finish)(fold(scratch, Tile { outer, first, width, rows: 0..len }).bytes(), out);
                });
            }
        });
        return Ok(());
    }
    let partial = collect(results / across * tiles * spans, share, scratch, &|scratch, i| {
        let (outer, tile, start) = (i / spans / tiles, i / spans % tiles, i % spans * span);
        let first = tile * width;
        let width = width.min(across - first);
        fold(scratch, Tile { outer, first, width, rows: start..len.min(start + span) })
    });
    let mut partial = partial.into_iter();
    for out in out.bytes_mut().chunks_mut(across * r.out) {
        for out in out.chunks_mut(width * r.out) {
            let mut tree = tree_of_rows(r);
            partial.by_ref().take(spans).for_each(|accs| tree.push(accs));
            (r.finish)(tree.finish().expect("there are spans").bytes(), out);
        }
    }
    Ok(())
}

/// Folds a tile to one accumulator per result.
fn fold_tile(
    r: &Reducer,
    program: &Program<'_>,
    scratch: &mut Scratch,
    len: usize,
    across: usize,
    tile: Tile,
) -> Accs {
    // Whole rows that lie together, or are short, are computed several to a block.
    let together = tile.width == across && (program.dense || across < LONG_ROW);
    // No fewer than are read side by side, even if they are longer than a block.
    let group = if together { (program.block / across).clamp(ROWS_AT_ONCE, ROWS) } else { 1 };
    let mut tree = tree_of_rows(r);
    let mut row = tile.rows.start;
    let mut next = Accs::neutral(r, tile.width);
    while row < tile.rows.end {
        let leaf = tile.rows.end.min(row + ROWS);
        let mut accs = Accs::neutral(r, tile.width);
        while row < leaf {
            let n = group.min(leaf - row);
            let start = (tile.outer * len + row) * across + tile.first;
            let mut rows = program.load(scratch, start..start + n * tile.width);
            let bytes = tile.width * r.element;
            while !rows.is_empty() {
                let n = if rows.len() >= ROWS_AT_ONCE * bytes { ROWS_AT_ONCE } else { 1 };
                let (these, rest) = rows.split_at(n * bytes);
                (r.rows_into)(accs.bytes(), these, row as i64, next.bytes_mut());
                std::mem::swap(&mut accs, &mut next);
                row += n;
                rows = rest;
            }
        }
        tree.push(accs);
    }
    tree.finish().unwrap_or_else(|| Accs::neutral(r, tile.width))
}
