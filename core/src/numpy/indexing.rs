//! Elements by index along an axis.

use super::options::Along;
use super::{max, min};
use crate::array::{Array, Operand, external, wrap_axis};
use crate::dispatch::{Cx, Stop};
use crate::error::{Error, Result};
use crate::expr::Dims;
use crate::multimethod;
use smallvec::SmallVec;
use std::sync::Arc;

multimethod! {
    domain "numpy";

    /// The elements of `x` at `indices` along an axis (`()`: of the flattened array). The axis is replaced by
    /// the shape of `indices`, which are integers; a negative one counts from the end. Evaluates the indices,
    /// because one out of bounds is an error here and never a neighbour's memory.
    pub fn take(x: &Array, indices: &Array, along: Along) -> Result<Array>;
}

/// A take, checked: what a backend's kernel computes.
#[derive(Clone, Debug)]
pub struct Take {
    /// Shape of the result.
    pub shape: Dims,
    /// The axis of the operand.
    pub axis: usize,
    /// Its length: indices lie in `-len..len`.
    pub len: usize,
    /// Number of axes of the indices.
    pub index_axes: usize,
}

/// A backend's kernel for [`take()`]: operand and indices (any integer dtype) into a dense buffer.
pub type TakeKernel = fn(Cx, &Operand, &Operand, &Take) -> Result<Arc<dyn crate::array::Buffer>>;

/// Checks a take, bounds of the indices included, and records a backend's kernel for it.
///
/// # Errors
/// Declined by what the backend does not support; failed for wrong dtypes, axes and indices.
pub fn record_take(
    cx: Cx,
    x: &Array,
    indices: &Array,
    along: Along,
    kernel: TakeKernel,
) -> Result<Array, Stop<Error>> {
    if !indices.dtype().is_int() {
        return Err(Error::DType {
            op: "take",
            operands: format!("indices of {}", indices.dtype()),
            fix: "indices are integers; cast them with astype".into(),
        }
        .into());
    }
    let (x, axis) = match along.0 {
        Some(axis) => (x.clone(), wrap_axis("take", axis, x.ndim())?),
        None => (x.reshape([-1])?, 0),
    };
    let len = x.shape()[axis];
    // From nothing, nothing is read: no index is out of bounds then.
    let reads = len > 0 || x.shape().iter().enumerate().all(|(a, &n)| a == axis || n > 0);
    if !indices.is_empty() && reads {
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
    let spec = Take { shape, axis, len, index_axes: indices.ndim() };
    let (shape, dtype) = (spec.shape.clone(), x.dtype());
    let run = Arc::new(move |o: &[Operand]| kernel(cx, &o[0], &o[1], &spec));
    Ok(external(cx.instance, "take", &shape, dtype, &[&x, indices], run)?)
}
