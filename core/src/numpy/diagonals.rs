//! Diagonals, traces, transposed matrices.

use super::{astype, sum};
use crate::array::Array;
use crate::dtype::DType;
use crate::error::Error;
use crate::multimethod;

/// Which diagonal: `()` is the main one, `1` the one above it, `-1` the one below; `diagonal_of(0, 2)` that of other axes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Diagonal {
    /// How far above the main one.
    pub offset: isize,
    /// Rows and columns; none for the function's own axes.
    pub axes: Option<[isize; 2]>,
}

/// The main diagonal of these axes.
///
/// ```
/// use polyarray_core::{Array, numpy as np};
/// # use polyarray_cpu as _;
/// let x = Array::from([[[1, 2], [3, 4]]]);
/// assert_eq!(np::diagonal(&x, np::diagonal_of(1, 2))?.to_vec::<i32>()?, [1, 4]);
/// # Ok::<(), polyarray_core::Error>(())
/// ```
pub fn diagonal_of(rows: isize, columns: isize) -> Diagonal {
    Diagonal { offset: 0, axes: Some([rows, columns]) }
}

impl Diagonal {
    /// So far above the main one.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let x = Array::from([[1, 2], [3, 4]]);
    /// assert_eq!(np::diagonal(&x, np::diagonal_of(1, 0).offset(1))?.to_vec::<i32>()?, [3]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    #[must_use]
    pub fn offset(self, offset: isize) -> Diagonal {
        Diagonal { offset, ..self }
    }

    /// Summed in this dtype.
    ///
    /// ```
    /// use polyarray_core::{Array, DType, numpy as np};
    /// # use polyarray_cpu as _;
    /// let x = Array::from([[1, 2], [3, 4]]);
    /// assert_eq!(np::trace(&x, np::Diagonal::default().dtype(DType::F64))?.to_vec::<f64>()?, [5.0]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    #[must_use]
    pub fn dtype(self, dtype: DType) -> Trace {
        Trace { of: self, dtype: Some(dtype) }
    }
}

impl From<()> for Diagonal {
    fn from((): ()) -> Diagonal {
        Diagonal::default()
    }
}

macro_rules! from_offset {
    ($($t:ty),*) => { $(
        impl From<$t> for Diagonal {
            fn from(offset: $t) -> Diagonal {
                Diagonal { offset: offset as isize, axes: None }
            }
        }
    )* };
}
from_offset!(i32, i64, isize);

/// Which diagonal is summed, and in which dtype: whatever [`Diagonal`] is made of, `Diagonal::default().dtype(F64)`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Trace {
    /// The diagonal.
    pub of: Diagonal,
    /// The dtype; none for that of a sum.
    pub dtype: Option<DType>,
}

impl<T: Into<Diagonal>> From<T> for Trace {
    fn from(of: T) -> Trace {
        Trace { of: of.into(), dtype: None }
    }
}

multimethod! {
    domain "numpy";

    /// The diagonal of the first two axes, or of others, as the last axis of the result: a view.
    ///
    /// NumPy: `diagonal(x, offset, axis1, axis2)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let x = Array::from([[1, 2], [3, 4]]);
    /// assert_eq!(np::diagonal(&x, ())?.to_vec::<i32>()?, [1, 4]);
    /// assert_eq!(np::diagonal(&x, 1)?.to_vec::<i32>()?, [2]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Shape`](crate::Error::Shape) for less than two axes; [`Error::Axis`](crate::Error::Axis).
    pub fn diagonal(x: &Array, which: Diagonal) -> Result<Array> {
        x.diagonal(which.offset, which.axes.unwrap_or([0, 1]))
    }

    /// The sum of a diagonal of the first two axes, or of others. Dtypes as in [`sum()`], unless one is given, to which the
    /// elements are cast first.
    ///
    /// NumPy: `trace(x, offset, axis1, axis2, dtype)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let x = Array::from([[1.0, 2.0], [3.0, 4.0]]);
    /// assert_eq!(np::trace(&x, ())?.item()?.to_f64(), 5.0);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`diagonal()`].
    pub fn trace(x: &Array, which: Trace) -> Result<Array> {
        let along = diagonal(x, which.of)?;
        match which.dtype {
            None => sum(&along, -1),
            Some(dtype) => astype(&sum(&astype(&along, dtype)?, -1)?, dtype),
        }
    }

    /// The last two axes exchanged: a view.
    ///
    /// NumPy: `matrix_transpose(x)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let t = np::matrix_transpose(&Array::from([[1, 2, 3], [4, 5, 6]]))?;
    /// assert_eq!(t.shape(), [3, 2]);
    /// assert_eq!(t.to_vec::<i32>()?, [1, 4, 2, 5, 3, 6]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Shape`](crate::Error::Shape) for less than two axes.
    pub fn matrix_transpose(x: &Array) -> Result<Array> {
        if x.ndim() < 2 {
            return Err(Error::Shape {
                op: "matrix_transpose",
                operands: format!("x: {:?}", x.shape()),
                fix: "it takes matrices: at least two axes".into(),
            });
        }
        x.swap_axes(-1, -2)
    }
}
