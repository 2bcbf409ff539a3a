//! What an implementation is told, what the front cache hands out, and the depth of nested calls.
use std::any::{Any, TypeId};
use std::cell::Cell;
use std::collections::HashMap;
use std::sync::LazyLock;

use parking_lot::RwLock;

use super::identity::Erased;
use super::kind::Instance;

/// What an implementation is told about its call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cx {
    /// The instance that it runs on.
    pub instance: Instance,
    /// Nobody has a result: the packed form runs the call elsewhere.
    falls_back: bool,
}

impl Cx {
    /// A call on this instance.
    #[inline]
    pub const fn new(instance: Instance) -> Cx {
        Cx { instance, falls_back: false }
    }

    /// A call that the packed form runs elsewhere for this instance.
    pub(super) const fn falling_back(instance: Instance) -> Cx {
        Cx { instance, falls_back: true }
    }

    /// Is the call to be run elsewhere, its results brought back?
    #[doc(hidden)]
    pub const fn falls_back(self) -> bool {
        self.falls_back
    }

    /// What an instance keeps for its kernels, such as plans of transforms: one value of each type, made when it is
    /// first asked for, and kept as long as the process runs.
    ///
    /// ```
    /// use polyarray_core::dispatch::{Cx, Instance, KindId};
    /// #[derive(Default)]
    /// struct Plans(std::sync::Mutex<Vec<usize>>);
    /// let cx = Cx::new(Instance { kind: KindId::intern("mine"), index: 0 });
    /// cx.state::<Plans>().0.lock().unwrap().push(8);
    /// assert_eq!(*cx.state::<Plans>().0.lock().unwrap(), [8]);
    /// ```
    pub fn state<T: Default + Send + Sync + 'static>(self) -> &'static T {
        static STATES: LazyLock<RwLock<HashMap<(Instance, TypeId), &'static Erased>>> =
            LazyLock::new(Default::default);
        let key = (self.instance, TypeId::of::<T>());
        let known = STATES.read().get(&key).copied();
        // Made outside of the lock; the first one stays.
        let found = known.unwrap_or_else(|| {
            let made = T::default();
            *STATES.write().entry(key).or_insert_with(|| Box::leak(Box::new(made)))
        });
        (found as &dyn Any).downcast_ref().expect("it is kept under its type")
    }
}

/// Calls nested under a pin beyond this many are taken for a method that calls itself.
const MOST_NESTED: u32 = 96;
pub(super) const TOO_DEEP: &str = "calls are nested too deep under pins and defaults";

thread_local! {
    static NESTED: Cell<u32> = const { Cell::new(0) };
}

/// Counts the calls that are nested under pins on this thread.
pub struct Depth(bool);

impl Depth {
    /// Counts one if `pinned`; nothing when there are too many.
    #[inline(always)]
    pub(super) fn if_pinned(pinned: bool) -> Option<Depth> {
        if pinned {
            let nested = NESTED.get();
            if nested >= MOST_NESTED {
                return None;
            }
            NESTED.set(nested + 1);
        }
        Some(Depth(pinned))
    }
}

impl Drop for Depth {
    #[inline(always)]
    fn drop(&mut self) {
        if self.0 {
            NESTED.set(NESTED.get() - 1);
        }
    }
}

/// What the front cache found.
pub struct Hit<F> {
    /// The implementation.
    pub function: F,
    /// What it is told.
    pub cx: Cx,
    pub(super) _depth: Depth,
}
