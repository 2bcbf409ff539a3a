//! The host backend: fused kernels as blocked loops, SIMD inside and rayon outside.
//!
//! A kernel goes `backend` → `map` or `reduce` → `program` (blocks through registers) → `loops` (one tight loop
//! per operation and dtype). `lane` and `complex` say what an operation does to one element, `functions` computes
//! exp, log, sin, cos and tanh, `turn` copies tiles of inputs that are walked across their rows. What is not a fused kernel has a file
//! each: `matmul` (with `packed` for small integers and bits, and `epilogue` for what goes on with products), `join`, `take`,
//! `spread` (variances).

mod backend;
mod complex;
mod enrol;
mod epilogue;
mod fold;
mod functions;
mod halves;
mod identity;
mod join;
mod lane;
mod loops;
mod map;
mod matmul;
mod ops;
mod packed;
mod parallel;
mod program;
mod reduce;
mod rows;
mod simd;
mod spread;
mod take;
mod tiles;
mod turn;
mod view;
mod walk;

pub use backend::{BACKEND, CpuBackend, KIND};
pub use enrol::cpu;
