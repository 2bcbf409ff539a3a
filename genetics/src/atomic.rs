//! Groups of files that appear under their names together, once all are completely written.
use std::fs;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tempfile::NamedTempFile;

use crate::error::{Error, Result};

/// A group of files, written under temporary names beside their destinations and renamed together by
/// [`commit`](Self::commit). If the group is dropped before that, they are removed, and so are the folders made for
/// them: no partial result is left behind. A program that ends without dropping the group, on a signal, calls
/// [`discard_unfinished`] first.
#[derive(Debug, Default)]
pub struct StagedFiles {
    staged: Vec<(NamedTempFile, PathBuf)>,
    /// This group's entries in [`UNFINISHED`]: temporary files, each preceded by the folders made for it.
    made: Vec<PathBuf>,
    replace: bool,
}

/// Temporary files and new folders of every group that is neither committed nor dropped.
static UNFINISHED: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

fn unfinished() -> MutexGuard<'static, Vec<PathBuf>> {
    // A list of paths is valid even if a thread that held the lock panicked.
    UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// While it lives, groups can neither begin a file nor commit: see [`discard_unfinished`].
#[must_use = "groups go on when it is dropped"]
#[derive(Debug)]
pub struct Discarded {
    _unfinished: MutexGuard<'static, Vec<PathBuf>>,
}

/// Removes what all groups have written and not committed, for a program that is about to end without dropping them.
/// Waits for a commit in progress. Until the returned guard is dropped, no group begins a file or commits.
pub fn discard_unfinished() -> Discarded {
    let mut unfinished = unfinished();
    remove(&unfinished);
    unfinished.clear();
    Discarded { _unfinished: unfinished }
}

/// Removes files and empty folders, newest first, because folders were made before their contents.
fn remove(paths: &[PathBuf]) {
    for path in paths.iter().rev() {
        // A committed file no longer has its temporary name; a folder that is in use is not empty.
        let _ = fs::remove_file(path).or_else(|_| fs::remove_dir(path));
    }
}

impl StagedFiles {
    /// A group whose files may not exist yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// A group whose files replace existing ones.
    pub fn replacing() -> Self {
        Self { staged: Vec::new(), made: Vec::new(), replace: true }
    }

    /// Opens a temporary file that [`commit`](Self::commit) will rename to `path`, and makes its directory
    /// if necessary. Called and dropped, it checks whether `path` can be written before long work is spent on its
    /// contents.
    ///
    /// # Errors
    /// [`Error::Exists`] where `path` exists and may not be replaced; [`Error::Write`], also where a folder has that
    /// name.
    pub fn create(&mut self, path: impl Into<PathBuf>) -> Result<BufWriter<fs::File>> {
        let path = path.into();
        if !self.replace && path.exists() {
            return Err(Error::Exists { path });
        }
        // The commit would fail later, with some files of the group replaced and the others not.
        if path.is_dir() {
            return Err(Error::writing("replace", path)(std::io::ErrorKind::IsADirectory.into()));
        }
        let directory = match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        let mut unfinished = unfinished();
        let is_new = |folder: &&Path| !folder.as_os_str().is_empty() && !folder.exists();
        let mut folders: Vec<PathBuf> =
            directory.ancestors().take_while(is_new).map(Path::to_path_buf).collect();
        folders.reverse();
        unfinished.extend_from_slice(&folders);
        self.made.append(&mut folders);
        fs::create_dir_all(directory).map_err(Error::writing("create the directory", directory))?;
        let mut builder = tempfile::Builder::new();
        builder.prefix(".polyarray-");
        #[cfg(unix)]
        {
            // Temporary files are private by default; a result has the permissions of any other new file.
            use std::os::unix::fs::PermissionsExt;
            builder.permissions(fs::Permissions::from_mode(0o666));
        }
        let file = builder.tempfile_in(directory).map_err(Error::writing("create a file in", directory))?;
        unfinished.push(file.path().to_path_buf());
        self.made.push(file.path().to_path_buf());
        let writer = file.reopen().map_err(Error::writing("write", &path))?;
        self.staged.push((file, path));
        Ok(BufWriter::with_capacity(1 << 20, writer))
    }

    /// Writes a whole file in one call.
    ///
    /// # Errors
    /// Those of [`create`](Self::create) and of `write`.
    pub fn write(
        &mut self,
        path: impl Into<PathBuf>,
        write: impl FnOnce(&mut BufWriter<fs::File>) -> std::io::Result<()>,
    ) -> Result<()> {
        let path = path.into();
        let mut file = self.create(&path)?;
        write(&mut file).and_then(|()| file.flush()).map_err(Error::writing("write", &path))
    }

