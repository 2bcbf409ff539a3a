//! What functions take for an array: ours, Python's scalars, NumPy's arrays and scalars without a copy, sequences, and what
//! offers its memory by DLPack.
use std::sync::Arc;

use polyarray::backend::{ForeignMemory, HostBuffer};
use polyarray::dtypes::DTYPES;
use polyarray::{Array, Device, Key, Scalar};
use pyo3::buffer::PyUntypedBuffer;
use pyo3::exceptions::{PyBufferError, PyOverflowError, PyTypeError};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyComplex, PyFloat, PyInt, PyList, PyTuple};

use crate::array::PyArray;
use crate::dtypes;
use crate::errors::Raise;

/// One of Python's own scalars, which takes the dtype of the array that it meets.
pub fn scalar(given: &Bound<'_, PyAny>) -> Option<PyResult<Scalar>> {
    if let Ok(value) = given.cast_exact::<PyFloat>() {
        return Some(Ok(Scalar::F64(value.value())));
    }
    if let Ok(value) = given.cast_exact::<PyBool>() {
        return Some(Ok(Scalar::Bool(value.is_true())));
    }
    if let Ok(value) = given.cast_exact::<PyInt>() {
        let signed = value.extract::<i64>().map(Scalar::I64);
        return Some(signed.or_else(|_| value.extract::<u64>().map(Scalar::U64)).map_err(|_| {
            PyOverflowError::new_err(format!("the integer {value} is larger than 64 bits; give a float"))
        }));
    }
    if let Ok(value) = given.cast_exact::<PyComplex>() {
        return Some(value.extract::<num_complex::Complex64>().map(Scalar::C128));
    }
    None
}

/// An operand, or none if it is nothing that an array can be made of.
pub fn operand_or_none(given: &Bound<'_, PyAny>) -> PyResult<Option<Array>> {
    if let Ok(array) = given.cast::<PyArray>() {
        return Ok(Some(array.get().array()));
    }
    if let Some(value) = scalar(given) {
        return Ok(Some(Array::weak(value?)));
    }
    if is_numpy(given)? {
        return from_numpy(given).map(Some);
    }
    if given.is_instance_of::<PyList>() || given.is_instance_of::<PyTuple>() {
        return from_nested(given).map(Some);
    }
    if given.hasattr("__dlpack__")? {
        return from_dlpack(given).map(Some);
    }
    Ok(None)
}

/// An operand.
pub fn operand(given: &Bound<'_, PyAny>) -> PyResult<Array> {
    operand_or_none(given)?.ok_or_else(|| {
        let kind = given.get_type();
        PyTypeError::new_err(format!(
            "{kind} is no array; give an array, a number, or what numpy.asarray takes to asarray first"
        ))
    })
}

/// An operand beside arrays that live there: numbers of NumPy, which are values rather than data, go there.
pub fn operand_beside(given: &Bound<'_, PyAny>, place: Option<Key>) -> PyResult<Array> {
    let array = operand(given)?;
    match place {
        Some(place)
            if array.ndim() == 0 && array.residency() != place && !array.is_weak() && is_numpy(given)? =>
        {
            array.to(Device::At(place)).raise()
        }
        _ => Ok(array),
    }
}

/// NumPy's arrays, and its scalars, which unlike Python's have a dtype of their own.
pub fn is_numpy(given: &Bound<'_, PyAny>) -> PyResult<bool> {
    static KINDS: pyo3::sync::PyOnceLock<Py<PyTuple>> = pyo3::sync::PyOnceLock::new();
    let py = given.py();
    let kinds = KINDS.get_or_try_init(py, || -> PyResult<_> {
        let numpy = py.import("numpy")?;
        Ok(PyTuple::new(py, [numpy.getattr("ndarray")?, numpy.getattr("generic")?])?.unbind())
    })?;
    given.is_instance(kinds.bind(py))
}

/// Memory that Python owns.
struct Borrowed(PyUntypedBuffer);

impl ForeignMemory for Borrowed {
    fn bytes(&self) -> &[u8] {
        // SAFETY: the buffer is held, and so its memory stays where it is; it is C-contiguous, and so all of its
        // bytes are initialised ones of the object. That nobody writes while it is read is what the documentation of
        // `asarray` asks for, as that of every library that shares memory with NumPy does.
        unsafe { std::slice::from_raw_parts(self.0.buf_ptr().cast(), self.0.len_bytes()) }
    }
}

