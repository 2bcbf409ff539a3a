//! The state in force: immutable, interned, one pointer per thread.
//!
//! Entering a scope finds or makes a child of the state in force; the same step from the same state gives the same child,
//! so that its cached plans are reused. States are never freed: there are as many as a program has distinct nestings of
//! scopes. They are not reference-counted, because counters shared between threads made entering slow.
use std::cell::{Cell, RefCell};
use std::future::Future;
use std::pin::Pin as Pinned;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use parking_lot::Mutex;

use super::cx::{Counted, nested};
use super::globals::Globals;
use super::identity::MethodRef;
use super::kind::{Instance, Target};
use super::registry;
use super::sink::Sink;

/// How a backend in a scope is tried.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Options {
    /// The walk ends here if it declines.
    pub only: bool,
    /// Copies to its residency are allowed; implies `only`.
    pub coerce: bool,
    /// Nothing inside the scope falls back to the host.
    pub strict: bool,
}

impl Options {
    /// Tried first; the walk continues if it declines.
    pub const PLAIN: Options = Options { only: false, coerce: false, strict: false };
    /// The walk ends here.
    pub const ONLY: Options = Options { only: true, coerce: false, strict: false };
    /// Arguments are copied where necessary; the walk ends here.
    pub const COERCE: Options = Options { only: true, coerce: true, strict: false };
    /// Tried first; nothing inside falls back to the host.
    pub const STRICT: Options = Options { only: false, coerce: false, strict: true };
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) struct Pin {
    pub to: Instance,
    pub coerce: bool,
}

/// One step from a state to a child of it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    Scope(Target, Options),
    Skip(Target),
    Pin(Pin),
    /// The default of a method runs, pinned or not.
    Default(MethodRef, Option<Pin>),
    /// Globals of its own.
    Globals(&'static Globals),
}

