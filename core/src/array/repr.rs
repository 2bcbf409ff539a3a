//! Representations other than the dense one, for the arrays of wrapper backends.
//!
//! A dense array is a node of the graph and a layout. A chunked array holds arrays and a grid, a differentiable one a
//! primal and a node of the tape, a sparse one indices and values. Such an array is a [`Repr`] behind the same handle. Its
//! shape, dtype and residency are known at once; views, assignment and reading call the primitives here, and methods call
//! its backend's [interceptor](super::packed::Interceptor).

use super::Array;
use super::slice::{Picked, Picks};
use crate::device::Marker;
use crate::dispatch::Key;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::graph::node::Node;
use crate::memory::Dims;
use smallvec::SmallVec;
use std::any::Any;
use std::sync::Arc;

/// A representation.
pub trait Repr: Any + Send + Sync {
    /// Lengths of the axes.
    fn shape(&self) -> &[usize];

    /// Type of the elements.
    fn dtype(&self) -> DType;

    /// Its residency, which must be native to the backend's kind.
    fn residency(&self) -> Key;

    /// A view, or a copy where the representation has no such view. The arguments are checked.
    ///
    /// # Errors
    /// If the representation does not support the view, or fails.
    fn view(&self, view: &View) -> Result<Array>;

    /// The array with a part replaced by `value`, which broadcasts to it and may have any residency.
    ///
    /// # Errors
    /// If the representation does not support assignment, or fails.
    fn assign(&self, part: &[Picked], value: &Array) -> Result<Array>;

    /// The same values as a dense array, for reading, printing and copies to other residencies.
    ///
    /// # Errors
    /// Those of computing it.
    fn to_dense(&self) -> Result<Array>;

    /// Computes the values now.
    ///
    /// # Errors
    /// Those of computing them.
    fn eval(&self) -> Result<()> {
        self.to_dense().map(drop)
    }
}

/// A view, its arguments checked and normalised.
#[derive(Clone, Debug, PartialEq)]
pub enum View {
    /// The same elements in row-major order under another shape.
    Reshape(Dims),
    /// The axes in this order.
    Permute(SmallVec<[usize; 4]>),
    /// A part.
    Slice(Picks),
    /// The elements along these axes in reverse order.
    Flip(SmallVec<[usize; 4]>),
    /// Repeated along new or stretched axes.
    BroadcastTo(Dims),
}

impl View {
    /// The view of an array.
    ///
    /// # Errors
    /// Those of the view.
    pub fn of(&self, array: &Array) -> Result<Array> {
        let signed = |axes: &[usize]| -> SmallVec<[isize; 4]> { axes.iter().map(|&a| a as isize).collect() };
        match self {
            View::Reshape(shape) => array.reshape(signed(shape)),
            View::Permute(axes) => array.permute(signed(axes)),
            View::Slice(picks) => array.slice(&picks[..]),
            View::Flip(axes) => array.flip(signed(axes)),
            View::BroadcastTo(shape) => array.broadcast_to(shape),
        }
    }
}

/// A representation as a node holds it: the graph does not know the trait.
struct Held(Box<dyn Repr>);

impl Array {
    /// An array over a representation.
    pub fn from_repr(repr: impl Repr) -> Array {
        let (shape, dtype, home) = (SmallVec::from_slice(repr.shape()), repr.dtype(), repr.residency());
        Array::from_node(Node::represented(shape, dtype, home, Arc::new(Held(Box::new(repr)))), None)
    }
}

impl<R: Marker> Array<R> {
    /// Its representation, if that is not the dense one.
    pub fn repr(&self) -> Option<&dyn Repr> {
        let held = self.dense.node.representation.as_ref()?.downcast_ref::<Held>()?;
        Some(&*held.0)
    }

    /// Its representation, if it is a `T`.
    pub fn repr_as<T: Repr>(&self) -> Option<&T> {
        (self.repr()? as &dyn Any).downcast_ref()
    }

    /// A view through the representation; none for a dense array.
    pub(super) fn represented(&self, view: impl FnOnce() -> View) -> Option<Result<Array<R>>> {
        let repr = self.repr()?;
        let view = view();
        Some(repr.view(&view).and_then(|seen| self.checked(seen, &view)))
    }

    /// Checks that a representation returned the shape asked for.
    fn checked(&self, seen: Array, view: &View) -> Result<Array<R>> {
        let fits = match view {
            View::Reshape(shape) | View::BroadcastTo(shape) => seen.shape() == &shape[..],
            View::Permute(axes) => axes.len() == seen.ndim(),
            View::Slice(_) => true,
            View::Flip(_) => seen.shape() == self.shape(),
        };
        if !fits || seen.dtype() != self.dtype() {
            return Err(Error::Backend {
                op: "view".into(),
                backend: self.residency().name().into(),
                message: format!("{view:?} of {self:?} gave {seen:?}"),
            });
        }
        Ok(Array { dense: seen.dense, coercion: self.coercion, marker: self.marker })
    }
}
