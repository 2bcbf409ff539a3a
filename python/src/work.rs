//! Work that may be long. Python's main thread, which alone is told of signals, has another thread do it and looks for them
//! meanwhile: Ctrl-C comes through, and the work ends before its next kernel.
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use parking_lot::{Condvar, Mutex};
use polyarray::array::stoppable;
use polyarray::{Array, Error, HOST, Key, State};
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;

use crate::errors::Raise;

/// Work on fewer elements is done here: it ends before anybody could want to stop it, and a thread costs as much.
const SHORT: usize = 1 << 20;

/// How often signals are looked for.
const LOOK: Duration = Duration::from_millis(50);

/// Set where functions in Python may be called by dispatch: they stay on the thread of the call, whose context they may use.
static PYTHON_INSIDE: AtomicBool = AtomicBool::new(false);

/// Says that functions in Python may be called by dispatch from now on.
pub fn python_inside() {
    PYTHON_INSIDE.store(true, Ordering::Relaxed);
}

/// Whether reading an array may take long: of a device, whatever is queued there is waited for.
fn is_long(array: &Array) -> bool {
    let home = array.residency();
    (home != *HOST && home != Key::NONE) || array.pending_elements(SHORT) >= SHORT
}

/// Whether a call on arrays may compute for long.
pub fn calls_long<'a>(mut arrays: impl Iterator<Item = &'a Array>) -> bool {
    !PYTHON_INSIDE.load(Ordering::Relaxed)
        && arrays.any(|array| array.len() >= SHORT || array.pending_elements(SHORT) >= SHORT)
}

/// Reads an array, or computes it.
pub fn read<T: Send + 'static>(
    py: Python<'_>,
    array: Array,
    read: impl FnOnce(&Array) -> Result<T, Error> + Send + 'static,
) -> PyResult<T> {
    let long = is_long(&array);
    wait(py, long, move || read(&array))
}

/// Does work without holding up Python's other threads, and if it may be long without holding up its signals.
pub fn wait<T: Send + 'static>(
    py: Python<'_>,
    long: bool,
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> PyResult<T> {
    if !long || !hears_signals(py)? {
        return py.detach(work).raise();
    }
    let (state, stop) = (State::current(), Arc::new(AtomicBool::new(false)));
    let done = Arc::new((Mutex::new(None), Condvar::new()));
    let (stopped, ended) = (stop.clone(), done.clone());
    let begin = move || {
        let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            state.enter(|| stoppable(stopped, work))
        }));
        *ended.0.lock() = Some(result);
        ended.1.notify_one();
    };
    let thread = std::thread::Builder::new().name("polyarray work".into()).stack_size(8 << 20);
    thread.spawn(begin).map_err(|error| PyRuntimeError::new_err(format!("no thread for work: {error}")))?;
    loop {
        let result = py.detach(|| {
            let mut result = done.0.lock();
            if result.is_none() {
                done.1.wait_for(&mut result, LOOK);
            }
            result.take()
        });
        match result {
            Some(Ok(result)) => return result.raise(),
            Some(Err(panic)) => std::panic::resume_unwind(panic),
            None => py.check_signals().inspect_err(|_| stop.store(true, Ordering::Relaxed))?,
        }
    }
}

/// Whether this is the thread that Python tells of signals.
fn hears_signals(py: Python<'_>) -> PyResult<bool> {
    let threads = py.import("threading")?;
    let main: u64 = threads.call_method0("main_thread")?.getattr("ident")?.extract()?;
    Ok(threads.call_method0("get_ident")?.extract::<u64>()? == main)
}
