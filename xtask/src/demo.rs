//! `cargo xtask demo`: the tour of `examples/tour.rs`, on the host and on a GPU.
use std::process::{Command, ExitCode};
use std::time::Instant;

use crate::adapter;
use crate::step::{self, Tally, cargo};

pub fn run() -> ExitCode {
    let start = Instant::now();
    let mut tally = Tally::default();
    // Packages, profile and features of `cargo xtask test`, so that nothing is built twice where both are run.
    let build = cargo(&["build", "--locked", "--workspace", "--example", "tour"]);
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
