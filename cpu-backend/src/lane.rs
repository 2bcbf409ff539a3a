//! What the operations do to one element. A trait per group of dtypes; the loops and folds are generic over
//! them, so an operation is written once per group and compiled once per dtype.

use crate::halves::{half, single};
use half::f16;
use num_complex::{Complex32, Complex64};
use polyarray_core::Element;

/// Any element.
pub trait Lane: Element + PartialEq {
    /// The dtype of its real part.
    type Real: Lane;
    /// What sums and products of it are accumulated in: itself, f32 for f16.
    type Acc: Lane;
    /// 0, or false.
    const ZERO: Self;
    /// What sums start from: -0 for floats, because 0 + -0 is 0 and the sum of [-0] is -0.
    const NOTHING: Self;
    /// 1, or true.
    const ONE: Self;
    /// From its stored form.
    fn from_repr(r: Self::Repr) -> Self;
    /// As it is stored.
    fn to_repr(self) -> Self::Repr;
    /// As an accumulator.
    fn widen(self) -> Self::Acc;
    /// From an accumulator, rounded.
    fn narrow(acc: Self::Acc) -> Self;
    /// `a + b`; integers wrap, on bool it is or.
    fn plus(self, other: Self) -> Self;
    /// `a * b`; integers wrap, on bool it is and.
    fn times(self, other: Self) -> Self;
    /// Absolute value.
    fn magnitude(self) -> Self::Real;
    /// True where a part is not a number.
    fn not_a_number(self) -> bool;
}

/// Integers, floats, complex numbers.
pub trait Number: Lane {
    /// `-x`; integers wrap.
    fn negated(self) -> Self;
    /// `a - b`; integers wrap.
    fn minus(self, other: Self) -> Self;
    /// Complex conjugate.
    fn conjugate(self) -> Self;
    /// Real part.
    fn real_part(self) -> Self::Real;
    /// Imaginary part; 0 of a real number.
    fn imaginary_part(self) -> Self::Real;
}

/// Whatever has an order: bool, integers, floats.
pub trait Ordered: Lane + PartialOrd {
    /// Nothing is smaller.
    const LEAST: Self;
    /// Nothing is larger.
    const MOST: Self;
    /// Largest integer not above.
    fn floored(self) -> Self;
    /// The smaller one; NaN if either is.
    #[inline(always)]
    fn smaller(self, other: Self) -> Self {
        // Two selections without a branch: the loop is vectorised.
        let less = if self < other { self } else { other };
        if self.not_a_number() { self } else { less }
    }
    /// The larger one; NaN if either is.
    #[inline(always)]
    fn larger(self, other: Self) -> Self {
        let more = if self > other { self } else { other };
        if self.not_a_number() { self } else { more }
    }
}

/// Integers and real floats.
pub trait Real: Ordered + Number {
    /// Largest integer not above `a / b`; an integer by zero is 0.
    fn floor_divided(self, other: Self) -> Self;
    /// `a - b * floor(a / b)` with the sign of `b`; an integer by zero is 0.
    fn modulo(self, other: Self) -> Self;
}

/// Floats and complex numbers.
#[allow(missing_docs, reason = "the op table documents each")]
pub trait Inexact: Number {
    fn divided(self, other: Self) -> Self;
    fn square_root(self) -> Self;
    fn exponential(self) -> Self;
    fn logarithm(self) -> Self;
    fn sine(self) -> Self;
    fn cosine(self) -> Self;
    fn hyperbolic_tangent(self) -> Self;
}

/// Bool and integers.
#[allow(missing_docs, reason = "the op table documents each")]
pub trait Bits: Lane {
    fn inverted(self) -> Self;
    fn both(self, other: Self) -> Self;
    fn either(self, other: Self) -> Self;
    fn exclusive(self, other: Self) -> Self;
}

/// The parts of [`Lane`] that most dtypes share: stored as itself.
macro_rules! stored_as_itself {
    () => {
        #[inline(always)]
        fn from_repr(r: Self) -> Self {
            r
        }
        #[inline(always)]
        fn to_repr(self) -> Self {
            self
        }
    };
}
pub(crate) use stored_as_itself;

/// The parts of [`Lane`] that most dtypes share: accumulated as itself.
macro_rules! accumulated_as_itself {
    () => {
        #[inline(always)]
        fn widen(self) -> Self {
            self
        }
        #[inline(always)]
        fn narrow(acc: Self) -> Self {
            acc
        }
    };
}
pub(crate) use accumulated_as_itself;

