//! Lowering: which pending nodes become one fused kernel, and the kernel.

use super::Array;
use super::node::{Expr, Node, NodeRef};
use crate::dtype::{DType, Scalar};
use crate::error::Result;
use crate::expr::kernel::{Id, Input, Instr, Kernel, Output, Value};
use crate::expr::layout::{Strides, collapse};
use rustc_hash::FxHashMap;
use smallvec::SmallVec;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

/// Most operations of one fused kernel, counted as a tree. Beyond it an operand is evaluated first.
pub(crate) const MAX_OPS: u32 = 48;

/// The nodes that one kernel computes: its root and the operands fused into it.
pub(crate) struct Region {
    fused: Vec<Fused>,
    /// Where a node stands in `fused`.
    at: FxHashMap<*const Node, usize>,
}

/// A node that is computed inline. Its expression is copied, so that its lock is taken once, and what another thread
/// publishes meanwhile changes nothing.
struct Fused {
    node: NodeRef,
    expr: Expr,
    /// Uses from inside the region.
    uses: u32,
}

impl Region {
    /// The largest region that ends in `root`: operands that are elementwise, seen whole, on the same backend,
    /// not cut, and used by nothing outside of it (what others use too is computed once, on its own).
    pub(crate) fn of(root: &Node, expr: &Expr) -> Region {
        if matches!(expr, Expr::Extern { .. }) {
            return Region { fused: Vec::new(), at: FxHashMap::default() };
        }
        let most = root.size.saturating_sub(1) as usize;
        let mut region = Region {
            fused: Vec::with_capacity(most),
            at: FxHashMap::with_capacity_and_hasher(most, Default::default()),
        };
        let rules = Rules { root, space: space(root, expr), reduces: matches!(expr, Expr::Reduce { .. }) };
        let mut apart: Vec<*const Node> = Vec::new();
        loop {
            region.add_operands(&rules, expr, &apart);
            let mut next = 0;
            while next < region.fused.len() {
                // Taken out while operands are added behind it.
                let expr = std::mem::replace(&mut region.fused[next].expr, Expr::Iota);
                region.add_operands(&rules, &expr, &apart);
                region.fused[next].expr = expr;
                next += 1;
            }
            let before = apart.len();
            let shared = |f: &&Fused| f.uses < f.node.consumers.load(Relaxed);
            apart.extend(region.fused.iter().filter(shared).map(|f| NodeRef::as_ptr(&f.node)));
            if apart.len() == before {
                return region;
            }
            region.fused.clear();
            region.at.clear();
        }
    }

    /// Adds the operands of one node that can be fused.
    fn add_operands(&mut self, rules: &Rules<'_>, expr: &Expr, apart: &[*const Node]) {
        for arg in expr.args() {
            let key = NodeRef::as_ptr(&arg.node);
            if !rules.may_fuse(arg) || apart.contains(&key) {
                continue;
            }
            match self.at.get(&key) {
                Some(&at) => self.fused[at].uses += 1,
                None => {
                    let Some(inner) = rules.inline(&arg.node) else { continue };
                    self.at.insert(key, self.fused.len());
                    self.fused.push(Fused { node: arg.node.clone(), expr: inner, uses: 1 });
                }
            }
        }
    }

    /// Nodes outside the region that it reads and that have no value yet.
    pub(crate) fn needs(&self, root: &Expr) -> Vec<NodeRef> {
        let mut needs = Vec::new();
        for expr in std::iter::once(root).chain(self.fused.iter().map(|f| &f.expr)) {
            // A fused kernel takes a constant as a parameter; an implementation of a backend's own takes buffers.
            let whole = matches!(expr, Expr::Extern { .. });
            let outside = |a: &&Array| {
                a.node.value.get().is_none()
                    && (!a.node.constant || (whole && !a.is_weak()))
                    && !self.at.contains_key(&NodeRef::as_ptr(&a.node))
            };
            needs.extend(expr.args().iter().filter(outside).map(|a| a.node.clone()));
        }
        needs
    }
}

