//! Grids and spacings: coordinates of points.

use super::creation::{erased_indices, float_beside};
use super::manipulation::{cast, numbers_beside, strong};
use super::options::{Create, Shape};
use super::stack;
use crate::array::Array;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::multimethod;

/// Which of its arguments [`meshgrid()`] lays along the first axis; `()` for the second one, as a picture has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Indexing {
    /// Columns by the first argument, rows by the second.
    #[default]
    Xy,
    /// Each argument along its own axis.
    Ij,
}

impl From<()> for Indexing {
    fn from((): ()) -> Indexing {
        Indexing::Xy
    }
}

multimethod! {
    domain "numpy";

    /// The coordinates of the points of a grid, one array for each of the vectors that span it. Without copies. Each
    /// has an axis for each vector, and the dtype of its own.
    ///
    /// NumPy: `meshgrid(*arrays, indexing, copy=False)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let grid = np::meshgrid(&[Array::from([1, 2, 3]), Array::from([10, 20])], ())?;
    /// assert_eq!(grid[0].shape(), [2, 3]);
    /// assert_eq!(grid[0].to_vec::<i32>()?, [1, 2, 3, 1, 2, 3]);
    /// assert_eq!(grid[1].to_vec::<i32>()?, [10, 10, 10, 20, 20, 20]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Shape`] if an argument has more than one axis.
    pub fn meshgrid(arrays: &[Array], indexing: Indexing) -> Result<Vec<Array>> {
        let n = arrays.len();
        if let Some(bad) = arrays.iter().find(|x| x.ndim() > 1) {
            return Err(Error::Shape {
                op: "meshgrid",
                operands: format!("an array of shape {:?}", bad.shape()),
                fix: "a grid is spanned by arrays of one axis".into(),
            });
        }
        // Where an argument lies.
        let axis = |i: usize| if indexing == Indexing::Xy && n > 1 && i < 2 { 1 - i } else { i };
        let mut shape = vec![1; n];
        for (i, x) in arrays.iter().enumerate() {
            shape[axis(i)] = x.len();
        }
        let grid = |(i, x): (usize, &Array)| {
            let mut own = vec![1; n];
            own[axis(i)] = x.len();
            strong(x)?.reshape(own)?.broadcast_to(&shape)
        };
        arrays.iter().enumerate().map(grid).collect()
    }

    /// A copy: the array's elements, dense, where it lives.
    ///
    /// NumPy: `copy(x)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let x = Array::from([[1, 2], [3, 4]]);
    /// assert_eq!(np::copy(&x.permute([1, 0])?)?.to_vec::<i32>()?, [1, 3, 2, 4]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    pub fn copy(x: &Array) -> Result<Array> {
        super::astype(x, strong(x)?.dtype())
    }
}

/// The indices of each element of an array of a shape: (axes, …the shape), by default int64.
///
/// NumPy: `indices(dimensions, dtype)`.
///
/// ```
/// use polyarray_core::numpy as np;
/// # use polyarray_cpu as _;
/// let x = np::indices([2, 3], ())?;
/// assert_eq!(x.shape(), [2, 2, 3]);
/// assert_eq!(x.slice("0")?.to_vec::<i64>()?, [0, 0, 0, 1, 1, 1]);
/// assert_eq!(x.slice("1")?.to_vec::<i64>()?, [0, 1, 2, 0, 1, 2]);
/// # Ok::<(), polyarray_core::Error>(())
/// ```
///
/// # Errors
/// [`Error::Shape`] for a negative length; an unknown device; [`Error::TooLarge`].
pub fn indices(shape: impl Into<Shape>, create: impl Into<Create>) -> Result<Array> {
    let (shape, create): (Shape, Create) = (shape.into(), create.into());
    let dtype = create.dtype.unwrap_or(DType::I64);
    let axes = coordinates(&shape, &create)?.iter().map(|x| cast(x, dtype)).collect::<Result<Vec<_>>>()?;
    match axes.is_empty() {
        true => super::zeros([0], super::dtype(dtype).device(create.place()?)),
        false => stack(&axes, 0),
    }
}

