//! Implementations in Python: of the linked methods, and of those declared in Python, for any kind of backends.
use std::collections::HashMap;
use std::sync::LazyLock;

use parking_lot::Mutex;
use polyarray::array::implement::Implemented;
use polyarray::array::residency_of;
use polyarray::backend::{Call, Cx, Kind, MethodRow, Stop, Value};
use polyarray::{Array, Device, Error};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

use crate::array::PyArray;
use crate::errors::{Raise, exception};
use crate::keywords;
use crate::method::Slot;
use crate::multimethod::{Answered, answer};
use crate::work;

/// The kind of backends of a name.
pub fn kind(name: &str) -> PyResult<Kind> {
    Kind::named(name).map_err(|error| exception(error.into()))
}

/// An implementation in force, until `undo()` or the end of a `with` block.
#[pyclass(frozen, name = "Implementation", module = "polyarray")]
pub struct PyImplementation(Mutex<Option<Implemented>>);

impl PyImplementation {
    /// One that is in force.
    pub fn new(implemented: Implemented) -> PyImplementation {
        PyImplementation(Mutex::new(Some(implemented)))
    }
}

#[pymethods]
impl PyImplementation {
    /// Takes it away: what was in force before is in force again.
    fn undo(&self) {
        if let Some(implemented) = self.0.lock().take() {
            implemented.undo();
        }
    }

    fn __enter__(this: Bound<'_, Self>) -> Bound<'_, Self> {
        this
    }

    #[pyo3(signature = (*_error))]
    fn __exit__(&self, _error: &Bound<'_, PyTuple>) {
        self.undo();
    }
}

/// Has a function in Python implement a linked method for a kind: it is called with the method's arrays, and with its options as
/// keywords.
pub fn implement(
    row: &'static MethodRow,
    slots: &[Slot],
    kind: Kind,
    function: Py<PyAny>,
) -> PyResult<Implemented> {
    let parameters: Vec<Parameter> =
        slots.iter().map(|slot| Parameter::of(row, slot)).collect::<PyResult<_>>()?;
    let several = row.returns == "Vec<Array>";
    work::python_inside();
    let implementation = move |cx: Cx, call: &Call| {
        Python::attach(|py| {
            let result = called(py, &function, &parameters, call);
            let values = answer(py, result, if several { Answered::Sequence } else { Answered::Each })?;
            values.into_iter().map(|value| at_home(cx, value)).collect()
        })
    };
    row.implement(kind, implementation).raise()
}

/// How a parameter is handed to Python.
enum Parameter {
    Array,
    Arrays { one_by_one: bool },
    Device,
    Option(Vec<&'static str>, keywords::Read),
}

impl Parameter {
    fn of(row: &MethodRow, slot: &Slot) -> PyResult<Parameter> {
        Ok(match slot {
            Slot::Array(_) => Parameter::Array,
            Slot::Arrays(_) => Parameter::Arrays { one_by_one: crate::method::VARIADIC.contains(&row.name) },
            Slot::Option { of, .. } if of.name == "Device" => Parameter::Device,
            Slot::Option { names, of } => match keywords::reader(of) {
                Some(read) => Parameter::Option(names.clone(), read),
                None => {
                    return Err(PyTypeError::new_err(format!(
                        "{row} has an option of the type {}, which implementations in Python can't read; use intercept",
                        of.name
                    )));
                }
            },
        })
    }
}

fn called<'py>(
    py: Python<'py>,
    function: &Py<PyAny>,
    parameters: &[Parameter],
    call: &Call,
) -> PyResult<Bound<'py, PyAny>> {
    let (mut args, keywords) = (Vec::new(), PyDict::new(py));
    let object = |array: &Array| Ok(PyArray::new(array.clone()).into_pyobject(py)?.into_any());
    for (parameter, value) in parameters.iter().zip(call.args()) {
        let objects = || value.arrays().iter().map(object).collect::<PyResult<Vec<_>>>();
        match parameter {
            Parameter::Array | Parameter::Arrays { one_by_one: true } => args.extend(objects()?),
            Parameter::Arrays { one_by_one: false } => args.push(PyTuple::new(py, objects()?)?.into_any()),
            Parameter::Device => keywords.set_item("device", keywords::device(value)?)?,
            Parameter::Option(names, read) => {
                for (name, value) in names.iter().zip(read(py, value)?) {
                    keywords.set_item(name, value)?;
                }
            }
        }
    }
    function.bind(py).call(PyTuple::new(py, args)?, Some(&keywords))
}

