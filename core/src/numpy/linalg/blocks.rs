//! Factorisations of matrices that a backend has kernels for in part: what it takes as a whole is a [`Block`]; what it does
//! not is halved, and becomes products and factorisations of the halves.
//!
//! Recursion makes the products as large as they can be, and copies each element but once for each halving.

use super::Triangle;
use super::Triangular;
use super::matrices::{adjoint, part};
use crate::array::Array;
use crate::array::spec::{Outputs, Spec, kernel_for, record_each, record_one};
use crate::dispatch::{Cx, Stop};
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::memory::Dims;
use crate::numpy::manipulation::{alike, block};
use crate::numpy::{Gather, add, arange, concat, matmul, multiply, subtract, take, zeros};

/// What is computed of small matrices or narrow ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Factor {
    /// `l` (n, n) of Cholesky's factorisation of (n, n), of which the lower triangles are read; zeros above the diagonal. From
    /// the first pivot that is not positive on, its diagonal is not positive.
    Cholesky,
    /// The solution (m, n) of a triangular system: of two operands, (m, m) and (m, n). A 0 on the diagonal gives what
    /// division gives.
    Substitute(Triangular),
    /// LU factorisation with partial pivoting of (m, n): both factors in one, (m, n); the exchanges of rows, int32, (k)
    /// where k is the smaller of m and n; which row of the matrix each row of the product is, int32, (m).
    Lu,
    /// Householder's reflections of (m, n), m no less than n: `r` on and above the diagonal, their vectors below it, whose first
    /// elements are 1; and half the squared length of each vector, real, (n). Elements are of the size of 1 at most.
    Reflect,
    /// The columns of a square matrix made orthogonal by Jacobi's rotations, the longest one first, their lengths, real, (n),
    /// and the product of the rotations, (n, n). Elements are of the size of 1 at most.
    Rotate,
}

/// Blocks of factorisations: operands (batch…, m, n) with any strides, of a float or complex dtype (not float16), dense
/// results. A kernel reports no errors: the method that records it checks the results for what can't be computed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Block {
    /// What is computed.
    pub factor: Factor,
    /// Leading axes.
    pub batch: Dims,
    /// Rows.
    pub m: usize,
    /// Columns.
    pub n: usize,
    /// Dtype of the operands.
    pub dtype: DType,
}

impl Block {
    /// That of the matrices of an array.
    pub(super) fn of(factor: Factor, x: &Array) -> Block {
        let (batch, matrix) = x.shape().split_at(x.ndim() - 2);
        Block { factor, batch: batch.into(), m: matrix[0], n: matrix[1], dtype: x.dtype() }
    }
}

impl Spec for Block {
    const NAME: &'static str = "block";

    fn name(&self) -> &'static str {
        match self.factor {
            Factor::Cholesky => "block of cholesky",
            Factor::Substitute(_) => "block of solve_triangular",
            Factor::Lu => "block of lu_factor",
            Factor::Reflect => "block of qr",
            Factor::Rotate => "block of svd",
        }
    }

    fn outputs(&self) -> Outputs {
        let &Block { m, n, dtype, .. } = self;
        let with = |last: &[usize]| -> Dims { self.batch.iter().chain(last).copied().collect() };
        let all: &[(Dims, DType)] = match self.factor {
            Factor::Cholesky | Factor::Substitute(_) => &[(with(&[m, n]), dtype)],
            Factor::Lu => {
                &[(with(&[m, n]), dtype), (with(&[m.min(n)]), DType::I32), (with(&[m]), DType::I32)]
            }
            Factor::Reflect => &[(with(&[m, n]), dtype), (with(&[n]), dtype.real())],
            Factor::Rotate => &[(with(&[n, n]), dtype), (with(&[n]), dtype.real()), (with(&[n, n]), dtype)],
        };
        all.iter().cloned().collect()
    }
}

/// Where a length is halved: whole words of a row come first.
pub(super) fn half(n: usize) -> usize {
    if n >= 32 { (n / 2).next_multiple_of(16) } else { n.div_ceil(2) }
}

/// The kind has a kernel for this; 1 × 1 is not halved but left to the kernel's own refusal.
fn whole(cx: Cx, block: &Block) -> bool {
    block.m.max(block.n) <= 1 || kernel_for(cx, block).is_ok()
}

