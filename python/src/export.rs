//! The buffer protocol: the memory of an array that lives on the host, to be read.
use std::ffi::{CStr, c_int, c_void};

use polyarray::backend::{HostBuffer, Operand, downcast};
use polyarray::{DType, HOST};
use pyo3::exceptions::PyBufferError;
use pyo3::ffi;
use pyo3::prelude::*;

use crate::array::PyArray;
use crate::errors::Raise;
use crate::work;

/// What a view of the memory needs while it lives.
struct Exported {
    /// Keeps the memory.
    _operand: Operand,
    shape: Vec<ffi::Py_ssize_t>,
    strides: Vec<ffi::Py_ssize_t>,
}

/// The element type in the notation of Python's `struct`, with NumPy's `Z` for complex numbers.
fn format(dtype: DType) -> &'static CStr {
    match dtype {
        DType::Bool => c"?",
        DType::I8 => c"b",
        DType::I16 => c"h",
        DType::I32 => c"i",
        // NumPy's int64 is C's long where that has 64 bits.
        DType::I64 if size_of::<std::ffi::c_long>() == 8 => c"l",
        DType::I64 => c"q",
        DType::U8 => c"B",
        DType::U16 => c"H",
        DType::U32 => c"I",
        DType::U64 if size_of::<std::ffi::c_long>() == 8 => c"L",
        DType::U64 => c"Q",
        DType::F16 => c"e",
        DType::F32 => c"f",
        DType::F64 => c"d",
        DType::C64 => c"Zf",
        DType::C128 => c"Zd",
    }
}

#[pymethods]
impl PyArray {
    /// # Safety
    /// Python calls it with a view to be filled.
    unsafe fn __getbuffer__(this: Bound<'_, Self>, view: *mut ffi::Py_buffer, flags: c_int) -> PyResult<()> {
        if flags & ffi::PyBUF_WRITABLE == ffi::PyBUF_WRITABLE {
            return Err(PyBufferError::new_err(
                "the memory of an array is shared, and only read; assign to the array",
            ));
        }
        let array = this.get().array();
        if array.residency() != *HOST {
            return Err(PyBufferError::new_err(format!(
                "the array lives on {}; copy it by .to_device(\"host\")",
                array.residency()
            )));
        }
        let operand = work::read(this.py(), array.clone(), |array| array.operand())?;
        let wanted_strides = flags & ffi::PyBUF_STRIDES == ffi::PyBUF_STRIDES;
        if !wanted_strides && !operand.layout.is_contiguous() {
            return Err(PyBufferError::new_err("the array is not contiguous; copy it"));
        }
        let dtype = array.dtype();
        let size = dtype.size();
        let (memory, len) = {
            let host: &HostBuffer = downcast(&*operand.buffer, "host", "buffer").raise()?;
            let bytes = host.bytes();
            // An empty array has no first element.
            let start = (operand.layout.offset * size).min(bytes.len());
            (bytes[start..].as_ptr(), array.len() * size)
        };
        let exported = Box::new(Exported {
            shape: operand.layout.shape.iter().map(|&n| n as ffi::Py_ssize_t).collect(),
            strides: operand.layout.strides.iter().map(|&n| n * size as isize).collect(),
            _operand: operand,
        });
        let exported = Box::into_raw(exported);
        // SAFETY: Python gives a view to be filled; what it points to lives until `__releasebuffer__` drops `exported`, which
        // holds the memory, and the array is held by `obj`. Nobody writes to the memory: the view is read-only, and an
        // assignment to the array finds the storage shared and writes to a copy.
        unsafe {
            (*view).buf = memory.cast_mut().cast::<c_void>();
            (*view).len = len as ffi::Py_ssize_t;
            (*view).readonly = 1;
            (*view).itemsize = size as ffi::Py_ssize_t;
            (*view).format = if flags & ffi::PyBUF_FORMAT == ffi::PyBUF_FORMAT {
                format(dtype).as_ptr().cast_mut()
            } else {
                std::ptr::null_mut()
            };
            (*view).ndim = array.ndim() as c_int;
            (*view).shape = (*exported).shape.as_mut_ptr();
            (*view).strides =
                if wanted_strides { (*exported).strides.as_mut_ptr() } else { std::ptr::null_mut() };
            (*view).suboffsets = std::ptr::null_mut();
            (*view).internal = exported.cast::<c_void>();
            (*view).obj = this.into_any().into_ptr();
        }
        Ok(())
    }

    /// # Safety
    /// Python calls it with a view that `__getbuffer__` filled.
    unsafe fn __releasebuffer__(&self, view: *mut ffi::Py_buffer) {
        // SAFETY: `internal` is the box that `__getbuffer__` made, and Python releases a view once.
        drop(unsafe { Box::from_raw((*view).internal.cast::<Exported>()) });
    }
}
