//! A stable radix sort of words, out of place: by the most significant digit first while a part does not fit the cache,
//! by the least significant one first once it does, and by comparisons where there are few.
//!
//! What is sorted is one word for each element: its key, or its key above its index. Parts are cut by sizes and digits only,
//! and the result of a stable sort is one, so the number of threads does not show in it.

use crate::parallel::{collect, for_each};
use bytemuck::Pod;
use std::ops::Range;

/// Bits of a digit.
pub const DIGIT: u32 = 8;
const BUCKETS: usize = 1 << DIGIT;
/// Words of a source that are read at once: they stay in the first-level cache.
const PIECE: usize = 1024;
/// Words that one task distributes.
const BLOCK: usize = 256 << 10;
/// Bytes of a part that is sorted by the least significant digit first: with its copy it fits the second-level cache.
const LEAF: usize = 256 << 10;
/// Most digits that are sorted so: each is a pass over the part.
const DIGITS: u32 = 4;
/// For each digit, words of a part below which comparisons are faster.
const FEW: usize = 64;

/// A word that is sorted by some of its bits. Those below are ties in order, those above are all the same: so as a whole it
/// sorts alike.
pub trait Word: Pod + Ord + Send + Sync {
    /// The digit from that bit on.
    fn digit(self, bit: u32) -> usize;
}

macro_rules! words {
    ($($W:ty)*) => {$(
        impl Word for $W {
            #[inline(always)]
            fn digit(self, bit: u32) -> usize {
                (self >> bit) as usize % BUCKETS
            }
        }
    )*};
}
words!(u32 u64 u128);

/// Writes the words of a source that follow one.
pub type Read<'a, W> = &'a (dyn Fn(usize, &mut [W]) + Sync);
/// Is called with each part of the result in its place, while it is in cache.
pub type Finish<'a, W> = &'a (dyn Fn(&mut [W]) + Sync);

/// Sorts the words of a source into `out` by these bits, whole digits of them. `spare` is as long, and its contents are lost.
/// On several threads if it is to be shared.
pub fn sort<W: Word>(
    read: Read<'_, W>,
    bits: Range<u32>,
    out: &mut [W],
    spare: &mut [W],
    share: bool,
    finish: Finish<'_, W>,
) {
    if is_leaf(out, &bits) {
        read(0, out);
        return leaf(out, spare, bits, false, finish);
    }
    match distribute(read, bits, spare, share) {
        Some((ends, bits)) => each_part(spare, out, &ends, bits, true, share, finish),
        None => {
            read(0, out);
            finish(out);
        }
    }
}

/// Sorts the words of a part in their place, or across into the other.
fn sort_part<W: Word>(
    from: &mut [W],
    to: &mut [W],
    bits: Range<u32>,
    across: bool,
    share: bool,
    finish: Finish<'_, W>,
) {
    if is_leaf(from, &bits) {
        return leaf(from, to, bits, across, finish);
    }
    let source = &*from;
    let read = |at: usize, out: &mut [W]| out.copy_from_slice(&source[at..at + out.len()]);
    match distribute(&read, bits, to, share) {
        Some((ends, bits)) => each_part(to, from, &ends, bits, !across, share, finish),
        None => settle(from, to, across, finish),
    }
}

/// Sorts the parts that were distributed: the large ones each on all threads, then the others each on one.
fn each_part<W: Word>(
    mut from: &mut [W],
    mut to: &mut [W],
    ends: &[usize; BUCKETS],
    bits: Range<u32>,
    across: bool,
    share: bool,
    finish: Finish<'_, W>,
) {
    let mut start = 0;
    let mut tasks = Vec::new();
    for &end in ends {
        let (a, b);
        (a, from) = from.split_at_mut(end - start);
        (b, to) = to.split_at_mut(end - start);
        match end - start {
            0 => {}
            n if share && n <= 4 * BLOCK => tasks.push((a, b)),
            _ => sort_part(a, b, bits.clone(), across, share, finish),
        }
        start = end;
    }
    for_each(tasks.into_iter(), share, &|| (), &|(), (a, b)| {
        sort_part(a, b, bits.clone(), across, false, finish);
    });
}

