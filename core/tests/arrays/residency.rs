//! Where arrays live decides; copies are made only where allowed, and only those needed.

use super::naive::{FAR, alone};
use num_complex::Complex64;
use polyarray_core::array::trace::{COPIED_BYTES, COPIES, KERNELS};
use polyarray_core::array::{Gpu, Host};
use polyarray_core::dispatch::{Options, determine_backend, explain, with_backend};
use polyarray_core::{Array, DType, Error, numpy as np};

fn x() -> Array {
    Array::from(vec![1.0f32, 2.0, 3.0])
}

#[test]
fn an_operation_runs_where_its_array_lives() {
    let far = x().to("far:1").unwrap();
    assert_eq!(far.residency().name(), "far:1");
    let (y, how) = explain(|| {
        let y = np::sum(np::exp(&far).unwrap(), ()).unwrap();
        y.eval().unwrap();
        y
    });
    assert_eq!(y.residency().name(), "far:1");
    assert_eq!(how.counters[KERNELS], 1, "{how}");
    assert!(how.to_string().contains("kernel on far:1: exp sum"), "{how}");
}

#[test]
fn a_mixed_call_fails_and_names_both_operands_and_the_fix() {
    let (a, b) = (x(), x().to("far:0").unwrap());
    let e = np::add(&a, &b).unwrap_err().to_string();
    for part in [
        "numpy.add",
        "a: float32[3] on host",
        "b: float32[3] on far:0",
        ".to(\"far:0\")",
        ".to(\"host\")",
        "coerce",
    ] {
        assert!(e.contains(part), "{part:?} is missing in:\n{e}");
    }
    let two = np::add(&b, &x().to("far:1").unwrap()).unwrap_err().to_string();
    assert!(two.contains("two of its devices"), "{two}");
}

#[test]
fn inside_coerce_it_works_with_exactly_the_copies_needed_once() {
    let (a, b) = (x(), x().to("far:0").unwrap());
    let run = || with_backend("far", Options::COERCE, || np::add(&a, &b).unwrap().eval().unwrap().clone());
    let (y, how) = explain(run);
    assert_eq!((how.counters[COPIES], how.counters[COPIED_BYTES]), (1, 12), "{how}");
    assert_eq!(y.residency().name(), "far:0");
    // The copy is kept: the second call makes none, nor does one through a view.
    let (_, how) = explain(run);
    assert_eq!(how.counters.get(COPIES), None, "{how}");
    let (v, how) = explain(|| {
        with_backend("far", Options::COERCE, || np::add(&a.slice("::-1").unwrap(), &b).unwrap())
            .eval()
            .unwrap()
            .clone()
    });
    assert_eq!(how.counters.get(COPIES), None, "{how}");
    assert_eq!(v.to_vec::<f32>().unwrap(), [4.0, 4.0, 4.0]);
    // A device short of memory empties the slots: the next use copies again.
    for slot in FAR[0].mirrors.lock().iter() {
        *slot.lock() = None;
    }
    let (_, how) = explain(run);
    assert_eq!(how.counters[COPIES], 1, "{how}");
}

#[test]
fn typed_arrays_are_never_coerced_and_mix_only_with_scalars() {
    let a: Array<Host> = x().typed().unwrap();
    let y: Array<Host> = np::add(&a, 1.0).unwrap();
    assert_eq!((y + 1.0f32).to_vec::<f32>().unwrap(), [3.0, 4.0, 5.0]);
    assert!(matches!(x().typed::<Gpu>(), Err(Error::Residency { .. })));
    let e = with_backend("far", Options::COERCE, || np::exp(&a)).unwrap_err().to_string();
    assert!(e.contains("numpy.exp"), "{e}");
    let erased = with_backend("far", Options::COERCE, || np::exp(&a.erase())).unwrap();
    assert_eq!(erased.residency().name(), "far:0");
}

