//! Finding the three files: by prefix, by any of the three, or by a directory that holds one data set.
use std::io;
use std::path::{Path, PathBuf};

use crate::error::{Error, PlinkFile, Result};

/// The three files of a data set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlinkPaths {
    bed: PathBuf,
    bim: PathBuf,
    fam: PathBuf,
}

impl PlinkPaths {
    /// The three names with this prefix, whether or not the files exist.
    pub fn from_prefix(prefix: impl AsRef<Path>) -> Self {
        let prefix = prefix.as_ref();
        // `with_extension` would shorten a prefix such as `study.v2`.
        let with = |file: PlinkFile| {
            let mut name = prefix.as_os_str().to_os_string();
            name.push(format!(".{}", file.extension()));
            PathBuf::from(name)
        };
        Self { bed: with(PlinkFile::Bed), bim: with(PlinkFile::Bim), fam: with(PlinkFile::Fam) }
    }

    /// The three names that go with `name`, which is their prefix or one of them, whether or not the files exist.
    pub fn named(name: impl AsRef<Path>) -> Self {
        Self::from_prefix(prefix_of(name.as_ref()))
    }

    /// Finds a data set that exists: `data` is its prefix, any of its three files, or a directory that
    /// holds no other.
    ///
    /// # Errors
    /// [`Error::MissingFile`] names the first of the three that is missing; [`Error::NotOneDataSet`] for a
    /// directory; [`Error::Read`], also if a path with the right name is not a file.
    pub fn find(data: impl AsRef<Path>) -> Result<Self> {
        let data = data.as_ref();
        let paths = if data.is_dir() { Self::in_directory(data)? } else { Self::named(data) };
        for file in PlinkFile::ALL {
            let path = super::path_of(&paths, file);
            match path.metadata() {
                Ok(metadata) if metadata.is_file() => {}
                // A pipe has no length to check, and opening one might block for ever.
                Ok(_) => return Err(Error::reading(path)(io::Error::other("it is no regular file"))),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    return Err(Error::MissingFile { file, path: path.to_path_buf() });
                }
                Err(error) => return Err(Error::reading(path)(error)),
            }
        }
        Ok(paths)
    }

    fn in_directory(directory: &Path) -> Result<Self> {
        let entries = directory.read_dir().map_err(Error::reading(directory))?;
        let mut prefixes = Vec::new();
        for entry in entries {
            let path = entry.map_err(Error::reading(directory))?.path();
            if path.extension().is_some_and(|extension| extension == PlinkFile::Bed.extension()) {
                prefixes.push(path.with_extension(""));
            }
        }
        prefixes.sort();
        match prefixes.as_slice() {
            [prefix] => Ok(Self::from_prefix(prefix)),
            _ => Err(Error::NotOneDataSet {
                path: directory.to_path_buf(),
                found: prefixes.iter().map(|prefix| prefix.display().to_string()).collect(),
            }),
        }
    }

    /// The `.bed`.
    pub fn bed(&self) -> &Path {
        &self.bed
    }

    /// The `.bim`.
    pub fn bim(&self) -> &Path {
        &self.bim
    }

    /// The `.fam`.
    pub fn fam(&self) -> &Path {
        &self.fam
    }
}

/// The path without `.bed`, `.bim` or `.fam`, if it ends in one of them.
fn prefix_of(path: &Path) -> PathBuf {
    let extension = path.extension().and_then(|extension| extension.to_str());
    match PlinkFile::ALL.into_iter().any(|file| extension == Some(file.extension())) {
        true => path.with_extension(""),
        false => path.to_path_buf(),
    }
}
