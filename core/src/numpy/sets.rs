//! Sets: what occurs in arrays, how often and where. Elements are sorted: complex numbers by their real parts first.

use super::creation::erased_indices;
use super::manipulation::{alike, common, flat, home, move_axis, one, part, strong};
use super::options::Axis;
use super::{
    Gather, Side, Update, any, argsort, bitwise_and, bitwise_invert, concat, cumulative_sum, equal,
    flat_nonzero, isnan, minimum, not_equal, ones, scatter, searchsorted, select, sort, subtract, take,
    zeros_like,
};
use crate::array::Array;
use crate::dtype::{DType, Kind};
use crate::error::Result;
use crate::expr::axes::wrap_axis;
use crate::multimethod;

multimethod! {
    domain "numpy";

    /// The distinct elements, sorted; NaN once. **Evaluates `x`**, as do all functions of sets: their results' lengths depend
    /// on the values.
    ///
    /// NumPy: `unique(x)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let x = Array::from([[2.0, 1.0], [2.0, 3.0]]);
    /// assert_eq!(np::unique(&x)?.to_vec::<f64>()?, [1.0, 2.0, 3.0]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`sort()`](fn@sort).
    pub fn unique(x: &Array) -> Result<Array> {
        distinct(x, true)
    }

    /// The distinct elements, sorted; each NaN is one of its own.
    ///
    /// NumPy: `unique_values(x)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let x = Array::from([2.0, f64::NAN, 2.0, f64::NAN]);
    /// assert_eq!(np::unique_values(&x)?.shape(), [3]);
    /// assert_eq!(np::unique(&x)?.shape(), [2]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`unique()`].
    pub fn unique_values(x: &Array) -> Result<Array> {
        distinct(x, false)
    }

    /// The distinct elements, as [`unique_values()`], and how often each occurs, int64.
    ///
    /// NumPy: `unique_counts(x)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let (values, counts) = np::unique_counts(&Array::from([2.0, 1.0, 2.0]))?;
    /// assert_eq!(values.to_vec::<f64>()?, [1.0, 2.0]);
    /// assert_eq!(counts.to_vec::<i64>()?, [1, 2]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`unique()`].
    pub fn unique_counts(x: &Array) -> Result<(Array, Array)> {
        let sorted = sort(&flat(&strong(x)?)?, ())?;
        let starts = flat_nonzero(&firsts(&sorted, false)?)?;
        Ok((take(&sorted, &starts, Gather::from(0).clip())?, lengths(&starts, sorted.len())?))
    }

    /// The distinct elements, as [`unique_values()`], and for each element of `x` the index of its like among them, int64, in the
    /// shape of `x`.
    ///
    /// NumPy: `unique_inverse(x)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let (values, inverse) = np::unique_inverse(&Array::from([5.0, 3.0, 5.0]))?;
    /// assert_eq!(values.to_vec::<f64>()?, [3.0, 5.0]);
    /// assert_eq!(inverse.to_vec::<i64>()?, [1, 0, 1]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`unique()`].
    pub fn unique_inverse(x: &Array) -> Result<(Array, Array)> {
        let (values, _, inverse, _) = unique_all(x)?;
        Ok((values, inverse))
    }

    /// The distinct elements, as [`unique_values()`]; the index of the first of each in the flattened array; for each
    /// element of `x` the index of its like among them, in the shape of `x`; and how often each occurs. Indices and counts are
    /// int64.
    ///
    /// NumPy: `unique_all(x)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let (values, first, inverse, counts) = np::unique_all(&Array::from([5.0, 3.0, 5.0]))?;
    /// assert_eq!(values.to_vec::<f64>()?, [3.0, 5.0]);
    /// assert_eq!(first.to_vec::<i64>()?, [1, 0]);
    /// assert_eq!(inverse.to_vec::<i64>()?, [1, 0, 1]);
    /// assert_eq!(counts.to_vec::<i64>()?, [1, 2]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`unique()`].
    pub fn unique_all(x: &Array) -> Result<(Array, Array, Array, Array)> {
        let x = strong(x)?;
        let all = flat(&x)?;
        let order = argsort(&all, ())?;
        let clipped = Gather::from(0).clip();
        let sorted = take(&all, &order, clipped)?;
        let is_first = firsts(&sorted, false)?;
        let starts = flat_nonzero(&is_first)?;
        let number = subtract(&cumulative_sum(&is_first, ())?, 1)?;
        let inverse = scatter(&zeros_like(&number, ())?, &order, &number, Update::Put)?;
        Ok((
            take(&sorted, &starts, clipped)?,
            take(&order, &starts, clipped)?,
            inverse.reshape(x.shape())?,
            lengths(&starts, all.len())?,
        ))
    }

    /// The distinct parts of an array along an axis, in the order of their elements: as an array; the index of the first of each;
    /// for each part of `x` the index of its like among them; and how often each occurs. Indices and counts are int64. NaN
    /// equals nothing.
    ///
    /// NumPy: `unique(x, return_index, return_inverse, return_counts, axis)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let x = Array::from([[1.0, 0.0], [2.0, 3.0], [1.0, 0.0]]);
    /// let (rows, first, inverse, counts) = np::unique_along(&x, 0)?;
    /// assert_eq!(rows.to_vec::<f64>()?, [1.0, 0.0, 2.0, 3.0]);
    /// assert_eq!(first.to_vec::<i64>()?, [0, 1]);
    /// assert_eq!(inverse.to_vec::<i64>()?, [0, 1, 0]);
    /// assert_eq!(counts.to_vec::<i64>()?, [2, 1]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Axis`](crate::Error::Axis) out of range.
    pub fn unique_along(x: &Array, axis: Axis) -> Result<(Array, Array, Array, Array)> {
        let x = strong(x)?;
        let axis = wrap_axis("unique_along", axis.0, x.ndim())?;
        let parts = move_axis(&x, axis, 0)?;
        let (n, rest) = (x.shape()[axis], parts.shape()[1..].iter().product::<usize>());
        let rows = parts.reshape([n, rest])?;
        let clipped = Gather::from(0).clip();
        // Sorted by the last element first: what comes later counts for more.
        let start = erased_indices(n, &home(&x))?;
        let order = (0..rest).rev().try_fold(start, |order, column| {
            let key = take(&part(&rows, 1, column, 1, 1)?.squeeze(1)?, &order, clipped)?;
            take(&order, &argsort(&key, ())?, clipped)
        })?;
        let sorted = take(&rows, &order, clipped)?;
        let is_first = if n == 0 {
            ones([0], alike(&x, DType::Bool))?
        } else {
            let differ = not_equal(&part(&sorted, 0, 0, 1, n - 1)?, &part(&sorted, 0, 1, 1, n - 1)?)?;
            concat(&[ones([1], alike(&x, DType::Bool))?, any(&differ, -1)?], 0)?
        };
        let starts = flat_nonzero(&is_first)?;
        let number = subtract(&cumulative_sum(&is_first, ())?, 1)?;
        let inverse = scatter(&zeros_like(&number, ())?, &order, &number, Update::Put)?;
        let mut shape = parts.shape().to_vec();
        shape[0] = starts.len();
        let distinct = take(&sorted, &starts, clipped)?.reshape(shape)?;
        Ok((move_axis(&distinct, 0, axis)?, take(&order, &starts, clipped)?, inverse, lengths(&starts, n)?))
    }

    /// Which elements of `x` occur in `values`, or, inverted, which don't: bool, in the shape of `x`. NaN never does.
    ///
    /// NumPy: `isin(x, values, invert)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let x = Array::from([[1.0, 2.0], [3.0, 4.0]]);
    /// assert_eq!(np::isin(&x, [2.0, 4.0], false)?.to_vec::<bool>()?, [false, true, false, true]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`sort()`](fn@sort).
    pub fn isin(x: &Array, values: &Array, invert: bool) -> Result<Array> {
        let (x, values) = common(x, values)?;
        let found = if values.is_empty() {
            zeros_like(&x, DType::Bool)?
        } else if x.dtype().is_complex() {
            // Among the distinct elements of both, those that are one of the values.
            let (distinct, _, number, _) = unique_all(&concat(&[flat(&values)?, flat(&x)?], 0)?)?;
            let n = values.len();
            let has = scatter(&zeros_like(&distinct, DType::Bool)?, &part(&number, 0, 0, 1, n)?, true, Update::Put)?;
            take(&has, &part(&number, 0, n, 1, x.len())?, 0)?.reshape(x.shape())?
        } else {
            let sorted = sort(&flat(&values)?, ())?;
            let at = minimum(&searchsorted(&sorted, &x, Side::Left)?, sorted.len() as i64 - 1)?;
            equal(&take(&sorted, &at, Gather::from(0).clip())?, &x)?
        };
        if invert { bitwise_invert(&found) } else { Ok(found) }
    }

    /// The distinct elements of both, sorted.
    ///
    /// NumPy: `union1d(a, b)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let a = Array::from([3.0, 1.0]);
    /// assert_eq!(np::union1d(&a, [2.0, 3.0])?.to_vec::<f64>()?, [1.0, 2.0, 3.0]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`unique()`].
    pub fn union1d(a: &Array, b: &Array) -> Result<Array> {
        let (a, b) = common(a, b)?;
        unique(&concat(&[flat(&a)?, flat(&b)?], 0)?)
    }

    /// The distinct elements that occur in both, sorted.
    ///
    /// NumPy: `intersect1d(a, b)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let a = Array::from([1.0, 3.0, 4.0, 3.0]);
    /// assert_eq!(np::intersect1d(&a, [3.0, 1.0, 2.0])?.to_vec::<f64>()?, [1.0, 3.0]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`unique()`].
    pub fn intersect1d(a: &Array, b: &Array) -> Result<Array> {
        let (a, b) = common(a, b)?;
        let both = sort(&concat(&[unique(&a)?, unique(&b)?], 0)?, ())?;
        let n = both.len();
        if n == 0 {
            return Ok(both);
        }
        let first = part(&both, 0, 0, 1, n - 1)?;
        select(&first, &equal(&first, &part(&both, 0, 1, 1, n - 1)?)?)
    }

    /// The distinct elements of `a` that don't occur in `b`, sorted.
    ///
    /// NumPy: `setdiff1d(a, b)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let a = Array::from([3.0, 2.0, 1.0, 3.0]);
    /// assert_eq!(np::setdiff1d(&a, [2.0, 5.0])?.to_vec::<f64>()?, [1.0, 3.0]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`unique()`].
    pub fn setdiff1d(a: &Array, b: &Array) -> Result<Array> {
        let own = unique(a)?;
        select(&own, &isin(&own, b, true)?)
    }

    /// The distinct elements that occur in one of both only, sorted.
    ///
    /// NumPy: `setxor1d(a, b)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let a = Array::from([1.0, 2.0, 3.0]);
    /// assert_eq!(np::setxor1d(&a, [2.0, 3.0, 4.0])?.to_vec::<f64>()?, [1.0, 4.0]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`unique()`].
    pub fn setxor1d(a: &Array, b: &Array) -> Result<Array> {
        let (a, b) = common(a, b)?;
        let both = sort(&concat(&[unique(&a)?, unique(&b)?], 0)?, ())?;
        let n = both.len();
        if n == 0 {
            return Ok(both);
        }
        let starts = firsts(&both, false)?;
        let ends = concat(&[part(&starts, 0, 1, 1, n - 1)?, one(&starts, 0, 0)?], 0)?;
        select(&both, &bitwise_and(&starts, &ends)?)
    }
}

