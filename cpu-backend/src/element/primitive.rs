//! Bool, integers and floats.

use crate::element::{
    Arithmetic, Bits, Inexact, Integer, Number, Ordered, Real, accumulated_as_itself, stored_as_itself,
};

impl Arithmetic for bool {
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
    fn not_a_number(self) -> bool {
        false
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
        impl Arithmetic for $ty {
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
            fn not_a_number(self) -> bool { false }
        }
        impl Number for $ty {
            type Real = $ty;
            #[inline(always)]
            fn magnitude(self) -> $ty { $magnitude(self) }
            #[inline(always)]
            fn negated(self) -> $ty { self.wrapping_neg() }
            #[inline(always)]
            fn minus(self, other: $ty) -> $ty { self.wrapping_sub(other) }
        }
        impl Ordered for $ty {
            const LEAST: $ty = $ty::MIN;
            const MOST: $ty = $ty::MAX;
        }
        impl Integer for $ty {
            #[inline(always)]
            fn shifted_up(self, count: $ty) -> $ty {
                // Selected, not branched on: the loop is vectorised.
                let inside = count >= 0 && count < $ty::BITS as $ty;
                let shifted = self.wrapping_shl(count as u32);
                if inside { shifted } else { 0 }
            }
            #[inline(always)]
            fn shifted_down(self, count: $ty) -> $ty {
                let inside = count >= 0 && count < $ty::BITS as $ty;
                let shifted = self.wrapping_shr(count as u32);
                if inside { shifted } else if self < 0 { !0 } else { 0 }
            }
            #[inline(always)]
            fn power(self, exponent: $ty) -> $ty {
                if exponent < 0 {
                    // Of all integers only 1 and -1 have an integer for a reciprocal.
                    let odd = exponent & 1 == 1;
                    return if self == 1 { 1 } else if self != !0 { 0 } else if odd { self } else { 1 };
                }
                let (mut power, mut base, mut rest): ($ty, $ty, $ty) = (1, self, exponent);
                while rest > 0 {
                    if rest & 1 == 1 {
                        power = power.wrapping_mul(base);
                    }
                    base = base.wrapping_mul(base);
                    rest >>= 1;
                }
                power
            }
            #[inline(always)]
            fn common_divisor(self, other: $ty) -> $ty {
                // Stein's: odd numbers are subtracted, and powers of two taken out, of the magnitudes; that of the least
                // number is right as an unsigned one.
                let (mut a, mut b) = (self.abs_diff(0), other.abs_diff(0));
                if a == 0 || b == 0 {
                    return (a | b) as $ty;
                }
                let twos = (a | b).trailing_zeros();
                a >>= a.trailing_zeros();
                while b != 0 {
                    b >>= b.trailing_zeros();
                    (a, b) = (a.min(b), a.abs_diff(b));
                }
                (a << twos) as $ty
            }
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
        impl Arithmetic for $ty {
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
            fn not_a_number(self) -> bool { self.is_nan() }
        }
        impl Number for $ty {
            type Real = $ty;
            #[inline(always)]
            fn magnitude(self) -> $ty { self.abs() }
            #[inline(always)]
            fn negated(self) -> $ty { -self }
            #[inline(always)]
            fn minus(self, other: $ty) -> $ty { self - other }
        }
        impl Ordered for $ty {
            const LEAST: $ty = $ty::NEG_INFINITY;
            const MOST: $ty = $ty::INFINITY;
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

impl Real for f64 {
    /// The largest integer not above the quotient, rounded once. Where the quotient was rounded up to a whole number, the
    /// exact remainder says so: it is more than half the divisor.
    fn floor_divided(self, other: f64) -> f64 {
        let (m, quotient) = (self % other, self / other);
        if other == 0.0 || (quotient.is_infinite() && !m.is_nan()) {
            return quotient;
        }
        // The quotient of an infinite or no number, by such a one a zero.
        if m.is_nan() || other.is_infinite() {
            return quotient;
        }
        let down = m != 0.0 && (other < 0.0) != (m < 0.0);
        // Numbers of 2^53 and more are whole: from one to the quotient's floor it may be many steps.
        if quotient.abs() >= 2f64.powi(53) {
            let left = (-quotient).mul_add(other, self) - if down { m + other } else { m };
            return quotient + (left / other).round();
        }
        if m == 0.0 {
            return quotient;
        }
        let floor = quotient.floor();
        let rest = other.abs() - m.abs();
        let up = if down { m.abs() < rest } else { m.abs() > rest };
        if floor == quotient && up { floor - 1.0 } else { floor }
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

/// In f64, where nearly every quotient's floor is exact.
impl Real for f32 {
    fn floor_divided(self, other: f32) -> f32 {
        (self as f64).floor_divided(other as f64) as f32
    }
    fn modulo(self, other: f32) -> f32 {
        (self as f64).modulo(other as f64) as f32
    }
}
