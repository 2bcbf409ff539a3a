//! Errors as the exceptions that NumPy's users expect, with our messages.
use polyarray::Error;
use pyo3::exceptions::{
    PyIndexError, PyMemoryError, PyNotImplementedError, PyRuntimeError, PyTypeError, PyValueError,
};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyType;

pyo3::create_exception!(
    polyarray,
    ResidencyError,
    PyTypeError,
    "Arrays that live in different places, or in another one than the call demands."
);
pyo3::create_exception!(
    polyarray,
    BackendNotImplementedError,
    PyNotImplementedError,
    "No backend ran the call; the message says why each one did not."
);
pyo3::create_exception!(polyarray, DeviceError, PyRuntimeError, "A device failed, or is gone.");

pyo3::create_exception!(
    polyarray,
    KernelError,
    PyValueError,
    "A kernel that does not compile, with the compiler's message, or does not fit what it is called with."
);

/// `AxisError`: NumPy's, which is a `ValueError` and an `IndexError`.
fn axis_error(py: Python<'_>) -> PyResult<Bound<'_, PyType>> {
    static TYPE: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    TYPE.import(py, "numpy.exceptions", "AxisError").cloned()
}

/// The exception for an error.
pub fn exception(error: Error) -> PyErr {
    // What Python code raised inside comes out as it was.
    if let Some(raised) = crate::ufunc::inside(&error) {
        return raised;
    }
    let message = error.to_string();
    match error {
        Error::DType { .. } => PyTypeError::new_err(message),
        Error::Shape { .. } | Error::Argument { .. } | Error::Unknown { .. } => {
            PyValueError::new_err(message)
        }
        Error::Axis { .. } => Python::attach(|py| match axis_error(py) {
            Ok(kind) => PyErr::from_type(kind, message),
            Err(_) => PyValueError::new_err(message),
        }),
        Error::Index { .. } => PyIndexError::new_err(message),
        Error::Residency { .. } => ResidencyError::new_err(message),
        Error::OutOfMemory { .. } | Error::TooLarge { .. } => PyMemoryError::new_err(message),
        Error::Unsupported { .. } => PyNotImplementedError::new_err(message),
        Error::Dispatch(_) => BackendNotImplementedError::new_err(message),
        Error::DeviceLost { .. } | Error::Device { .. } => DeviceError::new_err(message),
        _ => PyRuntimeError::new_err(message),
    }
}

/// Results with errors as exceptions.
pub trait Raise<T> {
    /// The value, or the exception.
    fn raise(self) -> PyResult<T>;
}

impl<T> Raise<T> for Result<T, Error> {
    fn raise(self) -> PyResult<T> {
        self.map_err(exception)
    }
}
