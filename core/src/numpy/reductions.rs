//! Reductions over any axes.

use super::options::Reduce;
use super::{astype, divide};
use crate::array::{Array, record};
use crate::dispatch::{Cx, Registrar, Stop};
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::expr::Reduction;
use crate::multimethod;

macro_rules! reductions {
    ($($(#[$meta:meta])* $f:ident = $op:ident;)*) => {
        multimethod! {
            domain "numpy";
            $( $(#[$meta])* pub fn $f(x: &Array, over: Reduce) -> Result<Array>; )*
        }

        /// Registers a recorder for every reduction.
        pub(super) fn register(r: &mut Registrar<'_>, kind: &str) {
            $( r.register::<$f>(kind, |cx: Cx, x: &Array, over: Reduce| -> Result<Array, Stop<Error>> {
                let mask = over.mask(Reduction::$op.name(), x.ndim())?;
                Ok(record::reduce(Reduction::$op, x, mask, over.keepdims, cx.instance)?)
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

multimethod! {
    domain "numpy";

    /// Mean over `over`: the sum divided by the number of elements. Integers give the default float; float16 is
    /// summed in float32; of nothing it is NaN.
    pub fn mean(x: &Array, over: Reduce) -> Result<Array> {
        let mask = over.mask("mean", x.ndim())?;
        let n: usize = x.shape().iter().enumerate().filter(|(i, _)| mask >> i & 1 == 1).map(|(_, &d)| d).product();
        if x.dtype() == DType::F16 {
            let total = sum(&astype(x, DType::F32)?, over)?;
            return astype(&divide(&total, n as f64)?, DType::F16);
        }
        divide(&sum(x, over)?, n as f64)
    }
}
