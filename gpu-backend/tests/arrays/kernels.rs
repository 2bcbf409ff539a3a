//! matmul, concat, stack, take.

use polyarray_core::{Array, DType, Error, Kind, Scalar, numpy as np};

use crate::{Random, array, dtypes, on_gpu, scalars};

fn random(dtype: DType, shape: &[usize], seed: u64) -> Array {
    let mut random = Random(seed);
    let values: Vec<Scalar> = (0..shape.iter().product::<usize>())
        .map(|_| match dtype.kind() {
            Kind::Bool => Scalar::Bool(random.bits() & 1 == 0),
            Kind::Int => {
                Scalar::I64((random.bits() % 11) as i64 - if dtype.is_unsigned() { 0 } else { 5 }).cast(dtype)
            }
            Kind::Float => Scalar::F64(random.unit()).cast(dtype),
            Kind::Complex => {
                Scalar::C128(num_complex::Complex64::new(random.unit(), random.unit())).cast(dtype)
            }
        })
        .collect();
    array(dtype, &values).reshape(shape.iter().map(|&d| d as isize).collect::<Vec<_>>()).unwrap()
}

/// (m, k) by (k, n), in complex doubles, with the sum of magnitudes that bounds the error.
fn product(
    a: &[Scalar],
    b: &[Scalar],
    (m, k, n): (usize, usize, usize),
) -> Vec<(num_complex::Complex64, f64)> {
    let mut out = Vec::new();
    for i in 0..m {
        for j in 0..n {
            let terms = (0..k).map(|l| a[i * k + l].to_c128() * b[l * n + j].to_c128());
            out.push(terms.fold((num_complex::Complex64::default(), 0.0), |(s, e), t| (s + t, e + t.norm())));
        }
    }
    out
}

fn close(got: &Array, want: &[(num_complex::Complex64, f64)], k: usize, what: &str) {
    let dtype = got.dtype();
    let epsilon = match dtype {
        DType::F16 => 1e-3,
        DType::F32 | DType::C64 => 1.2e-7,
        DType::F64 | DType::C128 => 2.3e-16,
        _ => 0.0,
    };
    for (i, (got, (want, size))) in scalars(got).iter().zip(want).enumerate() {
        let bound = epsilon * size * (k as f64).sqrt().max(4.0);
        let ok = match dtype {
            DType::Bool => (got.to_f64() != 0.0) == (want.re != 0.0),
            _ if dtype.is_int() => Scalar::I64(want.re as i64).cast(dtype) == *got,
            _ => (got.to_c128() - want).norm() <= bound,
        };
        assert!(ok, "{what} in {dtype}, element {i}: {got} instead of {want}");
    }
}

#[test]
fn matmul_in_every_dtype_and_shape() {
    for dtype in dtypes() {
        for (m, k, n) in [(1, 1, 1), (3, 4, 5), (1, 17, 1), (33, 7, 1), (8, 32, 8), (65, 33, 70)] {
            let (a, b) = (random(dtype, &[m, k], 1), random(dtype, &[k, n], 2));
            let want = product(&scalars(&a), &scalars(&b), (m, k, n));
            close(&np::matmul(on_gpu(&a), on_gpu(&b)).unwrap(), &want, k, "matmul");
        }
    }
}

#[test]
fn matmul_of_any_layout() {
    let (m, k, n) = (37, 41, 29);
    let (a, b) = (random(DType::F32, &[m, k], 3), random(DType::F32, &[k, n], 4));
    let want = product(&scalars(&a), &scalars(&b), (m, k, n));
    // The transposed copies, transposed again, and reversed ones, reversed again.
    let dense = |x: Array| np::astype(x, DType::F32).unwrap();
    let (ta, tb) = (dense(on_gpu(&a).t()).t(), dense(on_gpu(&b).t()).t());
    close(&np::matmul(&ta, &tb).unwrap(), &want, k, "transposed");
    close(&np::matmul(&ta, on_gpu(&b)).unwrap(), &want, k, "left transposed");
    let flip = |x: &Array| dense(on_gpu(x).flip([0, 1]).unwrap()).flip([0, 1]).unwrap();
    close(&np::matmul(flip(&a), flip(&b)).unwrap(), &want, k, "reversed");
}

