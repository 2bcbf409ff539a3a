//! Reductions over any axes.

use super::Answer;
use super::options::Reduce;
use super::typing::reduction_dtype;
use crate::array::Array;
use crate::dispatch::{Cx, Registrar};
use crate::expr::Reduction;
use crate::graph::record;
use crate::multimethod;

macro_rules! reductions {
    ($($(#[$($meta:tt)*])* $f:ident = $op:ident;)*) => {
        multimethod! {
            domain "numpy";
            $( $(#[$($meta)*])* pub fn $f(x: &Array, over: Reduce) -> Result<Array>; )*
        }

        /// Registers a recorder for every reduction.
        pub(super) fn register(r: &mut Registrar<'_>, kind: &str) {
            $( r.register::<$f>(kind, |cx: Cx, x: &Array, over: Reduce| -> Answer {
                let mask = over.mask(Reduction::$op.name(), x.ndim())?;
                let compute = reduction_dtype(Reduction::$op, x.dtype())?;
                let reduced = record::reduce(Reduction::$op, compute, &x.dense, mask, over.keepdims, cx.instance)?;
                Ok(reduced.into())
            }); )*
        }
    };
}

reductions! {
    /// Sum over `over`, in a fixed order. Bools and small integers are summed in 64 bits, where integers wrap;
    /// of nothing it is 0.
    ///
    /// NumPy: `sum(x, axis, keepdims)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let x = Array::from([[1.0, 2.0], [3.0, 4.0]]);
    /// assert_eq!(np::sum(&x, ())?.item()?.to_f64(), 10.0);
    /// assert_eq!(np::sum(&x, 0)?.to_vec::<f64>()?, [4.0, 6.0]);
    /// assert_eq!(np::sum(&x, np::axis(1).keepdims())?.shape(), [2, 1]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Axis`](crate::Error::Axis) out of range or named twice.
    sum = Sum;

    /// Product over `over`, in a fixed order; of nothing it is 1.
    ///
    /// NumPy: `prod(x, axis, keepdims)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let x = Array::from([[1.0, 2.0], [3.0, 4.0]]);
    /// assert_eq!(np::prod(&x, 1)?.to_vec::<f64>()?, [2.0, 12.0]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Axis`](crate::Error::Axis) out of range or named twice.
    prod = Prod;

    /// Smallest element over `over`; NaN if there is one. Of nothing: an error.
    ///
    /// NumPy: `min(x, axis, keepdims)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let x = Array::from([[1.0, 4.0], [3.0, 2.0]]);
    /// assert_eq!(np::min(&x, 0)?.to_vec::<f64>()?, [1.0, 2.0]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Shape`](crate::Error::Shape) of nothing; [`Error::DType`](crate::Error::DType) for complex numbers;
    /// [`Error::Axis`](crate::Error::Axis) out of range or named twice.
    min = Min;

    /// Largest element over `over`; NaN if there is one. Of nothing: an error.
    ///
    /// NumPy: `max(x, axis, keepdims)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let x = Array::from([[1.0, 4.0], [3.0, 2.0]]);
    /// assert_eq!(np::max(&x, 0)?.to_vec::<f64>()?, [3.0, 4.0]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`min()`].
    max = Max;

    /// Is any element over `over` non-zero? Of nothing: false.
    ///
    /// NumPy: `any(x, axis, keepdims)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let x = Array::from([[0.0, 0.0], [0.0, 2.0]]);
    /// assert_eq!(np::any(&x, 1)?.to_vec::<bool>()?, [false, true]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Axis`](crate::Error::Axis) out of range or named twice.
    any = Any;

    /// Are all elements over `over` non-zero? Of nothing: true.
    ///
    /// NumPy: `all(x, axis, keepdims)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let x = Array::from([[1.0, 0.0], [3.0, 2.0]]);
    /// assert_eq!(np::all(&x, 1)?.to_vec::<bool>()?, [false, true]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Axis`](crate::Error::Axis) out of range or named twice.
    all = All;

    /// Row-major index (int64) of the first smallest element over `over`; of the first NaN if there is one.
    ///
    /// NumPy: `argmin(x, axis, keepdims)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let x = Array::from([[3.0, 1.0], [0.0, 2.0]]);
    /// assert_eq!(np::argmin(&x, ())?.to_vec::<i64>()?, [2]);
    /// assert_eq!(np::argmin(&x, 0)?.to_vec::<i64>()?, [1, 0]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`min()`].
    argmin = ArgMin;

    /// Row-major index (int64) of the first largest element over `over`; of the first NaN if there is one.
    ///
    /// NumPy: `argmax(x, axis, keepdims)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let x = Array::from([[3.0, 1.0], [0.0, 2.0]]);
    /// assert_eq!(np::argmax(&x, ())?.to_vec::<i64>()?, [0]);
    /// assert_eq!(np::argmax(&x, 1)?.to_vec::<i64>()?, [0, 1]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`min()`].
    argmax = ArgMax;
}
