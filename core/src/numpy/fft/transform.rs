//! The discrete Fourier transform along one axis.

use super::options::Along;
use crate::array::Array;
use crate::array::spec::{Outputs, Spec, output, record_one};
use crate::dispatch::{Cx, Registrar};
use crate::dtype::{DType, Kind};
use crate::error::{Error, Result};
use crate::multimethod;
use crate::numpy::creation::float_beside;
use crate::numpy::rows::Rows;
use crate::numpy::{Answer, astype, conj};

multimethod! {
    domain "numpy.fft";

    /// The discrete Fourier transform along an axis, Σ xⱼ · exp(−2πi jk / n): complex, of the length n of the axis or of
    /// the one that is given, to which `x` is cropped or filled up with zeros. float16 and float32 give complex64, integers
    /// the complex of the device's default float.
    ///
    /// NumPy: `fft.fft(x, n, axis, norm)`.
    ///
    /// # Errors
    /// [`Error::Axis`](crate::Error::Axis); [`Error::Shape`](crate::Error::Shape) for no points.
    pub fn fft(x: &Array, along: Along) -> Result<Array>;

    /// The inverse of [`fft()`].
    ///
    /// NumPy: `fft.ifft(x, n, axis, norm)`.
    ///
    /// # Errors
    /// Those of [`fft()`].
    pub fn ifft(x: &Array, along: Along) -> Result<Array>;

    /// The discrete Fourier transform of real numbers: the first n / 2 + 1 elements of [`fft()`], of which the others are the
    /// conjugates.
    ///
    /// NumPy: `fft.rfft(x, n, axis, norm)`.
    ///
    /// # Errors
    /// Those of [`fft()`]; [`Error::DType`](crate::Error::DType) for complex numbers.
    pub fn rfft(x: &Array, along: Along) -> Result<Array>;

    /// The inverse of [`rfft()`]: n real numbers, 2 (m − 1) for m elements unless told. Imaginary parts that a transform of
    /// real numbers does not have are not read.
    ///
    /// NumPy: `fft.irfft(x, n, axis, norm)`.
    ///
    /// # Errors
    /// Those of [`fft()`].
    pub fn irfft(x: &Array, along: Along) -> Result<Array>;

    /// The discrete Fourier transform of n numbers of which the first n / 2 + 1 are given and the others are their
    /// conjugates: real. n is 2 (m − 1) for m elements unless told.
    ///
    /// NumPy: `fft.hfft(x, n, axis, norm)`.
    ///
    /// # Errors
    /// Those of [`fft()`].
    pub fn hfft(x: &Array, along: Along) -> Result<Array> {
        let x = if x.dtype().is_complex() { conj(x)? } else { x.clone() };
        irfft(&x, along.norm(along.norm.swapped()))
    }

    /// The inverse of [`hfft()`], of real numbers: the first n / 2 + 1 elements.
    ///
    /// NumPy: `fft.ihfft(x, n, axis, norm)`.
    ///
    /// # Errors
    /// Those of [`rfft()`].
    pub fn ihfft(x: &Array, along: Along) -> Result<Array> {
        conj(&rfft(x, along.norm(along.norm.swapped()))?)
    }
}

/// Between what a transform goes, and its sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Transform {
    /// Complex to complex, exp(−2πi jk / n).
    Forward,
    /// Complex to complex, exp(2πi jk / n).
    Backward,
    /// `Forward` of real numbers: the first n / 2 + 1 elements.
    RealForward,
    /// `Backward` of the first n / 2 + 1 elements to real numbers. The imaginary parts of the first, and for an even n of the
    /// last one, count as 0.
    RealBackward,
}

/// Transforms of rows. The operand is (rows, given) with any strides; what a row lacks of its elements is 0. The result is
/// dense.
#[derive(Clone, Debug, PartialEq)]
pub struct Fft {
    /// Number of rows.
    pub rows: usize,
    /// Points: n.
    pub len: usize,
    /// Elements of a row of the operand: no more than the transform reads.
    pub given: usize,
    /// The complex dtype; its real one is that of real operands and results.
    pub dtype: DType,
    /// What is computed.
    pub transform: Transform,
    /// What the result is multiplied by.
    pub scale: f64,
}

