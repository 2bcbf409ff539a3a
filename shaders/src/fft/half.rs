//! The spectrum of real numbers from that of pairs of them, whose real and imaginary parts they were.

use crate::compile::Exact;
use crate::fused::storage::{element, register};
use crate::params::{Names, param_register, reciprocal};
use crate::shader::{Module, Template};
use polyarray_core::DType;
use std::fmt::Write as _;

/// With Z the spectrum of h pairs, E = (Z[k] + conj Z[h − k]) / 2 and T = exp(−πi k / h)·(Z[k] − conj Z[h − k]) / 2, a lane
/// writes X[k] = E − iT and X[h − k] = conj(E + iT).
#[derive(Clone, Debug, Hash)]
pub struct Untangle {
    pub dtype: DType,
}

/// Values of its words, but for the factor.
pub fn words(rows: usize, h: usize, out0: usize, per_lane: u32) -> Vec<u32> {
    let lanes = h as u32 / 2 + 1;
    let [magic, shift] = reciprocal(lanes);
    vec![rows as u32 * lanes, per_lane, lanes, magic, shift, h as u32, out0 as u32]
}

impl Template for Untangle {
    fn label(&self) -> String {
        format!("rfft halves {}", self.dtype)
    }

    fn exact(&self) -> Exact {
        Exact::Nowhere
    }

    fn params(&self, names: &mut Names) {
        names.words(&["blocks", "per_lane", "divisor", "magic", "shift", "h", "out0"]);
        names.scalars(&[self.dtype.real()]);
    }

    fn write(&self, module: &mut Module) {
        let v = register(self.dtype);
        module.read("between", element(self.dtype));
        module.read("halves", element(self.dtype));
        module.read_write("out", element(self.dtype));
        module.entry();
        module.rounds("b");
        let _ = write!(
            module,
            "        let row = index_divide(b, p.magic, p.shift);
        let k = b - row * p.divisor;
        let x = between[row * p.h + k];
        let y = between[row * p.h + select(p.h - k, 0u, k == 0u)];
        let w = halves[k];
        let scale = {scale};
        let half = scale * 0.5;
        let e = {v}(x.x + y.x, x.y - y.y) * half;
        let o = {v}(x.x - y.x, x.y + y.y) * half;
        let t = {v}(w.x * o.x - w.y * o.y, w.x * o.y + w.y * o.x);
        let first = p.out0 + row * (p.h + 1u);
        out[first + k] = {v}(e.x + t.y, e.y - t.x);
        out[first + p.h - k] = {v}(e.x - t.y, -(e.y + t.x));
    }}
}}
",
            scale = param_register(0, self.dtype.real()),
        );
    }
}
