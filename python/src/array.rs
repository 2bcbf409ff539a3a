//! The class `Array`: what it is, where it lives, and its elements as Python's objects.
use parking_lot::Mutex;
use polyarray::dtypes::Kind;
use polyarray::{self as np, Array, Key, Scalar};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyComplex, PyDict, PyFloat, PyInt, PyList, PyTuple};

use crate::dtypes::{self, Given};
use crate::errors::Raise;
use crate::work;

/// An array that lives on the host or on a device. Calls on it are recorded, and run where it lives when values are read.
#[pyclass(frozen, name = "Array", module = "polyarray", weakref)]
pub struct PyArray {
    /// Assignment replaces it.
    array: Mutex<Array>,
}

impl PyArray {
    /// The object of an array.
    pub fn new(array: Array) -> PyArray {
        PyArray { array: Mutex::new(array) }
    }

    /// The array as it is now.
    pub fn array(&self) -> Array {
        self.array.lock().clone()
    }

    /// Where the array lives.
    pub fn residency(&self) -> Key {
        self.array.lock().residency()
    }

    /// Changes the array; it is no longer shared with this object meanwhile, so that it can be written in place.
    pub fn update(&self, change: impl FnOnce(&mut Array) -> PyResult<()>) -> PyResult<()> {
        change(&mut self.array.lock())
    }

    /// The one element of an array without axes.
    pub fn single(&self, py: Python<'_>, what: &str) -> PyResult<Scalar> {
        let array = self.array();
        if array.ndim() != 0 {
            return Err(PyTypeError::new_err(format!(
                "only an array without axes becomes {what}, this one has the shape {:?}; take an element, or item()",
                array.shape()
            )));
        }
        work::read(py, array, |array| array.item())
    }
}

