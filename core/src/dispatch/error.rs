//! The engine's errors, and the one report of a call that no backend ran.
use std::fmt;
use std::panic::Location;
use std::sync::{Arc, OnceLock};

use super::candidates::Origin;
use super::decline::Operand;
use super::kind::Instance;
use super::method::MethodInfo;
use super::trace::Outcome;

/// What dispatch itself can get wrong. A method's own error type takes it in through [`DispatchError`].
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No candidate ran the call.
    #[error(transparent)]
    NotFound(Arc<NotFound>),
    /// A name that no enrolled backend answers to.
    #[error("{place} names the backend `{name}`, which is not there; known here: {known}")]
    UnknownBackend {
        /// The name.
        name: Box<str>,
        /// Where it was named: a scope, an environment variable.
        place: &'static str,
        /// Those that there are.
        known: Box<str>,
    },
    /// A method was registered twice on one kind.
    #[error(
        "{method} is registered on {kind} twice: at {first} and at {second}; \
         keep one, or say `replace` if the second is to take the place of the first"
    )]
    RegisteredTwice {
        /// The method.
        method: &'static MethodInfo,
        /// The kind.
        kind: &'static str,
        /// The registration in force.
        first: &'static Location<'static>,
        /// The one refused.
        second: &'static Location<'static>,
    },
    /// Two backends enrolled under one name.
    #[error("two backends are enrolled as `{name}`; rename one of them")]
    EnrolledTwice {
        /// The name.
        name: &'static str,
    },
    /// A method came back to itself under the pin that its own default (or a wrapper backend) runs under.
    #[error(
        "{method} was entered again under its own pin to {pin}: {why}; \
         give {pin} an implementation of {method}, or write it without calling {method}"
    )]
    Reentered {
        /// The method.
        method: &'static MethodInfo,
        /// The pinned backend, or "no backend".
        pin: Box<str>,
        /// What was seen.
        why: &'static str,
    },
    /// An argument's conversion went wrong (which is more than being refused).
    #[error(transparent)]
    Conversion(Arc<ConversionFailed>),
}

/// An argument's conversion went wrong.
#[derive(Debug, thiserror::Error)]
#[error("{method}: converting {operand} for {to} failed: {source}")]
pub struct ConversionFailed {
    /// The method.
    pub method: &'static MethodInfo,
    /// The operand.
    pub operand: Operand,
    /// The backend that it was converted for.
    pub to: Instance,
    /// What went wrong.
    #[source]
    pub source: Box<dyn std::error::Error + Send + Sync>,
}

impl Error {
    /// The report, if this is a call that no backend ran.
    pub fn not_found(&self) -> Option<&NotFound> {
        match self {
            Error::NotFound(report) => Some(report),
            _ => None,
        }
    }
}

/// An error type that a multimethod may return: it takes in the engine's errors, and gives them back
/// so that the engine can tell "not found" inside a default (declined) from any other error.
pub trait DispatchError: From<Error> {
    /// The engine's error inside this one, if it is one.
    fn dispatch_error(&self) -> Option<&Error>;
}

impl DispatchError for Error {
    fn dispatch_error(&self) -> Option<&Error> {
        Some(self)
    }
}

/// Nothing ran a call: every operand, every candidate in the order tried with its reason, and the fix.
#[derive(Debug)]
pub struct NotFound {
    /// The method, with its domain: `numpy.exp`.
    pub method: String,
    /// Every operand.
    pub operands: Vec<Operand>,
    /// Every candidate, in the order tried.
    pub tried: Vec<Tried>,
    /// Whether an `only` or coercing backend, or a pin, ended the walk.
    pub ended: Option<String>,
    /// Why the default, run without a pin, did not serve either.
    pub default: Option<Error>,
    /// What to write instead, best first.
    pub fixes: Vec<String>,
    /// The implementation inside which this surfaced: there it is a failure, no longer "not found".
    pub(super) inside: OnceLock<Inside>,
}

#[derive(Debug)]
pub(super) struct Inside {
    pub method: &'static MethodInfo,
    pub backend: Instance,
}

/// One candidate of a call that nothing ran.
#[derive(Debug)]
pub struct Tried {
    /// Its name: a kind, or the instance that the arguments selected.
    pub backend: String,
    /// How it came to be a candidate.
    pub origin: Origin,
    /// Why it did not run the call.
    pub outcome: Outcome,
}

impl NotFound {
    /// Did it surface inside an implementation? Then it is a failure of that, and no question of choosing a backend.
    pub fn is_inside_implementation(&self) -> bool {
        self.inside.get().is_some()
    }
}

impl std::error::Error for NotFound {}

impl fmt::Display for NotFound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.inside.get() {
            Some(inside) => write!(
                f,
                "{}, inside the implementation of {} by {}: no backend ran it",
                self.method, inside.method, inside.backend
            )?,
            None => write!(f, "no backend ran {}", self.method)?,
        }
        f.write_str("\n  operands:")?;
        if self.operands.is_empty() {
            f.write_str(" none that takes part in dispatch")?;
        }
        for operand in &self.operands {
            write!(f, "\n    {operand}")?;
        }
        f.write_str("\n  candidates, in the order tried:")?;
        if self.tried.is_empty() {
            f.write_str(" none")?;
        }
        for tried in &self.tried {
            write!(f, "\n    {} ({}): {}", tried.backend, tried.origin, tried.outcome)?;
        }
        if let Some(ended) = &self.ended {
            write!(f, "\n  the walk ended at {ended}")?;
        }
        if let Some(default) = &self.default {
            write!(f, "\n  its default, run without a pin: {}", Indented(default))?;
        }
        for (n, fix) in self.fixes.iter().enumerate() {
            write!(f, "\n  {} {fix}", if n == 0 { "fix:" } else { "or:" })?;
        }
        Ok(())
    }
}

/// An error within a report: its further lines are indented below the first.
pub(super) struct Indented<'a>(pub &'a dyn fmt::Display);

impl fmt::Display for Indented<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.to_string().replace('\n', "\n    "))
    }
}