/// Copies the words of a source by the highest digit in which they differ. Returns where each digit's words end, and the bits
/// below it; none where no digit differs.
fn distribute<W: Word>(
    read: Read<'_, W>,
    bits: Range<u32>,
    to: &mut [W],
    share: bool,
) -> Option<([usize; BUCKETS], Range<u32>)> {
    let n = to.len();
    let block = if share { BLOCK } else { n };
    let blocks = n.div_ceil(block);
    let pieces = |i: usize, body: &mut dyn FnMut(&[W])| {
        let mut piece = [W::zeroed(); PIECE];
        let end = n.min((i + 1) * block);
        for at in (i * block..end).step_by(PIECE) {
            let words = &mut piece[..PIECE.min(end - at)];
            read(at, words);
            body(words);
        }
    };
    let mut high = bits.end;
    while high > bits.start {
        high -= DIGIT;
        let counts = collect(blocks, share, &|| (), &|(), i| {
            let mut counts = [0_usize; BUCKETS];
            pieces(i, &mut |words| words.iter().for_each(|w| counts[w.digit(high)] += 1));
            counts
        });
        let total = |digit: usize| counts.iter().map(|counts| counts[digit]).sum::<usize>();
        if counts[0].iter().enumerate().any(|(digit, &count)| count > 0 && total(digit) == n) {
            continue;
        }
        // Where the words of each block go: digit by digit, and those of a digit block by block.
        let mut places: Vec<Vec<_>> = (0..blocks).map(|_| Vec::with_capacity(BUCKETS)).collect();
        let (mut ends, mut rest) = ([0; BUCKETS], to);
        for (digit, end) in ends.iter_mut().enumerate() {
            for (places, counts) in places.iter_mut().zip(&counts) {
                let (place, after) = rest.split_at_mut(counts[digit]);
                places.push(place.iter_mut());
                rest = after;
            }
            *end = n - rest.len();
        }
        for_each(places.into_iter().enumerate(), share, &|| (), &|(), (i, mut places)| {
            let places: &mut [_; BUCKETS] = places.as_mut_slice().try_into().expect("one for each digit");
            pieces(i, &mut |words| {
                for &w in words {
                    if let Some(place) = places[w.digit(high)].next() {
                        *place = w;
                    }
                }
            });
        });
        return Some((ends, bits.start..high));
    }
    None
}

/// Is it sorted without being distributed first?
fn is_leaf<W>(words: &[W], bits: &Range<u32>) -> bool {
    is_few(words.len(), bits)
        || bits.is_empty()
        || size_of_val(words) <= LEAF && bits.len() as u32 <= DIGITS * DIGIT
}

fn is_few(n: usize, bits: &Range<u32>) -> bool {
    n <= FEW * bits.len().div_ceil(DIGIT as usize)
}

/// Sorts a part that is in cache.
fn leaf<W: Word>(from: &mut [W], to: &mut [W], bits: Range<u32>, across: bool, finish: Finish<'_, W>) {
    if is_few(from.len(), &bits) {
        // Words that are equal are the same: any sort of them is stable.
        from.sort_unstable();
        return settle(from, to, across, finish);
    }
    let mut counts = [[0_u32; BUCKETS]; DIGITS as usize];
    let counts = &mut counts[..bits.len().div_ceil(DIGIT as usize)];
    let mut digits = bits.clone().step_by(DIGIT as usize);
    let digits: [u32; DIGITS as usize] = std::array::from_fn(|_| digits.next().unwrap_or(0));
    for w in from.iter() {
        counts.iter_mut().zip(digits).for_each(|(counts, bit)| counts[w.digit(bit)] += 1);
    }
    let (n, mut across, mut from, mut to) = (from.len(), across, from, to);
    for (counts, bit) in counts.iter_mut().zip(digits) {
        if from.first().is_none_or(|w| counts[w.digit(bit)] as usize == n) {
            continue;
        }
        let mut at = 0;
        counts.iter_mut().for_each(|count| at += std::mem::replace(count, at));
        for &w in from.iter() {
            let place = &mut counts[w.digit(bit)];
            to[*place as usize] = w;
            *place += 1;
        }
        (from, to) = (to, from);
        across = !across;
    }
    settle(from, to, across, finish);
}

