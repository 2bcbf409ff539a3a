//! The conformance suite: every method on one backend, against the reference.

use super::methods::{Arg, Case, Given, Sampler, entry};
use super::reference::Want;
use super::samples::{Plain, unravel};
use super::tolerance::{Where, differs, rule};
use crate::array::Array;
use crate::array::packed::{FALLBACKS, MethodRow, Value, Values, methods};
use crate::device::{ARRAY_KINDS, Device, HOST, Query, open, residency_of};
use crate::dispatch::trace::{Event, Outcome, Record};
use crate::dispatch::{Explanation, Key, Kind, explain};
use crate::dtype::{DTYPES, DType};
use crate::error::{Error, Result};
use crate::graph::trace::OWN_KERNELS;
use crate::memory::HostBuffer;
use std::collections::BTreeSet;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// The domains whose methods the suite holds.
const DOMAINS: [&str; 3] = ["numpy", "numpy.linalg", "numpy.fft"];
/// Differences that are told of one method.
const TOLD: usize = 3;

/// Runs every method of the domains `numpy`, `numpy.linalg` and `numpy.fft` on the first instance of a kind, over dtypes, shapes, layouts and special
/// values, and compares with the reference. Methods that the kind has no kernel for are served as they are for users, by
/// their default or the fallback. Returns what it ran.
///
/// # Panics
/// With the first differences, if there are any; if the kind is not linked or its first instance doesn't open.
#[track_caller]
pub fn conformance(kind: &str) -> Report {
    let report = Conformance::of(kind).run().unwrap_or_else(|e| panic!("{e}"));
    assert!(report.failures.is_empty(), "{report}");
    report
}

type Wrap<'a> = Box<dyn Fn(&Array) -> Result<Array> + 'a>;

/// The suite for one kind, with what it needs to know.
pub struct Conformance<'a> {
    kind: String,
    wrap: Option<Wrap<'a>>,
    seed: u64,
    thorough: Option<bool>,
    domains: Vec<String>,
    only: Vec<String>,
    most: usize,
}