#[test]
fn what_a_backend_declines_goes_on_and_nothing_is_narrowed() {
    let half = Array::from(vec![half::f16::from_f32(1.5)]);
    let e = with_backend("far", Options::COERCE, || np::exp(&half)).unwrap_err().to_string();
    assert!(e.contains("float16 is not available"), "{e}");
    assert!(matches!(half.to("far:0"), Err(Error::Unsupported { .. })));
    // sin has no kernel far away; without `only` the array can't move, so it is an error that says why.
    let e = np::sin(&x().to("far:0").unwrap()).unwrap_err().to_string();
    assert!(e.contains("sin has no kernel in float32"), "{e}");
    // The default of a method is pinned to the backend that took the arguments.
    let m = np::mean(&x().to("far:1").unwrap(), ()).unwrap();
    assert_eq!((m.residency().name(), m.item().unwrap().to_f64()), ("far:1", 2.0));
}

#[test]
fn creation_follows_device_scope_and_default() {
    assert_eq!(np::zeros([2], ()).unwrap().residency().name(), "host");
    assert_eq!(np::ones([2], "far:1").unwrap().residency().name(), "far:1");
    let inside = with_backend("far", Options::PLAIN, || np::arange(3, DType::F32)).unwrap();
    assert_eq!((inside.residency().name(), inside.dtype()), ("far:0", DType::F32));
    // A device that was named holds, whatever the scope.
    let host = with_backend("far", Options::PLAIN, || np::full([1], 7, "host")).unwrap();
    assert_eq!(host.residency().name(), "host");
    let e = np::zeros([2], "far:7").unwrap_err().to_string();
    assert!(e.contains("far:7"), "{e}");
    let e = np::zeros([2], "moon").unwrap_err().to_string();
    assert!(e.contains("unknown device \"moon\"; known: "), "{e}");
    let like = np::full_like(&x().to("far:1").unwrap(), 2, ()).unwrap();
    assert_eq!((like.residency().name(), like.dtype()), ("far:1", DType::F32));
}

#[test]
fn default_dtypes_are_asked_of_the_device() {
    let _turn = alone();
    let made = |device: &'static str| {
        [
            np::zeros([2], device).unwrap(),
            np::ones([2], device).unwrap(),
            np::full([2], 0.5, device).unwrap(),
            np::full([2], Complex64::new(0.5, 1.0), device).unwrap(),
            np::linspace(0.0, 1.0, 5, device).unwrap(),
            np::range(0.0, 1.0, 0.25, device).unwrap(),
            np::eye(2, device).unwrap(),
            np::full([2], 3i64, device).unwrap(),
            np::arange(2, device).unwrap(),
        ]
        .map(|x| x.eval().unwrap().dtype())
    };
    use DType::{C64, C128, F32, F64, I64};
    assert_eq!(made("far:0"), [F64, F64, F64, C128, F64, F64, F64, I64, I64]);
    assert_eq!(made("far:1"), [F32, F32, F32, C64, F32, F32, F32, I64, I64], "far:1 has no doubles");
    let inside = with_backend("far", Options::PLAIN, || np::zeros([2], ())).unwrap();
    assert_eq!((inside.residency().name(), inside.dtype()), ("far:0", F64), "the scope's device is asked");
    // Whoever asks for doubles gets them or an error, and a default never turns a number into another.
    assert!(np::zeros([2], np::dtype(F64).device("far:1")).unwrap_err().to_string().contains("float64"));
    let e = np::full([2], 1e300, "far:1").unwrap_err();
    assert!(matches!(e, Error::DType { .. }) && e.to_string().contains("1e+300"), "{e}");
    assert!(np::full([2], f64::INFINITY, "far:1").is_ok());
    // Whole numbers are counted as such: there is nothing to compute them in but integers.
    let whole = np::range(5.0, -5.0, -3.0, np::dtype(DType::I16).device("far:1")).unwrap();
    assert_eq!(whole.to_vec::<i16>().unwrap(), [5, 2, -1, -4]);
    let far = (1i64 << 40) as f64;
    let large = np::range(far, far + 2.0, 1.0, np::dtype(I64).device("far:1")).unwrap();
    assert_eq!(large.to_vec::<i64>().unwrap(), [1 << 40, (1 << 40) + 1]);
}

