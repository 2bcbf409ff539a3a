//! The QR factorisation.

use super::QrMode;
use super::matrices::{recast, split};
use super::reflections;
use crate::array::Array;
use crate::array::spec::{Outputs, Spec, kernel_for, record_each};
use crate::dispatch::{Cx, Registrar};
use crate::dtype::DType;
use crate::memory::Dims;
use crate::multimethod;

multimethod! {
    domain "numpy.linalg";

    /// QR factorisation `x = q · r` of matrices (…, m, n): `q` (…, m, k) with orthonormal columns, `r` (…, k, n) upper
    /// triangular, where k is the smaller of m and n; with `QrMode::Complete` k is m. Integers are factorised in the
    /// device's default float, float16 in float32.
    ///
    /// NumPy: `linalg.qr(x, mode)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use {polyarray_cpu as _, polyarray_cpu_linalg as _};
    /// let x = Array::from([[3.0, 1.0], [4.0, 2.0], [0.0, 2.0]]);
    /// let (q, r) = np::linalg::qr(&x, ())?;
    /// assert_eq!((q.shape(), r.shape()), (&[3, 2][..], &[2, 2][..]));
    /// assert!(np::allclose(&np::matmul(&q, &r)?, &x, ())?);
    /// assert!(np::allclose(&np::matmul(&q.t(), &q)?, [[1.0, 0.0], [0.0, 1.0]], ())?);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Shape`](crate::Error::Shape) for less than two axes.
    pub fn qr(x: &Array, mode: QrMode) -> Result<(Array, Array)>;
}

/// QR factorisations. The operand is (batch…, m, n) with any strides, of a float or complex dtype (not float16); the
/// results are dense: `q`, and `r` with zeros below the diagonal.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Qr {
    /// Leading axes.
    pub batch: Dims,
    /// Rows.
    pub m: usize,
    /// Columns.
    pub n: usize,
    /// Dtype of operand and results.
    pub dtype: DType,
    /// How much of them is wanted.
    pub mode: QrMode,
}

impl Qr {
    /// Columns of Q and rows of R.
    ///
    /// ```
    /// use polyarray_core::{DType, numpy::{linalg::QrMode, specs::Qr}};
    /// let qr = Qr { batch: [].into_iter().collect(), m: 3, n: 2, dtype: DType::F64, mode: QrMode::Reduced };
    /// assert_eq!(qr.inner(), 2);
    /// ```
    pub fn inner(&self) -> usize {
        match self.mode {
            QrMode::Reduced => self.m.min(self.n),
            QrMode::Complete => self.m,
        }
    }
}

impl Spec for Qr {
    const NAME: &'static str = "qr";

    fn outputs(&self) -> Outputs {
        let k = self.inner();
        let shape = |last: [usize; 2]| -> Dims { self.batch.iter().copied().chain(last).collect() };
        [(shape([self.m, k]), self.dtype), (shape([k, self.n]), self.dtype)].into_iter().collect()
    }
}

pub(super) fn register(r: &mut Registrar<'_>, kind: &str) {
    r.register::<qr>(kind, |cx: Cx, x: &Array, mode: QrMode| {
        let (batch, [m, n]) = split("qr", x)?;
        if let Some(x) = recast(x)? {
            return Ok(qr(&x, mode)?);
        }
        let spec = Qr { batch, m, n, dtype: x.dtype(), mode };
        if kernel_for(cx, &spec).is_err() {
            return reflections::qr(cx, x, mode);
        }
        Ok(record_each(cx, spec, &[x])?.into())
    });
}
