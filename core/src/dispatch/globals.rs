//! The global and the registered backends of every domain.
//!
//! A setting is immutable and interned by content, so that a state captures it as one pointer, and
//! going back to an earlier setting goes back to its cached plans.
use std::collections::{BTreeMap, HashMap};
use std::sync::LazyLock;

use parking_lot::Mutex;

use super::error::Error;
use super::kind::{AsTarget, Target};
use super::registry;
use super::state;

/// How a global backend is tried.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct GlobalOptions {
    /// The walk ends here when it declines.
    pub only: bool,
    /// Copies to its residency are allowed; implies `only`.
    pub coerce: bool,
    /// Behind the registered backends instead of before them.
    pub try_last: bool,
}

/// What to clear in a domain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clear {
    /// Its registered backends.
    pub registered: bool,
    /// Its global backend, with its flags.
    pub global: bool,
}

#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub(super) struct DomainGlobals {
    pub global: Option<(Target, GlobalOptions)>,
    pub registered: Vec<Target>,
}

#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub(super) struct Content {
    pub domains: BTreeMap<String, DomainGlobals>,
    /// Never used, whoever asks.
    pub blocked: Vec<Target>,
}

impl Content {
    pub fn domain(&mut self, name: &str) -> &mut DomainGlobals {
        self.domains.entry(name.to_owned()).or_default()
    }
}

/// One interned setting. Equal settings are the same pointer.
pub(super) struct Globals {
    pub number: u64,
    pub content: Content,
}

static SETTINGS: LazyLock<Mutex<HashMap<Content, &'static Globals>>> = LazyLock::new(Default::default);

impl Globals {
    pub fn none() -> &'static Globals {
        Globals::intern(Content::default())
    }

    fn intern(content: Content) -> &'static Globals {
        let mut settings = SETTINGS.lock();
        if let Some(&known) = settings.get(&content) {
            return known;
        }
        let number = settings.len() as u64;
        let new: &'static Globals = Box::leak(Box::new(Globals { number, content: content.clone() }));
        settings.insert(content, new);
        new
    }

    pub fn edit(&self, f: impl FnOnce(&mut Content)) -> &'static Globals {
        let mut content = self.content.clone();
        f(&mut content);
        Globals::intern(content)
    }
}

/// Applies an edit to the settings in force: the process's, or within an entered
/// [`State`](super::State) that state's own until it is left.
fn edit(f: impl FnOnce(&mut Content)) {
    match state::captured_globals() {
        Some(captured) => state::replace_globals(captured.edit(f)),
        None => registry::change(|tables| tables.set_globals(tables.globals().edit(f))),
    }
}

fn domains_of(target: Target) -> Result<&'static [&'static str], Error> {
    registry::known(target, "the program").map(|backend| backend.domains())
}

/// Makes a backend the global one of every domain that it serves.
pub fn set_global(target: impl AsTarget, options: GlobalOptions) -> Result<(), Error> {
    let target = target.target();
    let domains = domains_of(target)?;
    edit(|all| {
        for domain in domains {
            all.domain(domain).global = Some((target, options));
        }
    });
    Ok(())
}

/// Appends a backend to the registered ones of every domain that it serves, once.
pub fn register_backend(target: impl AsTarget) -> Result<(), Error> {
    let target = target.target();
    let domains = domains_of(target)?;
    edit(|all| {
        for domain in domains {
            let registered = &mut all.domain(domain).registered;
            if !registered.contains(&target) {
                registered.push(target);
            }
        }
    });
    Ok(())
}

/// Clears what a domain has, of itself: its parents and children keep theirs.
pub fn clear(domain: &str, what: Clear) {
    edit(|all| {
        let domain = all.domain(domain);
        if what.registered {
            domain.registered.clear();
        }
        if what.global {
            domain.global = None;
        }
    });
}

/// Passes over a backend in every walk from here on, pins included.
pub fn block(target: impl AsTarget) -> Result<(), Error> {
    let target = target.target();
    registry::known(target, "the program")?;
    edit(|all| {
        if !all.blocked.contains(&target) {
            all.blocked.push(target);
        }
    });
    Ok(())
}
