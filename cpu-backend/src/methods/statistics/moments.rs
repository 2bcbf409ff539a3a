//! Moments of runs of elements, and how they merge: see the family's page.

use crate::element::Arithmetic;
use crate::element::cast::CastTo;
use crate::fused::fold::{Fold, Sum, Tree};
use crate::iteration::{position, unravel};
use crate::simd::{Loop, widest};
use crate::view::View;
use polyarray_core::Element;
use polyarray_core::backend::specs::Var;
use std::borrow::Cow;
use std::ops::{Add, Mul, Range, Sub};

/// Bytes of a block: those of the first-level cache.
pub const BLOCK_BYTES: usize = 32 << 10;
/// Elements that one task reads.
pub const SPAN: usize = 256 << 10;
/// What has kernels here.
pub trait Float:
    Element<Repr = Self>
    + bytemuck::Pod
    + Arithmetic<Acc = Self>
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

/// The elements of each result.
pub struct Lines<'a, T: Float> {
    pub view: &'a View<'a, T>,
    /// Axes from here on are reduced.
    pub split: usize,
    /// Elements of a result.
    pub len: usize,
    /// They lie together.
    pub dense: bool,
}

impl<T: Float> Lines<'_, T> {
    /// Where the elements of a result begin.
    pub fn start(&self, result: usize) -> usize {
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
    pub fn moments(&self, result: usize, range: Range<usize>) -> Moments {
        let block = BLOCK_BYTES / size_of::<T>();
        let mut tree = Tree::new(Moments::merge);
        for first in range.clone().step_by(block) {
            tree.push(Moments::of(&self.part(result, first..range.end.min(first + block))));
        }
        tree.finish().unwrap_or(Moments::NONE)
    }
}

/// Number of elements, their mean in two parts, and the sum of their squared distances from it.
#[derive(Clone, Copy)]
pub struct Moments {
    pub n: f64,
    pub mean: f64,
    pub rest: f64,
    pub squares: f64,
}

impl Moments {
    pub const NONE: Moments = Moments { n: 0.0, mean: 0.0, rest: 0.0, squares: 0.0 };

    fn of<T: Float>(xs: &[T]) -> Moments {
        let n = xs.len() as f64;
        let mean = T::of(Sum::<T>::slice(xs, 0).cast_to() / n);
        let (sum, squares) = widest(Distances { xs, mean });
        Moments::about(n, mean.cast_to(), sum, squares)
    }

    /// From the sums of distances from `mean`, and of their squares.
    #[inline(always)]
    pub fn about(n: f64, mean: f64, sum: f64, squares: f64) -> Moments {
        let less = squares - sum * (sum / n);
        // Squares that overflow stay infinite, as in one long sum; rounding leaves nothing negative.
        let squares = if squares == f64::INFINITY { squares } else { less };
        let squares = if squares < 0.0 { 0.0 } else { squares };
        Moments { n, mean, rest: sum / n, squares }
    }

    #[inline(always)]
    pub fn merge(a: Moments, b: Moments) -> Moments {
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
pub fn finish<T: Float>(moments: Moments, spec: &Var) -> T {
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
