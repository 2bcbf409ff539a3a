//! `polyarray genetics run DATA`
use std::io::Write;
use std::path::PathBuf;
use std::time::Instant;

use polyarray::DType;
use polyarray::array::{Array, Transfers};
use polyarray::dispatch::explain;
use polyarray_genetics::plink::{self, Dataset, PlinkPaths, ReadOptions};
use polyarray_genetics::{Analysis, AnalysisOptions, ChromosomeSelection, StagedFiles, run_analysis};
use serde_json::{Value, json};

use crate::backend::Choice;
use crate::report::{bytes, count, seconds, table};
use crate::{Failure, Report, progress};

#[derive(clap::Args)]
pub struct Arguments {
    /// PLINK data: a prefix, any of the three files, or a folder that holds one data set
    data: PathBuf,
    /// Where to compute: cpu, gpu, gpu:N, any other backend's name, or auto: what POLYARRAY_BACKEND names, else a GPU
    /// where there is a real one, else the host
    #[arg(long, default_value = "auto", value_name = "BACKEND")]
    backend: Choice,
    /// Folder for the results, in which those of an earlier run are replaced
    #[arg(long, value_name = "DIR", default_value = "polyarray-results")]
    out: PathBuf,
    /// Variants to analyse, such as 1-22 or 1,3,5-7,X; by default all
    #[arg(long, value_name = "LIST")]
    chromosomes: Option<ChromosomeSelection>,
    /// Relationships over the variants of all chromosomes, as if all had two copies; by default over the autosomes, 1-22
    #[arg(long)]
    all_chromosomes: bool,
    /// Dtype to compute ratios in; by default f64 on the host and f32 on devices, whose f64 is slow or missing
    #[arg(long, value_name = "f32|f64")]
    float: Option<FloatName>,
    /// Print every dispatch of the analysis: who was asked, what was copied, what ran
    #[arg(long)]
    explain: bool,
}

/// `--float`.
#[derive(Clone, Copy, clap::ValueEnum)]
enum FloatName {
    F32,
    F64,
}

/// A step of the command, the analysis' own among them.
struct Step {
    name: &'static str,
    seconds: f64,
    moved: Transfers,
}

impl Arguments {
    pub fn run(self, json: bool) -> Result<Report, Failure> {
        let start = Instant::now();
        StagedFiles::replacing().create(self.out.join("summary.txt"))?;
        let backend = self.backend.open()?;
        let mut steps = vec![Step::plain("open the backend", start)];

        let reading = Instant::now();
        let dataset = self.read(json)?;
        steps.push(Step::plain("read", reading));

        let float = match self.float {
            Some(FloatName::F32) => DType::F32,
            Some(FloatName::F64) => DType::F64,
            None if backend.is_host() => DType::F64,
            None => DType::F32,
        };
        let bar = progress::bar(json, "", None);
        let options = AnalysisOptions { float: float.into(), all_chromosomes: self.all_chromosomes };
        let work = || backend.run(|| run_analysis(&dataset, options, |step| bar.set_message(step)));
        let (analysis, explanation) = match self.explain {
            true => {
                let (analysis, explanation) = explain(work);
                (analysis?, Some(explanation))
            }
            false => (work()?, None),
        };
        steps.extend(analysis.steps.iter().map(|step| Step {
            name: step.name,
            seconds: step.seconds,
            moved: step.moved,
        }));

        let writing = Instant::now();
        let before = polyarray::array::transfers();
        bar.set_message("writing");
        let mut staged = StagedFiles::replacing();
        analysis.stage(&mut staged, &self.out)?;
        let moved = polyarray::array::transfers() - before;
        steps.push(Step { moved, ..Step::plain("write", writing) });
        bar.finish_and_clear();

        let total = start.elapsed().as_secs_f64();
        let summary = Summary {
            arguments: &self,
            why: &backend.why,
            dataset: &dataset,
            analysis: &analysis,
            steps: &steps,
            total,
        };
        let figures = Figures::of(&analysis)?;
        let mut text = summary.text(&figures);
        let mut document = summary.json(&figures);
        staged.write(self.out.join("summary.txt"), |file| writeln!(file, "{text}"))?;
        staged.write(self.out.join("summary.json"), |file| writeln!(file, "{document:#}"))?;
        let files = staged.commit()?;

        text.push_str(&format!("\n\n{} files in {}", files.len(), self.out.display()));
        document["files"] = files.iter().map(|file| file.to_string_lossy()).collect();
        if let Some(explanation) = explanation {
            text.push_str(&format!("\n\n{explanation}"));
            document["explain"] = explanation.to_string().lines().collect();
        }
        Ok(Report::new(text, document))
    }

    fn read(&self, json: bool) -> Result<Dataset, Failure> {
        let paths = PlinkPaths::find(&self.data)?;
        let bar = progress::bar(json, "reading variants", Some(0));
        let mut report = |done, total| {
            bar.set_length(total);
            bar.set_position(done);
        };
        let options = ReadOptions { chromosomes: self.chromosomes.as_ref(), progress: Some(&mut report) };
        let dataset = plink::read(&paths, options)?;
        bar.finish_and_clear();
        Ok(dataset)
    }
}

impl Step {
    /// A step that moves nothing between residencies and ends now.
    fn plain(name: &'static str, start: Instant) -> Self {
        Self { name, seconds: start.elapsed().as_secs_f64(), moved: Transfers::default() }
    }
}

