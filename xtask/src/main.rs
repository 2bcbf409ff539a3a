//! Set-up, demo and test in one command each: `cargo xtask demo`, `cargo xtask test`, `cargo xtask fuzz`.
//!
//! Plain std, so that a fresh machine begins at once.
mod adapter;
mod demo;
mod environment;
mod fuzz;
mod numpy;
mod python;
mod step;
mod test;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

const HELP: &str = "\
cargo xtask demo    one function on the host and on a GPU: what runs where, what is copied, which side is faster
cargo xtask test    everything: format, lints, documentation, all tests, 2,000 random calls
cargo xtask fuzz --minutes N [--seed S]
                    random calls of every method on the host and a GPU beside one another

Where there is no GPU, they install Mesa's software adapter if they may.";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["demo"] => demo::run(),
        ["test"] => test::run(),
        ["fuzz", "--minutes", minutes] => fuzz::run(minutes, None),
        ["fuzz", "--minutes", minutes, "--seed", seed] => fuzz::run(minutes, Some(seed)),
        [] | ["help" | "--help" | "-h"] => {
            // A reader that closed the pipe early has what it wanted.
            let _ = writeln!(std::io::stdout(), "{HELP}");
            ExitCode::SUCCESS
        }
        _ => {
            eprintln!("unknown: {}\n{HELP}", arguments.join(" "));
            ExitCode::from(2)
        }
    }
}

/// The workspace's root: of the checkout that cargo runs us in. The one we were built in may be another, as build
/// outputs outlive a checkout that is moved or copied.
fn root() -> PathBuf {
    let ours = std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
    Path::new(&ours).join("..")
}

/// The folder of reference data: `POLYARRAY_DATA`, by default `../shared/data` beside the workspace.
fn reference_data() -> PathBuf {
    std::env::var_os("POLYARRAY_DATA").map_or_else(|| root().join("../shared/data"), PathBuf::from)
}
