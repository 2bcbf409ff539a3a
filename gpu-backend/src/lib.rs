//! The GPU backend of polyarray: wgpu compute.
//!
//! The runtime stands on its own and knows no array: [`adapters`] lists and chooses, [`Gpu`] is an
//! open device, [`GpuBuffer`] its pooled memory, [`Gpu::write`] and [`Gpu::read`] the only copies,
//! [`Gpu::dispatch`] the batched kernel calls, [`RawKernel`] a user's own WGSL.

pub mod adapters;
mod array;
mod device;
mod error;
mod execute;
mod health;
mod kept;
mod mapped_read;
pub mod memory;
mod methods;
mod pipeline;
mod pool;
mod probes;
mod profile;
mod raw;
mod reflect;
mod submit;
mod transfer;

pub use adapters::{Adapter, Choice};
pub use array::{ArrayKernel, DeviceBuffer, GpuBackend, Grid, KIND, gpu};
pub use device::Gpu;
pub use error::{GpuError, MENDING_COMMAND, Result};
pub use kept::KernelStats;
pub use pipeline::{Access, Binding, Pipeline, Route, Source, structure_key};
pub use polyarray_shaders::LaneMap;
pub use polyarray_shaders::matmul::Terms;
pub use pool::{GpuBuffer, PoolStats, PressureHook, size_class};
pub use probes::Outcome;
pub use profile::{LOOP_BUDGET, Profile};
pub use raw::RawKernel;
pub use submit::{Clock, Dispatch, Params, Timing, Window, spread};
pub use transfer::{ReadBack, TransferStats};
