//! The decision: the estimated time of a call on each instance, copies included.

use std::fmt;

use polyarray_core::dispatch::trace::current_sink;
use polyarray_core::dispatch::{Instance, Stop};
use polyarray_core::{Array, Error};
use smallvec::SmallVec;

use crate::estimate::Call;
use crate::work::Work;

/// The expected time of a call on one instance, in seconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// The instance.
    pub on: Instance,
    /// Copying the operands there. Negative if their pending work is then done there and takes less time than where it
    /// was recorded.
    pub there: f64,
    /// The work itself.
    pub work: f64,
    /// Copying the result back to where the operands live.
    pub back: f64,
    /// Bit set of the operands whose pending work is re-recorded there, by position.
    pub again: u8,
}

impl Estimate {
    /// The sum.
    pub fn seconds(&self) -> f64 {
        self.there + self.work + self.back
    }
}

impl fmt::Display for Estimate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let micro = |seconds: f64| seconds * 1e6;
        write!(f, "{} {:.1} µs", self.on, micro(self.seconds()))?;
        if self.there != 0.0 || self.back > 0.0 {
            write!(f, " (copies {:.1} there, {:.1} back)", micro(self.there), micro(self.back))?;
        }
        if self.again != 0 {
            f.write_str(" and what is pending before it")?;
        }
        Ok(())
    }
}

type Estimates = SmallVec<[Estimate; 4]>;

/// The estimates for a call, smallest first: those by which `auto` decides, for programs that want to know beforehand.
///
/// # Errors
/// Declined if all operands are bare scalars, which have no residency, or if no instance can be opened.
pub fn estimates(work: Work, operands: &[&Array]) -> Result<Estimates, Stop<Error>> {
    let call = Call::of(work, operands)?;
    let mut all: Estimates = call.estimates().collect();
    all.sort_by(|a, b| a.seconds().total_cmp(&b.seconds()));
    if all.is_empty() { Err(Stop::declined("no backend that it holds can be opened")) } else { Ok(all) }
}

/// [`estimates`], told to a listener.
pub(crate) fn rank(work: Work, operands: &[&Array]) -> Result<Estimates, Stop<Error>> {
    let all = estimates(work, operands)?;
    if let Some(sink) = current_sink() {
        let said: Vec<String> = all.iter().map(Estimate::to_string).collect();
        sink.note(format!("auto: {work:?} goes to {}: {}", all[0].on, said.join("; ")));
    }
    Ok(all)
}
