//! Where the elements of an array on a GPU are.

use std::fmt;

use polyarray_core::DType;
use polyarray_core::array::Buffer;

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
