//! Sine transforms, by cosine transforms.

use super::cosine::{Family, one_axis, several, transformed, weighted, zeros};
use super::options::{Wave, along};
use super::rfft;
use crate::array::Array;
use crate::error::Result;
use crate::multimethod;
use crate::numpy::manipulation::numbers_beside;
use crate::numpy::{concat, imag, multiply, negative};
use std::f64::consts::SQRT_2;

multimethod! {
    domain "numpy.fft";

    /// The discrete sine transform along one axis, the last unless named, of type 1 to 4, 2 unless told; otherwise as
    /// [`dct()`](super::dct()).
    ///
    /// NumPy: `scipy.fft.dst(x, type, n, axis, norm)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use {polyarray_cpu as _, polyarray_cpu_fft as _};
    /// let x = Array::from([1.0, 1.0]);
    /// assert!(np::allclose(&np::fft::dst(&x, ())?, [8.0_f64.sqrt(), 0.0], ())?);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`dct()`](super::dct()).
    pub fn dst(x: &Array, wave: Wave) -> Result<Array> {
        one_axis("dst", x, wave, false, &SINES)
    }

    /// The inverse of [`dst()`] of the same type.
    ///
    /// NumPy: `scipy.fft.idst(x, type, n, axis, norm)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use {polyarray_cpu as _, polyarray_cpu_fft as _};
    /// let x = Array::from([8.0_f64.sqrt(), 0.0]);
    /// assert!(np::allclose(&np::fft::idst(&x, ())?, [1.0, 1.0], ())?);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`dct()`](super::dct()).
    pub fn idst(x: &Array, wave: Wave) -> Result<Array> {
        one_axis("idst", x, wave, true, &SINES)
    }

    /// [`dst()`] along several axes, all of them unless told.
    ///
    /// NumPy: `scipy.fft.dstn(x, type, s, axes, norm)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use {polyarray_cpu as _, polyarray_cpu_fft as _};
    /// let x = Array::from([[1.0, 1.0], [1.0, 1.0]]);
    /// assert!(np::allclose(&np::fft::dstn(&x, ())?, [[8.0, 0.0], [0.0, 0.0]], ())?);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`dct()`](super::dct()).
    pub fn dstn(x: &Array, wave: Wave) -> Result<Array> {
        several("dstn", x, wave, false, &SINES)
    }

    /// The inverse of [`dstn()`] of the same type.
    ///
    /// NumPy: `scipy.fft.idstn(x, type, s, axes, norm)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use {polyarray_cpu as _, polyarray_cpu_fft as _};
    /// let x = Array::from([[8.0, 0.0], [0.0, 0.0]]);
    /// assert!(np::allclose(&np::fft::idstn(&x, ())?, [[1.0, 1.0], [1.0, 1.0]], ())?);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`dct()`](super::dct()).
    pub fn idstn(x: &Array, wave: Wave) -> Result<Array> {
        several("idstn", x, wave, true, &SINES)
    }
}

const SINES: Family = Family { transform: sines, first_period: |n| 2 * (n + 1) };

/// Every second element of the last axis negated, from the second on.
fn alternating(x: &Array) -> Result<Array> {
    let n = x.shape()[x.ndim() - 1];
    multiply(x, &numbers_beside((0..n).map(|i| if i % 2 == 0 { 1.0 } else { -1.0 }), x.dtype(), x)?)
}

/// The transform along the last axis, without a factor; orthogonal up to one.
fn sines(x: &Array, kind: u8, orthogonal: bool) -> Result<Array> {
    let n = x.shape()[x.ndim() - 1];
    match kind {
        1 => {
            // Continued oddly: 0, x, 0, −x backwards.
            let mut shape = x.shape().to_vec();
            *shape.last_mut().expect("it has an axis") = 1;
            let zero = zeros(&shape, x)?;
            let odd = concat(&[zero.clone(), x.clone(), zero, negative(x)?.flip(-1)?], -1)?;
            negative(&imag(&rfft(&odd, along(-1))?.slice(format!("..., 1:{}", n + 1))?)?)
        }
        2 => {
            let sines = transformed(&alternating(x)?, 2, false)?.flip(-1)?;
            if orthogonal { weighted(&sines, &[n - 1], SQRT_2.recip()) } else { Ok(sines) }
        }
        3 => {
            let x = if orthogonal { weighted(x, &[n - 1], SQRT_2)? } else { x.clone() };
            alternating(&transformed(&x.flip(-1)?, 3, false)?)
        }
        _ => alternating(&transformed(&x.flip(-1)?, 4, false)?),
    }
}
