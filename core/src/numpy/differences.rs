//! Differences, slopes, areas, and values between points.

use super::manipulation::{Axes, Count, along, cast, common, one, part, strong};
use super::options::{Axis, scan_along};
use super::{
    Gather, Side, absolute, add, bitwise_and, concat, cumulative_sum, divide, equal, greater, less, maximum,
    minimum, multiply, not_equal, remainder, searchsorted, subtract, sum, take, where_, zeros_like,
};
use crate::array::Array;
use crate::dtype::{DType, Kind, promote};
use crate::error::{Error, Result};
use crate::expr::axes::{wrap_axes, wrap_axis};
use crate::multimethod;

multimethod! {
    domain "numpy";

    /// Differences of neighbours along an axis, taken `n` times (`()`: once): each time it is one shorter. Of bools,
    /// whether they differ. In the dtype of `x`.
    ///
    /// NumPy: `diff(x, n, axis)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let x = Array::from([1, 4, 9, 16]);
    /// assert_eq!(np::diff(&x, (), 0)?.to_vec::<i32>()?, [3, 5, 7]);
    /// assert_eq!(np::diff(&x, 2, 0)?.to_vec::<i32>()?, [2, 2]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Axis`] out of range.
    pub fn diff(x: &Array, n: Count, axis: Axis) -> Result<Array> {
        let x = strong(x)?;
        let axis = wrap_axis("diff", axis.0, x.ndim())?;
        // Of nothing nothing is left, however often it is taken.
        (0..n.0.unwrap_or(1).min(x.shape()[axis])).try_fold(x, |x, _| difference(&x, axis))
    }

    /// Differences of neighbours of the flattened array. One axis, in the dtype of `x`.
    ///
    /// NumPy: `ediff1d(x)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let x = Array::from([[1, 4], [9, 16]]);
    /// assert_eq!(np::ediff1d(&x)?.to_vec::<i32>()?, [3, 5, 7]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::DType`] for bools.
    pub fn ediff1d(x: &Array) -> Result<Array> {
        let (x, _) = along("ediff1d", x, None)?;
        let n = x.len().saturating_sub(1);
        subtract(&part(&x, 0, x.len() - n, 1, n)?, &part(&x, 0, 0, 1, n)?)
    }

    /// Slopes along some axes (`()`: along all), one array for each: central differences inside, one-sided ones at the ends,
    /// of order 1 or 2. Spacings are 1, one number for all axes, or one for each. Integers give the default float.
    /// Each is of the shape of `x`.
    ///
    /// NumPy: `gradient(f, *varargs, axis, edge_order)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let x = Array::from([1.0, 2.0, 4.0, 7.0]);
    /// assert_eq!(np::gradient(&x, (), ())?[0].to_vec::<f64>()?, [1.0, 1.5, 2.5, 3.0]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Shape`] if an axis is shorter than an edge needs; [`Error::Argument`] for another number of spacings or
    /// another order; [`Error::Axis`] out of range.
    pub fn gradient(x: &Array, spacing: Spacing, axes: Axes) -> Result<Vec<Array>> {
        let x = multiply(&strong(x)?, 1.0)?;
        let axes = if axes.0.is_empty() { (0..x.ndim()).collect() } else { wrap_axes("gradient", &axes.0, x.ndim())? };
        let steps = match spacing.steps.len() {
            0 => vec![1.0; axes.len()],
            1 => vec![spacing.steps[0]; axes.len()],
            n if n == axes.len() => spacing.steps.clone(),
            n => {
                return Err(Error::Argument {
                    op: "gradient",
                    operands: format!("{n} spacings, {} axes", axes.len()),
                    fix: "give one spacing, or one for each axis".into(),
                });
            }
        };
        axes.iter().zip(steps).map(|(&axis, step)| slope(&x, axis, step, spacing.edge_order)).collect()
    }

    /// Slopes along one axis, at coordinates that lie along it; otherwise as [`gradient()`].
    ///
    /// NumPy: `gradient(f, x, axis=axis, edge_order)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let (t, x) = (Array::from([0.0, 1.0, 3.0]), Array::from([0.0, 1.0, 9.0]));
    /// assert!(np::allclose(np::gradient_at(&x, &t, 0, ())?, [1.0, 2.0, 4.0], ())?);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`gradient()`]; [`Error::Shape`] if there are not as many coordinates.
    pub fn gradient_at(x: &Array, coordinates: &Array, axis: Axis, edge_order: EdgeOrder) -> Result<Array> {
        let x = multiply(&strong(x)?, 1.0)?;
        let axis = wrap_axis("gradient_at", axis.0, x.ndim())?;
        let n = x.shape()[axis];
        if coordinates.shape() != [n] {
            return Err(Error::Shape {
                op: "gradient_at",
                operands: format!("x: {:?}, axis {axis}, coordinates: {:?}", x.shape(), coordinates.shape()),
                fix: "give one coordinate for each element along the axis".into(),
            });
        }
        edges_fit("gradient_at", &x, axis, edge_order.0)?;
        let mut shape = vec![1; x.ndim()];
        shape[axis] = n - 1;
        let steps = cast(&difference(coordinates, 0)?, x.dtype().real())?.reshape(shape)?;
        uneven_slope(&x, axis, &steps, edge_order.0)
    }

    /// The integral along an axis by the trapezoidal rule, of values that lie `dx` apart. Integers give the default
    /// float. The result lacks the axis.
    ///
    /// NumPy: `trapezoid(y, dx, axis)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let y = Array::from([1.0, 2.0, 3.0]);
    /// assert_eq!(np::trapezoid(&y, 1.0, -1)?.item()?.to_f64(), 4.0);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Axis`] out of range.
    pub fn trapezoid(y: &Array, dx: f64, axis: Axis) -> Result<Array> {
        let (axis, both) = neighbours("trapezoid", y, axis)?;
        sum(&divide(&multiply(&both, dx)?, 2.0)?, axis)
    }

    /// The integral along an axis by the trapezoidal rule, of values at coordinates: one axis, or the shape of `y`.
    /// The result lacks the axis; its dtype is the promoted one, of integers the default float.
    ///
    /// NumPy: `trapezoid(y, x, axis)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let (y, x) = (Array::from([1.0, 2.0, 3.0]), Array::from([4.0, 6.0, 8.0]));
    /// assert_eq!(np::trapezoid_at(&y, &x, -1)?.item()?.to_f64(), 8.0);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Axis`] out of range; [`Error::Shape`] if they don't broadcast.
    pub fn trapezoid_at(y: &Array, x: &Array, axis: Axis) -> Result<Array> {
        // Integers beside floats are floats of the kind that both have in common.
        let y = if x.dtype().kind() >= Kind::Float { cast(&strong(y)?, promote(y.dtype(), x.dtype()))? } else { y.clone() };
        let (axis, both) = neighbours("trapezoid_at", &y, axis)?;
        let steps = if x.ndim() == 1 {
            let mut shape = vec![1; y.ndim()];
            shape[axis] = x.len().saturating_sub(1);
            difference(x, 0)?.reshape(shape)?
        } else {
            difference(x, wrap_axis("trapezoid_at", axis as isize, x.ndim())?)?
        };
        sum(&divide(&multiply(&both, &steps)?, 2.0)?, axis)
    }

    /// Values at `x` on the lines that join the points (`xp[i]`, `fp[i]`), whose coordinates ascend; beyond them the first
    /// and the last value, or those given. Of the shape of `x`; integers give the default float.
    ///
    /// NumPy: `interp(x, xp, fp, left, right)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let (xp, fp) = (Array::from([1.0, 2.0, 3.0]), Array::from([3.0, 2.0, 0.0]));
    /// let x = Array::from([2.5, 0.0]);
    /// assert_eq!(np::interp(&x, &xp, &fp, ())?.to_vec::<f64>()?, [1.0, 3.0]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Shape`] if the points are none, of more than one axis, or not as many of both.
    pub fn interp(x: &Array, xp: &Array, fp: &Array, beyond: Beyond) -> Result<Array> {
        if xp.ndim() != 1 || xp.shape() != fp.shape() || xp.is_empty() {
            return Err(Error::Shape {
                op: "interp",
                operands: format!("xp: {:?}, fp: {:?}", xp.shape(), fp.shape()),
                fix: "give as many values as coordinates, along one axis, at least one".into(),
            });
        }
        let (x, xp) = common(&multiply(x, 1.0)?, &multiply(xp, 1.0)?)?;
        let (fp, n) = (multiply(fp, 1.0)?, xp.len());
        let clipped = Gather::from(0).clip();
        let right = minimum(&maximum(&searchsorted(&xp, &x, Side::Right)?, 1)?, (n as i64 - 1).max(1))?;
        let left = subtract(&right, 1)?;
        let (x0, x1) = (take(&xp, &left, clipped)?, take(&xp, &right, clipped)?);
        let (f0, f1) = (take(&fp, &left, clipped)?, take(&fp, &right, clipped)?);
        let slope = divide(&subtract(&f1, &f0)?, &subtract(&x1, &x0)?)?;
        let on_line = add(&multiply(&slope, &subtract(&x, &x0)?)?, &f0)?;
        let end = |x: &Array, at: usize| one(x, 0, at)?.reshape(());
        let (first, last) = (end(&xp, 0)?, end(&xp, n - 1)?);
        let (low, high) = (end(&fp, 0)?, end(&fp, n - 1)?);
        // Points themselves, also the last one, whose line would round.
        let on_line = where_(&equal(&x, &x1)?, &f1, &where_(&equal(&x, &x0)?, &f0, &on_line)?)?;
        let below = match beyond.left {
            Some(value) => where_(&less(&x, &first)?, value, &on_line)?,
            None => where_(&less(&x, &first)?, &low, &on_line)?,
        };
        let above = match beyond.right {
            Some(value) => where_(&greater(&x, &last)?, value, &below)?,
            None => where_(&greater(&x, &last)?, &high, &below)?,
        };
        // Of NaN it is NaN.
        where_(&super::isnan(&x)?, &x, &where_(&equal(&x, &last)?, &high, &above)?)
    }

    /// Jumps of more than half a period along an axis taken out, by whole periods; `()` for a period of 2π. Of the
    /// shape of `x`; integers become the default float, unless the period is a whole number.
    ///
    /// NumPy: `unwrap(p, discont, axis, period)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let x = Array::from([0.0, 1.0, 2.0, -1.0, 0.0]);
    /// assert_eq!(np::unwrap(&x, 4.0, -1)?.to_vec::<f64>()?, [0.0, 1.0, 2.0, 3.0, 4.0]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Axis`] out of range.
    pub fn unwrap(x: &Array, period: Period, axis: Axis) -> Result<Array> {
        let x = strong(x)?;
        let axis = wrap_axis("unwrap", axis.0, x.ndim())?;
        // Beyond 2^53 every float is whole, and few of them are an int64.
        let whole = x.dtype().is_int() && period.period.fract() == 0.0 && period.period.abs() < 2_f64.powi(53);
        let x = if whole { x } else { multiply(&x, 1.0)? };
        if x.shape()[axis] < 2 {
            return Ok(x);
        }
        let steps = difference(&x, axis)?;
        let half = period.period / 2.0;
        let jump = period.discontinuity.unwrap_or(half);
        let within = if whole {
            let (period, half) = (period.period as i64, half.floor() as i64);
            let within = subtract(&remainder(&add(&steps, half)?, period)?, half)?;
            let edge = bitwise_and(&equal(&within, -half)?, &greater(&steps, 0)?)?;
            if period % 2 == 0 { where_(&edge, half, &within)? } else { within }
        } else {
            let within = subtract(&remainder(&add(&steps, half)?, period.period)?, half)?;
            let edge = bitwise_and(&equal(&within, -half)?, &greater(&steps, 0.0)?)?;
            where_(&edge, half, &within)?
        };
        let correction = subtract(&within, &steps)?;
        let small = less(&absolute(&steps)?, jump)?;
        let correction = where_(&small, &zeros_like(&correction, ())?, &correction)?;
        let total = cumulative_sum(&correction, scan_along(axis as isize).dtype(x.dtype()))?;
        let rest = add(&part(&x, axis, 1, 1, x.shape()[axis] - 1)?, &total)?;
        concat(&[one(&x, axis, 0)?, rest], axis)
    }
}

