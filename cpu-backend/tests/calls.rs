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