impl Fft {
    /// Elements that a row of the operand may have, and those of a row of the result.
    pub fn lengths(&self) -> [usize; 2] {
        let half = self.len / 2 + 1;
        match self.transform {
            Transform::Forward | Transform::Backward => [self.len, self.len],
            Transform::RealForward => [self.len, half],
            Transform::RealBackward => [half, self.len],
        }
    }
}

impl Spec for Fft {
    const NAME: &'static str = "fft";

    fn name(&self) -> &'static str {
        match self.transform {
            Transform::Forward => "fft",
            Transform::Backward => "ifft",
            Transform::RealForward => "rfft",
            Transform::RealBackward => "irfft",
        }
    }

    fn outputs(&self) -> Outputs {
        let dtype = if self.transform == Transform::RealBackward { self.dtype.real() } else { self.dtype };
        output([self.rows, self.lengths()[1]].as_slice(), dtype)
    }
}

/// The float that an array is transformed in.
pub(super) fn float(x: &Array) -> Result<DType> {
    Ok(match x.dtype() {
        DType::F16 => DType::F32,
        dtype if dtype.kind() >= Kind::Float => dtype.real(),
        _ => float_beside(x)?,
    })
}

pub(super) fn complex(float: DType) -> DType {
    if float == DType::F64 { DType::C128 } else { DType::C64 }
}

/// The dtype of the operand, if it has another one.
fn wanted(x: &Array, transform: Transform) -> Result<Option<DType>> {
    let float = float(x)?;
    let dtype = if transform == Transform::RealForward { float } else { complex(float) };
    if transform == Transform::RealForward && x.dtype().is_complex() {
        return Err(Error::DType {
            op: "rfft",
            operands: format!("an array of {}", x.dtype()),
            fix: "it transforms real numbers; use fft, or real(x)".into(),
        });
    }
    Ok((x.dtype() != dtype).then_some(dtype))
}

fn transformed(op: &'static str, cx: Cx, x: &Array, along: Along, transform: Transform) -> Answer {
    if x.ndim() == 0 {
        let fix = "a transform is one along an axis";
        return Err(Error::Axis { op, axis: along.axis, ndim: 0, fix }.into());
    }
    let rows = Rows::of(op, x, along.axis)?;
    let len = match (along.n, transform) {
        (Some(n), _) => n,
        (None, Transform::RealBackward) => rows.len.saturating_sub(1).saturating_mul(2),
        (None, _) => rows.len,
    };
    if len == 0 {
        return Err(Error::Shape {
            op,
            operands: format!("x: {:?}, axis {}, n: {:?}", x.shape(), along.axis, along.n),
            fix: "a transform has at least one point".into(),
        }
        .into());
    }
    let dtype = complex(x.dtype().real());
    let backwards = matches!(transform, Transform::Backward | Transform::RealBackward);
    let scale = along.norm.scale(len, backwards);
    let mut spec = Fft { rows: rows.count, len, given: 0, dtype, transform, scale };
    let [most, out] = spec.lengths();
    spec.given = rows.len.min(most);
    let given = rows.matrix.slice(format!(":, :{}", spec.given))?;
    let result = record_one(cx, spec, &[&given])?;
    Ok(rows.restore_as(&result, out)?)
}

pub(super) fn register(r: &mut Registrar<'_>, kind: &str) {
    macro_rules! transforms {
        ($($f:ident $transform:ident;)*) => { $(
            r.register::<$f>(kind, |cx: Cx, x: &Array, along: Along| -> Answer {
                // The call again, so that a dtype falls back that the device holds.
                match wanted(x, Transform::$transform)? {
                    Some(dtype) => Ok($f(&astype(x, dtype)?, along)?),
                    None => transformed(stringify!($f), cx, x, along, Transform::$transform),
                }
            });
        )* };
    }
    transforms! { fft Forward; ifft Backward; rfft RealForward; irfft RealBackward; }
}

/// In the complex dtype of a transform along no axis.
pub(super) fn as_complex(x: &Array) -> Result<Array> {
    let dtype = complex(float(x)?);
    if x.dtype() == dtype { Ok(x.clone()) } else { astype(x, dtype) }
}
