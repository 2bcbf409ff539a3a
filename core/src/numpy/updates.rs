//! Updates of elements by index, and reductions of segments: what counting, binning and assignment by index are made of.

use super::creation::erased_indices;
use super::manipulation::{alike, cast, flat, home, move_axis, part, strong, strong_beside};
use super::typing::reduction_dtype;
use super::{
    Answer, Axis, Gather, Side, add, argsort, astype, cumulative_sum, equal, floor_divide, less, max,
    maximum, min, minimum, multiply, repeat, searchsorted, subtract, take, where_,
};
use crate::array::Array;
use crate::array::spec::{Outputs, Spec, kernel_for, output, record_one};
use crate::dispatch::{Cx, Registrar};
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::expr::Reduction;
use crate::expr::axes::wrap_axis;
use crate::multimethod;

/// What an update by index does with an element and the value that meets it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Update {
    /// The value takes its place; of several, the last one.
    Put,
    /// The value is added.
    Add,
    /// It is multiplied by the value.
    Multiply,
    /// The smaller of both; NaN if either is.
    Minimum,
    /// The larger of both; NaN if either is.
    Maximum,
}

impl Update {
    fn reduction(self) -> Option<Reduction> {
        match self {
            Update::Put => None,
            Update::Add => Some(Reduction::Sum),
            Update::Multiply => Some(Reduction::Prod),
            Update::Minimum => Some(Reduction::Min),
            Update::Maximum => Some(Reduction::Max),
        }
    }

    fn apply(self, x: &Array, value: &Array) -> Result<Array> {
        match self {
            Update::Put => Ok(value.clone()),
            Update::Add => add(x, value),
            Update::Multiply => multiply(x, value),
            Update::Minimum => minimum(x, value),
            Update::Maximum => maximum(x, value),
        }
    }
}

multimethod! {
    domain "numpy";

    /// A copy of `x` in which the elements at `indices` of the flattened array have met `values`, which broadcast to the
    /// indices and are cast to the dtype of `x`. An index that is there several times meets all of its values, in their order.
    /// **Evaluates the indices**: one out of bounds is an error. Floats are added in an order that depends on the arguments
    /// only.
    ///
    /// NumPy: `ufunc.at(x.flat, indices, values)`.
    ///
    /// # Errors
    /// [`Error::DType`] if the indices are no integers, or the elements have no such update; [`Error::Index`] out of
    /// bounds; [`Error::Shape`] if `values` don't broadcast to the indices.
    pub fn scatter(x: &Array, indices: &Array, values: &Array, by: Update) -> Result<Array> {
        let Targets { x, at, values } = Targets::of("scatter", x, indices, values, by)?;
        let shape = x.shape();
        if at.is_empty() || x.is_empty() {
            return super::copy(&x);
        }
        // In the order of the targets, and for each of them in the order of the values: a sort is stable.
        let (x, n) = (flat(&x)?, x.len());
        let order = argsort(&at, ())?;
        let clipped = Gather::from(0).clip();
        let (at, values) = (take(&at, &order, clipped)?, take(&values, &order, clipped)?);
        let targets = erased_indices(n, &home(&x))?;
        let ends = searchsorted(&at, &targets, Side::Right)?;
        let Some(reduction) = by.reduction() else {
            let last = subtract(&ends, 1)?;
            let hit = equal(&take(&at, &last, clipped)?, &targets)?;
            return where_(&hit, &take(&values, &last, clipped)?, &x)?.reshape(shape);
        };
        let starts = searchsorted(&at, &targets, Side::Left)?;
        let met = reduce_segments(&values, &starts, &ends, reduction)?;
        where_(&less(&starts, &ends)?, &by.apply(&x, &met)?, &x)?.reshape(shape)
    }

    /// The reduction (`Sum`, `Prod`, `Min` or `Max`) of the elements `starts[i]..ends[i]` of an array of one axis, for each
    /// i, in the dtype of `x`. A segment without elements gives 0, 1, or an unspecified value for `Min` and `Max`. Bounds
    /// must be in order and lie in the array: that is not checked.
    ///
    /// # Errors
    /// [`Error::DType`] for elements without such a reduction; [`Error::Shape`] for other than one axis.
    pub fn reduce_segments(x: &Array, starts: &Array, ends: &Array, op: Reduction) -> Result<Array>;

    /// Reductions of segments along an axis: for each i that of the elements from `indices[i]` up to `indices[i + 1]`, or to
    /// the end for the last one; where that is not above `indices[i]`, the element there. Sums and products of bools and
    /// small integers in 64 bits. **Evaluates the indices.**
    ///
    /// NumPy: `ufunc.reduceat(x, indices, axis)`.
    ///
    /// # Errors
    /// [`Error::Index`] out of bounds; [`Error::DType`] if they are no integers; [`Error::Axis`] out of range;
    /// [`Error::Argument`] for another reduction.
    pub fn reduceat(x: &Array, indices: &Array, op: Reduction, axis: Axis) -> Result<Array> {
        if !matches!(op, Reduction::Sum | Reduction::Prod | Reduction::Min | Reduction::Max) {
            return Err(Error::Argument {
                op: "reduceat",
                operands: op.name().into(),
                fix: "sums, products, the smallest and the largest can be asked for".into(),
            });
        }
        let x = cast(&strong(x)?, reduction_dtype(op, x.dtype())?)?;
        let axis = wrap_axis("reduceat", axis.0, x.ndim())?;
        let len = x.shape()[axis];
        if indices.ndim() != 1 || !indices.dtype().is_int() {
            return Err(Error::DType {
                op: "reduceat",
                operands: format!("indices: {} {:?}", indices.dtype(), indices.shape()),
                fix: "they are integers along one axis".into(),
            });
        }
        check_bounds("reduceat", indices, axis, 0, len)?;
        let k = indices.len();
        let moved = move_axis(&x, axis, x.ndim() - 1)?;
        let rows: usize = moved.shape()[..x.ndim() - 1].iter().product();
        let mut shape: Vec<usize> = moved.shape().to_vec();
        shape[x.ndim() - 1] = k;
        let out = if rows * k == 0 {
            super::zeros(shape, alike(&x, x.dtype()))?
        } else {
            let starts = astype(indices, DType::I64)?;
            let last = super::full([1], len as i64, alike(&x, DType::I64))?;
            let next = super::concat(&[part(&starts, 0, 1, 1, k - 1)?, last], 0)?;
            // At least the element itself.
            let ends = maximum(&next, &add(&starts, 1)?)?;
            let row = multiply(&erased_indices(rows, &home(&x))?, len as i64)?.expand_dims(1)?;
            let (starts, ends) = (flat(&add(&row, &starts)?)?, flat(&add(&row, &ends)?)?);
            reduce_segments(&flat(&moved)?, &starts, &ends, op)?.reshape(shape)?
        };
        move_axis(&out, x.ndim() - 1, axis)
    }
}

