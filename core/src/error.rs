//! The one error type of core. Every variant names the operation, the operands and the fix.

use crate::dtype::DType;
use std::sync::Arc;

/// Result of core's functions.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// The errors of arrays. Cheap to clone: several handles may return the same evaluation error.
#[derive(Clone, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Shapes that don't fit each other or the operation.
    #[error("{op}: {operands}; {fix}")]
    Shape {
        /// The operation.
        op: &'static str,
        /// The operands with their shapes.
        operands: String,
        /// What to do.
        fix: String,
    },
    /// A dtype that the operation is not defined on, or a value that a dtype can't hold.
    #[error("{op}: {operands}; {fix}")]
    DType {
        /// The operation.
        op: &'static str,
        /// The operands with their dtypes.
        operands: String,
        /// What to do.
        fix: String,
    },
    /// An argument of a type that the method does not take.
    #[error("{op}: {operands}; {fix}")]
    Argument {
        /// The operation.
        op: &'static str,
        /// What was given.
        operands: String,
        /// What to do.
        fix: String,
    },
    /// An axis that the array does not have, or one named twice.
    #[error("{op}: axis {axis} of an array with {ndim} axes; {fix}")]
    Axis {
        /// The operation.
        op: &'static str,
        /// The axis asked for.
        axis: isize,
        /// Number of axes there are.
        ndim: usize,
        /// What to do.
        fix: &'static str,
    },
    /// An index outside the array.
    #[error("{op}: index {index} is out of bounds for axis {axis} of length {len}; valid are -{len}..{len}")]
    Index {
        /// The operation.
        op: &'static str,
        /// The offending index.
        index: i64,
        /// The axis.
        axis: usize,
        /// Its length.
        len: usize,
    },
    /// Data that is on another residency than the type or the call demands.
    #[error("{op}: {operands}; {fix}")]
    Residency {
        /// The operation.
        op: &'static str,
        /// The operands with their residencies.
        operands: String,
        /// What to do.
        fix: String,
    },
    /// Memory is full now; freeing some, or a smaller size, may help.
    #[error("{place}: no room for {bytes} bytes now ({detail}); drop arrays or raise the limit")]
    OutOfMemory {
        /// Which memory: `host`, `gpu:0`.
        place: String,
        /// Bytes asked for.
        bytes: u64,
        /// In use, limit.
        detail: String,
    },
    /// More than the memory, a limit or the address space can ever hold.
    #[error("{place}: {bytes} bytes can never fit ({detail}); split the array or use another device")]
    TooLarge {
        /// Which memory: `host`, `gpu:0`.
        place: String,
        /// Bytes asked for.
        bytes: u128,
        /// The limit.
        detail: String,
    },
    /// The device is gone; every call on it says so until a new one is made.
    #[error("{device} was lost ({reason}); make a new device, data on the old one is gone")]
    DeviceLost {
        /// Which device.
        device: String,
        /// What the driver said.
        reason: String,
    },
    /// A device, adapter or backend that isn't there.
    #[error("unknown {what} {name:?}; known: {known}")]
    Unknown {
        /// What was looked for.
        what: &'static str,
        /// The name given.
        name: String,
        /// What there is.
        known: String,
    },
    /// A device that could not be opened or can't be trusted.
    #[error("{device} can't be used: {reason}; {fix}")]
    Device {
        /// Which device.
        device: String,
        /// Why.
        reason: String,
        /// What to do.
        fix: String,
    },
    /// A backend does not support this, and no other may be tried.
    #[error("{op} on {backend}: {reason}")]
    Unsupported {
        /// The operation.
        op: String,
        /// The backend.
        backend: String,
        /// Why.
        reason: Unsupported,
    },
    /// A backend failed while computing.
    #[error("{op} on {backend} failed: {message}")]
    Backend {
        /// The operation or kernel.
        op: String,
        /// The backend.
        backend: String,
        /// What it said.
        message: String,
    },
    /// Dispatch found nothing that runs the call, or was set up wrongly.
    #[error(transparent)]
    Dispatch(Arc<crate::dispatch::Error>),
    /// An error of a library built on core (a file that can't be read, a domain's own check).
    #[error(transparent)]
    Other(Arc<dyn std::error::Error + Send + Sync>),
}

/// The message: what `main` prints of an error that it returns, and `unwrap` of one that it meets.
impl std::fmt::Debug for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self, f)
    }
}

impl Error {
    /// The same of an operation that this one is a part of.
    pub(crate) fn within(mut self, method: &'static str) -> Error {
        match &mut self {
            Error::Shape { op, .. }
            | Error::DType { op, .. }
            | Error::Argument { op, .. }
            | Error::Axis { op, .. }
            | Error::Index { op, .. }
            | Error::Residency { op, .. } => *op = method,
            _ => {}
        }
        self
    }

    /// Whether no backend ran a call. False where that surfaced inside an implementation: there it is a failure.
    pub fn is_not_found(&self) -> bool {
        matches!(self, Error::Dispatch(why) if why.not_found().is_some_and(|report| !report.is_inside_implementation()))
    }
}

impl From<std::convert::Infallible> for Error {
    fn from(never: std::convert::Infallible) -> Error {
        match never {}
    }
}

/// Why a backend does not support an operation: its answer when the operation is recorded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unsupported {
    /// The device can't hold the dtype.
    #[error("{0} is not available on this device; cast with astype or compute on the host")]
    DType(DType),
    /// The device has the dtype but not this operation in it.
    #[error("{0} has no kernel in {1} on this device; cast with astype or compute on the host")]
    Op(&'static str, DType),
    /// More elements, bytes or axes than the device can address.
    #[error("{what} of {got} is above the device's limit of {limit}")]
    Limit {
        /// What is counted.
        what: &'static str,
        /// How many were asked for.
        got: u64,
        /// How many there can be.
        limit: u64,
    },
    /// Anything else.
    #[error("{0}")]
    Because(&'static str),
}
