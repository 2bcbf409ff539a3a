//! The order in which sums and products add up their elements, where these are computed block by block, or many results lie
//! beside each other: the order of [`super::fold`] on a run, a function of the number of elements only.
//!
//! A run has four streams of 16 lanes: rows of 64 elements, or, where it is long, a quarter each. Here every lane of every
//! result has an accumulator, so that what lies beside each other is merged as one long row.

use super::fold::{FAR, LANES, LEAF, STREAMS};
use super::program::{LONG_ROW, Program, Scratch};
use super::reducer::Reducer;
use crate::erased::{Erased, room};
use crate::parallel::collect;
use std::ops::Range;

/// Bytes of accumulators of a tile: of whole rows, as a block for each part of one would cost more than it brings (4096 × 4096
/// float32 times a column: 256 KiB 30 ms, 1 MiB 7).
const TILE_BYTES: usize = 1 << 20;
/// The same where a leaf is all, and read where it lies.
const LEAF_BYTES: usize = 64 << 10;
/// Long rows that are read side by side.
const AT_ONCE: usize = 8;

/// Accumulators as bytes.
#[derive(Default)]
pub struct Accs {
    words: Vec<Erased>,
    bytes: usize,
}

impl Accs {
    /// Room for so many.
    pub fn room(r: &Reducer, n: usize) -> Accs {
        Accs { words: room(n * r.acc), bytes: n * r.acc }
    }

    /// So many that change nothing.
    pub fn neutral(r: &Reducer, n: usize) -> Accs {
        let mut accs = Accs::room(r, n);
        let neutral = &bytemuck::bytes_of(&r.neutral)[..r.acc];
        accs.bytes_mut().chunks_exact_mut(r.acc).for_each(|acc| acc.copy_from_slice(neutral));
        accs
    }

    /// A copy.
    pub fn of(accs: &[u8]) -> Accs {
        let mut copy = Accs { words: room(accs.len()), bytes: accs.len() };
        copy.bytes_mut().copy_from_slice(accs);
        copy
    }

    /// The same memory for another number.
    fn resize(&mut self, r: &Reducer, n: usize) {
        self.bytes = n * r.acc;
        if self.words.len() * size_of::<Erased>() < self.bytes {
            self.words = room(self.bytes);
        }
    }

    pub fn bytes(&self) -> &[u8] {
        &bytemuck::cast_slice(&self.words)[..self.bytes]
    }

    pub fn bytes_mut(&mut self) -> &mut [u8] {
        &mut bytemuck::cast_slice_mut(&mut self.words)[..self.bytes]
    }
}

/// What a thread adds up in.
pub struct Sums {
    pub scratch: Scratch,
    total: Accs,
    leaf: Accs,
}

impl Sums {
    /// For a program.
    pub fn new(program: &Program<'_>) -> Sums {
        Sums { scratch: program.scratch(), total: Accs::default(), leaf: Accs::default() }
    }
}

/// Elements that are merged into a number of lanes.
#[derive(Clone)]
struct Stream {
    /// The first of its lanes.
    lane: usize,
    lanes: usize,
    elements: Range<usize>,
}

impl Stream {
    /// Those of a run of so many elements: a few are left at its end.
    fn of(len: usize) -> impl Iterator<Item = Stream> {
        let rows = len / LANES;
        let (n, lanes) = if rows < FAR { (1, STREAMS * LANES) } else { (STREAMS, LANES) };
        let part = rows / STREAMS * STREAMS * LANES / n;
        (0..n).map(move |i| Stream { lane: i * LANES, lanes, elements: i * part..(i + 1) * part })
    }

    /// Its leaves.
    fn leaves(self) -> impl Iterator<Item = Stream> {
        let (end, step) = (self.elements.end, self.lanes * LEAF);
        self.elements
            .clone()
            .step_by(step)
            .map(move |start| Stream { elements: start..end.min(start + step), ..self.clone() })
    }
}

/// Runs of elements beside each other, which are added up each: element `i` of run `j` is number `start + i * across + j` of the
/// program.
pub struct Runs<'a> {
    pub reducer: &'a Reducer,
    pub program: &'a Program<'a>,
    pub start: usize,
    /// Elements of a run.
    pub len: usize,
    pub across: usize,
    /// Number of runs.
    pub width: usize,
}

