//! Special values of complex functions, generated from the rules of C11 annex G.6 (with DR 471 for tanh) and of the Array API
//! standard, which are the same: for each class of arguments the result in one quadrant, and the symmetries that give the
//! others.

use crate::expr::Op;
use num_complex::Complex64;
use std::f64::consts::{FRAC_PI_2, FRAC_PI_4, PI};

/// What a part of a special value is to be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Part {
    /// This, the sign of a zero included.
    Is(f64),
    /// This, with a sign that the standard leaves open.
    EitherSign(f64),
}

use Part::{EitherSign, Is};

impl Part {
    /// The value, with the sign that is given here.
    pub fn value(self) -> f64 {
        match self {
            Is(x) | EitherSign(x) => x,
        }
    }

    fn negated(self) -> Part {
        match self {
            Is(x) => Is(-x),
            either => either,
        }
    }

    /// Whether a part of a result is this, to some relative accuracy where it is an ordinary number.
    pub fn holds(self, got: f64, relative: f64) -> bool {
        let (want, got) = match self {
            Is(x) => (x, got),
            EitherSign(x) => (x.abs(), got.abs()),
        };
        if want.is_nan() {
            return got.is_nan();
        }
        got.is_sign_negative() == want.is_sign_negative()
            && (got == want || (got - want).abs() <= relative * want.abs())
    }
}

const INF: f64 = f64::INFINITY;
const NAN: Part = Is(f64::NAN);
const ZERO: Part = Is(0.0);

/// The class of a part that is not negative, or that is no number.
enum Class {
    Zero,
    Finite,
    Infinite,
    Nan,
}

use Class::{Finite, Infinite, Nan, Zero};

fn class(x: f64) -> Class {
    match x.abs() {
        0.0 => Zero,
        INF => Infinite,
        x if x.is_nan() => Nan,
        _ => Finite,
    }
}

type Rule = fn(f64, f64) -> Option<[Part; 2]>;

/// An infinity or zero in the direction of an angle.
fn cis(size: f64, angle: f64) -> Option<[Part; 2]> {
    Some([Is(size.copysign(angle.cos())), Is(size.copysign(angle.sin()))])
}

fn exp(x: f64, y: f64) -> Option<[Part; 2]> {
    match (class(x), class(y)) {
        (Zero, Zero) => Some([Is(1.0), ZERO]),
        (Infinite, Zero) if x > 0.0 => Some([Is(INF), ZERO]),
        (Infinite, Zero | Finite) => cis(if x > 0.0 { INF } else { 0.0 }, y),
        (Infinite, _) if x < 0.0 => Some([EitherSign(0.0), EitherSign(0.0)]),
        (Infinite, _) => Some([EitherSign(INF), NAN]),
        (Nan, Zero) => Some([NAN, ZERO]),
        (Nan, _) | (_, Infinite | Nan) => Some([NAN, NAN]),
        _ => None,
    }
}

fn log(x: f64, y: f64) -> Option<[Part; 2]> {
    match (class(x), class(y)) {
        (Zero, Zero) => Some([Is(-INF), Is(if x.is_sign_negative() { PI } else { 0.0 })]),
        (Zero | Finite, Infinite) => Some([Is(INF), Is(FRAC_PI_2)]),
        (Infinite, Zero | Finite) => Some([Is(INF), Is(if x < 0.0 { PI } else { 0.0 })]),
        (Infinite, Infinite) => Some([Is(INF), Is(if x < 0.0 { 3.0 * FRAC_PI_4 } else { FRAC_PI_4 })]),
        (Infinite, Nan) | (Nan, Infinite) => Some([Is(INF), NAN]),
        (Nan, _) | (_, Nan) => Some([NAN, NAN]),
        _ => None,
    }
}

fn sqrt(x: f64, y: f64) -> Option<[Part; 2]> {
    match (class(x), class(y)) {
        (Zero, Zero) => Some([ZERO, ZERO]),
        (_, Infinite) => Some([Is(INF), Is(INF)]),
        (Infinite, Zero | Finite) => Some(if x < 0.0 { [ZERO, Is(INF)] } else { [Is(INF), ZERO] }),
        (Infinite, Nan) if x < 0.0 => Some([NAN, EitherSign(INF)]),
        (Infinite, Nan) => Some([Is(INF), NAN]),
        (Nan, _) | (_, Nan) => Some([NAN, NAN]),
        _ => None,
    }
}

