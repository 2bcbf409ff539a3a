//! Arrays: handles, views, residencies, and how pending values are computed.
//!
//! [`Array`] is a handle on a node of the expression graph; `record` makes nodes, `lower` cuts the
//! pending graph into fused [`Kernel`](crate::expr::Kernel)s, `eval` has an [`ArrayBackend`] run them,
//! `transfer` is the one place that copies between residencies.

mod assign;
pub mod backend;
mod bounds;
pub mod buffer;
mod dispatchable;
mod display;
mod eval;
mod facts;
mod handle;
mod host_memory;
mod interop;
mod lower;
mod multimethod;
mod node;
mod operators;
mod pending;
pub(crate) mod record;
pub mod residency;
pub mod slice;
pub mod trace;
mod transfer;
mod views;

pub use assign::{Part, Span};
pub use backend::{ArrayBackend, KernelLimits, Query, own};
pub use buffer::{Buffer, HostBuffer, Loan, MirrorSlot};
pub use facts::Facts;
pub use handle::{Array, Operand};
pub use host_memory::{HostMemory, host_memory, set_host_memory_limit, trim_host_memory};
pub use interop::Operandlike;
pub use multimethod::Retype;
pub(crate) use node::Finish;
pub use node::Run;
pub use pending::{PendingStep, PendingWork, Step};
pub(crate) use record::external_with;
pub use record::{NotRecorded, external};
pub use residency::{
    ARRAY_KINDS, ArrayKind, Device, Dyn, Gpu, HOST, Host, Marker, Typed, instance_at, open, residency_of,
};
pub use slice::{IntoSpec, Item, Slice};
pub use transfer::{Transfers, transfers};
pub(crate) use views::{wrap_axes, wrap_axis};
