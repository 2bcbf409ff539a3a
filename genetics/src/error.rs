//! The error type of this crate: what was being done, with what, and how to fix it.
use std::fmt;
use std::io;
use std::path::PathBuf;

/// Result of this crate's functions.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// One of the three files of a PLINK 1 data set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlinkFile {
    /// `.bed`: the genotypes, two bits each.
    Bed,
    /// `.bim`: one line per variant.
    Bim,
    /// `.fam`: one line per sample.
    Fam,
}

impl PlinkFile {
    /// All three, in the order in which they are named to a user.
    pub const ALL: [Self; 3] = [Self::Bed, Self::Bim, Self::Fam];

    /// File name extension, without the dot.
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Bed => "bed",
            Self::Bim => "bim",
            Self::Fam => "fam",
        }
    }

    /// What one line (or, in the `.bed`, one row) of it describes.
    pub const fn describes(self) -> &'static str {
        match self {
            Self::Bed => "genotypes",
            Self::Bim => "variants",
            Self::Fam => "samples",
        }
    }
}

impl fmt::Display for PlinkFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, ".{}", self.extension())
    }
}

/// Why genotypes could not be read, written or analysed.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// One of the three files is missing beside the others.
    #[error(
        "the {file} file of this PLINK data set is missing: {} does not exist. \
         A data set is three files with one prefix: .bed (genotypes), .bim (variants), .fam (samples)",
        path.display()
    )]
    MissingFile {
        /// Which of the three.
        file: PlinkFile,
        /// Where it was looked for.
        path: PathBuf,
    },
    /// A directory was given that does not hold exactly one data set.
    #[error(
        "the directory {} holds {} PLINK data sets ({}): name one of them by its prefix",
        path.display(), found.len(), if found.is_empty() { "no .bed file".to_string() } else { found.join(", ") }
    )]
    NotOneDataSet {
        /// The directory.
        path: PathBuf,
        /// Prefixes found in it.
        found: Vec<String>,
    },
    /// Reading failed in the operating system.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// Which file or folder.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// Writing failed in the operating system.
    #[error("cannot {action} {}: {source}", path.display())]
    Write {
        /// What was being done: "write", "create the directory", …
        action: &'static str,
        /// To which file or folder.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// The file does not begin with the two magic bytes of a `.bed`.
    #[error(
        "{} is not a PLINK 1 .bed file: it begins with {found:02x?}, expected [6c, 1b]. \
         Convert it with `plink --make-bed`", path.display()
    )]
    ForeignBed {
        /// The file.
        path: PathBuf,
        /// Its first bytes (at most three).
        found: Vec<u8>,
    },
    /// The `.bed` has samples in rows, which PLINK itself has not written since 2008.
    #[error(
        "{} is a sample-major .bed (its third byte is 00): rewrite it variant-major \
         with `plink --make-bed`", path.display()
    )]
    SampleMajorBed {
        /// The file.
        path: PathBuf,
    },
    /// The third byte of the `.bed` names no known layout.
    #[error(
        "{} has an unknown .bed layout: its third byte is {mode:02x}, expected 01 (variant-major)",
        path.display()
    )]
    UnknownBedLayout {
        /// The file.
        path: PathBuf,
        /// The byte.
        mode: u8,
    },
    /// The `.bed` ends in the middle of a row: it is truncated.
    #[error(
        "{} is truncated: {variants} variants (.bim) of {samples} samples (.fam) need {expected} bytes, \
         it has {actual} and ends inside a row. Copy or convert it again", path.display()
    )]
    TruncatedBed {
        /// The file.
        path: PathBuf,
        /// Variants that the `.bim` lists.
        variants: usize,
        /// Samples that the `.fam` lists.
        samples: usize,
        /// Bytes that these two numbers require.
        expected: u64,
        /// Bytes in the file.
        actual: u64,
    },
    /// The `.bed` has complete rows, but not as many as the `.bim` has lines (or the `.fam` belongs to another set).
    #[error(
        "{} disagrees with its .bim and .fam: {variants} variants of {samples} samples need {expected} bytes, \
         it has {actual}. Are all three files of the same data set?", path.display()
    )]
    BedDisagrees {
        /// The `.bed`.
        path: PathBuf,
        /// Variants that the `.bim` lists.
        variants: usize,
        /// Samples that the `.fam` lists.
        samples: usize,
        /// Bytes that these two numbers require.
        expected: u64,
        /// Bytes in the file.
        actual: u64,
    },
    /// A line of a text file can't be parsed.
    #[error("{}, line {line}: {problem}", path.display())]
    MalformedLine {
        /// The file.
        path: PathBuf,
        /// Line number, from 1.
        line: usize,
        /// What is wrong and what was expected.
        problem: String,
    },
    /// A file that must have at least one record has none.
    #[error("{} is empty: it lists no {what}", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
        /// What it should list.
        what: &'static str,
    },
    /// A chromosome selection can't be parsed.
    #[error(
        "chromosome selection `{given}`: {problem}. Write a list of names and ranges, such as `1-22` or `1,3,5-7,X`"
    )]
    ChromosomeSelection {
        /// What was given.
        given: String,
        /// What is wrong with it.
        problem: String,
    },
    /// A selection matches no variant.
    #[error("no variant lies on chromosomes {selection}: {} has {present}", path.display())]
    NothingSelected {
        /// The selection.
        selection: String,
        /// The `.bim`.
        path: PathBuf,
        /// The chromosomes that the `.bim` has.
        present: String,
    },
    /// A result would overwrite a file.
    #[error("{} already exists: remove it, choose another name, or say that it may be replaced", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// A value is outside the range that a function accepts.
    #[error("{operation}: {name} is {given}, expected {expected}")]
    Argument {
        /// The function.
        operation: &'static str,
        /// The argument.
        name: &'static str,
        /// Its value.
        given: String,
        /// The accepted range.
        expected: String,
    },
    /// The array layer could not compute: no backend in scope, not enough memory, a lost device.
    #[error(transparent)]
    Array(#[from] polyarray_core::Error),
}

impl Error {
    /// An error of reading `path`.
    pub(crate) fn reading(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Read { path, source }
    }

    /// An error of doing `action` to `path`.
    pub(crate) fn writing(action: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Write { action, path, source }
    }
}

/// The message: what `main` prints of an error that it returns, and `unwrap` of one that it meets.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
