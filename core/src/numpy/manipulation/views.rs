//! Views as functions, so that wrappers, other domains and other languages see them as calls.

use super::{Axes, strong};
use crate::array::Array;
use crate::error::{Error, Result};
use crate::expr::axes::{wrap_axes, wrap_axis};
use crate::memory::layout::broadcast;
use crate::multimethod;
use crate::numpy::options::{Axis, Shape};
use smallvec::SmallVec;

multimethod! {
    domain "numpy";

    /// The same elements in row-major order under another shape; one length may be −1: what remains. A view where
    /// strides can express it, else a copy.
    ///
    /// NumPy: `reshape(x, shape)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let x = Array::from([1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
    /// assert_eq!(np::reshape(&x, [2, 3])?.shape(), [2, 3]);
    /// assert_eq!(np::reshape(&x, [3, -1])?.shape(), [3, 2]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Shape`] if the number of elements differs.
    pub fn reshape(x: &Array, shape: Shape) -> Result<Array> {
        strong(x)?.reshape(&shape.0)
    }

    /// All elements in row-major order along one axis.
    ///
    /// NumPy: `ravel(x)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let x = Array::from([[1.0, 2.0], [3.0, 4.0]]);
    /// assert_eq!(np::ravel(&x)?.to_vec::<f64>()?, [1.0, 2.0, 3.0, 4.0]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    pub fn ravel(x: &Array) -> Result<Array> {
        super::flat(&strong(x)?)
    }

    /// The axes in another order, each named once; `()` reverses them.
    ///
    /// NumPy: `permute_dims(x, axes)`.
    ///
    /// ```
    /// use polyarray_core::numpy as np;
    /// # use polyarray_cpu as _;
    /// let x = np::zeros([2, 3, 4], ())?;
    /// assert_eq!(np::permute_dims(&x, [1, 0, 2])?.shape(), [3, 2, 4]);
    /// assert_eq!(np::permute_dims(&x, ())?.shape(), [4, 3, 2]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Axis`] if they are not each named once.
    pub fn permute_dims(x: &Array, axes: Axes) -> Result<Array> {
        let x = strong(x)?;
        if axes.0.is_empty() {
            return x.permute((0..x.ndim() as isize).rev().collect::<Vec<_>>());
        }
        x.permute(&axes.0)
    }

    /// The axes in another order; `()` reverses them. [`permute_dims()`] under its older name.
    ///
    /// NumPy: `transpose(x, axes)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let x = Array::from([[1.0, 2.0], [3.0, 4.0]]);
    /// assert_eq!(np::transpose(&x, ())?.to_vec::<f64>()?, [1.0, 3.0, 2.0, 4.0]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`permute_dims()`].
    pub fn transpose(x: &Array, axes: Axes) -> Result<Array> {
        permute_dims(x, axes)
    }

    /// Axes `source` moved to the places `destination`; the others keep their order.
    ///
    /// NumPy: `moveaxis(x, source, destination)`.
    ///
    /// ```
    /// use polyarray_core::numpy as np;
    /// # use polyarray_cpu as _;
    /// let x = np::zeros([2, 3, 4], ())?;
    /// assert_eq!(np::moveaxis(&x, 0, -1)?.shape(), [3, 4, 2]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Axis`] out of range or named twice; [`Error::Argument`] if there are not as many of both.
    pub fn moveaxis(x: &Array, source: Axes, destination: Axes) -> Result<Array> {
        let x = strong(x)?;
        let from = wrap_axes("moveaxis", &source.0, x.ndim())?;
        let to = wrap_axes("moveaxis", &destination.0, x.ndim())?;
        if from.len() != to.len() {
            return Err(Error::Argument {
                op: "moveaxis",
                operands: format!("source {:?}, destination {:?}", source.0, destination.0),
                fix: "give as many destinations as sources".into(),
            });
        }
        let mut axes: SmallVec<[isize; 8]> = (0..x.ndim()).filter(|a| !from.contains(a)).map(|a| a as isize).collect();
        let mut moves: SmallVec<[(usize, usize); 4]> = to.iter().copied().zip(from.iter().copied()).collect();
        moves.sort_unstable();
        for (to, from) in moves {
            axes.insert(to, from as isize);
        }
        x.permute(axes)
    }

    /// Two axes exchanged.
    ///
    /// NumPy: `swapaxes(x, axis1, axis2)`.
    ///
    /// ```
    /// use polyarray_core::numpy as np;
    /// # use polyarray_cpu as _;
    /// let x = np::zeros([2, 3, 4], ())?;
    /// assert_eq!(np::swapaxes(&x, 0, -1)?.shape(), [4, 3, 2]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Axis`] out of range.
    pub fn swapaxes(x: &Array, axis1: Axis, axis2: Axis) -> Result<Array> {
        strong(x)?.swap_axes(axis1.0, axis2.0)
    }

    /// Without some axes of length 1; without all of them for `()`.
    ///
    /// NumPy: `squeeze(x, axis)`.
    ///
    /// ```
    /// use polyarray_core::numpy as np;
    /// # use polyarray_cpu as _;
    /// let x = np::zeros([1, 3, 1], ())?;
    /// assert_eq!(np::squeeze(&x, ())?.shape(), [3]);
    /// assert_eq!(np::squeeze(&x, 0)?.shape(), [3, 1]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Axis`] out of range; [`Error::Shape`] if one is longer than 1.
    pub fn squeeze(x: &Array, axes: Axes) -> Result<Array> {
        strong(x)?.squeeze(&axes.0)
    }

    /// New axes of length 1 at these places of the result.
    ///
    /// NumPy: `expand_dims(x, axis)`.
    ///
    /// ```
    /// use polyarray_core::numpy as np;
    /// # use polyarray_cpu as _;
    /// let x = np::zeros([3, 4], ())?;
    /// assert_eq!(np::expand_dims(&x, 1)?.shape(), [3, 1, 4]);
    /// assert_eq!(np::expand_dims(&x, [0, -1])?.shape(), [1, 3, 4, 1]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Axis`] out of range or named twice.
    pub fn expand_dims(x: &Array, axes: Axes) -> Result<Array> {
        let x = strong(x)?;
        let mut places = wrap_axes("expand_dims", &axes.0, x.ndim() + axes.0.len())?;
        places.sort_unstable();
        places.iter().try_fold(x, |x, &at| x.expand_dims(at as isize))
    }

    /// Repeated along new or stretched axes, without a copy.
    ///
    /// NumPy: `broadcast_to(x, shape)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let x = Array::from([1.0, 2.0]);
    /// assert_eq!(np::broadcast_to(&x, [2, 2])?.to_vec::<f64>()?, [1.0, 2.0, 1.0, 2.0]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Shape`] where a length is neither equal nor 1.
    pub fn broadcast_to(x: &Array, shape: Shape) -> Result<Array> {
        strong(x)?.broadcast_to(&shape.0)
    }

    /// The arrays broadcast against each other, without copies.
    ///
    /// NumPy: `broadcast_arrays(arrays)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let both = np::broadcast_arrays(&[Array::from([1.0, 2.0]), Array::from([[3.0], [4.0]])])?;
    /// assert_eq!(both[0].to_vec::<f64>()?, [1.0, 2.0, 1.0, 2.0]);
    /// assert_eq!(both[1].to_vec::<f64>()?, [3.0, 3.0, 4.0, 4.0]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Shape`] if their shapes don't broadcast.
    pub fn broadcast_arrays(arrays: &[Array]) -> Result<Vec<Array>> {
        let shapes: Vec<&[usize]> = arrays.iter().map(Array::shape).collect();
        let shape = common_shape("broadcast_arrays", &shapes)?;
        arrays.iter().map(|x| strong(x)?.broadcast_to(&shape)).collect()
    }

    /// The elements along some axes in reverse order; along all for `()`.
    ///
    /// NumPy: `flip(x, axis)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let x = Array::from([[1.0, 2.0], [3.0, 4.0]]);
    /// assert_eq!(np::flip(&x, 0)?.to_vec::<f64>()?, [3.0, 4.0, 1.0, 2.0]);
    /// assert_eq!(np::flip(&x, ())?.to_vec::<f64>()?, [4.0, 3.0, 2.0, 1.0]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Axis`] out of range or named twice.
    pub fn flip(x: &Array, axes: Axes) -> Result<Array> {
        strong(x)?.flip(&axes.0)
    }

    /// The columns in reverse order: flipped along axis 1.
    ///
    /// NumPy: `fliplr(x)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let x = Array::from([[1.0, 2.0], [3.0, 4.0]]);
    /// assert_eq!(np::fliplr(&x)?.to_vec::<f64>()?, [2.0, 1.0, 4.0, 3.0]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Axis`] for less than two axes.
    pub fn fliplr(x: &Array) -> Result<Array> {
        wrap_axis("fliplr", 1, x.ndim())?;
        x.flip(1)
    }

    /// The rows in reverse order: flipped along axis 0.
    ///
    /// NumPy: `flipud(x)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let x = Array::from([[1.0, 2.0], [3.0, 4.0]]);
    /// assert_eq!(np::flipud(&x)?.to_vec::<f64>()?, [3.0, 4.0, 1.0, 2.0]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Axis`] for an array without axes.
    pub fn flipud(x: &Array) -> Result<Array> {
        wrap_axis("flipud", 0, x.ndim())?;
        x.flip(0)
    }

    /// Turned `k` times by 90 degrees, from the first of two axes towards the second; `()` for axes 0 and 1.
    ///
    /// NumPy: `rot90(x, k, axes)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let x = Array::from([[1.0, 2.0], [3.0, 4.0]]);
    /// assert_eq!(np::rot90(&x, 1, ())?.to_vec::<f64>()?, [2.0, 4.0, 1.0, 3.0]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Axis`] out of range or equal; [`Error::Argument`] if there are not two.
    pub fn rot90(x: &Array, k: i64, axes: Axes) -> Result<Array> {
        let named: &[isize] = if axes.0.is_empty() { &[0, 1] } else { &axes.0 };
        let [a, b] = wrap_axes("rot90", named, x.ndim())?[..] else {
            return Err(Error::Argument {
                op: "rot90",
                operands: format!("axes {named:?}"),
                fix: "name two axes".into(),
            });
        };
        let (a, b) = (a as isize, b as isize);
        match k.rem_euclid(4) {
            0 => Ok(x.clone()),
            1 => x.flip(b)?.swap_axes(a, b),
            2 => x.flip([a, b]),
            _ => x.swap_axes(a, b)?.flip(b),
        }
    }

    /// With at least one axis: a scalar becomes an array of one element.
    ///
    /// NumPy: `atleast_1d(x)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// assert_eq!(np::atleast_1d(&Array::from(3.0))?.shape(), [1]);
    /// assert_eq!(np::atleast_1d(&Array::from([[1.0, 2.0]]))?.shape(), [1, 2]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    pub fn atleast_1d(x: &Array) -> Result<Array> {
        let x = strong(x)?;
        if x.ndim() == 0 { x.reshape(1) } else { Ok(x) }
    }

    /// With at least two axes, new ones before the others.
    ///
    /// NumPy: `atleast_2d(x)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// assert_eq!(np::atleast_2d(&Array::from([1.0, 2.0]))?.shape(), [1, 2]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    pub fn atleast_2d(x: &Array) -> Result<Array> {
        let x = strong(x)?;
        match *x.shape() {
            [] => x.reshape([1, 1]),
            [_] => x.expand_dims(0),
            _ => Ok(x),
        }
    }

    /// With at least three axes: (n) becomes (1, n, 1), and (m, n) becomes (m, n, 1).
    ///
    /// NumPy: `atleast_3d(x)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// assert_eq!(np::atleast_3d(&Array::from([1.0, 2.0]))?.shape(), [1, 2, 1]);
    /// assert_eq!(np::atleast_3d(&Array::from([[1.0, 2.0]]))?.shape(), [1, 2, 1]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    pub fn atleast_3d(x: &Array) -> Result<Array> {
        let x = strong(x)?;
        match *x.shape() {
            [] => x.reshape([1, 1, 1]),
            [_] => x.expand_dims(0)?.expand_dims(2),
            [_, _] => x.expand_dims(2),
            _ => Ok(x),
        }
    }
}

/// The shape that arrays of these shapes broadcast to.
///
/// NumPy: `broadcast_shapes(*shapes)`.
///
/// ```
/// use polyarray_core::numpy::broadcast_shapes;
/// assert_eq!(broadcast_shapes(&[&[3, 1], &[4]])?, [3, 4]);
/// # Ok::<(), polyarray_core::Error>(())
/// ```
///
/// # Errors
/// [`Error::Shape`] where lengths differ and none of them is 1.
pub fn broadcast_shapes(shapes: &[&[usize]]) -> Result<Vec<usize>> {
    common_shape("broadcast_shapes", shapes)
}

/// The shape that arrays of these shapes broadcast to, for a function.
pub(in crate::numpy) fn common_shape(op: &'static str, shapes: &[&[usize]]) -> Result<Vec<usize>> {
    let mut common = SmallVec::new();
    for shape in shapes {
        common = broadcast(&common, shape).ok_or_else(|| Error::Shape {
            op,
            operands: format!("shapes {shapes:?}"),
            fix: "aligned at the last axis, lengths must be equal or 1".into(),
        })?;
    }
    Ok(common.to_vec())
}
