//! Kernels with an element of the output for each of the inputs: one pass over these into a dense output.

use super::program::{LONG_ROW, Program};
use crate::erased::with_bits;
use crate::iteration::{gather, position, unravel};
use crate::parallel::{for_each, for_each_chunk, worth_sharing};
use bytemuck::Pod;
use polyarray_core::Result;
use polyarray_core::array::HostBuffer;
use polyarray_core::backend::Layout;
use polyarray_core::expr::{Instr, Kernel, Output};
use smallvec::SmallVec;

/// Elements that one task computes.
const CHUNK: usize = 64 << 10;
/// Bytes of a register where rows are computed with the gaps between them: all registers stay in the first-level cache.
const NEAR: usize = 8 << 10;

/// The kernel over all elements between the first and the last of views that lie alike, and their common strides: shifted
/// parts of one array, as the neighbours in a grid are. It computes what is in the gaps, too, which then isn't stored;
/// without it each of the views would be copied first. None unless there are several views, and the gaps are few.
fn with_gaps(kernel: &Kernel) -> Option<(Kernel, &[isize])> {
    let inner = *kernel.dims.last().filter(|&&inner| kernel.dims.len() > 1 && inner < LONG_ROW)?;
    let moves = |strides: &&[isize]| strides.iter().any(|&step| step != 0);
    let mut views = kernel.inputs.iter().map(|input| &input.strides[..]).filter(moves);
    let strides = views.next()?;
    let (mut alike, mut space) = (1, inner);
    for other in views {
        alike += 1;
        if other != strides {
            return None;
        }
    }
    if alike < 2 || strides.last() != Some(&1) || kernel.code.iter().any(|v| v.instr == Instr::Iota) {
        return None;
    }
    for (&step, &len) in strides.iter().zip(&kernel.dims).rev().skip(1) {
        // In row-major order, so that a range of elements is a range of the space.
        if step < space as isize {
            return None;
        }
        space += step as usize * (len - 1);
    }
    let n = kernel.output_len();
    if space == n || space - n > n / 4 {
        return None;
    }
    let mut whole = kernel.clone();
    whole.dims = SmallVec::from_slice(&[space]);
    for input in &mut whole.inputs {
        let step = isize::from(moves(&&input.strides[..]));
        input.strides = SmallVec::from_slice(&[step]);
    }
    Some((whole, strides))
}

impl Program<'_> {
    /// Runs a kernel without a reduction at its end.
    ///
    /// # Errors
    /// Out of memory; a kernel that the host can't run.
    pub fn map(kernel: &Kernel) -> Result<HostBuffer> {
        match with_gaps(kernel) {
            Some((whole, strides)) if kernel.output == Output::Map => {
                with_bits!(kernel.output_dtype().size(), P => gapped::<P>(kernel, &whole, strides))
            }
            _ => Self::map_each(kernel),
        }
    }

    /// Runs a kernel [`with_gaps`] straight into a part of memory. `false`, with nothing written, for any other, or a part
    /// that is not in row-major order.
    ///
    /// # Errors
    /// A kernel that the host can't run.
    pub fn map_into(kernel: &Kernel, out: &mut HostBuffer, part: &Layout) -> Result<bool> {
        let in_order = part.strides.last() == Some(&1)
            && (1..part.shape.len()).all(|axis| {
                let within = part.shape[axis] as isize * part.strides[axis];
                part.strides[axis - 1] >= within
            });
        if kernel.output != Output::Map || !in_order || kernel.dims[..] != part.shape[..] {
            return Ok(false);
        }
        let Some((whole, strides)) = with_gaps(kernel) else { return Ok(false) };
        into_part(kernel, &whole, strides, out, part).map(|()| true)
    }

    fn map_each(kernel: &Kernel) -> Result<HostBuffer> {
        let axes: SmallVec<[usize; 8]> = (0..kernel.dims.len()).collect();
        let mut program = Program::new(kernel, &axes)?;
        let tile = program.tile();
        let program = &program;
        let dtype = kernel.output_dtype();
        let n = kernel.output_len();
        let mut out = HostBuffer::unwritten(dtype, n)?;
        let size = dtype.size();
        let share = worth_sharing(n, program.cost());
        let (bytes, scratch) = (out.bytes_mut(), || program.scratch());
        if let (Some((height, width)), Some(&inner)) = (tile, kernel.dims.last()) {
            let band = height * inner;
            for_each_chunk(bytes, band * size, share, &scratch, &|scratch, i, out| {
                program.fill_band(scratch, i * band, inner, width, out);
            });
        } else {
            let task = if program.row > 0 { (CHUNK / program.block).max(1) * program.block } else { CHUNK };
            for_each_chunk(bytes, task * size, share, &scratch, &|scratch, i, out| {
                program.fill(scratch, i * task, out);
            });
        }
        Ok(out)
    }
}

