//! The reductions on elements: how a run of them becomes one accumulator, and how accumulators merge.
//!
//! Every order of evaluation is a function of the run's length alone. A run is read in four streams of 16 lanes, each lane
//! over 16 elements at a time; these leaves are added up one after the other, and runs pairwise. `super::trees` evaluates the
//! same order on runs that are computed block by block, and on many beside each other.

use crate::element::{Arithmetic, Ordered};
use crate::simd::{Loop, widest};
use bytemuck::Pod;
use smallvec::SmallVec;
use std::marker::PhantomData;

/// A reduction in one dtype. float16 is reduced in float32; bool as 0 and 1, by minimum and maximum.
pub trait Fold: 'static {
    /// Elements.
    type In: Arithmetic;
    /// Accumulators.
    type Acc: Pod;
    /// Results.
    type Out: Pod;
    /// Merging with it changes nothing.
    const NEUTRAL: Self::Acc;
    /// Merging selects one of two by several comparisons. At the end of a loop the compiler then cuts vectors up to merge lanes,
    /// which takes longer than a short run: there they are merged by a loop of its own.
    const SELECTS: bool;
    /// One element and its index among the reduced ones.
    fn one(x: Self::In, index: i64) -> Self::Acc;
    /// `a` comes before `b`.
    fn merge(a: Self::Acc, b: Self::Acc) -> Self::Acc;
    /// The result.
    fn finish(acc: Self::Acc) -> Self::Out;
    /// A run of elements, the first of which has index `first`.
    fn slice(xs: &[Repr<Self>], first: i64) -> Self::Acc {
        let _ = first;
        fold_slice::<Self>(xs)
    }
}

/// A fold's elements as stored.
pub type Repr<F> = <<F as Fold>::In as polyarray_core::Element>::Repr;

/// Parts of a run that are read side by side: the processor reads ahead on each of them, which takes half the time
/// of one stream (64 MiB from memory, two threads: 1.05 and 2.1 ms).
pub const STREAMS: usize = 4;
/// Lanes of a stream. With eight the compiler unrolls their loop before it has made vectors of it, and max takes
/// twice the time.
pub const LANES: usize = 16;
/// Rows of lanes from which on the streams of a run are its quarters. Those of a shorter one are interleaved: the
/// quarters would end before the processor has seen that they are streams (rows of 4096 floats from memory: 1.7 and
/// 1.45 ms for 64 MiB).
pub const FAR: usize = 1024;
/// Elements merged into a lane before that is merged into another one.
pub const LEAF: usize = 16;

type Lanes<F> = [<F as Fold>::Acc; LANES];

/// Folds whole rows of lanes into one. What is left of it is merged outside: within, the compiler would cut the vectors
/// up to suit that.
struct Streams<'a, F: Fold + ?Sized>(&'a [[Repr<F>; LANES]]);

impl<F: Fold + ?Sized> Loop for Streams<'_, F> {
    type Out = Lanes<F>;
    #[inline(always)]
    fn run(self) -> Lanes<F> {
        let rows = self.0;
        let mut total = [[F::NEUTRAL; LANES]; STREAMS];
        let rest = if rows.len() < FAR {
            let (fours, rest) = rows.as_chunks::<STREAMS>();
            for leaf in fours.chunks(LEAF) {
                add_leaf::<F>(&mut total, leaf.iter().map(|[a, b, c, d]| [a, b, c, d]));
            }
            rest
        } else {
            let (a, rest) = rows.split_at(rows.len() / STREAMS);
            let (b, rest) = rest.split_at(a.len());
            let (c, rest) = rest.split_at(a.len());
            let (d, rest) = rest.split_at(a.len());
            for (((a, b), c), d) in a.chunks(LEAF).zip(b.chunks(LEAF)).zip(c.chunks(LEAF)).zip(d.chunks(LEAF))
            {
                let each = a.iter().zip(b).zip(c).zip(d);
                add_leaf::<F>(&mut total, each.map(|(((a, b), c), d)| [a, b, c, d]));
            }
            rest
        };
        // Fewer than there are streams.
        for row in rest {
            push::<F>(&mut total[0], row);
        }
        let [a, b, c, d] = total;
        both::<F>(both::<F>(a, c), both::<F>(b, d))
    }
}

