//! Arrays made from nothing, from Python's values, and from another library's arrays.
use polyarray::{self as np, Array, DType, Device, Scalar};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyFloat, PyInt};

use crate::array::PyArray;
use crate::dtypes::Given;
use crate::errors::Raise;
use crate::operand::{from_dlpack as read_dlpack, operand, scalar};
use crate::work;

/// A device by name, or the default one.
pub fn device(given: Option<&Bound<'_, PyAny>>) -> PyResult<Device> {
    match given {
        None => Ok(Device::Default),
        Some(name) => match name.extract::<String>() {
            Ok(name) => Device::try_from(name).raise(),
            Err(_) => {
                Err(PyTypeError::new_err(format!("{name} is no device; devices are named: 'host', 'gpu:0'")))
            }
        },
    }
}

/// Dtype and device of what is made.
pub fn create(dtype: Option<Given>, place: Option<&Bound<'_, PyAny>>) -> PyResult<np::Create> {
    let mut create = np::Create::default();
    create.dtype = dtype.map(|given| given.0);
    Ok(match device(place)? {
        Device::Default => create,
        named => create.device(named),
    })
}

/// A shape: an integer or several.
pub struct Lengths(pub Vec<isize>);

impl<'py> FromPyObject<'_, 'py> for Lengths {
    type Error = PyErr;
    fn extract(given: Borrowed<'_, 'py, PyAny>) -> PyResult<Lengths> {
        match given.extract::<isize>() {
            Ok(one) => Ok(Lengths(vec![one])),
            Err(_) => Ok(Lengths(given.try_iter()?.map(|item| item?.extract()).collect::<PyResult<_>>()?)),
        }
    }
}

/// A number that fills an array, of its own dtype if it is an array of one element.
fn filling(value: &Bound<'_, PyAny>) -> PyResult<Scalar> {
    match scalar(value) {
        Some(value) => value,
        None => operand(value)?.item().raise(),
    }
}

/// asarray(obj, dtype=None, device=None, copy=None)
///
/// An array of a number, nested sequences of numbers, a NumPy array, or what offers its memory by DLPack. Memory of the host
/// that is dense is shared, unless `copy` is true: who writes to it writes to the array.
#[pyfunction]
#[pyo3(signature = (obj, /, dtype=None, *, device=None, copy=None))]
pub fn asarray(
    py: Python<'_>,
    obj: &Bound<'_, PyAny>,
    dtype: Option<Given>,
    device: Option<&Bound<'_, PyAny>>,
    copy: Option<bool>,
) -> PyResult<Py<PyArray>> {
    let array = operand(obj)?;
    let ours = obj.cast::<PyArray>().ok();
    let mut how = create(dtype, device)?;
    let place = crate::creation::device(device)?;
    // What is new goes where arrays are made.
    let goes_to = match (place, &ours) {
        (Device::Default, Some(_)) => array.residency(),
        (Device::Default, None) => default_place().and_then(Device::key).raise()?,
        (named, _) => named.key().raise()?,
    };
    let cast = how.dtype.is_some_and(|dtype| dtype != array.dtype());
    let same = !cast && !array.is_weak() && goes_to == array.residency();
    if let Some(ours) = ours.filter(|_| same && copy != Some(true)) {
        return Ok(ours.clone().unbind());
    }
    if copy == Some(false) && !same {
        return Err(PyValueError::new_err("asarray: this dtype or device needs a copy; leave copy to None"));
    }
    if array.is_weak() && how.dtype.is_none() {
        how.dtype = Some(array.dtype());
    }
    let long = work::calls_long(std::iter::once(&array));
    let made = work::wait(py, long, move || {
        let placed = np::asarray(array, how)?.to(Device::At(goes_to))?;
        if copy == Some(true) { np::copy(&placed)?.eval().cloned() } else { Ok(placed) }
    });
    Py::new(py, PyArray::new(made?))
}

