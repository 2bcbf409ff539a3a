//! Reports for users: the outcome of each candidate, and what to write instead.
use std::sync::{Arc, OnceLock};

use super::argument::Argument;
use super::decline::{Decline, FIXED, Operand};
use super::error::{ConversionFailed, Error, NotFound, Origin, Outcome, Tried};
use super::identity::MethodInfo;
use super::key::Key;
use super::kind::{BackendKind, Fit, Instance};
use super::plan::{Fallback, Plan, Row, Verdict};
use super::registry::{self, lineage};

/// The outcome of a candidate whose verdict was `Ready`.
pub(super) enum Seen {
    /// A conversion of this argument was refused.
    Refused(usize, Decline),
    Declined {
        implementation: Option<Decline>,
        default: Option<Error>,
    },
    Ran,
    RanDefault(Option<Decline>),
    FellBack,
    Failed,
}

impl Seen {
    /// No result, and no default that was tried.
    pub fn declined(implementation: Option<Decline>) -> Seen {
        Seen::Declined { implementation, default: None }
    }

    /// An implementation's reason.
    pub fn decline(self) -> Option<Decline> {
        match self {
            Seen::Declined { implementation, .. } => implementation,
            _ => None,
        }
    }
}

pub(super) fn operands(method: &MethodInfo, arguments: &[&dyn Argument]) -> Vec<Operand> {
    method.arguments.iter().zip(arguments).map(|(name, argument)| argument.describe(name)).collect()
}

/// Why these fits are insufficient: the first argument in the way.
fn obstacle(names: &[&str], keys: &[Key], fits: &[Fit]) -> String {
    for ((name, key), fit) in names.iter().zip(keys).zip(fits) {
        match fit {
            Fit::Never(why) => return format!("{name} can't be had here: {why}"),
            Fit::Copy => return format!("{name} lives on {key}, and nothing allows to copy it"),
            Fit::Native | Fit::Free => {}
        }
    }
    "the arguments do not fit".to_owned()
}

/// The names of all dispatchables, for methods and for `determine_backend`, which has no names.
pub(super) fn names(method: Option<&'static MethodInfo>, count: usize) -> Vec<&'static str> {
    match method {
        Some(method) => method.arguments.to_vec(),
        None => vec!["value"; count],
    }
}

pub(super) fn considered(row: &Row, names: &[&str], keys: &[Key], seen: Option<&Seen>) -> Tried {
    let outcome = match (&row.verdict, seen) {
        (Verdict::Passed(passed), _) => Outcome::Passed(*passed),
        (Verdict::Unselected(decline), _) => Outcome::Refused(decline.to_string()),
        (Verdict::Refused { fits, .. }, _) => Outcome::Refused(obstacle(names, keys, fits)),
        (Verdict::Ready(_), Some(Seen::Refused(at, decline))) => {
            Outcome::Refused(format!("{}: {decline}", names[*at]))
        }
        (Verdict::Ready(_), Some(Seen::Declined { implementation, default })) => Outcome::Declined {
            implementation: implementation.as_ref().map(Decline::to_string),
            default: default.clone(),
        },
        (Verdict::Ready(_), Some(Seen::RanDefault(reason))) => {
            Outcome::RanDefault(reason.as_ref().map(Decline::to_string))
        }
        (Verdict::Ready(_), Some(Seen::FellBack)) => Outcome::FellBack,
        (Verdict::Ready(_), Some(Seen::Failed)) => Outcome::Failed,
        (Verdict::Ready(_), Some(Seen::Ran) | None) => Outcome::Ran,
    };
    let backend = match &row.verdict {
        Verdict::Refused { to, .. } => to.name(),
        Verdict::Ready(ready) => ready.to.name(),
        Verdict::Passed(_) | Verdict::Unselected(_) => row.target.to_string(),
    };
    Tried { backend, origin: row.origin, outcome }
}

pub(super) fn tried(plan: &Plan, n: usize, seen: Option<&Seen>) -> Tried {
    considered(&plan.rows[n], plan.method.0.arguments, &plan.keys, seen)
}

/// The error of a call that no candidate ran.
pub(super) fn not_found(
    plan: &Plan,
    arguments: &[&dyn Argument],
    seen: &[(usize, Seen)],
    default: Option<Error>,
) -> Error {
    let of = |n: usize| seen.iter().find(|(row, _)| *row == n).map(|(_, seen)| seen);
    let report = Report {
        method: Some(plan.method.0),
        what: plan.method.0.to_string(),
        names: plan.method.0.arguments.to_vec(),
        keys: &plan.keys,
        arguments,
        rows: &plan.rows,
        ended: plan.ended,
    };
    report.error(of, default)
}

pub(super) struct Report<'a> {
    /// None for `determine_backend`.
    pub method: Option<&'static MethodInfo>,
    pub what: String,
    pub names: Vec<&'static str>,
    pub keys: &'a [Key],
    pub arguments: &'a [&'a dyn Argument],
    pub rows: &'a [Row],
    pub ended: bool,
}

