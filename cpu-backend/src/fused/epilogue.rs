//! Products with an epilogue, which runs over each piece of a product as soon as the piece is
//! computed, while it is in cache. Where an element of the output is as long as one of the product, it takes its place;
//! else the piece is computed beside the output. A product alone is one with an empty epilogue.

use super::program::{Program, Scratch};
use crate::parallel::for_each_chunk;
use bytemuck::Pod;
use polyarray_core::expr::Epilogue;
use polyarray_core::{DType, Result};
use smallvec::SmallVec;

/// Elements of one task of an epilogue whose product was not computed in pieces.
const CHUNK: usize = 64 << 10;

/// What becomes of the elements of a product.
pub struct Finish<'k> {
    program: Option<Program<'k>>,
    /// Dtype of the output.
    pub dtype: DType,
    /// Bytes of an element of the product, and of one of the output.
    from: usize,
    to: usize,
}

/// Elements of a product: some columns of some rows.
#[derive(Clone, Copy)]
pub struct Region {
    /// Row-major position of the first one.
    pub first: usize,
    pub rows: usize,
    pub columns: usize,
    /// Elements from one row of the product to the next.
    pub pitch: usize,
}

/// Is an epilogue better done piece by piece than by a kernel of its own? Not where that would copy tiles of an input
/// that is walked across its rows.
pub fn takes(epilogue: &Epilogue) -> bool {
    epilogue
        .kernel
        .inputs
        .iter()
        .all(|input| input.strides.last().is_none_or(|step| step.unsigned_abs() <= 1))
}

impl<'k> Finish<'k> {
    /// # Errors
    /// What makes a kernel fail: see [`Program::new`].
    pub fn new(product: DType, epilogue: Option<&'k Epilogue>) -> Result<Finish<'k>> {
        let Some(epilogue) = epilogue else {
            return Ok(Finish { program: None, dtype: product, from: product.size(), to: product.size() });
        };
        let kernel = &epilogue.kernel;
        let axes: SmallVec<[usize; 8]> = (0..kernel.dims.len()).collect();
        let dtype = kernel.output_dtype();
        let (program, to) = (Some(Program::new(kernel, &axes)?), dtype.size());
        Ok(Finish { program, dtype, from: product.size(), to })
    }

    /// The product's elements are computed where those of the output will be.
    pub fn is_in_place(&self) -> bool {
        self.from == self.to
    }

    /// What a thread needs.
    pub fn scratch(&self) -> Scratch {
        self.program.as_ref().map_or_else(Scratch::default, Program::scratch)
    }

    /// Has `product` compute the elements from number `first` on, and puts into `out` what becomes of them.
    pub fn run<T: Pod>(
        &self,
        scratch: &mut Scratch,
        first: usize,
        out: &mut [u8],
        product: impl FnOnce(&mut [T]),
    ) {
        if self.is_in_place() {
            product(bytemuck::cast_slice_mut(out));
            return self.go_on_in_place(scratch, first, out);
        }
        let n = out.len() / self.to;
        let mut beside = scratch.beside(n * self.from);
        let piece: &mut [u8] = &mut bytemuck::cast_slice_mut(&mut beside)[..n * self.from];
        product(bytemuck::cast_slice_mut(piece));
        self.go_on(scratch, first, piece, out);
        scratch.keep(beside);
    }

    /// The same of a region; `product` is told where to put its first element, and the step from row to row.
    ///
    /// # Safety
    /// `out` points to where the region's first element goes in a matrix of rows of `pitch` elements; the region's elements
    /// there are nobody else's.
    pub unsafe fn run_region<T: Pod>(
        &self,
        scratch: &mut Scratch,
        region: Region,
        out: *mut u8,
        product: impl FnOnce(*mut T, usize),
    ) {
        let Region { first, rows, columns, pitch } = region;
        // Rows that lie one behind the other are one.
        let (count, length) = if columns == pitch { (1, rows * columns) } else { (rows, columns) };
        let row = |i: usize| {
            // SAFETY: the caller's promise; each row is made once at a time.
            unsafe { std::slice::from_raw_parts_mut(out.add(i * pitch * self.to), length * self.to) }
        };
        if self.is_in_place() {
            product(out.cast(), pitch);
            if self.program.is_some() {
                (0..count).for_each(|i| self.go_on_in_place(scratch, first + i * pitch, row(i)));
            }
            return;
        }
        // Rows stay further apart than columns: which is which decides how a product is computed.
        let beside_pitch = if count == 1 { pitch } else { columns.max(2) };
        let mut beside = scratch.beside(rows * beside_pitch * self.from);
        product(beside.as_mut_ptr().cast(), beside_pitch);
        let piece: &[u8] = bytemuck::cast_slice(&beside);
        for i in 0..count {
            let from = &piece[i * beside_pitch * self.from..][..length * self.from];
            self.go_on(scratch, first + i * pitch, from, row(i));
        }
        scratch.keep(beside);
    }

    /// Goes on with a product that was computed as a whole, in place. Shared among threads.
    pub fn run_all(&self, first: usize, out: &mut [u8]) {
        if self.program.is_some() {
            for_each_chunk(out, CHUNK * self.to, true, &|| self.scratch(), &|scratch, i, out| {
                self.go_on_in_place(scratch, first + i * CHUNK, out);
            });
        }
    }

    fn go_on_in_place(&self, scratch: &mut Scratch, first: usize, out: &mut [u8]) {
        let Some(program) = &self.program else { return };
        for block in program.blocks(first..first + out.len() / self.to) {
            let out = &mut out[(block.start - first) * self.to..(block.end - first) * self.to];
            scratch.read_block(out);
            program.store(scratch, block, out);
        }
    }

    fn go_on(&self, scratch: &mut Scratch, first: usize, from: &[u8], out: &mut [u8]) {
        let Some(program) = &self.program else { return };
        for block in program.blocks(first..first + out.len() / self.to) {
            let at = block.start - first..block.end - first;
            scratch.read_block(&from[at.start * self.from..at.end * self.from]);
            program.store(scratch, block, &mut out[at.start * self.to..at.end * self.to]);
        }
    }
}
