//! The parts of floating point numbers, and their neighbours.

use super::arithmetic::met_at_once;
use super::elementwise::astype;
use super::functions::pick;
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
    /// successor in rounding to nearest".
    ///
    /// NumPy: `nextafter(x, towards)`.
    ///
    /// # Errors
    /// [`Error::DType`] for complex numbers.
    pub fn nextafter(x: &Array, towards: &Array) -> Result<Array> {
        static HALF: LazyLock<Ufunc> = LazyLock::new(|| ufunc2("nextafter", |a, b| neighbour(&a, &b, 11, -24, 65504.0)));
        static SINGLE: LazyLock<Ufunc> =
            LazyLock::new(|| ufunc2("nextafter", |a, b| neighbour(&a, &b, 24, -149, f64::from(f32::MAX))));
        static DOUBLE: LazyLock<Ufunc> = LazyLock::new(|| ufunc2("nextafter", |a, b| neighbour(&a, &b, 53, -1074, f64::MAX)));
        let [x, towards] = [x, towards].map(|x| if x.dtype().kind() < Kind::Float { multiply(x, 1.0) } else { Ok(x.clone()) });
        let [x, towards] = met_at_once([&x?, &towards?])?;
        let dtype = [&x, &towards].into_iter().find(|x| !x.is_weak()).map_or(DType::F64, Array::dtype);
        match dtype {
            DType::F16 => HALF.call(&[&x, &towards]),
            DType::F32 => SINGLE.call(&[&x, &towards]),
            DType::F64 => DOUBLE.call(&[&x, &towards]),
            _ => Err(real_only("nextafter", dtype)),
        }
    }

    /// The distance from `x` to its neighbour of larger magnitude, with the sign of `x`; NaN of infinities. Integers become
    /// the default float.
    ///
    /// NumPy: `spacing(x)`, which has another sign, and at powers of two another value, for negative numbers in float16.
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
    /// are their own mantissas, with the exponent 0. Integers become the default float.
    ///
    /// NumPy: `frexp(x)`.
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

    /// Least common multiple of the magnitudes of integers, which wraps; 0 where either is 0.
    ///
    /// NumPy: `lcm(a, b)`.
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
    let (unit, eta) = (2_f64.powi(-digits), 2_f64.powi(least));
    let (up, share) = (1.0 / unit, unit * (1.0 + 2.0 * unit));
    let forth = towards.gt(x);
    let a = x.abs();
    let step = |from: &Sym, by: Sym| pick(forth.clone(), from + &by, from - &by);
    let far = step(x, &a * share);
    // Where a share of the number itself would be lost.
    let between = step(&(x * up), &a * up * share) * unit;
    let least = pick(forth.clone(), x + eta, x - eta);
    let next = pick(a.ge(0.5 * eta * up * up), far, pick(a.lt(eta * up), least, between));
    let next = pick(a.eq(f64::INFINITY), most, next);
    let next = pick(x.eq(0.0), next.clone(), next.copysign(x));
    let next = pick(x.eq(towards), towards, next);
    pick(x.is_nan().or(towards.is_nan()), x + towards, next)
}

/// The mantissa of a number, or its exponent.
fn parts(x: &Sym, mantissa: bool, far: i32) -> Sym {
    let power = |n: i32| 2_f64.powi(n);
    let a = x.abs();
    let (large, small) = (a.gt(power(far)), a.lt(power(-far)));
    let scaled = pick(large.clone(), &a * power(-far), pick(small.clone(), &a * power(far), &a));
    // One too much or too little beside a power of two, where the logarithm is rounded.
    let exponent = scaled.log2().floor();
    let m = &scaled * 2.0.into_sym(x).pow(-&exponent);
    let (over, under) = (m.ge(2.0), m.lt(1.0));
    let known = a.lt(f64::INFINITY).and(a.gt(0.0));
    if mantissa {
        let m = pick(over, &m * 0.25, pick(under, m.clone(), &m * 0.5));
        return pick(known, m.copysign(x), x);
    }
    let exponent = &exponent + pick(over, 2.0, pick(under, 0.0, 1.0_f64.into_sym(x)));
    let far = f64::from(far);
    pick(known, exponent + pick(large, far, pick(small, -far, 0.0_f64.into_sym(x))), 0.0)
}
