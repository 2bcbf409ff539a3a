//! The contract of every method on wrapped arrays.
use super::chunked::chunked;
use super::diff::variable;
use polyarray::testing::Conformance;

#[test]
fn every_method_of_chunked_arrays_gives_what_the_reference_gives() {
    let report = Conformance::of("chunked").wrapping(|x| chunked(x, 3)).run().unwrap();
    println!("{report}");
    assert!(report.failures.is_empty(), "{report}");
}

#[test]
fn every_method_of_differentiable_arrays_gives_what_the_reference_gives() {
    let report = Conformance::of("diff").wrapping(|x| Ok(variable(x))).run().unwrap();
    println!("{report}");
    assert!(report.failures.is_empty(), "{report}");
}
