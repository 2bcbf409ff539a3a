//! The LU factorisation: solutions, inverses, determinants.

use super::blocks::{self, Factors};
use super::faults::{Fault, unless};
use super::matrices::{Systems, cast, computed, identity, inexact, recast, split, square};
use super::{Triangle, Triangular};
use crate::array::Array;
use crate::array::spec::{Outputs, Spec, kernel_for, output, record_each, record_one};
use crate::dispatch::{Cx, Registrar};
use crate::dtype::{DType, promote};
use crate::error::Result;
use crate::memory::Dims;
use crate::multimethod;
use crate::numpy::manipulation::alike;
use crate::numpy::{
    Answer, absolute, arange, astype, axis, count_nonzero, divide, equal, log, multiply, not_equal, prod,
    remainder, subtract, sum, where_,
};

multimethod! {
    domain "numpy.linalg";

    /// LU factorisation with partial pivoting of matrices (…, m, n), `p · x = l · u`: `lu` (…, m, n) holds `u` on and
    /// above the diagonal and `l`, whose diagonal is 1, below it; `piv` (…, k), int32, where k is the smaller of m and n,
    /// says that row i was exchanged with row `piv[i]`, one after the other. Integers are factorised in the device's
    /// default float, float16 in float32.
    ///
    /// NumPy: `scipy.linalg.lu_factor(x)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use {polyarray_cpu as _, polyarray_cpu_linalg as _};
    /// let x = Array::from([[3.0, 3.0], [6.0, 4.0]]);
    /// let (lu, piv) = np::linalg::lu_factor(&x)?;
    /// // The rows change places; half of the first one is subtracted from the second one.
    /// assert_eq!(piv.to_vec::<i32>()?, [1, 1]);
    /// assert!(np::allclose(&lu, [[6.0, 4.0], [0.5, 1.0]], ())?);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Shape`](crate::Error::Shape) for less than two axes.
    pub fn lu_factor(x: &Array) -> Result<(Array, Array)>;

    /// The solution `x` of `a · x = b` for square matrices `a` (…, n, n): `b` of one axis is one right-hand side (n) for
    /// each of them, else its columns (…, n, k) are; leading axes broadcast. The dtype is the promoted one; integers are
    /// computed in the device's default float, float16 in float32.
    ///
    /// NumPy: `linalg.solve(a, b)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use {polyarray_cpu as _, polyarray_cpu_linalg as _};
    /// // x + 2y = 1, 3x + 5y = 2
    /// let a = Array::from([[1.0, 2.0], [3.0, 5.0]]);
    /// assert!(np::allclose(&np::linalg::solve(&a, [1.0, 2.0])?, [-1.0, 1.0], ())?);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Shape`](crate::Error::Shape) for matrices that are not square, or a `b` that does not fit. A matrix that
    /// is singular is an error when the values are computed.
    pub fn solve(a: &Array, b: &Array) -> Result<Array>;

    /// The inverses of square matrices (…, n, n): [`solve()`] with the identity.
    ///
    /// NumPy: `linalg.inv(x)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use {polyarray_cpu as _, polyarray_cpu_linalg as _};
    /// let x = Array::from([[1.0, 2.0], [3.0, 4.0]]);
    /// assert!(np::allclose(&np::linalg::inv(&x)?, [[-2.0, 1.0], [1.5, -0.5]], ())?);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`solve()`].
    pub fn inv(x: &Array) -> Result<Array> {
        let (_, n) = square("inv", x)?;
        let x = computed(x)?;
        solve(&x, identity(n, &x)?)
    }

    /// The determinants (…) of square matrices (…, n, n): the product of the pivots of their LU factorisation.
    ///
    /// NumPy: `linalg.det(x)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use {polyarray_cpu as _, polyarray_cpu_linalg as _};
    /// let x = Array::from([[1.0, 2.0], [3.0, 4.0]]);
    /// assert!(np::allclose(&np::linalg::det(&x)?, -2.0, ())?);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Shape`](crate::Error::Shape) for matrices that are not square.
    pub fn det(x: &Array) -> Result<Array> {
        let (sign, pivots) = pivots("det", x)?;
        multiply(&sign, prod(&pivots, -1)?)
    }

    /// The sign of the determinants of square matrices (…, n, n), for complex ones a number of magnitude 1, and the
    /// logarithm of their magnitude, both (…): `det(x) = sign · exp(logabsdet)`, where that would overflow, too. Of a
    /// singular matrix 0 and −∞.
    ///
    /// NumPy: `linalg.slogdet(x)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use {polyarray_cpu as _, polyarray_cpu_linalg as _};
    /// let x = Array::from([[1.0, 2.0], [3.0, 4.0]]);
    /// let (sign, logabsdet) = np::linalg::slogdet(&x)?;
    /// assert_eq!(sign.item()?.to_f64(), -1.0);
    /// assert!(np::allclose(&np::exp(&logabsdet)?, 2.0, ())?);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`det()`].
    pub fn slogdet(x: &Array) -> Result<(Array, Array)> {
        let (sign, pivots) = pivots("slogdet", x)?;
        let size = absolute(&pivots)?;
        let signs = where_(&equal(&size, 0.0)?, &pivots, &divide(&pivots, &size)?)?;
        Ok((multiply(&sign, prod(&signs, -1)?)?, sum(&log(&size)?, -1)?))
    }
}

