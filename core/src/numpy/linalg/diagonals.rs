//! Diagonals of matrices: as those of `numpy`, but of the last two axes.

use crate::array::Array;
use crate::multimethod;
use crate::numpy::{Diagonal, Trace};

multimethod! {
    domain "numpy.linalg";

    /// The diagonals (…, k) of matrices (…, m, n): a view. `()` is the main one, a number another, positive above it.
    ///
    /// NumPy: `linalg.diagonal(x, offset)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use {polyarray_cpu as _, polyarray_cpu_linalg as _};
    /// let x = Array::from([[1.0, 2.0], [3.0, 4.0]]);
    /// assert_eq!(np::linalg::diagonal(&x, ())?.to_vec::<f64>()?, [1.0, 4.0]);
    /// assert_eq!(np::linalg::diagonal(&x, 1)?.to_vec::<f64>()?, [2.0]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`numpy::diagonal()`](crate::numpy::diagonal()).
    pub fn diagonal(x: &Array, which: Diagonal) -> Result<Array> {
        let [a, b] = which.axes.unwrap_or([-2, -1]);
        x.diagonal(which.offset, [a, b])
    }

    /// The sums (…) of the diagonals of matrices (…, m, n), dtypes as in [`sum()`](crate::numpy::sum()) unless one is given.
    ///
    /// NumPy: `linalg.trace(x, offset, dtype)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use {polyarray_cpu as _, polyarray_cpu_linalg as _};
    /// let x = Array::from([[1.0, 2.0], [3.0, 4.0]]);
    /// assert_eq!(np::linalg::trace(&x, ())?.item()?.to_f64(), 5.0);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`numpy::diagonal()`](crate::numpy::diagonal()).
    pub fn trace(x: &Array, which: Trace) -> Result<Array> {
        let axes = which.of.axes.unwrap_or([-2, -1]);
        crate::numpy::trace(x, Trace { of: Diagonal { axes: Some(axes), ..which.of }, ..which })
    }
}
