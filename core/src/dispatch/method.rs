//! Declaring multimethods.
use super::decline::Stop;
use super::error::DispatchError;
use super::identity::MethodInfo;

/// A method's handle, made by [`method!`](super::method!): the type of the method's name.
pub trait Method: 'static {
    /// The type of an implementation: `fn(Cx, …the parameters…) -> Result<Out, Stop<E>>`.
    type Fn: Copy + Send + Sync + 'static;
    /// The type of the default: the method's own signature.
    type Default: Copy + 'static;
    /// Its name.
    const NAME: &'static str;
    /// The domain that it is declared in.
    const DOMAIN: &'static str;
    /// The names of its dispatchable arguments, in order.
    const ARGUMENTS: &'static [&'static str];
    /// The default, or empty.
    const DEFAULTS: &'static [Self::Default];

    /// The method's identity.
    fn info() -> &'static MethodInfo;
}

/// The two types inside a method's return type.
#[doc(hidden)]
pub trait Returned {
    /// The value.
    type Out;
    /// Its error.
    type Error: DispatchError;
}

impl<T, E: DispatchError> Returned for Result<T, E> {
    type Out = T;
    type Error = E;
}

/// What an implementation of a method returning `R` returns.
pub type Answer<R> = Result<<R as Returned>::Out, Stop<<R as Returned>::Error>>;

/// Declares multimethods of a domain.
///
/// Parameters taken by reference (`&T`, where `T:` [`Dispatchable`](crate::dispatch::Dispatchable))
/// take part in dispatch; those taken by value (`P: Clone`) do not. The return type is a `Result`
/// whose error is a [`DispatchError`](crate::dispatch::DispatchError). The body is the default; `;`
/// in its place means that there is none.
///
/// The function lives in the value namespace, and its handle of the same name, which implements
/// [`Method`](crate::dispatch::Method), in the type namespace. A macro that wraps this one can give the
/// handle another name: `pub fn exp_erased handle exp(x: &Array) -> Result<Array>;`, followed by `packed f`: the
/// implementation that passes packed arguments to an interceptor. Attributes go to the function.
///
/// ```
/// # mod fake { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/dispatch/doc_value.rs")); }
/// # use fake::Value;
/// use polyarray_core::dispatch::{self, Cx, Kind, KindCell, Stop};
/// dispatch::method! {
///     domain "numpy.sk_example";
///     /// The value twice.
///     pub fn twice(x: &Value) -> Result<Value, dispatch::Error>;
///     /// Four times the value, in terms of another multimethod.
///     pub fn four_times(x: &Value) -> Result<Value, dispatch::Error> {
///         twice(&twice(x)?)
///     }
/// }
/// static MINE: KindCell = KindCell::new("not linked");
/// fn twice_here(_: Cx, x: &Value) -> Result<Value, Stop<dispatch::Error>> {
///     Ok(Value(x.0 * 2))
/// }
/// Kind::new(&MINE).register::<twice>(twice_here)?;
/// // No such backend is linked into this example, so the call says so.
/// assert!(four_times(&Value(1)).unwrap_err().not_found().is_some());
/// # Ok::<(), dispatch::Error>(())
/// ```
///
/// A wrong signature does not compile, be it the number of operands,
/// ```compile_fail,E0308
/// # mod fake { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/dispatch/doc_value.rs")); }
/// # use fake::Value;
/// # use polyarray_core::dispatch::{self, Cx, Kind, KindCell, Stop};
/// # dispatch::method! {
/// #     domain "numpy.sk_example";
/// #     /// The value twice.
/// #     pub fn twice(x: &Value) -> Result<Value, dispatch::Error>;
/// # }
/// # static MINE: KindCell = KindCell::new("not linked");
/// fn twice_here(_: Cx, x: &Value, y: &Value) -> Result<Value, Stop<dispatch::Error>> {
///     Ok(Value(x.0 + y.0))
/// }
/// Kind::new(&MINE).register::<twice>(twice_here)?;
/// # Ok::<(), dispatch::Error>(())
/// ```
/// a result that can't decline,
/// ```compile_fail,E0308
/// # mod fake { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/dispatch/doc_value.rs")); }
/// # use fake::Value;
/// # use polyarray_core::dispatch::{self, Cx, Kind, KindCell, Stop};
/// # dispatch::method! {
/// #     domain "numpy.sk_example";
/// #     /// The value twice.
/// #     pub fn twice(x: &Value) -> Result<Value, dispatch::Error>;
/// # }
/// # static MINE: KindCell = KindCell::new("not linked");
/// fn twice_here(_: Cx, x: &Value) -> Result<Value, dispatch::Error> {
///     Ok(Value(x.0 * 2))
/// }
/// Kind::new(&MINE).register::<twice>(twice_here)?;
/// # Ok::<(), dispatch::Error>(())
/// ```
/// or a method that is none:
/// ```compile_fail,E0277
/// # use polyarray_core::dispatch::{Kind, KindCell};
/// # static MINE: KindCell = KindCell::new("not linked");
/// Kind::new(&MINE).register::<String>(())?;
/// # Ok::<(), polyarray_core::dispatch::Error>(())
/// ```
#[macro_export]
macro_rules! __polyarray_method {
    (domain $domain:literal; $($methods:tt)*) => {
        $crate::__polyarray_methods! { $domain $($methods)* }
    };
}

