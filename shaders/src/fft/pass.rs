//! One pass over memory: every lane transforms a few points in registers (Stockham's order, which needs no permutation).
//!
//! With `p` the product of the radices of earlier passes, r this one's and t = m / r, the transform number i of a row reads
//! elements i + jt, turns them by exp(−2πi kj / pr) with k = i mod p, and writes its results to (i − k)r + k + qp.

use super::butterfly::Code;
use super::ends::{self, Load, Store};
use crate::compile::Exact;
use crate::params::{Names, reciprocal};
use crate::shader::{Module, Template};
use polyarray_core::DType;
use std::fmt::Write as _;

/// Names of the words of passes before those of their ends.
pub const WORDS: [&str; 10] = [
    "blocks",
    "per_lane",
    "divisor",
    "magic",
    "shift",
    "t",
    "before",
    "before_magic",
    "before_shift",
    "step",
];
/// Of transform `b`: the row, and its number `at` there, counted row by row or through all rows.
pub const PLACE: &str = "        let whole = index_divide(b, p.magic, p.shift);
        let rest = b - whole * p.divisor;
";
pub const ACROSS: &str = "        let row = whole;\n        let at = rest;\n";
pub const DOWN: &str = "        let row = rest;\n        let at = whole;\n";
/// The turn of what a transform reads is a multiple of `k`.
pub const TURN: &str = "        let k = at - index_divide(at, p.before_magic, p.before_shift) * p.before;\n";

/// The structure of a pass.
#[derive(Clone, Debug, Hash)]
pub struct Pass {
    pub dtype: DType,
    pub radix: usize,
    pub load: Load,
    pub store: Store,
    /// It follows another one, and turns what it reads.
    pub later: bool,
    /// Neighbouring lanes take the same transform of neighbouring rows.
    pub down: bool,
}

/// The numbers of a pass beside those of its ends.
pub struct Numbers {
    pub rows: usize,
    /// Transforms of a row.
    pub transforms: usize,
    /// Product of the earlier radices.
    pub before: usize,
    /// Steps in the table from a turn to the next.
    pub step: usize,
    pub per_lane: u32,
    /// Transforms that a lane makes together.
    pub together: usize,
}

impl Numbers {
    /// Values of the words that the template names before those of its ends.
    pub fn words(&self, down: bool) -> Vec<u32> {
        let divisor = (if down { self.rows } else { self.transforms } / self.together) as u32;
        let [magic, shift] = reciprocal(divisor);
        let [before_magic, before_shift] = reciprocal(self.before as u32);
        vec![
            (self.rows * self.transforms / self.together) as u32,
            self.per_lane,
            divisor,
            magic,
            shift,
            self.transforms as u32,
            self.before as u32,
            before_magic,
            before_shift,
            self.step as u32,
        ]
    }
}

impl Template for Pass {
    fn label(&self) -> String {
        format!("fft radix {} {}", self.radix, self.dtype)
    }

    fn exact(&self) -> Exact {
        Exact::Nowhere
    }

    fn params(&self, names: &mut Names) {
        names.words(&WORDS);
        ends::params(&self.load, self.dtype, names);
    }

    fn write(&self, module: &mut Module) {
        let radix = self.radix;
        ends::declare(&self.load, self.store, self.later, self.dtype, [None; 2], module);
        ends::write_arithmetic(self.dtype, module);
        ends::write_fetch(&self.load, self.dtype, module);
        ends::write_put(self.store, self.dtype, module);
        module.entry();
        module.rounds("b");
        *module += PLACE;
        *module += if self.down { DOWN } else { ACROSS };
        let mut code = Code::new(self.dtype);
        let mut points: Vec<String> =
            (0..radix).map(|j| code.bind(&format!("fetch(row, at + {j}u * p.t)"))).collect();
        if self.later {
            *module += TURN;
            let first = code.bind("turns[k * p.step]");
            let powers = code.powers(first, radix - 1);
            for (point, power) in points[1..].iter_mut().zip(&powers) {
                *point = code.product(point, power);
            }
        }
        let results = code.transform(points);
        *module += &code.text;
        let first = if self.later { format!("(at - k) * {radix}u + k") } else { format!("at * {radix}u") };
        let _ = writeln!(module, "        let first = {first};");
        for (q, z) in results.iter().enumerate() {
            let at = if self.later { format!("{q}u * p.before") } else { format!("{q}u") };
            let _ = writeln!(module, "        put(row, first + {at}, {z});");
        }
        *module += "    }\n}\n";
    }
}
