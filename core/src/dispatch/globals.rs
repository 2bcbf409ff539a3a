//! The global and the registered backends of every domain.
//!
//! Settings are immutable and interned by content, so that a state captures them as one pointer, and returning to earlier
//! settings returns to their cached plans.
use std::collections::{BTreeMap, HashMap};
use std::sync::LazyLock;

use parking_lot::Mutex;

use super::kind::Target;

/// How a global backend is tried.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct GlobalOptions {
    /// The walk ends here if it declines.
    pub only: bool,
    /// Copies to its residency are allowed; implies `only`.
    pub coerce: bool,
    /// Tried after the registered backends instead of before them.
    pub try_last: bool,
}

#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub(super) struct DomainGlobals {
    pub global: Option<(Target, GlobalOptions)>,
    pub registered: Vec<Target>,
}

#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub(super) struct Content {
    pub domains: BTreeMap<String, DomainGlobals>,
    /// Never used, also under a pin.
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

impl PartialEq for Globals {
    fn eq(&self, other: &Self) -> bool {
        self.number == other.number
    }
}

impl Eq for Globals {}

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
