//! The contract of every method of `numpy.linalg`, on the host.

use polyarray_core::testing::Conformance;
use {polyarray_cpu as _, polyarray_cpu_linalg as _};

#[test]
fn every_method_gives_what_the_reference_gives() {
    let report = Conformance::of("cpu").domains(&["numpy.linalg"]).run().unwrap();
    println!("{report}");
    assert!(report.failures.is_empty(), "{report}");
}
