//! Functions of the user's: traced once, run fused on every residency.

use polyarray_core::array::trace::KERNELS;
use polyarray_core::dispatch::explain;
use polyarray_core::numpy::{ufunc, ufunc2, ufunc3};
use polyarray_core::{Array, Error, Scalar};
use std::cell::Cell;

#[test]
fn traced_once_and_fused_everywhere() {
    let traces = Cell::new(0);
    let softplus = ufunc("softplus", |x| {
        traces.set(traces.get() + 1);
        (x.exp() + 1.0).ln()
    });
    let x = Array::from(vec![0.0f32, 1.0, -3.0]);
    for place in ["host", "far:1"] {
        let x = x.to(place).unwrap();
        let (y, how) = explain(|| softplus.call(&[&x]).unwrap().eval().unwrap().clone());
        assert_eq!((y.residency().name(), how.counters[KERNELS]), (place, 1), "{how}");
        for (got, x) in y.to_vec::<f32>().unwrap().iter().zip([0.0f64, 1.0, -3.0]) {
            assert!((*got as f64 - x.exp().ln_1p()).abs() < 1e-6);
        }
    }
    assert_eq!(traces.get(), 1);
    assert!(matches!(softplus.call(&[&x, &x]), Err(Error::Shape { .. })));
    assert!(matches!(softplus.reduce(&x, 0), Err(Error::Shape { .. })));
}

#[test]
fn reduce_accumulate_and_outer_go_in_order() {
    let x = Array::from(vec![1i64, 2, 3, 4, 5]);
    let sub = ufunc2("sub", |a, b| a - b);
    assert_eq!(sub.reduce(&x, 0).unwrap().item().unwrap(), Scalar::I64(-13));
    assert_eq!(sub.accumulate(&x, 0).unwrap().to_vec::<i64>().unwrap(), [1, -1, -4, -8, -13]);
    let add = ufunc2("plus", |a, b| a + b).associative();
    assert_eq!(add.reduce(&x, 0).unwrap().item().unwrap(), Scalar::I64(15));
    assert_eq!(add.accumulate(&x, 0).unwrap().to_vec::<i64>().unwrap(), [1, 3, 6, 10, 15]);
    let grid = Array::from([[1i64, 2, 3], [4, 5, 6]]);
    assert_eq!(add.reduce(&grid, -1).unwrap().to_vec::<i64>().unwrap(), [6, 15]);
    assert_eq!(add.accumulate(&grid, 1).unwrap().to_vec::<i64>().unwrap(), [1, 3, 6, 4, 9, 15]);
    let first = x.slice("0:2").unwrap();
    assert_eq!(
        sub.outer(&first, &x).unwrap().to_vec::<i64>().unwrap(),
        [0, -1, -2, -3, -4, 1, 0, -1, -2, -3]
    );
    assert!(matches!(add.reduce(&x.slice("0:0").unwrap(), 0), Err(Error::Shape { .. })));
    let clip = ufunc3("clip", |x, low, high| x.max(low).min(high));
    let clipped = clip.call(&[&x, &Array::from(2), &Array::from(4)]).unwrap();
    assert_eq!(clipped.to_vec::<i64>().unwrap(), [2, 2, 3, 4, 4]);
}

#[test]
fn what_another_trace_computed_is_no_part_of_this_one() {
    let mut kept = None;
    let _ = ufunc("first", |x| {
        kept = Some(x.exp().exp());
        x
    });
    let kept = kept.unwrap();
    let x = Array::from(vec![1.0f32]);
    for f in [
        ufunc("second", |x| x + &kept),
        ufunc("second", |x| kept.re() * x),
        ufunc("second", |_| kept.clone()),
    ] {
        let e = f.call(&[&x]).unwrap_err();
        assert!(
            matches!(e, Error::Unknown { what: "symbol", .. }) && e.to_string().contains("second"),
            "{e}"
        );
    }
}
