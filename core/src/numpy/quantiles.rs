//! Quantiles: `median`, `percentile`, `quantile`, and those that leave NaN out.
//!
//! The methods are those of R. J. Hyndman and Y. Fan, "Sample quantiles in statistical packages", The American Statistician 50
//! (1996), and NumPy's own five.

use super::creation::float_beside;
use super::manipulation::{alike, cast, numbers_beside, part, positions, strong};
use super::options::{Reduce, axis};
use super::typing::ordered;
use super::{
    add, all, any, argsort, count_nonzero, cumulative_sum, divide, equal, full, greater, greater_equal,
    isnan, less, logical_and, logical_not, logical_or, mean, minimum, multiply, order_statistics, sort,
    subtract, take_along_axis, where_,
};
use crate::array::Array;
use crate::dtype::{DType, Kind, Scalar};
use crate::error::{Error, Result};
use crate::expr::axes::wrap_axis;
use crate::multimethod;
use smallvec::SmallVec;

/// How a quantile is found between the elements beside it; `()` for [`Linear`](Method::Linear).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[allow(missing_docs, reason = "the names are NumPy's")]
pub enum Method {
    InvertedCdf,
    AveragedInvertedCdf,
    ClosestObservation,
    InterpolatedInvertedCdf,
    Hazen,
    Weibull,
    #[default]
    Linear,
    MedianUnbiased,
    NormalUnbiased,
    Lower,
    Higher,
    Midpoint,
    Nearest,
}

/// Every [`Method`].
pub const QUANTILE_METHODS: [Method; 13] = [
    Method::InvertedCdf,
    Method::AveragedInvertedCdf,
    Method::ClosestObservation,
    Method::InterpolatedInvertedCdf,
    Method::Hazen,
    Method::Weibull,
    Method::Linear,
    Method::MedianUnbiased,
    Method::NormalUnbiased,
    Method::Lower,
    Method::Higher,
    Method::Midpoint,
    Method::Nearest,
];

/// Between which elements of a sorted row a quantile lies, and how far from the lower one.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Between {
    low: usize,
    high: usize,
    part: f64,
}

impl Method {
    /// Whether it gives elements of the array itself.
    fn is_discrete(self) -> bool {
        use Method::{ClosestObservation, Higher, InvertedCdf, Lower, Nearest};
        matches!(self, InvertedCdf | ClosestObservation | Lower | Higher | Nearest)
    }

    /// The quantile `q` of `n` elements, at least one.
    fn between(self, n: usize, q: f64) -> Between {
        let count = n as f64;
        let linear = (count - 1.0) * q;
        let general = |a: f64, b: f64| count * q + (a + q * (1.0 - a - b)) - 1.0;
        let at = |virtual_index: f64| {
            let index = virtual_index.clamp(0.0, count - 1.0);
            Between { low: index as usize, high: index as usize, part: 0.0 }
        };
        // The element at an index or the next one.
        let stepped = |index: f64, stays: bool| at(if stays { index.floor() } else { index.floor() + 1.0 });
        let (index, fixed): (f64, Option<f64>) = match self {
            Method::InvertedCdf => {
                let index = count * q - 1.0;
                return stepped(index, index.fract() == 0.0);
            }
            Method::ClosestObservation => {
                let index = count * q - 1.5;
                return stepped(index, index == index.floor() && index.floor().rem_euclid(2.0) == 1.0);
            }
            Method::Lower => return at(linear.floor()),
            Method::Higher => return at(linear.ceil()),
            Method::Nearest => return at(linear.round_ties_even()),
            Method::AveragedInvertedCdf => {
                let index = count * q - 1.0;
                (index, Some(if index == index.floor() { 0.5 } else { 1.0 }))
            }
            Method::InterpolatedInvertedCdf => (general(0.0, 1.0), None),
            Method::Hazen => (general(0.5, 0.5), None),
            Method::Weibull => (general(0.0, 0.0), None),
            Method::Linear => (linear, None),
            Method::MedianUnbiased => (general(1.0 / 3.0, 1.0 / 3.0), None),
            Method::NormalUnbiased => (general(3.0 / 8.0, 3.0 / 8.0), None),
            Method::Midpoint => {
                let index = 0.5 * (linear.floor() + linear.ceil());
                (index, Some(if index == index.floor() { 0.0 } else { 0.5 }))
            }
        };
        if index < 0.0 || index >= count - 1.0 {
            return at(index);
        }
        let low = index.floor();
        Between { low: low as usize, high: low as usize + 1, part: fixed.unwrap_or(index - low) }
    }
}

