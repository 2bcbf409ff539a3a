//! The record of a run: what `--json` prints, `--out` keeps and `--compare` reads. docs/BENCH.md describes it.
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::cases::Bound;
use super::crossover::{Crossover, Point};

/// The form of the document; a reader refuses others.
pub const FORMAT: u32 = 1;

/// One run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Record {
    pub format: u32,
    pub tool: String,
    pub version: String,
    /// The commit that the tool was built from, if it was built in a checkout.
    pub commit: Option<String>,
    /// `release` or `debug`.
    pub build: String,
    /// Seconds since 1970.
    pub taken_at: u64,
    pub machine: Machine,
    pub backends: Vec<Backend>,
    pub how: How,
    pub rows: Vec<Row>,
    pub crossovers: Vec<Crossing>,
    /// Of runs with the wrapper backend `auto`.
    pub auto: Option<Regret>,
}

/// The machine, as far as times depend on it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Machine {
    pub cpu: String,
    /// Instruction sets that matter here and are there.
    pub features: Vec<String>,
    pub threads: usize,
    pub memory_gib: Option<u64>,
    pub system: String,
}

/// A backend's instance.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Backend {
    pub name: String,
    /// Of a GPU: what the driver calls it, of which type it is, through which interface it is driven, the driver.
    pub adapter: Option<String>,
    pub device_type: Option<String>,
    pub interface: Option<String>,
    pub driver: Option<String>,
    /// It computes in host memory, so that the host's copy is a ceiling for it, too.
    pub shares_host_memory: bool,
    pub ceilings: Ceilings,
}

/// The most that was measured of a place.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Ceilings {
    /// Bytes read plus bytes written, 1e9 per second.
    pub copy_gbps: Option<f64>,
    /// Of square products, by dtype, 1e9 per second.
    pub gemm_gflops: BTreeMap<String, f64>,
}

impl Ceilings {
    /// The product that stands over products of a dtype: of integers the one of float32, so that the share says
    /// what they gain.
    pub fn gemm(&self, dtype: &str) -> Option<f64> {
        self.gemm_gflops.get(dtype).or(self.gemm_gflops.get("float32")).copied()
    }
}

/// How time was taken.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct How {
    pub resident: String,
    pub copies: String,
    pub device_clock: String,
    pub rounds: String,
    pub seconds_per_case: f64,
    pub quick: bool,
}

/// Where the data is when the clock starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Where it is computed; the result stays there.
    Resident,
    /// In host memory, to which the result returns.
    Copies,
}

/// What became of a measurement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    Ok,
    /// The result is not right: it was not timed.
    Wrong,
    /// The backend says that it can't do this.
    Unsupported,
    Failed,
}

/// One measurement.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Row {
    pub library: String,
    pub op: String,
    /// The size asked for.
    pub size: usize,
    /// Shapes of the inputs.
    pub shape: Vec<Vec<usize>>,
    pub dtype: String,
    pub backend: String,
    pub mode: Mode,
    pub status: Status,
    /// Why, where the status is not `ok`.
    pub detail: Option<String>,
    pub median_s: Option<f64>,
    pub q1_s: Option<f64>,
    pub q3_s: Option<f64>,
    pub min_s: Option<f64>,
    pub rounds: usize,
    /// Of the inputs and the result, each once.
    pub bytes: u64,
    pub flops: u64,
    pub gbps: Option<f64>,
    pub gflops: Option<f64>,
    pub bound: Bound,
    /// Of the backend's ceiling that `bound` names, 1 being all of it; of resident data only.
    pub share_of_ceiling: Option<f64>,
    /// The GPU's own timestamps around the same work, where the adapter has any.
    pub device_s: Option<f64>,
    /// The largest distance from the reference, 1 being the largest allowed.
    pub error: Option<f64>,
}

/// From which size on a device pays.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Crossing {
    pub op: String,
    pub dtype: String,
    pub backend: String,
    pub mode: Mode,
    #[serde(flatten)]
    pub crossover: Crossover,
}

/// How the wrapper backend `auto` chose: its times over those of the better of all others, from arrays of the host to
/// a result on the host.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Regret {
    /// Measurements that there is something to hold against.
    pub measured: usize,
    /// Of these, those that took at most a tenth longer than the better choice.
    pub within_a_tenth: usize,
    /// The largest ratio, and where.
    pub worst: f64,
    pub worst_op: String,
    pub worst_size: usize,
}

