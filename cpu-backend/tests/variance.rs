//! Variance against exact integer arithmetic, over every way an array can lie.

mod common;

use common::Random;
use polyarray_core::{Array, DType, Element, Scalar, numpy as np, with_element};
use polyarray_cpu as _;

/// Whole numbers from 0 to 1023, of a few scales, so that blocks have means of their own.
fn offsets(n: usize, seed: u64) -> Vec<i64> {
    let mut random = Random(seed);
    (0..n).map(|i| (random.bits() >> 54) as i64 >> (i * 8 / n.max(1))).collect()
}

/// The variance of whole numbers, rounded a few times at the end only.
fn exact(xs: &[i64], ddof: i128) -> f64 {
    let n = xs.len() as i128;
    let sum: i128 = xs.iter().map(|&x| x as i128).sum();
    let squares: i128 = xs.iter().map(|&x| x as i128 * x as i128).sum();
    (n * squares - sum * sum) as f64 / n as f64 / (n - ddof) as f64
}

/// `base + offset * step` in a dtype that holds all of them.
fn array(dtype: DType, offsets: &[i64], base: f64, step: f64, shape: &[usize]) -> Array {
    with_element!(dtype, T => {
        let values: Vec<T> = offsets.iter().map(|&k| T::from_scalar(Scalar::F64(base + k as f64 * step))).collect();
        Array::from_vec(values, shape).unwrap()
    })
}

fn values(x: &Array) -> Vec<f64> {
    np::astype(x, DType::F64).unwrap().to_vec().unwrap()
}

/// Fails unless the variances over the rows, the columns and all of a matrix, and of its transposed and its
/// reversed view, are the exact ones.
fn check(dtype: DType, (rows, columns): (usize, usize), base: f64, step: f64, allowed: f64) {
    let k = offsets(rows * columns, (rows * 31 + columns) as u64);
    let x = array(dtype, &k, base, step, &[rows, columns]);
    let turned = array(dtype, &k, base, step, &[rows, columns]).t();
    let backwards = x.flip([0, 1]).unwrap();
    let by_row: Vec<f64> = k.chunks(columns).map(|row| exact(row, 0)).collect();
    let by_column: Vec<f64> =
        (0..columns).map(|j| exact(&(0..rows).map(|i| k[i * columns + j]).collect::<Vec<_>>(), 0)).collect();
    let reversed = |v: &[f64]| v.iter().rev().copied().collect::<Vec<_>>();
    for (got, want, what) in [
        (np::var(&x, 1), &by_row, "rows"),
        (np::var(&x, 0), &by_column, "columns"),
        (np::var(&turned, 0), &by_row, "rows of the transposed view"),
        (np::var(&turned, 1), &by_column, "columns of the transposed view"),
        (np::var(&backwards, 1), &reversed(&by_row), "rows backwards"),
        (np::var(&backwards, 0), &reversed(&by_column), "columns backwards"),
        (np::var(&x, ()), &vec![exact(&k, 0)], "all"),
        (np::var(&turned, ()), &vec![exact(&k, 0)], "all of the transposed view"),
    ] {
        for (i, (got, want)) in values(&got.unwrap()).into_iter().zip(want).enumerate() {
            let want = want * step * step;
            let far = (got - want).abs();
            assert!(
                far <= allowed * want,
                "{what} of {dtype}[{rows}, {columns}] about {base}: result {i} is {got}, not {want}, off by {far:e}"
            );
        }
    }
}

const SHAPES: [(usize, usize); 8] =
    [(1, 1), (3, 5), (7, 300), (300, 7), (64, 64), (70, 1030), (4100, 9), (3, 300_001)];

#[test]
fn variances_are_exact_to_a_few_roundings() {
    for shape in SHAPES {
        check(DType::F32, shape, 0.0, 0.125, 8.0 * f64::from(f32::EPSILON));
        check(DType::F64, shape, 0.0, 0.125, 16.0 * f64::EPSILON);
        check(DType::F16, shape, 0.0, 0.125, 0.001);
    }
}

#[test]
fn digits_do_not_cancel_far_from_zero() {
    for shape in SHAPES {
        // A mean 2^20 away, in steps of the last digit but one or so: nothing of the spread is lost.
        check(DType::F32, shape, 1048576.0, 0.125, 8.0 * f64::from(f32::EPSILON));
        check(DType::F64, shape, 1e15, 0.125, 16.0 * f64::EPSILON);
        check(DType::F64, shape, 1e6, 1.0 / 4096.0 / 4096.0, 16.0 * f64::EPSILON);
    }
}

