//! Elements by their rank: partitions, the largest ones, order statistics, sorts by several keys.

use super::indexing::Gather;
use super::manipulation::{Count, Indices, alike, along, move_axis, part, positions, strong};
use super::options::{Along, Axis, Order};
use super::rows::Rows;
use super::searching::{Compact, Kept};
use super::typing::ordered;
use super::{
    Answer, add, arange, argsort, equal, greater, isnan, less, less_equal, logical_and, logical_not,
    logical_or, multiply, remainder, sort, take, take_along_axis,
};
use crate::array::Array;
use crate::array::spec::{Outputs, Spec, output, record_each, record_one};
use crate::dispatch::{Cx, Registrar, Stop};
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::expr::axes::{wrap_axis, wrap_index};
use crate::multimethod;
use smallvec::SmallVec;

multimethod! {
    domain "numpy";

    /// The elements along an axis (`()`: of the flattened array) in such an order that those at the places `kth` are
    /// where a sort would put them, with none larger before and none smaller behind. NaN comes last. A whole sort is such an
    /// order.
    ///
    /// NumPy: `partition(x, kth, axis)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let x = Array::from([3.0, 4.0, 2.0, 1.0]);
    /// let p = np::partition(&x, 2, 0)?.to_vec::<f64>()?;
    /// assert!(p[2] == 3.0 && p[0] < 3.0 && p[1] < 3.0 && p[3] > 3.0);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Index`] for a place out of bounds; [`Error::Axis`] out of range.
    pub fn partition(x: &Array, kth: Indices, along: Along) -> Result<Array> {
        let (x, axis) = ranked("partition", x, &kth, along)?;
        sort(&x, axis)
    }

    /// The indices (int64) that put the elements along an axis in the order of [`partition()`].
    ///
    /// NumPy: `argpartition(x, kth, axis)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let x = Array::from([3.0, 4.0, 2.0, 1.0]);
    /// let order = np::argpartition(&x, 0, 0)?;
    /// assert_eq!(order.to_vec::<i64>()?[0], 3);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`partition()`].
    pub fn argpartition(x: &Array, kth: Indices, along: Along) -> Result<Array> {
        let (x, axis) = ranked("argpartition", x, &kth, along)?;
        argsort(&x, axis)
    }

    /// The elements that have given ranks along an axis, as a sort puts them: the axis gets the length of `ranks`. NaN
    /// comes last.
    ///
    /// NumPy: `take(sort(x, axis), ranks, axis)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let x = Array::from([30.0, 10.0, 20.0]);
    /// assert_eq!(np::order_statistics(&x, [0, -1], 0)?.to_vec::<f64>()?, [10.0, 30.0]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Index`] for a rank out of bounds; [`Error::Axis`] out of range; [`Error::DType`] for complex numbers.
    pub fn order_statistics(x: &Array, ranks: Indices, axis: Axis) -> Result<Array> {
        ordered("order_statistics", x.dtype())?;
        let axis = wrap_axis("order_statistics", axis.0, x.ndim())?;
        let ranks = wrapped("order_statistics", &ranks, axis, x.shape()[axis])?;
        take(&sort(x, axis)?, positions(ranks.iter().map(|&rank| rank as i64).collect(), x)?, axis)
    }

    /// The `k` (`()`: all) largest elements along an axis, the largest first, and their indices, int64. `.smallest()` asks for the
    /// smallest ones, the smallest first. Of equal elements the first come first; NaN comes last.
    ///
    /// NumPy: `top_k(x, k, axis)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let x = Array::from([3.0, 1.0, 4.0, 1.0, 5.0]);
    /// let (values, indices) = np::topk(&x, 2, ())?;
    /// assert_eq!(values.to_vec::<f64>()?, [5.0, 4.0]);
    /// assert_eq!(indices.to_vec::<i64>()?, [4, 2]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Shape`] if there are not as many; [`Error::Axis`] out of range; [`Error::DType`] for complex numbers.
    pub fn topk(x: &Array, k: Count, of: Top) -> Result<(Array, Array)> {
        let (x, axis, k) = top("topk", x, k, of)?;
        let order = argsort(&x, Order { axis: axis as isize, descending: !of.smallest })?;
        let first = part(&order, axis, 0, 1, k)?;
        Ok((take_along_axis(&x, &first, axis)?, first))
    }

    /// The indices (int64) that sort by several keys, the last of which comes first: keys of one shape along an axis. Stable.
    ///
    /// NumPy: `lexsort(keys, axis)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let (first, last) = (Array::from([9.0, 4.0, 0.0]), Array::from([1.0, 5.0, 1.0]));
    /// // By `last`, and where that is equal, by `first`.
    /// assert_eq!(np::lexsort(&[first, last], -1)?.to_vec::<i64>()?, [2, 0, 1]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Shape`] for no keys or keys of different shapes; [`Error::Axis`] out of range.
    pub fn lexsort(keys: &[Array], axis: Axis) -> Result<Array> {
        let shapes: Vec<&[usize]> = keys.iter().map(Array::shape).collect();
        if shapes.is_empty() || shapes.iter().any(|shape| shape != &shapes[0]) {
            return Err(Error::Shape {
                op: "lexsort",
                operands: format!("keys of shapes {shapes:?}"),
                fix: "give at least one key, all of one shape".into(),
            });
        }
        let first = argsort(&keys[0], axis.0)?;
        keys[1..].iter().try_fold(first, |order, key| {
            let next = argsort(&take_along_axis(key, &order, axis.0)?, axis.0)?;
            take_along_axis(&order, &next, axis.0)
        })
    }
}

