//! `cargo xtask test`: everything that must hold, with one line at the end.
use std::process::{Command, ExitCode, Stdio};
use std::time::Instant;

use crate::adapter;
use crate::step::{self, Tally, cargo};
use crate::{fuzz, numpy, python};

/// Modules of tests that compare with reference data which is no part of the repository.
const NEEDS_DATA: &str = "with_reference_data";

pub fn run() -> ExitCode {
    let start = Instant::now();
    let mut tally = Tally::default();
    components();

    step::run("format", cargo(&["fmt", "--all", "--check"]), &mut tally);
    // Every step uses the same profile, features and flags, so that nothing is built twice.
    step::run(
        "lints",
        cargo(&["clippy", "--locked", "--workspace", "--all-targets", "--", "--deny", "warnings"]),
        &mut tally,
    );
    let mut doc = cargo(&["doc", "--locked", "--workspace", "--no-deps"]);
    doc.env("RUSTDOCFLAGS", "--deny warnings");
    step::run("documentation", doc, &mut tally);

    let built = step::run(
        "build of the tests",
        cargo(&["build", "--locked", "--workspace", "--bins", "--tests", "--examples"]),
        &mut tally,
    );
    if built {
        if let Err(message) = adapter::ensure() {
            println!("\n{message}");
            return finish(&tally, start, 1);
        }
        let filters = data_filters();
        let mut tests = cargo(&[
            "test",
            "--locked",
            "--workspace",
            "--no-fail-fast",
            // Those of libraries and programs among them, but not of the Python extension, which no program can link.
            "--tests",
            "--examples",
        ]);
        tests.arg("--").arg(step::colour()).args(&filters);
        step::run_tests("tests (the layering test among them)", tests, &mut tally);
        fuzz::briefly(&mut tally);
        numpy::run(&mut tally);
        python::run(&mut tally);
        let mut doc_tests = cargo(&["test", "--locked", "--workspace", "--no-fail-fast", "--doc"]);
        doc_tests.arg("--").arg(step::colour());
        step::run_tests("documentation tests", doc_tests, &mut tally);
    }
    finish(&tally, start, 0)
}

/// `rustup`'s smallest profile lacks two parts of the toolchain.
fn components() {
    let there = |tool: &str| {
        let mut command = cargo(&[tool, "--version"]);
        command.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
    };
    let missing: Vec<&str> = [("fmt", "rustfmt"), ("clippy", "clippy")]
        .into_iter()
        .filter(|(tool, _)| !there(tool))
        .map(|(_, c)| c)
        .collect();
    if !missing.is_empty() {
        step::header("parts of the toolchain");
        // Where this fails, the steps that need them fail and say what is missing.
        let _ = Command::new("rustup").args(["component", "add"]).args(&missing).status();
    }
}

/// Leaves out what needs reference data, aloud, where there is none.
fn data_filters() -> Vec<&'static str> {
    let data = crate::reference_data();
    if data.join("genetics").is_dir() {
        return Vec::new();
    }
    println!(
        "\nThe reference genotypes are not at {}: the tests of `{NEEDS_DATA}` are left out. \
         Set POLYARRAY_DATA to the folder that has them.",
        data.display()
    );
    vec!["--skip", NEEDS_DATA]
}

fn finish(tally: &Tally, start: Instant, stopped: usize) -> ExitCode {
    let failed = tally.failed + stopped;
    println!("\n=== {:.0} s in all", start.elapsed().as_secs_f64());
    for name in &tally.failures {
        println!("failed: {name}");
    }
    if tally.left_out > 0 {
        println!("{} tests were left out: no reference data (see above)", tally.left_out);
    }
    println!("{} passed, {failed} failed", tally.passed);
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
