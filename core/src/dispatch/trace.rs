//! What a call did, for whoever listens: `explain`, counters, the tool's `explain` flag.
use std::cell::Cell;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use parking_lot::Mutex;

use super::candidates::{Origin, Passed};
use super::decline::Operand;
use super::error::{Error, Indented};
use super::state::{Replaced, State, fast_id, sink, walk};

/// What came of one candidate.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Outcome {
    /// Not asked.
    Passed(Passed),
    /// It can't have the arguments, and why.
    Refused(String),
    /// It has the arguments and no result: the implementation's reason (none: it has none), and what
    /// its default, run with this backend pinned, did not find.
    Declined {
        /// The implementation's reason; none if there is no implementation.
        implementation: Option<String>,
        /// What the pinned default did not find, if there is a default.
        default: Option<Error>,
    },
    /// Its implementation ran.
    Ran,
    /// The default ran, with this backend pinned; the implementation's reason, if it has one.
    RanDefault(Option<String>),
    /// Nobody had a result: the call ran elsewhere, and the results were brought back.
    FellBack,
    /// Its implementation, a conversion for it, or its default failed: the caller has the error.
    Failed,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lacks = |reason: &Option<String>| match reason {
            Some(reason) => format!("declined: {reason}"),
            None => "has no implementation".to_owned(),
        };
        match self {
            Outcome::Passed(passed) => passed.fmt(f),
            Outcome::Refused(why) => write!(f, "refused: {why}"),
            Outcome::Declined { implementation, default } => {
                f.write_str(&lacks(implementation))?;
                match default {
                    Some(error) => write!(f, "; its default, pinned here: {}", Indented(error)),
                    None => Ok(()),
                }
            }
            Outcome::Ran => f.write_str("ran"),
            Outcome::RanDefault(reason) => write!(f, "{}; ran the default, pinned here", lacks(reason)),
            Outcome::FellBack => f.write_str("fell back: ran elsewhere, and the results were brought back"),
            Outcome::Failed => f.write_str("failed"),
        }
    }
}

/// One step of a call.
#[derive(Clone)]
#[non_exhaustive]
pub enum Event {
    /// A method was called.
    Called {
        /// Its name with its domain.
        method: String,
        /// Its operands.
        operands: Vec<Operand>,
    },
    /// What came of a candidate, in the order asked.
    Considered {
        /// The kind or instance.
        backend: String,
        /// How it came to be a candidate.
        origin: Origin,
        /// What came of it.
        outcome: Outcome,
    },
    /// After the last backend the default ran, unpinned.
    RanUnpinned,
    /// Nothing ran the call.
    NotFound,
    /// What other layers have to say: a copy and its bytes, a kernel run, a cost estimate.
    Note(Arc<dyn fmt::Display + Send + Sync>),
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Event::Called { method, operands } => {
                write!(f, "{method}(")?;
                for (n, operand) in operands.iter().enumerate() {
                    write!(f, "{}{operand}", if n == 0 { "" } else { ", " })?;
                }
                f.write_str(")")
            }
            Event::Considered { backend, origin, outcome } => write!(f, "{backend} ({origin}): {outcome}"),
            Event::RanUnpinned => f.write_str("ran the default, no backend pinned"),
            Event::NotFound => f.write_str("no backend ran it"),
            Event::Note(note) => note.fmt(f),
        }
    }
}

impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// An event and how deep in nested calls it happened.
#[derive(Clone, Debug)]
pub struct Record {
    /// 0 for the outermost call.
    pub depth: usize,
    /// What happened.
    pub event: Event,
}

/// A listener: it belongs to a state, goes with it to other threads, and mixes with no other.
#[derive(Default)]
pub struct Sink {
    records: Mutex<Vec<Record>>,
    counters: Mutex<BTreeMap<&'static str, u64>>,
    /// The listener around this one hears all of it, too.
    outer: Option<Arc<Sink>>,
}