impl<'a> Report<'a> {
    pub fn error(&self, seen: impl Fn(usize) -> Option<&'a Seen>, default: Option<Error>) -> Error {
        let tried: Vec<Tried> = self
            .rows
            .iter()
            .enumerate()
            .map(|(n, row)| considered(row, &self.names, self.keys, seen(n)))
            .collect();
        let ended = self.rows.last().filter(|_| self.ended).map(|row| {
            let why = if row.origin == Origin::Pin { "a pin is exact" } else { "it is `only`, or coerces" };
            format!("{}: {why}", row.target)
        });
        let operands =
            self.names.iter().zip(self.arguments).map(|(name, argument)| argument.describe(name)).collect();
        let mut fixes = self.fixes(seen);
        if fixes.is_empty() {
            // Those of the calls inside the default, which this one can't see.
            let inner = tried.iter().filter_map(|tried| match &tried.outcome {
                Outcome::Declined { default, .. } => default.as_ref(),
                _ => None,
            });
            let reports = inner.chain(default.as_ref()).filter_map(Error::not_found);
            fixes = reports
                .map(|report| report.fixes.clone())
                .find(|fixes| !fixes.is_empty())
                .unwrap_or_default();
        }
        if fixes.is_empty() {
            fixes.push(format!(
                "register an implementation of {} on a backend that has the operands, or give it a default",
                self.what
            ));
        }
        Error::NotFound(Arc::new(NotFound {
            method: self.what.clone(),
            operands,
            tried,
            ended,
            default,
            fixes,
            inside: OnceLock::new(),
        }))
    }

    fn fixes(&self, seen: impl Fn(usize) -> Option<&'a Seen>) -> Vec<String> {
        let mut fixes = Vec::new();
        let mut refused = 0;
        for (n, row) in self.rows.iter().enumerate() {
            match &row.verdict {
                Verdict::Refused { to, fits } if !fits.iter().any(|fit| matches!(fit, Fit::Never(_))) => {
                    fixes.push(self.remedies(*to, fits));
                    if self.copied(fits).all(|(_, argument)| argument.may_be_copied(*to)) {
                        fixes.push(format!("scope!({:?}, coerce);", row.target.to_string()));
                    }
                    // A mixed call can be fixed either way: only the user knows which copy is cheaper.
                    refused += 1;
                    if refused < 2 {
                        continue;
                    }
                }
                // What was refused for its value would be, too, if the user copied it.
                Verdict::Ready(ready) if matches!(seen(n), Some(Seen::Refused(_, why)) if why.reason() == FIXED) =>
                {
                    fixes.push(self.remedies(ready.to, &ready.fits));
                }
                Verdict::Unselected(_) => match self.gather(row) {
                    Some(fix) => fixes.push(fix),
                    None => continue,
                },
                _ => continue,
            }
            break;
        }
        let forbidden = |row: &&Row| matches!(&row.verdict, Verdict::Ready(ready) if ready.fallback == Fallback::Forbidden);
        if let Some(row) = self.rows.iter().find(forbidden) {
            fixes.push(format!(
                "leave the scope without `strict`, and POLYARRAY_FALLBACK unset, so that {} may run {} on the host",
                row.target, self.what
            ));
        }
        if fixes.is_empty() && self.ended {
            fixes.push("leave the scope without `only`, or the pin, so that other backends are asked".into());
        }
        if fixes.is_empty() {
            fixes.extend(self.unasked());
        }
        fixes
    }

    /// How to make a backend that has an implementation a candidate.
    fn unasked(&self) -> Option<String> {
        let method = self.method?;
        let serves = |backend: &dyn BackendKind| {
            lineage(method.domain).any(|domain| backend.domains().contains(&domain))
        };
        registry::read(|tables| tables.implementers(method)).into_iter().find_map(|kind| match kind.backend() {
            None => Some(format!("link the crate of {kind:?}, which has an implementation of {method}")),
            Some(backend) if serves(backend) => None,
            Some(backend) => Some(format!(
                "add {:?}, or a domain around it, to the `domains()` of {kind:?}, which has an implementation of {method} \
                 and serves {:?}",
                method.domain,
                backend.domains()
            )),
        })
    }

    fn copied(&self, fits: &'a [Fit]) -> impl Iterator<Item = (&'static str, &'a dyn Argument)> {
        let all = self.names.iter().zip(self.arguments).zip(fits);
        all.filter(|(_, fit)| **fit == Fit::Copy).map(|((name, argument), _)| (*name, *argument))
    }

    fn remedies(&self, to: Instance, fits: &'a [Fit]) -> String {
        let each: Vec<String> = self.copied(fits).map(|(name, argument)| argument.remedy(name, to)).collect();
        each.join(" and ")
    }

    /// The fix for operands on several instances of one kind: copy them to the first one's.
    fn gather(&self, row: &Row) -> Option<String> {
        let backend = row.target.kind.backend()?;
        let first = self.keys.iter().flat_map(|key| key.parts()).next()?;
        let to = Instance { kind: row.target.kind, index: backend.select(&[*first]).ok()? };
        let each: Vec<String> = self
            .names
            .iter()
            .zip(self.arguments)
            .zip(self.keys)
            .filter(|(_, key)| Fit::of(backend, to.index, **key) != Fit::Native)
            .map(|((name, argument), _)| argument.remedy(name, to))
            .collect();
        (!each.is_empty()).then(|| each.join(" and "))
    }
}

/// The error of a failed conversion.
pub(super) fn conversion(
    method: &'static MethodInfo,
    arguments: &[&dyn Argument],
    at: usize,
    to: Instance,
    source: Box<dyn std::error::Error + Send + Sync>,
) -> Error {
    let operand = arguments[at].describe(method.arguments[at]);
    Error::Conversion(Arc::new(ConversionFailed { method, operand, to, source }))
}