/// The period of [`unwrap()`], and from which jump on it corrects: `()` for 2π and half of it, a period, `.from_jumps_of(4.0)`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Period {
    /// The period.
    pub period: f64,
    /// The smallest jump that is corrected; half a period if none is given.
    pub discontinuity: Option<f64>,
}

impl Period {
    /// Only jumps of at least this are corrected.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let x = Array::from([0.0, 3.0]);
    /// assert_eq!(np::unwrap(&x, 4.0, 0)?.to_vec::<f64>()?, [0.0, -1.0]);
    /// assert_eq!(np::unwrap(&x, np::Period::from(4.0).from_jumps_of(4.0), 0)?.to_vec::<f64>()?, [0.0, 3.0]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    #[must_use]
    pub fn from_jumps_of(self, discontinuity: f64) -> Period {
        Period { discontinuity: Some(discontinuity), ..self }
    }
}

impl From<()> for Period {
    fn from((): ()) -> Period {
        Period::from(std::f64::consts::TAU)
    }
}
impl From<f64> for Period {
    fn from(period: f64) -> Period {
        Period { period, discontinuity: None }
    }
}

/// Values of [`interp()`] beyond the points: `()` for those at the ends, `(left, right)`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Beyond {
    /// Before the first point.
    pub left: Option<f64>,
    /// Behind the last point.
    pub right: Option<f64>,
}

