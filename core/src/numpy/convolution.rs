//! Convolution and correlation of vectors; windows that slide over an array.

use super::manipulation::{Count, common, pad, part, strong};
use super::options::Axis;
use super::{conj, matmul, stack};
use crate::array::Array;
use crate::error::{Error, Result};
use crate::expr::axes::wrap_axis;
use crate::multimethod;

/// Which elements [`convolve()`] and [`correlate()`] give.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// All where both overlap: as many as both have, less one.
    Full,
    /// As many as the longer one has, from the middle.
    Same,
    /// Those where the shorter one lies within the longer one.
    Valid,
}

multimethod! {
    domain "numpy";

    /// The convolution of two vectors: Σ aₖ·vₙ₋ₖ. NumPy's default is [`Mode::Full`]. One axis; the dtype is the
    /// promoted one.
    ///
    /// NumPy: `convolve(a, v, mode)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let a = Array::from([1.0, 2.0, 3.0]);
    /// let y = np::convolve(&a, [0.0, 1.0, 0.5], np::Mode::Full)?;
    /// assert_eq!(y.to_vec::<f64>()?, [0.0, 1.0, 2.5, 4.0, 1.5]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Shape`] for other than one axis, or a vector without elements.
    pub fn convolve(a: &Array, v: &Array, mode: Mode) -> Result<Array> {
        let (a, v) = vectors("convolve", a, v)?;
        // The windows slide over the longer one.
        let (a, v) = if v.len() > a.len() { (v, a) } else { (a, v) };
        slid(&a, &v.flip(0)?, mode)
    }

    /// The cross-correlation of two vectors: Σ aₙ₊ₖ·conj(vₖ). NumPy's default is [`Mode::Valid`]. One axis; the dtype
    /// is the promoted one.
    ///
    /// NumPy: `correlate(a, v, mode)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let a = Array::from([1.0, 2.0, 3.0]);
    /// let y = np::correlate(&a, [0.0, 1.0, 0.5], np::Mode::Valid)?;
    /// assert_eq!(y.to_vec::<f64>()?, [3.5]); // 2 · 1 + 3 · 0.5
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`convolve()`].
    pub fn correlate(a: &Array, v: &Array, mode: Mode) -> Result<Array> {
        let (a, v) = vectors("correlate", a, v)?;
        let v = if v.dtype().is_complex() { conj(&v)? } else { v };
        if v.len() > a.len() {
            return slid(&v, &a, mode)?.flip(0);
        }
        slid(&a, &v, mode)
    }

    /// The windows of a length (`()`: that of the axis) along an axis, one element apart, as a last axis: a view.
    ///
    /// NumPy: `lib.stride_tricks.sliding_window_view(x, window, axis)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let windows = np::sliding_window_view(&Array::from([1, 2, 3, 4]), 3, 0)?;
    /// assert_eq!(windows.shape(), [2, 3]);
    /// assert_eq!(windows.to_vec::<i32>()?, [1, 2, 3, 2, 3, 4]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Shape`] for windows of no elements, or longer than the axis; [`Error::Axis`] out of range.
    pub fn sliding_window_view(x: &Array, window: Count, axis: Axis) -> Result<Array> {
        let x = strong(x)?;
        let axis = wrap_axis("sliding_window_view", axis.0, x.ndim())?;
        let n = x.shape()[axis];
        let window = window.0.unwrap_or(n);
        if window == 0 || window > n {
            return Err(Error::Shape {
                op: "sliding_window_view",
                operands: format!("windows of {window} along axis {axis} of shape {:?}", x.shape()),
                fix: "windows have at least one element, and no more than the axis".into(),
            });
        }
        if let Some(windows) = x.windows(axis, window) {
            return Ok(windows);
        }
        let places = (0..window).map(|at| part(&x, axis, at, 1, n + 1 - window)).collect::<Result<Vec<_>>>()?;
        stack(&places, -1)
    }
}

fn vectors(op: &'static str, a: &Array, v: &Array) -> Result<(Array, Array)> {
    let (a, v) = (super::atleast_1d(a)?, super::atleast_1d(v)?);
    if a.ndim() != 1 || v.ndim() != 1 || a.is_empty() || v.is_empty() {
        return Err(Error::Shape {
            op,
            operands: format!("a: {:?}, v: {:?}", a.shape(), v.shape()),
            fix: "both have one axis, and elements".into(),
        });
    }
    common(&a, &v)
}

/// The products of `v` with the windows of `a`, which is at least as long.
fn slid(a: &Array, v: &Array, mode: Mode) -> Result<Array> {
    let more = v.len() - 1;
    let around = match mode {
        Mode::Full => (more, more),
        // As NumPy places it: one more before the middle of an even length.
        Mode::Same => (more - more / 2, more / 2),
        Mode::Valid => (0, 0),
    };
    let a = if around == (0, 0) { a.clone() } else { pad(a, around, ())? };

    matmul(&sliding_window_view(&a, v.len(), 0)?, v)
}
