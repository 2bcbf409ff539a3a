//! Making a kernel ready.

use super::code::{Param, Place, Slot, Source, Step, Work, gather};
use super::join::join;
use super::registers::allocate;
use super::{Program, REGISTER_BYTES, SINGLE_ROW};
use crate::erased::with_bits;
use crate::fused::ops::{cast_loop, map_loop};
use crate::fused::row_reduce::{row_fold, row_spread};
use crate::identity::KIND;
use polyarray_core::array::{HostBuffer, downcast};
use polyarray_core::expr::layout::row_major;
use polyarray_core::expr::{Dims, Instr, Kernel, Strides, Value, kernel::Id};
use polyarray_core::{DType, Error, Result};
use smallvec::SmallVec;

/// How often a value differs.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Varies {
    Never,
    /// It is one for each row.
    PerRow,
    PerElement,
}

/// A value of the code as it is found in the program.
#[derive(Clone, Copy)]
struct Found {
    /// Its number there.
    slot: usize,
    varies: Varies,
    /// The number of its copy that has one for each element.
    spread: Option<usize>,
}

/// What is made of the code.
struct Build<'k> {
    sources: Vec<Source<'k>>,
    /// It has row reductions. Without them, values keep their numbers of the code.
    has_rows: bool,
    /// Of each value of the code, if it has row reductions.
    found: SmallVec<[Found; 8]>,
    slots: Vec<Slot>,
    places: Vec<Place>,
    steps: Vec<Step>,
}

impl<'k> Program<'k> {
    /// Makes a kernel ready, iterating over its axes in the order given: unchanged if it has row reductions. Code that
    /// loads the input after the last reads the block that the epilogue passes in, see [`super::Scratch::lend`].
    ///
    /// # Errors
    /// A buffer that is not the host's, or an operation in a dtype that it is not defined in.
    pub fn new(kernel: &'k Kernel, axes: &[usize]) -> Result<Program<'k>> {
        let permute = |s: &[isize]| -> Strides { axes.iter().map(|&a| s[a]).collect() };
        let dims: Dims = axes.iter().map(|&a| kernel.dims[a]).collect();
        let dense_strides = row_major(&dims);
        let row = if kernel.has_rows() { kernel.reduced_len() } else { 0 };
        let mut sources = Vec::with_capacity(kernel.inputs.len());
        for input in &kernel.inputs {
            let buffer: &HostBuffer = downcast(&*input.buffer, KIND, "a fused kernel")?;
            let dtype = input.buffer.dtype();
            let strides = permute(&input.strides);
            let alike =
                |want: &[isize]| strides.iter().zip(want).zip(&dims).all(|((s, w), &d)| d == 1 || s == w);
            let constant = strides.iter().zip(&dims).all(|(&s, &d)| d == 1 || s == 0);
            sources.push(Source {
                bytes: buffer.bytes(),
                size: dtype.size(),
                dense: alike(&dense_strides),
                constant,
                per_row: row > 0 && !constant && alike(&kernel.row_strides()),
                offset: input.offset as isize,
                gather: with_bits!(dtype.size(), P => gather::<P>),
                turned: None,
                strides,
            });
        }
        let n = kernel.code.len();
        let (slots, places, steps) = (Vec::with_capacity(n), Vec::with_capacity(n), Vec::with_capacity(n));
        let mut build = Build { sources, has_rows: row > 0, found: SmallVec::new(), slots, places, steps };
        for value in &kernel.code {
            build.add(kernel, value)?;
        }
        build.for_each(n - 1, kernel.result().dtype);
        let Build { sources, mut slots, places, mut steps, .. } = build;
        if row == 0 {
            join(kernel, &mut steps);
        }
        let registers = allocate(&mut slots, &steps);
        let widest = kernel.code.iter().map(|v| v.dtype.size()).max().unwrap_or(1);
        let has_product = places.iter().any(|place| matches!(place, Place::Product));
        let has_iota = steps.iter().any(|s| matches!(s.work, Work::Iota));
        let iota = if has_iota { permute(&row_major(&kernel.dims)) } else { Strides::new() };
        // A block that is copied on its way should not leave the first-level cache.
        let block = REGISTER_BYTES / widest / if has_product { 4 } else { 1 };
        Ok(Program {
            dense: sources.iter().all(|s| s.dense || s.constant || s.per_row)
                && (!has_iota || iota == dense_strides),
            row,
            block: match row {
                0 => block,
                row if row >= SINGLE_ROW => row,
                row => block / row * row,
            },
            dims,
            slots,
            steps,
            places,
            sources,
            params: kernel.params.iter().map(|p| Param(p.to_bytes())).collect(),
            iota,
            registers,
        })
    }
}

impl Build<'_> {
    /// The next value of the code.
    #[inline]
    fn add(&mut self, kernel: &Kernel, value: &Value) -> Result<()> {
        let dtype_of = |a: Id| kernel.code[a as usize].dtype;
        let dtype = value.dtype;
        let (slot, varies) = match value.instr {
            Instr::Load(i) if i as usize == self.sources.len() => {
                (self.push(dtype, false, Place::Product), Varies::PerElement)
            }
            Instr::Load(i) => {
                let (number, source) = (i as usize, &self.sources[i as usize]);
                if source.constant {
                    let at = source.offset as usize * source.size;
                    (self.push(dtype, false, Place::Constant { source: number, at }), Varies::Never)
                } else {
                    let varies = if source.per_row { Varies::PerRow } else { Varies::PerElement };
                    (self.step(dtype, varies, Work::Load(number)), varies)
                }
            }
            Instr::Param(i) => (self.push(dtype, false, Place::Param(i as usize)), Varies::Never),
            Instr::Iota => (self.step(dtype, Varies::PerElement, Work::Iota), Varies::PerElement),
            Instr::Map(op, ids) => {
                let arity = op.info().arity;
                let compute = dtype_of(ids[arity - 1]);
                let run = map_loop(op, compute).ok_or_else(|| undefined(op.name(), compute))?;
                let (ids, varies) = self.operands(kernel, ids, arity);
                (self.step(dtype, varies, Work::Map(run, ids, arity)), varies)
            }
            Instr::Cast(a) => {
                let (ids, varies) = self.operands(kernel, [a, 0, 0], 1);
                (self.step(dtype, varies, Work::Map(cast_loop(dtype_of(a), dtype), ids, 1)), varies)
            }
            Instr::Reduce(op, a) => {
                let from = dtype_of(a);
                // float16 is reduced in float32, and rounded once.
                let wide = if from == DType::F16 { DType::F32 } else { from };
                let run = row_fold(op, wide).ok_or_else(|| undefined(op.name(), from))?;
                let a = self.for_each(a as usize, from);
                let a = self.cast(from, wide, a, Varies::PerElement);
                let slot = self.step(wide, Varies::PerRow, Work::Reduce(run, a));
                (self.cast(wide, dtype, slot, Varies::PerRow), Varies::PerRow)
            }
        };
        if self.has_rows {
            self.found.push(Found { slot, varies, spread: None });
        }
        Ok(())
    }