impl Runs<'_> {
    /// Most runs beside each other.
    pub fn most(r: &Reducer, program: &Program<'_>, len: usize) -> usize {
        let lies = program.whole().is_some();
        let bytes = if lies && len <= STREAMS * LANES * LEAF { LEAF_BYTES } else { TILE_BYTES };
        let most = bytes / (STREAMS * LANES * r.acc);
        if lies { most } else { most.min(program.block) }
    }

    /// Leaves of a run, which can be added up by several threads.
    pub fn leaves(&self) -> usize {
        Stream::of(self.len).flat_map(Stream::leaves).count()
    }

    /// The accumulators of the runs.
    pub fn fold<'s>(&self, sums: &'s mut Sums) -> &'s [u8] {
        let Sums { scratch, total, leaf } = sums;
        total.resize(self.reducer, self.lanes() * self.width);
        for stream in Stream::of(self.len).filter(|stream| !stream.elements.is_empty()) {
            let accs = &mut total.bytes_mut()[self.part(&stream)];
            self.add(&stream, accs, true, leaf, scratch);
        }
        self.finish(total, leaf, scratch)
    }

    /// The same on several threads.
    pub fn fold_shared(&self) -> Accs {
        let leaves: Vec<Stream> = Stream::of(self.len).flat_map(Stream::leaves).collect();
        let parts = collect(leaves.len(), true, &|| Sums::new(self.program), &|sums, i| {
            let mut accs = Accs::room(self.reducer, leaves[i].lanes * self.width);
            self.add(&leaves[i], accs.bytes_mut(), true, &mut sums.leaf, &mut sums.scratch);
            accs
        });
        let mut total = Accs::room(self.reducer, self.lanes() * self.width);
        let mut before = None;
        for (leaf, part) in leaves.iter().zip(&parts) {
            let accs = &mut total.bytes_mut()[self.part(leaf)];
            if before.replace(leaf.lane) == Some(leaf.lane) {
                (self.reducer.merge_rows)(accs, part.bytes());
            } else {
                accs.copy_from_slice(part.bytes());
            }
        }
        let mut sums = Sums::new(self.program);
        self.finish(&mut total, &mut sums.leaf, &mut sums.scratch);
        total.bytes = self.width * self.reducer.acc;
        total
    }

    /// Lanes that the run reaches.
    fn lanes(&self) -> usize {
        match self.len / LANES {
            0 => 1,
            1..STREAMS => LANES,
            _ => STREAMS * LANES,
        }
    }

    /// Where a stream's accumulators are.
    fn part(&self, stream: &Stream) -> Range<usize> {
        let lane = self.width * self.reducer.acc;
        stream.lane * lane..(stream.lane + stream.lanes) * lane
    }

    /// Merges what is left of the runs, and the lanes.
    fn finish<'s>(&self, total: &'s mut Accs, leaf: &mut Accs, scratch: &mut Scratch) -> &'s [u8] {
        let (lane, merge) = (self.width * self.reducer.acc, self.reducer.merge_rows);
        let total = total.bytes_mut();
        let rows = self.len / LANES;
        let rest = Stream { lane: 0, lanes: LANES, elements: rows / STREAMS * STREAMS * LANES..rows * LANES };
        if !rest.elements.is_empty() {
            self.add(&rest, &mut total[..LANES * lane], rows < STREAMS, leaf, scratch);
        }
        let mut merge_lanes = |to: usize, from: usize, lanes: usize| {
            let (to_part, from_part) = total.split_at_mut(from * lane);
            merge(&mut to_part[to * lane..][..lanes * lane], &from_part[..lanes * lane]);
        };
        if rows >= STREAMS {
            merge_lanes(0, 2 * LANES, LANES);
            merge_lanes(LANES, 3 * LANES, LANES);
            merge_lanes(0, LANES, LANES);
        }
        if rows > 0 {
            [8, 4, 2, 1].into_iter().for_each(|half| merge_lanes(0, half, half));
        }
        let tail = Stream { lane: 0, lanes: 1, elements: rows * LANES..self.len };
        self.add(&tail, &mut total[..lane], rows == 0, leaf, scratch);
        &total[..lane]
    }

    /// Merges the elements of a stream into its accumulators, which may be fresh, leaf by leaf.
    fn add(&self, stream: &Stream, accs: &mut [u8], fresh: bool, leaf: &mut Accs, scratch: &mut Scratch) {
        leaf.resize(self.reducer, stream.lanes * self.width);
        let mut adding = Adding { runs: self, lanes: stream.lanes, done: 0, accs, fresh, leaf };
        let Range { start: first, end } = stream.elements;
        let number = |element: usize| self.start + element * self.across;
        match self.program.whole() {
            Some(all) if self.width == self.across => {
                let size = self.reducer.element;
                adding.push(&all[number(first) * size..number(end) * size]);
            }
            Some(all) => adding.push_apart(all, number(first), end - first),
            None if self.across == 1 => {
                self.program.blocks(number(first)..number(end)).for_each(|block| {
                    adding.push(self.program.load(scratch, block));
                });
            }
            None => {
                // Whole rows that lie together, or are short, are computed several to a block.
                let together = self.width == self.across && (self.program.dense || self.across < LONG_ROW);
                let group = if together { (self.program.block / self.across).max(1) } else { 1 };
                for element in (first..end).step_by(group) {
                    let n = group.min(end - element);
                    let start = number(element);
                    adding.push(self.program.load(scratch, start..start + n * self.width));
                }
            }
        }
        adding.flush();
    }
}

