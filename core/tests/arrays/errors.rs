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
    // A kind that is there, but not linked.
    assert!(e.contains("feature `gpu`"), "{e}");
    let e =
        polyarray_core::dispatch::with_backend("gpu", Default::default(), || np::exp(Array::from(vec![1.0])))
            .unwrap_err();
    assert!(e.to_string().contains("feature `gpu`"), "{e}");
    let e = Array::from(vec![1]).to("gpx:0").unwrap_err().to_string();
    assert!(!e.contains("feature"), "{e}");
}

#[test]
fn the_debug_form_of_an_error_is_its_report() {
    // What `fn main() -> np::Result<()>` prints, and `unwrap`.
    let x = Array::from(vec![1.0f32]);
    let e = np::add(&x, &x.to("far:0").unwrap()).unwrap_err();
    assert_eq!(format!("{e:?}"), e.to_string());
    assert!(e.to_string().lines().count() > 3, "{e}");
}

#[test]
fn a_mixed_call_names_each_fix_once() {
    let (a, b) = (Array::from([[1.0f32]]), Array::from([[1.0f32]]).to("far:0").unwrap());
    for e in [
        np::matmul(&a, &b).unwrap_err(),
        np::add(&a, &b).unwrap_err(),
        np::var(&a, ()).and(np::matmul(&b, &a)).unwrap_err(),
    ] {
        let text = e.to_string();
        for line in
            text.lines().map(str::trim).filter(|line| line.starts_with("fix:") || line.starts_with("or:"))
        {
            let fix = line.trim_start_matches("fix:").trim_start_matches("or:");
            assert_eq!(text.matches(fix).count(), 1, "{fix:?} twice in\n{text}");
        }
    }
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

polyarray_core::multimethod! {
    domain "numpy.errors_test";
    /// A default with operators.
    fn distance(x: &Array, y: &Array) -> Result<Array> {
        let mut d = x - y;
        d *= 2.0;
        np::negative(&d)
    }
}

#[test]
fn an_operators_failure_inside_a_default_is_the_defaults_error() {
    let (a, b) = (Array::from(vec![1.0f32; 3]), Array::from(vec![1.0f32; 4]));
    assert_eq!(distance(&a, &a).unwrap().shape(), [3]);
    let e = distance(&a, &b).unwrap_err();
    assert!(matches!(e, Error::Shape { op: "subtract", .. }), "{e}");
    let e = distance(Array::from(vec![true]), Array::from(vec![true])).unwrap_err();
    assert!(matches!(e, Error::DType { .. }), "{e}");
    // Called by its row, as wrappers call it.
    let row =
        polyarray_core::array::packed::methods().into_iter().find(|row| row.name == "distance").unwrap();
    let args = [&a, &b].map(|x| polyarray_core::array::packed::Value::Array(x.clone()));
    for call in [row.default.unwrap(), row.call] {
        assert!(matches!(call(&args).unwrap_err(), Error::Shape { .. }));
    }
    // In two places at once there is no backend, also after the default ran without one.
    let e = distance(&a, &a.to("far:0").unwrap()).unwrap_err();
    assert!(e.is_not_found(), "{e}");
}

#[test]
fn an_operators_panic_names_the_line_of_its_caller() {
    use std::sync::Mutex;
    static AT: Mutex<Option<(String, u32)>> = Mutex::new(None);
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(|info| {
        if std::thread::current().name() == Some("errors::an_operators_panic_names_the_line_of_its_caller") {
            *AT.lock().unwrap() = info.location().map(|at| (at.file().to_owned(), at.line()));
        }
    }));
    let (a, b) = (Array::from(vec![1.0f32; 3]), Array::from(vec![1.0f32; 4]));
    let here = line!() + 1;
    let panicked = std::panic::catch_unwind(|| &a + &b);
    std::panic::set_hook(before);
    assert!(panicked.is_err());
    let (file, line) = AT.lock().unwrap().take().expect("the hook was called");
    assert_eq!((file.ends_with("errors.rs"), line), (true, here), "{file}:{line}");
}
