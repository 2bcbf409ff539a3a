//! Householder's reflections, column by column. A reflection is `1 − v · vᴴ / h` with `v` 1 at its own row, and real `h` also of
//! complex numbers, so that it is its own inverse (its column's `r` is then complex).

use super::{Part, by_columns, entry, least_square, params, write_arithmetic};
use crate::builder::Builder;
use crate::compile::Exact;
use crate::fused::storage::element;
use crate::params::Names;
use crate::plan::{Bind, PlanError};
use crate::shader::{Module, Template};
use polyarray_core::DType;
use polyarray_core::backend::specs::Block;
use std::fmt::Write as _;

/// Lanes over columns.
const ACROSS: u32 = 8;

#[derive(Debug, Hash)]
struct Reflect {
    dtype: DType,
}

/// Loop iterations of a lane for column `k`.
pub fn loops(m: usize, n: usize, lanes: u32, k: usize) -> usize {
    let across = lanes.min(ACROSS);
    let (rows, columns) = (m.saturating_sub(k), n.saturating_sub(k));
    let chunks = columns.div_ceil(across as usize);
    2 * rows.div_ceil(lanes as usize) + chunks * (2 * rows.div_ceil((lanes / across) as usize) + 16) + 16
}

pub fn plan(
    block: &Block,
    part: &Part,
    binds: &[Bind],
    lanes: u32,
    builder: &mut Builder<'_>,
) -> Result<(), PlanError> {
    let shader = builder.shader_of(Reflect { dtype: block.dtype }, lanes);
    by_columns(&shader, block, part, binds, loops, lanes, builder)
}

impl Template for Reflect {
    fn label(&self) -> String {
        format!("qr {}", self.dtype)
    }

    fn exact(&self) -> Exact {
        Exact::Nowhere
    }

    fn params(&self, names: &mut Names) {
        params(&["first", "end"], names);
    }

    fn write(&self, module: &mut Module) {
        module.read("x", element(self.dtype));
        module.read_write("a", element(self.dtype));
        module.read_write("halves", element(self.dtype.real()));
        write_arithmetic(self.dtype, module);
        let lanes = module.workgroup;
        let across = lanes.min(ACROSS);
        let down = lanes / across;
        let double = self.dtype.real() == DType::F64;
        let _ = writeln!(module, "var<workgroup> parts: array<T, {lanes}>;");
        entry(module);
        let _ = write!(
            module,
            "    let m = p.m;
    let n = p.n;
    let base = g * m * n;
    let row = local / {across}u;
    if (p.first == 0u) {{
        for (var t = local; t < m * n; t += {lanes}u) {{ a[base + t] = x[base + t]; }}
    }}
    for (var k = p.first; k < p.end; k += 1u) {{
        storageBarrier();
        let head = a[base + k * n + k];
        var sum = R(0);
        for (var i = k + 1u + local; i < m; i += {lanes}u) {{ sum += square(a[base + i * n + k]); }}
        parts[local] = whole(sum);
        workgroupBarrier();
        for (var apart = {half}u; apart > 0u; apart /= 2u) {{
            if (local < apart) {{ parts[local] += parts[local + apart]; }}
            workgroupBarrier();
        }}
        let total = real_part(parts[0]) + square(head);
        let norm = root(total);
        // Of a number whose square has few digits left, the direction has few, too.
        var near = R(0);
        var phase = whole(R(1));
        if (square(head) > R({least})) {{
            near = root(square(head));
            phase = head / near;
        }}
        var diagonal = -phase * norm;
        var scale = R(1) / (norm + near);
        var height = norm * scale;
        // What is that small beside the largest element, which is near 1, is nothing; its squares would have no place.
        if (total < R({tiny})) {{
            diagonal = -head;
            scale = R(0);
            height = R(0.5);
        }}
        for (var i = k + 1u + local; i < m; i += {lanes}u) {{
            a[base + i * n + k] = times(a[base + i * n + k], conjugate(phase)) * scale;
        }}
        if (local == 0u) {{
            a[base + k * n + k] = diagonal;
            halves[g * n + k] = height;
        }}
        storageBarrier();
        for (var c = k + 1u; c < n; c += {across}u) {{
            let j = c + local % {across}u;
            var dot = whole(R(0));
            if (j < n) {{
                for (var i = k + 1u + row; i < m; i += {down}u) {{
                    dot += times(conjugate(a[base + i * n + k]), a[base + i * n + j]);
                }}
            }}
            parts[local] = dot;
            workgroupBarrier();
            for (var apart = {down}u / 2u; apart > 0u; apart /= 2u) {{
                if (row < apart) {{ parts[local] += parts[local + apart * {across}u]; }}
                workgroupBarrier();
            }}
            var top = whole(R(0));
            var by = whole(R(0));
            if (j < n) {{
                top = a[base + k * n + j];
                by = (top + parts[local % {across}u]) / height;
                for (var i = k + 1u + row; i < m; i += {down}u) {{
                    a[base + i * n + j] -= times(a[base + i * n + k], by);
                }}
            }}
            storageBarrier();
            workgroupBarrier();
            if (j < n && row == 0u) {{ a[base + k * n + j] = top - by; }}
        }}
    }}
}}
",
            half = lanes / 2,
            tiny = if double { "1e-60" } else { "1e-30" },
            least = least_square(self.dtype),
        );
    }
}
