//! Segments of an array, each reduced on its own by one lane, from its first element to its last.

use super::each::{self, Each};
use crate::fused::accumulator::Accumulator;
use crate::fused::input_access::Source;
use crate::fused::storage::{declare_blocks, register};
use crate::params::Names;
use crate::plan::{Plan, PlanError, Profile};
use crate::primitives::View;
use crate::shader::{Module, Template};
use polyarray_core::DType;
use polyarray_core::expr::Reduction;
use std::fmt::Write as _;

/// Elements of a segment, at most: a lane that loops longer may be taken for one that hangs.
pub const LONGEST: usize = 4096;

/// Reductions of segments. The elements are [`crate::Slot::Input`] 0, the first ones of segments and those behind their
/// last ones, int64, [`crate::Slot::Input`] 1 and 2.
#[derive(Clone, Debug)]
pub struct Segments {
    /// `Sum`, `Prod`, `Min` or `Max`.
    pub op: Reduction,
    /// Of elements and output.
    pub dtype: DType,
    /// Elements.
    pub len: usize,
    /// Segments.
    pub count: usize,
    /// The elements, the starts, the ends: one row each.
    pub inputs: [View; 3],
}

#[derive(Debug, Hash)]
struct Reduce {
    accumulator: Accumulator,
    sources: [Source; 3],
    unit: u32,
}

/// Plans reductions of segments.
///
/// # Errors
/// [`PlanError`]: another operation, a dtype that the adapter lacks, indices beyond 32 bits.
pub fn plan(job: &Segments, profile: &Profile) -> Result<Plan, PlanError> {
    use Reduction::{Max, Min, Prod, Sum};
    let ordered = matches!(job.op, Min | Max);
    if !matches!(job.op, Sum | Prod | Min | Max)
        || job.dtype == DType::Bool
        || (ordered && job.dtype.is_complex())
    {
        return Err(PlanError::NoSuchOp { op: job.op.name(), dtype: job.dtype });
    }
    let [x, starts, ends] = &job.inputs;
    let inputs = [(x, job.dtype, job.len), (starts, DType::I64, job.count), (ends, DType::I64, job.count)];
    let each = Each { out: job.dtype, count: job.count, numbers: vec![job.len] };
    let accumulator = Accumulator::new(job.op, job.dtype);
    each::plan(&each, inputs, profile, |sources, unit| Reduce {
        accumulator: accumulator.clone(),
        sources,
        unit,
    })
}

impl Template for Reduce {
    fn label(&self) -> String {
        format!("segments {} {}", self.accumulator.prefix, self.sources[0].dtype)
    }

    fn params(&self, names: &mut Names) {
        each::params(&["length"], &self.sources, names);
    }

    fn write(&self, module: &mut Module) {
        let (unit, dtype) = (self.unit, self.sources[0].dtype);
        let Accumulator { prefix: acc, push, result, .. } = &self.accumulator;
        declare_blocks([dtype], unit, module);
        self.sources.iter().enumerate().for_each(|(i, source)| source.declare(i, unit, module));
        each::write_output(dtype, unit, module);
        let push = push.replace('x', "load0(p.first0 + at * p.stride0_0)");
        let result = result.replace('x', &format!("{acc}_result(a)"));
        let _ = write!(
            module,
            "fn value(i: u32) -> {} {{
    let segment = p.start + min(i, p.count - 1u);
    let low = min(i64_low(load1(p.first1 + segment * p.stride1_0)), p.length);
    let high = min(i64_low(load2(p.first2 + segment * p.stride2_0)), p.length);
    var a = {acc}_empty();
    for (var at = low; at < min(high, low + {LONGEST}u); at += 1u) {{
        a = {acc}_push(a, {push}, at);
    }}
    return {result};
}}
",
            register(dtype)
        );
        crate::primitives::store_values(dtype, unit, module);
    }
}
