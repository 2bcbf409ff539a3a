//! Products of arrays in terms of products of matrices and of elements.

use super::options::Axis;
use super::{astype, conj, matmul, multiply, stack, subtract, sum};
use crate::array::{Array, IntoAxes};
use crate::dtype::{DType, promote};
use crate::error::{Error, Result};
use crate::expr::axes::{wrap_axes, wrap_axis};
use crate::multimethod;
use smallvec::SmallVec;

/// Over which axes to sum: a number for so many of the last ones of the left operand and the first ones of the right, a
/// pair of (several) axes, `()` for 2.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Contraction {
    /// So many of the last axes of the left operand, and of the first of the right one.
    Adjacent(usize),
    /// These axes of the left operand, and those of the right one.
    Axes(SmallVec<[isize; 4]>, SmallVec<[isize; 4]>),
}

impl From<()> for Contraction {
    fn from((): ()) -> Contraction {
        Contraction::Adjacent(2)
    }
}

macro_rules! from_count {
    ($($t:ty),*) => { $(
        impl From<$t> for Contraction {
            /// A negative number is more than there are.
            fn from(count: $t) -> Contraction {
                Contraction::Adjacent(usize::try_from(count).unwrap_or(usize::MAX))
            }
        }
    )* };
}
from_count!(i32, usize);

impl<A: IntoAxes, B: IntoAxes> From<(A, B)> for Contraction {
    fn from((a, b): (A, B)) -> Contraction {
        Contraction::Axes(a.into_axes(), b.into_axes())
    }
}

