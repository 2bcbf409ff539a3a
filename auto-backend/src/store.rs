//! Costs stored in files, one for each identity of hardware.

use std::path::PathBuf;

use crate::measurement_cache::Folder;

use crate::Costs;

fn folder() -> Option<Folder> {
    Folder::of("auto")
}

/// The folder of measured costs: `polyarray/auto` in `POLYARRAY_CACHE_DIR`, `XDG_CACHE_HOME`, or `.cache` in the
/// home folder; none if none of these is set.
pub fn directory() -> Option<PathBuf> {
    Some(folder()?.path().to_owned())
}

/// The costs stored for exactly this identity.
pub fn read(identity: &str) -> Option<Costs> {
    let costs: Costs = serde_json::from_str(&folder()?.read(identity)?).ok()?;
    (costs.identity == identity && costs.is_sound()).then_some(costs)
}

/// Stores the costs, if a file can be written.
pub fn write(costs: &Costs) {
    if let (Some(folder), Ok(text)) = (folder(), serde_json::to_string_pretty(costs)) {
        folder.write(&costs.identity, &text);
    }
}