/// One quantile or several, and how they are found: `0.5`, `[0.25, 0.75]`, `Quantiles::from(0.5).by(Method::Hazen)`.
#[derive(Clone, Debug, PartialEq)]
pub struct Quantiles {
    /// From 0 to 1 ([`percentile()`]: to 100).
    pub q: Vec<f64>,
    /// It is one number: the result has no axis for it.
    pub single: bool,
    /// How they are found.
    pub method: Method,
}

impl Quantiles {
    /// By a method.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy::{self as np, Method, Quantiles}};
    /// # use polyarray_cpu as _;
    /// let x = Array::from([1.0, 2.0, 3.0, 4.0]);
    /// assert_eq!(np::quantile(&x, 0.5, ())?.item()?.to_f64(), 2.5);
    /// let higher = Quantiles::from(0.5).by(Method::Higher);
    /// assert_eq!(np::quantile(&x, higher, ())?.item()?.to_f64(), 3.0);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    #[must_use]
    pub fn by(self, method: Method) -> Quantiles {
        Quantiles { method, ..self }
    }

    fn checked(mut self, op: &'static str, scale: f64) -> Result<Quantiles> {
        for q in &mut self.q {
            *q /= scale;
            if !(0.0..=1.0).contains(q) {
                return Err(Error::Argument {
                    op,
                    operands: format!("{}", *q * scale),
                    fix: format!("quantiles lie between 0 and {scale}"),
                });
            }
        }
        Ok(self)
    }
}

impl From<f64> for Quantiles {
    fn from(q: f64) -> Quantiles {
        Quantiles { q: vec![q], single: true, method: Method::Linear }
    }
}
impl<const N: usize> From<[f64; N]> for Quantiles {
    fn from(q: [f64; N]) -> Quantiles {
        Quantiles::from(&q[..])
    }
}
impl From<Vec<f64>> for Quantiles {
    fn from(q: Vec<f64>) -> Quantiles {
        Quantiles { q, single: false, method: Method::Linear }
    }
}
impl From<&[f64]> for Quantiles {
    fn from(q: &[f64]) -> Quantiles {
        Quantiles::from(q.to_vec())
    }
}

