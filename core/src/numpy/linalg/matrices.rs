//! Operands of linear algebra: arrays of matrices (…, m, n).

use crate::array::Array;
use crate::dtype::{DType, Kind};
use crate::error::{Error, Result};
use crate::memory::Dims;
use crate::memory::layout::broadcast;
use crate::numpy::creation::float_beside;
use crate::numpy::manipulation::alike;
use crate::numpy::{astype, conj, eye};
use std::ops::Range;

/// Leading axes, and the last two.
pub(super) fn split(op: &'static str, x: &Array) -> Result<(Dims, [usize; 2])> {
    if x.ndim() < 2 {
        return Err(Error::Shape {
            op,
            operands: format!("x: {:?}", x.shape()),
            fix: "it takes matrices: at least two axes".into(),
        });
    }
    let (batch, matrix) = x.shape().split_at(x.ndim() - 2);
    Ok((batch.into(), [matrix[0], matrix[1]]))
}

/// Leading axes, and rows or columns of square matrices.
pub(super) fn square(op: &'static str, x: &Array) -> Result<(Dims, usize)> {
    let (batch, [m, n]) = split(op, x)?;
    if m != n {
        return Err(Error::Shape {
            op,
            operands: format!("x: {:?}", x.shape()),
            fix: "it takes square matrices: the last two lengths must be equal".into(),
        });
    }
    Ok((batch, n))
}

/// The dtype that an array is factorised in: integers in the default float of their device, float16 in float32.
pub(super) fn inexact(x: &Array) -> Result<DType> {
    Ok(match x.dtype() {
        DType::F16 => DType::F32,
        dtype if dtype.kind() >= Kind::Float => dtype,
        _ => float_beside(x)?,
    })
}

/// In the dtype that it is factorised in.
pub(super) fn computed(x: &Array) -> Result<Array> {
    cast(x, inexact(x)?)
}

/// The cast array, where it needs one. A method that has a kernel calls itself again with it: if the kernel declines, what
/// falls back is then already of a dtype that the device holds.
pub(super) fn recast(x: &Array) -> Result<Option<Array>> {
    let dtype = inexact(x)?;
    (x.dtype() != dtype).then(|| astype(x, dtype)).transpose()
}

pub(super) fn cast(x: &Array, dtype: DType) -> Result<Array> {
    if x.dtype() == dtype { Ok(x.clone()) } else { astype(x, dtype) }
}

/// ε of a float or complex dtype.
pub(super) fn epsilon(dtype: DType) -> f64 {
    match dtype.real() {
        DType::F64 => f64::EPSILON,
        _ => f64::from(f32::EPSILON),
    }
}

/// The transposed matrices, conjugated.
pub(super) fn adjoint(x: &Array) -> Result<Array> {
    let transposed = x.swap_axes(-1, -2)?;
    if x.dtype().is_complex() { conj(&transposed) } else { Ok(transposed) }
}

/// These rows and columns of matrices (…, m, n).
pub(super) fn part(x: &Array, rows: Range<usize>, columns: Range<usize>) -> Result<Array> {
    x.slice(format!("..., {}:{}, {}:{}", rows.start, rows.end, columns.start, columns.end))
}

/// The identity, of the dtype of an array and where that lives.
pub(super) fn identity(n: usize, like: &Array) -> Result<Array> {
    eye(n, alike(like, like.dtype()))
}

/// Right-hand sides of systems of equations, as matrices: `b` of one axis is one column, as in NumPy.
pub(super) struct Systems {
    /// (batch…, n, n), and (batch…, n, columns).
    pub operands: [Array; 2],
    pub batch: Dims,
    pub n: usize,
    pub columns: usize,
    vector: bool,
}

impl Systems {
    pub fn of(op: &'static str, a: &Array, b: &Array) -> Result<Systems> {
        let (batch, n) = square(op, a)?;
        let bad = |fix: &str| Error::Shape {
            op,
            operands: format!("a: {:?}, b: {:?}", a.shape(), b.shape()),
            fix: fix.into(),
        };
        let vector = b.ndim() == 1;
        let b = if vector { b.expand_dims(1)? } else { b.clone() };
        if b.ndim() == 0 || b.shape()[b.ndim() - 2] != n {
            return Err(bad(&format!(
                "b has as many rows as a, {n}; its rows are the second last axis, or the only one"
            )));
        }
        let columns = b.shape()[b.ndim() - 1];
        let batch = broadcast(&batch, &b.shape()[..b.ndim() - 2])
            .ok_or_else(|| bad("leading axes must broadcast; b of one axis is one column"))?;
        let with = |last: [usize; 2]| -> Dims { batch.iter().copied().chain(last).collect() };
        let operands = [a.broadcast_to(with([n, n]))?, b.broadcast_to(with([n, columns]))?];
        Ok(Systems { operands, batch, n, columns, vector })
    }

    /// The solutions, without the axis that a vector was given.
    pub fn finish(&self, x: Array) -> Result<Array> {
        if self.vector { x.squeeze(-1) } else { Ok(x) }
    }
}
