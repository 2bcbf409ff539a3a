//! Elements by index along an axis.

use crate::erased::with_bits;
use crate::iteration::{gather, position, unravel};
use crate::parallel::{for_each_chunk, worth_sharing};
use crate::view::View;
use bytemuck::Pod;
use polyarray_core::array::{HostBuffer, Operand};
use polyarray_core::backend::specs::Take;
use polyarray_core::expr::layout::collapse;
use polyarray_core::{DType, Error, Result};

/// Elements that one task copies.
const CHUNK: usize = 64 << 10;

/// The elements of `x` at `indices` along an axis, as a dense buffer.
///
/// # Errors
/// Out of memory; [`Error::Index`]; an operand that is not on the host.
pub fn take(x: &Operand, indices: &Operand, spec: &Take) -> Result<HostBuffer> {
    let indices = positions(indices, spec)?;
    with_bits!(x.buffer.dtype().size(), P => take_as::<P>(x, &indices, spec))
}

/// The indices as positions from the start of the axis.
fn positions(indices: &Operand, spec: &Take) -> Result<Vec<usize>> {
    macro_rules! integers {
        ($($V:ident $T:ty),*) => {
            match indices.buffer.dtype() {
                $(DType::$V => {
                    let dense = View::of::<$T>(indices, "take")?.dense();
                    dense.iter().map(|&i| place(i128::from(i), spec)).collect()
                })*
                other => Err(Error::DType {
                    op: "take",
                    operands: format!("indices of {other}"),
                    fix: "indices are integers; cast them with astype".into(),
                }),
            }
        };
    }
    integers!(I8 i8, I16 i16, I32 i32, I64 i64, U8 u8, U16 u16, U32 u32, U64 u64)
}

fn place(index: i128, spec: &Take) -> Result<usize> {
    let len = spec.len as i128;
    let from_start = if index < 0 { index + len } else { index };
    if (0..len).contains(&from_start) {
        return Ok(from_start as usize);
    }
    let index = i64::try_from(index).unwrap_or(i64::MAX);
    Err(Error::Index { op: "take", index, axis: spec.axis, len: spec.len })
}

fn take_as<P: Pod + Send + Sync>(operand: &Operand, indices: &[usize], spec: &Take) -> Result<HostBuffer> {
    let x = View::<P>::bits(operand, "take")?;
    let dtype = operand.buffer.dtype();
    let n = spec.shape.iter().product();
    let mut out = HostBuffer::unwritten(dtype, n)?;
    let step = x.strides[spec.axis];
    let (outer_dims, outer_strides) = (&x.dims[..spec.axis], &x.strides[..spec.axis]);
    let mut inner_strides = [x.strides[spec.axis + 1..].into()];
    let inner_dims = &x.dims[spec.axis + 1..];
    let (inner_dims, _) = collapse(inner_dims, inner_dims.len(), &mut inner_strides);
    let [inner_strides] = inner_strides;
    // A row: what one index brings.
    let row: usize = inner_dims.iter().product();
    let rows = (CHUNK / row).max(1);
    let task = rows * row * dtype.size();
    for_each_chunk(out.bytes_mut(), task, worth_sharing(n, 2), &|| (), &|_, i, chunk| {
        let mut k = i * rows;
        let chunk: &mut [P] = bytemuck::cast_slice_mut(chunk);
        let mut chunk = chunk.chunks_exact_mut(row);
        while chunk.len() > 0 {
            let (outer, first) = (k / indices.len(), k % indices.len());
            let base = position(&unravel(outer, outer_dims), outer_strides, x.offset);
            let run = &indices[first..];
            k += run.len().min(chunk.len());
            for (&index, out) in run.iter().zip(&mut chunk) {
                let at = base + index as isize * step;
                match out {
                    [one] => *one = x.data[at as usize],
                    _ => gather(x.data, &inner_dims, &inner_strides, at, 0, out),
                }
            }
        }
    });
    Ok(out)
}
