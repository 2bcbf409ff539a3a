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
