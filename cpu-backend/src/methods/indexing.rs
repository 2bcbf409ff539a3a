//! Elements by index along an axis.

use crate::erased::with_bits;
use crate::iteration::{gather, position, unravel};
use crate::parallel::{collect, for_each_chunk, worth_sharing};
use crate::view::View;
use bytemuck::Pod;
use polyarray_core::array::{HostBuffer, Operand};
use polyarray_core::backend::specs::Take;
use polyarray_core::expr::layout::collapse;
use polyarray_core::{DType, Error, Result};
use std::borrow::Cow;

/// Elements that one task copies.
const CHUNK: usize = 64 << 10;

/// The elements of `x` at `indices` along an axis, as a dense buffer.
///
/// # Errors
/// Out of memory; [`Error::Index`]; an operand that is not on the host.
pub fn take(x: &Operand, indices: &Operand, spec: &Take) -> Result<HostBuffer> {
    let indices = checked(indices, spec)?;
    with_bits!(x.buffer.dtype().size(), P => take_as::<P>(x, &indices, spec))
}

/// The indices, one behind the other: each is an element of the axis, a negative one from its end.
fn checked<'a>(indices: &'a Operand, spec: &Take) -> Result<Cow<'a, [i64]>> {
    macro_rules! integers {
        ($($V:ident $T:ty),*) => {
            match indices.buffer.dtype() {
                DType::I64 => Ok(View::of::<i64>(indices, "take")?.dense()),
                $(DType::$V => {
                    let dense = View::of::<$T>(indices, "take")?.dense();
                    // What int64 does not hold is out of bounds as well.
                    Ok(dense.iter().map(|&i| i64::try_from(i).unwrap_or(i64::MAX)).collect())
                })*
                other => Err(Error::DType {
                    op: "take",
                    operands: format!("indices of {other}"),
                    fix: "indices are integers; cast them with astype".into(),
                }),
            }
        };
    }
    let indices: Cow<'a, [i64]> = integers!(I8 i8, I16 i16, I32 i32, U8 u8, U16 u16, U32 u32, U64 u64)?;
    let len = spec.len as i64;
    let within = |xs: &[i64]| xs.iter().fold(true, |all, i| all & (-len <= *i) & (*i < len));
    let pieces = indices.len().div_ceil(CHUNK);
    let piece = |i: usize| &indices[i * CHUNK..indices.len().min((i + 1) * CHUNK)];
    let all = collect(pieces, worth_sharing(indices.len(), 1), &|| (), &|(), i| within(piece(i)));
    match all.iter().position(|within| !within) {
        None => Ok(indices),
        Some(i) => {
            let bad = piece(i).iter().find(|i| !within(&[**i]));
            let index = *bad.expect("one of the piece is out of bounds");
            Err(Error::Index { op: "take", index, axis: spec.axis, len: spec.len })
        }
    }
}

/// The position of a checked index.
#[inline(always)]
fn place(index: i64, len: i64) -> isize {
    (if index < 0 { index + len } else { index }) as isize
}

fn take_as<P: Pod + Send + Sync>(operand: &Operand, indices: &[i64], spec: &Take) -> Result<HostBuffer> {
    let x = View::<P>::bits(operand, "take")?;
    let dtype = operand.buffer.dtype();
    let n = spec.shape.iter().product();
    let mut out = HostBuffer::unwritten(dtype, n)?;
    let (step, len) = (x.strides[spec.axis], spec.len as i64);
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
        if row == 1 && outer_dims.iter().all(|&n| n == 1) {
            // Nothing but loads that don't wait for one another.
            for (out, &index) in chunk.iter_mut().zip(&indices[k..]) {
                *out = x.data[(x.offset + place(index, len) * step) as usize];
            }
            return;
        }
        let mut chunk = chunk.chunks_exact_mut(row);
        while chunk.len() > 0 {
            let (outer, first) = (k / indices.len(), k % indices.len());
            let base = position(&unravel(outer, outer_dims), outer_strides, x.offset);
            let run = &indices[first..];
            k += run.len().min(chunk.len());
            for (&index, out) in run.iter().zip(&mut chunk) {
                let at = base + place(index, len) * step;
                match out {
                    [one] => *one = x.data[at as usize],
                    _ => gather(x.data, &inner_dims, &inner_strides, at, 0, out),
                }
            }
        }
    });
    Ok(out)
}
