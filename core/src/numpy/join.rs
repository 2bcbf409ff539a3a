//! Concatenation and stacking.

use super::astype;
use crate::array::{Array, Marker, Operand, external, wrap_axis};
use crate::dispatch::{Cx, Stop, method};
use crate::dtype::{DType, promote};
use crate::error::{Error, Result};
use crate::expr::Dims;
use smallvec::SmallVec;
use std::sync::Arc;

method! {
    domain "numpy";
    #[doc(hidden)]
    pub fn erased_concat handle concat(arrays: &[Array], axis: isize) -> Result<Array, Error>;
    #[doc(hidden)]
    pub fn erased_stack handle stack(arrays: &[Array], axis: isize) -> Result<Array, Error> {
        let Some(first) = arrays.first() else { return Err(nothing("stack")) };
        let axis = wrap_axis("stack", axis, first.ndim() + 1)?;
        let expanded = arrays.iter().map(|a| a.expand_dims(axis as isize)).collect::<Result<Vec<_>>>()?;
        erased_concat(&expanded, axis as isize)
    }
}

fn nothing(op: &'static str) -> Error {
    Error::Shape { op, operands: "no arrays".into(), fix: "give at least one".into() }
}

fn erased<R: Marker>(arrays: &[&Array<R>]) -> Vec<Array> {
    arrays.iter().map(|a| a.as_dyn()).collect()
}

/// The arrays one after another along an axis; other lengths must agree. The dtype is the promoted one.
///
/// # Errors
/// [`Error::Shape`] for no arrays or shapes that disagree; [`Error::Axis`].
pub fn concat<R: Marker>(arrays: &[&Array<R>], axis: isize) -> Result<Array<R>> {
    erased_concat(&erased(arrays), axis)?.retyped()
}

/// The arrays along a new axis of the result; their shapes must be equal.
///
/// # Errors
/// Those of [`concat()`].
pub fn stack<R: Marker>(arrays: &[&Array<R>], axis: isize) -> Result<Array<R>> {
    erased_stack(&erased(arrays), axis)?.retyped()
}

/// A concatenation, checked: what a backend's kernel computes. The parts have one dtype and agree in all lengths
/// but that along `axis`; parts without elements are left out.
#[derive(Clone, Debug)]
pub struct Concat {
    /// Shape of the result.
    pub shape: Dims,
    /// Dtype of the parts and the result.
    pub dtype: DType,
    /// The axis along which the parts lie.
    pub axis: usize,
}

/// A backend's kernel for [`concat()`]: the parts into a dense buffer.
pub type ConcatKernel = fn(Cx, &[Operand], &Concat) -> Result<Arc<dyn crate::array::Buffer>>;

/// Checks a concatenation and records a backend's kernel for it.
///
/// # Errors
/// Declined by what the backend does not support; failed for shapes that disagree.
pub fn record_concat(
    cx: Cx,
    arrays: &[Array],
    axis: isize,
    kernel: ConcatKernel,
) -> Result<Array, Stop<Error>> {
    let Some(first) = arrays.first() else { return Err(nothing("concat").into()) };
    let axis = wrap_axis("concat", axis, first.ndim())?;
    let dtype = arrays.iter().map(Array::dtype).reduce(promote).unwrap_or(first.dtype());
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
    let spec = Concat { shape, dtype, axis };
    let shape = spec.shape.clone();
    let args: Vec<&Array> = parts.iter().collect();
    let run = Arc::new(move |operands: &[Operand]| kernel(cx, operands, &spec));
    Ok(external(cx.instance, "concat", &shape, dtype, &args, run)?)
}