impl From<()> for Beyond {
    fn from((): ()) -> Beyond {
        Beyond::default()
    }
}
impl From<(f64, f64)> for Beyond {
    fn from((left, right): (f64, f64)) -> Beyond {
        Beyond { left: Some(left), right: Some(right) }
    }
}

/// How far apart values lie, and the order of slopes at the ends: `()` for 1 and 1, a number, one for each axis, `.edge_order(2)`.
#[derive(Clone, Debug, PartialEq)]
pub struct Spacing {
    /// None for 1, one for all axes, or one for each.
    pub steps: Vec<f64>,
    /// 1 or 2.
    pub edge_order: usize,
}

impl Spacing {
    /// The order of slopes at the ends.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let squares = Array::from([0.0, 1.0, 4.0]);
    /// let slopes = np::gradient(&squares, np::Spacing::from(()).edge_order(2), ())?;
    /// assert_eq!(slopes[0].to_vec::<f64>()?, [0.0, 2.0, 4.0]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    #[must_use]
    pub fn edge_order(self, edge_order: usize) -> Spacing {
        Spacing { edge_order, ..self }
    }
}

impl From<()> for Spacing {
    fn from((): ()) -> Spacing {
        Spacing { steps: vec![], edge_order: 1 }
    }
}
impl From<f64> for Spacing {
    fn from(step: f64) -> Spacing {
        Spacing { steps: vec![step], edge_order: 1 }
    }
}
impl<const N: usize> From<[f64; N]> for Spacing {
    fn from(steps: [f64; N]) -> Spacing {
        Spacing { steps: steps.to_vec(), edge_order: 1 }
    }
}

