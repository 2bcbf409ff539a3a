//! Buffers, host memory and its limits, layouts of elements in buffers.

pub mod buffer;
pub(crate) mod host_pool;
pub mod layout;
mod operand;
pub(crate) mod strided;

pub use buffer::{Buffer, ForeignMemory, HostBuffer, MirrorSlot, downcast};
pub use host_pool::{HostMemory, host_memory, set_host_memory_limit, trim_host_memory};
pub use layout::{Dims, Layout, Strides};
pub use operand::Operand;
