//! Creation: arrays from nothing. They take a dtype and a device; a device takes part in dispatch.

use super::options::{Create, Shape};
use super::{add, astype, equal, erased_astype, multiply};
use crate::array::Array;
use crate::device::residency::site;
use crate::device::{Device, instance_at};
use crate::dispatch::{Cx, Instance, Registrar, Stop};
use crate::dtype::{DType, Kind, Scalar, promote_weak};
use crate::error::{Error, Result};
use crate::graph::record;
use crate::multimethod;

multimethod! {
    erased domain "numpy";
    /// One value everywhere.
    ///
    /// NumPy: `full(shape, value, dtype)`.
    ///
    /// ```
    /// use polyarray_core::numpy as np;
    /// # use polyarray_cpu as _;
    /// assert_eq!(np::full([2, 2], 7.0, ())?.to_vec::<f64>()?, [7.0; 4]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    pub fn full(shape: Shape, value: Scalar, dtype: Option<DType>, device: &Device) -> Result<Array>;

    /// 0, 1, … `len` − 1, int64: what `arange`, `linspace`, `eye` are made of.
    ///
    /// NumPy: `arange(len)`.
    ///
    /// ```
    /// use polyarray_core::numpy as np;
    /// # use polyarray_cpu as _;
    /// assert_eq!(np::arange(3, ())?.to_vec::<i64>()?, [0, 1, 2]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    pub fn indices(len: usize, device: &Device) -> Result<Array>;
}

/// Registers recorders for what makes arrays from nothing.
pub(super) fn register(r: &mut Registrar<'_>, kind: &str) {
    r.register::<full>(
        kind,
        |cx: Cx,
         shape: Shape,
         value: Scalar,
         dtype: Option<DType>,
         _: &Device|
         -> Result<Array, Stop<Error>> {
            let dtype = dtype.map_or_else(|| default_dtype(value, cx.instance), Ok)?;
            let shape = crate::array::lengths("full", &shape.0)?;
            Ok(record::full(&shape, value.cast(dtype), cx.instance)?.into())
        },
    );
    r.register::<indices>(kind, |cx: Cx, len: usize, _: &Device| -> Result<Array, Stop<Error>> {
        Ok(record::iota(len, cx.instance)?.into())
    });
}

/// The dtype of a value that came without one: its own, but doubles only where the device has them.
fn default_dtype(value: Scalar, instance: Instance) -> Result<DType> {
    let float = site(instance)?.default_float;
    let dtype = match value.dtype() {
        DType::F64 => float,
        DType::C128 => promote_weak(float, Kind::Complex, float),
        own => own,
    };
    let (exact, cast) = (value.to_c128(), value.cast(dtype).to_c128());
    if exact.is_finite() && !cast.is_finite() {
        return Err(Error::DType {
            op: "full",
            operands: format!("value {value} on {}", instance.name()),
            fix: format!("floats are {float} there by default, which can't hold it; use another device"),
        });
    }
    Ok(dtype)
}

/// An array where another one lives, which may be elsewhere: a table, an order, indices; as it is beside an array of a wrapper, whose instance takes
/// every residency.
pub(super) fn beside(table: &Array, x: &Array) -> Result<Array> {
    if x.repr().is_some() { Ok(table.clone()) } else { table.to(Device::At(x.residency())) }
}

/// The default float dtype of the device that an array lives on.
pub(super) fn float_beside(x: &Array) -> Result<DType> {
    if x.repr().is_some() {
        // What holds other arrays is asked what becomes of theirs.
        return Ok(multiply(&erased_astype(x, DType::Bool)?, 1.0)?.dtype());
    }
    if x.is_weak() {
        // It lives nowhere, and becomes an array on the default device.
        return Ok(full((), 0.0, ())?.dtype());
    }
    Ok(site(instance_at(x.residency())?)?.default_float)
}