/// Checked arguments of an update: indices of one axis, from the start, int64; values of one axis, of the dtype of `x`.
struct Targets {
    x: Array,
    at: Array,
    values: Array,
}

impl Targets {
    fn of(op: &'static str, x: &Array, indices: &Array, values: &Array, by: Update) -> Result<Targets> {
        let x = strong(x)?;
        let n = x.len();
        let ordered = matches!(by, Update::Minimum | Update::Maximum);
        if !indices.dtype().is_int() || (ordered && x.dtype().is_complex()) {
            return Err(Error::DType {
                op,
                operands: format!("x: {}, indices: {}, {by:?}", x.dtype(), indices.dtype()),
                fix: "indices are integers; complex numbers have no order".into(),
            });
        }
        let indices = strong(indices)?;
        let values = cast(&strong_beside(values, &x)?, x.dtype())?;
        let values = values.broadcast_to(indices.shape()).map_err(|error| error.within(op))?;
        check_bounds(op, &indices, 0, -(n as i128), n)?;
        let at = flat(&astype(&indices, DType::I64)?)?;
        let at = if indices.dtype().is_unsigned() { at } else { from_start(&at, n)? };
        Ok(Targets { x, at, values: flat(&values)? })
    }
}

/// Indices counted from the start, of such that may count from the end.
pub(super) fn from_start(at: &Array, len: usize) -> Result<Array> {
    where_(&less(at, 0)?, &add(at, len as i64)?, at)
}

/// Whether all indices lie in `low..len`. Evaluates them.
pub(super) fn check_bounds(
    op: &'static str,
    indices: &Array,
    axis: usize,
    low: i128,
    len: usize,
) -> Result<()> {
    if indices.is_empty() {
        return Ok(());
    }
    let read = |a: Array| a.item().map(|v| v.to_i128().unwrap_or(0));
    for bound in [read(min(indices, ())?)?, read(max(indices, ())?)?] {
        if bound < low || bound >= len as i128 {
            // One that is beyond int64 is beyond any axis.
            let index = i64::try_from(bound).unwrap_or(i64::MAX);
            return Err(Error::Index { op, index, axis, len });
        }
    }
    Ok(())
}

/// An update by index. Operands: the array, (len), the indices, (count), int64 in 0..len, and the values, (count), of the
/// array's dtype, each with any strides. The result is dense, (len).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Scatter {
    /// What is done.
    pub by: Update,
    /// Elements of the array.
    pub len: usize,
    /// Indices.
    pub count: usize,
    /// Dtype of array and values.
    pub dtype: DType,
}

impl Spec for Scatter {
    const NAME: &'static str = "scatter";

    fn outputs(&self) -> Outputs {
        output([self.len].as_slice(), self.dtype)
    }
}

/// Reductions of segments. Operands: the elements, (len), and the first ones of segments and those behind their last ones,
/// (count), int64, each with any strides. The result is dense, (count).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Segments {
    /// `Sum`, `Prod`, `Min` or `Max`.
    pub op: Reduction,
    /// Dtype of elements and result: not bool.
    pub dtype: DType,
    /// Elements.
    pub len: usize,
    /// Segments.
    pub count: usize,
    /// No segment is longer; the largest number where that is not known.
    pub longest: usize,
}