impl Lane for bool {
    type Real = bool;
    type Acc = bool;
    const ZERO: bool = false;
    const NOTHING: bool = false;
    const ONE: bool = true;
    accumulated_as_itself!();
    #[inline(always)]
    fn from_repr(r: u8) -> bool {
        r != 0
    }
    #[inline(always)]
    fn to_repr(self) -> u8 {
        self as u8
    }
    #[inline(always)]
    fn plus(self, other: bool) -> bool {
        self | other
    }
    #[inline(always)]
    fn times(self, other: bool) -> bool {
        self & other
    }
    #[inline(always)]
    fn magnitude(self) -> bool {
        self
    }
    #[inline(always)]
    fn not_a_number(self) -> bool {
        false
    }
}

impl Ordered for bool {
    const LEAST: bool = false;
    const MOST: bool = true;
    #[inline(always)]
    fn floored(self) -> bool {
        self
    }
}

macro_rules! bits {
    ($($ty:ty),*) => {$(
        impl Bits for $ty {
            #[inline(always)]
            fn inverted(self) -> $ty { !self }
            #[inline(always)]
            fn both(self, other: $ty) -> $ty { self & other }
            #[inline(always)]
            fn either(self, other: $ty) -> $ty { self | other }
            #[inline(always)]
            fn exclusive(self, other: $ty) -> $ty { self ^ other }
        }
    )*};
}
bits!(bool, i8, i16, i32, i64, u8, u16, u32, u64);

macro_rules! integers {
    ($($ty:ident $magnitude:expr;)*) => {$(
        impl Lane for $ty {
            type Real = $ty;
            type Acc = $ty;
            const ZERO: $ty = 0;
            const NOTHING: $ty = 0;
            const ONE: $ty = 1;
            stored_as_itself!();
            accumulated_as_itself!();
            #[inline(always)]
            fn plus(self, other: $ty) -> $ty { self.wrapping_add(other) }
            #[inline(always)]
            fn times(self, other: $ty) -> $ty { self.wrapping_mul(other) }
            #[inline(always)]
            fn magnitude(self) -> $ty { $magnitude(self) }
            #[inline(always)]
            fn not_a_number(self) -> bool { false }
        }
        impl Number for $ty {
            #[inline(always)]
            fn negated(self) -> $ty { self.wrapping_neg() }
            #[inline(always)]
            fn minus(self, other: $ty) -> $ty { self.wrapping_sub(other) }
            #[inline(always)]
            fn conjugate(self) -> $ty { self }
            #[inline(always)]
            fn real_part(self) -> $ty { self }
            #[inline(always)]
            fn imaginary_part(self) -> $ty { 0 }
        }
        impl Ordered for $ty {
            const LEAST: $ty = $ty::MIN;
            const MOST: $ty = $ty::MAX;
            #[inline(always)]
            fn floored(self) -> $ty { self }
        }
        impl Real for $ty {
            #[inline(always)]
            fn floor_divided(self, other: $ty) -> $ty {
                if other == 0 {
                    return 0;
                }
                // MIN / -1 wraps to MIN.
                let (q, r) = (self.wrapping_div(other), self.wrapping_rem(other));
                if r != 0 && (r < 0) != (other < 0) { q - 1 } else { q }
            }
            #[inline(always)]
            fn modulo(self, other: $ty) -> $ty {
                if other == 0 {
                    return 0;
                }
                let r = self.wrapping_rem(other);
                if r != 0 && (r < 0) != (other < 0) { r + other } else { r }
            }
        }
    )*};
}
// `r < 0` is never true of the unsigned ones: the correction drops out.
#[allow(unused_comparisons, reason = "one text for signed and unsigned integers")]
mod integers {
    use super::*;
    integers!(
        i8 i8::wrapping_abs; i16 i16::wrapping_abs; i32 i32::wrapping_abs; i64 i64::wrapping_abs;
        u8 std::convert::identity; u16 std::convert::identity;
        u32 std::convert::identity; u64 std::convert::identity;
    );
}