/// What decides whether an operand is computed inline.
struct Rules<'a> {
    root: &'a Node,
    /// What the kernel iterates over.
    space: &'a [usize],
    /// The root is a reduction: it walks its elements in another order than an index counts.
    reduces: bool,
}

impl Rules<'_> {
    /// May an operand be computed inline, if it is pending? A constant is a parameter instead.
    fn may_fuse(&self, arg: &Array) -> bool {
        let node = &arg.node;
        if !node.fuses || node.constant || node.cut.load(Relaxed) || !same_backend(self.root, node) {
            return false;
        }
        // Seen whole, and in the iteration space of the kernel: a broadcast operand would be computed many times.
        let whole = arg.view.as_ref().is_none_or(|v| v.is_dense() && v.shape == node.shape);
        whole && *node.shape == *self.space
    }

    /// The expression of a node to be computed inline.
    fn inline(&self, node: &Node) -> Option<Expr> {
        let expr = node.pending()?;
        if self.reduces && matches!(*expr, Expr::Iota) { None } else { Some(expr.clone()) }
    }
}

fn same_backend(a: &Node, b: &Node) -> bool {
    matches!((a.site, b.site), (Some(x), Some(y)) if x.instance == y.instance)
}

/// The value of an operand that is the same everywhere: a parameter of the kernel, whatever its shape.
fn constant(arg: &Array) -> Option<Scalar> {
    if !arg.node.constant {
        return None;
    }
    match arg.node.pending().as_deref() {
        Some(Expr::Full(v)) => Some(*v),
        _ => None,
    }
}

/// What the kernel of a node iterates over.
fn space<'a>(node: &'a Node, expr: &'a Expr) -> &'a [usize] {
    match expr {
        Expr::Reduce { arg, .. } => arg.shape(),
        _ => &node.shape,
    }
}

/// The kernel that computes `node`; everything outside `region` has its value.
pub(crate) fn kernel(node: &Node, expr: &Expr, region: &Region) -> Result<Kernel> {
    let output_axes = if let Expr::Reduce { axes, .. } = expr { *axes } else { 0 };
    let space = space(node, expr);
    // Operations and what they load; a parameter each makes it grow.
    let most = (node.size + node.leaves) as usize;
    let mut b = Builder {
        region,
        space,
        code: Vec::with_capacity(most),
        ids: vec![None; region.fused.len()],
        equal: FxHashMap::with_capacity_and_hasher(most, Default::default()),
        inputs: Vec::new(),
        params: Vec::new(),
    };
    let result = match expr {
        Expr::Reduce { arg, compute, .. } => b.operand(arg, *compute)?,
        _ => b.expression(expr, node.dtype)?,
    };
    if result as usize + 1 != b.code.len() {
        // Equal values were merged into an earlier one; the result must stand last.
        let dtype = b.code[result as usize].dtype;
        b.code.push(Value { instr: Instr::Cast(result), dtype });
    }
    // Axes in the order kept, then reduced; both in row-major order.
    let order: SmallVec<[usize; 8]> = (0..space.len())
        .filter(|a| output_axes >> a & 1 == 0)
        .chain((0..space.len()).filter(|a| output_axes >> a & 1 == 1))
        .collect();
    let split = space.len() - output_axes.count_ones() as usize;
    let dims: SmallVec<[usize; 8]> = order.iter().map(|&a| space[a]).collect();
    let mut strides: Vec<Strides> =
        b.inputs.iter().map(|(i, _)| order.iter().map(|&a| i.strides[a]).collect()).collect();
    let (dims, split) = collapse(&dims, split, &mut strides);
    let inputs = b.inputs.into_iter().zip(strides).map(|((i, _), s)| Input { strides: s, ..i }).collect();
    let output = match expr {
        Expr::Reduce { op, .. } => Output::Reduce { op: *op, split },
        _ => Output::Map,
    };
    Ok(Kernel { dims, inputs, params: b.params, code: b.code, output })
}

