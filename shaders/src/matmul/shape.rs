//! The shapes in which a product can be computed, for whoever measures which is the fastest.
//!
//! All shapes of one product give the same bits: every element is summed in the same order, in the same parts. So
//! which one runs is a matter of time alone.

use super::panels::{self, Element};
use super::{Matmul, Operand, Terms, blocks, tiles};
use crate::plan::{PlanError, Profile};
use std::fmt;

/// The shape of a product's kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Shape {
    /// Through workgroup memory: rows and columns of a workgroup.
    Blocks {
        /// Rows.
        rows: usize,
        /// Columns.
        columns: usize,
    },
    /// Operands packed first, as adapters that run on the CPU want them.
    Panels {
        /// Columns of a lane.
        columns: usize,
    },
    /// Operands read where they are.
    Tiles {
        /// Rows of a lane.
        rows: usize,
        /// Lanes of a workgroup that lie side by side; the others lie below them.
        across: usize,
    },
}

/// How a measured choice names it.
impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Shape::Blocks { rows, columns } => write!(f, "blocks of {rows}x{columns}"),
            Shape::Panels { columns } => write!(f, "panels of {}x{}", panels::ROWS, panels::LANES * columns),
            Shape::Tiles { rows, across } => write!(f, "tiles of {rows} rows, {across} lanes wide"),
        }
    }
}

/// The shapes that a product of such terms can be computed in. The first is what [`super::plan_terms`] takes; the others
/// give the same bits.
pub fn shapes(job: &Matmul, terms: Terms, profile: &Profile) -> Vec<Shape> {
    let element = Element { dtype: job.dtype, terms };
    if panels::fits(job, element, profile) {
        panels::shapes(job, element, profile)
    } else if terms == Terms::Products && blocks::fits(job, profile) {
        blocks::shapes(job)
    } else {
        tiles::shapes(job, profile)
    }
}

/// The shape that was asked for, else the first.
pub(super) fn choose(shapes: &[Shape], asked: Option<Shape>) -> Result<Shape, PlanError> {
    match asked {
        None => Ok(shapes[0]),
        Some(shape) if shapes.contains(&shape) => Ok(shape),
        Some(shape) => Err(PlanError::Shape { shape }),
    }
}

impl Matmul {
    /// What decides how long its kernels take: products of one class are taken to have the same fastest shape. Sizes
    /// count by the power of two below them, operands by which axis lies side by side in memory and whether it can be
    /// read in quads.
    pub fn class(&self, terms: Terms) -> String {
        let power = |n: usize| n.max(1).ilog2();
        let of = match terms {
            Terms::Products => "products",
            Terms::Bytes => "products of bytes",
            Terms::Bits => "bits",
        };
        format!(
            "{} {of}, 2^{} x 2^{} x 2^{}, 2^{} of them, a {}, b {}",
            self.dtype,
            power(self.m),
            power(self.k),
            power(self.n),
            power(self.batch.iter().product()),
            layout(&self.a, [self.m, self.k]),
            layout(&self.b, [self.k, self.n]),
        )
    }
}

fn layout(operand: &Operand, [rows, columns]: [usize; 2]) -> &'static str {
    let (down, right) = (operand.row_stride, operand.column_stride);
    let by_rows = right.unsigned_abs() <= down.unsigned_abs();
    let (fast, slow, length) = if by_rows { (right, down, columns) } else { (down, right, rows) };
    let whole = |step: &isize| step % 4 == 0;
    let quads = fast == 1
        && [length, operand.offset].iter().all(|n| n.is_multiple_of(4))
        && whole(&slow)
        && operand.batch_strides.iter().all(whole);
    match (by_rows, quads) {
        (true, true) => "by rows in quads",
        (true, false) => "by rows",
        (false, true) => "by columns in quads",
        (false, false) => "by columns",
    }
}

/// A number that changes with the source of the products' kernels: what was measured of other ones is of no use.
pub const SOURCES: u64 = {
    let files: [&[u8]; 9] = [
        include_bytes!("blocks.rs"),
        include_bytes!("mod.rs"),
        include_bytes!("pack.rs"),
        include_bytes!("panels.rs"),
        include_bytes!("panels/kernel.rs"),
        include_bytes!("parts.rs"),
        include_bytes!("shape.rs"),
        include_bytes!("tail.rs"),
        include_bytes!("tiles.rs"),
    ];
    // FNV-1a.
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let mut file = 0;
    while file < files.len() {
        let mut at = 0;
        while at < files[file].len() {
            hash = (hash ^ files[file][at] as u64).wrapping_mul(0x0100_0000_01b3);
            at += 1;
        }
        file += 1;
    }
    hash
};
