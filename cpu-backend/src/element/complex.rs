//! Complex elements. Functions are written once, on f64 parts, so that no intermediate over- or underflows
//! where the result does not; c64 computes in them and rounds once.

use super::{Arithmetic, Inexact, Number, accumulated_as_itself, stored_as_itself};
use num_complex::{Complex, Complex32, Complex64};
use std::f64::consts::LN_2;

macro_rules! complex {
    ($($ty:ty, $part:ty;)*) => {$(
        impl Arithmetic for $ty {
            type Acc = $ty;
            const ZERO: $ty = Complex { re: 0.0, im: 0.0 };
            const NOTHING: $ty = Complex { re: -0.0, im: -0.0 };
            const ONE: $ty = Complex { re: 1.0, im: 0.0 };
            stored_as_itself!();
            accumulated_as_itself!();
            #[inline(always)]
            fn plus(self, other: $ty) -> $ty { self + other }
            #[inline(always)]
            fn times(self, other: $ty) -> $ty {
                Complex::new(
                    self.re * other.re - self.im * other.im,
                    self.re * other.im + self.im * other.re,
                )
            }
            #[inline(always)]
            fn not_a_number(self) -> bool { self.re.is_nan() || self.im.is_nan() }
        }
        impl Number for $ty {
            type Real = $part;
            #[inline(always)]
            fn magnitude(self) -> $part { self.re.hypot(self.im) }
            #[inline(always)]
            fn negated(self) -> $ty { -self }
            #[inline(always)]
            fn minus(self, other: $ty) -> $ty { self - other }
        }
    )*};
}
complex!(Complex32, f32; Complex64, f64;);

macro_rules! single_through_double {
    ($($f:ident($($x:ident),*))*) => {
        impl Inexact for Complex32 {
            $(#[inline(always)]
            fn $f(self $(, $x: Complex32)*) -> Complex32 {
                let z = double(self).$f($(double($x)),*);
                Complex::new(z.re as f32, z.im as f32)
            })*
        }
    };
}
single_through_double!(
    divided(other) square_root() exponential() logarithm() sine() cosine() hyperbolic_tangent()
);

#[inline(always)]
fn double(z: Complex32) -> Complex64 {
    Complex::new(z.re as f64, z.im as f64)
}

impl Inexact for Complex64 {
    fn divided(self, other: Complex64) -> Complex64 {
        divide(self, other)
    }
    fn square_root(self) -> Complex64 {
        sqrt(self)
    }
    fn exponential(self) -> Complex64 {
        exp(self)
    }
    fn logarithm(self) -> Complex64 {
        log(self)
    }
    fn sine(self) -> Complex64 {
        // sin z = -i sinh(iz)
        let s = sinh(Complex::new(-self.im, self.re));
        Complex::new(s.im, -s.re)
    }
    fn cosine(self) -> Complex64 {
        // cos z = cosh(iz)
        cosh(Complex::new(-self.im, self.re))
    }
    fn hyperbolic_tangent(self) -> Complex64 {
        tanh(self)
    }
}

/// Smith's division (1962, Algorithm 116) with the divisor scaled away from overflow and the dividend and
/// divisor away from underflow (Baudin and Smith 2012). By a number on an axis it is two real quotients: infinity times
/// the other part would be NaN. By zero each part is divided by |0|, as NumPy does.
fn divide(a: Complex64, b: Complex64) -> Complex64 {
    const HALF_MAX: f64 = f64::MAX / 2.0;
    /// Below this the quotient's correction terms lose digits.
    const TINY: f64 = f64::MIN_POSITIVE * 2.0 / (f64::EPSILON * f64::EPSILON);
    const UP: f64 = 2.0 / (f64::EPSILON * f64::EPSILON);
    if b.im == 0.0 {
        let by = if b.re == 0.0 { b.re.abs() } else { b.re };
        return Complex::new(a.re / by, a.im / by);
    }
    if b.re == 0.0 {
        return Complex::new(a.im / b.im, -a.re / b.im);
    }
    let (mut a, mut b, mut scale) = (a, b, 1.0);
    let largest = |z: Complex64| z.re.abs().max(z.im.abs());
    let (size_a, size_b) = (largest(a), largest(b));
    if !size_a.is_finite() || !size_b.is_finite() {
        let quotient = smith(a, b);
        let lost = quotient.re.is_nan() && quotient.im.is_nan();
        return if lost { divide_infinite(a, b) } else { quotient };
    }
    if size_a >= HALF_MAX {
        a = a.unscale(2.0);
        scale *= 2.0;
    }
    if size_b >= HALF_MAX {
        b = b.unscale(2.0);
        scale *= 0.5;
    }
    if size_a <= TINY {
        a = a.scale(UP);
        scale /= UP;
    }
    if size_b <= TINY {
        b = b.scale(UP);
        scale *= UP;
    }
    smith(a, b).scale(scale)
}

