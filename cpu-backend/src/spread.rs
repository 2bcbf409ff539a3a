//! Variance of float32 and float64, reading memory once: every block is read twice, the second time from cache.
//!
//! A block gives its mean m, rounded, then Σd and Σd² of the distances d = x - m: the variance is
//! (Σd² - (Σd)²/n) / n, where Σd is only what rounding left (the corrected two-pass algorithm), and moments of
//! blocks merge pairwise. Source: T. F. Chan, G. H. Golub, R. J. LeVeque, "Algorithms for computing the sample
//! variance: analysis and recommendations", The American Statistician 37 (1983). A mean is kept in two float64, so
//! that the distance of two of them has all its digits, however far from zero they lie.

mod columns;

use crate::fold::{Fold, Sum, Tree};
use crate::lane::{CastTo, Lane};
use crate::parallel::{collect, for_each_chunk, worth_sharing};
use crate::program::Scratch;
use crate::simd::{Loop, widest};
use crate::view::View;
use crate::walk::{position, unravel};
use columns::columns;
use polyarray_core::array::{HostBuffer, Operand};
use polyarray_core::expr::layout::collapse;
use polyarray_core::numpy::Var;
use polyarray_core::{DType, Element, Error, Result};
use std::borrow::Cow;
use std::ops::{Add, Mul, Range, Sub};

/// Bytes of a block: those of the first-level cache.
const BLOCK_BYTES: usize = 32 << 10;
/// Elements that one task reads.
const SPAN: usize = 256 << 10;
/// Fewer columns are copied row by row instead.
const NARROW: usize = 8;

/// What has kernels here.
pub trait Float:
    Element<Repr = Self>
    + bytemuck::Pod
    + Lane<Acc = Self>
    + CastTo<f64>
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
{
    /// Rounded.
    fn of(x: f64) -> Self;
}

impl Float for f32 {
    fn of(x: f64) -> f32 {
        x as f32
    }
}

impl Float for f64 {
    fn of(x: f64) -> f64 {
        x
    }
}

/// Does [`var`] take elements of this dtype?
pub fn has_var(dtype: DType) -> bool {
    matches!(dtype, DType::F32 | DType::F64)
}

/// The variance over the trailing axes.
///
/// # Errors
/// Out of memory; an operand that is not on the host, or that does not [`has_var`].
pub fn var(x: &Operand, spec: &Var) -> Result<HostBuffer> {
    match x.buffer.dtype() {
        DType::F32 => var_as::<f32>(x, spec),
        DType::F64 => var_as::<f64>(x, spec),
        other => Err(Error::DType {
            op: "var",
            operands: format!("elements of {other}"),
            fix: "cast them with astype first".into(),
        }),
    }
}

fn var_as<T: Float>(x: &Operand, spec: &Var) -> Result<HostBuffer> {
    let mut view = View::<T>::of(x, "var")?;
    let n: usize = view.dims[..spec.split].iter().product();
    let len: usize = view.dims[spec.split..].iter().product();
    let mut out = HostBuffer::unwritten(T::DTYPE, n)?;
    if len == 0 {
        out.as_repr_mut::<T>()?.fill(finish::<T>(Moments::NONE, spec));
        return Ok(out);
    }
    let mut strides = [view.strides];
    let (dims, split) = collapse(&view.dims, spec.split, &mut strides);
    let [strides] = strides;
    (view.dims, view.strides) = (dims, strides);

    let (kept, reduced) = view.strides.split_at(split);
    let lines = Lines { split, len, dense: matches!(reduced, [] | [1]), view: &view };
    match (kept, reduced) {
        ([.., 1], &[step]) if step != 1 && view.dims[split - 1] >= NARROW => {
            columns(&lines, step, spec, out.as_repr_mut::<T>()?);
        }
        _ => rows(&lines, spec, out.as_repr_mut::<T>()?),
    }
    Ok(out)
}

/// The elements of each result.
struct Lines<'a, T: Float> {
    view: &'a View<'a, T>,
    /// Axes from here on are reduced.
    split: usize,
    /// Elements of a result.
    len: usize,
    /// They lie together.
    dense: bool,
}

impl<T: Float> Lines<'_, T> {
    /// Where the elements of a result begin.
    fn start(&self, result: usize) -> usize {
        let View { dims, strides, offset, .. } = self.view;
        position(&unravel(result, &dims[..self.split]), &strides[..self.split], *offset) as usize
    }

    /// Some of the elements of a result: lent where they lie together.
    fn part(&self, result: usize, range: Range<usize>) -> Cow<'_, [T]> {
        if self.dense {
            let start = self.start(result);
            return Cow::Borrowed(&self.view.data[start + range.start..start + range.end]);
        }
        let mut copy = vec![T::ZERO; range.len()];
        self.view.copy(result * self.len + range.start, &mut copy);
        Cow::Owned(copy)
    }

    /// The moments of some of the elements of a result.
    fn moments(&self, result: usize, range: Range<usize>) -> Moments {
        let block = BLOCK_BYTES / size_of::<T>();
        let mut tree = Tree::new(Moments::merge);
        for first in range.clone().step_by(block) {
            tree.push(Moments::of(&self.part(result, first..range.end.min(first + block))));
        }
        tree.finish().unwrap_or(Moments::NONE)
    }
}

