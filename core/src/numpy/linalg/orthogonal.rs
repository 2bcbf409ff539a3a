//! The QR factorisation.

use super::QrMode;
use super::matrices::{recast, split};
use super::reflections;
use crate::array::Array;
use crate::array::spec::{Outputs, Spec, kernel_for, record};
use crate::dispatch::{Cx, Registrar, Stop};
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
        let mut results = record(cx, spec, &[x])?.into_iter();
        match (results.next(), results.next()) {
            (Some(q), Some(r)) => Ok((q, r)),
            _ => Err(Stop::declined("its kernel gives another number of results")),
        }
    });
}