macro_rules! floats {
    ($($ty:ident $tanh:path),*) => {$(
        impl Lane for $ty {
            type Real = $ty;
            type Acc = $ty;
            const ZERO: $ty = 0.0;
            const NOTHING: $ty = -0.0;
            const ONE: $ty = 1.0;
            stored_as_itself!();
            accumulated_as_itself!();
            #[inline(always)]
            fn plus(self, other: $ty) -> $ty { self + other }
            #[inline(always)]
            fn times(self, other: $ty) -> $ty { self * other }
            #[inline(always)]
            fn magnitude(self) -> $ty { self.abs() }
            #[inline(always)]
            fn not_a_number(self) -> bool { self.is_nan() }
        }
        impl Number for $ty {
            #[inline(always)]
            fn negated(self) -> $ty { -self }
            #[inline(always)]
            fn minus(self, other: $ty) -> $ty { self - other }
            #[inline(always)]
            fn conjugate(self) -> $ty { self }
            #[inline(always)]
            fn real_part(self) -> $ty { self }
            #[inline(always)]
            fn imaginary_part(self) -> $ty { 0.0 }
        }
        impl Ordered for $ty {
            const LEAST: $ty = $ty::NEG_INFINITY;
            const MOST: $ty = $ty::INFINITY;
            #[inline(always)]
            fn floored(self) -> $ty { self.floor() }
        }
        impl Inexact for $ty {
            #[inline(always)]
            fn divided(self, other: $ty) -> $ty { self / other }
            #[inline(always)]
            fn square_root(self) -> $ty { self.sqrt() }
            #[inline(always)]
            fn exponential(self) -> $ty { self.exp() }
            #[inline(always)]
            fn logarithm(self) -> $ty { self.ln() }
            #[inline(always)]
            fn sine(self) -> $ty { self.sin() }
            #[inline(always)]
            fn cosine(self) -> $ty { self.cos() }
            #[inline(always)]
            fn hyperbolic_tangent(self) -> $ty { $tanh(self) }
        }
    )*};
}
floats!(f32 single_tanh, f64 f64::tanh);

/// tanh in f64 by its definition, which leaves f32 seven digits to spare; the C library's f32 function is four
/// times slower.
fn single_tanh(x: f32) -> f32 {
    let x = x as f64;
    let size = x.abs();
    if size < 1.0 / 4096.0 {
        return (x * (1.0 - x * x / 3.0)) as f32;
    }
    // Beyond 10 the result is 1 in f32, and the exponential may overflow.
    let e = (2.0 * size.min(10.0)).exp();
    let t = if size.is_nan() { size } else { (e - 1.0) / (e + 1.0) };
    t.copysign(x) as f32
}

/// NumPy's npy_divmod: the quotient is built from the exact remainder, so that it is never one too large.
impl Real for f64 {
    fn floor_divided(self, other: f64) -> f64 {
        let m = self % other;
        if other == 0.0 {
            return self / other;
        }
        if m.is_nan() {
            return f64::NAN;
        }
        let mut div = (self - m) / other;
        if m != 0.0 && (other < 0.0) != (m < 0.0) {
            div -= 1.0;
        }
        if div == 0.0 {
            return 0f64.copysign(self / other);
        }
        let floor = div.floor();
        if div - floor > 0.5 { floor + 1.0 } else { floor }
    }
    fn modulo(self, other: f64) -> f64 {
        let m = self % other;
        if other == 0.0 || m.is_nan() {
            f64::NAN
        } else if m == 0.0 {
            0f64.copysign(other)
        } else if (other < 0.0) != (m < 0.0) {
            m + other
        } else {
            m
        }
    }
}

/// In f64, where `a - m` is nearly always exact: in f32 the quotient is off by more than one from 2²² on.
impl Real for f32 {
    fn floor_divided(self, other: f32) -> f32 {
        (self as f64).floor_divided(other as f64) as f32
    }
    fn modulo(self, other: f32) -> f32 {
        (self as f64).modulo(other as f64) as f32
    }
}

/// A value of one dtype as another, as [`polyarray_core::Scalar::cast`] documents.
pub trait CastTo<U> {
    /// The cast.
    fn cast_to(self) -> U;
}

macro_rules! cast {
    ($($S:ty => $($D:ty),* ; $x:ident $e:expr)*) => {$($(
        impl CastTo<$D> for $S {
            #[inline(always)]
            fn cast_to(self) -> $D { let $x = self; $e as $D }
        }
    )*)*};
}

