//! What is set: where the elements that are not zero stand, and the elements of another operand there.
//!
//! The number of set elements is known before a result is made. A first pass notes them as bits and counts those of each span, so
//! that in a second one each span knows where its part of the result begins.

use crate::erased::with_bits;
use crate::methods::rows::Rows;
use crate::parallel::{for_each, worth_sharing};
use crate::simd::{Loop, widest};
use bytemuck::Pod;
use polyarray_core::backend::specs::{Compact, Kept};
use polyarray_core::backend::{HostBuffer, Operand};
use polyarray_core::{DType, Error, Result};

/// Elements of a task: whole groups.
const SPAN: usize = 32 << 10;
/// Elements whose bits are one word.
const GROUP: usize = u64::BITS as usize;
/// Set elements of a group up to which they are looked up one by one.
const FEW: u32 = 12;

/// Where a mask is set, or the elements of a second operand there, as a dense buffer.
///
/// # Errors
/// Out of memory; an operand that is not on the host; a mask of which another number is set than the spec says.
pub fn compact(operands: &[Operand], spec: &Compact) -> Result<HostBuffer> {
    match (spec.keeps, operands) {
        (Kept::Values(_), [mask, x]) => select(x, mask, spec.count),
        (_, operands) => nonzero(&operands[0], spec.count),
    }
}

/// The int64 positions, in row-major order, of the elements that are not zero (NaN is not).
fn nonzero(x: &Operand, count: usize) -> Result<HostBuffer> {
    let set = Set::of(x, count, "nonzero")?;
    let mut out = HostBuffer::unwritten(DType::I64, count)?;
    set.each_span(out.as_repr_mut::<i64>()?, &|span, words, mut out| {
        let mut positions: [i64; GROUP] = std::array::from_fn(|i| (span * SPAN + i) as i64);
        for &word in words {
            out = pack(word, &positions, out);
            positions.iter_mut().for_each(|position| *position += GROUP as i64);
        }
    });
    Ok(out)
}

/// The elements of `x`, in row-major order, where a mask of its shape is set.
fn select(x: &Operand, mask: &Operand, count: usize) -> Result<HostBuffer> {
    let set = Set::of(mask, count, "select")?;
    let (dtype, n) = (x.buffer.dtype(), x.layout.len());
    if n != mask.layout.len() {
        return Err(disagrees("select", format!("{n} elements and a mask of {}", mask.layout.len())));
    }
    let rows = &Rows::of(x, "select")?;
    let mut out = HostBuffer::unwritten(dtype, count)?;
    with_bits!(dtype.size(), P => {
        set.each_span(bytemuck::cast_slice_mut::<u8, P>(out.bytes_mut()), &|span, words, mut out| {
            let (mut copy, start) = (Vec::new(), span * SPAN);
            let xs: &[P] = bytemuck::cast_slice(rows.range(start..n.min(start + SPAN), &mut copy));
            for (&word, xs) in words.iter().zip(xs.chunks(GROUP)) {
                out = pack(word, xs, out);
            }
        });
    });
    Ok(out)
}

fn disagrees(op: &'static str, operands: String) -> Error {
    Error::Shape { op, operands, fix: "count the elements that are set again".into() }
}

/// What is done with a span: its number, its bits and its part of the result.
type SpanBody<'a, T> = &'a (dyn Fn(usize, &[u64], &mut [T]) + Sync);

/// Which elements are set: a bit for each, and the number of them in each span.
struct Set {
    words: Vec<u64>,
    counts: Vec<usize>,
}

impl Set {
    fn of(x: &Operand, count: usize, op: &'static str) -> Result<Set> {
        let (rows, n) = (&Rows::of(x, op)?, x.layout.len());
        let is_set = is_set(x.buffer.dtype());
        let mut words = vec![0; n.div_ceil(GROUP)];
        let spans = words.chunks_mut(SPAN / GROUP).enumerate();
        let mut counts = vec![0; spans.len()];
        for_each(spans.zip(&mut counts), worth_sharing(n, 1), &Vec::new, &|copy, ((i, words), count)| {
            is_set(rows.range(i * SPAN..n.min((i + 1) * SPAN), copy), words);
            *count = words.iter().map(|word| word.count_ones() as usize).sum();
        });
        let found: usize = counts.iter().sum();
        if found != count {
            return Err(disagrees(op, format!("{found} elements that are set, not {count}")));
        }
        Ok(Set { words, counts })
    }

    /// Calls `body` with the number of each span, its bits and its part of the result.
    fn each_span<T: Send>(&self, mut out: &mut [T], body: SpanBody<'_, T>) {
        let parts: Vec<_> =
            self.counts.iter().map(|&n| out.split_off_mut(..n).expect("they were counted")).collect();
        let spans = self.words.chunks(SPAN / GROUP).zip(parts).enumerate();
        for_each(spans, worth_sharing(self.words.len(), GROUP), &|| (), &|(), (i, (words, part))| {
            body(i, words, part);
        });
    }
}

/// Writes the elements that are set; returns the rest of the result.
#[inline]
fn pack<'a, T: Copy>(mut word: u64, xs: &[T], out: &'a mut [T]) -> &'a mut [T] {
    let n = word.count_ones();
    if n > FEW
        && let (Some(xs), Some(places)) = (xs.first_chunk::<GROUP>(), out.first_chunk_mut::<GROUP>())
    {
        // Every element is written, and what is not set is written over: no branch depends on the data.
        let mut at = 0;
        for (i, &x) in xs.iter().enumerate() {
            places[at % GROUP] = x;
            at += (word >> i & 1) as usize;
        }
    } else {
        for place in &mut out[..n as usize] {
            *place = xs[word.trailing_zeros() as usize];
            word &= word - 1;
        }
    }
    &mut out[n as usize..]
}

