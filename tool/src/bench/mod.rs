//! `polyarray bench`: does my GPU pay, and from which size on?
//!
//! [`table`] has the cases, [`select`] what of them is run, [`sweep`] checks and times them, [`record`] holds what
//! came of it; [`show`] and [`page`] say it to people, [`compare`] puts two records beside each other. How time is
//! taken is the library's, [`crate::measure`].
mod cases;
mod check;
mod compare;
mod crossover;
mod definitions;
mod machine;
mod page;
mod plot;
mod record;
mod select;
mod show;
mod sweep;
mod table;

use std::io::Write;
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::measure::Place;
use polyarray::DType;
use polyarray::array::residency;
use polyarray_genetics::StagedFiles;
use serde_json::json;

use crate::failure::Code;
use crate::report::{Side, bytes, table_with};
use crate::{Failure, Report, backend, progress};
use cases::Case;
use record::{Backend, FORMAT, How, Record, Row, Status, crossovers, regret};
use select::{Job, SizeList};
use sweep::Effort;

#[derive(clap::Args)]
pub struct Arguments {
    /// Operations by name, `*` for any letters, a size of its own after `@`: a*b+c,sum-*,matmul@1Mi
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    ops: Option<Vec<String>>,
    /// Numbers of elements: 1e3,64Ki,16Mi; a range in steps of four, 1Ki..16Mi; of so many sizes, 1Ki..16Mi:6
    #[arg(long, value_name = "LIST")]
    sizes: Option<SizeList>,
    /// Dtypes of the operations on floats
    #[arg(long, value_name = "LIST", value_delimiter = ',', default_value = "f32", value_parser = select::dtype)]
    dtypes: Vec<DType>,
    /// Where to compute, such as host,gpu:0,auto; by default the host and every GPU that can be used
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    backends: Option<Vec<String>>,
    /// Small sizes and few rounds: seconds instead of minutes
    #[arg(long)]
    quick: bool,
    /// Seconds of timed rounds per operation and size, all sides together; by default 0.3, with --quick 0.02
    #[arg(long, value_name = "SECONDS", value_parser = positive)]
    seconds_per_case: Option<f64>,
    /// Folder for bench.json and bench.html
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// File for the page with the plots
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Put two records of one machine beside each other; with one of them, run now and compare with it
    #[arg(long, value_names = ["OLD.json", "NEW.json"], num_args = 1..=2)]
    compare: Option<Vec<PathBuf>>,
    /// List the operations and their usual sizes
    #[arg(long, conflicts_with = "compare")]
    list: bool,
}

fn positive(text: &str) -> Result<f64, String> {
    let seconds = text.parse::<f64>().ok().filter(|seconds| seconds.is_finite() && *seconds > 0.0);
    seconds.ok_or_else(|| format!("`{text}` is no number of seconds above 0"))
}

impl Arguments {
    pub fn run(self, json: bool) -> Result<Report, Failure> {
        let cases = table::table();
        if self.list {
            return Ok(list(&cases));
        }
        let old = match self.compare.as_deref() {
            Some([old, new]) => return compare::compare(&compare::read(old)?, &compare::read(new)?),
            Some([old]) => Some(compare::read(old)?),
            _ => None,
        };
        let wrong = |message: String| Failure::new(Code::Arguments, message);
        let jobs = select::jobs(&cases, self.ops.as_deref(), self.sizes.as_ref(), &self.dtypes, self.quick)
            .map_err(wrong)?;
        for job in &jobs {
            let (needed, there) = (job.memory(), machine::available_memory());
            if there.is_some_and(|there| needed > there) {
                return Err(wrong(format!(
                    "{} of {} elements needs about {} to be made and checked, this machine has {} to give; choose \
                     smaller --sizes",
                    job.case.name,
                    show::size_name(job.size as f64),
                    bytes(needed),
                    bytes(there.unwrap_or_default())
                )));
            }
        }
        // Before the time is spent.
        self.files().iter().try_for_each(|(path, _)| StagedFiles::replacing().create(path).map(drop))?;
        let (places, missing) = self.places()?;
        let backends: Vec<Backend> = places.iter().map(machine::backend).collect();
        if let Some(old) = &old {
            // Before the time is spent.
            let now = machine::this();
            compare::same_machine((&old.machine, &old.backends, &old.build), (&now, &backends, BUILD))?;
        }
        let record = self.measure(&jobs, &places, backends, json)?;
        let files = self.write(&record)?;
        if let Some(old) = &old {
            return compare::compare(old, &record);
        }
        let mut text = show::text(&record);
        for line in missing.into_iter().chain(files.iter().map(|file| format!("written: {}", file.display())))
        {
            text.push_str(&format!("\n{line}"));
        }
        let wrong = record.rows.iter().any(|row| matches!(row.status, Status::Wrong | Status::Failed));
        let document = serde_json::to_value(&record).map_err(|error| Failure::new(Code::Work, error))?;
        let report = Report::new(text, document);
        Ok(if wrong { report.with_code(Code::Work) } else { report })
    }

    /// The places to measure, and a line for each that there might be but can't be used.
    fn places(&self) -> Result<(Vec<Place>, Vec<String>), Failure> {
        let mut places: Vec<Place> = Vec::new();
        let mut missing = Vec::new();
        match &self.backends {
            Some(names) => {
                for name in names {
                    let name = if name == "host" { "cpu" } else { name.as_str() };
                    let place = match name {
                        record::AUTO => {
                            Place::open(residency::HOST.name())?.under(polyarray::auto.instance(0))
                        }
                        _ => Place::of(backend::open("--backends", name)?)?,
                    };
                    if places.iter().all(|known| known.name() != place.name()) {
                        places.push(place);
                    }
                }
            }
            None => {
                places.push(Place::open(residency::HOST.name())?);
                match gpus() {
                    Ok(names) => {
                        for name in names {
                            match Place::open(&name) {
                                Ok(place) => places.push(place),
                                Err(error) => missing.push(format!("without {name}: {error}")),
                            }
                        }
                    }
                    Err(why) => missing.push(format!("without a GPU: {why}")),
                }
            }
        }
        Ok((places, missing))
    }

