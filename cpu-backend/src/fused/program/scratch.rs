//! What a thread needs while it runs a program: registers, and what is found where in the block at hand.

use super::code::Place;
use std::cell::Cell;

/// A cache line of scratch.
#[derive(Clone, Copy, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(C, align(64))]
pub struct Line([u8; 64]);

impl Line {
    pub(super) const ZERO: Line = Line([0; 64]);
}

/// Registers of one thread. Its next kernel gets them again: allocating them takes a small one longer than its arithmetic.
#[derive(Default)]
pub struct Scratch(pub(super) Registers);

#[derive(Default)]
pub(super) struct Registers {
    pub(super) registers: Vec<Vec<Line>>,
    pub(super) places: Vec<Place>,
    pub(super) tiles: Tiles,
    /// What a product's epilogue needs. In a place of its own: few kernels are one, and all registers are moved.
    product: Option<Box<Pieces>>,
}

#[derive(Default)]
struct Pieces {
    /// The block of the product whose epilogue the code is.
    block: Vec<Line>,
    /// A piece of a product that is computed beside the output.
    beside: Vec<Line>,
}

/// Most registers that a thread keeps: half a mebibyte of them.
const MOST_KEPT: usize = 16;
/// Most lines of a piece beside an output that a thread keeps: a mebibyte of them.
const MOST_BESIDE: usize = 16 << 10;

thread_local! {
    static KEPT: Cell<Registers> = Cell::default();
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if (1..=MOST_KEPT).contains(&self.0.registers.len()) {
            if self.0.product.as_ref().is_some_and(|product| product.beside.len() > MOST_BESIDE) {
                self.0.product = None;
            }
            // Where the thread ends there is no next kernel.
            let _ = KEPT.try_with(|kept| kept.set(std::mem::take(&mut self.0)));
        }
    }
}

/// Copies of a tile of each turned input.
#[derive(Default)]
pub(super) struct Tiles {
    pub(super) copies: Vec<Vec<Line>>,
    /// Row-major position of the tile's first element; nothing is read from a tile unless one was copied.
    pub(super) start: Option<usize>,
}

/// What is computed of a block so far.
#[derive(Clone, Copy)]
pub(super) struct Values<'s> {
    pub(super) registers: &'s [Vec<Line>],
    pub(super) places: &'s [Place],
    pub(super) tiles: &'s Tiles,
    pub(super) block: &'s [Line],
}

impl Scratch {
    /// This thread's, with so many registers and values at these places.
    pub(super) fn new(registers: usize, places: &[Place]) -> Scratch {
        let mut scratch = KEPT.take();
        scratch.registers.resize_with(registers.max(scratch.registers.len()), Vec::new);
        scratch.places.clear();
        scratch.places.extend_from_slice(places);
        scratch.tiles.start = None;
        Scratch(scratch)
    }

    pub(super) fn values(&self) -> Values<'_> {
        let Registers { registers, places, tiles, .. } = &self.0;
        Values { registers, places, tiles, block: self.0.block() }
    }

    /// Memory beside the output, taken out while it is used; give it back by [`Scratch::keep`].
    pub fn beside(&mut self, bytes: usize) -> Vec<Line> {
        let mut beside = std::mem::take(&mut self.pieces().beside);
        grow(&mut beside, bytes);
        beside
    }

    /// Keeps memory for the next piece.
    pub fn keep(&mut self, beside: Vec<Line>) {
        self.pieces().beside = beside;
    }

    /// Copies the product's next block, so that results may be written over it.
    pub fn read_block(&mut self, block: &[u8]) {
        let held = &mut self.pieces().block;
        grow(held, block.len());
        bytemuck::cast_slice_mut(held)[..block.len()].copy_from_slice(block);
    }

    fn pieces(&mut self) -> &mut Pieces {
        self.0.product.get_or_insert_default()
    }

    /// A register taken out, so that it can be written while others are read.
    pub(super) fn take(&mut self, register: usize, bytes: usize) -> Vec<Line> {
        let mut lines = std::mem::take(&mut self.0.registers[register]);
        grow(&mut lines, bytes);
        lines
    }
}

impl Registers {
    pub(super) fn block(&self) -> &[Line] {
        self.product.as_ref().map_or(&[], |product| &product.block)
    }
}

/// Makes memory hold so many bytes.
fn grow(lines: &mut Vec<Line>, bytes: usize) {
    if lines.len() * 64 < bytes {
        lines.resize(bytes.div_ceil(64), Line::ZERO);
    }
}
