use super::*;
use crate::testing::{Random, dense, element, operands, poison, stored};
use half::f16;
use polyarray_core::backend::{Buffer, downcast};
use polyarray_core::dtype::DTYPES;
use polyarray_core::{Element, Scalar};
use std::cmp::Ordering;
use std::sync::Arc;

/// Before, equal or behind: NaN is behind all numbers in either direction, and equal to itself; -0 is equal to 0.
fn compare(a: Scalar, b: Scalar, descending: bool) -> Ordering {
    let order = match (a.to_i128(), b.to_i128()) {
        (Some(a), Some(b)) => a.cmp(&b),
        _ => match a.to_f64().partial_cmp(&b.to_f64()) {
            Some(order) => order,
            None => return a.to_f64().is_nan().cmp(&b.to_f64().is_nan()),
        },
    };
    if descending { order.reverse() } else { order }
}

fn run(x: &Operand, descending: bool, gives: Sorted) -> Result<Vec<Arc<dyn Buffer>>> {
    let [rows, len] = x.layout.shape[..] else { panic!("operands are matrices") };
    let spec = Sort { rows, len, dtype: x.buffer.dtype(), descending, gives };
    Ok(sort(x, &spec)?.into_iter().collect())
}

/// Results of every kind against a stable sort of the standard library's, to the bit.
fn check(x: &Operand) {
    let (dtype, n) = (x.buffer.dtype(), x.layout.len());
    let len = x.layout.shape[1];
    for descending in [false, true] {
        [dtype, DType::I64, DType::U32, DType::U64, DType::C128]
            .into_iter()
            .for_each(|dtype| poison(dtype, n));
        let results: Vec<_> = [Sorted::Values, Sorted::Both, Sorted::Indices]
            .into_iter()
            .flat_map(|gives| run(x, descending, gives).unwrap())
            .collect();
        let dtypes: Vec<(DType, usize)> = results.iter().map(|r| (r.dtype(), r.len())).collect();
        assert_eq!(dtypes, [(dtype, n), (dtype, n), (DType::I64, n), (DType::I64, n)]);
        let [values, both, both_indices, indices] =
            &results.iter().map(|r| downcast::<HostBuffer>(&**r, "cpu", "test").unwrap()).collect::<Vec<_>>()
                [..]
        else {
            panic!("there are four results")
        };
        assert_eq!(indices.as_slice::<i64>().unwrap(), both_indices.as_slice::<i64>().unwrap());
        for row in 0..n / len.max(1) {
            let xs: Vec<Scalar> = (0..len).map(|i| element(x, row * len + i)).collect();
            let mut want: Vec<usize> = (0..len).collect();
            want.sort_by(|&a, &b| compare(xs[a], xs[b], descending));
            for (i, &at) in want.iter().enumerate() {
                let message =
                    || format!("{dtype}, descending {descending}, row {row}, place {i}, {:?}", x.layout);
                let found = stored(indices, row * len + i);
                assert_eq!(found, Scalar::I64(at as i64), "{}", message());
                for values in [values, both] {
                    let value = stored(values, row * len + i);
                    assert_eq!(value.to_bytes(), xs[at].to_bytes(), "{}", message());
                }
            }
        }
    }
}

fn real() -> impl Iterator<Item = DType> {
    DTYPES.into_iter().filter(|dtype| !dtype.is_complex())
}

#[test]
fn every_dtype_and_layout_is_sorted_stably() {
    for dtype in real() {
        for x in operands(dtype, &[(1, 0), (0, 5), (1, 1), (40, 3), (3, 65), (2, 300), (70, 17)]) {
            check(&x);
        }
    }
}

#[test]
fn special_values_keep_bits_and_order() {
    fn of<T: Element>(xs: &[T]) {
        let mut random = Random(2);
        for n in [xs.len(), 100, 700] {
            let row = |_| xs[random.bits() as usize % xs.len()];
            check(&dense((0..3 * n).map(row).collect(), &[3, n]));
        }
    }
    // NaNs of both signs and several payloads.
    let nans = [0x7fc0_0000, 0xffc0_0000, 0x7f80_0001, 0xffff_ffff, 0x7fff_ffff].map(f32::from_bits);
    of(&[
        &[0.0, -0.0, 1.0, -1.0, f32::MAX, f32::MIN, f32::INFINITY, f32::NEG_INFINITY, 1e-45, -1e-45],
        &nans[..],
    ]
    .concat());
    let nans =
        [0x7ff8_0000_0000_0000, 0xfff8_0000_0000_0000, 0x7ff0_0000_0000_0001, u64::MAX].map(f64::from_bits);
    of(&[
        &[0.0, -0.0, 1.0, -1.0, f64::MAX, f64::MIN, f64::INFINITY, f64::NEG_INFINITY, 5e-324, -5e-324],
        &nans[..],
    ]
    .concat());
    of(&[0, 0x8000, 1, 0x8001, 0x3c00, 0xbc00, 0x7c00, 0xfc00, 0x7e00, 0xfe00, 0x7c01, 0xffff]
        .map(f16::from_bits));
    of(&[i8::MIN, -1, 0, 1, i8::MAX]);
    of(&[i64::MIN, -1, 0, 1, i64::MAX, 1 << 53, (1 << 53) + 1]);
    of(&[0, 1, u64::MAX, u64::MAX - 1, 1 << 63]);
    of(&[false, true]);
}

#[test]
fn long_rows_are_sorted_by_all_threads() {
    let mut random = Random(9);
    for dtype in real() {
        let n = LONG + 1001;
        let x = polyarray_core::with_element!(dtype, T => {
            // Bits as they come, so that floats are of every size, some NaN; every third a few values, some equal.
            let bytes: Vec<u8> = (0..n * dtype.size())
                .map(|i| if i / dtype.size() % 3 == 0 { [0, 0x80, 1][i % 3] } else { random.bits() as u8 })
                .map(|byte| if dtype == DType::Bool { byte & 1 } else { byte })
                .collect();
            dense::<T>(bytes.chunks_exact(dtype.size()).map(bytemuck::checked::pod_read_unaligned).collect(), &[1, n])
        });
        check(&x);
    }
    // Two that lie across each other.
    let xs: Vec<f32> = (0..2 * LONG + 2).map(|_| (random.unit() * 1e4) as f32).collect();
    let mut x = dense(xs, &[2, LONG + 1]);
    x.layout.strides = [1, 2].as_slice().into();
    check(&x);
}

#[test]
fn complex_numbers_have_no_order() {
    let x = dense(vec![num_complex::Complex32::ONE; 3], &[1, 3]);
    assert!(run(&x, false, Sorted::Values).is_err() && run(&x, true, Sorted::Indices).is_err());
}
