//! Norms of vectors and matrices, and condition numbers.

use super::matrices::{computed, split};
use super::{Norm, NormOrder, inv, svdvals};
use crate::array::Array;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::expr::axes::wrap_axes;
use crate::multimethod;
use crate::numpy::{absolute, astype, axis, divide, max, min, multiply, not_equal, pow, sqrt, sum};
use smallvec::SmallVec;

multimethod! {
    domain "numpy.linalg";

    /// Norms of vectors along axes, all for `()`: (Σ |x|ᵖ)^(1/p), 2 unless told by `.ord(p)`; for ∞ and −∞ the largest and
    /// the least magnitude, for 0 the number of elements that are not zero. Real; integers are computed in the device's
    /// default float, float16 in float32 and rounded at the end.
    ///
    /// NumPy: `linalg.vector_norm(x, axis, keepdims, ord)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use {polyarray_cpu as _, polyarray_cpu_linalg as _};
    /// let x = Array::from([3.0, -4.0]);
    /// assert_eq!(np::linalg::vector_norm(&x, ())?.item()?.to_f64(), 5.0);
    /// assert_eq!(np::linalg::vector_norm(&x, np::linalg::ord(1))?.item()?.to_f64(), 7.0);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Axis`](crate::Error::Axis); [`Error::Argument`](crate::Error::Argument) for an order of matrices.
    pub fn vector_norm(x: &Array, norm: Norm) -> Result<Array> {
        let p = match norm.ord.unwrap_or(NormOrder::P(2.0)) {
            NormOrder::P(p) => p,
            other => return Err(unknown("vector_norm", other, "orders of vectors are numbers")),
        };
        let size = absolute(&computed(x)?)?;
        let over = norm.over;
        let found = if p == 2.0 {
            sqrt(&sum(&multiply(&size, &size)?, over)?)?
        } else if p == 1.0 {
            sum(&size, over)?
        } else if p == f64::INFINITY {
            if x.is_empty() { sum(&size, over)? } else { max(&size, over)? }
        } else if p == f64::NEG_INFINITY {
            min(&size, over)?
        } else if p == 0.0 {
            sum(&astype(&not_equal(&size, 0)?, size.dtype())?, over)?
        } else {
            pow(&sum(&pow(&size, p)?, over)?, 1.0 / p)?
        };
        narrow(x, found)
    }

    /// Norms of matrices, the last two axes unless two are named: Frobenius' unless told by `.ord(…)`; `"nuc"` the sum of
    /// the singular values, 2 and −2 the largest and the least of them, 1 and −1 the largest and the least sum of
    /// magnitudes of a column, ∞ and −∞ of a row. Dtypes as in [`vector_norm()`].
    ///
    /// NumPy: `linalg.matrix_norm(x, keepdims, ord)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use {polyarray_cpu as _, polyarray_cpu_linalg as _};
    /// let x = Array::from([[3.0, 0.0], [0.0, -4.0]]);
    /// assert_eq!(np::linalg::matrix_norm(&x, ())?.item()?.to_f64(), 5.0);
    /// assert!(np::allclose(&np::linalg::matrix_norm(&x, np::linalg::ord(2))?, 4.0, ())?);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Shape`](crate::Error::Shape) for less than two axes; [`Error::Axis`](crate::Error::Axis);
    /// [`Error::Argument`](crate::Error::Argument) for another order.
    pub fn matrix_norm(x: &Array, norm: Norm) -> Result<Array> {
        split("matrix_norm", x)?;
        let axes = match &norm.over.axes {
            None => SmallVec::from_slice(&[x.ndim() - 2, x.ndim() - 1]),
            Some(axes) => wrap_axes("matrix_norm", axes, x.ndim())?,
        };
        let &[rows, columns] = &axes[..] else {
            return Err(Error::Shape {
                op: "matrix_norm",
                operands: format!("axes {axes:?}"),
                fix: "name two: rows and columns".into(),
            });
        };
        let y = computed(x)?;
        let both = axis([rows as isize, columns as isize]).keepdims();
        let sums = |along: usize| sum(&absolute(&y)?, axis(along as isize).keepdims());
        let singular = || -> Result<Array> {
            let others = (0..x.ndim()).filter(|a| !axes.contains(a));
            let order: Vec<isize> = others.chain([rows, columns]).map(|a| a as isize).collect();
            svdvals(&y.permute(order)?)
        };
        let ord = norm.ord.unwrap_or(NormOrder::Frobenius);
        let (found, of_values) = match ord {
            NormOrder::Frobenius => {
                let size = absolute(&y)?;
                (sqrt(&sum(&multiply(&size, &size)?, both)?)?, false)
            }
            NormOrder::Nuclear => (sum(&singular()?, -1)?, true),
            NormOrder::P(2.0) => (largest(&singular()?, axis(-1))?, true),
            NormOrder::P(-2.0) => (min(&singular()?, -1)?, true),
            NormOrder::P(1.0) => (largest(&sums(rows)?, axis(columns as isize).keepdims())?, false),
            NormOrder::P(-1.0) => (min(&sums(rows)?, axis(columns as isize).keepdims())?, false),
            NormOrder::P(f64::INFINITY) => (largest(&sums(columns)?, axis(rows as isize).keepdims())?, false),
            NormOrder::P(f64::NEG_INFINITY) => (min(&sums(columns)?, axis(rows as isize).keepdims())?, false),
            NormOrder::P(_) => {
                return Err(unknown("matrix_norm", ord, "orders of matrices are \"fro\", \"nuc\", ±1, ±2 and ±∞"));
            }
        };
        let found = match (of_values, norm.over.keepdims) {
            (false, true) | (true, false) => found,
            (false, false) => found.squeeze([rows as isize, columns as isize])?,
            (true, true) => {
                let low = rows.min(columns) as isize;
                found.expand_dims(low)?.expand_dims(rows.max(columns) as isize)?
            }
        };
        narrow(x, found)
    }

    /// Norms of vectors or matrices: along one axis that of [`vector_norm()`], along two that of [`matrix_norm()`]. `()` is
    /// the 2-norm of all elements; an order without axes takes the array for one vector or one matrix.
    ///
    /// NumPy: `linalg.norm(x, ord, axis, keepdims)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use {polyarray_cpu as _, polyarray_cpu_linalg as _};
    /// let x = Array::from([[3.0, 4.0], [6.0, 8.0]]);
    /// assert_eq!(np::linalg::norm(&x, 1)?.to_vec::<f64>()?, [5.0, 10.0]);
    /// assert_eq!(np::linalg::norm(&x, np::axis(1).ord(1))?.to_vec::<f64>()?, [7.0, 14.0]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of both; [`Error::Shape`](crate::Error::Shape) where it is neither.
    pub fn norm(x: &Array, norm: Norm) -> Result<Array> {
        let axes = norm.over.axes.as_ref().map(|axes| axes.len());
        match (norm.ord, axes) {
            (None, None) | (_, Some(1)) => vector_norm(x, norm),
            (Some(_), None) if x.ndim() == 1 => vector_norm(x, norm),
            (_, Some(2)) => matrix_norm(x, norm),
            (Some(_), None) if x.ndim() == 2 => matrix_norm(x, norm),
            _ => Err(Error::Shape {
                op: "norm",
                operands: format!("x: {:?}, axes {:?}", x.shape(), norm.over.axes),
                fix: "name one axis for vectors, two for matrices, or use vector_norm".into(),
            }),
        }
    }

    /// Condition numbers (…) of matrices (…, m, n): the largest singular value over the least for `()`, 2 and −2 (the inverse
    /// of it); for the other orders of [`matrix_norm()`] the norm of square matrices times that of their inverses.
    ///
    /// NumPy: `linalg.cond(x, p)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use {polyarray_cpu as _, polyarray_cpu_linalg as _};
    /// let x = Array::from([[4.0, 0.0], [0.0, 2.0]]);
    /// assert!(np::allclose(&np::linalg::cond(&x, ())?, 2.0, ())?);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`svdvals()`] and [`inv()`].
    pub fn cond(x: &Array, ord: NormOrder) -> Result<Array> {
        let (_, [m, n]) = split("cond", x)?;
        if m == 0 || n == 0 {
            return Err(Error::Shape {
                op: "cond",
                operands: format!("x: {:?}", x.shape()),
                fix: "a matrix without elements has no condition number".into(),
            });
        }
        match ord {
            NormOrder::P(p) if p.abs() == 2.0 => {
                let s = svdvals(x)?;
                let (first, last) = (s.slice("..., 0")?, s.slice("..., -1")?);
                if p > 0.0 { divide(&first, &last) } else { divide(&last, &first) }
            }
            ord => {
                let of = |x: &Array| matrix_norm(x, super::ord(ord));
                multiply(&of(&computed(x)?)?, &of(&inv(x)?)?)
            }
        }
    }
}

/// The largest; of no elements 0, as of a norm of nothing.
fn largest(x: &Array, over: crate::numpy::Reduce) -> Result<Array> {
    if x.is_empty() { sum(x, over) } else { max(x, over) }
}

/// Norms of float16 are of float16, computed in float32.
fn narrow(x: &Array, norm: Array) -> Result<Array> {
    if x.dtype() == DType::F16 { astype(&norm, DType::F16) } else { Ok(norm) }
}

fn unknown(op: &'static str, ord: NormOrder, fix: &str) -> Error {
    Error::Argument { op, operands: format!("order {ord:?}"), fix: fix.into() }
}