/// The part of a state that a walk depends on. The public [`State`] adds the listener.
pub(super) struct Walk {
    pub id: u64,
    /// Outermost first.
    pub scopes: Vec<(Target, Options)>,
    pub skipped: Vec<Target>,
    pub pin: Option<Pin>,
    /// An enclosing scope forbids the fallback.
    pub strict: bool,
    /// The running defaults, each with its pin.
    pub running: Vec<(MethodRef, Option<Pin>)>,
    /// Captured globals; none for the process's current ones.
    pub globals: Option<&'static Globals>,
    children: Mutex<Vec<(Step, &'static Walk)>>,
}

static ROOT: Walk = Walk {
    id: 1,
    scopes: Vec::new(),
    skipped: Vec::new(),
    pin: None,
    strict: false,
    running: Vec::new(),
    globals: None,
    children: Mutex::new(Vec::new()),
};

static NEXT_ID: AtomicU64 = AtomicU64::new(2);

/// Size of each thread's cache of children.
const REMEMBERED: usize = 16;

type Remembered = Cell<Option<(u64, Step, &'static Walk)>>;

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
    static REMEMBER: [Remembered; REMEMBERED] = const { [const { Cell::new(None) }; REMEMBERED] };
}

impl Step {
    /// The step's place in a thread's cache of children: a hash.
    fn place(&self, parent: u64) -> usize {
        let target = |t: &Target| usize::from(t.kind.0) * 5 + t.index.map_or(0, |i| usize::from(i) + 1);
        let own = match self {
            Step::Scope(t, options) => {
                target(t)
                    + 3 * usize::from(options.only)
                    + 7 * usize::from(options.coerce)
                    + 5 * usize::from(options.strict)
            }
            Step::Skip(t) => target(t) + 1,
            Step::Pin(pin) => usize::from(pin.to.kind.0) * 5 + usize::from(pin.to.index) + 2,
            Step::Default(method, _) => method.address() >> 4,
            Step::Globals(globals) => globals.number as usize + 4,
        };
        (parent as usize).wrapping_mul(3).wrapping_add(own) % REMEMBERED
    }
}

impl Walk {
    /// The state one step from this: the same one every time.
    pub fn child(&'static self, step: Step) -> &'static Walk {
        let place = step.place(self.id);
        REMEMBER.with(|remembered| {
            if let Some((parent, known, child)) = remembered[place].get()
                && parent == self.id
                && known == step
            {
                return child;
            }
            let child = self.intern_child(step);
            remembered[place].set(Some((self.id, step, child)));
            child
        })
    }

    fn intern_child(&'static self, step: Step) -> &'static Walk {
        let mut children = self.children.lock();
        if let Some((_, child)) = children.iter().find(|(known, _)| *known == step) {
            return child;
        }
        let mut walk = Walk {
            id: NEXT_ID.fetch_add(1, Ordering::Relaxed),
            scopes: self.scopes.clone(),
            skipped: self.skipped.clone(),
            pin: self.pin,
            strict: self.strict,
            running: self.running.clone(),
            globals: self.globals,
            children: Mutex::default(),
        };
        match step {
            Step::Scope(target, options) => {
                walk.strict |= options.strict;
                walk.scopes.push((target, options));
            }
            Step::Skip(target) => walk.skipped.push(target),
            Step::Pin(pin) => walk.set_pin(pin),
            Step::Default(method, pin) => {
                walk.running.push((method, pin));
                if let Some(pin) = pin
                    && walk.pin != Some(pin)
                {
                    walk.set_pin(pin);
                }
            }
            Step::Globals(globals) => walk.globals = Some(globals),
        }
        let child: &'static Walk = Box::leak(Box::new(walk));
        children.push((step, child));
        child
    }

    /// A pin is exact: backends skipped outside it are not skipped under it.
    fn set_pin(&mut self, pin: Pin) {
        self.pin = Some(pin);
        self.skipped.clear();
    }

    pub fn is_running(&self, method: MethodRef, pin: Option<Pin>) -> bool {
        self.running
            .iter()
            .any(|&(running, under)| running == method && under.map(|pin| pin.to) == pin.map(|pin| pin.to))
    }
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
pub(super) struct Entered {
    before: &'static Walk,
    inside: &'static Walk,
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
        Entered { before, inside }
    }
}

impl Drop for Entered {
    #[inline]
    fn drop(&mut self) {
        let now = walk();
        // Globals set inside the scope stay in force after it.
        if !std::ptr::eq(now, self.inside)
            && let Some(globals) = now.globals
            && self.before.globals != Some(globals)
        {
            set_walk(self.before.child(Step::Globals(globals)));
        } else {
            set_walk(self.before);
        }
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
    /// The depth of nested calls at which it was captured.
    nested: u32,
}

impl State {
    /// The state in force, with the globals as they are now.
    pub fn current() -> State {
        let walk = walk();
        let walk = match walk.globals {
            Some(_) => walk,
            None => walk.child(Step::Globals(process_globals())),
        };
        State { walk, sink: sink(), nested: nested() }
    }

    /// No scope, no listener, the process's current globals.
    pub fn empty() -> State {
        State { walk: &ROOT, sink: None, nested: 0 }
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
        let _counted = Counted::on_from(self.nested);
        let _entered = Replaced::by(self.walk, self.sink.clone());
        f()
    }

    /// A future that is polled in this state, on any thread.
    pub fn wrap<F: Future>(&self, future: F) -> InState<F> {
        InState { state: self.clone(), future: Box::pin(future) }
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

/// While it lives, the whole state, listener included, is replaced.
pub(super) struct Replaced {
    walk: &'static Walk,
    sink: Option<Arc<Sink>>,
}

impl Replaced {
    pub fn by(walk: &'static Walk, sink: Option<Arc<Sink>>) -> Replaced {
        let before = Replaced { walk: self::walk(), sink: self::sink() };
        Replaced::set(walk, sink);
        before
    }

    fn set(walk: &'static Walk, sink: Option<Arc<Sink>>) {
        WALK.set(walk);
        FAST.set(if sink.is_some() || BYPASS.get() { 0 } else { walk.id });
        // A thread that is being torn down has no listener left, and needs none.
        let _ = SINK.try_with(|place| *place.borrow_mut() = sink);
    }
}

impl Drop for Replaced {
    fn drop(&mut self) {
        Replaced::set(self.walk, self.sink.take());
    }
}

/// A future with the state that it is polled in; see [`State::wrap`].
pub struct InState<F> {
    state: State,
    future: Pinned<Box<F>>,
}

impl<F: Future> Future for InState<F> {
    type Output = F::Output;

    fn poll(mut self: Pinned<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = &mut *self;
        let future = this.future.as_mut();
        this.state.enter(|| future.poll(cx))
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
