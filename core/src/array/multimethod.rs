//! `multimethod!`: the engine's macro, for functions of arrays.

use super::Array;
use crate::device::Marker;
use crate::dtype::Scalar;
use crate::error::Result;

/// Declares multimethods over arrays. One line each: a domain, and functions whose parameters are `&Array`
/// (which take part in dispatch) or values (which don't). A body is the default, in terms of other
/// multimethods; `;` says that there is none.
///
/// What comes out is, for each, a function generic in the residency of its arrays (so that mixing typed
/// residencies doesn't compile, and scalars are accepted in place of arrays) whose plain parameters take
/// `impl Into<T>`; and a handle of the same name in the type namespace, with which a backend registers its own
/// implementation: `fn(Cx, &Array, …) -> Result<Out, Stop<Error>>`.
///
/// ```
/// use polyarray_core::{Array, Result, multimethod, numpy as np};
/// multimethod! {
///     domain "numpy.example";
///     /// The square of the distance from `origin`, element by element.
///     pub fn squared_distance(x: &Array, origin: f64) -> Result<Array> {
///         let d = np::subtract(x, origin)?;
///         np::multiply(&d, &d)
///     }
/// }
/// # fn main() {}
/// ```
///
/// A wrong signature does not compile:
/// ```compile_fail,E0308
/// use polyarray_core::{Array, Error, dispatch::{Cx, Registrar, Stop}, numpy as np};
/// fn exp(_: Cx, x: &Array, extra: f32) -> Result<Array, Stop<Error>> { Ok(x.clone()) }
/// fn register(r: &mut Registrar<'_>) { r.register::<np::exp>("cpu", exp); }
/// ```
/// ```
/// use polyarray_core::{Array, Error, dispatch::{Cx, Registrar, Stop}, numpy as np};
/// fn exp(_: Cx, x: &Array) -> Result<Array, Stop<Error>> { Ok(x.clone()) }
/// fn register(r: &mut Registrar<'_>) { r.register::<np::exp>("cpu", exp); }
/// ```
///
/// Nor does mixing typed residencies:
/// ```compile_fail
/// use polyarray_core::{Array, array::{Host, Gpu}, numpy as np};
/// fn mix(a: &Array<Host>, b: &Array<Gpu>) { let _ = np::add(a, b); }
/// ```
#[macro_export]
macro_rules! multimethod {
    (domain $domain:literal; $($(#[$meta:meta])* $vis:vis fn $name:ident($($params:tt)*) -> Result<$out:ty> $body:tt)*) => {
        $( $crate::__multimethod! {
            @start [$domain] [$(#[$meta])*] [$vis] [$name] [$out] [$body] [$($params)*]
        } )*
    };
}

/// Walks the parameters: `&Array` becomes an operand, anything else `impl Into`.
#[doc(hidden)]
#[macro_export]
macro_rules! __multimethod {
    (@start $d:tt $m:tt $v:tt $n:tt $o:tt $b:tt [$($params:tt)*]) => {
        $crate::__multimethod! { @engine $d $v $n $o $b [$($params)*] }
        $crate::__multimethod! { @walk $d $m $v $n $o [$($params)*,] [] [] }
    };
    (@engine [$d:literal] [$v:vis] [$n:ident] [$o:ty] [;] [$($params:tt)*]) => {
        $crate::__pastey::paste! { $crate::dispatch::method! {
            domain $d;
            #[doc(hidden)]
            $v fn [<erased_ $n>] handle $n($($params)*) -> ::std::result::Result<$o, $crate::Error>;
        } }
    };
    (@engine [$d:literal] [$v:vis] [$n:ident] [$o:ty] [$b:block] [$($params:tt)*]) => {
        $crate::__pastey::paste! { $crate::dispatch::method! {
            domain $d;
            #[doc(hidden)]
            $v fn [<erased_ $n>] handle $n($($params)*) -> ::std::result::Result<$o, $crate::Error> $b
        } }
    };
    // An array.
    (@walk $d:tt $m:tt $v:tt $n:tt $o:tt [$a:ident: &Array, $($rest:tt)*] [$($sig:tt)*] [$($call:tt)*]) => {
        $crate::__multimethod! { @walk $d $m $v $n $o [$($rest)*]
            [$($sig)* $a: impl $crate::array::Operandlike<R>,] [$($call)* &*$crate::array::Operandlike::operand(&$a),] }
    };
    // A plain parameter.
    (@walk $d:tt $m:tt $v:tt $n:tt $o:tt [$a:ident: $t:ty, $($rest:tt)*] [$($sig:tt)*] [$($call:tt)*]) => {
        $crate::__multimethod! { @walk $d $m $v $n $o [$($rest)*]
            [$($sig)* $a: impl ::std::convert::Into<$t>,] [$($call)* ::std::convert::Into::into($a),] }
    };
    (@walk $d:tt [$($m:tt)*] [$v:vis] [$n:ident] [$o:ty] [$(,)?] [$($sig:tt)*] [$($call:tt)*]) => {
        $crate::__pastey::paste! {
            $($m)*
            $v fn $n<R: $crate::array::Marker>($($sig)*)
                -> ::std::result::Result<<$o as $crate::array::Retype>::As<R>, $crate::Error>
            {
                let out = [<erased_ $n>]($($call)*)?;
                $crate::array::Retype::retype::<R>(out)
            }
        }
    };
}

/// A result of a multimethod under the residency type of its arguments.
pub trait Retype: Sized {
    /// The result's type where the arguments are `Array<R>`.
    type As<R: Marker>;
    /// Checks that arrays are where the type says.
    ///
    /// # Errors
    /// [`Error::Residency`](crate::Error::Residency) if one isn't.
    fn retype<R: Marker>(self) -> Result<Self::As<R>>;
}

impl Retype for Array {
    type As<R: Marker> = Array<R>;
    fn retype<R: Marker>(self) -> Result<Array<R>> {
        self.retyped()
    }
}

impl Retype for Vec<Array> {
    type As<R: Marker> = Vec<Array<R>>;
    fn retype<R: Marker>(self) -> Result<Vec<Array<R>>> {
        self.into_iter().map(Array::retyped).collect()
    }
}

impl<A: Retype, B: Retype> Retype for (A, B) {
    type As<R: Marker> = (A::As<R>, B::As<R>);
    fn retype<R: Marker>(self) -> Result<Self::As<R>> {
        Ok((self.0.retype()?, self.1.retype()?))
    }
}

impl<A: Retype, B: Retype, C: Retype> Retype for (A, B, C) {
    type As<R: Marker> = (A::As<R>, B::As<R>, C::As<R>);
    fn retype<R: Marker>(self) -> Result<Self::As<R>> {
        Ok((self.0.retype()?, self.1.retype()?, self.2.retype()?))
    }
}

macro_rules! plain_results {
    ($($t:ty),*) => { $(
        impl Retype for $t {
            type As<R: Marker> = $t;
            fn retype<R: Marker>(self) -> Result<$t> { Ok(self) }
        }
    )* };
}
plain_results!((), bool, i64, u64, usize, f32, f64, Scalar);
