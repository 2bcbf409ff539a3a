//! Cumulative sums and products along the last axis.
//!
//! A row is cut into spans of 32,768 elements and these into lines of 128. The element i of the result is
//! s + (l + p): p is the sum of its line up to i, one element after the other, l the sum of the lines before it in its span, one
//! line after the other, and s that of the spans before it, alike; each is rounded. So the result depends neither on
//! the number of threads nor on what is computed beside it, it grows where nothing that is added is negative, and its error is at most
//! (128 + 256 + n / 32768) ε Σ|x| for n elements up to i (N. J. Higham, "Accuracy and Stability of Numerical Algorithms",
//! 2nd ed., 4.2). Integers wrap. float16 is computed in float32 and rounded once.
//!
//! Products of floats and complex numbers go from the first element to the last: a part of a row may overflow, or be zero,
//! where the product up to there is neither.

use crate::element::Arithmetic;
use crate::erased::{Erased, erase, restore};
use crate::identity::KIND;
use crate::methods::rows::Rows;
use crate::parallel::{collect, for_each_chunk, worth_sharing};
use crate::simd::{Loop, widest};
use polyarray_core::array::{HostBuffer, Operand};
use polyarray_core::backend::specs::Scan;
use polyarray_core::dtype::ty;
use polyarray_core::expr::Reduction;
use polyarray_core::{DType, Element, Error, Result};
use std::marker::PhantomData;

/// Elements of a line.
const LINE: usize = 128;
/// Lines that are summed up side by side, so that no addition waits for the one before it.
const LINES: usize = 8;
/// Elements of a block of lines.
const BLOCK: usize = LINE * LINES;
/// Elements of a span.
const SPAN: usize = 32 << 10;
/// Rows of which each is one thread's.
const MANY: usize = 64;

/// The cumulative sums or products of each row, as a dense buffer.
///
/// # Errors
/// Out of memory; another reduction; an operand that is not on the host.
pub fn scan(x: &Operand, spec: &Scan) -> Result<HostBuffer> {
    let &Scan { op, rows: count, len, dtype } = spec;
    let kernel = Kernel::of(op, dtype)?;
    let rows = &Rows::of(x, "a scan")?;
    let (n, size) = (count * len, dtype.size());
    let mut out = HostBuffer::unwritten(dtype, n)?;
    let share = worth_sharing(n, 2);
    if !share || !kernel.in_parts || len <= SPAN || count >= MANY {
        let group = rows.per_task(SPAN) * len;
        for_each_chunk(out.bytes_mut(), group * size, share, &Vec::new, &|copy, i, out| {
            let xs = rows.range(i * group..i * group + out.len() / size, copy);
            for (xs, out) in xs.chunks_exact(len * size).zip(out.chunks_exact_mut(len * size)) {
                let mut before = kernel.neutral;
                for (xs, out) in xs.chunks(SPAN * size).zip(out.chunks_mut(SPAN * size)) {
                    before = (kernel.cumulate)(xs, before, out);
                }
            }
        });
        return Ok(out);
    }
    for (row, out) in out.bytes_mut().chunks_exact_mut(len * size).enumerate() {
        let span = |i: usize| row * len + i * SPAN..row * len + len.min((i + 1) * SPAN);
        let total = |copy: &mut Vec<u128>, i: usize| (kernel.total)(rows.range(span(i), copy));
        let mut before = kernel.neutral;
        let next = |total| {
            let after = (kernel.step)(before, total);
            std::mem::replace(&mut before, after)
        };
        let totals = collect(len.div_ceil(SPAN), true, &Vec::new, &total);
        let starts: Vec<Erased> = totals.into_iter().map(next).collect();
        for_each_chunk(out, SPAN * size, true, &Vec::new, &|copy, i, out| {
            (kernel.cumulate)(rows.range(span(i), copy), starts[i], out);
        });
    }
    Ok(out)
}

/// An operation in a dtype.
struct Kernel {
    in_parts: bool,
    neutral: Erased,
    step: fn(Erased, Erased) -> Erased,
    /// What the elements of a span come to.
    total: fn(&[u8]) -> Erased,
    /// Writes a span's results, given what came before it; returns what comes before the next one.
    cumulate: fn(&[u8], Erased, &mut [u8]) -> Erased,
}

