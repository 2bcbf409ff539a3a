//! Scans: `cumulative_sum`, `cumulative_prod`.

use super::options::Scanned;
use super::rows::Rows;
use super::typing::reduction_dtype;
use super::{Answer, astype, concat, full};
use crate::array::Array;
use crate::array::spec::{Outputs, Spec, output, record_one};
use crate::dispatch::{Cx, Registrar};
use crate::dtype::DType;
use crate::error::Error;
use crate::expr::Reduction;
use crate::multimethod;

multimethod! {
    domain "numpy";

    /// Sums of the elements up to each one along an axis: the shape of `x`. Bools and small integers are summed in
    /// 64 bits, where integers wrap, unless a dtype is given; float16 is summed in float32. `axis` may be left out
    /// for an array of one axis; `.include_initial()` puts a 0 before the first. Floats are summed in a fixed order,
    /// whatever the number of threads.
    ///
    /// NumPy: `cumulative_sum(x, axis, dtype, include_initial)`, `cumsum`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let x = Array::from([1.0, 2.0, 3.0]);
    /// assert_eq!(np::cumulative_sum(&x, ())?.to_vec::<f64>()?, [1.0, 3.0, 6.0]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Axis`] out of range, or not named where there are several; [`Error::DType`] for a result of bool;
    /// [`Error::Shape`] for an array without axes, with an initial value.
    pub fn cumulative_sum(x: &Array, along: Scanned) -> Result<Array>;

    /// Products of the elements up to each one along an axis; as [`cumulative_sum()`], with a 1 before the first.
    ///
    /// NumPy: `cumulative_prod(x, axis, dtype, include_initial)`, `cumprod`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let x = Array::from([1.0, 2.0, 3.0]);
    /// assert_eq!(np::cumulative_prod(&x, ())?.to_vec::<f64>()?, [1.0, 2.0, 6.0]);
    /// let all = np::cumulative_prod(&x, np::scan_along(0).include_initial())?;
    /// assert_eq!(all.to_vec::<f64>()?, [1.0, 1.0, 2.0, 6.0]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`cumulative_sum()`].
    pub fn cumulative_prod(x: &Array, along: Scanned) -> Result<Array>;
}

/// An inclusive scan of rows. The operand is (rows, len) with any strides, of the result's dtype; the result is dense
/// (rows, len). The order in which floats are combined depends on the shape only.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Scan {
    /// `Sum` or `Prod`.
    pub op: Reduction,
    /// Number of rows.
    pub rows: usize,
    /// Elements of a row.
    pub len: usize,
    /// Dtype of operand and result; float16 is combined in float32 and rounded once per element.
    pub dtype: DType,
}

impl Spec for Scan {
    const NAME: &'static str = "scan";

    fn outputs(&self) -> Outputs {
        output([self.rows, self.len].as_slice(), self.dtype)
    }
}

/// Registers scans for a kind whose kernels compute them.
pub(super) fn register(r: &mut Registrar<'_>, kind: &str) {
    r.register::<cumulative_sum>(kind, |cx: Cx, x: &Array, along: Scanned| -> Answer {
        scanned("cumulative_sum", Reduction::Sum, cx, x, along)
    });
    r.register::<cumulative_prod>(kind, |cx: Cx, x: &Array, along: Scanned| -> Answer {
        scanned("cumulative_prod", Reduction::Prod, cx, x, along)
    });
}

fn scanned(op: &'static str, fold: Reduction, cx: Cx, x: &Array, along: Scanned) -> Answer {
    let axis = match along.axis {
        Some(axis) => axis,
        None if x.ndim() <= 1 => -1,
        None => {
            return Err(
                Error::Axis { op, axis: 0, ndim: x.ndim(), fix: "name the axis: there are several" }.into()
            );
        }
    };
    let dtype = match along.dtype {
        Some(dtype) => dtype,
        None => reduction_dtype(fold, x.dtype())?,
    };
    if dtype == DType::Bool {
        return Err(Error::DType {
            op,
            operands: format!("an array of {}, in {dtype}", x.dtype()),
            fix: "sums and products are numbers; give a numeric dtype".into(),
        }
        .into());
    }
    let cast = if x.dtype() == dtype { x.clone() } else { astype(x, dtype)? };
    let rows = Rows::of(op, &cast, axis)?;
    let spec = Scan { op: fold, rows: rows.count, len: rows.len, dtype };
    let out = rows.restore(&record_one(cx, spec, &[&rows.matrix])?)?;
    if !along.include_initial {
        return Ok(out);
    }
    if out.ndim() == 0 {
        return Err(Error::Shape {
            op,
            operands: "an array without axes, with include_initial".into(),
            fix: "the initial value lengthens an axis; reshape to [1] first".into(),
        }
        .into());
    }
    let mut shape: Vec<usize> = out.shape().to_vec();
    let at = crate::expr::axes::wrap_axis(op, axis, shape.len())?;
    shape[at] = 1;
    let identity = i64::from(fold == Reduction::Prod);
    let first = full(
        shape,
        crate::dtype::Scalar::from(identity).cast(dtype),
        super::dtype(dtype).device(out.device()),
    )?;
    Ok(concat(&[&first, &out], at as isize)?)
}
