//! Reductions of bytes: each works on elements of the dtype that it was made for, and what drives them is compiled once.

use super::fold::{ArgMax, ArgMin, Fold, LeafSums, Max, Min, Prod, RowsInto, RowsOnto, ShortRows, Sum};
use super::loops::repeat_first;
use super::ops::{among, number, ordered};
use crate::erased::{Erased, erase, restore};
use crate::simd::widest;
use num_complex::{Complex32, Complex64};
use polyarray_core::DType;
use polyarray_core::expr::Reduction;

/// A loop over rows of so many elements: from these to one for each row, or the other way.
pub type RowLoop = fn(&[u8], usize, &mut [u8]);

/// A reduction in one dtype.
#[derive(Clone, Copy)]
pub struct Reducer {
    /// Bytes of an element.
    pub element: usize,
    /// Bytes of an accumulator.
    pub acc: usize,
    /// Bytes of a result.
    pub out: usize,
    /// Merging with it changes nothing.
    pub neutral: Erased,
    /// The accumulator of a run of elements, of which the first has this index.
    pub run: fn(&[u8], i64) -> Erased,
    /// Merges two accumulators.
    pub merge: fn(Erased, Erased) -> Erased,
    /// Merges a row of accumulators with those behind them.
    pub merge_rows: fn(&mut [u8], &[u8]),
    /// Merges rows of elements with a row of accumulators into another one: see [`RowsInto`].
    pub rows_into: fn(&[u8], &[u8], i64, &mut [u8]),
    /// Merging selects one of two: the order does not matter.
    pub selects: bool,
    /// Accumulators of whole leaves: see [`LeafSums`].
    pub leaf_sums: fn(&[u8], bool, &mut [u8]),
    /// Merges rows of elements, so many elements apart, with a row of accumulators: see [`RowsOnto`].
    pub rows_onto: fn(&mut [u8], &[u8], usize, usize, bool),
    /// The results of accumulators.
    pub finish: fn(&[u8], &mut [u8]),
    /// The results of rows.
    pub rows: RowLoop,
}

impl Reducer {
    /// A reduction in a dtype; none where it is not defined, and in float16.
    pub fn of(op: Reduction, dtype: DType) -> Option<Reducer> {
        match op {
            Reduction::Sum if dtype == DType::Bool => Reducer::of(Reduction::Max, dtype),
            Reduction::Sum => number!(dtype, T => Reducer::with::<Sum<T>>()),
            Reduction::Prod if dtype == DType::Bool => Reducer::of(Reduction::Min, dtype),
            Reduction::Prod => number!(dtype, T => Reducer::with::<Prod<T>>()),
            Reduction::Min => ordered!(dtype, T => Reducer::with::<Min<T>>()),
            Reduction::Max => ordered!(dtype, T => Reducer::with::<Max<T>>()),
            Reduction::Any if dtype == DType::Bool => Reducer::of(Reduction::Max, dtype),
            Reduction::All if dtype == DType::Bool => Reducer::of(Reduction::Min, dtype),
            Reduction::Any | Reduction::All => None,
            Reduction::ArgMin => ordered!(dtype, T => Reducer::with::<ArgMin<T>>()),
            Reduction::ArgMax => ordered!(dtype, T => Reducer::with::<ArgMax<T>>()),
        }
    }

    fn with<F: Fold>() -> Reducer {
        Reducer {
            element: size_of::<F::In>(),
            acc: size_of::<F::Acc>(),
            out: size_of::<F::Out>(),
            neutral: erase(F::NEUTRAL),
            run: |xs, first| erase(F::slice(bytemuck::cast_slice(xs), first)),
            merge: |a, b| erase(F::merge(restore(a), restore(b))),
            merge_rows: |a, b| {
                let (a, b): (&mut [F::Acc], &[F::Acc]) =
                    (bytemuck::cast_slice_mut(a), bytemuck::cast_slice(b));
                a.iter_mut().zip(b).for_each(|(a, &b)| *a = F::merge(*a, b));
            },
            rows_into: |from, rows, index, to| {
                let (from, rows) = (bytemuck::cast_slice(from), bytemuck::cast_slice(rows));
                widest(RowsInto::<F> { from, rows, index, to: bytemuck::cast_slice_mut(to) });
            },
            selects: F::SELECTS,
            leaf_sums: |leaves, streams, sums| {
                let (leaves, sums) = (bytemuck::cast_slice(leaves), bytemuck::cast_slice_mut(sums));
                widest(LeafSums::<F> { leaves, streams, sums });
            },
            rows_onto: |accs, rows, step, n, fresh| {
                let (accs, rows) = (bytemuck::cast_slice_mut(accs), bytemuck::cast_slice(rows));
                widest(RowsOnto::<F> { accs, rows, step, n, fresh });
            },
            finish: |accs, out| {
                let (accs, out): (&[F::Acc], &mut [F::Out]) =
                    (bytemuck::cast_slice(accs), bytemuck::cast_slice_mut(out));
                out.iter_mut().zip(accs).for_each(|(o, &acc)| *o = F::finish(acc));
            },
            rows: |xs, row, out| {
                let (xs, out): (_, &mut [F::Out]) = (bytemuck::cast_slice(xs), bytemuck::cast_slice_mut(out));
                match row {
                    2 => widest(ShortRows::<F, 2> { xs, out }),
                    3 => widest(ShortRows::<F, 3> { xs, out }),
                    4 => widest(ShortRows::<F, 4> { xs, out }),
                    _ => {
                        for (xs, out) in xs.chunks_exact(row).zip(out) {
                            *out = F::finish(F::slice(xs, 0));
                        }
                    }
                }
            },
        }
    }

    /// Writes the results of no elements, where there are some.
    pub fn finish_nothing(&self, op: Reduction, dtype: DType, out: &mut [u8]) -> Option<()> {
        match op {
            Reduction::Sum | Reduction::Any => out.fill(0),
            Reduction::All => out.fill(1),
            Reduction::Prod if dtype == DType::Bool => out.fill(1),
            Reduction::Prod => {
                let one = bytemuck::bytes_of(&self.neutral);
                if let Some(first) = out.get_mut(..self.out) {
                    first.copy_from_slice(&one[..self.out]);
                    repeat_first(out, self.out);
                }
            }
            Reduction::Min | Reduction::Max | Reduction::ArgMin | Reduction::ArgMax => return None,
        }
        Some(())
    }
}
