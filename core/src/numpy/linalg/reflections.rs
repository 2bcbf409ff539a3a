//! Householder's reflections: QR factorisations in blocks.

use super::blocks::{Block, Factor, half, substitute};
use super::matrices::{adjoint, identity, part};
use super::{QrMode, Triangle};
use crate::array::Array;
use crate::array::spec::{kernel_for, record_each};
use crate::dispatch::{Cx, Stop};
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::memory::Dims;
use crate::numpy::manipulation::{alike, block};
use crate::numpy::{
    absolute, add, astype, axis, concat, eye, floor, imag, isfinite, ldexp, log2, matmul, max, maximum,
    minimum, multiply, real, subtract, tril, triu, where_, zeros,
};

/// Reflections `1 − v · vᴴ / h`, one after the other, that make matrices upper triangular: `q = 1 − v · s⁻¹ · vᴴ`, where s is
/// vᴴ · v above its diagonal and h on it (Joffrain et al. 2006, "Accumulating Householder transformations, revisited").
pub(super) struct Reflections {
    /// v, (…, m, n), with ones on the diagonal and zeros above it.
    vectors: Array,
    /// h, (…, n), real.
    halves: Array,
    /// (…, n, n), upper triangular.
    pub r: Array,
}

impl Reflections {
    /// Those of matrices (…, m, n), m no less than n, whose elements are of the size of 1; see [`scaled`].
    pub fn of(cx: Cx, x: &Array) -> Result<Reflections, Stop<Error>> {
        let spec = Block::of(Factor::Reflect, x);
        let (m, n) = (spec.m, spec.n);
        if n <= 1 || kernel_for(cx, &spec).is_ok() {
            let [both, halves] = record_each(cx, spec, &[x])?;
            let vectors = add(&tril(&both, -1)?, &diagonals(m, n, x)?)?;
            return Ok(Reflections { vectors, halves, r: triu(part(&both, 0..n, 0..n)?, 0)? });
        }
        let h = half(n);
        let first = Reflections::of(cx, &part(x, 0..m, 0..h)?)?;
        let rest = first.reflected(cx, &part(x, 0..m, h..n)?)?;
        let last = Reflections::of(cx, &part(&rest, h..m, 0..n - h)?)?;
        let empty = |rows: usize, columns: usize| {
            let shape: Dims = spec.batch.iter().copied().chain([rows, columns]).collect();
            zeros(shape, alike(x, x.dtype()))
        };
        let below = concat(&[empty(h, n - h)?, last.vectors], -2)?;
        Ok(Reflections {
            vectors: concat(&[first.vectors, below], -1)?,
            halves: concat(&[first.halves, last.halves], -1)?,
            r: block(&[[first.r, part(&rest, 0..h, 0..n - h)?], [empty(n - h, h)?, last.r]])?,
        })
    }

    fn between(&self) -> Result<Array> {
        let n = self.vectors.shape()[self.vectors.ndim() - 1];
        let products = matmul(&adjoint(&self.vectors)?, &self.vectors)?;
        let halves = astype(&self.halves, products.dtype())?.expand_dims(-2)?;
        add(&triu(&products, 1)?, &multiply(&identity(n, &products)?, &halves)?)
    }

    /// qᴴ · x.
    pub fn reflected(&self, cx: Cx, x: &Array) -> Result<Array, Stop<Error>> {
        let inner = matmul(&adjoint(&self.vectors)?, x)?;
        let inner = substitute(cx, Triangle::Lower.into(), &adjoint(&self.between()?)?, &inner)?;
        Ok(subtract(x, matmul(&self.vectors, &inner)?)?)
    }

    /// The first columns of q.
    pub fn basis(&self, cx: Cx, columns: usize) -> Result<Array, Stop<Error>> {
        let [m, n] = [self.vectors.shape()[self.vectors.ndim() - 2], self.r.shape()[self.r.ndim() - 1]];
        let inner = adjoint(&part(&self.vectors, 0..columns, 0..n)?)?;
        let inner = substitute(cx, Triangle::Upper.into(), &self.between()?, &inner)?;
        Ok(subtract(&diagonals(m, columns, &self.vectors)?, matmul(&self.vectors, &inner)?)?)
    }
}

/// (m, n) with ones on the diagonal, of the dtype of an array and where that lives.
fn diagonals(m: usize, n: usize, like: &Array) -> Result<Array> {
    eye((m, n), alike(like, like.dtype()))
}

/// q and r of matrices (…, m, n).
pub(super) fn qr(cx: Cx, x: &Array, mode: QrMode) -> Result<(Array, Array), Stop<Error>> {
    let [m, n] = [x.shape()[x.ndim() - 2], x.shape()[x.ndim() - 1]];
    let (x, unit) = scaled(x)?;
    let k = m.min(n);
    let reflections = Reflections::of(cx, &part(&x, 0..m, 0..k)?)?;
    let mut r = reflections.r.clone();
    if n > m {
        r = concat(&[r, reflections.reflected(cx, &part(&x, 0..m, m..n)?)?], -1)?;
    }
    let mut columns = k;
    if mode == QrMode::Complete && m > n {
        let shape: Dims = x.shape()[..x.ndim() - 2].iter().copied().chain([m - n, n]).collect();
        let empty = zeros(shape, alike(&x, x.dtype()))?;
        (r, columns) = (concat(&[r, empty], -2)?, m);
    }
    Ok((reflections.basis(cx, columns)?, multiply(&r, &unit)?))
}

/// Matrices divided by a power of two, so that their largest elements are near 1, and the divisors (…, 1, 1): 1 or near it
/// where an element is not finite.
pub(super) fn scaled(x: &Array) -> Result<(Array, Array)> {
    let real_dtype = x.dtype().real();
    let one = || {
        let shape: Dims = x.shape()[..x.ndim() - 2].iter().copied().chain([1, 1]).collect();
        crate::numpy::ones(shape, alike(x, real_dtype))
    };
    if x.is_empty() {
        return Ok((x.clone(), one()?));
    }
    let size = match x.dtype().is_complex() {
        true => maximum(&absolute(&real(x)?)?, &absolute(&imag(x)?)?)?,
        false => absolute(x)?,
    };
    let size = max(&size, axis([-2, -1]).keepdims())?;
    // A power near it does. Both powers are normal numbers.
    let (least, most) = if real_dtype == DType::F64 { (-1000, 1000) } else { (-100, 100) };
    let exponent = minimum(&maximum(floor(log2(&size)?)?, least)?, most)?;
    let exponent = astype(where_(isfinite(&size)?, exponent, 0)?, DType::I32)?;
    let one = one()?;
    Ok((multiply(x, ldexp(&one, &multiply(&exponent, -1)?)?)?, ldexp(&one, &exponent)?))
}
