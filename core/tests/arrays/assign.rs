//! Assignment, on the host and far away, against ndarray and plain loops.

use super::naive::{FAR, alone};
use polyarray_core::array::trace::{COPIES, KERNELS};
use polyarray_core::array::{Gpu, Host, Marker, Operandlike};
use polyarray_core::dispatch::{Options, explain, with_backend};
use polyarray_core::ndarray::{ArrayD, IxDyn, s};
use polyarray_core::{Array, DType, Error, numpy as np};

const PLACES: [&str; 2] = ["host", "far:0"];

fn ints(x: &Array) -> Vec<i32> {
    x.to_vec().unwrap()
}

fn cube() -> Array {
    Array::from((0..60).collect::<Vec<i32>>()).reshape([3, 4, 5]).unwrap()
}

/// Where the elements of a view are.
fn address(x: &Array) -> *const i32 {
    x.with_view::<i32, _>(|v| v.as_ptr()).unwrap()
}

#[test]
fn every_slice_is_written_and_nothing_else() {
    let _turn = alone();
    let slices = [
        "...",
        "1",
        "-1, 2",
        "2, 3, 4",
        "1:",
        "::2",
        "::-1",
        "..., ::-2",
        "1, ::-1, 1:4:2",
        ":, 1:3",
        "..., -1",
        "0:1, :, 0:1",
        "None, 1, None",
        "::-2, ::3, ::-4",
        "1:1",
        ":, 4:, 0",
        "-100:100",
    ];
    for place in PLACES {
        for base in ["itself", "transposed", "a part, backwards", "broadcast"] {
            for text in slices {
                let x = cube().to(place).unwrap();
                let mut x = match base {
                    "itself" => x,
                    "transposed" => x.t(),
                    "a part, backwards" => x.slice("::-1, 1:, ::-2").unwrap(),
                    _ => x.slice(":, :, 1:2").unwrap().broadcast_to([3, 4, 5]).unwrap(),
                };
                // The same by numbers: of each element of the part, its place in the array.
                let n = x.len() as i32;
                let shape: Vec<isize> = x.shape().iter().map(|&d| d as isize).collect();
                let places = Array::from((0..n).collect::<Vec<i32>>()).reshape(&shape[..]).unwrap();
                let Ok(part) = places.slice(text) else { continue };
                let value = (0..part.len() as i32).map(|i| -1 - i).collect::<Vec<i32>>();
                let mut want = ints(&x);
                for (&at, &v) in ints(&part).iter().zip(&value) {
                    want[at as usize] = v;
                }
                let lengths: Vec<isize> = part.shape().iter().map(|&d| d as isize).collect();
                let value = Array::from(value).reshape(&lengths[..]).unwrap().to(place).unwrap();
                let whole = x.shape().to_vec();
                x.assign(text, &value).unwrap();
                assert_eq!((ints(&x), x.shape()), (want, &whole[..]), "{text} of {base} on {place}");
                assert_eq!(x.residency().name(), place);
            }
        }
    }
}

#[test]
fn ndarrays_slices_and_broadcasts() {
    let _turn = alone();
    for place in PLACES {
        let mut a = ArrayD::from_shape_vec(IxDyn(&[3, 4, 5]), (0..60).collect::<Vec<i32>>()).unwrap();
        let mut x = cube().to(place).unwrap();
        let row = Array::from(vec![7, 8, 9]).to(place).unwrap();
        x.assign(s![.., 1..;-2, 0..3], &row).unwrap();
        a.slice_mut(s![.., 1..;-2, 0..3]).assign(&polyarray_core::ndarray::arr1(&[7, 8, 9]));
        x.assign(s![1, .., ..;2], row.slice("None, :, None").unwrap().slice(":, :1").unwrap()).unwrap();
        a.slice_mut(s![1, .., ..;2]).fill(7);
        x.assign("..., 4", row.expand_dims(1).unwrap()).unwrap();
        for i in 0..3_i32 {
            a.slice_mut(s![i, .., 4]).fill(7 + i);
        }
        x.assign("2, 0", -5).unwrap();
        a.slice_mut(s![2, 0, ..]).fill(-5);
        assert_eq!(x.to_ndarray::<i32>().unwrap(), a, "{place}");
    }
}

/// Kernels run and copies made between residencies.
fn cost<T>(f: impl FnOnce() -> T) -> (T, [u64; 2]) {
    let (out, how) = explain(f);
    (out, [KERNELS, COPIES].map(|name| how.counters.get(name).copied().unwrap_or(0)))
}

