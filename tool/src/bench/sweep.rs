//! The sweep: each job's inputs are made, each side's result checked, and then the sides that are right are timed
//! in turn.
use std::time::Instant;

use crate::measure::{Call, Place, Schedule, Times, copy_rate, interleaved, product_rate};
use polyarray::array::Array;
use polyarray::{DType, Error, Result};

use super::cases::{Bound, Work};
use super::check::Expected;
use super::machine;
use super::record::{Backend, Mode, Row, Status};
use super::select::Job;

/// How much is measured.
#[derive(Clone, Copy)]
pub struct Effort {
    pub seconds_per_case: f64,
    pub quick: bool,
}

/// Seconds after which a side that is this slow has been measured well enough.
pub const PATIENCE: f64 = 1.0;
/// Rounds by the device's own clock, beside those by the wall's; one where they are long.
const CLOCK_ROUNDS: usize = 3;
const LONG: f64 = 0.1;

impl Effort {
    pub fn schedule(self) -> Schedule {
        let (least, most) = if self.quick { (3, 30) } else { (5, 300) };
        Schedule { seconds: self.seconds_per_case, warm_up: 1, least, most, patience: PATIENCE }
    }

    /// Bytes, rows of a matrix and rounds of the ceilings.
    fn ceilings(self) -> (usize, usize, usize) {
        if self.quick { (16 << 20, 256, 3) } else { (64 << 20, 1024, 5) }
    }
}

/// Measures the ceilings of every place, or measures them again: the most that was ever seen counts.
///
/// # Errors
/// Out of memory, a lost device.
pub fn ceilings(places: &[Place], backends: &mut [Backend], dtypes: &[DType], effort: Effort) -> Result<()> {
    let (bytes, n, rounds) = effort.ceilings();
    let mut host_copy: Option<f64> = None;
    for (place, backend) in places.iter().zip(backends.iter_mut()).filter(|(place, _)| !place.is_wrapped()) {
        let mut copy = copy_rate(place, bytes, rounds)? / 1e9;
        if place.is_host() {
            host_copy = Some(copy);
        } else if backend.shares_host_memory {
            // An adapter that is the CPU can do what the CPU can, if only one asks it the right way.
            let host = match host_copy {
                Some(host) => host,
                None => copy_rate(&Place::open("host")?, bytes, rounds)? / 1e9,
            };
            copy = copy.max(host);
        }
        let seen = &mut backend.ceilings;
        seen.copy_gbps = Some(seen.copy_gbps.map_or(copy, |before| before.max(copy)));
        for &dtype in dtypes {
            match product_rate(place, dtype, n, rounds) {
                Ok(rate) => {
                    let known = seen.gemm_gflops.entry(dtype.name().to_string()).or_default();
                    *known = known.max(rate / 1e9);
                }
                Err(error) if is_unsupported(&error) => {}
                Err(error) => return Err(error),
            }
        }
    }
    Ok(())
}

/// One side of a comparison: a place, and where the data is when the clock starts.
struct Side<'a> {
    place: &'a Place,
    mode: Mode,
    /// Inputs as this side gets them.
    inputs: Vec<Array>,
}

/// Runs one job on every place: a row per side, without rates against ceilings, which [`rate`] fills in.
///
/// # Errors
/// Only what goes wrong on the host while inputs and reference are made; what a side fails with is in its row.
pub fn run(job: &Job<'_>, places: &[Place], effort: Effort) -> Result<Vec<Row>> {
    let inputs = (job.case.inputs)(job.size);
    let made = inputs.iter().enumerate().map(|(number, input)| input.make(number, job.dtype));
    let host: Vec<Array> = made.collect::<Result<_>>()?;
    let expected = Expected::of(job.case, &host)?;

    let mut rows: Vec<Row> = Vec::new();
    let mut ready: Vec<(usize, Side<'_>)> = Vec::new();
    let start = Instant::now();
    for (place, mode) in sides(job, places) {
        let mut row = blank(job, place, mode, &host);
        match &expected {
            Err(wrong) => (row.status, row.detail) = (Status::Failed, Some(wrong.clone())),
            Ok(expected) => match check(job, place, mode, &host, expected, &mut row) {
                Ok(Ok(side)) => ready.push((rows.len(), side)),
                Ok(Err(wrong)) => (row.status, row.detail) = (Status::Wrong, Some(wrong)),
                Err(error) => fail(&mut row, &error),
            },
        }
        rows.push(row);
    }

    let slow = start.elapsed().as_secs_f64() > PATIENCE;
    let timed_round = |side: &Side<'_>| -> Result<f64> {
        if side.place.is_wrapped() {
            // It may have copied anywhere: every round begins without.
            places.iter().try_for_each(|place| place.forget(&side.inputs))?;
        }
        Ok(round(job, side)?.1)
    };
    let mut rounds: Vec<Call<'_>> =
        ready.iter().map(|(_, side)| -> Call<'_> { Box::new(|| timed_round(side)) }).collect();
    // A check that took long has warmed up what there is.
    let warm_up = usize::from(!slow);
    let times = interleaved(&Schedule { warm_up, ..effort.schedule() }, &mut rounds);
    drop(rounds);
    for ((at, side), times) in ready.iter().zip(times) {
        let row = &mut rows[*at];
        match times {
            Ok(times) => timed(row, &times),
            Err(error) => fail(row, &error),
        }
        if row.status == Status::Ok && side.mode == Mode::Resident && !side.place.is_host() {
            let rounds = if row.median_s.is_some_and(|median| median > LONG) { 1 } else { CLOCK_ROUNDS };
            let clocked: Option<Vec<f64>> = (0..rounds)
                .map(|_| machine::device_seconds(side.place, &mut || Ok(round(job, side)?.1)))
                .collect();
            row.device_s = clocked.and_then(|seconds| Times::of(&seconds)).map(|times| times.median);
        }
    }
    Ok(rows)
}

fn sides<'a>(job: &Job<'_>, places: &'a [Place]) -> Vec<(&'a Place, Mode)> {
    let mut sides = Vec::new();
    for place in places {
        match (place.is_host(), job.case.is_transfer()) {
            // Host memory to host memory is no way to go.
            (true, true) => {}
            (true, false) if place.is_wrapped() => sides.push((place, Mode::Copies)),
            (true, false) => sides.push((place, Mode::Resident)),
            (false, true) => sides.push((place, Mode::Copies)),
            (false, false) => sides.extend([(place, Mode::Resident), (place, Mode::Copies)]),
        }
    }
    sides
}