#[test]
fn small_parts_travel_alone() {
    let big = Array::from((0..1000).map(|i| i as f32).collect::<Vec<_>>());
    let (far, how) = explain(|| big.slice("10:20").unwrap().to("far:0").unwrap());
    assert_eq!(how.counters[COPIED_BYTES], 40, "{how}");
    assert_eq!(far.to_vec::<f32>().unwrap()[9], 19.0);
    let whole = big.to("far:0").unwrap();
    let (one, how) = explain(|| whole.get(&[-1]).unwrap());
    assert_eq!((one.to_f64(), how.counters[COPIED_BYTES]), (999.0, 4), "{how}");
    let total = np::sum(&whole, ()).unwrap();
    let (one, how) = explain(|| total.item().unwrap());
    assert_eq!(
        (one.to_f64(), how.counters[KERNELS]),
        (499_500.0, 1),
        "no kernel copies a single element: {how}"
    );
    // From device to device by way of the host.
    let (other, how) = explain(|| whole.to("far:1").unwrap());
    assert_eq!((other.residency().name(), how.counters[COPIES]), ("far:1", 2), "{how}");
}

#[test]
fn the_default_device_is_the_environments() {
    const NAME: &str = "POLYARRAY_DEFAULT_DEVICE";
    // The variable is read once a process, so the assertions run in children.
    let child = |value: &str| {
        let output = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "residency::the_default_device_is_the_environments", "--nocapture"])
            .env(NAME, value)
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    match std::env::var(NAME).as_deref() {
        Err(_) => {
            child("far:1");
            child("moon");
        }
        Ok("moon") => {
            let e = np::zeros([2], ()).unwrap_err().to_string();
            assert!(e.contains("unknown device in POLYARRAY_DEFAULT_DEVICE \"moon\"; known:"), "{e}");
            assert_eq!(np::zeros([2], "host").unwrap().residency().name(), "host");
        }
        Ok(_) => {
            assert_eq!(np::zeros([2], ()).unwrap().residency().name(), "far:1");
            let scoped = with_backend("cpu", Options::PLAIN, || np::zeros([2], ())).unwrap();
            assert_eq!(scoped.residency().name(), "host");
            assert_eq!(np::full_like(&x(), 1, ()).unwrap().residency().name(), "host");
            // Arrays that are there stay where they are.
            assert_eq!(np::exp(x()).unwrap().residency().name(), "host");
        }
    }
}

#[test]
fn explain_shows_what_a_device_does_not_promise() {
    for (place, promised) in [("host", true), ("far:0", true), ("far:1", false)] {
        let x = Array::from([1.0f32, 2.0]).to(place).unwrap();
        let (_, how) = explain(|| np::exp(&x).unwrap().eval().map(drop));
        let said = how.to_string().contains("where not promised: (a + b) - b is a");
        assert_eq!(said, !promised, "{place}: {how}");
    }
}

#[test]
fn the_fix_that_an_error_names_is_none_that_was_tried() {
    // Half floats can't be on `far` at all: neither a copy nor a scope that makes one helps.
    let half = x().astype(DType::F16).unwrap();
    let e = with_backend("far", Options::COERCE, || np::exp(&half)).unwrap_err().to_string();
    assert!(e.contains("float16 is not available") && !e.contains(".to(\"far:0\")"), "{e}");
    // A typed array is never copied by a scope, but it can be by its user.
    let typed = x().typed::<Host>().unwrap();
    let e = with_backend("far", Options::COERCE, || np::exp(&typed)).unwrap_err().to_string();
    assert!(e.contains(".to(\"far:0\")?"), "{e}");
}

#[test]
fn determine_backend_asks_what_the_device_can_hold_and_copies_nothing() {
    let _turn = alone();
    let half = x().astype(DType::F16).unwrap();
    let ((), how) = explain(|| {
        with_backend("far", Options::COERCE, || {
            let e = determine_backend(&[&half], "numpy", true).unwrap_err();
            assert!(e.to_string().contains("float16 is not available"), "{e}");
            let found = determine_backend(&[&x(), &x().to("far:1").unwrap()], "numpy", true).unwrap();
            assert_eq!(found.instance.name(), "far:1");
        });
    });
    assert_eq!(how.counters[COPIES], 1, "the one that the test makes: {how}");
}
