//! Counts of elements in bins, in one pass.

use crate::methods::rows::Rows;
use crate::parallel::{collect, worth_sharing};
use polyarray_core::array::{HostBuffer, Operand};
use polyarray_core::backend::specs::BinCounts;
use polyarray_core::{DType, Element, Error, Result};

/// Elements that one task counts, at least.
const SPAN: usize = 64 << 10;

/// How many elements lie in each bin, int64, as a dense buffer.
///
/// # Errors
/// Out of memory; elements of another dtype; an operand that is not on the host.
pub fn count_in_bins(operands: &[Operand], spec: &BinCounts) -> Result<HostBuffer> {
    match spec.dtype {
        DType::F32 => between::<f32>(operands, spec),
        DType::F64 => between::<f64>(operands, spec),
        DType::I64 => {
            // What is negative is beyond all bins as an unsigned number.
            counted(&operands[0], spec, &|&x: &i64| usize::try_from(x).ok().filter(|&at| at < spec.bins))
        }
        dtype => Err(Error::DType {
            op: "count_in_bins",
            operands: format!("elements of {dtype}"),
            fix: "cast them to float32, float64 or int64".into(),
        }),
    }
}

/// Counts of elements between edges.
fn between<T>(operands: &[Operand], spec: &BinCounts) -> Result<HostBuffer>
where
    T: Element + bytemuck::Pod + PartialOrd + Into<f64>,
{
    let (edges, mut room) = (Rows::of(&operands[1], "count_in_bins")?, Vec::new());
    let edges: &[T] = bytemuck::cast_slice(edges.range(0..spec.bins + 1, &mut room));
    let (low, high) = (edges[0], edges[spec.bins]);
    // Where bins are equally wide it says which one, but for what lies at an edge.
    let scale = spec.bins as f64 / (high.into() - low.into());
    let bin = |x: T| {
        let at = (((x.into() - low.into()) * scale) as usize).min(spec.bins - 1);
        let here = edges[at] <= x && (at + 1 == spec.bins || x < edges[at + 1]);
        if here { at } else { edges[1..spec.bins].partition_point(|edge| *edge <= x) }
    };
    counted(&operands[0], spec, &|&x: &T| (low <= x && x <= high).then(|| bin(x)))
}

/// Counts of elements for which `bin` gives one.
fn counted<T: bytemuck::Pod>(
    x: &Operand,
    spec: &BinCounts,
    bin: &(impl Fn(&T) -> Option<usize> + Sync),
) -> Result<HostBuffer> {
    let x = &Rows::of(x, "count_in_bins")?;
    // The tables of all tasks are small beside the elements.
    let span = SPAN.max(16 * spec.bins);
    let tables = collect(spec.count.div_ceil(span), worth_sharing(spec.count, 8), &Vec::new, &|copy, i| {
        let mut counts = vec![0_u32; spec.bins];
        // Counts of one table are below 2^32 in pieces of so many elements, and the copies of a piece are small.
        for start in (i * span..spec.count.min((i + 1) * span)).step_by(SPAN) {
            let end = spec.count.min((i + 1) * span).min(start + SPAN);
            let xs: &[T] = bytemuck::cast_slice(x.range(start..end, copy));
            for at in xs.iter().filter_map(bin) {
                counts[at] += 1;
            }
        }
        counts
    });
    let mut out = HostBuffer::unwritten(DType::I64, spec.bins)?;
    let sums = out.as_repr_mut::<i64>()?;
    sums.fill(0);
    for counts in tables {
        sums.iter_mut().zip(counts).for_each(|(sum, count)| *sum += i64::from(count));
    }
    Ok(out)
}
