//! Expressions: the op table, and fused kernels as backends receive them.

pub(crate) mod axes;
mod complex;
pub mod epilogue;
mod float_division;
pub mod kernel;
pub mod op;
pub(crate) mod op_table;
mod part;
pub mod phases;

pub use crate::memory::layout::{self, Dims, Layout, Strides};
pub use epilogue::Epilogue;
pub use kernel::{Input, Instr, Kernel, Output, Value};
pub use op::{OPS, Op, OpInfo, REDUCTIONS, Reduction};
pub use part::{Part, Span};
pub use phases::Phase;
