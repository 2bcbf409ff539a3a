//! Per-row operands: reductions over values that the kernel computes anyway, and expressions of them. `x / sum(x, -1)`
//! is then one kernel, which reads a row once.

use super::super::Dense;
use super::super::node::{Expr, Node, NodeRef};
use super::{Level, Lowered, Writer, constant};
use crate::dtype::DType;
use crate::error::Result;
use crate::expr::Reduction;
use crate::expr::axes::holds;
use crate::expr::kernel::{Id, Instr};
use crate::memory::layout::{Layout, Strides};
use smallvec::SmallVec;

/// Most nodes visited in search of the reduction that an operand is computed from.
const FUEL: u32 = 32;

/// The row reductions fused into the code.
pub(crate) struct Rows {
    /// Their axes.
    axes: u64,
    /// Each reduction, and the value that it reduces.
    reductions: Vec<(NodeRef, Id)>,
}

impl Rows {
    /// Number of reductions.
    pub(super) fn len(&self) -> usize {
        self.reductions.len()
    }
}

impl Lowered {
    /// The axes of the row reductions; 0 without any.
    pub(super) fn row_axes(&self) -> u64 {
        self.rows.as_ref().map_or(0, |rows| rows.axes)
    }

    /// The row reductions fused into the code.
    pub(crate) fn reductions(&self) -> SmallVec<[NodeRef; 2]> {
        self.rows.iter().flat_map(|rows| &rows.reductions).map(|(node, _)| node.clone()).collect()
    }

    /// The first row reduction that shares no input with the result, directly or through other row reductions: fusing it
    /// would save no read.
    pub(super) fn unrelated(&self, result: Id) -> Option<&NodeRef> {
        let Rows { reductions, .. } = &**self.rows.as_ref()?;
        let mut read = self.loads(result);
        let mut left: Vec<_> = reductions.iter().map(|(node, value)| (node, self.loads(*value))).collect();
        while let Some(at) = left.iter().position(|(_, loads)| loads.iter().any(|load| read.contains(load))) {
            read.extend(left.swap_remove(at).1);
        }
        left.first().map(|(node, _)| *node)
    }

    /// The loads, of inputs and of the index, that a value depends on other than through a reduction.
    fn loads(&self, value: Id) -> Vec<Instr> {
        let mut needed = vec![false; value as usize + 1];
        needed[value as usize] = true;
        let mut loads = Vec::new();
        for id in (0..needed.len()).rev() {
            match self.code[id].instr {
                _ if !needed[id] => {}
                Instr::Reduce(..) => {}
                load @ (Instr::Load(_) | Instr::Iota) => loads.push(load),
                instr => instr.operands().for_each(|a| needed[a as usize] = true),
            }
        }
        loads
    }
}

