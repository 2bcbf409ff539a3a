//! Searching: `nonzero`, `count_nonzero`, `select`.

use super::elementwise::truth;
use super::options::Reduce;
use super::{Answer, floor_divide, remainder, sum};
use crate::array::Array;
use crate::array::spec::{Outputs, Spec, output, record_one};
use crate::dispatch::{Cx, Registrar};
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::multimethod;

multimethod! {
    domain "numpy";

    /// How many elements over `over` are not zero: int64. NaN counts.
    ///
    /// NumPy: `count_nonzero(x, axis, keepdims)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let x = Array::from([[0.0, 1.0], [2.0, 3.0]]);
    /// assert_eq!(np::count_nonzero(&x, 1)?.to_vec::<i64>()?, [1, 2]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Axis`](crate::Error::Axis) out of range or named twice.
    pub fn count_nonzero(x: &Array, over: Reduce) -> Result<Array> {
        sum(&truth(x)?, over)
    }

    /// The indices of the elements that are not zero, in row-major order: an int64 array of one axis for each axis
    /// of `x`. **Evaluates `x`**, since the result's length depends on the values.
    ///
    /// NumPy: `nonzero(x)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let x = Array::from([[0.0, 5.0, 0.0], [6.0, 0.0, 7.0]]);
    /// let at = np::nonzero(&x)?;
    /// assert_eq!(at[0].to_vec::<i64>()?, [0, 1, 1]);
    /// assert_eq!(at[1].to_vec::<i64>()?, [1, 0, 2]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Shape`](crate::Error::Shape) for an array without axes; what the computation fails with.
    pub fn nonzero(x: &Array) -> Result<Vec<Array>> {
        if x.ndim() == 0 {
            return Err(Error::Shape {
                op: "nonzero",
                operands: "an array without axes".into(),
                fix: "reshape to [1] first".into(),
            });
        }
        let flat = flat_nonzero(x)?;
        if x.ndim() == 1 {
            return Ok(vec![flat]);
        }
        // The last axis changes fastest.
        let mut rest = flat;
        let mut indices = Vec::new();
        for &n in x.shape().iter().skip(1).rev() {
            let n = n.max(1) as i64;
            indices.push(remainder(&rest, n)?);
            rest = floor_divide(&rest, n)?;
        }
        indices.push(rest);
        indices.reverse();
        Ok(indices)
    }

    /// The indices of the elements that are not zero in the flattened array: int64, one axis. **Evaluates `x`.**
    ///
    /// NumPy: `flatnonzero(x)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let x = Array::from([[0.0, 5.0, 0.0], [6.0, 0.0, 7.0]]);
    /// assert_eq!(np::flat_nonzero(&x)?.to_vec::<i64>()?, [1, 3, 5]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// What the computation fails with.
    pub fn flat_nonzero(x: &Array) -> Result<Array>;

    /// The elements of `x` where `mask` is true, in row-major order: one axis, followed by the axes of `x` that
    /// `mask` does not have. The lengths of `mask`, of bool, are the first ones of `x`. **Evaluates the mask**, since
    /// the result's length depends on it.
    ///
    /// NumPy: `x[mask]`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let x = Array::from([[1.0, 2.0], [3.0, 4.0]]);
    /// assert_eq!(np::select(&x, &np::greater(&x, 2.0)?)?.to_vec::<f64>()?, [3.0, 4.0]);
    /// // Of the rows the second one.
    /// assert_eq!(np::select(&x, [false, true])?.to_vec::<f64>()?, [3.0, 4.0]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::DType`](crate::Error::DType) if `mask` is not of bool; [`Error::Shape`](crate::Error::Shape) if its
    /// lengths are not the first ones of `x`; what the computation fails with.
    pub fn select(x: &Array, mask: &Array) -> Result<Array> {
        check_mask(x, mask)?;
        let rows = flat_nonzero(mask)?;
        let rest = x.shape()[mask.ndim()..].iter().map(|&n| n as isize);
        let shape: Vec<isize> = std::iter::once(mask.len() as isize).chain(rest).collect();
        super::take(&x.reshape(shape)?, &rows, 0)
    }
}

/// What is gathered where a mask is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kept {
    /// Indices, int64.
    Indices,
    /// Elements of the second operand, of this dtype.
    Values(DType),
}

/// Gathers where a mask is set, in order. Operands: the mask, (len) with any strides, of any dtype (set where it is
/// not zero; NaN is not); and, for values, the elements, (len) with any strides. The result is dense, (count).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Compact {
    /// Elements of the mask.
    pub len: usize,
    /// Those that are set. Counted before: a kernel may rely on it.
    pub count: usize,
    /// Dtype of the mask.
    pub mask: DType,
    /// What is gathered.
    pub keeps: Kept,
}

impl Spec for Compact {
    const NAME: &'static str = "compact";

    fn outputs(&self) -> Outputs {
        let dtype = match self.keeps {
            Kept::Indices => DType::I64,
            Kept::Values(dtype) => dtype,
        };
        output([self.count].as_slice(), dtype)
    }
}

/// Registers searches for a kind whose kernels compute them.
pub(super) fn register(r: &mut Registrar<'_>, kind: &str) {
    r.register::<flat_nonzero>(kind, |cx: Cx, x: &Array| -> Answer {
        let flat = x.reshape([-1])?;
        let spec =
            Compact { len: flat.len(), count: counted(&flat)?, mask: flat.dtype(), keeps: Kept::Indices };
        record_one(cx, spec, &[&flat])
    });
    r.register::<select>(kind, |cx: Cx, x: &Array, mask: &Array| -> Answer {
        check_mask(x, mask)?;
        if x.ndim() != mask.ndim() {
            return Err(crate::dispatch::Stop::declined(
                "its kernel gathers elements; rows are taken by the default",
            ));
        }
        let (flat, mask) = (x.reshape([-1])?, mask.reshape([-1])?);
        let keeps = Kept::Values(x.dtype());
        let spec = Compact { len: flat.len(), count: counted(&mask)?, mask: DType::Bool, keeps };
        record_one(cx, spec, &[&mask, &flat])
    });
}

/// How many elements are set: a synchronisation.
fn counted(x: &Array) -> Result<usize> {
    if x.is_empty() {
        return Ok(0);
    }
    x.eval()?;
    let count = count_nonzero(x, ())?.item()?.to_i128().unwrap_or(0);
    Ok(count as usize)
}

fn check_mask(x: &Array, mask: &Array) -> Result<()> {
    let operands = || format!("x: {:?}, mask: {} {:?}", x.shape(), mask.dtype(), mask.shape());
    if mask.dtype() != DType::Bool {
        return Err(Error::DType {
            op: "select",
            operands: operands(),
            fix: "a mask is of bool; compare or cast it, or gather by indices with take".into(),
        });
    }
    if mask.ndim() == 0 || mask.ndim() > x.ndim() || mask.shape() != &x.shape()[..mask.ndim()] {
        return Err(Error::Shape {
            op: "select",
            operands: operands(),
            fix: "the lengths of the mask are the first ones of x".into(),
        });
    }
    Ok(())
}