impl<'a> Conformance<'a> {
    /// The suite as [`conformance`] runs it.
    pub fn of(kind: &str) -> Conformance<'a> {
        Conformance {
            kind: kind.into(),
            wrap: None,
            seed: 0x5eed,
            thorough: None,
            domains: DOMAINS.map(String::from).into(),
            only: Vec::new(),
            most: usize::MAX,
        }
    }

    /// For a wrapper backend: arguments are made on the host and handed to `wrap`.
    #[must_use]
    pub fn wrapping(mut self, wrap: impl Fn(&Array) -> Result<Array> + 'a) -> Self {
        self.wrap = Some(Box::new(wrap));
        self
    }

    /// With other samples.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Whether every layout is tried in every dtype, as is usual on the host, or each in one: elsewhere every
    /// combination is a kernel to compile.
    #[must_use]
    pub fn thorough(mut self, thorough: bool) -> Self {
        self.thorough = Some(thorough);
        self
    }

    /// The methods of these domains: for a crate that has kernels for a part of them.
    #[must_use]
    pub fn domains(mut self, domains: &[&str]) -> Self {
        self.domains = domains.iter().map(ToString::to_string).collect();
        self
    }

    /// These methods, not all.
    #[must_use]
    pub fn only(mut self, methods: &[&str]) -> Self {
        self.only = methods.iter().map(ToString::to_string).collect();
        self
    }

    /// At most so many calls of each method, spread over its samples.
    #[must_use]
    pub fn most(mut self, calls: usize) -> Self {
        self.most = calls.max(1);
        self
    }

    /// Runs it.
    ///
    /// # Errors
    /// The kind is not linked, or its first instance doesn't open. Differences are in the report.
    pub fn run(&self) -> Result<Report> {
        let place = self.place()?;
        let mut report = Report { kind: self.kind.clone(), skipped: place.missing(), ..Report::default() };
        for row in self.rows() {
            self.method(row, &place, &mut report);
        }
        Ok(report)
    }

    /// Where arguments are made.
    pub(super) fn place(&self) -> Result<Place> {
        let instance = Kind::named(&self.kind)?.instance(0);
        let arrays = self.wrap.is_none() && ARRAY_KINDS.iter().any(|a| a.name == self.kind);
        let mut place = Place { key: *HOST, at: Where::Host, dtypes: DTYPES.to_vec(), float: DType::F64 };
        if arrays {
            let backend = open(instance)?;
            place.key = residency_of(instance)?;
            place.at = if place.key == *HOST { Where::Host } else { Where::Device };
            place.dtypes.retain(|&d| backend.supports(Query::Hold(d)).is_ok());
            place.float = backend.default_float();
        }
        Ok(place)
    }

    /// The methods that it runs.
    pub(super) fn rows(&self) -> impl Iterator<Item = &'static MethodRow> {
        let wanted = |row: &&MethodRow| {
            let named = self.only.is_empty() || self.only.iter().any(|name| name == row.name);
            named && self.domains.iter().any(|domain| domain == row.domain)
        };
        methods().into_iter().filter(wanted)
    }

    /// The samples of a method; none if it has no entry.
    pub(super) fn cases(&self, row: &MethodRow, place: &Place) -> Option<Vec<Case>> {
        let (samples, _) = entry(row)?;
        // Each method has its own samples, whatever the others are.
        let seed = row
            .name
            .bytes()
            .fold(self.seed, |seed, byte| seed.wrapping_mul(0x100_0000_01b3) ^ u64::from(byte));
        let thorough = self.thorough.unwrap_or(place.at == Where::Host && self.wrap.is_none());
        let cases = samples(&mut Sampler::new(seed, place.dtypes.clone(), thorough), row.name);
        let step = cases.len().div_ceil(self.most).max(1);
        Some(cases.into_iter().step_by(step).collect())
    }

    fn method(&self, row: &'static MethodRow, place: &Place, report: &mut Report) {
        let (Some((_, reference)), Some(cases)) = (entry(row), self.cases(row, place)) else {
            report
                .failures
                .push(format!("{row} has neither samples nor a reference in core's testing/methods"));
            return;
        };
        let (mut ran, mut failures) = (Ran { method: inside(row), ..Ran::default() }, Vec::new());
        for case in cases {
            let want = reference(&Given { args: &case, float: place.float }, row.name);
            if want.iter().any(|want| !place.dtypes.contains(&want.dtype)) {
                ran.skipped += 1;
                continue;
            }
            ran.calls += 1;
            ran.elements += want.iter().map(|want| want.len()).sum::<usize>();
            let (outcome, how) = explain(|| self.case(row, &case, &want, place));
            // Nothing runs where there is nothing to compute.
            if want.iter().any(|want| !want.is_empty()) {
                ran.ways.extend(Way::of(row, &how));
            }
            if let Err(what) = outcome {
                let args: Vec<String> = case.iter().map(ToString::to_string).collect();
                failures.push(format!("{}({}): {what}", row.name, args.join(", ")));
            }
        }
        let more = failures.len().saturating_sub(TOLD);
        report.failed += failures.len();
        report.failures.extend(failures.into_iter().take(TOLD));
        if more > 0 {
            report.failures.push(format!("{}: {more} more calls differ", row.name));
        }
        report.ran.push(ran);
    }

    /// The kind.
    pub(super) fn kind(&self) -> &str {
        &self.kind
    }

    /// The arrays that a call gives, computed, and the elements of those that have at most so many.
    pub(super) fn results(
        &self,
        row: &MethodRow,
        case: &Case,
        want: &[Want],
        place: &Place,
        most: usize,
    ) -> Result<(Vec<Array>, Vec<Plain>), Failed> {
        let called = catch_unwind(AssertUnwindSafe(|| {
            let args = self.arguments(case, place)?;
            place.poison(want)?;
            let results = (row.call)(&args)?;
            let arrays =
                results.iter().map(|value| arrays_of(value, place.key)).collect::<Result<Vec<_>>>()?.concat();
            arrays.iter().try_for_each(|x| x.eval().map(|_| ()))?;
            let few = arrays.iter().filter(|x| x.len() <= most);
            let read = few.map(Plain::read).collect::<Result<Vec<_>>>()?;
            Ok((arrays, read))
        }));
        match called {
            Ok(outcome) => outcome.map_err(Failed::Refused),
            Err(panic) => {
                let text = panic.downcast_ref::<String>().map(String::as_str);
                let text = text.or(panic.downcast_ref::<&str>().copied()).unwrap_or("of another type");
                Err(Failed::Panicked(text.into()))
            }
        }
    }

    /// Whether a call gives what is wanted.
    pub(super) fn case(
        &self,
        row: &MethodRow,
        case: &Case,
        want: &[Want],
        place: &Place,
    ) -> Result<(), String> {
        let (arrays, got) =
            self.results(row, case, want, place, usize::MAX).map_err(|failed| failed.to_string())?;
        if got.len() != want.len() {
            return Err(format!("{} arrays instead of {}", got.len(), want.len()));
        }
        for ((array, got), want) in arrays.iter().zip(&got).zip(want) {
            if self.wrap.is_none() && array.residency() != place.key {
                return Err(format!("the result is on {} instead of {}", array.residency(), place.key));
            }
            compare(row.name, case, got, want, place.at)?;
        }
        if let Some(check) = want.first().and_then(|want| want.check.as_ref()) {
            check.holds(&got)?;
        }
        Ok(())
    }

    fn arguments(&self, case: &Case, place: &Place) -> Result<Values> {
        let make = |sample: &super::samples::Sample| -> Result<Array> {
            match &self.wrap {
                Some(wrap) => wrap(&sample.array(&|x| Ok(x.clone()))?),
                None => sample.array(&|x| x.to(Device::At(place.key))),
            }
        };
        let argument = |arg: &Arg| -> Result<Value> {
            Ok(match arg {
                Arg::Array(sample) => Value::Array(make(sample)?),
                Arg::Arrays(samples) => Value::Arrays(samples.iter().map(make).collect::<Result<_>>()?),
                Arg::Weak(value) => Value::Array(Array::weak(*value)),
                Arg::Place => Value::Device(Device::At(place.key)),
                Arg::Plain(value, _) => value.clone(),
            })
        };
        case.iter().map(argument).collect()
    }
}

