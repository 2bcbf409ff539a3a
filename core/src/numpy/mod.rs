//! The multimethods of the `numpy` domain.
//!
//! One convention: arrays are positional, everything else comes through small option types with natural
//! conversions: `sum(&x, ())`, `sum(&x, -1)`, `sum(&x, [0, 1])`, `sum(&x, axis(0).keepdims())`,
//! `zeros([2, 3], dtype(F32).device("gpu:0"))`.

mod creation;
mod elementwise;
mod indexing;
mod join;
mod linalg;
mod options;
mod reductions;
mod ufunc;
mod wrapper;

pub use creation::*;
pub use elementwise::*;
pub use indexing::*;
pub use join::*;
pub use linalg::*;
pub use options::*;
pub use reductions::*;
pub use ufunc::{Sym, Ufunc, ufunc, ufunc2, ufunc3};
pub use wrapper::{Ranking, Route, Work, Wrapper, register_wrapper};

use crate::dispatch::Registrar;

/// Registers, for a kind whose instances run fused kernels ([`ArrayBackend::run`](crate::array::ArrayBackend)),
/// everything that needs nothing else: elementwise operations, casts, reductions, creation. What it computes
/// in its own way (`matmul`, `concat`, `take`) a backend registers itself.
pub fn register_recorders(r: &mut Registrar<'_>, kind: &str) {
    elementwise::register(r, kind);
    reductions::register(r, kind);
    creation::register(r, kind);
}
