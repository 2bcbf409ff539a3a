//! Nodes of the expression graph: the value of an array, or the expression that computes it.

use super::Dense;
use crate::device::residency::Site;
use crate::dispatch::{Key, trace::Sink};
use crate::dtype::{DType, Scalar};
use crate::error::{Error, Result};
use crate::expr::{Dims, Epilogue, Op, Reduction};
use crate::memory::Buffer;
use crate::memory::Operand;
use parking_lot::{MappedRwLockReadGuard, RwLock, RwLockReadGuard};
use smallvec::SmallVec;
use std::any::Any;
use std::cell::RefCell;
use std::mem::MaybeUninit;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};
use std::sync::{Arc, OnceLock};
use triomphe::UniqueArc;

/// A shared node. There are no weak references, so one counter suffices.
pub(crate) type NodeRef = triomphe::Arc<Node>;
/// Operands of an elementwise operation.
pub(crate) enum Args {
    One([Dense; 1]),
    Two([Dense; 2]),
    Three([Dense; 3]),
}

/// Operands by reference, to be cloned into a node. Written out, because `array::map` is a call and a copy.
pub(crate) trait Keep {
    fn keep(self) -> Args;
}

/// A clone, inlined here and not everywhere: see [`Allocation`].
#[inline(always)]
fn handle(array: &Dense) -> Dense {
    let Dense { node, view } = array;
    Dense { node: node.clone(), view: view.clone() }
}

impl Keep for [&Dense; 1] {
    #[inline(always)]
    fn keep(self) -> Args {
        Args::One([handle(self[0])])
    }
}

impl Keep for [&Dense; 2] {
    #[inline(always)]
    fn keep(self) -> Args {
        Args::Two([handle(self[0]), handle(self[1])])
    }
}

impl Keep for [&Dense; 3] {
    #[inline(always)]
    fn keep(self) -> Args {
        Args::Three([handle(self[0]), handle(self[1]), handle(self[2])])
    }
}

impl std::ops::Deref for Args {
    type Target = [Dense];
    fn deref(&self) -> &[Dense] {
        match self {
            Args::One(args) => args,
            Args::Two(args) => args,
            Args::Three(args) => args,
        }
    }
}

impl std::ops::DerefMut for Args {
    fn deref_mut(&mut self) -> &mut [Dense] {
        match self {
            Args::One(args) => args,
            Args::Two(args) => args,
            Args::Three(args) => args,
        }
    }
}

/// A kernel by spec: takes evaluated operands, returns a dense buffer for each result.
pub(crate) type Run = dyn Fn(&[Operand]) -> Result<SmallVec<[Arc<dyn Buffer>; 3]>> + Send + Sync;

/// A kernel by spec with a fused epilogue: returns the epilogue's result as a dense buffer of the node's shape, or `None`,
/// having done nothing, if it does not take this epilogue.
pub(crate) type Finish = dyn Fn(&[Operand], &Epilogue) -> Result<Option<Arc<dyn Buffer>>> + Send + Sync;

/// How a pending node is computed.
pub(crate) enum Expr {
    /// An operation on operands broadcast to the node's shape, each first cast to `compute` (`Where`'s first:
    /// to bool).
    Map { op: Op, compute: DType, args: Args },
    /// A cast to the node's dtype; to the same one, a dense copy.
    Cast { arg: Dense },
    /// One value everywhere.
    Full(Scalar),
    /// Row-major index of the element, as i64.
    Iota,
    /// Reduction over the axes set in `axes` of the operand cast to `compute`.
    Reduce { op: Reduction, compute: DType, arg: Dense, axes: u64 },
    /// A kernel by spec, and the form of it that fuses an epilogue, if it has one. With several results the node's value is
    /// [`Several`], its shape and dtype those of the first.
    Extern {
        name: &'static str,
        args: Vec<Dense>,
        run: Arc<Run>,
        finish: Option<Arc<Finish>>,
        several: Option<SmallVec<[(Dims, DType); 3]>>,
    },
    /// One of the results of a kernel that has several.
    Pick { of: Dense, index: usize },
}

impl Expr {
    /// The operands.
    pub(crate) fn args(&self) -> &[Dense] {
        match self {
            Expr::Map { args, .. } => args,
            Expr::Extern { args, .. } => args,
            Expr::Cast { arg } | Expr::Reduce { arg, .. } | Expr::Pick { of: arg, .. } => {
                std::slice::from_ref(arg)
            }
            Expr::Full(_) | Expr::Iota => &[],
        }
    }

