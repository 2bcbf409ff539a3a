//! Elements by their rank, without a sort: the place of a rank is narrowed down digit by digit of the elements' keys, by
//! counts of each digit, until so few elements are left that they are selected among.

use super::sorting::by_bits;
use super::sorting::keys::{Bits, Order};
use crate::methods::rows::Rows;
use crate::parallel::{collect, for_each, worth_sharing};
use polyarray_core::backend::specs::{Ranked, TopK};
use polyarray_core::backend::{Buffers, HostBuffer, Operand, one};
use polyarray_core::{DType, Error, Result};

/// Elements of a row from which on all threads look for its ranks together; shorter rows are one thread's each.
const LONG: usize = 256 << 10;
/// Elements that one task counts.
const SPAN: usize = 64 << 10;
/// Bits of a digit.
const DIGIT: u32 = 12;
/// Elements among which a rank is selected.
const FEW: usize = 16 << 10;

fn order(dtype: DType, descending: bool) -> Result<Order> {
    Order::of(dtype, descending).ok_or_else(|| Error::DType {
        op: "order_statistics",
        operands: format!("elements of {dtype}"),
        fix: "complex numbers have no order; rank absolute values or real parts".into(),
    })
}

/// The elements of each row that have the ranks, as a dense buffer.
///
/// # Errors
/// Out of memory; complex elements; an operand that is not on the host.
pub fn ranked(x: &Operand, spec: &Ranked) -> Result<HostBuffer> {
    let order = order(spec.dtype, false)?;
    by_bits!(spec.dtype, B => ranked_as::<B>(x, spec, order))
}

fn ranked_as<B: Bits>(x: &Operand, spec: &Ranked, order: Order) -> Result<HostBuffer> {
    let rows = &Rows::of(x, "order_statistics")?;
    let mut out = HostBuffer::unwritten(spec.dtype, spec.rows * spec.ranks.len())?;
    let results: &mut [B] = bytemuck::cast_slice_mut(out.bytes_mut());
    let together = spec.len >= LONG;
    let share = !together && worth_sharing(spec.rows * spec.len, 8);
    let each = results.chunks_mut(spec.ranks.len()).enumerate();
    for_each(each, share, &Candidates::<B>::default, &|candidates, (row, results)| {
        let row = Row { rows, row, len: spec.len, order, together };
        // Those of another row are none of this one.
        candidates.keys.clear();
        candidates.first = 0;
        for (result, &rank) in results.iter_mut().zip(&spec.ranks) {
            *result = row.key(rank, candidates).element(order);
        }
    });
    Ok(out)
}

/// A row whose elements are ranked.
struct Row<'a> {
    rows: &'a Rows<'a>,
    row: usize,
    len: usize,
    order: Order,
    /// All threads work on it.
    together: bool,
}

/// Keys one behind the other in the order of ranks, of which the first has this rank.
struct Candidates<B> {
    keys: Vec<B>,
    first: usize,
}

impl<B> Default for Candidates<B> {
    fn default() -> Candidates<B> {
        Candidates { keys: Vec::new(), first: 0 }
    }
}