/// zeros(shape, dtype=None, device=None): zeros, by default float64.
#[pyfunction]
#[pyo3(signature = (shape, dtype=None, *, device=None))]
pub fn zeros(shape: Lengths, dtype: Option<Given>, device: Option<&Bound<'_, PyAny>>) -> PyResult<PyArray> {
    np::zeros(shape.0, create(dtype, device)?).raise().map(PyArray::new)
}

/// ones(shape, dtype=None, device=None): ones, by default float64.
#[pyfunction]
#[pyo3(signature = (shape, dtype=None, *, device=None))]
pub fn ones(shape: Lengths, dtype: Option<Given>, device: Option<&Bound<'_, PyAny>>) -> PyResult<PyArray> {
    np::ones(shape.0, create(dtype, device)?).raise().map(PyArray::new)
}

/// empty(shape, dtype=None, device=None): an array whose values are not asked for; they are zeros.
#[pyfunction]
#[pyo3(signature = (shape, dtype=None, *, device=None))]
pub fn empty(shape: Lengths, dtype: Option<Given>, device: Option<&Bound<'_, PyAny>>) -> PyResult<PyArray> {
    np::empty(shape.0, create(dtype, device)?).raise().map(PyArray::new)
}

/// full(shape, fill_value, dtype=None, device=None): one value everywhere, by default of its dtype.
#[pyfunction]
#[pyo3(signature = (shape, fill_value, dtype=None, *, device=None))]
pub fn full(
    shape: Lengths,
    fill_value: &Bound<'_, PyAny>,
    dtype: Option<Given>,
    device: Option<&Bound<'_, PyAny>>,
) -> PyResult<PyArray> {
    np::full(shape.0, filling(fill_value)?, create(dtype, device)?).raise().map(PyArray::new)
}

/// zeros_like(x, dtype=None, device=None): zeros of the shape, dtype and device of `x`.
#[pyfunction]
#[pyo3(signature = (x, /, dtype=None, *, device=None))]
pub fn zeros_like(
    x: &Bound<'_, PyAny>,
    dtype: Option<Given>,
    device: Option<&Bound<'_, PyAny>>,
) -> PyResult<PyArray> {
    np::zeros_like(&operand(x)?, create(dtype, device)?).raise().map(PyArray::new)
}

/// ones_like(x, dtype=None, device=None): ones of the shape, dtype and device of `x`.
#[pyfunction]
#[pyo3(signature = (x, /, dtype=None, *, device=None))]
pub fn ones_like(
    x: &Bound<'_, PyAny>,
    dtype: Option<Given>,
    device: Option<&Bound<'_, PyAny>>,
) -> PyResult<PyArray> {
    np::ones_like(&operand(x)?, create(dtype, device)?).raise().map(PyArray::new)
}

/// empty_like(x, dtype=None, device=None): an array of the shape, dtype and device of `x`; its values are zeros.
#[pyfunction]
#[pyo3(signature = (x, /, dtype=None, *, device=None))]
pub fn empty_like(
    x: &Bound<'_, PyAny>,
    dtype: Option<Given>,
    device: Option<&Bound<'_, PyAny>>,
) -> PyResult<PyArray> {
    np::empty_like(&operand(x)?, create(dtype, device)?).raise().map(PyArray::new)
}

/// full_like(x, fill_value, dtype=None, device=None): one value, in the shape, dtype and device of `x`.
#[pyfunction]
#[pyo3(signature = (x, /, fill_value, dtype=None, *, device=None))]
pub fn full_like(
    x: &Bound<'_, PyAny>,
    fill_value: &Bound<'_, PyAny>,
    dtype: Option<Given>,
    device: Option<&Bound<'_, PyAny>>,
) -> PyResult<PyArray> {
    np::full_like(&operand(x)?, filling(fill_value)?, create(dtype, device)?).raise().map(PyArray::new)
}

