//! Arithmetic in terms of the op table: signs, powers, quotients, extremes.

use super::elementwise::astype;
use super::functions::pick;
use super::options::NanToNum;
use super::ufunc::{Sym, Ufunc, ufunc, ufunc2};
use super::{
    absolute, add, atan2, complex, divide, equal, exp, imag, isnan, less, log1p, maximum, minimum, multiply,
    negative, not_equal, pow, real, remainder, subtract, trunc, where_,
};
use crate::array::Array;
use crate::dtype::{DType, Kind, promote, promote_all};
use crate::error::{Error, Result};
use crate::multimethod;
use std::f64::consts::LN_2;
use std::sync::LazyLock;

multimethod! {
    domain "numpy";

    /// `x` itself, as a new handle: numbers only. Shape and dtype are those of `x`.
    ///
    /// NumPy: `positive(x)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let x = Array::from([1.0, -2.0]);
    /// assert_eq!(np::positive(&x)?.to_vec::<f64>()?, [1.0, -2.0]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::DType`] for bools.
    pub fn positive(x: &Array) -> Result<Array> {
        numbers("positive", x)?;
        Ok(x.clone())
    }

    /// `x * x`. Shape and dtype are those of `x`. Integers wrap.
    ///
    /// NumPy: `square(x)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let x = Array::from([2.0, -3.0]);
    /// assert_eq!(np::square(&x)?.to_vec::<f64>()?, [4.0, 9.0]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    pub fn square(x: &Array) -> Result<Array> {
        multiply(x, x)
    }

    /// `1 / x` in floating point; integers become the default float. Shape: that of `x`.
    ///
    /// NumPy: `reciprocal(x)`, which divides integers as such.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let x = Array::from([2, 4]);
    /// assert_eq!(np::reciprocal(&x)?.to_vec::<f64>()?, [0.5, 0.25]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    pub fn reciprocal(x: &Array) -> Result<Array> {
        divide(1.0, x)
    }

    /// −1, 0 or 1 with the sign of `x`, in its dtype; NaN of NaN. Complex: `x / |x|`, of 0 it is 0. Shape: that of
    /// `x`.
    ///
    /// NumPy: `sign(x)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let x = Array::from([-2.5, 0.0, 3.0]);
    /// assert_eq!(np::sign(&x)?.to_vec::<f64>()?, [-1.0, 0.0, 1.0]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::DType`] for bools.
    pub fn sign(x: &Array) -> Result<Array> {
        static REAL: LazyLock<Ufunc> =
            LazyLock::new(|| ufunc("sign", |x: Sym| pick(x.gt(0), 1, pick(x.lt(0), -1, pick(x.eq(0), 0, x)))));
        static UNSIGNED: LazyLock<Ufunc> = LazyLock::new(|| ufunc("sign", |x: Sym| pick(x.gt(0), 1, x)));
        static COMPLEX: LazyLock<Ufunc> = LazyLock::new(|| {
            ufunc("sign", |z: Sym| {
                let size = z.abs();
                let unit = (z.re() / &size).complex(z.im() / &size);
                pick(size.eq(0.0), 0.0, unit)
            })
        });
        numbers("sign", x)?;
        match x.dtype() {
            d if d.is_complex() => COMPLEX.call(&[x]),
            d if d.is_unsigned() => UNSIGNED.call(&[x]),
            _ => REAL.call(&[x]),
        }
    }

    /// The angle of complex numbers in radians, from −π to π: 0 or π of real ones. The dtype is that of the parts, integers
    /// become the default float. Shape: that of `x`.
    ///
    /// NumPy: `angle(x)`.
    ///
    /// ```
    /// use polyarray_core::{Array, num_complex::Complex64, numpy as np};
    /// # use polyarray_cpu as _;
    /// let x = Array::from([Complex64::new(0.0, 1.0), Complex64::new(-1.0, 0.0)]);
    /// let quarter = std::f64::consts::FRAC_PI_2;
    /// assert!(np::allclose(np::angle(&x)?, [quarter, 2.0 * quarter], ())?);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    pub fn angle(x: &Array) -> Result<Array> {
        let x = if x.dtype() == DType::Bool { astype(x, DType::U8)? } else { x.clone() };
        atan2(&imag(&x)?, &real(&x)?)
    }

    /// Length of the hypotenuse, `sqrt(a² + b²)`, without overflow on the way. Shape: that to which `a` and `b`
    /// broadcast. Dtype: the promoted one; integers become the default float.
    ///
    /// NumPy: `hypot(a, b)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let (a, b) = (Array::from([3.0, 5.0]), Array::from([4.0, 12.0]));
    /// assert!(np::allclose(np::hypot(&a, &b)?, [5.0, 13.0], ())?);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::DType`] for complex numbers; [`Error::Shape`] if the operands don't broadcast.
    pub fn hypot(a: &Array, b: &Array) -> Result<Array> {
        let dtype = promote(a.dtype(), b.dtype());
        let size = absolute(&complex(a, b)?)?;
        if dtype == DType::F16 && !(a.is_weak() && b.is_weak()) { astype(&size, DType::F16) } else { Ok(size) }
    }

    /// ln(eᵃ + eᵇ) without overflow on the way. Shape: that to which `a` and `b` broadcast. Dtype: the promoted one;
    /// integers become the default float.
    ///
    /// NumPy: `logaddexp(a, b)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let (a, b) = (Array::from([1000.0]), Array::from([1000.0]));
    /// let sum = np::logaddexp(&a, &b)?; // e to the power 1000 is beyond any float
    /// assert!(np::allclose(&sum, [1000.0 + std::f64::consts::LN_2], np::rtol(1e-12))?);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::DType`] for complex numbers; [`Error::Shape`] if the operands don't broadcast.
    pub fn logaddexp(a: &Array, b: &Array) -> Result<Array> {
        in_single(a, b, |a, b| {
            let apart = log1p(&exp(&negative(&absolute(&subtract(a, b)?)?)?)?)?;
            let larger = maximum(a, b)?;
            // Of equal infinities the distance is NaN.
            where_(&equal(a, b)?, &add(&larger, LN_2)?, &add(&larger, &apart)?)
        })
    }

    /// log₂(2ᵃ + 2ᵇ) without overflow on the way. Shape: that to which `a` and `b` broadcast. Dtype: the promoted
    /// one; integers become the default float.
    ///
    /// NumPy: `logaddexp2(a, b)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let (a, b) = (Array::from([3.0]), Array::from([3.0]));
    /// assert!(np::allclose(np::logaddexp2(&a, &b)?, [4.0], ())?); // 8 + 8 = 16
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::DType`] for complex numbers; [`Error::Shape`] if the operands don't broadcast.
    pub fn logaddexp2(a: &Array, b: &Array) -> Result<Array> {
        in_single(a, b, |a, b| {
            let distance = negative(&absolute(&subtract(a, b)?)?)?;
            let apart = multiply(&log1p(&pow(2.0, &distance)?)?, 1.0 / LN_2)?;
            let larger = maximum(a, b)?;
            where_(&equal(a, b)?, &add(&larger, 1.0)?, &add(&larger, &apart)?)
        })
    }

    /// The smaller one; the other one where one is NaN. Shape: that to which `a` and `b` broadcast. Dtype: the
    /// promoted one.
    ///
    /// NumPy: `fmin(a, b)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let (a, b) = (Array::from([1.0, f64::NAN]), Array::from([2.0, 3.0]));
    /// assert_eq!(np::fmin(&a, &b)?.to_vec::<f64>()?, [1.0, 3.0]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Shape`] if the operands don't broadcast.
    pub fn fmin(a: &Array, b: &Array) -> Result<Array> {
        where_(&isnan(a)?, b, &where_(&isnan(b)?, a, &minimum(a, b)?)?)
    }

    /// The larger one; the other one where one is NaN. Shape: that to which `a` and `b` broadcast. Dtype: the
    /// promoted one.
    ///
    /// NumPy: `fmax(a, b)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let (a, b) = (Array::from([1.0, f64::NAN]), Array::from([2.0, 3.0]));
    /// assert_eq!(np::fmax(&a, &b)?.to_vec::<f64>()?, [2.0, 3.0]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Shape`] if the operands don't broadcast.
    pub fn fmax(a: &Array, b: &Array) -> Result<Array> {
        where_(&isnan(a)?, b, &where_(&isnan(b)?, a, &maximum(a, b)?)?)
    }

    /// `a - b * trunc(a / b)`, exact, with the sign of `a`; an integer by zero is 0. Shape: that to which `a` and `b`
    /// broadcast. Dtype: the promoted one.
    ///
    /// NumPy: `fmod(a, b)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let (a, b) = (Array::from([7, -7]), Array::from([3, 3]));
    /// assert_eq!(np::fmod(&a, &b)?.to_vec::<i32>()?, [1, -1]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::DType`] for bools and complex numbers; [`Error::Shape`] if the operands don't broadcast.
    pub fn fmod(a: &Array, b: &Array) -> Result<Array> {
        static FLOAT: LazyLock<Ufunc> =
            LazyLock::new(|| ufunc2("fmod", |a: Sym, b: Sym| (a.abs() % b.abs()).copysign(a)));
        let r = remainder(a, b)?;
        match r.dtype().kind() {
            Kind::Float => FLOAT.call(&[a, b]),
            _ if r.dtype().is_unsigned() => Ok(r),
            _ => {
                // A remainder has the sign of b: where a has the other one, the quotient was rounded down past zero.
                let past = super::logical_and(&not_equal(&r, 0)?, &not_equal(&less(a, 0)?, &less(b, 0)?)?)?;
                where_(&past, &subtract(&r, b)?, &r)
            }
        }
    }

    /// Fraction and whole part, both with the sign of `x`; the fraction of infinity is 0. Both of the shape of `x`
    /// and its dtype; integers become the default float.
    ///
    /// NumPy: `modf(x)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let x = Array::from([2.5, -1.25]);
    /// let (fraction, whole) = np::modf(&x)?;
    /// assert_eq!(fraction.to_vec::<f64>()?, [0.5, -0.25]);
    /// assert_eq!(whole.to_vec::<f64>()?, [2.0, -1.0]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::DType`] for complex numbers.
    pub fn modf(x: &Array) -> Result<(Array, Array)> {
        static FRACTION: LazyLock<Ufunc> = LazyLock::new(|| {
            ufunc("modf", |x: Sym| pick(x.abs().eq(f64::INFINITY), 0.0, &x - x.trunc()).copysign(x))
        });
        let x = if x.dtype().kind() < Kind::Float { multiply(x, 1.0)? } else { x.clone() };
        Ok((FRACTION.call(&[&x])?, trunc(&x)?))
    }

    /// `x * 2ⁿ`, without overflow on the way. Shape: that to which `x` and `n` broadcast. Dtype: that of `x`;
    /// integers become the default float.
    ///
    /// NumPy: `ldexp(x, n)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let (x, n) = (Array::from([0.5, 3.0]), Array::from([3, -1]));
    /// assert_eq!(np::ldexp(&x, &n)?.to_vec::<f64>()?, [4.0, 1.5]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::DType`] for exponents that are no integers; [`Error::Shape`] if the operands don't broadcast.
    pub fn ldexp(x: &Array, n: &Array) -> Result<Array> {
        if n.dtype().kind() > Kind::Int {
            return Err(Error::DType {
                op: "ldexp",
                operands: format!("n: {}", n.dtype()),
                fix: "exponents are integers".into(),
            });
        }
        let x = if x.dtype().kind() < Kind::Float { multiply(x, 1.0)? } else { x.clone() };
        let n = astype(n, if x.dtype() == DType::F16 { DType::F32 } else { x.dtype() })?;
        let half = super::floor(&multiply(&n, 0.5)?)?;
        let half = maximum(&minimum(&half, 1000.0)?, -1000.0)?;
        let rest = maximum(&minimum(&subtract(&n, &half)?, 1001.0)?, -1001.0)?;
        let wide = if x.dtype() == DType::F16 { astype(&x, DType::F32)? } else { x.clone() };
        let scaled = multiply(&multiply(&wide, &pow(2.0, &half)?)?, &pow(2.0, &rest)?)?;
        astype(&scaled, x.dtype())
    }

    /// 0 where `x` is negative, 1 where it is positive, `at_zero` where it is 0; NaN of NaN. Shape: that to which
    /// both broadcast. Dtype: the promoted one; integers become the default float.
    ///
    /// NumPy: `heaviside(x, at_zero)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let x = Array::from([-1.0, 0.0, 2.0]);
    /// assert_eq!(np::heaviside(&x, 0.5)?.to_vec::<f64>()?, [0.0, 0.5, 1.0]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::DType`] for complex numbers; [`Error::Shape`] if the operands don't broadcast.
    pub fn heaviside(x: &Array, at_zero: &Array) -> Result<Array> {
        let x = if x.dtype().kind() < Kind::Float { multiply(x, 1.0)? } else { x.clone() };
        let one = where_(&super::greater(&x, 0.0)?, 1.0, &x)?;
        where_(&equal(&x, 0.0)?, at_zero, &where_(&less(&x, 0.0)?, 0.0, &one)?)
    }

    /// `a` to the power `b` in float64, complex128 for complex numbers, whatever the operands' dtypes. Shape: that to
    /// which both broadcast.
    ///
    /// NumPy: `float_power(a, b)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let (a, b) = (Array::from([2, 3]), Array::from([-1, 2]));
    /// assert!(np::allclose(np::float_power(&a, &b)?, [0.5, 9.0], ())?);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Shape`] if the operands don't broadcast.
    pub fn float_power(a: &Array, b: &Array) -> Result<Array> {
        let complex = a.dtype().is_complex() || b.dtype().is_complex();
        let dtype = if complex { DType::C128 } else { DType::F64 };
        pow(&astype(a, dtype)?, &astype(b, dtype)?)
    }

    /// The elements within bounds: below `min` they become it, above `max` they become that; NaN stays. The three broadcast
    /// and are promoted. For one bound alone take [`maximum()`] or [`minimum()`].
    ///
    /// NumPy: `clip(x, min, max)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let x = Array::from([1, 5, 9]);
    /// assert_eq!(np::clip(&x, 2, 6)?.to_vec::<i32>()?, [2, 5, 6]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::DType`] for complex numbers; [`Error::Shape`] if the operands don't broadcast.
    pub fn clip(x: &Array, min: &Array, max: &Array) -> Result<Array> {
        let [x, min, max] = &met_at_once([x, min, max])?;
        minimum(&maximum(x, min)?, max)
    }

    /// NaN and infinities replaced by numbers: by 0, and by the largest and the least number of the dtype, unless others are
    /// given. Integers stay; each part of a complex number by itself. Shape and dtype are those of `x`.
    ///
    /// NumPy: `nan_to_num(x, nan, posinf, neginf)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let x = Array::from([f64::NAN, 1.0, f64::INFINITY]);
    /// assert_eq!(np::nan_to_num(&x, ())?.to_vec::<f64>()?, [0.0, 1.0, f64::MAX]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    pub fn nan_to_num(x: &Array, with: NanToNum) -> Result<Array> {
        match x.dtype().kind() {
            Kind::Bool | Kind::Int => Ok(x.clone()),
            Kind::Complex => complex(&replaced(&real(x)?, with)?, &replaced(&imag(x)?, with)?),
            Kind::Float => replaced(x, with),
        }
    }

    /// The number of bits set in the magnitude of integers: uint8. Shape: that of `x`.
    ///
    /// NumPy: `bitwise_count(x)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let x = Array::from([0, 7, -8]);
    /// assert_eq!(np::bitwise_count(&x)?.to_vec::<u8>()?, [0, 3, 1]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::DType`] if they are no integers.
    pub fn bitwise_count(x: &Array) -> Result<Array> {
        static WORDS: LazyLock<Ufunc> = LazyLock::new(|| ufunc("bitwise_count", |x: Sym| counted(x, 0)));
        static LONG: LazyLock<Ufunc> = LazyLock::new(|| ufunc("bitwise_count", |x: Sym| counted(x, 32)));
        if x.dtype().kind() > Kind::Int {
            return Err(Error::DType {
                op: "bitwise_count",
                operands: format!("an array of {}", x.dtype()),
                fix: "it counts the bits of integers".into(),
            });
        }
        let magnitude = absolute(x)?;
        let count = if x.dtype().size() == 8 {
            LONG.call(&[&astype(&magnitude, DType::U64)?])?
        } else {
            // A magnitude of the width of the dtype: that of the least number is itself.
            let same = match x.dtype() {
                DType::I8 => DType::U8,
                DType::I16 => DType::U16,
                _ => DType::U32,
            };
            WORDS.call(&[&astype(&astype(&magnitude, same)?, DType::U32)?])?
        };
        astype(&count, DType::U8)
    }
}

