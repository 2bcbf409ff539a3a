//! Lowering: which pending nodes become one fused kernel, and the kernel. One traversal finds both: code is emitted as
//! nodes are met, and emitted again without inlining some operands if those turn out to be used outside the kernel.

mod rows;

use super::Dense;
use super::bounds::{Inputs, add_inputs};
use super::node::{Expr, Finish, Node, NodeRef};
use crate::dtype::{DType, Scalar};
use crate::error::Result;
use crate::expr::Epilogue;
use crate::expr::axes::holds;
use crate::expr::kernel::{Id, Input, Instr, Kernel, Output, Value};
use crate::memory::layout::{Layout, Strides, collapse, row_major};
use rustc_hash::FxHashMap;
use smallvec::SmallVec;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

/// Most operations of one fused kernel, counted as a tree. Beyond it an operand is evaluated first.
pub(crate) const MAX_OPS: u32 = 48;
/// Most operations per row, and before reductions inside the kernel, beyond [`MAX_OPS`]. An operation has two scalars at
/// most, so that a byte can number all parameters.
const MAX_ROW_OPS: u32 = MAX_OPS;

/// The code of the largest kernel that computes a node. It inlines operands that are elementwise, seen whole, on the same
/// backend, not marked to be materialised, and used by nothing outside the kernel (what others use is computed once, by
/// itself). It also fuses with one product, as its epilogue, and with row reductions of values that it computes, where
/// rows are short enough for the backend. Its inputs may still have to be computed.
pub(crate) struct Lowered {
    code: Vec<Value>,
    params: Vec<Scalar>,
    inputs: Vec<Source>,
    /// Boxed: few kernels have one, and every kernel is moved.
    product: Option<Box<Product>>,
    /// The row reductions fused into the code; boxed as well.
    rows: Option<Box<rows::Rows>>,
}

/// The product whose epilogue the code is.
pub(crate) struct Product {
    pub(crate) node: NodeRef,
    pub(crate) name: &'static str,
    pub(crate) args: Vec<Dense>,
    pub(crate) finish: Arc<Finish>,
}

/// Placeholder by which the code loads the product until the number of inputs is known; no input has it.
const PRODUCT: u8 = u8::MAX;

/// An input, and how the kernel's index maps to it.
struct Source {
    node: NodeRef,
    strides: Strides,
    offset: usize,
    /// The value that loads it.
    value: Id,
}

impl Lowered {
    /// The code for a node whose expression is elementwise or a reduction. The node `unfused`, if any, is not inlined.
    ///
    /// # Errors
    /// None but those of a broken graph.
    pub(crate) fn of(root: &Node, expr: &Expr, unfused: Option<&Node>) -> Result<Lowered> {
        let space = match expr {
            Expr::Reduce { arg, .. } => arg.shape(),
            _ => &root.shape,
        };
        let own_axes = match expr {
            Expr::Reduce { axes, .. } => Some(*axes),
            _ => None,
        };
        let (most_inputs, mut longest_row) =
            root.site.map_or((0, 0), |site| (site.limits.inputs, site.limits.row));
        let mut unfused: SmallVec<[*const Node; 4]> = unfused.into_iter().map(std::ptr::from_ref).collect();
        loop {
            // Operations and inputs; the code grows beyond it by one value for each parameter.
            let most = (root.size + root.leaves) as usize;
            let lowered = Lowered {
                code: Vec::with_capacity(most),
                params: Vec::new(),
                inputs: Vec::new(),
                product: None,
                rows: None,
            };
            let mut writer = Writer {
                root,
                space,
                own_axes,
                longest_row,
                row_axes: 0,
                row_ops_left: MAX_ROW_OPS,
                unfused: &unfused,
                shared: FxHashMap::default(),
                users: Vec::with_capacity(most),
                iota: None,
                dense: None,
                lowered,
            };
            let result = match expr {
                Expr::Reduce { arg, compute, .. } => writer.operand(arg, *compute, Level::PerElement)?,
                _ => writer.expression(expr, root.dtype, Level::PerElement)?,
            };
            if let Some(rows) = &writer.lowered.rows {
                // Unfused, each reduction is one more input to the code after it.
                let inputs = writer.lowered.inputs.len() + rows.len();
                if inputs > most_inputs || writer.rows_are_strided() {
                    longest_row = 0;
                    continue;
                }
                if let Some(node) = writer.lowered.unrelated(result) {
                    unfused.push(NodeRef::as_ptr(node));
                    continue;
                }
            }
            if let Some(node) = writer.too_many(expr, most_inputs) {
                unfused.push(node);
                continue;
            }
            let Writer { shared, mut lowered, .. } = writer;
            let before = unfused.len();
            unfused.extend(shared.iter().filter(|(_, s)| s.uses < s.consumers).map(|(node, _)| *node));
            if let Some(product) = lowered.reindex_to_product(space) {
                unfused.push(product);
            }
            if unfused.len() > before {
                continue;
            }
            if result as usize + 1 != lowered.code.len() {
                // The result was merged into an equal earlier value, but must be the last one.
                let dtype = lowered.code[result as usize].dtype;
                lowered.code.push(Value { instr: Instr::Cast(result), dtype });
            }
            return Ok(lowered);
        }
    }

