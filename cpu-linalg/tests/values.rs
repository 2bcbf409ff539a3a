//! Known values, numbers at the ends of the formats, and what is refused.

use polyarray_core::num_complex::Complex64;
use polyarray_core::numpy::linalg::{self, NormOrder, Triangle, ord};
use polyarray_core::numpy::{self as np, axis};
use polyarray_core::testing::samples::Random;
use polyarray_core::{Array, DType, Error, Result};
use {polyarray_cpu as _, polyarray_cpu_linalg as _};

fn near(x: &Array, want: &[f64], most: f64) -> Result<()> {
    let got = np::astype(x, DType::F64)?.to_vec::<f64>()?;
    assert_eq!(got.len(), want.len(), "{got:?}");
    for (got, want) in got.iter().zip(want) {
        assert!((got - want).abs() <= most, "{got:e} instead of {want:e}");
    }
    Ok(())
}

#[test]
fn singular_values_of_known_matrices() -> Result<()> {
    near(&linalg::svdvals(Array::from([[3.0, 0.0, 0.0], [0.0, -5.0, 0.0]]))?, &[5.0, 3.0], 1e-14)?;
    // Of the differences of neighbours, 2 sin(k π / 2(n + 1)).
    let n = 60;
    let element =
        |i: usize| f64::from(i % (n + 1) == i / (n + 1)) - f64::from(i % (n + 1) == i / (n + 1) + 1);
    let x = Array::from((0..n * (n + 1)).map(element).collect::<Vec<_>>()).reshape([n, n + 1])?;
    let want: Vec<f64> =
        (1..=n).rev().map(|k| 2.0 * (k as f64 * std::f64::consts::PI / (2 * (n + 1)) as f64).sin()).collect();
    near(&linalg::svdvals(&x)?, &want, 1e-13)?;
    near(&linalg::svd(&x, true)?.1, &want, 1e-13)
}

#[test]
fn numbers_whose_squares_have_no_place_in_the_format() -> Result<()> {
    for scale in [1e-320_f64, 1e-200, 1e200, 1e307] {
        let x = Array::from([[3.0 * scale, 0.0], [0.0, 4.0 * scale]]);
        let most = 1e-15 * scale.max(1e-309);
        near(&linalg::svdvals(&x)?, &[4.0 * scale, 3.0 * scale], most)?;
        near(&linalg::eigvalsh(&x, ())?, &[3.0 * scale, 4.0 * scale], most)?;
        near(&np::absolute(np::real(linalg::qr(&x, ())?.1)?)?, &[3.0 * scale, 0.0, 0.0, 4.0 * scale], most)?;
        near(&linalg::matrix_norm(&x, ord(2))?, &[4.0 * scale], most)?;
    }
    for scale in [1e-30_f32, 1e30] {
        let x = Array::from([[3.0 * scale, 0.0], [0.0, 4.0 * scale]]);
        near(
            &linalg::svdvals(&x)?,
            &[4.0 * f64::from(scale), 3.0 * f64::from(scale)],
            1e-6 * f64::from(scale),
        )?;
    }
    Ok(())
}

#[test]
fn determinants_that_overflow_have_a_logarithm() -> Result<()> {
    let x = np::multiply(np::eye(200, ())?, 1e5)?;
    let (sign, size) = linalg::slogdet(&x)?;
    near(&sign, &[1.0], 0.0)?;
    near(&size, &[200.0 * 1e5_f64.ln()], 1e-9)?;
    let singular = Array::from([[1.0, 2.0], [2.0, 4.0]]);
    near(&linalg::det(&singular)?, &[0.0], 0.0)?;
    let (sign, size) = linalg::slogdet(&singular)?;
    near(&sign, &[0.0], 0.0)?;
    assert_eq!(size.item()?.to_f64(), f64::NEG_INFINITY);
    near(&linalg::det(Array::from([[0.0, 1.0], [1.0, 0.0]]))?, &[-1.0], 0.0)
}

#[test]
fn what_can_not_be_computed_is_an_error_when_it_is_read() -> Result<()> {
    let refused = |x: Result<Array>, word: &str| {
        let error = x.and_then(|x| x.eval().map(|_| ())).expect_err(word).to_string();
        assert!(error.contains(word), "{error}");
    };
    for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let x = Array::from([[1.0, bad], [2.0, 3.0]]);
        refused(linalg::svdvals(&x), "finite");
        refused(linalg::eigvals(&x), "finite");
    }
    let singular = Array::from([[1.0, 2.0], [2.0, 4.0]]);
    refused(linalg::inv(&singular), "singular");
    refused(linalg::solve(&singular, Array::from(vec![1.0, 1.0])), "singular");
    refused(
        linalg::solve_triangular(Array::from([[1.0, 1.0], [0.0, 0.0]]), Array::from(vec![1.0, 1.0]), ()),
        "singular",
    );
    refused(linalg::cholesky(Array::from([[1.0, 2.0], [2.0, 1.0]]), ()), "positive definite");
    let batch = np::stack(&[np::eye(2, ())?, singular.clone()], 0)?;
    refused(linalg::inv(&batch), "matrix 1: it is singular");
    for bad in [f64::NAN, 0.0, -1.0] {
        refused(linalg::cholesky(Array::from([[1.0, 0.0], [0.0, bad]]), ()), "positive definite");
    }
    // Only the triangle that is named is read.
    let half = Array::from([[1.0, f64::NAN], [0.0, 1.0]]);
    assert_eq!(linalg::cholesky(&half, ())?.to_vec::<f64>()?, [1.0, 0.0, 0.0, 1.0]);
    assert_eq!(linalg::cholesky(half.t(), Triangle::Upper)?.to_vec::<f64>()?, [1.0, 0.0, 0.0, 1.0]);
    Ok(())
}

