//! Operators. Where the function of the same meaning returns an error, they panic with its message at the caller's line;
//! inside a default the error is the default's.

use crate::array::{Array, Operandlike};
use crate::device::Marker;
use crate::dispatch::raise;
use crate::error::Result;
use crate::numpy as np;

#[track_caller]
fn expect<R: Marker>(result: Result<Array<R>>) -> Array<R> {
    match result {
        Ok(array) => array,
        Err(error) => raise(error),
    }
}

macro_rules! binary {
    ($($trait:ident $method:ident $f:ident $assign:ident $assign_method:ident),*) => { $(
        impl<R: Marker, T: Operandlike<R>> std::ops::$trait<T> for Array<R> {
            type Output = Array<R>;
            #[track_caller]
            fn $method(self, other: T) -> Array<R> {
                expect(np::$f(&self, other))
            }
        }
        impl<R: Marker, T: Operandlike<R>> std::ops::$trait<T> for &Array<R> {
            type Output = Array<R>;
            #[track_caller]
            fn $method(self, other: T) -> Array<R> {
                expect(np::$f(self, other))
            }
        }
        impl<R: Marker, T: Operandlike<R>> std::ops::$assign<T> for Array<R> {
            #[track_caller]
            fn $assign_method(&mut self, other: T) {
                *self = expect(np::$f(&*self, other));
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
            #[track_caller]
            fn $method(self, other: Array<R>) -> Array<R> {
                expect(np::$f(self, other))
            }
        }
        impl<R: Marker> std::ops::$trait<&Array<R>> for $t {
            type Output = Array<R>;
            #[track_caller]
            fn $method(self, other: &Array<R>) -> Array<R> {
                expect(np::$f(self, other))
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
    #[track_caller]
    fn neg(self) -> Array<R> {
        expect(np::negative(&self))
    }
}

impl<R: Marker> std::ops::Neg for &Array<R> {
    type Output = Array<R>;
    #[track_caller]
    fn neg(self) -> Array<R> {
        expect(np::negative(self))
    }
}

impl<R: Marker> std::ops::Not for &Array<R> {
    type Output = Array<R>;
    #[track_caller]
    fn not(self) -> Array<R> {
        expect(np::bitwise_invert(self))
    }
}

impl<R: Marker> std::ops::Not for Array<R> {
    type Output = Array<R>;
    #[track_caller]
    fn not(self) -> Array<R> {
        expect(np::bitwise_invert(&self))
    }
}
