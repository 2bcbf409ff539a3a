//! Linear algebra.

mod gemm;
mod int_gemm;
pub mod matmul;
mod matrices;
mod wrapping;