    /// Renames every file to its final name, in the order in which they were created. Writers must be flushed and
    /// dropped before. If one rename fails, new files that were already renamed are removed again.
    ///
    /// # Errors
    /// [`Error::Exists`], [`Error::Write`].
    pub fn commit(mut self) -> Result<Vec<PathBuf>> {
        // `discard_unfinished` waits for this lock, so that either all files are renamed or none.
        let unfinished = unfinished();
        let named = self.give_names();
        drop(unfinished);
        named
    }

    fn give_names(&mut self) -> Result<Vec<PathBuf>> {
        let mut named: Vec<PathBuf> = Vec::with_capacity(self.staged.len());
        for (file, path) in std::mem::take(&mut self.staged) {
            let outcome = if self.replace { file.persist(&path) } else { file.persist_noclobber(&path) };
            if let Err(error) = outcome {
                // A file that replaced an older one is complete and stays: removing it would lose both.
                for path in named.into_iter().filter(|_| !self.replace) {
                    // The first failure is the one to report; this one only leaves a complete file behind.
                    let _ = fs::remove_file(path);
                }
                return Err(match error.error.kind() {
                    std::io::ErrorKind::AlreadyExists => Error::Exists { path },
                    _ => Error::Write { action: "rename a finished file to", path, source: error.error },
                });
            }
            named.push(path);
        }
        Ok(named)
    }
}

impl Drop for StagedFiles {
    fn drop(&mut self) {
        let mut unfinished = unfinished();
        self.staged.clear();
        remove(&self.made);
        unfinished.retain(|path| !self.made.contains(path));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names_in(directory: &Path) -> Vec<String> {
        let entries = fs::read_dir(directory).unwrap();
        let mut names: Vec<_> = entries.map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn nothing_has_its_name_before_the_commit_and_nothing_stays_without_it() {
        let directory = tempfile::tempdir().unwrap();
        let mut files = StagedFiles::new();
        files.write(directory.path().join("a"), |f| f.write_all(b"one")).unwrap();
        files.write(directory.path().join("b"), |f| f.write_all(b"two")).unwrap();
        assert!(names_in(directory.path()).iter().all(|name| name.starts_with(".polyarray-")));
        drop(files);
        assert!(names_in(directory.path()).is_empty());
    }

    #[test]
    fn folders_made_for_what_is_dropped_go_with_it() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("new").join("newer").join("a");
        drop(StagedFiles::new().create(&path).unwrap());
        assert!(names_in(directory.path()).is_empty());
        let mut files = StagedFiles::new();
        files.write(&path, |f| f.write_all(b"one")).unwrap();
        files.commit().unwrap();
        assert!(path.is_file());
        drop(StagedFiles::new().create(path.with_extension("b")).unwrap());
        assert_eq!(names_in(path.parent().unwrap()), ["a"]);
    }

    #[test]
    fn a_folder_in_the_way_is_found_before_anything_is_replaced() {
        let directory = tempfile::tempdir().unwrap();
        let error = StagedFiles::replacing().create(directory.path()).unwrap_err();
        assert!(error.to_string().starts_with("cannot replace"), "{error}");
    }

    #[test]
    fn a_commit_names_all_or_none() {
        let directory = tempfile::tempdir().unwrap();
        let mut files = StagedFiles::new();
        for name in ["a", "b"] {
            files.write(directory.path().join(name), |f| f.write_all(name.as_bytes())).unwrap();
        }
        fs::write(directory.path().join("b"), "another's").unwrap();
        assert!(matches!(files.commit(), Err(Error::Exists { path }) if path.ends_with("b")));
        assert_eq!(names_in(directory.path()), ["b"]);
        assert_eq!(fs::read(directory.path().join("b")).unwrap(), b"another's");

        let mut files = StagedFiles::replacing();
        files.write(directory.path().join("b"), |f| f.write_all(b"ours")).unwrap();
        files.commit().unwrap();
        assert_eq!(fs::read(directory.path().join("b")).unwrap(), b"ours");
    }

    #[cfg(unix)]
    #[test]
    fn a_result_is_as_readable_as_any_new_file() {
        use std::os::unix::fs::PermissionsExt;
        let directory = tempfile::tempdir().unwrap();
        let mut files = StagedFiles::new();
        files.write(directory.path().join("ours"), |f| f.write_all(b"x")).unwrap();
        files.commit().unwrap();
        fs::write(directory.path().join("plain"), "x").unwrap();
        let mode = |name| fs::metadata(directory.path().join(name)).unwrap().permissions().mode();
        assert_eq!(mode("ours"), mode("plain"));
    }
}
