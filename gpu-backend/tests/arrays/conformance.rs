//! The contract of every method, on `gpu:0`.

use crate::device;
use polyarray_core::testing::conformance;

/// Kernels that the suite may compile on the device; each costs 10 to 50 ms on a software adapter.
const MOST_KERNELS: usize = 1400;

#[test]
fn every_method_gives_what_the_reference_gives() {
    let device = device();
    let before = device.kernels();
    let report = conformance("gpu");
    let kernels = device.kernels() - before;
    println!("{report}; {kernels} kernels compiled");
    assert!(kernels <= MOST_KERNELS, "{kernels} kernels compiled");
}
