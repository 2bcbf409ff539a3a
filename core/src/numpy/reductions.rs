//! Reductions over any axes.

use super::options::{Reduce, Spread};
use super::typing::reduction_dtype;
use super::{Answer, astype, conj, divide, multiply, real, sqrt, subtract};
use crate::array::Array;
use crate::array::spec::{Outputs, Spec, record_one};
use crate::dispatch::{Cx, Registrar};
use crate::dtype::{DType, Kind};
use crate::error::Result;
use crate::expr::Reduction;
use crate::graph::record;
use crate::memory::Dims;
use crate::multimethod;
use smallvec::SmallVec;

macro_rules! reductions {
    ($($(#[$meta:meta])* $f:ident = $op:ident;)*) => {
        multimethod! {
            domain "numpy";
            $( $(#[$meta])* pub fn $f(x: &Array, over: Reduce) -> Result<Array>; )*
        }

        /// Registers a recorder for every reduction.
        pub(super) fn register(r: &mut Registrar<'_>, kind: &str) {
            $( r.register::<$f>(kind, |cx: Cx, x: &Array, over: Reduce| -> Answer {
                let mask = over.mask(Reduction::$op.name(), x.ndim())?;
                let compute = reduction_dtype(Reduction::$op, x.dtype())?;
                let reduced = record::reduce(Reduction::$op, compute, &x.dense, mask, over.keepdims, cx.instance)?;
                Ok(reduced.into())
            }); )*
            r.register::<var>(kind, record_var);
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

    /// Mean over `over`: the sum divided by the number of elements. Integers give the default float, in which those
    /// of 64 bits are summed, too; float16 is summed in float32; of nothing it is NaN.
    pub fn mean(x: &Array, over: Reduce) -> Result<Array> {
        let n = count("mean", x, &over)?;
        if x.dtype() == DType::F16 {
            let total = sum(&astype(x, DType::F32)?, over)?;
            return astype(&divide(&total, n)?, DType::F16);
        }
        if matches!(x.dtype(), DType::I64 | DType::U64) {
            // Their sum may wrap, so they become floats first; smaller ones are summed exactly.
            return divide(&sum(&multiply(x, 1.0)?, over)?, n);
        }
        divide(&sum(x, over)?, n)
    }

    /// Variance over `over`: the mean of the squared distances from the mean, in two passes, so that no digits
    /// cancel. Divided by the number of elements less `ddof` (0 unless given); of no more than `ddof` elements
    /// it is NaN or infinite, as in NumPy. Complex numbers give the real variance; dtypes as in [`mean()`].
    pub fn var(x: &Array, spread: Spread) -> Result<Array> {
        let n = count("var", x, &spread.over)?;
        let narrow = x.dtype() == DType::F16;
        let x = &if narrow { astype(x, DType::F32)? } else { x.clone() };
        let distance = subtract(x, &mean(x, spread.over.clone().keepdims())?)?;
        let squares = if x.dtype().kind() == Kind::Complex {
            real(&multiply(&distance, &conj(&distance)?)?)?
        } else {
            multiply(&distance, &distance)?
        };
        let var = divide(&sum(&squares, spread.over)?, (n - spread.ddof).max(0.0))?;
        if narrow { astype(&var, DType::F16) } else { Ok(var) }
    }

    /// Standard deviation over `over`: the root of [`var()`].
    pub fn std(x: &Array, spread: Spread) -> Result<Array> {
        sqrt(&var(x, spread)?)
    }
}

/// A variance. The operand comes with the reduced axes last; the result is dense.
#[derive(Clone, Debug, PartialEq)]
pub struct Var {
    /// Shape of the result.
    pub shape: Dims,
    /// Its dtype, and the operand's.
    pub dtype: DType,
    /// Axes from here on are reduced.
    pub split: usize,
    /// What the sum of squared distances is divided by; 0 if there are no more elements than `ddof`.
    pub divisor: f64,
}

impl Spec for Var {
    const NAME: &'static str = "var";

    fn outputs(&self) -> Outputs {
        ::std::iter::once((self.shape.clone(), self.dtype)).collect()
    }
}

/// A variance in one pass over memory, where the kind has a kernel for that.
fn record_var(cx: Cx, x: &Array, spread: Spread) -> Answer {
    let mask = spread.over.mask("var", x.ndim())?;
    let (reduced, kept): (SmallVec<[isize; 8]>, SmallVec<[isize; 8]>) =
        (0..x.ndim() as isize).partition(|axis| mask >> axis & 1 == 1);
    let divisor = (count("var", x, &spread.over)? - spread.ddof).max(0.0);
    let mut shape: Dims = kept.iter().map(|&axis| x.shape()[axis as usize]).collect();
    if spread.over.keepdims {
        shape = (0..x.ndim()).map(|axis| if mask >> axis & 1 == 1 { 1 } else { x.shape()[axis] }).collect();
    }
    let spec = Var { shape, dtype: x.dtype(), split: kept.len(), divisor };
    let x = x.permute([kept, reduced].concat())?;
    record_one(cx, spec, &[&x])
}

/// How many elements go into each one of the result.
fn count(op: &'static str, x: &Array, over: &Reduce) -> Result<f64> {
    let mask = over.mask(op, x.ndim())?;
    let lengths = x.shape().iter().enumerate().filter(|(i, _)| mask >> i & 1 == 1).map(|(_, &d)| d);
    Ok(lengths.product::<usize>() as f64)
}
