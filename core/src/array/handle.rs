//! The handle: `Array`. Shape, dtype and residency are known at once; values come when they are needed.

use super::buffer::{Buffer, HostBuffer};
use super::node::NodeRef;
use super::residency::{Dyn, HOST, Marker};
use super::{eval, transfer};
use crate::dispatch::Key;
use crate::dtype::{DType, Element, Scalar};
use crate::error::{Error, Result};
use crate::expr::{Dims, Layout};
use smallvec::SmallVec;
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

/// An n-dimensional array that lives somewhere: in host memory or on a device.
///
/// A handle is cheap to clone: clones, and views made by slicing or transposing, share storage. Arrays are
/// immutable; operations on them give new arrays, which are computed when their values are needed and live
/// where their operands do.
///
/// `R` is the residency as a type: [`Dyn`] (any), [`Host`](super::Host), or a device's. Functions that mix two
/// typed residencies don't compile; `Array<Dyn>`, plain `Array`, is checked at the call.
///
/// ```
/// use polyarray_core::array::Array;
/// let x = Array::from(vec![1.0f32, 2.0, 3.0, 4.0]).reshape([2, 2])?;
/// assert_eq!(x.shape(), [2, 2]);
/// assert_eq!(x.t().to_vec::<f32>()?, [1.0, 3.0, 2.0, 4.0]);
/// # Ok::<(), polyarray_core::Error>(())
/// ```
// In this order: node and view are copied as one, and a copy that starts at another place than the one before stalls.
#[repr(C)]
pub struct Array<R: Marker = Dyn> {
    pub(crate) node: NodeRef,
    /// None: the node's value as it is.
    pub(crate) view: Option<Arc<Layout>>,
    /// May a scope that coerces copy it to another residency? Typed arrays never are.
    pub(crate) coercion: Coercion,
    pub(crate) marker: PhantomData<R>,
}

impl<R: Marker> Clone for Array<R> {
    fn clone(&self) -> Self {
        Array {
            node: self.node.clone(),
            view: self.view.clone(),
            coercion: self.coercion,
            marker: PhantomData,
        }
    }
}

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

/// An evaluated operand, as an implementation of a backend's own gets it.
#[derive(Clone, Debug)]
pub struct Operand {
    /// The buffer.
    pub buffer: Arc<dyn Buffer>,
    /// How the array's elements lie in it.
    pub layout: Layout,
}

impl<R: Marker> Array<R> {
    #[inline(always)]
    pub(crate) fn from_node(node: NodeRef, view: Option<Layout>) -> Array<R> {
        Array { node, view: view.map(Arc::new), coercion: Coercion::of::<R>(), marker: PhantomData }
    }

    /// Lengths of the axes.
    pub fn shape(&self) -> &[usize] {
        match &self.view {
            Some(l) => &l.shape,
            None => &self.node.shape,
        }
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
        self.node.dtype
    }

    /// Where it lives: `host`, `gpu:0`, an outsider's own; [`Key::NONE`] of a bare scalar.
    pub fn residency(&self) -> Key {
        self.node.home
    }

    /// True of a Rust scalar that has met no array yet.
    pub fn is_weak(&self) -> bool {
        self.node.weak
    }

    /// True while its values are not computed.
    pub fn is_pending(&self) -> bool {
        self.node.value.get().is_none()
    }

    /// How its elements lie in the node's buffer.
    pub(crate) fn layout(&self) -> Layout {
        match &self.view {
            Some(l) => (**l).clone(),
            None => Layout::dense(&self.node.shape),
        }
    }

    /// The value of a bare scalar, for messages.
    pub(crate) fn describe_value(&self) -> Option<String> {
        if !self.node.weak {
            return None;
        }
        match self.node.pending().as_deref() {
            Some(super::node::Expr::Full(v)) => Some(v.to_string()),
            _ => None,
        }
    }

    /// The same array, its residency known only at run time.
    pub fn erase(&self) -> Array {
        Array {
            node: self.node.clone(),
            view: self.view.clone(),
            coercion: Coercion::Allowed,
            marker: PhantomData,
        }
    }

    /// The same array for a dispatch: typed ones stay uncoercible.
    pub(crate) fn as_dyn(&self) -> Array {
        Array {
            node: self.node.clone(),
            view: self.view.clone(),
            coercion: if R::COERCIBLE { self.coercion } else { Coercion::Never },
            marker: PhantomData,
        }
    }

    /// The same array with its residency in the type.
    ///
    /// # Errors
    /// [`Error::Residency`] if it lives elsewhere.
    pub fn typed<S: Marker>(&self) -> Result<Array<S>> {
        if !S::admits(self.node.home) {
            return Err(Error::Residency {
                op: "typed",
                operands: format!("the array lives on {}, {} was asked for", self.node.home, S::NAME),
                fix: format!("copy it with .to({:?}) first", S::NAME),
            });
        }
        Ok(Array {
            node: self.node.clone(),
            view: self.view.clone(),
            coercion: Coercion::of::<S>(),
            marker: PhantomData,
        })
    }

