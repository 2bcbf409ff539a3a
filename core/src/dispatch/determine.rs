//! `determine_backend`: which backend a set of arguments selects.
use smallvec::SmallVec;

use super::argument::Argument;
use super::decline::Decline;
use super::error::Error;
use super::key::Key;
use super::kind::{Fit, Instance};
use super::plan::{Verdict, walk_rows};
use super::report::{Report, Seen, names};
use super::scope::pinned;
use super::state;

/// The backend that a set of arguments selects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Determined {
    /// The instance.
    pub instance: Instance,
    /// Whether calls under its pin may copy arguments to it.
    pub coerce: bool,
}

impl Determined {
    /// Runs `f` with the backend pinned.
    pub fn pin<R>(self, f: impl FnOnce() -> R) -> R {
        pinned(self.instance, self.coerce, f)
    }
}

/// The first backend, in the order of a call in `domain`, that accepts all of these arguments.
///
/// With `coerce`, candidates that coerce may count on copies; without, none may. A call that nothing
/// accepts ends in the same error as a call of a method.
pub fn determine_backend(
    arguments: &[&dyn Argument],
    domain: &'static str,
    coerce: bool,
) -> Result<Determined, Error> {
    let keys: SmallVec<[Key; 4]> = arguments.iter().map(|argument| argument.key()).collect();
    let (rows, ended) = walk_rows(state::walk(), domain, None, &keys, coerce)?;
    let mut refused = Vec::new();
    for (n, row) in rows.iter().enumerate() {
        let Verdict::Ready(ready) = &row.verdict else { continue };
        let fixed = |(fit, argument): (&Fit, &&dyn Argument)| *fit == Fit::Copy && !argument.coercible();
        match ready.fits.iter().zip(arguments).position(fixed) {
            None => return Ok(Determined { instance: ready.to, coerce }),
            Some(at) => {
                refused.push((n, Seen::Refused(at, Decline::new("may never be copied to another residency"))))
            }
        }
    }
    let report = Report {
        method: None,
        what: format!("determine_backend for {domain}"),
        names: names(None, arguments.len()),
        keys: &keys,
        arguments,
        rows: &rows,
        ended,
    };
    let of = |n: usize| refused.iter().find(|(row, _)| *row == n).map(|(_, seen)| seen);
    Err(report.error(of, None))
}
