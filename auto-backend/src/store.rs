//! Costs kept in files: one per identity of hardware, written whole or not at all.

use std::io::Write;
use std::path::PathBuf;

use crate::Costs;

/// Where measured costs are kept: `polyarray/auto` in `POLYARRAY_CACHE_DIR`, `XDG_CACHE_HOME`, or `.cache` in the
/// home folder; nowhere if none of these is set.
pub fn directory() -> Option<PathBuf> {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let base = set("POLYARRAY_CACHE_DIR").or_else(|| set("XDG_CACHE_HOME"));
    let base = base.or_else(|| set("HOME").map(|home| home.join(".cache")))?;
    Some(base.join("polyarray").join("auto"))
}

/// The file of an identity: named by a hash, as identities hold whatever drivers say of themselves.
fn file(identity: &str) -> Option<PathBuf> {
    // FNV-1a: short, and the same in every version of the standard library.
    let hash = identity.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    Some(directory()?.join(format!("{hash:016x}.json")))
}

/// What was kept for exactly this identity.
pub fn read(identity: &str) -> Option<Costs> {
    let text = std::fs::read_to_string(file(identity)?).ok()?;
    let costs: Costs = serde_json::from_str(&text).ok()?;
    (costs.identity == identity && costs.is_sound()).then_some(costs)
}

/// Keeps it, if that can be done.
pub fn write(costs: &Costs) {
    let Some(path) = file(&costs.identity) else { return };
    let write = || -> std::io::Result<()> {
        let directory = path.parent().unwrap_or(&path);
        std::fs::create_dir_all(directory)?;
        let mut staged = tempfile::NamedTempFile::new_in(directory)?;
        staged.write_all(serde_json::to_string_pretty(costs)?.as_bytes())?;
        staged.persist(&path)?;
        Ok(())
    };
    // A cache: the next run measures again.
    let _ = write();
}
