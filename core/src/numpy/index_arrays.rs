//! Arrays of indices, as `get_items` takes them: those of triangles and diagonals, of a product of sets, of flattened arrays.

use super::creation::erased_indices;
use super::manipulation::{home, strong};
use super::options::{Create, Shape};
use super::{
    Bounds, all, arange, equal, flat_nonzero, floor_divide, greater, greater_equal, indices, less,
    less_equal, logical_and, multiply, nonzero, remainder, subtract, where_,
};
use crate::array::{Array, lengths};
use crate::dtype::{DType, Scalar};
use crate::error::{Error, Result};
use crate::multimethod;

multimethod! {
    domain "numpy";

    /// The indices along each axis of what has these numbers in a flattened array of a shape: int64, one array for each axis.
    /// **Evaluates the numbers**, which are checked. Each has the shape of the numbers.
    ///
    /// NumPy: `unravel_index(indices, shape)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let along = np::unravel_index(&Array::from([5, 1]), [2, 3])?;
    /// assert_eq!(along[0].to_vec::<i64>()?, [1, 0]);
    /// assert_eq!(along[1].to_vec::<i64>()?, [2, 1]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Index`] beyond the shape; [`Error::DType`] if they are no integers; a shape that is none.
    pub fn unravel_index(numbers: &Array, shape: Shape) -> Result<Vec<Array>> {
        let numbers = whole("unravel_index", numbers)?;
        let shape = lengths("unravel_index", &shape.0)?;
        let count = shape.iter().try_fold(1_usize, |all, &n| all.checked_mul(n)).unwrap_or(usize::MAX);
        within("unravel_index", &numbers, 0, count)?;
        let mut step = count;
        let along = shape.iter().map(|&n| {
            step /= n.max(1);
            remainder(&floor_divide(&numbers, step.max(1) as i64)?, n.max(1) as i64)
        });
        along.collect()
    }

    /// The numbers in a flattened array of a shape of what has these indices, one array for each axis, which broadcast: int64.
    /// **Evaluates the indices** unless they are clipped or wrapped.
    ///
    /// NumPy: `ravel_multi_index(indices, shape, mode)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let (rows, columns) = (Array::from([1, 0]), Array::from([2, 1]));
    /// assert_eq!(np::ravel_multi_index(&[rows, columns], [2, 3], ())?.to_vec::<i64>()?, [5, 1]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Index`] beyond the shape; [`Error::Shape`] for other than one array for each axis; [`Error::DType`] if they
    /// are no integers.
    pub fn ravel_multi_index(along: &[Array], shape: Shape, bounds: Bounds) -> Result<Array> {
        let shape = lengths("ravel_multi_index", &shape.0)?;
        let bad = || Error::Shape {
            op: "ravel_multi_index",
            operands: format!("{} arrays of indices, shape {shape:?}", along.len()),
            fix: "give one array of indices for each axis, at least one".into(),
        };
        if along.len() != shape.len() {
            return Err(bad());
        }
        let mut number: Option<Array> = None;
        for (axis, (at, &n)) in along.iter().zip(&shape).enumerate() {
            let at = whole("ravel_multi_index", at)?;
            let at = match bounds {
                Bounds::Wrap => remainder(&at, n.max(1) as i64)?,
                Bounds::Clip => super::maximum(&super::minimum(&at, n as i64 - 1)?, 0)?,
                Bounds::Raise => {
                    within("ravel_multi_index", &at, axis, n)?;
                    at
                }
            };
            number = Some(match number {
                None => at,
                Some(before) => super::add(&multiply(&before, n as i64)?, &at)?,
            });
        }
        number.ok_or_else(bad)
    }

    /// The vectors reshaped so that together they index a product of sets: each along an axis of its own. Vectors of bools stand
    /// for where they are true, and are evaluated. Of integers in their dtype, of bools int64.
    ///
    /// NumPy: `ix_(*vectors)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let x = Array::from([[1, 2, 3], [4, 5, 6]]);
    /// let both = np::ix_(&[Array::from([0, 1]), Array::from([0, 2])])?;
    /// assert_eq!(x.get_items(&both)?.to_vec::<i32>()?, [1, 3, 4, 6]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Shape`] for other than one axis.
    pub fn ix_(vectors: &[Array]) -> Result<Vec<Array>> {
        let count = vectors.len();
        let one = |(i, x): (usize, &Array)| {
            if x.ndim() != 1 {
                return Err(Error::Shape {
                    op: "ix_",
                    operands: format!("an array of shape {:?}", x.shape()),
                    fix: "it takes vectors: one axis".into(),
                });
            }
            let x = if x.dtype() == DType::Bool { flat_nonzero(x)? } else { x.clone() };
            let mut shape = vec![1; count];
            shape[i] = x.len();
            x.reshape(shape)
        };
        vectors.iter().enumerate().map(one).collect()
    }

    /// A copy in which the main diagonal is a value, or the elements of a vector, repeated. Of more than two axes, which are as
    /// long as each other, the elements whose indices are all equal. NumPy writes into the array, and into the rows below a
    /// square with `wrap`. Shape and dtype are those of `x`.
    ///
    /// NumPy: `fill_diagonal(x, value)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let x = Array::from([[1, 2], [3, 4]]);
    /// assert_eq!(np::fill_diagonal(&x, 9)?.to_vec::<i32>()?, [9, 2, 3, 9]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Shape`] for less than two axes, or more of different lengths.
    pub fn fill_diagonal(x: &Array, value: &Array) -> Result<Array> {
        let x = strong(x)?;
        let n = x.shape().first().copied().unwrap_or(0);
        if x.ndim() < 2 || x.ndim() > 2 && x.shape().iter().any(|&other| other != n) {
            return Err(Error::Shape {
                op: "fill_diagonal",
                operands: format!("x: {:?}", x.shape()),
                fix: "it takes matrices, or more axes that are as long as each other".into(),
            });
        }
        let place = home(&x);
        let rows = erased_indices(n, &place)?;
        let mut shape = vec![1; x.ndim()];
        shape[0] = n;
        let first = rows.reshape(shape.clone())?;
        let mut on: Option<Array> = None;
        for axis in 1..x.ndim() {
            let mut shape = vec![1; x.ndim()];
            shape[axis] = x.shape()[axis];
            let same = equal(&first, &erased_indices(x.shape()[axis], &place)?.reshape(shape)?)?;
            on = Some(on.map_or(Ok(same.clone()), |on| logical_and(&on, &same))?);
        }
        let Some(on) = on else { return Ok(x) };
        let value = strong(value)?.astype(x.dtype())?;
        let value = match value.len() {
            1 => value.reshape(())?,
            0 => return Ok(x),
            m => {
                let at = remainder(&rows, m as i64)?;
                super::take(&value.reshape([m])?, &at, 0)?.reshape(shape)?
            }
        };
        where_(&on, &value, &x)
    }
}

