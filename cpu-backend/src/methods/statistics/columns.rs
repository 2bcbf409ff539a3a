//! Variances of columns: a tile of rows is read from memory for the means, and from cache for the distances.

use super::moments::{BLOCK_BYTES, Float, Lines, Moments, SPAN, finish};
use crate::fused::fold::{STREAMS, Tree};
use crate::parallel::{collect, worth_sharing};
use crate::simd::{Loop, widest};
use polyarray_core::backend::specs::Var;

/// Columns of a tile: a page of float32, so that the processor reads ahead on each row.
const WIDTH: usize = 1024;

/// A variance per column, whose elements lie `step` apart.
pub fn columns<T: Float>(lines: &Lines<'_, T>, step: isize, spec: &Var, out: &mut [T]) {
    let (len, across) = (lines.len, lines.view.dims[lines.split - 1]);
    let width = across.min(WIDTH);
    let tiles = across.div_ceil(width);
    // Tiles stay in the second-level cache, even if their rows fall into few of its sets; and rows are added up one
    // after the other, so there are not many.
    let height = (2 * BLOCK_BYTES / (width * size_of::<T>())).next_multiple_of(STREAMS).clamp(16, 256);
    let span = (SPAN / width).next_multiple_of(height);
    let spans = len.div_ceil(span);
    let share = worth_sharing(out.len().saturating_mul(len), 4);
    let parts = collect(out.len() / across * tiles * spans, share, &|| (), &|_, i| {
        let (outer, tile, first) = (i / spans / tiles, i / spans % tiles, i % spans * span);
        let (column, last) = (tile * width, len.min(first + span));
        let width = width.min(across - column);
        let start = lines.start(outer * across + column) as isize;
        let row = |row: usize| &lines.view.data[(start + row as isize * step) as usize..][..width];
        let (mut total, mut tile) = (Columns::of(width), Tile::of(width));
        for top in (first..last).step_by(height) {
            let rows = top..last.min(top + height);
            let n = rows.len() as f64;
            tile.sums.fill(T::NOTHING);
            for_rows(rows.clone(), &row, &mut |rows| widest(AddRows { rows, to: &mut tile.sums }));
            widest(Means { n, tile: &mut tile });
            tile.sums.fill(T::ZERO);
            tile.squares.fill(T::ZERO);
            for_rows(rows, &row, &mut |rows| widest(AddDistances { rows, tile: &mut tile }));
            widest(MergeTile { n, tile: &tile, total: &mut total });
        }
        total
    });
    let mut parts = parts.into_iter();
    for out in out.chunks_mut(across).flat_map(|out| out.chunks_mut(width)) {
        let mut tree = Tree::new(|mut a: Columns, b: Columns| {
            widest(MergeColumns { a: &mut a, b: &b });
            a
        });
        parts.by_ref().take(spans).for_each(|part| tree.push(part));
        let total = tree.finish().expect("there are spans");
        out.iter_mut().enumerate().for_each(|(i, o)| *o = finish(total.moments(i), spec));
    }
}