/// Why a call gave no result.
pub(super) enum Failed {
    /// With an error.
    Refused(Error),
    /// With a panic, which said so much.
    Panicked(String),
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failed::Refused(error) => error.fmt(f),
            Failed::Panicked(text) => write!(f, "it panicked: {text}"),
        }
    }
}

/// Where arguments are made, and what can be made there.
pub(super) struct Place {
    key: Key,
    pub(super) at: Where,
    pub(super) dtypes: Vec<DType>,
    pub(super) float: DType,
}

impl Place {
    fn missing(&self) -> Vec<DType> {
        DTYPES.into_iter().filter(|d| !self.dtypes.contains(d)).collect()
    }

    /// Leaves memory full of ones behind, which results of this size are likely to get: what a kernel leaves unwritten
    /// is NaN, an index out of every bound, no valid bool.
    fn poison(&self, want: &[Want]) -> Result<()> {
        for want in want.iter().filter(|want| !want.is_empty()) {
            let bytes = want.len() * want.dtype.size();
            if self.key == *HOST {
                HostBuffer::unwritten(DType::U8, bytes)?.bytes_mut().fill(0xff);
            } else {
                Array::from(vec![u8::MAX; bytes]).to(Device::At(self.key))?;
            }
        }
        Ok(())
    }
}

/// The arrays of a result; a truth value as an array of one.
fn arrays_of(value: &Value, key: Key) -> Result<Vec<Array>> {
    match value.get::<bool>() {
        Some(&truth) => Ok(vec![Array::scalar(truth).to(Device::At(key))?]),
        None => Ok(value.arrays().to_vec()),
    }
}

/// The name of a method, after that of its domain inside `numpy`: `sum`, `linalg.svd`.
fn inside(row: &MethodRow) -> String {
    let full = row.to_string();
    full.strip_prefix("numpy.").unwrap_or(&full).to_owned()
}

fn compare(method: &str, case: &Case, got: &Plain, want: &Want, at: Where) -> Result<(), String> {
    if got.dtype != want.dtype || got.shape != want.shape {
        return Err(format!(
            "a result of {} {:?} instead of {} {:?}",
            got.dtype, got.shape, want.dtype, want.shape
        ));
    }
    let first = case.iter().flat_map(Arg::samples).next();
    let input = first.map_or(want.dtype, |sample| sample.values.dtype);
    let rule = rule(method.trim_end_matches('_'), input, want.dtype, want.terms);
    let mut bad = got
        .data
        .iter()
        .zip(&want.elements)
        .enumerate()
        .filter_map(|(i, (&got, truth))| differs(rule, got, truth, at).map(|how| (i, how)));
    let Some((i, how)) = bad.next() else { return Ok(()) };
    let index = unravel(i, &want.shape);
    let more = bad.count();
    let operands: Vec<String> = case
        .iter()
        .flat_map(Arg::samples)
        .filter(|sample| broadcasts(&sample.values.shape, &want.shape))
        .map(|sample| sample.values.broadcast_at(&index).to_string())
        .collect();
    Err(format!("at {index:?} {how}; operands there: {}; {more} more", operands.join(", ")))
}

