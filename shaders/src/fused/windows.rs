//! Dense inputs read through uniform windows, on adapters where a load from a storage buffer is slow: every
//! dispatch takes as many windows of each input as there are bindings.

use super::access::{self, Access, Placed, alignment};
use super::body;
use super::map::UNROLLED_COST;
use super::params::scalar_words;
use super::storage::{loaded_block, per_word};
use crate::plan::{BUFFER_ALIGNMENT, Bind, Plan, PlanError, Profile, Shader, Slot, Step, WINDOW, grid};
use crate::plan::{LaneMap, buffer_bytes};
use polyarray_core::DType;
use polyarray_core::expr::Kernel;
use std::fmt::Write as _;

/// Elements below which more bindings, and a kernel that takes longer to compile, cost more than quicker loads
/// gain.
pub const FEWEST: usize = 64 << 10;
/// Workgroups of a dispatch, at least: what keeps the cores busy to its end.
const GROUPS: u32 = 32;

/// What a windowed kernel is made of.
pub struct Structure<'a> {
    pub shader: &'a Shader,
    pub immediate: bool,
    pub unit: u32,
    pub windows: u32,
    pub rank: usize,
}

/// Elements of a block of 16 bytes or more of every dtype, where such blocks fit the buffers' rounding.
pub fn unit(dtypes: impl Iterator<Item = DType> + Clone, out: usize) -> Option<u32> {
    let smallest = dtypes.clone().map(DType::size).min()?;
    let unit = (16 / smallest).max(4);
    let widest = dtypes.map(DType::size).max()?.max(out);
    ((unit * widest) as u64 <= BUFFER_ALIGNMENT).then_some(unit as u32)
}

/// Whether a dense input can be cut into windows.
pub fn starts_aligned(placed: &Placed, profile: &Profile) -> bool {
    ((placed.offset * placed.source.dtype.size()) as u64).is_multiple_of(alignment(profile))
}

/// Elements per block, windows per dense input, and how the inputs are reached; `None` where storage buffers
/// are the way.
pub fn placed(
    kernel: &Kernel,
    n: usize,
    profile: &Profile,
) -> Result<Option<super::map::Reached>, PlanError> {
    let off = !profile.windowed_loads || profile.lane_map != LaneMap::Run || n < FEWEST;
    let dtypes = kernel.inputs.iter().map(|i| i.buffer.dtype());
    let Some(unit) = unit(dtypes, kernel.output_dtype().size()).filter(|_| !off) else {
        return Ok(None);
    };
    let mut all = Vec::new();
    for (i, input) in kernel.inputs.iter().enumerate() {
        all.push(Placed::new(i, input, &kernel.dims, Some(unit), profile)?.through_window(profile));
    }
    let is_dense = |p: &&Placed| p.source.access == Access::Dense;
    let dense = all.iter().filter(is_dense).count() as u32;
    if dense == 0 || !all.iter().filter(is_dense).all(|p| starts_aligned(p, profile)) {
        return Ok(None);
    }
    let small = all.iter().filter(|p| p.source.uniform).count() as u32;
    let bindings = profile.windows.saturating_sub(small) / dense;
    let packed = all.iter().filter(|p| p.source.dtype.size() < 4).count() as u32;
    let cost = (body::cost_per_element(&kernel.code) + 1 + 2 * packed) * unit;
    let windows = bindings.min((2 * UNROLLED_COST / cost).max(1));
    Ok((windows > 0).then_some((unit, windows, all)))
}

/// Declares the windows of a dense input.
pub fn declare(dtype: DType, i: usize, binding: usize, windows: u32, unit: u32, wide: bool) -> String {
    let mut text = String::new();
    let blocks = WINDOW / (u64::from(unit) * dtype.size() as u64);
    for w in 0..windows {
        let _ = writeln!(
            text,
            "@group(0) @binding({}) var<uniform> in{i}_{w}: array<{}, {blocks}>;",
            binding + w as usize,
            loaded_block(dtype, unit, wide)
        );
    }
    text
}

/// The window of `placed` that shows elements `from..to` of its buffer, which begin at an aligned byte.
pub fn bind(placed: &Placed, from: usize, to: usize) -> Bind {
    let size = placed.source.dtype.size();
    let total = buffer_bytes(placed.source.dtype, placed.len);
    let end = ((to * size) as u64).div_ceil(BUFFER_ALIGNMENT) * BUFFER_ALIGNMENT;
    let offset = (from * size) as u64;
    Bind { slot: placed.slot, offset, size: end.min(total) - offset, write: false }
}

/// The dispatches of an elementwise kernel.
pub fn steps(
    kernel: &Kernel,
    placed: &[Placed],
    structure: &Structure<'_>,
    profile: &Profile,
    plan: &mut Plan,
) {
    let Structure { shader, immediate, unit, windows, rank } = *structure;
    let (n, out) = (kernel.output_len(), kernel.output_dtype());
    let dense = || placed.iter().filter(|p| p.source.access == Access::Dense);
    let widest = dense().map(|p| p.source.dtype.size()).max().unwrap_or(4);
    let elements = unit as usize;
    // Blocks of a window; a multiple of 64, so that every window begins at an aligned byte.
    let most = WINDOW as usize / (elements * widest);
    let part = most * windows as usize * elements;
    for start in (0..n).step_by(part) {
        let count = part.min(n - start);
        let blocks = count.div_ceil(elements);
        let window = (blocks.div_ceil(windows as usize)).div_ceil(64) * 64;
        let loops = 1 + unit * windows * body::loops_per_element(&kernel.code, profile.features.int64);
        let groups_of_one = (window as u32).div_ceil(profile.workgroup);
        let per_lane = groups_of_one.div_ceil(GROUPS).clamp(1, (profile.loop_budget / loops).max(1));
        let mut params = vec![0, count as u32, start as u32, blocks as u32, per_lane, window as u32];
        params.extend(access::axis_words(&kernel.dims, 0..rank));
        let mut bindings = Vec::new();
        for p in placed {
            params.extend(p.words(start, unit, profile));
            if p.source.access == Access::Dense {
                for w in 0..windows as usize {
                    // A window beyond the end shows the first again, and nothing of it is stored.
                    let from = w * window * elements;
                    let from = if from < count { from } else { 0 };
                    let to = (from + window * elements).min(count);
                    bindings.push(bind(p, p.offset + start + from, p.offset + start + to));
                }
            } else {
                bindings.extend(p.binds(start, count, profile));
            }
        }
        params.extend(kernel.params.iter().flat_map(|&s| scalar_words(s)));
        let offset = (start * out.size()) as u64;
        bindings.push(Bind { slot: Slot::Output, offset, size: buffer_bytes(out, count), write: true });
        plan.steps.push(Step {
            shader: shader.clone(),
            bindings,
            params,
            params_are_immediate: immediate,
            groups: grid(u64::from(groups_of_one.div_ceil(per_lane)), profile),
        });
    }
    debug_assert!(per_word(out) as usize <= elements, "a block is whole words");
}
