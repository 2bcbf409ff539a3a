//! Tests of elements and of whole arrays.

use super::options::Close;
use super::{
    absolute, add, all, equal, imag, isnan, less, less_equal, logical_and, logical_or, maximum, multiply,
    not_equal, real, subtract,
};
use crate::array::Array;
use crate::dtype::Kind;
use crate::error::Result;
use crate::memory::layout::broadcast;
use crate::multimethod;

multimethod! {
    domain "numpy";

    /// True where `x`, or both of its parts, is neither infinite nor NaN.
    ///
    /// NumPy: `isfinite(x)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let x = Array::from([1.0, f64::INFINITY, f64::NAN]);
    /// assert_eq!(np::isfinite(&x)?.to_vec::<bool>()?, [true, false, false]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    pub fn isfinite(x: &Array) -> Result<Array> {
        match x.dtype().kind() {
            Kind::Bool | Kind::Int => equal(x, x),
            Kind::Float => less(&absolute(x)?, f64::INFINITY),
            Kind::Complex => less(&larger_part(x)?, f64::INFINITY),
        }
    }

    /// True where `x`, or a part of it, is infinite.
    ///
    /// NumPy: `isinf(x)`.
    pub fn isinf(x: &Array) -> Result<Array> {
        match x.dtype().kind() {
            Kind::Bool | Kind::Int => not_equal(x, x),
            Kind::Float => equal(&absolute(x)?, f64::INFINITY),
            Kind::Complex => equal(&super::fmax(&absolute(&real(x)?)?, &absolute(&imag(x)?)?)?, f64::INFINITY),
        }
    }

    /// True where `x` is positive infinity. Real numbers.
    ///
    /// NumPy: `isposinf(x)`.
    pub fn isposinf(x: &Array) -> Result<Array> {
        if x.dtype().kind() < Kind::Float { not_equal(x, x) } else { logical_and(&isinf(x)?, &super::greater(x, 0.0)?) }
    }

    /// True where `x` is negative infinity. Real numbers.
    ///
    /// NumPy: `isneginf(x)`.
    pub fn isneginf(x: &Array) -> Result<Array> {
        if x.dtype().kind() < Kind::Float { not_equal(x, x) } else { logical_and(&isinf(x)?, &less(x, 0.0)?) }
    }

    /// True where the imaginary part is 0.
    ///
    /// NumPy: `isreal(x)`.
    pub fn isreal(x: &Array) -> Result<Array> {
        if x.dtype().is_complex() { equal(&imag(x)?, 0.0) } else { super::logical_or(&equal(x, x)?, &not_equal(x, x)?) }
    }

    /// True where the imaginary part is not 0.
    ///
    /// NumPy: `iscomplex(x)`.
    pub fn iscomplex(x: &Array) -> Result<Array> {
        super::logical_not(&isreal(x)?)
    }

    /// True where `a` and `b` are equal, or no further apart than `atol + rtol * |b|`; `()` for rtol 1e-5 and atol 1e-8.
    /// NaN is close to nothing, with `.equal_nan()` to NaN.
    ///
    /// NumPy: `isclose(a, b, rtol, atol, equal_nan)`.
    pub fn isclose(a: &Array, b: &Array, within: Close) -> Result<Array> {
        let inexact = a.dtype().kind().max(b.dtype().kind()) >= Kind::Float;
        let (x, y) = if inexact { (a.clone(), b.clone()) } else { (multiply(a, 1.0)?, multiply(b, 1.0)?) };
        let room = add(&multiply(&absolute(&y)?, within.rtol)?, within.atol)?;
        let near = logical_and(&less_equal(&absolute(&subtract(&x, &y)?)?, &room)?, &isfinite(&y)?)?;
        let close = logical_or(&near, &equal(&x, &y)?)?;
        if within.equal_nan { logical_or(&close, &logical_and(&isnan(a)?, &isnan(b)?)?) } else { Ok(close) }
    }

    /// Whether all elements are close, as [`isclose()`] has it. **Evaluates both arrays.**
    ///
    /// NumPy: `allclose(a, b, rtol, atol, equal_nan)`.
    pub fn allclose(a: &Array, b: &Array, within: Close) -> Result<bool> {
        truth(&all(&isclose(a, b, within)?, ())?)
    }

    /// Whether shapes and elements are equal. **Evaluates both arrays.**
    ///
    /// NumPy: `array_equal(a, b)`.
    pub fn array_equal(a: &Array, b: &Array) -> Result<bool> {
        if a.shape() != b.shape() {
            return Ok(false);
        }
        truth(&all(&equal(a, b)?, ())?)
    }

    /// Whether the arrays broadcast and their elements are equal. **Evaluates both arrays.**
    ///
    /// NumPy: `array_equiv(a, b)`.
    pub fn array_equiv(a: &Array, b: &Array) -> Result<bool> {
        if broadcast(a.shape(), b.shape()).is_none() {
            return Ok(false);
        }
        truth(&all(&equal(a, b)?, ())?)
    }
}

/// The larger part of complex numbers; NaN if either is.
fn larger_part(x: &Array) -> Result<Array> {
    maximum(&absolute(&real(x)?)?, &absolute(&imag(x)?)?)
}

fn truth(x: &Array) -> Result<bool> {
    Ok(x.item()?.to_f64() != 0.0)
}
