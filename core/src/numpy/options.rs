//! Option types: what is not an array, with natural conversions.

use crate::array::{Device, IntoAxes, IntoShape, Whole};
use crate::dispatch::{Instance, Key, Kind};
use crate::dtype::DType;
use crate::error::{Error, Result};
use smallvec::SmallVec;

/// A shape, of whatever [`IntoShape`] takes: `3`, `[2, 3]`, `(2, 3)`, `()`, a slice or a vector. Checked by the function
/// that takes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shape(pub SmallVec<[isize; 4]>);

impl<T: IntoShape> From<T> for Shape {
    fn from(shape: T) -> Shape {
        Shape(shape.into_shape())
    }
}

/// Which axes to reduce, and whether they stay with length 1: `()` for all, `-1`, `[0, 1]`,
/// `axis(0).keepdims()`.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Reduce {
    /// The axes; none for all.
    pub axes: Option<SmallVec<[isize; 4]>>,
    /// Keep reduced axes with length 1.
    pub keepdims: bool,
}

/// One axis or several, for [`Reduce`].
///
/// ```
/// use polyarray_core::{Array, numpy as np};
/// # use polyarray_cpu as _;
/// let x = Array::from([[1.0, 2.0], [3.0, 4.0]]);
/// assert_eq!(np::sum(&x, np::axis([0, 1]).keepdims())?.shape(), [1, 1]);
/// # Ok::<(), polyarray_core::Error>(())
/// ```
pub fn axis(axes: impl Into<Reduce>) -> Reduce {
    axes.into()
}

impl Reduce {
    /// Reduced axes stay with length 1, so that the result broadcasts against the operand.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let x = Array::from([[1.0, 2.0], [3.0, 4.0]]);
    /// assert_eq!(np::sum(&x, np::axis(0).keepdims())?.shape(), [1, 2]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    #[must_use]
    pub fn keepdims(mut self) -> Reduce {
        self.keepdims = true;
        self
    }

    /// The axes as a bit set.
    pub(crate) fn mask(&self, op: &'static str, ndim: usize) -> Result<u64> {
        if ndim > 64 {
            return Err(Error::Axis { op, axis: 64, ndim, fix: "at most 64 axes can be reduced" });
        }
        match &self.axes {
            None => Ok(if ndim == 64 { u64::MAX } else { (1 << ndim) - 1 }),
            Some(axes) => Ok(crate::expr::axes::wrap_axes(op, axes, ndim)?
                .iter()
                .fold(0, |mask, &axis| mask | 1 << axis)),
        }
    }
}

/// The options of a variance: the axes, and what is subtracted from the number of elements in the divisor. Converts from all
/// that [`Reduce`] converts from; `axis(0).ddof(1.0)` for the unbiased estimate.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Variance {
    /// The axes.
    pub axes: Reduce,
    /// Subtracted from the number of elements, "delta degrees of freedom".
    pub ddof: f64,
}

impl Reduce {
    /// Divide by the number of elements less this.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let x = Array::from([1.0, 3.0]);
    /// assert_eq!(np::var(&x, np::axis(0).ddof(1.0))?.item()?.to_f64(), 2.0);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    #[must_use]
    pub fn ddof(self, ddof: f64) -> Variance {
        Variance { axes: self, ddof }
    }
}

impl<T: Into<Reduce>> From<T> for Variance {
    fn from(axes: T) -> Variance {
        Variance { axes: axes.into(), ddof: 0.0 }
    }
}

impl From<()> for Reduce {
    fn from((): ()) -> Reduce {
        Reduce::default()
    }
}
impl<T: Whole, const N: usize> From<[T; N]> for Reduce {
    fn from(axes: [T; N]) -> Reduce {
        Reduce { axes: Some(axes.into_axes()), keepdims: false }
    }
}
impl<T: Whole> From<&[T]> for Reduce {
    fn from(axes: &[T]) -> Reduce {
        Reduce { axes: Some(axes.into_axes()), keepdims: false }
    }
}
impl<T: Whole> From<Vec<T>> for Reduce {
    fn from(axes: Vec<T>) -> Reduce {
        Reduce { axes: Some(axes.into_axes()), keepdims: false }
    }
}
impl From<Option<isize>> for Reduce {
    fn from(axis: Option<isize>) -> Reduce {
        axis.map_or_else(Reduce::default, Reduce::from)
    }
}

/// One axis; negative counts from the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Axis(pub isize);

/// One axis to work along; `()` for the flattened array.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Along(pub Option<isize>);

impl From<()> for Along {
    fn from((): ()) -> Along {
        Along(None)
    }
}

/// How to sort: `()` along the last axis, `0` along another, `.descending()`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Order {
    /// The axis.
    pub axis: isize,
    /// The largest first.
    pub descending: bool,
}

