//! Sorting along the last axis: every real dtype, stable in either direction.
//!
//! Elements become unsigned keys of the same order and are sorted by digits. NaN comes last, in descending order too; NaNs
//! are equal to each other, and so are -0 and +0. Elements that are equal keep their order, also where values only are
//! asked for: the result has the very bits of the operand.

pub(super) mod keys;
mod radix;
#[cfg(test)]
mod tests;

use crate::methods::rows::Rows;
use crate::parallel::{collect, for_each, worth_sharing};
use keys::{Bits, Order, Pair};
use polyarray_core::backend::specs::{Sort, Sorted};
use polyarray_core::backend::{Buffers, HostBuffer, Operand, one};
use polyarray_core::{DType, Error, Result};

/// Elements of a row from which on all threads sort it together; shorter rows are sorted by one thread each.
const LONG: usize = 256 << 10;
/// Elements that one task sorts, of short rows.
const TASK: usize = 32 << 10;
/// Elements that one task copies or counts.
const SPAN: usize = 64 << 10;

macro_rules! by_bits {
    ($dtype:expr, $B:ident => $body:expr) => {
        match $dtype.size() {
            1 => {
                type $B = u8;
                $body
            }
            2 => {
                type $B = u16;
                $body
            }
            4 => {
                type $B = u32;
                $body
            }
            _ => {
                type $B = u64;
                $body
            }
        }
    };
}

pub(super) use by_bits;

/// The elements of each row in order, their int64 indices in the row, or both, as dense buffers.
///
/// # Errors
/// Out of memory; complex elements; an operand that is not on the host.
pub fn sort(x: &Operand, spec: &Sort) -> Result<Buffers> {
    let order = Order::of(spec.dtype, spec.descending).ok_or_else(|| Error::DType {
        op: "sort",
        operands: format!("elements of {}", spec.dtype),
        fix: "complex numbers have no order; sort by their absolute values or real parts".into(),
    })?;
    by_bits!(spec.dtype, B => {
        if spec.gives == Sorted::Values {
            return Ok(one(values::<B>(x, spec.dtype, order)?));
        }
        if spec.gives == Sorted::Indices {
            return Ok(one(indices::<B>(x, order, None)?));
        }
        let mut values = HostBuffer::unwritten(spec.dtype, x.layout.len())?;
        let indices = indices::<B>(x, order, Some(bytemuck::cast_slice_mut(values.bytes_mut())))?;
        Ok([values, indices].into_iter().flat_map(one).collect())
    })
}

/// Memory that rows are sorted in.
struct Scratch<W> {
    copy: Vec<u128>,
    words: Vec<W>,
    spare: Vec<W>,
}

impl<W: radix::Word> Scratch<W> {
    fn new(len: usize) -> Scratch<W> {
        Scratch { copy: Vec::new(), words: vec![W::zeroed(); len], spare: vec![W::zeroed(); len] }
    }
}

/// Memory for words of a long row, from the pool.
fn words<W: radix::Word>(n: usize) -> Result<HostBuffer> {
    let dtype = match size_of::<W>() {
        4 => DType::U32,
        8 => DType::U64,
        _ => DType::C128,
    };
    HostBuffer::unwritten(dtype, n)
}

