//! Matrix products, concatenation and take, called as a user calls them, against index arithmetic.

mod common;

use common::*;
use num_complex::Complex64;
use polyarray_core::array::HostBuffer;
use polyarray_core::dtype::DTYPES;
use polyarray_core::numpy::Along;
use polyarray_core::{Array, DType, Element, Error, Kind, Scalar, numpy as np, with_element};
use polyarray_cpu as _;

/// Small values, so that products and sums of f16 stay finite.
fn array(dtype: DType, shape: &[usize], seed: u64) -> Array {
    let mut random = Random(seed);
    let n: usize = shape.iter().product();
    let values: Vec<Scalar> = (0..n)
        .map(|_| match dtype.kind() {
            Kind::Bool | Kind::Int => Scalar::I64(random.bits() as i64 >> 3).cast(dtype),
            _ => Scalar::C128(Complex64::new(random.unit() - 0.4, random.unit() - 0.5)).cast(dtype),
        })
        .collect();
    with_element!(dtype, T => {
        Array::from_vec(values.iter().map(|&v| T::from_scalar(v)).collect::<Vec<T>>(), shape).unwrap()
    })
}

/// Every element, row-major.
fn elements(a: &Array) -> Vec<Scalar> {
    let operand = a.operand().unwrap();
    let buffer: &HostBuffer = (&*operand.buffer as &dyn std::any::Any).downcast_ref().unwrap();
    indices(&operand.layout.shape).map(|i| element(buffer, operand.layout.at(&i))).collect()
}

/// Arrays of one shape that lie differently.
fn lies(dtype: DType, shape: &[usize], seed: u64) -> Vec<Array> {
    let dense = array(dtype, shape, seed);
    let n = shape.len();
    let mut swapped = shape.to_vec();
    swapped.swap(n - 2, n - 1);
    let mut doubled = shape.to_vec();
    doubled.iter_mut().for_each(|d| *d *= 2);
    let evens = std::iter::repeat_n("::-2", n).collect::<Vec<_>>().join(", ");
    let mut row = shape.to_vec();
    row[n - 2] = 1;
    vec![
        dense.clone(),
        array(dtype, &swapped, seed).swap_axes(-1, -2).unwrap(),
        dense.flip([-1]).unwrap(),
        dense.flip([-2]).unwrap(),
        array(dtype, &doubled, seed).slice(evens.as_str()).unwrap(),
        array(dtype, &row, seed).broadcast_to(shape).unwrap(),
    ]
}

fn check_matmul(a: &Array, b: &Array, what: &str) {
    let out = np::matmul(a, b).unwrap();
    let dtype = a.dtype();
    let (n, k) = (b.shape()[b.ndim() - 1], a.shape()[a.ndim() - 1]);
    let m = a.shape()[a.ndim() - 2];
    let batch: Vec<usize> = out.shape()[..out.ndim() - 2].to_vec();
    let full = |x: &Array, rows: usize, columns: usize| {
        elements(&x.broadcast_to([&batch[..], &[rows, columns]].concat()).unwrap())
    };
    let (xs, ys) = (full(a, m, k), full(b, k, n));
    let (x, y) = (
        |i: usize, r: usize, p: usize| xs[(i * m + r) * k + p],
        |i: usize, p: usize, c: usize| ys[(i * k + p) * n + c],
    );
    for (at, got) in elements(&out).into_iter().enumerate() {
        let (i, r, c) = (at / (m * n), at / n % m, at % n);
        let what = format!("{what}: {:?} @ {:?} in {dtype} at [{i}, {r}, {c}]", a.shape(), b.shape());
        if let Kind::Bool | Kind::Int = dtype.kind() {
            let low = |s: Scalar| s.to_i128().unwrap() as u64;
            let sum = (0..k).fold(0u64, |s, p| {
                let product = low(x(i, r, p)).wrapping_mul(low(y(i, p, c)));
                if dtype == DType::Bool { s | product } else { s.wrapping_add(product) }
            });
            assert_eq!(got, integer(sum as i128, dtype), "{what}");
        } else {
            let terms = (0..k).map(|p| x(i, r, p).to_c128() * y(i, p, c).to_c128());
            let want: Complex64 = terms.clone().sum();
            let size: f64 = terms.map(|t| t.norm()).sum();
            // f16 products are added in f32; the result is rounded once more.
            let acc = if dtype == DType::F16 { DType::F32 } else { dtype };
            let bound = (k as f64 + 2.0) * ulp(size, acc) + ulp(want.norm(), dtype);
            let far = (got.to_c128() - want).norm();
            assert!(far <= bound, "{what}: got {got:?}, want {want}, off by {far}, bound {bound}");
        }
    }
}

