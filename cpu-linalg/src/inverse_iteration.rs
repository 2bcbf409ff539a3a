//! Eigenvectors by inverse iteration, where those of the library don't hold.
//!
//! Its substitution in the triangle of Schur's form divides by differences of eigenvalues. Of many equal ones, as of a matrix
//! of low rank, the quotients leave the range of the format, and vectors are lost. A step of inverse iteration solves
//! (A − λ) y = x, which stretches what of x belongs to λ by the inverse of the rounding error (Ipsen, "Computing an
//! eigenvector with inverse iteration", SIAM Review 39, 1997).

use crate::systems::factor;
use faer::linalg::matmul::matmul;
use faer::linalg::triangular_solve::solve_unit_lower_triangular_in_place;
use faer::{Accum, Mat, Par};
use num_complex::Complex64;

/// Steps from a vector; one or two do.
const STEPS: usize = 4;

/// Replaces the columns of `vectors`, of length 1, that are no eigenvectors of `a` up to rounding.
pub fn mend(a: &Mat<Complex64>, values: &[Complex64], vectors: &mut Mat<Complex64>) {
    let n = a.nrows();
    let size = norm((0..n).flat_map(|j| a.col_as_slice(j)));
    let unit = f64::EPSILON * size;
    let allowed = 4.0 * (n.max(4) as f64).sqrt() * unit;
    let far = residuals(a, values, vectors);
    // NaN is far, too.
    let mut bad: Vec<usize> = (0..n).filter(|&j| !matches!(far[j], far if far <= allowed)).collect();
    while let Some(&first) = bad.first() {
        // One factorisation for all values that are equal up to rounding.
        let near = |j: usize| (values[j] - values[first]).norm() <= unit;
        let (these, others): (Vec<usize>, Vec<usize>) = bad.iter().partition(|&&j| near(j));
        bad = others;
        // Not the value itself: the difference would be singular.
        let mut shifted = a.clone();
        (0..n).for_each(|i| shifted[(i, i)] -= values[first] + unit);
        let [rows, _] = factor(&mut shifted);
        for i in 0..n {
            if shifted[(i, i)].norm() < unit {
                shifted[(i, i)] = unit.into();
            }
        }
        let columns = these.len();
        // Numbers in (-1, 1), others in each column, so that equal values have independent vectors.
        let mut x = Mat::from_fn(n, columns, |i, k| start(i + n * these[k]).into());
        let mut best = vec![f64::INFINITY; columns];
        let of: Vec<Complex64> = these.iter().map(|&j| values[j]).collect();
        for _ in 0..STEPS {
            let mut y = Mat::from_fn(n, columns, |i, k| x[(rows[i], k)]);
            solve_unit_lower_triangular_in_place(shifted.as_ref(), y.as_mut(), Par::Seq);
            (0..columns).for_each(|k| substitute(&shifted, y.col_as_slice_mut(k)));
            x = y;
            normalise(&mut x);
            for (k, far) in residuals(a, &of, &x).into_iter().enumerate() {
                if far < best[k] {
                    best[k] = far;
                    vectors.col_as_slice_mut(these[k]).copy_from_slice(x.col_as_slice(k));
                }
            }
            if best.iter().all(|&far| far <= allowed) {
                break;
            }
        }
    }
}

/// Solves a triangle whose diagonal may be as small as rounding: the solution is scaled down wherever it grows, since its
/// direction is what is wanted.
fn substitute(upper: &Mat<Complex64>, x: &mut [Complex64]) {
    for i in (0..x.len()).rev() {
        x[i] /= upper[(i, i)];
        let size = x[i].norm();
        if size > 1e100 {
            x.iter_mut().for_each(|x| *x /= size);
        }
        let known = x[i];
        let column = upper.col_as_slice(i)[..i].iter();
        x[..i].iter_mut().zip(column).for_each(|(x, u)| *x -= u * known);
    }
}

/// Scales columns to length 1.
pub fn normalise(vectors: &mut Mat<Complex64>) {
    for j in 0..vectors.ncols() {
        let column = vectors.col_as_slice_mut(j);
        // The squares may have no place in the format.
        let largest = column.iter().map(|x| x.re.abs().max(x.im.abs())).fold(0.0, f64::max);
        if largest > 0.0 && largest.is_finite() {
            column.iter_mut().for_each(|x| *x /= largest);
            let length = norm(column.iter());
            column.iter_mut().for_each(|x| *x /= length);
        }
    }
}

/// The lengths of the columns of A V − V diag(λ).
fn residuals(a: &Mat<Complex64>, values: &[Complex64], vectors: &Mat<Complex64>) -> Vec<f64> {
    let mut product = Mat::zeros(vectors.nrows(), vectors.ncols());
    let one = Complex64::from(1.0);
    matmul(product.as_mut(), Accum::Replace, a.as_ref(), vectors.as_ref(), one, Par::Seq);
    let column = |j: usize| {
        let x = product.col_as_slice(j).iter().zip(vectors.col_as_slice(j));
        let difference: Vec<Complex64> = x.map(|(ax, x)| ax - values[j] * x).collect();
        norm(difference.iter())
    };
    (0..vectors.ncols()).map(column).collect()
}

fn norm<'a>(x: impl Iterator<Item = &'a Complex64>) -> f64 {
    x.map(|x| x.norm_sqr()).sum::<f64>().sqrt()
}

/// A number in (-1, 1) that depends on a position (the finaliser of SplitMix64).
fn start(at: usize) -> f64 {
    let mut z = (at as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 52) as f64 - 1.0
}
