//! What is wrong with a matrix that can't be factorised: found when values are computed, the same words on every backend.

use crate::array::Array;
use crate::array::spec::{Buffers, Outputs, Spec, SpecKernel, output, record_with, single};
use crate::device::residency;
use crate::dispatch::{Cx, Stop};
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::memory::{Dims, HostBuffer, Operand};
use crate::numpy::manipulation::alike;
use crate::numpy::{any, arange, axis, isfinite, logical_not, min, where_};
use std::sync::Arc;

/// Why a matrix is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fault {
    /// A pivot of Cholesky's factorisation is not positive.
    NotPositiveDefinite,
    /// A pivot of the LU factorisation is 0.
    Singular,
    /// An element on the diagonal of a triangle is 0.
    SingularTriangle,
    /// An element is NaN or infinite.
    NotFinite,
    /// An iteration goes on for ever.
    Diverges,
}

impl Fault {
    /// What is wrong, in this row, and what helps.
    ///
    /// ```
    /// use polyarray_core::numpy::specs::Fault;
    /// assert_eq!(Fault::Singular.reason(2).0, "it is singular (pivot 2 is 0)");
    /// ```
    pub fn reason(self, row: usize) -> (String, &'static str) {
        const SINGULAR: &str = "lstsq and pinv take such ones, too";
        match self {
            Fault::NotPositiveDefinite => (
                format!("it is not positive definite (row {row})"),
                "add to its diagonal, or factorise with eigh",
            ),
            Fault::Singular => (format!("it is singular (pivot {row} is 0)"), SINGULAR),
            Fault::SingularTriangle => {
                (format!("it is singular (element {row} of the diagonal is 0)"), SINGULAR)
            }
            Fault::NotFinite => {
                ("its elements are not all finite".into(), "replace NaN and infinities first")
            }
            Fault::Diverges => ("the algorithm does not converge".into(), "scale its rows and columns"),
        }
    }
}

/// The error of matrix `index` of `count`.
///
/// ```
/// use polyarray_core::numpy::specs::{Fault, refused};
/// let error = refused("inv", 1, 3, Fault::Singular.reason(2));
/// assert!(error.to_string().contains("matrix 1: it is singular"));
/// ```
pub fn refused(op: &'static str, index: usize, count: usize, (reason, fix): (String, &'static str)) -> Error {
    let operands =
        if count == 1 { format!("the matrix: {reason}") } else { format!("matrix {index}: {reason}") };
    Error::Argument { op, operands, fix: fix.into() }
}

/// The first operand, a dense result, as it is, unless the second one (matrices), int32, names a row of a matrix.
#[derive(Clone, Debug, PartialEq)]
struct Checked {
    op: &'static str,
    fault: Fault,
    shape: Dims,
    dtype: DType,
    n: usize,
}

impl Spec for Checked {
    const NAME: &'static str = "check";

    fn name(&self) -> &'static str {
        self.op
    }

    fn outputs(&self) -> Outputs {
        output(self.shape.clone(), self.dtype)
    }
}

fn check(cx: Cx, spec: &Checked, operands: &[Operand]) -> Result<Buffers> {
    let there = residency::open(cx.instance)?;
    let rows: HostBuffer = there.download(&*operands[1].buffer)?;
    let rows = rows.as_slice::<i32>()?;
    match rows.iter().position(|&row| (row as usize) < spec.n) {
        None => Ok(single(Arc::clone(&operands[0].buffer))),
        Some(index) => {
            Err(refused(spec.op, index, rows.len(), spec.fault.reason(rows[index].max(0) as usize)))
        }
    }
}

/// A result of some matrices, dense, which is an error when it is computed if `bad` (…, n) holds of a row of one of them.
pub(super) fn unless(
    cx: Cx,
    op: &'static str,
    bad: &Array,
    fault: Fault,
    result: &Array,
) -> Result<Array, Stop<Error>> {
    let n = bad.shape().last().copied().unwrap_or(0);
    if bad.is_empty() || result.is_empty() {
        return Ok(result.clone());
    }
    let rows = where_(bad, &arange(n, alike(bad, DType::I32))?, n as i32)?;
    let first = min(&rows, axis(-1))?;
    let spec = Checked { op, fault, shape: result.shape().into(), dtype: result.dtype(), n };
    Ok(record_with(cx, spec, &[result, &first], SpecKernel::new(check))?.remove(0))
}

/// Matrices (…, m, n), dense, that are an error when they are computed if an element is not finite.
pub(super) fn finite(cx: Cx, op: &'static str, x: &Array) -> Result<Array, Stop<Error>> {
    let bad = any(&logical_not(isfinite(x)?)?, axis([-2, -1]).keepdims())?;
    unless(cx, op, &bad.squeeze(-1)?, Fault::NotFinite, x)
}
