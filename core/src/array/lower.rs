//! Lowering: which pending nodes become one fused kernel, and the kernel.

use super::Array;
use super::node::{Expr, Node};
use crate::dtype::{DType, Scalar};
use crate::error::Result;
use crate::expr::kernel::{Id, Input, Instr, Kernel, Output, Value};
use crate::expr::layout::{Strides, collapse};
use smallvec::SmallVec;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

/// Most operations of one fused kernel, counted as a tree. Beyond it an operand is evaluated first.
pub(crate) const MAX_OPS: u32 = 48;

/// The nodes that one kernel computes: its root and the operands fused into it.
pub(crate) struct Region {
    fused: Vec<Fused>,
}

struct Fused {
    node: Arc<Node>,
    /// Uses from inside the region.
    uses: u32,
}

impl Region {
    /// The largest region that ends in `root`: operands that are elementwise, seen whole, on the same backend,
    /// not cut, and used by nothing outside of it (what others use too is computed once, on its own).
    pub(crate) fn of(root: &Node, expr: &Expr) -> Region {
        let rules = Rules { root, reduces: matches!(expr, Expr::Reduce { .. }) };
        let mut apart: Vec<*const Node> = Vec::new();
        loop {
            let mut fused: Vec<Fused> = Vec::new();
            add_operands(&rules, root, expr, &apart, &mut fused);
            let mut next = 0;
            while next < fused.len() {
                let node = fused[next].node.clone();
                if let Some(expr) = node.pending() {
                    add_operands(&rules, &node, &expr, &apart, &mut fused);
                }
                next += 1;
            }
            // Constants are free to compute twice.
            let before = apart.len();
            let shared = |f: &&Fused| {
                f.uses < f.node.consumers.load(Relaxed)
                    && !matches!(f.node.pending().as_deref(), Some(Expr::Full(_)))
            };
            apart.extend(fused.iter().filter(shared).map(|f| Arc::as_ptr(&f.node)));
            if apart.len() == before {
                return Region { fused };
            }
        }
    }

    fn get(&self, node: &Arc<Node>) -> Option<&Fused> {
        self.fused.iter().find(|f| Arc::ptr_eq(&f.node, node))
    }

    /// Nodes outside the region that it reads and that have no value yet.
    pub(crate) fn needs(&self, root: &Expr) -> Vec<Arc<Node>> {
        let mut needs = Vec::new();
        let mut add = |e: &Expr| {
            // A fused kernel takes a constant as a parameter; an implementation of a backend's own takes buffers.
            let whole = matches!(e, Expr::Extern { .. });
            let outside = |a: &&Array| {
                a.node.value.get().is_none()
                    && self.get(&a.node).is_none()
                    && (constant(a).is_none() || (whole && !a.is_weak()))
            };
            needs.extend(e.args().iter().filter(outside).map(|a| a.node.clone()));
        };
        add(root);
        for f in &self.fused {
            if let Some(e) = f.node.pending() {
                add(&e);
            }
        }
        needs
    }
}

/// Adds the operands of one node that can be fused.
fn add_operands(rules: &Rules<'_>, node: &Node, expr: &Expr, apart: &[*const Node], fused: &mut Vec<Fused>) {
    for arg in expr.args() {
        if apart.contains(&Arc::as_ptr(&arg.node)) {
            continue;
        }
        if !rules.fusable(node, expr, arg) {
            continue;
        }
        match fused.iter_mut().find(|f| Arc::ptr_eq(&f.node, &arg.node)) {
            Some(f) => f.uses += 1,
            None => fused.push(Fused { node: arg.node.clone(), uses: 1 }),
        }
    }
}

/// What decides whether an operand is computed inline.
struct Rules<'a> {
    root: &'a Node,
    /// The root is a reduction: it walks its elements in another order than an index counts.
    reduces: bool,
}

impl Rules<'_> {
    /// May `parent` compute the operand inline?
    fn fusable(&self, parent: &Node, parent_expr: &Expr, arg: &Array) -> bool {
        let node = &arg.node;
        if node.cut.load(Relaxed) || matches!(parent_expr, Expr::Extern { .. }) {
            return false;
        }
        let Some(e) = node.pending() else { return false };
        if let Expr::Full(_) = *e {
            return true;
        }
        if !e.is_elementwise() || !same_backend(self.root, node) || (self.reduces && matches!(*e, Expr::Iota))
        {
            return false;
        }
        // Seen whole, and in the iteration space of the kernel: a broadcast operand would be computed many times.
        let space: &[usize] = match parent_expr {
            Expr::Reduce { arg, .. } => arg.shape(),
            _ => &parent.shape,
        };
        let whole = arg.view.as_ref().is_none_or(|v| v.is_dense() && v.shape == node.shape);
        whole && *node.shape == *space
    }
}

fn same_backend(a: &Node, b: &Node) -> bool {
    matches!((a.backend, b.backend), (Some(x), Some(y)) if x.instance() == y.instance())
}

/// The value of an operand that is the same everywhere: a parameter of the kernel, whatever its shape.
fn constant(arg: &Array) -> Option<Scalar> {
    match arg.node.pending().as_deref() {
        Some(Expr::Full(v)) => Some(*v),
        _ => None,
    }
}

/// The kernel that computes `node`; everything outside `region` has its value.
pub(crate) fn kernel(node: &Node, expr: &Expr, region: &Region) -> Result<Kernel> {
    let (space, output_axes): (&[usize], u64) = match expr {
        Expr::Reduce { arg, axes, .. } => (arg.shape(), *axes),
        _ => (&node.shape, 0),
    };
    let mut b = Builder {
        region,
        space,
        code: Vec::new(),
        ids: HashMap::new(),
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
    ids: HashMap<*const Node, Id>,
    inputs: Vec<(Input, *const ())>,
    params: Vec<Scalar>,
}

impl Builder<'_> {
    fn push(&mut self, instr: Instr, dtype: DType) -> Id {
        let value = Value { instr, dtype };
        // Equal values are one. Params are not: two that happen to be equal must not make another kernel.
        if !matches!(instr, Instr::Param(_))
            && let Some(i) = self.code.iter().position(|v| *v == value)
        {
            return i as Id;
        }
        self.code.push(value);
        (self.code.len() - 1) as Id
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
        let key = Arc::as_ptr(&arg.node);
        let id = match (self.ids.get(&key), self.region.get(&arg.node)) {
            (Some(&id), Some(_)) => id,
            (None, Some(f)) => match f.node.pending() {
                Some(e) => {
                    let id = self.expression(&e, arg.dtype())?;
                    self.ids.insert(key, id);
                    id
                }
                // Another thread has computed it meanwhile.
                None => self.load(arg)?,
            },
            (_, None) => self.load(arg)?,
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