/// What is added up at once.
enum Rows<'a, T> {
    Together([&'a [T]; STREAMS]),
    One(&'a [T]),
}

/// Calls `body` with as many rows as are read side by side, at the end with one at a time.
fn for_rows<'a, T>(
    rows: std::ops::Range<usize>,
    row: &dyn Fn(usize) -> &'a [T],
    body: &mut dyn FnMut(Rows<'a, T>),
) {
    let mut at = rows.start;
    while at + STREAMS <= rows.end {
        body(Rows::Together(std::array::from_fn(|i| row(at + i))));
        at += STREAMS;
    }
    (at..rows.end).for_each(|at| body(Rows::One(row(at))));
}

/// Moments of the columns so far: see [`Moments`].
struct Columns {
    n: f64,
    mean: Vec<f64>,
    rest: Vec<f64>,
    squares: Vec<f64>,
}

impl Columns {
    fn of(width: usize) -> Columns {
        Columns { n: 0.0, mean: vec![0.0; width], rest: vec![0.0; width], squares: vec![0.0; width] }
    }

    #[inline(always)]
    fn moments(&self, i: usize) -> Moments {
        Moments { n: self.n, mean: self.mean[i], rest: self.rest[i], squares: self.squares[i] }
    }

    /// Merges what `moments` says of each column.
    #[inline(always)]
    fn merge(&mut self, n: f64, moments: impl Fn(usize) -> Moments) {
        let (before, width) = (self.n, self.mean.len());
        let (mean, rest, squares) =
            (&mut self.mean[..width], &mut self.rest[..width], &mut self.squares[..width]);
        for i in 0..width {
            let a = Moments { n: before, mean: mean[i], rest: rest[i], squares: squares[i] };
            let both = if before == 0.0 { moments(i) } else { Moments::merge(a, moments(i)) };
            (mean[i], rest[i], squares[i]) = (both.mean, both.rest, both.squares);
        }
        self.n += n;
    }
}

/// Sums over a tile, column by column.
struct Tile<T> {
    means: Vec<T>,
    sums: Vec<T>,
    squares: Vec<T>,
}

impl<T: Float> Tile<T> {
    fn of(width: usize) -> Tile<T> {
        Tile { means: vec![T::ZERO; width], sums: vec![T::ZERO; width], squares: vec![T::ZERO; width] }
    }
}

struct AddRows<'a, T> {
    rows: Rows<'a, T>,
    to: &'a mut [T],
}

impl<T: Float> Loop for AddRows<'_, T> {
    type Out = ();
    #[inline(always)]
    fn run(self) {
        match self.rows {
            Rows::Together([a, b, c, d]) => {
                for ((((to, &a), &b), &c), &d) in self.to.iter_mut().zip(a).zip(b).zip(c).zip(d) {
                    *to = *to + ((a + b) + (c + d));
                }
            }
            Rows::One(row) => self.to.iter_mut().zip(row).for_each(|(to, &x)| *to = *to + x),
        }
    }
}

struct Means<'a, T> {
    n: f64,
    tile: &'a mut Tile<T>,
}

impl<T: Float> Loop for Means<'_, T> {
    type Out = ();
    #[inline(always)]
    fn run(self) {
        for (mean, sum) in self.tile.means.iter_mut().zip(&self.tile.sums) {
            *mean = T::of(sum.cast_to() / self.n);
        }
    }
}

struct AddDistances<'a, T> {
    rows: Rows<'a, T>,
    tile: &'a mut Tile<T>,
}

impl<T: Float> Loop for AddDistances<'_, T> {
    type Out = ();
    #[inline(always)]
    fn run(self) {
        let Tile { means, sums, squares } = self.tile;
        let each = sums.iter_mut().zip(squares).zip(means);
        match self.rows {
            Rows::Together([a, b, c, d]) => {
                for ((((((sum, square), &mut mean), &a), &b), &c), &d) in each.zip(a).zip(b).zip(c).zip(d) {
                    let (a, b, c, d) = (a - mean, b - mean, c - mean, d - mean);
                    *sum = *sum + ((a + b) + (c + d));
                    *square = *square + ((a * a + b * b) + (c * c + d * d));
                }
            }
            Rows::One(row) => {
                for (((sum, square), &mut mean), &x) in each.zip(row) {
                    let d = x - mean;
                    *sum = *sum + d;
                    *square = *square + d * d;
                }
            }
        }
    }
}

struct MergeTile<'a, T> {
    n: f64,
    tile: &'a Tile<T>,
    total: &'a mut Columns,
}

impl<T: Float> Loop for MergeTile<'_, T> {
    type Out = ();
    #[inline(always)]
    fn run(self) {
        let width = self.total.mean.len();
        let Tile { means, sums, squares } = self.tile;
        let (means, sums, squares) = (&means[..width], &sums[..width], &squares[..width]);
        self.total.merge(self.n, |i| {
            Moments::about(self.n, means[i].cast_to(), sums[i].cast_to(), squares[i].cast_to())
        });
    }
}

struct MergeColumns<'a> {
    a: &'a mut Columns,
    b: &'a Columns,
}

impl Loop for MergeColumns<'_> {
    type Out = ();
    #[inline(always)]
    fn run(self) {
        self.a.merge(self.b.n, |i| self.b.moments(i));
    }
}
