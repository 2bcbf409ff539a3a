//! The singular value decomposition of one matrix in double precision: to bidiagonal form by Householder reflections, and from
//! there by implicitly shifted QR steps (G. H. Golub, C. F. Van Loan, "Matrix Computations", 4th ed., 5.4.8 and 8.6; reflections
//! with a real result as in LAPACK's zlarfg).
//!
//! Matrices lie column by column, so that reflections and rotations run over vectors. Every sum has a fixed order.

use crate::simd::{Loop, widest};
use bytemuck::Pod;
use num_complex::Complex64;
use std::ops::{Add, Mul, Range, Sub};

/// A number that matrices are decomposed in.
#[allow(missing_docs, reason = "the names say it")]
pub trait Number:
    Pod + Add<Output = Self> + Sub<Output = Self> + Mul<Output = Self> + Mul<f64, Output = Self>
{
    const ZERO: Self;
    fn of(x: f64) -> Self;
    fn conj(self) -> Self;
    fn re(self) -> f64;
    fn abs(self) -> f64;
    fn is_finite(self) -> bool;
    /// That of the larger part.
    fn size(self) -> f64;
    fn inverse(self) -> Self;
}

impl Number for f64 {
    const ZERO: f64 = 0.0;
    #[inline(always)]
    fn of(x: f64) -> f64 {
        x
    }
    #[inline(always)]
    fn conj(self) -> f64 {
        self
    }
    fn re(self) -> f64 {
        self
    }
    fn abs(self) -> f64 {
        self.abs()
    }
    fn is_finite(self) -> bool {
        self.is_finite()
    }
    fn size(self) -> f64 {
        self.abs()
    }
    fn inverse(self) -> f64 {
        1.0 / self
    }
}

impl Number for Complex64 {
    const ZERO: Complex64 = Complex64::new(0.0, 0.0);
    fn of(x: f64) -> Complex64 {
        x.into()
    }
    #[inline(always)]
    fn conj(self) -> Complex64 {
        Complex64::conj(&self)
    }
    fn re(self) -> f64 {
        self.re
    }
    fn abs(self) -> f64 {
        self.re.hypot(self.im)
    }
    fn is_finite(self) -> bool {
        self.re.is_finite() && self.im.is_finite()
    }
    fn size(self) -> f64 {
        self.re.abs().max(self.im.abs())
    }
    fn inverse(self) -> Complex64 {
        self.finv()
    }
}

/// Columns of equal length.
pub struct Columns<T> {
    pub data: Vec<T>,
    pub rows: usize,
}

impl<T: Number> Columns<T> {
    fn identity(rows: usize, columns: usize) -> Columns<T> {
        let mut data = vec![T::ZERO; rows * columns];
        data.iter_mut().step_by(rows + 1).take(columns).for_each(|x| *x = T::of(1.0));
        Columns { data, rows }
    }

    pub fn column(&self, j: usize) -> &[T] {
        &self.data[j * self.rows..][..self.rows]
    }

    fn column_mut(&mut self, j: usize) -> &mut [T] {
        &mut self.data[j * self.rows..][..self.rows]
    }

    /// Columns from the left by H = I - tau v vᴴ, of which `v` starts in the row `first`; by its adjoint: give conj(tau).
    fn reflect(&mut self, columns: Range<usize>, first: usize, v: &[T], tau: T) {
        for j in columns {
            widest(Reflect { x: &mut self.column_mut(j)[first..], v, tau });
        }
    }
}

/// x -= v tau (vᴴ x).
struct Reflect<'a, T> {
    x: &'a mut [T],
    v: &'a [T],
    tau: T,
}

impl<T: Number> Loop for Reflect<'_, T> {
    type Out = ();
    #[inline(always)]
    fn run(self) {
        let s = dot(self.v, self.x) * self.tau;
        add_scaled(self.x, T::ZERO - s, self.v);
    }
}

