//! `.npy`: one array.

use crate::error::{FileError, Result};
use crate::header::Header;
use polyarray_core::array::{ForeignMemory, HostBuffer};
use polyarray_core::{Array, DType, with_element};
use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Write};
use std::path::Path;
use std::sync::Arc;

/// The array of a `.npy` file, on the host.
///
/// NumPy: `numpy.load(file)`.
///
/// ```
/// # use polyarray_files as files;
/// # use polyarray_core::Array;
/// # use polyarray_cpu as _;
/// # let folder = tempfile::tempdir()?;
/// let path = folder.path().join("x.npy");
/// files::save(&path, &Array::from([[1.0f32, 2.0], [3.0, 4.0]]))?;
/// assert_eq!(files::load(&path)?.shape(), [2, 2]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// The file can't be read, is damaged, or holds a dtype without a counterpart.
pub fn load(path: impl AsRef<Path>) -> Result<Array> {
    let path = path.as_ref();
    let mut reader = BufReader::new(File::open(path).map_err(FileError::at(path))?);
    read(&mut reader)
}

/// The array that a reader holds in the format of a `.npy` file, on the host; the reader stands behind it then.
///
/// # Errors
/// Those of [`load`].
pub fn read(reader: &mut impl Read) -> Result<Array> {
    let header = Header::read(reader)?;
    let n = header.len()?;
    // In steps, so that a header that lies about the length of a file asks for no memory that nothing fills.
    let (bytes, mut data) = (n * header.dtype.size(), Vec::new());
    reader.take(bytes as u64).read_to_end(&mut data)?;
    if data.len() < bytes {
        return Err(FileError::Format(format!("it ends after {} of {bytes} bytes of elements", data.len())));
    }
    if header.big_endian {
        let part = header.dtype.real().size();
        data.chunks_exact_mut(part).for_each(<[u8]>::reverse);
    }
    check_bools(header.dtype, &data)?;
    let mut buffer = HostBuffer::unwritten(header.dtype, n)?;
    buffer.bytes_mut().copy_from_slice(&data);
    ordered(Array::from_host(buffer, [n])?, &header)
}

/// The array of a `.npy` file without reading it: its elements lie in the mapped file, and pages of it are read when they
/// are computed with. What is written into the array goes to a copy.
///
/// NumPy: `numpy.load(file, mmap_mode="r")`.
///
/// # Safety
/// Nobody changes or shortens the file while the array, or a view of it, is alive.
///
/// # Errors
/// Those of [`load`]; elements in the other byte order.
pub unsafe fn load_mapped(path: impl AsRef<Path>) -> Result<Array> {
    let path = path.as_ref();
    let file = File::open(path).map_err(FileError::at(path))?;
    let header = Header::read(&mut BufReader::new(&file))?;
    if header.big_endian != cfg!(target_endian = "big") && header.dtype.size() > 1 {
        return Err(FileError::Format("its bytes are in the other order: read it with load".into()));
    }
    let n = header.len()?;
    // SAFETY: the caller promises that the file does not change.
    let map = unsafe { memmap2::Mmap::map(&file) }.map_err(FileError::at(path))?;
    let bytes = n * header.dtype.size();
    if map.len() < header.bytes + bytes {
        return Err(FileError::Format(format!("the file of {} bytes ends before its elements", map.len())));
    }
    check_bools(header.dtype, &map[header.bytes..header.bytes + bytes])?;
    let mapped = Arc::new(Mapped { map, start: header.bytes });
    // Files of other writers may not be aligned, and then are copied.
    match HostBuffer::foreign(header.dtype, n, mapped.clone()) {
        Some(buffer) => ordered(Array::from_host(buffer, [n])?, &header),
        None => read(&mut &mapped.map[..]),
    }
}

struct Mapped {
    map: memmap2::Mmap,
    start: usize,
}

impl ForeignMemory for Mapped {
    fn bytes(&self) -> &[u8] {
        &self.map[self.start..]
    }
}

/// A byte of a bool is 0 or 1.
fn check_bools(dtype: DType, bytes: &[u8]) -> Result<()> {
    if dtype == DType::Bool && bytes.iter().any(|&byte| byte > 1) {
        return Err(FileError::Format("a bool that is neither 0 nor 1".into()));
    }
    Ok(())
}

/// Under its shape, as a view if the first index changes fastest.
fn ordered(flat: Array, header: &Header) -> Result<Array> {
    if !header.fortran_order {
        return Ok(flat.reshape(&header.shape[..])?);
    }
    let reversed: Vec<usize> = header.shape.iter().rev().copied().collect();
    Ok(flat.reshape(reversed)?.permute((0..header.shape.len()).rev().collect::<Vec<_>>())?)
}

/// Writes an array, wherever it lives, to a `.npy` file.
///
/// NumPy: `numpy.save(file, x)`.
///
/// # Errors
/// The array can't be computed, the file can't be written.
pub fn save(path: impl AsRef<Path>, x: &Array) -> Result<()> {
    let path = path.as_ref();
    let mut writer = BufWriter::new(File::create(path).map_err(FileError::at(path))?);
    write(&mut writer, x)?;
    writer.flush().map_err(FileError::at(path))
}

/// Writes an array in the format of a `.npy` file.
///
/// # Errors
/// Those of [`save`].
pub fn write(writer: &mut impl Write, x: &Array) -> Result<()> {
    // Row-major on the host.
    let elements = with_element!(x.dtype(), T => HostBuffer::from_vec(x.to_vec::<T>()?));
    writer.write_all(&Header::write(x.dtype(), x.shape()))?;
    if cfg!(target_endian = "big") {
        let part = x.dtype().real().size();
        let mut bytes = elements.bytes().to_vec();
        bytes.chunks_exact_mut(part).for_each(<[u8]>::reverse);
        return Ok(writer.write_all(&bytes)?);
    }
    Ok(writer.write_all(elements.bytes())?)
}
