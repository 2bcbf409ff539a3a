//! The state in force: one pointer per thread, and the guards that replace it.
use std::cell::{Cell, RefCell};
use std::future::Future;
use std::pin::Pin as Pinned;
use std::sync::Arc;
use std::task::{Context, Poll};

use super::cx::{Counted, Nested};
use super::globals::Globals;
use super::misplaced::{self, next_number};
use super::registry;
use super::sink::Sink;
use super::walk::{Pin, ROOT, Step, Walk};

thread_local! {
    static WALK: Cell<&'static Walk> = const { Cell::new(&ROOT) };
    /// The id of the walk, or 0 while there is a listener, so that no front cache matches.
    static FAST: Cell<u64> = const { Cell::new(1) };
    /// No cache at all: see [`uncached`].
    static BYPASS: Cell<bool> = const { Cell::new(false) };
    /// The process's globals, as of a generation of the registry.
    static GLOBALS: Cell<(u64, Option<&'static Globals>)> = const { Cell::new((0, None)) };
    static SINK: RefCell<Option<Arc<Sink>>> = const { RefCell::new(None) };
    static PINNED: Cell<Option<(u64, Pin, &'static Walk)>> = const { Cell::new(None) };
}

/// The id that front caches compare.
#[inline(always)]
pub(super) fn fast_id() -> u64 {
    FAST.get()
}

#[inline]
pub(super) fn walk() -> &'static Walk {
    WALK.get()
}

pub(super) fn sink() -> Option<Arc<Sink>> {
    if FAST.get() != 0 {
        return None;
    }
    SINK.try_with(|sink| sink.borrow().clone()).ok().flatten()
}

#[inline]
fn set_walk(walk: &'static Walk) {
    WALK.set(walk);
    if FAST.get() != 0 {
        FAST.set(walk.id);
    }
}

pub(super) fn captured_globals() -> Option<&'static Globals> {
    walk().globals
}

/// The process's globals. Read under a lock only after a change, because states are captured often.
fn process_globals() -> &'static Globals {
    let generation = registry::generation();
    match GLOBALS.get() {
        (known, Some(globals)) if known == generation => globals,
        _ => {
            let globals = registry::globals();
            GLOBALS.set((generation, Some(globals)));
            globals
        }
    }
}

/// Replaces the globals of the state in force, until the entered state is left.
pub(super) fn replace_globals(globals: &'static Globals) {
    set_walk(walk().child(Step::Globals(globals)));
}

/// While it lives, a child of the state in force is in force. Restored on drop, also in a panic.
///
/// # Panics
/// On drop, if it is not the one entered last: see [`misplaced`].
pub(super) struct Entered {
    before: &'static Walk,
    inside: &'static Walk,
    number: u64,
}

impl Entered {
    #[inline]
    pub fn step(step: Step) -> Entered {
        Entered::walk(walk().child(step))
    }

    /// The step to a pin. A wrapper backend takes the same one in call after call, and so it has a cache of its own.
    pub fn pin(pin: Pin) -> Entered {
        let before = walk();
        let inside = match PINNED.get() {
            Some((parent, known, child)) if parent == before.id && known == pin => child,
            _ => {
                let child = before.child(Step::Pin(pin));
                PINNED.set(Some((before.id, pin, child)));
                child
            }
        };
        Entered::walk(inside)
    }

    #[inline]
    pub fn walk(inside: &'static Walk) -> Entered {
        let before = walk();
        set_walk(inside);
        Entered { before, inside, number: next_number() }
    }

    /// Left while another state is in force than the one entered.
    #[cold]
    fn leave_from(&self, now: &'static Walk) {
        let (inside, before) =
            (misplaced::moved(self.inside, self.number), misplaced::moved(self.before, self.number));
        if std::ptr::eq(now, inside) {
            // It is its turn; another one before it was out of turn.
            return set_walk(before);
        }
        // Globals set inside the scope stay in force after it.
        if let Some(globals) = now.globals
            && inside.globals != Some(globals)
            && std::ptr::eq(now, inside.child(Step::Globals(globals)))
        {
            return set_walk(before.child(Step::Globals(globals)));
        }
        // What was entered since then stays in force, without this.
        set_walk(now.rebased(inside, before));
        misplaced::left(self.number, inside, before);
        misplaced::complain(&inside.last_step(), now);
    }
}

impl Drop for Entered {
    #[inline]
    fn drop(&mut self) {
        let now = walk();
        if std::ptr::eq(now, self.inside) { set_walk(self.before) } else { self.leave_from(now) }
    }
}

/// A state: scopes, skips, pin, globals, and the listener.
///
/// Captured in O(1), entered on any thread. Two states are equal if they result from the same steps and have the same
/// listener.
#[derive(Clone)]
pub struct State {
    pub(super) walk: &'static Walk,
    pub(super) sink: Option<Arc<Sink>>,
    /// The calls inside which it was captured.
    pub(super) nested: Nested,
}

impl State {
    /// The state in force, with the globals as they are now.
    pub fn current() -> State {
        let walk = walk();
        let walk = match walk.globals {
            Some(_) if walk.running.is_empty() => walk,
            globals => walk.child(Step::Captured(globals.unwrap_or_else(process_globals))),
        };
        State { walk, sink: sink(), nested: Nested::now() }
    }

    /// No scope, no listener, the process's current globals.
    pub fn empty() -> State {
        State { walk: &ROOT, sink: None, nested: Nested::default() }
    }

