//! Averages with weights, spreads, covariances; reductions that leave NaN out.

use super::manipulation::{cast, part, strong};
use super::masked::spread;
use super::options::{Along, Reduce, Scanned, Variance};
use super::{
    all, any, astype, conj, cumulative_prod, cumulative_sum, divide, equal, imag, isnan, logical_not, matmul,
    max, maximum, mean, mean_where, min, minimum, multiply, prod, real, sqrt, subtract, sum, where_,
};
use crate::array::Array;
use crate::dtype::{DType, Kind, Scalar};
use crate::error::{Error, Result};
use crate::expr::axes::wrap_axis;
use crate::multimethod;

multimethod! {
    domain "numpy";

    /// The largest element less the smallest one, over `over`. In the dtype of `x`.
    ///
    /// NumPy: `ptp(x, axis, keepdims)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let x = Array::from([[1.0, 5.0], [2.0, 4.0]]);
    /// assert_eq!(np::ptp(&x, 1)?.to_vec::<f64>()?, [4.0, 2.0]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`max()`](fn@max).
    pub fn ptp(x: &Array, over: Reduce) -> Result<Array> {
        subtract(&max(x, over.clone())?, &min(x, over)?)
    }

    /// The mean of elements with weights along an axis (`()`: over all): the sum of their products, divided by the sum of
    /// the weights, which have the shape of `x` or lie along the axis. **Evaluates the weights.** Integers give the
    /// default float.
    ///
    /// NumPy: `average(x, axis, weights)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let (x, weights) = (Array::from([1.0, 4.0]), Array::from([2.0, 1.0]));
    /// assert_eq!(np::average(&x, &weights, ())?.item()?.to_f64(), 2.0); // (2 · 1 + 1 · 4) / 3
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Shape`] for weights of another shape; [`Error::Argument`] if they sum to 0; [`Error::Axis`] out of range.
    pub fn average(x: &Array, weights: &Array, along: Along) -> Result<Array> {
        let (x, weights) = (strong(x)?, strong(weights)?);
        let axis = along.0.map(|axis| wrap_axis("average", axis, x.ndim())).transpose()?;
        let weights = if weights.shape() == x.shape() {
            weights
        } else {
            let axis = axis.filter(|&axis| weights.shape() == [x.shape()[axis]]);
            let axis = axis.ok_or_else(|| Error::Shape {
                op: "average",
                operands: format!("x: {:?}, weights: {:?}, axis {:?}", x.shape(), weights.shape(), along.0),
                fix: "weights have the shape of x, or that of its axis".into(),
            })?;
            let mut shape = vec![1; x.ndim()];
            shape[axis] = weights.len();
            weights.reshape(shape)?.broadcast_to(x.shape())?
        };
        let over = || axis.map_or_else(Reduce::default, Reduce::from);
        let total = sum(&weights, over())?;
        if any(&equal(&total, 0)?, ())?.item()? == Scalar::Bool(true) {
            return Err(Error::Argument {
                op: "average",
                operands: format!("weights: {} {:?}", weights.dtype(), weights.shape()),
                fix: "they sum to 0; give others".into(),
            });
        }
        divide(&sum(&multiply(&x, &multiply(&weights, 1.0)?)?, over())?, &total)
    }

    /// The covariance matrix of variables, one in each row of `x`, or each column: sums of products of distances from their
    /// means, divided by the number of observations less `ddof`. An array of one axis is one variable. The result is
    /// (variables, variables), of one variable a scalar; integers give the default float.
    ///
    /// NumPy: `cov(x, rowvar, ddof)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let x = Array::from([[0.0, 1.0, 2.0], [2.0, 1.0, 0.0]]);
    /// assert_eq!(np::cov(&x, ())?.to_vec::<f64>()?, [1.0, -1.0, -1.0, 1.0]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Shape`] for more than two axes.
    pub fn cov(x: &Array, of: Covariance) -> Result<Array> {
        let c = covariance("cov", x, of)?;
        if c.len() == 1 { c.reshape(()) } else { Ok(c) }
    }

    /// The correlation coefficients of variables, as [`cov()`] takes them: covariances divided by both standard
    /// deviations. Shape and dtype are those of [`cov()`].
    ///
    /// NumPy: `corrcoef(x, rowvar)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let x = Array::from([[0.0, 1.0, 2.0], [4.0, 2.0, 0.0]]);
    /// assert!(np::allclose(np::corrcoef(&x, ())?, [[1.0, -1.0], [-1.0, 1.0]], ())?);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`cov()`].
    pub fn corrcoef(x: &Array, of: Covariance) -> Result<Array> {
        let c = covariance("corrcoef", x, of)?;
        let n = c.shape()[0];
        let variances = part(&c.reshape([n * n])?, 0, 0, n as isize + 1, n)?;
        let spread = sqrt(&real(&variances)?)?;
        let r = divide(&divide(&c, &spread.expand_dims(1)?)?, &spread)?;
        let bounded = |x: &Array| minimum(&maximum(x, -1.0)?, 1.0);
        let r = if r.dtype().is_complex() {
            let i = num_complex::Complex64::new(0.0, 1.0);
            super::add(&bounded(&real(&r)?)?, &multiply(&bounded(&imag(&r)?)?, i)?)?
        } else {
            bounded(&r)?
        };
        if n == 1 { r.reshape(()) } else { Ok(r) }
    }

    /// The sum of what is not NaN over `over`. Shape and dtype as in [`sum()`](fn@sum).
    ///
    /// NumPy: `nansum(x, axis, keepdims)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let x = Array::from([[1.0, f64::NAN], [3.0, 4.0]]);
    /// assert_eq!(np::nansum(&x, 0)?.to_vec::<f64>()?, [4.0, 4.0]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Axis`] out of range or named twice.
    pub fn nansum(x: &Array, over: Reduce) -> Result<Array> {
        sum(&filled(x, 0.0)?, over)
    }

    /// The product of what is not NaN over `over`. Shape and dtype as in [`prod()`](fn@prod).
    ///
    /// NumPy: `nanprod(x, axis, keepdims)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let x = Array::from([2.0, f64::NAN, 3.0]);
    /// assert_eq!(np::nanprod(&x, ())?.item()?.to_f64(), 6.0);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Axis`] out of range or named twice.
    pub fn nanprod(x: &Array, over: Reduce) -> Result<Array> {
        prod(&filled(x, 1.0)?, over)
    }

    /// The smallest element over `over` that is not NaN; NaN where all are. In the dtype of `x`.
    ///
    /// NumPy: `nanmin(x, axis, keepdims)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let x = Array::from([2.0, f64::NAN, 1.0]);
    /// assert_eq!(np::nanmin(&x, ())?.item()?.to_f64(), 1.0);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`min()`](fn@min).
    pub fn nanmin(x: &Array, over: Reduce) -> Result<Array> {
        nan_where_all_are(x, &min(&filled(x, f64::INFINITY)?, over.clone())?, over)
    }

    /// The largest element over `over` that is not NaN; NaN where all are. In the dtype of `x`.
    ///
    /// NumPy: `nanmax(x, axis, keepdims)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let x = Array::from([2.0, f64::NAN, 1.0]);
    /// assert_eq!(np::nanmax(&x, ())?.item()?.to_f64(), 2.0);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`max()`](fn@max).
    pub fn nanmax(x: &Array, over: Reduce) -> Result<Array> {
        nan_where_all_are(x, &max(&filled(x, f64::NEG_INFINITY)?, over.clone())?, over)
    }

    /// The mean of what is not NaN over `over`; NaN where all are. Integers give the default float.
    ///
    /// NumPy: `nanmean(x, axis, keepdims)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let x = Array::from([[1.0, f64::NAN], [3.0, 4.0]]);
    /// assert_eq!(np::nanmean(&x, 0)?.to_vec::<f64>()?, [2.0, 4.0]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Axis`] out of range or named twice.
    pub fn nanmean(x: &Array, over: Reduce) -> Result<Array> {
        if x.dtype().kind() < Kind::Float {
            return mean(x, over);
        }
        mean_where(x, &logical_not(&isnan(x)?)?, over)
    }

    /// The variance of what is not NaN over `over`, divided by the number of elements less `ddof`; NaN where there are
    /// no more than that. Integers give the default float.
    ///
    /// NumPy: `nanvar(x, axis, ddof, keepdims)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let x = Array::from([1.0, f64::NAN, 5.0]);
    /// assert_eq!(np::nanvar(&x, ())?.item()?.to_f64(), 4.0);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Axis`] out of range or named twice.
    pub fn nanvar(x: &Array, over: Variance) -> Result<Array> {
        if x.dtype().kind() < Kind::Float {
            return super::var(x, over);
        }
        let wide = if x.dtype() == DType::F16 { astype(x, DType::F32)? } else { strong(x)? };
        let (squares, left) = spread(&wide, &logical_not(&isnan(&wide)?)?, &over)?;
        let var = where_(&super::greater(&left, 0.0)?, &divide(&squares, &left)?, f64::NAN)?;
        cast(&var, x.dtype().real())
    }

    /// The standard deviation of what is not NaN over `over`: the root of [`nanvar()`].
    ///
    /// NumPy: `nanstd(x, axis, ddof, keepdims)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let x = Array::from([1.0, f64::NAN, 5.0]);
    /// assert_eq!(np::nanstd(&x, ())?.item()?.to_f64(), 2.0);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Axis`] out of range or named twice.
    pub fn nanstd(x: &Array, over: Variance) -> Result<Array> {
        sqrt(&nanvar(x, over)?)
    }

    /// Sums of the elements up to each one along an axis, of which NaN counts as 0.
    ///
    /// NumPy: `nancumsum(x, axis, dtype)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let x = Array::from([1.0, f64::NAN, 3.0]);
    /// assert_eq!(np::nancumsum(&x, ())?.to_vec::<f64>()?, [1.0, 1.0, 4.0]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`cumulative_sum()`](fn@cumulative_sum).
    pub fn nancumsum(x: &Array, along: Scanned) -> Result<Array> {
        cumulative_sum(&filled(x, 0.0)?, along)
    }

    /// Products of the elements up to each one along an axis, of which NaN counts as 1.
    ///
    /// NumPy: `nancumprod(x, axis, dtype)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let x = Array::from([2.0, f64::NAN, 3.0]);
    /// assert_eq!(np::nancumprod(&x, ())?.to_vec::<f64>()?, [2.0, 2.0, 6.0]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`cumulative_prod()`](fn@cumulative_prod).
    pub fn nancumprod(x: &Array, along: Scanned) -> Result<Array> {
        cumulative_prod(&filled(x, 1.0)?, along)
    }
}

