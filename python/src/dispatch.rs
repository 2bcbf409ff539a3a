//! Scopes as context managers, the process's backends, and explanations of calls.
use std::cell::RefCell;
use std::sync::atomic::{AtomicU64, Ordering};

use polyarray::dispatch::{
    Argument, Clear, GlobalOptions, Options, State, clear, entered, register_backend, set_global,
};
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use crate::errors::exception;

thread_local! {
    /// The scopes that are open on this thread, the innermost last.
    static OPEN: RefCell<Vec<(u64, entered::Guard)>> = const { RefCell::new(Vec::new()) };
}

static NEXT: AtomicU64 = AtomicU64::new(0);

#[derive(Clone)]
enum What {
    Backend(String, Options),
    Skip(String),
    State(State),
}

/// A scope: `with set_backend("gpu", coerce=True):`. It may be entered again and again, on any thread, and is left on the
/// thread and in the order in which it was entered.
#[pyclass(frozen, module = "polyarray", name = "Scope")]
pub struct PyScope {
    what: What,
    entered: parking_lot::Mutex<Vec<u64>>,
}

impl PyScope {
    fn of(what: What) -> PyScope {
        PyScope { what, entered: parking_lot::Mutex::default() }
    }
}

#[pymethods]
impl PyScope {
    fn __enter__(this: Bound<'_, Self>) -> Bound<'_, Self> {
        let guard = match &this.get().what {
            What::Backend(name, options) => entered::backend(name.as_str(), *options),
            What::Skip(name) => entered::skip(name.as_str()),
            What::State(state) => state.entered(),
        };
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        OPEN.with_borrow_mut(|open| open.push((number, guard)));
        this.get().entered.lock().push(number);
        this
    }

    #[pyo3(signature = (*_error))]
    fn __exit__(&self, _error: &Bound<'_, PyTuple>) -> PyResult<()> {
        let mut entered = self.entered.lock();
        let popped = OPEN.with_borrow_mut(|open| match open.last() {
            Some((last, _)) if entered.last() == Some(last) => open.pop(),
            _ => None,
        });
        match popped {
            Some(_) => {
                entered.pop();
                Ok(())
            }
            None => Err(PyRuntimeError::new_err(
                "a scope is left on another thread, or in another order, than it was entered",
            )),
        }
    }
}

/// set_backend(backend, coerce=False, only=False, strict=False)
///
/// A scope in which a backend stands in front of all others. With `coerce` arrays are copied to it, with `only` no other
/// is tried, with `strict` nothing falls back to the host.
#[pyfunction]
#[pyo3(signature = (backend, coerce=false, only=false, strict=false))]
pub fn set_backend(backend: String, coerce: bool, only: bool, strict: bool) -> PyScope {
    let options = Options { coerce, only: only || coerce, strict };
    PyScope::of(What::Backend(backend, options))
}

/// skip_backend(backend): a scope in which a backend is passed over.
#[pyfunction]
pub fn skip_backend(backend: String) -> PyScope {
    PyScope::of(What::Skip(backend))
}

/// get_state(): the scopes and globals in force, to be entered elsewhere by `set_state`.
#[pyfunction]
pub fn get_state() -> PyState {
    PyState(State::current())
}

/// set_state(state): a scope in which a state is in force that `get_state` took.
#[pyfunction]
pub fn set_state(state: &Bound<'_, PyState>) -> PyScope {
    PyScope::of(What::State(state.get().0.clone()))
}

/// set_global_backend(backend, coerce=False, only=False, try_last=False): the process's backend.
#[pyfunction]
#[pyo3(signature = (backend, coerce=false, only=false, *, try_last=false))]
pub fn set_global_backend(backend: String, coerce: bool, only: bool, try_last: bool) -> PyResult<()> {
    let options = GlobalOptions { only, coerce, try_last };
    set_global(backend.as_str(), options).map_err(|error| exception(error.into()))
}

/// register_backend(backend): a backend to be tried after all others.
#[pyfunction]
#[pyo3(name = "register_backend")]
pub fn register(backend: String) -> PyResult<()> {
    register_backend(backend.as_str()).map_err(|error| exception(error.into()))
}

/// clear_backends(domain, registered=True, globals=False): forgets what was set for a domain.
#[pyfunction]
#[pyo3(signature = (domain, registered=true, globals=false))]
pub fn clear_backends(domain: &str, registered: bool, globals: bool) {
    clear(domain, Clear { registered, global: globals });
}

/// determine_backend(*arrays): the name of the backend that a call on these arrays is served by first.
#[pyfunction]
#[pyo3(signature = (*arrays))]
pub fn determine_backend(arrays: &Bound<'_, PyTuple>) -> PyResult<String> {
    let arrays: Vec<polyarray::Array> =
        arrays.iter().map(|array| crate::operand::operand(&array)).collect::<PyResult<_>>()?;
    let arguments: Vec<&dyn Argument> = arrays.iter().map(|array| array as &dyn Argument).collect();
    let determined = polyarray::determine_backend(&arguments, "numpy", false);
    determined.map(|found| found.instance.to_string()).map_err(|error| exception(error.into()))
}

/// explain(function, *args, **kwargs): calls a function; returns its result and what the calls in it did.
#[pyfunction]
#[pyo3(signature = (function, *args, **kwargs))]
pub fn explain<'py>(
    function: &Bound<'py, PyAny>,
    args: &Bound<'py, PyTuple>,
    kwargs: Option<&Bound<'py, pyo3::types::PyDict>>,
) -> PyResult<(Bound<'py, PyAny>, String)> {
    let (result, explanation) = polyarray::explain(|| function.call(args, kwargs));
    Ok((result?, explanation.to_string()))
}

/// Adds the functions to the extension module.
pub fn add(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(set_backend, module)?)?;
    module.add_function(wrap_pyfunction!(skip_backend, module)?)?;
    module.add_function(wrap_pyfunction!(get_state, module)?)?;
    module.add_function(wrap_pyfunction!(set_state, module)?)?;
    module.add_function(wrap_pyfunction!(set_global_backend, module)?)?;
    module.add_function(wrap_pyfunction!(register, module)?)?;
    module.add_function(wrap_pyfunction!(clear_backends, module)?)?;
    module.add_function(wrap_pyfunction!(determine_backend, module)?)?;
    module.add_function(wrap_pyfunction!(explain, module)?)?;
    Ok(())
}

/// Scopes and globals, as `get_state` took them.
#[pyclass(frozen, module = "polyarray", name = "State")]
pub struct PyState(State);

#[pymethods]
impl PyState {
    fn __eq__(&self, other: &Bound<'_, PyAny>) -> bool {
        other.cast::<PyState>().is_ok_and(|other| other.get().0 == self.0)
    }

    fn __repr__(&self) -> String {
        format!("{:?}", self.0)
    }
}
