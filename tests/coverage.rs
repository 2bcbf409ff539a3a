//! docs/COVERAGE.md: what serves each method of the domain `numpy` on each backend, observed by calls of the conformance
//! suite.

use polyarray::backend::methods;
use polyarray::testing::{Conformance, Report};
use std::collections::BTreeMap;
use std::path::Path;

/// Calls of each method.
const CALLS: usize = 16;
const RENEW: &str = "POLYARRAY_RENEW=1 cargo test --test coverage";

fn ways(kind: &str) -> BTreeMap<&'static str, String> {
    let report: Report = Conformance::of(kind).thorough(false).most(CALLS).run().unwrap();
    let text = |ran: &polyarray::testing::Ran| {
        ran.ways.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
    };
    report.ran.iter().map(|ran| (ran.method, text(ran))).collect()
}

fn page() -> String {
    let (cpu, gpu) = (ways("cpu"), ways("gpu"));
    let mut page = format!(
        "# Coverage\n\nWhat serves each method of the domain `numpy`: *fused* kernels, an *own kernel* of the backend, the \
         method's *default*\nin terms of other methods, or the *fallback* to the host. Several, where it depends on the \
         dtype or the shape. Written\nby a test from what calls of the conformance suite did; renew it with `{RENEW}`.\n\n\
         | method | NumPy | cpu | gpu |\n|---|---|---|---|\n"
    );
    for row in methods().into_iter().filter(|row| row.domain == "numpy") {
        let of = |ways: &BTreeMap<&str, String>| ways.get(row.name).cloned().unwrap_or_default();
        page += &format!("| `{}` | `{}` | {} | {} |\n", row.name, row.numpy(), of(&cpu), of(&gpu));
    }
    page
}

#[test]
fn the_page_says_what_serves_each_method() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/COVERAGE.md");
    let page = page();
    if std::env::var_os("POLYARRAY_RENEW").is_some() {
        std::fs::write(&path, &page).unwrap();
    }
    let there = std::fs::read_to_string(&path).unwrap_or_default();
    let new = page.lines().find(|line| !there.lines().any(|old| old == *line));
    assert!(there == page, "docs/COVERAGE.md is stale (first new line: {new:?}); renew it with: {RENEW}");
}