/// A row before anything is known of it.
fn blank(job: &Job<'_>, place: &Place, mode: Mode, inputs: &[Array]) -> Row {
    let shape: Vec<Vec<usize>> = inputs.iter().map(|input| input.shape().to_vec()).collect();
    Row {
        library: "polyarray".to_string(),
        op: job.case.name.to_string(),
        size: job.size,
        flops: (job.case.operations)(&shape),
        shape,
        dtype: job.dtype.name().to_string(),
        backend: place.name(),
        mode,
        status: Status::Ok,
        detail: None,
        median_s: None,
        q1_s: None,
        q3_s: None,
        min_s: None,
        rounds: 0,
        bytes: 0,
        gbps: None,
        gflops: None,
        bound: job.case.bound,
        share_of_ceiling: None,
        device_s: None,
        error: None,
    }
}

/// Brings the inputs to where the side wants them and holds its first result against what is right.
fn check<'a>(
    job: &Job<'_>,
    place: &'a Place,
    mode: Mode,
    host: &[Array],
    expected: &Expected,
    row: &mut Row,
) -> Result<Result<Side<'a>, String>> {
    let stays = mode == Mode::Resident || matches!(job.case.work, Work::Download);
    let inputs = if stays { place.hold(host)? } else { host.to_vec() };
    let side = Side { place, mode, inputs };
    let (result, _) = round(job, &side)?;
    let nbytes = |array: &Array| (array.len() * array.dtype().size()) as u64;
    let read: u64 = host.iter().map(nbytes).sum();
    row.bytes = if job.case.is_transfer() { read } else { read + nbytes(&result) };
    Ok(expected.check(&result, job.dtype)?.map(|error| {
        row.error = Some(error);
        side
    }))
}

/// One round of a side: its result and the seconds that it took.
fn round(job: &Job<'_>, side: &Side<'_>) -> Result<(Array, f64)> {
    let (place, inputs) = (side.place, side.inputs.as_slice());
    match (job.case.work, side.mode) {
        (Work::Compute(body), Mode::Resident) => place.resident_round(inputs, &body),
        (Work::Read(body), Mode::Resident) => place.read_round(inputs, &body),
        (Work::Compute(body) | Work::Read(body), Mode::Copies) => place.copying_round(inputs, &body),
        (Work::Upload, _) => {
            let (there, seconds) = place.upload_round(inputs)?;
            Ok((there.unwrap_or_else(|| inputs[0].clone()), seconds))
        }
        (Work::Download, _) => place.read_round(inputs, &|x| Ok(x[0].clone())),
    }
}

fn timed(row: &mut Row, times: &Times) {
    (row.median_s, row.q1_s, row.q3_s) = (Some(times.median), Some(times.q1), Some(times.q3));
    (row.min_s, row.rounds) = (Some(times.fastest), times.rounds);
    // A clock that shows nothing shows no rate.
    let rate = |count: u64| (times.median > 0.0 && count > 0).then(|| count as f64 / times.median / 1e9);
    (row.gbps, row.gflops) = (rate(row.bytes), rate(row.flops));
}

fn fail(row: &mut Row, error: &Error) {
    row.status = if is_unsupported(error) { Status::Unsupported } else { Status::Failed };
    row.detail = Some(error.to_string());
}

fn is_unsupported(error: &Error) -> bool {
    matches!(error, Error::Unsupported { .. })
}

