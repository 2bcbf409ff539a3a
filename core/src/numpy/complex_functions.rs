//! Operations of the table on complex numbers where it has them on real ones only: formulas in terms of both parts.

use super::functions::pick;
use super::manipulation::common;
use super::ufunc::{Sym, Ufunc, ufunc, ufunc2};
use crate::array::Array;
use crate::error::{Error, Result};
use crate::expr::Op;
use std::f64::consts::{LN_2, LN_10};
use std::sync::LazyLock;

/// Whether an operation has a formula here.
pub(super) fn has(op: Op) -> bool {
    formula(op).is_some()
}

/// The operation, where an operand is complex; its error otherwise.
pub(super) fn apply<const N: usize>(op: Op, args: [&Array; N]) -> Result<Array> {
    let result = match (formula(op), &args[..]) {
        // A scalar lives where the array does: what is chosen by it is chosen there.
        (Some(formula), [a, b]) if a.is_weak() != b.is_weak() => {
            let (a, b) = common(a, b)?;
            formula.call(&[&a, &b])
        }
        (Some(formula), _) => formula.call(&args),
        (None, _) => Err(Error::DType {
            op: op.name(),
            operands: format!("{:?}", args.map(Array::dtype)),
            fix: "it is not defined on complex numbers".into(),
        }),
    };
    result.map_err(|error| error.within(op.name()))
}

fn formula(op: Op) -> Option<&'static Ufunc> {
    static ROUND: LazyLock<Ufunc> =
        LazyLock::new(|| ufunc("round", |z| z.re().round().complex(z.im().round())));
    static EXPM1: LazyLock<Ufunc> = LazyLock::new(|| ufunc("expm1", expm1));
    static LOG1P: LazyLock<Ufunc> = LazyLock::new(|| ufunc("log1p", log1p));
    static LOG2: LazyLock<Ufunc> = LazyLock::new(|| ufunc("log2", |z| scaled(&z.ln(), 1.0 / LN_2)));
    static LOG10: LazyLock<Ufunc> = LazyLock::new(|| ufunc("log10", |z| scaled(&z.ln(), 1.0 / LN_10)));
    static POW: LazyLock<Ufunc> = LazyLock::new(|| ufunc2("pow", pow));
    Some(match op {
        Op::Round => &ROUND,
        Op::Expm1 => &EXPM1,
        Op::Log1p => &LOG1P,
        Op::Log2 => &LOG2,
        Op::Log10 => &LOG10,
        Op::Pow => &POW,
        _ => return None,
    })
}

fn scaled(z: &Sym, by: f64) -> Sym {
    (z.re() * by).complex(z.im() * by)
}

/// e^z − 1: the real part is e^x·cos y − 1 = (e^x − 1)·cos y − 2·sin²(y/2).
fn expm1(z: Sym) -> Sym {
    let (x, y) = (z.re(), z.im());
    let half = (0.5_f64 * &y).sin();
    // Of a zero of either sign the real part is a positive one.
    let re = x.exp_m1() * y.cos() - 2.0_f64 * &half * &half + 0.0;
    let im = pick(y.eq(0.0), &y, x.exp() * y.sin());
    // Without an angle an infinite number has no imaginary part, and a vanishing one none to speak of.
    let no_angle = y.is_nan().or(y.abs().eq(f64::INFINITY));
    let (huge, vanishing) = (x.eq(f64::INFINITY).and(&no_angle), x.eq(f64::NEG_INFINITY).and(&no_angle));
    let re = pick(huge.or(&vanishing), pick(vanishing.clone(), -1.0, &x), re);
    re.complex(pick(vanishing, 0.0, im))
}

/// ln(1 + z): near 1 from |1 + z|² − 1 = x·(2 + x) + y².
fn log1p(z: Sym) -> Sym {
    let (x, y) = (z.re(), z.im());
    let near = (&x * (2.0_f64 + &x) + &y * &y).ln_1p() * 0.5;
    let far = (1.0_f64 + &x).complex(&y).ln();
    let small = x.abs().max(y.abs()).lt(0.5);
    pick(small, near, far.re()).complex(far.im())
}

/// a^b = e^(b·ln a); to the power 0 it is 1, and 0 to a power with a positive real part is 0.
fn pow(a: Sym, b: Sym) -> Sym {
    let power = (&b * a.ln()).exp();
    // Of the format of the operands, which a choice of two constants would not be.
    let from_zero = pick(b.re().gt(0.0), a.re().abs(), f64::NAN);
    let base_zero = pick(a.eq(0.0), from_zero.complex(&from_zero), power);
    pick(b.eq(0.0), 1.0, base_zero)
}
