//! `cargo xtask fuzz`: random calls of every method on the host and a GPU, by `examples/fuzz.rs`.
use std::process::{Command, ExitCode};

use crate::adapter;
use crate::step::{self, Tally, cargo};

/// The program, for so many minutes or calls. Without a seed it goes on from the time.
fn program(long: &str, seed: Option<&str>) -> Command {
    let mut command = Command::new(step::built("examples/fuzz"));
    command.arg(long).args(seed);
    command
}

/// A part of `cargo xtask test`: the same calls on every machine.
pub fn briefly(tally: &mut Tally) {
    step::run("random calls", program("2000calls", Some("1")), tally);
}

/// For so many minutes, from a seed on if one is given.
pub fn run(minutes: &str, seed: Option<&str>) -> ExitCode {
    let mut tally = Tally::default();
    let build = cargo(&["build", "--locked", "--workspace", "--example", "fuzz"]);
    if !step::run("build", build, &mut tally) {
        return ExitCode::FAILURE;
    }
    if let Err(message) = adapter::ensure() {
        println!("\n{message}");
        return ExitCode::FAILURE;
    }
    match step::run("random calls", program(minutes, seed), &mut tally) {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    }
}