fn values<B: Bits>(x: &Operand, dtype: DType, order: Order) -> Result<HostBuffer> {
    let rows = Rows::of(x, "sort")?;
    let len = rows.len();
    let mut result = HostBuffer::unwritten(dtype, x.layout.len())?;
    let out: &mut [B] = bytemuck::cast_slice_mut(result.bytes_mut());
    if out.is_empty() {
        return Ok(result);
    }
    if len >= LONG {
        let mut spare = words::<B::Word>(if B::BITS > 16 { len } else { 0 })?;
        for (row, out) in out.chunks_exact_mut(len).enumerate() {
            if B::BITS > 16 {
                let read = |at: usize, out: &mut [B::Word]| {
                    rows.pieces(row, at, out.len(), &mut |first, xs| {
                        let out = &mut out[first..first + xs.len()];
                        B::keys(xs, order, false, |i, key| out[i] = key.word());
                    });
                };
                let spare = bytemuck::cast_slice_mut(spare.bytes_mut());
                // Words are as long as elements here: they are sorted where these will be.
                radix::sort(&read, 0..B::BITS, bytemuck::cast_slice_mut(out), spare, true, &|part| {
                    for word in part {
                        *word = B::of_word(*word).element(order).word();
                    }
                });
            } else {
                counted(&rows, row, order, out);
            }
            restore(out, order, |each| rows.pieces(row, 0, len, &mut |_, xs| each(xs)));
        }
        return Ok(result);
    }
    let group = rows.per_task(TASK);
    let share = worth_sharing(out.len(), 8);
    let tasks = out.chunks_mut(group * len).enumerate();
    for_each(tasks, share, &|| Scratch::<B::Word>::new(len), &|scratch, (i, out)| {
        let Scratch { copy, words, spare } = scratch;
        let xs: &[B] = bytemuck::cast_slice(rows.range(i * group * len..i * group * len + out.len(), copy));
        for (xs, out) in xs.chunks_exact(len).zip(out.chunks_exact_mut(len)) {
            let read = |at: usize, out: &mut [B::Word]| {
                B::keys(&xs[at..at + out.len()], order, false, |i, key| out[i] = key.word());
            };
            radix::sort(&read, 0..B::BITS, words, spare, false, &|_| ());
            for (o, &word) in out.iter_mut().zip(&*words) {
                *o = B::of_word(word).element(order);
            }
            restore(out, order, |each| each(xs));
        }
    });
    Ok(result)
}

/// Sorts a long row of few values: by how often each occurs.
fn counted<B: Bits>(rows: &Rows<'_>, row: usize, order: Order, out: &mut [B]) {
    let (len, values) = (out.len(), 1 << B::BITS);
    // No more tables of counts than there is work for.
    let span = SPAN.max(16 * values);
    let tables = collect(len.div_ceil(span), true, &|| (), &|(), i| {
        let mut counts = vec![0_u32; values];
        let n = span.min(len - i * span);
        rows.pieces(row, i * span, n, &mut |_, xs| {
            B::keys(xs, order, false, |_, key| counts[key.widen() as usize] += 1);
        });
        counts
    });
    let mut at = 0;
    for value in 0..values {
        let n: usize = tables.iter().map(|counts| counts[value] as usize).sum();
        out[at..at + n].fill(B::narrow(value as u64).element(order));
        at += n;
    }
}

/// Gives elements that are equal though their bits differ (zeros, NaNs) the bits and the order that they have in the operand,
/// whose elements `source` hands over.
fn restore<B: Bits>(out: &mut [B], order: Order, source: impl FnOnce(&mut dyn FnMut(&[B]))) {
    if !order.has_ties() {
        return;
    }
    let key = |x: &B| x.key(order, false);
    let first = out.partition_point(|x| key(x) < B::ZEROS[0]);
    let zeros = out[first..].partition_point(|x| key(x) <= B::ZEROS[1]);
    let both = zeros > 0 && key(&out[first]) != key(&out[first + zeros - 1]);
    let is_nan = |x: &B| key(x).is_nan(order);
    let nans = out.partition_point(|x| !is_nan(x));
    if !both && nans == out.len() {
        return;
    }
    let (mut zero, mut nan) = (first, nans);
    source(&mut |xs| {
        B::keys(xs, order, false, |i, key| {
            let place = if key.is_nan(order) {
                &mut nan
            } else if B::ZEROS.contains(&key) {
                &mut zero
            } else {
                return;
            };
            out[*place] = xs[i];
            *place += 1;
        });
    });
}

/// The indices of the elements of each row in order, and the elements if there is room for them.
fn indices<B: Bits>(x: &Operand, order: Order, values: Option<&mut [B]>) -> Result<HostBuffer> {
    let rows = Rows::of(x, "argsort")?;
    if B::BITS <= 32 && u32::try_from(rows.len()).is_ok() {
        pairs::<B, u64>(&rows, x.layout.len(), order, values)
    } else {
        pairs::<B, u128>(&rows, x.layout.len(), order, values)
    }
}

