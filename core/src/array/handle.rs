//! The handle: `Array`. Shape, dtype and residency are known at once; values come when they are needed.

use crate::device::{Dyn, Marker};
use crate::dispatch::Key;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::graph::{Dense, NodeRef};
use crate::memory::{Layout, Strides};
use std::fmt;
use std::marker::PhantomData;
use std::panic::{RefUnwindSafe, UnwindSafe};

/// An n-dimensional array that lives somewhere: in host memory or on a device.
///
/// A handle is cheap to clone: clones, and views made by slicing or transposing, share storage. Arrays are
/// immutable; operations on them give new arrays, which are computed when their values are needed and live
/// where their operands do.
///
/// `R` is the residency as a type: [`Dyn`] (any), [`Host`](crate::device::Host), or a device's. Functions that mix two
/// typed residencies don't compile; `Array<Dyn>`, plain `Array`, is checked at the call.
///
/// ```
/// use polyarray_core::array::Array;
/// let x = Array::from(vec![1.0f32, 2.0, 3.0, 4.0]).reshape([2, 2])?;
/// assert_eq!(x.shape(), [2, 2]);
/// assert_eq!(x.t().to_vec::<f32>()?, [1.0, 3.0, 2.0, 4.0]);
/// # Ok::<(), polyarray_core::Error>(())
/// ```
#[repr(C)]
pub struct Array<R: Marker = Dyn> {
    pub(crate) dense: Dense,
    /// May a scope that coerces copy it to another residency? Typed arrays never are.
    pub(crate) coercion: Coercion,
    pub(crate) marker: PhantomData<R>,
}

impl<R: Marker> Clone for Array<R> {
    fn clone(&self) -> Self {
        Array { dense: self.dense.clone(), coercion: self.coercion, marker: PhantomData }
    }
}

// A node's value is published when it is computed: after a panic in between it is pending, as before.
impl<R: Marker> UnwindSafe for Array<R> {}
impl<R: Marker> RefUnwindSafe for Array<R> {}

/// May a scope that coerces copy an array? A word wide, as the rest of a handle is: a byte stored and a word loaded, as
/// copying the handle does, stalls the processor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub(crate) enum Coercion {
    Never,
    Allowed,
}

impl Coercion {
    const fn of<R: Marker>() -> Coercion {
        if R::COERCIBLE { Coercion::Allowed } else { Coercion::Never }
    }
}

impl<R: Marker> From<Dense> for Array<R> {
    #[inline(always)]
    fn from(dense: Dense) -> Array<R> {
        Array { dense, coercion: Coercion::of::<R>(), marker: PhantomData }
    }
}

impl<R: Marker> Array<R> {
    #[inline(always)]
    pub(crate) fn from_node(node: NodeRef, view: Option<Layout>) -> Array<R> {
        Dense::new(node, view).into()
    }

    /// Lengths of the axes.
    pub fn shape(&self) -> &[usize] {
        self.dense.shape()
    }

    /// Number of axes.
    pub fn ndim(&self) -> usize {
        self.shape().len()
    }

    /// Number of elements.
    pub fn len(&self) -> usize {
        self.shape().iter().product()
    }

    /// True where there is no element.
    pub fn is_empty(&self) -> bool {
        self.shape().contains(&0)
    }

    /// Type of the elements.
    pub fn dtype(&self) -> DType {
        self.dense.node.dtype
    }

    /// Where it lives: `host`, `gpu:0`, an outsider's own; [`Key::NONE`] of a bare scalar.
    pub fn residency(&self) -> Key {
        self.dense.node.home
    }

    /// Where it lives, as a device for creation functions.
    pub fn device(&self) -> crate::device::Device {
        self.residency().into()
    }

    /// True of a Rust scalar that has met no array yet.
    pub fn is_weak(&self) -> bool {
        self.dense.node.weak
    }

    /// True while its values are not computed.
    pub fn is_pending(&self) -> bool {
        self.dense.node.value.get().is_none()
    }

    /// Elements from one to the next along each axis, in the memory of its values.
    ///
    /// ```
    /// use polyarray_core::Array;
    /// assert_eq!(Array::from([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]).t().strides()[..], [1, 3]);
    /// ```
    pub fn strides(&self) -> Strides {
        self.layout().strides
    }

    /// How its elements lie in the node's buffer.
    pub(crate) fn layout(&self) -> Layout {
        self.dense.layout()
    }

    /// The value of a bare scalar, for messages.
    pub(crate) fn describe_value(&self) -> Option<String> {
        self.dense.describe_value()
    }

    /// The same array, its residency known only at run time.
    pub fn erase(&self) -> Array {
        Array { dense: self.dense.clone(), coercion: Coercion::Allowed, marker: PhantomData }
    }

    /// The same array for a dispatch: typed ones stay uncoercible.
    pub(crate) fn as_dyn(&self) -> Array {
        Array {
            dense: self.dense.clone(),
            coercion: if R::COERCIBLE { self.coercion } else { Coercion::Never },
            marker: PhantomData,
        }
    }

    /// The same array with its residency in the type.
    ///
    /// # Errors
    /// [`Error::Residency`] if it lives elsewhere.
    pub fn typed<S: Marker>(&self) -> Result<Array<S>> {
        if !S::admits(self.dense.node.home) {
            return Err(Error::Residency {
                op: "typed",
                operands: format!("the array lives on {}, {} was asked for", self.dense.node.home, S::NAME),
                fix: format!("copy it with .to({:?}) first", S::NAME),
            });
        }
        Ok(Array { dense: self.dense.clone(), coercion: Coercion::of::<S>(), marker: PhantomData })
    }

    /// The result of a dispatch under the residency type of its arguments.
    #[doc(hidden)]
    pub fn retyped<S: Marker>(self) -> Result<Array<S>> {
        if !S::admits(self.dense.node.home) {
            return self.typed();
        }
        Ok(self.dense.into())
    }
}

impl<R: Marker> fmt::Debug for Array<R> {
    /// Shape, dtype and residency. Never evaluates.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = if self.is_pending() { ", pending" } else { "" };
        let weak = if self.dense.node.weak { ", weak" } else { "" };
        write!(f, "Array({:?}, {}, {}{state}{weak})", self.shape(), self.dtype(), self.residency())
    }
}