/// Which elements [`topk()`] gives: `()` for the largest along the last axis, an axis, `.smallest()`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Top {
    /// The axis.
    pub axis: isize,
    /// The smallest ones.
    pub smallest: bool,
}

impl Top {
    /// The smallest ones.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let x = Array::from([3.0, 1.0, 4.0, 1.5]);
    /// let (least, _) = np::topk(&x, 2, np::Top::from(()).smallest())?;
    /// assert_eq!(least.to_vec::<f64>()?, [1.0, 1.5]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    #[must_use]
    pub fn smallest(self) -> Top {
        Top { smallest: true, ..self }
    }
}

impl From<()> for Top {
    fn from((): ()) -> Top {
        Top { axis: -1, smallest: false }
    }
}

impl From<Axis> for Top {
    fn from(axis: Axis) -> Top {
        Top { axis: axis.0, smallest: false }
    }
}

macro_rules! top_from {
    ($($t:ty),*) => { $( impl From<$t> for Top { fn from(axis: $t) -> Top { Axis::from(axis).into() } } )* };
}
top_from!(i32, i64, isize, usize);

fn wrapped(op: &'static str, ranks: &Indices, axis: usize, len: usize) -> Result<SmallVec<[usize; 4]>> {
    let ranks: &[isize] = match ranks {
        Indices::One(rank) => std::slice::from_ref(rank),
        Indices::Many(ranks) => ranks,
    };
    ranks.iter().map(|&rank| wrap_index(op, rank as i64, axis, len)).collect()
}

fn ranked(op: &'static str, x: &Array, kth: &Indices, axis: Along) -> Result<(Array, usize)> {
    let (x, axis) = along(op, x, axis.0)?;
    wrapped(op, kth, axis, x.shape()[axis])?;
    Ok((x, axis))
}

fn top(op: &'static str, x: &Array, k: Count, of: Top) -> Result<(Array, usize, usize)> {
    let x = strong(x)?;
    ordered(op, x.dtype())?;
    let axis = wrap_axis(op, of.axis, x.ndim())?;
    let len = x.shape()[axis];
    let k = k.0.unwrap_or(len);
    if k > len {
        return Err(Error::Shape {
            op,
            operands: format!("k = {k}, axis {axis} of shape {:?}", x.shape()),
            fix: format!("there are {len} elements"),
        });
    }
    Ok((x, axis, k))
}

/// Elements of rows by their rank. The operand is (rows, len) with any strides, of a bool or real dtype; the result is dense,
/// (rows, ranks). NaN comes last.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Ranked {
    /// Number of rows.
    pub rows: usize,
    /// Elements of a row.
    pub len: usize,
    /// Dtype of the elements.
    pub dtype: DType,
    /// The ranks: below `len`.
    pub ranks: SmallVec<[usize; 4]>,
}

impl Spec for Ranked {
    const NAME: &'static str = "order_statistics";

    fn outputs(&self) -> Outputs {
        output([self.rows, self.ranks.len()].as_slice(), self.dtype)
    }
}

/// Indices in their rows, int64, of elements by their rank: (rows, ranks). The operand is as that of [`Ranked`]; order and ties
/// are those of a [`Sort`](super::sorting::Sort). A kind with such a kernel needs none for [`Ranked`] and [`TopK`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RankIndices {
    /// Rows, elements, dtype, ranks.
    pub of: Ranked,
    /// The largest first.
    pub descending: bool,
}

impl Spec for RankIndices {
    const NAME: &'static str = "rank_indices";

    fn outputs(&self) -> Outputs {
        output([self.of.rows, self.of.ranks.len()].as_slice(), DType::I64)
    }
}

/// The first elements of sorted rows, and their indices, int64. The operand is (rows, len) with any strides, of a bool or
/// real dtype; both results are dense, (rows, k). Order and ties as in a [`Sort`](super::sorting::Sort).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TopK {
    /// Number of rows.
    pub rows: usize,
    /// Elements of a row.
    pub len: usize,
    /// Elements wanted of each.
    pub k: usize,
    /// Dtype of the elements.
    pub dtype: DType,
    /// The largest first.
    pub descending: bool,
}

impl Spec for TopK {
    const NAME: &'static str = "topk";

    fn outputs(&self) -> Outputs {
        let shape = || [self.rows, self.k].as_slice().into();
        [(shape(), self.dtype), (shape(), DType::I64)].into_iter().collect()
    }
}

