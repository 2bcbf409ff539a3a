//! Decompositions of matrices.

use crate::array::Array;
use crate::array::spec::{Outputs, Spec, record};
use crate::device::residency;
use crate::dispatch::{Cx, Registrar, Stop};
use crate::dtype::{DType, Kind};
use crate::error::{Error, Result};
use crate::memory::Dims;
use crate::multimethod;
use crate::numpy::astype;

multimethod! {
    domain "numpy.linalg";

    /// Singular value decomposition `x = u · diag(s) · vh` of matrices (…, m, n): `u` (…, m, k), `s` (…, k) in
    /// descending order, real, and `vh` (…, k, n), where k is the smaller of m and n. With `full_matrices`, `u` is
    /// (…, m, m) and `vh` (…, n, n). Integers are decomposed in the device's default float, float16 in float32.
    ///
    /// NumPy: `linalg.svd(x, full_matrices)`.
    ///
    /// # Errors
    /// [`Error::Shape`](crate::Error::Shape) for less than two axes. An algorithm that does not converge (NaN or
    /// infinity among the elements) is an error when the values are computed.
    pub fn svd(x: &Array, full_matrices: bool) -> Result<(Array, Array, Array)>;
}

/// Singular value decompositions of matrices. The operand is (batch…, m, n) with any strides, of a float or complex
/// dtype (not float16); the results are dense: `u`, `s` (real), `vh`.
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
    /// `u` is (m, m) and `vh` (n, n).
    pub full_matrices: bool,
}

impl Spec for Svd {
    const NAME: &'static str = "svd";

    fn outputs(&self) -> Outputs {
        let k = self.m.min(self.n);
        let (u, v) = if self.full_matrices { (self.m, self.n) } else { (k, k) };
        let shape = |last: &[usize]| -> Dims { self.batch.iter().chain(last).copied().collect() };
        let real = match self.dtype {
            DType::C64 => DType::F32,
            DType::C128 => DType::F64,
            real => real,
        };
        let outputs =
            [(shape(&[self.m, u]), self.dtype), (shape(&[k]), real), (shape(&[v, self.n]), self.dtype)];
        outputs.into_iter().collect()
    }
}

pub(super) fn register(r: &mut Registrar<'_>, kind: &str) {
    r.register::<svd>(kind, |cx: Cx, x: &Array, full_matrices: bool| {
        let x = matrices("svd", cx, x)?;
        let (batch, [m, n]) = split(&x);
        let spec = Svd { batch, m, n, dtype: x.dtype(), full_matrices };
        let mut results = record(cx, spec, &[&x])?.into_iter();
        match (results.next(), results.next(), results.next()) {
            (Some(u), Some(s), Some(vh)) => Ok((u, s, vh)),
            _ => Err(Stop::declined("its kernel gives another number of results")),
        }
    });
}

/// Checked, in a dtype that decompositions are computed in.
fn matrices(op: &'static str, cx: Cx, x: &Array) -> Result<Array> {
    if x.ndim() < 2 {
        return Err(Error::Shape {
            op,
            operands: format!("x: {:?}", x.shape()),
            fix: "it takes matrices: at least two axes".into(),
        });
    }
    match x.dtype() {
        DType::F16 => astype(x, DType::F32),
        dtype if dtype.kind() < Kind::Float => astype(x, residency::site(cx.instance)?.default_float),
        _ => Ok(x.clone()),
    }
}

/// Leading axes, and the last two.
fn split(x: &Array) -> (Dims, [usize; 2]) {
    let (batch, matrix) = x.shape().split_at(x.ndim() - 2);
    (batch.into(), [matrix[0], matrix[1]])
}