    fn args_mut(&mut self) -> &mut [Dense] {
        match self {
            Expr::Map { args, .. } => args,
            Expr::Extern { args, .. } => args,
            Expr::Cast { arg } | Expr::Reduce { arg, .. } | Expr::Pick { of: arg, .. } => {
                std::slice::from_mut(arg)
            }
            Expr::Full(_) | Expr::Iota => &mut [],
        }
    }

    /// Elementwise: may be part of a fused kernel of its consumer.
    pub(crate) fn is_elementwise(&self) -> bool {
        matches!(self, Expr::Map { .. } | Expr::Cast { .. } | Expr::Full(_) | Expr::Iota)
    }
}

/// The results of one kernel: the value of a node that only [`Expr::Pick`] reads.
#[derive(Debug)]
pub(crate) struct Several(pub(crate) SmallVec<[Arc<dyn Buffer>; 3]>);

impl Buffer for Several {
    fn dtype(&self) -> DType {
        self.0[0].dtype()
    }
    fn len(&self) -> usize {
        self.0[0].len()
    }
    fn nbytes(&self) -> usize {
        self.0.iter().map(|buffer| buffer.nbytes()).sum()
    }
}

/// The state of a node.
pub(crate) enum State {
    /// Not computed.
    Pending(Expr),
    /// Its value is in the cell.
    Done,
    /// Failed permanently (a lost device; not full memory, which may have been freed by the next time).
    Failed(Error),
}

/// A node. Its value is dense row-major over `shape`; views belong to the handles.
pub(crate) struct Node {
    pub(crate) shape: Dims,
    pub(crate) dtype: DType,
    /// Residency; `Key::NONE` of weak scalars.
    pub(crate) home: Key,
    /// The instance that evaluates it and downloads its buffer. None: host data that no backend made, and weak scalars.
    pub(crate) site: Option<&'static Site>,
    /// A Rust scalar, which takes the dtype of the array that it is combined with.
    pub(crate) weak: bool,
    pub(crate) value: OnceLock<Arc<dyn Buffer>>,
    /// Read-locked by any number of threads during evaluation; write-locked only by `try_write`. So no thread waits for
    /// an evaluation in another.
    pub(crate) state: RwLock<State>,
    /// Pending nodes that have it as an operand.
    pub(crate) consumers: AtomicU32,
    /// To be materialised even where it could be fused: bounds the size of kernels, at places that depend on the chain
    /// alone.
    pub(crate) materialise: AtomicBool,
    /// Recorded as one value everywhere: a parameter of kernels as long as it is pending.
    pub(crate) constant: bool,
    /// Elementwise: a consumer may compute it inline.
    pub(crate) fuses: bool,
    /// Made with its value: it has no operands.
    pub(crate) leaf: bool,
    /// Upper bounds of the operations and inputs of the fused kernel that computes it.
    pub(crate) size: u32,
    pub(crate) leaves: u32,
    /// Bytes of buffers that stay alive while it is pending (an upper bound).
    pub(crate) retains: u64,
    /// The listener in force when it was recorded.
    pub(crate) sink: Option<Arc<Sink>>,
    /// A representation that the graph does not know: the node has no value, and is never evaluated.
    pub(crate) representation: Option<Arc<dyn Any + Send + Sync>>,
}

/// Cached nodes of Rust scalars per thread.
const LITERALS: usize = 16;

thread_local! {
    static WEAK: RefCell<[Option<(DType, u64, NodeRef)>; LITERALS]> = const { RefCell::new([const { None }; LITERALS]) };
}

/// The allocation of a node, made before the node, so that the node is built in its final place. A node built on the stack
/// and moved takes a quarter of the time of recording: its fields are stored one by one and loaded sixteen bytes at a
/// time, which defeats store forwarding.
pub(crate) struct Allocation(UniqueArc<MaybeUninit<Node>>);

impl Allocation {
    #[inline(always)]
    pub(crate) fn new() -> Allocation {
        Allocation(UniqueArc::new_uninit())
    }

    /// Writes the node here. It comes with an empty shape, which is then extended in place.
    #[inline(always)]
    pub(crate) fn fill(mut self, node: Node, shape: &[usize]) -> NodeRef {
        self.0.write(node);
        // SAFETY: the line before wrote it.
        let mut node = unsafe { UniqueArc::assume_init(self.0) };
        node.shape.extend_from_slice(shape);
        node.shareable()
    }
}

