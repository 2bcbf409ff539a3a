//! Kernels with an element of the output for each of the inputs: one pass over these into a dense output.

use crate::parallel::{for_each_chunk, worth_sharing};
use crate::program::Program;
use polyarray_core::Result;
use polyarray_core::array::HostBuffer;
use polyarray_core::expr::Kernel;
use smallvec::SmallVec;

/// Elements that one task computes.
const CHUNK: usize = 64 << 10;

/// Runs the kernel.
///
/// # Errors
/// Out of memory; a kernel that the host can't run.
pub fn map(kernel: &Kernel) -> Result<HostBuffer> {
    let axes: SmallVec<[usize; 8]> = (0..kernel.dims.len()).collect();
    let mut program = Program::new(kernel, &axes)?;
    let tile = program.tile();
    let program = &program;
    let dtype = kernel.output_dtype();
    let n = kernel.output_len();
    let mut out = HostBuffer::unwritten(dtype, n)?;
    let size = dtype.size();
    let share = worth_sharing(n, program.cost());
    if let (Some((height, width)), Some(&inner)) = (tile, kernel.dims.last()) {
        let band = height * inner;
        for_each_chunk(
            out.bytes_mut(),
            band * size,
            share,
            &|| program.scratch(),
            &|scratch, i, band_out| {
                let rows = band_out.len() / size / inner;
                for first in (0..inner).step_by(width) {
                    let width = width.min(inner - first);
                    program.copy_tiles(scratch, i * band + first, rows, width);
                    for row in 0..rows {
                        let at = row * inner + first;
                        let block = i * band + at;
                        let part = at * size..(at + width) * size;
                        program.store(scratch, block..block + width, &mut band_out[part]);
                    }
                }
            },
        );
        return Ok(out);
    }
    let task = if program.row > 0 { (CHUNK / program.block).max(1) * program.block } else { CHUNK };
    for_each_chunk(out.bytes_mut(), task * size, share, &|| program.scratch(), &|scratch, i, chunk| {
        let start = i * task;
        for block in program.blocks(start..start + chunk.len() / size) {
            let part = (block.start - start) * size..(block.end - start) * size;
            program.store(scratch, block, &mut chunk[part]);
        }
    });
    Ok(out)
}