/// What C11 annex G.5.1 makes of NaN: an infinite number by a finite one is infinite, a finite one by an infinite one zero.
#[cold]
fn divide_infinite(a: Complex64, b: Complex64) -> Complex64 {
    let infinite = |z: Complex64| z.re.is_infinite() || z.im.is_infinite();
    let size = match (infinite(a), infinite(b)) {
        (true, false) => f64::INFINITY,
        (false, true) => 0.0,
        _ => f64::NAN,
    };
    let direction = |z: Complex64| {
        let unit = |x: f64| f64::from(u8::from(x.is_infinite())).copysign(x);
        // The size of a finite number does not count: halved, its products don't overflow.
        if infinite(z) { Complex::new(unit(z.re), unit(z.im)) } else { z.scale(0.5) }
    };
    let (a, b) = (direction(a), direction(b));
    Complex::new(size * (a.re * b.re + a.im * b.im), size * (a.im * b.re - a.re * b.im))
}

fn smith(a: Complex64, b: Complex64) -> Complex64 {
    if b.re.abs() >= b.im.abs() {
        let r = b.im / b.re;
        let d = b.re + b.im * r;
        // Where b.im / b.re underflows, b.im * (a.im / b.re) still has digits.
        if r == 0.0 {
            return Complex::new((a.re + b.im * (a.im / b.re)) / d, (a.im - b.im * (a.re / b.re)) / d);
        }
        Complex::new((a.re + a.im * r) / d, (a.im - a.re * r) / d)
    } else {
        let r = b.re / b.im;
        let d = b.re * r + b.im;
        if r == 0.0 {
            return Complex::new((b.re * (a.re / b.im) + a.im) / d, (b.re * (a.im / b.im) - a.re) / d);
        }
        Complex::new((a.re * r + a.im) / d, (a.im * r - a.re) / d)
    }
}

/// Principal square root (Kahan 1987, CSQRT; special values as in C99 G.6.4.2).
fn sqrt(z: Complex64) -> Complex64 {
    let (x, y) = (z.re, z.im);
    if x == 0.0 && y == 0.0 {
        return Complex::new(0.0, y);
    }
    if y.is_infinite() {
        return Complex::new(f64::INFINITY, y);
    }
    if x.is_infinite() {
        let other = if y.is_nan() { f64::NAN } else { 0.0 };
        return if x > 0.0 {
            Complex::new(x, if y.is_nan() { y } else { 0f64.copysign(y) })
        } else {
            Complex::new(other, f64::INFINITY.copysign(y))
        };
    }
    // Scaled by a power of 4, so that neither hypot nor the sum overflows nor loses subnormal digits.
    let size = x.abs().max(y.abs());
    let (scale, root) = if size > f64::MAX / 4.0 {
        (1.0 / 16.0, 4.0)
    } else if size < f64::MIN_POSITIVE * 4.0 {
        (f64::from_bits((1023 + 108) << 52), f64::from_bits((1023 - 54) << 52))
    } else {
        (1.0, 1.0)
    };
    let (x, y) = (x * scale, y * scale);
    let t = ((x.abs() + x.hypot(y)) * 0.5).sqrt();
    let (re, im) = if x >= 0.0 { (t, y / (2.0 * t)) } else { (y.abs() / (2.0 * t), t.copysign(y)) };
    Complex::new(re * root, im * root)
}

/// `e^x * v` where `e^x` alone may overflow.
fn scaled_exp(x: f64, v: f64) -> f64 {
    if v == 0.0 || x.abs() < 700.0 {
        // 0 * inf would be NaN where the product is 0: the angle is exactly 0.
        return if v == 0.0 { v } else { x.exp() * v };
    }
    // Three steps: the largest argument whose product can be finite is 710 + 745.
    let third = (x / 3.0).clamp(-600.0, 600.0);
    let e = third.exp();
    let rest = (x - third * 2.0).exp();
    ((v * e) * e) * rest
}

