//! Factorisations: residuals of matrices of every kind and size, what is refused, and the paths of poorer adapters.

use polyarray_core::array::{ArrayBackend, HostBuffer, Operand};
use polyarray_core::backend::specs::{Block, Factor};
use polyarray_core::expr::Layout;
use polyarray_core::numpy::linalg::{self, Triangle, Triangular};
use polyarray_core::numpy::{self as np};
use polyarray_core::testing::samples::Random;
use polyarray_core::testing::{Conformance, Way, factorisations};
use polyarray_core::{Array, DType, Result};

use crate::{device, on_gpu, poorer};

/// What a device computes by kernels of its own, whatever the size.
const ALWAYS: [&str; 5] = ["cholesky", "solve_triangular", "lu_factor", "solve", "qr"];
/// What it does by rotations, up to 32 columns or rows.
const ROTATED: [&str; 4] = ["eigh", "eigvalsh", "svd", "svdvals"];

#[test]
fn what_has_kernels_for_every_size_gives_what_the_reference_gives_without_the_host() -> Result<()> {
    device();
    let report = Conformance::of("gpu").domains(&["numpy.linalg"]).only(&ALWAYS).run()?;
    assert!(report.failures.is_empty(), "{report}");
    assert_eq!(report.ran.len(), ALWAYS.len(), "{report}");
    for ran in &report.ran {
        assert!(ran.ways.iter().eq([&Way::Kernel]), "{}: {:?}", ran.method, ran.ways);
    }
    Ok(())
}

fn hold(methods: &[&str], shapes: &[&[usize]]) -> Result<()> {
    device();
    for shape in shapes {
        let wrong = factorisations("gpu", methods, shape)?;
        assert!(wrong.is_empty(), "{wrong:#?}");
    }
    Ok(())
}

#[test]
fn residuals_of_what_is_halved() -> Result<()> {
    hold(&ALWAYS, &[&[97, 97], &[2, 70, 70]])
}

#[test]
fn residuals_of_panels() -> Result<()> {
    hold(&["lu_factor", "qr"], &[&[90, 40], &[40, 90]])?;
    hold(&["lu_factor"], &[&[700, 5]])
}

#[test]
fn residuals_of_what_is_rotated() -> Result<()> {
    hold(&ROTATED, &[&[32, 32], &[2, 3, 5, 5], &[1, 1], &[0, 0], &[0, 2, 2]])?;
    hold(&["svd"], &[&[40, 13], &[5, 13], &[3, 0], &[0, 3]])?;
    let report = Conformance::of("gpu").domains(&["numpy.linalg"]).only(&["randomized_svd"]).run()?;
    assert!(report.failures.is_empty(), "{report}");
    assert!(report.ran[0].ways.iter().eq([&Way::Default]), "{report}");
    Ok(())
}

/// Ones on the diagonal and this in row `at`.
fn diagonal(n: usize, at: usize, value: f32) -> Array {
    let element = |i: usize| {
        if i / n != i % n {
            0.0
        } else if i / n == at {
            value
        } else {
            1.0
        }
    };
    let x = Array::from((0..n * n).map(element).collect::<Vec<f32>>());
    on_gpu(&x.reshape([n, n]).unwrap())
}

#[test]
fn what_can_not_be_factorised_is_the_hosts_error_when_it_is_read() -> Result<()> {
    let refused = |x: Result<Array>, words: &str| {
        let error = x.and_then(|x| x.eval().map(|_| ())).expect_err(words).to_string();
        assert!(error.contains(words), "{error}");
    };
    let ones = |n: usize| on_gpu(&Array::from(vec![1.0f32; n]));
    for (n, at) in [(3, 2), (100, 71)] {
        let singular = diagonal(n, at, 0.0);
        refused(linalg::inv(&singular), &format!("the matrix: it is singular (pivot {at} is 0)"));
        refused(linalg::solve(&singular, ones(n)), &format!("(pivot {at} is 0)"));
        let words = format!("(element {at} of the diagonal is 0)");
        refused(linalg::solve_triangular(&singular, ones(n), ()), &words);
        for bad in [f32::NAN, 0.0, -1.0] {
            let words = format!("the matrix: it is not positive definite (row {at})");
            refused(linalg::cholesky(diagonal(n, at, bad), ()), &words);
        }
        let batch = np::stack(&[diagonal(n, 0, 2.0), singular], 0)?;
        refused(linalg::inv(&batch), "matrix 1: it is singular");
        refused(linalg::cholesky(&batch, ()), "matrix 1: it is not positive definite");
    }
    for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        let x = diagonal(5, 3, bad);
        let words = "the matrix: its elements are not all finite";
        refused(linalg::svdvals(&x), words);
        refused(linalg::eigvalsh(&x, ()), words);
        refused(linalg::svd(&x, false).map(|(u, ..)| u), words);
        refused(linalg::svd(&x, false).map(|(.., vh)| vh), words);
        refused(linalg::eigh(&x, ()).map(|(w, _)| w), words);
        refused(linalg::eigh(&x, ()).map(|(_, v)| v), words);
        // Others go through, as in NumPy.
        let (_, r) = linalg::qr(&x, ())?;
        assert!(r.to_vec::<f32>()?.iter().any(|x| x.is_nan()));
        linalg::solve(&x, ones(5))?.eval()?;
        linalg::lu_factor(&x)?.0.eval()?;
    }
    Ok(())
}

