//! Operators of arrays. One that meets something else than an array or a number leaves it to the other operand.
#![allow(unsafe_op_in_unsafe_fn, reason = "what PyO3's attribute expands to inside a macro")]
use polyarray::{self as np, Array};
use pyo3::basic::CompareOp;
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;

use crate::array::PyArray;
use crate::errors::Raise;
use crate::operand::{is_numpy, operand_beside};

type Binary = fn(&Array, &Array) -> np::Result<Array>;

/// The other operand; none for what an operator does not take. NumPy's arrays and numbers are taken, lists are not.
fn other(this: &Array, given: &Bound<'_, PyAny>) -> PyResult<Option<Array>> {
    if given.is_instance_of::<PyArray>() || crate::operand::scalar(given).is_some() || is_numpy(given)? {
        return operand_beside(given, Some(this.residency())).map(Some);
    }
    Ok(None)
}

fn binary<'py>(
    this: &Bound<'py, PyArray>,
    given: &Bound<'py, PyAny>,
    f: Binary,
) -> PyResult<Bound<'py, PyAny>> {
    let (py, array) = (this.py(), this.get().array());
    match other(&array, given)? {
        Some(value) => Ok(PyArray::new(f(&array, &value).raise()?).into_pyobject(py)?.into_any()),
        None => Ok(py.NotImplemented().into_bound(py)),
    }
}

/// In place: the array keeps its shape and dtype, as in NumPy.
fn in_place(this: &Bound<'_, PyArray>, given: &Bound<'_, PyAny>, f: Binary) -> PyResult<()> {
    let value = operand_beside(given, Some(this.get().residency()))?;
    this.get().update(|array| {
        let result = f(array, &value).raise()?;
        if result.shape() != array.shape() {
            return Err(PyValueError::new_err(format!(
                "in place, the result of shape {:?} does not fit the array of shape {:?}; write x = x op y",
                result.shape(),
                array.shape()
            )));
        }
        if result.dtype().kind() > array.dtype().kind() {
            return Err(PyTypeError::new_err(format!(
                "in place, {} does not become {}; write x = x op y",
                result.dtype(),
                array.dtype()
            )));
        }
        *array = if result.dtype() == array.dtype() {
            result
        } else {
            np::astype(&result, array.dtype()).raise()?
        };
        Ok(())
    })
}

macro_rules! operators {
    ($($forth:ident $back:ident $within:ident $f:path;)*) => {
        #[pymethods]
        impl PyArray {
            $(
                fn $forth<'py>(this: &Bound<'py, Self>, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
                    binary(this, other, |a, b| $f(a, b))
                }
                fn $back<'py>(this: &Bound<'py, Self>, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
                    binary(this, other, |a, b| $f(b, a))
                }
                fn $within(this: &Bound<'_, Self>, other: &Bound<'_, PyAny>) -> PyResult<()> {
                    in_place(this, other, |a, b| $f(a, b))
                }
            )*
        }
    };
}
operators! {
    __add__ __radd__ __iadd__ np::add;
    __sub__ __rsub__ __isub__ np::subtract;
    __mul__ __rmul__ __imul__ np::multiply;
    __truediv__ __rtruediv__ __itruediv__ np::divide;
    __floordiv__ __rfloordiv__ __ifloordiv__ np::floor_divide;
    __mod__ __rmod__ __imod__ np::remainder;
    __matmul__ __rmatmul__ __imatmul__ np::matmul;
    __and__ __rand__ __iand__ np::bitwise_and;
    __or__ __ror__ __ior__ np::bitwise_or;
    __xor__ __rxor__ __ixor__ np::bitwise_xor;
    __lshift__ __rlshift__ __ilshift__ np::bitwise_left_shift;
    __rshift__ __rrshift__ __irshift__ np::bitwise_right_shift;
}

/// Python hands the modulus of its three-argument `pow` along.
fn no_modulus(modulus: Option<&Bound<'_, PyAny>>) -> PyResult<()> {
    match modulus {
        None => Ok(()),
        Some(_) => Err(PyTypeError::new_err("pow() of arrays takes no modulus")),
    }
}

#[pymethods]
impl PyArray {
    fn __pow__<'py>(
        this: &Bound<'py, Self>,
        other: &Bound<'py, PyAny>,
        modulus: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        no_modulus(modulus)?;
        binary(this, other, |a, b| np::pow(a, b))
    }

    fn __rpow__<'py>(
        this: &Bound<'py, Self>,
        other: &Bound<'py, PyAny>,
        modulus: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        no_modulus(modulus)?;
        binary(this, other, |a, b| np::pow(b, a))
    }

    fn __ipow__(
        this: &Bound<'_, Self>,
        other: &Bound<'_, PyAny>,
        modulus: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<()> {
        no_modulus(modulus)?;
        in_place(this, other, |a, b| np::pow(a, b))
    }

    fn __divmod__<'py>(
        this: &Bound<'py, Self>,
        other: &Bound<'py, PyAny>,
    ) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyAny>)> {
        Ok((
            binary(this, other, |a, b| np::floor_divide(a, b))?,
            binary(this, other, |a, b| np::remainder(a, b))?,
        ))
    }

    fn __neg__(&self) -> PyResult<PyArray> {
        np::negative(&self.array()).raise().map(PyArray::new)
    }

    fn __pos__(&self) -> PyResult<PyArray> {
        np::positive(&self.array()).raise().map(PyArray::new)
    }

    fn __abs__(&self) -> PyResult<PyArray> {
        np::absolute(&self.array()).raise().map(PyArray::new)
    }

    fn __invert__(&self) -> PyResult<PyArray> {
        np::bitwise_invert(&self.array()).raise().map(PyArray::new)
    }

    fn __richcmp__<'py>(
        this: &Bound<'py, Self>,
        other: &Bound<'py, PyAny>,
        how: CompareOp,
    ) -> PyResult<Bound<'py, PyAny>> {
        let f: Binary = match how {
            CompareOp::Lt => |a, b| np::less(a, b),
            CompareOp::Le => |a, b| np::less_equal(a, b),
            CompareOp::Eq => |a, b| np::equal(a, b),
            CompareOp::Ne => |a, b| np::not_equal(a, b),
            CompareOp::Gt => |a, b| np::greater(a, b),
            CompareOp::Ge => |a, b| np::greater_equal(a, b),
        };
        binary(this, other, f)
    }
}
