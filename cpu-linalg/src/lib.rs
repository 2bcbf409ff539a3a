//! The host's factorisations of matrices, by faer: kernels for the specs of the domain `numpy.linalg`, enrolled for the
//! kind `cpu` when this crate is linked.
//!
//! ```
//! use polyarray_core::{Array, numpy::{self as np, linalg}};
//! # use {polyarray_cpu as _, polyarray_cpu_linalg as _};
//! let a = Array::from([[3.0, 1.0], [1.0, 2.0]]);
//! let x = linalg::solve(&a, Array::from(vec![9.0, 8.0]))?;
//! let far = linalg::norm(np::subtract(&x, Array::from(vec![2.0, 3.0]))?, ())?;
//! assert!(far.item()?.to_f64() < 1e-14);
//! let (q, r) = linalg::qr(&a, ())?;
//! let far = linalg::norm(np::subtract(np::matmul(&q, &r)?, &a)?, linalg::ord(1))?;
//! assert!(far.item()?.to_f64() < 1e-14);
//! # Ok::<(), polyarray_core::Error>(())
//! ```
//!
//! Matrices of a batch are shared among threads, and each is one thread's, so that the bits do not depend on their number: with
//! two threads the library gives other bits. For one matrix of 1024 rows a second thread would save a fifth to a quarter
//! of the time of `eigh` and `svd`, and nothing of `solve`.

mod batch;
mod eigen;
mod inverse_iteration;
mod number;
mod orthogonal;
mod positive_definite;
mod singular_values;
mod systems;

use number::for_dtype;
use polyarray_core::backend::specs::{Cholesky, Eigen, Lu, Qr, Solve, Svd, TriangularSolve};
use polyarray_core::backend::{SpecKernel, kernels};

const KIND: &str = "cpu";

kernels! { CPU_FACTORISATIONS;
    "cpu": Cholesky = SpecKernel::new(|_, spec, o| for_dtype!(spec.dtype, T => positive_definite::cholesky::<T>(&o[0], spec)));
    "cpu": Qr = SpecKernel::new(|_, spec, o| for_dtype!(spec.dtype, T => orthogonal::qr::<T>(&o[0], spec)));
    "cpu": Eigen = SpecKernel::new(|_, spec, o| for_dtype!(spec.dtype, T => eigen::eigen::<T>(&o[0], spec)));
    "cpu": Svd = SpecKernel::new(|_, spec, o| for_dtype!(spec.dtype, T => singular_values::svd::<T>(&o[0], spec)));
    "cpu": Lu = SpecKernel::new(|_, spec, o| for_dtype!(spec.dtype, T => systems::lu::<T>(&o[0], spec)));
    "cpu": Solve = SpecKernel::new(|_, spec, o| for_dtype!(spec.dtype, T => systems::solve::<T>(o, spec)));
    "cpu": TriangularSolve = SpecKernel::new(|_, spec, o| for_dtype!(spec.dtype, T => systems::substitute::<T>(o, spec)));
}
