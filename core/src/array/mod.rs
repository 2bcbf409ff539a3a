//! Arrays: handles, buffers, backends.

pub mod backend;
pub mod buffer;
mod host_memory;

pub use backend::{ArrayBackend, KernelLimits, Query, own};
pub use buffer::{Buffer, HostBuffer, MirrorSlot};
pub use host_memory::{HostMemory, host_memory, set_host_memory_limit, trim_host_memory};
