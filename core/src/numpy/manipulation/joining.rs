//! Joining arrays along an axis that their number of axes determines.

use super::{atleast_1d, atleast_2d, atleast_3d, strong};
use crate::array::Array;
use crate::error::{Error, Result};
use crate::multimethod;
use crate::numpy::concat;

multimethod! {
    domain "numpy";

    /// The arrays side by side: along the second axis, or along the only one.
    ///
    /// NumPy: `hstack(arrays)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let (a, b) = (Array::from([[1.0], [2.0]]), Array::from([[3.0], [4.0]]));
    /// assert_eq!(np::hstack(&[a, b])?.to_vec::<f64>()?, [1.0, 3.0, 2.0, 4.0]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`concat()`](fn@concat).
    pub fn hstack(arrays: &[Array]) -> Result<Array> {
        let arrays = arrays.iter().map(atleast_1d).collect::<Result<Vec<_>>>()?;
        let axis = if arrays.first().is_some_and(|first| first.ndim() == 1) { 0 } else { 1 };
        concat(&arrays, axis)
    }

    /// The arrays below each other: along the first axis, where arrays of one axis are rows.
    ///
    /// NumPy: `vstack(arrays)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let rows = np::vstack(&[Array::from([1.0, 2.0]), Array::from([3.0, 4.0])])?;
    /// assert_eq!(rows.shape(), [2, 2]);
    /// assert_eq!(rows.to_vec::<f64>()?, [1.0, 2.0, 3.0, 4.0]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`concat()`](fn@concat).
    pub fn vstack(arrays: &[Array]) -> Result<Array> {
        concat(&arrays.iter().map(atleast_2d).collect::<Result<Vec<_>>>()?, 0)
    }

    /// The arrays behind each other: along the third axis, where matrices and vectors get one of length 1.
    ///
    /// NumPy: `dstack(arrays)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let pairs = np::dstack(&[Array::from([1.0, 2.0]), Array::from([3.0, 4.0])])?;
    /// assert_eq!(pairs.shape(), [1, 2, 2]);
    /// assert_eq!(pairs.to_vec::<f64>()?, [1.0, 3.0, 2.0, 4.0]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`concat()`](fn@concat).
    pub fn dstack(arrays: &[Array]) -> Result<Array> {
        concat(&arrays.iter().map(atleast_3d).collect::<Result<Vec<_>>>()?, 2)
    }

    /// The arrays side by side as the columns of a matrix, arrays of one axis as one column each.
    ///
    /// NumPy: `column_stack(arrays)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let columns = np::column_stack(&[Array::from([1.0, 2.0]), Array::from([3.0, 4.0])])?;
    /// assert_eq!(columns.shape(), [2, 2]);
    /// assert_eq!(columns.to_vec::<f64>()?, [1.0, 3.0, 2.0, 4.0]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`concat()`](fn@concat).
    pub fn column_stack(arrays: &[Array]) -> Result<Array> {
        let column = |x: &Array| match *x.shape() {
            [] => strong(x)?.reshape([1, 1]),
            [_] => x.expand_dims(1),
            _ => Ok(x.clone()),
        };
        concat(&arrays.iter().map(column).collect::<Result<Vec<_>>>()?, 1)
    }
}

/// A matrix of blocks: each row's arrays side by side along the last axis, the rows below each other along the second
/// last. Arrays with fewer axes get leading ones of length 1.
///
/// NumPy: `block(arrays)` of a list of lists.
///
/// ```
/// use polyarray_core::{Array, numpy as np};
/// # use polyarray_cpu as _;
/// let [a, b, c, d] = [1.0, 2.0, 3.0, 4.0].map(|x| Array::from([[x]]));
/// let matrix = np::block(&[[a, b], [c, d]])?;
/// assert_eq!(matrix.shape(), [2, 2]);
/// assert_eq!(matrix.to_vec::<f64>()?, [1.0, 2.0, 3.0, 4.0]);
/// # Ok::<(), polyarray_core::Error>(())
/// ```
///
/// # Errors
/// Those of [`concat()`](fn@concat); [`Error::Shape`] for no arrays.
pub fn block(rows: &[impl AsRef<[Array]>]) -> Result<Array> {
    let all = rows.iter().flat_map(|row| row.as_ref());
    let axes = all.map(Array::ndim).max().ok_or_else(|| Error::Shape {
        op: "block",
        operands: "no arrays".into(),
        fix: "give at least one".into(),
    })?;
    let lifted = |x: &Array| {
        let x = strong(x)?;
        let missing = axes.max(2) - x.ndim();
        (0..missing).try_fold(x, |x, _| x.expand_dims(0))
    };
    let row = |row: &[Array]| concat(&row.iter().map(lifted).collect::<Result<Vec<_>>>()?, -1);
    concat(&rows.iter().map(|arrays| row(arrays.as_ref())).collect::<Result<Vec<_>>>()?, -2)
}
