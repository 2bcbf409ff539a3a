//! `polyarray genetics …`
mod compare;
mod simulate;

use super::{Failure, Report};

#[derive(clap::Subcommand)]
pub enum Command {
    /// Compare the results of two runs
    Compare(compare::Arguments),
    /// Write simulated genotypes as PLINK files
    Simulate(simulate::Arguments),
}

impl Command {
    pub fn run(self, json: bool) -> Result<Report, Failure> {
        match self {
            Self::Compare(arguments) => arguments.run(),
            Self::Simulate(arguments) => arguments.run(json),
        }
    }
}
