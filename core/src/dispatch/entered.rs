//! Scopes that are kept in a value, for what can't hold a scope open by a block of Rust: an interpreter's own blocks.
use std::marker::PhantomData;

use super::cx::Counted;
use super::kind::AsTarget;
use super::state::{Entered, Replaced, State};
use super::walk::{Options, Step};

/// While it lives, what it entered is in force on its thread. Guards are dropped in the reverse order.
///
/// ```
/// use polyarray_core::dispatch::{Options, State, entered, with_backend};
/// let guard = entered::backend("gpu", Options::COERCE);
/// let inside = State::current();
/// drop(guard);
/// assert_eq!(inside, with_backend("gpu", Options::COERCE, State::current));
/// ```
///
/// # Panics
/// On drop, if it is not the one entered last.
pub struct Guard {
    _entered: Kept,
    _bound_to_its_thread: PhantomData<*const ()>,
}

#[expect(dead_code, reason = "they are dropped")]
enum Kept {
    Step(Entered),
    State(Replaced, Counted),
}

impl Guard {
    fn of(kept: Kept) -> Guard {
        Guard { _entered: kept, _bound_to_its_thread: PhantomData }
    }
}

/// [`with_backend`](super::with_backend), while the guard lives.
pub fn backend(target: impl AsTarget, options: Options) -> Guard {
    Guard::of(Kept::Step(Entered::step(Step::Scope(target.target(), options))))
}

/// [`skip`](super::skip), while the guard lives.
pub fn skip(target: impl AsTarget) -> Guard {
    Guard::of(Kept::Step(Entered::step(Step::Skip(target.target()))))
}

impl State {
    /// [`enter`](State::enter), while the guard lives.
    pub fn entered(&self) -> Guard {
        let counted = Counted::on_from(&self.nested);
        Guard::of(Kept::State(Replaced::by(self.walk, self.sink.clone()), counted))
    }
}
