//! The domain `numpy.linalg`: factorisations of matrices, and what is written in terms of them.
//!
//! A file for each factorisation holds its [`Spec`](crate::array::spec::Spec), the method that records it and what follows
//! from it; backends have kernels for the specs only.

pub(super) mod blocks;
mod diagonals;
pub(super) mod eigen;
pub(super) mod faults;
mod least_squares;
pub(super) mod lu;
mod matrices;
mod norms;
mod options;
pub(super) mod orthogonal;
mod polynomials;
pub(super) mod positive_definite;
mod powers;
mod randomized;
mod reflections;
mod rotations;
pub(super) mod singular_values;
mod tensors;
pub(super) mod triangular;

pub use eigen::{eig, eigh, eigvals, eigvalsh, erased_eig, erased_eigh, erased_eigvals, erased_eigvalsh};
pub use least_squares::{erased_lstsq, erased_matrix_rank, erased_pinv, lstsq, matrix_rank, pinv};
pub use lu::{
    det, erased_det, erased_inv, erased_lu_factor, erased_slogdet, erased_solve, inv, lu_factor, slogdet,
    solve,
};
pub use norms::{
    cond, erased_cond, erased_matrix_norm, erased_norm, erased_vector_norm, matrix_norm, norm, vector_norm,
};
pub use options::{Norm, NormOrder, QrMode, Tolerance, Triangle, Triangular, ord};
pub use orthogonal::{erased_qr, qr};
pub use polynomials::{erased_polyfit, erased_roots, polyfit, roots};
pub use positive_definite::{cholesky, erased_cholesky};
pub use powers::{erased_expm, erased_matrix_power, erased_multi_dot, expm, matrix_power, multi_dot};
pub use randomized::{Sketch, erased_randomized_svd, randomized_svd};
pub use singular_values::{erased_svd, erased_svdvals, svd, svdvals};
pub use tensors::{erased_tensorinv, erased_tensorsolve, tensorinv, tensorsolve};
pub use triangular::{erased_solve_triangular, solve_triangular};

pub use super::contractions::{cross, outer, tensordot, vecdot};
pub use super::diagonals::matrix_transpose;
pub use super::matmul;
pub use diagonals::{diagonal, erased_diagonal, erased_trace, trace};

use crate::dispatch::Registrar;

pub(super) fn register(r: &mut Registrar<'_>, kind: &str) {
    positive_definite::register(r, kind);
    orthogonal::register(r, kind);
    eigen::register(r, kind);
    singular_values::register(r, kind);
    lu::register(r, kind);
    triangular::register(r, kind);
}
