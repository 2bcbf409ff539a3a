//! Updates by index, and reductions of segments.
//!
//! The values that meet an element do so in their order. Sums into few elements are shared among threads: spans of values,
//! cut by their number only, are summed each on their own, and then their results in order, so that what is added to what
//! depends on the sizes alone.

use crate::element::{Arithmetic, Ordered};
use crate::erased::with_bits;
use crate::identity::KIND;
use crate::parallel::{collect, for_each, worth_sharing};
use crate::view::View;
use bytemuck::Pod;
use polyarray_core::array::{HostBuffer, Operand};
use polyarray_core::backend::specs::{Scatter, Segments};
use polyarray_core::dtype::ty;
use polyarray_core::expr::Reduction;
use polyarray_core::numpy::Update;
use polyarray_core::{DType, Error, Result};
use std::borrow::Cow;
use std::ops::Range;

/// Spans in which values of sums into few elements are added up.
const SPANS: usize = 16;
/// Segments that a task reduces.
const GROUP: usize = 1024;

/// The array with its elements updated, as a dense buffer.
///
/// # Errors
/// Out of memory; an index out of bounds; an update that the dtype does not have; an operand that is not on the host.
pub fn scatter(o: &[Operand], spec: &Scatter) -> Result<HostBuffer> {
    let at = View::<i64>::of::<i64>(&o[1], "scatter")?.dense();
    if let Some(&index) = at.iter().find(|&&i| usize::try_from(i).map_or(true, |i| i >= spec.len)) {
        return Err(Error::Index { op: "scatter", index, axis: 0, len: spec.len });
    }
    if spec.by == Update::Put {
        return with_bits!(spec.dtype.size(), P => {
            let values = View::<P>::bits(&o[2], "scatter")?.dense();
            let mut out = HostBuffer::unwritten(spec.dtype, spec.len)?;
            let elements: &mut [P] = bytemuck::cast_slice_mut(out.bytes_mut());
            View::<P>::bits(&o[0], "scatter")?.copy(0, elements);
            at.iter().zip(&*values).for_each(|(&i, &value)| elements[i as usize] = value);
            Ok(out)
        });
    }
    macro_rules! by_dtype {
        (ordered: $($V:ident),*; complex: $($C:ident),*) => {
            match (spec.dtype, spec.by) {
                $((DType::$V, Update::Add) => updated::<ty::$V>(o, &at, spec, ty::$V::plus, true),)*
                $((DType::$V, Update::Multiply) => updated::<ty::$V>(o, &at, spec, ty::$V::times, false),)*
                $((DType::$V, Update::Minimum) => updated::<ty::$V>(o, &at, spec, smaller, false),)*
                $((DType::$V, Update::Maximum) => updated::<ty::$V>(o, &at, spec, larger, false),)*
                $((DType::$C, Update::Add) => updated::<ty::$C>(o, &at, spec, ty::$C::plus, true),)*
                $((DType::$C, Update::Multiply) => updated::<ty::$C>(o, &at, spec, ty::$C::times, false),)*
                // Of bools, the smaller is both and the larger is either.
                (DType::Bool, Update::Add | Update::Maximum) => updated::<bool>(o, &at, spec, bool::plus, true),
                (DType::Bool, _) => updated::<bool>(o, &at, spec, bool::times, false),
                (dtype, by) => Err(undefined(format!("{by:?}"), dtype)),
            }
        };
    }
    by_dtype!(ordered: I8, I16, I32, I64, U8, U16, U32, U64, F16, F32, F64; complex: C64, C128)
}

fn undefined(what: String, dtype: DType) -> Error {
    Error::Backend { op: what, backend: KIND.into(), message: format!("it is not defined on {dtype}") }
}

fn smaller<T: Arithmetic<Acc: Ordered>>(a: T, b: T) -> T {
    T::narrow(a.widen().smaller(b.widen()))
}

fn larger<T: Arithmetic<Acc: Ordered>>(a: T, b: T) -> T {
    T::narrow(a.widen().larger(b.widen()))
}

fn updated<T: Arithmetic>(
    o: &[Operand],
    at: &[i64],
    spec: &Scatter,
    step: fn(T, T) -> T,
    is_sum: bool,
) -> Result<HostBuffer>
where
    T::Repr: Pod,
{
    let values: Cow<'_, [T::Repr]> = View::<T::Repr>::of::<T>(&o[2], "scatter")?.dense();
    let mut out = HostBuffer::unwritten(spec.dtype, spec.len)?;
    let elements: &mut [T::Repr] = out.as_repr_mut::<T>()?;
    View::<T::Repr>::of::<T>(&o[0], "scatter")?.copy(0, elements);
    let meet = |elements: &mut [T::Repr], range: Range<usize>| {
        for (&i, &value) in at[range.clone()].iter().zip(&values[range]) {
            let element = &mut elements[i as usize];
            *element = step(T::from_repr(*element), T::from_repr(value)).to_repr();
        }
    };
    // Where there are many values for each element, tables of their sums cost little.
    if !is_sum || !worth_sharing(at.len(), 1) || at.len() / SPANS < 4 * spec.len {
        meet(elements, 0..at.len());
        return Ok(out);
    }
    let span = at.len().div_ceil(SPANS);
    let tables = collect(at.len().div_ceil(span), true, &|| (), &|(), i| {
        let mut sums = vec![T::NOTHING.to_repr(); spec.len];
        meet(&mut sums, i * span..at.len().min((i + 1) * span));
        sums
    });
    for table in tables {
        for (element, sum) in elements.iter_mut().zip(table) {
            *element = step(T::from_repr(*element), T::from_repr(sum)).to_repr();
        }
    }
    Ok(out)
}