#[test]
fn arguments_that_do_not_fit_are_errors_at_once() -> Result<()> {
    let wide = Array::from([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]);
    let vector = Array::from(vec![1.0, 2.0]);
    let shape = |x: Result<Array>, op: &str| match x {
        Err(Error::Shape { op: said, .. }) => assert_eq!(said, op),
        other => panic!("{op}: {other:?}"),
    };
    shape(linalg::inv(&wide), "inv");
    shape(linalg::det(&wide), "det");
    shape(linalg::cholesky(&wide, ()), "cholesky");
    shape(linalg::eigvals(&wide), "eigvals");
    shape(linalg::expm(&wide), "expm");
    shape(linalg::matrix_power(&wide, 2), "matrix_power");
    shape(linalg::svdvals(&vector), "svdvals");
    shape(linalg::solve(np::eye(3, ())?, &vector), "solve");
    shape(linalg::lstsq(&wide, Array::from(vec![1.0, 2.0, 3.0]), ()).map(|x| x.0), "lstsq");
    shape(linalg::cond(np::zeros([0, 0], ())?, ()), "cond");
    shape(linalg::multi_dot(&[&wide]), "multi_dot");
    shape(linalg::norm(np::zeros([2, 2, 2], ())?, ord(1)), "norm");
    shape(np::tensordot(&wide, &wide, 1), "tensordot");
    shape(np::cross(&vector, &vector, -1), "cross");
    assert!(matches!(linalg::vector_norm(&vector, ord(NormOrder::Nuclear)), Err(Error::Argument { .. })));
    assert!(matches!(linalg::matrix_norm(&wide, axis([0, 1]).ord(3)), Err(Error::Argument { .. })));
    for bad in ["ij", "ij,jk->ii", "ij,j->z", "i1,j", "ij,jk->...", "ijk,j"] {
        let found = np::einsum(bad, &[&wide, &vector]);
        assert!(matches!(found, Err(Error::Argument { op: "einsum", .. })), "{bad}: {found:?}");
    }
    assert!(matches!(np::einsum("ij,j", &[&wide, &vector]), Err(Error::Shape { op: "einsum", .. })));
    assert!(matches!(np::diagonal(&wide, np::diagonal_of(0, 0)), Err(Error::Axis { .. })));
    Ok(())
}

#[test]
fn einsum_is_any_and_on_bool_and_wraps_on_integers() -> Result<()> {
    let a = Array::from([[true, false], [true, true]]);
    assert_eq!(np::einsum("ij,jk", &[&a, &a])?.to_vec::<bool>()?, [true, false, true, true]);
    let x = Array::from(vec![100_i8, 100]);
    assert_eq!(np::einsum("i,i", &[&x, &x])?.to_vec::<i8>()?, [(20_000_i32 as i8)]);
    // Many operands, in pairs.
    let m = Array::from([[1.0, 1.0], [1.0, 0.0]]);
    let power = np::einsum("ab,bc,cd,de,ef->af", &[&m, &m, &m, &m, &m])?;
    assert_eq!(power.to_vec::<f64>()?, [8.0, 5.0, 5.0, 3.0]);
    Ok(())
}

/// Of matrices of low rank, of nilpotent ones and of Jordan blocks: the library's substitution divides by nearly nothing, column
/// after column.
#[test]
fn vectors_of_equal_eigenvalues_hold() -> Result<()> {
    let n = 35;
    let mut random = Random(1);
    let mut row = || (0..n).map(|_| random.below(19) as f64 / 4.0 - 2.25).collect::<Vec<_>>();
    let mut matrices: Vec<Box<dyn Fn(usize, usize) -> f64>> = Vec::new();
    for k in 0..30 {
        let (mut row, column) = (row(), row());
        match k % 3 {
            0 => matrices.push(Box::new(move |_, j| row[j])),
            1 => matrices.push(Box::new(move |i, j| row[i] * column[j])),
            _ => {
                // Its rows add up to nothing: the square is zero.
                row[0] -= row.iter().sum::<f64>();
                matrices.push(Box::new(move |_, j| row[j]));
            }
        }
    }
    matrices.push(Box::new(|_, _| 1.0));
    matrices.push(Box::new(|i, j| if i == j { 3.0 } else { f64::from(i + 1 == j) }));
    for (number, element) in matrices.iter().enumerate() {
        let a: Vec<f64> = (0..n * n).map(|at| element(at / n, at % n)).collect();
        let size = a.iter().map(|x| x * x).sum::<f64>().sqrt();
        for (dtype, epsilon) in [(DType::F64, f64::EPSILON), (DType::F32, f64::from(f32::EPSILON))] {
            let x = np::astype(Array::from(a.clone()).reshape([n, n])?, dtype)?;
            let (w, v) = linalg::eig(&x)?;
            let [w, v] = [&w, &v].map(|x| np::astype(x, DType::C128)?.to_vec::<Complex64>());
            let (w, v) = (w?, v?);
            for j in 0..n {
                let v: Vec<Complex64> = (0..n).map(|i| v[i * n + j]).collect();
                let length = v.iter().map(Complex64::norm_sqr).sum::<f64>().sqrt();
                let far = |i: usize| (0..n).map(|k| a[i * n + k] * v[k]).sum::<Complex64>() - w[j] * v[i];
                let far = (0..n).map(|i| far(i).norm_sqr()).sum::<f64>().sqrt();
                let holds = (length - 1.0).abs() < 10.0 * epsilon && far <= 8.0 * n as f64 * epsilon * size;
                assert!(holds, "matrix {number}, {dtype}, vector {j}: length {length}, {far:e} away");
            }
        }
    }
    Ok(())
}
