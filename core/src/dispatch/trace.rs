//! Traces of calls: `explain`, and the listener in force.
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use super::decline::Operand;
pub use super::error::Outcome;
use super::sink::{Deeper, at_the_top, deeper};
pub use super::sink::{Event, Record, Sink};
use super::state::{Listening, Replaced, fast_id, sink, walk};
use super::walk::{ROOT, Step};

impl Sink {
    /// A listener inside the one in force, if there is one.
    pub fn new() -> Arc<Sink> {
        Sink::inside(sink())
    }
}

/// The listener in force. A layer that does its work later keeps it when it records the work.
pub fn current_sink() -> Option<Arc<Sink>> {
    sink()
}

/// Whether there may be a listener. Costs a load.
#[inline]
pub fn is_listening() -> bool {
    fast_id() == 0
}

/// What the listener hears of a call that no backend is chosen for, until it is dropped.
pub struct Called {
    sink: Arc<Sink>,
    _deeper: Deeper,
}

impl Called {
    /// Records an outcome.
    pub fn note(&self, note: impl fmt::Display + Send + Sync + 'static) {
        self.sink.note(note);
    }
}

/// Tells the listener in force, if there is one, of a call.
pub fn called(method: &str, operands: impl FnOnce() -> Vec<Operand>) -> Option<Called> {
    let sink = sink()?;
    let called = Called { sink, _deeper: deeper() };
    called.sink.emit(Event::Called { method: method.to_owned(), operands: operands() });
    Some(called)
}

/// Runs `f` with a listener.
pub fn listen<R>(sink: &Arc<Sink>, f: impl FnOnce() -> R) -> R {
    let _listening = Listening::to(Arc::clone(sink));
    f()
}

/// Runs `f` in the empty state, but with the listener in force, and without a fallback where none is allowed.
#[inline]
pub fn detached_but_heard<R>(f: impl FnOnce() -> R) -> R {
    let empty = if walk().strict { ROOT.child(Step::Strict) } else { &ROOT };
    let _replaced = Replaced::by(empty, sink());
    f()
}

/// Runs a call, and returns its trace.
pub fn explain<R>(f: impl FnOnce() -> R) -> (R, Explanation) {
    let sink = Sink::new();
    let depth = at_the_top();
    let result = listen(&sink, f);
    drop(depth);
    (result, Explanation { records: sink.records(), counters: sink.counters() })
}

/// The trace of a call: every candidate in order, why it was passed over, refused or declined, what was copied, what ran.
/// `Display` prints it, indented by nesting.
#[derive(Clone, Debug)]
pub struct Explanation {
    /// The steps.
    pub records: Vec<Record>,
    /// The counters.
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
