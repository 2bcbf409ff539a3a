//! Costs kept in files: one per identity of hardware.

use std::path::PathBuf;

use polyarray_core::kept::Folder;

use crate::Costs;

fn folder() -> Option<Folder> {
    Folder::of("auto")
}

/// Where measured costs are kept: `polyarray/auto` in `POLYARRAY_CACHE_DIR`, `XDG_CACHE_HOME`, or `.cache` in the
/// home folder; nowhere if none of these is set.
pub fn directory() -> Option<PathBuf> {
    Some(folder()?.path().to_owned())
}

/// What was kept for exactly this identity.
pub fn read(identity: &str) -> Option<Costs> {
    let costs: Costs = serde_json::from_str(&folder()?.read(identity)?).ok()?;
    (costs.identity == identity && costs.is_sound()).then_some(costs)
}

/// Keeps it, if that can be done.
pub fn write(costs: &Costs) {
    if let (Some(folder), Ok(text)) = (folder(), serde_json::to_string_pretty(costs)) {
        folder.write(&costs.identity, &text);
    }
}
