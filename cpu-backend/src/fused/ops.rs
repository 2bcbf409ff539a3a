//! Which loop computes an operation in a dtype. The match on [`Op`] has no catch-all: a new operation does not
//! compile until it has an arm here.
//!
//! A loop is compiled for each type that differs in what it does to bits: signed and unsigned integers that wrap, and bool where
//! it is 0 or 1, share theirs; float16 is computed by that of float32; what only moves elements has one for each size.

use super::loops::{
    MapLoop, binary, copy, function, in_single, select, swapped, ternary, through, unary, zero,
};
use crate::element::cast::CastTo;
use crate::element::functions::{double, single};
use crate::element::half::{half as to_half, single as to_single};
use crate::element::{Arithmetic, Bits, Inexact, Integer, Number, Ordered, Real};
use num_complex::{Complex, Complex32, Complex64};
use polyarray_core::dtype::rounded_to_odd;
use polyarray_core::expr::Op;
use polyarray_core::{DType, Kind};

/// `Some(body)` with the Rust type that stands for one of the listed dtypes, `None` for the others.
macro_rules! among {
    ([$($($V:ident)|+ => $Ty:ty),*] $d:expr, $T:ident => $body:expr) => {
        match $d {
            $($(DType::$V)|+ => { type $T = $Ty; Some($body) })*
            #[allow(unreachable_patterns, reason = "one text for all groups of dtypes")]
            _ => None,
        }
    };
}
/// What wraps, or is rounded.
macro_rules! number {
    ($d:expr, $T:ident => $body:expr) => {
        among!([
            I8 | U8 => u8, I16 | U16 => u16, I32 | U32 => u32, I64 | U64 => u64,
            F32 => f32, F64 => f64, C64 => Complex32, C128 => Complex64
        ] $d, $T => $body)
    };
}
/// What has an order; bool is 0 or 1.
macro_rules! ordered {
    ($d:expr, $T:ident => $body:expr) => {
        among!([
            Bool | U8 => u8, U16 => u16, U32 => u32, U64 => u64, I8 => i8, I16 => i16, I32 => i32, I64 => i64,
            F32 => f32, F64 => f64
        ] $d, $T => $body)
    };
}
macro_rules! inexact {
    ($d:expr, $T:ident => $body:expr) => {
        among!([F32 => f32, F64 => f64, C64 => Complex32, C128 => Complex64] $d, $T => $body)
    };
}
macro_rules! floats {
    ($d:expr, $T:ident => $body:expr) => { among!([F32 => f32, F64 => f64] $d, $T => $body) };
}
macro_rules! complex {
    ($d:expr, $T:ident => $body:expr) => { among!([C64 => Complex32, C128 => Complex64] $d, $T => $body) };
}
macro_rules! bits {
    ($d:expr, $T:ident => $body:expr) => {
        among!([
            Bool | I8 | U8 => u8, I16 | U16 => u16, I32 | U32 => u32, I64 | U64 => u64
        ] $d, $T => $body)
    };
}
macro_rules! integer {
    ([unsigned] $d:expr, $T:ident => $body:expr) => {
        among!([I8 | U8 => u8, I16 | U16 => u16, I32 | U32 => u32, I64 | U64 => u64] $d, $T => $body)
    };
    ([signed] $d:expr, $T:ident => $body:expr) => {
        among!([
            U8 => u8, U16 => u16, U32 => u32, U64 => u64, I8 => i8, I16 => i16, I32 => i32, I64 => i64
        ] $d, $T => $body)
    };
}
pub(super) use {among, number, ordered};

/// The loop of a function that is SIMD code on real numbers and calls on complex ones.
macro_rules! transcendental {
    ($d:expr, $fast:ident, $plain:ident $(, beyond $limit:ident)?) => {
        match $d {
            DType::F32 => {
                Some(function(single::$fast, |x: f32| x.$plain(), |_x: f32| false $(|| _x.abs() > single::$limit)?))
            }
            DType::F64 => {
                Some(function(double::$fast, |x: f64| x.$plain(), |_x: f64| false $(|| _x.abs() > double::$limit)?))
            }
            _ => complex!($d, T => unary(|x: T| x.$plain())),
        }
    };
}

