//! Operators. They panic with the message that the function of the same meaning returns as an error.

use crate::array::{Array, Operandlike};
use crate::device::Marker;
use crate::numpy as np;

macro_rules! binary {
    ($($trait:ident $method:ident $f:ident $assign:ident $assign_method:ident),*) => { $(
        impl<R: Marker, T: Operandlike<R>> std::ops::$trait<T> for Array<R> {
            type Output = Array<R>;
            fn $method(self, other: T) -> Array<R> {
                np::$f(&self, other).unwrap_or_else(|e| panic!("{e}"))
            }
        }
        impl<R: Marker, T: Operandlike<R>> std::ops::$trait<T> for &Array<R> {
            type Output = Array<R>;
            fn $method(self, other: T) -> Array<R> {
                np::$f(self, other).unwrap_or_else(|e| panic!("{e}"))
            }
        }
        impl<R: Marker, T: Operandlike<R>> std::ops::$assign<T> for Array<R> {
            fn $assign_method(&mut self, other: T) {
                *self = np::$f(&*self, other).unwrap_or_else(|e| panic!("{e}"));
            }
        }
        left! { $trait $method $f; bool, i64, f64, num_complex::Complex64 }
    )* };
}

// One type per kind of literal: with several, the type of `2 * &x` could not be inferred. A scalar of another
// type stands on the right, or is passed to the function.
macro_rules! left {
    ($trait:ident $method:ident $f:ident; $($t:ty),*) => { $(
        impl<R: Marker> std::ops::$trait<Array<R>> for $t {
            type Output = Array<R>;
            fn $method(self, other: Array<R>) -> Array<R> {
                np::$f(self, other).unwrap_or_else(|e| panic!("{e}"))
            }
        }
        impl<R: Marker> std::ops::$trait<&Array<R>> for $t {
            type Output = Array<R>;
            fn $method(self, other: &Array<R>) -> Array<R> {
                np::$f(self, other).unwrap_or_else(|e| panic!("{e}"))
            }
        }
    )* };
}

binary!(
    Add add add AddAssign add_assign,
    Sub sub subtract SubAssign sub_assign,
    Mul mul multiply MulAssign mul_assign,
    Div div divide DivAssign div_assign,
    Rem rem remainder RemAssign rem_assign,
    BitAnd bitand bitwise_and BitAndAssign bitand_assign,
    BitOr bitor bitwise_or BitOrAssign bitor_assign,
    BitXor bitxor bitwise_xor BitXorAssign bitxor_assign
);

impl<R: Marker> std::ops::Neg for Array<R> {
    type Output = Array<R>;
    fn neg(self) -> Array<R> {
        np::negative(&self).unwrap_or_else(|e| panic!("{e}"))
    }
}

impl<R: Marker> std::ops::Neg for &Array<R> {
    type Output = Array<R>;
    fn neg(self) -> Array<R> {
        np::negative(self).unwrap_or_else(|e| panic!("{e}"))
    }
}

impl<R: Marker> std::ops::Not for &Array<R> {
    type Output = Array<R>;
    fn not(self) -> Array<R> {
        np::bitwise_invert(self).unwrap_or_else(|e| panic!("{e}"))
    }
}

impl<R: Marker> std::ops::Not for Array<R> {
    type Output = Array<R>;
    fn not(self) -> Array<R> {
        np::bitwise_invert(&self).unwrap_or_else(|e| panic!("{e}"))
    }
}
