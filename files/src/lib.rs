//! NumPy's files: `.npy` holds one array, `.npz` is a zip archive of several.
//!
//! Arrays are read onto the host and written from wherever they live. The format is that of NumPy's `numpy.lib.format`,
//! versions 1 to 3; dtypes without a counterpart here (structures, strings, dates) are an error.

mod error;
mod header;
mod npy;
mod npz;

pub use error::FileError;
pub use npy::{load, load_mapped, read, save, write};
pub use npz::{load_npz, savez, savez_compressed};
