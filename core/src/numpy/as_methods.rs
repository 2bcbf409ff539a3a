//! Functions that are methods of arrays too: `x.sum(-1)?`, `x.exp()?`.

use super::indexing::Gather;
use super::options::{Order, Reduce, Scanned, Variance};
use crate::array::{Array, Operandlike};
use crate::device::Marker;
use crate::dtype::DType;
use crate::error::Result;
use crate::expr::op_table::op_table;

macro_rules! elementwise {
    ($(row($op:ident, $f:ident, $name:literal, $arity:ident, $kinds:expr, $typing:expr, $doc:literal, $($rest:tt)*)),* $(,)?) => {
        $( elementwise! { @$arity $f $doc } )*
    };
    // `x.add(y)` is the operator's.
    (@binary add $doc:literal) => {};
    (@unary $f:ident $doc:literal) => {
        impl<R: Marker> Array<R> {
            #[doc = concat!($doc, " The function [`", stringify!($f), "`](fn@crate::numpy::", stringify!($f), ") as a method.")]
            ///
            /// # Errors
            /// Those of the function.
            pub fn $f(&self) -> Result<Array<R>> {
                super::$f(self)
            }
        }
    };
    (@binary $f:ident $doc:literal) => {
        impl<R: Marker> Array<R> {
            #[doc = concat!($doc, " The function [`", stringify!($f), "`](fn@crate::numpy::", stringify!($f), ") as a method.")]
            ///
            /// # Errors
            /// Those of the function.
            pub fn $f(&self, other: impl Operandlike<R>) -> Result<Array<R>> {
                super::$f(self, other)
            }
        }
    };
    (@ternary $($rest:tt)*) => {};
}
op_table!(elementwise);

macro_rules! methods {
    ($($f:ident($($a:ident: $t:ty),*) -> $out:ty;)*) => {
        impl<R: Marker> Array<R> {
            $(
                #[doc = concat!("The function [`", stringify!($f), "`](fn@crate::numpy::", stringify!($f), ") as a method.")]
                ///
                /// # Errors
                /// Those of the function.
                pub fn $f(&self, $($a: $t),*) -> Result<$out> {
                    super::$f(self, $($a),*)
                }
            )*
        }
    };
}
methods! {
    sum(over: impl Into<Reduce>) -> Array<R>;
    prod(over: impl Into<Reduce>) -> Array<R>;
    min(over: impl Into<Reduce>) -> Array<R>;
    max(over: impl Into<Reduce>) -> Array<R>;
    any(over: impl Into<Reduce>) -> Array<R>;
    all(over: impl Into<Reduce>) -> Array<R>;
    argmin(over: impl Into<Reduce>) -> Array<R>;
    argmax(over: impl Into<Reduce>) -> Array<R>;
    mean(over: impl Into<Reduce>) -> Array<R>;
    var(over: impl Into<Variance>) -> Array<R>;
    std(over: impl Into<Variance>) -> Array<R>;
    sort(order: impl Into<Order>) -> Array<R>;
    argsort(order: impl Into<Order>) -> Array<R>;
    cumulative_sum(along: impl Into<Scanned>) -> Array<R>;
    cumulative_prod(along: impl Into<Scanned>) -> Array<R>;
    take(indices: impl Operandlike<R>, along: impl Into<Gather>) -> Array<R>;
    select(mask: impl Operandlike<R>) -> Array<R>;
    nonzero() -> Vec<Array<R>>;
    matmul(other: impl Operandlike<R>) -> Array<R>;
    astype(dtype: impl Into<DType>) -> Array<R>;
}
