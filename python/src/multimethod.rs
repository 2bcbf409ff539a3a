//! Methods declared in Python, and interceptors written in it.
use std::collections::BTreeMap;
use std::sync::Arc;

use parking_lot::RwLock;
use polyarray::array::declared::Declared;
use polyarray::array::implement::Implemented;
use polyarray::backend::{
    Call, Cx, Interceptor, Kind, KindId, MethodRow, Stop, Value, Values, register_interceptor,
};
use polyarray::{Array, Error};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyTuple};

use crate::array::PyArray;
use crate::errors::Raise;
use crate::implementation::kind;
use crate::operand::{is_numpy, operand};
use crate::ufunc::raised;

/// A method declared in Python. The function that it decorates is its default; one that returns `NotImplemented` declines.
///
///     @polyarray.multimethod(domain="numpy.sk_example")
///     def twice(x):
///         return x + x
///
///     @twice.register("gpu")
///     def _(x):
///         return x * 2
#[pyclass(frozen, name = "Multimethod", module = "polyarray")]
pub struct PyMultimethod {
    declared: Declared,
    function: Py<PyAny>,
}

/// The arguments of a call, arrays among them: what takes no part in dispatch.
struct Arguments {
    args: Py<PyTuple>,
    kwargs: Option<Py<PyDict>>,
}

/// Whether an argument is an array, which takes part in dispatch.
fn is_array(value: &Bound<'_, PyAny>) -> PyResult<bool> {
    Ok(value.is_instance_of::<PyArray>() || is_numpy(value)?)
}

/// A value with its arrays, also those inside lists and tuples, passed through `f`.
fn mapped<'py>(
    value: &Bound<'py, PyAny>,
    f: &mut dyn FnMut(&Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    if is_array(value)? {
        return f(value);
    }
    let py = value.py();
    if let Ok(items) = value.cast_exact::<PyTuple>() {
        let items = items.iter().map(|item| mapped(&item, f)).collect::<PyResult<Vec<_>>>()?;
        return Ok(PyTuple::new(py, items)?.into_any());
    }
    if let Ok(items) = value.cast_exact::<PyList>() {
        let items = items.iter().map(|item| mapped(&item, f)).collect::<PyResult<Vec<_>>>()?;
        return Ok(PyList::new(py, items)?.into_any());
    }
    Ok(value.clone())
}

impl Arguments {
    fn each<'py>(
        &self,
        py: Python<'py>,
        f: &mut dyn FnMut(&Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>>,
    ) -> PyResult<(Bound<'py, PyTuple>, Option<Bound<'py, PyDict>>)> {
        let args = self.args.bind(py).iter().map(|arg| mapped(&arg, f)).collect::<PyResult<Vec<_>>>()?;
        let kwargs = match &self.kwargs {
            None => None,
            Some(kwargs) => {
                let with = PyDict::new(py);
                for (name, value) in kwargs.bind(py) {
                    with.set_item(name, mapped(&value, f)?)?;
                }
                Some(with)
            }
        };
        Ok((PyTuple::new(py, args)?, kwargs))
    }

    /// Calls a function with these arguments and other arrays in their places.
    fn call<'py>(
        &self,
        py: Python<'py>,
        function: &Py<PyAny>,
        arrays: &[Array],
    ) -> PyResult<Bound<'py, PyAny>> {
        let mut arrays = arrays.iter();
        let (args, kwargs) = self.each(py, &mut |value| match arrays.next() {
            Some(array) => Ok(PyArray::new(array.clone()).into_pyobject(py)?.into_any()),
            None => Ok(value.clone()),
        })?;
        function.bind(py).call(args, kwargs.as_ref())
    }
}

/// What a function in Python returns.
#[derive(Clone, Copy)]
pub enum Answered {
    /// A result, or a tuple of results.
    Each,
    /// One result, a sequence of arrays.
    Sequence,
}