/// Elements being merged into lanes.
struct Adding<'a> {
    runs: &'a Runs<'a>,
    lanes: usize,
    /// Elements of each run so far.
    done: usize,
    accs: &'a mut [u8],
    /// They had nothing at first.
    fresh: bool,
    leaf: &'a mut Accs,
}

impl Adding<'_> {
    /// Merges the next elements, those of a run `width` apart.
    fn push(&mut self, mut elements: &[u8]) {
        let (r, width) = (self.runs.reducer, self.runs.width);
        while !elements.is_empty() {
            let (lane, left) = (self.done % self.lanes, elements.len() / (width * r.element));
            let leaf = self.lanes * LEAF;
            if width == 1 && left >= leaf && self.done > 0 && self.done.is_multiple_of(leaf) {
                let leaves = left / leaf;
                self.leaf.resize(r, leaves * self.lanes);
                (r.leaf_sums)(
                    &elements[..leaves * leaf * r.element],
                    self.lanes > LANES,
                    self.leaf.bytes_mut(),
                );
                (r.rows_onto)(self.accs, self.leaf.bytes(), self.lanes, leaves, false);
                elements = &elements[leaves * leaf * r.element..];
                self.done += leaves * leaf;
                continue;
            }
            // All lanes several times, or some of them once.
            let (n, lanes) = match left / self.lanes {
                rows @ 1.. if lane == 0 => (rows.min(self.rows_of_leaf()), self.lanes),
                _ => (1, left.min(self.lanes - lane)),
            };
            let (accs, fresh) = self.open(0);
            let accs = &mut accs[lane * width * r.acc..][..lanes * width * r.acc];
            (r.rows_onto)(accs, elements, lanes * width, n, fresh);
            elements = &elements[n * lanes * width * r.element..];
            self.took(n * lanes);
        }
    }

    /// Merges so many elements of each run, those of a run `across` apart from number `first` on, a multiple of the lanes.
    fn push_apart(&mut self, all: &[u8], first: usize, elements: usize) {
        let (r, width, across, lanes) = (self.runs.reducer, self.runs.width, self.runs.across, self.lanes);
        let end = self.done + elements;
        while self.done < end {
            let rows = ((end - self.done) / lanes).min(self.rows_of_leaf());
            for lane in 0..lanes {
                // More rows at once would be in each other's way in the first-level cache.
                for row in (0..rows).step_by(AT_ONCE) {
                    let n = AT_ONCE.min(rows - row);
                    let element = first + (self.done + row * lanes + lane) * across;
                    let (accs, fresh) = self.open(row);
                    let accs = &mut accs[lane * width * r.acc..][..width * r.acc];
                    (r.rows_onto)(accs, &all[element * r.element..], lanes * across, n, fresh);
                }
            }
            self.took(rows * lanes);
        }
    }

    /// Rows of lanes that are left of the leaf.
    fn rows_of_leaf(&self) -> usize {
        LEAF - self.done / self.lanes % LEAF
    }

    /// The accumulators of the leaf, those of the stream for the first one; and whether they have nothing yet, so many rows of
    /// lanes on.
    fn open(&mut self, rows: usize) -> (&mut [u8], bool) {
        let begins = (self.done / self.lanes + rows).is_multiple_of(LEAF);
        if self.done < self.lanes * LEAF {
            return (self.accs, begins && self.fresh);
        }
        (self.leaf.bytes_mut(), begins)
    }

    fn took(&mut self, elements: usize) {
        self.done += elements;
        if self.done.is_multiple_of(self.lanes * LEAF) {
            self.merge_leaf();
        }
    }

    fn merge_leaf(&mut self) {
        if self.done > self.lanes * LEAF {
            (self.runs.reducer.merge_rows)(self.accs, self.leaf.bytes());
        }
    }

    /// Merges the last leaf, if it is not whole.
    fn flush(&mut self) {
        if !self.done.is_multiple_of(self.lanes * LEAF) {
            self.merge_leaf();
        }
    }
}
