//! `multimethod!`: the engine's macro for functions of arrays.

use super::Array;
use super::packed::{Value, Values};
use crate::device::Marker;
use crate::dtype::Scalar;
use crate::error::{Error, Result};
use std::cell::Cell;

/// Declares multimethods over arrays. One line each: a domain, and functions whose parameters are `&Array`
/// (which take part in dispatch) or values (which don't). A body is the default, in terms of other
/// multimethods; `;` in its place means that there is none.
///
/// Parameters may also be `&[Array]`, and `&Device` (the device of an array to be created). `erased domain "…";` omits the
/// typed function, for a family that writes it by hand.
///
/// Each expands to a [row](crate::array::packed::MethodRow) in the table of methods; a function generic in the residency
/// of its arrays (so that mixing typed residencies doesn't compile, and scalars are accepted in place of arrays) whose
/// other parameters take `impl Into<T>`, or the number types that literals don't convert to, such as `usize`; and a handle of the same name in the type namespace, with which a backend registers its own
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
    (erased domain $domain:literal;
        $($(#[$($meta:tt)*])* $vis:vis fn $name:ident($($params:tt)*) -> Result<$out:ty> $body:tt)*) => {
        $( $crate::__multimethod! {
            @walk [erased] [$domain] [$([$($meta)*])*] [$vis] [$name] [$out] [$body] [$($params)*,] [] [] [] [] [] []
        } )*
    };
    (domain $domain:literal;
        $($(#[$($meta:tt)*])* $vis:vis fn $name:ident($($params:tt)*) -> Result<$out:ty> $body:tt)*) => {
        $( $crate::__multimethod! {
            @walk [typed] [$domain] [$([$($meta)*])*] [$vis] [$name] [$out] [$body] [$($params)*,] [] [] [] [] [] []
        } )*
    };
}

/// Collects for each parameter: its declaration for the engine, its declaration in the typed function and the expression
/// that passes it on, its description, and how it is packed and unpacked.
#[doc(hidden)]
#[macro_export]
macro_rules! __multimethod {
    (@walk $k:tt $d:tt $m:tt $v:tt $n:tt $o:tt $b:tt [$a:ident: &Array, $($rest:tt)*]
        [$($e:tt)*] [$($s:tt)*] [$($c:tt)*] [$($p:tt)*] [$($k2:tt)*] [$($u:tt)*]) => {
        $crate::__multimethod! { @walk $k $d $m $v $n $o $b [$($rest)*]
            [$($e)* $a: &$crate::array::Array,]
            [$($s)* $a: impl $crate::array::Operandlike<R>,]
            [$($c)* &*$crate::array::Operandlike::operand(&$a),]
            [$($p)* ($a Array "&Array")]
            [$($k2)* $crate::array::packed::Value::Array(::core::clone::Clone::clone($a)),]
            [$($u)* array;] }
    };
    (@walk $k:tt $d:tt $m:tt $v:tt $n:tt $o:tt $b:tt [$a:ident: &[Array], $($rest:tt)*]
        [$($e:tt)*] [$($s:tt)*] [$($c:tt)*] [$($p:tt)*] [$($k2:tt)*] [$($u:tt)*]) => {
        $crate::__multimethod! { @walk $k $d $m $v $n $o $b [$($rest)*]
            [$($e)* $a: &[$crate::array::Array],]
            [$($s)* $a: &[impl $crate::array::Operandlike<R>],]
            [$($c)* &$crate::array::operands::<R>($a),]
            [$($p)* ($a Arrays "&[Array]")]
            [$($k2)* $crate::array::packed::Value::Arrays($a.to_vec()),]
            [$($u)* arrays;] }
    };
    (@walk $k:tt $d:tt $m:tt $v:tt $n:tt $o:tt $b:tt [$a:ident: &Device, $($rest:tt)*]
        [$($e:tt)*] [$($s:tt)*] [$($c:tt)*] [$($p:tt)*] [$($k2:tt)*] [$($u:tt)*]) => {
        $crate::__multimethod! { @walk $k $d $m $v $n $o $b [$($rest)*]
            [$($e)* $a: &$crate::device::Device,]
            [$($s)* $a: $crate::device::Device,]
            [$($c)* &$a,]
            [$($p)* ($a Device "Device")]
            [$($k2)* $crate::array::packed::Value::Device(*$a),]
            [$($u)* device;] }
    };
    // Numbers whose literals would not convert: without a type of their own these are i32 and f64.
    (@walk $k:tt $d:tt $m:tt $v:tt $n:tt $o:tt $b:tt [$a:ident: i8, $($rest:tt)*] $($lists:tt)*) => {
        $crate::__multimethod! { @number $k $d $m $v $n $o $b [$a: i8, $($rest)*] $($lists)* }
    };
    (@walk $k:tt $d:tt $m:tt $v:tt $n:tt $o:tt $b:tt [$a:ident: i16, $($rest:tt)*] $($lists:tt)*) => {
        $crate::__multimethod! { @number $k $d $m $v $n $o $b [$a: i16, $($rest)*] $($lists)* }
    };
    (@walk $k:tt $d:tt $m:tt $v:tt $n:tt $o:tt $b:tt [$a:ident: u8, $($rest:tt)*] $($lists:tt)*) => {
        $crate::__multimethod! { @number $k $d $m $v $n $o $b [$a: u8, $($rest)*] $($lists)* }
    };
    (@walk $k:tt $d:tt $m:tt $v:tt $n:tt $o:tt $b:tt [$a:ident: u16, $($rest:tt)*] $($lists:tt)*) => {
        $crate::__multimethod! { @number $k $d $m $v $n $o $b [$a: u16, $($rest)*] $($lists)* }
    };
    (@walk $k:tt $d:tt $m:tt $v:tt $n:tt $o:tt $b:tt [$a:ident: u32, $($rest:tt)*] $($lists:tt)*) => {
        $crate::__multimethod! { @number $k $d $m $v $n $o $b [$a: u32, $($rest)*] $($lists)* }
    };
    (@walk $k:tt $d:tt $m:tt $v:tt $n:tt $o:tt $b:tt [$a:ident: u64, $($rest:tt)*] $($lists:tt)*) => {
        $crate::__multimethod! { @number $k $d $m $v $n $o $b [$a: u64, $($rest)*] $($lists)* }
    };
    (@walk $k:tt $d:tt $m:tt $v:tt $n:tt $o:tt $b:tt [$a:ident: usize, $($rest:tt)*] $($lists:tt)*) => {
        $crate::__multimethod! { @number $k $d $m $v $n $o $b [$a: usize, $($rest)*] $($lists)* }
    };
    (@walk $k:tt $d:tt $m:tt $v:tt $n:tt $o:tt $b:tt [$a:ident: isize, $($rest:tt)*] $($lists:tt)*) => {
        $crate::__multimethod! { @number $k $d $m $v $n $o $b [$a: isize, $($rest)*] $($lists)* }
    };
    (@walk $k:tt $d:tt $m:tt $v:tt $n:tt $o:tt $b:tt [$a:ident: f32, $($rest:tt)*] $($lists:tt)*) => {
        $crate::__multimethod! { @number $k $d $m $v $n $o $b [$a: f32, $($rest)*] $($lists)* }
    };
    (@number $k:tt $d:tt $m:tt $v:tt $n:tt $o:tt $b:tt [$a:ident: $t:ty, $($rest:tt)*]
        [$($e:tt)*] [$($s:tt)*] [$($c:tt)*] [$($p:tt)*] [$($k2:tt)*] [$($u:tt)*]) => {
        $crate::__multimethod! { @walk $k $d $m $v $n $o $b [$($rest)*]
            [$($e)* $a: $t,]
            [$($s)* $a: $t,]
            [$($c)* $a,]
            [$($p)* ($a Plain (::core::stringify!($t)))]
            [$($k2)* $crate::array::packed::Value::plain($a),]
            [$($u)* plain;] }
    };
    (@walk $k:tt $d:tt $m:tt $v:tt $n:tt $o:tt $b:tt [$a:ident: $t:ty, $($rest:tt)*]
        [$($e:tt)*] [$($s:tt)*] [$($c:tt)*] [$($p:tt)*] [$($k2:tt)*] [$($u:tt)*]) => {
        $crate::__multimethod! { @walk $k $d $m $v $n $o $b [$($rest)*]
            [$($e)* $a: $t,]
            [$($s)* $a: impl ::std::convert::Into<$t>,]
            [$($c)* ::std::convert::Into::into($a),]
            [$($p)* ($a Plain (::core::stringify!($t)))]
            [$($k2)* $crate::array::packed::Value::plain($a),]
            [$($u)* plain;] }
    };
    (@walk [$kind:ident] [$d:literal] [$([$($m:tt)*])*] [$v:vis] [$n:ident] [$o:ty] [$b:tt] [$(,)?]
        [$($e:tt)*] [$($s:tt)*] [$($c:tt)*] [$(($a:ident $pk:ident $tn:tt))*] [$($k2:tt)*] [$($u:ident;)*]) => {
        $crate::__pastey::paste! {
            static [<$n:upper _ROW>]: $crate::array::packed::MethodRow = $crate::array::packed::MethodRow {
                name: ::core::stringify!($n),
                domain: $d,
                params: &[$($crate::array::packed::Param {
                    name: ::core::stringify!($a),
                    kind: $crate::array::packed::ParamKind::$pk,
                    type_name: $tn,
                }),*],
                returns: ::core::stringify!($o),
                doc: &[$($crate::__multimethod_doc!($($m)*)),*],
                call: |_args| {
                    let mut _at = 0..;
                    let out = [<erased_ $n>]($(
                        $crate::array::packed::unpack::$u(::core::stringify!($n), _args, _at.next().unwrap_or(0))?
                    ),*)?;
                    ::core::result::Result::Ok($crate::array::Retype::pack(out))
                },
                default: $crate::__multimethod_default!($n $b [$($u;)*]),
                info: ::core::option::Option::Some(<$n as $crate::dispatch::Method>::info),
            };

            #[$crate::dispatch::linkme::distributed_slice($crate::array::packed::METHODS)]
            #[linkme(crate = $crate::dispatch::linkme)]
            static [<$n:upper _LINKED>]: &'static $crate::array::packed::MethodRow = &[<$n:upper _ROW>];

            fn [<packed_ $n>](cx: $crate::dispatch::Cx, $($e)*)
                -> ::std::result::Result<$o, $crate::dispatch::Stop<$crate::Error>>
            {
                let args = ::std::iter::IntoIterator::into_iter([$($k2)*]);
                $crate::array::packed::packed(cx, &[<$n:upper _ROW>], args.collect())
            }
        }
        $crate::__multimethod! { @engine [$d] [$v] [$n] [$o] $b [$($e)*] }
        $crate::__multimethod! { @$kind [$([$($m)*])*] [$v] [$n] [$o] [$($s)*] [$($c)*] }
    };
    (@engine [$d:literal] [$v:vis] [$n:ident] [$o:ty] ; [$($params:tt)*]) => {
        $crate::__pastey::paste! { $crate::dispatch::method! {
            domain $d;
            #[doc(hidden)]
            $v fn [<erased_ $n>] handle $n packed [<packed_ $n>]($($params)*)
                -> ::std::result::Result<$o, $crate::Error>;
        } }
    };
    (@engine [$d:literal] [$v:vis] [$n:ident] [$o:ty] $b:block [$($params:tt)*]) => {
        $crate::__pastey::paste! { $crate::dispatch::method! {
            domain $d;
            #[doc(hidden)]
            $v fn [<erased_ $n>] handle $n packed [<packed_ $n>]($($params)*)
                -> ::std::result::Result<$o, $crate::Error> {
                $crate::array::named($d, ::core::stringify!($n), || $b)
            }
        } }
    };
    // Its documentation is the row's alone; on an item its example runs.
    (@erased [$([$($m:tt)*])*] $($rest:tt)*) => {
        $(#[$($m)*])*
        const _: () = ();
    };
    (@typed [$([$($m:tt)*])*] [$v:vis] [$n:ident] [$o:ty] [$($s:tt)*] [$($c:tt)*]) => {
        $crate::__pastey::paste! {
            $(#[$($m)*])*
            $v fn $n<R: $crate::array::Marker>($($s)*)
                -> ::std::result::Result<<$o as $crate::array::Retype>::As<R>, $crate::Error>
            {
                let out = [<erased_ $n>]($($c)*)?;
                $crate::array::Retype::retype::<R>(out)
            }
        }
    };
}

/// The text of a line of documentation; empty for other attributes.
#[doc(hidden)]
#[macro_export]
macro_rules! __multimethod_doc {
    (doc = $text:expr) => {
        $text
    };
    ($($other:tt)*) => {
        ""
    };
}

/// The default, unpacking its arguments.
#[doc(hidden)]
#[macro_export]
macro_rules! __multimethod_default {
    ($n:ident ; $unpack:tt) => {
        ::core::option::Option::None
    };
    ($n:ident $b:block [$($u:ident;)*]) => {
        ::core::option::Option::Some(|_args| {
            let mut _at = 0..;
            let default = <$n as $crate::dispatch::Method>::DEFAULTS[0];
            let out = $crate::dispatch::caught(|| default($(
                $crate::array::packed::unpack::$u(::core::stringify!($n), _args, _at.next().unwrap_or(0))?
            ),*))?;
            ::core::result::Result::Ok($crate::array::Retype::pack(out))
        })
    };
}

std::thread_local! {
    /// The outermost default of NumPy's that runs.
    static CALLED: Cell<Option<&'static str>> = const { Cell::new(None) };
}

/// Puts the method back that ran before.
struct Outer(Option<&'static str>);

impl Drop for Outer {
    fn drop(&mut self) {
        CALLED.set(self.0);
    }
}

/// The method that the caller called, where one of NumPy's runs that is made of others: what fails later, when values are
/// computed, names it too.
pub(super) fn called() -> Option<&'static str> {
    CALLED.get()
}

/// Runs a default. NumPy's own functions are made of one another: an error of a part names the one that was called, as if it
/// had a kernel. In other domains it is for the author to say so.
#[doc(hidden)]
pub fn named<Out>(domain: &str, name: &'static str, default: impl FnOnce() -> Result<Out>) -> Result<Out> {
    match domain {
        "numpy" | "numpy.linalg" | "numpy.fft" => {
            let name = super::packed::spoken(name);
            let outer = CALLED.get();
            CALLED.set(outer.or(Some(name)));
            // Also where the default panics.
            let _back = Outer(outer);
            crate::dispatch::caught(default).map_err(|error| error.within(name))
        }
        _ => default(),
    }
}

/// Several operands as handles whose residency is checked at the call.
#[doc(hidden)]
pub fn operands<R: Marker>(arrays: &[impl super::Operandlike<R>]) -> Vec<Array> {
    arrays.iter().map(|array| array.operand().into_owned()).collect()
}

/// A result of a multimethod under the residency type of its arguments, and packed.
pub trait Retype: Sized {
    /// The result's type where the arguments are `Array<R>`.
    type As<R: Marker>;
    /// Checks that arrays have the residency of the type.
    ///
    /// # Errors
    /// [`Error::Residency`](crate::Error::Residency) if one isn't.
    fn retype<R: Marker>(self) -> Result<Self::As<R>>;
    /// As values, for interceptors.
    fn pack(self) -> Values;
    /// From values.
    ///
    /// # Errors
    /// [`Error::Argument`](crate::Error::Argument) if they are of another kind or number.
    fn unpack(values: Values) -> Result<Self>;
}

fn mismatch(want: &str, values: &Values) -> Error {
    Error::Argument {
        op: "intercept",
        operands: format!("the result {values:?}"),
        fix: format!("the method gives {want}"),
    }
}

impl Retype for Array {
    type As<R: Marker> = Array<R>;
    fn retype<R: Marker>(self) -> Result<Array<R>> {
        self.retyped()
    }
    fn pack(self) -> Values {
        std::iter::once(Value::Array(self)).collect()
    }
    fn unpack(mut values: Values) -> Result<Array> {
        match values.pop() {
            Some(Value::Array(array)) if values.is_empty() => Ok(array),
            last => Err(mismatch("an array", &values.into_iter().chain(last).collect())),
        }
    }
}

impl Retype for Vec<Array> {
    type As<R: Marker> = Vec<Array<R>>;
    fn retype<R: Marker>(self) -> Result<Vec<Array<R>>> {
        self.into_iter().map(Array::retyped).collect()
    }
    fn pack(self) -> Values {
        std::iter::once(Value::Arrays(self)).collect()
    }
    fn unpack(mut values: Values) -> Result<Vec<Array>> {
        match values.pop() {
            Some(Value::Arrays(arrays)) if values.is_empty() => Ok(arrays),
            last => Err(mismatch("several arrays", &values.into_iter().chain(last).collect())),
        }
    }
}

/// One element of a tuple; each packs to one value.
fn single<T: Retype>(value: Option<Value>) -> Result<T> {
    T::unpack(value.into_iter().collect())
}

macro_rules! tuple_results {
    ($($($t:ident)*;)*) => { $(
        impl<$($t: Retype),*> Retype for ($($t,)*) {
            type As<R: Marker> = ($($t::As<R>,)*);
            #[allow(non_snake_case, reason = "a variable for each type")]
            fn retype<R: Marker>(self) -> Result<Self::As<R>> {
                let ($($t,)*) = self;
                Ok(($($t.retype()?,)*))
            }
            #[allow(non_snake_case, reason = "a variable for each type")]
            fn pack(self) -> Values {
                let ($($t,)*) = self;
                let mut values = Values::new();
                $(values.extend($t.pack());)*
                values
            }
            fn unpack(values: Values) -> Result<Self> {
                let mut values = values.into_iter();
                Ok(($(single::<$t>(values.next())?,)*))
            }
        }
    )* };
}
tuple_results! { A B; A B C; A B C D; }

macro_rules! plain_results {
    ($($t:ty),*) => { $(
        impl Retype for $t {
            type As<R: Marker> = $t;
            fn retype<R: Marker>(self) -> Result<$t> { Ok(self) }
            fn pack(self) -> Values { std::iter::once(Value::plain(self)).collect() }
            fn unpack(values: Values) -> Result<$t> {
                let only = values.first().and_then(Value::get::<$t>).filter(|_| values.len() == 1);
                only.cloned().ok_or_else(|| mismatch(stringify!($t), &values))
            }
        }
    )* };
}
plain_results!((), bool, i64, u64, usize, f32, f64, Scalar);