/// arange(start, stop=None, step=1, dtype=None, device=None): evenly spaced numbers below `stop`; with one argument
/// from 0 to below it. Integers give int64.
#[pyfunction]
#[pyo3(signature = (start, /, stop=None, step=None, *, dtype=None, device=None))]
pub fn arange(
    start: &Bound<'_, PyAny>,
    stop: Option<&Bound<'_, PyAny>>,
    step: Option<&Bound<'_, PyAny>>,
    dtype: Option<Given>,
    device: Option<&Bound<'_, PyAny>>,
) -> PyResult<PyArray> {
    let zero = PyInt::new(start.py(), 0).into_any();
    let (start, stop) = match stop {
        Some(stop) => (start, stop),
        None => (&zero, start),
    };
    let whole =
        |given: &Bound<'_, PyAny>| given.extract::<i64>().ok().filter(|_| !given.is_instance_of::<PyFloat>());
    let how = create(dtype, device)?;
    if let (Some(start), Some(stop), Some(step)) = (whole(start), whole(stop), step.map_or(Some(1), whole)) {
        return integers(start, stop, step, how).map(PyArray::new);
    }
    let step = step.map_or(Ok(1.0), |step| step.extract())?;
    np::range(start.extract()?, stop.extract()?, step, how).raise().map(PyArray::new)
}

/// linspace(start, stop, num=50, dtype=None, device=None, endpoint=True): evenly spaced numbers.
#[pyfunction]
#[pyo3(signature = (start, stop, /, num=50, *, dtype=None, device=None, endpoint=true))]
pub fn linspace(
    start: &Bound<'_, PyAny>,
    stop: &Bound<'_, PyAny>,
    num: usize,
    dtype: Option<Given>,
    device: Option<&Bound<'_, PyAny>>,
    endpoint: bool,
) -> PyResult<PyArray> {
    let how = create(dtype, device)?;
    let ends = |given: &Bound<'_, PyAny>| given.extract::<num_complex::Complex64>();
    if how.dtype.is_some_and(DType::is_complex)
        || start.extract::<f64>().is_err()
        || stop.extract::<f64>().is_err()
    {
        return complex_linspace(ends(start)?, ends(stop)?, num, endpoint, how).map(PyArray::new);
    }
    spaced(start.extract()?, stop.extract()?, num, endpoint, how).map(PyArray::new)
}

/// eye(n_rows, n_cols=None, k=0, dtype=None, device=None): ones on a diagonal, zeros elsewhere.
#[pyfunction]
#[pyo3(signature = (n_rows, n_cols=None, /, k=None, *, dtype=None, device=None))]
pub fn eye(
    n_rows: usize,
    n_cols: Option<usize>,
    k: Option<&Bound<'_, PyAny>>,
    dtype: Option<Given>,
    device: Option<&Bound<'_, PyAny>>,
) -> PyResult<PyArray> {
    np::eye((n_rows, n_cols.unwrap_or(n_rows), diagonal(k)?), create(dtype, device)?)
        .raise()
        .map(PyArray::new)
}

/// tri(N, M=None, k=0, dtype=None, device=None): ones on a diagonal and below it, zeros elsewhere.
#[pyfunction]
#[pyo3(signature = (n, m=None, k=None, *, dtype=None, device=None))]
pub fn tri(
    n: usize,
    m: Option<usize>,
    k: Option<&Bound<'_, PyAny>>,
    dtype: Option<Given>,
    device: Option<&Bound<'_, PyAny>>,
) -> PyResult<PyArray> {
    np::tri((n, m.unwrap_or(n), diagonal(k)?), create(dtype, device)?).raise().map(PyArray::new)
}

/// from_dlpack(x, device=None, copy=None): an array of what offers its memory by DLPack, on the host without a copy.
#[pyfunction]
#[pyo3(signature = (x, /, *, device=None, copy=None))]
pub fn from_dlpack(
    x: &Bound<'_, PyAny>,
    device: Option<&Bound<'_, PyAny>>,
    copy: Option<bool>,
) -> PyResult<PyArray> {
    let array = read_dlpack(x)?;
    let placed = match crate::creation::device(device)? {
        Device::Default => array,
        place => array.to(place).raise()?,
    };
    if copy == Some(true) { np::copy(&placed).raise() } else { Ok(placed) }.map(PyArray::new)
}