/// vᴴ x, in eight sums.
#[inline(always)]
fn dot<T: Number>(v: &[T], x: &[T]) -> T {
    let mut sums = [T::ZERO; 8];
    let ((vs, v_rest), (xs, x_rest)) = (v.as_chunks::<8>(), x.as_chunks::<8>());
    for (v, x) in vs.iter().zip(xs) {
        for ((sum, &v), &x) in sums.iter_mut().zip(v).zip(x) {
            *sum = *sum + v.conj() * x;
        }
    }
    for ((sum, &v), &x) in sums.iter_mut().zip(v_rest).zip(x_rest) {
        *sum = *sum + v.conj() * x;
    }
    let [a, b, c, d, e, f, g, h] = sums;
    ((a + b) + (c + d)) + ((e + f) + (g + h))
}

/// x += s v.
#[inline(always)]
fn add_scaled<T: Number>(x: &mut [T], s: T, v: &[T]) {
    x.iter_mut().zip(v).for_each(|(x, &v)| *x = *x + v * s);
}

/// A reflection H with Hᴴ x = beta e₁, beta real: makes x its vector, whose first element is 1, and returns (beta, tau).
fn reflection<T: Number>(x: &mut [T]) -> (f64, T) {
    let Some((&mut first, rest)) = x.split_first_mut() else { return (0.0, T::ZERO) };
    let tail = dot(rest, rest).re();
    if tail == 0.0 && first.abs() == first.re().abs() {
        x[0] = T::of(1.0);
        return (first.re(), T::ZERO);
    }
    let norm = (first.abs().powi(2) + tail).sqrt();
    let beta = -norm.copysign(first.re());
    let scale = (first - T::of(beta)).inverse();
    rest.iter_mut().for_each(|x| *x = *x * scale);
    x[0] = T::of(1.0);
    (beta, (T::of(beta) - first) * (1.0 / beta))
}

/// U, the singular values in descending order, and V.
pub type Decomposition<T> = (Columns<T>, Vec<f64>, Columns<T>);

/// U, the singular values in descending order, and V, where `a` is U diag(s) Vᴴ; `a` has no fewer rows than columns, and U as
/// many columns as asked for, no fewer than `a`.
///
/// # Errors
/// Elements that are not finite, and no convergence.
pub fn decompose<T: Number>(
    mut a: Columns<T>,
    n: usize,
    columns: usize,
) -> Result<Decomposition<T>, &'static str> {
    let m = a.rows;
    // Between 1 and 2, exactly: squares neither overflow nor vanish.
    if !a.data.iter().all(|x| x.is_finite()) {
        return Err("it does not converge: elements are not finite");
    }
    let largest = a.data.iter().fold(0.0_f64, |most, x| most.max(x.size()));
    let exponent = if largest == 0.0 { 0 } else { largest.log2().floor() as i32 };
    // In two steps: the factor of a subnormal number is no number.
    let [half, rest] = [exponent / 2, exponent - exponent / 2].map(|e| 2f64.powi(-e));
    a.data.iter_mut().for_each(|x| *x = *x * half * rest);

    let (mut d, mut e) = (vec![0.0; n], vec![0.0; n.saturating_sub(1)]);
    let (mut left, mut right) = (Vec::with_capacity(n), Vec::with_capacity(n));
    for k in 0..n {
        let mut v = a.column(k)[k..].to_vec();
        let (beta, tau) = reflection(&mut v);
        d[k] = beta;
        a.reflect(k + 1..n, k, &v, tau.conj());
        left.push((v, tau));
        if k + 1 < n {
            // The row's elements conjugated: A G has the row beta e₁ᵀ.
            let mut w: Vec<T> = (k + 1..n).map(|j| a.column(j)[k].conj()).collect();
            let (beta, tau) = reflection(&mut w);
            e[k] = beta;
            let mut sum = vec![T::ZERO; m - k];
            for (j, &w) in (k + 1..n).zip(&w) {
                add_scaled(&mut sum, w * tau, &a.column(j)[k..]);
            }
            for (j, &w) in (k + 1..n).zip(&w) {
                add_scaled(&mut a.column_mut(j)[k..], T::ZERO - w.conj(), &sum);
            }
            right.push((w, tau));
        }
    }
    let (mut u, mut v) = (Columns::identity(m, columns), Columns::identity(n, n));
    for (k, (x, tau)) in left.iter().enumerate().rev() {
        u.reflect(k..columns, k, x, *tau);
    }
    for (k, (x, tau)) in right.iter().enumerate().rev() {
        v.reflect(k + 1..n, k + 1, x, *tau);
    }
    let mut bidiagonal = Bidiagonal { d, e, left: Rotations(vec![]), right: Rotations(vec![]) };
    bidiagonal.diagonalize(&mut u, &mut v)?;
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by(|&i, &j| bidiagonal.d[j].abs().total_cmp(&bidiagonal.d[i].abs()));
    let permuted = |x: &Columns<T>, signs: bool| {
        let mut data = Vec::with_capacity(x.data.len());
        for &j in &order {
            let sign = if signs && bidiagonal.d[j] < 0.0 { -1.0 } else { 1.0 };
            data.extend(x.column(j).iter().map(|&x| x * sign));
        }
        data.extend_from_slice(&x.data[n * x.rows..]);
        Columns { data, rows: x.rows }
    };
    let (u, v) = (permuted(&u, false), permuted(&v, true));
    let s = order.iter().map(|&j| bidiagonal.d[j].abs() / half / rest).collect();
    Ok((u, s, v))
}