/// The loop of a function of the C library in double precision, in which float32 rounds once.
macro_rules! in_double {
    ($d:expr, |$x:ident $(, $y:ident)?| $body:expr) => {
        match $d {
            DType::F32 => Some(in_double!(@loop f32 as f32, $x $($y)? => $body)),
            DType::F64 => Some(in_double!(@loop f64 as f64, $x $($y)? => $body)),
            _ => None,
        }
    };
    (@loop $t:ty as $out:ty, $x:ident => $body:expr) => {
        unary(|x: $t| -> $out { let $x = f64::from(x); $body as $out })
    };
    (@loop $t:ty as $out:ty, $x:ident $y:ident => $body:expr) => {
        binary(|x: $t, y: $t| -> $out { let ($x, $y) = (f64::from(x), f64::from(y)); $body as $out })
    };
}

/// The loop of `op` computing in `d`; `None` where the op table has no such operation.
pub fn map_loop(op: Op, d: DType) -> Option<MapLoop> {
    let kind = d.kind();
    if d == DType::F16 && op != Op::Where {
        return Some(in_single(map_loop(op, DType::F32)?, op.output(d).size()));
    }
    match op {
        Op::Negative => number!(d, T => unary(|x: T| x.negated())),
        Op::Absolute => match d {
            DType::Bool => Some(copy(1)),
            _ if d.is_unsigned() => Some(copy(d.size())),
            _ => among!([
                I8 => i8, I16 => i16, I32 => i32, I64 => i64,
                F32 => f32, F64 => f64, C64 => Complex32, C128 => Complex64
            ] d, T => unary(|x: T| x.magnitude())),
        },
        Op::Floor => floats!(d, T => unary(|x: T| x.floor())).or_else(|| whole(kind, d)),
        Op::Ceil => floats!(d, T => unary(|x: T| x.ceil())).or_else(|| whole(kind, d)),
        Op::Trunc => floats!(d, T => unary(|x: T| x.trunc())).or_else(|| whole(kind, d)),
        Op::Round => floats!(d, T => unary(|x: T| x.round_ties_even())).or_else(|| whole(kind, d)),
        Op::Expm1 => in_double!(d, |x| x.exp_m1()),
        Op::Log1p => in_double!(d, |x| x.ln_1p()),
        Op::Log2 => in_double!(d, |x| x.log2()),
        Op::Log10 => in_double!(d, |x| x.log10()),
        Op::Sqrt => inexact!(d, T => unary(|x: T| x.square_root())),
        Op::Exp => transcendental!(d, exp, exponential),
        Op::Log => transcendental!(d, log, logarithm),
        Op::Sin => transcendental!(d, sin, sine, beyond ANGLE),
        Op::Cos => transcendental!(d, cos, cosine, beyond ANGLE),
        Op::Tanh => transcendental!(d, tanh, hyperbolic_tangent),
        Op::Conj => parts(d, copy, |d| complex!(d, T => unary(|x: T| x.conj()))),
        Op::Real => parts(d, copy, |d| complex!(d, T => unary(|x: T| x.re))),
        Op::Imag => parts(d, |_| zero(), |d| complex!(d, T => unary(|x: T| x.im))),
        Op::IsNan => match kind {
            Kind::Bool | Kind::Int => Some(zero()),
            _ => inexact!(d, T => unary(|x: T| x.not_a_number())),
        },
        Op::SignBit if d.is_unsigned() => Some(zero()),
        Op::SignBit => among!([
            I8 => i8, I16 => i16, I32 => i32, I64 => i64
        ] d, T => unary(|x: T| x < 0))
        .or_else(|| floats!(d, T => unary(|x: T| x.is_sign_negative()))),
        Op::Invert if d == DType::Bool => Some(unary(|x: bool| x.inverted())),
        Op::Invert => bits!(d, T => unary(|x: T| x.inverted())),
        // On bool, or and and.
        Op::Add if d == DType::Bool => map_loop(Op::BitwiseOr, d),
        Op::Add => number!(d, T => binary(|a: T, b: T| a.plus(b))),
        Op::Subtract => number!(d, T => binary(|a: T, b: T| a.minus(b))),
        Op::Multiply if d == DType::Bool => map_loop(Op::BitwiseAnd, d),
        Op::Multiply => number!(d, T => binary(|a: T, b: T| a.times(b))),
        Op::Divide => inexact!(d, T => binary(|a: T, b: T| a.divided(b))),
        Op::FloorDivide if d == DType::Bool => None,
        Op::FloorDivide => ordered!(d, T => binary(|a: T, b: T| a.floor_divided(b))),
        Op::Remainder if d == DType::Bool => None,
        Op::Remainder => ordered!(d, T => binary(|a: T, b: T| a.modulo(b))),
        Op::Pow if d.is_int() => integer!([signed] d, T => binary(|a: T, b: T| a.power(b))),
        Op::Pow => in_double!(d, |a, b| a.powf(b)),
        Op::Atan2 => in_double!(d, |a, b| a.atan2(b)),
        Op::CopySign => floats!(d, T => binary(|a: T, b: T| a.copysign(b))),
        Op::Complex => floats!(d, T => binary(|re: T, im: T| Complex::new(re, im))),
        Op::Minimum => ordered!(d, T => binary(|a: T, b: T| a.smaller(b))),
        Op::Maximum => ordered!(d, T => binary(|a: T, b: T| a.larger(b))),
        Op::Equal if d == DType::Bool => map_loop(op, DType::U8),
        Op::Equal => number!(d, T => binary(|a: T, b: T| a == b)),
        Op::NotEqual if d == DType::Bool => map_loop(op, DType::U8),
        Op::NotEqual => number!(d, T => binary(|a: T, b: T| a != b)),
        Op::Less => ordered!(d, T => binary(|a: T, b: T| a.lt(&b))),
        Op::LessEqual => ordered!(d, T => binary(|a: T, b: T| a.le(&b))),
        Op::Greater => map_loop(Op::Less, d).map(swapped),
        Op::GreaterEqual => map_loop(Op::LessEqual, d).map(swapped),
        Op::BitwiseAnd => bits!(d, T => binary(|a: T, b: T| a.both(b))),
        Op::BitwiseOr => bits!(d, T => binary(|a: T, b: T| a.either(b))),
        Op::BitwiseXor => bits!(d, T => binary(|a: T, b: T| a.exclusive(b))),
        // A negative count is a large one of the unsigned type.
        Op::LeftShift => integer!([unsigned] d, T => binary(|a: T, b: T| a.shifted_up(b))),
        Op::RightShift => integer!([signed] d, T => binary(|a: T, b: T| a.shifted_down(b))),
        Op::Gcd => integer!([signed] d, T => binary(|a: T, b: T| a.common_divisor(b))),
        Op::Where => Some(select(d.size())),
    }
}