macro_rules! casts_of_primitives {
    ($($S:ty: $x:ident $half:expr;)*) => {$(
        cast!($S => i32, i64, u32, u64, f32, f64; x x);
        impl CastTo<bool> for $S {
            #[inline(always)]
            fn cast_to(self) -> bool { self != <$S as Lane>::ZERO }
        }
        impl CastTo<f16> for $S {
            #[inline(always)]
            fn cast_to(self) -> f16 { let $x = self; $half }
        }
        casts_to_complex!($S);
    )*};
}
macro_rules! casts_to_complex {
    ($S:ty) => {
        impl CastTo<Complex32> for $S {
            #[inline(always)]
            fn cast_to(self) -> Complex32 {
                Complex32::new(self.cast_to(), 0.0)
            }
        }
        impl CastTo<Complex64> for $S {
            #[inline(always)]
            fn cast_to(self) -> Complex64 {
                Complex64::new(self.cast_to(), 0.0)
            }
        }
    };
}
casts_of_primitives!(
    i8: x half(x as f32); i16: x half(x as f32); u8: x half(x as f32); u16: x half(x as f32); f32: x half(x);
    i32: x f16::from_f64(x as f64); i64: x f16::from_f64(x as f64); f64: x f16::from_f64(x);
    u32: x f16::from_f64(x as f64); u64: x f16::from_f64(x as f64);
);
cast!(i8 => i8, i16, u8, u16; x x i16 => i8, i16, u8, u16; x x i32 => i8, i16, u8, u16; x x);
cast!(i64 => i8, i16, u8, u16; x x u8 => i8, i16, u8, u16; x x u16 => i8, i16, u8, u16; x x);
cast!(u32 => i8, i16, u8, u16; x x u64 => i8, i16, u8, u16; x x);
/// The nearest number to zero that is whole, between two bounds; 0 for NaN. Adding 1.5 times a power of two leaves it in the
/// low bits: `as`, which saturates, is compiled to one element after another.
macro_rules! casts_to_few_bits {
    ($($F:ty, $magic:expr => $($D:ty),*;)*) => {$($(
        impl CastTo<$D> for $F {
            #[inline(always)]
            fn cast_to(self) -> $D {
                let x = if self.is_nan() { 0.0 } else { self };
                let x = if x < <$D>::MIN as $F { <$D>::MIN as $F } else { x };
                let x = if x > <$D>::MAX as $F { <$D>::MAX as $F } else { x };
                (x.trunc() + $magic).to_bits() as $D
            }
        }
    )*)*};
}
casts_to_few_bits!(
    f32, 12_582_912.0 => i8, i16, u8, u16;
    f64, 6_755_399_441_055_744.0 => i8, i16, u8, u16;
);

cast!(bool => i8, i16, i32, i64, u8, u16, u32, u64, f32, f64; x (x as u8));
cast!(f16 => i8, i16, i32, i64, u8, u16, u32, u64, f32, f64; x single(x));
casts_to_complex!(bool);
casts_to_complex!(f16);

macro_rules! cast_by {
    ($($S:ty => $D:ty: $x:ident $e:expr;)*) => {$(
        impl CastTo<$D> for $S {
            #[inline(always)]
            fn cast_to(self) -> $D { let $x = self; $e }
        }
    )*};
}
cast_by!(
    bool => bool: x x;
    bool => f16: x if x { f16::ONE } else { f16::ZERO };
    f16 => bool: x x != f16::ZERO;
    f16 => f16: x x;
    Complex32 => bool: x x != Complex32::ZERO;
    Complex64 => bool: x x != Complex64::ZERO;
    Complex32 => Complex32: x x;
    Complex32 => Complex64: x Complex64::new(x.re as f64, x.im as f64);
    Complex64 => Complex32: x Complex32::new(x.re as f32, x.im as f32);
    Complex64 => Complex64: x x;
);
macro_rules! casts_of_the_real_part {
    ($($S:ty)*) => {$(cast_by!(
        $S => i8: x x.re.cast_to(); $S => i16: x x.re.cast_to(); $S => i32: x x.re.cast_to();
        $S => i64: x x.re.cast_to(); $S => u8: x x.re.cast_to(); $S => u16: x x.re.cast_to();
        $S => u32: x x.re.cast_to(); $S => u64: x x.re.cast_to(); $S => f16: x x.re.cast_to();
        $S => f32: x x.re.cast_to(); $S => f64: x x.re.cast_to();
    );)*};
}
casts_of_the_real_part!(Complex32 Complex64);
