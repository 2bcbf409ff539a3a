//! Systems of equations with a triangular matrix.

use super::Triangular;
use super::blocks;
use super::faults::{Fault, unless};
use super::matrices::{Systems, cast, inexact};
use crate::array::Array;
use crate::array::spec::{Outputs, Spec, kernel_for, output, record_one};
use crate::dispatch::{Cx, Registrar};
use crate::dtype::{DType, promote};
use crate::memory::Dims;
use crate::multimethod;
use crate::numpy::{Answer, equal};

multimethod! {
    domain "numpy.linalg";

    /// The solution `x` of `a · x = b` where `a` (…, n, n) is triangular: by substitution. Only the named triangle is read,
    /// `()` is the upper one. `b` and dtypes as in [`solve()`](super::solve()).
    ///
    /// NumPy: `scipy.linalg.solve_triangular(a, b, lower, unit_diagonal)`.
    ///
    /// # Errors
    /// Those of [`solve()`](super::solve()); a 0 on the diagonal is an error when the values are computed.
    pub fn solve_triangular(a: &Array, b: &Array, form: Triangular) -> Result<Array>;
}

/// Triangular systems. Operands and result as in [`Solve`](super::lu::Solve); of the matrices only one triangle is read.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TriangularSolve {
    /// Leading axes.
    pub batch: Dims,
    /// Equations, and unknowns.
    pub n: usize,
    /// Right-hand sides of each matrix.
    pub columns: usize,
    /// Dtype of operands and result.
    pub dtype: DType,
    /// Which elements of the matrices are read.
    pub form: Triangular,
}

impl Spec for TriangularSolve {
    const NAME: &'static str = "solve_triangular";

    fn outputs(&self) -> Outputs {
        let shape: Dims = self.batch.iter().copied().chain([self.n, self.columns]).collect();
        output(shape, self.dtype)
    }
}

pub(super) fn register(r: &mut Registrar<'_>, kind: &str) {
    r.register::<solve_triangular>(kind, |cx: Cx, a: &Array, b: &Array, form: Triangular| -> Answer {
        let systems = Systems::of("solve_triangular", a, b)?;
        let dtype = promote(inexact(a)?, inexact(b)?);
        if a.dtype() != dtype || b.dtype() != dtype {
            return Ok(solve_triangular(&cast(a, dtype)?, &cast(b, dtype)?, form)?);
        }
        let (batch, n, columns) = (systems.batch.clone(), systems.n, systems.columns);
        let [a, b] = &systems.operands;
        let spec = TriangularSolve { batch, n, columns, dtype, form };
        if kernel_for(cx, &spec).is_ok() {
            return Ok(systems.finish(record_one(cx, spec, &[a, b])?)?);
        }
        let mut x = blocks::substitute(cx, form, a, b)?;
        if !form.unit_diagonal {
            let bad = equal(super::diagonal(a, ())?, 0)?;
            x = unless(cx, "solve_triangular", &bad, Fault::SingularTriangle, &x)?;
        }
        Ok(systems.finish(x)?)
    });
}
