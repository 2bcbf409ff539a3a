//! Dispatch engine, arrays, expressions and the multimethods of the numpy domains.
//!
//! The modules are layers, each using only those before it in this list: `dispatch` (which knows no array, and is lowest
//! because [`Error`] holds its error), `dtype`, `error`, `memory`, `expr`, `device`, `graph`, `array`, `numpy`, `testing`,
//! `backend`.

pub mod array;
pub mod backend;
pub mod device;
pub mod dispatch;
pub mod dtype;
pub mod error;
pub mod expr;
pub mod graph;
pub mod memory;
pub mod numpy;
pub mod testing;

pub use array::Array;
pub use dtype::{DType, Element, Kind, Scalar};
pub use error::{Error, Result, Unsupported};

pub use half;
pub use ndarray;
pub use num_complex;

#[doc(hidden)]
pub use pastey as __pastey;
