//! Who listens to calls: events, their records, counters.
use std::cell::Cell;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use parking_lot::Mutex;

use super::decline::Operand;
use super::error::{Origin, Outcome};

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
    /// A listener inside another one, if there is one.
    pub(super) fn inside(outer: Option<Arc<Sink>>) -> Arc<Sink> {
        Arc::new(Sink { outer, ..Sink::default() })
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

/// Sets the depth back on drop.
pub(super) struct Deeper(usize);

/// One level deeper.
pub(super) fn deeper() -> Deeper {
    Deeper(DEPTH.replace(DEPTH.get() + 1))
}

/// At the top again, as the outermost call is.
pub(super) fn at_the_top() -> Deeper {
    Deeper(DEPTH.replace(0))
}

impl Drop for Deeper {
    fn drop(&mut self) {
        DEPTH.set(self.0);
    }
}