/// Puts what is sorted where it belongs.
fn settle<W: Word>(from: &mut [W], to: &mut [W], across: bool, finish: Finish<'_, W>) {
    if across {
        to.copy_from_slice(from);
    }
    finish(if across { to } else { from });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Random;

    /// Sorts pairs of a key in the upper half and the index in the lower one, and compares with a stable sort of the standard
    /// library's.
    fn check(keys: &[u32], share: bool) {
        let pair = |i: usize| u64::from(keys[i]) << 32 | i as u64;
        let read = |at: usize, out: &mut [u64]| {
            out.iter_mut().enumerate().for_each(|(i, o)| *o = pair(at + i));
        };
        let mut want: Vec<usize> = (0..keys.len()).collect();
        want.sort_by_key(|&i| keys[i]);
        let (mut out, mut spare) = (vec![u64::MAX; keys.len()], vec![u64::MAX; keys.len()]);
        sort(&read, 32..64, &mut out, &mut spare, share, &|part| {
            part.iter_mut().for_each(|w| *w &= u64::from(u32::MAX));
        });
        assert!(out.iter().map(|&w| w as usize).eq(want), "{} keys", keys.len());

        let mut want = keys.to_vec();
        want.sort();
        let (mut out, mut spare) = (vec![7; keys.len()], vec![7; keys.len()]);
        let read = |at: usize, out: &mut [u32]| out.copy_from_slice(&keys[at..at + out.len()]);
        sort(&read, 0..32, &mut out, &mut spare, share, &|_| ());
        assert_eq!(out, want);
    }

    #[test]
    fn every_way_of_sorting_is_the_stable_one() {
        let mut random = Random(5);
        // Around the sizes at which another way is taken, with digits that are all the same, few or many.
        for n in [0, 1, 2, 63, 64, 65, 255, 257, 1000, LEAF / 8, LEAF / 8 + 1, LEAF / 2, 3 * BLOCK + 5] {
            for mask in [0, 1, 0xff, 0xff00_0000, 0x0100_0100, 0x00ff_f000, u32::MAX] {
                let keys: Vec<u32> = (0..n).map(|_| random.bits() as u32 & mask | 0x1000).collect();
                check(&keys, false);
                check(&keys, true);
            }
        }
    }

    #[test]
    fn a_part_that_is_nearly_everything_is_shared_again() {
        let mut random = Random(6);
        let keys: Vec<u32> = (0..6 * BLOCK)
            .map(|i| {
                if i % 1000 == 0 {
                    random.bits() as u32
                } else {
                    0x3f80_0000 | (random.bits() as u32 % 0x7f_ffff)
                }
            })
            .collect();
        check(&keys, true);
    }

    #[test]
    fn long_words_are_sorted_digit_by_digit() {
        let mut random = Random(7);
        for mask in [u64::MAX, 0xff00_0000_0000_00ff, 0xffff] {
            let keys: Vec<u64> = (0..2 * BLOCK).map(|_| random.bits() & mask).collect();
            let mut want: Vec<u128> =
                keys.iter().enumerate().map(|(i, &k)| u128::from(k) << 64 | i as u128).collect();
            let read = |at: usize, out: &mut [u128]| {
                for (i, o) in out.iter_mut().enumerate() {
                    *o = u128::from(keys[at + i]) << 64 | (at + i) as u128;
                }
            };
            let (mut out, mut spare) = (vec![9; keys.len()], vec![9; keys.len()]);
            sort(&read, 64..128, &mut out, &mut spare, true, &|_| ());
            want.sort_unstable();
            assert_eq!(out, want);
        }
    }
}
