//! Cholesky's factorisation, from left to right.

use super::{Part, entry, params, write_arithmetic};
use crate::builder::Builder;
use crate::compile::Exact;
use crate::fused::storage::element;
use crate::params::Names;
use crate::plan::{Bind, PlanError};
use crate::shader::{Module, Template};
use polyarray_core::DType;
use polyarray_core::backend::specs::Block;
use std::fmt::Write as _;

/// Lanes side by side.
const ACROSS: u32 = 8;

#[derive(Debug, Hash)]
struct Cholesky {
    dtype: DType,
}

/// Loop iterations of a lane.
pub fn loops(n: usize, lanes: u32) -> usize {
    let across = lanes.min(ACROSS) as usize;
    let down = lanes as usize / across;
    3 * n * n / lanes as usize + n * n.div_ceil(down) + n * n.div_ceil(down) * (n / across + 2) / 4
}

pub fn plan(
    block: &Block,
    part: &Part,
    binds: Vec<Bind>,
    lanes: u32,
    builder: &mut Builder<'_>,
) -> Result<(), PlanError> {
    let shader = builder.shader_of(Cholesky { dtype: block.dtype }, lanes);
    let words = [part.count, block.m, block.n].map(|x| x as u32);
    builder.step(&shader, binds, words, part.count as u64)
}

impl Template for Cholesky {
    fn label(&self) -> String {
        format!("cholesky {}", self.dtype)
    }

    fn exact(&self) -> Exact {
        Exact::Nowhere
    }

    fn params(&self, names: &mut Names) {
        params(&[], names);
    }

    fn write(&self, module: &mut Module) {
        module.read("x", element(self.dtype));
        module.read_write("l", element(self.dtype));
        write_arithmetic(self.dtype, module);
        entry(module);
        let lanes = module.workgroup;
        let across = lanes.min(ACROSS);
        let down = lanes / across;
        // The pivots stay as they are until all columns are there, so that a step needs one barrier.
        let _ = write!(
            module,
            "    let n = p.n;
    let base = g * n * n;
    for (var t = local; t < n * n; t += {lanes}u) {{
        let i = t / n;
        let j = t % n;
        var value = x[base + t];
        if (j == i) {{ value = whole(real_part(value)); }}
        if (j > i) {{ value = whole(R(0)); }}
        l[base + t] = value;
    }}
    for (var k = 0u; k < n; k += 1u) {{
        storageBarrier();
        let pivot = real_part(l[base + k * n + k]);
        for (var i = k + 1u + local / {across}u; i < n; i += {down}u) {{
            let factor = l[base + i * n + k] / pivot;
            for (var j = k + 1u + local % {across}u; j <= i; j += {across}u) {{
                l[base + i * n + j] -= times(factor, conjugate(l[base + j * n + k]));
            }}
        }}
    }}
    storageBarrier();
    for (var t = local; t < n * n; t += {lanes}u) {{
        let i = t / n;
        let j = t % n;
        if (j < i) {{ l[base + t] = l[base + t] / root(real_part(l[base + j * n + j])); }}
    }}
    storageBarrier();
    for (var i = local; i < n; i += {lanes}u) {{
        let at = base + i * n + i;
        l[at] = whole(root(real_part(l[at])));
    }}
}}
"
        );
    }
}