/// Merges a row for each stream at a time into a leaf, and that into the total.
#[inline(always)]
fn add_leaf<'a, F: Fold + ?Sized>(
    total: &mut [Lanes<F>; STREAMS],
    rows: impl Iterator<Item = [&'a [Repr<F>; LANES]; STREAMS]>,
) where
    Repr<F>: 'a,
{
    let mut leaf = [[F::NEUTRAL; LANES]; STREAMS];
    push_all::<F>(&mut leaf, rows);
    for (total, leaf) in total.iter_mut().zip(leaf) {
        for (total, leaf) in total.iter_mut().zip(leaf) {
            *total = F::merge(*total, leaf);
        }
    }
}

/// Folds so few rows of lanes, a multiple of the streams, that they are one leaf, into a row for each stream.
struct Leaf<'a, F: Fold + ?Sized> {
    fours: &'a [[[Repr<F>; LANES]; STREAMS]],
    leaf: &'a mut [Lanes<F>; STREAMS],
}

impl<F: Fold + ?Sized> Loop for Leaf<'_, F> {
    type Out = ();
    #[inline(always)]
    fn run(self) {
        let mut leaf = [[F::NEUTRAL; LANES]; STREAMS];
        push_all::<F>(&mut leaf, self.fours.iter().map(|[a, b, c, d]| [a, b, c, d]));
        *self.leaf = leaf;
    }
}

/// Merges the lanes of streams into eight.
struct Eight<'a, F: Fold + ?Sized> {
    leaf: &'a [Lanes<F>; STREAMS],
    eight: &'a mut [F::Acc; 8],
}

impl<F: Fold + ?Sized> Loop for Eight<'_, F> {
    type Out = ();
    #[inline(always)]
    fn run(self) {
        let [a, b, c, d] = self.leaf;
        let four = |i: usize| F::merge(F::merge(a[i], c[i]), F::merge(b[i], d[i]));
        for (i, lane) in self.eight.iter_mut().enumerate() {
            *lane = F::merge(four(i), four(i + 8));
        }
    }
}

#[inline(always)]
fn push_all<'a, F: Fold + ?Sized>(
    leaf: &mut [Lanes<F>; STREAMS],
    rows: impl Iterator<Item = [&'a [Repr<F>; LANES]; STREAMS]>,
) where
    Repr<F>: 'a,
{
    for [a, b, c, d] in rows {
        push::<F>(&mut leaf[0], a);
        push::<F>(&mut leaf[1], b);
        push::<F>(&mut leaf[2], c);
        push::<F>(&mut leaf[3], d);
    }
}

#[inline(always)]
fn both<F: Fold + ?Sized>(mut a: Lanes<F>, b: Lanes<F>) -> Lanes<F> {
    for (a, b) in a.iter_mut().zip(b) {
        *a = F::merge(*a, b);
    }
    a
}

#[inline(always)]
fn push<F: Fold + ?Sized>(lanes: &mut [F::Acc; LANES], row: &[Repr<F>; LANES]) {
    for (lane, &x) in lanes.iter_mut().zip(row) {
        *lane = F::merge(*lane, F::one(F::In::from_repr(x), 0));
    }
}

fn fold_slice<F: Fold + ?Sized>(xs: &[Repr<F>]) -> F::Acc {
    let (rows, tail) = xs.as_chunks::<LANES>();
    let (fours, few) = rows.as_chunks::<STREAMS>();
    if F::SELECTS && few.is_empty() && (1..=LEAF).contains(&fours.len()) {
        let (mut leaf, mut eight) = ([[F::NEUTRAL; LANES]; STREAMS], [F::NEUTRAL; 8]);
        widest(Leaf::<F> { fours, leaf: &mut leaf });
        widest(Eight::<F> { leaf: &leaf, eight: &mut eight });
        return with_tail::<F, 8>(eight, tail);
    }
    match rows {
        [] => with_tail::<F, 1>([F::NEUTRAL], tail),
        rows => with_tail::<F, LANES>(widest(Streams::<F>(rows)), tail),
    }
}

/// Merges lanes, and what is left of a run.
#[inline(always)]
fn with_tail<F: Fold + ?Sized, const N: usize>(mut lanes: [F::Acc; N], tail: &[Repr<F>]) -> F::Acc {
    halve::<F>(&mut lanes);
    tail.iter().fold(lanes[0], |acc, &x| F::merge(acc, F::one(F::In::from_repr(x), 0)))
}

