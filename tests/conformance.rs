//! The contract of every method on the host and on the first GPU, and docs/COVERAGE.md: what serves each method there.

use polyarray::backend::methods;
use polyarray::testing::{Conformance, Report};
use polyarray_gpu::GpuBackend;
use std::path::Path;
use std::sync::LazyLock;

/// Kernels that the suite may compile on the device; each costs 10 to 50 ms on a software adapter.
const MOST_KERNELS: usize = 7800;
/// The domains of the page.
const DOMAINS: [&str; 3] = ["numpy", "numpy.linalg", "numpy.fft"];
const RENEW: &str = "POLYARRAY_RENEW=1 cargo test --test conformance";

fn run(kind: &str) -> Report {
    let report = Conformance::of(kind).thorough(false).run().unwrap_or_else(|e| panic!("{e}"));
    println!("{report}");
    report
}

static CPU: LazyLock<Report> = LazyLock::new(|| run("cpu"));
static GPU: LazyLock<Report> = LazyLock::new(|| run("gpu"));

#[test]
fn every_method_on_the_host_gives_what_the_reference_gives() {
    assert!(CPU.failures.is_empty(), "{}", *CPU);
}

#[test]
fn every_method_on_a_gpu_gives_what_the_reference_gives() {
    assert!(GPU.failures.is_empty(), "{}", *GPU);
    let kernels = GpuBackend::open(0).unwrap().device().kernel_stats().compiled;
    println!("{kernels} kernels compiled");
    assert!(kernels <= MOST_KERNELS, "{kernels} kernels compiled");
}

fn page() -> String {
    let mut page = format!(
        "# Coverage\n\nWhat serves each method of the domains `numpy`, `numpy.linalg` and `numpy.fft`: \n*fused* kernels, an *own kernel* of the backend, the \
         method's *default*\nin terms of other methods, or the *fallback* to the host. Several, where it depends on the \
         dtype or the shape. Written\nby a test from what calls of the conformance suite did; renew it with `{RENEW}`.\n\n\
         | method | NumPy | cpu | gpu |\n|---|---|---|---|\n"
    );
    for row in methods().into_iter().filter(|row| DOMAINS.contains(&row.domain)) {
        let name = row.to_string();
        let name = name.strip_prefix("numpy.").unwrap_or(&name);
        let ways = |report: &Report| {
            let ran = report.ran.iter().find(|ran| ran.method == name).expect("the suite ran it");
            ran.ways.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
        };
        page += &format!("| `{}` | `{}` | {} | {} |\n", name, row.numpy(), ways(&CPU), ways(&GPU));
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
