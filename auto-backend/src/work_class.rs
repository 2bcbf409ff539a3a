//! Classes of work: which measured curve gives the cost of a call, and at which size.

use polyarray_core::Array;
use polyarray_core::expr::op::Typing;
use polyarray_core::expr::{Op, OpInfo};

use crate::work::Work;
use crate::{Costs, Curve};

/// The resource of a machine that bounds a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    Simple,
    Function,
    Reduction,
    Variance,
    Product,
    WideProduct,
    ByteProduct,
    BitProduct,
}

impl Class {
    /// The class of work whose operands are mostly of elements of so many bytes.
    pub fn of(work: Work, bytes: usize) -> Class {
        match work {
            Work::Map(op) if is_function(op.info()) => Class::Function,
            Work::Map(_) | Work::Cast(_) | Work::Concat | Work::Take => Class::Simple,
            Work::Reduce(_) => Class::Reduction,
            Work::Var => Class::Variance,
            Work::MatmulAs(_) if bytes == 1 => Class::ByteProduct,
            Work::MatmulBits => Class::BitProduct,
            _ if bytes > 4 => Class::WideProduct,
            _ => Class::Product,
        }
    }

    /// The measured curve of the class.
    pub fn curve(self, costs: &Costs) -> &Curve {
        match self {
            Class::Simple => &costs.simple,
            Class::Function => &costs.function,
            Class::Reduction | Class::Variance => &costs.reduction,
            Class::Product => &costs.product,
            Class::WideProduct => costs.wide_product.as_ref().unwrap_or(&costs.product),
            Class::ByteProduct => &costs.byte_product,
            Class::BitProduct => &costs.bit_product,
        }
    }

    /// Number of passes, by which the curve's seconds are multiplied.
    pub fn passes(self) -> f64 {
        if self == Class::Variance { 2.0 } else { 1.0 }
    }
}

/// Whether it is computed by a polynomial and not by an instruction.
fn is_function(info: &OpInfo) -> bool {
    info.arity == 1 && info.typing == Typing::Inexact && info.op != Op::Sqrt
}

/// Number of elements of the shape to which the operands broadcast.
pub fn broadcast_len(operands: &[&Array]) -> f64 {
    let axes = operands.iter().map(|x| x.ndim()).max().unwrap_or(0);
    let length = |back: usize| {
        let of = |x: &&Array| x.ndim().checked_sub(back + 1).map_or(1, |axis| x.shape()[axis]);
        operands.iter().map(of).max().unwrap_or(1) as f64
    };
    (0..axes).map(length).product()
}

/// Batch, m, k, n of a matrix product.
pub fn product(operands: &[&Array]) -> Option<(f64, f64, f64, f64)> {
    let [a, b] = operands else { return None };
    let at = |x: &Array, back: usize| x.ndim().checked_sub(back).map_or(1, |axis| x.shape()[axis]) as f64;
    let k = at(a, 1);
    let (m, n) = (at(a, 2), if b.ndim() > 1 { at(b, 1) } else { 1.0 });
    let matrices = |x: &Array| x.shape()[..x.ndim().saturating_sub(2)].iter().product::<usize>() as f64;
    Some((matrices(a).max(matrices(b)), m, k, n))
}