#[test]
fn matmul_in_every_dtype_over_every_lie() {
    for dtype in DTYPES {
        for (m, k, n) in [(1, 1, 1), (3, 5, 4), (17, 70, 33)] {
            for (i, a) in lies(dtype, &[m, k], 3).iter().enumerate() {
                for (j, b) in lies(dtype, &[k, n], 4).iter().enumerate() {
                    check_matmul(a, b, &format!("lies {i} and {j}"));
                }
            }
        }
    }
}

#[test]
fn batches_broadcast() {
    for dtype in [DType::F32, DType::F64, DType::C64, DType::I32, DType::Bool] {
        for a in lies(dtype, &[4, 1, 6, 7], 5) {
            for b in lies(dtype, &[3, 7, 5], 6) {
                check_matmul(&a, &b, "batch");
            }
        }
        // Nothing to add up.
        let out = np::matmul(array(dtype, &[2, 0], 1), array(dtype, &[0, 3], 1)).unwrap();
        assert!(elements(&out).iter().all(|x| x.to_c128() == Complex64::ZERO), "{dtype}");
    }
}

#[test]
fn large_products_do_not_depend_on_the_number_of_threads() {
    for dtype in [DType::F32, DType::F64, DType::C64, DType::I64] {
        let (a, b) = (array(dtype, &[150, 210], 8), array(dtype, &[190, 210], 9).t());
        check_matmul(&a, &b, "large");
        let results = [1, 2, 5].map(|threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| elements(&np::matmul(&a, &b).unwrap()))
        });
        assert!(results[0] == results[1] && results[0] == results[2], "{dtype}");
    }
}

/// Small integers in int32, and bits, against 64-bit arithmetic, over tiles that end in the middle.
#[test]
fn packed_products_over_every_lie() {
    let low = |s: &Scalar| s.to_i128().unwrap() as u64;
    for (dtype, out) in [
        (DType::I8, DType::I32),
        (DType::U8, DType::I32),
        (DType::I16, DType::I32),
        (DType::Bool, DType::I32),
        (DType::I8, DType::U32),
        (DType::I8, DType::I64),
        (DType::U32, DType::I32),
    ] {
        for (m, k, n) in [(1, 1, 1), (5, 37, 18), (13, 600, 9), (100, 33, 40)] {
            let small = m * k * n > 60_000;
            for (i, a) in lies(dtype, &[m, k], 13).iter().enumerate().skip(if small { 4 } else { 0 }) {
                for (j, b) in lies(dtype, &[k, n], 14).iter().enumerate().skip(if small { 4 } else { 0 }) {
                    let (xs, ys) = (elements(a), elements(b));
                    let check = |got: &Array, term: &dyn Fn(u64, u64) -> u64, what: &str| {
                        assert_eq!(got.shape(), [m, n]);
                        for (at, got) in elements(got).into_iter().enumerate() {
                            let (r, c) = (at / n, at % n);
                            let sum = (0..k).fold(0u64, |s, p| {
                                s.wrapping_add(term(low(&xs[r * k + p]), low(&ys[p * n + c])))
                            });
                            let want = integer(sum as i128, got.dtype());
                            assert_eq!(
                                got, want,
                                "{what} {m}x{k}x{n} of {dtype}, lies {i} and {j}, [{r}, {c}]"
                            );
                        }
                    };
                    let product = np::matmul_as(a, b, out).unwrap();
                    check(&product, &|x, y| x.wrapping_mul(y), "matmul_as");
                    if dtype == DType::U32 {
                        let ones = |x: u64, y: u64| u64::from((x & y).count_ones());
                        check(&np::matmul_bits(a, b).unwrap(), &ones, "matmul_bits");
                    }
                }
            }
        }
    }
    // Extremes wrap only where int32 does, batches broadcast, and nothing adds up to 0.
    let least = np::full([1, 9], -32768, np::dtype(DType::I16)).unwrap();
    let sum = np::matmul_as(&least, &least.t(), DType::I32).unwrap();
    assert_eq!(sum.to_vec::<i32>().unwrap(), [(9i64 << 30) as i32]);
    let (a, b) = (array(DType::I8, &[3, 1, 4, 5], 15), array(DType::I8, &[2, 5, 7], 16));
    let want = np::matmul(np::astype(&a, DType::I32).unwrap(), np::astype(&b, DType::I32).unwrap()).unwrap();
    assert_eq!(elements(&np::matmul_as(&a, &b, DType::I32).unwrap()), elements(&want));
    let none = np::matmul_as(array(DType::I8, &[2, 0], 1), array(DType::I8, &[0, 3], 1), DType::I32).unwrap();
    assert_eq!(none.to_vec::<i32>().unwrap(), [0; 6]);
    let none = np::matmul_bits(array(DType::U32, &[0, 2], 1), array(DType::U32, &[2, 3], 1)).unwrap();
    assert_eq!(none.shape(), [0, 3]);
    assert!(none.to_vec::<i32>().unwrap().is_empty());
}

