//! The methods that are no fused kernel, one file per family.

mod factorisations;
mod fft;
mod histograms;
mod indexing;
mod linalg;
mod manipulation;
mod random;
mod scan;
mod search_sorted;
mod searching;
mod sorting;
mod updates;

use std::sync::Arc;

use polyarray_core::Result;
use polyarray_core::array::{Buffer, Operand, downcast};
use polyarray_core::backend::{Cx, Unsupported};
use polyarray_shaders::plan::{PlanError, Profile};
use polyarray_shaders::primitives::View;

use crate::array::{DeviceBuffer, GpuBackend, KIND};
use crate::pool::GpuBuffer;

/// The memory of an array of this kind.
fn memory<'a>(buffer: &'a Arc<dyn Buffer>, op: &str) -> Result<&'a GpuBuffer> {
    Ok(downcast::<DeviceBuffer>(&**buffer, KIND, op)?.memory())
}

/// A matrix as the shaders know it.
fn view(x: &Operand) -> View {
    let strides = &x.layout.strides;
    View { len: x.buffer.len(), offset: x.layout.offset, strides: [strides[0], strides[1]] }
}

/// An operand of one axis as the shaders know it.
fn flat(x: &Operand) -> View {
    View { len: x.buffer.len(), offset: x.layout.offset, strides: [0, x.layout.strides[0]] }
}

/// What plans depend on of the device of a call that is recorded.
fn shader_profile(cx: Cx) -> Result<Profile, Unsupported> {
    let backend = GpuBackend::open(cx.instance.index);
    let backend = backend.map_err(|_| Unsupported::Because("the device can't be opened"))?;
    Ok(backend.device().profile().for_shaders())
}

/// Why a call is declined whose plan can't be made.
fn unsupported(op: &'static str, error: PlanError) -> Unsupported {
    match error {
        PlanError::Dtype { dtype, .. } => Unsupported::DType(dtype),
        PlanError::NoSuchOp { dtype, .. } => Unsupported::Op(op, dtype),
        _ => Unsupported::Because("it is too long for the device's bindings"),
    }
}