/// The order of slopes at the ends: 1, which `()` stands for, or 2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EdgeOrder(pub usize);

impl From<()> for EdgeOrder {
    fn from((): ()) -> EdgeOrder {
        EdgeOrder(1)
    }
}
impl From<usize> for EdgeOrder {
    fn from(order: usize) -> EdgeOrder {
        EdgeOrder(order)
    }
}

fn difference(x: &Array, axis: usize) -> Result<Array> {
    let n = x.shape()[axis];
    let left = n.saturating_sub(1);
    let (before, after) = (part(x, axis, 0, 1, left)?, part(x, axis, n - left, 1, left)?);
    if x.dtype() == DType::Bool { not_equal(&after, &before) } else { subtract(&after, &before) }
}

/// The sums of neighbours along an axis.
fn neighbours(op: &'static str, y: &Array, axis: Axis) -> Result<(usize, Array)> {
    let y = multiply(&strong(y)?, 1.0)?;
    let axis = wrap_axis(op, axis.0, y.ndim())?;
    let n = y.shape()[axis];
    let left = n.saturating_sub(1);
    Ok((axis, add(&part(&y, axis, n - left, 1, left)?, &part(&y, axis, 0, 1, left)?)?))
}

fn edges_fit(op: &'static str, x: &Array, axis: usize, edge_order: usize) -> Result<()> {
    if !matches!(edge_order, 1 | 2) {
        return Err(Error::Argument {
            op,
            operands: format!("edges of order {edge_order}"),
            fix: "it is 1 or 2".into(),
        });
    }
    if x.shape()[axis] <= edge_order {
        return Err(Error::Shape {
            op,
            operands: format!("axis {axis} of shape {:?}, edges of order {edge_order}", x.shape()),
            fix: "an axis has at least one element more than the order of its edges".into(),
        });
    }
    Ok(())
}

