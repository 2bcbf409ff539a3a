//! What may be known of an array without computing it: what a cost model decides from.

use super::Array;
use super::handle::Coercion;
use crate::device::Marker;
use crate::dispatch::{Instance, Key};
use crate::dtype::DType;
use crate::graph::NodeRef;
use crate::memory::HostBuffer;

/// What recording knows of an operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facts {
    /// Where it lives; [`Key::NONE`] of a bare scalar.
    pub residency: Key,
    /// Type of the elements.
    pub dtype: DType,
    /// Number of elements that it shows.
    pub len: usize,
    /// Bytes of the buffer that it shows them of: what a copy to another residency moves at most.
    pub bytes: u64,
    /// Its values are not computed yet.
    pub pending: bool,
    /// Pending, and computed inside its consumer's kernel if that runs where it lives.
    pub fuses: bool,
    /// Upper bound of the operations that would be computed with it.
    pub pending_ops: u32,
    /// May it be copied to another residency?
    pub coercible: bool,
}

impl<R: Marker> Array<R> {
    /// What is known without computing anything. Costs a few loads.
    pub fn facts(&self) -> Facts {
        let pending = self.is_pending() && !self.dense.node.weak;
        Facts {
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

    /// Upper bound of the operations that [`pending_work`](Self::pending_work) would list: 0 where there is none.
    /// Facts of which a glance wants only this take longer than the glance.
    #[inline]
    pub fn pending_steps(&self) -> u32 {
        if self.dense.node.fuses && self.dense.view.is_none() && self.is_pending() {
            self.dense.node.size
        } else {
            0
        }
    }

    /// Has a copy of this host array been kept on an instance, so that its next use there copies nothing?
    pub fn is_kept_on(&self, instance: Instance) -> bool {
        let buffer = self.dense.node.value.get().map(|buffer| &**buffer as &dyn std::any::Any);
        let host = buffer.and_then(|buffer| buffer.downcast_ref::<HostBuffer>());
        host.is_some_and(|host| host.mirror(instance).lock().is_some())
    }

    /// Are these handles or views of the same values?
    pub fn shares_values_with(&self, other: &Array<R>) -> bool {
        NodeRef::ptr_eq(&self.dense.node, &other.dense.node)
    }
}