/// Adds the functions to the extension module.
pub fn add(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(asarray, module)?)?;
    module.add_function(wrap_pyfunction!(zeros, module)?)?;
    module.add_function(wrap_pyfunction!(ones, module)?)?;
    module.add_function(wrap_pyfunction!(empty, module)?)?;
    module.add_function(wrap_pyfunction!(full, module)?)?;
    module.add_function(wrap_pyfunction!(zeros_like, module)?)?;
    module.add_function(wrap_pyfunction!(ones_like, module)?)?;
    module.add_function(wrap_pyfunction!(empty_like, module)?)?;
    module.add_function(wrap_pyfunction!(full_like, module)?)?;
    module.add_function(wrap_pyfunction!(arange, module)?)?;
    module.add_function(wrap_pyfunction!(linspace, module)?)?;
    module.add_function(wrap_pyfunction!(eye, module)?)?;
    module.add_function(wrap_pyfunction!(tri, module)?)?;
    module.add_function(wrap_pyfunction!(from_dlpack, module)?)?;
    Ok(())
}

/// The number of a diagonal; beyond 64 bits all are beyond the matrix.
pub fn diagonal(k: Option<&Bound<'_, PyAny>>) -> PyResult<i64> {
    let Some(k) = k else { return Ok(0) };
    match k.extract::<i64>() {
        Ok(k) => Ok(k),
        Err(_) if k.is_instance_of::<PyInt>() => Ok(if k.lt(0)? { i64::MIN } else { i64::MAX }),
        Err(error) => Err(error),
    }
}

/// Where arrays are made: where a scope says, or the environment.
fn default_place() -> np::Result<Device> {
    Ok(Device::from(np::zeros(0, ())?.residency()))
}

/// `start + i * step`, exactly, while it is below `stop`.
fn integers(start: i64, stop: i64, step: i64, how: np::Create) -> PyResult<Array> {
    if step == 0 {
        return Err(PyValueError::new_err("arange: the step is 0; give another"));
    }
    let (distance, step_wide) = (i128::from(stop) - i128::from(start), i128::from(step));
    // Rounded up for either sign.
    let count = (distance + step_wide - step_wide.signum()) / step_wide;
    let count =
        usize::try_from(count.max(0)).map_err(|_| PyValueError::new_err("arange: too many elements"))?;
    let dtype = how.dtype;
    let mut counted = how;
    counted.dtype = None;
    let indices = np::arange(count, counted).raise()?;
    let spaced = np::add(np::multiply(&indices, step).raise()?, start).raise()?;
    match dtype {
        None | Some(DType::I64) => Ok(spaced),
        Some(dtype) => np::astype(&spaced, dtype).raise(),
    }
}

fn spaced(start: f64, stop: f64, num: usize, endpoint: bool, how: np::Create) -> PyResult<Array> {
    if endpoint || num == 0 {
        return np::linspace(start, stop, num, how).raise();
    }
    let all = np::linspace(start, stop, num + 1, how).raise()?;
    all.slice(":-1").raise()
}

/// Both parts for themselves.
fn complex_linspace(
    start: num_complex::Complex64,
    stop: num_complex::Complex64,
    num: usize,
    endpoint: bool,
    how: np::Create,
) -> PyResult<Array> {
    let dtype = how.dtype.unwrap_or(DType::C128);
    let mut parts = how;
    parts.dtype = Some(dtype.real());
    let real = spaced(start.re, stop.re, num, endpoint, parts.clone())?;
    let imaginary = spaced(start.im, stop.im, num, endpoint, parts)?;
    np::complex(real, imaginary).raise()
}
