//! Sorting: `sort`, `argsort`.

use super::Answer;
use super::options::Order;
use super::rows::Rows;
use super::{add, astype, imag, isnan, multiply, real, take_along_axis, zeros_like};
use crate::array::Array;
use crate::array::spec::{Outputs, Spec, record};
use crate::dispatch::{Cx, Registrar, Stop};
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::memory::Dims;
use crate::multimethod;
use smallvec::SmallVec;

multimethod! {
    domain "numpy";

    /// The elements along an axis in order: a copy of the shape and dtype of `x`. `()` sorts along the last axis,
    /// `axis` along another one; `.descending()` puts the largest first. Stable: equal elements (−0 and 0 are
    /// equal) keep their order, also when descending. NaN comes last, in either direction. Complex numbers are ordered by
    /// their real parts, those of equal ones by their imaginary parts.
    ///
    /// NumPy: `sort(x, axis, stable=True)`, `sort_complex`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let x = Array::from([[3.0, 1.0], [2.0, 4.0]]);
    /// assert_eq!(np::sort(&x, ())?.to_vec::<f64>()?, [1.0, 3.0, 2.0, 4.0]);
    /// assert_eq!(np::sort(&x, 0)?.to_vec::<f64>()?, [2.0, 1.0, 3.0, 4.0]);
    /// assert_eq!(np::sort(&x, np::descending())?.to_vec::<f64>()?, [3.0, 1.0, 4.0, 2.0]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Axis`] out of range.
    pub fn sort(x: &Array, order: Order) -> Result<Array>;

    /// The indices (int64, the shape of `x`) that put the elements along an axis in the order of [`sort()`].
    ///
    /// NumPy: `argsort(x, axis, stable=True)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let x = Array::from([3.0, 1.0, 2.0]);
    /// assert_eq!(np::argsort(&x, ())?.to_vec::<i64>()?, [1, 2, 0]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Axis`] out of range.
    pub fn argsort(x: &Array, order: Order) -> Result<Array>;
}

/// What a sort gives, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Sorted {
    /// The elements.
    Values,
    /// Their indices in the row, int64.
    Indices,
    /// Both: two results.
    Both,
}

/// Rows sorted, each on its own. The operand is (rows, len) with any strides, of a bool or real dtype; results are
/// dense (rows, len). The order is stable also when descending; −0 and 0 are equal; NaN comes last in either
/// direction.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Sort {
    /// Number of rows.
    pub rows: usize,
    /// Elements of a row.
    pub len: usize,
    /// Dtype of the elements.
    pub dtype: DType,
    /// The largest first.
    pub descending: bool,
    /// What is wanted.
    pub gives: Sorted,
}

impl Spec for Sort {
    const NAME: &'static str = "sort";

    fn outputs(&self) -> Outputs {
        let shape = || -> Dims { [self.rows, self.len].as_slice().into() };
        let (values, indices) = ((shape(), self.dtype), (shape(), DType::I64));
        match self.gives {
            Sorted::Values => std::iter::once(values).collect(),
            Sorted::Indices => std::iter::once(indices).collect(),
            Sorted::Both => [values, indices].into_iter().collect(),
        }
    }
}

/// Registers sorts for a kind whose kernels compute them.
pub(super) fn register(r: &mut Registrar<'_>, kind: &str) {
    r.register::<sort>(kind, |cx: Cx, x: &Array, order: Order| -> Answer {
        if x.dtype().is_complex() {
            let sorted = x.ndim() > 0;
            return Ok(if sorted {
                take_along_axis(x, &by_parts(x, order)?, order.axis)?
            } else {
                astype(x, x.dtype())?
            });
        }
        Ok(sorted("sort", cx, x, order, Sorted::Values)?.remove(0))
    });
    r.register::<argsort>(kind, |cx: Cx, x: &Array, order: Order| -> Answer {
        if x.dtype().is_complex() {
            return Ok(if x.ndim() > 0 { by_parts(x, order)? } else { zeros_like(x, DType::I64)? });
        }
        Ok(sorted("argsort", cx, x, order, Sorted::Indices)?.remove(0))
    });
}

/// The order of complex numbers, by stable sorts: as NumPy has it, what is no number in its real part comes behind what is
/// none in its imaginary part only.
fn by_parts(x: &Array, order: Order) -> Result<Array> {
    let (re, im) = (real(x)?, imag(x)?);
    let class = add(&multiply(&astype(&isnan(&re)?, DType::U8)?, 2)?, &astype(&isnan(&im)?, DType::U8)?)?;
    let ascending = Order { descending: false, ..order };
    let first = argsort(&im, order)?;
    [(re, order), (class, ascending)].into_iter().try_fold(first, |at, (key, order)| {
        let next = argsort(&take_along_axis(&key, &at, order.axis)?, order)?;
        take_along_axis(&at, &next, order.axis)
    })
}

fn sorted(
    op: &'static str,
    cx: Cx,
    x: &Array,
    order: Order,
    gives: Sorted,
) -> Result<SmallVec<[Array; 3]>, Stop<Error>> {
    let rows = Rows::of(op, x, order.axis)?;
    let (count, len) = (rows.count, rows.len);
    let spec = Sort { rows: count, len, dtype: x.dtype(), descending: order.descending, gives };
    let results = record(cx, spec, &[&rows.matrix])?;
    results.into_iter().map(|result| Ok(rows.restore(&result)?)).collect()
}
