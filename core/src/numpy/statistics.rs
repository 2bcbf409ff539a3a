//! Mean, variance, standard deviation.

use super::options::{Reduce, Variance};
use super::{Answer, astype, conj, divide, multiply, real, sqrt, subtract, sum};
use crate::array::Array;
use crate::array::spec::{Outputs, Spec, output, record_one};
use crate::dispatch::{Cx, Registrar};
use crate::dtype::{DType, Kind};
use crate::error::Result;
use crate::memory::Dims;
use crate::multimethod;
use smallvec::SmallVec;

multimethod! {
    domain "numpy";

    /// Mean over `over`: the sum divided by the number of elements. Integers give the default float, in which those
    /// of 64 bits are summed, too; float16 is summed in float32; of nothing it is NaN.
    ///
    /// NumPy: `mean(x, axis, keepdims)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let x = Array::from([[1.0, 2.0], [3.0, 4.0]]);
    /// assert_eq!(np::mean(&x, 0)?.to_vec::<f64>()?, [2.0, 3.0]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Axis`](crate::Error::Axis) out of range or named twice.
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
    ///
    /// NumPy: `var(x, axis, ddof, keepdims)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let x = Array::from([1.0, 2.0, 3.0, 4.0, 5.0]);
    /// assert_eq!(np::var(&x, ())?.item()?.to_f64(), 2.0);
    /// assert_eq!(np::var(&x, np::axis(0).ddof(1.0))?.item()?.to_f64(), 2.5);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Axis`](crate::Error::Axis) out of range or named twice.
    pub fn var(x: &Array, over: Variance) -> Result<Array> {
        let n = count("var", x, &over.axes)?;
        let narrow = x.dtype() == DType::F16;
        let x = &if narrow { astype(x, DType::F32)? } else { x.clone() };
        let distance = subtract(x, &mean(x, over.axes.clone().keepdims())?)?;
        let squares = if x.dtype().kind() == Kind::Complex {
            real(&multiply(&distance, &conj(&distance)?)?)?
        } else {
            multiply(&distance, &distance)?
        };
        let var = divide(&sum(&squares, over.axes)?, (n - over.ddof).max(0.0))?;
        if narrow { astype(&var, DType::F16) } else { Ok(var) }
    }

    /// Standard deviation over `over`: the root of [`var()`].
    ///
    /// NumPy: `std(x, axis, ddof, keepdims)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let x = Array::from([[1.0, 5.0], [2.0, 4.0]]);
    /// assert_eq!(np::std(&x, 1)?.to_vec::<f64>()?, [2.0, 1.0]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`var()`].
    pub fn std(x: &Array, over: Variance) -> Result<Array> {
        sqrt(&var(x, over)?)
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
        output(self.shape.clone(), self.dtype)
    }
}

/// Registers a variance in one pass over memory for a kind whose kernels compute it.
pub(super) fn register(r: &mut Registrar<'_>, kind: &str) {
    r.register::<var>(kind, record_var);
}

/// A variance in one pass over memory, where the kind has a kernel for that.
fn record_var(cx: Cx, x: &Array, over: Variance) -> Answer {
    let mask = over.axes.mask("var", x.ndim())?;
    let (reduced, kept): (SmallVec<[isize; 8]>, SmallVec<[isize; 8]>) =
        (0..x.ndim() as isize).partition(|axis| mask >> axis & 1 == 1);
    let divisor = (count("var", x, &over.axes)? - over.ddof).max(0.0);
    let mut shape: Dims = kept.iter().map(|&axis| x.shape()[axis as usize]).collect();
    if over.axes.keepdims {
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
