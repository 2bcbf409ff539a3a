//! The command line: one file a command. Each command returns a report, which is printed for people or, with
//! `--json`, for programs; or a [`Failure`], whose exit code says who can mend it.
mod auto;
mod backend;
mod bench;
mod devices;
mod failure;
mod genetics;
mod ops;
mod progress;
mod report;
mod signals;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use failure::Failure;
use report::Report;

/// Write array code once; it runs where the data lives.
#[derive(Parser)]
#[command(name = "polyarray", version, about, after_help = failure::EXIT_CODES)]
struct Cli {
    /// Print one JSON document instead of text (errors too)
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Where arrays can live, what each place can do, which one would be used and why
    Devices(devices::Arguments),
    /// Every elementwise operation and reduction
    Ops,
    /// What the wrapper backend `auto` goes by: costs on each device, measured if they are not known
    Auto,
    /// Does a GPU pay here, and from which size on? Operations x sizes x backends, checked, then timed
    Bench(bench::Arguments),
    /// Statistical genetics on PLINK files
    #[command(subcommand)]
    Genetics(genetics::Command),
}

/// Runs the tool on this process's arguments.
pub fn main() -> ExitCode {
    signals::watch();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        // Help and version are answers, not errors; and what is wrong with the arguments may include `--json`.
        Err(error) if error.use_stderr() && std::env::args_os().any(|argument| argument == "--json") => {
            return Failure::new(failure::Code::Arguments, error).print(true);
        }
        Err(error) => error.exit(),
    };
    let outcome = match cli.command {
        Command::Devices(arguments) => arguments.run(),
        Command::Ops => Ok(ops::run()),
        Command::Auto => auto::run(),
        Command::Bench(arguments) => arguments.run(cli.json),
        Command::Genetics(command) => command.run(cli.json),
    };
    match outcome {
        Ok(report) => report.print(cli.json),
        Err(failure) => failure.print(cli.json),
    }
}
