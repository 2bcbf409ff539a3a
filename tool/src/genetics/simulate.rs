//! `polyarray genetics simulate VARIANTSxSAMPLES`
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Instant;

use polyarray_genetics::StagedFiles;
use polyarray_genetics::plink::PlinkPaths;
use polyarray_genetics::simulate::Simulation;
use serde_json::json;

use crate::failure::Code;
use crate::report::{bytes, count, seconds};
use crate::{Failure, Report, progress};

#[derive(clap::Args)]
pub struct Arguments {
    /// How much, such as 20000x400
    #[arg(value_name = "VARIANTSxSAMPLES")]
    size: Size,
    /// Prefix of the three files; by default `simulated_VARIANTSxSAMPLES`
    #[arg(long, value_name = "PREFIX")]
    out: Option<PathBuf>,
    /// The same seed gives the same genotypes on every machine
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Lowest frequency of allele A1; the highest is 0.5
    #[arg(long, value_name = "FREQUENCY", default_value_t = 0.05)]
    min_frequency: f64,
    /// Share of calls that are missing
    #[arg(long, value_name = "SHARE", default_value_t = 0.01)]
    missing: f64,
    /// Replace existing files
    #[arg(long)]
    force: bool,
}

#[derive(Clone, Copy)]
struct Size {
    variants: usize,
    samples: usize,
}

impl FromStr for Size {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is no size: write two whole numbers such as 20000x400");
        let (variants, samples) = text.split_once(['x', 'X']).ok_or_else(wrong)?;
        let number = |text: &str| text.replace('_', "").parse().map_err(|_| wrong());
        Ok(Self { variants: number(variants)?, samples: number(samples)? })
    }
}

/// Variants between two updates of the progress bar.
const STRIDE: u64 = 256;

impl Arguments {
    pub fn run(self, json: bool) -> Result<Report, Failure> {
        let Size { variants, samples } = self.size;
        let default = || PathBuf::from(format!("simulated_{variants}x{samples}"));
        let out = self.out.unwrap_or_else(default);
        if out.as_os_str().as_encoded_bytes().ends_with(b"/") || out.file_name().is_none() {
            let message =
                format!("--out {} is a folder: write a prefix after it, such as sim", out.display());
            return Err(Failure::new(Code::Arguments, message));
        }
        let paths = PlinkPaths::named(out);
        let simulation = Simulation {
            seed: self.seed,
            min_frequency: self.min_frequency,
            missing: self.missing,
            ..Simulation::new(variants, samples)
        };
        let staged = if self.force { StagedFiles::replacing() } else { StagedFiles::new() };
        let bar = progress::bar(json, "simulating variants", Some(variants as u64));
        let start = Instant::now();
        simulation.write(&paths, staged, |done| {
            if done % STRIDE == 0 {
                bar.set_position(done);
            }
            Ok(())
        })?;
        bar.finish_and_clear();
        let took = start.elapsed().as_secs_f64();

        let files = [paths.bed(), paths.bim(), paths.fam()];
        let written: u64 = files.iter().filter_map(|file| file.metadata().ok()).map(|file| file.len()).sum();
        let text = format!(
            "{} variants × {} samples, seed {}: {} in {}\n  {}\n  {}\n  {}",
            count(variants),
            count(samples),
            self.seed,
            bytes(written),
            seconds(took),
            files[0].display(),
            files[1].display(),
            files[2].display()
        );
        let json = json!({
            "variants": variants, "samples": samples, "seed": self.seed,
            "files": files.map(|file| file.to_string_lossy()), "bytes": written, "seconds": took,
        });
        Ok(Report::new(text, json))
    }
}
