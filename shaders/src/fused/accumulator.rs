//! The running state of a reduction, by operation and dtype.

use super::storage::name;
use polyarray_core::DType;
use polyarray_core::expr::Reduction;

/// A reduction's running state: a WGSL struct `{prefix}` with `_empty`, `_push`, `_merge` and `_result`.
#[derive(Clone, Debug, Hash)]
pub struct Accumulator {
    pub prefix: String,
    /// What is pushed, of a value `x`.
    pub push: &'static str,
    /// What is stored, of a result `x`.
    pub result: &'static str,
    /// Bytes of the struct in a buffer. A pair of words is aligned like a 64-bit integer, so they do not depend
    /// on which of the two an adapter has.
    pub bytes: u64,
    /// Dtype of the output.
    pub out: DType,
}

impl Accumulator {
    pub fn new(op: Reduction, dtype: DType) -> Accumulator {
        use Reduction::{All, Any, ArgMax, ArgMin, Max, Min, Prod, Sum};
        let stem = match op {
            Sum => "sum",
            Prod => "prod",
            Min => "min",
            Max => "max",
            Any => "any",
            All => "all",
            ArgMin => "argmin",
            ArgMax => "argmax",
        };
        let register = (dtype.size() as u64).max(4);
        let (prefix, push, result, bytes) = match (op, dtype) {
            // Halves are summed as floats are, and rounded once.
            (Sum | Prod, DType::F16) => {
                (format!("f32_{stem}"), "x", "f16_rounded(x)", if op == Sum { 8 } else { 4 })
            }
            (Sum, _) if dtype.is_float() || dtype.is_complex() => {
                (format!("{}_sum", name(dtype)), "x", "x", 2 * register)
            }
            // Of bools, the smallest is all and the largest is any.
            (Min | All, DType::Bool) => ("bool_all".to_owned(), "x", "x", 4),
            (Max | Any, DType::Bool) => ("bool_any".to_owned(), "x", "x", 4),
            (ArgMin | ArgMax, DType::Bool) => (format!("u32_{stem}"), "select(0u, 1u, x)", "x", 8),
            (ArgMin | ArgMax, _) => (format!("{}_{stem}", name(dtype)), "x", "x", 2 * register),
            _ => (format!("{}_{stem}", name(dtype)), "x", "x", register),
        };
        Accumulator { prefix, push, result, bytes, out: op.output(dtype) }
    }
}