/// What a person wants to know of the results at a glance.
struct Figures {
    call_rate: Spread,
    het_obs: Spread,
    het_exp: Spread,
    /// Of the relationships of samples to themselves.
    diagonal: Spread,
}

/// Smallest, mean and largest, of the numbers that are numbers.
struct Spread {
    min: f64,
    mean: f64,
    max: f64,
}

impl Spread {
    fn of(values: impl Iterator<Item = f64>) -> Self {
        let (mut min, mut sum, mut max, mut n) = (f64::INFINITY, 0.0, f64::NEG_INFINITY, 0u64);
        for value in values.filter(|value| !value.is_nan()) {
            (min, sum, max, n) = (min.min(value), sum + value, max.max(value), n + 1);
        }
        match n {
            0 => Self { min: f64::NAN, mean: f64::NAN, max: f64::NAN },
            _ => Self { min, mean: sum / n as f64, max },
        }
    }

    fn json(&self) -> Value {
        json!({ "min": self.min, "mean": self.mean, "max": self.max })
    }
}

impl Figures {
    fn of(analysis: &Analysis) -> Result<Self, Failure> {
        let spread = |array: &Array| -> Result<Spread, Failure> {
            Ok(Spread::of(polyarray_genetics::to_f64(array)?.iter().copied()))
        };
        let grm = polyarray_genetics::to_f64(&analysis.grm)?;
        let samples = grm.shape()[0];
        Ok(Self {
            call_rate: spread(&analysis.call_rate)?,
            het_obs: spread(&analysis.het_obs)?,
            het_exp: spread(&analysis.het_exp)?,
            diagonal: Spread::of((0..samples).map(|sample| grm[[sample, sample]])),
        })
    }

    fn rows(&self) -> [(&'static str, &Spread); 4] {
        [
            ("call rate", &self.call_rate),
            ("observed heterozygosity", &self.het_obs),
            ("expected heterozygosity", &self.het_exp),
            ("relationship to oneself", &self.diagonal),
        ]
    }
}

/// The run, for `summary.txt`, `summary.json` and the screen.
struct Summary<'a> {
    arguments: &'a Arguments,
    why: &'a str,
    dataset: &'a Dataset,
    analysis: &'a Analysis,
    steps: &'a [Step],
    total: f64,
}

impl Summary<'_> {
    /// Where it was computed, as the results themselves say.
    fn place(&self) -> &'static str {
        self.analysis.grm.residency().name()
    }

    /// Which variants relationships are over.
    fn relationships(&self) -> String {
        let (over, all) = (self.analysis.grm_variants, self.dataset.variants.len());
        match (self.arguments.all_chromosomes, all - over) {
            (true, _) => format!("all {} variants, each counted as diploid", count(all)),
            (false, 0) => format!("all {} variants, which are autosomal", count(all)),
            (false, others) => {
                format!(
                    "{} autosomal variants; {} on other chromosomes are left out",
                    count(over),
                    count(others)
                )
            }
        }
    }

    fn text(&self, figures: &Figures) -> String {
        let chromosomes = self.arguments.chromosomes.as_ref().map(|list| format!(", chromosomes {list}"));
        let row = |cells: [&str; 4]| cells.map(String::from).to_vec();
        let mut steps = vec![row(["step", "time", "to the device", "from it"])];
        steps.extend(self.steps.iter().map(|step| {
            row([
                step.name,
                &seconds(step.seconds),
                &bytes(step.moved.bytes_up),
                &bytes(step.moved.bytes_down),
            ])
        }));
        steps.push(row(["in all", &seconds(self.total), "", ""]));
        let mut spreads = vec![row(["", "smallest", "mean", "largest"])];
        spreads.extend(figures.rows().map(|(name, spread)| {
            row([
                name,
                &format!("{:.4}", spread.min),
                &format!("{:.4}", spread.mean),
                &format!("{:.4}", spread.max),
            ])
        }));
        format!(
            "{}{}\n{} variants × {} samples on {} in {} ({})\nrelationships over {}\n\n{}\n\n{}",
            self.arguments.data.display(),
            chromosomes.unwrap_or_default(),
            count(self.dataset.variants.len()),
            count(self.dataset.samples.len()),
            self.place(),
            self.analysis.grm.dtype(),
            self.why,
            self.relationships(),
            table(&spreads),
            table(&steps),
        )
    }

    fn json(&self, figures: &Figures) -> Value {
        let steps: Vec<Value> = self
            .steps
            .iter()
            .map(|step| {
                json!({
                    "name": step.name, "seconds": step.seconds,
                    "bytes_to_device": step.moved.bytes_up, "bytes_from_device": step.moved.bytes_down,
                })
            })
            .collect();
        let figures: serde_json::Map<String, Value> =
            figures.rows().iter().map(|(name, spread)| (name.to_string(), spread.json())).collect();
        json!({
            "data": self.arguments.data.to_string_lossy(),
            "chromosomes": self.arguments.chromosomes.as_ref().map(ToString::to_string),
            "variants": self.dataset.variants.len(),
            "samples": self.dataset.samples.len(),
            "relationship_variants": self.analysis.grm_variants,
            "backend": self.place(),
            "why": self.why,
            "float": self.analysis.grm.dtype().name(),
            "seconds": self.total,
            "steps": steps,
            "figures": figures,
            "folder": self.arguments.out.to_string_lossy(),
        })
    }
}
