//! What functions of arrays take in place of an array.

use super::Array;
use crate::device::Marker;
use crate::dtype::Element;
use num_complex::{Complex32, Complex64};
use std::any::Any;
use std::borrow::Cow;

/// What a function takes for an array: an array of residency `R`; a scalar, which fits any; numbers in a slice, a vector or a
/// literal, which become an array on the host.
pub trait Operandlike<R: Marker> {
    /// As a handle whose residency is checked at the call.
    fn operand(&self) -> Cow<'_, Array>;

    /// Whether the caller gave the array away, and can't read it again.
    fn is_given_away(&self) -> bool {
        false
    }
}

impl<R: Marker> Operandlike<R> for Array<R> {
    fn operand(&self) -> Cow<'_, Array> {
        // `Array<Dyn>` is borrowed; a typed handle is cloned into one that forbids coercion.
        match (self as &dyn Any).downcast_ref::<Array>() {
            Some(a) => Cow::Borrowed(a),
            None => Cow::Owned(self.as_dyn()),
        }
    }

    fn is_given_away(&self) -> bool {
        true
    }
}

impl<R: Marker, A: Operandlike<R> + ?Sized> Operandlike<R> for &A {
    fn operand(&self) -> Cow<'_, Array> {
        (**self).operand()
    }
}

macro_rules! literal_operand {
    ($([$($generics:tt)*] $t:ty;)*) => { $(
        impl<R: Marker, T: Element, $($generics)*> Operandlike<R> for $t {
            /// An array on the host.
            fn operand(&self) -> Cow<'_, Array> { Cow::Owned(Array::from(self.to_owned())) }
        }
    )* };
}
literal_operand! {
    [] [T];
    [] Vec<T>;
    [const N: usize] [T; N];
    [const N: usize, const M: usize] [[T; M]; N];
}

macro_rules! scalar_operand {
    ($($t:ty),*) => { $(
        impl<R: Marker> Operandlike<R> for $t {
            fn operand(&self) -> Cow<'_, Array> { Cow::Owned(Array::from(*self)) }
        }
    )* };
}
scalar_operand!(bool, i8, i16, i32, i64, u8, u16, u32, u64, usize, half::f16, f32, f64, Complex32, Complex64);
