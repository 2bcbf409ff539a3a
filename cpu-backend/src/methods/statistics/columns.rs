//! Variances of columns: a tile of rows is read from memory for the means, and from cache for the distances.

use super::moments::{BLOCK, Float, LANES, Lines, Moments, SPAN, finish};
use crate::fused::fold::Tree;
use crate::parallel::{collect, worth_sharing};
use crate::simd::{Loop, widest};
use polyarray_core::backend::specs::Var;

/// Bytes of a tile, a block of rows: they stay in the second-level cache.
const TILE_BYTES: usize = 256 << 10;
/// Rows that are read side by side.
const TOGETHER: usize = 4;

/// A variance per column, whose elements lie `step` apart.
pub fn columns<T: Float>(lines: &Lines<'_, T>, step: isize, spec: &Var, out: &mut [T]) {
    let (len, across) = (lines.len, lines.view.dims[lines.split - 1]);
    let most = TILE_BYTES / (BLOCK.min(len) * size_of::<T>());
    let width = across.div_ceil(across.div_ceil(most)).next_multiple_of(LANES).min(across);
    let tiles = across.div_ceil(width);
    let span = (SPAN / width.next_power_of_two()).max(BLOCK);
    let spans = len.div_ceil(span);
    let share = worth_sharing(out.len().saturating_mul(len), 4);
    let parts = collect(out.len() / across * tiles * spans, share, &|| (), &|_, i| {
        let (outer, tile, first) = (i / spans / tiles, i / spans % tiles, i % spans * span);
        let (column, last) = (tile * width, len.min(first + span));
        let width = width.min(across - column);
        let start = lines.start(outer * across + column) as isize;
        let row = |row: usize| &lines.view.data[(start + row as isize * step) as usize..][..width];
        let mut tree = tree_of_columns();
        let mut tile = Tile::of(width);
        for top in (first..last).step_by(BLOCK) {
            tree.push(tile.moments(top, BLOCK.min(last - top), &row));
        }
        tree.finish().expect("there is a block")
    });
    let mut parts = parts.into_iter();
    for out in out.chunks_mut(across).flat_map(|out| out.chunks_mut(width)) {
        let mut tree = tree_of_columns();
        parts.by_ref().take(spans).for_each(|part| tree.push(part));
        let total = tree.finish().expect("there are spans");
        out.iter_mut().enumerate().for_each(|(i, o)| *o = finish(total.moments(i), spec));
    }
}

fn tree_of_columns() -> Tree<Columns, impl Fn(Columns, Columns) -> Columns> {
    Tree::new(|mut a: Columns, b: Columns| {
        widest(MergeColumns { a: &mut a, b: &b });
        a
    })
}

/// Moments of the columns so far: see [`Moments`].
struct Columns {
    n: f64,
    mean: Vec<f64>,
    rest: Vec<f64>,
    squares: Vec<f64>,
}

impl Columns {
    #[inline(always)]
    fn moments(&self, i: usize) -> Moments {
        Moments { n: self.n, mean: self.mean[i], rest: self.rest[i], squares: self.squares[i] }
    }
}

/// Halvings of the lanes, and the lane that is added up.
const LEVELS: usize = LANES.ilog2() as usize + 1;

/// What a tile is added up in, column by column: a row for each level of the tree of lanes.
struct Tile<T> {
    means: Vec<T>,
    sums: Vec<T>,
    squares: Vec<T>,
}

impl<T: Float> Tile<T> {
    fn of(width: usize) -> Tile<T> {
        let levels = || vec![T::ZERO; LEVELS * width];
        Tile { means: vec![T::ZERO; width], sums: levels(), squares: levels() }
    }

    /// The moments of a block of rows.
    fn moments<'a>(&mut self, top: usize, rows: usize, row: &dyn Fn(usize) -> &'a [T]) -> Columns {
        let (width, n) = (self.means.len(), rows as f64);
        let whole = rows / LANES * LANES;
        let lane = |first: usize| (top + first..top + whole).step_by(LANES);
        let tail = top + whole..top + rows;
        let Tile { means, sums, squares } = self;
        sums[..width].fill(T::NOTHING);
        if whole > 0 {
            by_lanes([sums], width, 0, 1, &mut |first, [to]| {
                to.fill(T::NOTHING);
                for_rows(lane(first), row, &mut |rows| widest(AddRows { rows, to }));
            });
        }
        for_rows(tail.clone(), row, &mut |rows| widest(AddRows { rows, to: &mut sums[..width] }));
        widest(Means { n, means, sums });
        sums[..width].fill(T::ZERO);
        squares[..width].fill(T::ZERO);
        if whole > 0 {
            by_lanes([sums, squares], width, 0, 1, &mut |first, [sums, squares]| {
                sums.fill(T::ZERO);
                squares.fill(T::ZERO);
                for_rows(lane(first), row, &mut |rows| widest(AddDistances { rows, means, sums, squares }));
            });
        }
        for_rows(tail, row, &mut |rows| {
            widest(AddDistances { rows, means, sums: &mut sums[..width], squares: &mut squares[..width] });
        });
        let zeros = || vec![0.0; width];
        let mut columns = Columns { n, mean: zeros(), rest: zeros(), squares: zeros() };
        widest(Finish { means, sums, squares, columns: &mut columns });
        columns
    }
}

