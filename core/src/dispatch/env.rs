//! What the environment says about backends.
use std::sync::OnceLock;

use super::error::Error;
use super::globals::GlobalOptions;
use super::kind::{KindId, Target};
use super::registry::Tables;

/// The variable that names the global backend.
pub const BACKEND: &str = "POLYARRAY_BACKEND";
/// The variable that lists, separated by commas, backends never to be used.
pub const BLOCK: &str = "POLYARRAY_BLOCK";

/// The variable that, set to `off`, forbids the fallback to the host everywhere.
pub const FALLBACK: &str = "POLYARRAY_FALLBACK";

/// Read once.
pub(super) fn fallback_is_off() -> bool {
    static OFF: OnceLock<bool> = OnceLock::new();
    *OFF.get_or_init(|| std::env::var(FALLBACK).is_ok_and(|value| matches!(value.trim(), "off" | "0")))
}

/// The overrides found in the environment, not yet checked against the backends there are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Environment {
    /// The global backend.
    pub backend: Option<String>,
    /// Backends never used.
    pub blocked: Vec<String>,
}

impl Environment {
    /// Reads the variables through `lookup`: in the process `std::env::var`, in tests a closure.
    pub fn from_lookup(lookup: impl Fn(&str) -> Option<String>) -> Environment {
        let words = |name: &str| -> Vec<String> {
            let value = lookup(name).unwrap_or_default();
            value.split(',').map(str::trim).filter(|word| !word.is_empty()).map(str::to_owned).collect()
        };
        let backend = words(BACKEND);
        Environment {
            backend: if backend.is_empty() { None } else { Some(backend.join(",")) },
            blocked: words(BLOCK),
        }
    }

    /// Sets the global backend and the blocked ones; an unknown name is an error that lists the known.
    pub(super) fn apply(&self, tables: &mut Tables) -> Result<(), Error> {
        let find = |tables: &mut Tables, name: &str, place| -> Result<Target, Error> {
            let (kind, index) = match name.rsplit_once(':').map(|(kind, index)| (kind, index.parse())) {
                Some((kind, Ok(index))) => (kind, Some(index)),
                _ => (name, None),
            };
            let kind: KindId = tables.intern(kind);
            let target = Target { kind, index };
            tables.known_backend(target, place)?;
            Ok(target)
        };
        let backend = match &self.backend {
            Some(name) => Some(find(tables, name, BACKEND)?),
            None => None,
        };
        let blocked =
            self.blocked.iter().map(|name| find(tables, name, BLOCK)).collect::<Result<Vec<_>, _>>()?;
        let domains = backend
            .and_then(|target| tables.backend(target.kind))
            .map_or::<&[&str], _>(&[], |backend| backend.domains());
        let globals = tables.globals().edit(|all| {
            for domain in domains {
                all.domain(domain).global = backend.map(|target| (target, GlobalOptions::default()));
            }
            all.blocked.extend(blocked);
        });
        tables.set_globals(globals);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_read_through_the_lookup() {
        let set = |name: &str| match name {
            BACKEND => Some(" gpu:1 ".to_owned()),
            BLOCK => Some("cpu, ,other".to_owned()),
            _ => None,
        };
        let found = Environment::from_lookup(set);
        assert_eq!(found.backend.as_deref(), Some("gpu:1"));
        assert_eq!(found.blocked, ["cpu", "other"]);
        assert_eq!(Environment::from_lookup(|_| Some(String::new())), Environment::default());
    }

    #[test]
    fn an_unknown_name_lists_the_known() {
        let environment = Environment { backend: Some("no such".into()), blocked: vec![] };
        let error = environment.apply(&mut Tables::default()).unwrap_err().to_string();
        assert!(error.contains(BACKEND) && error.contains("`no such`") && error.contains("known"), "{error}");
    }
}
