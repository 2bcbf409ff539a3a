//! Eigenvalues and eigenvectors.

use super::Triangle;
use super::matrices::{adjoint, recast, square};
use super::rotations;
use crate::array::Array;
use crate::array::spec::{Outputs, Spec, kernel_for, record_each};
use crate::dispatch::{Cx, Registrar, Stop};
use crate::dtype::DType;
use crate::error::Error;
use crate::memory::Dims;
use crate::multimethod;
use crate::numpy::Answer;

multimethod! {
    domain "numpy.linalg";

    /// Eigenvalues and eigenvectors of Hermitian matrices (…, n, n): `x = v · diag(w) · vᴴ` with real `w` (…, n) in
    /// ascending order and `v` (…, n, n), whose orthonormal columns are the vectors. Only the lower triangle of `x` is
    /// read; with `Triangle::Upper` only the upper one. Integers are computed in the device's default float, float16 in
    /// float32.
    ///
    /// NumPy: `linalg.eigh(x, UPLO)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use {polyarray_cpu as _, polyarray_cpu_linalg as _};
    /// let x = Array::from([[2.0, 1.0], [1.0, 2.0]]);
    /// let (w, v) = np::linalg::eigh(&x, ())?;
    /// assert!(np::allclose(&w, [1.0, 3.0], ())?);
    /// assert!(np::allclose(&np::matmul(&np::multiply(&v, &w)?, &v.t())?, &x, ())?);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Shape`](crate::Error::Shape) for matrices that are not square. An algorithm that does not converge (NaN
    /// or infinity among the elements) is an error when the values are computed.
    pub fn eigh(x: &Array, triangle: Triangle) -> Result<(Array, Array)>;

    /// Eigenvalues of Hermitian matrices: the `w` of [`eigh()`], without the vectors.
    ///
    /// NumPy: `linalg.eigvalsh(x, UPLO)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use {polyarray_cpu as _, polyarray_cpu_linalg as _};
    /// let x = Array::from([[2.0, 1.0], [1.0, 2.0]]);
    /// assert!(np::allclose(&np::linalg::eigvalsh(&x, ())?, [1.0, 3.0], ())?);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
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
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use {polyarray_cpu as _, polyarray_cpu_linalg as _};
    /// let x = Array::from([[1.0, 2.0], [0.0, 3.0]]);
    /// let (w, v) = np::linalg::eig(&x)?;
    /// assert!(np::allclose(&np::sort(&w, ())?, [1.0, 3.0], ())?);
    /// assert!(np::allclose(&np::matmul(&x, &v)?, &np::multiply(&v, &w)?, ())?);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`eigh()`].
    pub fn eig(x: &Array) -> Result<(Array, Array)>;

    /// Eigenvalues of matrices: the `w` of [`eig()`], without the vectors.
    ///
    /// NumPy: `linalg.eigvals(x)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use {polyarray_cpu as _, polyarray_cpu_linalg as _};
    /// let x = Array::from([[1.0, 2.0], [0.0, 3.0]]);
    /// assert!(np::allclose(&np::sort(&np::linalg::eigvals(&x)?, ())?, [1.0, 3.0], ())?);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
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
        Ok(recorded("eigh", cx, &lower(x, triangle)?, true)?.into())
    });
    r.register::<eigvalsh>(kind, |cx: Cx, x: &Array, triangle: Triangle| -> Answer {
        square("eigvalsh", x)?;
        if let Some(x) = recast(x)? {
            return Ok(eigvalsh(&x, triangle)?);
        }
        let [values] = recorded("eigvalsh", cx, &lower(x, triangle)?, true)?;
        Ok(values)
    });
    r.register::<eig>(kind, |cx: Cx, x: &Array| {
        square("eig", x)?;
        if let Some(x) = recast(x)? {
            return Ok(eig(&x)?);
        }
        Ok(recorded("eig", cx, x, false)?.into())
    });
    r.register::<eigvals>(kind, |cx: Cx, x: &Array| -> Answer {
        square("eigvals", x)?;
        if let Some(x) = recast(x)? {
            return Ok(eigvals(&x)?);
        }
        let [values] = recorded("eigvals", cx, x, false)?;
        Ok(values)
    });
}

/// The matrix whose lower triangle is read: the adjoint has the same values and vectors.
fn lower(x: &Array, triangle: Triangle) -> Result<Array, Error> {
    match triangle {
        Triangle::Lower => Ok(x.clone()),
        Triangle::Upper => adjoint(x),
    }
}

/// The eigenvalues, and the vectors if two results are asked for.
fn recorded<const N: usize>(
    op: &'static str,
    cx: Cx,
    x: &Array,
    hermitian: bool,
) -> Result<[Array; N], Stop<Error>> {
    let (batch, n) = square(op, x)?;
    let spec = Eigen { batch, n, dtype: x.dtype(), hermitian, vectors: N == 2 };
    if hermitian && kernel_for(cx, &spec).is_err() && rotations::rotates(cx, x, n) {
        let both = rotations::eigen(cx, op, x)?;
        return Ok(std::array::from_fn(|i| both[i].clone()));
    }
    record_each(cx, spec, &[x])
}
