//! The interface of a backend of arrays, and residencies.

pub mod backend;
mod marker;
mod place;
pub mod residency;

pub use backend::{ArrayBackend, KernelLimits, Query};
pub use marker::{Dyn, Gpu, Host, Marker, Typed};
pub use place::Device;
pub use residency::{ARRAY_KINDS, ArrayKind, HOST, instance_at, open, residency_of};