#[test]
fn concatenation_along_every_axis() {
    for dtype in DTYPES {
        for axis in 0..3 {
            let parts: Vec<Array> = [2, 1, 0, 5]
                .into_iter()
                .enumerate()
                .map(|(i, len)| {
                    let mut shape = [3, 4, 6];
                    shape[axis] = len;
                    if len == 0 {
                        array(dtype, &shape, 1)
                    } else {
                        lies(dtype, &shape, i as u64 + 1).swap_remove(i)
                    }
                })
                .collect();
            let out = np::concat(&parts.iter().collect::<Vec<_>>(), axis as isize).unwrap();
            let values: Vec<Vec<Scalar>> = parts.iter().map(elements).collect();
            let got = elements(&out);
            for (i, index) in indices(out.shape()).enumerate() {
                let (mut at, mut k) = (index.clone(), 0);
                while at[axis] >= parts[k].shape()[axis] {
                    at[axis] -= parts[k].shape()[axis];
                    k += 1;
                }
                let flat = at.iter().zip(parts[k].shape()).fold(0, |f, (&i, &d)| f * d + i);
                let same = got[i] == values[k][flat];
                assert!(same, "{dtype} axis {axis} at {index:?}: {:?}, want {:?}", got[i], values[k][flat]);
            }
        }
    }
    // Long enough for several tasks, with parts that end inside one.
    let parts = [array(DType::U8, &[3, 50_000], 1), array(DType::U8, &[3, 21_111], 2)];
    let out = np::concat(&[&parts[0], &parts[1]], 1).unwrap().to_vec::<u8>().unwrap();
    for (r, row) in out.chunks(71_111).enumerate() {
        assert_eq!(row[..50_000], parts[0].to_vec::<u8>().unwrap()[r * 50_000..][..50_000]);
        assert_eq!(row[50_000..], parts[1].to_vec::<u8>().unwrap()[r * 21_111..][..21_111]);
    }
    let stacked = np::stack(&[&parts[0], &parts[0].flip([0]).unwrap()], 0).unwrap();
    assert_eq!(stacked.shape(), [2, 3, 50_000]);
    assert_eq!(
        stacked.slice("1, 0").unwrap().to_vec::<u8>().unwrap(),
        parts[0].slice("2").unwrap().to_vec::<u8>().unwrap()
    );
}

#[test]
fn take_along_every_axis() {
    let indices_in: [&[i64]; 3] = [&[0], &[2, -1, 0, 0, -3], &[1; 40]];
    for dtype in DTYPES {
        for axis in 0..3usize {
            for (i, x) in lies(dtype, &[3, 3, 3], 7).into_iter().enumerate() {
                let picks = indices_in[i % 3];
                let index_dtype = [DType::I64, DType::I8, DType::I32][i % 3];
                let index = np::astype(Array::from(picks.to_vec()), index_dtype).unwrap();
                let out = np::take(&x, &index, axis as isize).unwrap();
                let (got, values) = (elements(&out), elements(&x));
                for (at, index) in indices(out.shape()).enumerate() {
                    let mut from = index.clone();
                    from[axis] = (picks[index[axis]] + 3) as usize % 3;
                    let flat = from.iter().fold(0, |f, &i| f * 3 + i);
                    assert!(got[at] == values[flat], "{dtype} axis {axis} lie {i} at {index:?}");
                }
            }
        }
    }
    let x = array(DType::F32, &[4, 5], 1);
    let all = np::take(&x, Array::from_vec(vec![19u8, 0, 7, 7], &[2, 2]).unwrap(), Along(None)).unwrap();
    let values = elements(&x);
    assert_eq!(
        (all.shape(), elements(&all)),
        (&[2, 2][..], vec![values[19], values[0], values[7], values[7]])
    );
    // Many indices, strided, over several tasks.
    let long = array(DType::I32, &[1000], 2);
    let picks: Vec<i64> = (0..300_000).map(|i| i * 7919 % 1000).collect();
    let got = np::take(&long, Array::from(picks.clone()).flip([0]).unwrap(), 0).unwrap();
    let values = long.to_vec::<i32>().unwrap();
    let want: Vec<i32> = picks.iter().rev().map(|&i| values[i as usize]).collect();
    assert_eq!(got.to_vec::<i32>().unwrap(), want);
}