impl Kernel {
    fn of(op: Reduction, dtype: DType) -> Result<Kernel> {
        // Integers wrap: signed ones have the bits of unsigned ones.
        macro_rules! by_dtype {
            ($($($V:ident)|* => $T:ident),*) => {
                match dtype {
                    $($(DType::$V)|* => match op {
                        Reduction::Sum => Some(Kernel::with::<Add<ty::$T>>()),
                        Reduction::Prod => Some(Kernel::with::<Multiply<ty::$T>>()),
                        _ => None,
                    },)*
                }
            };
        }
        let kernel = by_dtype!(
            Bool => Bool, I8 | U8 => U8, I16 | U16 => U16, I32 | U32 => U32, I64 | U64 => U64,
            F16 => F16, F32 => F32, F64 => F64, C64 => C64, C128 => C128
        );
        kernel.ok_or_else(|| Error::Backend {
            op: "a scan".into(),
            backend: KIND.into(),
            message: format!("{} has no cumulative form", op.name()),
        })
    }

    fn with<S: Step>() -> Kernel {
        Kernel {
            in_parts: S::IN_PARTS,
            neutral: erase(S::NEUTRAL.to_repr()),
            step: |a, b| erase(S::step(accumulator::<S>(a), accumulator::<S>(b)).to_repr()),
            total: |xs| {
                erase(
                    widest(Span::<S> { xs: bytemuck::cast_slice(xs), before: S::NEUTRAL, out: None })
                        .to_repr(),
                )
            },
            cumulate: |xs, before, out| {
                let (xs, out) = (bytemuck::cast_slice(xs), Some(bytemuck::cast_slice_mut(out)));
                erase(widest(Span::<S> { xs, before: accumulator::<S>(before), out }).to_repr())
            },
        }
    }
}

fn accumulator<S: Step>(erased: Erased) -> Acc<S> {
    Acc::<S>::from_repr(restore(erased))
}

/// What is accumulated, element by element.
trait Step: 'static {
    type T: Arithmetic;
    /// Parts of a row may be accumulated each on its own.
    const IN_PARTS: bool;
    /// Changes nothing.
    const NEUTRAL: Acc<Self>;
    fn step(a: Acc<Self>, b: Acc<Self>) -> Acc<Self>;
}

type Acc<S> = <<S as Step>::T as Arithmetic>::Acc;
type Repr<S> = <<S as Step>::T as Element>::Repr;

struct Add<T>(PhantomData<T>);
struct Multiply<T>(PhantomData<T>);

impl<T: Arithmetic + 'static> Step for Add<T> {
    type T = T;
    const IN_PARTS: bool = true;
    const NEUTRAL: T::Acc = T::Acc::NOTHING;
    #[inline(always)]
    fn step(a: T::Acc, b: T::Acc) -> T::Acc {
        a.plus(b)
    }
}

impl<T: Arithmetic + 'static> Step for Multiply<T> {
    type T = T;
    const IN_PARTS: bool = !T::DTYPE.is_float() && !T::DTYPE.is_complex();
    const NEUTRAL: T::Acc = T::Acc::ONE;
    #[inline(always)]
    fn step(a: T::Acc, b: T::Acc) -> T::Acc {
        a.times(b)
    }
}

/// A span: returns what comes before the next one.
struct Span<'a, S: Step> {
    xs: &'a [Repr<S>],
    before: Acc<S>,
    out: Option<&'a mut [Repr<S>]>,
}