multimethod! {
    domain "numpy";

    /// The median over `over`: the middle element, or the mean of both middle ones; NaN if there is one. Integers give the default
    /// float. Of nothing it is NaN.
    ///
    /// NumPy: `median(x, axis, keepdims)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let x = Array::from([[10.0, 7.0, 4.0], [3.0, 2.0, 1.0]]);
    /// assert_eq!(np::median(&x, ())?.item()?.to_f64(), 3.5);
    /// assert_eq!(np::median(&x, 1)?.to_vec::<f64>()?, [7.0, 2.0]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::DType`] for complex numbers; [`Error::Axis`] out of range.
    pub fn median(x: &Array, over: Reduce) -> Result<Array> {
        let rows = Slices::of("median", x, over)?;
        let n = rows.len();
        if n == 0 {
            return rows.nan();
        }
        let middle = mean(&order_statistics(&rows.rows, [(n - 1) / 2, n / 2], -1)?, -1)?;
        rows.restore(&spoiled(&middle, &rows)?)
    }

    /// Quantiles over `over`, each between 0 and 1; NaN if there is one. Several have an axis of their own, the first of the result.
    /// Integers give the default float, unless the method gives elements of the array.
    ///
    /// NumPy: `quantile(x, q, axis, method, keepdims)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let x = Array::from([5.0, 1.0, 4.0, 2.0, 3.0]);
    /// assert_eq!(np::quantile(&x, [0.25, 0.75], ())?.to_vec::<f64>()?, [2.0, 4.0]);
    /// let lower = np::Quantiles::from(0.4).by(np::Method::Lower);
    /// assert_eq!(np::quantile(&x, lower, ())?.item()?.to_f64(), 2.0);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Argument`] for a number beyond 0 and 1; [`Error::Shape`] for no elements; [`Error::DType`] for complex
    /// numbers; [`Error::Axis`] out of range.
    pub fn quantile(x: &Array, q: Quantiles, over: Reduce) -> Result<Array> {
        quantiles("quantile", x, q.checked("quantile", 1.0)?, over)
    }

    /// [`quantile()`] in percents, each between 0 and 100.
    ///
    /// NumPy: `percentile(x, q, axis, method, keepdims)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let x = Array::from([[10.0, 7.0, 4.0], [3.0, 2.0, 1.0]]);
    /// assert_eq!(np::percentile(&x, 50.0, 0)?.to_vec::<f64>()?, [6.5, 4.5, 2.5]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`quantile()`].
    pub fn percentile(x: &Array, q: Quantiles, over: Reduce) -> Result<Array> {
        quantiles("percentile", x, q.checked("percentile", 100.0)?, over)
    }

    /// Quantiles of elements with weights: the first element in ascending order up to which, itself included, the weights sum to
    /// at least the share `q` of all. Weights have the shape of `x`, or lie along the one axis that is reduced. By
    /// [`Method::InvertedCdf`] only, which therefore has to be named. **Evaluates the weights.**
    ///
    /// NumPy: `quantile(x, q, axis, method="inverted_cdf", keepdims, weights)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy::{self as np, Method, Quantiles}};
    /// # use polyarray_cpu as _;
    /// let x = Array::from([1.0, 2.0, 3.0]);
    /// let half = Quantiles::from(0.5).by(Method::InvertedCdf);
    /// // The weights up to 2 sum to 2 of 10.
    /// assert_eq!(np::quantile_weighted(&x, [1.0, 1.0, 8.0], half, ())?.item()?.to_f64(), 3.0);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Argument`] for another method, and for weights that are negative, NaN or 0 together; [`Error::Shape`] for
    /// weights of another shape; those of [`quantile()`].
    pub fn quantile_weighted(x: &Array, weights: &Array, q: Quantiles, over: Reduce) -> Result<Array> {
        weighted("quantile_weighted", x, weights, q.checked("quantile_weighted", 1.0)?, over)
    }

    /// [`quantile_weighted()`] in percents, each between 0 and 100.
    ///
    /// NumPy: `percentile(x, q, axis, method="inverted_cdf", keepdims, weights)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy::{self as np, Method, Quantiles}};
    /// # use polyarray_cpu as _;
    /// let x = Array::from([1.0, 2.0, 3.0]);
    /// let some = Quantiles::from(15.0).by(Method::InvertedCdf);
    /// assert_eq!(np::percentile_weighted(&x, [1.0, 1.0, 8.0], some, ())?.item()?.to_f64(), 2.0);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`quantile_weighted()`].
    pub fn percentile_weighted(x: &Array, weights: &Array, q: Quantiles, over: Reduce) -> Result<Array> {
        weighted("percentile_weighted", x, weights, q.checked("percentile_weighted", 100.0)?, over)
    }

    /// The median of what is not NaN over `over`; NaN where all is. **Evaluates `x`** if it is of floats.
    ///
    /// NumPy: `nanmedian(x, axis, keepdims)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let x = Array::from([[10.0, f64::NAN, 4.0], [3.0, 2.0, 1.0]]);
    /// assert_eq!(np::nanmedian(&x, 1)?.to_vec::<f64>()?, [7.0, 2.0]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`median()`].
    pub fn nanmedian(x: &Array, over: Reduce) -> Result<Array> {
        if !has_nan(x)? {
            return median(x, over);
        }
        nan_quantiles("nanmedian", x, Quantiles::from(0.5), over)
    }

    /// Quantiles of what is not NaN over `over`; NaN where all is. **Evaluates `x`** if it is of floats.
    ///
    /// NumPy: `nanquantile(x, q, axis, method, keepdims)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let x = Array::from([1.0, f64::NAN, 2.0, 3.0]);
    /// assert_eq!(np::nanquantile(&x, [0.0, 0.5], ())?.to_vec::<f64>()?, [1.0, 2.0]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`quantile()`].
    pub fn nanquantile(x: &Array, q: Quantiles, over: Reduce) -> Result<Array> {
        let q = q.checked("nanquantile", 1.0)?;
        if has_nan(x)? { nan_quantiles("nanquantile", x, q, over) } else { quantiles("nanquantile", x, q, over) }
    }

    /// [`nanquantile()`] in percents, each between 0 and 100.
    ///
    /// NumPy: `nanpercentile(x, q, axis, method, keepdims)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let x = Array::from([1.0, f64::NAN, 2.0, 3.0]);
    /// assert_eq!(np::nanpercentile(&x, 75.0, ())?.item()?.to_f64(), 2.5);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`quantile()`].
    pub fn nanpercentile(x: &Array, q: Quantiles, over: Reduce) -> Result<Array> {
        let q = q.checked("nanpercentile", 100.0)?;
        if has_nan(x)? { nan_quantiles("nanpercentile", x, q, over) } else { quantiles("nanpercentile", x, q, over) }
    }
}