    /// The product whose epilogue the code is.
    pub(crate) fn product(&self) -> Option<&NodeRef> {
        self.product.as_ref().map(|product| &product.node)
    }

    /// Indexes the inputs by the product's axes instead of the kernel's. The product, if an input can't be.
    fn reindex_to_product(&mut self, space: &[usize]) -> Option<*const Node> {
        let node = &self.product.as_ref()?.node;
        if *node.shape == *space {
            return None;
        }
        for source in &mut self.inputs {
            let layout =
                Layout { shape: space.into(), strides: source.strides.clone(), offset: source.offset };
            match layout.reshape(&node.shape) {
                Some(layout) => source.strides = layout.strides,
                None => return Some(NodeRef::as_ptr(node)),
            }
        }
        None
    }

    /// Inputs that have no value yet.
    pub(crate) fn needs(&self) -> SmallVec<[NodeRef; 4]> {
        let mut needs = SmallVec::new();
        let mut ask = |node: &NodeRef| {
            if node.value.get().is_none() {
                needs.push(node.clone());
            }
        };
        self.inputs.iter().for_each(|source| ask(&source.node));
        if let Some(product) = &self.product {
            product.args.iter().for_each(|arg| ask(&arg.node));
        }
        needs
    }

    /// The product and its epilogue, once the operands of both are computed.
    ///
    /// # Errors
    /// What computing an input fails with.
    pub(crate) fn epilogue(mut self) -> Result<Option<(Box<Product>, Epilogue)>> {
        let Some(product) = self.product.take() else { return Ok(None) };
        let number = self.inputs.len() as u8;
        for value in &mut self.code {
            if value.instr == Instr::Load(PRODUCT) {
                value.instr = Instr::Load(number);
            }
        }
        let inputs = self.inputs.into_iter().map(|source| input(&source.node, source.strides, source.offset));
        let kernel = Kernel {
            dims: product.node.shape.clone(),
            inputs: inputs.collect::<Result<_>>()?,
            params: self.params,
            code: self.code,
            output: Output::Map,
        };
        let dtype = product.node.dtype;
        Ok(Some((product, Epilogue { kernel, dtype })))
    }

