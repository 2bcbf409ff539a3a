//! Tiles of products in int32 from packed units: a function for each kind of unit and each set of instructions.
//!
//! *Integers* of up to 16 bits go in pairs along the summed axis: one instruction multiplies two pairs and adds
//! them (`pmaddwd`). Those of 8 bits go in fours where the processor has VNNI, whose `vpdpbusd` takes one signed and one
//! unsigned operand: 128 is added to, or taken from, the left one, and its share of the sum is put right by what the
//! columns start from. *Bits* are counted by carry-save adders over sixteen words at a time (Harley and Seal; Muła,
//! Kurz, Lemire: "Faster population counts using AVX2 instructions", 2018), or vector by vector where the processor
//! counts the bits of vectors.

use crate::simd::{Loop, widest};

/// How tiles of `M` rows and `N` columns are computed.
pub struct Kernel<U, const M: usize, const N: usize> {
    /// The sums of a tile, its operands packed unit by unit.
    pub tile: Tile<U, M, N>,
    /// What the sums of a panel's columns start from; `None` is 0.
    pub start: Option<Start<U, N>>,
}

/// Computes a tile.
pub type Tile<U, const M: usize, const N: usize> = fn(&[[U; M]], &[[U; N]]) -> [[i32; N]; M];
/// Computes what columns start from.
pub type Start<U, const N: usize> = fn(&[[U; N]]) -> [i32; N];

/// Two neighbours along the summed axis.
pub type Pair = [i16; 2];

/// Rows and columns of a tile of [`pairs`].
pub const PAIRS: (usize, usize) = (6, 16);

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

/// Four neighbours along the summed axis.
pub type Quad = [u8; 4];

/// Rows and columns of a tile of AVX-512: two registers of columns, and as many sums as leave one for the left operand.
pub const WIDE: (usize, usize) = (12, 32);

/// Tiles of products of int8, or of uint8 and bool, where the processor has instructions for them.
pub fn quads(signed: bool) -> Option<Kernel<Quad, { WIDE.0 }, { WIDE.1 }>> {
    #[cfg(target_arch = "x86_64")]
    if wide::vnni() {
        return Some(match signed {
            true => Kernel { tile: wide::signed, start: Some(|b| sums(b, -128, |x| i32::from(x as i8))) },
            false => Kernel { tile: wide::unsigned, start: Some(|b| sums(b, 128, i32::from)) },
        });
    }
    let _ = signed;
    None
}

/// `factor` times the sum of each column.
fn sums(b: &[[Quad; WIDE.1]], factor: i32, value: fn(u8) -> i32) -> [i32; WIDE.1] {
    let mut sums = [0i32; WIDE.1];
    for row in b {
        for (sum, quad) in sums.iter_mut().zip(row) {
            *sum = sum.wrapping_add(quad.map(value).iter().sum());
        }
    }
    sums.map(|sum| sum.wrapping_mul(factor))
}

/// Tiles of counts of common bits where the processor counts those of whole vectors.
pub fn counted() -> Option<Kernel<u32, { WIDE.0 }, { WIDE.1 }>> {
    #[cfg(target_arch = "x86_64")]
    if wide::counting() {
        return Some(Kernel { tile: wide::counted, start: None });
    }
    None
}

/// The tiles of AVX-512: 24 sums, two registers of the right operand, one of the left.
#[cfg(target_arch = "x86_64")]
mod wide {
    use super::{Quad, WIDE};
    use crate::simd::avx512;
    use std::arch::x86_64::{
        __m512i, _mm512_add_epi32, _mm512_and_si512, _mm512_dpbusd_epi32, _mm512_popcnt_epi32,
        _mm512_set1_epi32, _mm512_setzero_si512,
    };

    type Sums = [[i32; WIDE.1]; WIDE.0];

    /// The processor multiplies bytes in fours.
    pub fn vnni() -> bool {
        avx512() && is_x86_feature_detected!("avx512vnni")
    }

    /// The processor counts the bits of vectors.
    pub fn counting() -> bool {
        avx512() && is_x86_feature_detected!("avx512vpopcntdq")
    }

