//! Complex functions in doubles, references of the op table: accurate to a few units of the norm from end to end of the format,
//! with the special values of C11 annex G (and DR 471), which are those of the Array API standard.

use num_complex::Complex64;
use std::f64::consts::LN_2;

const fn c(re: f64, im: f64) -> Complex64 {
    Complex64::new(re, im)
}

/// Binary exponent of the larger part; 0 where a part is not finite.
fn exponent(z: Complex64) -> i32 {
    let size = z.re.abs().max(z.im.abs());
    if size > 0.0 && (z.re * 0.0 + z.im * 0.0) == 0.0 { size.log2().floor() as i32 } else { 0 }
}

/// z 2^k. In two steps: one power alone may be no number of the format.
fn scale(z: Complex64, k: i32) -> Complex64 {
    let (first, second) = (2f64.powi(k / 2), 2f64.powi(k - k / 2));
    c(z.re * first * second, z.im * first * second)
}

/// A sum and what it loses (Knuth's TwoSum).
fn sum(a: f64, b: f64) -> (f64, f64) {
    let sum = a + b;
    let part = sum - a;
    (sum, (a - (sum - part)) + (b - part))
}

/// a b + c d + e, with what the products and sums lose.
fn dot(a: f64, b: f64, c: f64, d: f64, e: f64) -> f64 {
    let (p, q) = (a * b, c * d);
    let (first, lost) = sum(p, e);
    let (second, more) = sum(first, q);
    let lost = lost + more + a.mul_add(b, -p) + c.mul_add(d, -q);
    if lost.is_finite() { second + lost } else { second }
}

/// a / b by the textbook's formula. By a number on an axis it is two real quotients; by zero each part is divided by |0|, as
/// NumPy does.
pub fn divide(a: Complex64, b: Complex64) -> Complex64 {
    if b.im == 0.0 {
        let by = if b.re == 0.0 { b.re.abs() } else { b.re };
        return c(a.re / by, a.im / by);
    }
    if b.re == 0.0 {
        return c(a.im / b.im, -a.re / b.im);
    }
    let (i, j) = (exponent(a), exponent(b));
    let (u, v) = (scale(a, -i), scale(b, -j));
    let product =
        |u: Complex64, v: Complex64| c(dot(u.re, v.re, u.im, v.im, 0.0), dot(u.im, v.re, -u.re, v.im, 0.0));
    let size = dot(v.re, v.re, v.im, v.im, 0.0);
    let p = product(u, v);
    let quotient = scale(c(p.re / size, p.im / size), i - j);
    if !(quotient.re.is_nan() && quotient.im.is_nan()) {
        return quotient;
    }
    // G.5.1: an infinite number by a finite one is infinite, a finite one by an infinite one zero.
    let infinite = |z: Complex64| z.re.is_infinite() || z.im.is_infinite();
    let direction = |z: Complex64| {
        let unit = |x: f64| if x.is_infinite() { 1f64 } else { 0.0 }.copysign(x);
        if infinite(z) { c(unit(z.re), unit(z.im)) } else { z }
    };
    let p = product(direction(u), direction(v));
    match (infinite(a), infinite(b)) {
        (true, false) => c(f64::INFINITY * p.re, f64::INFINITY * p.im),
        (false, true) => c(0.0 * p.re, 0.0 * p.im),
        _ => c(f64::NAN, f64::NAN),
    }
}

pub fn sqrt(z: Complex64) -> Complex64 {
    let (x, y) = (z.re, z.im);
    if y.is_infinite() {
        return c(f64::INFINITY, y);
    }
    if x.is_infinite() {
        let zero = if y.is_nan() { y } else { 0.0 };
        return if x > 0.0 { c(x, zero.copysign(y)) } else { c(zero, f64::INFINITY.copysign(y)) };
    }
    if x == 0.0 && y == 0.0 {
        return c(0.0, y);
    }
    let half = exponent(z).div_euclid(2);
    let w = scale(z, -2 * half);
    let t = ((w.re.abs() + w.re.hypot(w.im)) / 2.0).sqrt();
    let other = w.im.abs() / (2.0 * t);
    let (re, im) = if x.is_sign_negative() { (other, t) } else { (t, other) };
    scale(c(re, im.copysign(y)), half)
}

