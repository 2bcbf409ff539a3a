//! Choosing elements by conditions.

use super::elementwise::truth;
use super::manipulation::{cast, common_shape, part, strong, strong_beside};
use super::options::{Along, Reduce};
use super::updates::check_bounds;
use super::{
    Bounds, all, any, argmax, argmin, equal, flat_nonzero, isnan, nonzero, select, stack, take, where_,
};
use crate::array::Array;
use crate::dtype::{DType, Scalar, promote_all};
use crate::error::{Error, Result};
use crate::multimethod;

multimethod! {
    domain "numpy";

    /// The indices of the elements that are not zero, a row for each: int64, (count, axes). **Evaluates `x`.**
    ///
    /// NumPy: `argwhere(x)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let x = Array::from([[0, 5], [7, 0]]);
    /// assert_eq!(np::argwhere(&x)?.to_vec::<i64>()?, [0, 1, 1, 0]); // rows (0, 1) and (1, 0)
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    pub fn argwhere(x: &Array) -> Result<Array> {
        let x = strong(x)?;
        if x.ndim() == 0 {
            let found = flat_nonzero(&x.reshape([1])?)?;
            return found.reshape([found.len(), 1])?.slice(":, :0");
        }
        stack(&nonzero(&x)?, 1)
    }

    /// The elements of the flattened array where a condition of as many elements is not zero. **Evaluates the
    /// condition.** One axis, in the dtype of `x`.
    ///
    /// NumPy: `extract(condition, x)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let x = Array::from([1, 2, 3]);
    /// assert_eq!(np::extract(&Array::from([true, false, true]), &x)?.to_vec::<i32>()?, [1, 3]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Shape`] if the condition has more elements.
    pub fn extract(condition: &Array, x: &Array) -> Result<Array> {
        compress(&super::ravel(condition)?, x, ())
    }

    /// The parts along an axis (`()`: of the flattened array) where a condition of one axis, which may be shorter, is not zero.
    /// **Evaluates the condition.** In the dtype of `x`.
    ///
    /// NumPy: `compress(condition, x, axis)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let x = Array::from([[1, 2], [3, 4]]);
    /// assert_eq!(np::compress(&Array::from([false, true]), &x, 0)?.to_vec::<i32>()?, [3, 4]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Shape`] for a condition of more than one axis, or of more elements; [`Error::Axis`] out of range.
    pub fn compress(condition: &Array, x: &Array, along: Along) -> Result<Array> {
        let (x, axis) = super::manipulation::along("compress", x, along.0)?;
        if condition.ndim() != 1 || condition.len() > x.shape()[axis] {
            return Err(Error::Shape {
                op: "compress",
                operands: format!("condition: {:?}, x: {:?}, axis {axis}", condition.shape(), x.shape()),
                fix: "a condition has one axis, and no more elements than the array has along its axis".into(),
            });
        }
        if x.ndim() == 1 {
            return select(&part(&x, 0, 0, 1, condition.len())?, &truth(condition)?);
        }
        take(&x, &flat_nonzero(condition)?, axis)
    }

    /// For each element that of the first choice whose condition is true, `default` where none is. All broadcast. NumPy's `select`,
    /// whose name the selection by one mask has here. The dtype is that of the choices and the default, promoted.
    ///
    /// NumPy: `select(conditions, choices, default)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let x = Array::from([-5, 1, 50]);
    /// let conditions = [np::less(&x, 0)?, np::greater(&x, 10)?];
    /// let choices = [np::negative(&x)?, np::multiply(&x, 2)?];
    /// assert_eq!(np::select_first(&conditions, &choices, 0)?.to_vec::<i32>()?, [5, 0, 100]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Argument`] for no conditions, or other than one choice for each; [`Error::Shape`] if they don't broadcast.
    pub fn select_first(conditions: &[Array], choices: &[Array], default: &Array) -> Result<Array> {
        if conditions.is_empty() || conditions.len() != choices.len() {
            return Err(Error::Argument {
                op: "select_first",
                operands: format!("{} conditions, {} choices", conditions.len(), choices.len()),
                fix: "give at least one condition, and one choice for each".into(),
            });
        }
        // In one dtype from the beginning: that of two at a time would depend on their order.
        let strong = choices.iter().chain([default]).filter(|x| !x.is_weak()).map(Array::dtype);
        let dtype = promote_all(strong);
        let met = |x: &Array| match dtype.filter(|_| !x.is_weak()) {
            Some(dtype) => cast(x, dtype),
            None => Ok(x.clone()),
        };
        let choices = choices.iter().map(met).collect::<Result<Vec<_>>>()?;
        let mut both = conditions.iter().zip(&choices).rev();
        both.try_fold(met(default)?, |rest, (condition, choice)| where_(&truth(condition)?, choice, &rest))
    }

    /// For each index that element of the array of that number: choices broadcast against the indices. **Evaluates the
    /// indices** unless they are clipped or wrapped. The dtype is that of the choices, promoted.
    ///
    /// NumPy: `choose(indices, choices, mode)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let choices = [Array::from([1, 2, 3]), Array::from([10, 20, 30])];
    /// assert_eq!(np::choose(&Array::from([0, 1, 0]), &choices, ())?.to_vec::<i32>()?, [1, 20, 3]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Index`] if there is no array of that number; [`Error::DType`] if the indices are no integers;
    /// [`Error::Argument`] for no choices.
    pub fn choose(indices: &Array, choices: &[Array], bounds: Bounds) -> Result<Array> {
        let n = choices.len();
        if n == 0 || !indices.dtype().is_int() {
            return Err(Error::Argument {
                op: "choose",
                operands: format!("indices of {}, {n} choices", indices.dtype()),
                fix: "give integers, and at least one choice".into(),
            });
        }
        let indices = strong(indices)?;
        let brought = super::indexing::bring(&indices, n, bounds)?;
        if brought.is_none() {
            check_bounds("choose", &indices, 0, 0, n)?;
        }
        let at = brought.unwrap_or(indices);
        let dtype = promote_all(choices.iter().map(Array::dtype)).unwrap_or(DType::I64);
        let like = |x: &Array| cast(&strong_beside(x, &at)?, dtype);
        // The shape is that of all of them, also of those that are never chosen.
        let shapes: Vec<&[usize]> = choices.iter().chain([&at]).map(Array::shape).collect();
        let first = like(&choices[0])?.broadcast_to(common_shape("choose", &shapes)?)?;
        let mut rest = choices.iter().enumerate().skip(1);
        rest.try_fold(first, |out, (k, choice)| where_(&equal(&at, k as i64)?, &like(choice)?, &out))
    }

    /// Row-major index (int64) of the first smallest element over `over` that is not NaN. **Evaluates `x`.**
    ///
    /// NumPy: `nanargmin(x, axis, keepdims)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let x = Array::from([f64::NAN, 2.0, 1.0]);
    /// assert_eq!(np::nanargmin(&x, ())?.to_vec::<i64>()?, [2]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Argument`] where all are NaN; those of [`argmin()`](fn@argmin).
    pub fn nanargmin(x: &Array, over: Reduce) -> Result<Array> {
        argmin(&without_nan("nanargmin", x, &over, f64::INFINITY)?, over)
    }

    /// Row-major index (int64) of the first largest element over `over` that is not NaN. **Evaluates `x`.**
    ///
    /// NumPy: `nanargmax(x, axis, keepdims)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let x = Array::from([f64::NAN, 2.0, 1.0]);
    /// assert_eq!(np::nanargmax(&x, ())?.to_vec::<i64>()?, [1]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Argument`] where all are NaN; those of [`argmax()`](fn@argmax).
    pub fn nanargmax(x: &Array, over: Reduce) -> Result<Array> {
        argmax(&without_nan("nanargmax", x, &over, f64::NEG_INFINITY)?, over)
    }
}

