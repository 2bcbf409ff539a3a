//! What singular values are for: pseudoinverse, rank, least squares.

use super::matrices::{adjoint, cast, computed, epsilon, inexact, split};
use super::{Tolerance, svd, svdvals};
use crate::array::Array;
use crate::dtype::{DType, promote};
use crate::error::{Error, Result};
use crate::multimethod;
use crate::numpy::{
    absolute, any, astype, axis, count_nonzero, divide, full_like, greater, matmul, max, multiply, subtract,
    sum, where_,
};

multimethod! {
    domain "numpy.linalg";

    /// The pseudoinverses (…, n, m) of matrices (…, m, n), by their singular values; those of no more than `tolerance`
    /// times the largest one count as zero, `()` for ε times the longer side.
    ///
    /// NumPy: `linalg.pinv(x, rtol)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use {polyarray_cpu as _, polyarray_cpu_linalg as _};
    /// let x = Array::from([[2.0, 0.0], [0.0, 0.0]]);
    /// assert!(np::allclose(&np::linalg::pinv(&x, ())?, [[0.5, 0.0], [0.0, 0.0]], ())?);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`svd()`].
    pub fn pinv(x: &Array, tolerance: Tolerance) -> Result<Array> {
        let (_, [m, n]) = split("pinv", x)?;
        let x = computed(x)?;
        if m == 0 || n == 0 {
            return full_like(&x.swap_axes(-1, -2)?, 0, ());
        }
        let (u, s, vh) = svd(&x, false)?;
        let counts = greater(&s, &cutoff(&s, tolerance, m.max(n), x.dtype())?)?;
        let inverse = where_(&counts, &divide(1, &s)?, 0)?;
        matmul(&multiply(&adjoint(&vh)?, &inverse.expand_dims(-2)?)?, &adjoint(&u)?)
    }

    /// The ranks (…), int64, of matrices (…, m, n): the number of singular values above `tolerance` times the largest one,
    /// `()` for ε times the longer side. Of less than two axes: whether any element is not zero.
    ///
    /// NumPy: `linalg.matrix_rank(x, rtol)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use {polyarray_cpu as _, polyarray_cpu_linalg as _};
    /// let x = Array::from([[1.0, 2.0], [2.0, 4.0]]);
    /// assert_eq!(np::linalg::matrix_rank(&x, ())?.to_vec::<i64>()?, [1]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`svdvals()`].
    pub fn matrix_rank(x: &Array, tolerance: Tolerance) -> Result<Array> {
        if x.ndim() < 2 {
            return astype(&any(x, ())?, DType::I64);
        }
        let (_, [m, n]) = split("matrix_rank", x)?;
        if m == 0 || n == 0 {
            return count_nonzero(x, axis([-2, -1]));
        }
        let s = svdvals(x)?;
        let least = cutoff(&s, tolerance, m.max(n), inexact(x)?)?;
        count_nonzero(&greater(&s, &least)?, axis(-1))
    }

    /// Least squares: the `x` (…, n, k) of least length that brings `a · x` nearest to `b`, for matrices `a` (…, m, n) and
    /// right-hand sides `b` (…, m, k), or (m) for one; leading axes broadcast. Then the sums of the squared residuals of
    /// each column (…, k), the rank of `a` (…), int64, and its singular values. Singular values of no more than
    /// `tolerance` times the largest one count as zero. Where m ≤ n there are no residuals (…, 0); NumPy has none of
    /// matrices of a lower rank either, which would have to be computed first.
    ///
    /// NumPy: `linalg.lstsq(a, b, rcond)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use {polyarray_cpu as _, polyarray_cpu_linalg as _};
    /// // The line through (0, −1), (1, 0.2), (2, 0.9), (3, 2.1) as nearly as there is one.
    /// let a = Array::from([[0.0, 1.0], [1.0, 1.0], [2.0, 1.0], [3.0, 1.0]]);
    /// let (line, residual, rank, _) = np::linalg::lstsq(&a, [-1.0, 0.2, 0.9, 2.1], ())?;
    /// assert!(np::allclose(&line, [1.0, -0.95], ())?);
    /// assert!(np::allclose(&residual, [0.05], ())?);
    /// assert_eq!(rank.to_vec::<i64>()?, [2]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Shape`](crate::Error::Shape) for shapes that do not fit; those of [`svd()`].
    pub fn lstsq(a: &Array, b: &Array, tolerance: Tolerance) -> Result<(Array, Array, Array, Array)> {
        let (_, [m, n]) = split("lstsq", a)?;
        let vector = b.ndim() == 1;
        if b.ndim() == 0 || b.shape()[b.ndim() - if vector { 1 } else { 2 }] != m {
            return Err(Error::Shape {
                op: "lstsq",
                operands: format!("a: {:?}, b: {:?}", a.shape(), b.shape()),
                fix: format!("b has as many rows as a, {m}; its rows are the second last axis, or the only one"),
            });
        }
        let dtype = promote(inexact(a)?, inexact(b)?);
        let (a, b) = (cast(a, dtype)?, cast(b, dtype)?);
        let b = if vector { b.expand_dims(1)? } else { b };
        let (u, s, vh) = svd(&a, false)?;
        let (counts, inverse) = if m.min(n) == 0 {
            (greater(&s, 0)?, s.clone())
        } else {
            let counts = greater(&s, &cutoff(&s, tolerance, m.max(n), dtype)?)?;
            let inverse = where_(&counts, &divide(1, &s)?, 0)?;
            (counts, inverse)
        };
        let rank = count_nonzero(&counts, axis(-1))?;
        let parts = multiply(&matmul(&adjoint(&u)?, &b)?, &inverse.expand_dims(-1)?)?;
        let x = matmul(&adjoint(&vh)?, &parts)?;
        let far = absolute(&subtract(&b, &matmul(&a, &x)?)?)?;
        let squares = sum(&multiply(&far, &far)?, axis(-2))?;
        let residuals = if m > n { squares } else { squares.slice("..., :0")? };
        let x = if vector { x.squeeze(-1)? } else { x };
        Ok((x, residuals, rank, s))
    }
}

/// Singular values of no more than this count as zero: (…, 1).
fn cutoff(s: &Array, tolerance: Tolerance, longer: usize, dtype: DType) -> Result<Array> {
    let share = tolerance.0.unwrap_or(epsilon(dtype) * longer as f64);
    multiply(&max(s, axis(-1).keepdims())?, share)
}
