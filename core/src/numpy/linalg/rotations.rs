//! Decompositions by Jacobi's rotations, of matrices whose shorter side a kernel rotates as a whole.

use super::blocks::{Block, Factor};
use super::faults::finite;
use super::matrices::{adjoint, identity, part};
use super::reflections::{Reflections, scaled};
use super::singular_values::SvdParts;
use crate::array::Array;
use crate::array::spec::{kernel_for, record_each};
use crate::dispatch::{Cx, Stop};
use crate::error::{Error, Result};
use crate::numpy::{
    absolute, add, astype, axis, concat, divide, equal, matmul, multiply, real, sqrt, subtract, sum, tril,
    where_,
};

/// Columns that rotations made orthogonal, (…, n, n), their lengths, (…, n), in descending order, and the rotations: the
/// columns are the matrix times these.
struct Rotated {
    columns: Array,
    lengths: Array,
    vectors: Array,
}

fn rotated(cx: Cx, x: &Array) -> Result<Rotated, Stop<Error>> {
    let [columns, lengths, vectors] = record_each(cx, Block::of(Factor::Rotate, x), &[x])?;
    Ok(Rotated { columns, lengths, vectors })
}

/// The kind rotates matrices with so many columns.
pub(super) fn rotates(cx: Cx, x: &Array, columns: usize) -> bool {
    let batch = x.shape()[..x.ndim() - 2].into();
    let dtype = x.dtype();
    kernel_for(cx, &Block { factor: Factor::Rotate, batch, m: columns, n: columns, dtype }).is_ok()
}

/// Eigenvalues, ascending, and eigenvectors of Hermitian matrices, of which the lower triangles are read.
pub(super) fn eigen(cx: Cx, op: &'static str, x: &Array) -> Result<[Array; 2], Stop<Error>> {
    let n = x.shape()[x.ndim() - 1];
    let below = tril(x, -1)?;
    let middle = astype(&real(super::diagonal(x, ())?)?, x.dtype())?.expand_dims(-2)?;
    let one = identity(n, x)?;
    let whole = add(&add(&below, &adjoint(&below)?)?, where_(&equal(&one, 0)?, 0, &middle)?)?;
    let (whole, unit) = scaled(&whole)?;
    let whole = finite(cx, op, &whole)?;
    // Moved by its norm it has no negative eigenvalue, and singular values instead.
    let size = absolute(&whole)?;
    let norm = sqrt(sum(&multiply(&size, &size)?, axis([-2, -1]).keepdims())?)?;
    let moved = add(&whole, multiply(&one, &norm)?)?;
    let Rotated { lengths, vectors, .. } = rotated(cx, &moved)?;
    let values = multiply(&subtract(&lengths, norm.squeeze(-1)?)?, &unit.squeeze(-1)?)?;
    Ok([values.slice("..., ::-1")?, vectors.slice("..., ::-1")?])
}

/// `u`, the singular values and `vh`; only the values where nothing else is wanted.
pub(super) fn svd(
    cx: Cx,
    op: &'static str,
    x: &Array,
    parts: SvdParts,
) -> Result<(Array, Array, Array), Stop<Error>> {
    let [m, n] = [x.shape()[x.ndim() - 2], x.shape()[x.ndim() - 1]];
    if m < n {
        let (u, s, vh) = svd(cx, op, &adjoint(x)?, parts)?;
        return Ok((adjoint(&vh)?, s, adjoint(&u)?));
    }
    let (x, unit) = scaled(x)?;
    let x = finite(cx, op, &x)?;
    let outer = if m > n { Some(Reflections::of(cx, &x)?) } else { None };
    let Rotated { columns, lengths, vectors } = rotated(cx, outer.as_ref().map_or(&x, |outer| &outer.r))?;
    let s = multiply(&lengths, &unit.squeeze(-1)?)?;
    if parts == SvdParts::Values {
        return Ok((columns, s, vectors));
    }
    // Where a singular value is 0, a column has no direction; reflections have one for each.
    let inner = Reflections::of(cx, &columns)?;
    let heads = super::diagonal(&inner.r, ())?;
    let size = astype(&absolute(&heads)?, heads.dtype())?;
    let phases = where_(&equal(&size, 0)?, 1, divide(&heads, &size)?)?;
    let mut u = multiply(&inner.basis(cx, n)?, &phases.expand_dims(-2)?)?;
    if let Some(outer) = outer {
        let all = outer.basis(cx, if parts == SvdParts::Full { m } else { n })?;
        let columns = all.shape()[all.ndim() - 1];
        u = matmul(part(&all, 0..m, 0..n)?, &u)?;
        if columns > n {
            u = concat(&[u, part(&all, 0..m, n..columns)?], -1)?;
        }
    }
    Ok((u, s, adjoint(&vectors)?))
}