/// Registers selections for a kind whose kernels compute them.
pub(super) fn register(r: &mut Registrar<'_>, kind: &str) {
    r.register::<order_statistics>(kind, |cx: Cx, x: &Array, ranks: Indices, axis: Axis| -> Answer {
        ordered("order_statistics", x.dtype())?;
        let axis = wrap_axis("order_statistics", axis.0, x.ndim())?;
        let ranks = wrapped("order_statistics", &ranks, axis, x.shape()[axis])?;
        let rows = Rows::of("order_statistics", x, axis as isize)?;
        let shape: Vec<usize> = moved(x, axis, ranks.len());
        let spec = Ranked { rows: rows.count, len: rows.len, dtype: x.dtype(), ranks };
        let out = match record_one(cx, spec.clone(), &[&rows.matrix]) {
            Err(Stop::Declined(_)) => by_indices(cx, spec, &rows.matrix)?,
            out => out?,
        };
        let out = out.reshape(shape)?;
        Ok(move_axis(&out, x.ndim() - 1, axis)?)
    });
    r.register::<topk>(kind, |cx: Cx, x: &Array, k: Count, of: Top| -> Result<(Array, Array), Stop<Error>> {
        let (x, axis, k) = top("topk", x, k, of)?;
        let rows = Rows::of("topk", &x, axis as isize)?;
        let spec = TopK { rows: rows.count, len: rows.len, k, dtype: x.dtype(), descending: !of.smallest };
        let [values, indices] = match record_each(cx, spec.clone(), &[&rows.matrix]) {
            Err(Stop::Declined(_)) => selected(cx, &spec, &rows.matrix)?,
            results => results?,
        };
        let back = |result: &Array| move_axis(&result.reshape(moved(&x, axis, k))?, x.ndim() - 1, axis);
        Ok((back(&values)?, back(&indices)?))
    });
}

/// [`Ranked`] by the places of the elements, each rank found once.
fn by_indices(cx: Cx, mut of: Ranked, x: &Array) -> Answer {
    let ranks = of.ranks.clone();
    of.ranks.sort_unstable();
    of.ranks.dedup();
    let found = of.ranks.clone();
    let each = taken(x, &record_one(cx, RankIndices { of, descending: false }, &[x])?)?;
    if found == ranks {
        return Ok(each);
    }
    let columns = ranks.iter().map(|&rank| found.partition_point(|&other| other < rank) as i64);
    Ok(take(&each, positions(columns.collect(), x)?, Gather::from(1).clip())?)
}

/// [`TopK`] by the place of the last one: what comes before it is gathered, then sorted.
fn selected(cx: Cx, spec: &TopK, x: &Array) -> Result<[Array; 2], Stop<Error>> {
    let TopK { rows, len, k, dtype, descending } = *spec;
    if k == 0 || k > len / 8 {
        return Err(Stop::declined("of so many elements a sort finds the first ones sooner"));
    }
    let of = Ranked { rows, len, dtype, ranks: std::iter::once(k - 1).collect() };
    let at = record_one(cx, RankIndices { of, descending }, &[x])?;
    let last = taken(x, &at)?;
    let (mut before, mut same) =
        (if descending { greater(x, &last) } else { less(x, &last) }?, equal(x, &last)?);
    if dtype.is_float() {
        let (nan, last_nan) = (isnan(x)?, isnan(&last)?);
        before = logical_or(&before, &logical_and(&last_nan, &logical_not(&nan)?)?)?;
        same = logical_or(&same, &logical_and(&last_nan, &nan)?)?;
    }
    let number = arange(len, alike(x, DType::I64))?;
    let first = logical_or(&before, &logical_and(&same, &less_equal(&number, &at)?)?)?;
    let kept = Compact { len: rows * len, count: rows * k, mask: DType::Bool, keeps: Kept::Indices };
    let found =
        remainder(&record_one(cx, kept, &[&first.reshape([-1])?])?, len as i64)?.reshape([rows, k])?;
    let values = taken(x, &found)?;
    let order = argsort(&values, Order { axis: 1, descending })?;
    Ok([taken(&values, &order)?, taken(&found, &order)?])
}

/// Elements of each row at places that are within it: not by [`take_along_axis`], which waits for them, to see that they are.
fn taken(x: &Array, at: &Array) -> Result<Array> {
    let [rows, len] = [x.shape()[0], x.shape()[1]];
    let begin = multiply(&arange(rows, alike(x, DType::I64))?, len as i64)?.reshape([rows, 1])?;
    take(&x.reshape([-1])?, &add(at, &begin)?, Gather::from(0).clip())
}

/// The shape with an axis of another length last.
fn moved(x: &Array, axis: usize, len: usize) -> Vec<usize> {
    let others = x.shape().iter().enumerate().filter(|(a, _)| *a != axis).map(|(_, &n)| n);
    others.chain([len]).collect()
}
