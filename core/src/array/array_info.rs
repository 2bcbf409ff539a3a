//! What is known of an array without computing it, for cost models.

use super::Array;
use super::handle::Coercion;
use crate::device::Marker;
use crate::dispatch::{Instance, Key};
use crate::dtype::DType;
use crate::graph::NodeRef;
use crate::memory::HostBuffer;

/// What recording knows of an operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ArrayInfo {
    /// Where it lives; [`Key::NONE`] of a bare scalar.
    pub residency: Key,
    /// Type of the elements.
    pub dtype: DType,
    /// Number of elements.
    pub len: usize,
    /// Bytes of the buffer that the elements are in: an upper bound of a copy to another residency.
    pub bytes: u64,
    /// Not computed yet.
    pub pending: bool,
    /// Pending, and computed inside its consumer's kernel if that runs on its residency.
    pub fuses: bool,
    /// Upper bound of the operations that computing it takes.
    pub pending_ops: u32,
    /// Whether it may be copied to another residency.
    pub coercible: bool,
}

impl<R: Marker> Array<R> {
    /// The array's properties, without computing anything. Costs a few loads.
    pub fn info(&self) -> ArrayInfo {
        let pending = self.is_pending() && !self.dense.node.weak;
        ArrayInfo {
            residency: self.dense.node.home,
            dtype: self.dtype(),
            len: self.len(),
            bytes: self.dense.node.nbytes(),
            pending,
            fuses: pending && self.dense.node.fuses && self.dense.view.is_none(),
            pending_ops: if pending { self.dense.node.size } else { 0 },
            coercible: self.coercion == Coercion::Allowed,
        }
    }

    /// Upper bound of the operations that [`pending_work`](Self::pending_work) would list: 0 where there is none. Cheaper than
    /// [`info`](Self::info), for fast paths that need only this.
    #[inline]
    pub fn pending_steps(&self) -> u32 {
        if self.dense.node.fuses && self.dense.view.is_none() && self.is_pending() {
            self.dense.node.size
        } else {
            0
        }
    }

    /// Whether a copy of this host array is kept on an instance, so that its next use there copies nothing.
    pub fn is_kept_on(&self, instance: Instance) -> bool {
        let buffer = self.dense.node.value.get().map(|buffer| &**buffer as &dyn std::any::Any);
        let host = buffer.and_then(|buffer| buffer.downcast_ref::<HostBuffer>());
        host.is_some_and(|host| host.mirror(instance).lock().is_some())
    }

    /// Whether both are handles or views of the same values.
    pub fn shares_values_with(&self, other: &Array<R>) -> bool {
        NodeRef::ptr_eq(&self.dense.node, &other.dense.node)
    }
}
