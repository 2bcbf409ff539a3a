//! `RawKernel`: a user's WGSL over arrays of a GPU.
use polyarray::backend::{Cx, Outputs, Stop};
use polyarray::{Array, Error, Key};
use polyarray_gpu::{Grid, KIND, RawKernel};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyList, PyTuple};

use crate::array::PyArray;
use crate::creation::{self, Lengths};
use crate::dtypes::Given;
use crate::errors::{BackendNotImplementedError, KernelError, Raise, ResidencyError, exception};
use crate::operand::{operand_beside, scalar};

/// RawKernel(source, entry="main", *, name=None): a compute kernel in WGSL, compiled at its first use on each device.
///
/// Buffers are `var<storage>` in group 0 with bindings 0, 1, ... without a gap: the arrays in order, then the results. Their
/// elements are of the arrays' dtype where WGSL has it (f32, i32, u32, and f16, f64, i64, u64 where the adapter does), two for
/// each complex number, or u32, into which bools and the smaller integers are packed. `params` are the bytes of the one
/// `var<immediate>`.
///
///     double = polyarray.RawKernel('''
///         @group(0) @binding(0) var<storage, read> x: array<f32>;
///         @group(0) @binding(1) var<storage, read_write> y: array<f32>;
///         @compute @workgroup_size(64)
///         fn main(@builtin(global_invocation_id) id: vec3<u32>) {
///             if (id.x < arrayLength(&y)) { y[id.x] = x[id.x] + x[id.x]; }
///         }''')
///     y = double(x, out=(x.shape, x.dtype), groups=(x.size + 63) // 64)
#[pyclass(frozen, name = "RawKernel", module = "polyarray")]
pub struct PyRawKernel(RawKernel);

/// The number of workgroups along each axis.
struct Groups([u32; 3]);

impl<'py> FromPyObject<'_, 'py> for Groups {
    type Error = PyErr;
    fn extract(given: Borrowed<'_, 'py, PyAny>) -> PyResult<Groups> {
        let Lengths(given) = given.extract()?;
        let wrong =
            || PyValueError::new_err(format!("groups are 1 to 3 counts of workgroups, not {given:?}"));
        if given.is_empty() || given.len() > 3 {
            return Err(wrong());
        }
        let mut groups = [1; 3];
        for (group, &n) in groups.iter_mut().zip(&given) {
            *group = u32::try_from(n).map_err(|_| wrong())?;
        }
        Ok(Groups(groups))
    }
}

/// Shape and dtype of one result, or of several in a list.
fn outputs(out: &Bound<'_, PyAny>) -> PyResult<(Outputs, bool)> {
    let one = |pair: &Bound<'_, PyAny>| {
        let (Lengths(shape), Given(dtype)): (Lengths, Given) = pair.extract()?;
        let shape = shape.iter().map(|&n| usize::try_from(n)).collect::<Result<_, _>>();
        let shape = shape.map_err(|_| PyValueError::new_err("a length of out= is negative"))?;
        Ok((shape, dtype))
    };
    match out.cast::<PyList>() {
        Ok(pairs) => Ok((pairs.iter().map(|pair| one(&pair)).collect::<PyResult<_>>()?, true)),
        Err(_) => Ok((std::iter::once(one(out)?).collect(), false)),
    }
}

/// The device that all arrays live on, or that is named.
fn home(arrays: &[Array], device: Option<&Bound<'_, PyAny>>) -> PyResult<Key> {
    let home = match (device, arrays) {
        (Some(device), _) => creation::device(Some(device))?.key().raise()?,
        (None, [first, ..]) => first.residency(),
        (None, []) => Key::intern("gpu:0"),
    };
    match arrays.iter().map(Array::residency).find(|&key| key != home) {
        Some(other) => Err(ResidencyError::new_err(format!(
            "a kernel runs on one device, and the arrays live on {home} and {other}; copy them by .to_device"
        ))),
        None => Ok(home),
    }
}

/// The bytes of an object with a buffer.
fn bytes(params: &Bound<'_, PyAny>) -> PyResult<Vec<u8>> {
    params
        .py()
        .import("builtins")?
        .getattr("memoryview")?
        .call1((params,))?
        .call_method0("tobytes")?
        .extract()
}

#[pymethods]
impl PyRawKernel {
    #[new]
    #[pyo3(signature = (source, entry="main".to_owned(), *, name=None))]
    fn new(source: String, entry: String, name: Option<String>) -> PyRawKernel {
        PyRawKernel(RawKernel::new(name.unwrap_or_else(|| entry.clone()), source, entry))
    }

    /// kernel(*arrays, out, groups=None, params=b"", device=None): one result for a pair of shape and dtype, a tuple of them for
    /// a list of such pairs.
    ///
    /// It runs over so many workgroups along one to three axes; by default over enough for one invocation for each element of the
    /// first result, spread over two axes where one can't hold them. Elements that it does not write have any value.
    #[pyo3(signature = (*arrays, out, groups=None, params=None, device=None))]
    fn __call__<'py>(
        &self,
        py: Python<'py>,
        arrays: &Bound<'py, PyTuple>,
        out: &Bound<'py, PyAny>,
        groups: Option<Groups>,
        params: Option<&Bound<'py, PyAny>>,
        device: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let place = arrays.iter().find_map(|x| x.cast::<PyArray>().ok().map(|x| x.get().residency()));
        let each = arrays.iter().map(|x| match scalar(&x) {
            Some(_) => Err(PyTypeError::new_err("a kernel's numbers are given by params=, as bytes")),
            None => operand_beside(&x, place),
        });
        let arrays: Vec<Array> = each.collect::<PyResult<_>>()?;
        let home = home(&arrays, device)?;
        let instance = polyarray::array::instance_at(home).raise()?;
        if instance.kind.name() != KIND {
            return Err(ResidencyError::new_err(format!(
                "WGSL runs on GPUs, and the arrays live on {home}; copy them by .to_device(\"gpu:0\")"
            )));
        }
        let (outputs, several) = outputs(out)?;
        let Some((shape, _)) = outputs.first() else {
            return Err(PyValueError::new_err("a kernel has a result at least; out= has none"));
        };
        let grid = match groups {
            Some(Groups(groups)) => Grid::Groups(groups),
            None => Grid::Lanes(shape.iter().product::<usize>() as u64),
        };
        let params = params.map(bytes).transpose()?.unwrap_or_default();
        let operands: Vec<&Array> = arrays.iter().collect();
        let recorded = py.detach(|| self.0.record(Cx::new(instance), &operands, outputs, grid, &params));
        let results = recorded.map_err(|stop| match stop {
            Stop::Failed(Error::Backend { message, .. }) => KernelError::new_err(message),
            Stop::Failed(error) => exception(error),
            Stop::Declined(why) => BackendNotImplementedError::new_err(format!("{home}: {why}")),
        })?;
        let mut results = results.into_iter().map(|result| PyArray::new(result).into_pyobject(py));
        match several {
            false => Ok(results.next().expect("there is one")?.into_any()),
            true => Ok(PyTuple::new(py, results.collect::<PyResult<Vec<_>>>()?)?.into_any()),
        }
    }

    /// Its name, in explanations and errors.
    #[getter]
    fn name(&self) -> String {
        self.0.name().to_owned()
    }

    fn __repr__(&self) -> String {
        format!("<RawKernel {}>", self.0.name())
    }
}