/// `value` everywhere, by default in the dtype of the value, but a double becomes float32 on a device that has no
/// float64.
///
/// NumPy: `full(shape, value, dtype)`.
///
/// ```
/// use polyarray_core::{DType, numpy as np};
/// # use polyarray_cpu as _;
/// let x = np::full([2, 3], 7, DType::F32)?;
/// assert_eq!((x.shape(), x.to_vec::<f32>()?), (&[2, 3][..], vec![7.0; 6]));
/// # Ok::<(), polyarray_core::Error>(())
/// ```
///
/// # Errors
/// [`Error::DType`] if the value doesn't fit the dtype; an unknown device; [`Error::TooLarge`].
pub fn full(shape: impl Into<Shape>, value: impl Into<Scalar>, create: impl Into<Create>) -> Result<Array> {
    let (value, create): (Scalar, Create) = (value.into(), create.into());
    let dtype = create.dtype.unwrap_or(value.dtype());
    let cast = value.cast(dtype);
    let exact = value.to_c128();
    // A float loses its fraction, and nothing else: NaN and what is too large would give some other number.
    let whole = value.to_i128().or_else(|| exact.re.is_finite().then_some(exact.re.trunc() as i128));
    let fits = match dtype.kind() {
        Kind::Int => exact.im == 0.0 && whole.is_some() && cast.to_i128() == whole,
        Kind::Float => exact.im == 0.0,
        Kind::Bool | Kind::Complex => true,
    };
    if !fits {
        return Err(Error::DType {
            op: "full",
            operands: format!("value {value}, dtype {dtype}"),
            fix: "give a dtype that holds the value".into(),
        });
    }
    erased_full(shape.into(), value, create.dtype, &create.place()?)
}

/// Zeros, by default float64 (float32 on a device that has no float64).
///
/// NumPy: `zeros(shape, dtype)`.
///
/// ```
/// use polyarray_core::{DType, numpy as np};
/// # use polyarray_cpu as _;
/// assert_eq!(np::zeros([2, 2], ())?.to_vec::<f64>()?, [0.0; 4]);
/// assert_eq!(np::zeros(3, DType::I32)?.to_vec::<i32>()?, [0, 0, 0]);
/// # Ok::<(), polyarray_core::Error>(())
/// ```
///
/// # Errors
/// Those of [`full()`].
pub fn zeros(shape: impl Into<Shape>, create: impl Into<Create>) -> Result<Array> {
    full(shape, 0.0, create)
}

/// Ones, by default float64 (float32 on a device that has no float64).
///
/// NumPy: `ones(shape, dtype)`.
///
/// ```
/// use polyarray_core::{DType, numpy as np};
/// # use polyarray_cpu as _;
/// assert_eq!(np::ones([2, 2], ())?.to_vec::<f64>()?, [1.0; 4]);
/// assert_eq!(np::ones(3, DType::I32)?.to_vec::<i32>()?, [1, 1, 1]);
/// # Ok::<(), polyarray_core::Error>(())
/// ```
///
/// # Errors
/// Those of [`full()`].
pub fn ones(shape: impl Into<Shape>, create: impl Into<Create>) -> Result<Array> {
    full(shape, 1.0, create)
}

/// `value` everywhere, shaped as `like`, of its dtype and where it lives unless `create` says otherwise.
///
/// NumPy: `full_like(like, value, dtype)`.
///
/// ```
/// use polyarray_core::{Array, numpy as np};
/// # use polyarray_cpu as _;
/// let x = Array::from([1, 2]);
/// assert_eq!(np::full_like(&x, 9, ())?.to_vec::<i32>()?, [9, 9]);
/// # Ok::<(), polyarray_core::Error>(())
/// ```
///
/// # Errors
/// Those of [`full()`].
pub fn full_like(like: &Array, value: impl Into<Scalar>, create: impl Into<Create>) -> Result<Array> {
    let mut create: Create = create.into();
    create.dtype.get_or_insert(like.dtype());
    if !create.names_device() && !like.is_weak() {
        create = create.device(super::manipulation::home(like));
    }
    full(like.shape(), value, create)
}

