//! The reductions on elements: how a run of them becomes one accumulator, and how accumulators merge.
//!
//! Every order of evaluation is a function of lengths alone. Sums run in 32 interleaved lanes over 512 elements at
//! a time (in 16 over what is left of them), and everything above that merges pairwise, so the error grows with the
//! logarithm.

use crate::lane::{Lane, Ordered};
use crate::simd::{Loop, widest};
use smallvec::SmallVec;
use std::marker::PhantomData;

/// A reduction in one dtype.
pub trait Fold: Send + Sync + 'static {
    /// Elements.
    type In: Lane;
    /// Accumulators.
    type Acc: Copy + Send + Sync;
    /// Results.
    type Out: Lane;
    /// Merging with it changes nothing.
    const NEUTRAL: Self::Acc;
    /// The result of no elements, where there is one.
    const EMPTY: Option<Self::Out>;
    /// One element and its index among the reduced ones.
    fn one(x: Self::In, index: i64) -> Self::Acc;
    /// `a` comes before `b`.
    fn merge(a: Self::Acc, b: Self::Acc) -> Self::Acc;
    /// The result.
    fn finish(acc: Self::Acc) -> Self::Out;
    /// A run of elements, the first of which has index `first`.
    fn slice(xs: &[Repr<Self>], first: i64) -> Self::Acc {
        let _ = first;
        widest(Lanes::<Self>(xs))
    }
}

/// A fold's elements as stored.
pub type Repr<F> = <<F as Fold>::In as polyarray_core::Element>::Repr;

/// Lanes while there are enough elements: four registers of AVX2, so that no merge waits for the one before.
const WIDE: usize = 32;
/// Lanes of the elements left over.
const LANES: usize = 16;
/// Elements that the lanes run over before they are merged.
const LEAF: usize = 16 * WIDE;

struct Lanes<'a, F: Fold + ?Sized>(&'a [Repr<F>]);

impl<F: Fold + ?Sized> Loop for Lanes<'_, F> {
    type Out = F::Acc;
    #[inline(always)]
    fn run(self) -> F::Acc {
        let of = |&x: &Repr<F>| F::one(F::In::from_repr(x), 0);
        let mut total = F::NEUTRAL;
        for leaf in self.0.chunks(LEAF) {
            let (wide, left) = leaf.as_chunks::<WIDE>();
            let (rows, tail) = left.as_chunks::<LANES>();
            let mut lanes = [F::NEUTRAL; WIDE];
            for row in wide {
                for (lane, x) in lanes.iter_mut().zip(row) {
                    *lane = F::merge(*lane, of(x));
                }
            }
            if !wide.is_empty() {
                halve::<F>(&mut lanes, LANES);
            }
            for row in rows {
                for (lane, x) in lanes.iter_mut().zip(row) {
                    *lane = F::merge(*lane, of(x));
                }
            }
            if leaf.len() >= LANES {
                halve::<F>(&mut lanes[..LANES], 1);
                total = F::merge(total, lanes[0]);
            }
            let rest = tail.iter().fold(F::NEUTRAL, |acc, x| F::merge(acc, of(x)));
            total = F::merge(total, rest);
        }
        total
    }
}

/// Merges the upper half of the lanes into the lower one until `left` are left.
#[inline(always)]
fn halve<F: Fold + ?Sized>(lanes: &mut [F::Acc], left: usize) {
    let mut half = lanes.len() / 2;
    while half >= left {
        for i in 0..half {
            lanes[i] = F::merge(lanes[i], lanes[i + half]);
        }
        half /= 2;
    }
}

/// A row of elements, all of index `index`, merged with a row of accumulators into another one: in place, keeping
/// an accumulator becomes a store under a mask, which took max twice the time of sum.
pub struct RowInto<'a, F: Fold> {
    /// The accumulators so far.
    pub from: &'a [F::Acc],
    /// The elements.
    pub row: &'a [Repr<F>],
    /// Their index among the reduced ones.
    pub index: i64,
    /// The accumulators with the row.
    pub to: &'a mut [F::Acc],
}

