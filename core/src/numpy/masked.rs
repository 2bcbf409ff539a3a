//! Reductions of the elements that a mask selects; those that leave NaN out are among them.

use super::elementwise::truth;
use super::manipulation::{alike, cast, strong};
use super::options::{Reduce, Variance};
use super::{
    all, any, astype, bitwise_and, bitwise_invert, bitwise_or, conj, divide, full_like, max, maximum, min,
    minimum, multiply, prod, real, sqrt, subtract, sum, where_,
};
use crate::array::Array;
use crate::dtype::{DType, Kind, Scalar};
use crate::error::Result;
use crate::multimethod;

multimethod! {
    domain "numpy";

    /// The sum of the elements where `mask` is true, over `over`; of none it is 0. Mask and array broadcast.
    ///
    /// NumPy: `sum(x, axis, keepdims, where)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let x = Array::from([[1.0, 2.0], [3.0, 4.0]]);
    /// let mask = Array::from([[true, false], [true, true]]);
    /// assert_eq!(np::sum_where(&x, &mask, 0)?.to_vec::<f64>()?, [4.0, 4.0]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`sum()`](fn@sum); [`Error::Shape`](crate::Error::Shape) if mask and array don't broadcast.
    pub fn sum_where(x: &Array, mask: &Array, over: Reduce) -> Result<Array> {
        sum(&where_(&truth(mask)?, x, false)?, over)
    }

    /// The product of the elements where `mask` is true, over `over`; of none it is 1.
    ///
    /// NumPy: `prod(x, axis, keepdims, where)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let x = Array::from([2.0, 3.0, 5.0]);
    /// assert_eq!(np::prod_where(&x, [true, false, true], ())?.item()?.to_f64(), 10.0);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`prod()`](fn@prod); [`Error::Shape`](crate::Error::Shape) if mask and array don't broadcast.
    pub fn prod_where(x: &Array, mask: &Array, over: Reduce) -> Result<Array> {
        prod(&where_(&truth(mask)?, x, true)?, over)
    }

    /// The least of `initial` and the elements where `mask` is true, over `over`.
    ///
    /// NumPy: `min(x, axis, keepdims, initial, where)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let x = Array::from([5.0, 3.0, 8.0]);
    /// assert_eq!(np::min_where(&x, [true, false, true], 100.0, ())?.item()?.to_f64(), 5.0);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`min()`](fn@min), but for nothing to reduce; an `initial` that does not fit the dtype.
    pub fn min_where(x: &Array, mask: &Array, initial: Scalar, over: Reduce) -> Result<Array> {
        extreme(x, mask, initial, over, |x, over| min(x, over), |a, b| minimum(a, b))
    }

    /// The largest of `initial` and the elements where `mask` is true, over `over`.
    ///
    /// NumPy: `max(x, axis, keepdims, initial, where)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let x = Array::from([5.0, 3.0, 8.0]);
    /// assert_eq!(np::max_where(&x, [true, true, false], 0.0, ())?.item()?.to_f64(), 5.0);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`max()`](fn@max), but for nothing to reduce; an `initial` that does not fit the dtype.
    pub fn max_where(x: &Array, mask: &Array, initial: Scalar, over: Reduce) -> Result<Array> {
        extreme(x, mask, initial, over, |x, over| max(x, over), |a, b| maximum(a, b))
    }

    /// Is any element where `mask` is true not zero?
    ///
    /// NumPy: `any(x, axis, keepdims, where)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let x = Array::from([0.0, 1.0]);
    /// assert_eq!(np::any_where(&x, [true, false], ())?.to_vec::<bool>()?, [false]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`any()`](fn@any); [`Error::Shape`](crate::Error::Shape) if mask and array don't broadcast.
    pub fn any_where(x: &Array, mask: &Array, over: Reduce) -> Result<Array> {
        any(&bitwise_and(&truth(x)?, &truth(mask)?)?, over)
    }

    /// Are all elements where `mask` is true not zero?
    ///
    /// NumPy: `all(x, axis, keepdims, where)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let x = Array::from([0.0, 1.0]);
    /// assert_eq!(np::all_where(&x, [false, true], ())?.to_vec::<bool>()?, [true]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`all()`](fn@all); [`Error::Shape`](crate::Error::Shape) if mask and array don't broadcast.
    pub fn all_where(x: &Array, mask: &Array, over: Reduce) -> Result<Array> {
        all(&bitwise_or(&truth(x)?, &bitwise_invert(&truth(mask)?)?)?, over)
    }

    /// The mean of the elements where `mask` is true, over `over`; NaN where it is nowhere. Dtypes as in
    /// [`mean()`](fn@super::mean).
    ///
    /// NumPy: `mean(x, axis, keepdims, where)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let x = Array::from([1.0, 2.0, 90.0]);
    /// assert_eq!(np::mean_where(&x, [true, true, false], ())?.item()?.to_f64(), 1.5);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`mean()`](fn@super::mean); [`Error::Shape`](crate::Error::Shape) if mask and array don't broadcast.
    pub fn mean_where(x: &Array, mask: &Array, over: Reduce) -> Result<Array> {
        let (x, mask, dtype) = floats(x, mask)?;
        cast(&divide(&sum(&where_(&mask, &x, 0.0)?, over.clone())?, &counted(&x, &mask, over)?)?, dtype)
    }

    /// The variance of the elements where `mask` is true, over `over`, divided by their number less `ddof`. Dtypes as in
    /// [`var()`](fn@super::var).
    ///
    /// NumPy: `var(x, axis, ddof, keepdims, where)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let x = Array::from([1.0, 5.0, 90.0]);
    /// assert_eq!(np::var_where(&x, [true, true, false], ())?.item()?.to_f64(), 4.0);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`var()`](fn@super::var); [`Error::Shape`](crate::Error::Shape) if mask and array don't broadcast.
    pub fn var_where(x: &Array, mask: &Array, over: Variance) -> Result<Array> {
        let (x, mask, dtype) = floats(x, mask)?;
        let (squares, left) = spread(&x, &mask, &over)?;
        cast(&divide(&squares, &maximum(&left, 0.0)?)?, dtype.real())
    }

    /// The standard deviation of the elements where `mask` is true: the root of [`var_where()`].
    ///
    /// NumPy: `std(x, axis, ddof, keepdims, where)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let x = Array::from([1.0, 5.0, 90.0]);
    /// assert_eq!(np::std_where(&x, [true, true, false], ())?.item()?.to_f64(), 2.0);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`var_where()`].
    pub fn std_where(x: &Array, mask: &Array, over: Variance) -> Result<Array> {
        sqrt(&var_where(x, mask, over)?)
    }
}

