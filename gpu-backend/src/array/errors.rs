//! The runtime's errors as core's.

use polyarray_core::Error;
use polyarray_shaders::PlanError;

use crate::adapters::ADAPTER_VARIABLE;
use crate::error::{GpuError, MENDING_COMMAND};

impl From<GpuError> for Error {
    fn from(error: GpuError) -> Self {
        let message = error.to_string();
        match error {
            GpuError::NoAdapter => Error::Device {
                device: "gpu".to_owned(),
                reason: "no adapter found (Vulkan, Metal and DirectX 12 were asked)".to_owned(),
                fix: format!("install a driver; without a GPU, Mesa's software adapter: `{MENDING_COMMAND}`"),
            },
            GpuError::UnknownAdapter { asked, asked_by, known } => {
                let what = if asked_by == ADAPTER_VARIABLE { "adapter in POLYARRAY_ADAPTER" } else { "adapter" };
                Error::Unknown { what, name: asked, known }
            }
            GpuError::Open { adapter, reason } => Error::Device {
                device: adapter,
                reason,
                fix: "update its driver, or choose another adapter with POLYARRAY_ADAPTER".to_owned(),
            },
            GpuError::Inexact { adapter, failed } => Error::Device {
                device: adapter,
                reason: format!("its arithmetic is not exact where it must be ({failed})"),
                fix: "update its driver, choose another adapter with POLYARRAY_ADAPTER, or unset POLYARRAY_EXACT".to_owned(),
            },
            GpuError::DeviceLost { device, reason } => Error::DeviceLost { device, reason },
            GpuError::OutOfMemory { operation, device, asked, in_use, limit } => Error::OutOfMemory {
                place: device,
                bytes: asked,
                detail: format!("{operation}: {in_use} in use, limit {limit}"),
            },
            GpuError::CanNeverFit { operation, device, asked, limit, which } => Error::TooLarge {
                place: device,
                bytes: u128::from(asked),
                detail: format!("{operation}: the limit for {which} is {limit}"),
            },
            GpuError::Fault { device, .. }
            | GpuError::Timeout { device, .. }
            | GpuError::Shader { device, .. }
            | GpuError::Grid { device, .. }
            | GpuError::Map { device, .. } => {
                Error::Backend { op: "compute".to_owned(), backend: device, message }
            }
            GpuError::Binding { kernel, .. } => {
                Error::Backend { op: kernel, backend: "gpu".to_owned(), message }
            }
            GpuError::Range { operation, .. } => {
                Error::Backend { op: operation.to_owned(), backend: "gpu".to_owned(), message }
            }
        }
    }
}

/// A plan that can't be made: what recording could not see.
pub(super) fn unplanned(operation: &str, device: &str, error: PlanError) -> Error {
    Error::Backend { op: operation.to_owned(), backend: device.to_owned(), message: error.to_string() }
}
