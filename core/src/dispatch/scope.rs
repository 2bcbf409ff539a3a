//! Scopes: closures, and the local variable that `scope!` expands to.
use std::marker::PhantomData;

use super::cx::Counted;
use super::kind::{AsTarget, Instance};
use super::raise::apart;
use super::state::{Entered, Replaced, State};
use super::walk::{Options, Pin, Step};

/// Runs `f` with a backend in front of all others.
///
/// ```
/// use polyarray_core::dispatch::{Options, State, with_backend};
/// let inside = with_backend("gpu", Options::COERCE, State::current);
/// assert_ne!(inside, State::current());
/// assert_eq!(inside, with_backend("gpu", Options::COERCE, State::current));
/// ```
pub fn with_backend<R>(target: impl AsTarget, options: Options, f: impl FnOnce() -> R) -> R {
    let _entered = Entered::step(Step::Scope(target.target(), options));
    f()
}

/// Runs `f` with a backend passed over, wherever it stands in the walk.
///
/// A pin entered inside (a wrapper's call of its inner backend) is not affected. An unknown name is no error yet: the
/// first call inside returns it, as in a scope.
pub fn skip<R>(target: impl AsTarget, f: impl FnOnce() -> R) -> R {
    let _entered = Entered::step(Step::Skip(target.target()));
    f()
}

/// Runs `f` with every call, of any domain, served by `instance` alone, or by defaults made of such calls. Replaces an outer
/// pin, and takes precedence over scopes, also over those entered inside it. This is how a wrapper backend calls its inner
/// backend.
#[inline]
pub fn pinned<R>(instance: Instance, coerce: bool, f: impl FnOnce() -> R) -> R {
    let _entered = Entered::pin(Pin { to: instance, coerce });
    f()
}

/// Runs `f` in the empty state: for work that waits in a thread pool, where the waiting thread may
/// pick up another caller's task. What runs inside does not count as nested in the call that waits.
pub fn detached<R>(f: impl FnOnce() -> R) -> R {
    let empty = State::empty();
    let _counted = Counted::anew();
    let _replaced = Replaced::by(empty.walk, empty.sink);
    apart(f)
}

/// What `scope!` expands to: hygienic, so that it can't be named, and `!Send`.
#[doc(hidden)]
pub struct Scope {
    _entered: Entered,
    _bound_to_its_thread: PhantomData<*const ()>,
}

impl Scope {
    #[doc(hidden)]
    pub fn enter(target: impl AsTarget, options: Options) -> Scope {
        Scope {
            _entered: Entered::step(Step::Scope(target.target(), options)),
            _bound_to_its_thread: PhantomData,
        }
    }
}

/// Puts a backend in front until the end of the enclosing block: `scope!(gpu);`,
/// `scope!("gpu:1", only);`, `scope!(gpu, coerce);`, `scope!(gpu, strict);` (nothing inside falls back to the host).
///
/// The local variable that it declares can't be named, and so neither moved nor dropped early:
/// ```
/// use polyarray_core::dispatch::{State, scope};
/// let outside = State::current();
/// {
///     scope!("gpu", coerce);
///     assert_ne!(State::current(), outside);
/// }
/// assert_eq!(State::current(), outside);
/// ```
/// It stays on its thread (use [`State::wrap`](crate::dispatch::State::wrap) in async code):
/// ```compile_fail,E0277
/// use polyarray_core::dispatch::scope;
/// fn spawn(_: impl Future + Send) {}
/// spawn(async {
///     scope!("gpu");
///     std::future::ready(()).await;
/// });
/// ```
/// ```compile_fail,E0425
/// use polyarray_core::dispatch::scope;
/// scope!("gpu");
/// drop(scope);
/// ```
#[macro_export]
macro_rules! __polyarray_scope {
    ($target:expr) => {
        $crate::__polyarray_scope!(@ $target, PLAIN)
    };
    ($target:expr, only) => {
        $crate::__polyarray_scope!(@ $target, ONLY)
    };
    ($target:expr, coerce) => {
        $crate::__polyarray_scope!(@ $target, COERCE)
    };
    ($target:expr, strict) => {
        $crate::__polyarray_scope!(@ $target, STRICT)
    };
    (@ $target:expr, $options:ident) => {
        let _scope = $crate::dispatch::__private::Scope::enter(
            &$target,
            $crate::dispatch::Options::$options,
        );
    };
}
