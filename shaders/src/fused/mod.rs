//! Fused kernels: core's [`Kernel`] to one WGSL module per structure.

mod access;
pub(crate) mod body;
mod map;
pub(crate) mod params;
mod reduce;
pub(crate) mod storage;

use crate::library::Features;
use crate::plan::{Plan, PlanError, Profile, check_dtype};
use polyarray_core::expr::{Kernel, Op, Output, Reduction};
use polyarray_core::{DType, Kind};

/// Plans a fused kernel for an adapter. The kernel's inputs are [`crate::Slot::Input`] 0, 1, …
///
/// # Errors
/// [`PlanError`]: a dtype that the adapter lacks, too many buffers, indices beyond 32 bits.
pub fn plan(kernel: &Kernel, profile: &Profile) -> Result<Plan, PlanError> {
    let inputs = kernel.inputs.iter().map(|i| i.buffer.dtype());
    for dtype in kernel.code.iter().map(|v| v.dtype).chain(inputs) {
        check_dtype(dtype, profile.features)?;
    }
    body::check(&kernel.code)?;
    match kernel.output {
        Output::Map => map::plan(kernel, profile),
        Output::Reduce { op, split } => reduce::plan(kernel, op, split, profile),
    }
}

/// Can an elementwise operation be computed in `dtype`?
///
/// # Errors
/// [`PlanError::Dtype`] or [`PlanError::NoSuchOp`].
pub fn supports_op(op: Op, dtype: DType, features: Features) -> Result<(), PlanError> {
    check_dtype(dtype, features)?;
    if op.info().kinds.has(dtype.kind()) { Ok(()) } else { Err(PlanError::NoSuchOp { op: op.name(), dtype }) }
}

/// Can elements of `dtype` be reduced?
///
/// # Errors
/// [`PlanError::Dtype`] or [`PlanError::NoSuchOp`].
pub fn supports_reduction(op: Reduction, dtype: DType, features: Features) -> Result<(), PlanError> {
    check_dtype(dtype, features)?;
    let exists = match op {
        Reduction::Sum | Reduction::Prod => dtype != DType::Bool,
        Reduction::Any | Reduction::All => dtype == DType::Bool,
        Reduction::Min | Reduction::Max | Reduction::ArgMin | Reduction::ArgMax => {
            dtype.kind() != Kind::Complex
        }
    };
    if exists { Ok(()) } else { Err(PlanError::NoSuchOp { op: op.name(), dtype }) }
}