/// The reduction of each segment, as a dense buffer.
///
/// # Errors
/// Out of memory; a reduction that the dtype does not have; an operand that is not on the host.
pub fn segments(o: &[Operand], spec: &Segments) -> Result<HostBuffer> {
    macro_rules! by_dtype {
        (ordered: $($V:ident),*; complex: $($C:ident),*) => {
            match (spec.dtype, spec.op) {
                $((DType::$V, Reduction::Sum) => reduced::<ty::$V>(o, spec, total),)*
                $((DType::$V, Reduction::Prod) => reduced::<ty::$V>(o, spec, |xs| fold(xs, Acc::<ty::$V>::ONE, Acc::<ty::$V>::times)),)*
                $((DType::$V, Reduction::Min) => reduced::<ty::$V>(o, spec, |xs| fold(xs, Acc::<ty::$V>::MOST, Acc::<ty::$V>::smaller)),)*
                $((DType::$V, Reduction::Max) => reduced::<ty::$V>(o, spec, |xs| fold(xs, Acc::<ty::$V>::LEAST, Acc::<ty::$V>::larger)),)*
                $((DType::$C, Reduction::Sum) => reduced::<ty::$C>(o, spec, total),)*
                $((DType::$C, Reduction::Prod) => reduced::<ty::$C>(o, spec, |xs| fold(xs, Acc::<ty::$C>::ONE, Acc::<ty::$C>::times)),)*
                (dtype, op) => Err(undefined(op.name().into(), dtype)),
            }
        };
    }
    by_dtype!(ordered: I8, I16, I32, I64, U8, U16, U32, U64, F16, F32, F64; complex: C64, C128)
}

/// What elements of `T` are accumulated in.
type Acc<T> = <T as Arithmetic>::Acc;

/// From the first element to the last.
fn fold<T: Arithmetic>(xs: &[T::Repr], start: T::Acc, step: fn(T::Acc, T::Acc) -> T::Acc) -> T {
    T::narrow(xs.iter().fold(start, |a, &x| step(a, T::from_repr(x).widen())))
}

/// Elements that are summed one after the other.
const LINE: usize = 128;

/// In pairs of halves, so that the error grows with the logarithm of their number.
fn total<T: Arithmetic>(xs: &[T::Repr]) -> T {
    fn sum<T: Arithmetic>(xs: &[T::Repr]) -> T::Acc {
        if xs.len() <= LINE {
            return xs.iter().fold(T::Acc::NOTHING, |a, &x| a.plus(T::from_repr(x).widen()));
        }
        let (low, high) = xs.split_at((xs.len() / 2).next_multiple_of(LINE));
        sum::<T>(low).plus(sum::<T>(high))
    }
    if xs.is_empty() { T::ZERO } else { T::narrow(sum::<T>(xs)) }
}

fn reduced<T: Arithmetic>(o: &[Operand], spec: &Segments, reduce: fn(&[T::Repr]) -> T) -> Result<HostBuffer>
where
    T::Repr: Pod,
{
    let xs: Cow<'_, [T::Repr]> = View::<T::Repr>::of::<T>(&o[0], "reduce_segments")?.dense();
    let starts = View::<i64>::of::<i64>(&o[1], "reduce_segments")?.dense();
    let ends = View::<i64>::of::<i64>(&o[2], "reduce_segments")?.dense();
    let mut out = HostBuffer::unwritten(spec.dtype, spec.count)?;
    let results: &mut [T::Repr] = out.as_repr_mut::<T>()?;
    let share = worth_sharing(xs.len().max(spec.count), 1);
    for_each(results.chunks_mut(GROUP).enumerate(), share, &|| (), &|(), (i, results)| {
        for (k, result) in results.iter_mut().enumerate() {
            let at = |bound: i64| usize::try_from(bound).unwrap_or(0).min(xs.len());
            let (from, to) = (at(starts[i * GROUP + k]), at(ends[i * GROUP + k]));
            *result = reduce(&xs[from..to.max(from)]).to_repr();
        }
    });
    Ok(out)
}
