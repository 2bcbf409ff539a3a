//! The runtime as a backend of core's arrays.
//!
//! `kind` enrols the backend at link time and opens nothing, `backend` is one open instance,
//! `buffer` what its arrays are stored in, `mirrors` the uploaded copies that are dropped when memory
//! runs short, `parts` long reductions, `raw` a user's WGSL over arrays.

mod backend;
mod buffer;
mod errors;
mod kind;
mod mirrors;
mod parts;
mod raw;
mod tables;

pub use backend::GpuBackend;
pub use buffer::DeviceBuffer;
pub use kind::{KIND, gpu};
pub use raw::{ArrayKernel, Grid};
