//! Singular values and vectors.

use super::matrices::{recast, split};
use super::rotations;
use crate::array::Array;
use crate::array::spec::{Outputs, Spec, kernel_for, record_each, record_one};
use crate::dispatch::{Cx, Registrar};
use crate::dtype::DType;
use crate::memory::Dims;
use crate::multimethod;
use crate::numpy::Answer;

multimethod! {
    domain "numpy.linalg";

    /// Singular value decomposition `x = u · diag(s) · vh` of matrices (…, m, n): `u` (…, m, k), `s` (…, k) in
    /// descending order, real, and `vh` (…, k, n), where k is the smaller of m and n. With `full_matrices`, `u` is
    /// (…, m, m) and `vh` (…, n, n). Integers are decomposed in the device's default float, float16 in float32.
    ///
    /// NumPy: `linalg.svd(x, full_matrices)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use {polyarray_cpu as _, polyarray_cpu_linalg as _};
    /// let x = Array::from([[3.0, 0.0], [4.0, 5.0]]);
    /// let (u, s, vh) = np::linalg::svd(&x, false)?;
    /// assert!(np::allclose(&s, [45.0_f64.sqrt(), 5.0_f64.sqrt()], ())?);
    /// assert!(np::allclose(&np::matmul(&np::multiply(&u, &s)?, &vh)?, &x, ())?);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Shape`](crate::Error::Shape) for less than two axes. An algorithm that does not converge (NaN or
    /// infinity among the elements) is an error when the values are computed.
    pub fn svd(x: &Array, full_matrices: bool) -> Result<(Array, Array, Array)>;

    /// Singular values: the `s` of [`svd()`], without the vectors.
    ///
    /// NumPy: `linalg.svdvals(x)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use {polyarray_cpu as _, polyarray_cpu_linalg as _};
    /// let x = Array::from([[3.0, 0.0], [0.0, -4.0]]);
    /// assert!(np::allclose(&np::linalg::svdvals(&x)?, [4.0, 3.0], ())?);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`svd()`].
    pub fn svdvals(x: &Array) -> Result<Array>;
}

/// What is wanted of a singular value decomposition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SvdParts {
    /// The values.
    Values,
    /// `u` (m, k), `s`, `vh` (k, n).
    Reduced,
    /// `u` (m, m), `s`, `vh` (n, n).
    Full,
}

/// Singular value decompositions of matrices. The operand is (batch…, m, n) with any strides, of a float or complex
/// dtype (not float16); the results are dense: `u`, `s` (real), `vh`, or `s` only.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Svd {
    /// Leading axes.
    pub batch: Dims,
    /// Rows.
    pub m: usize,
    /// Columns.
    pub n: usize,
    /// Dtype of the operand.
    pub dtype: DType,
    /// What is wanted.
    pub parts: SvdParts,
}

impl Spec for Svd {
    const NAME: &'static str = "svd";

    fn name(&self) -> &'static str {
        if self.parts == SvdParts::Values { "svdvals" } else { Self::NAME }
    }

    fn outputs(&self) -> Outputs {
        let k = self.m.min(self.n);
        let shape = |last: &[usize]| -> Dims { self.batch.iter().chain(last).copied().collect() };
        let values = (shape(&[k]), self.dtype.real());
        let (u, v) = match self.parts {
            SvdParts::Values => return std::iter::once(values).collect(),
            SvdParts::Reduced => (k, k),
            SvdParts::Full => (self.m, self.n),
        };
        [(shape(&[self.m, u]), self.dtype), values, (shape(&[v, self.n]), self.dtype)].into_iter().collect()
    }
}

pub(super) fn register(r: &mut Registrar<'_>, kind: &str) {
    r.register::<svd>(kind, |cx: Cx, x: &Array, full_matrices: bool| {
        let (batch, [m, n]) = split("svd", x)?;
        if let Some(x) = recast(x)? {
            return Ok(svd(&x, full_matrices)?);
        }
        let parts = if full_matrices { SvdParts::Full } else { SvdParts::Reduced };
        let spec = Svd { batch, m, n, dtype: x.dtype(), parts };
        if kernel_for(cx, &spec).is_err() && rotations::rotates(cx, x, m.min(n)) {
            return rotations::svd(cx, "svd", x, parts);
        }
        Ok(record_each(cx, spec, &[x])?.into())
    });
    r.register::<svdvals>(kind, |cx: Cx, x: &Array| -> Answer {
        let (batch, [m, n]) = split("svdvals", x)?;
        if let Some(x) = recast(x)? {
            return Ok(svdvals(&x)?);
        }
        let spec = Svd { batch, m, n, dtype: x.dtype(), parts: SvdParts::Values };
        if kernel_for(cx, &spec).is_err() && rotations::rotates(cx, x, m.min(n)) {
            return Ok(rotations::svd(cx, "svdvals", x, SvdParts::Values)?.1);
        }
        record_one(cx, spec, &[x])
    });
}
