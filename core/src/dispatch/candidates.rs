//! THE order: the candidates of a call.
//!
//! One function makes the list that calls, `determine_backend` and `explain` read.
use super::decline::Decline;
use super::error::{Error, Origin, Passed};
use super::globals::Content;
use super::key::Key;
use super::kind::{BackendKind, Instance, Target};
use super::registry::{self, lineage};
use super::walk::Walk;

/// One candidate, and what is known of it before conversions and implementations are tried.
pub(super) struct Candidate {
    pub target: Target,
    pub origin: Origin,
    pub coerce: bool,
    pub standing: Standing,
}

pub(super) enum Standing {
    Passed(Passed),
    /// The arguments select none of its instances.
    Refused(Decline),
    Asked(Instance, &'static dyn BackendKind),
}

/// The candidates for one call, in order.
pub(super) struct Candidates {
    pub list: Vec<Candidate>,
    /// An `only` or coercing backend, or a pin, ended the list: no unpinned default comes after it.
    pub ended: bool,
}

/// The candidates for a call in `domain` whose arguments have these keys. Opens no device, except to check an instance that
/// a scope or the environment names by number.
pub(super) fn candidates(walk: &Walk, domain: &'static str, keys: &[Key]) -> Result<Candidates, Error> {
    let globals = walk.globals.unwrap_or_else(registry::globals);
    let mut parts: Vec<Key> = keys.iter().flat_map(|key| key.parts()).copied().collect();
    parts.sort_unstable();
    parts.dedup();
    let mut asking = Asking { walk, blocked: &globals.content.blocked, parts, list: Vec::new() };
    let ended = asking.all(domain, &globals.content)?;
    Ok(Candidates { list: asking.list, ended })
}

struct Asking<'a> {
    walk: &'a Walk,
    blocked: &'a [Target],
    parts: Vec<Key>,
    list: Vec<Candidate>,
}

impl Asking<'_> {
    /// Lists all of them; true when something ended the walk.
    fn all(&mut self, domain: &'static str, globals: &Content) -> Result<bool, Error> {
        for &target in &self.walk.skipped {
            registry::known(target, "`skip`")?;
        }
        if let Some(pin) = self.walk.pin {
            self.ask(pin.to.into(), Origin::Pin, pin.coerce, true)?;
            // Also where the pinned one is skipped or blocked: no other is tried under a pin.
            return Ok(true);
        }
        for domain in lineage(domain) {
            for &(target, options) in self.walk.scopes.iter().rev() {
                if registry::known(target, "a scope")?.domains().contains(&domain)
                    && self.ask(target, Origin::Scope(domain), options.coerce, options.only)?
                {
                    return Ok(true);
                }
            }
            let Some(of_domain) = globals.domains.get(domain) else { continue };
            let (early, late) = match of_domain.global {
                Some((_, options)) if options.try_last => (None, of_domain.global),
                global => (global, None),
            };
            if let Some((target, options)) = early
                && self.ask(target, Origin::Global(domain), options.coerce, options.only)?
            {
                return Ok(true);
            }
            for &target in &of_domain.registered {
                self.ask(target, Origin::Registered(domain), false, false)?;
            }
            if let Some((target, options)) = late
                && self.ask(target, Origin::Global(domain), options.coerce, options.only)?
            {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Where an unknown name was found.
    fn place(origin: Origin) -> &'static str {
        match origin {
            Origin::Pin => "a pin",
            Origin::Scope(_) => "a scope",
            Origin::Global(_) => "the global setting",
            Origin::Registered(_) => "the registered backends",
        }
    }

    /// Lists one; true if the walk ends after it, which it never does after one that is passed over.
    fn ask(&mut self, target: Target, origin: Origin, coerce: bool, only: bool) -> Result<bool, Error> {
        let backend = registry::known(target, Self::place(origin))?;
        let selected = match target.index {
            Some(index) => Ok(index),
            None => backend.select(&self.parts),
        };
        let instance = selected.map(|index| Instance { kind: target.kind, index });
        let covered = |by: &&Target| match &instance {
            Ok(instance) => by.covers(*instance),
            Err(_) => **by == target,
        };
        let standing = if self.blocked.iter().find(covered).is_some() {
            Standing::Passed(Passed::Blocked)
        } else if self.walk.skipped.iter().find(covered).is_some() {
            Standing::Passed(Passed::Skipped)
        } else {
            match instance {
                Err(decline) => Standing::Refused(decline),
                Ok(instance) if self.asked_before(instance, coerce) => Standing::Passed(Passed::AskedBefore),
                Ok(instance) => {
                    if origin != Origin::Pin && target.index.is_some() {
                        registry::require_instance(instance, Self::place(origin))?;
                    }
                    Standing::Asked(instance, backend)
                }
            }
        };
        let passed_over = matches!(standing, Standing::Passed(Passed::Blocked | Passed::Skipped));
        self.list.push(Candidate { target, origin, coerce, standing });
        Ok((only || coerce) && !passed_over)
    }

    /// Whether the instance is already listed with at least the same permission to copy: it would only repeat its answer.
    fn asked_before(&self, instance: Instance, coerce: bool) -> bool {
        self.list.iter().any(|earlier| {
            matches!(earlier.standing, Standing::Asked(asked, _) if asked == instance)
                && (earlier.coerce || !coerce)
        })
    }
}
