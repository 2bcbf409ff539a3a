//! The parts of floating point numbers, and their neighbours.

use super::elementwise::astype;
use super::functions::pick;
use super::manipulation::common;
use super::ufunc::{IntoSym, Sym, Ufunc, ufunc, ufunc2};
use super::{absolute, copysign, floor_divide, gcd, multiply, subtract, where_};
use crate::array::Array;
use crate::dtype::{DType, Kind};
use crate::error::Error;
use crate::multimethod;
use std::sync::LazyLock;

multimethod! {
    domain "numpy";

    /// The neighbour of `x` in the direction of `towards`, which it is where both are equal; NaN if either is. Integers become
    /// the default float. Exact, by the additions of Rump, Zimmermann, Boldo and Melquiond 2009, "Computing predecessor and
    /// successor in rounding to nearest". Shape: that to which both broadcast. Dtype: the promoted one.
    ///
    /// NumPy: `nextafter(x, towards)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let x = Array::from([1.0]);
    /// assert_eq!(np::nextafter(&x, 2.0)?.to_vec::<f64>()?, [1.0 + f64::EPSILON]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::DType`] for complex numbers.
    pub fn nextafter(x: &Array, towards: &Array) -> Result<Array> {
        static HALF: LazyLock<Ufunc> = LazyLock::new(|| ufunc2("nextafter", |a, b| neighbour(&a, &b, 11, -24, 65504.0)));
        static SINGLE: LazyLock<Ufunc> =
            LazyLock::new(|| ufunc2("nextafter", |a, b| neighbour(&a, &b, 24, -149, f64::from(f32::MAX))));
        static DOUBLE: LazyLock<Ufunc> = LazyLock::new(|| ufunc2("nextafter", |a, b| neighbour(&a, &b, 53, -1074, f64::MAX)));
        // A scalar takes the format that it meets.
        let [x, towards] = [x, towards].map(|x| if !x.is_weak() && x.dtype().kind() < Kind::Float { multiply(x, 1.0) } else { Ok(x.clone()) });
        let (x, towards) = common(&x?, &towards?)?;
        match x.dtype() {
            DType::F16 => HALF.call(&[&x, &towards]),
            DType::F32 => SINGLE.call(&[&x, &towards]),
            DType::F64 => DOUBLE.call(&[&x, &towards]),
            other => Err(real_only("nextafter", other)),
        }
    }

    /// The distance from `x` to its neighbour of larger magnitude, with the sign of `x`; NaN of infinities. Integers become
    /// the default float. Shape: that of `x`.
    ///
    /// NumPy: `spacing(x)`, which has another sign, and at powers of two another value, for negative numbers in float16.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let x = Array::from([1.0, 4.0]);
    /// assert_eq!(np::spacing(&x)?.to_vec::<f64>()?, [f64::EPSILON, 4.0 * f64::EPSILON]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::DType`] for complex numbers.
    pub fn spacing(x: &Array) -> Result<Array> {
        if x.dtype().is_complex() {
            return Err(real_only("spacing", x.dtype()));
        }
        let x = if x.dtype().kind() < Kind::Float { multiply(x, 1.0)? } else { x.clone() };
        // Beside a zero of either sign NumPy's is positive.
        let away = copysign(f64::INFINITY, &where_(&super::equal(&x, 0.0)?, 0.0, &x)?)?;
        subtract(&nextafter(&x, &away)?, &x)
    }

    /// Mantissa and exponent: `x = m * 2ᵉ` with the magnitude of m from ½ to below 1, and e int32. Zeros, infinities and NaN
    /// are their own mantissas, with the exponent 0. Integers become the default float. Both are of the shape of `x`.
    ///
    /// NumPy: `frexp(x)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let (mantissa, exponent) = np::frexp(&Array::from([8.0, 0.75]))?;
    /// assert_eq!(mantissa.to_vec::<f64>()?, [0.5, 0.75]);
    /// assert_eq!(exponent.to_vec::<i32>()?, [4, 0]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::DType`] for complex numbers.
    pub fn frexp(x: &Array) -> Result<(Array, Array)> {
        type Parts = LazyLock<[Ufunc; 2]>;
        static SINGLE: Parts = LazyLock::new(|| [true, false].map(|m| ufunc("frexp", |x| parts(&x, m, 64))));
        static DOUBLE: Parts = LazyLock::new(|| [true, false].map(|m| ufunc("frexp", |x| parts(&x, m, 512))));
        if x.dtype().is_complex() {
            return Err(real_only("frexp", x.dtype()));
        }
        let dtype = x.dtype();
        let wide = match dtype {
            DType::F16 => astype(x, DType::F32)?,
            _ if dtype.kind() < Kind::Float => multiply(x, 1.0)?,
            _ => x.clone(),
        };
        let [mantissa, exponent] = if wide.dtype() == DType::F32 { &*SINGLE } else { &*DOUBLE };
        let mantissa = mantissa.call(&[&wide])?;
        let mantissa = if dtype == DType::F16 { astype(&mantissa, dtype)? } else { mantissa };
        Ok((mantissa, astype(&exponent.call(&[&wide])?, DType::I32)?))
    }

    /// Least common multiple of the magnitudes of integers, which wraps; 0 where either is 0. Shape: that to which
    /// both broadcast. Dtype: the promoted one.
    ///
    /// NumPy: `lcm(a, b)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let (a, b) = (Array::from([12, 5]), Array::from([20, 0]));
    /// assert_eq!(np::lcm(&a, &b)?.to_vec::<i32>()?, [60, 0]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::DType`] if they are no integers.
    pub fn lcm(a: &Array, b: &Array) -> Result<Array> {
        let divisor = gcd(a, b)?;
        let dtype = divisor.dtype();
        // Of unsigned ones: the magnitude of the least number is one.
        let wide = match dtype {
            DType::I8 => DType::U8,
            DType::I16 => DType::U16,
            DType::I32 => DType::U32,
            _ => DType::U64,
        };
        let wide = if dtype.is_unsigned() { dtype } else { wide };
        let size = |x: &Array| astype(&absolute(&astype(x, dtype)?)?, wide);
        let multiple = multiply(&floor_divide(&size(a)?, &size(&divisor)?)?, &size(b)?)?;
        astype(&multiple, dtype)
    }
}

