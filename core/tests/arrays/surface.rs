//! The surface: conversions, options, concatenation, products, creation.

use polyarray_core::dtype::{DTYPES, DType, Scalar};
use polyarray_core::ndarray::{self, array};
use polyarray_core::{Array, Error, numpy as np};

#[test]
fn rusts_own_go_in_and_come_out() {
    let a = array![[1.0, 2.0], [3.0, 4.0]];
    assert_eq!(Array::from(a.t()).to_vec::<f64>().unwrap(), [1.0, 3.0, 2.0, 4.0]);
    assert_eq!(Array::from(a.clone()).to_ndarray::<f64>().unwrap(), a.clone().into_dyn());
    // An ndarray whose vector holds more than it shows.
    let part = a.clone().slice_move(ndarray::s![1.., ..]);
    assert_eq!(Array::from(part).to_vec::<f64>().unwrap(), [3.0, 4.0]);
    assert_eq!(Vec::<bool>::try_from(&Array::from([true, false])).unwrap(), [true, false]);
    assert_eq!(Array::from([[1u8, 2], [3, 4]]).shape(), [2, 2]);
    let sum = Array::from(a).t().with_view::<f64, _>(|v| v.index_axis(ndarray::Axis(0), 0).sum()).unwrap();
    assert_eq!(sum, 4.0);
    fn all_threads<T: Send + Sync>() {}
    all_threads::<Array>();
}

#[test]
fn every_dtype_is_made_cast_and_read() {
    for from in DTYPES {
        let x = np::full([2], Scalar::I64(1).cast(from), from).unwrap();
        assert_eq!(x.dtype(), from);
        for to in DTYPES {
            assert_eq!(
                np::astype(&x, to).unwrap().get(&[1]).unwrap(),
                Scalar::I64(1).cast(to),
                "{from} {to}"
            );
        }
    }
    assert!(matches!(np::full([1], 300, DType::U8), Err(Error::DType { .. })));
}

#[test]
fn reductions_take_axes_in_every_form() {
    let x = np::arange(24, ()).unwrap().reshape([2, 3, 4]).unwrap();
    assert_eq!(np::sum(&x, ()).unwrap().item().unwrap(), Scalar::I64(276));
    assert_eq!(np::sum(&x, -1).unwrap().shape(), [2, 3]);
    assert_eq!(np::sum(&x, [0, -1]).unwrap().to_vec::<i64>().unwrap(), [60, 92, 124]);
    assert_eq!(np::max(&x, np::axis([1, 2]).keepdims()).unwrap().shape(), [2, 1, 1]);
    assert!(matches!(np::sum(&x, 3), Err(Error::Axis { .. })));
    assert!(matches!(np::sum(&x, [1, -2]), Err(Error::Axis { .. })));
    assert_eq!(np::mean(&np::astype(&x, DType::U8).unwrap(), 0).unwrap().dtype(), DType::F64);
    assert_eq!(np::sum(Array::from(vec![true, true]), ()).unwrap().item().unwrap(), Scalar::I64(2));
    assert_eq!(np::sum(Array::from(vec![200u8, 100]), ()).unwrap().item().unwrap(), Scalar::U64(300));
    assert_eq!(np::any(&x, ()).unwrap().item().unwrap(), Scalar::Bool(true));
    assert_eq!(np::all(&x, ()).unwrap().item().unwrap(), Scalar::Bool(false));
}

#[test]
fn creation_counts_from_indices() {
    assert_eq!(
        np::range(1.0, 2.0, 0.25, DType::F32).unwrap().to_vec::<f32>().unwrap(),
        [1.0, 1.25, 1.5, 1.75]
    );
    assert_eq!(np::range(3.0, 0.0, -1.0, DType::I32).unwrap().to_vec::<i32>().unwrap(), [3, 2, 1]);
    assert_eq!(np::linspace(0.0, 0.3, 4, ()).unwrap().get(&[3]).unwrap(), Scalar::F64(0.3));
    assert_eq!(np::eye(2, DType::I8).unwrap().to_vec::<i8>().unwrap(), [1, 0, 0, 1]);
    assert_eq!(np::zeros((), ()).unwrap().item().unwrap(), Scalar::F64(0.0));
    assert!(matches!(np::range(0.0, 1.0, 0.0, ()), Err(Error::Shape { .. })));
    assert!(matches!(np::zeros([usize::MAX, 2], ()), Err(Error::Shape { .. })));
    assert!(matches!(np::zeros([1_usize << 50], ()), Err(Error::TooLarge { .. })));
}

#[test]
fn parts_are_joined_in_the_promoted_dtype() {
    let (a, b) = (Array::from([[1i8, 2]]), Array::from([[3.5f32, 4.5], [5.5, 6.5]]));
    let j = np::concat(&[&a, &b], 0).unwrap();
    assert_eq!((j.dtype(), j.to_vec::<f32>().unwrap()), (DType::F32, vec![1.0, 2.0, 3.5, 4.5, 5.5, 6.5]));
    let row = Array::from(vec![1, 2]);
    assert_eq!(np::stack(&[&row, &row], -1).unwrap().to_vec::<i32>().unwrap(), [1, 1, 2, 2]);
    assert!(matches!(np::concat(&[&a, &b], 1), Err(Error::Shape { .. })));
    assert!(matches!(np::concat(&[] as &[Array], 0), Err(Error::Shape { .. })));
}

