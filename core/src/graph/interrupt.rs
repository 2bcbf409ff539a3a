//! Stopping a computation that another thread waits for, and how much a computation would be.

use super::node::NodeRef;
use crate::error::{Error, Result};
use smallvec::{SmallVec, smallvec};
use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

thread_local! {
    static STOP: RefCell<Option<Arc<AtomicBool>>> = const { RefCell::new(None) };
}

/// Runs something that is to be given up: once `stop` is true, evaluations on this thread end with an error before their next
/// kernel. What they have computed stays, and they can be begun again.
///
/// ```
/// use polyarray_core::{Array, array::stoppable};
/// use std::sync::{Arc, atomic::AtomicBool};
/// let x = Array::from(vec![1.0, 2.0]);
/// assert!(stoppable(Arc::new(AtomicBool::new(true)), || x.eval().is_ok())); // there is nothing to compute
/// ```
pub fn stoppable<R>(stop: Arc<AtomicBool>, f: impl FnOnce() -> R) -> R {
    struct Before(Option<Arc<AtomicBool>>);
    impl Drop for Before {
        fn drop(&mut self) {
            STOP.set(self.0.take());
        }
    }
    let _before = Before(STOP.replace(Some(stop)));
    f()
}

/// An error once this thread's evaluations are to stop.
pub(super) fn check() -> Result<()> {
    let stop = STOP.with_borrow(|stop| stop.as_ref().is_some_and(|stop| stop.load(Relaxed)));
    if !stop {
        return Ok(());
    }
    Err(Error::Backend {
        op: "evaluation".into(),
        backend: "the graph".into(),
        message: "it was told to stop".into(),
    })
}

/// Nodes that are looked at before a computation is taken for a long one.
const LOOKED_AT: usize = 64;

/// The elements that computing a node reads and writes, counted up to `most`; 0 if it is computed.
pub(crate) fn elements(root: &NodeRef, most: usize) -> usize {
    let mut seen: SmallVec<[NodeRef; 8]> = smallvec![];
    let mut stack: SmallVec<[NodeRef; 8]> = smallvec![root.clone()];
    let mut total = 0_usize;
    while let Some(node) = stack.pop() {
        let known = seen.iter().any(|other| NodeRef::ptr_eq(other, &node));
        if known || (seen.is_empty() && node.value.get().is_some()) {
            continue;
        }
        total = total.saturating_add(node.shape.iter().product());
        if total >= most || seen.len() >= LOOKED_AT {
            return most;
        }
        if let Some(expr) = node.pending() {
            stack.extend(expr.args().iter().map(|arg| arg.node.clone()));
        }
        seen.push(node);
    }
    total
}
