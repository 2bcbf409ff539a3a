//! `ufunc`: a Python function of elements, recorded into one kernel wherever its arrays live.
use std::sync::Arc;

use polyarray::{Array, Error, Ufunc};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use crate::array::PyArray;
use crate::errors::Raise;
use crate::operand::operand;

/// A function of elements. Calls record what the Python function does with them: arithmetic and functions of elements, which
/// then run as one kernel, on any device. `reduce`, `accumulate` and `outer` are those of NumPy's ufuncs.
#[pyclass(frozen, name = "ufunc", module = "polyarray")]
pub struct PyUfunc {
    function: Py<PyAny>,
    ufunc: Ufunc,
    arity: usize,
}

/// What a Python function raised, through functions that return our errors.
#[derive(Debug)]
struct Raised(PyErr);

impl std::fmt::Display for Raised {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Raised {}

/// Our error for an exception; [`exception`](crate::errors::exception) gives the exception back.
pub fn raised(error: PyErr) -> Error {
    Error::Other(Arc::new(Raised(error)))
}

/// The exception inside an error.
pub fn inside(error: &Error) -> Option<PyErr> {
    let Error::Other(other) = error else { return None };
    other.downcast_ref::<Raised>().map(|raised| Python::attach(|py| raised.0.clone_ref(py)))
}

fn call(function: &Py<PyAny>, args: &[&Array]) -> PyResult<Array> {
    Python::attach(|py| {
        let args = args.iter().map(|array| PyArray::new((*array).clone()).into_pyobject(py));
        let args = PyTuple::new(py, args.collect::<PyResult<Vec<_>>>()?)?;
        operand(&function.bind(py).call1(args)?)
    })
}

#[pymethods]
impl PyUfunc {
    #[new]
    #[pyo3(signature = (function, *, associative=false))]
    fn new(function: Bound<'_, PyAny>, associative: bool) -> PyResult<PyUfunc> {
        let py = function.py();
        let name: String = function.getattr("__name__").and_then(|name| name.extract()).unwrap_or_default();
        let signature = py.import("inspect")?.getattr("signature")?.call1((&function,))?;
        let arity = signature.getattr("parameters")?.len()?;
        let kept = function.clone().unbind();
        let body = move |args: &[&Array]| call(&kept, args).map_err(raised);
        let ufunc = Ufunc::of(String::leak(name), arity, body);
        let ufunc = if associative { ufunc.associative() } else { ufunc };
        Ok(PyUfunc { function: function.unbind(), ufunc, arity })
    }

    #[pyo3(signature = (*args))]
    fn __call__(&self, args: &Bound<'_, PyTuple>) -> PyResult<PyArray> {
        if args.len() != self.arity {
            return Err(PyTypeError::new_err(format!(
                "{}() takes {} arrays, not {}",
                self.ufunc.name(),
                self.arity,
                args.len()
            )));
        }
        let args: Vec<Array> = args.iter().map(|arg| operand(&arg)).collect::<PyResult<_>>()?;
        self.ufunc.call(&args.iter().collect::<Vec<_>>()).raise().map(PyArray::new)
    }

    /// The function folded along an axis; an associative one by a balanced tree.
    #[pyo3(signature = (x, axis=0))]
    fn reduce(&self, x: &Bound<'_, PyAny>, axis: isize) -> PyResult<PyArray> {
        self.ufunc.reduce(&operand(x)?, axis).raise().map(PyArray::new)
    }

    /// Every intermediate result of `reduce`.
    #[pyo3(signature = (x, axis=0))]
    fn accumulate(&self, x: &Bound<'_, PyAny>, axis: isize) -> PyResult<PyArray> {
        self.ufunc.accumulate(&operand(x)?, axis).raise().map(PyArray::new)
    }

    /// The function of every pair.
    fn outer(&self, a: &Bound<'_, PyAny>, b: &Bound<'_, PyAny>) -> PyResult<PyArray> {
        self.ufunc.outer(&operand(a)?, &operand(b)?).raise().map(PyArray::new)
    }

    #[getter]
    fn __wrapped__(&self, py: Python<'_>) -> Py<PyAny> {
        self.function.clone_ref(py)
    }

    fn __repr__(&self) -> String {
        format!("<ufunc {} of {}>", self.ufunc.name(), self.arity)
    }
}