#[test]
fn products_by_the_default_agree_with_ndarray() {
    let a = ndarray::Array::from_iter((0..6).map(f64::from)).into_shape_with_order((2, 3)).unwrap();
    let (x, y) = (Array::from(&a), Array::from(a.t()));
    assert_eq!(np::matmul(&x, &y).unwrap().to_ndarray::<f64>().unwrap(), a.dot(&a.t()).into_dyn());
    let v = Array::from(vec![1.0, 2.0, 3.0]);
    assert_eq!(np::matmul(&x, &v).unwrap().to_vec::<f64>().unwrap(), [8.0, 26.0]);
    assert_eq!(np::matmul(&v, &v).unwrap().item().unwrap(), Scalar::F64(14.0));
    let batch = x.broadcast_to([4, 2, 3]).unwrap();
    assert_eq!(np::matmul(&batch, &y).unwrap().shape(), [4, 2, 2]);
    let e = np::matmul(&x, &x).unwrap_err().to_string();
    assert!(e.contains("last axis of a (3) must equal the second last of b (2)"), "{e}");
}

#[test]
fn products_in_another_dtype_and_of_bits() {
    let a = Array::from(vec![100_i8, -128, 127, 3]).reshape([2, 2]).unwrap();
    let product = np::matmul_as(&a, &a, DType::I32).unwrap();
    assert_eq!(product.to_vec::<i32>().unwrap(), [-6256, -13184, 13081, -16247]);
    let (rows, columns) = ([[0xF0F0_0001_u32, u32::MAX], [7, 0]], [[u32::MAX, 3], [1 << 31, u32::MAX]]);
    let (x, y) = (Array::from(rows.concat()), Array::from(columns.concat()));
    let bits = np::matmul_bits(x.reshape([2, 2]).unwrap(), y.reshape([2, 2]).unwrap()).unwrap();
    assert_eq!(bits.to_vec::<i32>().unwrap(), [10, 33, 3, 2]);
    let e = np::matmul_bits(&x, &a).unwrap_err().to_string();
    assert!(e.contains("b: int8") && e.contains("uint32"), "{e}");
}

#[test]
fn variances_do_not_cancel() {
    let x = Array::from(vec![1e9 + 4.0, 1e9 + 7.0, 1e9 + 13.0, 1e9 + 16.0]);
    assert_eq!(np::var(&x, ()).unwrap().item().unwrap(), Scalar::F64(22.5));
    assert_eq!(np::var(&x, np::axis(0).ddof(1.0)).unwrap().item().unwrap(), Scalar::F64(30.0));
    let rows = x.reshape([2, 2]).unwrap();
    assert_eq!(np::std(&rows, np::axis(-1).keepdims()).unwrap().shape(), [2, 1]);
    assert_eq!(np::std(&rows, 1).unwrap().to_vec::<f64>().unwrap(), [1.5, 1.5]);
    assert_eq!(np::var(Array::from(vec![1, 2, 3, 4]), ()).unwrap().item().unwrap(), Scalar::F64(1.25));
    let c = num_complex::Complex64::new;
    let complex = Array::from(vec![c(1.0, 2.0), c(3.0, -2.0)]);
    assert_eq!(np::var(&complex, ()).unwrap().item().unwrap(), Scalar::F64(5.0));
    assert!(
        matches!(np::var(&x, np::axis(0).ddof(4.0)).unwrap().item().unwrap(), Scalar::F64(v) if v == f64::INFINITY)
    );
    assert!(matches!(np::var(&x, 3), Err(Error::Axis { .. })));
}

#[test]
fn comparisons_and_logic_are_functions() {
    let x = Array::from(vec![1.0, f64::NAN, -2.0]);
    assert_eq!(np::less(&x, 0.5).unwrap().to_vec::<bool>().unwrap(), [false, false, true]);
    assert_eq!(np::isnan(&x).unwrap().to_vec::<bool>().unwrap(), [false, true, false]);
    assert_eq!(np::logical_not(Array::from(vec![0, 3])).unwrap().to_vec::<bool>().unwrap(), [true, false]);
    assert_eq!(
        np::logical_xor(Array::from(vec![0, 3]), true).unwrap().to_vec::<bool>().unwrap(),
        [true, false]
    );
    let c = np::where_(np::isnan(&x).unwrap(), 0.0, &x).unwrap();
    assert_eq!(c.to_vec::<f64>().unwrap(), [1.0, 0.0, -2.0]);
    assert_eq!((!Array::from(vec![true])).to_vec::<bool>().unwrap(), [false]);
}

