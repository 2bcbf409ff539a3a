//! Reductions over any axes.

use super::Answer;
use super::options::Reduce;
use super::typing::reduction_dtype;
use crate::array::Array;
use crate::dispatch::{Cx, Registrar};
use crate::expr::Reduction;
use crate::graph::record;
use crate::multimethod;

macro_rules! reductions {
    ($($(#[$($meta:tt)*])* $f:ident = $op:ident;)*) => {
        multimethod! {
            domain "numpy";
            $( $(#[$($meta)*])* pub fn $f(x: &Array, over: Reduce) -> Result<Array>; )*
        }

        /// Registers a recorder for every reduction.
        pub(super) fn register(r: &mut Registrar<'_>, kind: &str) {
            $( r.register::<$f>(kind, |cx: Cx, x: &Array, over: Reduce| -> Answer {
                let mask = over.mask(Reduction::$op.name(), x.ndim())?;
                let compute = reduction_dtype(Reduction::$op, x.dtype())?;
                let reduced = record::reduce(Reduction::$op, compute, &x.dense, mask, over.keepdims, cx.instance)?;
                Ok(reduced.into())
            }); )*
        }
    };
}

reductions! {
    /// Sum over `over`, in a fixed order. Bools and small integers are summed in 64 bits, where integers wrap;
    /// of nothing it is 0.
    sum = Sum;
    /// Product over `over`, in a fixed order; of nothing it is 1.
    prod = Prod;
    /// Smallest element over `over`; NaN if there is one. Of nothing: an error.
    min = Min;
    /// Largest element over `over`; NaN if there is one. Of nothing: an error.
    max = Max;
    /// Is any element over `over` non-zero? Of nothing: false.
    any = Any;
    /// Are all elements over `over` non-zero? Of nothing: true.
    all = All;
    /// Row-major index (int64) of the first smallest element over `over`; of the first NaN if there is one.
    argmin = ArgMin;
    /// Row-major index (int64) of the first largest element over `over`; of the first NaN if there is one.
    argmax = ArgMax;
}