struct Builder<'a> {
    region: &'a Region,
    space: &'a [usize],
    code: Vec<Value>,
    /// Values of fused nodes, so that a shared subexpression is computed once.
    ids: Vec<Option<Id>>,
    /// Values pushed so far.
    equal: FxHashMap<Value, Id>,
    inputs: Vec<(Input, *const ())>,
    params: Vec<Scalar>,
}

impl Builder<'_> {
    fn push(&mut self, instr: Instr, dtype: DType) -> Id {
        let value = Value { instr, dtype };
        // Equal values are one. Params are not: two that happen to be equal must not make another kernel.
        let next = self.code.len() as Id;
        if !matches!(instr, Instr::Param(_)) {
            let id = *self.equal.entry(value).or_insert(next);
            if id != next {
                return id;
            }
        }
        self.code.push(value);
        next
    }

    fn cast(&mut self, id: Id, to: DType) -> Id {
        if self.code[id as usize].dtype == to { id } else { self.push(Instr::Cast(id), to) }
    }

    fn param(&mut self, v: Scalar) -> Id {
        self.params.push(v);
        self.push(Instr::Param((self.params.len() - 1) as u8), v.dtype())
    }

    /// An operand in dtype `want`. Recursion is bounded by [`MAX_OPS`].
    fn operand(&mut self, arg: &Array, want: DType) -> Result<Id> {
        if let Some(v) = constant(arg) {
            return Ok(self.param(v.cast(want)));
        }
        let id = match self.region.at.get(&NodeRef::as_ptr(&arg.node)) {
            None => self.load(arg)?,
            Some(&at) => match self.ids[at] {
                Some(id) => id,
                None => {
                    let id = self.expression(&self.region.fused[at].expr, arg.dtype())?;
                    self.ids[at] = Some(id);
                    id
                }
            },
        };
        Ok(self.cast(id, want))
    }

    fn load(&mut self, arg: &Array) -> Result<Id> {
        let operand = arg.operand()?;
        let layout = operand.layout.broadcast_to(self.space).ok_or_else(|| crate::Error::Shape {
            op: "evaluate",
            operands: format!("{:?} into {:?}", arg.shape(), self.space),
            fix: "this is checked when an operation is recorded; please report it".into(),
        })?;
        let at = Arc::as_ptr(&operand.buffer) as *const ();
        let dtype = arg.dtype();
        let found = self
            .inputs
            .iter()
            .position(|(i, p)| *p == at && i.strides == layout.strides && i.offset == layout.offset);
        let k = found.unwrap_or_else(|| {
            self.inputs
                .push((Input { buffer: operand.buffer, strides: layout.strides, offset: layout.offset }, at));
            self.inputs.len() - 1
        });
        Ok(self.push(Instr::Load(k as u8), dtype))
    }

    fn expression(&mut self, expr: &Expr, dtype: DType) -> Result<Id> {
        Ok(match expr {
            Expr::Map { op, compute, args } => {
                let mut ids = [0; 3];
                for (i, arg) in args.iter().enumerate() {
                    let condition = i == 0 && *op == crate::expr::Op::Where;
                    ids[i] = self.operand(arg, if condition { DType::Bool } else { *compute })?;
                }
                self.push(Instr::Map(*op, ids), dtype)
            }
            Expr::Cast { arg } => self.operand(arg, dtype)?,
            Expr::Full(v) => self.param(v.cast(dtype)),
            Expr::Iota => {
                let id = self.push(Instr::Iota, DType::I64);
                self.cast(id, dtype)
            }
            Expr::Reduce { .. } | Expr::Extern { .. } => unreachable!("regions hold elementwise nodes only"),
        })
    }
}
