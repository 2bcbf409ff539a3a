//! Linear algebra.

mod gemm;
mod int_gemm;
pub mod matmul;
mod matrices;
pub mod svd;
mod wrapping;
