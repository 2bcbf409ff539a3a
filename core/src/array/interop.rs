//! To and from Rust's own: `Vec`, slices, arrays, scalars and `ndarray`.

use super::{Array, IntoShape, lengths};
use crate::device::{HOST, Host, Marker};
use crate::dtype::{Element, Scalar};
use crate::error::{Error, Result};
use crate::graph::node::Node;
use crate::memory::strided::view;
use crate::memory::{Buffer, HostBuffer};
use ndarray::{ArrayD, ArrayViewD, Dimension, IxDyn};
use num_complex::{Complex32, Complex64};
use smallvec::SmallVec;
use std::sync::Arc;

impl Array<Host> {
    fn from_buffer(buffer: HostBuffer, shape: &[usize]) -> Array<Host> {
        Array::from_node(Node::leaf(SmallVec::from_slice(shape), *HOST, None, Arc::new(buffer)), None)
    }
}

impl Array {
    /// A vector under a shape, without a copy.
    ///
    /// # Errors
    /// [`Error::Shape`] if the shape has another number of elements.
    pub fn from_vec<T: Element>(data: Vec<T>, shape: &[usize]) -> Result<Array> {
        Array::under("from_vec", HostBuffer::from_vec(data), shape)
    }

    /// A host buffer of row-major elements under a shape, without a copy: memory of the caller, a mapped file.
    ///
    /// # Errors
    /// [`Error::Shape`] if the shape has another number of elements.
    pub fn from_host(buffer: HostBuffer, shape: impl IntoShape) -> Result<Array> {
        Array::under("from_host", buffer, &lengths("from_host", &shape.into_shape())?)
    }

    fn under(op: &'static str, buffer: HostBuffer, shape: &[usize]) -> Result<Array> {
        if crate::memory::layout::checked_len(shape) != Some(buffer.len()) {
            return Err(Error::Shape {
                op,
                operands: format!("{} elements, shape {shape:?}", buffer.len()),
                fix: "give a shape whose lengths multiply to the number of elements".into(),
            });
        }
        Ok(Array::<Host>::from_buffer(buffer, shape).erase())
    }

    /// A Rust scalar, which takes the dtype of the array that it meets. Integers are widened to 64 bits, because a literal has
    /// no type that its writer has chosen.
    pub fn weak(value: Scalar) -> Array {
        let wide = match value {
            Scalar::U8(_) | Scalar::U16(_) | Scalar::U32(_) => value.cast(crate::dtype::DType::U64),
            v if v.dtype().is_int() && v.dtype() != crate::dtype::DType::U64 => {
                v.cast(crate::dtype::DType::I64)
            }
            v => v,
        };
        Array::from_node(Node::weak(wide), None)
    }

    /// One value as an array of its own dtype, on the host, without axes.
    pub fn scalar<T: Element>(value: T) -> Array {
        Array::<Host>::from_buffer(HostBuffer::from_vec(vec![value]), &[]).erase()
    }
}

impl<T: Element> From<Vec<T>> for Array {
    /// One axis, without a copy.
    fn from(v: Vec<T>) -> Array {
        let n = v.len();
        Array::<Host>::from_buffer(HostBuffer::from_vec(v), &[n]).erase()
    }
}

impl<T: Element> From<&[T]> for Array {
    fn from(v: &[T]) -> Array {
        Array::from(v.to_vec())
    }
}

impl<T: Element, const N: usize> From<[T; N]> for Array {
    fn from(v: [T; N]) -> Array {
        Array::from(v.to_vec())
    }
}

impl<T: Element, const N: usize, const M: usize> From<[[T; M]; N]> for Array {
    fn from(v: [[T; M]; N]) -> Array {
        Array::<Host>::from_buffer(HostBuffer::from_vec(v.into_iter().flatten().collect()), &[N, M]).erase()
    }
}

impl<T: Element, const N: usize, const M: usize, const K: usize> From<[[[T; K]; M]; N]> for Array {
    fn from(v: [[[T; K]; M]; N]) -> Array {
        let all = v.into_iter().flatten().flatten().collect();
        Array::<Host>::from_buffer(HostBuffer::from_vec(all), &[N, M, K]).erase()
    }
}

impl<T: Element, const N: usize, const M: usize, const K: usize, const L: usize> From<[[[[T; L]; K]; M]; N]>
    for Array
{
    fn from(v: [[[[T; L]; K]; M]; N]) -> Array {
        let all = v.into_iter().flatten().flatten().flatten().collect();
        Array::<Host>::from_buffer(HostBuffer::from_vec(all), &[N, M, K, L]).erase()
    }
}