impl Node {
    /// A node made with its value.
    pub(crate) fn leaf(
        shape: Dims,
        home: Key,
        site: Option<&'static Site>,
        buffer: Arc<dyn Buffer>,
    ) -> NodeRef {
        let dtype = buffer.dtype();
        let mut node = Node::new(shape, dtype, home, site, State::Done);
        node.value = OnceLock::from(buffer);
        node.retains = node.nbytes();
        NodeRef::new(node)
    }

    /// A node of a representation that the graph does not know.
    pub(crate) fn represented(
        shape: Dims,
        dtype: DType,
        home: Key,
        representation: Arc<dyn Any + Send + Sync>,
    ) -> NodeRef {
        let mut node = Node::new(shape, dtype, home, None, State::Done);
        node.representation = Some(representation);
        NodeRef::new(node)
    }

    /// A node in a given state, its bounds those of a leaf.
    #[inline(always)]
    pub(crate) fn new(
        shape: Dims,
        dtype: DType,
        home: Key,
        site: Option<&'static Site>,
        state: State,
    ) -> Node {
        Node {
            shape,
            dtype,
            home,
            site,
            weak: false,
            value: OnceLock::new(),
            consumers: AtomicU32::new(0),
            materialise: AtomicBool::new(false),
            constant: false,
            fuses: false,
            leaf: matches!(state, State::Done),
            state: RwLock::new(state),
            size: 0,
            leaves: 1,
            retains: 0,
            sink: None,
            representation: None,
        }
    }

    /// Whether it was made with its value: it has no operands, and its consumers need no counting.
    pub(crate) fn is_leaf(&self) -> bool {
        self.leaf
    }

    /// A Rust scalar: one value that takes the dtype of what it is combined with. A thread caches the nodes of the last
    /// few: programs use the same literals again, and making a node takes as long as all the rest of recording.
    pub(crate) fn weak(value: Scalar) -> NodeRef {
        let bits = match value {
            Scalar::F64(v) => v.to_bits(),
            Scalar::F32(v) => f64::from(v).to_bits(),
            Scalar::I64(v) => v as u64,
            _ => return Node::new_weak(value),
        };
        // Literals differ in their upper bits, counts in their lower ones.
        let slot = (bits >> 52 ^ bits >> 44 ^ bits) as usize % LITERALS;
        let found = WEAK.try_with(|kept| {
            let mut kept = kept.borrow_mut();
            match &kept[slot] {
                Some((dtype, b, node)) if *b == bits && *dtype == value.dtype() => node.clone(),
                _ => {
                    let node = Node::new_weak(value);
                    kept[slot] = Some((value.dtype(), bits, node.clone()));
                    node
                }
            }
        });
        found.unwrap_or_else(|_| Node::new_weak(value))
    }

    fn new_weak(value: Scalar) -> NodeRef {
        let allocation = Allocation::new();
        let state = State::Pending(Expr::Full(value));
        let mut node = Node::new(Dims::new(), value.dtype(), Key::NONE, None, state);
        (node.weak, node.leaf, node.constant) = (true, true, true);
        allocation.fill(node, &[])
    }

