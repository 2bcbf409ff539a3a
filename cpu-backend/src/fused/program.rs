//! A fused kernel made ready to run: its loops found, its values given registers, its inputs' walks classified.
//!
//! A block of elements goes through the whole code before the next one starts, so intermediate values stay in
//! the processor's cache. Inputs that lie densely are read where they are; only strided ones are gathered into
//! a register first. The last value is written straight into the output.

mod build;
mod code;
mod join;
mod registers;
mod scratch;

use super::loops::{Operand, repeat_first};
use super::transpose_tiles::{self, Turned};
use crate::iteration::{position, unravel, walk};
use code::{Param, Place, Slot, Source, Step, Work};
use polyarray_core::expr::{Dims, Strides};
pub use scratch::{Line, Scratch};
use scratch::{Tiles, Values};
use std::ops::Range;

/// Bytes of one register: a few fit the second-level cache, and the processor reads ahead on runs of several pages
/// (a*b+c on 16 Mi f32, one thread of a busy machine: 8 KiB 41 ms, 32 KiB 32 ms, 128 KiB 36 ms).
const REGISTER_BYTES: usize = 32 << 10;
/// Rows at least this long are worth a block each: within a row every input is dense, repeated or evenly
/// strided. Shorter ones are computed together, which costs a copy of the inputs that are not dense: for rows of 256
/// that is a third of what a block for each row costs.
pub const LONG_ROW: usize = 1024;
/// Elements of the longest row whose reduction is broadcast back: its registers still fit the second-level cache.
pub const LONGEST_ROW: usize = 16 << 10;
/// Rows at least this long are computed one by one: their results are then scalars. Shorter ones are
/// taken together, and what is one value for each of them is written to each of its elements where it meets these.
const SINGLE_ROW: usize = 512;

/// A kernel ready to run over one order of its axes.
pub struct Program<'k> {
    dims: Dims,
    slots: Vec<Slot>,
    /// In order; that of the result, if it takes one, is the last.
    steps: Vec<Step>,
    /// Where values are: of parameters and constants for good, of others until their step is done.
    places: Vec<Place>,
    sources: Vec<Source<'k>>,
    params: Vec<Param>,
    /// Steps of the row-major index, axis by axis; none where no value is an index.
    iota: Strides,
    registers: usize,
    /// Elements of a row whose reduction is broadcast back; 0 where none is.
    pub row: usize,
    /// Most elements of a block; whole rows, where their reductions are broadcast back.
    pub block: usize,
    /// Any range of elements can be computed without gathering.
    pub dense: bool,
}

impl<'k> Program<'k> {
    /// Work per element, roughly, in instructions: decides what is worth a second thread.
    pub fn cost(&self) -> usize {
        self.slots.len()
    }

    /// Registers for one thread.
    pub fn scratch(&self) -> Scratch {
        Scratch::new(self.registers, &self.places)
    }

    /// Rows and columns of the tiles that the iteration is worth cutting into, because inputs are turned.
    pub fn tile(&mut self) -> Option<(usize, usize)> {
        let &[.., height, width] = &self.dims[..] else { return None };
        if self.row > 0 {
            return None;
        }
        // Bands of rows are equally long, so that none crosses from one matrix to the next.
        if height < transpose_tiles::HEIGHT
            || width < transpose_tiles::HEIGHT
            || (self.dims.len() > 2 && height % transpose_tiles::HEIGHT > 0)
        {
            return None;
        }
        let mut number = 0;
        for source in &mut self.sources {
            if let [.., 1, across] = source.strides[..]
                && across.unsigned_abs() >= transpose_tiles::HEIGHT
            {
                source.turned = Some(number);
                number += 1;
            }
        }
        let size = self.slots.iter().map(|slot| slot.size).max().unwrap_or(1);
        (number > 0).then_some((transpose_tiles::HEIGHT, transpose_tiles::width(size).min(self.block)))
    }

