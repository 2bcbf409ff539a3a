//! Eigenvalues and eigenvectors.

use super::Triangle;
use super::matrices::{adjoint, recast, square};
use super::rotations;
use crate::array::Array;
use crate::array::spec::{Outputs, Spec, kernel_for, record};
use crate::dispatch::{Cx, Registrar, Stop};
use crate::dtype::DType;
use crate::error::Error;
use crate::memory::Dims;
use crate::multimethod;
use crate::numpy::Answer;
use smallvec::SmallVec;

multimethod! {
    domain "numpy.linalg";

    /// Eigenvalues and eigenvectors of Hermitian matrices (…, n, n): `x = v · diag(w) · vᴴ` with real `w` (…, n) in
    /// ascending order and `v` (…, n, n), whose orthonormal columns are the vectors. Only the lower triangle of `x` is
    /// read; with `Triangle::Upper` only the upper one. Integers are computed in the device's default float, float16 in
    /// float32.
    ///
    /// NumPy: `linalg.eigh(x, UPLO)`.
    ///
    /// # Errors
    /// [`Error::Shape`](crate::Error::Shape) for matrices that are not square. An algorithm that does not converge (NaN
    /// or infinity among the elements) is an error when the values are computed.
    pub fn eigh(x: &Array, triangle: Triangle) -> Result<(Array, Array)>;

    /// Eigenvalues of Hermitian matrices: the `w` of [`eigh()`], without the vectors.
    ///
    /// NumPy: `linalg.eigvalsh(x, UPLO)`.
    ///
    /// # Errors
    /// Those of [`eigh()`].
    pub fn eigvalsh(x: &Array, triangle: Triangle) -> Result<Array>;

    /// Eigenvalues and right eigenvectors of matrices (…, n, n): complex `w` (…, n), in no order, and `v` (…, n, n),
    /// whose columns are of length 1: `x · v = v · diag(w)`. Always complex, as in the array API standard: NumPy gives
    /// real ones where it finds no other. Integers are computed in the device's default float, float16 in float32.
    ///
    /// NumPy: `linalg.eig(x)`.
    ///
    /// # Errors
    /// Those of [`eigh()`].
    pub fn eig(x: &Array) -> Result<(Array, Array)>;

    /// Eigenvalues of matrices: the `w` of [`eig()`], without the vectors.
    ///
    /// NumPy: `linalg.eigvals(x)`.
    ///
    /// # Errors
    /// Those of [`eigh()`].
    pub fn eigvals(x: &Array) -> Result<Array>;
}

/// Eigenvalues, and vectors if they are wanted. The operand is (batch…, n, n) with any strides, of a float or complex
/// dtype (not float16); the results are dense: the values, then the vectors as columns.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Eigen {
    /// Leading axes.
    pub batch: Dims,
    /// Rows and columns.
    pub n: usize,
    /// Dtype of the operand.
    pub dtype: DType,
    /// The matrices are Hermitian, and only their lower triangles are read; values are real and ascending, vectors
    /// orthonormal and of the operand's dtype. Otherwise both are complex.
    pub hermitian: bool,
    /// The vectors are wanted.
    pub vectors: bool,
}

impl Spec for Eigen {
    const NAME: &'static str = "eigen";

    fn name(&self) -> &'static str {
        match (self.hermitian, self.vectors) {
            (true, true) => "eigh",
            (true, false) => "eigvalsh",
            (false, true) => "eig",
            (false, false) => "eigvals",
        }
    }

    fn outputs(&self) -> Outputs {
        let complex = match self.dtype {
            DType::F32 => DType::C64,
            DType::F64 => DType::C128,
            complex => complex,
        };
        let (values, vectors) =
            if self.hermitian { (self.dtype.real(), self.dtype) } else { (complex, complex) };
        let shape = |last: &[usize]| -> Dims { self.batch.iter().chain(last).copied().collect() };
        let mut outputs = Outputs::new();
        outputs.push((shape(&[self.n]), values));
        if self.vectors {
            outputs.push((shape(&[self.n, self.n]), vectors));
        }
        outputs
    }
}

pub(super) fn register(r: &mut Registrar<'_>, kind: &str) {
    r.register::<eigh>(kind, |cx: Cx, x: &Array, triangle: Triangle| {
        square("eigh", x)?;
        if let Some(x) = recast(x)? {
            return Ok(eigh(&x, triangle)?);
        }
        pair(recorded("eigh", cx, &lower(x, triangle)?, true, true)?)
    });
    r.register::<eigvalsh>(kind, |cx: Cx, x: &Array, triangle: Triangle| -> Answer {
        square("eigvalsh", x)?;
        if let Some(x) = recast(x)? {
            return Ok(eigvalsh(&x, triangle)?);
        }
        Ok(recorded("eigvalsh", cx, &lower(x, triangle)?, true, false)?.remove(0))
    });
    r.register::<eig>(kind, |cx: Cx, x: &Array| {
        square("eig", x)?;
        if let Some(x) = recast(x)? {
            return Ok(eig(&x)?);
        }
        pair(recorded("eig", cx, x, false, true)?)
    });
    r.register::<eigvals>(kind, |cx: Cx, x: &Array| -> Answer {
        square("eigvals", x)?;
        if let Some(x) = recast(x)? {
            return Ok(eigvals(&x)?);
        }
        Ok(recorded("eigvals", cx, x, false, false)?.remove(0))
    });
}

/// The matrix whose lower triangle is read: the adjoint has the same values and vectors.
fn lower(x: &Array, triangle: Triangle) -> Result<Array, Error> {
    match triangle {
        Triangle::Lower => Ok(x.clone()),
        Triangle::Upper => adjoint(x),
    }
}

fn recorded(
    op: &'static str,
    cx: Cx,
    x: &Array,
    hermitian: bool,
    vectors: bool,
) -> Result<SmallVec<[Array; 3]>, Stop<Error>> {
    let (batch, n) = square(op, x)?;
    let spec = Eigen { batch, n, dtype: x.dtype(), hermitian, vectors };
    if hermitian && kernel_for(cx, &spec).is_err() && rotations::rotates(cx, x, n) {
        return Ok(rotations::eigen(cx, op, x)?.into_iter().collect());
    }
    record(cx, spec, &[x])
}

fn pair(results: SmallVec<[Array; 3]>) -> Result<(Array, Array), Stop<Error>> {
    let mut results = results.into_iter();
    match (results.next(), results.next()) {
        (Some(values), Some(vectors)) => Ok((values, vectors)),
        _ => Err(Stop::declined("its kernel gives another number of results")),
    }
}