/// One method after the other.
#[doc(hidden)]
#[macro_export]
macro_rules! __polyarray_methods {
    ($domain:literal) => {};
    ($domain:literal $(#[$attr:meta])* $vis:vis fn $name:ident handle $handle:ident packed $packed:tt
        ($($args:tt)*) -> $ret:ty ; $($rest:tt)*) => {
        $crate::__polyarray_arguments! {
            { [$(#[$attr])*] [$vis] $name $handle $packed $domain [$ret] [] } [] [] [] [] [] [] $($args)*
        }
        $crate::__polyarray_methods! { $domain $($rest)* }
    };
    ($domain:literal $(#[$attr:meta])* $vis:vis fn $name:ident handle $handle:ident packed $packed:tt
        ($($args:tt)*) -> $ret:ty $body:block $($rest:tt)*) => {
        $crate::__polyarray_arguments! {
            { [$(#[$attr])*] [$vis] $name $handle $packed $domain [$ret] [$body] } [] [] [] [] [] [] $($args)*
        }
        $crate::__polyarray_methods! { $domain $($rest)* }
    };
    ($domain:literal $(#[$attr:meta])* $vis:vis fn $name:ident handle $handle:ident ($($args:tt)*) $($rest:tt)*) => {
        $crate::__polyarray_methods! {
            $domain $(#[$attr])* $vis fn $name handle $handle packed [] ($($args)*) $($rest)*
        }
    };
    ($domain:literal $(#[$attr:meta])* $vis:vis fn $name:ident ($($args:tt)*) $($rest:tt)*) => {
        $crate::__polyarray_methods! {
            $domain $(#[$attr])* $vis fn $name handle $name packed [] ($($args)*) $($rest)*
        }
    };
}

/// The packed implementation, if there is one.
#[doc(hidden)]
#[macro_export]
macro_rules! __polyarray_packed {
    ($handle:ident []) => {
        ::core::option::Option::None
    };
    ($handle:ident $packed:ident) => {{
        static PACKED: <$handle as $crate::dispatch::Method>::Fn = $packed;
        ::core::option::Option::Some(&PACKED)
    }};
}

/// Sorts the arguments into the lists that the expansion needs: the parameters, their types, those that take part in
/// dispatch with their types, and the expressions that pass them on from the function itself, from references to all of
/// them, and from converted ones.
#[doc(hidden)]
#[macro_export]
macro_rules! __polyarray_arguments {
    ($head:tt [$($params:tt)*] [$($types:tt)*] [$($refs:tt)*] [$($fast:tt)*] [$($bare:tt)*] [$($held:tt)*]) => {
        $crate::__polyarray_emit! {
            $head ($($params)*) ($($types)*) [$($refs)*] [$($fast)*] [$($bare)*] [$($held)*]
        }
    };
    ($head:tt [$($params:tt)*] [$($types:tt)*] [$($refs:tt)*] [$($fast:tt)*] [$($bare:tt)*] [$($held:tt)*]
        $a:ident : & $t:ty $(, $($more:tt)*)?) => {
        $crate::__polyarray_arguments! {
            $head
            [$($params)* $a: &$t,]
            [$($types)* &$t,]
            [$($refs)* ($a $t)]
            [$($fast)* $a,]
            [$($bare)* $a,]
            [$($held)* $crate::dispatch::Held::get($a),]
            $($($more)*)?
        }
    };
    ($head:tt [$($params:tt)*] [$($types:tt)*] [$($refs:tt)*] [$($fast:tt)*] [$($bare:tt)*] [$($held:tt)*]
        $a:ident : $t:ty $(, $($more:tt)*)?) => {
        $crate::__polyarray_arguments! {
            $head
            [$($params)* $a: $t,]
            [$($types)* $t,]
            [$($refs)*]
            [$($fast)* ::core::clone::Clone::clone(&$a),]
            [$($bare)* ::core::clone::Clone::clone(&$a),]
            [$($held)* ::core::clone::Clone::clone(&$a),]
            $($($more)*)?
        }
    };
}

/// The handle, and the function: a look-up in the front cache inline, everything else out of line.
#[doc(hidden)]
#[macro_export]
macro_rules! __polyarray_emit {
    ({ [$($attr:tt)*] [$vis:vis] $name:ident $handle:ident $packed:tt $domain:literal [$ret:ty] [$($body:block)?] }
        $params:tt ($($type:ty,)*) [$(($a:ident $t:ty))*] [$($fast:tt)*] [$($bare:tt)*] [$($held:tt)*]) => {
        #[doc = concat!("Handle of the multimethod `", $domain, ".", stringify!($handle), "`: what implementations are registered under.")]
        #[doc(hidden)]
        #[allow(non_camel_case_types, reason = "bears the name of its function")]
        $vis struct $handle {}

        const _: () = {
            impl $crate::dispatch::Method for $handle {
                type Fn = fn($crate::dispatch::Cx, $($type),*) -> $crate::dispatch::Answer<$ret>;
                type Default = fn($($type),*) -> $ret;
                const NAME: &'static str = stringify!($handle);
                const DOMAIN: &'static str = $domain;
                const ARGUMENTS: &'static [&'static str] = &[$(stringify!($a)),*];
                const DEFAULTS: &'static [Self::Default] = &[$({
                    fn default $params -> $ret $body
                    default
                })?];

                fn info() -> &'static $crate::dispatch::MethodInfo {
                    static INFO: $crate::dispatch::MethodInfo = $crate::dispatch::MethodInfo {
                        name: <$handle as $crate::dispatch::Method>::NAME,
                        domain: $domain,
                        arguments: <$handle as $crate::dispatch::Method>::ARGUMENTS,
                        has_default: !<$handle as $crate::dispatch::Method>::DEFAULTS.is_empty(),
                        packed: $crate::__polyarray_packed!($handle $packed),
                    };
                    &INFO
                }
            }
        };

        $($attr)*
        #[inline]
        $vis fn $name $params -> $ret {
            use $crate::dispatch::__private as engine;
            ::std::thread_local! {
                static FRONT: engine::Front<
                    <$handle as $crate::dispatch::Method>::Fn,
                    { <$handle as $crate::dispatch::Method>::ARGUMENTS.len() },
                > = const { engine::Front::new() };
            }
            let keys = [$($crate::dispatch::Argument::key($a)),*];
            let mut declined = None;
            if let Some(hit) = FRONT.with(|front| front.look(&keys)) {
                match (hit.function)(hit.cx, $($fast)*) {
                    Ok(out) => return Ok(out),
                    Err($crate::dispatch::Stop::Declined(decline)) => {
                        declined = Some((decline, hit.cx.instance));
                    }
                    Err($crate::dispatch::Stop::Failed(error)) => {
                        return Err(engine::failed(<$handle as $crate::dispatch::Method>::info(), hit.cx, error));
                    }
                }
            }
            engine::slow::<
                <$handle as $crate::dispatch::Method>::Fn,
                <$handle as $crate::dispatch::Method>::Default,
                _, _, _,
                { <$handle as $crate::dispatch::Method>::ARGUMENTS.len() },
            >(
                <$handle as $crate::dispatch::Method>::info(),
                <$handle as $crate::dispatch::Method>::DEFAULTS.first().copied(),
                Some(&FRONT),
                &keys,
                &[$(&$a as &dyn $crate::dispatch::Argument),*],
                declined,
                &|_fits: &mut engine::Fits<'_>| Ok(($(_fits.hold::<$t>($a)?,)*)),
                &|function, cx, held| {
                    let ($($a,)*) = held;
                    function(cx, $($held)*)
                },
                &|default, held| match held {
                    Some(($($a,)*)) => default($($held)*),
                    None => default($($bare)*),
                },
            )
        }
    };
}
