//! Elements several times, or further along.

use super::{Axes, alike, flat, home, part, strong, with_length};
use crate::array::Array;
use crate::error::{Error, Result};
use crate::expr::axes::wrap_axis;
use crate::multimethod;
use crate::numpy::creation::erased_indices;
use crate::numpy::options::{Along, Shape};
use crate::numpy::{Side, concat, cumulative_sum, min, searchsorted, take, zeros};

multimethod! {
    domain "numpy";

    /// Elements moved along axes by `shift` places; those that leave at one end come in at the other. One shift for
    /// all axes or one for each; axis `()` for the flattened array, which keeps its shape.
    ///
    /// NumPy: `roll(x, shift, axis)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let x = Array::from([1.0, 2.0, 3.0, 4.0]);
    /// assert_eq!(np::roll(&x, 1, 0)?.to_vec::<f64>()?, [4.0, 1.0, 2.0, 3.0]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Axis`] out of range; [`Error::Argument`] if shifts and axes differ in number.
    pub fn roll(x: &Array, shift: Axes, axes: Axes) -> Result<Array> {
        let x = strong(x)?;
        if axes.0.is_empty() {
            let [by] = shift.0[..] else { return Err(uneven(&shift, &axes)) };
            return rolled(&flat(&x)?, 0, by)?.reshape(x.shape());
        }
        let count = shift.0.len().max(axes.0.len());
        if [shift.0.len(), axes.0.len()].iter().any(|&n| n != 1 && n != count) {
            return Err(uneven(&shift, &axes));
        }
        (0..count).try_fold(x, |x, i| {
            let axis = wrap_axis("roll", axes.0[i.min(axes.0.len() - 1)], x.ndim())?;
            rolled(&x, axis, shift.0[i.min(shift.0.len() - 1)])
        })
    }

    /// Each element several times: `repeats` is an integer, or one for each element along the axis (`()`: of the
    /// flattened array). **Evaluates `repeats`**, since the result's length depends on them.
    ///
    /// NumPy: `repeat(x, repeats, axis)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let x = Array::from([[1.0, 2.0], [3.0, 4.0]]);
    /// assert_eq!(np::repeat(&x, 2, ())?.to_vec::<f64>()?, [1.0, 1.0, 2.0, 2.0, 3.0, 3.0, 4.0, 4.0]);
    /// assert_eq!(np::repeat(&x, [1, 2], 0)?.to_vec::<f64>()?, [1.0, 2.0, 3.0, 4.0, 3.0, 4.0]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::DType`] if `repeats` are not integers; [`Error::Shape`] if their number is another one or one is
    /// negative; [`Error::Axis`] out of range.
    pub fn repeat(x: &Array, repeats: &Array, along: Along) -> Result<Array> {
        let (x, axis) = super::along("repeat", x, along.0)?;
        let len = x.shape()[axis];
        let bad = |fix: &str| Error::Shape {
            op: "repeat",
            operands: format!("x: {:?} along axis {axis}, repeats: {:?}", x.shape(), repeats.shape()),
            fix: fix.into(),
        };
        if !repeats.dtype().is_int() {
            return Err(Error::DType {
                op: "repeat",
                operands: format!("repeats of {}", repeats.dtype()),
                fix: "they are integers; cast them with astype".into(),
            });
        }
        if repeats.len() == 1 {
            let times = repeats.item()?.to_i128().and_then(|n| usize::try_from(n).ok());
            let times = times.ok_or_else(|| bad("repeats are 0 or more"))?;
            let lengths: Vec<usize> = x.shape()[..=axis].iter().copied().chain([times])
                .chain(x.shape()[axis + 1..].iter().copied()).collect();
            let longer = len.checked_mul(times).ok_or_else(|| bad("the result is longer than any axis"))?;
            return x.expand_dims(axis as isize + 1)?.broadcast_to(lengths)?.reshape(&with_length(&x, axis, longer)[..]);
        }
        if repeats.shape() != [len] {
            return Err(bad("give one number, or one for each element along the axis"));
        }
        if len == 0 {
            return Ok(x);
        }
        if min(repeats, ())?.item()?.to_i128() < Some(0) {
            return Err(bad("repeats are 0 or more"));
        }
        let ends = cumulative_sum(&super::cast(repeats, crate::dtype::DType::I64)?, ())?;
        let total = ends.get(len - 1)?.to_i128().unwrap_or(0) as usize;
        let each = erased_indices(total, &home(&x))?;
        take(&x, &searchsorted(&ends, &each, Side::Right)?, axis)
    }

    /// The array several times along each axis; with more numbers than axes, along new ones before them.
    ///
    /// NumPy: `tile(x, reps)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let x = Array::from([1.0, 2.0]);
    /// assert_eq!(np::tile(&x, 2)?.to_vec::<f64>()?, [1.0, 2.0, 1.0, 2.0]);
    /// assert_eq!(np::tile(&x, [2, 1])?.shape(), [2, 2]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Shape`] for a negative number.
    pub fn tile(x: &Array, reps: Shape) -> Result<Array> {
        let x = strong(x)?;
        let reps = crate::array::lengths("tile", &reps.0)?;
        let axes = x.ndim().max(reps.len());
        let padded = |lengths: &[usize]| -> Vec<usize> {
            std::iter::repeat_n(1, axes - lengths.len()).chain(lengths.iter().copied()).collect()
        };
        let (shape, reps) = (padded(x.shape()), padded(&reps));
        let pairs = |first: &[usize]| -> Vec<usize> {
            first.iter().zip(&shape).flat_map(|(&r, &n)| [r, n]).collect()
        };
        let mut whole = Vec::new();
        for (&r, &n) in reps.iter().zip(&shape) {
            whole.push(r.checked_mul(n).ok_or_else(|| Error::TooLarge {
                place: "tile".into(), bytes: u128::MAX, detail: "its length does not fit an address".into(),
            })?);
        }
        x.reshape(pairs(&vec![1; axes]))?.broadcast_to(pairs(&reps))?.reshape(whole)
    }

    /// Under another shape, of any number of elements: those of the flattened array from the first one on, again and
    /// again. Of nothing there are zeros.
    ///
    /// NumPy: `resize(x, new_shape)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let x = Array::from([1.0, 2.0, 3.0]);
    /// assert_eq!(np::resize(&x, [2, 2])?.to_vec::<f64>()?, [1.0, 2.0, 3.0, 1.0]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Shape`] for a negative length.
    pub fn resize(x: &Array, shape: Shape) -> Result<Array> {
        let x = flat(&strong(x)?)?;
        let shape = crate::array::lengths("resize", &shape.0)?;
        let too_large = || Error::TooLarge {
            place: "resize".into(), bytes: u128::MAX, detail: "its length does not fit an address".into(),
        };
        let wanted = crate::memory::layout::checked_len(&shape).ok_or_else(too_large)?;
        if x.is_empty() || wanted == 0 {
            return zeros(shape, alike(&x, x.dtype()));
        }
        let times = wanted.div_ceil(x.len());
        let all = x.broadcast_to([times, x.len()])?.reshape([times.checked_mul(x.len()).ok_or_else(too_large)?])?;
        part(&all, 0, 0, 1, wanted)?.reshape(shape)
    }
}

fn uneven(shift: &Axes, axes: &Axes) -> Error {
    Error::Argument {
        op: "roll",
        operands: format!("shifts {:?}, axes {:?}", shift.0, axes.0),
        fix: "give one shift for all axes, or one for each".into(),
    }
}

fn rolled(x: &Array, axis: usize, by: isize) -> Result<Array> {
    let len = x.shape()[axis];
    if len == 0 || x.is_empty() {
        return Ok(x.clone());
    }
    let by = by.rem_euclid(len as isize) as usize;
    if by == 0 {
        return Ok(x.clone());
    }
    concat(&[part(x, axis, len - by, 1, by)?, part(x, axis, 0, 1, len - by)?], axis)
}
