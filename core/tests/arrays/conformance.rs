//! The contract of every method on the naive backends: they compute by the reference itself, so what is tested is
//! what core makes of a call: dtypes, shapes, defaults, the fallback.

use super::naive::alone;
use polyarray_core::testing::Conformance;

#[test]
fn every_method_records_what_the_reference_gives() {
    let _turn = alone();
    let run = |kind: &str| {
        let report = Conformance::of(kind).domains(&["numpy"]).thorough(false).run().unwrap();
        println!("{report}");
        assert!(report.calls() > 1000, "{report}");
        report
    };
    let here = run("cpu");
    assert!(here.failures.is_empty(), "{here}");
    // The far device has no sine, and doesn't fall back: that is what the suite must find, and nothing else than what is
    // made of it.
    let far = run("far");
    let of_sine = |failure: &String| ["sin", "tan"].iter().any(|name| failure.starts_with(name));
    assert!(!far.failures.is_empty() && far.failures.iter().all(of_sine), "{far}");
}
