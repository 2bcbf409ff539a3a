//! The order of the elements of a transform.

use crate::array::Array;
use crate::error::Result;
use crate::expr::axes::wrap_axes;
use crate::multimethod;
use crate::numpy::rows::move_axis;
use crate::numpy::{Reduce, concat};

multimethod! {
    domain "numpy.fft";

    /// The elements along axes, all for `()`, rotated so that frequency 0 comes to the middle.
    ///
    /// NumPy: `fft.fftshift(x, axes)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use {polyarray_cpu as _, polyarray_cpu_fft as _};
    /// let frequencies = Array::from([0.0, 1.0, 2.0, -2.0, -1.0]);
    /// assert_eq!(np::fft::fftshift(&frequencies, ())?.to_vec::<f64>()?, [-2.0, -1.0, 0.0, 1.0, 2.0]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Axis`](crate::Error::Axis).
    pub fn fftshift(x: &Array, axes: Reduce) -> Result<Array> {
        rotated("fftshift", x, &axes, |n| n.div_ceil(2))
    }

    /// The inverse of [`fftshift()`].
    ///
    /// NumPy: `fft.ifftshift(x, axes)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use {polyarray_cpu as _, polyarray_cpu_fft as _};
    /// let frequencies = Array::from([-2.0, -1.0, 0.0, 1.0, 2.0]);
    /// assert_eq!(np::fft::ifftshift(&frequencies, ())?.to_vec::<f64>()?, [0.0, 1.0, 2.0, -2.0, -1.0]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Axis`](crate::Error::Axis).
    pub fn ifftshift(x: &Array, axes: Reduce) -> Result<Array> {
        rotated("ifftshift", x, &axes, |n| n / 2)
    }
}

/// What is at `first` comes to the front.
fn rotated(op: &'static str, x: &Array, axes: &Reduce, first: fn(usize) -> usize) -> Result<Array> {
    let all: Vec<isize> = (0..x.ndim() as isize).collect();
    let axes = wrap_axes(op, axes.axes.as_deref().unwrap_or(&all), x.ndim())?;
    axes.iter().try_fold(x.clone(), |x, &axis| {
        let at = first(x.shape()[axis]);
        if at == 0 || at == x.shape()[axis] {
            return Ok(x);
        }
        let last = move_axis(&x, axis as isize, -1)?;
        let parts = [last.slice(format!("..., {at}:"))?, last.slice(format!("..., :{at}"))?];
        move_axis(&concat(&parts, -1)?, -1, axis as isize)
    })
}
