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
/// Elements below which a run is copied in less time than it is found: such runs are copied part by part.
const SHORT: usize = 32;
/// Bytes of the output that all parts are copied into before it goes on: they stay in the first-level cache.
const NEAR: usize = 16 << 10;

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
    if row <= SHORT * parts.len() && n > 0 {
        let task = (CHUNK / row).max(1) * row;
        for_each_chunk(out.bytes_mut(), task * size, worth_sharing(n, 1), &Vec::new, &|piece, i, chunk| {
            let chunk: &mut [P] = bytemuck::cast_slice_mut(chunk);
            let block = (NEAR / size / row).max(1) * row;
            for (j, block_of) in chunk.chunks_mut(block).enumerate() {
                let first = (i * task + j * block) / row;
                for (range, view) in &parts {
                    let (len, rows) = (range.len(), block_of.len() / row);
                    piece.resize(len * rows, P::zeroed());
                    view.copy(first * len, piece);
                    scatter(piece, &mut block_of[range.start..], len, row);
                }
            }
        });
        return Ok(out);
    }
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

/// Writes rows of `len` elements, each `row` elements after the one before.
fn scatter<P: Copy>(from: &[P], out: &mut [P], len: usize, row: usize) {
    match len {
        0 => {}
        1 => out.iter_mut().step_by(row).zip(from).for_each(|(o, &x)| *o = x),
        _ => out.chunks_mut(row).zip(from.chunks_exact(len)).for_each(|(o, x)| o[..len].copy_from_slice(x)),
    }
}
