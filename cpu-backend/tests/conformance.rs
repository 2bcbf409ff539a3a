//! The contract of every method, on the host.

use polyarray_core::testing::conformance;
use polyarray_cpu as _;

#[test]
fn every_method_gives_what_the_reference_gives() {
    println!("{}", conformance("cpu"));
}
