//! Files that keep what was measured of a machine, so that a later run need not measure again.
//!
//! A subject has a folder, an identity (of hardware, driver and version) a file in it. Files are written whole or not
//! at all. They are a cache: one that can't be read or written is measured again, and harms nothing.

use std::io::Write;
use std::path::{Path, PathBuf};

/// Where the measurements of one subject are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folder(PathBuf);

impl Folder {
    /// The subject's folder: `polyarray/<subject>` in `POLYARRAY_CACHE_DIR`, `XDG_CACHE_HOME`, or `.cache` in the home
    /// folder; none if none of these is set.
    pub fn of(subject: &str) -> Option<Folder> {
        let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let base = set("POLYARRAY_CACHE_DIR").or_else(|| set("XDG_CACHE_HOME"));
        let base = base.or_else(|| set("HOME").map(|home| home.join(".cache")))?;
        Some(Folder(base.join("polyarray").join(subject)))
    }

    /// That folder, which need not exist yet.
    #[cfg(test)]
    pub fn at(path: impl Into<PathBuf>) -> Folder {
        Folder(path.into())
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// What was kept for the identity. It is the reader who compares the identity in it with the one that was asked
    /// for: names of files are hashes.
    pub fn read(&self, identity: &str) -> Option<String> {
        std::fs::read_to_string(self.file(identity)).ok()
    }

    /// Keeps it, if that can be done.
    pub fn write(&self, identity: &str, text: &str) {
        let write = || -> std::io::Result<()> {
            std::fs::create_dir_all(&self.0)?;
            let mut staged = tempfile::NamedTempFile::new_in(&self.0)?;
            staged.write_all(text.as_bytes())?;
            staged.persist(self.file(identity))?;
            Ok(())
        };
        // A cache: the next run measures again.
        let _ = write();
    }

    /// The file of an identity: named by a hash, as identities hold whatever drivers say of themselves.
    fn file(&self, identity: &str) -> PathBuf {
        // FNV-1a: short, and the same in every version of the standard library.
        let hash = identity.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        self.0.join(format!("{hash:016x}.json"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_read_again_and_nothing_else() {
        let scratch = tempfile::tempdir().unwrap();
        let folder = Folder::at(scratch.path().join("not there yet"));
        assert_eq!(folder.read("a"), None);
        folder.write("a", "first");
        folder.write("a", "second");
        folder.write("b", "other");
        assert_eq!(folder.read("a").as_deref(), Some("second"));
        assert_eq!(folder.read("b").as_deref(), Some("other"));
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2, "nothing half written stays");
    }

    #[test]
    fn a_folder_that_cannot_be_made_harms_nothing() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let folder = Folder::at(file.path().join("below a file"));
        folder.write("a", "text");
        assert_eq!(folder.read("a"), None);
    }
}
