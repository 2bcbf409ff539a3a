//! `searchsorted`: a binary search for each value, a lane one after the other.

use super::each::{self, Each};
use crate::fused::input_access::Source;
use crate::fused::storage::{declare_blocks, name};
use crate::params::Names;
use crate::plan::{Plan, PlanError, Profile};
use crate::primitives::View;
use crate::shader::{Module, Template};
use polyarray_core::DType;
use std::fmt::Write as _;

/// A search. The sorted elements are [`crate::Slot::Input`] 0 (at least one), the values [`crate::Slot::Input`] 1; the
/// output is int64.
#[derive(Clone, Debug)]
pub struct SearchSorted {
    /// Bool or real, of both.
    pub dtype: DType,
    /// Sorted elements.
    pub len: usize,
    /// Values.
    pub count: usize,
    /// Behind equal elements, or before them.
    pub right: bool,
    /// The sorted elements: one row.
    pub sorted: View,
    /// The values: one row.
    pub values: View,
}

#[derive(Debug, Hash)]
struct Search {
    right: bool,
    sorted: Source,
    values: Source,
    unit: u32,
}

/// Plans a search.
///
/// # Errors
/// [`PlanError`]: complex numbers, a dtype that the adapter lacks, indices beyond 32 bits.
pub fn plan(job: &SearchSorted, profile: &Profile) -> Result<Plan, PlanError> {
    if job.dtype.is_complex() {
        return Err(PlanError::NoSuchOp { op: "searchsorted", dtype: job.dtype });
    }
    let inputs = [(&job.sorted, job.dtype, job.len), (&job.values, job.dtype, job.count)];
    let each = Each { out: DType::I64, count: job.count, numbers: vec![job.len] };
    each::plan(&each, inputs, profile, |[sorted, values], unit| Search {
        right: job.right,
        sorted,
        values,
        unit,
    })
}

impl Template for Search {
    fn label(&self) -> String {
        format!("searchsorted {}", self.sorted.dtype)
    }

    fn params(&self, names: &mut Names) {
        each::params(&["length"], &[self.sorted, self.values], names);
    }

    fn write(&self, module: &mut Module) {
        let unit = self.unit;
        declare_blocks([DType::I64], unit, module);
        self.sorted.declare(0, unit, module);
        self.values.declare(1, unit, module);
        each::write_output(DType::I64, unit, module);
        let dtype = name(self.sorted.dtype);
        let passes = if self.right { "!key_below(key, at)" } else { "key_below(at, key)" };
        let _ = write!(
            module,
            "fn value(i: u32) -> i64_reg {{
    let key = {dtype}_key(load1(p.first1 + (p.start + min(i, p.count - 1u)) * p.stride1_0));
    var low = 0u;
    var high = p.length;
    for (var step = 0u; step < 32u; step += 1u) {{
        if (low >= high) {{ break; }}
        let middle = low + (high - low) / 2u;
        let at = {dtype}_key(load0(p.first0 + middle * p.stride0_0));
        if ({passes}) {{ low = middle + 1u; }} else {{ high = middle; }}
    }}
    return i64_from_u32(low);
}}
"
        );
        crate::primitives::store_values(DType::I64, unit, module);
    }
}