/// The sums of squared distances from the means of what is selected, and how many there are, less `ddof`.
pub(super) fn spread(x: &Array, mask: &Array, over: &Variance) -> Result<(Array, Array)> {
    let kept = over.axes.clone().keepdims();
    let middle = divide(&sum(&where_(mask, x, 0.0)?, kept.clone())?, &counted(x, mask, kept)?)?;
    let distance = where_(mask, &subtract(x, &middle)?, 0.0)?;
    let squares = if x.dtype().is_complex() {
        real(&multiply(&distance, &conj(&distance)?)?)?
    } else {
        multiply(&distance, &distance)?
    };
    Ok((sum(&squares, over.axes.clone())?, subtract(&counted(x, mask, over.axes.clone())?, over.ddof)?))
}

/// How many elements are selected, in the real dtype of `x`.
pub(super) fn counted(x: &Array, mask: &Array, over: Reduce) -> Result<Array> {
    cast(&sum(mask, over)?, x.dtype().real())
}

/// The array in the dtype that means are computed in, the mask in the shape of both, and the dtype of the result.
fn floats(x: &Array, mask: &Array) -> Result<(Array, Array, DType)> {
    let x = if x.dtype().kind() < Kind::Float { multiply(x, 1.0)? } else { strong(x)? };
    let dtype = x.dtype();
    let x = if dtype == DType::F16 { astype(&x, DType::F32)? } else { x };
    let both = super::broadcast_arrays(&[x, truth(mask)?])?;
    let [x, mask] = &both[..] else { unreachable!("there are as many results as operands") };
    Ok((x.clone(), mask.clone(), dtype))
}

type Binary = fn(&Array, &Array) -> Result<Array>;

fn extreme(
    x: &Array,
    mask: &Array,
    initial: Scalar,
    over: Reduce,
    reduce: fn(&Array, Reduce) -> Result<Array>,
    both: Binary,
) -> Result<Array> {
    let x = where_(&truth(mask)?, &strong(x)?, &Array::weak(initial))?;
    let mask = over.mask("min", x.ndim())?;
    if x.shape().iter().enumerate().any(|(axis, &n)| n == 0 && mask >> axis & 1 == 1) {
        return full_like(&any(&x, over)?, initial, alike(&x, x.dtype()));
    }
    both(&reduce(&x, over)?, &Array::weak(initial))
}
