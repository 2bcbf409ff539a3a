//! Events of the array layer for listeners: kernels run, copies made.

use super::node::Node;
use crate::dispatch::Key;
use crate::dispatch::trace::{Sink, current_sink};
use crate::expr::Kernel;
use crate::memory::Operand;
use std::fmt;
use std::sync::Arc;

/// Counter: fused kernels and kernels by spec that ran.
pub const KERNELS: &str = "kernels run";
/// Counter: those of them that are kernels by spec.
pub const OWN_KERNELS: &str = "kernels by spec";
/// Counter: copies between host and devices.
pub const COPIES: &str = "copies between residencies";
/// Counter: bytes of those copies.
pub const COPIED_BYTES: &str = "bytes copied";

/// The listener in force, which the nodes recorded meanwhile keep.
#[inline]
pub(crate) fn listener() -> Option<Arc<Sink>> {
    current_sink()
}

/// Calls `f` with a node's listener: the one in force when it was recorded, else the one in force now.
fn tell(node: &Node, f: impl FnOnce(&Sink)) {
    if let Some(sink) = node.sink.clone().or_else(current_sink) {
        f(&sink);
    }
}

/// A kernel is about to run.
struct Ran {
    place: Key,
    what: String,
    detail: String,
    /// What the device's arithmetic does not promise.
    caveats: &'static str,
}

impl fmt::Display for Ran {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "kernel on {}: {} ({})", self.place, self.what, self.detail)?;
        if !self.caveats.is_empty() {
            write!(f, ", where not promised: {}", self.caveats)?;
        }
        Ok(())
    }
}

fn caveats(node: &Node) -> &'static str {
    node.site.map_or("", |site| &site.caveats)
}

/// Records a fused kernel.
pub(crate) fn kernel(node: &Node, kernel: &Kernel) {
    tell(node, |sink| fused(sink, node, kernel.label(), kernel, &[]));
}

/// Records a kernel by spec with an epilogue.
pub(crate) fn epilogue(node: &Node, name: &str, operands: &[Operand], kernel: &Kernel) {
    tell(node, |sink| {
        sink.count(OWN_KERNELS, 1);
        fused(sink, node, format!("{name} {}", kernel.label()), kernel, operands);
    });
}

fn fused(sink: &Sink, node: &Node, what: String, kernel: &Kernel, operands: &[Operand]) {
    let buffers = kernel.inputs.iter().map(|i| &i.buffer).chain(operands.iter().map(|o| &o.buffer));
    let read: usize = buffers.map(|buffer| buffer.nbytes()).sum();
    sink.count(KERNELS, 1);
    sink.note(Ran {
        place: node.home,
        what,
        detail: format!(
            "{} elements, {} inputs of {read} bytes, output {:?} {}",
            kernel.dims.iter().product::<usize>(),
            kernel.inputs.len() + operands.len(),
            &node.shape[..],
            node.dtype
        ),
        caveats: caveats(node),
    });
}

/// Records a kernel by spec.
pub(crate) fn ran(node: &Node, name: &str, operands: usize) {
    tell(node, |sink| {
        sink.count(KERNELS, 1);
        sink.count(OWN_KERNELS, 1);
        sink.note(Ran {
            place: node.home,
            what: name.into(),
            detail: format!("{operands} operands, output {:?} {}", &node.shape[..], node.dtype),
            caveats: caveats(node),
        });
    });
}

struct Copied {
    from: Key,
    to: Key,
    bytes: usize,
}

impl fmt::Display for Copied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "copied {} bytes from {} to {}", self.bytes, self.from, self.to)
    }
}

/// Records a copy with the listener in force, whose code asked for it; else with the node's.
pub(crate) fn copied(node: &Node, from: Key, to: Key, bytes: usize) {
    let tell = |sink: &Sink| {
        sink.count(COPIES, 1);
        sink.count(COPIED_BYTES, bytes as u64);
        sink.note(Copied { from, to, bytes });
    };
    if let Some(sink) = current_sink().or_else(|| node.sink.clone()) {
        tell(&sink);
    }
}
