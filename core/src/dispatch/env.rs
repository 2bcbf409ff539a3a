//! Environment variables about backends.
use std::sync::OnceLock;

/// The variable that names the global backend.
pub const BACKEND: &str = "POLYARRAY_BACKEND";
/// The variable that lists, separated by commas, backends that are never used.
pub const BLOCK: &str = "POLYARRAY_BLOCK";

/// The variable that, set to `off`, forbids the fallback to the host everywhere.
pub const FALLBACK: &str = "POLYARRAY_FALLBACK";

/// Read once.
pub(super) fn fallback_is_off() -> bool {
    static OFF: OnceLock<bool> = OnceLock::new();
    *OFF.get_or_init(|| std::env::var(FALLBACK).is_ok_and(|value| matches!(value.trim(), "off" | "0")))
}

/// The values found in the environment, not yet checked against the enrolled backends.
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
}