#[test]
fn numbers_whose_squares_have_no_place_in_the_format() -> Result<()> {
    let near = |x: Array, want: [f32; 2], scale: f32| -> Result<()> {
        for (got, want) in x.to_vec::<f32>()?.iter().zip(want) {
            assert!((got - want * scale).abs() <= 1e-6 * scale, "{got:e} instead of {:e}", want * scale);
        }
        Ok(())
    };
    for scale in [1e-30_f32, 1e-20, 1e20, 1e30, 5e37] {
        let x = on_gpu(&Array::from([[3.0 * scale, 0.0], [0.0, 4.0 * scale]]));
        near(linalg::svdvals(&x)?, [4.0, 3.0], scale)?;
        near(linalg::eigvalsh(&x, ())?, [3.0, 4.0], scale)?;
        let r = np::absolute(linalg::qr(&x, ())?.1)?;
        near(np::diagonal(&r, ())?, [3.0, 4.0], scale)?;
    }
    Ok(())
}

/// Blocks of many matrices, more than a poor binding shows, in workgroups of many lanes: the same results, but for rounding.
#[test]
fn blocks_on_poorer_adapters() {
    let lower = Triangular::from(Triangle::Lower);
    let cases = [
        (Factor::Cholesky, 300, 40, 40),
        (Factor::Substitute(lower), 300, 40, 3),
        (Factor::Lu, 300, 40, 32),
        (Factor::Reflect, 300, 40, 32),
        (Factor::Rotate, 300, 32, 32),
    ];
    let mut random = Random(3);
    let mut matrices = |shape: [usize; 3]| {
        let [count, m, n] = shape;
        let heavy = |i: usize| if i / n % m == i % n { 2.0 * n as f32 } else { 0.0 };
        let all: Vec<f32> = (0..count * m * n).map(|i| random.unit() as f32 + heavy(i)).collect();
        (HostBuffer::from_vec(all), shape)
    };
    let jobs: Vec<_> = cases
        .into_iter()
        .map(|(factor, count, m, n)| {
            let operands = match factor {
                Factor::Substitute(_) => vec![matrices([count, m, m]), matrices([count, m, n])],
                _ => vec![matrices([count, m, n])],
            };
            (Block { factor, batch: [count].as_slice().into(), m, n, dtype: DType::F32 }, operands)
        })
        .collect();
    let names = ["as it is", "coalesced lanes", "bindings of 1 MiB", "no immediates"];
    let mut wanted: Vec<Vec<Vec<f32>>> = Vec::new();
    for (name, backend) in poorer::named(|name| names.contains(&name)) {
        for (number, (block, operands)) in jobs.iter().enumerate() {
            let operand = |(host, shape): &(HostBuffer, [usize; 3])| Operand {
                buffer: backend.upload(host).unwrap(),
                layout: Layout::dense(shape),
            };
            let operands: Vec<Operand> = operands.iter().map(operand).collect();
            let results =
                backend.factorised(&operands, block).unwrap_or_else(|e| panic!("{name}, {block:?}: {e}"));
            let floats = results.iter().filter(|x| x.dtype() == DType::F32);
            let got: Vec<Vec<f32>> =
                floats.map(|x| backend.download(&**x).unwrap().as_slice::<f32>().unwrap().to_vec()).collect();
            assert!(got.iter().flatten().all(|x| x.is_finite()), "{name}, {block:?}");
            let Some(want) = wanted.get(number) else {
                wanted.push(got);
                continue;
            };
            for (got, want) in got.iter().flatten().zip(want.iter().flatten()) {
                assert!(
                    (got - want).abs() <= 1e-3 * want.abs().max(1.0),
                    "{name}, {block:?}: {got} and {want}"
                );
            }
        }
    }
}