/// Writes the bits of elements that are not zero.
type IsSet = fn(&[u8], &mut [u64]);

fn is_set(dtype: DType) -> IsSet {
    match dtype {
        DType::Bool | DType::I8 | DType::U8 => |xs, words| bits(xs, words, |x: u8| x != 0),
        DType::I16 | DType::U16 => |xs, words| bits(xs, words, |x: u16| x != 0),
        DType::I32 | DType::U32 => |xs, words| bits(xs, words, |x: u32| x != 0),
        DType::I64 | DType::U64 => |xs, words| bits(xs, words, |x: u64| x != 0),
        DType::F16 => |xs, words| bits(xs, words, |x: u16| x & 0x7fff != 0),
        DType::F32 => |xs, words| bits(xs, words, |x: f32| x != 0.0),
        DType::F64 => |xs, words| bits(xs, words, |x: f64| x != 0.0),
        DType::C64 => |xs, words| bits(xs, words, |[re, im]: [f32; 2]| (re != 0.0) | (im != 0.0)),
        DType::C128 => |xs, words| bits(xs, words, |[re, im]: [f64; 2]| (re != 0.0) | (im != 0.0)),
    }
}

fn bits<P: Pod>(xs: &[u8], words: &mut [u64], is_set: impl Fn(P) -> bool) {
    widest(SetBits { xs: bytemuck::cast_slice(xs), words, is_set });
}

struct SetBits<'a, P, F> {
    xs: &'a [P],
    words: &'a mut [u64],
    is_set: F,
}

impl<P: Copy, F: Fn(P) -> bool> Loop for SetBits<'_, P, F> {
    type Out = ();
    #[inline(always)]
    fn run(self) {
        for (xs, word) in self.xs.chunks(GROUP).zip(self.words) {
            let mut flags = [0_u8; GROUP];
            match xs.first_chunk::<GROUP>() {
                Some(xs) => flags.iter_mut().zip(xs).for_each(|(flag, &x)| *flag = (self.is_set)(x).into()),
                None => flags.iter_mut().zip(xs).for_each(|(flag, &x)| *flag = (self.is_set)(x).into()),
            }
            // Eight bytes of 0 or 1, multiplied so that the bits meet in the highest one.
            let gather = |flags: [u8; 8]| u64::from_le_bytes(flags).wrapping_mul(0x0102_0408_1020_4080) >> 56;
            *word = 0;
            for (i, &flags) in flags.as_chunks().0.iter().enumerate() {
                *word |= gather(flags) << (8 * i);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{element, operands, poison, stored};
    use polyarray_core::Scalar;
    use polyarray_core::dtype::DTYPES;

    fn is_nonzero(x: Scalar) -> bool {
        x.cast(DType::Bool) == Scalar::Bool(true)
    }

    const SIZES: [(usize, usize); 8] =
        [(1, 0), (0, 4), (1, 1), (1, 63), (1, 64), (13, 5), (3, 67), (2, SPAN / 2 + 70)];

    #[test]
    fn positions_of_every_dtype_and_layout() {
        for dtype in DTYPES {
            for x in operands(dtype, &SIZES) {
                let want: Vec<i64> =
                    (0..x.layout.len() as i64).filter(|&i| is_nonzero(element(&x, i as usize))).collect();
                poison(DType::I64, want.len());
                let got = nonzero(&x, want.len()).unwrap();
                assert_eq!(got.as_slice::<i64>().unwrap(), want, "{dtype} {:?}", x.layout);
            }
        }
    }

    #[test]
    fn elements_where_a_mask_is_set() {
        for dtype in DTYPES {
            for (x, mask) in operands(dtype, &SIZES).iter().zip(operands(DType::Bool, &SIZES)) {
                let set: Vec<usize> =
                    (0..mask.layout.len()).filter(|&i| is_nonzero(element(&mask, i))).collect();
                poison(dtype, set.len());
                let got = select(x, &mask, set.len()).unwrap();
                let bits = |s: Scalar| s.to_bytes();
                for (i, &at) in set.iter().enumerate() {
                    assert_eq!(bits(stored(&got, i)), bits(element(x, at)), "{dtype} {:?} {i}", x.layout);
                }
                assert_eq!(polyarray_core::array::Buffer::len(&got), set.len());
            }
        }
    }

    #[test]
    fn dense_and_sparse_groups_and_all_between() {
        let mut random = crate::testing::Random(11);
        for share in [0, 1, 10, 50, 90, 99, 100] {
            let mask: Vec<bool> = (0..3 * SPAN + 17).map(|_| random.bits() % 100 < share).collect();
            let want: Vec<i64> = (0..mask.len() as i64).filter(|&i| mask[i as usize]).collect();
            let n = mask.len();
            let mask = crate::testing::dense(mask, &[n]);
            let got = nonzero(&mask, want.len()).unwrap();
            assert_eq!(got.as_slice::<i64>().unwrap(), want);
            let xs = crate::testing::dense((0..n as i64).collect(), &[n]);
            assert_eq!(select(&xs, &mask, want.len()).unwrap().as_slice::<i64>().unwrap(), want);
            assert!(nonzero(&mask, want.len() + 1).is_err(), "another count is an error");
        }
        let (xs, mask) =
            (crate::testing::dense(vec![1, 2, 3], &[3]), crate::testing::dense(vec![true; 2], &[2]));
        assert!(select(&xs, &mask, 2).is_err(), "a mask of another length is an error");
    }
}
