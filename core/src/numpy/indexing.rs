//! Elements by index along an axis.

use super::creation::full;
use super::manipulation::alike;
use super::options::Along;
use super::{Answer, astype, max, maximum, min, minimum, remainder};
use crate::array::Array;
use crate::array::spec::{Outputs, Spec, output, record_one};
use crate::dispatch::{Cx, Registrar};
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::expr::axes::wrap_axis;
use crate::memory::Dims;
use crate::multimethod;
use smallvec::SmallVec;

multimethod! {
    domain "numpy";

    /// The elements of `x` at `indices` along an axis (`()`: of the flattened array). The axis is replaced by
    /// the shape of `indices`, which are integers; a negative one counts from the end. Evaluates the indices,
    /// because one out of bounds is an error here and never a neighbour's memory. With `.clip()` or `.wrap()`
    /// each index is brought into the axis, and nothing is evaluated. The dtype is that of `x`.
    ///
    /// NumPy: `take(x, indices, axis, mode)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let x = Array::from([[1, 2], [3, 4]]);
    /// assert_eq!(np::take(&x, [1, 0], 0)?.to_vec::<i32>()?, [3, 4, 1, 2]);
    /// assert_eq!(np::take(&x, [-1], ())?.to_vec::<i32>()?, [4]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Index`] out of bounds; [`Error::DType`] for indices that are no integers; [`Error::Axis`] out of
    /// range.
    pub fn take(x: &Array, indices: &Array, along: Gather) -> Result<Array>;
}

/// Along which axis elements are gathered, and what is done with an index out of bounds: `()` for the flattened array, an
/// axis, `Gather::from(0).clip()`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gather {
    /// The axis; none for the flattened array.
    pub axis: Option<isize>,
    /// What is done with an index out of bounds.
    pub bounds: Bounds,
}

/// What is done with an index out of bounds; `()` for an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bounds {
    /// It is an error. Negative ones count from the end.
    Raise,
    /// It becomes the first or the last one.
    Clip,
    /// It is taken modulo the length.
    Wrap,
}

impl From<()> for Bounds {
    fn from((): ()) -> Bounds {
        Bounds::Raise
    }
}

impl Gather {
    /// Indices out of bounds become the first or the last one.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let x = Array::from([10, 20, 30]);
    /// assert_eq!(np::take(&x, [5, -1], np::Gather::from(0).clip())?.to_vec::<i32>()?, [30, 10]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    #[must_use]
    pub fn clip(self) -> Gather {
        Gather { bounds: Bounds::Clip, ..self }
    }

    /// Indices are taken modulo the length.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let x = Array::from([10, 20, 30]);
    /// assert_eq!(np::take(&x, [3, -1], np::Gather::from(0).wrap())?.to_vec::<i32>()?, [10, 30]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    #[must_use]
    pub fn wrap(self) -> Gather {
        Gather { bounds: Bounds::Wrap, ..self }
    }
}

impl<T: Into<Along>> From<T> for Gather {
    fn from(along: T) -> Gather {
        Gather { axis: along.into().0, bounds: Bounds::Raise }
    }
}

/// Elements at indices along an axis. Operands: the array, and indices of any integer dtype, which are in bounds.
/// The result is dense.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Take {
    /// Shape of the result.
    pub shape: Dims,
    /// Its dtype, and the array's.
    pub dtype: DType,
    /// The axis of the operand.
    pub axis: usize,
    /// Its length: indices lie in `-len..len`.
    pub len: usize,
    /// Number of axes of the indices.
    pub index_axes: usize,
}

impl Spec for Take {
    const NAME: &'static str = "take";

    fn outputs(&self) -> Outputs {
        output(self.shape.clone(), self.dtype)
    }
}

/// Registers gathers for a kind whose kernels compute them.
pub(super) fn register(r: &mut Registrar<'_>, kind: &str) {
    r.register::<take>(kind, record_take);
}

/// Indices brought into an axis; none where they are to be checked.
pub(super) fn bring(indices: &Array, len: usize, bounds: Bounds) -> Result<Option<Array>> {
    if bounds == Bounds::Raise || len == 0 {
        return Ok(None);
    }
    let wide = astype(indices, DType::I64)?;
    let len = len as i64;
    Ok(Some(match bounds {
        Bounds::Wrap => remainder(&wide, len)?,
        _ => minimum(&maximum(&wide, 0)?, len - 1)?,
    }))
}

/// Checks bounds, which evaluates the indices.
fn record_take(cx: Cx, x: &Array, indices: &Array, along: Gather) -> Answer {
    if !indices.dtype().is_int() {
        return Err(Error::DType {
            op: "take",
            operands: format!("indices of {}", indices.dtype()),
            fix: "indices are integers; cast them with astype".into(),
        }
        .into());
    }
    let (x, axis) = match along.axis {
        Some(axis) => (x.clone(), wrap_axis("take", axis, x.ndim())?),
        None => (x.reshape([-1])?, 0),
    };
    let len = x.shape()[axis];
    // From nothing, nothing is read: no index is out of bounds then.
    let reads = len > 0 || x.shape().iter().enumerate().all(|(a, &n)| a == axis || n > 0);
    let brought = match indices.dense.weak_value() {
        // A Rust scalar is brought into the axis where the array lives.
        Some(index) if along.bounds != Bounds::Raise => {
            bring(&full((), index.cast(DType::I64), alike(&x, DType::I64))?, len, along.bounds)?
        }
        _ => bring(indices, len, along.bounds)?,
    };
    let indices = brought.as_ref().unwrap_or(indices);
    if !indices.is_empty() && reads && (brought.is_none() || len == 0) {
        let read = |a: Array| a.item().map(|v| v.to_i128().unwrap_or(0));
        let (low, high) = (read(min(indices, ())?)?, read(max(indices, ())?)?);
        for bound in [low, high] {
            if bound < -(len as i128) || bound >= len as i128 {
                // One that is beyond int64 is beyond any axis.
                let index = i64::try_from(bound).unwrap_or(i64::MAX);
                return Err(Error::Index { op: "take", index, axis, len }.into());
            }
        }
    }
    let mut shape: Dims = SmallVec::from_slice(x.shape());
    shape.remove(axis);
    shape.insert_many(axis, indices.shape().iter().copied());
    let spec = Take { shape, dtype: x.dtype(), axis, len, index_axes: indices.ndim() };
    record_one(cx, spec, &[&x, indices])
}
