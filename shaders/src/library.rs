//! The function library: every WGSL file of this crate, and the linker that takes from it what a kernel uses.
//!
//! A file is one idea and holds top-level items. Some are *families*: `int/any.wgsl` is written for a dtype `T`
//! and instantiated for each integer; `real/` and `complex/` are written for single precision and instantiated
//! for double precision by renaming.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

/// What the adapter's shaders may use. Double precision is used only where 64-bit integers are: its functions
/// work on bit patterns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Features {
    /// f64 arithmetic (`SHADER_F64`), together with `int64`.
    pub f64: bool,
    /// Native 64-bit integers (`SHADER_INT64`); without them they are pairs of u32.
    pub int64: bool,
}

impl Features {
    /// Every set of features that a library exists for.
    pub const ALL: [Features; 3] = [
        Features { f64: false, int64: false },
        Features { f64: false, int64: true },
        Features { f64: true, int64: true },
    ];

    fn index(self) -> usize {
        self.f64 as usize + self.int64 as usize
    }
}

include!(concat!(env!("OUT_DIR"), "/files.rs"));

const INTEGERS: [&str; 8] = ["i8", "i16", "i32", "i64", "u8", "u16", "u32", "u64"];

/// The texts that a file becomes under a set of features: none, one, or one per dtype of its family.
pub fn instances(path: &str, text: &str, features: Features) -> Vec<String> {
    let for_types = |types: &[&str]| types.iter().map(|t| text.replace("T_", &format!("{t}_"))).collect();
    let double = || {
        let renamed = [("f32", "f64"), ("F32", "F64"), ("c64", "c128")]
            .iter()
            .fold(text.to_owned(), |s, (from, to)| s.replace(from, to));
        if features.f64 { vec![text.to_owned(), renamed] } else { vec![text.to_owned()] }
    };
    let only_if = |wanted: bool| if wanted { vec![text.to_owned()] } else { Vec::new() };
    match path {
        "int/any.wgsl" if features.int64 => for_types(&INTEGERS),
        "int/any.wgsl" => for_types(&["i8", "i16", "i32", "u8", "u16", "u32"]),
        "int/signed.wgsl" if features.int64 => for_types(&["i8", "i16", "i32", "i64"]),
        "int/signed.wgsl" => for_types(&["i8", "i16", "i32"]),
        "int/unsigned.wgsl" if features.int64 => for_types(&["u8", "u16", "u32", "u64"]),
        "int/unsigned.wgsl" => for_types(&["u8", "u16", "u32"]),
        "int64_pair/any.wgsl" if !features.int64 => for_types(&["i64", "u64"]),
        "reduce/sum_int.wgsl" => for_types(&INTEGERS),
        "reduce/prod.wgsl" if features.f64 => {
            for_types(&[&INTEGERS[..], &["f32", "c64", "f64", "c128"]].concat())
        }
        "reduce/prod.wgsl" => for_types(&[&INTEGERS[..], &["f32", "c64"]].concat()),
        "reduce/extreme.wgsl" | "reduce/arg.wgsl" if features.f64 => {
            for_types(&[&INTEGERS[..], &["f16", "f32", "f64"]].concat())
        }
        "reduce/extreme.wgsl" | "reduce/arg.wgsl" => for_types(&[&INTEGERS[..], &["f16", "f32"]].concat()),
        "reduce/sum_float.wgsl" | "reduce/sum_complex.wgsl" => double(),
        "cast/from_f64.wgsl" | "cast/int64_f64.wgsl" => only_if(features.f64),
        _ => match path.split('/').next() {
            Some("real" | "complex") => double(),
            Some("f64") => only_if(features.f64),
            Some("int64_native") => only_if(features.int64),
            Some("int64_pair") => only_if(!features.int64),
            _ => only_if(true),
        },
    }
}

/// One top-level item.
struct Item {
    text: String,
    uses: Vec<String>,
}

/// The items under one set of features, by name.
pub struct Library {
    items: BTreeMap<String, Item>,
}

impl Library {
    /// The library under a set of features, built once.
    pub fn get(features: Features) -> &'static Library {
        static BUILT: [OnceLock<Library>; 3] = [const { OnceLock::new() }; 3];
        BUILT[features.index()].get_or_init(|| {
            let mut items = BTreeMap::new();
            for (path, text) in FILES {
                for instance in instances(path, text, features) {
                    for item in split_items(&instance) {
                        let name = item_name(&item).to_owned();
                        let uses = identifiers(&item).filter(|id| *id != name).map(str::to_owned).collect();
                        items.insert(name, Item { text: item, uses });
                    }
                }
            }
            Library { items }
        })
    }

    /// True if a function, constant or type of that name exists.
    pub fn has(&self, name: &str) -> bool {
        self.items.contains_key(name)
    }

    /// Names of all items.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.items.keys().map(String::as_str)
    }

    /// `source` followed by every item that it uses, directly or through others, each once, in order of name.
    pub fn link(&self, source: &str) -> String {
        let mut wanted = BTreeSet::new();
        let mut queue: Vec<&str> = identifiers(source).collect();
        let own: BTreeSet<String> = split_items(source).iter().map(|i| item_name(i).to_owned()).collect();
        while let Some(id) = queue.pop() {
            if let Some((name, item)) = self.items.get_key_value(id)
                && !own.contains(name)
                && wanted.insert(name.as_str())
            {
                queue.extend(item.uses.iter().map(String::as_str));
            }
        }
        let mut out = source.to_owned();
        for name in wanted {
            out.push_str(&self.items[name].text);
        }
        out
    }
}

/// True of a line that starts a top-level item.
fn starts_item(line: &str) -> bool {
    ["fn ", "const ", "alias ", "struct "].iter().any(|k| line.starts_with(k))
}

/// The top-level items of a text, without its comments.
fn split_items(text: &str) -> Vec<String> {
    let mut items: Vec<String> = Vec::new();
    for line in text.lines() {
        let code = line.split("//").next().unwrap_or("").trim_end();
        if code.is_empty() {
            continue;
        }
        if starts_item(code) {
            items.push(String::new());
        }
        if let Some(item) = items.last_mut() {
            item.push_str(code);
            item.push('\n');
        }
    }
    items
}

/// The name that an item declares.
fn item_name(item: &str) -> &str {
    identifiers(item).nth(1).unwrap_or("")
}

/// The identifiers of a text.
fn identifiers(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
        .filter(|w| w.starts_with(|c: char| c.is_ascii_alphabetic()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of two items of one name the later file's would be linked, whichever is meant.
    #[test]
    fn a_name_is_declared_once() {
        for features in Features::ALL {
            let mut names = BTreeSet::new();
            for (path, text) in FILES {
                for instance in instances(path, text, features) {
                    for item in split_items(&instance) {
                        let name = item_name(&item).to_owned();
                        assert!(names.insert(name.clone()), "{path} declares {name} again ({features:?})");
                    }
                }
            }
        }
    }
}