thread_local! {
    /// How deep in calls this thread is, while somebody listens.
    static DEPTH: Cell<usize> = const { Cell::new(0) };
}

impl Sink {
    /// A listener inside the one in force, if there is one.
    pub fn new() -> Arc<Sink> {
        Arc::new(Sink { outer: sink(), ..Sink::default() })
    }

    /// Records an event.
    pub fn emit(&self, event: Event) {
        if let Some(outer) = &self.outer {
            outer.emit(event.clone());
        }
        self.records.lock().push(Record { depth: DEPTH.get(), event });
    }

    /// Records a note: `sink.note(Copied { bytes, from, to })`.
    pub fn note(&self, note: impl fmt::Display + Send + Sync + 'static) {
        self.emit(Event::Note(Arc::new(note)));
    }

    /// Adds to a counter: `sink.count("bytes uploaded", n)`.
    pub fn count(&self, counter: &'static str, by: u64) {
        if let Some(outer) = &self.outer {
            outer.count(counter, by);
        }
        *self.counters.lock().entry(counter).or_default() += by;
    }

    /// A counter's value; 0 if nothing was counted.
    pub fn counter(&self, counter: &str) -> u64 {
        self.counters.lock().get(counter).copied().unwrap_or(0)
    }

    /// All counters.
    pub fn counters(&self) -> BTreeMap<&'static str, u64> {
        self.counters.lock().clone()
    }

    /// What was recorded so far.
    pub fn records(&self) -> Vec<Record> {
        self.records.lock().clone()
    }
}

impl fmt::Debug for Sink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sink").field("records", &self.records.lock().len()).finish_non_exhaustive()
    }
}

/// The listener in force. A layer that works later, on another thread, keeps it when it records.
pub fn current_sink() -> Option<Arc<Sink>> {
    sink()
}

/// Does anybody listen, or might somebody? Costs a load.
#[inline]
pub fn is_listening() -> bool {
    fast_id() == 0
}

/// Runs `f` with a listener.
pub fn listen<R>(sink: &Arc<Sink>, f: impl FnOnce() -> R) -> R {
    let _replaced = Replaced::by(walk(), Some(Arc::clone(sink)));
    f()
}

/// Runs `f` in the empty state, with the listener in force.
#[inline]
pub fn detached_but_heard<R>(f: impl FnOnce() -> R) -> R {
    let _replaced = Replaced::by(State::empty().walk, sink());
    f()
}

/// Runs a call and says what it did.
pub fn explain<R>(f: impl FnOnce() -> R) -> (R, Explanation) {
    let sink = Sink::new();
    let outside = DEPTH.replace(0);
    let depth = Deeper(outside);
    let result = listen(&sink, f);
    drop(depth);
    (result, Explanation { records: sink.records(), counters: sink.counters() })
}

/// Sets the depth back on drop.
pub(super) struct Deeper(usize);

pub(super) fn deeper() -> Deeper {
    Deeper(DEPTH.replace(DEPTH.get() + 1))
}

impl Drop for Deeper {
    fn drop(&mut self) {
        DEPTH.set(self.0);
    }
}

/// What a call did: every candidate in order, why it was passed over, refused or declined, what was
/// copied, what ran. `Display` prints it, indented by nesting.
#[derive(Clone, Debug)]
pub struct Explanation {
    /// The steps.
    pub records: Vec<Record>,
    /// What was counted meanwhile.
    pub counters: BTreeMap<&'static str, u64>,
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for record in &self.records {
            let own = usize::from(!matches!(record.event, Event::Called { .. }));
            let indent = "  ".repeat(record.depth.saturating_sub(1) * 2 + own);
            writeln!(f, "{indent}{}", record.event.to_string().replace('\n', &format!("\n{indent}  ")))?;
        }
        for (counter, value) in &self.counters {
            writeln!(f, "{counter}: {value}")?;
        }
        Ok(())
    }
}
