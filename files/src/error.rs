//! What can be wrong with a file.

use std::path::{Path, PathBuf};

/// Why a file can't be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FileError {
    /// The file system refused.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Its reason.
        source: std::io::Error,
    },
    /// A reader or writer that is no named file failed.
    #[error("{0}")]
    Stream(#[from] std::io::Error),
    /// It is no file of this format, or a damaged one.
    #[error("{0}")]
    Format(String),
    /// The archive is none, or damaged.
    #[error("zip archive: {0}")]
    Zip(#[from] zip::result::ZipError),
    /// The array can't be made, computed or copied.
    #[error(transparent)]
    Array(#[from] polyarray_core::Error),
}

impl FileError {
    /// With the path of the file.
    pub(crate) fn at(path: &Path) -> impl FnOnce(std::io::Error) -> FileError {
        let path = path.to_owned();
        move |source| FileError::Io { path, source }
    }
}

/// A result of this crate.
pub(crate) type Result<T, E = FileError> = std::result::Result<T, E>;