/// Zeros, shaped as `like`; otherwise as [`full_like()`].
///
/// NumPy: `zeros_like(like)`.
///
/// ```
/// use polyarray_core::{Array, numpy as np};
/// # use polyarray_cpu as _;
/// let x = Array::from([1, 2]);
/// assert_eq!(np::zeros_like(&x, ())?.to_vec::<i32>()?, [0, 0]);
/// # Ok::<(), polyarray_core::Error>(())
/// ```
///
/// # Errors
/// Those of [`full()`].
pub fn zeros_like(like: &Array, create: impl Into<Create>) -> Result<Array> {
    full_like(like, false, create)
}

/// Ones, shaped as `like`; otherwise as [`full_like()`].
///
/// NumPy: `ones_like(like)`.
///
/// ```
/// use polyarray_core::{Array, numpy as np};
/// # use polyarray_cpu as _;
/// let x = Array::from([1, 2]);
/// assert_eq!(np::ones_like(&x, ())?.to_vec::<i32>()?, [1, 1]);
/// # Ok::<(), polyarray_core::Error>(())
/// ```
///
/// # Errors
/// Those of [`full()`].
pub fn ones_like(like: &Array, create: impl Into<Create>) -> Result<Array> {
    full_like(like, true, create)
}

/// An array whose values are not asked for: zeros, since no memory is ever shown that was not written. By default
/// float64 (float32 on a device that has no float64).
///
/// NumPy: `empty(shape)`.
///
/// ```
/// use polyarray_core::numpy as np;
/// # use polyarray_cpu as _;
/// assert_eq!(np::empty([2, 3], ())?.shape(), [2, 3]);
/// # Ok::<(), polyarray_core::Error>(())
/// ```
///
/// # Errors
/// Those of [`full()`].
pub fn empty(shape: impl Into<Shape>, create: impl Into<Create>) -> Result<Array> {
    zeros(shape, create)
}

/// [`empty()`], shaped as `like`; otherwise as [`full_like()`].
///
/// NumPy: `empty_like(like)`.
///
/// ```
/// use polyarray_core::{Array, DType, numpy as np};
/// # use polyarray_cpu as _;
/// let x = np::empty_like(&Array::from([[1, 2], [3, 4]]), ())?;
/// assert_eq!((x.shape(), x.dtype()), (&[2, 2][..], DType::I32));
/// # Ok::<(), polyarray_core::Error>(())
/// ```
///
/// # Errors
/// Those of [`full()`].
pub fn empty_like(like: &Array, create: impl Into<Create>) -> Result<Array> {
    zeros_like(like, create)
}

/// An array of whatever becomes one (a vector, nested arrays, an ndarray, a scalar), of a dtype and on a device.
///
/// NumPy: `asarray(values, dtype)`.
///
/// ```
/// use polyarray_core::numpy as np;
/// let x = np::asarray([[1.0f32, 2.0], [3.0, 4.0]], ())?;
/// assert_eq!(x.shape(), [2, 2]);
/// # Ok::<(), polyarray_core::Error>(())
/// ```
///
/// # Errors
/// An unknown device; those of copying it there.
pub fn asarray(values: impl Into<Array>, create: impl Into<Create>) -> Result<Array> {
    let (values, create): (Array, Create) = (values.into(), create.into());
    if let Some(value) = values.dense.weak_value() {
        return full((), value, create);
    }
    let cast = match create.dtype {
        Some(dtype) if dtype != values.dtype() => astype(&values, dtype)?,
        _ => values,
    };
    if create.names_device() { cast.to(create.place()?) } else { Ok(cast) }
}