    /// Copies the tile of each turned input that starts at a row-major position.
    pub fn copy_tiles(&self, scratch: &mut Scratch, start: usize, height: usize, width: usize) {
        let index = unravel(start, &self.dims);
        scratch.0.tiles.start = Some(start);
        for source in &self.sources {
            let (Some(number), [.., down, across]) = (source.turned, &source.strides[..]) else { continue };
            let copies = &mut scratch.0.tiles.copies;
            if copies.len() <= number {
                copies.resize_with(number + 1, Vec::new);
            }
            copies[number].resize(transpose_tiles::bytes(source.size).div_ceil(64), Line::ZERO);
            let at = position(&index, &source.strides, source.offset);
            let tile = Turned { at, across: *across, down: *down };
            let out = bytemuck::cast_slice_mut(&mut copies[number]);
            transpose_tiles::copy(
                source.bytes,
                source.size,
                tile,
                height,
                width,
                &mut out[..transpose_tiles::bytes(source.size)],
            );
        }
    }

    /// The input that is the result as it stands.
    fn plain(&self) -> Option<&Source<'_>> {
        let [Step { work: Work::Load(i), .. }] = self.steps[..] else { return None };
        Some(&self.sources[i]).filter(|source| source.dense)
    }

    /// All elements in order, where they are those of an input that lies densely.
    pub fn whole(&self) -> Option<&[u8]> {
        self.plain().map(|source| &source.bytes[source.offset as usize * source.size..])
    }

    /// Cuts a range of elements into blocks: along rows where these are long, else anywhere, and not at all where
    /// nothing is computed.
    pub fn blocks(&self, range: Range<usize>) -> impl Iterator<Item = Range<usize>> + use<> {
        let row = match self.dims.last() {
            Some(&inner) if !self.dense && inner >= LONG_ROW && self.row == 0 => inner,
            _ => usize::MAX,
        };
        let block = if self.plain().is_some() { usize::MAX } else { self.block };
        let (mut at, end) = (range.start, range.end);
        std::iter::from_fn(move || {
            if at >= end {
                return None;
            }
            let start = at;
            at = end.min(start.saturating_add(block.min(row - start % row)));
            Some(start..at)
        })
    }

    /// Computes the elements from number `start` on into `out`, block by block.
    pub fn fill(&self, scratch: &mut Scratch, start: usize, out: &mut [u8]) {
        let size = self.result().size;
        for block in self.blocks(start..start + out.len() / size) {
            let part = (block.start - start) * size..(block.end - start) * size;
            self.store(scratch, block, &mut out[part]);
        }
    }

    /// The same of a band of whole rows, `inner` elements each, in tiles of `width` columns: see [`Program::tile`].
    pub fn fill_band(&self, scratch: &mut Scratch, start: usize, inner: usize, width: usize, out: &mut [u8]) {
        let size = self.result().size;
        let rows = out.len() / size / inner;
        for first in (0..inner).step_by(width) {
            let width = width.min(inner - first);
            self.copy_tiles(scratch, start + first, rows, width);
            for row in 0..rows {
                let at = row * inner + first;
                let block = start + at..start + at + width;
                self.store(scratch, block, &mut out[at * size..(at + width) * size]);
            }
        }
    }

    /// Computes a block of [`Program::blocks`] into `out`.
    pub fn store(&self, scratch: &mut Scratch, range: Range<usize>, out: &mut [u8]) {
        self.compute(scratch, range.clone());
        let (size, place) = (self.result().size, self.last(scratch, range, out));
        match place {
            Place::Register => {}
            Place::Splat => repeat_first(out, size),
            _ => match self.operand(self.slots.len() - 1, place, scratch.values()) {
                Operand::Each(bytes) => out.copy_from_slice(&bytes[..out.len()]),
                Operand::Splat(bytes) => {
                    out[..size].copy_from_slice(&bytes[..size]);
                    repeat_first(out, size);
                }
            },
        }
    }

    /// Computes a block of [`Program::blocks`], or a shorter one, and lends it: from the input itself where the code
    /// is a plain read of it.
    pub fn load<'s>(&'s self, scratch: &'s mut Scratch, range: Range<usize>) -> &'s [u8] {
        if let Some(source) = self.plain() {
            let at = (source.offset as usize + range.start) * source.size;
            return &source.bytes[at..at + range.len() * source.size];
        }
        self.compute(scratch, range.clone());
        let (slot, n) = (self.result(), range.len());
        let mut register = scratch.take(slot.register, n * slot.size);
        let out = &mut bytemuck::cast_slice_mut(&mut register)[..n * slot.size];
        let place = self.last(scratch, range, out);
        match place {
            Place::Register => {}
            Place::Splat => repeat_first(out, slot.size),
            _ => {
                let last = self.slots.len() - 1;
                if let Operand::Splat(bytes) = self.operand(last, place, scratch.values()) {
                    out[..slot.size].copy_from_slice(&bytes[..slot.size]);
                    repeat_first(out, slot.size);
                }
            }
        }
        scratch.0.registers[slot.register] = register;
        let bytes = match place {
            Place::Input { source, at } => &self.sources[source].bytes[at..],
            Place::Tile { number, at } => &bytemuck::cast_slice(&scratch.0.tiles.copies[number])[at..],
            Place::Product => bytemuck::cast_slice(scratch.0.block()),
            _ => bytemuck::cast_slice(&scratch.0.registers[slot.register]),
        };
        &bytes[..n * slot.size]
    }

    fn result(&self) -> &Slot {
        self.slots.last().expect("a kernel has code")
    }

    /// Computes the values before the result.
    fn compute(&self, scratch: &mut Scratch, range: Range<usize>) {
        for step in &self.steps {
            if step.id + 1 == self.slots.len() {
                break;
            }
            if let Work::Load(i) = step.work
                && let Some(place) = self.find(i, &scratch.0.tiles, &range)
            {
                scratch.0.places[step.id] = place;
                continue;
            }
            let slot = &self.slots[step.id];
            // No longer than this block: a kernel of few elements would spend its time on zeroing.
            let n = if slot.per_row { range.len() / self.row } else { range.len() } * slot.size;
            let mut register = scratch.take(slot.register, n);
            let out = &mut bytemuck::cast_slice_mut(&mut register)[..n];
            scratch.0.places[step.id] = self.step(step, scratch.values(), range.clone(), out);
            scratch.0.registers[slot.register] = register;
        }
    }

    /// Computes the result into `out`, unless it can be read where it is; says where it is.
    fn last(&self, scratch: &Scratch, range: Range<usize>, out: &mut [u8]) -> Place {
        let last = self.slots.len() - 1;
        match self.steps.last() {
            Some(step) if step.id == last => self.step(step, scratch.values(), range, out),
            _ => self.places[last],
        }
    }

    /// Computes one value into `out`, unless it can be read where it is; says where it is.
    fn step(&self, step: &Step, values: Values<'_>, range: Range<usize>, out: &mut [u8]) -> Place {
        match &step.work {
            &Work::Load(i) => self.find(i, values.tiles, &range).unwrap_or_else(|| {
                let source = &self.sources[i];
                (source.gather)(source.bytes, &self.dims, source, range.start, out);
                Place::Register
            }),
            Work::Iota => {
                let out: &mut [i64] = bytemuck::cast_slice_mut(out);
                walk(&self.dims, &self.iota, 0, range.start, range.len(), |first, n, at, step| {
                    let mut value = at as i64;
                    for o in &mut out[first..first + n] {
                        *o = value;
                        value += step as i64;
                    }
                });
                Place::Register
            }
            &Work::Map(ref run, ids, arity) => {
                let mut operands = [Operand::Splat(&[]); 3];
                let mut splat = true;
                for (operand, a) in operands[..arity].iter_mut().zip(ids) {
                    *operand = self.operand(a, values.places[a], values);
                    splat &= matches!(operand, Operand::Splat(_));
                }
                let n = if splat { self.slots[step.id].size } else { out.len() };
                run(&operands[..arity], &mut out[..n]);
                if splat { Place::Splat } else { Place::Register }
            }
            &Work::Reduce(run, a) => {
                let from = self.slots[a].size;
                match self.operand(a, values.places[a], values) {
                    Operand::Each(xs) => run(&xs[..range.len() * from], self.row, out),
                    Operand::Splat(x) => {
                        let lines = repeated(&x[..from], range.len());
                        run(&bytemuck::cast_slice(&lines)[..range.len() * from], self.row, out);
                    }
                }
                Place::Register
            }
            &Work::Spread(run, a) => {
                let (Operand::Each(xs) | Operand::Splat(xs)) = self.operand(a, values.places[a], values);
                let (rows, size) = (range.len() / self.row, self.slots[step.id].size);
                if rows == 1 {
                    out[..size].copy_from_slice(&xs[..size]);
                } else {
                    run(&xs[..rows * size], self.row, out);
                }
                if rows == 1 { Place::Splat } else { Place::Register }
            }
        }
    }

    /// Where a block of an input can be read as it is; none where it has to be gathered.
    fn find(&self, i: usize, tiles: &Tiles, range: &Range<usize>) -> Option<Place> {
        let source = &self.sources[i];
        if source.per_row {
            let at = (source.offset as usize + range.start / self.row) * source.size;
            return Some(Place::Input { source: i, at });
        }
        if source.dense {
            let at = (source.offset as usize + range.start) * source.size;
            return Some(Place::Input { source: i, at });
        }
        if let (Some(number), Some(start), Some(&inner)) = (source.turned, tiles.start, self.dims.last()) {
            let from = range.start - start;
            return Some(Place::Tile {
                number,
                at: transpose_tiles::position(from / inner, from % inner, source.size),
            });
        }
        let (&inner, &step) = (self.dims.last()?, source.strides.last()?);
        if (step == 0 || step == 1) && range.start % inner + range.len() <= inner {
            let at = position(&unravel(range.start, &self.dims), &source.strides, source.offset);
            let at = at as usize * source.size;
            return Some(match step {
                0 => Place::Constant { source: i, at },
                _ => Place::Input { source: i, at },
            });
        }
        None
    }

    #[inline(always)]
    fn operand<'s>(&'s self, id: usize, place: Place, values: Values<'s>) -> Operand<'s> {
        match place {
            Place::Input { source, at } => Operand::Each(&self.sources[source].bytes[at..]),
            Place::Constant { source, at } => {
                let source = &self.sources[source];
                Operand::Splat(&source.bytes[at..at + source.size])
            }
            Place::Param(i) => Operand::Splat(&self.params[i].0),
            Place::Tile { number, at } => {
                Operand::Each(&bytemuck::cast_slice(&values.tiles.copies[number])[at..])
            }
            Place::Product => Operand::Each(bytemuck::cast_slice(values.block)),
            Place::Register => {
                Operand::Each(bytemuck::cast_slice(&values.registers[self.slots[id].register]))
            }
            Place::Splat => Operand::Splat(bytemuck::cast_slice(&values.registers[self.slots[id].register])),
        }
    }
}

/// So many of one element: few programs reduce what is the same everywhere.
#[cold]
fn repeated(x: &[u8], n: usize) -> Vec<Line> {
    let mut lines = vec![Line::ZERO; (n * x.len()).div_ceil(64)];
    let bytes: &mut [u8] = &mut bytemuck::cast_slice_mut(&mut lines)[..n * x.len()];
    bytes[..x.len()].copy_from_slice(x);
    repeat_first(bytes, x.len());
    lines
}
