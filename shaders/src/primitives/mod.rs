//! Primitives on which methods stand: prefix sums, sorting, gathering what a mask selects.
//!
//! None assumes that workgroups make progress while others wait: prefixes are computed by a tree of reductions, up and
//! down. No lane loops more than 32,768 times.

pub mod compact;
mod levels;
pub mod rank_indices;
pub mod scan;
pub mod sort_pairs;
mod ties;

use crate::fused::input_access::{Access, Placed, Source};
use crate::fused::storage::block_put;
use crate::plan::{LaneMap, PlanError, Profile};
use crate::shader::Module;
use polyarray_core::DType;
use std::fmt::Write as _;

/// Writes the entry point that stores `value(i)` for every element, in blocks of `unit`.
pub(crate) fn store_values(dtype: DType, unit: u32, module: &mut Module) {
    module.entry();
    module.rounds("b");
    let values: Vec<String> = (0..unit).map(|e| format!("value(b * {unit}u + {e}u)")).collect();
    let stored = block_put(dtype, module.features.int64, &values);
    let _ = writeln!(module, "        out[b] = {stored};\n    }}\n}}");
}

/// A matrix of elements as it lies in its buffer.
#[derive(Clone, Debug)]
pub struct View {
    /// Elements in the buffer.
    pub len: usize,
    /// The first element.
    pub offset: usize,
    /// Steps from a row to the next, and from an element of a row to the next.
    pub strides: [isize; 2],
}

impl View {
    /// How it is reached, over the axes returned with it: one of them where rows or their elements are one.
    fn placed(
        &self,
        number: usize,
        dtype: DType,
        [rows, len]: [usize; 2],
        unit: Option<u32>,
        profile: &Profile,
    ) -> Result<(Placed, [usize; 2]), PlanError> {
        let [down, along] = self.strides;
        let (dims, strides) = match (rows, len) {
            (1, _) => ([1, len], [len as isize, along]),
            (_, 1) => ([1, rows], [rows as isize, down]),
            _ => ([rows, len], [down, along]),
        };
        let placed =
            Placed::from_parts(number, dtype, self.len, &dims, &strides, self.offset, unit, profile)?;
        Ok((placed, dims))
    }
}

/// Elements that a lane takes one after the other, of `n`; a power of two, and a multiple of every block.
fn run(n: usize, profile: &Profile) -> usize {
    match profile.lane_map {
        LaneMap::Run => (n / 1024).next_power_of_two().clamp(64, 4096),
        LaneMap::Coalesced => (n >> 20).next_power_of_two().clamp(64, 4096),
    }
}

/// Elements of a block whose widest dtype has so many bytes.
fn unit(widest: usize, profile: &Profile) -> u32 {
    match profile.lane_map {
        LaneMap::Run => (64 / widest.max(4)).clamp(4, 16) as u32,
        LaneMap::Coalesced => 4,
    }
}

/// The expression of element `e` of the block that begins at flat element `i`, of which the last is number `p.n - 1`; a dense
/// input's block is the variable `b{number}`.
fn element(number: usize, source: &Source, e: u32, int64: bool) -> String {
    match source.access {
        Access::Dense => crate::fused::storage::block_get(source.dtype, int64, &format!("b{number}"), e),
        Access::Scalar => format!("load{number}(p.first{number})"),
        _ => format!("load{number}(p.first{number} + offsets(min(i + {e}u, p.n - 1u)).o{number})"),
    }
}