/// e^x (re + i im), where e^x alone may be beyond the format.
fn times_exp(x: f64, re: f64, im: f64) -> Complex64 {
    let (first, second) = if x.abs() < 700.0 { (x, 0.0) } else { (x / 2.0, x / 2.0) };
    let by = |v: f64| if v == 0.0 { v } else { v * first.exp() * second.exp() };
    c(by(re), by(im))
}

pub fn exp(z: Complex64) -> Complex64 {
    let (x, y) = (z.re, z.im);
    if y == 0.0 {
        return c(x.exp(), y);
    }
    match x {
        f64::INFINITY if !y.is_finite() => c(x, f64::NAN),
        f64::NEG_INFINITY if !y.is_finite() => c(0.0, 0.0),
        _ => times_exp(x, y.cos(), y.sin()),
    }
}

pub fn log(z: Complex64) -> Complex64 {
    let exponent = exponent(z);
    let w = scale(z, -exponent);
    let modulus = if z.re.is_infinite() || z.im.is_infinite() {
        f64::INFINITY
    } else if (-1..1).contains(&exponent) {
        // The logarithm cancels where |z| is near 1.
        dot(z.re, z.re, z.im, z.im, -1.0).ln_1p() / 2.0
    } else {
        w.re.hypot(w.im).ln() + f64::from(exponent) * LN_2
    };
    c(modulus, z.im.atan2(z.re))
}

/// (sinh x cos y, cosh x sin y) and (cosh x cos y, sinh x sin y): sinh and cosh of z where y is finite.
fn hyperbolic(z: Complex64) -> [Complex64; 2] {
    let (x, (s, co)) = (z.re, z.im.sin_cos());
    if x.abs() < 22.0 {
        return [c(x.sinh() * co, x.cosh() * s), c(x.cosh() * co, x.sinh() * s)];
    }
    let sign = 1f64.copysign(x);
    [times_exp(x.abs(), sign * co / 2.0, s / 2.0), times_exp(x.abs(), co / 2.0, sign * s / 2.0)]
}

pub fn sinh(z: Complex64) -> Complex64 {
    match (z.re, z.im) {
        (x, 0.0) => c(x.sinh(), z.im),
        (x, y) if !y.is_finite() && (x == 0.0 || x.is_infinite()) => c(x, f64::NAN),
        _ => hyperbolic(z)[0],
    }
}

pub fn cosh(z: Complex64) -> Complex64 {
    match (z.re, z.im) {
        (x, y) if x == 0.0 && !y.is_finite() => c(f64::NAN, 0.0),
        (x, y) if y == 0.0 && !x.is_finite() => c(x.abs(), 0f64.copysign(x.signum() * y)),
        (x, y) if x.is_infinite() && !y.is_finite() => c(f64::INFINITY, f64::NAN),
        _ => hyperbolic(z)[1],
    }
}

/// By Kahan's formula (1987, CTANH).
pub fn tanh(z: Complex64) -> Complex64 {
    let (x, y) = (z.re, z.im);
    if x.is_infinite() {
        let angle = if y.is_finite() { y.sin() * y.cos() } else { y };
        return c(1f64.copysign(x), 0f64.copysign(angle));
    }
    if y == 0.0 {
        return c(x.tanh(), y);
    }
    if !y.is_finite() {
        return c(if x == 0.0 { x } else { f64::NAN }, f64::NAN);
    }
    if x.abs() > 22.0 {
        let e = (-2.0 * x.abs()).exp();
        return c(1f64.copysign(x), 4.0 * y.sin() * y.cos() * e);
    }
    let t = y.tan();
    let beta = 1.0 + t * t;
    let s = x.sinh();
    let rho = (1.0 + s * s).sqrt();
    if t.is_infinite() {
        return c(rho / s, 1.0 / t);
    }
    let d = 1.0 + beta * s * s;
    c(beta * rho * s / d, t / d)
}

/// sin z = -i sinh(iz).
pub fn sin(z: Complex64) -> Complex64 {
    let w = sinh(c(-z.im, z.re));
    c(w.im, -w.re)
}

/// cos z = cosh(iz).
pub fn cos(z: Complex64) -> Complex64 {
    cosh(c(-z.im, z.re))
}