/// Holds the rows against the ceilings. Of data that moves there is no share: no ceiling covers the way.
pub fn rate(rows: &mut [Row], backends: &[Backend]) {
    for row in rows.iter_mut().filter(|row| row.mode == Mode::Resident) {
        let Some(backend) = backends.iter().find(|backend| backend.name == row.backend) else { continue };
        let ceilings = &backend.ceilings;
        let (reached, ceiling) = match row.bound {
            Bound::Copy => (row.gbps, ceilings.copy_gbps),
            Bound::Gemm => (row.gflops, ceilings.gemm(&row.dtype)),
            Bound::Latency => (None, None),
        };
        row.share_of_ceiling = reached.zip(ceiling).map(|(reached, ceiling)| reached / ceiling);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::cases::Case;
    use crate::bench::table::table;

    const EFFORT: Effort = Effort { seconds_per_case: 0.0, quick: true };

    fn case(name: &str) -> Case {
        table().into_iter().find(|case| case.name == name).unwrap()
    }

    #[test]
    fn a_wrong_result_is_reported_and_never_timed() {
        use std::sync::atomic::{AtomicUsize, Ordering};
        static CALLS: AtomicUsize = AtomicUsize::new(0);
        let host = Place::open("host").unwrap();
        // Wrong in float32 only: the reference in float64 is as it should be.
        let wrong = Case {
            work: Work::Compute(|x| {
                let y = polyarray::exp(&polyarray::sin(&x[0])?)?;
                if x[0].dtype() == DType::F64 {
                    return Ok(y);
                }
                CALLS.fetch_add(1, Ordering::Relaxed);
                polyarray::add(&y, 1e-3)
            }),
            ..case("exp(sin(x))")
        };
        let rows = run(&Job { case: &wrong, size: 100, dtype: DType::F32 }, &[host], EFFORT).unwrap();
        assert_eq!((rows.len(), rows[0].status, rows[0].rounds), (1, Status::Wrong, 0));
        assert!(rows[0].median_s.is_none());
        assert!(rows[0].detail.as_ref().unwrap().contains("element 0 is"), "{:?}", rows[0].detail);
        assert_eq!(CALLS.load(Ordering::Relaxed), 1, "once to see, never to time");
        let right = case("exp(sin(x))");
        let rows = run(&Job { case: &right, size: 100, dtype: DType::F32 }, &[host], EFFORT).unwrap();
        assert_eq!((rows[0].status, rows[0].rounds), (Status::Ok, 3));
    }

    #[test]
    fn a_wrong_reference_condemns_nobody_else() {
        let host = Place::open("host").unwrap();
        let wrong = Case { value_at: |_, _| 0.0, ..case("a*b+c") };
        let rows = run(&Job { case: &wrong, size: 100, dtype: DType::F32 }, &[host], EFFORT).unwrap();
        assert_eq!(rows[0].status, Status::Failed);
        assert!(rows[0].detail.as_ref().unwrap().contains("the reference is wrong"));
    }

    #[test]
    fn every_case_is_right_on_every_place() {
        let names = |name: &str| Place::open(name).map(|place| vec![place]);
        polyarray::testing::on_every_backend(|name| {
            for case in table() {
                let dtype = case.dtypes(&[DType::F32])[0];
                let rows = run(&Job { case: &case, size: 2000, dtype }, &names(name)?, EFFORT)?;
                assert_eq!(rows.is_empty(), name == "host" && case.is_transfer(), "{}", case.name);
                for row in rows {
                    assert_eq!(row.status, Status::Ok, "{}: {:?}", row.op, row.detail);
                    assert!(row.median_s.unwrap() > 0.0 && row.bytes > 0, "{row:?}");
                }
            }
            Ok(())
        });
    }

    #[test]
    fn shares_are_of_the_ceiling_that_binds() {
        let host = Place::open("host").unwrap();
        let mut backends = [machine::backend(&host)];
        ceilings(&[host], &mut backends, &[DType::F32], EFFORT).unwrap();
        backends[0].ceilings.copy_gbps = Some(100.0);
        backends[0].ceilings.gemm_gflops.insert("float32".into(), 50.0);
        let mut row = blank(
            &Job { case: &case("matmul-int8"), size: 16, dtype: DType::I8 },
            &host,
            Mode::Resident,
            &[
                Array::from_vec(vec![0i8; 16], &[4, 4]).unwrap(),
                Array::from_vec(vec![0i8; 16], &[4, 4]).unwrap(),
            ],
        );
        (row.gbps, row.gflops) = (Some(25.0), Some(100.0));
        let streaming = Row { bound: Bound::Copy, ..row.clone() };
        let moving = Row { mode: Mode::Copies, ..streaming.clone() };
        let mut rows = [row, streaming, moving];
        rate(&mut rows, &backends);
        assert_eq!(rows.map(|row| row.share_of_ceiling), [Some(2.0), Some(0.25), None]);
    }
}
