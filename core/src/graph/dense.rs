//! A dense representation: a node of the graph and a view of its value.

use super::node::{Expr, NodeRef};
use crate::dispatch::Key;
use crate::dtype::{DType, Scalar};
use crate::error::Result;
use crate::memory::{Buffer, Layout, Operand};
use std::sync::Arc;

/// A node, and the view of its value unless that is the whole in row-major order.
// The order of the fields matters: node and view are copied by one load, and a load that starts at another address than
// the store before it stalls.
#[derive(Clone)]
#[repr(C)]
pub(crate) struct Dense {
    pub(crate) node: NodeRef,
    /// None: the whole value, in row-major order.
    pub(crate) view: Option<Arc<Layout>>,
}

impl Dense {
    #[inline(always)]
    pub(crate) fn new(node: NodeRef, view: Option<Layout>) -> Dense {
        Dense { node, view: view.map(Arc::new) }
    }

    #[inline]
    pub(crate) fn shape(&self) -> &[usize] {
        match &self.view {
            Some(l) => &l.shape,
            None => &self.node.shape,
        }
    }

    #[inline]
    pub(crate) fn ndim(&self) -> usize {
        self.shape().len()
    }

    pub(crate) fn len(&self) -> usize {
        self.shape().iter().product()
    }

    #[inline]
    pub(crate) fn dtype(&self) -> DType {
        self.node.dtype
    }

    pub(crate) fn residency(&self) -> Key {
        self.node.home
    }

    #[inline]
    pub(crate) fn is_weak(&self) -> bool {
        self.node.weak
    }

    pub(crate) fn is_pending(&self) -> bool {
        self.node.value.get().is_none()
    }

    /// Layout of the elements in the node's buffer.
    pub(crate) fn layout(&self) -> Layout {
        match &self.view {
            Some(l) => (**l).clone(),
            None => Layout::dense(&self.node.shape),
        }
    }

    /// The same node under another layout.
    pub(crate) fn seen(&self, mut layout: Layout) -> Dense {
        // A view of nothing, of an array that may have no elements, has no first one.
        if layout.is_empty() {
            layout.offset = 0;
        }
        Dense { node: self.node.clone(), view: Some(Arc::new(layout)) }
    }

    /// The value of a bare scalar.
    pub(crate) fn weak_value(&self) -> Option<Scalar> {
        match self.node.pending().as_deref() {
            Some(Expr::Full(v)) if self.node.weak => Some(*v),
            _ => None,
        }
    }

    /// The value of a bare scalar, for messages.
    pub(crate) fn describe_value(&self) -> Option<String> {
        self.weak_value().map(|v| v.to_string())
    }

    pub(crate) fn eval(&self) -> Result<Arc<dyn Buffer>> {
        super::eval::evaluate(&self.node)
    }

    pub(crate) fn operand(&self) -> Result<Operand> {
        Ok(Operand { buffer: self.eval()?, layout: self.layout() })
    }
}