impl<S: Step> Loop for Span<'_, S> {
    type Out = Acc<S>;
    #[inline(always)]
    fn run(self) -> Acc<S> {
        let Span { xs, before, mut out } = self;
        let element = |x: Repr<S>| S::T::from_repr(x).widen();
        if !S::IN_PARTS {
            let mut acc = before;
            for (i, &x) in xs.iter().enumerate() {
                acc = S::step(acc, element(x));
                if let Some(out) = &mut out {
                    out[i] = S::T::narrow(acc).to_repr();
                }
            }
            return acc;
        }
        // The lines before.
        let mut lines = S::NEUTRAL;
        let result = |lines, sum| S::T::narrow(S::step(before, S::step(lines, sum))).to_repr();
        let (blocks, tail) = xs.as_chunks::<BLOCK>();
        let mut sums = [[S::NEUTRAL; LINE]; LINES];
        for (b, block) in blocks.iter().enumerate() {
            let mut last = [S::NEUTRAL; LINES];
            for i in 0..LINE {
                for (line, last) in last.iter_mut().enumerate() {
                    *last = S::step(*last, element(block[line * LINE + i]));
                    sums[line][i] = *last;
                }
            }
            for (line, (sums, last)) in sums.iter().zip(last).enumerate() {
                if let Some(out) = &mut out {
                    let out = &mut out[b * BLOCK + line * LINE..][..LINE];
                    out.iter_mut().zip(sums).for_each(|(o, &sum)| *o = result(lines, sum));
                }
                lines = S::step(lines, last);
            }
        }
        for (line, xs) in tail.chunks(LINE).enumerate() {
            let mut sum = S::NEUTRAL;
            for (i, &x) in xs.iter().enumerate() {
                sum = S::step(sum, element(x));
                if let Some(out) = &mut out {
                    out[blocks.len() * BLOCK + line * LINE + i] = result(lines, sum);
                }
            }
            lines = S::step(lines, sum);
        }
        S::step(before, lines)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{element, operands, poison};
    use num_complex::Complex64;
    use polyarray_core::Scalar;
    use polyarray_core::dtype::DTYPES;

    /// The sums or products of a row in higher precision, or exactly in 64 bits, and the sums of absolute values.
    fn truth(xs: &[Scalar], op: Reduction, dtype: DType) -> Vec<(Scalar, f64)> {
        let (mut int, mut z, mut size) = (u64::from(op == Reduction::Prod), Complex64::ZERO, 0.0);
        if op == Reduction::Prod {
            z = Complex64::ONE;
        }
        let each = xs.iter().map(|x| {
            let x = x.cast(dtype);
            let i = match x.cast(DType::I64) {
                Scalar::I64(i) => i as u64,
                _ => unreachable!("it was cast"),
            };
            int = if op == Reduction::Sum { int.wrapping_add(i) } else { int.wrapping_mul(i) };
            z = if op == Reduction::Sum { z + x.to_c128() } else { z * x.to_c128() };
            size = if op == Reduction::Sum { size + x.to_c128().norm() } else { z.norm() };
            let exact = match dtype {
                DType::Bool if op == Reduction::Sum => Scalar::Bool(z.re > 0.0),
                DType::Bool => Scalar::Bool(z.re != 0.0),
                _ if dtype.is_int() => Scalar::U64(int).cast(dtype),
                _ => Scalar::C128(z),
            };
            (exact, size)
        });
        each.collect()
    }

    fn run(x: &Operand, op: Reduction) -> HostBuffer {
        let [rows, len] = x.layout.shape[..] else { panic!("operands are matrices") };
        let dtype = x.buffer.dtype();
        poison(dtype, rows * len);
        scan(x, &Scan { op, rows, len, dtype }).unwrap()
    }

    fn check(x: &Operand, op: Reduction) {
        let (got, dtype) = (run(x, op), x.buffer.dtype());
        let [rows, len] = x.layout.shape[..] else { panic!("operands are matrices") };
        let ulp = match dtype.real() {
            DType::F16 => 2f64.powi(-11),
            DType::F32 => 2f64.powi(-24),
            _ => 2f64.powi(-53),
        };
        for row in 0..rows {
            let xs: Vec<Scalar> = (0..len).map(|i| element(x, row * len + i)).collect();
            for (i, (want, size)) in truth(&xs, op, dtype).into_iter().enumerate() {
                let found = crate::testing::stored(&got, row * len + i);
                let message = || format!("{op:?} of {dtype}, row {row}, element {i}");
                if !(dtype.is_float() || dtype.is_complex()) {
                    assert_eq!(found, want, "{}", message());
                    continue;
                }
                // One rounding for each element of a product, and the bound of the page for a sum. float16 rounds once.
                let most = if op == Reduction::Prod { i + 1 } else { (i + 1).min(LINE) + i / LINE + 2 };
                let error = if dtype == DType::F16 { 1.01 } else { 4.0 * most as f64 } * ulp;
                let (found, want) = (found.to_c128(), want.to_c128());
                let (tiny, huge) = match dtype.real() {
                    DType::F16 => (1e-7, 6e4),
                    DType::F32 => (1e-37, 1e37),
                    _ => (1e-300, 1e300),
                };
                if want.norm() < huge {
                    let off = (found - want).norm();
                    assert!(off <= error * size + tiny, "{}: {found} and {want}", message());
                }
            }
        }
    }

    #[test]
    fn every_dtype_and_layout_against_higher_precision() {
        for dtype in DTYPES {
            for x in operands(dtype, &[(1, 1), (5, 127), (3, 130), (2, 2 * BLOCK + LINE + 5)]) {
                check(&x, Reduction::Sum);
                check(&x, Reduction::Prod);
            }
        }
    }

    #[test]
    fn bits_depend_neither_on_sharing_nor_on_the_rows_beside() {
        let n = 5 * SPAN + 3 * BLOCK + 77;
        let mut random = crate::testing::Random(3);
        let xs: Vec<f32> = (0..2 * n).map(|_| random.unit() as f32).collect();
        let whole = run(&crate::testing::dense(xs.clone(), &[2, n]), Reduction::Sum);
        let whole = whole.as_slice::<f32>().unwrap();
        let pool = rayon::ThreadPoolBuilder::new().num_threads(5).build().unwrap();
        for row in 0..2 {
            let x = crate::testing::dense(xs[row * n..][..n].to_vec(), &[1, n]);
            let one = pool.install(|| run(&x, Reduction::Sum));
            assert_eq!(one.as_slice::<f32>().unwrap(), &whole[row * n..][..n]);
            assert!(whole[row * n..][..n].is_sorted(), "nothing that is added is negative");
            // As if one thread had gone through it.
            let mut before = 0.0;
            let mut serial = vec![0f32; n];
            for (xs, out) in xs[row * n..][..n].chunks(SPAN).zip(serial.chunks_mut(SPAN)) {
                before = Span::<Add<f32>> { xs, before, out: Some(out) }.run();
            }
            assert_eq!(serial, &whole[row * n..][..n]);
        }
        // Rows that many threads go through one each.
        let many = run(&crate::testing::dense(xs[..n / 100 * 100].to_vec(), &[100, n / 100]), Reduction::Sum);
        let first = run(&crate::testing::dense(xs[..n / 100].to_vec(), &[1, n / 100]), Reduction::Sum);
        assert_eq!(&many.as_slice::<f32>().unwrap()[..n / 100], first.as_slice::<f32>().unwrap());
    }

    #[test]
    fn a_part_of_a_product_may_overflow_where_the_whole_does_not() {
        let n = 2 * SPAN;
        let mut xs = vec![1f32; n];
        xs[..10].fill(1e-3);
        xs[2 * BLOCK..][..20].fill(1e2);
        xs[2 * BLOCK + 20..][..15].fill(1e-2);
        let got = run(&crate::testing::dense(xs.clone(), &[1, n]), Reduction::Prod);
        assert!((got.as_slice::<f32>().unwrap()[n - 1] / 1e-20 - 1.0).abs() < 1e-5);
        xs[5] = 0.0;
        let got = run(&crate::testing::dense(xs, &[1, n]), Reduction::Prod);
        assert!(got.as_slice::<f32>().unwrap()[5..].iter().all(|&x| x == 0.0));
    }

    #[test]
    fn the_error_stays_within_the_bound_of_the_page() {
        let n = 1 << 20;
        let mut random = crate::testing::Random(4);
        let xs: Vec<f32> = (0..n).map(|_| random.unit() as f32 - 0.25).collect();
        let got = run(&crate::testing::dense(xs.clone(), &[1, n]), Reduction::Sum);
        let (mut sum, mut size) = (0f64, 0f64);
        for (i, (x, got)) in xs.iter().zip(got.as_slice::<f32>().unwrap()).enumerate() {
            sum += f64::from(*x);
            size += f64::from(x.abs());
            let most = (128 + 256 + i / SPAN) as f64 * 2f64.powi(-24);
            assert!((f64::from(*got) - sum).abs() <= most * size, "element {i}");
        }
    }
}
