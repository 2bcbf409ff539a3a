//! Expressions: the op table, layouts, and the fused kernels that both backends lower.

pub mod epilogue;
pub mod kernel;
pub mod layout;
pub mod op;
pub mod phases;

pub use epilogue::Epilogue;
pub use kernel::{Input, Instr, Kernel, Output, Value};
pub use layout::{Dims, Layout, Strides};
pub use op::{OPS, Op, OpInfo, REDUCTIONS, Reduction};
pub use phases::Phase;