/// Rows of one operation in one dtype.
pub struct Group<'a> {
    pub op: &'a str,
    pub dtype: &'a str,
    pub rows: Vec<&'a Row>,
}

/// The rows by operation and dtype, in the order of the run.
pub fn groups(rows: &[Row]) -> Vec<Group<'_>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    for row in rows {
        match groups.iter_mut().find(|group| group.op == row.op && group.dtype == row.dtype) {
            Some(group) => group.rows.push(row),
            None => groups.push(Group { op: &row.op, dtype: &row.dtype, rows: vec![row] }),
        }
    }
    groups
}

impl Group<'_> {
    /// The sides that were measured, in the order of the run.
    pub fn sides(&self) -> Vec<(&str, Mode)> {
        let mut sides = Vec::new();
        for row in &self.rows {
            let side = (row.backend.as_str(), row.mode);
            if !sides.contains(&side) {
                sides.push(side);
            }
        }
        sides
    }

    /// The sizes, ascending.
    pub fn sizes(&self) -> Vec<usize> {
        let mut sizes: Vec<usize> = self.rows.iter().map(|row| row.size).collect();
        sizes.sort_unstable();
        sizes.dedup();
        sizes
    }

    /// The largest size that both the host and a side were measured at, and how many times as fast as the host the
    /// side is there.
    pub fn lead_at_largest(&self, side: (&str, Mode)) -> Option<(usize, f64)> {
        let lead = |size: usize| {
            let median = |side| self.row(side, size).and_then(|row| row.median_s);
            Some((size, median(HOST)? / median(side)?))
        };
        self.sizes().into_iter().rev().find_map(lead)
    }

    /// A measurement of a side.
    pub fn row(&self, side: (&str, Mode), size: usize) -> Option<&Row> {
        self.rows.iter().copied().find(|row| (row.backend.as_str(), row.mode) == side && row.size == size)
    }
}

/// The crossover of one operation on one device.
pub fn crossing<'a>(record: &'a Record, group: &Group<'_>, side: (&str, Mode)) -> Option<&'a Crossing> {
    record.crossovers.iter().find(|crossing| {
        (crossing.op.as_str(), crossing.dtype.as_str()) == (group.op, group.dtype)
            && (crossing.backend.as_str(), crossing.mode) == side
    })
}

/// The side that devices are held against.
pub const HOST: (&str, Mode) = ("host", Mode::Resident);

/// The name of the wrapper backend.
pub const AUTO: &str = "auto";

/// What `auto` lost by its choices; `None` where it was not measured.
pub fn regret(rows: &[Row]) -> Option<Regret> {
    let mut ratios: Vec<(f64, &Row)> = Vec::new();
    for row in rows.iter().filter(|row| row.backend == AUTO) {
        let other = |other: &&Row| {
            (&other.op, other.size, &other.dtype) == (&row.op, row.size, &row.dtype)
                && other.backend != AUTO
                && (other.backend == HOST.0 || other.mode == Mode::Copies)
        };
        let best = rows.iter().filter(other).filter_map(|other| other.median_s).min_by(f64::total_cmp);
        if let Some((took, best)) = row.median_s.zip(best) {
            ratios.push((took / best, row));
        }
    }
    let (worst, at) = ratios.iter().max_by(|a, b| a.0.total_cmp(&b.0))?;
    Some(Regret {
        measured: ratios.len(),
        within_a_tenth: ratios.iter().filter(|(ratio, _)| *ratio <= 1.1).count(),
        worst: *worst,
        worst_op: at.op.clone(),
        worst_size: at.size,
    })
}

/// The crossover of every operation and device, both with and without the copies.
pub fn crossovers(rows: &[Row]) -> Vec<Crossing> {
    let mut all = Vec::new();
    for group in groups(rows) {
        for side in group.sides().into_iter().filter(|side| side.0 != HOST.0 && side.0 != AUTO) {
            let median = |side, size| group.row(side, size).and_then(|row| row.median_s);
            let point = |size: usize| {
                let (host, device) = (median(HOST, size)?, median(side, size)?);
                Some(Point { size: size as f64, host, device })
            };
            let points: Vec<Point> = group.sizes().into_iter().filter_map(point).collect();
            if let Some(crossover) = Crossover::of(&points) {
                let (backend, mode) = (side.0.to_string(), side.1);
                let (op, dtype) = (group.op.to_string(), group.dtype.to_string());
                all.push(Crossing { op, dtype, backend, mode, crossover });
            }
        }
    }
    all
}