/// Rotations of pairs of columns: (i, j, c, s) makes them c xᵢ + s xⱼ and c xⱼ - s xᵢ.
struct Rotations(Vec<(usize, usize, f64, f64)>);

/// Rotations that are collected before they are applied.
const TOGETHER: usize = 4096;
/// Elements of columns that they are applied to at once: these rows of the matrix stay in cache.
const CHUNK: usize = 64;

impl Rotations {
    fn apply<T: Number>(&mut self, columns: &mut Columns<T>) {
        let rows = columns.rows * (size_of::<T>() / size_of::<f64>());
        let data: &mut [f64] = bytemuck::cast_slice_mut(&mut columns.data);
        for first in (0..rows).step_by(CHUNK) {
            let part = first..rows.min(first + CHUNK);
            widest(Rotate { data: &mut *data, rows, part, rotations: &self.0 });
        }
        self.0.clear();
    }
}

/// Some rows of a matrix, real ones.
struct Rotate<'a> {
    data: &'a mut [f64],
    rows: usize,
    part: Range<usize>,
    rotations: &'a [(usize, usize, f64, f64)],
}

impl Loop for Rotate<'_> {
    type Out = ();
    #[inline(always)]
    fn run(self) {
        let Rotate { data, rows, part, rotations } = self;
        for &(i, j, c, s) in rotations {
            let (before, behind) = data.split_at_mut(i.max(j) * rows);
            let x = &mut before[i.min(j) * rows + part.start..][..part.len()];
            let y = &mut behind[part.clone()];
            // Of the pair in the other order the sine has the other sign.
            let s = if i < j { s } else { -s };
            for (x, y) in x.iter_mut().zip(y) {
                (*x, *y) = (c * *x + s * *y, c * *y - s * *x);
            }
        }
    }
}

/// An upper bidiagonal matrix on its way to a diagonal one, and the rotations that it takes.
struct Bidiagonal {
    d: Vec<f64>,
    e: Vec<f64>,
    left: Rotations,
    right: Rotations,
}

/// (c, s, r) with c f + s g = r and c g - s f = 0.
fn rotation(f: f64, g: f64) -> (f64, f64, f64) {
    if g == 0.0 {
        return (1.0, 0.0, f);
    }
    let r = f.hypot(g);
    (f / r, g / r, r)
}