/// An array whose reduced axes are the rows of a matrix.
struct Slices {
    rows: Array,
    kept: SmallVec<[usize; 8]>,
}

impl Slices {
    fn of(op: &'static str, x: &Array, over: Reduce) -> Result<Slices> {
        let x = strong(x)?;
        ordered(op, x.dtype())?;
        let mask = over.mask(op, x.ndim())?;
        let (reduced, others): (SmallVec<[isize; 8]>, SmallVec<[isize; 8]>) =
            (0..x.ndim() as isize).partition(|axis| mask >> axis & 1 == 1);
        let length = |axes: &[isize]| axes.iter().map(|&a| x.shape()[a as usize]).product::<usize>();
        let (count, len) = (length(&others), length(&reduced));
        let kept = (0..x.ndim()).filter_map(|axis| match (mask >> axis & 1 == 1, over.keepdims) {
            (true, false) => None,
            (true, true) => Some(1),
            (false, _) => Some(x.shape()[axis]),
        });
        let kept = kept.collect();
        Ok(Slices { rows: x.permute([others, reduced].concat())?.reshape([count, len])?, kept })
    }

    fn len(&self) -> usize {
        self.rows.shape()[1]
    }

    /// The length, which is not 0.
    fn filled(&self, op: &'static str) -> Result<usize> {
        match self.len() {
            0 => Err(Error::Shape {
                op,
                operands: format!("slices of shape {:?}", self.rows.shape()),
                fix: "there is no quantile of nothing".into(),
            }),
            n => Ok(n),
        }
    }

    /// One result for each row, under the axes that are left.
    fn restore(&self, result: &Array) -> Result<Array> {
        result.reshape(&self.kept[..])
    }

    /// Results of several quantiles, (rows, q).
    fn restore_all(&self, results: &Array, single: bool) -> Result<Array> {
        let q = results.shape()[1];
        let first: &[usize] = if single { &[] } else { &[q] };
        let shape: SmallVec<[usize; 8]> = first.iter().chain(&self.kept).copied().collect();
        results.t().reshape(&shape[..])
    }

    /// The dtype of what lies between elements.
    fn float(&self) -> Result<DType> {
        let dtype = self.rows.dtype();
        if dtype.kind() >= Kind::Float {
            return Ok(dtype);
        }
        float_beside(&self.rows)
    }

    fn nan(&self) -> Result<Array> {
        let create = alike(&self.rows, self.float()?);
        full(&self.kept[..], f64::NAN, create)
    }
}

fn has_nan(x: &Array) -> Result<bool> {
    if !x.dtype().is_float() || x.is_empty() {
        return Ok(false);
    }
    Ok(any(&isnan(x)?, ())?.item()? == Scalar::Bool(true))
}

/// NaN where a row has one.
fn spoiled(results: &Array, rows: &Slices) -> Result<Array> {
    if !rows.rows.dtype().is_float() {
        return Ok(results.clone());
    }
    let nan = any(&isnan(&rows.rows)?, -1)?;
    let nan = if results.ndim() == 1 { nan } else { nan.expand_dims(1)? };
    where_(&nan, f64::NAN, results)
}

fn quantiles(op: &'static str, x: &Array, q: Quantiles, over: Reduce) -> Result<Array> {
    let rows = Slices::of(op, x, over)?;
    let n = rows.filled(op)?;
    let between: Vec<Between> = q.q.iter().map(|&of| q.method.between(n, of)).collect();
    let ranks: Vec<usize> = between.iter().map(|b| b.low).chain(between.iter().map(|b| b.high)).collect();
    let stats = order_statistics(&rows.rows, &ranks[..], -1)?;
    let m = between.len();
    let low = part(&stats, 1, 0, 1, m)?;
    if q.method.is_discrete() {
        return rows.restore_all(&spoiled(&low, &rows)?, q.single);
    }
    let parts = between.iter().map(|b| b.part).collect();
    let results = interpolated(&rows, &low, &part(&stats, 1, m, 1, m)?, parts, &[1, m])?;
    rows.restore_all(&spoiled(&results, &rows)?, q.single)
}