/// Merges the upper half of the lanes into the lower one until one is left.
#[inline(always)]
fn halve<F: Fold + ?Sized>(lanes: &mut [F::Acc]) {
    let mut half = lanes.len() / 2;
    while half > 0 {
        for i in 0..half {
            lanes[i] = F::merge(lanes[i], lanes[i + half]);
        }
        half /= 2;
    }
}

/// Rows of so few elements that finding out how to fold one takes longer than that: in the same order as [`Fold::slice`].
pub struct ShortRows<'a, F: Fold, const N: usize> {
    /// The elements, row after row.
    pub xs: &'a [Repr<F>],
    /// A result for each.
    pub out: &'a mut [F::Out],
}

impl<F: Fold, const N: usize> Loop for ShortRows<'_, F, N> {
    type Out = ();
    #[inline(always)]
    fn run(self) {
        for (row, out) in self.xs.as_chunks::<N>().0.iter().zip(self.out) {
            let mut acc = F::NEUTRAL;
            for (&x, index) in row.iter().zip(0..) {
                acc = F::merge(acc, F::one(F::In::from_repr(x), index));
            }
            *out = F::finish(acc);
        }
    }
}

/// Rows that are merged with a row of accumulators at once: few enough to be read ahead as streams, enough to make
/// little of reading and writing the accumulators (64 MiB by columns: 2.8 ms one by one, 1.9 by fours, 1.45 by eights).
pub const ROWS_AT_ONCE: usize = 8;

/// Rows of elements, merged with a row of accumulators into another one: in place, keeping an accumulator becomes a
/// store under a mask, which took max twice the time of sum.
pub struct RowsInto<'a, F: Fold> {
    /// The accumulators so far.
    pub from: &'a [F::Acc],
    /// The elements, row after row: [`ROWS_AT_ONCE`] of them, or one.
    pub rows: &'a [Repr<F>],
    /// Index of the first row among the reduced elements.
    pub index: i64,
    /// The accumulators with the rows.
    pub to: &'a mut [F::Acc],
}

impl<F: Fold> RowsInto<'_, F> {
    #[inline(always)]
    fn merge<const N: usize>(self) {
        let width = self.to.len();
        let rows: [&[Repr<F>]; N] = std::array::from_fn(|row| &self.rows[row * width..][..width]);
        for (i, (to, &from)) in self.to.iter_mut().zip(&self.from[..width]).enumerate() {
            let mut accs: [F::Acc; N] =
                std::array::from_fn(|row| F::one(F::In::from_repr(rows[row][i]), self.index + row as i64));
            halve::<F>(&mut accs);
            *to = F::merge(from, accs[0]);
        }
    }
}

impl<F: Fold> Loop for RowsInto<'_, F> {
    type Out = ();
    #[inline(always)]
    fn run(self) {
        if self.rows.len() == ROWS_AT_ONCE * self.to.len() {
            self.merge::<ROWS_AT_ONCE>();
        } else {
            self.merge::<1>();
        }
    }
}

/// The accumulators of whole leaves of one result's elements, those of each leaf after the other. Several are read side by side:
/// one would wait for each of its sums.
pub struct LeafSums<'a, F: Fold> {
    /// The elements.
    pub leaves: &'a [Repr<F>],
    /// Its leaves have 64 lanes, not 16.
    pub streams: bool,
    /// The accumulators.
    pub sums: &'a mut [F::Acc],
}

impl<F: Fold> Loop for LeafSums<'_, F> {
    type Out = ();
    #[inline(always)]
    fn run(self) {
        let rows = self.leaves.as_chunks::<LANES>().0;
        let (fours, rest) = self.sums.as_chunks_mut::<LANES>().0.as_chunks_mut::<STREAMS>();
        let (all, few) = rows.as_chunks::<{ STREAMS * LEAF }>();
        for (rows, sums) in all.iter().zip(fours) {
            let mut each = [[F::NEUTRAL; LANES]; STREAMS];
            if self.streams {
                push_all::<F>(
                    &mut each,
                    rows.as_chunks::<STREAMS>().0.iter().map(|[a, b, c, d]| [a, b, c, d]),
                );
            } else {
                let (a, rest) = rows.split_at(LEAF);
                let (b, rest) = rest.split_at(LEAF);
                let (c, d) = rest.split_at(LEAF);
                push_all::<F>(&mut each, a.iter().zip(b).zip(c).zip(d).map(|(((a, b), c), d)| [a, b, c, d]));
            }
            *sums = each;
        }
        for (rows, sums) in few.as_chunks::<LEAF>().0.iter().zip(rest) {
            let mut one = [F::NEUTRAL; LANES];
            rows.iter().for_each(|row| push::<F>(&mut one, row));
            *sums = one;
        }
    }
}