impl Segments {
    /// The length of segments that a kernel takes at least. Longer ones are reduced in pieces where it takes no more.
    pub const PIECE: usize = 4096;
}

impl Spec for Segments {
    const NAME: &'static str = "reduce_segments";

    fn outputs(&self) -> Outputs {
        output([self.count].as_slice(), self.dtype)
    }
}

/// Registers updates and reductions of segments for a kind whose kernels compute them.
pub(super) fn register(r: &mut Registrar<'_>, kind: &str) {
    r.register::<scatter>(kind, |cx: Cx, x: &Array, indices: &Array, values: &Array, by: Update| -> Answer {
        let spec = Scatter { by, len: x.len(), count: indices.len(), dtype: x.dtype() };
        kernel_for(cx, &spec).map_err(crate::graph::NotRecorded::from)?;
        let Targets { x, at, values } = Targets::of("scatter", x, indices, values, by)?;
        let updated = record_one(cx, Scatter { dtype: x.dtype(), ..spec }, &[&flat(&x)?, &at, &values])?;
        Ok(updated.reshape(x.shape())?)
    });
    r.register::<reduce_segments>(kind, record_segments);
}

fn record_segments(cx: Cx, x: &Array, starts: &Array, ends: &Array, op: Reduction) -> Answer {
    if ![starts, ends].into_iter().all(|bounds| bounds.dtype().is_int()) {
        return Err(Error::DType {
            op: "reduce_segments",
            operands: format!("starts: {}, ends: {}", starts.dtype(), ends.dtype()),
            fix: "they are integers".into(),
        }
        .into());
    }
    let (starts, ends) = (&cast(starts, DType::I64)?, &cast(ends, DType::I64)?);
    if x.ndim() != 1 || starts.ndim() != 1 || starts.shape() != ends.shape() {
        return Err(Error::Shape {
            op: "reduce_segments",
            operands: format!("x: {:?}, starts: {:?}, ends: {:?}", x.shape(), starts.shape(), ends.shape()),
            fix: "each has one axis; there are as many ends as starts".into(),
        }
        .into());
    }
    let ordered = matches!(op, Reduction::Min | Reduction::Max);
    if !ordered && !matches!(op, Reduction::Sum | Reduction::Prod) || ordered && x.dtype().is_complex() {
        return Err(Error::DType {
            op: "reduce_segments",
            operands: format!("{} of {}", op.name(), x.dtype()),
            fix: "it gives sums and products, and the smallest and largest of real numbers".into(),
        }
        .into());
    }
    if x.dtype() == DType::Bool {
        // Any and all: the largest and the smallest of 0 and 1.
        let op = match op {
            Reduction::Sum => Reduction::Max,
            Reduction::Prod => Reduction::Min,
            op => op,
        };
        return Ok(astype(&reduce_segments(&astype(x, DType::U8)?, starts, ends, op)?, DType::Bool)?);
    }
    let spec = Segments { op, dtype: x.dtype(), len: x.len(), count: starts.len(), longest: usize::MAX };
    if kernel_for(cx, &spec).is_ok() {
        return record_one(cx, spec, &[x, starts, ends]);
    }
    let longest = if starts.is_empty() { 0 } else { read(&max(&subtract(ends, starts)?, ())?)? };
    let spec = Segments { longest, ..spec };
    if longest <= Segments::PIECE || kernel_for(cx, &spec).is_ok() {
        return record_one(cx, spec, &[x, starts, ends]);
    }
    Ok(in_pieces(x, starts, ends, op)?)
}

/// Long segments: their pieces are reduced, and then the results of these.
fn in_pieces(x: &Array, starts: &Array, ends: &Array, op: Reduction) -> Result<Array> {
    let piece = Segments::PIECE as i64;
    let pieces = maximum(&floor_divide(&add(&subtract(ends, starts)?, piece - 1)?, piece)?, 0)?;
    let behind = cumulative_sum(&pieces, ())?;
    let before = subtract(&behind, &pieces)?;
    let segment = repeat(&erased_indices(starts.len(), &home(x))?, &pieces, 0)?;
    let clipped = Gather::from(0).clip();
    let number = subtract(&erased_indices(segment.len(), &home(x))?, &take(&before, &segment, clipped)?)?;
    let from = add(&take(starts, &segment, clipped)?, &multiply(&number, piece)?)?;
    let to = minimum(&add(&from, piece)?, &take(ends, &segment, clipped)?)?;
    // Halves are rounded once, when all is done.
    let wide = if x.dtype() == DType::F16 { DType::F32 } else { x.dtype() };
    let parts = reduce_segments(&cast(x, wide)?, &from, &to, op)?;
    cast(&reduce_segments(&parts, &before, &behind, op)?, x.dtype())
}

fn read(x: &Array) -> Result<usize> {
    Ok(x.item()?.to_i128().and_then(|n| usize::try_from(n).ok()).unwrap_or(0))
}
