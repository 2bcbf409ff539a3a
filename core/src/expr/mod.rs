//! Expressions: the op table, and fused kernels as backends receive them.

pub(crate) mod axes;
pub mod epilogue;
pub mod kernel;
pub mod op;
mod part;
pub mod phases;

pub use crate::memory::layout::{self, Dims, Layout, Strides};
pub use epilogue::Epilogue;
pub use kernel::{Input, Instr, Kernel, Output, Value};
pub use op::{OPS, Op, OpInfo, REDUCTIONS, Reduction};
pub use part::{Part, Span};
pub use phases::Phase;
