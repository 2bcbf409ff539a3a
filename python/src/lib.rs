//! The extension module `polyarray._native`. It has no logic of its own: functions, signatures and documentation come from
//! the rows of methods; `polyarray/__init__.py` puts them under the array API's names.

mod array;
mod backend;
mod creation;
mod dispatch;
mod dtypes;
mod errors;
mod export;
mod genetics;
mod grids;
mod implementation;
mod index;
mod keywords;
mod method;
mod multimethod;
mod operand;
mod operators;
mod options;
mod random;
mod raw_kernel;
mod ufunc;
mod work;

use dtypes::Given;
use errors::Raise;
use polyarray::array::packed::spoken;
use polyarray::backend::{ARRAY_KINDS, KindId, methods};
use polyarray::dtypes::promote_weak;
use polyarray::{DType, result_type};
use pyo3::prelude::*;
use pyo3::types::PyDict;

/// The names of the results of methods with several, where the array API has names for them.
const RESULTS: [(&str, &str, &[&str]); 9] = [
    ("unique_all", "UniqueAllResult", &["values", "indices", "inverse_indices", "counts"]),
    ("unique_counts", "UniqueCountsResult", &["values", "counts"]),
    ("unique_inverse", "UniqueInverseResult", &["values", "inverse_indices"]),
    ("eig", "EigResult", &["eigenvalues", "eigenvectors"]),
    ("eigh", "EighResult", &["eigenvalues", "eigenvectors"]),
    ("qr", "QRResult", &["Q", "R"]),
    ("slogdet", "SlogdetResult", &["sign", "logabsdet"]),
    ("svd", "SVDResult", &["U", "S", "Vh"]),
    ("topk", "TopKResult", &["values", "indices"]),
];

/// The class of a method's results, and their names.
fn results(method: &str) -> Option<(&'static str, &'static [&'static str])> {
    RESULTS.iter().find(|(name, ..)| *name == method).map(|(_, class, fields)| (*class, *fields))
}

fn result_class(py: Python<'_>, method: &str) -> PyResult<Option<Py<PyAny>>> {
    let Some((class, fields)) = results(method) else { return Ok(None) };
    let make = py.import("collections")?.getattr("namedtuple")?;
    Ok(Some(make.call1((class, fields.to_vec()))?.unbind()))
}

/// The functions of each domain, under their own names and those of NumPy: a dictionary of dictionaries.
#[pyfunction]
fn functions(py: Python<'_>) -> PyResult<Bound<'_, PyDict>> {
    let domains = PyDict::new(py);
    for row in methods() {
        if domains.get_item(row.domain)?.is_none() {
            domains.set_item(row.domain, PyDict::new(py))?;
        }
        let domain = domains.get_item(row.domain)?.expect("it was put there");
        let own = spoken(row.name);
        let numpy = row.numpy().rsplit('.').next().map_or(own, spoken);
        let numpy = if numpy.chars().all(|c| c.is_alphanumeric() || c == '_') { numpy } else { own };
        for name in [numpy, own] {
            // Of several methods for one name of NumPy's the one that is called so, or the first.
            if name != own && domain.contains(name)? {
                continue;
            }
            if let Some(method) = method::PyMethod::of(row, name, result_class(py, row.name)?) {
                domain.set_item(name, method)?;
            }
        }
    }
    Ok(domains)
}

/// The devices that there are.
#[pyfunction]
fn devices(py: Python<'_>) -> Vec<String> {
    py.detach(|| {
        let mut names: Vec<String> = Vec::new();
        for kind in ARRAY_KINDS {
            let count = KindId::intern(kind.name).backend().map_or(0, |backend| backend.instances().len());
            names.extend((0..count).map(|index| (kind.residency)(index as u16).to_string()));
        }
        names.sort_by_key(|name| name != "host");
        names.dedup();
        names
    })
}

/// The dtype of a result of operands of these dtypes, and of Python's own numbers.
#[pyfunction]
fn promoted<'py>(
    py: Python<'py>,
    strong: Vec<Given>,
    weak: Vec<Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    let weak: Vec<DType> = weak
        .iter()
        .filter_map(operand::scalar)
        .map(|value| value.map(|value| value.dtype()))
        .collect::<PyResult<_>>()?;
    let strong: Vec<DType> = strong.iter().map(|given| given.0).collect();
    let float = polyarray::zeros(0, ()).raise()?.dtype();
    let dtype = if strong.is_empty() {
        result_type(weak).raise()?
    } else {
        weak.iter()
            .fold(result_type(strong).raise()?, |dtype, number| promote_weak(dtype, number.kind(), float))
    };
    dtypes::to_python(py, dtype)
}

/// The limits of a float dtype: those of its parts, bits, eps, max, min, smallest_normal, smallest_subnormal.
#[pyfunction]
#[pyo3(name = "_finfo")]
fn finfo<'py>(py: Python<'py>, dtype: Given) -> PyResult<(Bound<'py, PyAny>, u32, [f64; 5])> {
    let info = polyarray::finfo(dtype.0).raise()?;
    let limits = [info.eps, info.max, info.min, info.smallest_normal, info.smallest_subnormal];
    Ok((dtypes::to_python(py, info.dtype)?, info.bits, limits))
}