#[test]
fn an_index_out_of_bounds_is_an_error() {
    let x = array(DType::F32, &[4, 5], 1);
    for bad in [4i64, -5, i64::MAX, i64::MIN] {
        let taken = np::take(&x, Array::from(vec![0, bad]), 0);
        assert!(matches!(taken, Err(Error::Index { len: 4, .. })), "{bad}: {taken:?}");
    }
    assert!(np::take(&x, Array::from(vec![0.0]), 0).is_err());
    // One that int64 can't hold is no negative one.
    let taken = np::take(&x, Array::from(vec![u64::MAX]), 0);
    assert!(matches!(taken, Err(Error::Index { index: i64::MAX, .. })), "{taken:?}");
}

#[test]
fn scalars_are_taken_from() {
    for (index, taken) in [(0, true), (-1, true), (1, false)] {
        let out = np::take(Array::from(2.5), index, ());
        assert_eq!(out.and_then(|out| out.item()).ok() == Some(2.5.into()), taken, "{index}");
    }
}

/// Inputs walked across their rows are copied in tiles: tiles that end in the middle, batches, elements of each size.
#[test]
fn turned_inputs_of_every_size() {
    for dtype in [DType::I8, DType::F16, DType::F32, DType::F64, DType::C128] {
        for shape in [&[70, 131][..], &[2, 128, 99], &[64, 1100], &[65, 4]] {
            let mut turned = shape.to_vec();
            let n = shape.len();
            turned.swap(n - 2, n - 1);
            let (a, b) = (array(dtype, shape, 17), array(dtype, &turned, 18).swap_axes(-1, -2).unwrap());
            let lower = b.slice(if n == 2 { "::, ::-1" } else { "::, ::, ::-1" }).unwrap();
            for b in [&b, &lower] {
                let (xs, ys) = (elements(&a), elements(b));
                let copy = elements(&np::negative(b).unwrap());
                let both = elements(&np::subtract(&a, b).unwrap());
                for (i, (x, y)) in xs.iter().zip(&ys).enumerate() {
                    let exact = |x: Scalar| x.cast(DType::C128).to_c128();
                    let narrow = |z: Complex64| match dtype.kind() {
                        Kind::Int => integer(z.re as i128, dtype),
                        _ => Scalar::C128(z).cast(dtype),
                    };
                    assert_eq!(copy[i], narrow(-exact(*y)), "{dtype} {shape:?} at {i}");
                    assert_eq!(both[i], narrow(exact(*x) - exact(*y)), "{dtype} {shape:?} at {i}");
                }
            }
        }
    }
}

#[test]
fn products_cut_into_pieces_miss_and_repeat_nothing() {
    // Along rows, along columns, with a rest, a result of few elements, and batches shared whole or not.
    let shapes = [
        ([300, 200, 130], 1),
        ([130, 200, 300], 1),
        ([49, 20_000, 33], 1),
        ([3000, 70, 5], 2),
        ([5, 70, 3001], 2),
        ([80, 90, 150], 40),
    ];
    for ([m, k, n], batch) in shapes {
        let whole = |shape: &[usize]| {
            let mut random = Random(shape.iter().sum::<usize>() as u64);
            let values: Vec<i64> = (0..shape.iter().product()).map(|_| random.bits() as i64 >> 60).collect();
            Array::from_vec(values, shape).unwrap()
        };
        let (a, b) = (whole(&[batch, m, k]), whole(&[batch, n, k]).swap_axes(-1, -2).unwrap());
        let want: Vec<i64> = np::matmul(&a, &b).unwrap().to_vec().unwrap();
        for dtype in [DType::F32, DType::F64] {
            let [a, b] = [&a, &b].map(|x| np::astype(x, dtype).unwrap());
            let got = np::astype(np::matmul(&a, &b).unwrap(), DType::I64).unwrap();
            assert!(got.to_vec::<i64>().unwrap() == want, "{batch} of {m}x{k}x{n} in {dtype}");
        }
    }
}