impl<T: Element, D: Dimension> From<ndarray::Array<T, D>> for Array {
    /// Without a copy where it is in row-major order.
    fn from(a: ndarray::Array<T, D>) -> Array {
        let shape = a.shape().to_vec();
        let data = if a.is_standard_layout() && a.len() == a.as_slice().map_or(0, <[T]>::len) {
            // The vector may hold more than the view shows: then it is copied.
            let n = a.len();
            let (v, offset) = a.into_raw_vec_and_offset();
            if v.len() == n { v } else { v[offset.unwrap_or(0)..][..n].to_vec() }
        } else {
            a.iter().copied().collect()
        };
        Array::<Host>::from_buffer(HostBuffer::from_vec(data), &shape).erase()
    }
}

impl<T: Element, D: Dimension> From<ndarray::ArrayView<'_, T, D>> for Array {
    fn from(a: ndarray::ArrayView<'_, T, D>) -> Array {
        let shape = a.shape().to_vec();
        Array::<Host>::from_buffer(HostBuffer::from_vec(a.iter().copied().collect()), &shape).erase()
    }
}

impl<T: Element, D: Dimension> From<&ndarray::Array<T, D>> for Array {
    fn from(a: &ndarray::Array<T, D>) -> Array {
        Array::from(a.view())
    }
}

macro_rules! weak {
    ($($t:ty),*) => { $(
        impl From<$t> for Array {
            /// A weak scalar: it takes the dtype of the array that it meets.
            fn from(v: $t) -> Array { Array::weak(v.into()) }
        }
    )* };
}
weak!(bool, i8, i16, i32, i64, u8, u16, u32, u64, half::f16, f32, f64, Complex32, Complex64);

impl From<usize> for Array {
    fn from(v: usize) -> Array {
        Array::weak(Scalar::U64(v as u64))
    }
}

/// A scalar as a number of type `T`: of its kind (bool, integer, float, complex) or a lower one, an integer exactly, a float
/// rounded once.
fn number<T: Element>(value: Scalar) -> Result<T> {
    let cast = value.cast(T::DTYPE);
    let lost = T::DTYPE.is_int() && cast.to_i128() != value.to_i128();
    if value.dtype().kind() > T::DTYPE.kind() || lost {
        return Err(Error::DType {
            op: "try_from",
            operands: format!("the {} {value} as {}", value.dtype(), T::DTYPE),
            fix: "it does not fit; convert it with to_f64, to_i128 or cast first".into(),
        });
    }
    Ok(T::from_scalar(cast))
}

macro_rules! numbers {
    ($($t:ty as $element:ty),*) => { $(
        impl TryFrom<Scalar> for $t {
            type Error = Error;
            fn try_from(value: Scalar) -> Result<$t> { Ok(number::<$element>(value)? as $t) }
        }
    )* };
}
numbers!(
    i8 as i8,
    i16 as i16,
    i32 as i32,
    i64 as i64,
    isize as i64,
    u8 as u8,
    u16 as u16,
    u32 as u32,
    u64 as u64,
    usize as u64,
    bool as bool,
    f32 as f32,
    f64 as f64,
    half::f16 as half::f16,
    Complex32 as Complex32,
    Complex64 as Complex64
);

impl From<&Array> for Array {
    fn from(a: &Array) -> Array {
        a.clone()
    }
}

impl<R: Marker> Array<R> {
    /// The values as an ndarray, on the host. A copy.
    ///
    /// # Errors
    /// [`Error::DType`] if the elements are not `T`; what the computation or the copy fails with.
    pub fn to_ndarray<T: Element>(&self) -> Result<ArrayD<T>> {
        let data = self.to_vec::<T>()?;
        Ok(ArrayD::from_shape_vec(IxDyn(self.shape()), data).expect("to_vec gives one element per place"))
    }

    /// Calls `f` with the values as an ndarray view. No copy if the array lives on the host.
    ///
    /// # Errors
    /// [`Error::DType`] if the elements are not `T`; what the computation or the copy fails with.
    pub fn with_view<T: Element, O>(&self, f: impl FnOnce(ArrayViewD<'_, T>) -> O) -> Result<O> {
        let (buffer, layout) = self.on_host()?;
        let host: &HostBuffer = crate::memory::downcast(&*buffer, "host", "with_view")?;
        Ok(f(view(host.as_slice::<T>()?, &layout)))
    }
}

macro_rules! try_from {
    ($($to:ty => $method:ident),*) => { $(
        impl<T: Element, R: Marker> TryFrom<&Array<R>> for $to {
            type Error = Error;
            fn try_from(a: &Array<R>) -> Result<$to> { a.$method() }
        }
        impl<T: Element, R: Marker> TryFrom<Array<R>> for $to {
            type Error = Error;
            fn try_from(a: Array<R>) -> Result<$to> { a.$method() }
        }
    )* };
}
try_from!(Vec<T> => to_vec, ArrayD<T> => to_ndarray);