#[test]
fn several_axes_and_what_is_left_of_them() {
    let k = offsets(4 * 6 * 10, 5);
    let x = array(DType::F64, &k, 0.0, 1.0, &[4, 6, 10]);
    let pick = |keep: &dyn Fn(usize) -> bool| (0..240).filter(|&i| keep(i)).map(|i| k[i]).collect::<Vec<_>>();
    let near = |got: &Array, want: Vec<f64>| {
        for (got, want) in values(got).into_iter().zip(want) {
            assert!((got - want).abs() <= 1e-14 * want, "{got}, not {want}");
        }
    };
    let middle = (0..6).map(|j| exact(&pick(&|i| i / 10 % 6 == j), 1)).collect();
    let got = np::var(&x, np::axis([0, 2]).keepdims().ddof(1.0)).unwrap();
    assert_eq!(got.shape(), [1, 6, 1]);
    near(&got, middle);
    let last = (0..10).map(|j| exact(&pick(&|i| i % 10 == j), 0)).collect();
    near(&np::var(&x, [0, 1]).unwrap(), last);
    let outer = (0..40).map(|o| exact(&pick(&|i| i / 60 == o / 10 && i % 10 == o % 10), 0)).collect();
    near(&np::var(&x, 1).unwrap(), outer);
    let (std, one) = (np::std(&x, ()).unwrap(), np::var(&x, ()).unwrap());
    assert_eq!(values(&std), [values(&one)[0].sqrt()]);
    // Repeated elements, and a value that is not computed yet.
    let repeated = np::add(x.slice("0, 0, :").unwrap(), 1.0).unwrap().broadcast_to([5000, 10]).unwrap();
    near(&np::var(&repeated, ()).unwrap(), vec![exact(&k[..10], 0)]);
    assert_eq!(values(&np::var(&repeated, 0).unwrap()), [0.0; 10]);
}

#[test]
fn nothing_too_little_and_not_numbers() {
    for dtype in [DType::F32, DType::F64] {
        let nan = |x: &Array| values(x).iter().all(|v| v.is_nan());
        let empty = np::zeros([0, 3], dtype).unwrap();
        assert!(nan(&np::var(&empty, 0).unwrap()) && nan(&np::var(&empty, ()).unwrap()));
        assert_eq!(np::var(&empty, 1).unwrap().shape(), [0]);
        let one = np::full([1], 7.0, dtype).unwrap();
        assert_eq!(values(&np::var(&one, ()).unwrap()), [0.0]);
        assert!(nan(&np::var(&one, np::axis(0).ddof(1.0)).unwrap()));
        let two = array(dtype, &[0, 1], 0.0, 1.0, &[2]);
        assert_eq!(values(&np::var(&two, np::axis(0).ddof(2.0)).unwrap()), [f64::INFINITY]);
        for odd in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            for n in [1, 5, 64, 100_000, 600_001] {
                let mut xs = vec![1.0; n];
                xs[n * 2 / 3] = odd;
                let x = np::astype(Array::from(xs), dtype).unwrap();
                assert!(nan(&np::var(&x, ()).unwrap()), "{odd} among {n}");
                let column = x.reshape(&[n as isize, 1]).unwrap().broadcast_to([n, 9]).unwrap();
                assert!(nan(&np::var(&column, 0).unwrap()), "{odd} in columns of {n}");
            }
        }
        // Squares that overflow, as in one long sum.
        let most = if dtype == DType::F32 { 1e30 } else { 1e300 };
        let x = np::astype(Array::from([most, -most].repeat(50_000)), dtype).unwrap();
        assert_eq!(values(&np::var(&x, ()).unwrap()), [f64::INFINITY]);
    }
}

#[test]
fn other_dtypes_take_the_default() {
    assert_eq!(values(&np::var(Array::from(vec![1, 2, 3, 4]), ()).unwrap()), [1.25]);
    let bools = Array::from(vec![true, false]);
    assert_eq!(values(&np::var(&bools, ()).unwrap()), [0.25]);
}

#[test]
fn the_number_of_threads_does_not_change_the_bits() {
    for shape in [[1, 900_001], [700, 1300], [90_001, 10]] {
        let mut random = Random(9);
        let xs: Vec<f32> = (0..shape[0] * shape[1]).map(|_| random.unit() as f32).collect();
        let x = Array::from_vec(xs, &shape).unwrap();
        let bits = [1, 2, 5].map(|threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| [values(&np::var(&x, 0).unwrap()), values(&np::var(&x, 1).unwrap())])
        });
        assert!(bits[0] == bits[1] && bits[0] == bits[2], "{shape:?}");
    }
}
