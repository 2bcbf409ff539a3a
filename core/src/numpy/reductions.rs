//! Reductions over any axes.

use super::options::{Reduce, Spread};
use super::{astype, conj, divide, multiply, real, sqrt, subtract};
use crate::array::{Array, Buffer, Operand, external, record};
use crate::dispatch::{Cx, Registrar, Stop};
use crate::dtype::{DType, Kind};
use crate::error::{Error, Result};
use crate::expr::{Dims, Reduction};
use crate::multimethod;
// `std` alone is the multimethod below.
use ::std::sync::Arc;
use smallvec::SmallVec;

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

/// A variance, checked: what a backend's kernel computes. The operand comes with the reduced axes last.
#[derive(Clone, Debug, PartialEq)]
pub struct Var {
    /// Axes from here on are reduced.
    pub split: usize,
    /// What the sum of squared distances is divided by; 0 if there are no more elements than `ddof`.
    pub divisor: f64,
}

/// A backend's kernel for [`var()`]: a dense buffer of the operand's dtype, with an element for each of the axes kept.
pub type VarKernel = fn(Cx, &Operand, &Var) -> Result<Arc<dyn Buffer>>;

/// Checks a variance and records a backend's kernel for it. What the kernel has no dtype for, it declines before.
///
/// # Errors
/// Declined by what the backend does not support; failed for axes that there are not.
pub fn record_var(cx: Cx, x: &Array, spread: &Spread, kernel: VarKernel) -> Result<Array, Stop<Error>> {
    let mask = spread.over.mask("var", x.ndim())?;
    let (reduced, kept): (SmallVec<[isize; 8]>, SmallVec<[isize; 8]>) =
        (0..x.ndim() as isize).partition(|axis| mask >> axis & 1 == 1);
    let divisor = (count("var", x, &spread.over)? - spread.ddof).max(0.0);
    let spec = Var { split: kept.len(), divisor };
    let mut shape: Dims = kept.iter().map(|&axis| x.shape()[axis as usize]).collect();
    if spread.over.keepdims {
        shape = (0..x.ndim()).map(|axis| if mask >> axis & 1 == 1 { 1 } else { x.shape()[axis] }).collect();
    }
    let x = x.permute([kept, reduced].concat())?;
    let run = Arc::new(move |operands: &[Operand]| kernel(cx, &operands[0], &spec));
    Ok(external(cx.instance, "var", &shape, x.dtype(), &[&x], run)?)
}

/// How many elements go into each one of the result.
fn count(op: &'static str, x: &Array, over: &Reduce) -> Result<f64> {
    let mask = over.mask(op, x.ndim())?;
    let lengths = x.shape().iter().enumerate().filter(|(i, _)| mask >> i & 1 == 1).map(|(_, &d)| d);
    Ok(lengths.product::<usize>() as f64)
}