/// Slopes along an axis whose elements lie `step` apart.
fn slope(x: &Array, axis: usize, step: f64, edge_order: usize) -> Result<Array> {
    edges_fit("gradient", x, axis, edge_order)?;
    let n = x.shape()[axis];
    let at = |i: usize| one(x, axis, i);
    let inner = divide(&subtract(&part(x, axis, 2, 1, n - 2)?, &part(x, axis, 0, 1, n - 2)?)?, 2.0 * step)?;
    let (first, last) = if edge_order == 1 {
        (divide(&subtract(&at(1)?, &at(0)?)?, step)?, divide(&subtract(&at(n - 1)?, &at(n - 2)?)?, step)?)
    } else {
        let three = |a: f64, b: f64, c: f64, at: [Array; 3]| {
            add(
                &add(&multiply(&at[0], a / step)?, &multiply(&at[1], b / step)?)?,
                &multiply(&at[2], c / step)?,
            )
        };
        (
            three(-1.5, 2.0, -0.5, [at(0)?, at(1)?, at(2)?])?,
            three(0.5, -2.0, 1.5, [at(n - 3)?, at(n - 2)?, at(n - 1)?])?,
        )
    };
    concat(&[first, inner, last], axis)
}

/// Slopes along an axis whose elements lie apart by `steps`, (…, n − 1, …).
fn uneven_slope(x: &Array, axis: usize, steps: &Array, edge_order: usize) -> Result<Array> {
    let n = x.shape()[axis];
    let at = |i: usize| one(x, axis, i);
    let step = |i: usize| one(steps, axis, i);
    let (d1, d2) = (part(steps, axis, 0, 1, n - 2)?, part(steps, axis, 1, 1, n - 2)?);
    let both = add(&d1, &d2)?;
    let a = divide(&super::negative(&d2)?, &multiply(&d1, &both)?)?;
    let b = divide(&subtract(&d2, &d1)?, &multiply(&d1, &d2)?)?;
    let c = divide(&d1, &multiply(&d2, &both)?)?;
    let weighted = |terms: [(&Array, &Array); 3]| {
        let [first, second, third] = terms.map(|(w, x)| multiply(w, x));
        add(&add(&first?, &second?)?, &third?)
    };
    let inside = |from: usize| part(x, axis, from, 1, n - 2);
    let inner = weighted([(&a, &inside(0)?), (&b, &inside(1)?), (&c, &inside(2)?)])?;
    let (first, last) = if edge_order == 1 {
        (
            divide(&subtract(&at(1)?, &at(0)?)?, &step(0)?)?,
            divide(&subtract(&at(n - 1)?, &at(n - 2)?)?, &step(n - 2)?)?,
        )
    } else {
        // The parabola through the three elements at an end, `p` and `q` apart, from the end inwards.
        let end = |p: &Array, q: &Array, sign: f64, at: [Array; 3]| {
            let both = add(p, q)?;
            let a = divide(&super::negative(&add(&multiply(p, 2.0)?, q)?)?, &multiply(p, &both)?)?;
            let b = divide(&both, &multiply(p, q)?)?;
            let c = divide(&super::negative(p)?, &multiply(q, &both)?)?;
            multiply(&weighted([(&a, &at[0]), (&b, &at[1]), (&c, &at[2])])?, sign)
        };
        (
            end(&step(0)?, &step(1)?, 1.0, [at(0)?, at(1)?, at(2)?])?,
            end(&step(n - 2)?, &step(n - 3)?, -1.0, [at(n - 1)?, at(n - 2)?, at(n - 3)?])?,
        )
    };
    concat(&[first, inner, last], axis)
}