/// Operands in the dtype that all of them have in common, so that their order does not matter: int8, uint8 and float16 are
/// float16, of which two at a time are int16 or float32. Rust scalars stay what they are.
pub(super) fn met_at_once<const N: usize>(operands: [&Array; N]) -> Result<[Array; N]> {
    let strong = operands.iter().filter(|x| !x.is_weak()).map(|x| x.dtype());
    let dtype = promote_all(strong);
    let mut met = operands.map(Array::clone);
    for x in met.iter_mut().filter(|x| !x.is_weak()) {
        if let Some(dtype) = dtype.filter(|&dtype| dtype != x.dtype()) {
            *x = astype(&*x, dtype)?;
        }
    }
    Ok(met)
}

/// Floats with NaN and infinities replaced.
fn replaced(x: &Array, with: NanToNum) -> Result<Array> {
    let largest = match x.dtype() {
        DType::F16 => 65504.0,
        DType::F32 => f64::from(f32::MAX),
        _ => f64::MAX,
    };
    let up = where_(&equal(x, f64::INFINITY)?, with.posinf.unwrap_or(largest), x)?;
    let down = where_(&equal(x, f64::NEG_INFINITY)?, with.neginf.unwrap_or(-largest), &up)?;
    where_(&isnan(x)?, with.nan, &down)
}

