//! Element types: to Python they are NumPy's `dtype` objects, as CuPy's are, so that other libraries know them.
use polyarray::{DType, dtypes::DTYPES};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBool, PyComplex, PyFloat, PyInt};

static OBJECTS: PyOnceLock<Vec<Py<PyAny>>> = PyOnceLock::new();

fn objects(py: Python<'_>) -> PyResult<&Vec<Py<PyAny>>> {
    OBJECTS.get_or_try_init(py, || {
        let make = py.import("numpy")?.getattr("dtype")?;
        DTYPES.iter().map(|dtype| Ok(make.call1((dtype.name(),))?.unbind())).collect()
    })
}

/// NumPy's object.
pub fn to_python(py: Python<'_>, dtype: DType) -> PyResult<Bound<'_, PyAny>> {
    Ok(objects(py)?[dtype as usize].bind(py).clone())
}

/// From whatever NumPy takes for a dtype: its objects, its scalar types, names, Python's types.
pub fn from_python(given: &Bound<'_, PyAny>) -> PyResult<DType> {
    let py = given.py();
    if let Some(at) = objects(py)?.iter().position(|object| given.is(object)) {
        return Ok(DTYPES[at]);
    }
    let builtin = [
        (py.get_type::<PyBool>(), DType::Bool),
        (py.get_type::<PyInt>(), DType::I64),
        (py.get_type::<PyFloat>(), DType::F64),
        (py.get_type::<PyComplex>(), DType::C128),
    ];
    if let Some((_, dtype)) = builtin.iter().find(|(object, _)| given.is(object)) {
        return Ok(*dtype);
    }
    let made = py.import("numpy")?.getattr("dtype")?.call1((given,))?;
    let name: String = made.getattr("name")?.extract()?;
    DType::parse(&name).ok_or_else(|| {
        let known: Vec<_> = DTYPES.iter().map(|dtype| dtype.name()).collect();
        PyTypeError::new_err(format!("no arrays of {name}; there are {}", known.join(", ")))
    })
}

/// A dtype as an argument.
pub struct Given(pub DType);

impl<'py> FromPyObject<'_, 'py> for Given {
    type Error = PyErr;
    fn extract(given: Borrowed<'_, 'py, PyAny>) -> PyResult<Given> {
        from_python(&given).map(Given)
    }
}