/// The loop of two operations one after the other, (a ∘ b) • c or, turned, c • (a ∘ b), which are sums, differences and products
/// of real floats: what is between them stays in a processor's register. Each is rounded, as by itself.
pub fn pair_loop(first: Op, second: Op, turned: bool, d: DType) -> Option<MapLoop> {
    macro_rules! arithmetic {
        ($op:expr, $T:ident, $f:ident => $body:expr) => {
            match $op {
                Op::Add => {
                    let $f = |a: $T, b: $T| a.plus(b);
                    $body
                }
                Op::Subtract => {
                    let $f = |a: $T, b: $T| a.minus(b);
                    $body
                }
                Op::Multiply => {
                    let $f = |a: $T, b: $T| a.times(b);
                    $body
                }
                _ => return None,
            }
        };
    }
    floats!(d, T => arithmetic!(first, T, f => arithmetic!(second, T, g => match turned {
        false => ternary(move |a: T, b: T, c: T| g(f(a, b), c)),
        true => ternary(move |a: T, b: T, c: T| g(c, f(a, b))),
    })))
}

/// The loop of a rounding to integers, on what is an integer.
fn whole(kind: Kind, d: DType) -> Option<MapLoop> {
    matches!(kind, Kind::Bool | Kind::Int).then(|| copy(d.size()))
}

/// The loop of what differs on complex numbers only.
fn parts(
    d: DType,
    of_real: impl Fn(usize) -> MapLoop,
    of_complex: impl Fn(DType) -> Option<MapLoop>,
) -> Option<MapLoop> {
    match d.kind() {
        Kind::Bool => None,
        Kind::Int | Kind::Float => Some(of_real(d.size())),
        Kind::Complex => of_complex(d),
    }
}