/// What a function gives for the indices of an array of a shape, one array for each axis. The function is called once; the
/// indices are in the device's default float dtype unless another one is given.
///
/// NumPy: `fromfunction(function, shape, dtype)`.
///
/// ```
/// use polyarray_core::numpy as np;
/// # use polyarray_cpu as _;
/// let sums = np::fromfunction(|at| np::add(&at[0], &at[1]), [2, 3], ())?;
/// assert_eq!(sums.to_vec::<f64>()?, [0.0, 1.0, 2.0, 1.0, 2.0, 3.0]);
/// # Ok::<(), polyarray_core::Error>(())
/// ```
///
/// # Errors
/// Those of [`indices()`] and of the function.
pub fn fromfunction(
    function: impl FnOnce(&[Array]) -> Result<Array>,
    shape: impl Into<Shape>,
    create: impl Into<Create>,
) -> Result<Array> {
    let (shape, create): (Shape, Create) = (shape.into(), create.into());
    let axes = coordinates(&shape, &create)?;
    let axes = axes.iter().map(|x| cast(x, create.dtype.map_or_else(|| float_beside(x), Ok)?));
    function(&axes.collect::<Result<Vec<_>>>()?)
}

/// The indices along each axis, broadcast to the shape.
fn coordinates(shape: &Shape, create: &Create) -> Result<Vec<Array>> {
    let shape = crate::array::lengths("indices", &shape.0)?;
    let place = create.place()?;
    let along = |(axis, &n): (usize, &usize)| {
        let mut own = vec![1; shape.len()];
        own[axis] = n;
        erased_indices(n, &place)?.reshape(own)?.broadcast_to(&shape)
    };
    shape.iter().enumerate().map(along).collect()
}

/// `count` powers of ten (or of another base, `(0.0, 3.0, 2.0)`), evenly spaced in their exponents from the first to the
/// last one, both included. Computed on the host in doubles.
///
/// NumPy: `logspace(start, stop, num, base)`.
///
/// ```
/// use polyarray_core::numpy as np;
/// # use polyarray_cpu as _;
/// assert!(np::allclose(&np::logspace(0.0, 2.0, 3, (), ())?, [1.0, 10.0, 100.0], ())?);
/// assert!(np::allclose(&np::logspace(0.0, 2.0, 3, 2.0, ())?, [1.0, 2.0, 4.0], ())?);
/// # Ok::<(), polyarray_core::Error>(())
/// ```
///
/// # Errors
/// An unknown device; those of copying it there.
pub fn logspace(
    start: f64,
    stop: f64,
    count: usize,
    base: impl Into<Base>,
    create: impl Into<Create>,
) -> Result<Array> {
    let base = base.into().0;
    let step = if count > 1 { (stop - start) / (count - 1) as f64 } else { 0.0 };
    let exponent = |i: usize| if count > 1 && i == count - 1 { stop } else { start + i as f64 * step };
    placed("logspace", count, |i| base.powf(exponent(i)), create.into())
}

/// The base of [`logspace()`]; `()` for 10.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Base(pub f64);

impl From<()> for Base {
    fn from((): ()) -> Base {
        Base(10.0)
    }
}
impl From<f64> for Base {
    fn from(base: f64) -> Base {
        Base(base)
    }
}

/// `count` numbers of which each is a constant multiple of the one before, from `start` to `stop`, both included. Computed on
/// the host in doubles.
///
/// NumPy: `geomspace(start, stop, num)`.
///
/// ```
/// use polyarray_core::numpy as np;
/// # use polyarray_cpu as _;
/// assert!(np::allclose(&np::geomspace(1.0, 8.0, 4, ())?, [1.0, 2.0, 4.0, 8.0], ())?);
/// # Ok::<(), polyarray_core::Error>(())
/// ```
///
/// # Errors
/// [`Error::Argument`] if an end is 0 or their signs differ; an unknown device; those of copying it there.
pub fn geomspace(start: f64, stop: f64, count: usize, create: impl Into<Create>) -> Result<Array> {
    if start == 0.0 || stop == 0.0 || start.signum() != stop.signum() {
        return Err(Error::Argument {
            op: "geomspace",
            operands: format!("from {start} to {stop}"),
            fix: "both ends have one sign and are not 0".into(),
        });
    }
    let ratio = stop / start;
    let at = |i: usize| match i {
        0 => start,
        i if i == count - 1 => stop,
        i => start * ratio.powf(i as f64 / (count - 1) as f64),
    };
    placed("geomspace", count, at, create.into())
}

/// Numbers of a spacing, at most: they are computed on the host.
const MOST: usize = 1 << 28;

/// Doubles, one for each number, as an array of the dtype and where they are asked for.
pub(super) fn placed(
    op: &'static str,
    count: usize,
    at: impl Fn(usize) -> f64,
    create: Create,
) -> Result<Array> {
    if count > MOST {
        let bytes = 8 * count as u128;
        return Err(Error::TooLarge { place: op.into(), bytes, detail: "it is computed on the host".into() });
    }
    let here = erased_indices(0, &create.place()?)?;
    let dtype = create.dtype.map_or_else(|| float_beside(&here), Ok)?;
    numbers_beside((0..count).map(at), dtype, &here)
}
