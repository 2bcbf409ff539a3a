//! Where the elements of an array on a GPU are.

use std::fmt;

use polyarray_core::DType;
use polyarray_core::array::Buffer;
use polyarray_core::backend::{Dims, Outputs};
use polyarray_shaders::plan::buffer_bytes;

use crate::device::Gpu;
use crate::error::GpuError;
use crate::pool::GpuBuffer;

/// Elements on a GPU, laid out as in host memory, little-endian and dense: bool, 8- and 16-bit dtypes
/// packed in words, 64-bit integers as they are or as two words, complex numbers as (re, im).
pub struct DeviceBuffer {
    dtype: DType,
    len: usize,
    memory: GpuBuffer,
}

impl DeviceBuffer {
    /// The first `len` elements of `memory`, which holds at least as many.
    pub fn new(dtype: DType, len: usize, memory: GpuBuffer) -> Self {
        debug_assert!(memory.capacity() >= (len * dtype.size()) as u64);
        Self { dtype, len, memory }
    }

    /// Buffers for the results of a kernel, nothing of which is written.
    ///
    /// # Errors
    /// Out of memory.
    pub fn of_results(gpu: &Gpu, outputs: Outputs, op: &str) -> Result<Vec<Self>, GpuError> {
        let of_one = |(shape, dtype): (Dims, DType)| {
            let len = shape.iter().product();
            Ok(Self::new(dtype, len, gpu.allocate(buffer_bytes(dtype, len), op)?))
        };
        outputs.into_iter().map(of_one).collect()
    }

    /// The memory behind the elements.
    pub fn memory(&self) -> &GpuBuffer {
        &self.memory
    }
}

impl Buffer for DeviceBuffer {
    fn dtype(&self) -> DType {
        self.dtype
    }

    fn len(&self) -> usize {
        self.len
    }

    fn nbytes(&self) -> usize {
        self.memory.capacity() as usize
    }
}

impl fmt::Debug for DeviceBuffer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DeviceBuffer({} x {} on {})", self.len, self.dtype, self.memory.gpu().name())
    }
}
