//! The multimethods of the `numpy` domain.
//!
//! One convention: arrays are positional, everything else comes through small option types with natural
//! conversions: `sum(&x, ())`, `sum(&x, -1)`, `sum(&x, [0, 1])`, `sum(&x, axis(0).keepdims())`,
//! `zeros([2, 3], dtype(F32).device("gpu:0"))`.

mod as_methods;
mod creation;
mod elementwise;
mod indexing;
mod join;
pub mod linalg;
mod operators;
mod options;
mod products;
mod reductions;
mod replay;
mod scan;
mod searching;
mod sorting;
mod typing;
mod ufunc;

pub use creation::*;
pub use elementwise::*;
pub use indexing::*;
pub use join::*;
pub use options::*;
pub use products::*;
pub use reductions::*;
pub use replay::{PendingStep, PendingWork, Step};
pub use scan::*;
pub use searching::*;
pub use sorting::{Sort, Sorted, argsort, erased_argsort, erased_sort, sort};
pub use ufunc::{Sym, Ufunc, ufunc, ufunc2, ufunc3};

use crate::array::Array;
use crate::dispatch::{Registrar, Stop};
use crate::error::Error;

/// What an implementation returns.
type Answer = Result<Array, Stop<Error>>;

/// Registers every method of the domain for a kind of arrays: elementwise operations, casts, reductions and creation
/// run by its fused kernels ([`ArrayBackend::run`](crate::device::ArrayBackend)), the others by the
/// [kernels](crate::kernels) that it has. What it has no kernel for is declined, and served by the method's default.
pub fn register_methods(r: &mut Registrar<'_>, kind: &str) {
    elementwise::register(r, kind);
    reductions::register(r, kind);
    creation::register(r, kind);
    products::register(r, kind);
    linalg::register(r, kind);
    indexing::register(r, kind);
    join::register(r, kind);
    sorting::register(r, kind);
    scan::register(r, kind);
    searching::register(r, kind);
}