/// The sum of the bits in pairs, in fours, in bytes, of all bytes (Warren, Hacker's Delight, 5-1).
fn counted(x: Sym, more: u64) -> Sym {
    let mask = |byte: u64| byte * if more == 0 { 0x0101_0101 } else { 0x0101_0101_0101_0101 };
    let x = &x - x.shift_right(1_u64).and(mask(0x55));
    let x = x.and(mask(0x33)) + x.shift_right(2_u64).and(mask(0x33));
    let x = (&x + x.shift_right(4_u64)).and(mask(0x0f));
    (x * mask(1)).shift_right(24 + more)
}

/// Numbers have a sign; bools have none.
fn numbers(op: &'static str, x: &Array) -> Result<()> {
    if x.dtype() != DType::Bool {
        return Ok(());
    }
    Err(Error::DType {
        op,
        operands: "an array of bool".into(),
        fix: "it is defined on numbers; cast with astype".into(),
    })
}

/// A function of two floats, which integers become; of two of float16 in float32, rounded once.
fn in_single(a: &Array, b: &Array, f: impl Fn(&Array, &Array) -> Result<Array>) -> Result<Array> {
    let half = |x: &Array| x.dtype() == DType::F16 || x.is_weak() || x.dtype() == DType::Bool;
    if half(a) && half(b) && [a, b].iter().any(|x| x.dtype() == DType::F16 && !x.is_weak()) {
        return astype(&f(&astype(a, DType::F32)?, &astype(b, DType::F32)?)?, DType::F16);
    }
    if a.dtype().kind().max(b.dtype().kind()) < Kind::Float {
        return f(&multiply(a, 1.0)?, &multiply(b, 1.0)?);
    }
    f(a, b)
}