    /// A value that is found at a place.
    #[inline(always)]
    fn push(&mut self, dtype: DType, per_row: bool, place: Place) -> usize {
        let id = self.slots.len();
        self.slots.push(Slot { size: dtype.size(), per_row, register: 0 });
        self.places.push(place);
        id
    }

    /// A value that takes a step.
    #[inline(always)]
    fn step(&mut self, dtype: DType, varies: Varies, work: Work) -> usize {
        let id = self.push(dtype, varies == Varies::PerRow, Place::Register);
        self.steps.push(Step { id, work });
        id
    }

    /// A value in another dtype, if it is another one.
    fn cast(&mut self, from: DType, to: DType, a: usize, varies: Varies) -> usize {
        if from == to {
            return a;
        }
        self.step(to, varies, Work::Map(cast_loop(from, to), [a, 0, 0], 1))
    }

    /// The operands of an elementwise step, and how often it differs: as often as the one that does so most.
    #[inline(always)]
    fn operands(&mut self, kernel: &Kernel, ids: [Id; 3], arity: usize) -> ([usize; 3], Varies) {
        let ids = ids.map(usize::from);
        match self.has_rows {
            true => self.operands_in_rows(kernel, ids, arity),
            false => (ids, Varies::PerElement),
        }
    }

    #[cold]
    fn operands_in_rows(&mut self, kernel: &Kernel, ids: [usize; 3], arity: usize) -> ([usize; 3], Varies) {
        let varies = ids[..arity].iter().map(|&a| self.found[a].varies).max().unwrap_or(Varies::Never);
        let mut slots = [0; 3];
        for (slot, &a) in slots.iter_mut().zip(&ids[..arity]) {
            *slot = match varies {
                Varies::PerElement => self.for_each(a, kernel.code[a].dtype),
                _ => self.found[a].slot,
            };
        }
        (slots, varies)
    }

    /// The number of a value that meets elements.
    fn for_each(&mut self, a: usize, dtype: DType) -> usize {
        let Some(&found) = self.found.get(a) else { return a };
        if found.varies != Varies::PerRow {
            return found.slot;
        }
        found.spread.unwrap_or_else(|| {
            let slot = self.step(dtype, Varies::PerElement, Work::Spread(row_spread(dtype), found.slot));
            self.found[a].spread = Some(slot);
            slot
        })
    }
}

fn undefined(op: &str, dtype: DType) -> Error {
    Error::Backend { op: op.into(), backend: KIND.into(), message: format!("it is not defined in {dtype}") }
}
