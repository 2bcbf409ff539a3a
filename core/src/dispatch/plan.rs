//! Plans: the candidate list with its functions resolved, for one method, state and residencies.
use smallvec::SmallVec;

use super::candidates::{Candidates, Standing, candidates};
use super::decline::Decline;
use super::env;
use super::error::{Error, Origin, Passed};
use super::identity::{MethodInfo, MethodRef};
use super::key::Key;
use super::kind::{Fit, Instance, Target};
use super::registry::{self, Registered};
use super::walk::{Pin, Step, Walk};

pub(super) struct Plan {
    pub method: MethodRef,
    pub walk: &'static Walk,
    pub keys: SmallVec<[Key; 4]>,
    pub rows: Vec<Row>,
    pub ended: bool,
}

pub(super) struct Row {
    pub target: Target,
    pub origin: Origin,
    pub verdict: Verdict,
}

/// A candidate's verdict before any argument is converted.
pub(super) enum Verdict {
    Passed(Passed),
    /// The arguments select none of its instances.
    Unselected(Decline),
    /// It can't take an argument.
    Refused {
        to: Instance,
        fits: SmallVec<[Fit; 4]>,
    },
    Ready(Ready),
}

pub(super) struct Ready {
    pub to: Instance,
    pub fits: SmallVec<[Fit; 4]>,
    pub implementation: Option<Registered>,
    pub default: PinnedDefault,
    /// Whether the call may fall back for it.
    pub fallback: Fallback,
}

/// Whether a call may fall back to the host for a candidate.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Fallback {
    /// The backend has no fallback, or the method no packed form.
    Never,
    /// A scope or the environment forbids it.
    Forbidden,
    Allowed,
}

impl Ready {
    pub fn native(&self) -> bool {
        self.fits.iter().all(|fit| *fit == Fit::Native)
    }
}

/// The default for a candidate that accepts the arguments and has no result.
#[derive(Clone, Copy)]
pub(super) enum PinnedDefault {
    Absent,
    /// Run it with this candidate pinned.
    Run(Pin),
    /// It is running under this pin already.
    Reentered,
}

/// Walks. `allow_coerce` false takes every candidate as if it did not coerce.
pub(super) fn walk_rows(
    walk: &'static Walk,
    domain: &'static str,
    method: Option<&'static MethodInfo>,
    keys: &[Key],
    allow_coerce: bool,
) -> Result<(Vec<Row>, bool), Error> {
    if let Some(fault) = registry::read(|tables| tables.fault()) {
        return Err(fault);
    }
    let Candidates { list, ended } = candidates(walk, domain, keys)?;
    let rows = list.into_iter().map(|candidate| {
        let coerce = candidate.coerce && allow_coerce;
        let verdict = match candidate.standing {
            Standing::Passed(passed) => Verdict::Passed(passed),
            Standing::Refused(decline) => Verdict::Unselected(decline),
            Standing::Asked(to, backend) => {
                let fits: SmallVec<[Fit; 4]> =
                    keys.iter().map(|&key| Fit::of(backend, to.index, key)).collect();
                let refused = |fit: &Fit| match fit {
                    Fit::Native | Fit::Free => false,
                    Fit::Copy => !coerce,
                    Fit::Never(_) => true,
                };
                if fits.iter().any(refused) {
                    Verdict::Refused { to, fits }
                } else {
                    let implementation =
                        method.and_then(|method| registry::read(|tables| tables.serves(to.kind, method)));
                    let default = pinned_default(walk, method, Pin { to, coerce });
                    let packed = method.is_some_and(|method| method.packed.is_some());
                    let fallback = match backend.falls_back() && packed {
                        false => Fallback::Never,
                        true if walk.strict || env::fallback_is_off() => Fallback::Forbidden,
                        true => Fallback::Allowed,
                    };
                    Verdict::Ready(Ready { to, fits, implementation, default, fallback })
                }
            }
        };
        Row { target: candidate.target, origin: candidate.origin, verdict }
    });
    Ok((rows.collect(), ended))
}

fn pinned_default(walk: &Walk, method: Option<&'static MethodInfo>, pin: Pin) -> PinnedDefault {
    match method {
        Some(method) if method.has_default => {
            if walk.is_running(MethodRef(method), Some(pin)) {
                PinnedDefault::Reentered
            } else {
                PinnedDefault::Run(pin)
            }
        }
        _ => PinnedDefault::Absent,
    }
}

impl Plan {
    pub fn new(walk: &'static Walk, method: &'static MethodInfo, keys: &[Key]) -> Result<Plan, Error> {
        let (rows, ended) = walk_rows(walk, method.domain, Some(method), keys, true)?;
        Ok(Plan { method: MethodRef(method), walk, keys: keys.into(), rows, ended })
    }

    pub fn is_for(&self, walk: &Walk, method: &'static MethodInfo, keys: &[Key]) -> bool {
        self.walk.id == walk.id && self.method == MethodRef(method) && *self.keys == *keys
    }

    /// The candidates that accept the arguments' keys.
    pub fn ready(&self) -> impl Iterator<Item = &Ready> {
        self.rows.iter().filter_map(|row| match &row.verdict {
            Verdict::Ready(ready) => Some(ready),
            _ => None,
        })
    }

    /// The state that the default of this plan's method runs in.
    pub fn default_walk(&self, pin: Option<Pin>) -> &'static Walk {
        self.walk.child(Step::Default(self.method, pin))
    }
}
