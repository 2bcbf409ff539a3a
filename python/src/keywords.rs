//! Option types the other way round: the values that a call has, as the keywords of `options.rs`, for implementations in
//! Python.
use polyarray::backend::Value;
use polyarray::{self as np, DType, Device, fft, linalg};
use pyo3::IntoPyObjectExt;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;

use crate::array::python_scalar;
use crate::dtypes;
use crate::options::{BOUNDS, METHODS, OptionType, REDUCTIONS, UPDATES};

/// Reads the values of an option type's keywords.
pub type Read = for<'py> fn(Python<'py>, &Value) -> PyResult<Vec<Bound<'py, PyAny>>>;

/// Reads the values of an option type's keywords, in their order; none if Python does not read it.
pub fn reader(of: &OptionType) -> Option<Read> {
    READERS.iter().find(|(domain, name, _)| (*domain, *name) == (of.domain, of.name)).map(|(.., read)| *read)
}

fn mistaken() -> PyErr {
    PyTypeError::new_err("an option of another type than the method has")
}

fn dtype<'py>(py: Python<'py>, dtype: &Option<DType>) -> PyResult<Option<Bound<'py, PyAny>>> {
    dtype.map(|dtype| dtypes::to_python(py, dtype)).transpose()
}

/// One integer as such, several as a tuple.
fn ints<'py>(py: Python<'py>, ints: &Option<impl AsRef<[isize]>>) -> PyResult<Option<Bound<'py, PyAny>>> {
    let Some(ints) = ints else { return Ok(None) };
    Ok(Some(match ints.as_ref() {
        [one] => one.into_bound_py_any(py)?,
        several => pyo3::types::PyTuple::new(py, several)?.into_any(),
    }))
}

/// The word of a table.
fn word<T: PartialEq>(words: &[(&'static str, T)], value: &T) -> Option<&'static str> {
    words.iter().find(|(_, known)| known == value).map(|(word, _)| *word)
}

fn norm(norm: fft::Norm) -> &'static str {
    match norm {
        fft::Norm::Ortho => "ortho",
        fft::Norm::Forward => "forward",
        _ => "backward",
    }
}

fn order<'py>(py: Python<'py>, order: &Option<linalg::NormOrder>) -> PyResult<Bound<'py, PyAny>> {
    match order {
        None => Ok(py.None().into_bound(py)),
        Some(linalg::NormOrder::P(p)) => p.into_bound_py_any(py),
        Some(linalg::NormOrder::Nuclear) => "nuc".into_bound_py_any(py),
        Some(_) => "fro".into_bound_py_any(py),
    }
}

fn axes(diagonal: &np::Diagonal) -> [Option<isize>; 2] {
    diagonal.axes.map_or([None; 2], |axes| axes.map(Some))
}

macro_rules! readers {
    ($($domain:ident $name:literal $t:ty, $py:ident $v:ident => [$($value:expr),*];)*) => {
        static READERS: &[(&str, &str, Read)] = &[$(
            (stringify!($domain), $name, {
                fn read<'py>($py: Python<'py>, value: &Value) -> PyResult<Vec<Bound<'py, PyAny>>> {
                    let $v = value.get::<$t>().ok_or_else(mistaken)?;
                    Ok(vec![$($value.into_bound_py_any($py)?),*])
                }
                read
            }),
        )*];
    };
}

readers! {
    numpy "i64" i64, py v => [v];
    numpy "usize" usize, py v => [v];
    numpy "bool" bool, py v => [v];
    linalg "bool" bool, py v => [v];
    numpy "f64" f64, py v => [v];
    numpy "String" String, py v => [v];
    numpy "Scalar" np::Scalar, py v => [python_scalar(py, *v)?];
    numpy "DType" DType, py v => [dtypes::to_python(py, *v)?];
    numpy "Option<DType>" Option<DType>, py v => [dtype(py, v)?];
    numpy "Axis" np::Axis, py v => [v.0];
    numpy "Axes" np::Axes, py v => [ints(py, &Some(&v.0))?];
    numpy "Along" np::Along, py v => [v.0];
    numpy "Shape" np::Shape, py v => [v.0.to_vec()];
    numpy "Count" np::Count, py v => [v.0];
    numpy "Reduce" np::Reduce, py v => [ints(py, &v.axes)?, v.keepdims];
    numpy "Variance" np::Variance, py v => [ints(py, &v.axes.axes)?, v.ddof, v.axes.keepdims, 0.0];
    numpy "Scanned" np::Scanned, py v => [v.axis, dtype(py, &v.dtype)?, v.include_initial];
    numpy "Order" np::Order, py v => [v.axis, v.descending, true];
    numpy "Top" np::Top, py v => [v.axis, !v.smallest];
    numpy "Side" np::Side, py v => [if matches!(v, np::Side::Left) { "left" } else { "right" }];
    numpy "Quantiles" np::Quantiles, py v => [
        if v.single { v.q[0].into_bound_py_any(py)? } else { v.q.clone().into_bound_py_any(py)? },
        word(&METHODS, &v.method)
    ];
    numpy "Covariance" np::Covariance, py v => [!v.columns, v.ddof];
    numpy "Reduction" np::Reduction, py v => [word(&REDUCTIONS, v)];
    numpy "Update" np::Update, py v => [word(&UPDATES, v)];
    numpy "Close" np::Close, py v => [v.rtol, v.atol, v.equal_nan];
    numpy "NanToNum" np::NanToNum, py v => [v.nan, v.posinf, v.neginf];
    numpy "Bounds" np::Bounds, py v => [word(&BOUNDS, v)];
    numpy "Gather" np::Gather, py v => [v.axis, word(&BOUNDS, &v.bounds)];
    numpy "EdgeOrder" np::EdgeOrder, py v => [v.0];
    numpy "Powers" np::Powers, py v => [v.columns, v.increasing];
    numpy "Diagonal" np::Diagonal, py v => [v.offset, axes(v)[0], axes(v)[1]];
    numpy "Trace" np::Trace, py v => [v.of.offset, axes(&v.of)[0], axes(&v.of)[1], dtype(py, &v.dtype)?];
    linalg "Diagonal" np::Diagonal, py v => [v.offset];
    linalg "Trace" np::Trace, py v => [v.of.offset, dtype(py, &v.dtype)?];
    fft "Along" fft::Along, py v => [v.n, v.axis, norm(v.norm)];
    fft "Over" fft::Over, py v => [ints(py, &v.s)?, ints(py, &v.axes)?, norm(v.norm)];
    linalg "Tolerance" linalg::Tolerance, py v => [v.0];
    linalg "NormOrder" linalg::NormOrder, py v => [order(py, &Some(*v))?];
    linalg "Norm" linalg::Norm, py v => [order(py, &v.ord)?, ints(py, &v.over.axes)?, v.over.keepdims];
    sk_allel "Float" polyarray_genetics::Float, py v => [dtype(py, &v.0)?];
    sk_allel "Relationship" polyarray_genetics::Relationship, py v => [dtype(py, &v.float.0)?, v.samples];
}

/// A device by name; none where none was named.
pub fn device(value: &Value) -> PyResult<Option<String>> {
    match value {
        Value::Device(Device::Default) => Ok(None),
        Value::Device(device) => Ok(Some(device.to_string())),
        _ => Err(mistaken()),
    }
}