/// A result of a Python function: arrays, and other objects as they are.
fn packed(result: &Bound<'_, PyAny>, how: Answered) -> PyResult<Values> {
    if let Answered::Sequence = how {
        let arrays: Vec<Array> = result.try_iter()?.map(|item| operand(&item?)).collect::<PyResult<_>>()?;
        return Ok(std::iter::once(Value::Arrays(arrays)).collect());
    }
    let one = |value: &Bound<'_, PyAny>| -> PyResult<Value> {
        Ok(if is_array(value)? {
            Value::Array(operand(value)?)
        } else {
            Value::plain(value.clone().unbind())
        })
    };
    match result.cast_exact::<PyTuple>() {
        Ok(items) if items.len() > 1 => items.iter().map(|item| one(&item)).collect(),
        _ => Ok(std::iter::once(one(result)?).collect()),
    }
}

fn unpacked(py: Python<'_>, values: Values) -> PyResult<Bound<'_, PyAny>> {
    let one = |value: &Value| -> PyResult<Bound<'_, PyAny>> {
        match value {
            Value::Array(array) => Ok(PyArray::new(array.clone()).into_pyobject(py)?.into_any()),
            Value::Arrays(arrays) => {
                let arrays = arrays.iter().map(|array| PyArray::new(array.clone()).into_pyobject(py));
                Ok(PyTuple::new(py, arrays.collect::<PyResult<Vec<_>>>()?)?.into_any())
            }
            other => match (other.get::<Py<PyAny>>(), other.get::<bool>()) {
                (Some(object), _) => Ok(object.bind(py).clone()),
                (None, Some(truth)) => Ok(truth.into_pyobject(py)?.to_owned().into_any()),
                _ => Ok(PyOpaque(other.clone()).into_pyobject(py)?.into_any()),
            },
        }
    };
    match &values[..] {
        [value] => one(value),
        several => Ok(PyTuple::new(py, several.iter().map(one).collect::<PyResult<Vec<_>>>()?)?.into_any()),
    }
}

/// What a function answered: its results, or that it declines.
pub fn answer(
    py: Python<'_>,
    result: PyResult<Bound<'_, PyAny>>,
    how: Answered,
) -> Result<Values, Stop<Error>> {
    let result = result.map_err(|error| Stop::Failed(raised(error)))?;
    if result.is(py.NotImplemented()) {
        return Err(Stop::declined("it returned NotImplemented"));
    }
    packed(&result, how).map_err(|error| Stop::Failed(raised(error)))
}

fn arguments(options: &Value) -> Result<&Arguments, Error> {
    options.get::<Arguments>().ok_or_else(|| raised(PyTypeError::new_err("arguments of another method")))
}

#[pymethods]
impl PyMultimethod {
    /// Declares a method of a domain; `has_default` says whether the function is its default, or only its signature.
    #[new]
    fn new(function: Bound<'_, PyAny>, domain: &str, has_default: bool) -> PyResult<PyMultimethod> {
        let name: String = function.getattr("__name__")?.extract()?;
        let doc: String = function.getattr("__doc__")?.extract().unwrap_or_default();
        let body = function.clone().unbind();
        let default = has_default.then_some(move |arrays: &[Array], options: &Value| {
            let given = arguments(options)?;
            Python::attach(|py| {
                let result = given.call(py, &body, arrays).map_err(raised)?;
                packed(&result, Answered::Each).map_err(raised)
            })
        });
        Ok(PyMultimethod {
            declared: Declared::new(domain, &name, &doc, default),
            function: function.unbind(),
        })
    }

    #[pyo3(signature = (*args, **kwargs))]
    fn __call__<'py>(
        &self,
        py: Python<'py>,
        args: Bound<'py, PyTuple>,
        kwargs: Option<Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let given = Arguments { args: args.unbind(), kwargs: kwargs.map(Bound::unbind) };
        let mut arrays = Vec::new();
        given.each(py, &mut |value| {
            arrays.push(operand(value)?);
            Ok(value.clone())
        })?;
        let options = Value::Plain(Arc::new(given));
        let values = py.detach(|| self.declared.call(&arrays, options)).raise()?;
        unpacked(py, values)
    }

    #[getter]
    fn __wrapped__(&self, py: Python<'_>) -> Py<PyAny> {
        self.function.clone_ref(py)
    }

    fn __repr__(&self) -> String {
        format!("<multimethod {}>", self.declared.row())
    }
}