fn distinct(x: &Array, equal_nan: bool) -> Result<Array> {
    let sorted = sort(&flat(&strong(x)?)?, ())?;
    select(&sorted, &firsts(&sorted, equal_nan)?)
}

/// Which of sorted elements differ from the one before them: the first one does.
fn firsts(sorted: &Array, equal_nan: bool) -> Result<Array> {
    let n = sorted.len();
    let create = alike(sorted, DType::Bool);
    if n == 0 {
        return ones([0], create);
    }
    let (before, after) = (part(sorted, 0, 0, 1, n - 1)?, part(sorted, 0, 1, 1, n - 1)?);
    let mut differ = not_equal(&before, &after)?;
    if equal_nan && sorted.dtype().kind() >= Kind::Float {
        // What is sorted behind NaN is NaN.
        differ = bitwise_and(&differ, &bitwise_invert(&isnan(&before)?)?)?;
    }
    concat(&[ones([1], create)?, differ], 0)
}

/// The lengths of runs from where they start.
fn lengths(starts: &Array, len: usize) -> Result<Array> {
    let n = starts.len();
    if n == 0 {
        return Ok(starts.clone());
    }
    let end = super::full([1], len as i64, alike(starts, DType::I64))?;
    let ends = concat(&[part(starts, 0, 1, 1, n - 1)?, end], 0)?;
    subtract(&ends, starts)
}
