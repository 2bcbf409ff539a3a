//! NumPy's `.npy` files: a magic number, a header that is a Python dictionary, the elements.
//!
//! Format: <https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html>. Written is version 1.0 in row-major
//! order; read are all versions, both orders, and elements in this machine's byte order.
use std::io::{Error, ErrorKind, Result, Write};
use std::path::Path;

use ndarray::{ArrayD, ArrayView, Dimension, IxDyn, ShapeBuilder};
use polyarray_core::{DType, Element};

const MAGIC: &[u8] = b"\x93NUMPY";

/// How the header names a dtype: byte order, the first letter of its name, the size of an element.
fn descr(dtype: DType) -> String {
    let order = match dtype.size() {
        1 => '|',
        _ if cfg!(target_endian = "big") => '>',
        _ => '<',
    };
    format!("{order}{}{}", &dtype.name()[..1], dtype.size())
}

/// Writes an array of any shape, in row-major order whatever its own is.
///
/// # Errors
/// Those of the writer.
pub fn write<T: Element, D: Dimension>(out: &mut impl Write, array: ArrayView<'_, T, D>) -> Result<()> {
    let shape: String = array.shape().iter().map(|length| format!("{length}, ")).collect();
    let header = format!("{{'descr': '{}', 'fortran_order': False, 'shape': ({shape}), }}", descr(T::DTYPE));
    // The elements begin at a multiple of 64 bytes, after magic number, version, length, header and line break.
    let length = (10 + header.len() + 1).next_multiple_of(64) - 10;
    out.write_all(MAGIC)?;
    out.write_all(&[1, 0])?;
    out.write_all(&(length as u16).to_le_bytes())?;
    out.write_all(format!("{header:<0$}\n", length - 1).as_bytes())?;
    let rows = array.as_standard_layout();
    out.write_all(bytemuck::cast_slice(rows.as_slice().unwrap_or_default()))
}

/// Reads the array of a file.
///
/// # Errors
/// Those of the file; `Unsupported` if its elements are not of type `T`; `InvalidData` if it is damaged.
pub fn read<T: Element>(path: impl AsRef<Path>) -> Result<ArrayD<T>> {
    let bytes = std::fs::read(path)?;
    let damaged = || Error::new(ErrorKind::InvalidData, "it is no whole .npy file");
    let (header, elements) = split(&bytes).ok_or_else(damaged)?;
    let value = |key: &str| header.split_once(key).map(|(_, rest)| rest.trim_start_matches([':', ' ']));
    let found = value("'descr'").and_then(|rest| rest.split('\'').nth(1)).ok_or_else(damaged)?;
    if found != descr(T::DTYPE) {
        let why = format!("its elements are {found}, not {} ({})", descr(T::DTYPE), T::DTYPE.name());
        return Err(Error::new(ErrorKind::Unsupported, why));
    }
    let columns = value("'fortran_order'").ok_or_else(damaged)?.starts_with("True");
    let shape =
        value("'shape'").and_then(|rest| rest.strip_prefix('(')?.split_once(')')).ok_or_else(damaged)?;
    let lengths = shape.0.split(',').map(str::trim).filter(|length| !length.is_empty()).map(str::parse);
    let shape: Vec<usize> = lengths.collect::<std::result::Result<_, _>>().map_err(|_| damaged())?;
    let parts = elements.chunks(size_of::<T>());
    let values: Vec<T> = parts
        .map(bytemuck::checked::try_pod_read_unaligned)
        .collect::<std::result::Result<_, _>>()
        .map_err(|_| damaged())?;
    ArrayD::from_shape_vec(IxDyn(&shape).set_f(columns), values).map_err(|_| damaged())
}

/// The header's text, and what comes after it.
fn split(file: &[u8]) -> Option<(&str, &[u8])> {
    let (version, rest) = file.strip_prefix(MAGIC)?.split_first_chunk::<2>()?;
    let (length, rest) = match version[0] {
        1 => rest.split_first_chunk().map(|(length, rest)| (u16::from_le_bytes(*length) as usize, rest))?,
        _ => rest.split_first_chunk().map(|(length, rest)| (u32::from_le_bytes(*length) as usize, rest))?,
    };
    let (header, elements) = rest.split_at_checked(length)?;
    Some((std::str::from_utf8(header).ok()?, elements))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array2, arr0, array};

    #[test]
    fn what_is_written_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("x.npy");
        let write = |bytes: &[u8]| std::fs::write(&file, bytes).unwrap();
        let x = array![[1.5f64, -2.0, f64::INFINITY], [0.0, 1e-300, 3.0]];
        let mut bytes = Vec::new();
        super::write(&mut bytes, x.t()).unwrap();
        // As NumPy 2 writes `np.save(file, x.T)` with `x.T` made contiguous.
        let header = b"\x93NUMPY\x01\0v\0{'descr': '<f8', 'fortran_order': False, 'shape': (3, 2, ), }";
        assert!(bytes.starts_with(header) && bytes.len() == 128 + 48 && bytes[127] == b'\n', "{bytes:?}");
        write(&bytes);
        assert_eq!(read::<f64>(&file).unwrap(), x.t().into_dyn());
        assert_eq!(read::<i32>(&file).unwrap_err().kind(), ErrorKind::Unsupported);
        for cut in [0, 5, 9, 60, 127, bytes.len() - 1] {
            write(&bytes[..cut]);
            assert_eq!(read::<f64>(&file).unwrap_err().kind(), ErrorKind::InvalidData, "{cut} bytes of it");
        }
        let mut scalar = Vec::new();
        super::write(&mut scalar, arr0(true).view()).unwrap();
        write(&scalar);
        assert_eq!(read::<bool>(&file).unwrap(), arr0(true).into_dyn());
        *scalar.last_mut().unwrap() = 2;
        write(&scalar);
        assert_eq!(read::<bool>(&file).unwrap_err().kind(), ErrorKind::InvalidData, "no bool is 2");
    }

    #[test]
    fn column_major_files_and_long_headers_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("x.npy");
        let header = b"{'descr': '|i1', 'fortran_order': True, 'shape': (2, 3)}\n";
        let bytes =
            [&b"\x93NUMPY\x03\0"[..], &(header.len() as u32).to_le_bytes(), header, &[1, 2, 3, 4, 5, 6]];
        std::fs::write(&file, bytes.concat()).unwrap();
        let read: Array2<i8> = read(&file).unwrap().into_dimensionality().unwrap();
        assert_eq!(read, array![[1, 3, 5], [2, 4, 6]]);
    }
}
