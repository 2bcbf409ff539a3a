//! `polyarray genetics compare A B`: do two runs agree, and how far?
use std::fs::File;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use ndarray::ArrayD;
use polyarray_genetics::npy;
use serde_json::{Value, json};

use crate::failure::Code;
use crate::report::{seconds, table};
use crate::{Failure, Report};

/// What a run writes, and how far two runs in different precision may be apart: counts not at all; the rest
/// as far as f32 arithmetic goes (docs/NUMERICS.md).
const FILES: [(&str, f64); 6] = [
    ("allele_counts", 0.0),
    ("variant_counts", 0.0),
    ("call_rate", 1e-6),
    ("het_obs", 1e-6),
    ("het_exp", 1e-6),
    ("grm", 5e-6),
];

#[derive(clap::Args)]
pub struct Arguments {
    /// Folder of one run's results
    a: PathBuf,
    /// Folder of the other's
    b: PathBuf,
}

impl Arguments {
    pub fn run(self) -> Result<Report, Failure> {
        let mut rows =
            vec![["result", "shape", "largest difference", "allowed", ""].map(String::from).to_vec()];
        let mut files = Vec::new();
        let mut agree = true;
        for (name, allowed) in FILES {
            let (a, b) = (load(&self.a, name)?, load(&self.b, name)?);
            let shapes = (a.shape().to_vec(), b.shape().to_vec());
            if shapes.0 != shapes.1 {
                let message = format!(
                    "{name}.npy is {:?} in {} and {:?} in {}: these are runs of different data",
                    shapes.0,
                    self.a.display(),
                    shapes.1,
                    self.b.display()
                );
                return Err(Failure::new(Code::Differs, message));
            }
            let difference = largest_difference(&a, &b);
            let ok = difference <= allowed;
            agree &= ok;
            let verdict = if ok { "ok" } else { "DIFFERS" };
            rows.push(vec![
                name.to_string(),
                format!("{:?}", shapes.0),
                format!("{difference:.1e}"),
                format!("{allowed:.0e}"),
                verdict.to_string(),
            ]);
            files.push(json!({
                "name": name, "shape": shapes.0, "largest_difference": difference, "allowed": allowed, "ok": ok,
            }));
        }
        let (times, steps) = step_times(&self.a, &self.b);
        let verdict = if agree { "the two runs agree" } else { "the two runs DIFFER" };
        let text = [times, table(&rows), verdict.to_string()].into_iter().filter(|part| !part.is_empty());
        let report = Report::new(
            text.collect::<Vec<_>>().join("\n\n"),
            json!({ "agree": agree, "files": files, "steps": steps }),
        );
        Ok(if agree { report } else { report.with_code(Code::Differs) })
    }
}

/// Reads a result, whichever of its two dtypes it has.
fn load(folder: &Path, name: &str) -> Result<ArrayD<f64>, Failure> {
    let path = folder.join(name).with_extension("npy");
    let counts = || npy::read::<i32>(&path).map(|counts| counts.mapv(f64::from));
    let array = npy::read::<f64>(&path).or_else(|error| match error.kind() {
        ErrorKind::Unsupported => counts(),
        _ => Err(error),
    });
    array.map_err(|error| {
        let path = path.display();
        Failure::new(Code::Data, format!("cannot read {path}: {error}; is it the folder of a run?"))
    })
}

/// Places where both are NaN agree; where only one is, the difference is infinite.
fn largest_difference(a: &ArrayD<f64>, b: &ArrayD<f64>) -> f64 {
    let difference = |(&a, &b): (&f64, &f64)| match (a.is_nan(), b.is_nan()) {
        (true, true) => 0.0,
        (false, false) if a == b => 0.0,
        (false, false) => (a - b).abs(),
        _ => f64::INFINITY,
    };
    a.iter().zip(b).map(difference).fold(0.0, f64::max)
}

/// The steps' times beside each other, where both runs left their summary.
fn step_times(a: &Path, b: &Path) -> (String, Value) {
    let summary = |folder: &Path| -> Option<Value> {
        serde_json::from_reader(File::open(folder.join("summary.json")).ok()?).ok()
    };
    let (Some(a), Some(b)) = (summary(a), summary(b)) else { return (String::new(), Value::Null) };
    let backend = |run: &Value| run["backend"].as_str().unwrap_or("?").to_string();
    let mut rows = vec![vec!["step".to_string(), backend(&a), backend(&b)]];
    let mut steps = Vec::new();
    for step in a["steps"].as_array().into_iter().flatten() {
        let name = &step["name"];
        let there = b["steps"].as_array().into_iter().flatten().find(|other| &other["name"] == name);
        let time = |step: Option<&Value>| step.and_then(|step| step["seconds"].as_f64());
        let (ours, theirs) = (time(Some(step)), time(there));
        let shown = |time: Option<f64>| time.map_or("-".to_string(), seconds);
        rows.push(vec![name.as_str().unwrap_or("?").to_string(), shown(ours), shown(theirs)]);
        steps.push(json!({ "name": name, "seconds": [ours, theirs] }));
    }
    (table(&rows), Value::Array(steps))
}
