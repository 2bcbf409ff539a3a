//! Upper bounds on the kernel that computes a node, found when the node is recorded: operations, inputs, and the bytes
//! that it keeps alive.

use super::Dense;
use super::lower::{MAX_OPS, constant};
use super::node::{Node, NodeRef};
use crate::expr::Layout;
use smallvec::SmallVec;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

/// What an operand adds to the kernel of its consumer.
#[derive(Clone, Copy)]
pub(super) struct Part {
    pub(super) size: u32,
    pub(super) leaves: u32,
    pub(super) retains: u64,
}

impl Part {
    #[inline]
    pub(super) fn of(arg: &Dense, elementwise: bool) -> Part {
        let node = &arg.node;
        if node.weak {
            // A parameter, not an input.
            return Part { size: 0, leaves: 0, retains: 0 };
        }
        if node.is_leaf() || node.value.get().is_some() {
            let retains = if node.leaf { node.retains } else { node.nbytes() };
            return Part { size: 0, leaves: 1, retains };
        }
        let (size, leaves) = if elementwise && inlined(arg) { (node.size, node.leaves) } else { (0, 1) };
        Part { size, leaves, retains: node.retains }
    }
}

/// Whether a pending operand is computed inside its consumer. Lowering inlines it only if a view of it, if any, shows
/// the whole value in order.
#[inline]
fn inlined(arg: &Dense) -> bool {
    let node = &arg.node;
    let whole = arg.view.as_ref().is_none_or(|view| view.shape == node.shape && view.is_dense());
    node.fuses && whole && !node.materialise.load(Relaxed)
}

/// The distinct inputs of a kernel: a node, and the view of it.
pub(super) type Inputs = SmallVec<[(*const Node, Option<Arc<Layout>>); 9]>;

/// Adds the inputs that a kernel reads for an operand, where it computes the nodes that `inlines` accepts. `Node::leaves`
/// counts an input once per use, which overestimates chains that use the same few arrays in every step. Visits no more
/// nodes than a kernel has operations.
pub(super) fn add_inputs(arg: &Dense, inlines: &impl Fn(&Dense) -> bool, inputs: &mut Inputs) {
    if constant(arg).is_some() {
        return;
    }
    if inlines(arg)
        && let Some(expr) = arg.node.pending()
        && expr.is_elementwise()
    {
        return expr.args().iter().for_each(|arg| add_inputs(arg, inlines, inputs));
    }
    let at = NodeRef::as_ptr(&arg.node);
    if !inputs.iter().any(|(node, view)| *node == at && *view == arg.view) {
        inputs.push((at, arg.view.clone()));
    }
}

/// Marks the largest operands to be materialised until the fused kernel is within bounds. The choice depends on the
/// chain alone, so that recording the same chain again compiles no new kernel.
#[cold]
pub(super) fn bound(args: &[&Dense], inputs: usize) -> (u32, u32) {
    let mut parts: SmallVec<[Part; 3]> = args.iter().map(|a| Part::of(a, true)).collect();
    loop {
        let (size, mut leaves) = parts.iter().fold((1, 0), |(s, l), part| (s + part.size, l + part.leaves));
        if leaves as usize > inputs {
            let mut read = Inputs::new();
            args.iter().for_each(|arg| add_inputs(arg, &inlined, &mut read));
            leaves = read.len() as u32;
        }
        if size <= MAX_OPS && leaves as usize <= inputs {
            return (size, leaves);
        }
        let key = |p: &Part| if size > MAX_OPS { p.size } else { p.leaves };
        match (0..parts.len()).max_by_key(|&i| key(&parts[i])) {
            Some(i) if parts[i].size > 0 => {
                args[i].node.materialise.store(true, Relaxed);
                parts[i] = Part { size: 0, leaves: 1, ..parts[i] };
            }
            // Nothing is left to materialise: the backend takes fewer inputs than the operation has.
            _ => return (size, leaves),
        }
    }
}