impl Row<'_> {
    /// What `body` makes of each span of the row: of the number of a piece's first element, and the piece.
    fn spans<B: Bits, R: Send>(
        &self,
        make: impl Fn() -> R + Sync,
        body: impl Fn(&mut R, usize, &[B]) + Sync,
    ) -> Vec<R> {
        let spans = self.len.div_ceil(SPAN);
        collect(spans, self.together, &|| (), &|(), i| {
            let (mut result, start) = (make(), i * SPAN);
            let n = SPAN.min(self.len - start);
            self.rows.pieces(self.row, start, n, &mut |first, xs| body(&mut result, start + first, xs));
            result
        })
    }

    /// The key of a rank. Candidates of the rank before are used again where it is one of them.
    fn key<B: Bits>(&self, rank: usize, candidates: &mut Candidates<B>) -> B {
        let Candidates { keys, first } = candidates;
        if !(*first..*first + keys.len()).contains(&rank) {
            self.narrow(rank, candidates);
        }
        let Candidates { keys, first } = candidates;
        let at = rank - *first;
        *keys.select_nth_unstable(at).1
    }

    /// The first `k` elements, few ones, of a long row: key, index and element. In one pass over it: the last of the first ones
    /// of any part is a bound that few of the others pass.
    fn first<B: Bits>(&self, k: usize) -> Vec<(B, usize, B)> {
        if k == 0 {
            return Vec::new();
        }
        let (mut sample, n) = (Vec::new(), SPAN.min(self.len));
        self.rows
            .pieces(self.row, 0, n, &mut |_, xs| B::keys(xs, self.order, true, |_, key| sample.push(key)));
        let bound = *sample.select_nth_unstable(k - 1).1;
        let most = (4 * k).max(1024);
        let shrink = |found: &mut Vec<(B, usize, B)>| {
            found.select_nth_unstable_by_key(k - 1, |&(key, at, _)| (key, at));
            found.truncate(k);
        };
        let parts = self.spans::<B, _>(
            || (bound, Vec::new()),
            |(bound, found), first, xs| {
                B::keys(xs, self.order, true, |i, key| {
                    if key <= *bound {
                        found.push((key, first + i, xs[i]));
                        if found.len() == most {
                            shrink(found);
                            *bound = found[k - 1].0;
                        }
                    }
                });
            },
        );
        let mut all: Vec<_> = parts.into_iter().flat_map(|(_, found)| found).collect();
        if all.len() > k {
            shrink(&mut all);
        }
        all.sort_unstable_by_key(|&(key, at, _)| (key, at));
        all
    }

    /// Finds the keys that share their first digits with that of a rank.
    fn narrow<B: Bits>(&self, rank: usize, candidates: &mut Candidates<B>) {
        // Of a key's bits, those above `low` are known to be `prefix`.
        let (mut low, mut prefix, mut before, mut left) = (B::BITS, 0_u64, 0, self.len);
        let above = |key: u64, low: u32| if low == u64::BITS { 0 } else { key >> low };
        while left > FEW && low > 0 {
            let bits = DIGIT.min(low);
            let mask = (1_u64 << bits) - 1;
            let tables = self.spans::<B, _>(
                || vec![0_u32; 1 << bits],
                |counts, _, xs| {
                    B::keys(xs, self.order, true, |_, key| {
                        let key = key.widen();
                        if above(key, low) == prefix {
                            counts[(key >> (low - bits) & mask) as usize] += 1;
                        }
                    });
                },
            );
            let mut digit = 0;
            loop {
                left = tables.iter().map(|counts| counts[digit] as usize).sum();
                if rank < before + left {
                    break;
                }
                before += left;
                digit += 1;
            }
            low -= bits;
            prefix = prefix << bits | digit as u64;
        }
        candidates.first = before;
        if low == 0 {
            // All of them are this one.
            candidates.keys.clear();
            candidates.keys.resize(1, B::narrow(prefix));
            candidates.first = rank;
            return;
        }
        let parts = self.spans::<B, Vec<B>>(Vec::new, |keys, _, xs| {
            B::keys(xs, self.order, true, |_, key| {
                if above(key.widen(), low) == prefix {
                    keys.push(key);
                }
            });
        });
        candidates.keys.clear();
        candidates.keys.extend(parts.into_iter().flatten());
    }
}

/// The first `k` elements of each row as a sort puts them, and their int64 indices, as dense buffers.
///
/// # Errors
/// Out of memory; complex elements; an operand that is not on the host.
pub fn topk(x: &Operand, spec: &TopK) -> Result<Buffers> {
    let order = order(spec.dtype, spec.descending)?;
    by_bits!(spec.dtype, B => topk_as::<B>(x, spec, order))
}

