//! Matrices of complex doubles, and what can be known of them without a factorisation by a library.

use crate::dtype::DType;
use crate::testing::samples::Plain;
use num_complex::Complex64;

/// A matrix, row-major.
#[derive(Clone, Debug, PartialEq)]
pub struct Matrix {
    /// Number of rows.
    pub rows: usize,
    /// Number of columns.
    pub columns: usize,
    /// Its elements.
    pub data: Vec<Complex64>,
}

impl Matrix {
    /// From a function of row and column.
    pub fn new(rows: usize, columns: usize, mut element: impl FnMut(usize, usize) -> Complex64) -> Matrix {
        let data = (0..rows * columns).map(|i| element(i / columns, i % columns)).collect();
        Matrix { rows, columns, data }
    }

    /// The matrices of an array (…, m, n).
    pub fn all(x: &Plain) -> Vec<Matrix> {
        let at = x.shape.len() - 2;
        let (rows, columns) = (x.shape[at], x.shape[at + 1]);
        Matrix::split(x, rows, columns, x.shape[..at].iter().product())
    }

    /// The vectors of an array (…, n), as columns.
    pub fn vectors(x: &Plain) -> Vec<Matrix> {
        let at = x.shape.len() - 1;
        Matrix::split(x, x.shape[at], 1, x.shape[..at].iter().product())
    }

    fn split(x: &Plain, rows: usize, columns: usize, count: usize) -> Vec<Matrix> {
        let one = |b: usize| {
            let part = &x.data[b * rows * columns..][..rows * columns];
            Matrix { rows, columns, data: part.iter().map(|x| x.to_c128()).collect() }
        };
        (0..count).map(one).collect()
    }

    /// Ones on the diagonal.
    pub fn identity(n: usize) -> Matrix {
        Matrix::new(n, n, |i, j| f64::from(i == j).into())
    }

    /// Values of a column on the diagonal.
    pub fn diagonal(values: &Matrix, rows: usize, columns: usize) -> Matrix {
        Matrix::new(rows, columns, |i, j| if i == j { values.data[i] } else { 0.0.into() })
    }

    /// One element.
    pub fn at(&self, row: usize, column: usize) -> Complex64 {
        self.data[row * self.columns + column]
    }

    /// The product.
    pub fn times(&self, other: &Matrix) -> Matrix {
        assert_eq!(self.columns, other.rows);
        let element = |i, j| (0..self.columns).map(|l| self.at(i, l) * other.at(l, j)).sum();
        Matrix::new(self.rows, other.columns, element)
    }

    /// The sum with a multiple of another.
    pub fn plus(&self, by: f64, other: &Matrix) -> Matrix {
        Matrix::new(self.rows, self.columns, |i, j| self.at(i, j) + other.at(i, j) * by)
    }

    /// The transposed and conjugated matrix.
    pub fn adjoint(&self) -> Matrix {
        Matrix::new(self.columns, self.rows, |i, j| self.at(j, i).conj())
    }

    /// The root of the sum of the squared magnitudes.
    pub fn size(&self) -> f64 {
        self.data.iter().map(Complex64::norm_sqr).sum::<f64>().sqrt()
    }

    /// How far from another one: the size of the difference. Infinite where something is not a number.
    pub fn far(&self, other: &Matrix) -> f64 {
        let far = self.plus(-1.0, other).size();
        if far.is_nan() { f64::INFINITY } else { far }
    }

    /// Whether all elements below the diagonal are 0, or those above it.
    pub fn is_triangular(&self, upper: bool) -> bool {
        let zero = |i: usize, j: usize| if upper { i > j } else { i < j };
        (0..self.data.len())
            .all(|at| !zero(at / self.columns, at % self.columns) || self.data[at] == Complex64::ZERO)
    }

    /// Singular values in descending order and right singular vectors, by rotations of pairs of columns (Hestenes 1958).
    pub fn singular_values(&self) -> SingularValues {
        let mut a = self.clone();
        let mut v = Matrix::identity(self.columns);
        let n = self.columns;
        for _ in 0..60 {
            let mut rotated = false;
            for p in 0..n {
                for q in p + 1..n {
                    let dot = |x: usize, y: usize| -> Complex64 {
                        (0..a.rows).map(|i| a.at(i, x).conj() * a.at(i, y)).sum()
                    };
                    let (alpha, beta, gamma) = (dot(p, p).re, dot(q, q).re, dot(p, q));
                    if gamma.norm() <= 1e-17 * (alpha * beta).sqrt() || gamma.norm() == 0.0 {
                        continue;
                    }
                    rotated = true;
                    let zeta = (beta - alpha) / (2.0 * gamma.norm());
                    let t = if zeta == 0.0 { 1.0 } else { zeta.signum() / (zeta.abs() + zeta.hypot(1.0)) };
                    let c = 1.0 / t.hypot(1.0);
                    let (s, phase) = (c * t, gamma / gamma.norm());
                    for m in [&mut a, &mut v] {
                        for i in 0..m.rows {
                            let (x, y) = (m.at(i, p), m.at(i, q) * phase.conj());
                            m.data[i * n + p] = x * c - y * s;
                            m.data[i * n + q] = x * s + y * c;
                        }
                    }
                }
            }
            if !rotated {
                break;
            }
        }
        let size = |j: usize| (0..a.rows).map(|i| a.at(i, j).norm_sqr()).sum::<f64>().sqrt();
        let mut order: Vec<(f64, usize)> = (0..n).map(|j| (size(j), j)).collect();
        order.sort_by(|x, y| y.0.total_cmp(&x.0));
        let values = order.iter().map(|x| x.0).take(self.rows.min(n)).collect();
        let vectors = Matrix::new(n, n, |i, j| v.at(i, order[j].1));
        SingularValues { values, vectors }
    }

    /// The determinant and the solution of `self · x = b`, by elimination with the largest pivot of each column.
    pub fn eliminate(&self, b: &Matrix) -> (Complex64, Matrix) {
        let (mut a, mut x, n) = (self.clone(), b.clone(), self.rows);
        let mut det = Complex64::from(1.0);
        for k in 0..n {
            let best = (k..n).max_by(|&i, &j| a.at(i, k).norm().total_cmp(&a.at(j, k).norm())).unwrap_or(k);
            if best != k {
                det = -det;
                for m in [&mut a, &mut x] {
                    (0..m.columns).for_each(|j| m.data.swap(k * m.columns + j, best * m.columns + j));
                }
            }
            let pivot = a.at(k, k);
            det *= pivot;
            for i in (0..n).filter(|&i| i != k) {
                let factor = a.at(i, k) / pivot;
                for m in [&mut a, &mut x] {
                    for j in 0..m.columns {
                        let product = factor * m.at(k, j);
                        m.data[i * m.columns + j] -= product;
                    }
                }
            }
        }
        let solution = Matrix::new(n, x.columns, |i, j| x.at(i, j) / a.at(i, i));
        (det, solution)
    }
}

/// What [`Matrix::singular_values`] finds.
pub struct SingularValues {
    /// In descending order.
    pub values: Vec<f64>,
    /// The right vectors, as columns: all of them, those without a value last.
    pub vectors: Matrix,
}

/// ε of a float or complex dtype.
pub fn epsilon(dtype: DType) -> f64 {
    match dtype.real() {
        DType::F16 => 2_f64.powi(-10),
        DType::F32 => f64::from(f32::EPSILON),
        _ => f64::EPSILON,
    }
}