/// `l` of Cholesky's factorisation, not checked.
pub(super) fn cholesky(cx: Cx, x: &Array) -> Result<Array, Stop<Error>> {
    let spec = Block::of(Factor::Cholesky, x);
    if whole(cx, &spec) {
        return record_one(cx, spec, &[x]);
    }
    let (n, h) = (spec.n, half(spec.n));
    let first = cholesky(cx, &part(x, 0..h, 0..h)?)?;
    // a₂₁ = l₂₁ · l₁₁ᴴ
    let lower = Triangle::Lower.into();
    let below = adjoint(&substitute(cx, lower, &first, &adjoint(&part(x, h..n, 0..h)?)?)?)?;
    let rest = subtract(&part(x, h..n, h..n)?, matmul(&below, &adjoint(&below)?)?)?;
    let second = cholesky(cx, &rest)?;
    let above: Vec<usize> = spec.batch.iter().copied().chain([h, n - h]).collect();
    let above = zeros(above, alike(x, spec.dtype))?;
    Ok(block(&[[first, above], [below, second]])?)
}

/// The solution of `a · x = b`, not checked; leading axes are the same.
pub(super) fn substitute(cx: Cx, form: Triangular, a: &Array, b: &Array) -> Result<Array, Stop<Error>> {
    let spec = Block::of(Factor::Substitute(form), b);
    if spec.m <= 1 || kernel_for(cx, &spec).is_ok() {
        return record_one(cx, spec, &[a, b]);
    }
    let (m, n, h) = (spec.m, spec.n, half(spec.m));
    let (top, bottom) = (0..h, h..m);
    let lower = form.triangle == Triangle::Lower;
    let (first, second) = if lower { (top, bottom) } else { (bottom, top) };
    let solved = |rows: &std::ops::Range<usize>, b: &Array| {
        substitute(cx, form, &part(a, rows.clone(), rows.clone())?, b)
    };
    let x = solved(&first, &part(b, first.clone(), 0..n)?)?;
    let known = matmul(&part(a, second.clone(), first.clone())?, &x)?;
    let y = solved(&second, &subtract(&part(b, second.clone(), 0..n)?, &known)?)?;
    Ok(concat(&if lower { [x, y] } else { [y, x] }, -2)?)
}

/// An LU factorisation.
pub(super) struct Factors {
    /// Both factors in one, (…, m, n).
    pub lu: Array,
    /// Row i was exchanged with row `exchanges[i]`, one after the other.
    pub exchanges: Array,
    /// Row i of the product is this row of the matrix.
    pub rows: Array,
}

pub(super) fn lu(cx: Cx, x: &Array) -> Result<Factors, Stop<Error>> {
    let spec = Block::of(Factor::Lu, x);
    let (m, n) = (spec.m, spec.n);
    if n <= 1 || kernel_for(cx, &spec).is_ok() {
        let [lu, exchanges, rows] = record_each(cx, spec, &[x])?;
        return Ok(Factors { lu, exchanges, rows });
    }
    // The columns on the left, as far as there are pivots.
    let h = if n > m { m } else { half(n) };
    let left = lu(cx, &part(x, 0..m, 0..h)?)?;
    let right = reordered(&part(x, 0..m, h..n)?, &left.rows)?;
    let unit = Triangular::from(Triangle::Lower).unit_diagonal();
    let top = substitute(cx, unit, &part(&left.lu, 0..h, 0..h)?, &part(&right, 0..h, 0..n - h)?)?;
    if h == m {
        return Ok(Factors { lu: concat(&[left.lu, top], -1)?, ..left });
    }
    let below = part(&left.lu, h..m, 0..h)?;
    let rest = subtract(&part(&right, h..m, 0..n - h)?, matmul(&below, &top)?)?;
    let last = lu(cx, &rest)?;
    let below = reordered(&below, &last.rows)?;
    let split = |x: &Array| -> Result<[Array; 2]> {
        Ok([x.slice(format!("..., :{h}"))?, x.slice(format!("..., {h}:"))?])
    };
    let [kept, moved] = split(&left.rows)?;
    let moved = reordered(&moved.expand_dims(-1)?, &last.rows)?.squeeze(-1)?;
    Ok(Factors {
        lu: block(&[[part(&left.lu, 0..h, 0..h)?, top], [below, last.lu]])?,
        exchanges: concat(&[left.exchanges, add(&last.exchanges, h as i32)?], -1)?,
        rows: concat(&[kept, moved], -1)?,
    })
}

/// Row i of each matrix is row `rows[i]` of (…, m, n); leading axes are the same.
pub(super) fn reordered(x: &Array, rows: &Array) -> Result<Array> {
    let [m, n] = [x.shape()[x.ndim() - 2], x.shape()[x.ndim() - 1]];
    let count: usize = x.shape()[..x.ndim() - 2].iter().product();
    if x.is_empty() {
        return Ok(x.clone());
    }
    let mut at = rows.reshape([count, m])?;
    if count > 1 {
        at = add(&at, multiply(&arange(count, alike(x, DType::I32))?, m as i32)?.expand_dims(1)?)?;
    }
    take(&x.reshape([count * m, n])?, &at.reshape([count * m])?, Gather::from(0).clip())?.reshape(x.shape())
}
