//! Moments of runs of elements, and how they merge: see the family's page.

use crate::element::Arithmetic;
use crate::element::cast::CastTo;
use crate::fused::fold::Tree;
use crate::iteration::{position, unravel};
use crate::simd::{Loop, widest};
use crate::view::View;
use polyarray_core::Element;
use polyarray_core::backend::specs::Var;
use std::borrow::Cow;
use std::ops::{Add, Mul, Range, Sub};

/// Elements of a block, which has a mean of its own: so few that a tile of as many rows of columns stays in the second-level
/// cache, as columns have the same blocks.
pub const BLOCK: usize = 256;
/// Lanes of a block: one for each remainder of the elements' numbers.
pub const LANES: usize = 16;
/// Elements that one task reads: a power of two of blocks, so that the tree of a span is a whole part of that of the run.
pub const SPAN: usize = 256 << 10;
/// Blocks that are read by one loop.
const GROUP: usize = 32;
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

    /// Some of the elements of a result: borrowed where they lie together, else copied.
    fn part(&self, result: usize, range: Range<usize>) -> Cow<'_, [T]> {
        if self.dense {
            let start = self.start(result);
            return Cow::Borrowed(&self.view.data[start + range.start..start + range.end]);
        }
        let mut copy = vec![T::ZERO; range.len()];
        self.view.copy(result * self.len + range.start, &mut copy);
        Cow::Owned(copy)
    }

    /// The moments of some of the elements of a result, which begin where a block does.
    pub fn moments(&self, result: usize, range: Range<usize>) -> Moments {
        let mut tree = Tree::new(Moments::merge);
        for first in range.clone().step_by(BLOCK * GROUP) {
            let xs = &*self.part(result, first..range.end.min(first + BLOCK * GROUP));
            let mut sums = [Sums::default(); GROUP];
            widest(Blocks { xs, sums: &mut sums });
            for (block, sums) in xs.chunks(BLOCK).zip(sums) {
                tree.push(Moments::about(block.len() as f64, sums.mean, sums.distances, sums.squares));
            }
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

/// What a block is read for: its rounded mean, Σd and Σd².
#[derive(Clone, Copy, Default)]
struct Sums {
    mean: f64,
    distances: f64,
    squares: f64,
}

/// The sums of each block of a run.
///
/// A block is added up in lanes, which are then halved until one is left, and what is no whole row of lanes is added at the
/// end: `super::columns` does the same for many runs beside each other.
struct Blocks<'a, T> {
    xs: &'a [T],
    sums: &'a mut [Sums; GROUP],
}

impl<T: Float> Loop for Blocks<'_, T> {
    type Out = ();
    #[inline(always)]
    fn run(self) {
        for (xs, sums) in self.xs.chunks(BLOCK).zip(self.sums) {
            let (rows, tail) = xs.as_chunks::<LANES>();
            let mut lanes = [T::NOTHING; LANES];
            for row in rows {
                for (lane, &x) in lanes.iter_mut().zip(row) {
                    *lane = *lane + x;
                }
            }
            let sum = tail.iter().fold(halved(lanes), |sum, &x| sum + x);
            let mean = T::of(sum.cast_to() / xs.len() as f64);
            let (mut distances, mut squares) = ([T::ZERO; LANES], [T::ZERO; LANES]);
            for row in rows {
                for ((s, q), &x) in distances.iter_mut().zip(&mut squares).zip(row) {
                    let d = x - mean;
                    *s = *s + d;
                    *q = *q + d * d;
                }
            }
            let (mut s, mut q) = (halved(distances), halved(squares));
            for &x in tail {
                let d = x - mean;
                s = s + d;
                q = q + d * d;
            }
            *sums = Sums { mean: mean.cast_to(), distances: s.cast_to(), squares: q.cast_to() };
        }
    }
}

/// The upper half of the lanes added to the lower one until one is left.
#[inline(always)]
fn halved<T: Float>(mut lanes: [T; LANES]) -> T {
    for half in [8, 4, 2, 1] {
        for i in 0..half {
            lanes[i] = lanes[i] + lanes[i + half];
        }
    }
    lanes[0]
}
