//! Searching in sorted arrays: `searchsorted`, `digitize`.

use super::Answer;
use super::manipulation::{alike, common, flat, part};
use super::typing::ordered;
use super::{all, greater_equal, less_equal, subtract, take};
use crate::array::Array;
use crate::array::spec::{Outputs, Spec, output, record_one};
use crate::dispatch::{Cx, Registrar};
use crate::dtype::DType;
use crate::error::Error;
use crate::multimethod;

/// Where [`searchsorted()`] puts an element that is there already; `()` for before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Side {
    /// Before the first element that equals it.
    #[default]
    Left,
    /// Behind the last element that equals it.
    Right,
}

impl From<()> for Side {
    fn from((): ()) -> Side {
        Side::Left
    }
}

multimethod! {
    domain "numpy";

    /// Before which element of `sorted` (one axis, in ascending order) each of `values` belongs so that the order stays:
    /// int64, the shape of `values`. NaN comes last. Both are searched in the dtype that they have in common.
    ///
    /// NumPy: `searchsorted(sorted, values, side)`.
    ///
    /// # Errors
    /// [`Error::Shape`] if `sorted` has not one axis; [`Error::DType`] for complex numbers.
    pub fn searchsorted(sorted: &Array, values: &Array, side: Side) -> Result<Array>;

    /// [`searchsorted()`] in `x[sorter]`, where `sorter` are the indices that sort `x`.
    ///
    /// NumPy: `searchsorted(x, values, side, sorter)`.
    ///
    /// # Errors
    /// Those of [`searchsorted()`] and of [`take()`](fn@take).
    pub fn searchsorted_by(x: &Array, sorter: &Array, values: &Array, side: Side) -> Result<Array> {
        searchsorted(&take(x, sorter, 0)?, values, side)
    }

    /// In which bin each element lies: of ascending `bins`, i where `bins[i-1] <= x < bins[i]`; of descending ones where
    /// `bins[i-1] > x >= bins[i]`. With `right`, the equal element belongs to the other bin. int64. **Evaluates `bins`.**
    ///
    /// NumPy: `digitize(x, bins, right)`.
    ///
    /// # Errors
    /// [`Error::Argument`] if the bins are not monotonic; those of [`searchsorted()`].
    pub fn digitize(x: &Array, bins: &Array, right: bool) -> Result<Array> {
        let n = bins.len();
        let side = if right { Side::Left } else { Side::Right };
        if bins.ndim() != 1 || n < 2 {
            return searchsorted(bins, x, side);
        }
        let (low, high) = (part(bins, 0, 0, 1, n - 1)?, part(bins, 0, 1, 1, n - 1)?);
        let holds = |x: Array| Ok::<_, Error>(all(&x, ())?.item()?.cast(DType::Bool) == crate::dtype::Scalar::Bool(true));
        if holds(less_equal(&low, &high)?)? {
            return searchsorted(bins, x, side);
        }
        if !holds(greater_equal(&low, &high)?)? {
            return Err(Error::Argument {
                op: "digitize",
                operands: format!("{n} bins"),
                fix: "bins ascend or descend; sort them".into(),
            });
        }
        subtract(n as i64, &searchsorted(&bins.flip(0)?, x, side)?)
    }
}

/// A binary search. Operands: the sorted elements, (len), and the values, (count), both with any strides and of one
/// bool or real dtype. The result is dense, (count), int64. NaN comes last, and −0 equals 0.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SearchSorted {
    /// Sorted elements.
    pub len: usize,
    /// Values.
    pub count: usize,
    /// Dtype of both.
    pub dtype: DType,
    /// Behind equal elements, or before them.
    pub side: Side,
}

impl Spec for SearchSorted {
    const NAME: &'static str = "searchsorted";

    fn outputs(&self) -> Outputs {
        output([self.count].as_slice(), DType::I64)
    }
}

/// Registers searches for a kind whose kernels compute them.
pub(super) fn register(r: &mut Registrar<'_>, kind: &str) {
    r.register::<searchsorted>(kind, record_search);
}

fn record_search(cx: Cx, sorted: &Array, values: &Array, side: Side) -> Answer {
    if sorted.ndim() != 1 {
        return Err(Error::Shape {
            op: "searchsorted",
            operands: format!("sorted: {:?}", sorted.shape()),
            fix: "the sorted elements lie along one axis".into(),
        }
        .into());
    }
    let (sorted, values) = common(sorted, values)?;
    ordered("searchsorted", sorted.dtype())?;
    if sorted.is_empty() {
        let create = alike(&sorted, DType::I64);
        return Ok(super::zeros(values.shape(), create)?);
    }
    let needles = flat(&values)?;
    let spec = SearchSorted { len: sorted.len(), count: needles.len(), dtype: sorted.dtype(), side };
    let found = record_one(cx, spec, &[&sorted, &needles])?;
    Ok(found.reshape(values.shape())?)
}