    /// The kernel, once its inputs are computed.
    ///
    /// # Errors
    /// What computing an input fails with.
    pub(crate) fn kernel(self, node: &Node, expr: &Expr) -> Result<Kernel> {
        let (space, axes): (&[usize], u64) = match expr {
            Expr::Reduce { arg, axes, .. } => (arg.shape(), *axes),
            _ => (&node.shape, self.row_axes()),
        };
        // First the axes that are kept, then those reduced, both in row-major order.
        let order: SmallVec<[usize; 8]> = (0..space.len())
            .filter(|&a| !holds(axes, a))
            .chain((0..space.len()).filter(|&a| holds(axes, a)))
            .collect();
        let split = space.len() - axes.count_ones() as usize;
        let dims: SmallVec<[usize; 8]> = order.iter().map(|&a| space[a]).collect();
        let mut strides: SmallVec<[Strides; 4]> =
            self.inputs.iter().map(|i| order.iter().map(|&a| i.strides[a]).collect()).collect();
        let (dims, split) = collapse(&dims, split, &mut strides);
        let open = |(source, strides): (Source, Strides)| input(&source.node, strides, source.offset);
        let inputs = self.inputs.into_iter().zip(strides).map(open).collect::<Result<_>>()?;
        let output = match expr {
            Expr::Reduce { op, .. } => Output::Reduce { op: *op, split },
            _ if self.rows.is_some() => Output::Rows { split },
            _ => Output::Map,
        };
        Ok(Kernel { dims, inputs, params: self.params, code: self.code, output })
    }
}

/// A node's value under these strides.
#[inline]
fn input(node: &NodeRef, strides: Strides, offset: usize) -> Result<Input> {
    Ok(Input { buffer: node.computed()?, strides, offset })
}

/// A node that several nodes have as an operand.
struct Shared {
    id: Id,
    /// Uses that were inlined.
    uses: u32,
    /// All uses; 0 where those outside the kernel don't count.
    consumers: u32,
}

/// How often a value is computed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Level {
    /// For each element of the space.
    PerElement,
    /// Once for each row, of the elements along some axes.
    PerRow { axes: u64 },
}

struct Writer<'a> {
    root: &'a Node,
    /// Shape of the iteration space.
    space: &'a [usize],
    /// The axes that the root reduces; elements are then not visited in the order of the row-major index.
    own_axes: Option<u64>,
    /// See [`KernelLimits::row`](crate::device::KernelLimits::row).
    longest_row: usize,
    /// The axes of the row reductions; 0 until there is one.
    row_axes: u64,
    /// Budget of operations per row and before row reductions.
    row_ops_left: u32,
    /// Nodes that are not inlined.
    unfused: &'a [*const Node],
    shared: FxHashMap<*const Node, Shared>,
    /// For each value, those that have it as their first operand: the candidates for common subexpressions.
    users: Vec<Users>,
    /// The value that is the index.
    iota: Option<Id>,
    /// Row-major strides of the space, once needed.
    dense: Option<Strides>,
    lowered: Lowered,
}

/// A linked list of values.
#[derive(Clone, Copy)]
struct Users {
    /// The last value that has this one as its first operand.
    last: Option<Id>,
    /// The previous one with the same first operand.
    before: Option<Id>,
}

