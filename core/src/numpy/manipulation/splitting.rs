//! Splitting: parts of an array as views.

use super::{Indices, part, strong};
use crate::array::Array;
use crate::error::{Error, Result};
use crate::expr::axes::wrap_axis;
use crate::multimethod;
use crate::numpy::options::Axis;

multimethod! {
    domain "numpy";

    /// The arrays that lie along an axis, without it.
    ///
    /// NumPy: `unstack(x, axis)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let rows = np::unstack(&Array::from([[1.0, 2.0], [3.0, 4.0]]), 0)?;
    /// assert_eq!(rows[0].to_vec::<f64>()?, [1.0, 2.0]);
    /// assert_eq!(rows[1].to_vec::<f64>()?, [3.0, 4.0]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Axis`] out of range.
    pub fn unstack(x: &Array, axis: Axis) -> Result<Vec<Array>> {
        let axis = wrap_axis("unstack", axis.0, x.ndim())?;
        (0..x.shape()[axis]).map(|i| part(x, axis, i, 1, 1)?.squeeze(axis)).collect()
    }

    /// Parts along an axis: so many of one length, or those before, between and behind some indices. Views.
    ///
    /// NumPy: `split(x, indices_or_sections, axis)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let x = Array::from([1.0, 2.0, 3.0, 4.0]);
    /// let halves = np::split(&x, 2, 0)?;
    /// assert_eq!(halves[1].to_vec::<f64>()?, [3.0, 4.0]);
    /// let parts = np::split(&x, [1, 3], 0)?;
    /// assert_eq!(parts[1].to_vec::<f64>()?, [2.0, 3.0]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Axis`] out of range; [`Error::Shape`] if the axis has no such number of equal parts.
    pub fn split(x: &Array, at: Indices, axis: Axis) -> Result<Vec<Array>> {
        parts("split", x, &at, axis.0, true)
    }

    /// Parts along an axis, as [`split()`]; where their number doesn't divide the length, the first ones are longer
    /// by one.
    ///
    /// NumPy: `array_split(x, indices_or_sections, axis)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let parts = np::array_split(&Array::from([1.0, 2.0, 3.0]), 2, 0)?;
    /// assert_eq!(parts[0].to_vec::<f64>()?, [1.0, 2.0]);
    /// assert_eq!(parts[1].to_vec::<f64>()?, [3.0]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Axis`] out of range; [`Error::Shape`] for less than one part.
    pub fn array_split(x: &Array, at: Indices, axis: Axis) -> Result<Vec<Array>> {
        parts("array_split", x, &at, axis.0, false)
    }

    /// Parts along the second axis, or along the only one.
    ///
    /// NumPy: `hsplit(x, indices_or_sections)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let parts = np::hsplit(&Array::from([[1.0, 2.0], [3.0, 4.0]]), 2)?;
    /// assert_eq!(parts[0].to_vec::<f64>()?, [1.0, 3.0]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`split()`].
    pub fn hsplit(x: &Array, at: Indices) -> Result<Vec<Array>> {
        parts("hsplit", x, &at, if x.ndim() == 1 { 0 } else { 1 }, true)
    }

    /// Parts along the first axis of at least two.
    ///
    /// NumPy: `vsplit(x, indices_or_sections)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let parts = np::vsplit(&Array::from([[1.0, 2.0], [3.0, 4.0]]), 2)?;
    /// assert_eq!(parts[0].to_vec::<f64>()?, [1.0, 2.0]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`split()`]; [`Error::Axis`] for less than two axes.
    pub fn vsplit(x: &Array, at: Indices) -> Result<Vec<Array>> {
        wrap_axis("vsplit", 1, x.ndim())?;
        parts("vsplit", x, &at, 0, true)
    }

    /// Parts along the third axis.
    ///
    /// NumPy: `dsplit(x, indices_or_sections)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let parts = np::dsplit(&Array::from([[[1.0, 2.0], [3.0, 4.0]]]), 2)?;
    /// assert_eq!(parts[0].shape(), [1, 2, 1]);
    /// assert_eq!(parts[0].to_vec::<f64>()?, [1.0, 3.0]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`split()`].
    pub fn dsplit(x: &Array, at: Indices) -> Result<Vec<Array>> {
        parts("dsplit", x, &at, 2, true)
    }
}

/// Parts without elements that are listed, at most.
const MOST_EMPTY: usize = 1 << 24;

fn parts(op: &'static str, x: &Array, at: &Indices, axis: isize, equal: bool) -> Result<Vec<Array>> {
    let x = &strong(x)?;
    let axis = wrap_axis(op, axis, x.ndim())?;
    let len = x.shape()[axis];
    let bad = |fix: &str| Error::Shape {
        op,
        operands: format!("{at:?} of axis {axis} of shape {:?}", x.shape()),
        fix: fix.into(),
    };
    let bounds: Vec<(usize, usize)> = match at {
        Indices::One(count) => {
            let count = usize::try_from(*count).ok().filter(|&count| count > 0);
            let count = count.ok_or_else(|| bad("there is at least one part"))?;
            if equal && !len.is_multiple_of(count) {
                return Err(bad("the number of parts must divide the length; array_split takes any"));
            }
            if count > len.max(MOST_EMPTY) {
                return Err(bad("there are more parts than could be listed"));
            }
            let (short, longer) = (len / count, len % count);
            let start = |i: usize| i * short + i.min(longer);
            (0..count).map(|i| (start(i), start(i + 1))).collect()
        }
        Indices::Many(at) => {
            // As slices: clamped, and empty where the end lies before the start.
            let n = len as isize;
            let bound = |&i: &isize| (if i < 0 { i.saturating_add(n) } else { i }).clamp(0, n) as usize;
            let starts = std::iter::once(0).chain(at.iter().map(bound));
            let ends = at.iter().map(bound).chain([len]);
            starts.zip(ends).collect()
        }
    };
    bounds.into_iter().map(|(from, to)| part(x, axis, from, 1, to.saturating_sub(from))).collect()
}