multimethod! {
    domain "numpy";

    /// Sums of products over axes of both operands, which are as long: the result has the other axes of `a`, then those
    /// of `b`. `()` sums over the last two of `a` and the first two of `b`, `n` over so many, `([0, 1], [1, 0])` over these.
    /// Dtypes as in [`matmul()`].
    ///
    /// NumPy: `tensordot(a, b, axes)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let a = Array::from([[1.0, 2.0], [3.0, 4.0]]);
    /// assert_eq!(np::tensordot(&a, [1.0, 10.0], 1)?.to_vec::<f64>()?, [21.0, 43.0]);
    /// assert_eq!(np::tensordot(&a, &a, ())?.item()?.to_f64(), 30.0); // over both axes
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Shape`](crate::Error::Shape) for axes of another number or other lengths; [`Error::Axis`](crate::Error::Axis).
    pub fn tensordot(a: &Array, b: &Array, axes: Contraction) -> Result<Array> {
        let bad = |fix: &str| Error::Shape {
            op: "tensordot",
            operands: format!("a: {:?}, b: {:?}, axes: {axes:?}", a.shape(), b.shape()),
            fix: fix.into(),
        };
        let (left, right) = match &axes {
            Contraction::Adjacent(n) if *n > a.ndim() || *n > b.ndim() => {
                return Err(bad("an operand does not have so many axes"));
            }
            Contraction::Adjacent(n) => ((a.ndim() - n..a.ndim()).collect(), (0..*n).collect()),
            Contraction::Axes(left, right) => {
                (wrap_axes("tensordot", left, a.ndim())?, wrap_axes("tensordot", right, b.ndim())?)
            }
        };
        let lengths = |x: &Array, axes: &[usize]| -> Vec<usize> { axes.iter().map(|&i| x.shape()[i]).collect() };
        if lengths(a, &left) != lengths(b, &right) {
            return Err(bad("the axes that are summed must be as many and as long in both"));
        }
        let others = |x: &Array, axes: &[usize]| -> Vec<usize> { (0..x.ndim()).filter(|i| !axes.contains(i)).collect() };
        let (rows, columns) = (others(a, &left), others(b, &right));
        let order = |first: &[usize], last: &[usize]| -> Vec<isize> { [first, last].concat().iter().map(|&i| i as isize).collect() };
        let count = |lengths: &[usize]| lengths.iter().product::<usize>() as isize;
        let (m, k, n) = (count(&lengths(a, &rows)), count(&lengths(a, &left)), count(&lengths(b, &columns)));
        let shape = [lengths(a, &rows), lengths(b, &columns)].concat();
        let a = a.permute(order(&rows, &left))?.reshape([m, k])?;
        let b = b.permute(order(&right, &columns))?.reshape([k, n])?;
        matmul(&a, &b)?.reshape(shape)
    }

    /// Sums Σ conj(a) · b over one axis of both, `-1` for the last; the other axes broadcast. Integers wrap, float16 is
    /// summed in float32. The dtype is the promoted one.
    ///
    /// NumPy: `vecdot(a, b, axis)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let a = Array::from([[1, 2], [3, 4]]);
    /// assert_eq!(np::vecdot(&a, [10, 1], -1)?.to_vec::<i32>()?, [12, 34]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Shape`](crate::Error::Shape) for lengths that differ; [`Error::Axis`](crate::Error::Axis).
    pub fn vecdot(a: &Array, b: &Array, axis: Axis) -> Result<Array> {
        let last = |x: &Array| -> Result<Array> {
            let axis = wrap_axis("vecdot", axis.0, x.ndim())?;
            super::rows::move_axis(x, axis as isize, -1)
        };
        let (a, b) = (last(a)?, last(b)?);
        let (m, n) = (a.shape()[a.ndim() - 1], b.shape()[b.ndim() - 1]);
        if m != n {
            return Err(Error::Shape {
                op: "vecdot",
                operands: format!("vectors of {m} and {n} elements"),
                fix: "they must be as long".into(),
            });
        }
        let a = if a.dtype().is_complex() { conj(&a)? } else { a };
        sum_of_products(&a, &b)
    }

    /// The products of all elements of `a` with all of `b`, both flattened: (len a, len b). The dtype is the promoted
    /// one.
    ///
    /// NumPy: `outer(a, b)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let x = np::outer(&Array::from([1, 2]), [10, 20, 30])?;
    /// assert_eq!(x.shape(), [2, 3]);
    /// assert_eq!(x.to_vec::<i32>()?, [10, 20, 30, 20, 40, 60]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    pub fn outer(a: &Array, b: &Array) -> Result<Array> {
        multiply(&a.reshape([a.len(), 1])?, &b.reshape([b.len()])?)
    }

    /// Sums of products over the last axis of both: the result has the other axes of `a`, then those of `b`. A scalar
    /// multiplies. Dtypes as in [`matmul()`].
    ///
    /// NumPy: `inner(a, b)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let a = Array::from([[1, 2], [3, 4]]);
    /// assert_eq!(np::inner(&a, [1, 10])?.to_vec::<i32>()?, [21, 43]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`tensordot()`].
    pub fn inner(a: &Array, b: &Array) -> Result<Array> {
        if a.ndim() == 0 || b.ndim() == 0 {
            return multiply(a, b);
        }
        tensordot(a, b, (-1, -1))
    }

    /// Sums of products over the last axis of `a` and the second last of `b`, or its only one: the result has the other
    /// axes of `a`, then those of `b`. A scalar multiplies. Dtypes as in [`matmul()`].
    ///
    /// NumPy: `dot(a, b)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let a = Array::from([[1, 2], [3, 4]]);
    /// assert_eq!(np::dot(&a, [[0, 1], [1, 0]])?.to_vec::<i32>()?, [2, 1, 4, 3]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`tensordot()`].
    pub fn dot(a: &Array, b: &Array) -> Result<Array> {
        if a.ndim() == 0 || b.ndim() == 0 {
            return multiply(a, b);
        }
        tensordot(a, b, (-1, if b.ndim() == 1 { -1 } else { -2 }))
    }

    /// The sum Σ conj(a) · b over all elements, both flattened. The dtype is the promoted one.
    ///
    /// NumPy: `vdot(a, b)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let a = Array::from([[1, 2], [3, 4]]);
    /// assert_eq!(np::vdot(&a, &a)?.to_vec::<i32>()?, [30]); // 1 + 4 + 9 + 16
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`vecdot()`].
    pub fn vdot(a: &Array, b: &Array) -> Result<Array> {
        vecdot(&a.reshape([a.len()])?, &b.reshape([b.len()])?, -1)
    }

    /// Products of matrices (…, m, n) with vectors (…, n); leading axes broadcast. The result is (…, m). Dtypes as in
    /// [`matmul()`].
    ///
    /// NumPy: `matvec(a, b)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let a = Array::from([[1, 2], [3, 4]]);
    /// assert_eq!(np::matvec(&a, [1, 10])?.to_vec::<i32>()?, [21, 43]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`matmul()`].
    pub fn matvec(a: &Array, b: &Array) -> Result<Array> {
        matmul(a, &b.expand_dims(-1)?)?.squeeze(-1)
    }

    /// Products of vectors (…, m), conjugated, with matrices (…, m, n); leading axes broadcast. The result is (…, n).
    /// Dtypes as in [`matmul()`].
    ///
    /// NumPy: `vecmat(a, b)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let b = Array::from([[1, 2], [3, 4]]);
    /// assert_eq!(np::vecmat([1, 10], &b)?.to_vec::<i32>()?, [31, 42]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`matmul()`].
    pub fn vecmat(a: &Array, b: &Array) -> Result<Array> {
        let a = if a.dtype().is_complex() { conj(a)? } else { a.clone() };
        matmul(&a.expand_dims(-2)?, b)?.squeeze(-2)
    }

    /// Kronecker's product: each element of `a` replaced by its product with the whole of `b`. The operand with fewer axes
    /// is given leading ones of length 1. Each length is the product of those of `a` and `b`; the dtype is the
    /// promoted one.
    ///
    /// NumPy: `kron(a, b)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let a = Array::from([1, 10]);
    /// assert_eq!(np::kron(&a, [1, 2, 3])?.to_vec::<i32>()?, [1, 2, 3, 10, 20, 30]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    pub fn kron(a: &Array, b: &Array) -> Result<Array> {
        let ndim = a.ndim().max(b.ndim());
        let spread = |x: &Array, after: bool| -> Result<Array> {
            let lengths = std::iter::repeat_n(1, ndim - x.ndim()).chain(x.shape().iter().copied());
            x.reshape(lengths.flat_map(|n| if after { [n, 1] } else { [1, n] }).collect::<Vec<_>>())
        };
        let product = multiply(&spread(a, true)?, &spread(b, false)?)?;
        let pairs = product.shape().chunks(2).map(|pair| pair[0] * pair[1]).collect::<Vec<_>>();
        product.reshape(pairs)
    }

    /// The cross product of vectors of three elements along an axis, `-1` for the last; the other axes broadcast. The
    /// dtype is the promoted one.
    ///
    /// NumPy: `cross(a, b, axis)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let a = Array::from([1, 0, 0]);
    /// assert_eq!(np::cross(&a, [0, 1, 0], -1)?.to_vec::<i32>()?, [0, 0, 1]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Shape`](crate::Error::Shape) for another length; [`Error::Axis`](crate::Error::Axis).
    pub fn cross(a: &Array, b: &Array, axis: Axis) -> Result<Array> {
        let last = |x: &Array| -> Result<Array> {
            let at = wrap_axis("cross", axis.0, x.ndim())?;
            if x.shape()[at] != 3 {
                return Err(Error::Shape {
                    op: "cross",
                    operands: format!("axis {at} of shape {:?}", x.shape()),
                    fix: "vectors have three elements".into(),
                });
            }
            super::rows::move_axis(x, at as isize, -1)
        };
        let (a, b) = (last(a)?, last(b)?);
        let part = |x: &Array, i: usize| x.slice(format!("..., {i}"));
        let one = |i: usize, j: usize| -> Result<Array> {
            subtract(&multiply(&part(&a, i)?, &part(&b, j)?)?, &multiply(&part(&a, j)?, &part(&b, i)?)?)
        };
        let product = stack(&[one(1, 2)?, one(2, 0)?, one(0, 1)?], -1)?;
        // A negative axis counts from the end of both operands, another one from their beginning.
        super::rows::move_axis(&product, -1, axis.0)
    }
}

/// Sums of products over the last axis, in the promoted dtype, float16 in float32.
pub(super) fn sum_of_products(a: &Array, b: &Array) -> Result<Array> {
    let dtype = promote(a.dtype(), b.dtype());
    let total = match dtype {
        DType::F16 => sum(&multiply(&astype(a, DType::F32)?, &astype(b, DType::F32)?)?, -1)?,
        DType::Bool => super::any(&super::logical_and(a, b)?, -1)?,
        _ => sum(&multiply(a, b)?, -1)?,
    };
    if total.dtype() == dtype { Ok(total) } else { astype(&total, dtype) }
}