fn pairs<B: Bits, P: Pair>(
    rows: &Rows<'_>,
    n: usize,
    order: Order,
    mut values: Option<&mut [B]>,
) -> Result<HostBuffer> {
    let len = rows.len();
    let mut result = HostBuffer::unwritten(DType::I64, n)?;
    let out = result.as_repr_mut::<i64>()?;
    if out.is_empty() {
        return Ok(result);
    }
    let bits = P::INDEX..P::INDEX + B::BITS;
    if len >= LONG {
        let in_place = values.is_none() && size_of::<P>() == size_of::<i64>();
        let (mut sorted, mut spare) = (words::<P>(if in_place { 0 } else { len })?, words::<P>(len)?);
        for (row, out) in out.chunks_exact_mut(len).enumerate() {
            let read = |at: usize, out: &mut [P]| {
                rows.pieces(row, at, out.len(), &mut |first, xs| {
                    let out = &mut out[first..first + xs.len()];
                    B::keys(xs, order, true, |i, key| out[i] = P::new(key.widen(), at + first + i));
                });
            };
            let spare = bytemuck::cast_slice_mut(spare.bytes_mut());
            if in_place {
                radix::sort(&read, bits.clone(), bytemuck::cast_slice_mut(out), spare, true, &|part| {
                    part.iter_mut().for_each(|pair| *pair = pair.index());
                });
                continue;
            }
            let sorted: &mut [P] = bytemuck::cast_slice_mut(sorted.bytes_mut());
            radix::sort(&read, bits.clone(), sorted, spare, true, &|_| ());
            let values = values.as_deref_mut().map(|values| &mut values[row * len..][..len]);
            let pairs = sorted.chunks(SPAN).zip(out.chunks_mut(SPAN));
            match values {
                None => for_each(pairs, true, &|| (), &|(), (pairs, out)| write_indices(pairs, out)),
                Some(values) => {
                    for_each(
                        pairs.zip(values.chunks_mut(SPAN)),
                        true,
                        &|| (),
                        &|(), ((pairs, out), values)| {
                            write_indices(pairs, out);
                            write_values(pairs, order, values, |i| rows.element(row, i));
                        },
                    );
                }
            }
        }
        return Ok(result);
    }
    let group = rows.per_task(TASK);
    let share = worth_sharing(out.len(), 8);
    let mut values = values.map(|values| values.chunks_mut(group * len));
    let tasks: Vec<_> =
        out.chunks_mut(group * len).map(|out| (out, values.as_mut().and_then(Iterator::next))).collect();
    let scratch = || Scratch::<P>::new(len);
    for_each(tasks.into_iter().enumerate(), share, &scratch, &|scratch, (i, (out, mut values))| {
        let Scratch { copy, words, spare } = scratch;
        let xs: &[B] = bytemuck::cast_slice(rows.range(i * group * len..i * group * len + out.len(), copy));
        for (row, (xs, out)) in xs.chunks_exact(len).zip(out.chunks_exact_mut(len)).enumerate() {
            let read = |at: usize, out: &mut [P]| {
                B::keys(&xs[at..at + out.len()], order, true, |i, key| {
                    out[i] = P::new(key.widen(), at + i);
                });
            };
            radix::sort(&read, bits.clone(), words, spare, false, &|_| ());
            write_indices(words, out);
            if let Some(values) = &mut values {
                write_values(words, order, &mut values[row * len..][..len], |i| xs[i]);
            }
        }
    });
    Ok(result)
}

fn write_indices<P: Pair>(pairs: &[P], out: &mut [i64]) {
    out.iter_mut().zip(pairs).for_each(|(o, pair)| *o = pair.result());
}

/// The elements that pairs have keys of: those whose keys tell their bits from these, the others from the operand.
fn write_values<B: Bits, P: Pair>(pairs: &[P], order: Order, out: &mut [B], element: impl Fn(usize) -> B) {
    for (o, pair) in out.iter_mut().zip(pairs) {
        let key = B::narrow(pair.key());
        let tied = order.has_ties() && (key.is_nan(order) || B::ZEROS.contains(&key));
        *o = if tied { element(pair.result() as usize) } else { key.element(order) };
    }
}