    /// The expression, while the node is pending.
    pub(crate) fn pending(&self) -> Option<MappedRwLockReadGuard<'_, Expr>> {
        if self.value.get().is_some() {
            return None;
        }
        RwLockReadGuard::try_map(self.state.read_recursive(), |state| match state {
            State::Pending(e) => Some(e),
            _ => None,
        })
        .ok()
    }

    /// The error that it failed with permanently, or why it is never evaluated.
    pub(crate) fn failure(&self) -> Option<Error> {
        if self.representation.is_some() {
            return Some(Error::Backend {
                op: "evaluate".into(),
                backend: self.home.name().into(),
                message:
                    "an array of another representation reached a kernel; its backend intercepts methods"
                        .into(),
            });
        }
        match &*self.state.read_recursive() {
            State::Failed(e) => Some(e.clone()),
            _ => None,
        }
    }

    /// The value of a node that has been evaluated.
    ///
    /// # Errors
    /// [`Error::Backend`]: a kernel's operand was not computed first.
    pub(crate) fn computed(&self) -> Result<Arc<dyn Buffer>> {
        self.value.get().cloned().ok_or_else(|| Error::Backend {
            op: "evaluate".into(),
            backend: self.home.name().into(),
            message: "an operand was not computed first".into(),
        })
    }

    /// Number of elements.
    pub(crate) fn len(&self) -> usize {
        self.shape.iter().product()
    }

    /// Bytes of the dense value.
    pub(crate) fn nbytes(&self) -> u64 {
        self.len() as u64 * self.dtype.size() as u64
    }

    /// Publishes a computed value; the first one stays. The expression and what it kept alive are dropped.
    pub(crate) fn publish(&self, buffer: Arc<dyn Buffer>) {
        // A second thread may have computed the same: either is right, one is kept.
        let _ = self.value.set(buffer);
        self.leave_pending(State::Done);
    }

    /// Has the next kernel that needs it load it, and not compute it in passing once more: a state that a program advances
    /// step by step, reading another, would be computed from its beginning in every step. What is computed from nothing, or
    /// fits nowhere, stays as it is.
    fn keep(&self) {
        let fits = |site: &Site| site.backend.fits(self.dtype, self.len()).is_ok();
        if self.fuses && self.leaves > 0 && self.site.is_some_and(fits) {
            self.materialise.store(true, Relaxed);
        }
    }

    /// Stores a permanent error.
    pub(crate) fn fail(&self, error: &Error) {
        self.leave_pending(State::Failed(error.clone()));
    }

    /// Leaves the pending state, if another thread published the value while the expression was read here.
    pub(crate) fn leave_pending_if_computed(&self) {
        if self.value.get().is_some() {
            self.leave_pending(State::Done);
        }
    }

    /// Marks the node computed or failed. A thread still reading the old expression repeats this harmlessly when done.
    fn leave_pending(&self, to: State) {
        let Some(mut state) = self.state.try_write() else { return };
        if let State::Pending(_) = *state {
            let computed = matches!(to, State::Done);
            let old = std::mem::replace(&mut *state, to);
            drop(state);
            if let State::Pending(mut expr) = old {
                detach(&mut expr, computed);
            }
        }
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        if let State::Pending(expr) = self.state.get_mut() {
            detach(expr, false);
        }
    }
}

/// Unlinks the expressions that would be dropped with this one, so that dropping is not recursive: a chain of ten
/// thousand nodes would overflow the stack. If it was computed, so was in passing what is still pending of it; what
/// somebody holds of that is kept the next time.
fn detach(expr: &mut Expr, computed: bool) {
    let mut stack: SmallVec<[Expr; 1]> = SmallVec::new();
    release_operands(expr, computed, &mut stack);
    while let Some(mut next) = stack.pop() {
        release_operands(&mut next, computed, &mut stack);
    }
}

/// Decrements the operands' consumers, and moves the expressions of operands without another owner to `stack`.
fn release_operands(expr: &mut Expr, computed: bool, stack: &mut SmallVec<[Expr; 1]>) {
    for arg in expr.args_mut() {
        if arg.node.leaf {
            continue;
        }
        arg.node.consumers.fetch_sub(1, Relaxed);
        // The count is compared first: it is a load, and `get_mut` a locked instruction.
        if NodeRef::strong_count(&arg.node) == 1
            && let Some(node) = NodeRef::get_mut(&mut arg.node)
            && let State::Pending(_) = node.state.get_mut()
            && let State::Pending(e) = std::mem::replace(node.state.get_mut(), State::Done)
        {
            stack.push(e);
        } else if computed {
            arg.node.keep();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pending(shape: &[usize], expr: Expr) -> NodeRef {
        Allocation::new()
            .fill(Node::new(Dims::new(), DType::F32, Key::NONE, None, State::Pending(expr)), shape)
    }

    /// Small enough for Miri, which checks the one `unsafe` line.
    #[test]
    fn a_node_is_built_in_its_allocation_and_dropped_once() {
        drop(Allocation::new());
        let inner = pending(&[2, 3, 4, 5, 6, 7], Expr::Iota);
        assert_eq!(inner.nbytes(), 4 * 5040);
        inner.consumers.fetch_add(2, Relaxed);
        let arg = Dense::new(inner.clone(), None);
        let outer =
            pending(&[5040], Expr::Map { op: Op::Add, compute: DType::F32, args: [&arg, &arg].keep() });
        assert_eq!(NodeRef::strong_count(&inner), 4);
        drop((arg, outer));
        assert_eq!((NodeRef::strong_count(&inner), inner.consumers.load(Relaxed)), (1, 0));
        drop(inner);
    }

    #[test]
    fn a_long_chain_is_dropped_without_recursion() {
        let mut last = pending(&[1], Expr::Iota);
        for _ in 0..if cfg!(miri) { 20 } else { 100_000 } {
            last.consumers.fetch_add(1, Relaxed);
            last = pending(&[1], Expr::Cast { arg: Dense::new(last, None) });
        }
        drop(last);
    }
}