impl Bidiagonal {
    fn diagonalize<T: Number>(&mut self, u: &mut Columns<T>, v: &mut Columns<T>) -> Result<(), &'static str> {
        let n = self.d.len();
        let norm = self.d.iter().chain(&self.e).fold(0.0_f64, |most, x| most.max(x.abs()));
        let (mut end, mut steps) = (n, 0);
        while end > 1 {
            for i in 0..end - 1 {
                if self.e[i].abs() <= f64::EPSILON * 0.5 * (self.d[i].abs() + self.d[i + 1].abs()) {
                    self.e[i] = 0.0;
                }
            }
            let last = end - 1;
            if self.e[last - 1] == 0.0 {
                end -= 1;
                continue;
            }
            let first = (0..last).rev().find(|&i| i == 0 || self.e[i - 1] == 0.0).unwrap_or(0);
            if let Some(i) = (first..end).find(|&i| self.d[i].abs() <= f64::EPSILON * 0.5 * norm) {
                self.d[i] = 0.0;
                if i < last { self.clear_row(i, last) } else { self.clear_column(first, last) }
            } else {
                self.step(first, last);
            }
            steps += 1;
            if steps > 40 * n {
                return Err("it does not converge");
            }
            if self.left.0.len().max(self.right.0.len()) >= TOGETHER {
                self.left.apply(u);
                self.right.apply(v);
            }
        }
        self.left.apply(u);
        self.right.apply(v);
        Ok(())
    }

    /// A row whose diagonal element is 0: rotated with those below it until it is empty.
    fn clear_row(&mut self, i: usize, last: usize) {
        let mut f = std::mem::take(&mut self.e[i]);
        for k in i + 1..=last {
            let (c, s, r) = rotation(self.d[k], f);
            self.d[k] = r;
            self.left.0.push((k, i, c, s));
            if k < last {
                f = -s * self.e[k];
                self.e[k] *= c;
            }
        }
    }

    /// The last column, whose diagonal element is 0: rotated with those before it until it is empty.
    fn clear_column(&mut self, first: usize, last: usize) {
        let mut f = std::mem::take(&mut self.e[last - 1]);
        for k in (first..last).rev() {
            let (c, s, r) = rotation(self.d[k], f);
            self.d[k] = r;
            self.right.0.push((k, last, c, s));
            if k > first {
                f = -s * self.e[k - 1];
                self.e[k - 1] *= c;
            }
        }
    }

    /// A QR step with the eigenvalue of the last two columns' squares that is nearer to the last one as its shift.
    fn step(&mut self, first: usize, last: usize) {
        let (d, e) = (&mut self.d, &mut self.e);
        let before = if last >= first + 2 { e[last - 2] } else { 0.0 };
        let (a, b) = (d[last - 1] * d[last - 1] + before * before, d[last - 1] * e[last - 1]);
        let c = d[last] * d[last] + e[last - 1] * e[last - 1];
        let delta = (a - c) * 0.5;
        let root = delta.hypot(b);
        let shift = if b == 0.0 { c } else { c - b * (b / (delta + root.copysign(delta))) };
        let (mut f, mut g) = ((d[first] * d[first] - shift), d[first] * e[first]);
        for k in first..last {
            let (c, s, r) = rotation(f, g);
            if k > first {
                e[k - 1] = r;
            }
            (f, e[k]) = (c * d[k] + s * e[k], c * e[k] - s * d[k]);
            g = s * d[k + 1];
            d[k + 1] *= c;
            self.right.0.push((k, k + 1, c, s));
            let (c, s, r) = rotation(f, g);
            d[k] = r;
            (f, d[k + 1]) = (c * e[k] + s * d[k + 1], c * d[k + 1] - s * e[k]);
            if k + 1 < last {
                g = s * e[k + 1];
                e[k + 1] *= c;
            }
            self.left.0.push((k, k + 1, c, s));
        }
        e[last - 1] = f;
    }
}