/// 0, 1, … n − 1, by default int64.
///
/// NumPy: `arange(n, dtype)`.
///
/// ```
/// use polyarray_core::numpy as np;
/// # use polyarray_cpu as _;
/// assert_eq!(np::arange(4, ())?.to_vec::<i64>()?, [0, 1, 2, 3]);
/// # Ok::<(), polyarray_core::Error>(())
/// ```
///
/// # Errors
/// An unknown device; [`Error::TooLarge`].
pub fn arange(n: usize, create: impl Into<Create>) -> Result<Array> {
    let create: Create = create.into();
    let counted = erased_indices(n, &create.place()?)?;
    match create.dtype {
        None | Some(DType::I64) => Ok(counted),
        Some(dtype) => astype(&counted, dtype),
    }
}

/// `start + i * step` while below `stop` (above it for a negative step), by default in the device's default float
/// dtype; each element is computed from its index, so errors don't add up.
///
/// NumPy: `arange(start, stop, step, dtype)`.
///
/// ```
/// use polyarray_core::numpy as np;
/// # use polyarray_cpu as _;
/// assert_eq!(np::range(1.0, 2.0, 0.25, ())?.to_vec::<f64>()?, [1.0, 1.25, 1.5, 1.75]);
/// # Ok::<(), polyarray_core::Error>(())
/// ```
///
/// # Errors
/// [`Error::Shape`] for a step that is 0 or not finite; an unknown device; [`Error::TooLarge`].
pub fn range(start: f64, stop: f64, step: f64, create: impl Into<Create>) -> Result<Array> {
    let n = ((stop - start) / step).ceil();
    if step == 0.0 || !n.is_finite() {
        return Err(Error::Shape {
            op: "range",
            operands: format!("start {start}, stop {stop}, step {step}"),
            fix: "the step is not 0 and all are finite".into(),
        });
    }
    if n > usize::MAX as f64 {
        return Err(Error::TooLarge { place: "range".into(), bytes: n as u128, detail: "elements".into() });
    }
    let create: Create = create.into();
    spaced(n.max(0.0) as usize, start, step, false, create)
}

/// `count` values evenly spaced from `start` to `stop`, both included, by default in the device's default
/// float dtype: float64, or float32 where there is none.
///
/// NumPy: `linspace(start, stop, count, dtype)`.
///
/// ```
/// use polyarray_core::numpy as np;
/// # use polyarray_cpu as _;
/// assert_eq!(np::linspace(0.0, 1.0, 5, ())?.to_vec::<f64>()?, [0.0, 0.25, 0.5, 0.75, 1.0]);
/// # Ok::<(), polyarray_core::Error>(())
/// ```
///
/// # Errors
/// An unknown device; [`Error::TooLarge`].
pub fn linspace(start: f64, stop: f64, count: usize, create: impl Into<Create>) -> Result<Array> {
    let step = if count > 1 { (stop - start) / (count - 1) as f64 } else { 0.0 };
    let x = spaced(count, start, step, true, create.into())?;
    if count < 2 {
        return Ok(x);
    }
    // The last one exactly, as NumPy gives it.
    let last = full_like(&x, Scalar::F64(stop).cast(x.dtype()), ())?;
    let place = Device::At(x.residency());
    let is_last = equal(&erased_indices(count, &place)?, (count - 1) as i64)?;
    super::where_(&is_last, &last, &x)
}

/// Integers are rounded towards zero, or down.
fn spaced(n: usize, start: f64, step: f64, rounds_down: bool, create: Create) -> Result<Array> {
    let i = erased_indices(n, &create.place()?)?;
    let float = float_beside(&i)?;
    let dtype = create.dtype.unwrap_or(float);
    // A device without doubles still counts in whole numbers, which its floats would round.
    let whole = |x: f64| x.fract() == 0.0 && x.abs() < EXACT;
    if dtype.is_int() && float != DType::F64 && whole(start) && whole(step) {
        return astype(&add(&multiply(&i, step as i64)?, start as i64)?, dtype);
    }
    // Each element from its index, rounded once: in the widest float that the device has.
    let compute = match dtype {
        DType::F16 | DType::F32 => float,
        dtype if dtype.is_int() || dtype == DType::Bool => DType::F64,
        dtype => dtype,
    };
    let x = add(&multiply(&astype(&i, compute)?, step)?, start)?;
    let x = if rounds_down && dtype.is_int() { super::floor(&x)? } else { x };
    if compute == dtype { Ok(x) } else { astype(&x, dtype) }
}

