//! Binary search: each value on its own, in keys of the same order as the elements.

use super::sorting::by_bits;
use super::sorting::keys::{Bits, Order};
use crate::methods::rows::Rows;
use crate::parallel::{for_each, worth_sharing};
use polyarray_core::array::{HostBuffer, Operand};
use polyarray_core::backend::specs::SearchSorted;
use polyarray_core::numpy::Side;
use polyarray_core::{DType, Error, Result};

/// Values that one task searches.
const SPAN: usize = 8 << 10;

/// Before which of the sorted elements each value belongs, int64, as a dense buffer.
///
/// # Errors
/// Out of memory; complex elements; an operand that is not on the host.
pub fn search_sorted(sorted: &Operand, values: &Operand, spec: &SearchSorted) -> Result<HostBuffer> {
    let order = Order::of(spec.dtype, false).ok_or_else(|| Error::DType {
        op: "searchsorted",
        operands: format!("elements of {}", spec.dtype),
        fix: "complex numbers have no order; search real parts or absolute values".into(),
    })?;
    by_bits!(spec.dtype, B => search::<B>(sorted, values, spec, order))
}

fn search<B: Bits>(
    sorted: &Operand,
    values: &Operand,
    spec: &SearchSorted,
    order: Order,
) -> Result<HostBuffer> {
    let (sorted, values) = (Rows::of(sorted, "searchsorted")?, &Rows::of(values, "searchsorted")?);
    let mut keys = vec![B::zeroed(); spec.len];
    sorted.pieces(0, 0, spec.len, &mut |first, xs| B::keys(xs, order, true, |i, key| keys[first + i] = key));
    let mut out = HostBuffer::unwritten(DType::I64, spec.count)?;
    let out_slice = out.as_repr_mut::<i64>()?;
    let share = worth_sharing(spec.count, 32);
    for_each(out_slice.chunks_mut(SPAN).enumerate(), share, &Vec::new, &|copy, (i, out)| {
        let start = i * SPAN;
        let xs: &[B] = bytemuck::cast_slice(values.range(start..start + out.len(), copy));
        B::keys(xs, order, true, |i, key| {
            let found = match spec.side {
                Side::Left => keys.partition_point(|k| *k < key),
                Side::Right => keys.partition_point(|k| *k <= key),
            };
            out[i] = found as i64;
        });
    });
    Ok(out)
}
