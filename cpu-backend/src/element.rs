//! What the operations do to one element. A trait per group of dtypes; the loops and folds are generic over
//! them, so an operation is written once per group and compiled once per dtype.

pub mod cast;
mod complex;
pub mod functions;
pub mod half;
mod primitive;

use polyarray_core::Element;

/// Any element.
pub trait Arithmetic: Element + PartialEq {
    /// What sums and products of it are accumulated in: itself, f32 for f16.
    type Acc: Arithmetic;
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
    /// True where a part is not a number.
    fn not_a_number(self) -> bool;
}

/// Integers, floats, complex numbers.
pub trait Number: Arithmetic {
    /// The dtype of its real part.
    type Real: Arithmetic;
    /// `-x`; integers wrap.
    fn negated(self) -> Self;
    /// `a - b`; integers wrap.
    fn minus(self, other: Self) -> Self;
    /// Absolute value.
    fn magnitude(self) -> Self::Real;
}

/// Whatever has an order: bool, integers, floats.
pub trait Ordered: Arithmetic + PartialOrd {
    /// Nothing is smaller.
    const LEAST: Self;
    /// Nothing is larger.
    const MOST: Self;
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
pub trait Bits: Arithmetic {
    fn inverted(self) -> Self;
    fn both(self, other: Self) -> Self;
    fn either(self, other: Self) -> Self;
    fn exclusive(self, other: Self) -> Self;
}

/// Integers.
pub trait Integer: Bits {
    /// Bits shifted up; 0 where the count is negative or not below the number of bits.
    fn shifted_up(self, count: Self) -> Self;
    /// Bits shifted down, the sign kept; all of them where the count is negative or not below the number of bits.
    fn shifted_down(self, count: Self) -> Self;
    /// To a power, wrapping; to a negative one the quotient 1 / self towards zero.
    fn power(self, exponent: Self) -> Self;
    /// The greatest common divisor of the magnitudes.
    fn common_divisor(self, other: Self) -> Self;
}

/// The parts of [`Arithmetic`] that most dtypes share: stored as itself.
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

/// The parts of [`Arithmetic`] that most dtypes share: accumulated as itself.
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