    fn measure(
        &self,
        jobs: &[Job<'_>],
        places: &[Place],
        mut backends: Vec<Backend>,
        json: bool,
    ) -> Result<Record, Failure> {
        let usual = if self.quick { 0.02 } else { 0.3 };
        let effort = Effort { seconds_per_case: self.seconds_per_case.unwrap_or(usual), quick: self.quick };
        let mut floats = self.dtypes.clone();
        if !floats.contains(&DType::F32) {
            floats.push(DType::F32);
        }
        let bar = progress::bar(json, "ceilings", Some(jobs.len() as u64));
        sweep::ceilings(places, &mut backends, &floats, effort)?;
        let mut rows: Vec<Row> = Vec::new();
        for job in jobs {
            bar.set_message(format!("{} {}", job.case.name, show::size_name(job.size as f64)));
            rows.extend(sweep::run(job, places, effort)?);
            bar.inc(1);
        }
        bar.set_message("ceilings again");
        // Whatever else this machine does, it may have left more room by now.
        sweep::ceilings(places, &mut backends, &floats, effort)?;
        bar.finish_and_clear();
        sweep::rate(&mut rows, &backends);
        let schedule = effort.schedule();
        Ok(Record {
            format: FORMAT,
            tool: "polyarray bench".to_string(),
            version: env!("CARGO_PKG_VERSION").to_string(),
            commit: option_env!("POLYARRAY_COMMIT").map(str::to_string),
            build: BUILD.to_string(),
            taken_at: SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs()),
            machine: machine::this(),
            backends,
            how: How {
                resident:
                    "wall clock from the first call recorded to the result computed and the device idle; \
                           the data is there already, the result stays there"
                        .to_string(),
                copies:
                    "wall clock from arrays in host memory to the result in host memory, all copies included"
                        .to_string(),
                device_clock:
                    "device_s: the GPU's own timestamps around the same work, in rounds of their own"
                        .to_string(),
                rounds: format!(
                    "Results are checked first; then, after {} round to warm up, all sides take turns, {} to {} \
                     rounds each, three of a side that takes more than {} s for them; work of less than 0.2 ms is called \
                     again and again in its turn, of which the median without the first call counts",
                    schedule.warm_up, schedule.least, schedule.most, schedule.patience
                ),
                seconds_per_case: schedule.seconds,
                quick: self.quick,
            },
            crossovers: crossovers(&rows),
            auto: regret(&rows),
            rows,
        })
    }

    /// The files to write, and what makes their contents.
    fn files(&self) -> Vec<(PathBuf, Contents)> {
        let document: Contents = |record| Ok(serde_json::to_string_pretty(record)? + "\n");
        let page: Contents = |record| Ok(page::page(record));
        let in_folder =
            |folder: &PathBuf| [(folder.join("bench.json"), document), (folder.join("bench.html"), page)];
        let mut files: Vec<_> = self.out.iter().flat_map(in_folder).collect();
        files.extend(self.html.clone().map(|path| (path, page)));
        files
    }

    /// Writes what was asked for: whole files or none.
    fn write(&self, record: &Record) -> Result<Vec<PathBuf>, Failure> {
        let mut staged = StagedFiles::replacing();
        for (path, contents) in self.files() {
            let contents = contents(record).map_err(|error| Failure::new(Code::Work, error))?;
            staged.write(path, |file| file.write_all(contents.as_bytes()))?;
        }
        Ok(staged.commit()?)
    }
}

/// What makes a file's contents.
type Contents = fn(&Record) -> serde_json::Result<String>;

/// Times of one are no times of the other.
const BUILD: &str = if cfg!(debug_assertions) { "debug" } else { "release" };

/// The GPUs' names, or why there are none.
fn gpus() -> Result<Vec<String>, String> {
    let adapters = polyarray_gpu::adapters::list().map_err(|error| error.to_string())?;
    Ok(adapters.iter().map(polyarray_gpu::Adapter::name).collect())
}

fn list(cases: &[Case]) -> Report {
    let sizes = |case: &Case| {
        let sizes = case.sizes.whole.iter().map(|&size| show::size_name(size as f64));
        sizes.collect::<Vec<_>>().join(" ")
    };
    let lines: Vec<Vec<String>> = cases
        .iter()
        .map(|case| vec![case.name.to_string(), sizes(case), case.doc.to_string(), case.numpy.to_string()])
        .collect();
    let text = format!(
        "operations, their usual sizes, and what NumPy would call it:\n{}",
        table_with(&[Side::Left; 4], &lines)
    );
    let inputs = |case: &Case| {
        let inputs = (case.inputs)(case.sizes.whole[0]).into_iter();
        inputs
            .map(|input| {
                json!({
                    "shape": input.shape, "low": input.low, "high": input.high,
                    "dtype": input.dtype.map(DType::name),
                })
            })
            .collect::<Vec<_>>()
    };
    let documents: Vec<_> = cases
        .iter()
        .map(|case| {
            json!({
                "op": case.name, "doc": case.doc, "numpy": case.numpy, "sizes": case.sizes.whole,
                "quick_sizes": case.sizes.quick, "inputs_of_smallest": inputs(case), "bound": case.bound,
            })
        })
        .collect();
    Report::new(text, json!({ "ops": documents }))
}
