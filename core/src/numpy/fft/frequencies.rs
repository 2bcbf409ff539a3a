//! The frequencies that the elements of a transform belong to.

use crate::array::Array;
use crate::error::{Error, Result};
use crate::numpy::{Create, arange, astype, greater_equal, multiply, subtract, where_};

/// The frequencies of the n elements of a transform of samples `d` apart, in cycles: 0, 1, …, −2, −1 over `n · d`, by default
/// in the device's default float dtype.
///
/// NumPy: `fft.fftfreq(n, d)`.
///
/// ```
/// use polyarray_core::numpy as np;
/// # use {polyarray_cpu as _, polyarray_cpu_fft as _};
/// assert_eq!(np::fft::fftfreq(4, 0.5, ())?.to_vec::<f64>()?, [0.0, 0.5, -1.0, -0.5]);
/// # Ok::<(), polyarray_core::Error>(())
/// ```
///
/// # Errors
/// [`Error::Shape`] for no elements; an unknown device; [`Error::TooLarge`].
pub fn fftfreq(n: usize, d: f64, create: impl Into<Create>) -> Result<Array> {
    spaced("fftfreq", n, n, d, create.into())
}

/// The frequencies of the n / 2 + 1 elements of a transform of n real samples `d` apart: 0, 1, …, n / 2 over `n · d`.
///
/// NumPy: `fft.rfftfreq(n, d)`.
///
/// ```
/// use polyarray_core::numpy as np;
/// # use {polyarray_cpu as _, polyarray_cpu_fft as _};
/// assert_eq!(np::fft::rfftfreq(4, 0.5, ())?.to_vec::<f64>()?, [0.0, 0.5, 1.0]);
/// # Ok::<(), polyarray_core::Error>(())
/// ```
///
/// # Errors
/// Those of [`fftfreq()`].
pub fn rfftfreq(n: usize, d: f64, create: impl Into<Create>) -> Result<Array> {
    spaced("rfftfreq", n, n / 2 + 1, d, create.into())
}

fn spaced(op: &'static str, n: usize, count: usize, d: f64, mut create: Create) -> Result<Array> {
    if n == 0 {
        let fix = "a transform has at least one element".into();
        return Err(Error::Shape { op, operands: "n = 0".into(), fix });
    }
    let dtype = create.dtype.take();
    let i = arange(count, create)?;
    let signed = match count == n {
        true => where_(&greater_equal(&i, n.div_ceil(2) as i64)?, &subtract(&i, n as i64)?, &i)?,
        false => i,
    };
    let float = dtype.map_or_else(|| crate::numpy::creation::float_beside(&signed), Ok)?;
    multiply(&astype(&signed, float)?, 1.0 / (n as f64 * d))
}
