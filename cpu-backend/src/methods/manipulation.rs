//! Concatenation: runs of each part copied to where they belong.

use crate::erased::with_bits;
use crate::parallel::{for_each_chunk, worth_sharing};
use crate::view::View;
use bytemuck::Pod;
use polyarray_core::Result;
use polyarray_core::array::{HostBuffer, Operand};
use polyarray_core::backend::specs::Concat;

/// Elements that one task copies.
const CHUNK: usize = 64 << 10;

/// The parts one after another along an axis, as a dense buffer.
///
/// # Errors
/// Out of memory; a part that is not on the host.
pub fn concat(parts: &[Operand], spec: &Concat) -> Result<HostBuffer> {
    with_bits!(spec.dtype.size(), P => concat_as::<P>(parts, spec))
}

fn concat_as<P: Pod + Send + Sync>(parts: &[Operand], spec: &Concat) -> Result<HostBuffer> {
    let n = spec.shape.iter().product();
    let mut out = HostBuffer::unwritten(spec.dtype, n)?;
    // A row: everything along the axis and after it, of each part in turn.
    let row: usize = spec.shape[spec.axis..].iter().product();
    let mut first = 0;
    let parts = parts
        .iter()
        .map(|part| {
            let view = View::<P>::bits(part, "concat")?;
            let len: usize = view.dims[spec.axis..].iter().product();
            first += len;
            Ok((first - len..first, view.collapsed()))
        })
        .collect::<Result<Vec<_>>>()?;
    let size = spec.dtype.size();
    for_each_chunk(out.bytes_mut(), CHUNK * size, worth_sharing(n, 1), &|| (), &|_, i, chunk| {
        let mut at = i * CHUNK;
        let mut chunk: &mut [P] = bytemuck::cast_slice_mut(chunk);
        while !chunk.is_empty() {
            let (outer, within) = (at / row, at % row);
            let k = parts.partition_point(|(range, _)| range.end <= within);
            let (range, view) = &parts[k];
            let (head, tail) = chunk.split_at_mut(chunk.len().min(range.end - within));
            view.copy(outer * range.len() + within - range.start, head);
            at += head.len();
            chunk = tail;
        }
    });
    Ok(out)
}