/// The largest first, along the last axis.
///
/// ```
/// use polyarray_core::{Array, numpy as np};
/// # use polyarray_cpu as _;
/// let x = Array::from([2, 3, 1]);
/// assert_eq!(np::sort(&x, np::descending())?.to_vec::<i32>()?, [3, 2, 1]);
/// # Ok::<(), polyarray_core::Error>(())
/// ```
pub fn descending() -> Order {
    Order { axis: -1, descending: true }
}

impl Order {
    /// The largest first.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let x = Array::from([[1.0, 2.0], [3.0, 4.0]]);
    /// assert_eq!(np::sort(&x, np::Order::from(0).descending())?.to_vec::<f64>()?, [3.0, 4.0, 1.0, 2.0]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    #[must_use]
    pub fn descending(mut self) -> Order {
        self.descending = true;
        self
    }
}

impl From<()> for Order {
    fn from((): ()) -> Order {
        Order { axis: -1, descending: false }
    }
}

/// How to scan: `()`, an axis, a dtype, `axis(0).dtype(F64).include_initial()`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Scanned {
    /// The axis; none for the only one.
    pub axis: Option<isize>,
    /// The dtype of the result; none for the function's own.
    pub dtype: Option<DType>,
    /// The neutral element comes before the first.
    pub include_initial: bool,
}

/// Scan along an axis.
///
/// ```
/// use polyarray_core::{Array, numpy as np};
/// # use polyarray_cpu as _;
/// let x = Array::from([[1.0, 2.0], [3.0, 4.0]]);
/// assert_eq!(np::cumulative_sum(&x, np::scan_along(1))?.to_vec::<f64>()?, [1.0, 3.0, 3.0, 7.0]);
/// # Ok::<(), polyarray_core::Error>(())
/// ```
pub fn scan_along(axis: isize) -> Scanned {
    Scanned { axis: Some(axis), ..Scanned::default() }
}

impl Scanned {
    /// The result in this dtype; elements are cast first.
    ///
    /// ```
    /// use polyarray_core::{Array, DType, numpy as np};
    /// # use polyarray_cpu as _;
    /// let x = Array::from([1, 2]);
    /// let sums = np::cumulative_sum(&x, np::scan_along(0).dtype(DType::F64))?;
    /// assert_eq!(sums.to_vec::<f64>()?, [1.0, 3.0]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    #[must_use]
    pub fn dtype(mut self, dtype: DType) -> Scanned {
        self.dtype = Some(dtype);
        self
    }

    /// The neutral element comes before the first: results are one longer.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let x = Array::from([1.0, 2.0]);
    /// let sums = np::cumulative_sum(&x, np::scan_along(0).include_initial())?;
    /// assert_eq!(sums.to_vec::<f64>()?, [0.0, 1.0, 3.0]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    #[must_use]
    pub fn include_initial(mut self) -> Scanned {
        self.include_initial = true;
        self
    }
}

impl From<()> for Scanned {
    fn from((): ()) -> Scanned {
        Scanned::default()
    }
}

impl From<DType> for Scanned {
    fn from(dtype: DType) -> Scanned {
        Scanned { dtype: Some(dtype), ..Scanned::default() }
    }
}

/// How close is close: `()` for a relative tolerance of 1e-5 and an absolute one of 1e-8, `rtol(1e-12)`,
/// `atol(0.0).equal_nan()`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Close {
    /// Times the magnitude of the second operand.
    pub rtol: f64,
    /// Added to it.
    pub atol: f64,
    /// NaN is close to NaN.
    pub equal_nan: bool,
}

/// A relative tolerance for [`Close`].
///
/// ```
/// use polyarray_core::{Array, numpy as np};
/// # use polyarray_cpu as _;
/// let x = Array::from([1.0, 100.0]);
/// assert_eq!(np::isclose(&x, [1.5, 101.0], np::rtol(0.1))?.to_vec::<bool>()?, [false, true]);
/// # Ok::<(), polyarray_core::Error>(())
/// ```
pub fn rtol(rtol: f64) -> Close {
    Close { rtol, ..Close::from(()) }
}

/// An absolute tolerance for [`Close`].
///
/// ```
/// use polyarray_core::{Array, numpy as np};
/// # use polyarray_cpu as _;
/// let x = Array::from([1.0, 100.0]);
/// assert_eq!(np::isclose(&x, [1.5, 102.0], np::atol(1.0))?.to_vec::<bool>()?, [true, false]);
/// # Ok::<(), polyarray_core::Error>(())
/// ```
pub fn atol(atol: f64) -> Close {
    Close { atol, ..Close::from(()) }
}

impl Close {
    /// With this relative tolerance.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let x = Array::from([1.0, 100.0]);
    /// let within = np::atol(0.0).rtol(0.1);
    /// assert_eq!(np::isclose(&x, [1.5, 101.0], within)?.to_vec::<bool>()?, [false, true]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    #[must_use]
    pub fn rtol(self, rtol: f64) -> Close {
        Close { rtol, ..self }
    }

    /// With this absolute tolerance.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let x = Array::from([1.0, 100.0]);
    /// let within = np::rtol(0.0).atol(1.0);
    /// assert_eq!(np::isclose(&x, [1.5, 102.0], within)?.to_vec::<bool>()?, [true, false]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    #[must_use]
    pub fn atol(self, atol: f64) -> Close {
        Close { atol, ..self }
    }

