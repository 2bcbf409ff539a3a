//! Scopes that are not left in the order in which they were entered.
//!
//! A scope is a state of its thread. Tasks of one thread that hold scopes while they wait leave them in any order, and each
//! would put back what it found. A misplaced one is loud (it panics, unless its thread does already), and what was entered
//! since stays in force without it, so that no scope outlives its block.
use std::cell::{Cell, RefCell};

use super::walk::Walk;

/// One that was left out of turn: what was entered inside it, before it was left, is based on a state that has ended.
struct Left {
    entered: u64,
    left: u64,
    inside: &'static Walk,
    before: &'static Walk,
}

/// More are forgotten, the oldest first: a program that goes on after so many panics is on its own.
const MOST: usize = 256;

thread_local! {
    static NUMBER: Cell<u64> = const { Cell::new(0) };
    static ANY: Cell<bool> = const { Cell::new(false) };
    static LEFT: RefCell<Vec<Left>> = const { RefCell::new(Vec::new()) };
}

/// Counts the entries of a thread.
#[inline]
pub(super) fn next_number() -> u64 {
    let number = NUMBER.get() + 1;
    NUMBER.set(number);
    number
}

/// The state that stands for `walk`, which was in force when entry `number` was made, now that others have left out of turn.
#[inline]
pub(super) fn moved(walk: &'static Walk, number: u64) -> &'static Walk {
    if !ANY.get() {
        return walk;
    }
    let all = LEFT.try_with(|left| {
        let left = left.borrow();
        let since = left.iter().filter(|one| one.entered < number && number < one.left);
        since.fold(walk, |walk, one| walk.rebased(one.inside, one.before))
    });
    all.unwrap_or(walk)
}

/// Remembers that entry `number` was left out of turn.
pub(super) fn left(number: u64, inside: &'static Walk, before: &'static Walk) {
    let one = Left { entered: number, left: next_number(), inside, before };
    ANY.set(true);
    let _ = LEFT.try_with(|left| {
        let mut left = left.borrow_mut();
        if left.len() == MOST {
            left.remove(0);
        }
        left.push(one);
    });
}

/// # Panics
/// Unless the thread does already.
#[cold]
pub(super) fn complain(what: &str, now: &Walk) {
    let text = format!(
        "{what} was left while {} was in force, which was not entered inside it or is still open: scopes that tasks of one \
         thread hold across an `.await` get mixed up; poll each such task through `State::wrap`",
        now.last_step()
    );
    if std::thread::panicking() {
        tracing::error!("{text}");
    } else {
        panic!("{text}");
    }
}
