//! Listeners to calls: events, their records, counters.
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
    /// The outcome of a candidate, in the order tried.
    Considered {
        /// The kind or instance.
        backend: String,
        /// Why it is a candidate.
        origin: Origin,
        /// Its outcome.
        outcome: Outcome,
    },
    /// After the last candidate the default ran, unpinned.
    RanUnpinned,
    /// No backend ran the call.
    NotFound,
    /// A note of another layer: a copy and its bytes, a kernel run, a cost estimate.
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

/// An event and its depth in nested calls.
#[derive(Clone, Debug)]
pub struct Record {
    /// 0 for the outermost call.
    pub depth: usize,
    /// The event.
    pub event: Event,
}

/// A listener. It belongs to a state, and goes with it to other threads.
#[derive(Default)]
pub struct Sink {
    records: Mutex<Vec<Record>>,
    counters: Mutex<BTreeMap<&'static str, u64>>,
    /// The enclosing listener, which gets every event, too.
    outer: Option<Arc<Sink>>,
}

thread_local! {
    /// Depth of nested calls on this thread, while there is a listener.
    static DEPTH: Cell<usize> = const { Cell::new(0) };
}

impl Sink {
    /// A listener inside an enclosing one, if there is one.
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

    /// The events so far.
    pub fn records(&self) -> Vec<Record> {
        self.records.lock().clone()
    }
}

impl fmt::Debug for Sink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sink").field("records", &self.records.lock().len()).finish_non_exhaustive()
    }
}

/// Restores the depth on drop.
pub struct Deeper(usize);

/// Increments the depth until dropped.
pub(super) fn deeper() -> Deeper {
    Deeper(DEPTH.replace(DEPTH.get() + 1))
}

/// Sets the depth to that of an outermost call until dropped.
pub(super) fn at_the_top() -> Deeper {
    Deeper(DEPTH.replace(0))
}

impl Drop for Deeper {
    fn drop(&mut self) {
        DEPTH.set(self.0);
    }
}