#[test]
fn what_nobody_shares_is_written_in_place() {
    let _turn = alone();
    let mut x = Array::from((0..8).collect::<Vec<i32>>());
    let at = address(&x);
    let (_, cost_of) = cost(|| {
        x.assign("2:4", -1).unwrap();
        x.assign("::-3", Array::from(vec![10, 11, 12])).unwrap();
    });
    assert_eq!((address(&x), cost_of), (at, [0, 0]), "no copy");
    assert_eq!(ints(&x), [0, 12, -1, -1, 11, 5, 6, 10]);
    // A view that is the last handle is written where it is, too.
    x = x.slice("1::2").unwrap();
    x.assign("0", 3).unwrap();
    assert_eq!((address(&x), ints(&x)), (at.wrapping_add(1), vec![3, -1, 5, 10]));
    // A computed array is its handle's own, and so is one whose other handle is gone.
    let mut y = (&x + 1).reshape([2, 2]).unwrap();
    y.eval().unwrap();
    let at = address(&y);
    drop(y.clone());
    let (_, cost_of) = cost(|| y.assign("0, 0", 0).unwrap());
    assert_eq!((address(&y), cost_of), (at, [0, 0]));
    assert_eq!(ints(&y), [0, 0, 6, 11]);
}

#[test]
fn other_handles_keep_their_values() {
    let _turn = alone();
    for place in PLACES {
        let mut x = cube().to(place).unwrap();
        let (clone, view, pending) = (x.clone(), x.slice("1").unwrap(), &x + 1);
        x.assign("...", 0).unwrap();
        assert!(ints(&x).iter().all(|&v| v == 0), "{place}");
        assert_eq!(ints(&clone), (0..60).collect::<Vec<i32>>(), "{place}");
        assert_eq!(ints(&view), (20..40).collect::<Vec<i32>>(), "{place}");
        assert_eq!(ints(&pending), (1..61).collect::<Vec<i32>>(), "{place}");
        // The other way round: the view is written, the array stays.
        let mut view = clone.slice("0, 0").unwrap();
        view.assign("1:", 99).unwrap();
        assert_eq!(ints(&view), [0, 99, 99, 99, 99], "{place}");
        assert_eq!(ints(&clone)[..5], [0, 1, 2, 3, 4], "{place}");
        // Elements that a broadcast repeats are told apart.
        let mut rows = Array::from(vec![1, 2]).to(place).unwrap().broadcast_to([2, 2]).unwrap();
        rows.assign("0, 0", 5).unwrap();
        assert_eq!(ints(&rows), [5, 2, 1, 2], "{place}");
    }
}

#[test]
fn pending_arrays_and_values_made_from_the_array_itself() {
    let _turn = alone();
    for place in PLACES {
        let mut x = Array::from((0..6).collect::<Vec<i32>>()).to(place).unwrap();
        x.assign("1:", x.slice(":-1").unwrap()).unwrap();
        assert_eq!(ints(&x), [0, 0, 1, 2, 3, 4], "{place}");
        x.assign("...", x.slice("::-1").unwrap()).unwrap();
        assert_eq!(ints(&x), [4, 3, 2, 1, 0, 0], "{place}");
        x.assign("::2", x.slice("1::2").unwrap() + 10).unwrap();
        assert_eq!(ints(&x), [13, 3, 11, 1, 10, 0], "{place}");
        let mut y = &x * 2;
        assert!(y.is_pending());
        y.assign("0", -1).unwrap();
        assert_eq!(ints(&y), [-1, 6, 22, 2, 20, 0], "{place}");
        let mut zeros = np::zeros(4, np::dtype(DType::I32).device(place)).unwrap();
        let sum = &zeros + 1;
        zeros.assign("1", 1).unwrap();
        assert_eq!((ints(&zeros), ints(&sum)), (vec![0, 1, 0, 0], vec![1; 4]), "{place}");
        // After the write it is no constant any more.
        assert_eq!(ints(&(&zeros + 1)), [1, 2, 1, 1], "{place}");
        let mut point = Array::scalar(3).to(place).unwrap();
        point.assign("...", 4).unwrap();
        point.assign(s![], point.clone() + 1).unwrap();
        assert_eq!(ints(&point), [5], "{place}");
        let mut none = Array::from(Vec::<i32>::new()).to(place).unwrap();
        none.assign("...", 4).unwrap();
        none.assign("::-1", none.clone()).unwrap();
        assert_eq!(none.len(), 0);
    }
}

