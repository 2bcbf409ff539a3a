//! Functions of parts of arrays, applied to each part.

use super::manipulation::{move_axis, part};
use super::{concat, stack};
use crate::array::Array;
use crate::error::{Error, Result};
use crate::expr::axes::{wrap_axes, wrap_axis};

/// What a function gives for each vector along an axis: the axis is replaced by those of its results, which have one shape. It is
/// called once for each vector; a function that takes an axis, on the whole array, is much faster. The dtype is that
/// of the results.
///
/// NumPy: `apply_along_axis(function, axis, x)`.
///
/// ```
/// use polyarray_core::{Array, numpy as np};
/// # use polyarray_cpu as _;
/// let x = Array::from([[1.0, 2.0], [3.0, 5.0]]);
/// let spread = np::apply_along_axis(|row| np::subtract(np::max(row, ())?, np::min(row, ())?), 1, &x)?;
/// assert_eq!(spread.to_vec::<f64>()?, [1.0, 2.0]);
/// # Ok::<(), polyarray_core::Error>(())
/// ```
///
/// # Errors
/// [`Error::Axis`] out of range; [`Error::Shape`] if there are no vectors, or results differ in shape; those of the
/// function.
pub fn apply_along_axis(function: impl Fn(&Array) -> Result<Array>, axis: isize, x: &Array) -> Result<Array> {
    let axis = wrap_axis("apply_along_axis", axis, x.ndim())?;
    let last = x.ndim() - 1;
    let moved = move_axis(x, axis, last)?;
    let outer: Vec<usize> = moved.shape()[..last].to_vec();
    let count: usize = outer.iter().product();
    let rows = moved.reshape([count, x.shape()[axis]])?;
    let results =
        (0..count).map(|i| function(&part(&rows, 0, i, 1, 1)?.squeeze(0)?)).collect::<Result<Vec<_>>>()?;
    let Some(first) = results.first() else {
        return Err(Error::Shape {
            op: "apply_along_axis",
            operands: format!("axis {axis} of shape {:?}", x.shape()),
            fix: "there is no vector to apply the function to".into(),
        });
    };
    let own: Vec<usize> = first.shape().to_vec();
    let all = stack(&results, 0)?.reshape([&outer[..], &own].concat())?;
    // The axes of the results come where the axis was.
    let before = axis..axis + own.len();
    let mut axes: Vec<isize> = (0..last as isize).collect();
    for (k, at) in before.enumerate() {
        axes.insert(at, (last + k) as isize);
    }
    all.permute(axes)
}

/// A function of an array and an axis applied along some axes, one after the other; where it removes the axis, one of length 1
/// takes its place. The dtype is that of the last result.
///
/// NumPy: `apply_over_axes(function, x, axes)`.
///
/// ```
/// use polyarray_core::{Array, numpy as np};
/// # use polyarray_cpu as _;
/// let x = Array::from([[1.0, 2.0], [3.0, 4.0]]);
/// let total = np::apply_over_axes(|x, axis| np::sum(x, axis), &x, &[0, 1])?;
/// assert_eq!((total.shape(), total.to_vec::<f64>()?), (&[1, 1][..], vec![10.0]));
/// # Ok::<(), polyarray_core::Error>(())
/// ```
///
/// # Errors
/// [`Error::Axis`] out of range or named twice; [`Error::Shape`] if a result has other axes; those of the function.
pub fn apply_over_axes(
    function: impl Fn(&Array, isize) -> Result<Array>,
    x: &Array,
    axes: &[isize],
) -> Result<Array> {
    wrap_axes("apply_over_axes", axes, x.ndim())?.iter().try_fold(x.clone(), |x, &axis| {
        let result = function(&x, axis as isize)?;
        match result.ndim() {
            n if n == x.ndim() => Ok(result),
            n if n + 1 == x.ndim() => result.expand_dims(axis as isize),
            _ => Err(Error::Shape {
                op: "apply_over_axes",
                operands: format!("{:?} became {:?}", x.shape(), result.shape()),
                fix: "the function keeps the axes, or removes the one that it is given".into(),
            }),
        }
    })
}

/// A function of elements as one of arrays, which broadcast: it is called with arrays of one element each, for one element after the
/// other. [`ufunc`](super::ufunc()) and its relatives run as fused kernels instead. The dtype is that of the results.
///
/// NumPy: `vectorize(function)(*arrays)`.
///
/// ```
/// use polyarray_core::{Array, numpy as np};
/// # use polyarray_cpu as _;
/// let (a, b) = (Array::from([1, 4]), Array::from([3, 2]));
/// let larger = np::vectorize(|pair| np::maximum(&pair[0], &pair[1]), &[a, b])?;
/// assert_eq!(larger.to_vec::<i32>()?, [3, 4]);
/// # Ok::<(), polyarray_core::Error>(())
/// ```
///
/// # Errors
/// [`Error::Shape`] if the arrays don't broadcast, or there is no element; those of the function.
pub fn vectorize(function: impl Fn(&[Array]) -> Result<Array>, arrays: &[Array]) -> Result<Array> {
    let arrays = super::broadcast_arrays(arrays)?;
    let shape: Vec<usize> = arrays.first().map(|x| x.shape().to_vec()).unwrap_or_default();
    let flat = arrays.iter().map(super::ravel).collect::<Result<Vec<_>>>()?;
    let count: usize = shape.iter().product();
    let results = (0..count)
        .map(|i| {
            let elements =
                flat.iter().map(|x| part(x, 0, i, 1, 1)?.reshape(())).collect::<Result<Vec<_>>>()?;
            function(&elements)?.reshape([1])
        })
        .collect::<Result<Vec<_>>>()?;
    concat(&results, 0)?.reshape(shape)
}
