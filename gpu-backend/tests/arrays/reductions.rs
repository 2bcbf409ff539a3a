use polyarray_core::numpy::{self as np, axis};
use polyarray_core::{Array, DType, Kind, Scalar};

use crate::reference::values;
use crate::{Random, array, dtypes, on_gpu, scalars};

/// Finite values that neither overflow nor need subnormals.
fn tame(dtype: DType, count: usize) -> Vec<Scalar> {
    let mut random = Random(dtype as u64 + 1);
    (0..count)
        .map(|_| match dtype.kind() {
            Kind::Bool | Kind::Int => {
                Scalar::I64((random.bits() % 7) as i64 - if dtype.is_unsigned() { 0 } else { 3 })
            }
            Kind::Float => Scalar::F64(random.unit()),
            Kind::Complex => Scalar::C128(num_complex::Complex64::new(random.unit(), random.unit())),
        })
        .map(|x| x.cast(dtype))
        .collect()
}

/// The rows that a reduction over `axes` of a row-major (a, b, c) array makes.
fn rows(x: &[Scalar], shape: [usize; 3], axes: &[usize]) -> Vec<Vec<Scalar>> {
    let keep: Vec<usize> = (0..3).filter(|k| !axes.contains(k)).collect();
    let count: usize = keep.iter().map(|&k| shape[k]).product();
    let mut rows = vec![Vec::new(); count];
    for (i, &x) in x.iter().enumerate() {
        let at = [i / (shape[1] * shape[2]), i / shape[2] % shape[1], i % shape[2]];
        let row = keep.iter().fold(0, |row, &k| row * shape[k] + at[k]);
        rows[row].push(x);
    }
    rows
}

const AXES: [&[usize]; 6] = [&[0], &[1], &[2], &[0, 2], &[1, 2], &[0, 1, 2]];

fn over(axes: &[usize]) -> Vec<isize> {
    axes.iter().map(|&k| k as isize).collect()
}

#[test]
fn sums_and_products_are_close_to_the_reference() {
    for shape in [[3, 5, 7], [2, 1, 1000], [1, 300, 17], [70, 2, 3]] {
        for dtype in dtypes() {
            let x = tame(dtype, shape.iter().product());
            let there = on_gpu(&array(dtype, &x)).reshape(shape.map(|d| d as isize)).unwrap();
            let x = scalars(&there);
            for axes in AXES {
                let got = scalars(&np::sum(&there, &over(axes)[..]).unwrap());
                for (got, row) in got.iter().zip(rows(&x, shape, axes)) {
                    let sum: num_complex::Complex64 = row.iter().map(|v| v.to_c128()).sum();
                    let size: f64 = row.iter().map(|v| v.to_c128().norm()).sum();
                    let epsilon = match got.dtype() {
                        DType::F16 => 1e-3,
                        DType::F32 | DType::C64 => 6e-8,
                        DType::F64 | DType::C128 => 1.2e-16,
                        _ => 0.0,
                    };
                    // Pairwise or compensated: the error grows as the logarithm of the length, at most.
                    let bound = epsilon * size * ((row.len() as f64).log2() + 2.0);
                    assert!((got.to_c128() - sum).norm() <= bound, "{dtype} {shape:?} {axes:?}: {got} {sum}");
                }
            }
            let got = scalars(&np::prod(&there, [2]).unwrap());
            for (got, row) in got.iter().zip(rows(&x, shape, &[2])) {
                if dtype.is_int() || dtype == DType::Bool {
                    let want = row.iter().fold(1_i128, |p, v| (p * v.to_i128().unwrap()) as i64 as i128);
                    assert_eq!(got.to_i128().unwrap() as i64, want as i64, "{dtype}");
                } else if dtype.is_float() {
                    let want: f64 = row.iter().map(|v| v.to_f64()).product();
                    let bound = want.abs().max(1e-30)
                        * row.len() as f64
                        * if dtype == DType::F16 { 2e-3 } else { 1.2e-7 };
                    let tiny = if dtype == DType::F16 { 1e-7 } else { 1e-38 };
                    assert!((got.to_f64() - want).abs() <= bound + tiny, "{dtype} {shape:?}: {got} {want}");
                }
            }
        }
    }
}

/// The least or greatest as NumPy has it: a NaN wins.
fn extreme(row: &[Scalar], greatest: bool) -> (usize, Scalar) {
    let mut best = 0;
    for (i, x) in row.iter().enumerate().skip(1) {
        let old = row[best];
        let better = match (x.to_i128(), old.to_i128()) {
            (Some(x), Some(old)) => {
                if greatest {
                    x > old
                } else {
                    x < old
                }
            }
            _ => {
                let (x, old) = (x.to_f64(), old.to_f64());
                !old.is_nan() && (x.is_nan() || if greatest { x > old } else { x < old })
            }
        };
        if better {
            best = i;
        }
    }
    (best, row[best])
}

