//! Functions of floats in terms of the op table: each a formula, traced once, which runs as one fused kernel. float16 is
//! computed in float32 and rounded once; integers become the default float.

use super::elementwise::astype;
use super::multiply;
use super::ufunc::{IntoSym, Sym, Ufunc, ufunc};
use crate::array::Array;
use crate::dtype::{DType, Kind};
use crate::error::{Error, Result};
use crate::multimethod;
use std::f64::consts::{FRAC_PI_2, LN_2, PI};
use std::sync::LazyLock;

macro_rules! functions {
    ($($(#[$($meta:tt)*])* $f:ident = $real:expr $(, complex $complex:expr)?;)*) => {
        multimethod! {
            domain "numpy";
            $(
                $(#[$($meta)*])*
                pub fn $f(x: &Array) -> Result<Array> {
                    static REAL: LazyLock<Ufunc> = LazyLock::new(|| ufunc(stringify!($f), $real));
                    #[allow(unused_mut, unused_assignments, reason = "not every function has a complex formula")]
                    let mut complex: Option<&'static Ufunc> = None;
                    $(
                        static COMPLEX: LazyLock<Ufunc> = LazyLock::new(|| ufunc(stringify!($f), $complex));
                        complex = Some(&COMPLEX);
                    )?
                    evaluate(stringify!($f), x, &REAL, complex)
                }
            )*
        }
    };
}

/// A formula in the dtype that it is computed in.
fn evaluate(op: &'static str, x: &Array, real: &Ufunc, complex: Option<&Ufunc>) -> Result<Array> {
    match x.dtype() {
        DType::F16 => astype(&real.call(&[&astype(x, DType::F32)?])?, DType::F16),
        dtype if dtype.is_complex() => match complex {
            Some(complex) => complex.call(&[x]),
            None => Err(Error::DType {
                op,
                operands: format!("an array of {dtype}"),
                fix: "it is a function of real numbers; take real(x), imag(x) or absolute(x)".into(),
            }),
        },
        dtype if dtype.kind() < Kind::Float => real.call(&[&multiply(x, 1.0)?]),
        _ => real.call(&[x]),
    }
}

/// `a` where a condition holds, else `b`.
pub(super) fn pick(condition: Sym, a: impl IntoSym, b: impl IntoSym) -> Sym {
    let (a, b) = (a.into_sym(&condition), b.into_sym(&condition));
    a.select(&condition, &b)
}

/// i · z, which moves the parts and computes nothing.
fn times_i(z: &Sym) -> Sym {
    (-z.im()).complex(z.re())
}

/// −i · z.
fn over_i(z: &Sym) -> Sym {
    z.im().complex(-z.re())
}

/// 1 − z and 1 + z; the sign of a zero of the imaginary part, on which the side of a branch cut depends, is kept.
fn around_one(z: &Sym) -> (Sym, Sym) {
    ((1.0_f64 - z.re()).complex(-z.im()), (1.0_f64 + z.re()).complex(z.im()))
}

/// Beyond it x² + 1 is x², to the last bit of either format.
const LARGE: f64 = 268_435_456.0;

fn asinh_real(x: Sym) -> Sym {
    let a = x.abs();
    let square = &a * &a;
    let near = (&a + &square / ((square.clone() + 1.0).sqrt() + 1.0)).ln_1p();
    pick(a.gt(LARGE), a.ln() + LN_2, near).copysign(x)
}

/// Where a part of a number is infinite.
fn is_infinite(x: &Sym, y: &Sym) -> Sym {
    x.abs().eq(f64::INFINITY).or(y.abs().eq(f64::INFINITY))
}

/// The angle of a number with an infinite part: beside it a finite part is nothing, and two infinite ones are equal.
fn angle_at_infinity(y: &Sym, x: &Sym) -> Sym {
    let boxed = |part: &Sym| pick(part.abs().eq(f64::INFINITY), 1.0, 0.0 * part).copysign(part);
    boxed(y).atan2(boxed(x))
}

/// Arcsine by Kahan 1987, "Branch cuts for complex elementary functions".
fn asin_complex(z: Sym) -> Sym {
    let (below, above) = around_one(&z);
    let (a, b) = (below.sqrt(), above.sqrt());
    let re = z.re().atan2(a.re() * b.re() - a.im() * b.im());
    let finite = pick(z.re().eq(0.0), z.re(), re).complex(asinh_real(a.re() * b.im() - a.im() * b.re()));
    let infinite = angle_at_infinity(&z.re(), &z.im().abs());
    pick(
        is_infinite(&z.re(), &z.im()),
        infinite.complex(f64::INFINITY.into_sym(&infinite).copysign(z.im())),
        finite,
    )
}

/// Arccosine, likewise.
fn acos_complex(z: Sym) -> Sym {
    let (below, above) = around_one(&z);
    let (a, b) = (below.sqrt(), above.sqrt());
    let im = asinh_real(b.re() * a.im() - b.im() * a.re());
    let re = a.re().atan2(b.re()) * 2.0;
    let finite = pick(z.re().eq(0.0).and(z.im().is_nan()), FRAC_PI_2, re).complex(im);
    let infinite = angle_at_infinity(&z.im().abs(), &z.re());
    pick(
        is_infinite(&z.re(), &z.im()),
        infinite.complex(-f64::INFINITY.into_sym(&infinite).copysign(z.im())),
        finite,
    )
}

/// Inverse hyperbolic cosine, likewise.
fn acosh_complex(z: Sym) -> Sym {
    let (a, b) = ((z.re() - 1.0).complex(z.im()).sqrt(), (z.re() + 1.0).complex(z.im()).sqrt());
    let re = asinh_real(a.re() * b.re() + a.im() * b.im());
    let im = a.im().atan2(b.re()) * 2.0;
    let finite = re.complex(pick(z.re().eq(0.0).and(z.im().is_nan()), FRAC_PI_2, im));
    let infinite = angle_at_infinity(&z.im(), &z.re());
    pick(is_infinite(&z.re(), &z.im()), f64::INFINITY.into_sym(&infinite).complex(infinite), finite)
}

/// Hyperbolic arctangent, as Kahan's: ln((1+x)² + y²) − ln((1−x)² + y²) as one logarithm.
fn atanh_complex(z: Sym) -> Sym {
    let (a, y) = (z.re().abs(), z.im());
    let below = 1.0_f64 - &a;
    let size = ((4.0_f64 * &a) / (&below * &below + &y * &y)).ln_1p() * 0.25;
    let angle = (2.0_f64 * &y).atan2(&below * (a + 1.0) - &y * &y) * 0.5;
    let finite = pick(z.re().eq(0.0), z.re(), size.copysign(z.re())).complex(angle);
    let quarter = pick(z.im().is_nan(), z.im(), FRAC_PI_2.into_sym(&y).copysign(z.im()));
    let infinite = 0.0.into_sym(&y).copysign(z.re()).complex(quarter);
    pick(is_infinite(&z.re(), &z.im()), infinite, finite)
}

functions! {
    /// Tangent of radians, element by element; the dtype of `x`, integers become the default float.
    ///
    /// NumPy: `tan(x)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let y = np::tan(Array::from([std::f64::consts::PI / 4.0]))?.to_vec::<f64>()?;
    /// assert!((y[0] - 1.0).abs() < 1e-12);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    tan = |x: Sym| x.sin() / x.cos(), complex |z: Sym| over_i(&times_i(&z).tanh());
    /// Arcsine in radians, from −π/2 to π/2; NaN beyond −1 and 1. Complex: principal branch, cuts along the real axis beyond
    /// −1 and 1.
    ///
    /// NumPy: `asin(x)`, `arcsin`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let y = np::asin(Array::from([1.0]))?.to_vec::<f64>()?;
    /// assert!((y[0] - std::f64::consts::PI / 2.0).abs() < 1e-12);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    asin = |x: Sym| x.atan2(((1.0_f64 - &x) * (1.0_f64 + &x)).sqrt()), complex asin_complex;
    /// Arccosine in radians, from 0 to π; NaN beyond −1 and 1. Complex: as [`asin()`].
    ///
    /// NumPy: `acos(x)`, `arccos`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let y = np::acos(Array::from([-1.0]))?.to_vec::<f64>()?;
    /// assert!((y[0] - std::f64::consts::PI).abs() < 1e-12);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    acos = |x: Sym| ((1.0_f64 - &x) * (1.0_f64 + &x)).sqrt().atan2(x), complex acos_complex;
    /// Arctangent in radians, from −π/2 to π/2. Complex: principal branch, cuts along the imaginary axis beyond −i and i.
    ///
    /// NumPy: `atan(x)`, `arctan`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let y = np::atan(Array::from([1.0]))?.to_vec::<f64>()?;
    /// assert!((y[0] - std::f64::consts::PI / 4.0).abs() < 1e-12);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    atan = |x: Sym| x.atan2(1.0), complex |z: Sym| over_i(&atanh_complex(times_i(&z)));
    /// Hyperbolic sine.
    ///
    /// NumPy: `sinh(x)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let y = np::sinh(Array::from([2.0_f64.ln()]))?.to_vec::<f64>()?;
    /// assert!((y[0] - 0.75).abs() < 1e-12);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    sinh = |x: Sym| {
        let a = x.abs();
        let (t, h) = (a.exp_m1(), (0.5_f64 * &a).exp());
        // e^|x| overflows before half of it does.
        pick(a.gt(20.0), 0.5_f64 * &h * &h, 0.5_f64 * (&t + &t / (&t + 1.0))).copysign(x)
    }, complex |z: Sym| over_i(&times_i(&z).sin());
    /// Hyperbolic cosine.
    ///
    /// NumPy: `cosh(x)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let y = np::cosh(Array::from([2.0_f64.ln()]))?.to_vec::<f64>()?;
    /// assert!((y[0] - 1.25).abs() < 1e-12);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    cosh = |x: Sym| {
        let a = x.abs();
        let (e, h) = (a.exp(), (0.5_f64 * &a).exp());
        pick(a.gt(20.0), 0.5_f64 * &h * &h, 0.5_f64 * &e + 0.5_f64 / &e)
    }, complex |z: Sym| times_i(&z).cos();
    /// Inverse of the hyperbolic sine. Complex: principal branch, cuts along the imaginary axis beyond −i and i.
    ///
    /// NumPy: `asinh(x)`, `arcsinh`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let y = np::asinh(Array::from([0.75]))?.to_vec::<f64>()?;
    /// assert!((y[0] - 2.0_f64.ln()).abs() < 1e-12);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    asinh = asinh_real, complex |z: Sym| over_i(&asin_complex(times_i(&z)));
    /// Inverse of the hyperbolic cosine, not negative; NaN below 1. Complex: principal branch, cut along the real axis below
    /// 1.
    ///
    /// NumPy: `acosh(x)`, `arccosh`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let y = np::acosh(Array::from([1.25]))?.to_vec::<f64>()?;
    /// assert!((y[0] - 2.0_f64.ln()).abs() < 1e-12);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    acosh = |x: Sym| {
        let t = &x - 1.0;
        let near = (&t + t.sqrt() * (&t + 2.0).sqrt()).ln_1p();
        pick(x.gt(LARGE), x.ln() + LN_2, near)
    }, complex acosh_complex;
    /// Inverse of the hyperbolic tangent: infinite at −1 and 1, NaN beyond. Complex: principal branch, cuts along the real
    /// axis beyond −1 and 1.
    ///
    /// NumPy: `atanh(x)`, `arctanh`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let y = np::atanh(Array::from([0.6]))?.to_vec::<f64>()?;
    /// assert!((y[0] - 2.0_f64.ln()).abs() < 1e-12);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    atanh = |x: Sym| {
        let a = x.abs();
        (((2.0_f64 * &a) / (1.0_f64 - &a)).ln_1p() * 0.5).copysign(x)
    }, complex atanh_complex;
    /// 2 to the power `x`.
    ///
    /// NumPy: `exp2(x)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let y = np::exp2(Array::from([10.0]))?.to_vec::<f64>()?;
    /// assert!((y[0] - 1024.0).abs() < 1e-12);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    exp2 = |x: Sym| 2.0.into_sym(&x).pow(x);
    /// Cube root, of the sign of `x`.
    ///
    /// NumPy: `cbrt(x)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let y = np::cbrt(Array::from([-27.0]))?.to_vec::<f64>()?;
    /// assert!((y[0] - -3.0).abs() < 1e-12);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    cbrt = |x: Sym| {
        let a = x.abs();
        let y = a.pow(1.0 / 3.0);
        // Newton's step makes up for the rounded exponent; there is none from zero, and none from infinity.
        let better = &y - (&y - &a / (&y * &y)) / 3.0;
        pick(a.eq(0.0), &a, pick(a.eq(f64::INFINITY), &a, better)).copysign(x)
    };
    /// sin(πx) / (πx), at 0 its limit 1.
    ///
    /// NumPy: `sinc(x)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let y = np::sinc(Array::from([0.5]))?.to_vec::<f64>()?;
    /// assert!((y[0] - 2.0 / std::f64::consts::PI).abs() < 1e-12);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    sinc = |x: Sym| {
        // In half turns, exactly: near whole numbers the sine keeps its digits.
        let turn = x.abs() % 2.0;
        let upper = pick(turn.gt(1.5), &turn - 2.0, 1.0_f64 - &turn);
        pick(x.eq(0.0), 1.0, (pick(turn.gt(0.5), upper, turn) * PI).sin() / (x.abs() * PI))
    };
    /// Degrees as radians.
    ///
    /// NumPy: `deg2rad(x)`, `radians`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let y = np::deg2rad(Array::from([180.0]))?.to_vec::<f64>()?;
    /// assert!((y[0] - std::f64::consts::PI).abs() < 1e-12);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    deg2rad = |x: Sym| x * (PI / 180.0);
    /// Radians as degrees.
    ///
    /// NumPy: `rad2deg(x)`, `degrees`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let y = np::rad2deg(Array::from([std::f64::consts::PI]))?.to_vec::<f64>()?;
    /// assert!((y[0] - 180.0).abs() < 1e-12);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    rad2deg = |x: Sym| x * (180.0 / PI);
    /// Modified Bessel function of the first kind, order 0 (Chebyshev series of Clenshaw 1962, coefficients as in the Cephes
    /// library).
    ///
    /// NumPy: `i0(x)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let y = np::i0(Array::from([1.0]))?.to_vec::<f64>()?;
    /// assert!((y[0] - 1.266_065_877_752_008_4).abs() < 1e-12);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    i0 = |x: Sym| {
        let a = x.abs();
        let near = chebyshev(&(&a * 0.5 - 2.0), &I0_NEAR);
        let far = chebyshev(&(32.0_f64 / &a - 2.0), &I0_FAR) / a.sqrt();
        // Half the exponent twice: it overflows before the product does.
        let half = (&a * 0.5).exp();
        &half * pick(a.le(8.0), near, far) * &half
    };
}