fn broadcasts(from: &[usize], to: &[usize]) -> bool {
    from.len() <= to.len() && from.iter().rev().zip(to.iter().rev()).all(|(&f, &t)| f == t || f == 1)
}

/// What served a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Way {
    /// Fused kernels.
    Fused,
    /// A kernel of its own.
    Kernel,
    /// The method's default, all of whose parts the backend runs.
    Default,
    /// The method's default, of which a part fell back.
    DefaultFallsBack,
    /// The host, by the fallback.
    Fallback,
}

impl Way {
    /// By which way the first call of a method went, in what was explained.
    fn of(row: &MethodRow, how: &Explanation) -> Option<Way> {
        let name = row.to_string();
        let called =
            |record: &&Record| matches!(&record.event, Event::Called { method, .. } if *method == name);
        let depth = how.records.iter().find(called)?.depth;
        let outcomes: Vec<&Event> =
            how.records.iter().filter(|record| record.depth == depth).map(|record| &record.event).collect();
        let came = |of: fn(&Outcome) -> bool| {
            outcomes.iter().any(|event| matches!(event, Event::Considered { outcome, .. } if of(outcome)))
        };
        let fell_back = how.counters.contains_key(FALLBACKS);
        if came(|outcome| matches!(outcome, Outcome::FellBack)) {
            Some(Way::Fallback)
        } else if came(|outcome| matches!(outcome, Outcome::RanDefault(_))) {
            Some(if fell_back { Way::DefaultFallsBack } else { Way::Default })
        } else if came(|outcome| matches!(outcome, Outcome::Ran)) {
            let own = how.counters.contains_key(OWN_KERNELS);
            Some(if own { Way::Kernel } else { Way::Fused })
        } else {
            None
        }
    }
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Way::Fused => "fused",
            Way::Kernel => "own kernel",
            Way::Default => "default",
            Way::DefaultFallsBack => "default, a part by fallback",
            Way::Fallback => "fallback",
        })
    }
}

/// What the suite ran of a method.
#[derive(Clone, Debug, Default)]
pub struct Ran {
    /// The method: its name, after that of its domain inside `numpy`.
    pub method: String,
    /// Number of calls.
    pub calls: usize,
    /// Elements compared.
    pub elements: usize,
    /// What served them.
    pub ways: BTreeSet<Way>,
    /// Calls left out, because the place doesn't hold the dtype of a result.
    pub skipped: usize,
}

/// What the suite ran, and what differed.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// The kind.
    pub kind: String,
    /// Dtypes that the place doesn't hold: no call has arguments of them.
    pub skipped: Vec<DType>,
    /// Each method, by name.
    pub ran: Vec<Ran>,
    /// The first differences of each method.
    pub failures: Vec<String>,
    /// Number of calls that differed.
    pub failed: usize,
}

impl Report {
    /// Number of calls.
    pub fn calls(&self) -> usize {
        self.ran.iter().map(|ran| ran.calls).sum()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (elements, skipped) =
            self.ran.iter().fold((0, 0), |(e, s), ran| (e + ran.elements, s + ran.skipped));
        write!(
            f,
            "conformance of {}: {} methods, {} calls, {elements} elements compared",
            self.kind,
            self.ran.len(),
            self.calls()
        )?;
        if !self.skipped.is_empty() {
            let names: Vec<&str> = self.skipped.iter().map(|d| d.name()).collect();
            write!(
                f,
                "; left out: {} as dtypes of arguments, {skipped} calls for their result",
                names.join(" ")
            )?;
        }
        for failure in &self.failures {
            write!(f, "\n  {failure}")?;
        }
        if self.failed > 0 {
            write!(f, "\n{} calls differ", self.failed)?;
        }
        Ok(())
    }
}
