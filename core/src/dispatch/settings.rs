//! Changing the settings in force: the global, the registered and the blocked backends.
use super::error::Error;
use super::globals::{Content, GlobalOptions};
use super::kind::{AsTarget, Target};
use super::registry;
use super::state;

/// What to clear in a domain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clear {
    /// Its registered backends.
    pub registered: bool,
    /// Its global backend, with its flags.
    pub global: bool,
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

/// Clears the settings of one domain; its parents and children keep theirs.
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

/// Passes over a backend in every walk from now on, pins included.
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
