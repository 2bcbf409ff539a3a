//! Dispatch engine, arrays, expressions and the multimethods of the numpy domains.

pub mod array;
pub mod dispatch;
pub mod dtype;
pub mod error;
pub mod expr;

pub use dtype::{DType, Element, Kind, Scalar};
pub use error::{Error, Result, Unsupported};
