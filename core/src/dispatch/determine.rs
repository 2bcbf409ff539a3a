//! `determine_backend`: which backend a set of arguments selects.
use smallvec::SmallVec;

use super::argument::Argument;
use super::decline::{Decline, FIXED, Refusal};
use super::error::Error;
use super::identity::MethodInfo;
use super::key::Key;
use super::kind::{Fit, Instance};
use super::plan::{Verdict, walk_rows};
use super::report::{self, Report, Seen, names};
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

/// What errors of conversion name instead of a method.
static DETERMINE: MethodInfo = MethodInfo {
    name: "determine_backend",
    domain: "dispatch",
    arguments: &["value"],
    has_default: false,
    packed: None,
};

/// The first backend, in the order of a call in `domain`, that accepts all of these arguments: where they live, and whether
/// their values can be used there ([`Argument::converts`]).
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
        let obstacle = ready.fits.iter().zip(arguments).enumerate().find_map(|(at, (fit, argument))| {
            let refusal = match fit {
                Fit::Native => return None,
                Fit::Copy if !argument.may_be_copied(ready.to) => Decline::new(FIXED).into(),
                how => argument.converts(ready.to, *how).err()?,
            };
            Some((at, refusal))
        });
        match obstacle {
            None => return Ok(Determined { instance: ready.to, coerce }),
            Some((at, Refusal::Declined(decline))) => refused.push((n, Seen::Refused(at, decline))),
            Some((at, Refusal::Failed(source))) => {
                return Err(report::conversion(&DETERMINE, &arguments[at..], 0, ready.to, source));
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