/// The loop that casts from one dtype to another. Half of them are two in turn: from float16 through float32, to it through
/// float32 or float64, and between real and complex numbers through the dtype of the parts.
pub fn cast_loop(from: DType, to: DType) -> MapLoop {
    let through = |middle: DType| {
        through(cast_loop(from, middle), cast_loop(middle, to), [from, middle, to].map(DType::size))
    };
    match (from, to) {
        _ if from == to => copy(from.size()),
        (DType::F16, DType::F32) => unary(to_single),
        (DType::F32, DType::F16) => unary(to_half),
        (DType::F64, DType::F16) => unary(|x: f64| to_half(rounded_to_odd(x))),
        (DType::F16, _) => through(DType::F32),
        // Whatever float32 holds is rounded once only.
        (DType::Bool | DType::I8 | DType::U8 | DType::I16 | DType::U16, DType::F16) => through(DType::F32),
        (DType::I32 | DType::U32 | DType::I64 | DType::U64, DType::F16) => through(DType::F64),
        (DType::C64, DType::F32) => unary(|x: Complex32| x.re),
        (DType::C128, DType::F64) => unary(|x: Complex64| x.re),
        (DType::F32, DType::C64) => unary(|x: f32| Complex32::new(x, 0.0)),
        (DType::F64, DType::C128) => unary(|x: f64| Complex64::new(x, 0.0)),
        (DType::C64, DType::Bool) => unary(|x: Complex32| x != Complex32::ZERO),
        (DType::C128, DType::Bool) => unary(|x: Complex64| x != Complex64::ZERO),
        (DType::C64, DType::C128) => unary(<Complex32 as CastTo<Complex64>>::cast_to),
        (DType::C128, DType::C64) => unary(<Complex64 as CastTo<Complex32>>::cast_to),
        _ if from.is_complex() => through(from.real()),
        _ if to.is_complex() => through(to.real()),
        _ => cast_real(from, to),
    }
}

/// Casts among bool, integers, float32 and float64. What an integer becomes as a longer or shorter one does not depend on the
/// sign of the result, and if it is shorter not on that of the operand.
fn cast_real(from: DType, to: DType) -> MapLoop {
    let whole = |d: DType| d.is_int() || d == DType::Bool;
    if whole(from) && to.is_int() && from.size() == to.size() {
        return copy(to.size());
    }
    macro_rules! from_float {
        ($S:ty) => {
            among!([
                Bool => bool, I8 => i8, I16 => i16, I32 => i32, I64 => i64, U8 => u8, U16 => u16, U32 => u32, U64 => u64,
                F32 => f32, F64 => f64
            ] to, D => cast::<$S, D>())
        };
    }
    let from = match from {
        _ if to.is_float() || from.size() < to.size() => from,
        DType::I16 => DType::U16,
        DType::I32 => DType::U32,
        DType::I64 => DType::U64,
        DType::I8 => DType::U8,
        other => other,
    };
    let cast = match from {
        DType::Bool | DType::U8 => {
            among!([Bool => bool, I16 | U16 => u16, I32 | U32 => u32, I64 | U64 => u64, F32 => f32, F64 => f64] to, D => cast::<u8, D>())
        }
        DType::U16 => {
            among!([Bool => bool, I8 | U8 => u8, I32 | U32 => u32, I64 | U64 => u64, F32 => f32, F64 => f64] to, D => cast::<u16, D>())
        }
        DType::U32 => {
            among!([Bool => bool, I8 | U8 => u8, I16 | U16 => u16, I64 | U64 => u64, F32 => f32, F64 => f64] to, D => cast::<u32, D>())
        }
        DType::U64 => {
            among!([Bool => bool, I8 | U8 => u8, I16 | U16 => u16, I32 | U32 => u32, F32 => f32, F64 => f64] to, D => cast::<u64, D>())
        }
        DType::I8 => {
            among!([I16 | U16 => u16, I32 | U32 => u32, I64 | U64 => u64, F32 => f32, F64 => f64] to, D => cast::<i8, D>())
        }
        DType::I16 => {
            among!([I32 | U32 => u32, I64 | U64 => u64, F32 => f32, F64 => f64] to, D => cast::<i16, D>())
        }
        DType::I32 => among!([I64 | U64 => u64, F32 => f32, F64 => f64] to, D => cast::<i32, D>()),
        DType::I64 => among!([F32 => f32, F64 => f64] to, D => cast::<i64, D>()),
        DType::F32 => from_float!(f32),
        _ => from_float!(f64),
    };
    cast.expect("every cast among these is listed")
}

fn cast<S: Arithmetic + CastTo<D>, D: Arithmetic>() -> MapLoop {
    unary(|x: S| CastTo::<D>::cast_to(x))
}