impl<F: Fold> Loop for RowInto<'_, F> {
    type Out = ();
    #[inline(always)]
    fn run(self) {
        for ((to, &acc), &x) in self.to.iter_mut().zip(self.from).zip(self.row) {
            *to = F::merge(acc, F::one(F::In::from_repr(x), self.index));
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
/// Is any true?
pub struct Any;
/// Are all true?
pub struct All;
/// Index of the first minimum.
pub struct ArgMin<T>(PhantomData<T>);
/// Index of the first maximum.
pub struct ArgMax<T>(PhantomData<T>);

macro_rules! fold {
    ($([$($generics:tt)*] $name:ty: $In:ty, $Acc:ty => $Out:ty, $neutral:expr, $empty:expr,
        |$x:ident| $one:expr, |$a:ident, $b:ident| $merge:expr, |$acc:ident| $finish:expr;)*) => {$(
        impl<$($generics)*> Fold for $name {
            type In = $In;
            type Acc = $Acc;
            type Out = $Out;
            const NEUTRAL: $Acc = $neutral;
            const EMPTY: Option<$Out> = $empty;
            #[inline(always)]
            fn one($x: $In, _: i64) -> $Acc { $one }
            #[inline(always)]
            fn merge($a: $Acc, $b: $Acc) -> $Acc { $merge }
            #[inline(always)]
            fn finish($acc: $Acc) -> $Out { $finish }
        }
    )*};
}
fold!(
    [T: Lane] Sum<T>: T, T::Acc => T, T::Acc::NOTHING, Some(T::ZERO),
        |x| x.widen(), |a, b| a.plus(b), |acc| T::narrow(acc);
    [T: Lane] Prod<T>: T, T::Acc => T, T::Acc::ONE, Some(T::ONE),
        |x| x.widen(), |a, b| a.times(b), |acc| T::narrow(acc);
    [T: Ordered] Min<T>: T, T => T, T::MOST, None, |x| x, |a, b| a.smaller(b), |acc| acc;
    [T: Ordered] Max<T>: T, T => T, T::LEAST, None, |x| x, |a, b| a.larger(b), |acc| acc;
    [] Any: bool, bool => bool, false, Some(false), |x| x, |a, b| a | b, |acc| acc;
    [] All: bool, bool => bool, true, Some(true), |x| x, |a, b| a & b, |acc| acc;
);

macro_rules! arg_fold {
    ($($name:ident by $values:ident, $before:tt, $worst:ident;)*) => {$(
        impl<T: Ordered> Fold for $name<T> {
            type In = T;
            type Acc = (T, i64);
            type Out = i64;
            const NEUTRAL: (T, i64) = (T::$worst, i64::MAX);
            const EMPTY: Option<i64> = None;
            #[inline(always)]
            fn one(x: T, index: i64) -> (T, i64) { (x, index) }
            /// NaN comes before everything; among equals the lower index, whatever the order of merging.
            #[inline(always)]
            fn merge(a: (T, i64), b: (T, i64)) -> (T, i64) {
                let (nan_a, nan_b) = (a.0.not_a_number(), b.0.not_a_number());
                let better = ((b.0 $before a.0) | nan_b) & !nan_a;
                let same = (a.0 == b.0) | (nan_a & nan_b);
                let take = better | (same & (b.1 < a.1));
                (if take { b.0 } else { a.0 }, if take { b.1 } else { a.1 })
            }
            fn finish(acc: (T, i64)) -> i64 { acc.1 }
            /// The best value first, by the fast fold, then where it stands.
            fn slice(xs: &[T::Repr], first: i64) -> (T, i64) {
                let best = $values::<T>::slice(xs, first);
                let at = xs.iter().position(|&x| {
                    let x = T::from_repr(x);
                    x == best || (x.not_a_number() && best.not_a_number())
                });
                (best, first + at.expect("the best value is one of them") as i64)
            }
        }
    )*};
}
arg_fold!(ArgMin by Min, <, MOST; ArgMax by Max, >, LEAST;);