fn topk_as<B: Bits>(x: &Operand, spec: &TopK, order: Order) -> Result<Buffers> {
    let rows = &Rows::of(x, "topk")?;
    let n = spec.rows * spec.k;
    let (mut values, mut indices) =
        (HostBuffer::unwritten(spec.dtype, n)?, HostBuffer::unwritten(DType::I64, n)?);
    let together = spec.len >= LONG;
    let share = !together && worth_sharing(spec.rows * spec.len, 8);
    let each = bytemuck::cast_slice_mut::<u8, B>(values.bytes_mut()).chunks_mut(spec.k);
    let each = each.zip(indices.as_repr_mut::<i64>()?.chunks_mut(spec.k)).enumerate();
    for_each(each, share, &Candidates::<B>::default, &|candidates, (row, (values, indices))| {
        let row = Row { rows, row, len: spec.len, order, together };
        if together && spec.k <= SPAN / 8 {
            let found = row.first::<B>(spec.k);
            for ((value, index), (_, at, x)) in values.iter_mut().zip(indices).zip(found) {
                (*value, *index) = (x, at as i64);
            }
            return;
        }
        candidates.keys.clear();
        candidates.first = 0;
        let last = row.key(spec.k - 1, candidates);
        // Those before the last one, and of its equals as many of each span as there may be.
        let parts =
            row.spans::<B, (Vec<(B, usize, B)>, Vec<(B, usize, B)>)>(Default::default, |part, first, xs| {
                B::keys(xs, order, true, |i, key| {
                    if key < last {
                        part.0.push((key, first + i, xs[i]));
                    } else if key == last && part.1.len() < spec.k {
                        part.1.push((key, first + i, xs[i]));
                    }
                });
            });
        let (before, equal): (Vec<_>, Vec<_>) = parts.into_iter().unzip();
        let mut found: Vec<(B, usize, B)> = before.into_iter().flatten().collect();
        found.sort_unstable_by_key(|&(key, index, _)| (key, index));
        let all = found.into_iter().chain(equal.into_iter().flatten());
        for ((value, index), (_, at, x)) in values.iter_mut().zip(indices).zip(all) {
            (*value, *index) = (x, at as i64);
        }
    });
    Ok([values, indices].into_iter().flat_map(one).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::methods::sorting::sort;
    use crate::testing::{dense, operands, stored};
    use polyarray_core::backend::specs::{Sort, Sorted};
    use polyarray_core::dtype::DTYPES;

    /// Ranks and first elements are those of the sort, whose tests are its own.
    fn agree(x: &Operand, dtype: DType) {
        let [rows, len] = x.layout.shape[..] else { panic!("it has two axes") };
        if rows * len == 0 {
            return;
        }
        for descending in [false, true] {
            let all = Sort { rows, len, dtype, descending, gives: Sorted::Both };
            let sorted = sort(x, &all).unwrap();
            let [values, order] =
                [0, 1].map(|i| (&*sorted[i] as &dyn std::any::Any).downcast_ref::<HostBuffer>().unwrap());
            let ranks = [0, len / 2, len - 1, len / 3];
            if !descending {
                let spec = Ranked { rows, len, dtype, ranks: ranks.as_slice().into() };
                let got = ranked(x, &spec).unwrap();
                for (i, (row, rank)) in (0..rows).flat_map(|row| ranks.map(|rank| (row, rank))).enumerate() {
                    let (got, want) = (stored(&got, i), stored(values, row * len + rank));
                    let equal = got == want || (got.to_f64().is_nan() && want.to_f64().is_nan());
                    assert!(equal, "{dtype} {:?}: rank {rank}: {got} instead of {want}", x.layout);
                }
            }
            for k in [1, 100.min(len), len.div_ceil(4), len] {
                let got = topk(x, &TopK { rows, len, k, dtype, descending }).unwrap();
                let [v, o] =
                    [0, 1].map(|i| (&*got[i] as &dyn std::any::Any).downcast_ref::<HostBuffer>().unwrap());
                for (i, (row, rank)) in
                    (0..rows).flat_map(|row| (0..k).map(move |rank| (row, rank))).enumerate()
                {
                    let at = row * len + rank;
                    assert_eq!(stored(o, i), stored(order, at), "{dtype} {:?}: {k} {rank}", x.layout);
                    assert_eq!(stored(v, i).to_bytes(), stored(values, at).to_bytes());
                }
            }
        }
    }

    #[test]
    fn ranks_and_first_elements_are_those_of_a_sort() {
        for dtype in DTYPES.into_iter().filter(|d| !d.is_complex()) {
            for x in operands(dtype, &[(1, 1), (3, 67), (2, 500), (1, 0)]) {
                agree(&x, dtype);
            }
        }
    }

    #[test]
    fn long_rows_of_many_and_of_few_values() {
        let mut random = crate::testing::Random(7);
        let n = LONG + 12_345;
        let wide: Vec<f32> = (0..n).map(|_| (random.unit() * 20.0).exp() as f32).collect();
        agree(&dense(wide, &[1, n]), DType::F32);
        let narrow: Vec<i64> = (0..n).map(|_| (random.bits() % 3) as i64 - 1).collect();
        agree(&dense(narrow, &[1, n]), DType::I64);
        let bytes: Vec<u8> = (0..n).map(|_| random.bits() as u8).collect();
        agree(&dense(bytes, &[1, n]), DType::U8);
    }
}