/// The limits of an integer dtype: bits, max, min.
#[pyfunction]
#[pyo3(name = "_iinfo")]
fn iinfo(dtype: Given) -> PyResult<(u32, i128, i128)> {
    let info = polyarray::iinfo(dtype.0).raise()?;
    Ok((info.bits, info.max, info.min))
}

/// Whether promotion makes one dtype of the other.
#[pyfunction]
#[pyo3(name = "_can_cast")]
fn can_cast(from: Given, to: Given) -> bool {
    polyarray::can_cast(from.0, to.0)
}

/// Whether a device has arrays of a dtype.
#[pyfunction]
fn has_dtype(py: Python<'_>, device: Option<&Bound<'_, PyAny>>, dtype: Given) -> PyResult<bool> {
    let place = creation::device(device)?;
    let made = move || {
        polyarray::zeros(1, polyarray::dtype(dtype.0).device(place)).and_then(|x| x.eval().map(|_| ()))
    };
    Ok(py.detach(made).is_ok())
}

/// Where arrays are made that name no device.
#[pyfunction]
fn default_device() -> PyResult<String> {
    Ok(polyarray::zeros(0, ()).raise()?.residency().to_string())
}

/// The extension module.
#[pymodule]
fn _native(module: &Bound<'_, PyModule>) -> PyResult<()> {
    let py = module.py();
    module.add_class::<array::PyArray>()?;
    module.add_class::<method::PyMethod>()?;
    module.add_class::<random::PyGenerator>()?;
    module.add_class::<raw_kernel::PyRawKernel>()?;
    module.add_class::<ufunc::PyUfunc>()?;
    module.add_class::<multimethod::PyMultimethod>()?;
    module.add_class::<multimethod::PyCall>()?;
    module.add_class::<implementation::PyImplementation>()?;
    module.add_class::<dispatch::PyScope>()?;
    module.add_class::<dispatch::PyState>()?;
    module.add("ResidencyError", py.get_type::<errors::ResidencyError>())?;
    module.add("BackendNotImplementedError", py.get_type::<errors::BackendNotImplementedError>())?;
    module.add("KernelError", py.get_type::<errors::KernelError>())?;
    module.add("DeviceError", py.get_type::<errors::DeviceError>())?;
    module.add_function(wrap_pyfunction!(functions, module)?)?;
    module.add_function(wrap_pyfunction!(devices, module)?)?;
    module.add_function(wrap_pyfunction!(backend::declare_backend, module)?)?;
    module.add("_genetics", genetics::module(py)?)?;
    module.add_function(wrap_pyfunction!(finfo, module)?)?;
    module.add_function(wrap_pyfunction!(iinfo, module)?)?;
    module.add_function(wrap_pyfunction!(can_cast, module)?)?;
    module.add("_intercept", wrap_pyfunction!(multimethod::intercept, module)?)?;
    module.add_function(wrap_pyfunction!(random::default_rng, module)?)?;
    module.add_function(wrap_pyfunction!(promoted, module)?)?;
    module.add_function(wrap_pyfunction!(has_dtype, module)?)?;
    module.add_function(wrap_pyfunction!(default_device, module)?)?;
    creation::add(module)?;
    grids::add(module)?;
    dispatch::add(module)
}
