//! Pending elementwise work as a list: what a wrapper backend weighs, and records again where it is cheaper.
//! Nothing of it has run, so recording it elsewhere instead costs no more than recording did.

use super::{apply, astype};
use crate::array::Array;
use crate::device::Marker;
use crate::dispatch::{Instance, pinned};
use crate::dtype::{DType, Scalar};
use crate::error::{Error, Result};
use crate::expr::Op;
use crate::graph::node::Expr;
use crate::graph::{Dense, MAX_OPS, NodeRef, record};
use crate::memory::Dims;
use smallvec::SmallVec;
use std::sync::atomic::Ordering::Relaxed;

/// What one step computes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Step {
    /// An elementwise operation.
    Map(Op),
    /// A cast to the step's dtype.
    Cast,
    /// One value everywhere: costs nothing.
    Full(Scalar),
    /// The index of the element.
    Iota,
}

#[derive(Clone, Debug)]
enum Source {
    Step(usize),
    Leaf(usize),
}

/// One step of pending work.
#[derive(Clone, Debug)]
pub struct PendingStep {
    /// What it computes.
    pub step: Step,
    /// The shape of its result.
    pub shape: Dims,
    /// The dtype of its result.
    pub dtype: DType,
    from: SmallVec<[Source; 3]>,
}

/// The elementwise operations that would be computed inside a consumer of an array, operands before their users, and
/// the arrays that they start from.
#[derive(Clone, Debug, Default)]
pub struct PendingWork {
    /// The operations; the array itself is the last.
    pub steps: Vec<PendingStep>,
    /// Arrays that are computed, or will be on their own, where they live.
    pub leaves: Vec<Array>,
}

impl<R: Marker> Array<R> {
    /// The pending work behind this array. None if it is computed, or would not be computed inside its consumer; or
    /// if part of it is used elsewhere, too, and would then be computed twice.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let y = np::add(&Array::from([1.0, 2.0]), 1.0)?;
    /// assert!(y.pending_work().is_some());
    /// y.eval()?;
    /// assert!(y.pending_work().is_none());
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    pub fn pending_work(&self) -> Option<PendingWork> {
        if !self.info().fuses || self.dense.node.consumers.load(Relaxed) > 0 {
            return None;
        }
        let mut listed = Listed::default();
        listed.list(&self.dense.node)?;
        // The last one is this array's own. A constant is free to compute twice.
        let inner = listed.nodes.iter().zip(&listed.work.steps).rev().skip(1);
        let shared = |((node, uses), step): (&(NodeRef, u32), &PendingStep)| {
            node.consumers.load(Relaxed) > *uses && !matches!(step.step, Step::Full(_))
        };
        if inner.into_iter().any(shared) { None } else { Some(listed.work) }
    }

    /// This array's pending work recorded on another instance instead, what it starts from copied there. None where
    /// [`pending_work`](Self::pending_work) is, or if the instance can't do all of it with the same dtypes.
    ///
    /// ```
    /// use polyarray_core::{Array, device::{HOST, instance_at}, numpy as np};
    /// # use polyarray_cpu as _;
    /// let y = np::add(&Array::from([1.0, 2.0]), 1.0)?;
    /// let again = y.recorded_on(instance_at(*HOST)?)?;
    /// assert_eq!(again.map(|y| y.to_vec::<f64>()).transpose()?, Some(vec![2.0, 3.0]));
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// What recording or the copies fail with.
    pub fn recorded_on(&self, instance: Instance) -> Result<Option<Array>> {
        let Some(work) = self.pending_work() else { return Ok(None) };
        let done = pinned(instance, true, || work.replay(instance));
        match done {
            Ok(array) => Ok(Some(array).filter(|array| array.dtype() == self.dtype())),
            Err(e) if e.is_not_found() => Ok(None),
            Err(e) => Err(e),
        }
    }
}

impl PendingWork {
    fn replay(&self, instance: Instance) -> Result<Array> {
        let mut made: Vec<Array> = Vec::with_capacity(self.steps.len());
        for PendingStep { step, shape, dtype, from } in &self.steps {
            let args: SmallVec<[&Array; 3]> = from
                .iter()
                .map(|source| match source {
                    Source::Step(at) => &made[*at],
                    Source::Leaf(at) => &self.leaves[*at],
                })
                .collect();
            let declined = |e| record::failed("record again", instance, e);
            let next = match step {
                Step::Map(op) => apply(*op, &args)?,
                Step::Cast => astype(args[0], *dtype)?,
                Step::Full(value) => record::full(shape, *value, instance).map_err(declined)?.into(),
                Step::Iota => record::iota(shape[0], instance).map_err(declined)?.into(),
            };
            drop(args);
            made.push(next);
        }
        made.pop().ok_or_else(|| Error::Backend {
            op: "record again".into(),
            backend: instance.name(),
            message: "there is no pending work".into(),
        })
    }
}

/// The list while it is made.
#[derive(Default)]
struct Listed {
    work: PendingWork,
    /// Which node each step is, and how often the list uses it.
    nodes: Vec<(NodeRef, u32)>,
}

impl Listed {
    /// Lists a node behind its operands; where it went. Not deeper than a kernel may be.
    fn list(&mut self, node: &NodeRef) -> Option<usize> {
        if self.nodes.len() >= MAX_OPS as usize {
            return None;
        }
        let expr = node.pending()?;
        let mut from = SmallVec::new();
        for arg in expr.args() {
            from.push(self.source(arg)?);
        }
        let step = match &*expr {
            Expr::Map { op, .. } => Step::Map(*op),
            Expr::Cast { .. } => Step::Cast,
            Expr::Full(value) => Step::Full(*value),
            Expr::Iota => Step::Iota,
            Expr::Reduce { .. } | Expr::Extern { .. } | Expr::Pick { .. } => return None,
        };
        self.work.steps.push(PendingStep { step, shape: node.shape.clone(), dtype: node.dtype, from });
        self.nodes.push((node.clone(), 0));
        Some(self.nodes.len() - 1)
    }

    fn source(&mut self, arg: &Dense) -> Option<Source> {
        let pending = arg.is_pending() && !arg.is_weak();
        let fuses = pending && arg.node.fuses && arg.view.is_none() && !arg.node.materialise.load(Relaxed);
        if !fuses {
            self.work.leaves.push(arg.clone().into());
            return Some(Source::Leaf(self.work.leaves.len() - 1));
        }
        let at = match self.nodes.iter().position(|(node, _)| NodeRef::ptr_eq(node, &arg.node)) {
            Some(at) => at,
            None => self.list(&arg.node)?,
        };
        self.nodes[at].1 += 1;
        Some(Source::Step(at))
    }
}