fn exp(z: Complex64) -> Complex64 {
    let (x, y) = (z.re, z.im);
    if y == 0.0 {
        return Complex::new(x.exp(), y);
    }
    if x.is_infinite() && !y.is_finite() {
        return if x < 0.0 { Complex::new(0.0, 0.0) } else { Complex::new(x, f64::NAN) };
    }
    let (s, c) = y.sin_cos();
    Complex::new(scaled_exp(x, c), scaled_exp(x, s))
}

/// ln|z| + i arg z, accurate near |z| = 1 and at both ends of the range.
fn log(z: Complex64) -> Complex64 {
    let (big, small) = {
        let (a, b) = (z.re.abs(), z.im.abs());
        if a >= b || a.is_nan() { (a, b) } else { (b, a) }
    };
    let re = if (0.5..=2.0).contains(&big) {
        // (|z|² - 1) without forming |z|².
        0.5 * ((big - 1.0) * (big + 1.0) + small * small).ln_1p()
    } else if big > f64::MAX / 4.0 && big.is_finite() {
        (big / 4.0).hypot(small / 4.0).ln() + 2.0 * LN_2
    } else if big < f64::MIN_POSITIVE * 4.0 {
        let up = f64::from_bits((1023 + 108) << 52);
        (big * up).hypot(small * up).ln() - 108.0 * LN_2
    } else {
        big.hypot(small).ln()
    };
    Complex::new(re, z.im.atan2(z.re))
}

/// cosh x cos y + i sinh x sin y. Beyond 22 both hyperbolic functions are e^|x| / 2 to the last digit.
fn cosh(z: Complex64) -> Complex64 {
    let (x, y) = (z.re, z.im);
    if y == 0.0 {
        return Complex::new(x.cosh(), 0f64.copysign(x) * y);
    }
    if !y.is_finite() && (x == 0.0 || x.is_infinite()) {
        return if x == 0.0 { Complex::new(f64::NAN, 0.0) } else { Complex::new(x.abs(), f64::NAN) };
    }
    let (s, c) = y.sin_cos();
    if x.abs() > 22.0 && x.is_finite() {
        return Complex::new(scaled_exp(x.abs(), c * 0.5), scaled_exp(x.abs(), s * 0.5).copysign_by(x));
    }
    Complex::new(x.cosh() * c, x.sinh() * s)
}

/// sinh x cos y + i cosh x sin y.
fn sinh(z: Complex64) -> Complex64 {
    let (x, y) = (z.re, z.im);
    if y == 0.0 {
        return Complex::new(x.sinh(), y);
    }
    // Zero and infinity stay what they are against an angle that is none.
    if !y.is_finite() && (x == 0.0 || x.is_infinite()) {
        return Complex::new(x, f64::NAN);
    }
    let (s, c) = y.sin_cos();
    if x.abs() > 22.0 && x.is_finite() {
        return Complex::new(scaled_exp(x.abs(), c * 0.5).copysign_by(x), scaled_exp(x.abs(), s * 0.5));
    }
    Complex::new(x.sinh() * c, x.cosh() * s)
}

/// tanh (Kahan 1987, CTANH).
fn tanh(z: Complex64) -> Complex64 {
    let (x, y) = (z.re, z.im);
    if y == 0.0 {
        return Complex::new(x.tanh(), y);
    }
    if !y.is_finite() {
        return match x.abs() {
            0.0 => Complex::new(x, f64::NAN),
            f64::INFINITY => Complex::new(1f64.copysign(x), 0.0),
            _ => Complex::new(f64::NAN, f64::NAN),
        };
    }
    if x.abs() > 22.0 {
        let (s, c) = y.sin_cos();
        return Complex::new(1f64.copysign(x), 4.0 * s * c * (-2.0 * x.abs()).exp());
    }
    let t = y.tan();
    let beta = 1.0 + t * t;
    let s = x.sinh();
    let rho = (1.0 + s * s).sqrt();
    if t.is_infinite() {
        return Complex::new(rho / s, 1.0 / t);
    }
    let d = 1.0 + beta * s * s;
    Complex::new(beta * rho * s / d, t / d)
}

/// An odd function's sign.
trait CopySignBy {
    fn copysign_by(self, x: f64) -> f64;
}
impl CopySignBy for f64 {
    fn copysign_by(self, x: f64) -> f64 {
        if x < 0.0 { -self } else { self }
    }
}