fn whole(op: &'static str, x: &Array) -> Result<Array> {
    if x.dtype().is_int() {
        return strong(x)?.astype(DType::I64);
    }
    Err(Error::DType {
        op,
        operands: format!("indices of {}", x.dtype()),
        fix: "indices are integers".into(),
    })
}

/// Checks that indices are not negative, and below a length.
fn within(op: &'static str, at: &Array, axis: usize, len: usize) -> Result<()> {
    let good = logical_and(&greater_equal(at, 0)?, &less(at, len.min(i64::MAX as usize) as i64)?)?;
    if all(&good, ())?.item()? == Scalar::Bool(true) {
        return Ok(());
    }
    let least = super::min(at, ())?.item()?.to_i128().unwrap_or(0);
    let index = if least < 0 { least } else { super::max(at, ())?.item()?.to_i128().unwrap_or(0) };
    Err(Error::Index { op, index: index as i64, axis, len })
}

/// Rows and columns of the elements of an (n, m) matrix that a condition on (column − row) selects.
fn triangle(
    extent: super::Extent,
    create: Create,
    kept: fn(&Array, i64) -> Result<Array>,
) -> Result<(Array, Array)> {
    let grid = indices([extent.rows, extent.columns], create)?;
    let distance = subtract(&grid.slice("1")?, &grid.slice("0")?)?;
    let both = nonzero(&kept(&distance, extent.k)?)?;
    match <[Array; 2]>::try_from(both) {
        Ok([rows, columns]) => Ok((rows, columns)),
        Err(_) => unreachable!("a matrix has two axes"),
    }
}

/// Rows and columns, int64, of the elements on and below a diagonal of a matrix: `n`, `(n, m)` or `(n, m, k)`.
///
/// NumPy: `tril_indices(n, k, m)`.
///
/// ```
/// use polyarray_core::numpy as np;
/// # use polyarray_cpu as _;
/// let (rows, columns) = np::tril_indices(2, ())?;
/// assert_eq!(rows.to_vec::<i64>()?, [0, 1, 1]);
/// assert_eq!(columns.to_vec::<i64>()?, [0, 0, 1]);
/// # Ok::<(), polyarray_core::Error>(())
/// ```
///
/// # Errors
/// An unknown device.
pub fn tril_indices(extent: impl Into<super::Extent>, create: impl Into<Create>) -> Result<(Array, Array)> {
    triangle(extent.into(), create.into(), |distance, k| less_equal(distance, k))
}

/// Rows and columns, int64, of the elements on and above a diagonal of a matrix: `n`, `(n, m)` or `(n, m, k)`.
///
/// NumPy: `triu_indices(n, k, m)`.
///
/// ```
/// use polyarray_core::numpy as np;
/// # use polyarray_cpu as _;
/// let (rows, columns) = np::triu_indices(2, ())?;
/// assert_eq!(rows.to_vec::<i64>()?, [0, 0, 1]);
/// assert_eq!(columns.to_vec::<i64>()?, [0, 1, 1]);
/// # Ok::<(), polyarray_core::Error>(())
/// ```
///
/// # Errors
/// An unknown device.
pub fn triu_indices(extent: impl Into<super::Extent>, create: impl Into<Create>) -> Result<(Array, Array)> {
    triangle(extent.into(), create.into(), |distance, k| greater(distance, k.saturating_sub(1)))
}

/// The indices of the main diagonal of an array of so many axes, all of length n: int64, one array for each axis.
///
/// NumPy: `diag_indices(n, ndim)`.
///
/// ```
/// use polyarray_core::{Array, numpy as np};
/// # use polyarray_cpu as _;
/// let x = Array::from([[1, 2], [3, 4]]);
/// assert_eq!(x.get_items(&np::diag_indices(2, 2, ())?)?.to_vec::<i32>()?, [1, 4]);
/// # Ok::<(), polyarray_core::Error>(())
/// ```
///
/// # Errors
/// An unknown device.
pub fn diag_indices(n: usize, ndim: usize, create: impl Into<Create>) -> Result<Vec<Array>> {
    let at = arange(n, create.into().dtype(DType::I64))?;
    Ok(vec![at; ndim])
}
