//! Cholesky's factorisation.

use super::Triangle;
use super::blocks;
use super::faults::{Fault, unless};
use super::matrices::{adjoint, recast, square};
use crate::array::Array;
use crate::array::spec::{Outputs, Spec, kernel_for, output, record_one};
use crate::dispatch::{Cx, Registrar};
use crate::dtype::DType;
use crate::memory::Dims;
use crate::multimethod;
use crate::numpy::{Answer, greater, logical_not, real};

multimethod! {
    domain "numpy.linalg";

    /// Cholesky's factorisation `x = l · lᴴ` of Hermitian positive definite matrices (…, n, n): the lower triangular
    /// `l`, with zeros above the diagonal; with `Triangle::Upper` its adjoint `u`, for which `x = uᴴ · u`. Only that
    /// triangle of `x` is read. Integers are factorised in the device's default float, float16 in float32.
    ///
    /// NumPy: `linalg.cholesky(x, upper)`.
    ///
    /// # Errors
    /// [`Error::Shape`](crate::Error::Shape) for matrices that are not square. One that is not positive definite is an
    /// error when the values are computed.
    pub fn cholesky(x: &Array, triangle: Triangle) -> Result<Array>;
}

/// Cholesky's factorisations. The operand is (batch…, n, n) with any strides, of a float or complex dtype (not
/// float16), of which only the lower triangles are read; the result is dense, lower triangular, zero above the diagonal.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Cholesky {
    /// Leading axes.
    pub batch: Dims,
    /// Rows and columns.
    pub n: usize,
    /// Dtype of operand and result.
    pub dtype: DType,
}

impl Spec for Cholesky {
    const NAME: &'static str = "cholesky";

    fn outputs(&self) -> Outputs {
        let shape: Dims = self.batch.iter().copied().chain([self.n, self.n]).collect();
        output(shape, self.dtype)
    }
}

pub(super) fn register(r: &mut Registrar<'_>, kind: &str) {
    r.register::<cholesky>(kind, |cx: Cx, x: &Array, triangle: Triangle| -> Answer {
        let (batch, n) = square("cholesky", x)?;
        if let Some(x) = recast(x)? {
            return Ok(cholesky(&x, triangle)?);
        }
        let spec = Cholesky { batch, n, dtype: x.dtype() };
        Ok(match triangle {
            Triangle::Lower => factorised(cx, spec, x)?,
            Triangle::Upper => adjoint(&factorised(cx, spec, &adjoint(x)?)?)?,
        })
    });
}

/// By the kind's kernel, or in blocks.
fn factorised(cx: Cx, spec: Cholesky, x: &Array) -> Answer {
    if kernel_for(cx, &spec).is_ok() {
        return record_one(cx, spec, &[x]);
    }
    let l = blocks::cholesky(cx, x)?;
    let bad = logical_not(greater(&real(super::diagonal(&l, ())?)?, 0)?)?;
    unless(cx, "cholesky", &bad, Fault::NotPositiveDefinite, &l)
}
