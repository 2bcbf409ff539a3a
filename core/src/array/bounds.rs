//! What the kernel that would end in a node is bounded by, found when the node is recorded: its operations, its inputs, and
//! the memory that it keeps alive.

use super::Array;
use super::lower::MAX_OPS;
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
    pub(super) fn of(arg: &Array, elementwise: bool) -> Part {
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
fn taken_in(arg: &Array) -> bool {
    let node = &arg.node;
    let whole = arg.view.as_ref().is_none_or(|view| view.shape == node.shape && view.is_dense());
    node.fuses && whole && !node.cut.load(Relaxed)
}

/// What a kernel reads: a node, and how it is seen.
type Seen = (*const Node, Option<Arc<Layout>>);

/// The inputs of a kernel, each once. A node's own number counts one as often as it is used, which is too much where a
/// chain uses the same few arrays in every step.
#[derive(Default)]
struct Inputs {
    seen: SmallVec<[Seen; 9]>,
    /// Nodes with several users, once they were visited.
    shared: SmallVec<[*const Node; 8]>,
}

impl Inputs {
    /// The inputs of the kernel that takes these operands in; none if they are more than `most`.
    fn of(args: &[&Array], most: usize) -> Option<u32> {
        let mut inputs = Inputs::default();
        args.iter().all(|arg| inputs.add(arg, most)).then_some(inputs.seen.len() as u32)
    }

    /// Adds those of an operand; false if they are too many. Not deeper than a kernel may be.
    fn add(&mut self, arg: &Array, most: usize) -> bool {
        let node = &arg.node;
        if node.weak {
            return true;
        }
        let at = NodeRef::as_ptr(node);
        if !node.leaf
            && taken_in(arg)
            && let Some(expr) = node.pending()
        {
            if node.consumers.load(Relaxed) > 1 {
                if self.shared.contains(&at) {
                    return true;
                }
                self.shared.push(at);
            }
            return expr.args().iter().all(|arg| self.add(arg, most));
        }
        if !self.seen.iter().any(|(seen, view)| *seen == at && *view == arg.view) {
            self.seen.push((at, arg.view.clone()));
        }
        self.seen.len() <= most
    }
}

/// Cuts the largest operands off until the fused kernel is within bounds. Always at the same place of the same
/// chain, so that a cut does not make a new kernel each time.
#[cold]
pub(super) fn bound(args: &[&Array], inputs: usize) -> (u32, u32) {
    let mut parts: SmallVec<[Part; 3]> = args.iter().map(|a| Part::of(a, true)).collect();
    loop {
        let (size, mut leaves) = parts.iter().fold((1, 0), |(s, l), part| (s + part.size, l + part.leaves));
        if leaves as usize > inputs {
            leaves = Inputs::of(args, inputs).unwrap_or(leaves);
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
