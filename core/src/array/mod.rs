//! Arrays: the handle, views, reading, assignment, transfers, interop, display.
//!
//! [`Array`] is a handle on a node of the expression graph, seen through a layout. `transfer` is the one place
//! that copies between residencies.

mod array_info;
mod assign;
mod axes;
pub mod declared;
mod dispatchable;
mod display;
mod handle;
pub mod implement;
mod interop;
mod multimethod;
mod operandlike;
pub mod packed;
mod read;
pub mod repr;
pub mod slice;
pub mod spec;
mod transfer;
mod views;

pub use crate::device::residency;
pub use crate::device::{
    ARRAY_KINDS, ArrayBackend, ArrayKind, Device, Dyn, Gpu, HOST, Host, KernelLimits, Marker, Query, Typed,
    instance_at, open, residency_of,
};
pub use crate::expr::{Part, Span};
pub use crate::graph::{NotRecorded, stoppable, trace};
pub use crate::memory::{
    Buffer, ForeignMemory, HostBuffer, HostMemory, MirrorSlot, Operand, downcast, host_memory,
    set_host_memory_limit, trim_host_memory,
};

pub use array_info::ArrayInfo;
pub(crate) use axes::lengths;
pub use axes::{IntoAxes, IntoShape, Whole};
pub use handle::Array;
pub use multimethod::Retype;
#[doc(hidden)]
pub use multimethod::{named, operands};
pub use operandlike::Operandlike;
pub use repr::{Repr, View};
pub use slice::{IntoSpec, Item, Slice};
pub use transfer::{Transfers, transfers};
