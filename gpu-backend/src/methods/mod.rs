//! The methods that are no fused kernel, one file per family.

mod indexing;
mod linalg;
mod manipulation;

use std::sync::Arc;

use polyarray_core::Result;
use polyarray_core::array::{Buffer, own};

use crate::array::{DeviceBuffer, KIND};
use crate::pool::GpuBuffer;

/// The memory of an array of this kind.
fn memory<'a>(buffer: &'a Arc<dyn Buffer>, op: &str) -> Result<&'a GpuBuffer> {
    Ok(own::<DeviceBuffer>(&**buffer, KIND, op)?.memory())
}