#[test]
fn scalars_are_joined_and_multiplied_as_arrays_are() {
    let (one, two) = (Array::from(1), Array::from(2));
    assert_eq!(np::stack(&[&one, &two], 0).unwrap().to_vec::<i64>().unwrap(), [1, 2]);
    let three = Array::scalar(3i64);
    assert_eq!(np::stack(&[&one, &three], 0).unwrap().to_vec::<i64>().unwrap(), [1, 3]);
    let row = Array::from(2.0).expand_dims(0).unwrap();
    assert_eq!(np::matmul(&row, Array::from(vec![4.0])).unwrap().item().unwrap(), Scalar::F64(8.0));
}

#[test]
fn a_mean_of_large_integers_does_not_wrap() {
    let mean = |x: &Array| np::mean(x, ()).unwrap().item().unwrap().to_f64();
    assert_eq!(mean(&Array::from(vec![i64::MAX, i64::MAX])), i64::MAX as f64);
    assert_eq!(mean(&Array::from(vec![u64::MAX, u64::MAX, u64::MAX])), u64::MAX as f64);
    let spread = Array::from(vec![i64::MAX, i64::MAX]);
    assert_eq!(np::var(&spread, ()).unwrap().item().unwrap(), Scalar::F64(0.0));
    // Smaller ones are summed exactly, whatever the float.
    assert_eq!(mean(&Array::from(vec![i32::MAX, i32::MAX, i32::MAX - 3])), f64::from(i32::MAX - 1));
}

#[test]
fn a_variance_of_float16_is_computed_in_float32() {
    let x = Array::from([1.0, 2.0, 4.0].map(half::f16::from_f32));
    let var = np::var(&x, ()).unwrap();
    assert_eq!(var.dtype(), DType::F16);
    assert!((var.item().unwrap().to_f64() - 14.0 / 9.0).abs() < 1e-3);
    assert_eq!(np::std(&x, np::axis(0).ddof(1.0)).unwrap().dtype(), DType::F16);
}

#[test]
fn integers_are_compared_with_scalars_beyond_their_range() {
    use np::{equal, greater, greater_equal, less, less_equal, not_equal};
    let bools = |x: polyarray_core::Result<Array>| x.unwrap().to_vec::<bool>().unwrap();
    for place in ["host", "far:0"] {
        for dtype in [DType::U8, DType::U16, DType::U32, DType::U64] {
            let x = np::astype(Array::from(vec![0, 1, 255]), dtype).unwrap().to(place).unwrap();
            let answers = [less(&x, -1), less_equal(&x, -1), equal(&x, -1), less(-1, &x), not_equal(&x, -1)];
            let want = [false, false, false, true, true];
            assert_eq!(answers.map(bools), want.map(|v| vec![v; 3]), "{dtype} on {place}");
            let answers = [greater(&x, -1), greater_equal(&x, -1), greater(-1, &x), equal(-1, &x)];
            assert_eq!(answers.map(bools), [true, true, false, false].map(|v| vec![v; 3]), "{dtype}");
        }
        // Above the range as below it; and where a scalar fits, it is looked at.
        let x = Array::from([[-128i8, 127]]).to(place).unwrap();
        assert_eq!(
            [less(&x, 128), greater(&x, 128), less(-129, &x)].map(bools),
            [true, false, true].map(|v| vec![v; 2])
        );
        assert_eq!(bools(less(&x, 127)), [true, false]);
        let big = Array::from(vec![i64::MAX]).to(place).unwrap();
        assert_eq!(bools(less(&big, u64::MAX)), [true]);
        assert_eq!(less(&x, 300).unwrap().shape(), [1, 2]);
        assert_eq!(less(&x, 300).unwrap().residency().name(), place);
        // Arithmetic has no such answer.
        assert!(matches!(np::add(&x, 300), Err(polyarray_core::Error::DType { .. })));
    }
}

#[test]
fn evenly_spaced_elements_come_from_their_index_and_are_rounded_once() {
    let half = np::linspace(0.0, 1.0, 100_000, DType::F16).unwrap();
    let got = np::astype(&half, DType::F64).unwrap().to_vec::<f64>().unwrap();
    for (i, got) in got.iter().enumerate() {
        let want = polyarray_core::half::f16::from_f64(i as f64 * (1.0 / 99_999.0)).to_f64();
        assert!((got - want).abs() <= 1e-7 + want * 2f64.powi(-10), "{i}: {got} {want}");
    }
    let single = np::range(-2e7, 1.0, 1.0, DType::F32).unwrap().to_vec::<f32>().unwrap();
    assert!(single.iter().enumerate().all(|(i, got)| *got == (i as f64 - 2e7) as f32));
    assert_eq!(np::linspace(-1.0, 1.0, 4, DType::I64).unwrap().to_vec::<i64>().unwrap(), [-1, -1, 0, 1]);
}

#[test]
fn the_dtype_of_joined_arrays_does_not_depend_on_their_order() {
    let of = |dtype| np::zeros(2, dtype).unwrap();
    for [a, b, c] in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        let all = [of(DType::I8), of(DType::U8), of(DType::F16)];
        let joined = np::concat(&[&all[a], &all[b], &all[c]], 0).unwrap();
        assert_eq!(joined.dtype(), DType::F16);
    }
}