#[test]
fn copies_on_devices_are_dropped_by_a_write_in_place() {
    let _turn = alone();
    let mut x = Array::from(vec![1, 2, 3]);
    let far = x.to("far:0").unwrap();
    assert_eq!(cost(|| x.to("far:0").unwrap()).1, [0, 0], "the copy was kept");
    let at = address(&x);
    x.assign("0", 9).unwrap();
    assert_eq!(address(&x), at);
    let (again, cost_of) = cost(|| x.to("far:0").unwrap());
    assert_eq!((ints(&again), cost_of), (vec![9, 2, 3], [0, 1]), "it was made anew after the write");
    assert_eq!(ints(&far), [1, 2, 3], "what is in use there stays");
    // A write to an uploaded copy leaves the copy as it is, too.
    let mut there = x.to("far:0").unwrap();
    there.assign("1", 8).unwrap();
    assert_eq!((ints(&there), ints(&x.to("far:0").unwrap())), (vec![9, 8, 3], vec![9, 2, 3]));
}

#[test]
fn far_away_it_is_one_run_and_no_copy_between_residencies() {
    let _turn = alone();
    let mut x = cube().to("far:0").unwrap();
    let value = Array::from(vec![1, 2, 3, 4, 5]).to("far:0").unwrap();
    assert_eq!(cost(|| x.assign("1, ::-2", &value).unwrap()).1, [1, 0]);
    assert_eq!(cost(|| x.assign("..., 0", 7).unwrap()).1, [2, 0], "the scalar is made there");
}

#[test]
fn the_array_keeps_its_dtype() {
    let _turn = alone();
    for place in PLACES {
        let mut x = np::zeros(4, np::dtype(DType::F32).device(place)).unwrap();
        x.assign("0", true).unwrap();
        x.assign("1", 2).unwrap();
        x.assign("2", 0.1f64).unwrap();
        x.assign("3", Array::from(vec![0.1f64]).to(place).unwrap()).unwrap();
        assert_eq!(x.to_vec::<f32>().unwrap(), [1.0, 2.0, 0.1, 0.1]);
        let mut bytes = np::zeros(2, np::dtype(DType::U8).device(place)).unwrap();
        bytes.assign("0", 255).unwrap();
        bytes.assign("1", Array::from(vec![256u16 + 3]).to(place).unwrap()).unwrap();
        assert_eq!(bytes.to_vec::<u8>().unwrap(), [255, 3], "as astype casts");
        let value = |v: Array| v.to(place).unwrap();
        let cases: [(&Array, Array, &str); 6] = [
            (&bytes, 256.into(), "256 does not fit uint8"),
            (&bytes, Array::from(-1), "-1 does not fit uint8"),
            (&bytes, Array::from(1.0), "keeps its dtype"),
            (&bytes, value(Array::from(vec![1i8])), "astype(uint8)"),
            (&bytes, value(Array::from(vec![1.0f32])), "astype(uint8)"),
            (&np::zeros(2, np::dtype(DType::Bool).device(place)).unwrap(), 1.into(), "keeps its dtype"),
        ];
        for (x, v, part) in cases {
            let e = x.clone().assign("0", &v).unwrap_err();
            assert!(matches!(e, Error::DType { .. }) && e.to_string().contains(part), "{e}");
        }
        assert_eq!(bytes.to_vec::<u8>().unwrap(), [255, 3]);
    }
}

