//! Manipulation: the same elements under another shape, in another order, several times or beside others.

mod insertion;
mod joining;
mod padding;
mod repetition;
mod splitting;
mod views;

pub use insertion::*;
pub use joining::*;
pub use padding::*;
pub use repetition::*;
pub use splitting::*;
pub(in crate::numpy) use views::common_shape;
pub use views::*;

use super::creation::float_beside;
use super::options::Create;
use super::{astype, full};
use crate::array::slice::{Picked, Picks};
use crate::array::{Array, IntoAxes};
use crate::device::Device;
use crate::dtype::{DType, Scalar, promote, promote_weak};
use crate::error::Result;
use crate::expr::axes::wrap_axis;
use crate::memory::HostBuffer;
use smallvec::SmallVec;

/// Axes, of whatever [`IntoAxes`] takes: `()`, `-1`, `[0, 1]`, a slice or a vector. What `()` means is said by the
/// function that takes them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Axes(pub SmallVec<[isize; 4]>);

impl<T: IntoAxes> From<T> for Axes {
    fn from(axes: T) -> Axes {
        Axes(axes.into_axes())
    }
}

/// One index or several, known on the host: `3`, `[0, 2]`, a slice or a vector. Negative ones count from the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Indices {
    /// One.
    One(isize),
    /// Several, or none.
    Many(Vec<isize>),
}

/// A number of elements, of times or of windows; `()` for the function's own default.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count(pub Option<usize>);

impl From<()> for Count {
    fn from((): ()) -> Count {
        Count(None)
    }
}

// The only integer type, so that a literal is one.
impl From<usize> for Count {
    fn from(count: usize) -> Count {
        Count(Some(count))
    }
}

macro_rules! indices_from {
    ($($t:ty),*) => { $(
        impl From<$t> for Indices {
            fn from(index: $t) -> Indices { Indices::One(crate::array::Whole::whole(index)) }
        }
        impl<const N: usize> From<[$t; N]> for Indices {
            fn from(indices: [$t; N]) -> Indices { Indices::from(&indices[..]) }
        }
        impl From<Vec<$t>> for Indices {
            fn from(indices: Vec<$t>) -> Indices { Indices::from(&indices[..]) }
        }
        impl From<&[$t]> for Indices {
            fn from(indices: &[$t]) -> Indices {
                Indices::Many(indices.iter().map(|&index| crate::array::Whole::whole(index)).collect())
            }
        }
    )* };
}
indices_from!(i32, i64, isize, usize);

/// An array of its own dtype: a Rust scalar becomes one.
pub(in crate::numpy) fn strong(x: &Array) -> Result<Array> {
    match x.dense.weak_value() {
        Some(value) => full((), value, ()),
        None => Ok(x.clone()),
    }
}

/// A Rust scalar as an array beside `x`, of the dtype that both have in common; any other array as it is.
pub(in crate::numpy) fn strong_beside(value: &Array, x: &Array) -> Result<Array> {
    let Some(scalar) = value.dense.weak_value() else { return Ok(value.clone()) };
    let float = float_beside(x)?;
    let dtype = promote_weak(x.dtype(), scalar.dtype().kind(), float);
    full((), scalar.cast(dtype), alike(x, dtype))
}

/// Two arrays in the dtype that they have in common.
pub(in crate::numpy) fn common(a: &Array, b: &Array) -> Result<(Array, Array)> {
    let (a, b) = match (a.is_weak(), b.is_weak()) {
        (true, false) => (strong_beside(a, b)?, b.clone()),
        (false, true) => (a.clone(), strong_beside(b, a)?),
        _ => (strong(a)?, strong(b)?),
    };
    let dtype = promote(a.dtype(), b.dtype());
    Ok((cast(&a, dtype)?, cast(&b, dtype)?))
}

/// In another dtype; the array itself if it has it.
pub(in crate::numpy) fn cast(x: &Array, dtype: DType) -> Result<Array> {
    if x.dtype() == dtype && !x.is_weak() { Ok(x.clone()) } else { astype(x, dtype) }
}

/// `len` elements along an axis, `step` apart.
pub(in crate::numpy) fn part(x: &Array, axis: usize, start: usize, step: isize, len: usize) -> Result<Array> {
    let whole = |(a, &n): (usize, &usize)| {
        if a == axis {
            Picked::Range { start, step, len }
        } else {
            Picked::Range { start: 0, step: 1, len: n }
        }
    };
    let picks: Picks = x.shape().iter().enumerate().map(whole).collect();
    x.slice(&picks[..])
}

/// One element along an axis, which stays with length 1.
pub(in crate::numpy) fn one(x: &Array, axis: usize, at: usize) -> Result<Array> {
    part(x, axis, at, 1, 1)
}

/// Where a method works along one axis, or else along the flattened array.
pub(in crate::numpy) fn along(op: &'static str, x: &Array, axis: Option<isize>) -> Result<(Array, usize)> {
    let x = strong(x)?;
    match axis {
        Some(axis) => {
            let axis = wrap_axis(op, axis, x.ndim())?;
            Ok((x, axis))
        }
        None => Ok((flat(&x)?, 0)),
    }
}

/// Flattened, also where it has no elements.
pub(in crate::numpy) fn flat(x: &Array) -> Result<Array> {
    x.reshape([x.len()])
}

/// The shape with one length replaced.
pub(in crate::numpy) fn with_length(x: &Array, axis: usize, len: usize) -> SmallVec<[usize; 8]> {
    let mut shape: SmallVec<[usize; 8]> = x.shape().into();
    shape[axis] = len;
    shape
}

/// One axis at another place, the others in their order.
pub(in crate::numpy) fn move_axis(x: &Array, from: usize, to: usize) -> Result<Array> {
    let mut axes: SmallVec<[isize; 4]> = (0..x.ndim() as isize).filter(|&a| a != from as isize).collect();
    axes.insert(to, from as isize);
    x.permute(axes)
}

/// Where an array is made that is to meet `x`: where that lives, or, beside a representation, where the backend that is pinned
/// makes arrays.
pub(in crate::numpy) fn home(x: &Array) -> Device {
    if x.repr().is_some() { Device::Default } else { x.device() }
}

/// The dtype and the place of an array that is to meet `x`.
pub(in crate::numpy) fn alike(x: &Array, dtype: DType) -> Create {
    crate::numpy::dtype(dtype).device(home(x))
}

/// An array of the host, where `x` lives.
pub(in crate::numpy) fn beside(host: Array, x: &Array) -> Result<Array> {
    match home(x) {
        Device::Default => Ok(host),
        place => host.to(place),
    }
}

/// Numbers as an array of a dtype, where `x` lives. They are rounded here: nothing may run on the host while a device is pinned.
pub(in crate::numpy) fn numbers_beside(
    numbers: impl ExactSizeIterator<Item = f64>,
    dtype: DType,
    x: &Array,
) -> Result<Array> {
    let n = numbers.len();
    let mut buffer = HostBuffer::unwritten(dtype, n)?;
    for (bytes, number) in buffer.bytes_mut().chunks_mut(dtype.size()).zip(numbers) {
        bytes.copy_from_slice(&Scalar::F64(number).cast(dtype).to_bytes()[..bytes.len()]);
    }
    beside(Array::from_host(buffer, n)?, x)
}

/// The positions of a vector of indices, as an array where `x` lives.
pub(in crate::numpy) fn positions(indices: Vec<i64>, x: &Array) -> Result<Array> {
    beside(Array::from(indices), x)
}
