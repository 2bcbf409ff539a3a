//! Which loop computes an operation in a dtype. The match on [`Op`] has no catch-all: a new operation does not
//! compile until it has an arm here.

use crate::element::cast::CastTo;
use crate::element::functions::{double, single};
use crate::element::half as halves;
use crate::element::{Arithmetic, Bits, Inexact, Integer, Number, Ordered, Real};
use crate::fused::loops::{MapLoop, binary, function, select, unary};
use half::f16;
use polyarray_core::dtype::ty;
use polyarray_core::expr::Op;
use polyarray_core::{DType, with_element};

/// `Some(body)` with the Rust type of one of the listed dtypes, `None` for the others.
macro_rules! among {
    ([$($V:ident)*] $d:expr, $T:ident => $body:expr) => {
        match $d {
            $(DType::$V => { type $T = ty::$V; Some($body) })*
            #[allow(unreachable_patterns, reason = "one text for all groups of dtypes")]
            _ => None,
        }
    };
}
macro_rules! number {
    ($($rest:tt)*) => { among!([I8 I16 I32 I64 U8 U16 U32 U64 F16 F32 F64 C64 C128] $($rest)*) };
}
macro_rules! ordered {
    ($($rest:tt)*) => { among!([Bool I8 I16 I32 I64 U8 U16 U32 U64 F16 F32 F64] $($rest)*) };
}
macro_rules! real {
    ($($rest:tt)*) => { among!([I8 I16 I32 I64 U8 U16 U32 U64 F16 F32 F64] $($rest)*) };
}
macro_rules! inexact {
    ($($rest:tt)*) => { among!([F16 F32 F64 C64 C128] $($rest)*) };
}
macro_rules! bits {
    ($($rest:tt)*) => { among!([Bool I8 I16 I32 I64 U8 U16 U32 U64] $($rest)*) };
}
macro_rules! integer {
    ($($rest:tt)*) => { among!([I8 I16 I32 I64 U8 U16 U32 U64] $($rest)*) };
}
macro_rules! all {
    ($d:expr, $T:ident => $body:expr) => { Some(with_element!($d, $T => $body)) };
}
pub(crate) use {among, ordered};

/// The loop of a function that is SIMD code on real numbers (float16 goes through float32) and calls on complex ones.
macro_rules! transcendental {
    ($d:expr, $fast:ident, $plain:ident $(, beyond $limit:ident)?) => {
        match $d {
            DType::F16 => Some(function(
                |x: f16| halves::half(single::$fast(halves::single(x))),
                |x: f16| x.$plain(),
                |_: f16| false,
            )),
            DType::F32 => {
                Some(function(single::$fast, |x: f32| x.$plain(), |_x: f32| false $(|| _x.abs() > single::$limit)?))
            }
            DType::F64 => {
                Some(function(double::$fast, |x: f64| x.$plain(), |_x: f64| false $(|| _x.abs() > double::$limit)?))
            }
            _ => among!([C64 C128] $d, T => unary(|x: T| x.$plain())),
        }
    };
}

/// The loop of `op` computing in `d`; `None` where the op table has no such operation.
pub fn map_loop(op: Op, d: DType) -> Option<MapLoop> {
    match op {
        Op::Negative => number!(d, T => unary(|x: T| x.negated())),
        Op::Absolute => all!(d, T => unary(|x: T| x.magnitude())),
        Op::Floor => ordered!(d, T => unary(|x: T| x.floored())),
        Op::Sqrt => inexact!(d, T => unary(|x: T| x.square_root())),
        Op::Exp => transcendental!(d, exp, exponential),
        Op::Log => transcendental!(d, log, logarithm),
        Op::Sin => transcendental!(d, sin, sine, beyond ANGLE),
        Op::Cos => transcendental!(d, cos, cosine, beyond ANGLE),
        Op::Tanh => transcendental!(d, tanh, hyperbolic_tangent),
        Op::Conj => number!(d, T => unary(|x: T| x.conjugate())),
        Op::Real => number!(d, T => unary(|x: T| x.real_part())),
        Op::Imag => number!(d, T => unary(|x: T| x.imaginary_part())),
        Op::IsNan => all!(d, T => unary(|x: T| x.not_a_number())),
        Op::Invert => bits!(d, T => unary(|x: T| x.inverted())),
        Op::Add => all!(d, T => binary(|a: T, b: T| a.plus(b))),
        Op::Subtract => number!(d, T => binary(|a: T, b: T| a.minus(b))),
        Op::Multiply => all!(d, T => binary(|a: T, b: T| a.times(b))),
        Op::Divide => inexact!(d, T => binary(|a: T, b: T| a.divided(b))),
        Op::FloorDivide => real!(d, T => binary(|a: T, b: T| a.floor_divided(b))),
        Op::Remainder => real!(d, T => binary(|a: T, b: T| a.modulo(b))),
        Op::Minimum => ordered!(d, T => binary(|a: T, b: T| a.smaller(b))),
        Op::Maximum => ordered!(d, T => binary(|a: T, b: T| a.larger(b))),
        Op::Equal => all!(d, T => binary(|a: T, b: T| a == b)),
        Op::NotEqual => all!(d, T => binary(|a: T, b: T| a != b)),
        Op::Less => ordered!(d, T => binary(|a: T, b: T| a.lt(&b))),
        Op::LessEqual => ordered!(d, T => binary(|a: T, b: T| a.le(&b))),
        Op::Greater => ordered!(d, T => binary(|a: T, b: T| a.gt(&b))),
        Op::GreaterEqual => ordered!(d, T => binary(|a: T, b: T| a.ge(&b))),
        Op::BitwiseAnd => bits!(d, T => binary(|a: T, b: T| a.both(b))),
        Op::BitwiseOr => bits!(d, T => binary(|a: T, b: T| a.either(b))),
        Op::BitwiseXor => bits!(d, T => binary(|a: T, b: T| a.exclusive(b))),
        Op::LeftShift => integer!(d, T => binary(|a: T, b: T| a.shifted_up(b))),
        Op::RightShift => integer!(d, T => binary(|a: T, b: T| a.shifted_down(b))),
        Op::Where => all!(d, T => select::<T>()),
    }
}

/// The loop that casts from one dtype to another.
pub fn cast_loop(from: DType, to: DType) -> MapLoop {
    with_element!(from, S => with_element!(to, D => unary(|x: S| <S as CastTo<D>>::cast_to(x))))
}