    /// NaN is close to NaN.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let x = Array::from([1.0, f64::NAN]);
    /// assert!(!np::allclose(&x, &x, ())?);
    /// assert!(np::allclose(&x, &x, np::rtol(1e-9).equal_nan())?);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    #[must_use]
    pub fn equal_nan(self) -> Close {
        Close { equal_nan: true, ..self }
    }
}

impl From<()> for Close {
    fn from((): ()) -> Close {
        Close { rtol: 1e-5, atol: 1e-8, equal_nan: false }
    }
}

/// What replaces NaN and infinities: `()` for 0 and the ends of the dtype, `NanToNum { nan: -1.0, ..().into() }`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct NanToNum {
    /// For NaN.
    pub nan: f64,
    /// For infinity; none for the largest number of the dtype.
    pub posinf: Option<f64>,
    /// For minus infinity; none for the least number of the dtype.
    pub neginf: Option<f64>,
}

impl From<()> for NanToNum {
    fn from((): ()) -> NanToNum {
        NanToNum::default()
    }
}

macro_rules! from_axis {
    ($($axis:ty),*) => { $(
        impl From<$axis> for Reduce {
            fn from(axis: $axis) -> Reduce { Reduce { axes: Some(axis.into_axes()), keepdims: false } }
        }
        impl From<$axis> for Axis {
            fn from(axis: $axis) -> Axis { Axis(axis as isize) }
        }
        impl From<$axis> for Along {
            fn from(axis: $axis) -> Along { Along(Some(axis as isize)) }
        }
        impl From<$axis> for Order {
            fn from(axis: $axis) -> Order { Order { axis: axis as isize, descending: false } }
        }
        impl From<$axis> for Scanned {
            fn from(axis: $axis) -> Scanned { scan_along(axis as isize) }
        }
    )* };
}
from_axis!(i32, i64, isize, usize);

/// Dtype and device of an array to be made: `()`, a dtype, a device, `dtype(F32).device("gpu:0")`.
#[derive(Clone, Debug, Default)]
pub struct Create {
    /// The dtype; none for the function's default.
    pub dtype: Option<DType>,
    /// The device, checked when the function is called.
    device: Option<Result<Device>>,
}

/// A dtype for [`Create`].
///
/// ```
/// use polyarray_core::{DType, numpy as np};
/// # use polyarray_cpu as _;
/// assert_eq!(np::zeros(2, np::dtype(DType::F32))?.to_vec::<f32>()?, [0.0, 0.0]);
/// # Ok::<(), polyarray_core::Error>(())
/// ```
pub fn dtype(dtype: DType) -> Create {
    Create { dtype: Some(dtype), device: None }
}

/// A device for [`Create`].
///
/// ```
/// use polyarray_core::numpy as np;
/// # use polyarray_cpu as _;
/// assert_eq!(np::zeros(2, np::device("host"))?.to_vec::<f64>()?, [0.0, 0.0]);
/// # Ok::<(), polyarray_core::Error>(())
/// ```
pub fn device(device: impl TryInto<Device, Error: Into<Error>>) -> Create {
    Create::default().device(device)
}

impl Create {
    /// On this device.
    ///
    /// ```
    /// use polyarray_core::{DType, numpy as np};
    /// # use polyarray_cpu as _;
    /// assert_eq!(np::zeros(2, np::dtype(DType::F32).device("host"))?.to_vec::<f32>()?, [0.0, 0.0]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    #[must_use]
    pub fn device(mut self, device: impl TryInto<Device, Error: Into<Error>>) -> Create {
        self.device = Some(device.try_into().map_err(Into::into));
        self
    }

    /// Of this dtype.
    ///
    /// ```
    /// use polyarray_core::{DType, numpy as np};
    /// # use polyarray_cpu as _;
    /// assert_eq!(np::zeros(2, np::device("host").dtype(DType::F32))?.to_vec::<f32>()?, [0.0, 0.0]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    #[must_use]
    pub fn dtype(mut self, dtype: DType) -> Create {
        self.dtype = Some(dtype);
        self
    }

    /// Was a device given?
    pub(crate) fn names_device(&self) -> bool {
        !matches!(self.device, None | Some(Ok(Device::Default)))
    }

    /// Where to make it.
    pub(crate) fn place(&self) -> Result<Device> {
        self.device.clone().unwrap_or(Ok(Device::Default))?.placed()
    }
}

impl From<()> for Create {
    fn from((): ()) -> Create {
        Create::default()
    }
}
impl From<DType> for Create {
    fn from(d: DType) -> Create {
        dtype(d)
    }
}
macro_rules! from_device {
    ($($device:ty),*) => { $(
        impl From<$device> for Create {
            fn from(place: $device) -> Create { device(place) }
        }
    )* };
}
from_device!(&str, String, &String, Device, Key, Kind, Instance);