impl PyMultimethod {
    /// Its row.
    pub fn row(&self) -> &'static MethodRow {
        self.declared.row()
    }

    /// Has a function in Python implement it for a kind of backends.
    pub fn implement(&self, kind: Kind, function: Py<PyAny>) -> PyResult<Implemented> {
        let implementation = move |_: Cx, arrays: &[Array], options: &Value| {
            let given = arguments(options)?;
            Python::attach(|py| answer(py, given.call(py, &function, arrays), Answered::Each))
        };
        Ok(self.declared.implement(kind, implementation))
    }
}

type Interceptors = BTreeMap<(KindId, String), Arc<Py<PyAny>>>;

static INTERCEPTORS: RwLock<Interceptors> = RwLock::new(BTreeMap::new());

/// The interceptor of all kinds and domains: the function in Python that was registered for the domain, or for one around it.
static INTERCEPTOR: Interceptor = |cx, call| {
    let mut domain = call.row().domain;
    let function = loop {
        if let Some(function) = INTERCEPTORS.read().get(&(cx.instance.kind, domain.to_owned())) {
            break function.clone();
        }
        match domain.rsplit_once('.') {
            Some((around, _)) => domain = around,
            None => return Err(Stop::declined("no interceptor")),
        }
    };
    Python::attach(|py| {
        let call =
            PyCall { call: call.clone() }.into_pyobject(py).map_err(|error| Stop::Failed(raised(error)))?;
        answer(py, function.bind(py).call1((call,)), Answered::Each)
    })
};

/// intercept(backend, domain): a decorator; the function receives every call of the domain for which the backend has no
/// implementation of its own, as a `Call`, and returns its results, or `NotImplemented`.
#[pyfunction]
pub fn intercept(backend: &str, domain: String, function: Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
    let kind = kind(backend)?;
    crate::work::python_inside();
    INTERCEPTORS.write().insert((kind.id(), domain.clone()), Arc::new(function.clone().unbind()));
    register_interceptor(backend, String::leak(domain), &INTERCEPTOR);
    Ok(function.unbind())
}

/// A call, as an interceptor receives it.
#[pyclass(frozen, name = "Call", module = "polyarray")]
pub struct PyCall {
    call: Call,
}

#[pymethods]
impl PyCall {
    /// The method's name.
    #[getter]
    fn method(&self) -> &'static str {
        self.call.row().name
    }

    /// Its domain.
    #[getter]
    fn domain(&self) -> &'static str {
        self.call.row().domain
    }

    /// All arrays among its arguments.
    #[getter]
    fn arrays(&self) -> Vec<PyArray> {
        self.call.arrays().map(|array| PyArray::new(array.clone())).collect()
    }

    /// Its arguments; options are opaque.
    #[getter]
    fn args<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        let each =
            self.call.args().iter().map(|value| unpacked(py, std::iter::once(value.clone()).collect()));
        PyTuple::new(py, each.collect::<PyResult<Vec<_>>>()?)
    }

    /// Makes the call, with other arrays in the places of its own, dispatched by where they live.
    #[pyo3(signature = (arrays=None))]
    fn run<'py>(
        &self,
        py: Python<'py>,
        arrays: Option<Vec<Bound<'py, PyAny>>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let mut call = self.call.clone();
        if let Some(arrays) = arrays {
            let arrays: Vec<Array> = arrays.iter().map(operand).collect::<PyResult<_>>()?;
            let mut next = arrays.into_iter();
            call = call.map_arrays(|array| Ok(next.next().unwrap_or_else(|| array.clone()))).raise()?;
        }
        let values = py.detach(|| call.invoke()).raise()?;
        unpacked(py, values)
    }

    fn __repr__(&self) -> String {
        format!("<call of {}>", self.call.row())
    }
}

/// An option, which Python only passes on.
#[pyclass(frozen, name = "Option", module = "polyarray")]
pub struct PyOpaque(Value);

#[pymethods]
impl PyOpaque {
    fn __repr__(&self) -> String {
        format!("{:?}", self.0)
    }
}