#[test]
fn matmul_batches_and_broadcasts() {
    let (a, b) = (random(DType::F32, &[2, 1, 5, 6], 5), random(DType::F32, &[3, 6, 4], 6));
    let got = np::matmul(on_gpu(&a), on_gpu(&b)).unwrap();
    assert_eq!(got.shape(), [2, 3, 5, 4]);
    for i in 0..2 {
        for j in 0..3 {
            let part = |x: &Array, at: String| scalars(&x.slice(at.as_str()).unwrap());
            let want = product(&part(&a, format!("{i}, 0")), &part(&b, format!("{j}")), (5, 6, 4));
            close(&got.slice(format!("{i}, {j}").as_str()).unwrap(), &want, 6, "batch");
        }
    }
    // Vectors lose their axis; a sum over nothing is 0.
    let v = random(DType::F32, &[6], 7);
    assert_eq!(np::matmul(on_gpu(&v), on_gpu(&v)).unwrap().shape(), [0_usize; 0]);
    assert_eq!(np::matmul(on_gpu(&a), on_gpu(&v)).unwrap().shape(), [2, 1, 5]);
    let nothing = on_gpu(&Array::from(Vec::<f32>::new()));
    let zero = np::matmul(nothing.reshape([3, 0]).unwrap(), nothing.reshape([0, 2]).unwrap()).unwrap();
    assert_eq!(zero.to_vec::<f32>().unwrap(), [0.0; 6]);
    assert!(matches!(np::matmul(on_gpu(&a), on_gpu(&a)), Err(Error::Shape { .. })));
}

#[test]
fn concat_and_stack_in_every_dtype() {
    for dtype in dtypes() {
        let parts =
            [random(dtype, &[2, 3, 5], 1), random(dtype, &[2, 1, 5], 2), random(dtype, &[2, 4, 5], 3)];
        let there: Vec<Array> = parts.iter().map(on_gpu).collect();
        let joined = np::concat(&there.iter().collect::<Vec<_>>(), 1).unwrap();
        assert_eq!(joined.shape(), [2, 8, 5]);
        let mut want = Vec::new();
        for i in 0..2 {
            for part in &parts {
                want.extend(scalars(&part.slice(format!("{i}").as_str()).unwrap()));
            }
        }
        assert_eq!(scalars(&joined), want, "{dtype}");
        // Along the last axis the borders fall inside packed words.
        let (a, b) = (there[0].swap_axes(1, 2).unwrap(), there[1].swap_axes(1, 2).unwrap());
        let joined = np::concat(&[&a, &b], -1).unwrap();
        let mut want = Vec::new();
        let (a, b) =
            (scalars(&parts[0].swap_axes(1, 2).unwrap()), scalars(&parts[1].swap_axes(1, 2).unwrap()));
        for row in 0..10 {
            want.extend(&a[row * 3..row * 3 + 3]);
            want.push(b[row]);
        }
        assert_eq!(scalars(&joined), want, "{dtype}, last axis");
        let stacked = np::stack(&[&there[0], &there[0]], 0).unwrap();
        assert_eq!(stacked.shape(), [2, 2, 3, 5]);
        assert_eq!(scalars(&stacked), [scalars(&parts[0]), scalars(&parts[0])].concat(), "{dtype}");
    }
}

#[test]
fn take_by_every_integer_along_any_axis() {
    for dtype in dtypes() {
        let x = random(dtype, &[3, 5, 4], 1);
        let there = on_gpu(&x);
        for (axis, len) in [(0_isize, 3_i64), (1, 5), (2, 4)] {
            let indices: Vec<i64> = vec![0, len - 1, -1, -len, 1, 1];
            let picked = np::take(&there, on_gpu(&Array::from(indices.clone())), axis).unwrap();
            let parts: Vec<Array> = indices
                .iter()
                .map(|&i| {
                    x.swap_axes(0, axis).unwrap().slice(format!("{}", i.rem_euclid(len)).as_str()).unwrap()
                })
                .collect();
            for (k, part) in parts.iter().enumerate() {
                let got = picked.swap_axes(0, axis).unwrap().slice(format!("{k}").as_str()).unwrap();
                assert_eq!(scalars(&got), scalars(part), "{dtype}, axis {axis}, index {k}");
            }
        }
    }
    let x = on_gpu(&Array::from((0..100).collect::<Vec<i32>>()));
    for dtype in dtypes().into_iter().filter(|d| d.is_int()) {
        let at = on_gpu(&array(dtype, &[Scalar::I64(99), Scalar::I64(0), Scalar::I64(7)]));
        assert_eq!(np::take(&x, &at, ()).unwrap().to_vec::<i32>().unwrap(), [99, 0, 7], "{dtype}");
    }
}

#[test]
fn an_index_out_of_bounds_is_an_error() {
    let x = on_gpu(&Array::from(vec![1.0_f32; 10]));
    for bad in [10_i64, -11, i64::MAX, i64::MIN] {
        let result = np::take(&x, on_gpu(&Array::from(vec![0, bad])), 0);
        assert!(matches!(result, Err(Error::Index { .. })), "{bad}: {result:?}");
    }
}