/// A Chebyshev series by Clenshaw's recurrence; x from −2 to 2, highest coefficient first.
fn chebyshev(x: &Sym, coefficients: &[f64]) -> Sym {
    let (mut b0, mut b1, mut b2) = (0.0.into_sym(x), 0.0.into_sym(x), 0.0.into_sym(x));
    for &c in coefficients {
        b2 = b1;
        b1 = b0;
        b0 = x * &b1 - &b2 + c;
    }
    (b0 - b2) * 0.5
}

/// e^−x·I₀(x) on [0, 8].
const I0_NEAR: [f64; 30] = [
    -4.4153416464793395e-18,
    3.3307945188222384e-17,
    -2.431279846547955e-16,
    1.715391285555133e-15,
    -1.1685332877993451e-14,
    7.676185498604936e-14,
    -4.856446783111929e-13,
    2.95505266312964e-12,
    -1.726826291441556e-11,
    9.675809035373237e-11,
    -5.189795601635263e-10,
    2.6598237246823866e-09,
    -1.300025009986248e-08,
    6.046995022541919e-08,
    -2.670793853940612e-07,
    1.1173875391201037e-06,
    -4.4167383584587505e-06,
    1.6448448070728896e-05,
    -5.754195010082104e-05,
    0.00018850288509584165,
    -0.0005763755745385824,
    0.0016394756169413357,
    -0.004324309995050576,
    0.010546460394594998,
    -0.02373741480589947,
    0.04930528423967071,
    -0.09490109704804764,
    0.17162090152220877,
    -0.3046826723431984,
    0.6767952744094761,
];

/// e^−x·√x·I₀(x) from 8 on.
const I0_FAR: [f64; 25] = [
    -7.233180487874754e-18,
    -4.830504485944182e-18,
    4.46562142029676e-17,
    3.461222867697461e-17,
    -2.8276239805165836e-16,
    -3.425485619677219e-16,
    1.7725601330565263e-15,
    3.8116806693526224e-15,
    -9.554846698828307e-15,
    -4.150569347287222e-14,
    1.54008621752141e-14,
    3.8527783827421426e-13,
    7.180124451383666e-13,
    -1.7941785315068062e-12,
    -1.3215811840447713e-11,
    -3.1499165279632416e-11,
    1.1889147107846439e-11,
    4.94060238822497e-10,
    3.3962320257083865e-09,
    2.266668990498178e-08,
    2.0489185894690638e-07,
    2.8913705208347567e-06,
    6.889758346916825e-05,
    0.0033691164782556943,
    0.8044904110141088,
];
