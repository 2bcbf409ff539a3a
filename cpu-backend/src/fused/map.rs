//! Kernels with an element of the output for each of the inputs: one pass over these into a dense output.

use super::program::Program;
use crate::parallel::{for_each_chunk, worth_sharing};
use polyarray_core::Result;
use polyarray_core::array::HostBuffer;
use polyarray_core::expr::Kernel;
use smallvec::SmallVec;

/// Elements that one task computes.
const CHUNK: usize = 64 << 10;

impl Program<'_> {
    /// Runs a kernel without a reduction at its end.
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