#[test]
fn extremes_and_their_places_are_numpys() {
    let same = |a: Scalar, b: Scalar| a == b || (a.to_f64().is_nan() && b.to_f64().is_nan());
    for shape in [[3, 5, 7], [2, 3, 400], [1, 1, 5000], [130, 2, 4]] {
        for dtype in dtypes().into_iter().filter(|d| d.kind() != Kind::Complex) {
            let mut random = Random(7);
            let mut x = values(dtype, &mut random, shape.iter().product());
            x.truncate(shape.iter().product());
            // NaN only in some rows, or every answer would be NaN.
            if dtype.is_float() {
                for (i, v) in x.iter_mut().enumerate() {
                    if v.to_f64().is_nan() && i % 5 != 0 {
                        *v = Scalar::F64(i as f64).cast(dtype);
                    }
                }
            }
            let there = on_gpu(&array(dtype, &x)).reshape(shape.map(|d| d as isize)).unwrap();
            for axes in AXES {
                let (low, high) = (
                    scalars(&np::min(&there, &over(axes)[..]).unwrap()),
                    scalars(&np::max(&there, &over(axes)[..]).unwrap()),
                );
                for (k, row) in rows(&x, shape, axes).iter().enumerate() {
                    assert!(
                        same(low[k], extreme(row, false).1),
                        "min {dtype} {shape:?} {axes:?}: {}",
                        low[k]
                    );
                    assert!(
                        same(high[k], extreme(row, true).1),
                        "max {dtype} {shape:?} {axes:?}: {}",
                        high[k]
                    );
                }
            }
            for axes in [&[0_usize][..], &[1], &[2]] {
                let along = axis(axes[0] as isize);
                let low = scalars(&np::argmin(&there, along.clone()).unwrap());
                let high = scalars(&np::argmax(&there, along).unwrap());
                for (k, row) in rows(&x, shape, axes).iter().enumerate() {
                    assert_eq!(
                        low[k],
                        Scalar::I64(extreme(row, false).0 as i64),
                        "argmin {dtype} {shape:?} {axes:?}"
                    );
                    assert_eq!(
                        high[k],
                        Scalar::I64(extreme(row, true).0 as i64),
                        "argmax {dtype} {shape:?} {axes:?}"
                    );
                }
            }
        }
    }
}

#[test]
fn any_and_all_in_every_dtype() {
    for dtype in dtypes() {
        let x: Vec<Scalar> =
            (0..60).map(|i| Scalar::I64(i64::from(i % 7 == 3 || i / 10 == 4)).cast(dtype)).collect();
        let there = on_gpu(&array(dtype, &x)).reshape([6, 10]).unwrap();
        let truth = |row: &[Scalar]| row.iter().map(|v| v.to_f64() != 0.0).collect::<Vec<_>>();
        let any = scalars(&np::any(&there, -1).unwrap());
        let all = scalars(&np::all(&there, -1).unwrap());
        for (k, row) in x.chunks(10).map(truth).enumerate() {
            assert_eq!(any[k], Scalar::Bool(row.iter().any(|&b| b)), "{dtype}");
            assert_eq!(all[k], Scalar::Bool(row.iter().all(|&b| b)), "{dtype}");
        }
    }
}

#[test]
fn reductions_of_nothing_and_of_long_arrays() {
    let empty = on_gpu(&Array::from(Vec::<f32>::new())).reshape([3, 0]).unwrap();
    assert_eq!(np::sum(&empty, 1).unwrap().to_vec::<f32>().unwrap(), [0.0; 3]);
    assert_eq!(np::prod(&empty, 1).unwrap().to_vec::<f32>().unwrap(), [1.0; 3]);
    assert!(np::max(&empty, 1).is_err());
    // Beyond what one invocation may loop over, and beyond 2^24, where counting in f32 ends.
    let len = (1 << 24) + 12_345;
    let x = on_gpu(&Array::from(vec![1.0_f32; len]));
    assert_eq!(np::sum(&x, ()).unwrap().to_vec::<f32>().unwrap(), [len as f32]);
    let mut host = vec![0_u8; len];
    host[len - 2] = 9;
    let x = on_gpu(&Array::from(host));
    assert_eq!(np::argmax(&x, ()).unwrap().to_vec::<i64>().unwrap(), [len as i64 - 2]);
    assert_eq!(np::sum(&x, ()).unwrap().value(), 9.0);
}

/// The one value.
trait One {
    fn value(&self) -> f64;
}

impl One for Array {
    fn value(&self) -> f64 {
        self.item().unwrap().to_f64()
    }
}

#[test]
fn the_same_input_gives_the_same_bits() {
    let mut random = Random(3);
    let host: Vec<f32> = (0..100_003).map(|_| random.unit() as f32).collect();
    let x = on_gpu(&Array::from(host));
    let first = np::sum(&x, ()).unwrap().to_vec::<f32>().unwrap();
    for _ in 0..5 {
        assert_eq!(np::sum(&x, ()).unwrap().to_vec::<f32>().unwrap(), first);
    }
}