/// The sign of the exchanges of rows, and the pivots (…, n), in the dtype of the determinant.
fn pivots(op: &'static str, x: &Array) -> Result<(Array, Array)> {
    let (_, n) = square(op, x)?;
    let (lu, piv) = lu_factor(&computed(x)?)?;
    let at = arange(n, alike(&lu, DType::I32))?;
    let odd = remainder(&count_nonzero(&not_equal(&piv, &at)?, axis(-1))?, 2)?;
    let sign = subtract(1, multiply(&odd, 2)?)?;
    Ok((astype(&sign, lu.dtype())?, super::diagonal(&lu, 0)?))
}

/// LU factorisations. The operand is (batch…, m, n) with any strides, of a float or complex dtype (not float16); the
/// results are dense: both factors in one, and the exchanges of rows, int32.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Lu {
    /// Leading axes.
    pub batch: Dims,
    /// Rows.
    pub m: usize,
    /// Columns.
    pub n: usize,
    /// Dtype of the operand.
    pub dtype: DType,
}

impl Spec for Lu {
    const NAME: &'static str = "lu_factor";

    fn outputs(&self) -> Outputs {
        let shape = |last: &[usize]| -> Dims { self.batch.iter().chain(last).copied().collect() };
        let lu = (shape(&[self.m, self.n]), self.dtype);
        [lu, (shape(&[self.m.min(self.n)]), DType::I32)].into_iter().collect()
    }
}

/// Systems of linear equations. Operands: the matrices, (batch…, n, n), and the right-hand sides, (batch…, n, columns),
/// with any strides (0 where they were broadcast), of one float or complex dtype (not float16); the result is dense.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Solve {
    /// Leading axes.
    pub batch: Dims,
    /// Equations, and unknowns.
    pub n: usize,
    /// Right-hand sides of each matrix.
    pub columns: usize,
    /// Dtype of operands and result.
    pub dtype: DType,
}

impl Spec for Solve {
    const NAME: &'static str = "solve";

    fn outputs(&self) -> Outputs {
        let shape: Dims = self.batch.iter().copied().chain([self.n, self.columns]).collect();
        output(shape, self.dtype)
    }
}

pub(super) fn register(r: &mut Registrar<'_>, kind: &str) {
    r.register::<lu_factor>(kind, |cx: Cx, x: &Array| {
        let (batch, [m, n]) = split("lu_factor", x)?;
        if let Some(x) = recast(x)? {
            return Ok(lu_factor(&x)?);
        }
        let spec = Lu { batch, m, n, dtype: x.dtype() };
        if kernel_for(cx, &spec).is_err() {
            let Factors { lu, exchanges, .. } = blocks::lu(cx, x)?;
            return Ok((lu, exchanges));
        }
        Ok(record_each(cx, spec, &[x])?.into())
    });
    r.register::<solve>(kind, |cx: Cx, a: &Array, b: &Array| -> Answer {
        let systems = Systems::of("solve", a, b)?;
        let dtype = promote(inexact(a)?, inexact(b)?);
        if a.dtype() != dtype || b.dtype() != dtype {
            return Ok(solve(&cast(a, dtype)?, &cast(b, dtype)?)?);
        }
        let spec = Solve { batch: systems.batch.clone(), n: systems.n, columns: systems.columns, dtype };
        let x = if kernel_for(cx, &spec).is_ok() {
            let [a, b] = &systems.operands;
            record_one(cx, spec, &[a, b])?
        } else {
            in_blocks(cx, a, &systems)?
        };
        Ok(systems.finish(x)?)
    });
}

/// Solutions by two triangular systems; each matrix is factorised once, whatever it is broadcast to.
fn in_blocks(cx: Cx, a: &Array, systems: &Systems) -> Answer {
    let factors = blocks::lu(cx, a)?;
    let with = |last: &[usize]| -> Dims { systems.batch.iter().chain(last).copied().collect() };
    let lu = factors.lu.broadcast_to(with(&[systems.n, systems.n]))?;
    let rows = factors.rows.broadcast_to(with(&[systems.n]))?;
    let b = blocks::reordered(&systems.operands[1], &rows)?;
    let unit = Triangular::from(Triangle::Lower).unit_diagonal();
    let y = blocks::substitute(cx, unit, &lu, &b)?;
    let x = blocks::substitute(cx, Triangle::Upper.into(), &lu, &y)?;
    let bad = equal(super::diagonal(&factors.lu, ())?, 0)?;
    unless(cx, "solve", &bad, Fault::Singular, &x)
}
