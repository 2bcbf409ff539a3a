//! `polyarray genetics …`
mod compare;
mod run;
mod simulate;

use crate::{Failure, Report};

#[derive(clap::Subcommand)]
pub enum Command {
    /// Counts, heterozygosity and relationships of PLINK data
    Run(run::Arguments),
    /// Compare the results of two runs
    Compare(compare::Arguments),
    /// Write simulated genotypes as PLINK files
    Simulate(simulate::Arguments),
}

impl Command {
    pub fn run(self, json: bool) -> Result<Report, Failure> {
        match self {
            Self::Run(arguments) => arguments.run(json),
            Self::Compare(arguments) => arguments.run(),
            Self::Simulate(arguments) => arguments.run(json),
        }
    }
}
