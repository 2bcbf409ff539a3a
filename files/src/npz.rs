//! `.npz`: several arrays in a zip archive.

use crate::error::{FileError, Result};
use crate::npy;
use polyarray_core::Array;
use std::fs::File;
use std::io::{BufReader, BufWriter, Write};
use std::path::Path;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

/// The arrays of a `.npz` file with their names, on the host, in the file's order.
///
/// NumPy: `numpy.load(file)`.
///
/// # Errors
/// Those of [`load`](crate::load); the archive is damaged, or packed by another method than deflate.
pub fn load_npz(path: impl AsRef<Path>) -> Result<Vec<(String, Array)>> {
    let path = path.as_ref();
    let mut archive = ZipArchive::new(BufReader::new(File::open(path).map_err(FileError::at(path))?))?;
    let mut arrays = Vec::new();
    for i in 0..archive.len() {
        let mut member = archive.by_index(i)?;
        let name = member.name()?.into_owned();
        let Some(name) = name.strip_suffix(".npy") else {
            return Err(FileError::Format(format!("{name} in the archive is no .npy file")));
        };
        arrays.push((name.to_owned(), npy::read(&mut member)?));
    }
    Ok(arrays)
}

/// Writes arrays with their names to a `.npz` file, not compressed.
///
/// NumPy: `numpy.savez(file, name=x, …)`.
///
/// ```
/// # use polyarray_files as files;
/// # use polyarray_core::Array;
/// # use polyarray_cpu as _;
/// # let folder = tempfile::tempdir()?;
/// let path = folder.path().join("model.npz");
/// files::savez(&path, &[("weights", &Array::from([1.0, 2.0])), ("bias", &Array::from([0.5]))])?;
/// let arrays = files::load_npz(&path)?;
/// assert_eq!(arrays[0].0, "weights");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// Those of [`save`](crate::save); a name twice.
pub fn savez(path: impl AsRef<Path>, arrays: &[(&str, &Array)]) -> Result<()> {
    packed(path.as_ref(), arrays, CompressionMethod::Stored)
}

/// Writes arrays with their names to a `.npz` file, compressed.
///
/// NumPy: `numpy.savez_compressed(file, name=x, …)`.
///
/// # Errors
/// Those of [`savez`].
pub fn savez_compressed(path: impl AsRef<Path>, arrays: &[(&str, &Array)]) -> Result<()> {
    packed(path.as_ref(), arrays, CompressionMethod::Deflated)
}

fn packed(path: &Path, arrays: &[(&str, &Array)], method: CompressionMethod) -> Result<()> {
    let mut archive = ZipWriter::new(BufWriter::new(File::create(path).map_err(FileError::at(path))?));
    for (name, x) in arrays {
        let size = x.len() * x.dtype().size();
        // Longer members have their lengths in 64 bits, which is known before they are written.
        let options = SimpleFileOptions::default().compression_method(method).large_file(size >= 1 << 31);
        archive.start_file(format!("{name}.npy"), options)?;
        npy::write(&mut archive, x)?;
    }
    archive.finish()?.flush().map_err(FileError::at(path))
}
