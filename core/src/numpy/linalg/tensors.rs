//! Systems of equations and inverses whose unknowns have several axes.

use super::{inv, solve};
use crate::array::Array;
use crate::error::Error;
use crate::multimethod;

multimethod! {
    domain "numpy.linalg";

    /// The solution x of `tensordot(a, x, x.ndim()) = b`: `a` has the axes of `b`, then those of `x`, as many elements together.
    ///
    /// NumPy: `linalg.tensorsolve(a, b)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use {polyarray_cpu as _, polyarray_cpu_linalg as _};
    /// // Twice x is b.
    /// let a = np::multiply(&np::identity(4, ())?, 2.0)?.reshape([2, 2, 4])?;
    /// let b = Array::from([[2.0, 4.0], [6.0, 8.0]]);
    /// assert!(np::allclose(&np::linalg::tensorsolve(&a, &b)?, [1.0, 2.0, 3.0, 4.0], ())?);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Shape`] if the axes don't fit; those of [`solve()`].
    pub fn tensorsolve(a: &Array, b: &Array) -> Result<Array> {
        let rest = a.shape().get(b.ndim()..).unwrap_or_default();
        if !a.shape().starts_with(b.shape()) || rest.iter().product::<usize>() != b.len() {
            return Err(Error::Shape {
                op: "tensorsolve",
                operands: format!("a: {:?}, b: {:?}", a.shape(), b.shape()),
                fix: "a has the axes of b, then others of as many elements".into(),
            });
        }
        let n = b.len();
        solve(&a.reshape([n, n])?, &b.reshape([n])?)?.reshape(rest)
    }

    /// The inverse of `a` as a map by [`tensordot`](fn@crate::numpy::tensordot) from its last axes to its first `axes` ones: its
    /// axes are the last ones, then the first ones.
    ///
    /// NumPy: `linalg.tensorinv(a, ind)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use {polyarray_cpu as _, polyarray_cpu_linalg as _};
    /// let a = np::multiply(&np::identity(4, ())?, 2.0)?.reshape([2, 2, 4])?;
    /// let inverse = np::linalg::tensorinv(&a, 2)?;
    /// assert_eq!(inverse.shape(), [4, 2, 2]);
    /// let b = Array::from([[2.0, 4.0], [6.0, 8.0]]);
    /// assert!(np::allclose(&np::tensordot(&inverse, &b, 2)?, [1.0, 2.0, 3.0, 4.0], ())?);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Shape`] if the first axes have not as many elements as the last ones; those of [`inv()`].
    pub fn tensorinv(a: &Array, axes: usize) -> Result<Array> {
        let (first, last) = a.shape().split_at(axes.min(a.ndim()));
        let n: usize = first.iter().product();
        if axes == 0 || last.iter().product::<usize>() != n {
            return Err(Error::Shape {
                op: "tensorinv",
                operands: format!("a: {:?}, {axes} axes", a.shape()),
                fix: "the first axes, at least one, have as many elements as the others".into(),
            });
        }
        inv(&a.reshape([n, n])?)?.reshape([last, first].concat())
    }
}