/// Of what [`cov()`] is a covariance: `()` for variables in rows and `ddof` 1, `.columns()`, `.ddof(0.0)`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Covariance {
    /// Variables are in the columns.
    pub columns: bool,
    /// Subtracted from the number of observations.
    pub ddof: f64,
}

impl Covariance {
    /// Variables are in the columns.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let x = Array::from([[0.0, 2.0], [1.0, 1.0], [2.0, 0.0]]);
    /// let c = np::cov(&x, np::Covariance::from(()).columns())?;
    /// assert_eq!(c.to_vec::<f64>()?, [1.0, -1.0, -1.0, 1.0]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    #[must_use]
    pub fn columns(self) -> Covariance {
        Covariance { columns: true, ..self }
    }

    /// Divided by the number of observations less this.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let x = Array::from([1.0, 3.0]);
    /// assert_eq!(np::cov(&x, np::Covariance::from(()).ddof(0.0))?.item()?.to_f64(), 1.0);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    #[must_use]
    pub fn ddof(self, ddof: f64) -> Covariance {
        Covariance { ddof, ..self }
    }
}

impl From<()> for Covariance {
    fn from((): ()) -> Covariance {
        Covariance { columns: false, ddof: 1.0 }
    }
}

fn covariance(op: &'static str, x: &Array, of: Covariance) -> Result<Array> {
    let x = match x.ndim() {
        0 | 1 => strong(x)?.reshape([1, x.len()])?,
        2 if of.columns => x.t(),
        2 => x.clone(),
        _ => {
            return Err(Error::Shape {
                op,
                operands: format!("x: {:?}", x.shape()),
                fix: "it takes one axis or two".into(),
            });
        }
    };
    let x = multiply(&x, 1.0)?;
    let distance = subtract(&x, &mean(&x, super::axis(-1).keepdims())?)?;
    let left = (x.shape()[1] as f64 - of.ddof).max(0.0);
    let turned = if x.dtype().is_complex() { conj(&distance.t())? } else { distance.t() };
    divide(&matmul(&distance, &turned)?, left)
}

/// With a value in place of NaN.
fn filled(x: &Array, value: f64) -> Result<Array> {
    if x.dtype().kind() < Kind::Float {
        return strong(x);
    }
    where_(&isnan(x)?, value, x)
}

fn nan_where_all_are(x: &Array, result: &Array, over: Reduce) -> Result<Array> {
    if !x.dtype().is_float() {
        return Ok(result.clone());
    }
    where_(&all(&isnan(x)?, over)?, f64::NAN, result)
}
