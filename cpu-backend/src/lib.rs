//! The host backend: fused kernels as blocked loops, SIMD inside and rayon outside.
//!
//! `backend` runs fused kernels by what is in `fused`; what is no fused kernel has a file for each family in `methods`.
//! Both stand on `element` (what an operation does to one element), `iteration` and `view` (strided operands),
//! `erased` (values of which only the size matters), `parallel` (work shared among threads) and `simd` (loops compiled for several instruction sets).

mod backend;
mod element;
mod enrol;
mod erased;
mod fused;
mod identity;
mod iteration;
mod methods;
mod parallel;
mod simd;
#[cfg(test)]
mod testing;
mod view;

pub use backend::{BACKEND, CpuBackend};
pub use identity::{KIND, cpu};
