//! What a dtype holds, and which it may be cast to.

use crate::dtype::{DType, Kind, promote, promote_all};
use crate::error::{Error, Result};

/// The common dtype of several arrays or dtypes.
///
/// NumPy: `result_type(*dtypes)`.
///
/// ```
/// use polyarray_core::DType;
/// use polyarray_core::numpy::result_type;
/// assert_eq!(result_type([DType::I8, DType::U8])?, DType::I16);
/// # Ok::<(), polyarray_core::Error>(())
/// ```
///
/// # Errors
/// [`Error::Argument`] for none.
pub fn result_type(dtypes: impl IntoIterator<Item = DType>) -> Result<DType> {
    promote_all(dtypes).ok_or_else(|| Error::Argument {
        op: "result_type",
        operands: "no dtypes".into(),
        fix: "give at least one".into(),
    })
}

/// Does every value of a dtype have its like in another one, as promotion sees it?
///
/// NumPy: `can_cast(from, to)`.
///
/// ```
/// use polyarray_core::DType::{F32, I32, I64};
/// use polyarray_core::numpy::can_cast;
/// assert!(can_cast(I32, I64) && !can_cast(I32, F32));
/// ```
pub fn can_cast(from: DType, to: DType) -> bool {
    promote(from, to) == to
}

/// The limits of a float dtype, or of the parts of a complex one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FloatInfo {
    /// The dtype of the parts.
    pub dtype: DType,
    /// Bits that an element takes.
    pub bits: u32,
    /// The difference between 1 and the next larger number.
    pub eps: f64,
    /// The largest finite number.
    pub max: f64,
    /// The smallest finite number.
    pub min: f64,
    /// The smallest positive number of full precision.
    pub smallest_normal: f64,
    /// The smallest positive number.
    pub smallest_subnormal: f64,
}

/// The limits of a float dtype, or of the parts of a complex one.
///
/// NumPy: `finfo(dtype)`.
///
/// ```
/// use polyarray_core::{DType, numpy::finfo};
/// assert_eq!(finfo(DType::F32)?.eps, f64::from(f32::EPSILON));
/// # Ok::<(), polyarray_core::Error>(())
/// ```
///
/// # Errors
/// [`Error::DType`] for bool and integers.
pub fn finfo(dtype: DType) -> Result<FloatInfo> {
    if dtype.kind() < Kind::Float {
        return Err(Error::DType {
            op: "finfo",
            operands: dtype.name().into(),
            fix: "it describes floats; integers are described by iinfo".into(),
        });
    }
    let real = dtype.real();
    // Bits of the fraction, and the exponent of the smallest normal number.
    let (fraction, least) = match real {
        DType::F16 => (10, -14),
        DType::F32 => (23, -126),
        _ => (52, -1022),
    };
    let eps = 2_f64.powi(-fraction);
    let max = (2.0 - eps) * 2_f64.powi(1 - least);
    let smallest_normal = 2_f64.powi(least);
    Ok(FloatInfo {
        dtype: real,
        bits: 8 * real.size() as u32,
        eps,
        max,
        min: -max,
        smallest_normal,
        smallest_subnormal: smallest_normal * eps,
    })
}

/// The limits of an integer dtype.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IntInfo {
    /// The dtype.
    pub dtype: DType,
    /// Bits that an element takes.
    pub bits: u32,
    /// The smallest integer.
    pub min: i128,
    /// The largest integer.
    pub max: i128,
}

/// The limits of an integer dtype.
///
/// NumPy: `iinfo(dtype)`.
///
/// ```
/// use polyarray_core::{DType, numpy::iinfo};
/// assert_eq!(iinfo(DType::I8)?.min, -128);
/// # Ok::<(), polyarray_core::Error>(())
/// ```
///
/// # Errors
/// [`Error::DType`] for anything but integers.
pub fn iinfo(dtype: DType) -> Result<IntInfo> {
    if !dtype.is_int() {
        return Err(Error::DType {
            op: "iinfo",
            operands: dtype.name().into(),
            fix: "it describes integers; floats are described by finfo".into(),
        });
    }
    let bits = 8 * dtype.size() as u32;
    let (min, max) = if dtype.is_unsigned() {
        (0, (1_i128 << bits) - 1)
    } else {
        (-(1_i128 << (bits - 1)), (1_i128 << (bits - 1)) - 1)
    };
    Ok(IntInfo { dtype, bits, min, max })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_those_of_the_formats() {
        let f32s = finfo(DType::C64).unwrap();
        assert_eq!((f32s.dtype, f32s.max), (DType::F32, f64::from(f32::MAX)));
        assert_eq!(f32s.smallest_normal, f64::from(f32::MIN_POSITIVE));
        assert_eq!(f32s.smallest_subnormal, f64::from(f32::from_bits(1)));
        let f64s = finfo(DType::F64).unwrap();
        assert_eq!((f64s.eps, f64s.max, f64s.smallest_normal), (f64::EPSILON, f64::MAX, f64::MIN_POSITIVE));
        assert_eq!(f64s.smallest_subnormal, f64::from_bits(1));
        assert_eq!(finfo(DType::F16).unwrap().max, 65504.0);
        assert_eq!(iinfo(DType::U64).unwrap().max, i128::from(u64::MAX));
        assert!(finfo(DType::I8).is_err() && iinfo(DType::Bool).is_err());
    }
}
