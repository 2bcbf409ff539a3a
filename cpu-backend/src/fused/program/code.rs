//! What a program is made of: where its values come from, and the steps that compute them.

use crate::fused::loops::MapLoop;
use crate::fused::reducer::RowLoop;
use crate::iteration;
use bytemuck::Pod;
use polyarray_core::expr::Strides;

/// One parameter's bytes, aligned for any element.
#[repr(align(16))]
pub struct Param(pub [u8; 16]);

pub struct Source<'k> {
    pub bytes: &'k [u8],
    pub size: usize,
    pub strides: Strides,
    pub offset: isize,
    /// The iteration walks it as one dense run.
    pub dense: bool,
    /// Every element of the iteration is the same one.
    pub constant: bool,
    /// In a kernel with row reductions: one element for each row, in order.
    pub per_row: bool,
    pub gather: GatherFn,
    /// Walked across its rows: its number among those of which tiles are copied.
    pub turned: Option<usize>,
}

/// A value: how long its elements are, whether there is one for each row, and which register it may be computed into.
pub struct Slot {
    pub size: usize,
    pub per_row: bool,
    pub register: usize,
}

/// What has to be done for each block, to get at one value.
pub struct Step {
    /// The value's number.
    pub id: usize,
    pub work: Work,
}

pub enum Work {
    /// Find the block of an input, or gather it.
    Load(usize),
    Iota,
    /// A loop over the values with these numbers, of which so many are operands.
    Map(MapLoop, [usize; 3], usize),
    /// A value reduced to one for each row.
    Reduce(RowLoop, usize),
    /// The value of each row at each of its elements.
    Spread(RowLoop, usize),
}

/// Where a value is while a block is computed. In words: what is written by bytes and copied at once waits for the cache.
#[derive(Clone, Copy)]
pub enum Place {
    Input {
        source: usize,
        at: usize,
    },
    /// One element of an input for all of the block's.
    Constant {
        source: usize,
        at: usize,
    },
    Param(usize),
    Register,
    /// One element in a register for all of the block's.
    Splat,
    Tile {
        number: usize,
        at: usize,
    },
    /// The block of the product whose epilogue the code is.
    Product,
}

impl Step {
    /// Numbers of the values that it computes from.
    pub fn operands(&self) -> impl Iterator<Item = usize> + use<> {
        let (ids, arity) = match self.work {
            Work::Map(_, ids, arity) => (ids, arity),
            Work::Reduce(_, a) | Work::Spread(_, a) => ([a, 0, 0], 1),
            _ => ([0; 3], 0),
        };
        ids.into_iter().take(arity)
    }
}

pub type GatherFn = fn(&[u8], &[usize], &Source<'_>, usize, &mut [u8]);

pub fn gather<P: Pod>(bytes: &[u8], dims: &[usize], source: &Source<'_>, start: usize, out: &mut [u8]) {
    let (from, out): (&[P], &mut [P]) = (bytemuck::cast_slice(bytes), bytemuck::cast_slice_mut(out));
    iteration::gather(from, dims, &source.strides, source.offset, start, out);
}
