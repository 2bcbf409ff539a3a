//! The multimethods of the `numpy` domain.
//!
//! One convention: arrays are positional, everything else comes through small option types with natural
//! conversions: `sum(&x, ())`, `sum(&x, -1)`, `sum(&x, [0, 1])`, `sum(&x, axis(0).keepdims())`,
//! `zeros([2, 3], dtype(F32).device("gpu:0"))`.

mod apply;
mod arithmetic;
mod as_methods;
mod averages;
mod bins;
mod choosing;
mod complex_functions;
mod contractions;
mod convolution;
mod creation;
mod diagonals;
mod differences;
mod einstein;
mod elementwise;
pub mod fft;
mod float_steps;
mod functions;
mod grids;
mod histograms;
mod index_arrays;
mod indexing;
mod items;
mod join;
pub mod linalg;
mod manipulation;
mod masked;
mod matrices;
mod operators;
mod options;
mod packed_bits;
mod polynomials;
mod predicates;
mod products;
mod quantiles;
pub mod random;
mod ranking;
mod reductions;
mod replay;
mod rows;
mod scan;
mod search_sorted;
mod searching;
mod sets;
mod sorting;
mod statistics;
mod type_info;
mod typing;
mod ufunc;
mod updates;
mod windows;

pub use apply::*;
pub use arithmetic::*;
pub use averages::*;
pub use bins::*;
pub use choosing::*;
pub use contractions::*;
pub use convolution::*;
pub use creation::*;
pub use diagonals::*;
pub use differences::*;
pub use einstein::{einsum, erased_einsum};
pub use elementwise::*;
pub use float_steps::*;
pub use functions::*;
pub use grids::*;
pub use histograms::*;
pub use index_arrays::*;
pub use indexing::{Bounds, Gather, erased_take, take};
pub use items::*;
pub use join::{concat, erased_concat, erased_stack, stack};
pub use linalg::{polyfit, roots};
pub use manipulation::*;
pub use masked::*;
pub use matrices::*;
pub use options::*;
pub use packed_bits::*;
pub use polynomials::*;
pub use predicates::*;
pub use products::{erased_matmul, erased_matmul_as, erased_matmul_bits, matmul, matmul_as, matmul_bits};
pub use quantiles::*;
pub use ranking::{
    Top, argpartition, erased_argpartition, erased_lexsort, erased_order_statistics, erased_partition,
    erased_topk, lexsort, order_statistics, partition, topk,
};
pub use reductions::*;
pub use scan::{cumulative_prod, cumulative_sum, erased_cumulative_prod, erased_cumulative_sum};
pub use search_sorted::{
    Side, digitize, erased_digitize, erased_searchsorted, erased_searchsorted_by, searchsorted,
    searchsorted_by,
};
pub use searching::{
    count_nonzero, erased_count_nonzero, erased_flat_nonzero, erased_nonzero, erased_select, flat_nonzero,
    nonzero, select,
};
pub use sets::*;
pub use sorting::{argsort, erased_argsort, erased_sort, sort};
pub use statistics::{erased_mean, erased_std, erased_var, mean, std, var};
pub use type_info::{FloatInfo, IntInfo, can_cast, finfo, iinfo, result_type};
pub use ufunc::{Sym, Ufunc, ufunc, ufunc2, ufunc3};
pub use updates::{
    Update, erased_reduce_segments, erased_reduceat, erased_scatter, reduce_segments, reduceat, scatter,
};
pub use windows::*;

/// What backends have kernels for: the specs of the families.
pub mod specs {
    pub use super::fft::transform::{Fft, Transform};
    pub use super::histograms::BinCounts;
    pub use super::indexing::Take;
    pub use super::join::Concat;
    pub use super::linalg::blocks::{Block, Factor};
    pub use super::linalg::eigen::Eigen;
    pub use super::linalg::faults::{Fault, refused};
    pub use super::linalg::lu::{Lu, Solve};
    pub use super::linalg::orthogonal::Qr;
    pub use super::linalg::positive_definite::Cholesky;
    pub use super::linalg::singular_values::{Svd, SvdParts};
    pub use super::linalg::triangular::TriangularSolve;
    pub use super::products::{Matmul, Terms};
    pub use super::random::{Draw, Drawn, Stream};
    pub use super::ranking::{RankIndices, Ranked, TopK};
    pub use super::replay::{PendingStep, PendingWork, Step};
    pub use super::scan::Scan;
    pub use super::search_sorted::SearchSorted;
    pub use super::searching::{Compact, Kept};
    pub use super::sorting::{Sort, Sorted};
    pub use super::statistics::Var;
    pub use super::updates::{Scatter, Segments};
}

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
    statistics::register(r, kind);
    creation::register(r, kind);
    products::register(r, kind);
    linalg::register(r, kind);
    fft::register(r, kind);
    indexing::register(r, kind);
    join::register(r, kind);
    sorting::register(r, kind);
    scan::register(r, kind);
    searching::register(r, kind);
    search_sorted::register(r, kind);
    updates::register(r, kind);
    histograms::register(r, kind);
    ranking::register(r, kind);
    random::register(r, kind);
}