/// Between two elements, as far from the lower one as `parts` say, which have this shape. As NumPy does, from the nearer of both.
fn interpolated(rows: &Slices, low: &Array, high: &Array, parts: Vec<f64>, shape: &[usize]) -> Result<Array> {
    let float = rows.float()?;
    // Halves are rounded once.
    let wide = if float == DType::F16 { DType::F32 } else { float };
    let t = numbers_beside(parts.into_iter(), wide, low)?.reshape(shape)?;
    let (low, high) = (cast(low, wide)?, cast(high, wide)?);
    let step = subtract(&high, &low)?;
    let near_low = add(&low, &multiply(&step, &t)?)?;
    let near_high = subtract(&high, &multiply(&step, &subtract(1.0, &t)?)?)?;
    cast(&where_(&greater_equal(&t, 0.5)?, &near_high, &near_low)?, float)
}

/// Quantiles of rows that have other numbers of elements each, since NaN is none.
fn nan_quantiles(op: &'static str, x: &Array, q: Quantiles, over: Reduce) -> Result<Array> {
    let rows = Slices::of(op, x, over)?;
    let (m, count) = (q.q.len(), rows.rows.shape()[0]);
    let sorted = sort(&rows.rows, -1)?;
    let counts = count_nonzero(&logical_not(&isnan(&rows.rows)?)?, -1)?.to("host")?.to_vec::<i64>()?;
    // In rows of nothing the first element, which is NaN, is every quantile.
    let between = |n: i64| q.q.iter().map(move |&of| q.method.between((n as usize).max(1), of));
    let between: Vec<Between> = counts.iter().flat_map(|&n| between(n)).collect();
    let at = |of: fn(&Between) -> usize| -> Result<Array> {
        let at = positions(between.iter().map(|b| of(b) as i64).collect(), x)?;
        take_along_axis(&sorted, &at.reshape([count, m])?, -1)
    };
    let low = at(|b| b.low)?;
    if q.method.is_discrete() {
        return rows.restore_all(&low, q.single);
    }
    let parts = between.iter().map(|b| b.part).collect();
    rows.restore_all(&interpolated(&rows, &low, &at(|b| b.high)?, parts, &[count, m])?, q.single)
}

fn weighted(op: &'static str, x: &Array, weights: &Array, q: Quantiles, over: Reduce) -> Result<Array> {
    let bad = |operands: String, fix: &str| Error::Argument { op, operands, fix: fix.into() };
    if q.method != Method::InvertedCdf {
        return Err(bad(format!("{:?}", q.method), "weights are defined for Method::InvertedCdf only"));
    }
    let (x, weights) = (strong(x)?, strong(weights)?);
    let weights = if weights.shape() == x.shape() {
        weights
    } else {
        let axis = match over.axes.as_deref() {
            Some(&[axis]) => Some(wrap_axis(op, axis, x.ndim())?),
            _ => None,
        };
        let axis = axis.filter(|&axis| weights.shape() == [x.shape()[axis]]).ok_or_else(|| Error::Shape {
            op,
            operands: format!("x: {:?}, weights: {:?}", x.shape(), weights.shape()),
            fix: "weights have the shape of x, or that of the axis".into(),
        })?;
        let mut shape = vec![1; x.ndim()];
        shape[axis] = weights.len();
        weights.reshape(shape)?.broadcast_to(x.shape())?
    };
    let float = float_beside(&x)?;
    let (rows, weights) =
        (Slices::of(op, &x, over.clone())?, Slices::of(op, &cast(&weights, float)?, over)?.rows);
    let n = rows.filled(op)?;
    let order = argsort(&rows.rows, -1)?;
    let up_to = cumulative_sum(&take_along_axis(&weights, &order, -1)?, 1)?;
    let total = part(&up_to, 1, n - 1, 1, 1)?;
    let good =
        logical_and(&greater(&total, 0.0)?, &all(&greater_equal(&weights, 0.0)?, axis(-1).keepdims())?)?;
    if all(&logical_and(&good, &less(&total, f64::INFINITY)?)?, ())?.item()? != Scalar::Bool(true) {
        return Err(bad(
            format!("weights: {:?}", weights.shape()),
            "they are finite, not negative, and not 0 together",
        ));
    }
    let q_row = numbers_beside(q.q.iter().copied(), float, &rows.rows)?;
    let share = divide(&up_to, &total)?.expand_dims(2)?;
    // The first ones may have no weight: they are no quantile, not even the one of 0.
    let before = logical_or(&less(&share, &q_row)?, &equal(&share, 0.0)?)?;
    let at = minimum(&count_nonzero(&before, 1)?, n as i64 - 1)?;
    let found = take_along_axis(&take_along_axis(&rows.rows, &order, -1)?, &at, -1)?;
    rows.restore_all(&spoiled(&found, &rows)?, q.single)
}
