//! How the inputs of a reduction are reached: in blocks along its rows, in blocks of columns, or element by element.

use super::body;
use super::input_access::{self, Access, Placed};
use crate::plan::{LaneMap, PlanError, Profile};
use polyarray_core::expr::Kernel;

/// Fewer outputs would leave lanes idle.
const NARROWEST: usize = 64;
/// Elements below which blocks of columns gain less than compiling another kernel costs: their widths must divide.
const FEWEST_BLOCKED: usize = 1 << 19;

/// An input that is walked through strides, none of which is along a reduced axis.
pub fn still(placed: &Placed, split: usize) -> bool {
    placed.source.strided() && placed.strides[split..].iter().all(|&s| s == 0)
}

/// How the inputs are reached: in blocks where one of them is dense and rows start at whole blocks, else by element.
pub fn place(
    kernel: &Kernel,
    split: usize,
    kept: usize,
    reduced: usize,
    profile: &Profile,
) -> Result<(Vec<Placed>, u32), PlanError> {
    let widest = kernel.inputs.iter().map(|i| i.buffer.dtype().size()).max().unwrap_or(4).max(4);
    let most = (64 / widest) as u32;
    let cheap = body::cost_per_element(&kernel.code) * most <= super::map::UNROLLED_COST;
    let most = if profile.lane_map == LaneMap::Run && cheap { most } else { 4 };
    let attempt = |dense: Option<u32>| -> Result<Vec<Placed>, PlanError> {
        let each = kernel.inputs.iter().enumerate();
        each.map(|(i, input)| Placed::new(i, input, &kernel.dims, dense, profile)).collect()
    };
    // Short rows: the largest block that divides them.
    for unit in [16, 8, 4].into_iter().filter(|&unit| unit <= most) {
        if reduced == 0 || (kept > 1 && !reduced.is_multiple_of(unit as usize)) {
            continue;
        }
        let placed = attempt(Some(unit))?;
        let rows = input_access::rows_hold(&kernel.dims, unit) && split < kernel.dims.len();
        let fits = |p: &Placed| match p.source.access {
            Access::Dense => p.end - p.base <= profile.max_binding,
            Access::Scalar => true,
            _ => rows,
        };
        if placed.iter().any(|p| p.source.access == Access::Dense) && placed.iter().all(fits) {
            let each = placed.into_iter();
            let axis = kernel.dims.len().saturating_sub(1);
            return Ok((each.map(|p| if rows { p.in_rows(unit, axis) } else { p }).collect(), unit));
        }
    }
    Ok((attempt(None)?, 1))
}

/// How the inputs are reached by lanes that own neighbouring outputs, each a block of its rows: where the last kept axis is
/// the one that memory runs along. `None` where there is no such block.
pub fn place_columns(
    kernel: &Kernel,
    split: usize,
    profile: &Profile,
) -> Result<Option<(Vec<Placed>, u32)>, PlanError> {
    let kept = kernel.output_len();
    let widest = kernel.inputs.iter().map(|i| i.buffer.dtype().size()).max().unwrap_or(4).max(4);
    // Half a cache line on the CPU: with a quarter of one it takes four times as long.
    let unit = if profile.lane_map == LaneMap::Run { 32 / widest as u32 } else { 4 }.max(4);
    let small = kept < NARROWEST || kept * kernel.reduced_len() < FEWEST_BLOCKED;
    if split == 0 || small || !input_access::rows_hold(&kernel.dims[..split], unit) {
        return Ok(None);
    }
    let placed = kernel.inputs.iter().enumerate();
    let placed = placed.map(|(i, input)| Placed::new(i, input, &kernel.dims, None, profile));
    let placed = placed.collect::<Result<Vec<_>, _>>()?;
    if !kept_is_fast(&placed, split) {
        return Ok(None);
    }
    let placed: Vec<Placed> = placed.into_iter().map(|p| p.in_rows(unit, split - 1)).collect();
    let blocks = placed.iter().any(|p| p.source.access == Access::Rows);
    Ok(blocks.then_some((placed, unit)))
}

/// True where an input's last kept axis is walked in smaller steps than its last reduced one.
pub fn kept_is_fast(placed: &[Placed], split: usize) -> bool {
    let first = placed.iter().find(|p| p.source.strided());
    first.is_some_and(|p| {
        let (kept, reduced) = p.strides.split_at(split);
        match (kept.last(), reduced.last()) {
            (Some(k), Some(r)) => k.unsigned_abs() < r.unsigned_abs(),
            _ => false,
        }
    })
}