/// Below it a double holds every whole number.
const EXACT: f64 = (1u64 << f64::MANTISSA_DIGITS) as f64;

/// Ones on a diagonal, zeros elsewhere, by default in the device's default float dtype: `eye(3, ())`, with another
/// number of columns `eye((3, 4), ())`, on the diagonal above the main one `eye((3, 4, 1), ())`.
///
/// NumPy: `eye(N, M, k, dtype)`.
///
/// ```
/// use polyarray_core::numpy as np;
/// # use polyarray_cpu as _;
/// assert_eq!(np::eye((2, 3), ())?.to_vec::<f64>()?, [1.0, 0.0, 0.0, 0.0, 1.0, 0.0]);
/// # Ok::<(), polyarray_core::Error>(())
/// ```
///
/// # Errors
/// An unknown device; [`Error::TooLarge`].
pub fn eye(extent: impl Into<Extent>, create: impl Into<Create>) -> Result<Array> {
    diagonals(extent.into(), create.into(), super::erased_equal)
}

/// Ones on the main diagonal of an n × n array: [`eye()`].
///
/// NumPy: `identity(n, dtype)`.
///
/// ```
/// use polyarray_core::numpy as np;
/// # use polyarray_cpu as _;
/// assert_eq!(np::identity(2, ())?.to_vec::<f64>()?, [1.0, 0.0, 0.0, 1.0]);
/// # Ok::<(), polyarray_core::Error>(())
/// ```
///
/// # Errors
/// An unknown device; [`Error::TooLarge`].
pub fn identity(n: usize, create: impl Into<Create>) -> Result<Array> {
    eye(n, create)
}

/// Ones on a diagonal and below it, zeros elsewhere; otherwise as [`eye()`].
///
/// NumPy: `tri(N, M, k, dtype)`.
///
/// ```
/// use polyarray_core::numpy as np;
/// # use polyarray_cpu as _;
/// assert_eq!(np::tri(3, ())?.to_vec::<f64>()?, [1.0, 0.0, 0.0, 1.0, 1.0, 0.0, 1.0, 1.0, 1.0]);
/// # Ok::<(), polyarray_core::Error>(())
/// ```
///
/// # Errors
/// An unknown device; [`Error::TooLarge`].
pub fn tri(extent: impl Into<Extent>, create: impl Into<Create>) -> Result<Array> {
    diagonals(extent.into(), create.into(), super::erased_less_equal)
}

/// Rows and columns of a matrix, and which of its diagonals is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extent {
    /// Rows.
    pub rows: usize,
    /// Columns.
    pub columns: usize,
    /// 0 for the main diagonal, positive above it.
    pub k: i64,
}

impl From<usize> for Extent {
    fn from(n: usize) -> Extent {
        Extent { rows: n, columns: n, k: 0 }
    }
}
impl From<(usize, usize)> for Extent {
    fn from((rows, columns): (usize, usize)) -> Extent {
        Extent { rows, columns, k: 0 }
    }
}
impl From<(usize, usize, i64)> for Extent {
    fn from((rows, columns, k): (usize, usize, i64)) -> Extent {
        Extent { rows, columns, k }
    }
}

fn diagonals(extent: Extent, create: Create, on: fn(&Array, &Array) -> Result<Array>) -> Result<Array> {
    let place = create.place()?;
    // Beyond the matrix one diagonal is as another, and no index overflows.
    let k = extent.k.clamp(-(extent.rows as i64), extent.columns as i64);
    let rows = add(&erased_indices(extent.rows, &place)?, k)?.expand_dims(1)?;
    let on = on(&erased_indices(extent.columns, &place)?, &rows)?;
    astype(&on, create.dtype.map_or_else(|| float_beside(&on), Ok)?)
}
