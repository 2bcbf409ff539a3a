//! What authors of backends, of wrappers around backends and of domains build on.

pub use crate::array::packed::{
    Call, Interceptor, METHODS, MethodRow, Param, ParamKind, Value, Values, methods,
};
pub use crate::array::repr::{Repr, View};
pub use crate::array::slice::{Picked, Picks};
pub use crate::array::spec::{
    Buffers, Kernels, Outputs, Spec, SpecKernel, kernel_for, one, output, record, record_one, record_with,
    register_kernel, single,
};
pub use crate::device::{ARRAY_KINDS, ArrayBackend, ArrayKind, KernelLimits, Query};
pub use crate::dispatch::{
    BackendKind, Cx, Decline, Fit, Instance, Key, Kind, KindCell, KindId, REGISTRATIONS, Registrar, Stop,
    enrol, linked_kind, pinned, register_interceptor, registrations,
};
pub use crate::dtype::DType;
pub use crate::error::Unsupported;
pub use crate::expr::{Epilogue, Kernel, Part, Span};
pub use crate::memory::{
    Buffer, Dims, ForeignMemory, HostBuffer, Layout, MirrorSlot, Operand, Strides, downcast,
};
pub use crate::numpy::{register_methods, specs};
pub use crate::{interceptors, kernels};
