//! The engine's errors, the outcomes of candidates, and the report of a call that no backend ran.
use std::fmt;
use std::panic::Location;
use std::sync::{Arc, OnceLock};

use super::decline::Operand;
use super::identity::MethodInfo;
use super::kind::Instance;

/// The errors of dispatch itself. A method's own error type wraps them through [`DispatchError`].
#[derive(Clone, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No candidate ran the call.
    #[error(transparent)]
    NotFound(Arc<NotFound>),
    /// A name of no enrolled backend.
    #[error("{place} names the backend `{name}`, which is not there; known here: {known}")]
    UnknownBackend {
        /// The name.
        name: Box<str>,
        /// Where it was named: a scope, an environment variable.
        place: &'static str,
        /// The enrolled ones.
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
    /// A method was called again by its own default or implementation, without end.
    #[error(
        "{method} was entered again on {pin}: {why}; write {pin}'s implementation of {method} without calling {method}, or \
         with another backend pinned where it does"
    )]
    Reentered {
        /// The method.
        method: &'static MethodInfo,
        /// The backend, or "no backend".
        pin: Box<str>,
        /// How it was called again.
        why: &'static str,
    },
    /// A backend enrolled for no domain, or for a name that is none.
    #[error(
        "the backend `{name}` serves the domains {domains:?}: its `domains()` must name one at least, in words with dots \
         between them, such as \"numpy.fft\""
    )]
    Domains {
        /// Its name.
        name: &'static str,
        /// What it says.
        domains: &'static [&'static str],
    },
    /// An argument's conversion failed (which is more than being declined).
    #[error(transparent)]
    Conversion(Arc<ConversionFailed>),
}

/// The failed conversion of an argument.
#[derive(Debug, thiserror::Error)]
#[error("{method}: converting {operand} for {to} failed: {source}")]
pub struct ConversionFailed {
    /// The method.
    pub method: &'static MethodInfo,
    /// The operand.
    pub operand: Operand,
    /// The backend that it was converted for.
    pub to: Instance,
    /// The cause.
    #[source]
    pub source: Box<dyn std::error::Error + Send + Sync>,
}

/// The message: what `main` prints of an error that it returns, and `unwrap` of one that it meets.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
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

/// An error type that a multimethod may return: it wraps the engine's errors, and returns them, so that the engine can
/// tell "not found" inside a default (declined) from any other error.
pub trait DispatchError: From<Error> + Send + 'static {
    /// The engine's error inside this one, if it is one.
    fn dispatch_error(&self) -> Option<&Error>;
}

impl DispatchError for Error {
    fn dispatch_error(&self) -> Option<&Error> {
        Some(self)
    }
}

/// No backend ran a call: every operand, every candidate in the order tried with its reason, and the fix.
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

/// Why a backend is a candidate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The pin in force.
    Pin,
    /// A scope; its domain in the walk.
    Scope(&'static str),
    /// The global backend of a domain.
    Global(&'static str),
    /// Registered for a domain.
    Registered(&'static str),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::Pin => f.write_str("pinned"),
            Origin::Scope(domain) => write!(f, "scope, {domain}"),
            Origin::Global(domain) => write!(f, "global, {domain}"),
            Origin::Registered(domain) => write!(f, "registered, {domain}"),
        }
    }
}

/// Why a candidate is passed over without being tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Passed {
    /// Inside `skip`.
    Skipped,
    /// Blocked, by the environment or by `block`.
    Blocked,
    /// The same instance comes earlier, with at least the same permission to copy.
    AskedBefore,
}

impl fmt::Display for Passed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Passed::Skipped => "passed over: inside `skip`",
            Passed::Blocked => "passed over: blocked",
            Passed::AskedBefore => "passed over: asked before",
        })
    }
}

/// The outcome of one candidate.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Outcome {
    /// Not tried.
    Passed(Passed),
    /// It can't take the arguments, and why.
    Refused(String),
    /// It took the arguments and has no result: the implementation's reason, and the not-found error of the default, run
    /// with this backend pinned.
    Declined {
        /// The implementation's reason; none if there is no implementation.
        implementation: Option<String>,
        /// The not-found error of the pinned default, if there is a default.
        default: Option<Error>,
    },
    /// Its implementation ran.
    Ran,
    /// The default ran, with this backend pinned; the implementation's reason, if it has one.
    RanDefault(Option<String>),
    /// No candidate had a result: the call ran on the host, and the results were copied back.
    FellBack,
    /// Its implementation, a conversion for it, or its default failed: the call returned the error.
    Failed,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lacks = |reason: &Option<String>| match reason {
            Some(reason) => format!("declined: {reason}"),
            None => "has no implementation".to_owned(),
        };
        match self {
            Outcome::Passed(passed) => passed.fmt(f),
            Outcome::Refused(why) => write!(f, "refused: {why}"),
            Outcome::Declined { implementation, default } => {
                f.write_str(&lacks(implementation))?;
                match default {
                    Some(error) => write!(f, "; its default, pinned here: {}", Indented(error)),
                    None => Ok(()),
                }
            }
            Outcome::Ran => f.write_str("ran"),
            Outcome::RanDefault(reason) => write!(f, "{}; ran the default, pinned here", lacks(reason)),
            Outcome::FellBack => f.write_str("fell back: ran elsewhere, and the results were brought back"),
            Outcome::Failed => f.write_str("failed"),
        }
    }
}

/// One candidate of a call that no backend ran.
#[derive(Debug)]
pub struct Tried {
    /// Its name: a kind, or the instance that the arguments selected.
    pub backend: String,
    /// Why it is a candidate.
    pub origin: Origin,
    /// Why it did not run the call.
    pub outcome: Outcome,
}

impl NotFound {
    /// Whether it surfaced inside an implementation: then it is a failure of that, and not a matter of choosing a backend.
    pub fn is_inside_implementation(&self) -> bool {
        self.inside.get().is_some()
    }
}

impl std::error::Error for NotFound {}

impl fmt::Display for NotFound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.describe(f)?;
        for (n, fix) in self.fixes.iter().enumerate() {
            write!(f, "\n  {} {fix}", if n == 0 { "fix:" } else { "or:" })?;
        }
        Ok(())
    }
}

impl NotFound {
    /// All but the fixes.
    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
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
        Ok(())
    }
}

/// An error within a report: its further lines are indented below the first. The report names the fixes, once for all.
pub(super) struct Indented<'a>(pub &'a Error);

impl fmt::Display for Indented<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        struct Described<'a>(&'a NotFound);
        impl fmt::Display for Described<'_> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.describe(f)
            }
        }
        let text = match self.0 {
            Error::NotFound(report) => Described(report).to_string(),
            other => other.to_string(),
        };
        f.write_str(&text.replace('\n', "\n    "))
    }
}
