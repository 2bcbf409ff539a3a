//! Residency keys: all that the engine knows of where arguments live.
use std::collections::HashMap;
use std::fmt;
use std::sync::LazyLock;

use parking_lot::RwLock;

/// A residency, interned by name (`"host"`, `"gpu:0"`, an outsider's own).
///
/// An argument of several parts (a slice of arrays) has the key of its parts where they agree, else a *joint* key that
/// lists them, so that the plan cache compares one number per argument.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key(u32);

struct Interned {
    name: &'static str,
    parts: &'static [Key],
}

#[derive(Default)]
struct Keys {
    by_name: HashMap<&'static str, Key>,
    by_parts: HashMap<&'static [Key], Key>,
    all: Vec<Interned>,
}

static KEYS: LazyLock<RwLock<Keys>> = LazyLock::new(|| {
    let mut keys = Keys::default();
    keys.push("none".into(), &[]);
    RwLock::new(keys)
});

impl Keys {
    fn push(&mut self, name: String, parts: &[Key]) -> Key {
        let key = Key(self.all.len() as u32);
        let name: &'static str = Box::leak(name.into_boxed_str());
        let parts: &'static [Key] = match parts {
            [] if key == Key::NONE => &[],
            [] => Box::leak(Box::new([key])),
            parts => Box::leak(parts.to_vec().into_boxed_slice()),
        };
        self.all.push(Interned { name, parts });
        key
    }
}

impl Key {
    /// No residency: scalars, a device left to the default.
    pub const NONE: Key = Key(0);

    /// The key of the residency with this name; the same name gives the same key.
    pub fn intern(name: &str) -> Key {
        if let Some(&key) = KEYS.read().by_name.get(name) {
            return key;
        }
        let mut keys = KEYS.write();
        if let Some(&key) = keys.by_name.get(name) {
            return key;
        }
        let key = keys.push(name.to_owned(), &[]);
        let name = keys.all[key.0 as usize].name;
        keys.by_name.insert(name, key);
        key
    }

    /// The key of an argument whose parts have these keys, [`Key::NONE`] left out.
    pub fn join(parts: impl IntoIterator<Item = Key>) -> Key {
        let mut joint = Key::NONE;
        for part in parts {
            if joint == Key::NONE || joint == part {
                joint = part;
            } else if part != Key::NONE {
                joint = joint.and(part);
            }
        }
        joint
    }

    #[cold]
    fn and(self, other: Key) -> Key {
        let mut parts: Vec<Key> = self.parts().iter().chain(other.parts()).copied().collect();
        parts.sort_unstable();
        parts.dedup();
        if let Some(&key) = KEYS.read().by_parts.get(parts.as_slice()) {
            return key;
        }
        let mut keys = KEYS.write();
        if let Some(&key) = keys.by_parts.get(parts.as_slice()) {
            return key;
        }
        let names: Vec<&str> = parts.iter().map(|part| keys.all[part.0 as usize].name).collect();
        let name = names.join(" and ");
        let key = keys.push(name, &parts);
        let parts = keys.all[key.0 as usize].parts;
        keys.by_parts.insert(parts, key);
        key
    }

    /// Its name; of a joint key, all its parts' names.
    pub fn name(self) -> &'static str {
        KEYS.read().all[self.0 as usize].name
    }

    /// The single residencies in this key: none for [`Key::NONE`], several for a joint key.
    pub fn parts(self) -> &'static [Key] {
        KEYS.read().all[self.0 as usize].parts
    }

    /// The interned number, for indexing and hashing.
    pub const fn index(self) -> u32 {
        self.0
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({})", self.name())
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_interned_and_joined() {
        let (host, gpu) = (Key::intern("host"), Key::intern("gpu:0"));
        assert_eq!(host, Key::intern("host"));
        assert_ne!(host, gpu);
        assert_eq!(host.parts(), [host]);
        assert_eq!(Key::NONE.parts(), []);
        assert_eq!(Key::join([Key::NONE, host, host]), host);
        assert_eq!(Key::join([]), Key::NONE);
        let both = Key::join([gpu, Key::NONE, host]);
        assert_eq!(both, Key::join([host, gpu, host]));
        assert_eq!(both.parts().len(), 2);
        assert!(both.name().contains(" and "));
    }
}