/// A scalar as Python's own.
pub fn python_scalar(py: Python<'_>, value: Scalar) -> PyResult<Bound<'_, PyAny>> {
    Ok(match value.dtype().kind() {
        Kind::Bool => PyBool::new(py, value.to_f64() != 0.0).to_owned().into_any(),
        Kind::Int => value.to_i128().unwrap_or(0).into_pyobject(py)?.into_any(),
        Kind::Float => PyFloat::new(py, value.to_f64()).into_any(),
        Kind::Complex => {
            let value = value.to_c128();
            PyComplex::from_doubles(py, value.re, value.im).into_any()
        }
    })
}

/// The values as text.
fn shown(py: Python<'_>, array: Array) -> PyResult<String> {
    work::read(py, array, |array| Ok(format!("{array}")))
}

/// The package.
pub fn package(py: Python<'_>) -> PyResult<Bound<'_, PyModule>> {
    py.import("polyarray")
}

#[pymethods]
impl PyArray {
    /// The element type, a `numpy.dtype`.
    #[getter]
    fn dtype<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        dtypes::to_python(py, self.array.lock().dtype())
    }

    /// Where it lives: `'host'`, `'gpu:0'`.
    #[getter]
    fn device(&self) -> String {
        self.residency().to_string()
    }

    /// The lengths of its axes.
    #[getter]
    fn shape<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, self.array.lock().shape())
    }

    /// The number of axes.
    #[getter]
    fn ndim(&self) -> usize {
        self.array.lock().ndim()
    }

    /// The number of elements.
    #[getter]
    fn size(&self) -> usize {
        self.array.lock().len()
    }

    /// Bytes of an element.
    #[getter]
    fn itemsize(&self) -> usize {
        self.array.lock().dtype().size()
    }

    /// Bytes of all elements.
    #[getter]
    fn nbytes(&self) -> usize {
        let array = self.array.lock();
        array.len() * array.dtype().size()
    }

    /// Bytes from one element to the next along each axis.
    #[getter]
    fn strides<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        let array = self.array.lock();
        let size = array.dtype().size() as isize;
        PyTuple::new(py, array.strides().iter().map(|stride| stride * size))
    }

    /// The axes in reverse order.
    #[getter(T)]
    fn transposed(&self) -> PyArray {
        PyArray::new(self.array().t())
    }

    /// The last two axes swapped.
    #[getter(mT)]
    fn matrix_transposed(&self) -> PyResult<PyArray> {
        np::matrix_transpose(&self.array()).raise().map(PyArray::new)
    }

    /// The real parts.
    #[getter]
    fn real(&self) -> PyResult<PyArray> {
        np::real(&self.array()).raise().map(PyArray::new)
    }

    /// The imaginary parts.
    #[getter]
    fn imag(&self) -> PyResult<PyArray> {
        np::imag(&self.array()).raise().map(PyArray::new)
    }

    /// An iterator over all elements.
    #[getter]
    fn flat<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let all = PyArray::new(np::ravel(&self.array()).raise()?);
        Ok(all.tolist(py)?.try_iter()?.into_any())
    }

    /// A copy on another device, the array itself where it lives there.
    #[pyo3(signature = (device, /, *, stream=None))]
    fn to_device(
        &self,
        py: Python<'_>,
        device: &Bound<'_, PyAny>,
        stream: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<PyArray> {
        if stream.is_some() {
            return Err(PyValueError::new_err("there are no streams; leave stream to None"));
        }
        let (array, place) = (self.array(), crate::creation::device(Some(device))?);
        work::read(py, array, move |array| array.to(place)).map(PyArray::new)
    }

    /// In another dtype.
    #[pyo3(signature = (dtype, /, *, copy=true, device=None))]
    pub fn astype(
        &self,
        py: Python<'_>,
        dtype: Given,
        copy: bool,
        device: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<PyArray> {
        let array = self.array();
        let place = crate::creation::device(device)?;
        let cast =
            if copy || dtype.0 != array.dtype() { np::astype(&array, dtype.0).raise()? } else { array };
        match place {
            np::Device::Default => Ok(PyArray::new(cast)),
            place => work::read(py, cast, move |cast| cast.to(place)).map(PyArray::new),
        }
    }

    /// Computes the values now instead of when they are read. Returns the array.
    fn eval(this: Bound<'_, Self>) -> PyResult<Bound<'_, Self>> {
        let array = this.get().array();
        work::read(this.py(), array, |array| array.eval().map(|_| ()))?;
        Ok(this)
    }

    /// The one element, as Python's own number.
    fn item<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let array = self.array();
        python_scalar(py, work::read(py, array, |array| array.item())?)
    }

    /// The elements in nested lists.
    fn tolist<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let array = self.array();
        let here = work::read(py, array, |array| array.to("host"))?;
        let here = PyArray::new(here).into_pyobject(py)?;
        here.call_method0("__array__")?.call_method0("tolist")
    }

    #[pyo3(signature = (*, api_version=None))]
    fn __array_namespace__<'py>(
        &self,
        py: Python<'py>,
        api_version: Option<String>,
    ) -> PyResult<Bound<'py, PyModule>> {
        package(py)?.getattr("_check_version")?.call1((api_version,))?;
        package(py)
    }

    #[pyo3(signature = (dtype=None, copy=None))]
    fn __array__<'py>(
        this: &Bound<'py, Self>,
        dtype: Option<Bound<'py, PyAny>>,
        copy: Option<bool>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = this.py();
        let home = this.get().residency();
        if home != *np::HOST {
            return Err(PyTypeError::new_err(format!(
                "the array lives on {home}, and NumPy's on the host; copy it by .to_device(\"host\")"
            )));
        }
        let keywords = PyDict::new(py);
        keywords.set_item("dtype", dtype)?;
        keywords.set_item("copy", copy)?;
        let memory = py.import("builtins")?.getattr("memoryview")?.call1((this,))?;
        py.import("numpy")?.getattr("array")?.call((memory,), Some(&keywords))
    }

    #[pyo3(signature = (ufunc, method, *inputs, **kwargs))]
    fn __array_ufunc__<'py>(
        this: &Bound<'py, Self>,
        ufunc: Bound<'py, PyAny>,
        method: Bound<'py, PyAny>,
        inputs: Bound<'py, PyTuple>,
        kwargs: Option<Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = this.py();
        py.import("polyarray._interop")?.getattr("array_ufunc")?.call1((this, ufunc, method, inputs, kwargs))
    }

    fn __array_function__<'py>(
        this: &Bound<'py, Self>,
        func: Bound<'py, PyAny>,
        types: Bound<'py, PyAny>,
        args: Bound<'py, PyAny>,
        kwargs: Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = this.py();
        py.import("polyarray._interop")?.getattr("array_function")?.call1((this, func, types, args, kwargs))
    }

    #[pyo3(signature = (*, stream=None, max_version=None, dl_device=None, copy=None))]
    fn __dlpack__<'py>(
        this: &Bound<'py, Self>,
        stream: Option<Bound<'py, PyAny>>,
        max_version: Option<Bound<'py, PyAny>>,
        dl_device: Option<Bound<'py, PyAny>>,
        copy: Option<bool>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = this.py();
        py.import("polyarray._interop")?.getattr("dlpack")?.call1((
            this,
            stream,
            max_version,
            dl_device,
            copy,
        ))
    }

    fn __dlpack_device__<'py>(this: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        this.py().import("polyarray._interop")?.getattr("dlpack_device")?.call1((this,))
    }

    fn __reduce__<'py>(this: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        this.py().import("polyarray._interop")?.getattr("reduce")?.call1((this,))
    }

    #[pyo3(signature = (_memo=None, /))]
    fn __deepcopy__(&self, py: Python<'_>, _memo: Option<Bound<'_, PyAny>>) -> PyResult<PyArray> {
        let array = self.array();
        py.detach(|| np::copy(&array)).raise().map(PyArray::new)
    }

    fn __copy__(&self, py: Python<'_>) -> PyResult<PyArray> {
        self.__deepcopy__(py, None)
    }

    fn __len__(&self) -> PyResult<usize> {
        let array = self.array.lock();
        array
            .shape()
            .first()
            .copied()
            .ok_or_else(|| PyTypeError::new_err("an array without axes has no length"))
    }

    fn __iter__<'py>(this: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        let py = this.py();
        let array = this.get().array();
        if array.ndim() == 0 {
            return Err(PyTypeError::new_err("an array without axes can't be iterated"));
        }
        let parts = py.detach(|| np::unstack(&array, 0)).raise()?;
        let parts = parts
            .into_iter()
            .map(|part| PyArray::new(part).into_pyobject(py))
            .collect::<PyResult<Vec<_>>>()?;
        Ok(PyList::new(py, parts)?.try_iter()?.into_any())
    }

    fn __contains__(&self, py: Python<'_>, value: &Bound<'_, PyAny>) -> PyResult<bool> {
        let (array, value) = (self.array(), crate::operand::operand(value)?);
        let found = np::any(np::equal(&array, &value).raise()?, ()).raise()?;
        let found = work::read(py, found, |found| found.item())?;
        Ok(found.to_f64() != 0.0)
    }

    fn __bool__(&self, py: Python<'_>) -> PyResult<bool> {
        let array = self.array();
        if array.len() != 1 || array.ndim() > 0 {
            return Err(PyValueError::new_err(format!(
                "the truth of an array of shape {:?} is not one value; use any() or all()",
                array.shape()
            )));
        }
        let value = work::read(py, array, |array| array.item())?.to_c128();
        Ok(value.re != 0.0 || value.im != 0.0)
    }

    fn __int__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let value = self.single(py, "an integer")?;
        py.get_type::<PyInt>().call1((python_scalar(py, value)?,))
    }

    fn __float__(&self, py: Python<'_>) -> PyResult<f64> {
        let value = self.single(py, "a float")?;
        match value.dtype().kind() {
            Kind::Complex => {
                Err(PyTypeError::new_err("a complex number becomes no float; take its real part"))
            }
            _ => Ok(value.to_f64()),
        }
    }

    fn __complex__(&self, py: Python<'_>) -> PyResult<num_complex::Complex64> {
        Ok(self.single(py, "a complex number")?.to_c128())
    }

    fn __index__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let value = self.single(py, "an index")?;
        if value.dtype().kind() != Kind::Int {
            return Err(PyTypeError::new_err(format!("an index is an integer, not {}", value.dtype())));
        }
        python_scalar(py, value)
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let array = self.array();
        let (text, home) = (shown(py, array.clone())?, array.residency());
        let indented = text.replace('\n', "\n      ");
        Ok(format!("Array({indented}, dtype={}, device='{home}')", array.dtype()))
    }

    fn __str__(&self, py: Python<'_>) -> PyResult<String> {
        shown(py, self.array())
    }

    fn __format__<'py>(this: &Bound<'py, Self>, how: &str) -> PyResult<Bound<'py, PyAny>> {
        let py = this.py();
        let object = if this.get().array().ndim() == 0 && !how.is_empty() {
            this.get().item(py)?
        } else {
            this.get().__str__(py)?.into_pyobject(py)?.into_any()
        };
        py.import("builtins")?.getattr("format")?.call1((object, how))
    }
}