fn cosh(x: f64, y: f64) -> Option<[Part; 2]> {
    match (class(x), class(y)) {
        (Zero, Zero) => Some([Is(1.0), ZERO]),
        (Zero, Infinite | Nan) => Some([NAN, EitherSign(0.0)]),
        (Infinite, Zero) => Some([Is(INF), ZERO]),
        (Infinite, Finite) => cis(INF, y),
        (Infinite, Infinite) => Some([EitherSign(INF), NAN]),
        (Infinite, Nan) => Some([Is(INF), NAN]),
        (Nan, Zero) => Some([NAN, EitherSign(0.0)]),
        (Nan, _) | (_, Infinite | Nan) => Some([NAN, NAN]),
        _ => None,
    }
}

fn sinh(x: f64, y: f64) -> Option<[Part; 2]> {
    match (class(x), class(y)) {
        (Zero, Zero) => Some([ZERO, ZERO]),
        (Zero, Infinite | Nan) => Some([EitherSign(0.0), NAN]),
        (Infinite, Zero) => Some([Is(INF), ZERO]),
        (Infinite, Finite) => cis(INF, y),
        (Infinite, Infinite | Nan) => Some([EitherSign(INF), NAN]),
        (Nan, Zero) => Some([NAN, ZERO]),
        (Nan, _) | (_, Infinite | Nan) => Some([NAN, NAN]),
        _ => None,
    }
}

fn tanh(x: f64, y: f64) -> Option<[Part; 2]> {
    match (class(x), class(y)) {
        (Zero, Zero) => Some([ZERO, ZERO]),
        (Zero, Infinite | Nan) => Some([ZERO, NAN]),
        (Infinite, Zero | Finite) => Some([Is(1.0), Is(0f64.copysign(y.sin() * y.cos()))]),
        (Infinite, Infinite | Nan) => Some([Is(1.0), EitherSign(0.0)]),
        (Nan, Zero) => Some([NAN, ZERO]),
        (Nan, _) | (_, Infinite | Nan) => Some([NAN, NAN]),
        _ => None,
    }
}

/// f(conj z) = conj f(z).
fn conjugate(rule: Rule, z: Complex64) -> Option<[Part; 2]> {
    let [re, im] = rule(z.re, z.im.abs())?;
    Some(if z.im.is_sign_negative() { [re, im.negated()] } else { [re, im] })
}

/// f(-z) = -f(z), too.
fn odd(rule: Rule, z: Complex64) -> Option<[Part; 2]> {
    if !z.re.is_sign_negative() {
        return conjugate(rule, z);
    }
    conjugate(rule, -z).map(|parts| parts.map(Part::negated))
}

/// f(-z) = f(z), too.
fn even(rule: Rule, z: Complex64) -> Option<[Part; 2]> {
    conjugate(rule, if z.re.is_sign_negative() { -z } else { z })
}

/// What a complex function gives where the standard lists its argument as special.
pub fn special_value(op: Op, z: Complex64) -> Option<[Part; 2]> {
    let iz = Complex64::new(-z.im, z.re);
    match op {
        Op::Exp => conjugate(exp, z),
        Op::Log => conjugate(log, z),
        Op::Sqrt => conjugate(sqrt, z),
        Op::Tanh => odd(tanh, z),
        // sin z = -i sinh(iz), cos z = cosh(iz).
        Op::Sin => odd(sinh, iz).map(|[re, im]| [im, re.negated()]),
        Op::Cos => even(cosh, iz),
        _ => None,
    }
}

/// Whether the quotient of two complex numbers is to be an infinite number (G.5.1), of which no more is said.
pub fn infinite_quotient(a: Complex64, b: Complex64) -> bool {
    let finite = |x: f64| x.is_finite() && x != 0.0;
    (a.re.is_infinite() || a.im.is_infinite()) && finite(b.re) && finite(b.im)
}

/// Every pair of these parts: zeros, infinities and NaN beside numbers of each quadrant, and such as overflow.
pub fn arguments() -> Vec<Complex64> {
    let sizes = [0.0, 0.75, 2.0, 4.0, 5.5, 25.0, 1e4, INF, f64::NAN];
    let parts: Vec<f64> = sizes.into_iter().flat_map(|x| [x, -x]).collect();
    parts.iter().flat_map(|&re| parts.iter().map(move |&im| Complex64::new(re, im))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expr::OPS;
    use crate::expr::op::Reference;

    #[test]
    fn the_references_of_the_op_table_have_the_special_values() {
        let (mut wrong, mut count) = (Vec::new(), 0);
        for row in OPS {
            let Reference::Unary { complex: Some(f), .. } = row.reference else { continue };
            for z in arguments() {
                let (Some(want), got) = (special_value(row.op, z), f(z)) else { continue };
                count += 1;
                if !(want[0].holds(got.re, 1e-15) && want[1].holds(got.im, 1e-15)) {
                    wrong.push(format!("{}({z:?}) = {got:?}, want {want:?}", row.name));
                }
            }
        }
        assert!(count > 700, "{count} special values");
        assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
    }
}