    /// Whether a scope or a pin of the state in force names a backend.
    pub fn names_backend() -> bool {
        let walk = walk();
        !walk.scopes.is_empty() || walk.pin.is_some()
    }

    /// This state with another listener.
    #[must_use]
    pub fn with_sink(mut self, sink: Option<Arc<Sink>>) -> State {
        self.sink = sink;
        self
    }

    /// Runs `f` in this state, globals included, on any thread.
    pub fn enter<R>(&self, f: impl FnOnce() -> R) -> R {
        let _counted = Counted::on_from(&self.nested);
        let _entered = Replaced::by(self.walk, self.sink.clone());
        f()
    }

    /// A future that is polled, and dropped, in this state, on any thread. Scopes that it holds while it waits are its own.
    pub fn wrap<F: Future>(&self, future: F) -> InState<F> {
        InState { state: self.clone(), future: Some(Box::pin(future)) }
    }
}

impl PartialEq for State {
    fn eq(&self, other: &Self) -> bool {
        let sinks = (&self.sink, &other.sink);
        let same_sink = match sinks {
            (None, None) => true,
            (Some(a), Some(b)) => Arc::ptr_eq(a, b),
            _ => false,
        };
        self.walk.id == other.walk.id && same_sink
    }
}

impl Eq for State {}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("State")
            .field("scopes", &self.walk.scopes)
            .field("skipped", &self.walk.skipped)
            .field("pin", &self.walk.pin)
            .field("listens", &self.sink.is_some())
            .finish_non_exhaustive()
    }
}

/// The whole state, listener included, that another one stands in for.
struct Outer {
    walk: &'static Walk,
    sink: Option<Arc<Sink>>,
    number: u64,
}

impl Outer {
    fn replace(walk: &'static Walk, sink: Option<Arc<Sink>>) -> Outer {
        let outer = Outer { walk: self::walk(), sink: self::sink(), number: next_number() };
        set(walk, sink);
        outer
    }

    /// Puts it back in force. Returns what was.
    fn restore(&mut self) -> &'static Walk {
        let inside = walk();
        set(misplaced::moved(self.walk, self.number), self.sink.take());
        inside
    }
}

/// While it lives, the whole state, listener included, is replaced.
///
/// # Panics
/// On drop, if a scope that was entered meanwhile is still open: see [`misplaced`].
pub(super) struct Replaced {
    outer: Outer,
    inside: &'static Walk,
}

impl Replaced {
    pub fn by(inside: &'static Walk, sink: Option<Arc<Sink>>) -> Replaced {
        Replaced { outer: Outer::replace(inside, sink), inside }
    }
}

fn set(walk: &'static Walk, sink: Option<Arc<Sink>>) {
    WALK.set(walk);
    FAST.set(if sink.is_some() || BYPASS.get() { 0 } else { walk.id });
    // A thread that is being torn down has no listener left, and needs none.
    let _ = SINK.try_with(|place| *place.borrow_mut() = sink);
}

impl Drop for Replaced {
    fn drop(&mut self) {
        let now = self.outer.restore();
        // Settings made inside end with it; a scope that is still open would not.
        if !std::ptr::eq(now, self.inside)
            && !now.globals.is_some_and(|all| std::ptr::eq(now, self.inside.child(Step::Globals(all))))
        {
            misplaced::complain("a state", now);
        }
    }
}

/// While it lives, there is another listener.
pub(super) struct Listening(Option<Arc<Sink>>);

impl Listening {
    pub fn to(sink: Arc<Sink>) -> Listening {
        let before = self::sink();
        set(walk(), Some(sink));
        Listening(before)
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        set(walk(), self.0.take());
    }
}

/// A future with the state that it is polled in; see [`State::wrap`].
pub struct InState<F> {
    /// With the scopes that the future holds.
    state: State,
    /// None once it was dropped.
    future: Option<Pinned<Box<F>>>,
}

impl<F> InState<F> {
    /// Runs `f` on the future in its state.
    fn inside<R>(&mut self, f: impl FnOnce(&mut Option<Pinned<Box<F>>>) -> R) -> R {
        /// Remembers the scopes that are open at the end, also after a panic.
        struct Back<'a>(&'a mut State, Outer);
        impl Drop for Back<'_> {
            fn drop(&mut self) {
                self.0.walk = self.1.restore();
            }
        }
        let _counted = Counted::on_from(&self.state.nested);
        let outer = Outer::replace(self.state.walk, self.state.sink.clone());
        let _back = Back(&mut self.state, outer);
        f(&mut self.future)
    }
}

impl<F: Future> Future for InState<F> {
    type Output = F::Output;

    fn poll(mut self: Pinned<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        self.inside(|future| future.as_mut().expect("only dropping takes it").as_mut().poll(cx))
    }
}

impl<F> Drop for InState<F> {
    fn drop(&mut self) {
        self.inside(|future| drop(future.take()));
    }
}

/// Whether this thread bypasses the caches.
pub(super) fn bypassed() -> bool {
    BYPASS.get()
}

/// Runs `f` with the caches bypassed: the reference that they are tested against.
#[doc(hidden)]
pub fn uncached<R>(f: impl FnOnce() -> R) -> R {
    struct Back(bool, u64);
    impl Drop for Back {
        fn drop(&mut self) {
            BYPASS.set(self.0);
            FAST.set(if self.1 == 0 { 0 } else { walk().id });
        }
    }
    let _back = Back(BYPASS.replace(true), FAST.replace(0));
    f()
}