    /// The result of a dispatch under the residency type of its arguments.
    #[doc(hidden)]
    pub fn retyped<S: Marker>(self) -> Result<Array<S>> {
        if !S::admits(self.node.home) {
            return self.typed();
        }
        Ok(Array { node: self.node, view: self.view, coercion: Coercion::of::<S>(), marker: PhantomData })
    }

    /// Computes the values now. Otherwise that happens when they are read.
    ///
    /// # Errors
    /// What the computation fails with: out of memory, a lost device.
    pub fn eval(&self) -> Result<&Self> {
        eval::evaluate(&self.node)?;
        Ok(self)
    }

    /// The evaluated array as buffer and layout: what a backend's implementation works on.
    ///
    /// # Errors
    /// What the computation fails with.
    pub fn operand(&self) -> Result<Operand> {
        Ok(Operand { buffer: eval::evaluate(&self.node)?, layout: self.layout() })
    }

    /// The values on the host, as buffer and layout: copied from the device if they live on one.
    pub(crate) fn on_host(&self) -> Result<(Arc<dyn Buffer>, Layout)> {
        if self.node.home == *HOST || self.node.home == Key::NONE {
            return Ok((eval::evaluate(&self.node)?, self.layout()));
        }
        transfer::download(&self.as_dyn())
    }

    /// The values in row-major order, on the host. A copy.
    ///
    /// # Errors
    /// [`Error::DType`] if the elements are not `T`; what the computation or the copy fails with.
    pub fn to_vec<T: Element>(&self) -> Result<Vec<T>> {
        let (buffer, layout) = self.on_host()?;
        let host: &HostBuffer = super::own(&*buffer, "host", "to_vec")?;
        let data = host.as_slice::<T>()?;
        if layout.is_contiguous() {
            return Ok(data[layout.offset..layout.offset + layout.len()].to_vec());
        }
        Ok(super::interop::view::<T>(data, &layout).iter().copied().collect())
    }

    /// The one value of an array of one element.
    ///
    /// # Errors
    /// [`Error::Shape`] if there are more or none.
    pub fn item(&self) -> Result<Scalar> {
        if self.len() != 1 {
            return Err(Error::Shape {
                op: "item",
                operands: format!("an array of shape {:?}", self.shape()),
                fix: "item reads arrays of one element; use get(index) or to_vec".into(),
            });
        }
        self.get(&SmallVec::<[isize; 4]>::from_elem(0, self.ndim()))
    }

    /// One element. A negative index counts from the end.
    ///
    /// # Errors
    /// [`Error::Index`] out of bounds; [`Error::Shape`] if there are not as many indices as axes.
    pub fn get(&self, index: &[isize]) -> Result<Scalar> {
        if index.len() != self.ndim() {
            return Err(Error::Shape {
                op: "get",
                operands: format!("{} indices into shape {:?}", index.len(), self.shape()),
                fix: "give one index per axis".into(),
            });
        }
        let mut at: Dims = SmallVec::new();
        for (axis, (&i, &len)) in index.iter().zip(self.shape()).enumerate() {
            at.push(super::views::wrap_index("get", i as i64, axis, len)?);
        }
        // A device copies back that one element, not the array; if there is no other, as it is.
        let near = self.node.home == *HOST || self.node.home == Key::NONE;
        let one = if near || self.len() == 1 {
            self.as_dyn()
        } else {
            let mut layout = self.layout();
            layout.offset = layout.at(&at);
            (layout.shape, layout.strides) = Default::default();
            at.clear();
            super::record::copy(&Array::<Dyn>::from_node(self.node.clone(), Some(layout)))?
        };
        let (buffer, layout) = one.on_host()?;
        let host: &HostBuffer = super::own(&*buffer, "host", "get")?;
        let k = layout.at(&at);
        crate::with_element!(host.dtype(), T => Ok(host.as_slice::<T>()?[k].scalar()))
    }

    /// A copy on another residency: `"host"`, `"gpu:0"`, `Host`, a `Device`; the array itself if it lives there.
    ///
    /// # Errors
    /// [`Error::Unknown`] device; what the computation or the copy fails with.
    pub fn to(&self, device: impl TryInto<super::Device, Error: Into<Error>>) -> Result<Array> {
        transfer::to(&self.as_dyn(), device.try_into().map_err(Into::into)?)
    }
}

impl<R: Marker> fmt::Debug for Array<R> {
    /// Shape, dtype and residency. Never evaluates.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = if self.is_pending() { ", pending" } else { "" };
        let weak = if self.node.weak { ", weak" } else { "" };
        write!(f, "Array({:?}, {}, {}{state}{weak})", self.shape(), self.dtype(), self.residency())
    }
}