    macro_rules! tile {
        ($(#[$doc:meta])* $name:ident, $inner:ident, $features:literal, $check:ident, $U:ty, |$sum:ident, $x:ident, $y:ident| $step:expr, $left:expr) => {
            $(#[$doc])*
            pub fn $name(a: &[[$U; WIDE.0]], b: &[[$U; WIDE.1]]) -> Sums {
                assert!($check());
                // SAFETY: the line above found every feature that the function is compiled for.
                unsafe { $inner(a, b) }
            }

            #[target_feature(enable = $features)]
            fn $inner(a: &[[$U; WIDE.0]], b: &[[$U; WIDE.1]]) -> Sums {
                let mut sums = [[_mm512_setzero_si512(); 2]; WIDE.0];
                for (a, b) in a.iter().zip(b) {
                    let b: [__m512i; 2] = bytemuck::cast(*b);
                    for (sums, &x) in sums.iter_mut().zip(a) {
                        let $x = _mm512_set1_epi32(bytemuck::cast::<_, i32>(x) ^ $left);
                        for ($sum, $y) in sums.iter_mut().zip(b) {
                            *$sum = $step;
                        }
                    }
                }
                sums.map(bytemuck::cast)
            }
        };
    }
    /// Turns the sign of four bytes over: adds 128 to signed ones, takes it from unsigned ones.
    const TURN: i32 = 0x8080_8080_u32 as i32;
    tile!(
        /// Products of int8, 128 too much on the left.
        signed, signed_inner, "avx512f,avx512vl,avx512dq,avx512bw,avx512vnni", vnni, Quad,
        |sum, x, y| _mm512_dpbusd_epi32(*sum, x, y), TURN
    );
    tile!(
        /// Products of uint8, 128 too little on the left.
        unsigned, unsigned_inner, "avx512f,avx512vl,avx512dq,avx512bw,avx512vnni", vnni, Quad,
        |sum, x, y| _mm512_dpbusd_epi32(*sum, y, x), TURN
    );
    tile!(
        /// Counts of common bits.
        counted, counted_inner, "avx512f,avx512vl,avx512dq,avx512bw,avx512vpopcntdq", counting, u32,
        |sum, x, y| _mm512_add_epi32(*sum, _mm512_popcnt_epi32(_mm512_and_si512(x, y))), 0
    );
}

/// Words of as many columns as a register of 256 bits holds.
type Words = [u32; 8];

/// Words that the adders take at a time. A loop over what is left of them, merged with their result, cost the whole
/// a third of its speed (the compiler then splits the accumulators): operands are padded instead.
pub const GROUP: usize = 16;

/// A tile of one row of counts of common bits, over whole groups of words.
pub fn bits(a: &[[u32; 1]], b: &[Words]) -> [[i32; 8]; 1] {
    debug_assert!(a.len() == b.len() && a.len().is_multiple_of(GROUP));
    // Counted in u32, which is the same modulo 2^32.
    [widest(CommonBits { a: a.as_flattened(), b }).map(|c| c as i32)]
}

struct CommonBits<'a> {
    a: &'a [u32],
    b: &'a [Words],
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

#[cfg(test)]
mod tests {
    use super::*;

    fn word(i: usize) -> u32 {
        (i as u32 + 1).wrapping_mul(0x9E37_79B9).rotate_left(i as u32 % 31)
    }

    /// A tile function against the definition, over operands of which every bit pattern may occur.
    fn check<U: bytemuck::Pod, const M: usize, const N: usize>(
        Kernel { tile, start }: Kernel<U, M, N>,
        k: usize,
        step: fn(U, U) -> i64,
    ) {
        let a: Vec<[U; M]> =
            (0..k).map(|l| std::array::from_fn(|i| bytemuck::cast(word(l * M + i)))).collect();
        let b: Vec<[U; N]> =
            (0..k).map(|l| std::array::from_fn(|j| bytemuck::cast(word(7 * l + j)))).collect();
        let (sums, starts) = (tile(&a, &b), start.map_or([0; N], |start| start(&b)));
        for (i, sums) in sums.iter().enumerate() {
            for (j, (sum, start)) in sums.iter().zip(starts).enumerate() {
                let want: i64 = a.iter().zip(&b).map(|(a, b)| step(a[i], b[j])).sum();
                assert_eq!(sum.wrapping_add(start), want as i32, "row {i}, column {j}");
            }
        }
    }

    #[test]
    fn every_tile_computes_what_it_says() {
        let common = |a: u32, b: u32| i64::from((a & b).count_ones());
        check(Kernel { tile: pairs, start: None }, 129, |a: Pair, b: Pair| {
            a.into_iter().zip(b).map(|(a, b)| i64::from(a) * i64::from(b)).sum()
        });
        check(Kernel { tile: bits, start: None }, 5 * GROUP, common);
        if let Some(kernel) = counted() {
            check(kernel, 129, common);
        }
        if let Some(kernel) = quads(true) {
            check(kernel, 129, |a, b| {
                a.into_iter().zip(b).map(|(a, b)| i64::from(a as i8) * i64::from(b as i8)).sum()
            });
        }
        if let Some(kernel) = quads(false) {
            check(kernel, 129, |a, b| a.into_iter().zip(b).map(|(a, b)| i64::from(a) * i64::from(b)).sum());
        }
    }
}