/// What was computed on the host, by NumPy say, goes where the call's results live.
fn at_home(cx: Cx, value: Value) -> Result<Value, Stop<Error>> {
    match value {
        Value::Array(array) if array.residency() == *polyarray::HOST => {
            let fixed = residency_of(cx.instance).map(Device::At);
            Ok(Value::Array(fixed.map_or(Ok(array.clone()), |home| array.to(home))?))
        }
        other => Ok(other),
    }
}

type Registered = HashMap<(usize, String), Vec<Implemented>>;

/// What decorators have registered, by row and kind.
static REGISTERED: LazyLock<Mutex<Registered>> = LazyLock::new(Mutex::default);

/// Keeps an implementation until [`unregister`].
pub fn keep(row: &'static MethodRow, kind: &str, implemented: Implemented) {
    let key = (std::ptr::from_ref(row).addr(), kind.to_owned());
    REGISTERED.lock().entry(key).or_default().push(implemented);
}

/// Undoes the last [`keep`].
pub fn unregister(row: &'static MethodRow, kind: &str) -> PyResult<()> {
    let key = (std::ptr::from_ref(row).addr(), kind.to_owned());
    let last = REGISTERED.lock().get_mut(&key).and_then(Vec::pop);
    let last = last.ok_or_else(|| {
        PyValueError::new_err(format!("no implementation of {row} was registered in Python for {kind:?}"))
    })?;
    last.undo();
    Ok(())
}

/// What `register` returns: a decorator.
#[pyclass(frozen)]
pub struct Registering {
    /// Puts a function in force, and keeps it.
    pub method: Py<PyAny>,
    /// The kind.
    pub kind: String,
}

#[pymethods]
impl Registering {
    fn __call__(&self, function: Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        let py = function.py();
        let method = self.method.bind(py);
        let kept = function.clone().unbind();
        let (row, implemented) = if let Ok(method) = method.cast::<crate::method::PyMethod>() {
            (method.get().row(), method.get().implement(kind(&self.kind)?, kept)?)
        } else {
            let method = method.cast::<crate::multimethod::PyMultimethod>()?;
            (method.get().row(), method.get().implement(kind(&self.kind)?, kept)?)
        };
        keep(row, &self.kind, implemented);
        Ok(function.unbind())
    }
}

/// The methods of both classes of methods.
macro_rules! implementable {
    ($class:ty) => {
        #[pymethods]
        impl $class {
            /// register(kind): a decorator; the function becomes the implementation of a kind of backends, "cpu", "gpu". One that
            /// returns `NotImplemented` declines: the method's default runs, or the next backend.
            fn register(this: &Bound<'_, Self>, kind: String) -> PyResult<Py<PyAny>> {
                let registering = Registering { method: this.clone().into_any().unbind(), kind };
                Ok(registering.into_pyobject(this.py())?.into_any().unbind())
            }

            /// unregister(kind): takes the implementation away that was registered last.
            fn unregister(&self, kind: &str) -> PyResult<()> {
                unregister(self.row(), kind)
            }

            /// An implementation that is in force until it is undone.
            fn _implementation(&self, kind: &str, function: Py<PyAny>) -> PyResult<PyImplementation> {
                let kind = crate::implementation::kind(kind)?;
                self.implement(kind, function).map(PyImplementation::new)
            }
        }
    };
}
implementable!(crate::method::PyMethod);
implementable!(crate::multimethod::PyMultimethod);
