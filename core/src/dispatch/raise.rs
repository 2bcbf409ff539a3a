//! Errors of operators, which can't return them.
use std::cell::Cell;
use std::fmt::Display;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use super::error::DispatchError;

/// An error on its way from an operator to the default that it is in.
struct Raised<E>(E);

thread_local! {
    /// Defaults that wait for one on this thread.
    static WAITING: Cell<u32> = const { Cell::new(0) };
}

/// Ends an operator, or what else can't return the error of the method that it stands for. Inside a default the error becomes
/// the default's, as `?` would make it: another candidate may be tried. Elsewhere it is a panic with the error's message, at
/// the caller's line.
///
/// # Panics
/// Always, or unwinds to the default.
#[cold]
#[track_caller]
pub fn raise<E: DispatchError + Display>(error: E) -> ! {
    if cfg!(panic = "unwind") && WAITING.get() > 0 {
        // Not a panic of the program: its hook is not called.
        resume_unwind(Box::new(Raised(error)));
    }
    panic!("{error}")
}

/// While it lives, this many defaults wait.
struct Waiting(u32);

impl Waiting {
    fn set(waiting: u32) -> Waiting {
        Waiting(WAITING.replace(waiting))
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        WAITING.set(self.0);
    }
}

/// Runs a default: an error raised inside it is its result.
#[doc(hidden)]
pub fn caught<Out, E: DispatchError>(default: impl FnOnce() -> Result<Out, E>) -> Result<Out, E> {
    let result = {
        let _waiting = Waiting::set(WAITING.get() + 1);
        // What the default has changed when it unwinds, it may have changed when it returns an error.
        catch_unwind(AssertUnwindSafe(default))
    };
    result.unwrap_or_else(|payload| match payload.downcast::<Raised<E>>() {
        Ok(raised) => Err(raised.0),
        Err(payload) => resume_unwind(payload),
    })
}

/// Runs another caller's task, for whose errors no default on this stack waits.
pub(super) fn apart<R>(task: impl FnOnce() -> R) -> R {
    let _waiting = Waiting::set(0);
    task()
}
