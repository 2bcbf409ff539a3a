//! Elements put between others, and left out.

use super::{Indices, common, flat, part, positions, strong, with_length};
use crate::array::Array;
use crate::error::{Error, Result};
use crate::expr::axes::wrap_index;
use crate::multimethod;
use crate::numpy::elementwise::truth;
use crate::numpy::options::Along;
use crate::numpy::{any, concat, flat_nonzero, take};

multimethod! {
    domain "numpy";

    /// The elements of `values` behind those of `x`, along an axis; `()` flattens both.
    ///
    /// NumPy: `append(x, values, axis)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let x = Array::from([[1.0, 2.0]]);
    /// assert_eq!(np::append(&x, [[3.0, 4.0]], 0)?.shape(), [2, 2]);
    /// assert_eq!(np::append(&x, 3.0, ())?.to_vec::<f64>()?, [1.0, 2.0, 3.0]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`concat()`](fn@concat).
    pub fn append(x: &Array, values: &Array, along: Along) -> Result<Array> {
        let (x, values) = common(x, values)?;
        match along.0 {
            Some(axis) => concat(&[x, values], axis),
            None => concat(&[flat(&x)?, flat(&values)?], 0),
        }
    }

    /// `values` before the elements at some indices along an axis (`()`: of the flattened array), in the dtype of `x`.
    /// They broadcast to the part that they become; before one index there may be any number of them, and if it is no
    /// list, the first axis of `values` lies along the axis.
    ///
    /// NumPy: `insert(x, obj, values, axis)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let x = Array::from([1.0, 2.0, 3.0]);
    /// assert_eq!(np::insert(&x, 1, 9.0, ())?.to_vec::<f64>()?, [1.0, 9.0, 2.0, 3.0]);
    /// assert_eq!(np::insert(&x, [0, 2], [8.0, 9.0], 0)?.to_vec::<f64>()?, [8.0, 1.0, 2.0, 9.0, 3.0]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Index`] out of bounds; [`Error::Shape`] if `values` don't broadcast; [`Error::Axis`] out of range.
    pub fn insert(x: &Array, at: Indices, values: &Array, along: Along) -> Result<Array> {
        let (x, axis) = super::along("insert", x, along.0)?;
        let len = x.shape()[axis];
        let values = super::cast(&super::strong_beside(values, &x)?, x.dtype())?;
        let place = |&i: &isize| match usize::try_from(i) {
            // One past the last is the end.
            Ok(i) if i == len => Ok(len),
            _ => wrap_index("insert", i as i64, axis, len),
        };
        // All of `values` before one element.
        let before = |i: &isize, values: Array| {
            let at = place(i)?;
            let count = if values.ndim() == x.ndim() { values.shape()[axis] } else { 1 };
            let new = values.broadcast_to(&with_length(&x, axis, count)[..])?;
            concat(&[part(&x, axis, 0, 1, at)?, new, part(&x, axis, at, 1, len - at)?], axis)
        };
        match &at {
            Indices::One(i) => {
                let lifted = lifted(&values, x.ndim())?;
                before(i, if lifted.ndim() == x.ndim() { super::move_axis(&lifted, 0, axis)? } else { lifted })
            }
            Indices::Many(indices) if indices.len() == 1 => before(&indices[0], lifted(&values, x.ndim())?),
            Indices::Many(indices) => {
                let places = indices.iter().map(place).collect::<Result<Vec<_>>>()?;
                let new = values.broadcast_to(&with_length(&x, axis, places.len())[..])?;
                let mut order: Vec<usize> = (0..places.len()).collect();
                order.sort_by_key(|&i| places[i]);
                let (mut sources, mut next) = (Vec::with_capacity(len + places.len()), 0);
                for i in order {
                    sources.extend(next as i64..places[i] as i64);
                    next = places[i];
                    sources.push((len + i) as i64);
                }
                sources.extend(next as i64..len as i64);
                take(&concat(&[&x, &new], axis)?, positions(sources, &x)?, axis)
            }
        }
    }

    /// Without the elements at some indices along an axis (`()`: of the flattened array).
    ///
    /// NumPy: `delete(x, obj, axis)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let x = Array::from([[1.0, 2.0], [3.0, 4.0]]);
    /// assert_eq!(np::delete(&x, 0, 1)?.to_vec::<f64>()?, [2.0, 4.0]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Index`] out of bounds; [`Error::Axis`] out of range.
    pub fn delete(x: &Array, at: Indices, along: Along) -> Result<Array> {
        let (x, axis) = super::along("delete", x, along.0)?;
        let len = x.shape()[axis];
        match &at {
            Indices::One(i) => {
                let at = wrap_index("delete", *i as i64, axis, len)?;
                concat(&[part(&x, axis, 0, 1, at)?, part(&x, axis, at + 1, 1, len - at - 1)?], axis)
            }
            Indices::Many(indices) => {
                let mut kept = vec![true; len];
                for &i in indices {
                    kept[wrap_index("delete", i as i64, axis, len)?] = false;
                }
                let rest: Vec<i64> = (0..len as i64).filter(|&i| kept[i as usize]).collect();
                take(&x, positions(rest, &x)?, axis)
            }
        }
    }

    /// Without the zeros before the first and behind the last element that is not zero, along every axis. **Evaluates
    /// `x`**, since the result's shape depends on the values.
    ///
    /// NumPy: `trim_zeros(x, trim)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let x = Array::from([0.0, 1.0, 0.0, 2.0, 0.0]);
    /// assert_eq!(np::trim_zeros(&x, ())?.to_vec::<f64>()?, [1.0, 0.0, 2.0]);
    /// assert_eq!(np::trim_zeros(&x, np::Trim::Back)?.to_vec::<f64>()?, [0.0, 1.0, 0.0, 2.0]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// What the computation fails with.
    pub fn trim_zeros(x: &Array, trim: Trim) -> Result<Array> {
        let x = strong(x)?;
        let set = truth(&x)?;
        let mut out = x.clone();
        for axis in 0..x.ndim() {
            let others: Vec<usize> = (0..x.ndim()).filter(|&a| a != axis).collect();
            let along = if others.is_empty() { set.clone() } else { any(&set, others)? };
            let found = flat_nonzero(&along)?;
            let len = x.shape()[axis];
            let at = |i: usize| Ok::<_, Error>(found.get(i)?.to_i128().unwrap_or(0) as usize);
            let (first, last) = match (found.len(), trim) {
                // Nothing is left, whichever side is trimmed.
                (0, _) => (len, len),
                (n, trim) => (
                    if trim == Trim::Back { 0 } else { at(0)? },
                    if trim == Trim::Front { len } else { at(n - 1)? + 1 },
                ),
            };
            out = part(&out, axis, first, 1, last - first)?;
        }
        Ok(out)
    }
}

/// Which zeros [`trim_zeros()`] leaves out; `()` for both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trim {
    /// Those before the first element.
    Front,
    /// Those behind the last one.
    Back,
    /// Both.
    Both,
}

impl From<()> for Trim {
    fn from((): ()) -> Trim {
        Trim::Both
    }
}

/// With leading axes of length 1.
fn lifted(values: &Array, axes: usize) -> Result<Array> {
    (values.ndim()..axes).try_fold(values.clone(), |values, _| values.expand_dims(0))
}
