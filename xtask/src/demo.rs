//! `cargo xtask demo`: the tour of `examples/tour.rs`, on the host and on a GPU.
use std::process::{Command, ExitCode};
use std::time::Instant;

use crate::adapter;
use crate::step::{self, Tally, cargo};

pub fn run() -> ExitCode {
    let start = Instant::now();
    let mut tally = Tally::default();
    // Without what the tour does not call and takes long to compile: faer, rustfft. `tests/unified` has everything else built
    // as by `cargo xtask test`, so that nothing is built twice where both are run.
    let lean = ["--package", "polyarray", "--no-default-features", "--features", "gpu"];
    let build = cargo(&[&["build", "--locked", "--example", "tour"], &lean[..]].concat());
    if !step::run("build", build, &mut tally) {
        return ExitCode::FAILURE;
    }
    if let Err(message) = adapter::ensure() {
        println!("\n{message}");
        return ExitCode::FAILURE;
    }
    let toured = step::run("tour", Command::new(step::built("examples/tour")), &mut tally);
    println!("\n=== {:.0} s in all", start.elapsed().as_secs_f64());
    if toured { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
