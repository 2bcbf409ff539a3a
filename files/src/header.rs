//! The header of a `.npy` file: a magic string, a version, and a Python dictionary of three entries.

use crate::error::{FileError, Result};
use polyarray_core::DType;
use std::io::Read;

const MAGIC: &[u8; 6] = b"\x93NUMPY";
/// NumPy aligns the data to this many bytes.
const ALIGNMENT: usize = 64;
/// Headers of plain dtypes are far shorter; what claims more is damaged.
const LONGEST: usize = 1 << 20;

/// What a header says.
#[derive(Debug, PartialEq)]
pub struct Header {
    /// The dtype.
    pub dtype: DType,
    /// The bytes of each number are in big-endian order.
    pub big_endian: bool,
    /// The first index changes fastest.
    pub fortran_order: bool,
    /// Lengths of the axes.
    pub shape: Vec<usize>,
    /// Bytes of the header, from the beginning of the file.
    pub bytes: usize,
}

fn bad(what: impl Into<String>) -> FileError {
    FileError::Format(what.into())
}

/// The letter of a kind of dtype in NumPy's notation.
fn letter(dtype: DType) -> char {
    match dtype {
        DType::Bool => 'b',
        d if d.is_complex() => 'c',
        d if d.is_float() => 'f',
        d if d.is_unsigned() => 'u',
        _ => 'i',
    }
}

impl Header {
    /// Reads the header; the reader stands at the data then.
    pub fn read(reader: &mut impl Read) -> Result<Header> {
        let mut start = [0; 8];
        reader.read_exact(&mut start)?;
        if &start[..6] != MAGIC {
            return Err(bad("no .npy file: it does not begin with \\x93NUMPY"));
        }
        let wide = match start[6] {
            1 => false,
            2 | 3 => true,
            version => return Err(bad(format!("version {version} of the format is not known"))),
        };
        let mut length = [0; 4];
        reader.read_exact(&mut length[..if wide { 4 } else { 2 }])?;
        let length = u32::from_le_bytes(length) as usize;
        if length > LONGEST {
            return Err(bad(format!("a header of {length} bytes")));
        }
        let mut text = vec![0; length];
        reader.read_exact(&mut text)?;
        let text = String::from_utf8(text).map_err(|_| bad("the header is no text"))?;
        let bytes = 8 + if wide { 4 } else { 2 } + length;
        Ok(Header { bytes, ..Header::parse(text.trim())? })
    }

    fn parse(text: &str) -> Result<Header> {
        let value = |key: &str| -> Result<&str> {
            let after =
                text.split_once(&format!("'{key}'")).or_else(|| text.split_once(&format!("\"{key}\"")));
            let value = after.and_then(|(_, rest)| rest.trim_start().strip_prefix(':'));
            value.map(str::trim_start).ok_or_else(|| bad(format!("the header has no {key}: {text}")))
        };
        let descr = value("descr")?;
        let Some(quoted) = descr.strip_prefix(['\'', '"']).and_then(|rest| rest.split(['\'', '"']).next())
        else {
            return Err(bad(format!("a structured dtype has no counterpart: {descr}")));
        };
        let mut rest = quoted.chars();
        let order = rest.next().unwrap_or(' ');
        let rest = rest.as_str();
        let fits = |d: &DType| rest == format!("{}{}", letter(*d), d.size());
        let dtype = polyarray_core::dtype::DTYPES.into_iter().find(fits);
        let dtype = dtype.ok_or_else(|| bad(format!("the dtype {quoted} has no counterpart")))?;
        let big_endian = match order {
            '<' | '|' => false,
            '=' => cfg!(target_endian = "big"),
            '>' => true,
            _ => return Err(bad(format!("the dtype {quoted} has no byte order"))),
        };
        let fortran_order = match value("fortran_order")? {
            order if order.starts_with("True") => true,
            order if order.starts_with("False") => false,
            order => return Err(bad(format!("fortran_order is neither True nor False: {order}"))),
        };
        let lengths =
            value("shape")?.strip_prefix('(').and_then(|rest| rest.split_once(')')).map(|(inner, _)| inner);
        let lengths = lengths.ok_or_else(|| bad(format!("the shape is no tuple: {text}")))?;
        let shape = lengths
            .split(',')
            .map(str::trim)
            .filter(|length| !length.is_empty())
            .map(|length| {
                length
                    .trim_end_matches('L')
                    .parse()
                    .map_err(|_| bad(format!("{length} is no length of an axis")))
            })
            .collect::<Result<_>>()?;
        Ok(Header { dtype, big_endian, fortran_order, shape, bytes: 0 })
    }

    /// Number of elements.
    pub fn len(&self) -> Result<usize> {
        let product = self.shape.iter().try_fold(1_usize, |n, &d| n.checked_mul(d));
        let bytes =
            product.and_then(|n| n.checked_mul(self.dtype.size())).filter(|&n| n <= isize::MAX as usize);
        product
            .filter(|_| bytes.is_some())
            .ok_or_else(|| bad(format!("no memory has room for {:?}", self.shape)))
    }

    /// The header of a row-major array, as bytes.
    pub fn write(dtype: DType, shape: &[usize]) -> Vec<u8> {
        let order = if dtype.size() == 1 { '|' } else { '<' };
        let lengths: Vec<String> = shape.iter().map(ToString::to_string).collect();
        let comma = if shape.len() == 1 { "," } else { "" };
        let mut text = format!(
            "{{'descr': '{order}{}{}', 'fortran_order': False, 'shape': ({}{comma}), }}",
            letter(dtype),
            dtype.size(),
            lengths.join(", ")
        );
        let prefix = MAGIC.len() + 4;
        // Spaces up to the line feed that ends the header.
        let total = (prefix + text.len() + 1).next_multiple_of(ALIGNMENT);
        text.extend(std::iter::repeat_n(' ', total - prefix - text.len() - 1));
        text.push('\n');
        let length = u16::try_from(text.len()).expect("64 axes fit");
        [&MAGIC[..], &[1, 0], &length.to_le_bytes(), text.as_bytes()].concat()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        for (dtype, shape) in [(DType::F32, vec![]), (DType::Bool, vec![3]), (DType::C128, vec![2, 0, 5])] {
            let bytes = Header::write(dtype, &shape);
            assert_eq!(bytes.len() % ALIGNMENT, 0);
            let read = Header::read(&mut &bytes[..]).unwrap();
            let want = Header { dtype, big_endian: false, fortran_order: false, shape, bytes: bytes.len() };
            assert_eq!(read, want);
        }
    }

    #[test]
    fn damaged_headers_are_errors() {
        for text in [
            "",
            "{}",
            "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,)}",
            "{'descr': '<U8', 'fortran_order': False, 'shape': (1,)}",
            "{'descr': '<f4', 'fortran_order': 0, 'shape': (1,)}",
            "{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)}",
            "{'descr': '<f4', 'fortran_order': False, 'shape': 3}",
        ] {
            assert!(Header::parse(text).is_err(), "{text}");
        }
        assert!(Header::read(&mut &b"\x93NUMPY\x09\x00\x00\x00"[..]).is_err());
        assert!(Header::read(&mut &b"\x93NUMPY\x02\x00\xff\xff\xff\xff"[..]).is_err());
        let huge =
            Header::parse("{'descr': '<f8', 'fortran_order': False, 'shape': (4294967296, 4294967296)}");
        assert!(huge.unwrap().len().is_err());
    }
}
