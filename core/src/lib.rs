//! Dispatch engine, arrays, expressions and the multimethods of the numpy domains.
pub mod dispatch;