impl Writer<'_> {
    /// The value of an operand computed from a reduction over rows of the kernel's space; none if it is no such operand, or
    /// can't be fused.
    #[inline]
    pub(super) fn row(&mut self, arg: &Dense) -> Result<Option<Id>> {
        if arg.node.leaf || self.longest_row == 0 || arg.node.value.get().is_some() {
            return Ok(None);
        }
        self.pending_row(arg)
    }

    #[cold]
    fn pending_row(&mut self, arg: &Dense) -> Result<Option<Id>> {
        if self.lowered.product.is_some() {
            return Ok(None);
        }
        let Some(axes) = self.axes_of(&arg.node) else { return Ok(None) };
        let seen = arg.layout().broadcast_to(self.space);
        if seen.is_none_or(|seen| !self.along_rows(&seen, axes)) {
            return Ok(None);
        }
        // Set before anything is inlined: the code before a reduction may use others.
        self.row_axes = axes;
        self.inline(&arg.node, Level::PerRow { axes })
    }

    /// The axes of the reduction that a node is computed from, if both may be fused here.
    fn axes_of(&self, node: &Node) -> Option<u64> {
        let axes = match self.row_axes {
            0 => self.find(node, &mut { FUEL })?,
            axes => axes,
        };
        let length: usize =
            (0..self.space.len()).filter(|&a| holds(axes, a)).map(|a| self.space[a]).product();
        let may = match self.own_axes {
            Some(own) => axes == own,
            // The output is stored row after row.
            None => axes.trailing_zeros() as usize + axes.count_ones() as usize == self.space.len(),
        };
        let fits = (2..=self.longest_row).contains(&length);
        (may && fits && self.starts_from(node, axes, &mut { FUEL })).then_some(axes)
    }

    /// The axes of the first reduction of the kernel's space that a node is computed from.
    fn find(&self, node: &Node, fuel: &mut u32) -> Option<u64> {
        *fuel = fuel.checked_sub(1)?;
        match &*node.pending()? {
            Expr::Reduce { arg, axes, .. } => (*arg.shape() == *self.space).then_some(*axes),
            expr @ (Expr::Map { .. } | Expr::Cast { .. }) => {
                expr.args().iter().filter(|arg| !arg.node.leaf).find_map(|arg| self.find(&arg.node, fuel))
            }
            _ => None,
        }
    }

    /// Whether a node is such a reduction, or elementwise on one.
    fn starts_from(&self, node: &Node, axes: u64, fuel: &mut u32) -> bool {
        let Some(left) = fuel.checked_sub(1) else { return false };
        *fuel = left;
        if !self.may_compute(node) {
            return false;
        }
        let Some(expr) = node.pending() else { return false };
        match &*expr {
            Expr::Reduce { op, arg, axes: own, .. } => {
                // Backends fuse reductions to values, not to positions.
                let position = matches!(op, Reduction::ArgMin | Reduction::ArgMax);
                !position && *own == axes && *arg.shape() == *self.space
            }
            Expr::Map { .. } | Expr::Cast { .. } => {
                let whole = |arg: &Dense| constant(arg).is_some() || is_whole(arg, node.len());
                expr.args().iter().all(whole)
                    && expr.args().iter().any(|arg| self.starts_from(&arg.node, axes, fuel))
            }
            _ => false,
        }
    }

    /// An operand of a per-row operation.
    #[cold]
    pub(super) fn row_operand(&mut self, arg: &Dense, want: DType, axes: u64) -> Result<Id> {
        if let Some(v) = constant(arg) {
            return Ok(self.param(v.cast(want)));
        }
        let inlined = self.shared.contains_key(&NodeRef::as_ptr(&arg.node))
            || self.starts_from(&arg.node, axes, &mut { FUEL });
        let id = if inlined { self.inline(&arg.node, Level::PerRow { axes })? } else { None };
        let id = match id {
            Some(id) => id,
            None => {
                let offset = arg.view.as_ref().map_or(0, |view| view.offset);
                let strides = self.row_strides(axes);
                self.load_from(arg, strides, offset)
            }
        };
        Ok(self.cast(id, want))
    }

    /// The value of a per-row node. None if the code would grow too long, or the node is to be loaded.
    #[cold]
    pub(super) fn inline_row(&mut self, node: &NodeRef, expr: &Expr, axes: u64) -> Result<Option<Id>> {
        // A reduction brings the operations that are inlined before it; this bounds the recursion, too.
        let size = match expr {
            Expr::Reduce { .. } => node.size,
            Expr::Map { .. } | Expr::Cast { .. } => 1,
            _ => return Ok(None),
        };
        let Some(left) = self.row_ops_left.checked_sub(size) else { return Ok(None) };
        self.row_ops_left = left;
        let id = match expr {
            Expr::Reduce { op, compute, arg, .. } => {
                let value = self.operand(arg, *compute, Level::PerElement)?;
                let rows =
                    self.lowered.rows.get_or_insert_with(|| Box::new(Rows { axes, reductions: Vec::new() }));
                rows.reductions.push((node.clone(), value));
                self.computed(value, Instr::Reduce(*op, value), op.output(*compute))
            }
            _ => self.expression(expr, node.dtype, Level::PerRow { axes })?,
        };
        Ok(Some(id))
    }

    /// Strides over a dense array with one element per row.
    fn row_strides(&self, axes: u64) -> Strides {
        let mut step = 1;
        let mut strides: Strides = self.space.iter().map(|_| 0).collect();
        for axis in (0..self.space.len()).rev().filter(|&axis| !holds(axes, axis)) {
            strides[axis] = step;
            step *= self.space[axis] as isize;
        }
        strides
    }

    /// Whether a layout in the kernel's space has one element per row, in order.
    fn along_rows(&self, seen: &Layout, axes: u64) -> bool {
        let want = self.row_strides(axes);
        seen.offset == 0
            && seen
                .strides
                .iter()
                .zip(&want)
                .zip(self.space)
                .all(|((have, want), &len)| len == 1 || have == want)
    }

    /// Whether an input is strided within a row more than across rows: the column kernel is then faster, unfused.
    pub(super) fn rows_are_strided(&self) -> bool {
        let rows = self.lowered.row_axes();
        let fastest = |strides: &Strides, reduced: bool| {
            let axes = 0..self.space.len();
            let those = axes.filter(|&a| holds(rows, a) == reduced && self.space[a] > 1);
            those.map(|a| strides[a].unsigned_abs()).filter(|&step| step > 0).min()
        };
        self.lowered.inputs.iter().any(|source| {
            match (fastest(&source.strides, true), fastest(&source.strides, false)) {
                (Some(within), Some(across)) => within > across,
                _ => false,
            }
        })
    }
}

/// Whether a view has all of the `len` elements of an array, in order.
fn is_whole(arg: &Dense, len: usize) -> bool {
    arg.len() == len && arg.view.as_ref().is_none_or(|view| view.is_dense())
}
