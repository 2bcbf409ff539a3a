//! The numpy multimethods, called as a user calls them: this crate is linked, so they run here.

use polyarray_core::dispatch::with_backend;
use polyarray_core::{Array, DType, numpy as np};
use polyarray_cpu::{KIND, cpu};

fn floats(x: &Array) -> Vec<f64> {
    np::astype(x, DType::F64).unwrap().to_vec().unwrap()
}

#[test]
fn elementwise_calls_and_reductions_run_here() {
    let x = Array::from(vec![1.0, 4.0, 9.0]);
    assert_eq!(floats(&np::sqrt(&x).unwrap()), [1.0, 2.0, 3.0]);
    assert_eq!(np::sum(np::multiply(&x, &x).unwrap(), ()).unwrap().item().unwrap().to_f64(), 98.0);
    with_backend(cpu, Default::default(), || {
        assert_eq!(floats(&np::add(&x, 1.0).unwrap()), [2.0, 5.0, 10.0]);
    });
    assert_eq!(cpu.name(), KIND);
}

#[test]
fn a_product_takes_operands_that_are_not_computed_yet() {
    let ones = |n: usize| np::full([n, n], 1.0, DType::F32).unwrap();
    let a = np::add(ones(3), 1.0).unwrap();
    let out = np::add(np::matmul(&a, ones(3).t()).unwrap(), 0.5).unwrap();
    assert_eq!(floats(&out), [6.5; 9]);
    assert_eq!(floats(&np::concat(&[&a, &ones(3)], 0).unwrap())[8..10], [2.0, 1.0]);
    assert_eq!(floats(&np::take(&a, np::arange(2, ()).unwrap(), 1).unwrap()), [2.0; 6]);
}

#[test]
fn elements_of_an_axis_without_any() {
    let none = np::zeros([0, 3], ()).unwrap();
    let empty = Array::from(Vec::<i64>::new());
    assert_eq!(np::take(&none, &empty, 0).unwrap().shape(), [0, 3]);
    assert_eq!(np::take(&none, &empty, ()).unwrap().shape(), [0]);
    // As NumPy: where nothing is read, no index is out of bounds.
    let nothing = np::zeros([0, 0], ()).unwrap();
    let taken = np::take(&nothing, Array::from(vec![0i64, 5]), 0).unwrap();
    assert_eq!((taken.shape(), floats(&taken)), (&[2, 0][..], vec![]));
    let e = np::take(&none, Array::from(vec![0i64]), 0).unwrap_err();
    assert!(matches!(e, polyarray_core::Error::Index { len: 0, .. }), "{e}");
}
