//! Implementations that a program puts in front of a kind's own, and evaluations that are given up.

use super::naive::alone;
use polyarray_core::array::declared::Declared;
use polyarray_core::array::stoppable;
use polyarray_core::backend::{Call, Cx, Kind, MethodRow, Stop, Value, Values, methods};
use polyarray_core::dispatch::explain;
use polyarray_core::{Array, Error, numpy as np};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

fn row(name: &str) -> &'static MethodRow {
    methods().into_iter().find(|row| row.domain == "numpy" && row.name == name).expect("it is linked")
}

fn here() -> Kind {
    Kind::named("cpu").expect("it is linked")
}

fn values(array: Array) -> Values {
    std::iter::once(Value::Array(array)).collect()
}

#[test]
fn the_last_one_is_in_force_until_it_is_undone() {
    let _turn = alone();
    let x = Array::from([1.0f64, 4.0]);
    let first =
        row("sqrt").implement(here(), |_, call| Ok(values(&call.args()[0].arrays()[0] + 10.0))).unwrap();
    assert_eq!(np::sqrt(&x).unwrap().to_vec::<f64>().unwrap(), [11.0, 14.0]);
    let second =
        row("sqrt").implement(here(), |_, call| Ok(values(&call.args()[0].arrays()[0] + 20.0))).unwrap();
    assert_eq!(np::sqrt(&x).unwrap().to_vec::<f64>().unwrap(), [21.0, 24.0]);
    first.undo();
    assert_eq!(np::sqrt(&x).unwrap().to_vec::<f64>().unwrap(), [21.0, 24.0]);
    second.undo();
    assert_eq!(np::sqrt(&x).unwrap().to_vec::<f64>().unwrap(), [1.0, 2.0]);
}

#[test]
fn one_that_declines_leaves_it_to_the_default_and_one_that_fails_does_not() {
    let _turn = alone();
    let x = Array::from([1.0f64, 2.0]);
    let declines =
        row("median").implement(here(), |_: Cx, _: &Call| Err(Stop::declined("not today"))).unwrap();
    let (median, how) = explain(|| np::median(&x, ()).unwrap().item().unwrap().to_f64());
    assert!(median == 1.5 && how.to_string().contains("not today"), "{how}");
    declines.undo();
    let fails = |_: Cx, _: &Call| {
        Err(Stop::Failed(Error::Argument { op: "median", operands: "these".into(), fix: "none".into() }))
    };
    let fails = row("median").implement(here(), fails).unwrap();
    assert!(matches!(np::median(&x, ()), Err(Error::Argument { .. })));
    fails.undo();
    assert_eq!(np::median(&x, ()).unwrap().item().unwrap().to_f64(), 1.5);
}

#[test]
fn declared_methods_have_their_own() {
    let _turn = alone();
    let default = Some(|arrays: &[Array], _: &Value| Ok(values(arrays[0].clone())));
    let same = Declared::new("numpy.implementations_test", "same", "The array.", default);
    let x = [Array::from([3.0f64])];
    let read = || same.call(&x, Value::plain(())).unwrap()[0].as_array().unwrap().to_vec::<f64>().unwrap();
    let twice = same.implement(here(), |_, arrays, _| Ok(values(&arrays[0] * 2.0)));
    assert_eq!(read(), [6.0]);
    twice.undo();
    assert_eq!(read(), [3.0]);
    assert!(same.row().implement(here(), |_, _| Err(Stop::declined("never"))).is_err());
}

#[test]
fn an_evaluation_that_is_given_up_can_be_begun_again() {
    let _turn = alone();
    let x = Array::from((0..100).map(f64::from).collect::<Vec<_>>());
    let y = np::sort(np::exp(&x).unwrap(), ()).unwrap() + 1.0;
    assert_eq!(y.pending_elements(1 << 20), 401, "the operand, three steps and a number");
    assert_eq!(y.pending_elements(250), 250);
    let stop = Arc::new(AtomicBool::new(true));
    let error = stoppable(stop.clone(), || y.eval().map(|_| ())).unwrap_err();
    assert!(error.to_string().contains("told to stop"), "{error}");
    assert!(y.is_pending());
    stop.store(false, Relaxed);
    stoppable(stop, || y.eval().map(|_| ())).unwrap();
    assert_eq!(y.pending_elements(1 << 20), 0);
    assert_eq!(y.to_vec::<f64>().unwrap()[0], 2.0);
}