/// Runs a kernel by way of the one [`with_gaps`].
fn gapped<P: Pod>(kernel: &Kernel, whole: &Kernel, strides: &[isize]) -> Result<HostBuffer> {
    let program = &Program::new(whole, &[0])?;
    let (dtype, n, dims) = (kernel.output_dtype(), kernel.output_len(), &kernel.dims[..]);
    let mut out = HostBuffer::unwritten(dtype, n)?;
    let size = dtype.size();
    let inner = dims.last().copied().unwrap_or(1);
    let whole_rows = |elements: usize| (elements / inner).max(1) * inner;
    let (task, block) = (whole_rows(CHUNK), whole_rows(NEAR / size));
    let scratch = || program.scratch();
    for_each_chunk(
        out.bytes_mut(),
        task * size,
        worth_sharing(n, program.cost()),
        &scratch,
        &|scratch, i, out| {
            for (j, out) in out.chunks_mut(block * size).enumerate() {
                let first = i * task + j * block;
                let place = |element: usize| position(&unravel(element, dims), strides, 0) as usize;
                let begin = place(first);
                let end = place(first + out.len() / size - 1) + 1;
                let computed: &[P] = bytemuck::cast_slice(program.load(scratch, begin..end));
                gather(computed, dims, strides, -(begin as isize), first, bytemuck::cast_slice_mut(out));
            }
        },
    );
    Ok(out)
}

/// Runs a kernel by way of the one [`with_gaps`] into a part in row-major order.
fn into_part(
    kernel: &Kernel,
    whole: &Kernel,
    strides: &[isize],
    out: &mut HostBuffer,
    part: &Layout,
) -> Result<()> {
    let program = &Program::new(whole, &[0])?;
    let (n, dims, size) = (kernel.output_len(), &kernel.dims[..], kernel.output_dtype().size());
    let inner = dims.last().copied().unwrap_or(1);
    let (rows, length) = (n / inner, inner * size);
    let (task, block) = ((CHUNK / inner).max(1), (NEAR / length).max(1));
    let place = |row: usize, strides: &[isize]| position(&unravel(row * inner, dims), strides, 0) as usize;
    let above = dims.len() - 2;
    let (plane, down) = (dims[above], [&part.strides, strides].map(|strides| strides[above] as usize * size));
    // What lies between the first elements of two tasks is the first one's.
    let mut rest = &mut out.bytes_mut()[part.offset * size..];
    let mut tasks = SmallVec::<[(usize, &mut [u8]); 4]>::new();
    for first in (0..rows).step_by(task) {
        let next = first + task;
        let len = if next < rows {
            (place(next, &part.strides) - place(first, &part.strides)) * size
        } else {
            rest.len()
        };
        let (own, others) = rest.split_at_mut(len);
        tasks.push((first, own));
        rest = others;
    }
    let scratch = || program.scratch();
    for_each(tasks.into_iter(), worth_sharing(n, program.cost()), &scratch, &|scratch, (from, out)| {
        let origin = place(from, &part.strides);
        let end = (from + task).min(rows);
        for first in (from..end).step_by(block) {
            let last = (first + block).min(end) - 1;
            let begin = place(first, strides);
            let computed = program.load(scratch, begin..place(last, strides) + inner);
            // Rows of one plane lie a stride apart.
            let mut row = first;
            while row <= last {
                let mut to = (place(row, &part.strides) - origin) * size;
                let mut from = (place(row, strides) - begin) * size;
                let run = (plane - row % plane).min(last + 1 - row);
                for _ in 0..run {
                    out[to..to + length].copy_from_slice(&computed[from..from + length]);
                    (to, from) = (to + down[0], from + down[1]);
                }
                row += run;
            }
        }
    });
    Ok(())
}
