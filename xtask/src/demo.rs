//! `cargo xtask demo`: simulated genotypes, analysed on every backend there is, and compared.
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::adapter;
use crate::step::{self, Tally, cargo};

/// Variants × samples: seconds on two cores.
const SIZE: &str = "20000x400";

pub fn run() -> ExitCode {
    let scratch = Scratch::new();
    // The profile of `cargo xtask test`, so that whoever runs both builds once.
    let mut tally = Tally::default();
    if !step::run("build", cargo(&["build", "--locked", "--bin", "polyarray"]), &mut tally) {
        return ExitCode::FAILURE;
    }
    let data = scratch.file("simulated");
    let on = |backend: &str| scratch.file(backend);
    let analyse = |backend: &str, tally: &mut Tally| {
        let out = on(backend);
        step::run(
            &format!("analysis on the {backend}"),
            tool(&["genetics", "run", &data, "--backend", backend, "--out", &out]),
            tally,
        )
    };

    let mut ok = step::run(
        "simulated genotypes",
        tool(&["genetics", "simulate", SIZE, "--seed", "1", "--out", &data]),
        &mut tally,
    );
    ok = ok && analyse("cpu", &mut tally);
    if !ok {
        return ExitCode::FAILURE;
    }
    if !tool(&["devices", "--require", "gpu"])
        .stdout(std::process::Stdio::null())
        .status()
        .is_ok_and(|s| s.success())
    {
        step::header("no GPU");
        println!(
            "The analysis ran on the CPU. No adapter was found, not even a software one, so there is nothing to \
             compare with.\nTo have one:\n\n    {}\n",
            adapter::remedy()
        );
        return ExitCode::SUCCESS;
    }
    ok = analyse("gpu", &mut tally)
        && step::run("comparison", tool(&["genetics", "compare", &on("cpu"), &on("gpu")]), &mut tally);
    if ok { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The tool, as built above.
fn tool(arguments: &[&str]) -> std::process::Command {
    let mut command = cargo(&["run", "--locked", "--quiet", "--bin", "polyarray", "--"]);
    command.args(arguments);
    command
}

/// A temporary folder that goes when the demo ends.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Self {
        Self(std::env::temp_dir().join(format!("polyarray-demo-{}", std::process::id())))
    }

    fn file(&self, name: &str) -> String {
        Path::join(&self.0, name).to_string_lossy().into_owned()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
