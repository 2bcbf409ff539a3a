//! Products of small integers and of bits, in int32: operands are packed into panels of a register's width, and a
//! tile of the result is computed by a function that runs over them. Sums are exact modulo 2^32, so that the order
//! of summation is free.
//!
//! *Integers* of up to 16 bits go in pairs along the summed axis: one instruction multiplies two pairs and adds
//! them (`pmaddwd`). *Bits* are counted by carry-save adders over sixteen words at a time (Harley and Seal; Muła,
//! Kurz, Lemire: "Faster population counts using AVX2 instructions", 2018), or one by one where the processor
//! counts the bits of vectors.

use crate::parallel::{for_each_chunk, worth_sharing};
use crate::program::Scratch;
use crate::simd::{Loop, counting, widest};
use bytemuck::Pod;

/// Two neighbours along the summed axis.
pub type Pair = [i16; 2];

/// Rows and columns of a tile of [`pairs`].
pub const PAIRS: (usize, usize) = (6, 16);

/// Units of the summed axis that a tile function runs over: a panel of the right operand then fits the first-level
/// cache.
const DEPTH: usize = 256;
/// Most rows of one task: their packed units fit the second-level cache.
const ROWS: usize = 96;

/// Shape of a product: rows, units along the summed axis, columns.
#[derive(Clone, Copy)]
pub struct Extent {
    /// Rows of the left operand.
    pub m: usize,
    /// Units along the summed axis.
    pub k: usize,
    /// Columns of the right operand.
    pub n: usize,
}

/// Computes a tile from `M` rows and `N` columns, packed unit by unit.
type Tile<U, const M: usize, const N: usize> = fn(&[[U; M]], &[[U; N]]) -> [[i32; N]; M];

/// The product: `left(i, l)` and `right(l, j)` give the operands' units, `out` is row-major.
pub fn product<U: Pod + Send + Sync, const M: usize, const N: usize>(
    Extent { m, k, n }: Extent,
    left: impl Fn(usize, usize) -> U + Sync,
    right: impl Fn(usize, usize) -> U + Sync,
    tile: Tile<U, M, N>,
    out: &mut [i32],
) {
    if k == 0 || out.is_empty() {
        return out.fill(0);
    }
    let share = worth_sharing(m * n, k);
    let mut packed = vec![U::zeroed(); n.div_ceil(N) * k * N];
    for_each_chunk(
        bytemuck::cast_slice_mut(&mut packed),
        k * N * size_of::<U>(),
        share,
        &Scratch::default,
        &|_, p, panel| {
            let columns = p * N..n.min((p + 1) * N);
            for (l, row) in bytemuck::cast_slice_mut(panel).chunks_exact_mut(N).enumerate() {
                for (unit, j) in row.iter_mut().zip(columns.clone()) {
                    *unit = right(l, j);
                }
            }
        },
    );
    // Some tasks for each thread, and whole tiles.
    let rows = m.div_ceil(4 * rayon::current_num_threads()).next_multiple_of(M).min(ROWS);
    for_each_chunk(bytemuck::cast_slice_mut(out), rows * n * 4, share, &Scratch::default, &|_, t, out| {
        let out: &mut [i32] = bytemuck::cast_slice_mut(out);
        let mut lines = vec![[U::zeroed(); M]; rows.div_ceil(M) * DEPTH.min(k)];
        for first in (0..k).step_by(DEPTH) {
            let depth = DEPTH.min(k - first);
            for (g, lines) in lines.chunks_exact_mut(depth).enumerate() {
                for i in 0..M {
                    // Rows beyond the last one are computed and dropped.
                    let row = (t * rows + g * M + i).min(m - 1);
                    lines.iter_mut().enumerate().for_each(|(l, line)| line[i] = left(row, first + l));
                }
            }
            for (p, panel) in packed.chunks_exact(k * N).enumerate() {
                let (panel, _) = panel[first * N..][..depth * N].as_chunks::<N>();
                let columns = p * N..n.min((p + 1) * N);
                for (out, lines) in out.chunks_mut(M * n).zip(lines.chunks_exact(depth)) {
                    let sums = tile(lines, panel);
                    for (out, sums) in out.chunks_exact_mut(n).zip(sums) {
                        for (o, sum) in out[columns.clone()].iter_mut().zip(sums) {
                            *o = if first == 0 { sum } else { o.wrapping_add(sum) };
                        }
                    }
                }
            }
        }
    });
}

/// A tile of products of pairs.
pub fn pairs(a: &[[Pair; PAIRS.0]], b: &[[Pair; PAIRS.1]]) -> [[i32; PAIRS.1]; PAIRS.0] {
    #[cfg(target_arch = "x86_64")]
    if crate::simd::avx2() {
        // SAFETY: `avx2` found every feature that the function is compiled for.
        return unsafe { pairs_avx2(a, b) };
    }
    let mut sums = [[0i32; PAIRS.1]; PAIRS.0];
    for (a, b) in a.iter().zip(b) {
        for (sums, x) in sums.iter_mut().zip(a) {
            for (sum, y) in sums.iter_mut().zip(b) {
                let [p, q] = [0, 1].map(|i| i32::from(x[i]) * i32::from(y[i]));
                *sum = sum.wrapping_add(p.wrapping_add(q));
            }
        }
    }
    sums
}