/// Rows of elements, merged with a row of accumulators one after the other, or with nothing. How many are taken at once makes no difference to
/// the bits.
pub struct RowsOnto<'a, F: Fold> {
    /// The accumulators.
    pub accs: &'a mut [F::Acc],
    /// The elements.
    pub rows: &'a [Repr<F>],
    /// From one row to the next.
    pub step: usize,
    /// Number of rows.
    pub n: usize,
    /// The accumulators have nothing yet.
    pub fresh: bool,
}

impl<F: Fold> Loop for RowsOnto<'_, F> {
    type Out = ();
    #[inline(always)]
    fn run(self) {
        // Vectors of accumulators stay in registers, however few there are.
        let (vectors, few) = self.accs.as_chunks_mut::<LANES>();
        let at = vectors.len() * LANES;
        for (i, accs) in vectors.iter_mut().enumerate() {
            let mut lanes = if self.fresh { [F::NEUTRAL; LANES] } else { *accs };
            for row in 0..self.n {
                let xs = self.rows[row * self.step + i * LANES..].first_chunk().expect("rows are as long");
                push::<F>(&mut lanes, xs);
            }
            *accs = lanes;
        }
        for (i, acc) in few.iter_mut().enumerate() {
            let each =
                (0..self.n).map(|row| F::one(F::In::from_repr(self.rows[row * self.step + at + i]), 0));
            *acc = each.fold(if self.fresh { F::NEUTRAL } else { *acc }, F::merge);
        }
    }
}

/// Merges pairwise what is pushed: a binary counter of partial results, so that the tree depends on their
/// number only.
pub struct Tree<A, M> {
    merge: M,
    levels: SmallVec<[(u32, A); 8]>,
}

impl<A, M: Fn(A, A) -> A> Tree<A, M> {
    /// An empty tree.
    pub fn new(merge: M) -> Tree<A, M> {
        Tree { merge, levels: SmallVec::new() }
    }

    /// Adds the next partial result.
    pub fn push(&mut self, mut a: A) {
        let mut level = 0;
        while self.levels.last().is_some_and(|(l, _)| *l == level)
            && let Some((_, before)) = self.levels.pop()
        {
            a = (self.merge)(before, a);
            level += 1;
        }
        self.levels.push((level, a));
    }

    /// The result; `None` if nothing was pushed.
    pub fn finish(mut self) -> Option<A> {
        let mut a = self.levels.pop()?.1;
        while let Some((_, before)) = self.levels.pop() {
            a = (self.merge)(before, a);
        }
        Some(a)
    }
}

/// Sum.
pub struct Sum<T>(PhantomData<T>);
/// Product.
pub struct Prod<T>(PhantomData<T>);
/// Minimum.
pub struct Min<T>(PhantomData<T>);
/// Maximum.
pub struct Max<T>(PhantomData<T>);
/// Index of the first minimum.
pub struct ArgMin<T>(PhantomData<T>);
/// Index of the first maximum.
pub struct ArgMax<T>(PhantomData<T>);

macro_rules! fold {
    ($($name:ident of $group:ident: $neutral:ident, selects $selects:literal, $merge:ident;)*) => {$(
        impl<T: $group<Repr = T> + Pod> Fold for $name<T> {
            type In = T;
            type Acc = T;
            type Out = T;
            const NEUTRAL: T = T::$neutral;
            const SELECTS: bool = $selects;
            #[inline(always)]
            fn one(x: T, _: i64) -> T {
                x
            }
            #[inline(always)]
            fn merge(a: T, b: T) -> T {
                a.$merge(b)
            }
            #[inline(always)]
            fn finish(acc: T) -> T {
                acc
            }
        }
    )*};
}
fold!(
    Sum of Arithmetic: NOTHING, selects false, plus;
    Prod of Arithmetic: ONE, selects false, times;
    Min of Ordered: MOST, selects true, smaller;
    Max of Ordered: LEAST, selects true, larger;
);