fn without_nan(op: &'static str, x: &Array, over: &Reduce, fill: f64) -> Result<Array> {
    if !x.dtype().is_float() || x.is_empty() {
        return strong(x);
    }
    let nan = isnan(x)?;
    if any(&all(&nan, over.clone())?, ())?.item()? == Scalar::Bool(true) {
        return Err(Error::Argument {
            op,
            operands: format!("x: {} {:?}", x.dtype(), x.shape()),
            fix: "all elements of a slice are NaN; fill them first".into(),
        });
    }
    where_(&nan, fill, x)
}

/// A function of [`piecewise()`].
pub type Piece<'a> = &'a dyn Fn(&Array) -> Result<Array>;

/// Functions of an array by conditions: where one is true, the function of the same number gives the element; of several, the
/// last one. A further function is for where none is true; zero without one. Every function is called once with the
/// whole array. Shape and dtype are those of `x`.
///
/// NumPy: `piecewise(x, conditions, functions)`.
///
/// ```
/// use polyarray_core::{Array, numpy as np};
/// # use polyarray_cpu as _;
/// let x = Array::from([-2.0, 3.0]);
/// let y = np::piecewise(&x, &[np::less(&x, 0.0)?], &[&|x| np::negative(x), &|x| np::multiply(x, 10.0)])?;
/// assert_eq!(y.to_vec::<f64>()?, [2.0, 30.0]);
/// # Ok::<(), polyarray_core::Error>(())
/// ```
///
/// # Errors
/// [`Error::Argument`] for another number of functions; those of the functions.
pub fn piecewise(x: &Array, conditions: &[Array], functions: &[Piece<'_>]) -> Result<Array> {
    let n = conditions.len();
    if functions.len() != n && functions.len() != n + 1 {
        return Err(Error::Argument {
            op: "piecewise",
            operands: format!("{n} conditions, {} functions", functions.len()),
            fix: "give one function for each condition, and at most one more".into(),
        });
    }
    let value = |f: &dyn Fn(&Array) -> Result<Array>| cast(&strong_beside(&f(x)?, x)?, x.dtype());
    let start = match functions.get(n) {
        Some(otherwise) => value(otherwise)?,
        None => super::zeros_like(x, ())?,
    };
    let mut both = conditions.iter().zip(functions);
    both.try_fold(start, |out, (condition, f)| where_(&truth(condition)?, &value(f)?, &out))
}