/// Twelve accumulators, two registers of the right operand, one of the left: all that there are but one.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn pairs_avx2(a: &[[Pair; PAIRS.0]], b: &[[Pair; PAIRS.1]]) -> [[i32; PAIRS.1]; PAIRS.0] {
    use std::arch::x86_64::{_mm256_add_epi32, _mm256_madd_epi16, _mm256_set1_epi32, _mm256_setzero_si256};
    let mut sums = [[_mm256_setzero_si256(); 2]; PAIRS.0];
    for (a, b) in a.iter().zip(b) {
        let b: [std::arch::x86_64::__m256i; 2] = bytemuck::cast(*b);
        for (sums, &x) in sums.iter_mut().zip(a) {
            let x = _mm256_set1_epi32(bytemuck::cast(x));
            for (sum, y) in sums.iter_mut().zip(b) {
                *sum = _mm256_add_epi32(*sum, _mm256_madd_epi16(x, y));
            }
        }
    }
    sums.map(bytemuck::cast)
}

/// Words of as many columns as a register of 256 bits holds.
type Words = [u32; 8];

/// Words that the adders take at a time. A loop over what is left of them, merged with their result, cost the whole
/// a third of its speed (the compiler then splits the accumulators): operands are padded instead.
pub const GROUP: usize = 16;

/// A tile of one row of counts of common bits, over whole groups of words.
pub fn bits(a: &[[u32; 1]], b: &[Words]) -> [[i32; 8]; 1] {
    debug_assert!(a.len() == b.len() && a.len().is_multiple_of(GROUP));
    let task = CommonBits { a: a.as_flattened(), b };
    // Counted in u32, which is the same modulo 2^32.
    let counts = counting(OneByOne(task)).unwrap_or_else(|OneByOne(task)| widest(task));
    [counts.map(|c| c as i32)]
}

struct CommonBits<'a> {
    a: &'a [u32],
    b: &'a [Words],
}

/// One word after the other.
struct OneByOne<'a>(CommonBits<'a>);

impl Loop for OneByOne<'_> {
    type Out = Words;
    #[inline(always)]
    fn run(self) -> Words {
        let CommonBits { a, b } = self.0;
        a.iter().zip(b).fold([0; 8], |sum, (&a, &b)| add(sum, count(both([a; 8], b))))
    }
}

impl Loop for CommonBits<'_> {
    type Out = Words;
    #[inline(always)]
    fn run(self) -> Words {
        let (groups, _) = self.a.as_chunks::<GROUP>();
        let (panels, _) = self.b.as_chunks::<GROUP>();
        // Bits of weight 1, 2, 4, 8 that are not in `sixteens` yet.
        let [mut ones, mut twos, mut fours, mut eights, mut sixteens] = [[0; 8]; 5];
        for (a, b) in groups.iter().zip(panels) {
            // In a row, without arrays of words between: only so do all of them stay in registers.
            let word = |i: usize| both([a[i]; 8], b[i]);
            let (o, t0) = carry(word(0), word(1), ones);
            let (o, t1) = carry(word(2), word(3), o);
            let (t, f0) = carry(t0, t1, twos);
            let (o, t0) = carry(word(4), word(5), o);
            let (o, t1) = carry(word(6), word(7), o);
            let (t, f1) = carry(t0, t1, t);
            let (f, e0) = carry(f0, f1, fours);
            let (o, t0) = carry(word(8), word(9), o);
            let (o, t1) = carry(word(10), word(11), o);
            let (t, f0) = carry(t0, t1, t);
            let (o, t0) = carry(word(12), word(13), o);
            let (o, t1) = carry(word(14), word(15), o);
            let (t, f1) = carry(t0, t1, t);
            let (f, e1) = carry(f0, f1, f);
            let (e, s) = carry(e0, e1, eights);
            (ones, twos, fours, eights) = (o, t, f, e);
            sixteens = add(sixteens, count(s));
        }
        let twice = |x: Words| add(x, x);
        let mut sum = add(twice(sixteens), count(eights));
        for part in [fours, twos, ones] {
            sum = add(twice(sum), count(part));
        }
        sum
    }
}

/// A full adder in each bit: (low, high) of the sum of three. `a` and `b` meet first: one step of logic from `sum`
/// to `low`.
#[inline(always)]
fn carry(a: Words, b: Words, sum: Words) -> (Words, Words) {
    let half = zip(a, b, |x, y| x ^ y);
    (zip(half, sum, |x, y| x ^ y), zip(both(a, b), both(half, sum), |x, y| x | y))
}

#[inline(always)]
fn both(a: Words, b: Words) -> Words {
    zip(a, b, |x, y| x & y)
}

#[inline(always)]
fn add(a: Words, b: Words) -> Words {
    zip(a, b, u32::wrapping_add)
}

#[inline(always)]
fn count(a: Words) -> Words {
    zip(a, a, |x, _| x.count_ones())
}

#[inline(always)]
fn zip(a: Words, b: Words, f: impl Fn(u32, u32) -> u32) -> Words {
    let mut out = [0; 8];
    #[allow(
        clippy::needless_range_loop,
        reason = "through iterators the compiler loses a third of the speed"
    )]
    for i in 0..8 {
        out[i] = f(a[i], b[i]);
    }
    out
}