/// What an index is sought by: as the widest dtype of its kind.
pub trait Sought: Ordered<Repr = Self> + Pod {
    /// That dtype.
    type Wide: Ordered;
    /// The smallest and the largest value, as accumulators have them.
    const BOUNDS: [u64; 2];
    /// As an accumulator has it.
    fn widen(self) -> u64;
    /// From there.
    fn wide(bits: u64) -> Self::Wide;
}

const fn same(bits: u64) -> u64 {
    bits
}

macro_rules! sought {
    ($($($T:ty),* as $Wide:ty: $bits:expr, $from:expr, $least:ident to $most:ident;)*) => {$($(
        impl Sought for $T {
            type Wide = $Wide;
            const BOUNDS: [u64; 2] = [$bits(<$T>::$least as $Wide), $bits(<$T>::$most as $Wide)];
            #[inline(always)]
            fn widen(self) -> u64 {
                $bits(self as $Wide)
            }
            #[inline(always)]
            fn wide(bits: u64) -> $Wide {
                $from(bits)
            }
        }
    )*)*};
}
sought!(
    i8, i16, i32, i64 as i64: i64::cast_unsigned, u64::cast_signed, MIN to MAX;
    u8, u16, u32, u64 as u64: same, same, MIN to MAX;
    f32, f64 as f64: f64::to_bits, f64::from_bits, NEG_INFINITY to INFINITY;
);

/// Where the first step begins that has an element like that; what is left after whole steps, if none has.
struct Step<'a, R, P> {
    xs: &'a [R],
    is: P,
}

impl<R, P: Fn(&R) -> bool> Loop for Step<'_, R, P> {
    type Out = usize;
    #[inline(always)]
    fn run(self) -> usize {
        let steps = self.xs.chunks_exact(LEAF * LANES);
        let mut from = 0;
        for step in steps {
            // All of it, without a branch, so that it is compiled to vectors.
            if step.iter().fold(false, |any, x| any | (self.is)(x)) {
                return from;
            }
            from += step.len();
        }
        from
    }
}

macro_rules! arg_fold {
    ($($name:ident by $values:ident, $before:tt, $worst:literal;)*) => {$(
        impl<T: Sought> Fold for $name<T> {
            type In = T;
            /// A value and its index.
            type Acc = [u64; 2];
            type Out = i64;
            const NEUTRAL: [u64; 2] = [T::BOUNDS[$worst], i64::MAX as u64];
            const SELECTS: bool = true;
            #[inline(always)]
            fn one(x: T, index: i64) -> [u64; 2] {
                [Sought::widen(x), index as u64]
            }
            /// NaN comes before everything; among equals the lower index, whatever the order of merging.
            #[inline(always)]
            fn merge(a: [u64; 2], b: [u64; 2]) -> [u64; 2] {
                let (x, y) = (T::wide(a[0]), T::wide(b[0]));
                let (nan_x, nan_y) = (x.not_a_number(), y.not_a_number());
                let better = ((y $before x) | nan_y) & !nan_x;
                let same = (x == y) | (nan_x & nan_y);
                let take = better | (same & (b[1] < a[1]));
                [if take { b[0] } else { a[0] }, if take { b[1] } else { a[1] }]
            }
            #[inline(always)]
            fn finish(acc: [u64; 2]) -> i64 {
                acc[1] as i64
            }
            /// The best value first, by the fast fold, then where it stands.
            fn slice(xs: &[T], first: i64) -> [u64; 2] {
                let best = $values::<T>::slice(xs, first);
                let is_best = |x: &T| (*x == best) | (x.not_a_number() & best.not_a_number());
                // Looked for in long steps first: which of a few it is, is asked one by one.
                let step = widest(Step { xs, is: is_best });
                let at = step + xs[step..].iter().position(is_best).expect("the best value is one of them");
                [Sought::widen(best), first as u64 + at as u64]
            }
        }
    )*};
}
arg_fold!(ArgMin by Min, <, 1; ArgMax by Max, >, 0;);
