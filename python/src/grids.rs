//! Windows, geometric spacings, and the indices of parts of matrices.
use polyarray as np;
use pyo3::prelude::*;

use crate::array::PyArray;
use crate::creation::{create, diagonal};
use crate::dtypes::Given;
use crate::errors::Raise;

macro_rules! windows {
    ($($name:ident $doc:literal;)*) => { $(
        #[doc = $doc]
        #[pyfunction]
        #[pyo3(signature = (m, *, dtype=None, device=None), text_signature = "(M, *, dtype=None, device=None)")]
        fn $name(m: usize, dtype: Option<Given>, device: Option<&Bound<'_, PyAny>>) -> PyResult<PyArray> {
            np::$name(m, create(dtype, device)?).raise().map(PyArray::new)
        }
    )* };
}
windows! {
    bartlett "The triangular window that is 0 at both ends.";
    blackman "Blackman's window.";
    hamming "Hamming's window.";
    hanning "The window of von Hann.";
}

/// Kaiser's window.
#[pyfunction]
#[pyo3(signature = (m, beta, *, dtype=None, device=None), text_signature = "(M, beta, *, dtype=None, device=None)")]
fn kaiser(m: usize, beta: f64, dtype: Option<Given>, device: Option<&Bound<'_, PyAny>>) -> PyResult<PyArray> {
    np::kaiser(m, beta, create(dtype, device)?).raise().map(PyArray::new)
}

/// Numbers whose quotients are equal, both ends among them.
#[pyfunction]
#[pyo3(signature = (start, stop, num=50, *, dtype=None, device=None))]
fn geomspace(
    start: f64,
    stop: f64,
    num: usize,
    dtype: Option<Given>,
    device: Option<&Bound<'_, PyAny>>,
) -> PyResult<PyArray> {
    np::geomspace(start, stop, num, create(dtype, device)?).raise().map(PyArray::new)
}

macro_rules! triangles {
    ($($name:ident $doc:literal;)*) => { $(
        #[doc = $doc]
        #[pyfunction]
        #[pyo3(signature = (n, k=None, m=None, *, device=None), text_signature = "(n, k=0, m=None, *, device=None)")]
        fn $name(
            n: usize,
            k: Option<&Bound<'_, PyAny>>,
            m: Option<usize>,
            device: Option<&Bound<'_, PyAny>>,
        ) -> PyResult<(PyArray, PyArray)> {
            let extent = (n, m.unwrap_or(n), diagonal(k)?);
            let (rows, columns) = np::$name(extent, create(None, device)?).raise()?;
            Ok((PyArray::new(rows), PyArray::new(columns)))
        }
    )* };
}
triangles! {
    tril_indices "The indices of a matrix's elements on and below a diagonal.";
    triu_indices "The indices of a matrix's elements on and above a diagonal.";
}

/// The indices of the main diagonal of an array of `ndim` axes of length `n`.
#[pyfunction]
#[pyo3(signature = (n, ndim=2, *, device=None))]
fn diag_indices<'py>(
    py: Python<'py>,
    n: usize,
    ndim: usize,
    device: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, pyo3::types::PyTuple>> {
    let all = np::diag_indices(n, ndim, create(None, device)?).raise()?;
    pyo3::types::PyTuple::new(py, all.into_iter().map(PyArray::new))
}

/// Adds the functions to the extension module.
pub fn add(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(bartlett, module)?)?;
    module.add_function(wrap_pyfunction!(blackman, module)?)?;
    module.add_function(wrap_pyfunction!(hamming, module)?)?;
    module.add_function(wrap_pyfunction!(hanning, module)?)?;
    module.add_function(wrap_pyfunction!(kaiser, module)?)?;
    module.add_function(wrap_pyfunction!(geomspace, module)?)?;
    module.add_function(wrap_pyfunction!(tril_indices, module)?)?;
    module.add_function(wrap_pyfunction!(triu_indices, module)?)?;
    module.add_function(wrap_pyfunction!(diag_indices, module)?)
}
