//! Bad input: typed errors that name the operation, the operands and the fix; never a panic.

use polyarray_core::{Array, DType, Error, numpy as np};

#[test]
fn shapes_and_dtypes_are_checked_at_the_call() {
    let (a, b) = (Array::from(vec![1.0f32; 3]), Array::from(vec![1.0f32; 4]));
    let e = np::add(&a, &b).unwrap_err();
    assert!(matches!(&e, Error::Shape { op: "add", .. }));
    for part in ["float32[3]", "float32[4]", "reshape"] {
        assert!(e.to_string().contains(part), "{e}");
    }
    for e in [
        np::bitwise_and(&a, &a).unwrap_err(),
        np::subtract(Array::from(vec![true]), Array::from(vec![true])).unwrap_err(),
        np::floor(Array::from(vec![num_complex::Complex32::new(1.0, 2.0)])).unwrap_err(),
        np::less(Array::from(vec![num_complex::Complex32::new(1.0, 2.0)]), 1).unwrap_err(),
        np::max(Array::from(vec![num_complex::Complex32::new(1.0, 2.0)]), ()).unwrap_err(),
    ] {
        assert!(matches!(e, Error::DType { .. }), "{e}");
    }
}

#[test]
#[should_panic(expected = "add: a: float32[3] on host, b: float32[4] on host")]
fn operators_panic_with_the_same_message() {
    let _ = Array::from(vec![1.0f32; 3]) + Array::from(vec![1.0f32; 4]);
}

#[test]
fn unknown_names_list_the_known() {
    let e = Array::from(vec![1]).to("gpu:0").unwrap_err().to_string();
    assert!(e.contains("unknown device \"gpu:0\"; known:") && e.contains("far:0"), "{e}");
}

#[test]
fn an_empty_shape_is_no_way_around_the_limit_of_elements() {
    let far = isize::MAX as usize;
    for e in [
        np::zeros([far, far, 0], ()).unwrap_err(),
        np::zeros(0, ()).unwrap().broadcast_to([far, far, 0]).unwrap_err(),
        np::zeros(0, ()).unwrap().reshape([isize::MAX, isize::MAX, 0]).unwrap_err(),
        np::zeros(usize::MAX, ()).unwrap_err(),
    ] {
        assert!(matches!(e, Error::Shape { .. } | Error::TooLarge { .. }), "{e}");
    }
    // What fits works: lengths beside a zero count for nothing.
    let x = np::zeros([far, 0], ()).unwrap();
    assert_eq!((x.len(), np::sum(&x, 0).unwrap().len()), (0, 0));
}

#[test]
fn a_step_may_be_as_large_as_a_number_can_be() {
    let x = Array::from([[0.0f32, 1.0, 2.0], [3.0, 4.0, 5.0]]);
    for (items, want) in [
        ("::9223372036854775807", vec![0.0, 1.0, 2.0]),
        ("::-9223372036854775808", vec![3.0, 4.0, 5.0]),
        ("1, ::-9223372036854775808", vec![5.0]),
        ("5:0:-9223372036854775808, 1:", vec![4.0, 5.0]),
    ] {
        let part = x.slice(items).unwrap();
        assert_eq!(part.to_vec::<f32>().unwrap(), want, "{items}");
        // What came of it is as good as any array.
        let again = part.flip(()).unwrap().slice("::-9223372036854775808, ...").unwrap();
        assert_eq!(again.shape()[0], 1, "{items}");
    }
    let part = x.slice(polyarray_core::ndarray::s![..;isize::MAX, ..;isize::MIN]).unwrap();
    assert_eq!(part.to_vec::<f32>().unwrap(), [2.0]);
}

#[test]
fn what_remains_beside_a_zero_could_be_anything() {
    let empty = np::zeros([0, 3], ()).unwrap();
    assert!(matches!(empty.reshape([-1, 0]), Err(Error::Shape { op: "reshape", .. })));
    assert_eq!(empty.reshape([-1, 3]).unwrap().shape(), [0, 3]);
    assert_eq!(empty.reshape([5, -1]).unwrap().shape(), [5, 0]);
}

#[test]
fn a_value_that_a_dtype_cannot_hold_fills_nothing() {
    use num_complex::Complex64;
    for e in [
        np::full(2, f64::NAN, DType::I32).unwrap_err(),
        np::full(2, f64::INFINITY, DType::U64).unwrap_err(),
        np::full(2, 1e300, DType::I8).unwrap_err(),
        np::full(2, -1.0, DType::U8).unwrap_err(),
        np::full(2, Complex64::new(1.0, 2.0), DType::F64).unwrap_err(),
    ] {
        assert!(matches!(e, Error::DType { op: "full", .. }), "{e}");
    }
    assert_eq!(np::full(1, -0.5, DType::U8).unwrap().to_vec::<u8>().unwrap(), [0]);
    assert_eq!(np::full(1, 255.9, DType::U8).unwrap().to_vec::<u8>().unwrap(), [255]);
    assert_eq!(np::full(1, Complex64::new(1.5, 0.0), DType::F64).unwrap().to_vec::<f64>().unwrap(), [1.5]);
    assert_eq!(np::full(1, f64::NAN, DType::Bool).unwrap().to_vec::<bool>().unwrap(), [true]);
}
