//! Bits as bytes, and back.

use super::elementwise::truth;
use super::manipulation::{along, cast, move_axis, pad, part};
use super::options::Along;
use super::{Count, Pad, arange, bitwise_and, bitwise_left_shift, bitwise_right_shift, sum};
use crate::array::Array;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::multimethod;

/// Which bit of a byte comes first: `()` for the highest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum BitOrder {
    /// The highest.
    #[default]
    Big,
    /// The lowest.
    Little,
}

impl From<()> for BitOrder {
    fn from((): ()) -> BitOrder {
        BitOrder::Big
    }
}

multimethod! {
    domain "numpy";

    /// The truth of eight elements along an axis (`()`: of the flattened array) as the bits of one uint8; the last byte is filled
    /// up with zeros.
    ///
    /// NumPy: `packbits(x, axis, bitorder)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let bits = Array::from([true, false, true, false, false, false, false, false]);
    /// assert_eq!(np::packbits(&bits, (), ())?.to_vec::<u8>()?, [0b1010_0000]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::DType`] for floats; [`Error::Axis`] out of range.
    pub fn packbits(x: &Array, axis: Along, order: BitOrder) -> Result<Array> {
        if x.dtype().kind() > crate::dtype::Kind::Int {
            return Err(refused("packbits", x, "it packs bools and integers"));
        }
        let (x, axis) = along("packbits", x, axis.0)?;
        let (n, last) = (x.shape()[axis], x.ndim() - 1);
        let bits = cast(&move_axis(&truth(&x)?, axis, last)?, DType::U8)?;
        let mut widths = vec![(0, 0); x.ndim()];
        widths[last] = (0, n.next_multiple_of(8) - n);
        let bits = pad(&bits, widths, Pad::from(()))?;
        let mut shape: Vec<usize> = bits.shape().to_vec();
        shape[last] = n.div_ceil(8);
        shape.push(8);
        let bits = bitwise_left_shift(&bits.reshape(shape)?, &places(order, &x)?)?;
        move_axis(&cast(&sum(&bits, -1)?, DType::U8)?, last, axis)
    }

    /// The bits of uint8 as 0 and 1, uint8, along an axis (`()`: of the flattened array), of which the result has the first
    /// `count` (`()`: all).
    ///
    /// NumPy: `unpackbits(x, axis, count, bitorder)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let bytes = Array::from([0b1010_0000_u8]);
    /// assert_eq!(np::unpackbits(&bytes, (), 4, ())?.to_vec::<u8>()?, [1, 0, 1, 0]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::DType`] for other than uint8; [`Error::Axis`] out of range.
    pub fn unpackbits(x: &Array, axis: Along, count: Count, order: BitOrder) -> Result<Array> {
        if x.dtype() != DType::U8 {
            return Err(refused("unpackbits", x, "it takes bytes: uint8"));
        }
        let (x, axis) = along("unpackbits", x, axis.0)?;
        let last = x.ndim() - 1;
        let bits = bitwise_right_shift(&move_axis(&x, axis, last)?.expand_dims(-1)?, &places(order, &x)?)?;
        let bits = bitwise_and(&bits, 1)?;
        let mut shape: Vec<usize> = bits.shape()[..=last].to_vec();
        shape[last] *= 8;
        let n = shape[last];
        let bits = bits.reshape(shape)?;
        let wanted = count.0.unwrap_or(n);
        let bits = if wanted <= n {
            part(&bits, last, 0, 1, wanted)?
        } else {
            let mut widths = vec![(0, 0); x.ndim()];
            widths[last] = (0, wanted - n);
            pad(&bits, widths, Pad::from(()))?
        };
        move_axis(&bits, last, axis)
    }
}

/// How far each bit of a byte is shifted.
fn places(order: BitOrder, x: &Array) -> Result<Array> {
    let places = arange(8, super::manipulation::alike(x, DType::U8))?;
    if order == BitOrder::Big { places.flip(0) } else { Ok(places) }
}

fn refused(op: &'static str, x: &Array, fix: &str) -> Error {
    Error::DType {
        op,
        operands: format!("an array of {}", x.dtype()),
        fix: format!("{fix}; cast with astype"),
    }
}