/// A NumPy array or scalar, without a copy where it is dense in some order of its axes.
pub fn from_numpy(given: &Bound<'_, PyAny>) -> PyResult<Array> {
    let py = given.py();
    let dtype = dtypes::from_python(&given.getattr("dtype")?)?;
    // Its own byte order, and an array of a scalar.
    let numpy = py.import("numpy")?;
    let native = numpy.getattr("asarray")?.call1((given, dtypes::to_python(py, dtype)?))?;
    let flags = native.getattr("flags")?;
    let (dense, reversed) = if flags.getattr("c_contiguous")?.is_truthy()? {
        (native, false)
    } else if flags.getattr("f_contiguous")?.is_truthy()? {
        (native.getattr("T")?, true)
    } else {
        (numpy.getattr("ascontiguousarray")?.call1((native,))?, false)
    };
    let shape: Vec<usize> = dense.getattr("shape")?.extract()?;
    let buffer = PyUntypedBuffer::get(&dense.call_method1("reshape", (-1,))?)?;
    let foreign = HostBuffer::foreign(dtype, shape.iter().product(), Arc::new(Borrowed(buffer)))
        .ok_or_else(|| PyBufferError::new_err("NumPy's memory is not aligned"))?;
    let array = Array::from_host(foreign, shape).raise()?;
    Ok(if reversed { array.t() } else { array })
}

/// Nested sequences of numbers, as NumPy reads them; of our arrays, which are stacked where they live.
fn from_nested(given: &Bound<'_, PyAny>) -> PyResult<Array> {
    let py = given.py();
    if let Some(parts) = ours(given)? {
        return polyarray::stack(&parts, 0).raise();
    }
    let array = py.import("numpy")?.getattr("asarray")?.call1((given,))?;
    let name: String = array.getattr("dtype")?.getattr("name")?.extract()?;
    if !DTYPES.iter().any(|dtype| dtype.name() == name) {
        return Err(PyTypeError::new_err(format!("a sequence of {name} is no array of numbers")));
    }
    from_numpy(&array)
}

/// The parts of a sequence in which there are arrays of ours.
fn ours(given: &Bound<'_, PyAny>) -> PyResult<Option<Vec<Array>>> {
    let items: Vec<Bound<'_, PyAny>> = given.try_iter()?.collect::<PyResult<_>>()?;
    let has_ours = |item: &Bound<'_, PyAny>| -> PyResult<bool> {
        if item.is_instance_of::<PyArray>() {
            return Ok(true);
        }
        let nested = item.is_instance_of::<PyList>() || item.is_instance_of::<PyTuple>();
        Ok(nested && ours(item)?.is_some())
    };
    let mut any = false;
    for item in &items {
        any |= has_ours(item)?;
    }
    if !any {
        return Ok(None);
    }
    items.iter().map(operand).collect::<PyResult<_>>().map(Some)
}

/// What offers its memory by DLPack, on the host; NumPy reads it.
pub fn from_dlpack(given: &Bound<'_, PyAny>) -> PyResult<Array> {
    if let Ok(array) = given.cast::<PyArray>() {
        return Ok(array.get().array());
    }
    let read = given.py().import("numpy")?.getattr("from_dlpack")?.call1((given,))?;
    from_numpy(&read)
}

/// The shape of arrays of these shapes that are broadcast together; none if they do not fit.
pub fn broadcast(shapes: &[&[usize]]) -> Option<Vec<usize>> {
    let ndim = shapes.iter().map(|shape| shape.len()).max().unwrap_or(0);
    let mut lengths = vec![1; ndim];
    for shape in shapes {
        for (known, &len) in lengths[ndim - shape.len()..].iter_mut().zip(*shape) {
            match (*known, len) {
                (1, len) => *known = len,
                (known, len) if known == len || len == 1 => {}
                _ => return None,
            }
        }
    }
    Some(lengths)
}

/// Several operands: a sequence, or an array of ours taken apart along its first axis.
pub fn operands(given: &Bound<'_, PyAny>) -> PyResult<Vec<Array>> {
    given.try_iter()?.map(|item| operand(&item?)).collect()
}
