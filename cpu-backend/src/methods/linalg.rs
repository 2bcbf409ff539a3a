//! Linear algebra.

mod int_gemm;
pub mod matmul;
