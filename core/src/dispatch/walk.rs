//! States as a walk depends on them: immutable, interned, and never freed.
//!
//! Entering a scope finds or makes a child of the state in force; the same step from the same state gives the same child,
//! so that its cached plans are reused. States are never freed: there are as many as a program has distinct nestings of
//! scopes, for each setting of the globals. They are not reference-counted, because counters shared between threads made
//! entering slow.
use std::cell::Cell;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;

use super::globals::Globals;
use super::identity::MethodRef;
use super::kind::{Instance, Target};

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
    /// Nothing falls back.
    Strict,
    Pin(Pin),
    /// The default of a method runs, pinned or not.
    Default(MethodRef, Option<Pin>),
    /// Globals of its own. A setting stands below all scopes, whenever it is made, so that changing it to and fro returns
    /// to the same states.
    Globals(&'static Globals),
    /// The state as captured: with these globals, and without the defaults that are running.
    Captured(&'static Globals),
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
    /// The state that this is a child of, and the step to it; none for the root.
    parent: Option<(&'static Walk, Step)>,
    children: Mutex<Vec<(Step, &'static Walk)>>,
}

pub(super) static ROOT: Walk = Walk {
    id: 1,
    scopes: Vec::new(),
    skipped: Vec::new(),
    pin: None,
    strict: false,
    running: Vec::new(),
    globals: None,
    parent: None,
    children: Mutex::new(Vec::new()),
};

static NEXT_ID: AtomicU64 = AtomicU64::new(2);

/// Size of each thread's cache of children.
const REMEMBERED: usize = 16;

type Remembered = Cell<Option<(u64, Step, &'static Walk)>>;

thread_local! {
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
            Step::Strict => 1,
            Step::Pin(pin) => usize::from(pin.to.kind.0) * 5 + usize::from(pin.to.index) + 2,
            Step::Default(method, _) => method.address() >> 4,
            Step::Globals(globals) => globals.number as usize + 4,
            Step::Captured(globals) => globals.number as usize + 9,
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

    /// The state below this one's last step, changed by `step`, with that last step on top again.
    fn below(&'static self, step: Step) -> Option<&'static Walk> {
        let (parent, own) = self.parent?;
        let base = parent.child(step);
        Some(match (own, step) {
            (Step::Globals(_), _) | (Step::Default(_, None), Step::Captured(_)) => base,
            (Step::Default(_, Some(pin)), Step::Captured(_)) if base.pin == Some(pin) => base,
            (Step::Default(_, Some(pin)), Step::Captured(_)) => base.child(Step::Pin(pin)),
            (own, _) => base.child(own),
        })
    }

    fn intern_child(&'static self, step: Step) -> &'static Walk {
        let other = match step {
            Step::Globals(_) | Step::Captured(_) if self.parent.is_some() => self.below(step),
            Step::Captured(globals) => Some(self.child(Step::Globals(globals))),
            _ => None,
        };
        let mut children = self.children.lock();
        if let Some((_, child)) = children.iter().find(|(known, _)| *known == step) {
            return child;
        }
        if let Some(other) = other {
            children.push((step, other));
            return other;
        }
        let mut walk = Walk {
            id: NEXT_ID.fetch_add(1, Ordering::Relaxed),
            scopes: self.scopes.clone(),
            skipped: self.skipped.clone(),
            pin: self.pin,
            strict: self.strict,
            running: self.running.clone(),
            globals: self.globals,
            parent: Some((self, step)),
            children: Mutex::default(),
        };
        match step {
            Step::Scope(target, options) => {
                walk.strict |= options.strict;
                walk.scopes.push((target, options));
            }
            Step::Skip(target) => walk.skipped.push(target),
            Step::Strict => walk.strict = true,
            Step::Pin(pin) => walk.set_pin(pin),
            Step::Default(method, pin) => {
                walk.running.push((method, pin));
                if let Some(pin) = pin
                    && walk.pin != Some(pin)
                {
                    walk.set_pin(pin);
                }
            }
            Step::Globals(globals) | Step::Captured(globals) => walk.globals = Some(globals),
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

    /// What was entered last, in words.
    pub fn last_step(&self) -> String {
        match self.parent {
            Some((_, Step::Scope(target, _))) => format!("the scope of {target}"),
            Some((_, Step::Skip(target))) => format!("the scope that skips {target}"),
            Some((_, Step::Pin(pin) | Step::Default(_, Some(pin)))) => format!("the pin to {}", pin.to),
            Some((_, Step::Default(method, None))) => format!("the default of {}", method.0),
            Some((_, Step::Globals(_) | Step::Captured(_) | Step::Strict)) | None => "a state".into(),
        }
    }

    /// Whether it is `other` or was entered from it.
    fn is_inside(&self, other: &Walk) -> bool {
        std::iter::successors(Some(self), |walk| walk.parent.map(|(parent, _)| parent))
            .any(|walk| std::ptr::eq(walk, other))
    }

    /// This state, as if the steps from `from` on had been made from `to`.
    pub fn rebased(&'static self, from: &Walk, to: &'static Walk) -> &'static Walk {
        match self.parent {
            _ if std::ptr::eq(self, from) => to,
            Some((parent, step)) if self.is_inside(from) => parent.rebased(from, to).child(step),
            _ => self,
        }
    }

    pub fn is_running(&self, method: MethodRef, pin: Option<Pin>) -> bool {
        self.running
            .iter()
            .any(|&(running, under)| running == method && under.map(|pin| pin.to) == pin.map(|pin| pin.to))
    }
}

/// The number of states made so far.
#[doc(hidden)]
pub fn states() -> u64 {
    NEXT_ID.load(Ordering::Relaxed)
}