fn rows<T: Float>(lines: &Lines<'_, T>, spec: &Var, out: &mut [T]) {
    let (n, len) = (out.len(), lines.len);
    let share = worth_sharing(n.saturating_mul(len), 4);
    if len <= SPAN {
        let task = SPAN / len;
        let bytes = bytemuck::cast_slice_mut(out);
        for_each_chunk(bytes, task * size_of::<T>(), share, &Scratch::default, &|_, i, out| {
            let out: &mut [T] = bytemuck::cast_slice_mut(out);
            for (j, o) in out.iter_mut().enumerate() {
                *o = finish(lines.moments(i * task + j, 0..len), spec);
            }
        });
        return;
    }
    let spans = len.div_ceil(SPAN);
    let parts = collect(n * spans, share, &Scratch::default, &|_, i| {
        let first = i % spans * SPAN;
        lines.moments(i / spans, first..len.min(first + SPAN))
    });
    for (o, parts) in out.iter_mut().zip(parts.chunks_exact(spans)) {
        let mut tree = Tree::new(Moments::merge);
        parts.iter().for_each(|&part| tree.push(part));
        *o = finish(tree.finish().unwrap_or(Moments::NONE), spec);
    }
}

/// Number of elements, their mean in two parts, and the sum of their squared distances from it.
#[derive(Clone, Copy)]
struct Moments {
    n: f64,
    mean: f64,
    rest: f64,
    squares: f64,
}

impl Moments {
    const NONE: Moments = Moments { n: 0.0, mean: 0.0, rest: 0.0, squares: 0.0 };

    fn of<T: Float>(xs: &[T]) -> Moments {
        let n = xs.len() as f64;
        let mean = T::of(Sum::<T>::slice(xs, 0).cast_to() / n);
        let (sum, squares) = widest(Distances { xs, mean });
        Moments::about(n, mean.cast_to(), sum, squares)
    }

    /// From the sums of distances from `mean`, and of their squares.
    #[inline(always)]
    fn about(n: f64, mean: f64, sum: f64, squares: f64) -> Moments {
        let less = squares - sum * (sum / n);
        // Squares that overflow stay infinite, as in one long sum; rounding leaves nothing negative.
        let squares = if squares == f64::INFINITY { squares } else { less };
        let squares = if squares < 0.0 { 0.0 } else { squares };
        Moments { n, mean, rest: sum / n, squares }
    }

    #[inline(always)]
    fn merge(a: Moments, b: Moments) -> Moments {
        let n = a.n + b.n;
        let share = b.n / n;
        let delta = (b.mean - a.mean) + (b.rest - a.rest);
        let step = delta * share;
        // Both parts of a.mean + step: D. E. Knuth's sum with its error.
        let mean = a.mean + step;
        let back = mean - a.mean;
        let error = (a.mean - (mean - back)) + (step - back);
        let squares = a.squares + b.squares;
        let more = squares + delta * (a.n * share) * delta;
        Moments {
            n,
            mean,
            rest: a.rest + error,
            squares: if squares == f64::INFINITY { squares } else { more },
        }
    }
}

#[inline(always)]
fn finish<T: Float>(moments: Moments, spec: &Var) -> T {
    T::of(moments.squares / spec.divisor)
}

/// Lanes of sums of distances.
const LANES: usize = 32;
/// Distances added to a lane before it is added to another one.
const LEAF: usize = 16;

/// Σd and Σd² of a block.
struct Distances<'a, T> {
    xs: &'a [T],
    mean: T,
}

impl<T: Float> Loop for Distances<'_, T> {
    type Out = (f64, f64);
    #[inline(always)]
    fn run(self) -> (f64, f64) {
        let (rows, tail) = self.xs.as_chunks::<LANES>();
        let (mut sums, mut squares) = ([T::ZERO; LANES], [T::ZERO; LANES]);
        for leaf in rows.chunks(LEAF) {
            let (mut s, mut q) = ([T::ZERO; LANES], [T::ZERO; LANES]);
            for row in leaf {
                for ((s, q), &x) in s.iter_mut().zip(&mut q).zip(row) {
                    let d = x - self.mean;
                    *s = *s + d;
                    *q = *q + d * d;
                }
            }
            for ((sum, square), (s, q)) in sums.iter_mut().zip(&mut squares).zip(s.into_iter().zip(q)) {
                *sum = *sum + s;
                *square = *square + q;
            }
        }
        for ((s, q), &x) in sums.iter_mut().zip(&mut squares).zip(tail) {
            let d = x - self.mean;
            *s = *s + d;
            *q = *q + d * d;
        }
        let total = |lanes: [T; LANES]| lanes.into_iter().map(CastTo::<f64>::cast_to).sum();
        (total(sums), total(squares))
    }
}
