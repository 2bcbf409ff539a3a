//! Transforms along several axes: one after the other.

use super::options::{Along, Over, along};
use super::{fft, ifft, irfft, rfft};
use crate::array::Array;
use crate::error::{Error, Result};
use crate::expr::axes::wrap_axis;
use crate::multimethod;

multimethod! {
    domain "numpy.fft";

    /// The discrete Fourier transform along several axes, all of them unless told; as [`fft()`] along each.
    ///
    /// NumPy: `fft.fftn(x, s, axes, norm)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use {polyarray_cpu as _, polyarray_cpu_fft as _};
    /// let x = Array::from([[1.0, 2.0], [3.0, 4.0]]);
    /// assert!(np::allclose(&np::fft::fftn(&x, ())?, [[10.0, -2.0], [-4.0, 0.0]], ())?);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`fft()`]; [`Error::Shape`](crate::Error::Shape) for another number of lengths than of axes.
    pub fn fftn(x: &Array, over: Over) -> Result<Array> {
        each(x, &steps("fftn", x, &over, None, false)?, |x, step| fft(x, step))
    }

    /// The inverse of [`fftn()`].
    ///
    /// NumPy: `fft.ifftn(x, s, axes, norm)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use {polyarray_cpu as _, polyarray_cpu_fft as _};
    /// let x = Array::from([[10.0, -2.0], [-4.0, 0.0]]);
    /// assert!(np::allclose(&np::fft::ifftn(&x, ())?, [[1.0, 2.0], [3.0, 4.0]], ())?);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`fftn()`].
    pub fn ifftn(x: &Array, over: Over) -> Result<Array> {
        each(x, &steps("ifftn", x, &over, None, false)?, |x, step| ifft(x, step))
    }

    /// The discrete Fourier transform of real numbers along several axes: [`rfft()`] along the last one, then [`fft()`] along
    /// the others.
    ///
    /// NumPy: `fft.rfftn(x, s, axes, norm)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use {polyarray_cpu as _, polyarray_cpu_fft as _};
    /// let x = Array::from([[1.0, 2.0, 3.0], [1.0, 2.0, 3.0]]);
    /// let y = np::fft::rfftn(&x, ())?;
    /// assert_eq!(y.shape(), [2, 2]);
    /// // The sum of all, and that of the first row less that of the second one.
    /// assert!(np::allclose(&y.slice(":, 0")?, [12.0, 0.0], ())?);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`fftn()`] and [`rfft()`].
    pub fn rfftn(x: &Array, over: Over) -> Result<Array> {
        real_first(x, &steps("rfftn", x, &over, None, false)?)
    }

    /// The inverse of [`rfftn()`]: [`ifft()`] along all axes but the last one, then [`irfft()`]. The last length is 2 (m − 1)
    /// unless told.
    ///
    /// NumPy: `fft.irfftn(x, s, axes, norm)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use {polyarray_cpu as _, polyarray_cpu_fft as _};
    /// let x = Array::from([[10.0, -2.0], [-4.0, 0.0]]);
    /// assert!(np::allclose(&np::fft::irfftn(&x, ())?, [[1.0, 2.0], [3.0, 4.0]], ())?);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`fftn()`].
    pub fn irfftn(x: &Array, over: Over) -> Result<Array> {
        real_last(x, &steps("irfftn", x, &over, None, true)?)
    }

    /// [`fftn()`] along the last two axes, unless others are named.
    ///
    /// NumPy: `fft.fft2(x, s, axes, norm)`.
    ///
    /// ```
    /// use polyarray_core::numpy as np;
    /// # use {polyarray_cpu as _, polyarray_cpu_fft as _};
    /// let images = np::ones([3, 2, 2], ())?;
    /// let y = np::fft::fft2(&images, ())?;
    /// assert_eq!(y.shape(), [3, 2, 2]);
    /// assert!(np::allclose(&y, [[4.0, 0.0], [0.0, 0.0]], ())?);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`fftn()`].
    pub fn fft2(x: &Array, over: Over) -> Result<Array> {
        each(x, &steps("fft2", x, &over, Some([-2, -1]), false)?, |x, step| fft(x, step))
    }

    /// The inverse of [`fft2()`].
    ///
    /// NumPy: `fft.ifft2(x, s, axes, norm)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use {polyarray_cpu as _, polyarray_cpu_fft as _};
    /// let x = Array::from([[4.0, 0.0], [0.0, 0.0]]);
    /// assert!(np::allclose(&np::fft::ifft2(&x, ())?, [[1.0, 1.0], [1.0, 1.0]], ())?);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`fftn()`].
    pub fn ifft2(x: &Array, over: Over) -> Result<Array> {
        each(x, &steps("ifft2", x, &over, Some([-2, -1]), false)?, |x, step| ifft(x, step))
    }

    /// [`rfftn()`] along the last two axes, unless others are named.
    ///
    /// NumPy: `fft.rfft2(x, s, axes, norm)`.
    ///
    /// ```
    /// use polyarray_core::numpy as np;
    /// # use {polyarray_cpu as _, polyarray_cpu_fft as _};
    /// let images = np::ones([3, 4, 6], ())?;
    /// assert_eq!(np::fft::rfft2(&images, ())?.shape(), [3, 4, 4]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`rfftn()`].
    pub fn rfft2(x: &Array, over: Over) -> Result<Array> {
        real_first(x, &steps("rfft2", x, &over, Some([-2, -1]), false)?)
    }

    /// The inverse of [`rfft2()`].
    ///
    /// NumPy: `fft.irfft2(x, s, axes, norm)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use {polyarray_cpu as _, polyarray_cpu_fft as _};
    /// let x = Array::from([[4.0, 0.0], [0.0, 0.0]]);
    /// assert!(np::allclose(&np::fft::irfft2(&x, ())?, [[1.0, 1.0], [1.0, 1.0]], ())?);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`irfftn()`].
    pub fn irfft2(x: &Array, over: Over) -> Result<Array> {
        real_last(x, &steps("irfft2", x, &over, Some([-2, -1]), true)?)
    }
}

