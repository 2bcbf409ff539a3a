//! What the kernel that would end in a node is bounded by, found when the node is recorded: its operations, its inputs, and
//! the memory that it keeps alive.

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
        let (size, leaves) = if elementwise && taken_in(arg) { (node.size, node.leaves) } else { (0, 1) };
        Part { size, leaves, retains: node.retains }
    }
}

/// Is a pending operand computed inside its consumer? As lowering inlines it: seen whole, if by a view.
#[inline]
fn taken_in(arg: &Dense) -> bool {
    let node = &arg.node;
    let whole = arg.view.as_ref().is_none_or(|view| view.shape == node.shape && view.is_dense());
    node.fuses && whole && !node.cut.load(Relaxed)
}

/// What a kernel reads, each once: a node, and how it is seen.
pub(super) type Inputs = SmallVec<[(*const Node, Option<Arc<Layout>>); 9]>;

/// Adds what a kernel reads for an operand, if it computes those that `inlines` names. A node's own number counts an input
/// as often as it is used, which is too much where a chain uses the same few arrays in every step. Visits no more nodes
/// than a kernel has operations.
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

/// Cuts the largest operands off until the fused kernel is within bounds. Always at the same place of the same
/// chain, so that a cut does not make a new kernel each time.
#[cold]
pub(super) fn bound(args: &[&Dense], inputs: usize) -> (u32, u32) {
    let mut parts: SmallVec<[Part; 3]> = args.iter().map(|a| Part::of(a, true)).collect();
    loop {
        let (size, mut leaves) = parts.iter().fold((1, 0), |(s, l), part| (s + part.size, l + part.leaves));
        if leaves as usize > inputs {
            let mut read = Inputs::new();
            args.iter().for_each(|arg| add_inputs(arg, &taken_in, &mut read));
            leaves = read.len() as u32;
        }
        if size <= MAX_OPS && leaves as usize <= inputs {
            return (size, leaves);
        }
        let key = |p: &Part| if size > MAX_OPS { p.size } else { p.leaves };
        match (0..parts.len()).max_by_key(|&i| key(&parts[i])) {
            Some(i) if parts[i].size > 0 => {
                args[i].node.cut.store(true, Relaxed);
                parts[i] = Part { size: 0, leaves: 1, ..parts[i] };
            }
            // Nothing left to cut: the backend takes fewer inputs than the operation has.
            _ => return (size, leaves),
        }
    }
}