impl Writer<'_> {
    /// A new value, without looking for an equal one.
    fn push(&mut self, instr: Instr, dtype: DType) -> Id {
        let next = self.lowered.code.len() as Id;
        self.lowered.code.push(Value { instr, dtype });
        self.users.push(Users { last: None, before: None });
        next
    }

    /// The value of an instruction whose first operand is `first`: an equal earlier one, else a new one.
    fn computed(&mut self, first: Id, instr: Instr, dtype: DType) -> Id {
        let value = Value { instr, dtype };
        let last = self.users[first as usize].last;
        let mut user = last;
        while let Some(id) = user {
            if self.lowered.code[id as usize] == value {
                return id;
            }
            user = self.users[id as usize].before;
        }
        let id = self.push(instr, dtype);
        self.users[id as usize].before = last;
        self.users[first as usize].last = Some(id);
        id
    }

    fn cast(&mut self, id: Id, to: DType) -> Id {
        if self.lowered.code[id as usize].dtype == to { id } else { self.computed(id, Instr::Cast(id), to) }
    }

    /// A new parameter, also where another is equal: equal scalars must not change the kernel's structure.
    fn param(&mut self, v: Scalar) -> Id {
        self.lowered.params.push(v);
        self.push(Instr::Param((self.lowered.params.len() - 1) as u8), v.dtype())
    }

    /// An operand in dtype `want`. Recursion is bounded by [`MAX_OPS`] and [`MAX_ROW_OPS`].
    fn operand(&mut self, arg: &Dense, want: DType, level: Level) -> Result<Id> {
        if let Level::PerRow { axes } = level {
            return self.row_operand(arg, want, axes);
        }
        if let Some(v) = constant(arg) {
            return Ok(self.param(v.cast(want)));
        }
        let id = match self.may_inline(arg) {
            true => self.inline(&arg.node, Level::PerElement)?,
            false => self.row(arg)?,
        };
        let id = match id {
            Some(id) => id,
            None => self.load(arg)?,
        };
        Ok(self.cast(id, want))
    }

    /// Whether a node, if it is pending, may be computed in this kernel.
    fn may_compute(&self, node: &Node) -> bool {
        !node.leaf
            && !node.materialise.load(Relaxed)
            && same_backend(self.root, node)
            && !self.unfused.contains(&std::ptr::from_ref(node))
    }

    /// Whether an operand, if it is pending, may be computed inline.
    fn may_inline(&self, arg: &Dense) -> bool {
        let node = &arg.node;
        if !self.may_compute(node) {
            return false;
        }
        // Seen whole, and of the shape of the iteration space: a broadcast operand would be computed many times. A product
        // may be seen under another shape of the same length.
        let same_elements = |v: &Layout| v.shape == node.shape || (!node.fuses && v.len() == node.len());
        let whole = arg.view.as_ref().is_none_or(|v| v.is_dense() && same_elements(v));
        whole && *arg.shape() == *self.space
    }

    /// The value of a node computed inline; none if it is not pending, or cannot be.
    fn inline(&mut self, node: &NodeRef, level: Level) -> Result<Option<Id>> {
        let key = NodeRef::as_ptr(node);
        if let Some(shared) = self.shared.get_mut(&key) {
            shared.uses += 1;
            return Ok(Some(shared.id));
        }
        let Some(expr) = node.pending() else { return Ok(None) };
        let id = match &*expr {
            expr if let Level::PerRow { axes } = level => match self.inline_row(node, expr, axes)? {
                Some(id) => id,
                None => return Ok(None),
            },
            Expr::Iota if self.own_axes.is_some() => return Ok(None),
            Expr::Extern { name, args, finish: Some(finish), .. }
                if self.own_axes.is_none() && self.row_axes == 0 && self.lowered.product.is_none() =>
            {
                let (args, finish) = (args.clone(), finish.clone());
                self.lowered.product = Some(Box::new(Product { node: node.clone(), name, args, finish }));
                self.push(Instr::Load(PRODUCT), node.dtype)
            }
            Expr::Reduce { .. } | Expr::Extern { .. } | Expr::Pick { .. } => return Ok(None),
            _ => self.expression(&expr, node.dtype, level)?,
        };
        drop(expr);
        node.leave_pending_if_computed();
        let consumers = node.consumers.load(Relaxed);
        if consumers > 1 {
            // What is too large to be materialised is computed by each of its consumers.
            let consumers = if self.fits(node) { consumers } else { 0 };
            self.shared.insert(key, Shared { id, uses: 1, consumers });
        }
        Ok(Some(id))
    }

    /// Whether a node may be materialised.
    fn fits(&self, node: &Node) -> bool {
        node.site.is_none_or(|site| site.backend.fits(node.dtype, node.len()).is_ok())
    }

    /// The operand to materialise where the code has more inputs than the backend takes. Inputs were counted when the root
    /// was recorded, but an operand that has since been computed, or got other consumers, is one more.
    fn too_many(&self, expr: &Expr, most: usize) -> Option<*const Node> {
        let inputs = self.lowered.inputs.len() + usize::from(self.lowered.product.is_some());
        if inputs > most { self.largest(expr, most) } else { None }
    }

    /// The largest inlined operand that itself stays within the limit, so that the rest of a long chain still fuses.
    fn largest(&self, expr: &Expr, most: usize) -> Option<*const Node> {
        let inlined = expr.args().iter().filter(|arg| constant(arg).is_none() && self.may_inline(arg));
        let counted = inlined.filter(|arg| arg.node.pending().is_some()).map(|arg| {
            let mut inputs = Inputs::new();
            add_inputs(arg, &|arg| self.may_inline(arg), &mut inputs);
            (inputs.len(), &arg.node)
        });
        let (inputs, node) = counted.max_by_key(|(inputs, _)| *inputs)?;
        let within =
            if inputs > most { node.pending().and_then(|expr| self.largest(&expr, most)) } else { None };
        Some(within.unwrap_or(NodeRef::as_ptr(node)))
    }

    fn load(&mut self, arg: &Dense) -> Result<Id> {
        let (strides, offset) = match &arg.view {
            None if arg.node.shape[..] == *self.space => {
                (self.dense.get_or_insert_with(|| row_major(self.space)).clone(), 0)
            }
            _ => {
                let layout =
                    arg.layout().broadcast_to(self.space).ok_or_else(|| crate::error::Error::Shape {
                        op: "evaluate",
                        operands: format!("{:?} into {:?}", arg.shape(), self.space),
                        fix: "this is checked when an operation is recorded; please report it".into(),
                    })?;
                (layout.strides, layout.offset)
            }
        };
        Ok(self.load_from(arg, strides, offset))
    }

    /// The value that loads from an operand's buffer under these strides.
    fn load_from(&mut self, arg: &Dense, strides: Strides, offset: usize) -> Id {
        let same = |source: &&Source| {
            source.offset == offset && source.strides == strides && same_buffer(&source.node, &arg.node)
        };
        if let Some(source) = self.lowered.inputs.iter().find(same) {
            return source.value;
        }
        let value = self.push(Instr::Load(self.lowered.inputs.len() as u8), arg.dtype());
        self.lowered.inputs.push(Source { node: arg.node.clone(), strides, offset, value });
        value
    }

    fn expression(&mut self, expr: &Expr, dtype: DType, level: Level) -> Result<Id> {
        Ok(match expr {
            Expr::Map { op, compute, args } => {
                let mut ids = [0; 3];
                for (i, arg) in args.iter().enumerate() {
                    let condition = i == 0 && *op == crate::expr::Op::Where;
                    ids[i] = self.operand(arg, if condition { DType::Bool } else { *compute }, level)?;
                }
                self.computed(ids[0], Instr::Map(*op, ids), dtype)
            }
            Expr::Cast { arg } => self.operand(arg, dtype, level)?,
            Expr::Full(v) => self.param(v.cast(dtype)),
            Expr::Iota => {
                let id = match self.iota {
                    Some(id) => id,
                    None => self.push(Instr::Iota, DType::I64),
                };
                self.iota = Some(id);
                self.cast(id, dtype)
            }
            Expr::Reduce { .. } | Expr::Extern { .. } | Expr::Pick { .. } => {
                unreachable!("only elementwise nodes are inlined")
            }
        })
    }
}

fn same_backend(a: &Node, b: &Node) -> bool {
    matches!((a.site, b.site), (Some(x), Some(y)) if x.instance == y.instance)
}

fn same_buffer(a: &NodeRef, b: &NodeRef) -> bool {
    let values = || Some((a.value.get()?, b.value.get()?));
    NodeRef::ptr_eq(a, b) || values().is_some_and(|(x, y)| Arc::as_ptr(x).addr() == Arc::as_ptr(y).addr())
}

/// The scalar of an operand that has one value everywhere: a parameter of the kernel, whatever its shape.
pub(super) fn constant(arg: &Dense) -> Option<Scalar> {
    if !arg.node.constant {
        return None;
    }
    match arg.node.pending().as_deref() {
        Some(Expr::Full(v)) => Some(*v),
        _ => None,
    }
}