fn real_only(op: &'static str, dtype: DType) -> Error {
    Error::DType {
        op,
        operands: format!("an array of {dtype}"),
        fix: "it is a function of real numbers; take real(x), imag(x) or absolute(x)".into(),
    }
}

/// In a format of so many digits, whose least number is 2 to the power `least`.
fn neighbour(x: &Sym, towards: &Sym, digits: i32, least: i32, most: f64) -> Sym {
    // In two steps: the power of a half is the reciprocal of one that overflows.
    let (unit, eta) = (2_f64.powi(-digits), 2_f64.powi(least / 2) * 2_f64.powi(least - least / 2));
    let (up, share) = (1.0 / unit, unit * (1.0 + 2.0 * unit));
    let forth = towards.gt(x);
    let a = x.abs();
    let step = |from: &Sym, by: Sym| pick(forth.clone(), from + &by, from - &by);
    let far = step(x, &a * share);
    // Where a share of the number itself would be lost.
    let between = step(&(x * up), &a * up * share) * unit;
    let least = pick(forth.clone(), x + eta, x - eta);
    let next = pick(a.ge(eta * up * up * 0.5), far, pick(a.lt(eta * up), least, between));
    let next = pick(a.eq(f64::INFINITY), most, next);
    let next = pick(x.eq(0.0), next.clone(), next.copysign(x));
    let next = pick(x.eq(towards), towards, next);
    pick(x.is_nan().or(towards.is_nan()), x + towards, next)
}

/// The mantissa of a number, or its exponent: powers of two are taken out, the largest one first, from what is brought to 1
/// and above. Every product is exact.
fn parts(x: &Sym, mantissa: bool, largest: i32) -> Sym {
    let power = |n: i32| 2_f64.powi(n);
    let a = x.abs();
    let mut m = a.clone();
    let mut e = 0.0_f64.into_sym(x);
    // Subnormal numbers first come among the others.
    for (below, up) in [(power(-largest + 12), if largest > 64 { 600 } else { 100 }), (1.0, largest)] {
        let small = m.lt(below);
        m = pick(small.clone(), &m * power(up), &m);
        e = pick(small, &e - f64::from(up), &e);
    }
    let mut n = largest;
    while n > 0 {
        let large = m.ge(power(n));
        m = pick(large.clone(), &m * power(-n), &m);
        e = pick(large, &e + f64::from(n), &e);
        n /= 2;
    }
    let known = a.lt(f64::INFINITY).and(a.gt(0.0));
    if mantissa { pick(known, (m * 0.5).copysign(x), x) } else { pick(known, e + 1.0, 0.0) }
}
