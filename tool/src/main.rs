//! The command-line tool `polyarray`: which devices there are, what they cost and gain, and genotypes analysed.
//!
//! One file per command. A command returns a [`Report`], printed as text or, with `--json`, as JSON; or a
//! [`Failure`], whose exit code says whose fault it is.
mod auto;
mod backend;
mod bench;
mod devices;
mod failure;
mod genetics;
mod measure;
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
    /// Every method that is linked
    Ops,
    /// What the wrapper backend `auto` goes by: costs on each device, measured if they are not known
    Auto,
    /// Does a GPU pay here, and from which size on? Operations x sizes x backends, checked, then timed
    Bench(bench::Arguments),
    /// Statistical genetics on PLINK files
    #[command(subcommand)]
    Genetics(genetics::Command),
}

fn main() -> ExitCode {
    quiet_mesa();
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

/// Mesa's layer that sorts adapters asks the desktop, and complains on standard error where there is none
/// (containers, plain ssh), as if something had failed. We sort adapters ourselves.
fn quiet_mesa() {
    if std::env::var_os("XDG_RUNTIME_DIR").is_none() && std::env::var_os("NODEVICE_SELECT").is_none() {
        // SAFETY: the process has one thread yet, so nobody reads the environment meanwhile.
        unsafe { std::env::set_var("NODEVICE_SELECT", "1") };
    }
}