#[test]
fn an_error_leaves_the_array_as_it_was() {
    let _turn = alone();
    for place in PLACES {
        let mut x = cube().to(place).unwrap();
        let four = Array::from(vec![0; 4]).to(place).unwrap();
        let e = x.assign("0", &four).unwrap_err();
        assert!(matches!(e, Error::Shape { .. }), "{e}");
        for part in ["assign: int32[4] on", "int32 [4, 5]", place] {
            assert!(e.to_string().contains(part), "{part:?} is missing in: {e}");
        }
        assert!(matches!(x.assign("3", 0), Err(Error::Index { .. })));
        assert!(matches!(x.assign("::0", 0), Err(Error::Shape { .. })));
        assert!(matches!(x.assign("0, 0, 0, 0", 0), Err(Error::Shape { .. })));
        let elsewhere = four.to(if place == "host" { "far:0" } else { "host" }).unwrap();
        let e = x.assign("..., :4", &elsewhere).unwrap_err();
        assert!(matches!(e, Error::Residency { .. }), "{e}");
        assert!(e.to_string().contains(&format!(".to({place:?})")), "{e}");
        assert_eq!(ints(&x), (0..60).collect::<Vec<i32>>(), "{place}");
    }
    // The backend fails while it computes: the value, then the array.
    let (mut x, four) = (cube().to("far:1").unwrap(), Array::from(vec![0; 4]).to("far:1").unwrap());
    for value in [&four + 1, four.clone()] {
        *FAR[1].fault.lock() =
            Some(Error::OutOfMemory { place: "far:1".into(), bytes: 1, detail: "test".into() });
        assert!(matches!(x.assign("..., :4", &value), Err(Error::OutOfMemory { .. })));
        assert_eq!(ints(&x), (0..60).collect::<Vec<i32>>());
    }
    let mut bare = Array::from(1.0);
    let e = bare.assign("...", 2.0).unwrap_err();
    assert!(matches!(e, Error::Residency { .. }) && e.to_string().contains("Array::scalar"), "{e}");
}

#[test]
fn a_scope_that_coerces_copies_the_value_and_never_the_array() {
    let _turn = alone();
    let there = |device: &str| Array::from(vec![0, 0, 0]).to(device).unwrap();
    let value = Array::from(vec![7, 8]);
    let mut x = there("far:0");
    let ((), how) = explain(|| with_backend("far", Options::COERCE, || x.assign("1:", &value).unwrap()));
    assert_eq!((ints(&x), x.residency().name()), (vec![0, 7, 8], "far:0"));
    assert_eq!(how.counters[COPIES], 1, "{how}");
    let told = how.to_string();
    for line in [
        "assign(x: int32[3] on far:0, value: int32[2] on host)\n",
        "copied 8 bytes from host to far:0",
        "written to a copy",
    ] {
        assert!(told.contains(line), "{line:?} is missing in:\n{told}");
    }
    // The other way round, and from an instance of the same kind to another.
    let mut y = there("host");
    with_backend("cpu", Options::COERCE, || y.assign("1:", &value.to("far:1").unwrap()).unwrap());
    assert_eq!((ints(&y), y.residency().name()), (vec![0, 7, 8], "host"));
    let mut z = there("far:1");
    with_backend("far:1", Options::COERCE, || z.assign("1:", &value.to("far:0").unwrap()).unwrap());
    assert_eq!((ints(&z), z.residency().name()), (vec![0, 7, 8], "far:1"));
    // Nothing allows it: other scopes, a scope that coerces to elsewhere, a value whose type forbids copies.
    let typed = value.typed::<Host>().unwrap();
    for (target, options) in [("far", Options::ONLY), ("far", Options::PLAIN), ("cpu", Options::COERCE)] {
        let e = with_backend(target, options, || there("far:0").assign("1:", &value)).unwrap_err();
        assert!(matches!(e, Error::Residency { .. }) && e.to_string().contains("coerces"), "{e}");
    }
    let fixed = typed.erase();
    with_backend("far", Options::COERCE, || there("far:0").assign("1:", &fixed).unwrap());
    // A wrong shape is an error before anything is copied.
    let ((), how) = explain(|| {
        let wrong = with_backend("far", Options::COERCE, || there("far:0").assign("...", &value));
        assert!(matches!(wrong, Err(Error::Shape { .. })));
    });
    assert_eq!(how.counters[COPIES], 1, "the array's own copy: {how}");
    // In place, and what a listener hears of it.
    let mut own = Array::from(vec![1, 2]);
    let ((), how) = explain(|| own.assign("0", 5).unwrap());
    assert_eq!(how.to_string(), "assign(x: int32[2] on host, value: scalar 5)\n  written in place\n");
}

#[test]
fn typed_arrays_are_assigned_to_under_their_type() {
    let _turn = alone();
    fn fill<R: Marker>(x: &mut Array<R>, v: impl Operandlike<R>) {
        x.assign("0", v).unwrap();
    }
    let mut x = Array::from(vec![1, 2]).typed::<Host>().unwrap();
    let y = x.clone();
    fill(&mut x, &y.slice("1").unwrap());
    assert_eq!(x.to_vec::<i32>().unwrap(), [2, 2]);
    assert!(Array::from(vec![1]).typed::<Gpu>().is_err());
}