/// The transforms along single axes, in the order of the axes. With `to_real` the last length that is not given is left to
/// the transform.
pub(super) fn steps(
    op: &'static str,
    x: &Array,
    over: &Over,
    default: Option<[isize; 2]>,
    to_real: bool,
) -> Result<Vec<Along>> {
    let n = x.ndim() as isize;
    let axes: Vec<isize> = match (&over.axes, &over.s, default) {
        (Some(axes), ..) => axes.to_vec(),
        (None, _, Some(axes)) => axes.to_vec(),
        (None, Some(s), None) => (-(s.len() as isize)..0).collect(),
        (None, None, None) => (0..n).collect(),
    };
    let bad = |fix: &str| Error::Shape {
        op,
        operands: format!("x: {:?}, s: {:?}, axes {axes:?}", x.shape(), over.s),
        fix: fix.into(),
    };
    if over.s.as_ref().is_some_and(|s| s.len() != axes.len()) {
        return Err(bad("give one length for each axis"));
    }
    if axes.is_empty() && to_real {
        return Err(bad("name at least one axis"));
    }
    let mut steps = Vec::new();
    for (i, &axis) in axes.iter().enumerate() {
        wrap_axis(op, axis, x.ndim())?;
        let length = match over.s.as_ref().map(|s| s[i]) {
            Some(-1) | None => None,
            Some(n) => {
                Some(usize::try_from(n).map_err(|_| bad("lengths are 1 or more, or -1 for what there is"))?)
            }
        };
        steps.push(Along { n: length, ..along(axis).norm(over.norm) });
    }
    Ok(steps)
}

/// Along each axis, the last one first.
fn each(x: &Array, steps: &[Along], transform: impl Fn(&Array, Along) -> Result<Array>) -> Result<Array> {
    if steps.is_empty() {
        return super::transform::as_complex(x);
    }
    steps.iter().rev().try_fold(x.clone(), |x, &step| transform(&x, step))
}

fn real_first(x: &Array, steps: &[Along]) -> Result<Array> {
    let Some((last, others)) = steps.split_last() else {
        return Err(Error::Shape {
            op: "rfftn",
            operands: format!("x: {:?}", x.shape()),
            fix: "name at least one axis".into(),
        });
    };
    let half = rfft(x, *last)?;
    if others.is_empty() { Ok(half) } else { each(&half, others, |x, step| fft(x, step)) }
}

fn real_last(x: &Array, steps: &[Along]) -> Result<Array> {
    let Some((last, others)) = steps.split_last() else { return super::transform::as_complex(x) };
    let whole = if others.is_empty() { x.clone() } else { each(x, others, |x, step| ifft(x, step))? };
    irfft(&whole, *last)
}
