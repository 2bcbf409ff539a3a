//! The context of an implementation, the front cache's result, and the depth of nested calls.
use std::any::{Any, TypeId};
use std::cell::Cell;
use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Weak};

use parking_lot::RwLock;

use super::identity::Erased;
use super::kind::Instance;

/// The context of a call, as an implementation gets it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cx {
    /// The instance that it runs on.
    pub instance: Instance,
    /// The call falls back: its packed form runs it on the host.
    falls_back: bool,
}

impl Cx {
    /// A call on this instance.
    #[inline]
    pub const fn new(instance: Instance) -> Cx {
        Cx { instance, falls_back: false }
    }

    /// A call that falls back for this instance.
    pub(super) const fn falling_back(instance: Instance) -> Cx {
        Cx { instance, falls_back: true }
    }

    /// Whether the call is to run on the host, with its results copied back.
    #[doc(hidden)]
    pub const fn falls_back(self) -> bool {
        self.falls_back
    }

    /// State of the instance for its kernels, such as plans of transforms: one value of each type, made on first use and
    /// kept as long as the process runs.
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
        // Made outside the lock; the first one stays.
        let found = known.unwrap_or_else(|| {
            let made = T::default();
            *STATES.write().entry(key).or_insert_with(|| Box::leak(Box::new(made)))
        });
        (found as &dyn Any).downcast_ref().expect("it is kept under its type")
    }
}

/// More calls nested under a pin than this are taken for infinite recursion.
const MOST_NESTED: u32 = 96;
/// And so are as many calls of any kind that take more of the stack than this: half of what a thread has unless it asks for
/// more. The number alone would not do, as a thread that waits in a pool runs other tasks on the same stack.
const MOST_STACK: usize = 1 << 20;
/// So many take too little of it to be looked at.
const FEW: u32 = 8;
pub(super) const TOO_DEEP: &str = "calls are nested too deep under pins and defaults";
pub(super) const ENDLESS: &str = "calls are nested so deep that they fill the stack";

thread_local! {
    /// Calls that run on this thread, and where its stack was when there were [`FEW`].
    static CALLS: Cell<u32> = const { Cell::new(0) };
    static STACK: Cell<usize> = const { Cell::new(0) };
    /// Of these, the ones nested under pins.
    static NESTED: Cell<u32> = const { Cell::new(0) };
    /// What states refer to that were captured inside the nested calls of this thread; and whether there is one.
    static ALIVE: Cell<Option<Arc<()>>> = const { Cell::new(None) };
    static CAPTURED: Cell<bool> = const { Cell::new(false) };
}

/// The calls inside which a state was captured: recursion through another thread is detected, too, as long as they run.
#[derive(Clone, Default)]
pub(super) struct Nested {
    depth: u32,
    alive: Weak<()>,
}

impl Nested {
    /// The calls nested under pins around the current one.
    pub fn now() -> Nested {
        let depth = NESTED.get();
        if depth == 0 {
            return Nested::default();
        }
        let alive = take_alive().unwrap_or_default();
        let nested = Nested { depth, alive: Arc::downgrade(&alive) };
        set_alive(Some(alive));
        nested
    }
}

#[inline(always)]
fn take_alive() -> Option<Arc<()>> {
    #[cold]
    #[inline(never)]
    fn take() -> Option<Arc<()>> {
        CAPTURED.set(false);
        ALIVE.try_with(Cell::take).ok().flatten()
    }
    if CAPTURED.get() { take() } else { None }
}

#[inline(always)]
fn set_alive(alive: Option<Arc<()>>) {
    if alive.is_some() {
        CAPTURED.set(true);
        let _ = ALIVE.try_with(|place| place.set(alive));
    }
}

/// Whether `calls` of them fill the stack.
#[cold]
#[inline(never)]
fn fill_the_stack(calls: u32) -> bool {
    let mark = 0u8;
    let here = std::ptr::from_ref(std::hint::black_box(&mark)).addr();
    if calls == FEW {
        STACK.set(here);
    }
    calls >= MOST_NESTED && STACK.get().abs_diff(here) > MOST_STACK
}

/// Counts the calls that run, and those nested under pins.
pub struct Depth {
    pinned: bool,
}

impl Depth {
    /// Counts one more; nothing when there are too many.
    #[inline(always)]
    pub(super) fn enter(pinned: bool) -> Option<Depth> {
        let calls = CALLS.get();
        if calls >= FEW && fill_the_stack(calls) {
            return None;
        }
        if pinned {
            let nested = NESTED.get();
            if nested >= MOST_NESTED {
                return None;
            }
            NESTED.set(nested + 1);
        }
        CALLS.set(calls + 1);
        Some(Depth { pinned })
    }
}

impl Drop for Depth {
    #[inline(always)]
    fn drop(&mut self) {
        CALLS.set(CALLS.get() - 1);
        if self.pinned {
            let nested = NESTED.get() - 1;
            NESTED.set(nested);
            if nested == 0 {
                take_alive();
            }
        }
    }
}

/// While it lives, nested calls are counted from another number.
pub(super) struct Counted {
    before: u32,
    alive: Option<Arc<()>>,
}

impl Counted {
    /// From 0: a task that a waiting thread picks up is not nested in the call that waits.
    pub fn anew() -> Counted {
        Counted { before: NESTED.replace(0), alive: take_alive() }
    }

    /// From the count at which a state was captured if the calls around that still run, or this thread's if it is larger.
    pub fn on_from(nested: &Nested) -> Counted {
        let now = NESTED.get();
        let from = if nested.depth > now && nested.alive.strong_count() > 0 { nested.depth } else { now };
        Counted { before: NESTED.replace(from), alive: take_alive() }
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        NESTED.set(self.before);
        take_alive();
        set_alive(self.alive.take());
    }
}

/// The front cache's result.
pub struct Hit<F> {
    /// The implementation.
    pub function: F,
    /// Its context.
    pub cx: Cx,
    pub(super) _depth: Depth,
}
