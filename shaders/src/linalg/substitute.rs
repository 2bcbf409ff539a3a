//! Systems of equations with a triangular matrix, by substitution: a workgroup for some columns of the right-hand sides.

use super::{Part, params, write_arithmetic};
use crate::builder::Builder;
use crate::compile::Exact;
use crate::fused::storage::element;
use crate::params::Names;
use crate::plan::{Bind, PlanError};
use crate::shader::{Module, Template};
use polyarray_core::DType;
use polyarray_core::backend::specs::Block;
use polyarray_core::numpy::linalg::{Triangle, Triangular};
use std::fmt::Write as _;

#[derive(Debug, Hash)]
struct Substitute {
    dtype: DType,
}

/// Lanes over columns; the others lie over rows.
fn across(columns: usize, lanes: u32) -> u32 {
    (columns.max(1).next_power_of_two() as u32).min(lanes)
}

/// Loop iterations of a lane.
pub fn loops(m: usize, n: usize, lanes: u32) -> usize {
    let rows = m.div_ceil((lanes / across(n, lanes)) as usize);
    m * (rows + 1) + 2 * rows
}

pub fn plan(
    block: &Block,
    form: Triangular,
    part: &Part,
    binds: Vec<Bind>,
    lanes: u32,
    builder: &mut Builder<'_>,
) -> Result<(), PlanError> {
    let shader = builder.shader_of(Substitute { dtype: block.dtype }, lanes);
    let across = across(block.n, lanes);
    let tiles = block.n.div_ceil(across as usize);
    let [lower, unit] = [form.triangle == Triangle::Lower, form.unit_diagonal].map(u32::from);
    let words = [part.count, block.m, block.n, tiles].map(|x| x as u32);
    builder.step(&shader, binds, words.into_iter().chain([across, lower, unit]), (part.count * tiles) as u64)
}

impl Template for Substitute {
    fn label(&self) -> String {
        format!("solve_triangular {}", self.dtype)
    }

    fn exact(&self) -> Exact {
        Exact::Nowhere
    }

    fn params(&self, names: &mut Names) {
        params(&["tiles", "across", "lower", "unit"], names);
    }

    fn write(&self, module: &mut Module) {
        module.read("a", element(self.dtype));
        module.read("b", element(self.dtype));
        module.read_write("x", element(self.dtype));
        write_arithmetic(self.dtype, module);
        module.entry();
        let lanes = module.workgroup;
        // Unknowns are divided by the diagonal where they are used, and stored so at the end: a barrier a row.
        let _ = write!(
            module,
            "    if (g >= p.count * p.tiles) {{ return; }}
    let m = p.m;
    let n = p.n;
    let matrix = g / p.tiles;
    let column = (g % p.tiles) * p.across + local % p.across;
    let inside = column < n;
    let row = local / p.across;
    let down = {lanes}u / p.across;
    let base = matrix * m * m;
    let first = matrix * m * n + column;
    if (inside) {{
        for (var i = row; i < m; i += down) {{ x[first + i * n] = b[first + i * n]; }}
    }}
    for (var step = 0u; step < m; step += 1u) {{
        storageBarrier();
        if (inside) {{
            let k = select(m - 1u - step, step, p.lower > 0u);
            var known = x[first + k * n];
            if (p.unit == 0u) {{ known = over(known, a[base + k * m + k]); }}
            let end = select(k, m, p.lower > 0u);
            for (var i = select(row, k + 1u + row, p.lower > 0u); i < end; i += down) {{
                x[first + i * n] -= times(a[base + i * m + k], known);
            }}
        }}
    }}
    storageBarrier();
    if (inside && p.unit == 0u) {{
        for (var i = row; i < m; i += down) {{
            x[first + i * n] = over(x[first + i * n], a[base + i * m + i]);
        }}
    }}
}}
"
        );
    }
}