/// Adds up every `step`th lane from `first` on into the first rows of some buffers, in the order of a halved row of lanes; the
/// other rows of the buffers are for its parts.
fn by_lanes<T: Float, const N: usize>(
    mut buffers: [&mut [T]; N],
    width: usize,
    first: usize,
    step: usize,
    lane: &mut dyn FnMut(usize, [&mut [T]; N]),
) {
    if step == LANES {
        return lane(first, buffers.map(|buffer| &mut buffer[..width]));
    }
    by_lanes(buffers.each_mut().map(|buffer| &mut **buffer), width, first, 2 * step, lane);
    by_lanes(buffers.each_mut().map(|buffer| &mut buffer[width..]), width, first + step, 2 * step, lane);
    for buffer in buffers {
        let (to, other) = buffer.split_at_mut(width);
        widest(Add { to, other: &other[..width] });
    }
}

/// Rows of one lane.
enum Rows<'a, T> {
    Together([&'a [T]; TOGETHER]),
    One(&'a [T]),
}

/// Calls `body` with as many rows as are read side by side, at the end with one at a time.
fn for_rows<'a, T>(
    mut rows: impl ExactSizeIterator<Item = usize>,
    row: &dyn Fn(usize) -> &'a [T],
    body: &mut dyn FnMut(Rows<'a, T>),
) {
    while rows.len() >= TOGETHER {
        body(Rows::Together(std::array::from_fn(|_| row(rows.next().expect("there are as many")))));
    }
    rows.for_each(|at| body(Rows::One(row(at))));
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
                    *to = *to + a + b + c + d;
                }
            }
            Rows::One(row) => self.to.iter_mut().zip(row).for_each(|(to, &x)| *to = *to + x),
        }
    }
}

struct Add<'a, T> {
    to: &'a mut [T],
    other: &'a [T],
}

impl<T: Float> Loop for Add<'_, T> {
    type Out = ();
    #[inline(always)]
    fn run(self) {
        self.to.iter_mut().zip(self.other).for_each(|(to, &x)| *to = *to + x);
    }
}

struct Means<'a, T> {
    n: f64,
    means: &'a mut [T],
    sums: &'a [T],
}

impl<T: Float> Loop for Means<'_, T> {
    type Out = ();
    #[inline(always)]
    fn run(self) {
        for (mean, sum) in self.means.iter_mut().zip(self.sums) {
            *mean = T::of(sum.cast_to() / self.n);
        }
    }
}

struct AddDistances<'a, T> {
    rows: Rows<'a, T>,
    means: &'a [T],
    sums: &'a mut [T],
    squares: &'a mut [T],
}

impl<T: Float> Loop for AddDistances<'_, T> {
    type Out = ();
    #[inline(always)]
    fn run(self) {
        let each = self.sums.iter_mut().zip(self.squares).zip(self.means);
        match self.rows {
            Rows::Together([a, b, c, d]) => {
                for ((((((sum, square), &mean), &a), &b), &c), &d) in each.zip(a).zip(b).zip(c).zip(d) {
                    let (a, b, c, d) = (a - mean, b - mean, c - mean, d - mean);
                    *sum = *sum + a + b + c + d;
                    *square = *square + a * a + b * b + c * c + d * d;
                }
            }
            Rows::One(row) => {
                for (((sum, square), &mean), &x) in each.zip(row) {
                    let d = x - mean;
                    *sum = *sum + d;
                    *square = *square + d * d;
                }
            }
        }
    }
}

struct Finish<'a, T> {
    means: &'a [T],
    sums: &'a [T],
    squares: &'a [T],
    columns: &'a mut Columns,
}

impl<T: Float> Loop for Finish<'_, T> {
    type Out = ();
    #[inline(always)]
    fn run(self) {
        let Columns { n, mean, rest, squares } = self.columns;
        let to = mean.iter_mut().zip(rest).zip(squares);
        for (((mean, rest), squares), ((&m, &s), &q)) in
            to.zip(self.means.iter().zip(self.sums).zip(self.squares))
        {
            let moments = Moments::about(*n, m.cast_to(), s.cast_to(), q.cast_to());
            (*mean, *rest, *squares) = (moments.mean, moments.rest, moments.squares);
        }
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
        let (Columns { n, mean, rest, squares }, b) = (self.a, self.b);
        let width = mean.len();
        let (mean, rest, squares) = (&mut mean[..width], &mut rest[..width], &mut squares[..width]);
        for i in 0..width {
            let a = Moments { n: *n, mean: mean[i], rest: rest[i], squares: squares[i] };
            let both = Moments::merge(a, b.moments(i));
            (mean[i], rest[i], squares[i]) = (both.mean, both.rest, both.squares);
        }
        *n += b.n;
    }
}
