//! Concatenation and stacking.

use super::{Along, Answer, Axis, astype};
use crate::array::Array;
use crate::array::spec::{Outputs, Spec, output, record_one};
use crate::dispatch::{Cx, Registrar};
use crate::dtype::{DType, promote_all};
use crate::error::{Error, Result};
use crate::expr::axes::wrap_axis;
use crate::memory::Dims;
use crate::multimethod;
use smallvec::SmallVec;

multimethod! {
    domain "numpy";

    /// The arrays one after another along an axis; other lengths must agree. `()` flattens them first. The dtype is
    /// the promoted one.
    ///
    /// NumPy: `concatenate(arrays, axis)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let (a, b) = (Array::from([1, 2]), Array::from([3]));
    /// assert_eq!(np::concat(&[a, b], 0)?.to_vec::<i32>()?, [1, 2, 3]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Shape`](crate::Error::Shape) for no arrays or shapes that disagree;
    /// [`Error::Axis`](crate::Error::Axis).
    pub fn concat(arrays: &[Array], axis: Along) -> Result<Array>;

    /// The arrays along a new axis of the result; their shapes must be equal. The dtype is the promoted one.
    ///
    /// NumPy: `stack(arrays, axis)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let x = np::stack(&[Array::from([1, 2]), Array::from([3, 4])], 1)?;
    /// assert_eq!(x.shape(), [2, 2]);
    /// assert_eq!(x.to_vec::<i32>()?, [1, 3, 2, 4]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`concat()`].
    pub fn stack(arrays: &[Array], axis: Axis) -> Result<Array> {
        let Some(first) = arrays.first() else { return Err(nothing("stack")) };
        let axis = wrap_axis("stack", axis.0, first.ndim() + 1)?;
        let expanded = arrays.iter().map(|a| a.expand_dims(axis as isize)).collect::<Result<Vec<_>>>()?;
        concat(&expanded, axis as isize)
    }
}

fn nothing(op: &'static str) -> Error {
    Error::Shape { op, operands: "no arrays".into(), fix: "give at least one".into() }
}

/// Arrays one after another. Operands: the parts, of one dtype, agreeing in all lengths but that along `axis`; parts
/// without elements are left out. The result is dense.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Concat {
    /// Shape of the result.
    pub shape: Dims,
    /// Dtype of the parts and the result.
    pub dtype: DType,
    /// The axis along which the parts lie.
    pub axis: usize,
}

impl Spec for Concat {
    const NAME: &'static str = "concat";

    fn outputs(&self) -> Outputs {
        output(self.shape.clone(), self.dtype)
    }
}

/// Registers concatenation for a kind whose kernels compute it.
pub(super) fn register(r: &mut Registrar<'_>, kind: &str) {
    r.register::<concat>(kind, record_concat);
}

fn record_concat(cx: Cx, arrays: &[Array], axis: Along) -> Answer {
    let Some(axis) = axis.0 else {
        let flat = arrays.iter().map(super::manipulation::flat).collect::<Result<Vec<_>>>()?;
        return record_concat(cx, &flat, Along(Some(0)));
    };
    let Some(first) = arrays.first() else { return Err(nothing("concat").into()) };
    let axis = wrap_axis("concat", axis, first.ndim())?;
    let dtype = promote_all(arrays.iter().map(Array::dtype)).unwrap_or(first.dtype());
    let mut shape: Dims = SmallVec::from_slice(first.shape());
    shape[axis] = 0;
    for (k, a) in arrays.iter().enumerate() {
        let agrees = a.ndim() == shape.len()
            && a.shape().iter().zip(&shape).enumerate().all(|(i, (x, y))| i == axis || x == y);
        if !agrees {
            return Err(Error::Shape {
                op: "concat",
                operands: format!("array 0 of shape {:?}, array {k} of shape {:?}", first.shape(), a.shape()),
                fix: format!("all lengths but that of axis {axis} must agree"),
            }
            .into());
        }
        shape[axis] = shape[axis].checked_add(a.shape()[axis]).ok_or_else(|| Error::TooLarge {
            place: "concat".into(),
            bytes: u128::MAX,
            detail: "its length does not fit an address".into(),
        })?;
    }
    let mut parts = Vec::new();
    for a in arrays.iter().filter(|a| !a.is_empty()) {
        parts.push(if a.dtype() == dtype { a.clone() } else { astype(a, dtype)? });
    }
    let args: Vec<&Array> = parts.iter().collect();
    record_one(cx, Concat { shape, dtype, axis }, &args)
}
