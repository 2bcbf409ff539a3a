//! The LU factorisation with partial pivoting, column by column: lanes lie over rows, and a panel may have any number of them.

use super::{Part, by_columns, entry, params, write_arithmetic};
use crate::builder::Builder;
use crate::compile::Exact;
use crate::fused::storage::element;
use crate::params::Names;
use crate::plan::{Bind, PlanError};
use crate::shader::{Module, Template};
use polyarray_core::DType;
use polyarray_core::backend::specs::Block;
use std::fmt::Write as _;

#[derive(Debug, Hash)]
struct Lu {
    dtype: DType,
}

/// Loop iterations of a lane for column `k`.
pub fn loops(m: usize, n: usize, lanes: u32, k: usize) -> usize {
    let lanes = lanes as usize;
    m.saturating_sub(k).div_ceil(lanes) * (2 + n.saturating_sub(k)) + n.div_ceil(lanes) + 16
}

pub fn plan(
    block: &Block,
    part: &Part,
    binds: &[Bind],
    lanes: u32,
    builder: &mut Builder<'_>,
) -> Result<(), PlanError> {
    let shader = builder.shader_of(Lu { dtype: block.dtype }, lanes);
    by_columns(&shader, block, part, binds, loops, lanes, builder)
}

impl Template for Lu {
    fn label(&self) -> String {
        format!("lu_factor {}", self.dtype)
    }

    fn exact(&self) -> Exact {
        Exact::Nowhere
    }

    fn params(&self, names: &mut Names) {
        params(&["first", "end"], names);
    }

    fn write(&self, module: &mut Module) {
        module.read("x", element(self.dtype));
        module.read_write("lu", element(self.dtype));
        module.read_write("exchanges", "i32");
        module.read_write("rows", "i32");
        write_arithmetic(self.dtype, module);
        let lanes = module.workgroup;
        let _ = writeln!(
            module,
            "var<workgroup> largest: array<R, {lanes}>;\nvar<workgroup> places: array<u32, {lanes}>;"
        );
        entry(module);
        let _ = write!(
            module,
            "    let m = p.m;
    let n = p.n;
    let base = g * m * n;
    if (p.first == 0u) {{
        for (var t = local; t < m * n; t += {lanes}u) {{ lu[base + t] = x[base + t]; }}
        for (var i = local; i < m; i += {lanes}u) {{ rows[g * m + i] = i32(i); }}
    }}
    for (var k = p.first; k < p.end; k += 1u) {{
        storageBarrier();
        // The first of the largest; NaN is larger than any, so that it is seen in what comes of it.
        var best = R(-1);
        var place = k;
        for (var i = k + local; i < m; i += {lanes}u) {{
            var here = size(lu[base + i * n + k]);
            if ({isnan}(here)) {{ here = R(3e38); }}
            if (here > best) {{ best = here; place = i; }}
        }}
        largest[local] = best;
        places[local] = place;
        workgroupBarrier();
        for (var apart = {half}u; apart > 0u; apart /= 2u) {{
            if (local < apart) {{
                let other = largest[local + apart];
                let there = places[local + apart];
                if (other > largest[local] || (other == largest[local] && there < places[local])) {{
                    largest[local] = other;
                    places[local] = there;
                }}
            }}
            workgroupBarrier();
        }}
        let pivot = places[0];
        if (pivot != k) {{
            for (var j = local; j < n; j += {lanes}u) {{
                let above = lu[base + k * n + j];
                lu[base + k * n + j] = lu[base + pivot * n + j];
                lu[base + pivot * n + j] = above;
            }}
        }}
        if (local == 0u) {{
            exchanges[g * min(m, n) + k] = i32(pivot);
            let above = rows[g * m + k];
            rows[g * m + k] = rows[g * m + pivot];
            rows[g * m + pivot] = above;
        }}
        storageBarrier();
        let divisor = lu[base + k * n + k];
        if (!(size(divisor) == R(0))) {{
            for (var i = k + 1u + local; i < m; i += {lanes}u) {{
                let factor = over(lu[base + i * n + k], divisor);
                lu[base + i * n + k] = factor;
                for (var j = k + 1u; j < n; j += 1u) {{
                    lu[base + i * n + j] -= times(factor, lu[base + k * n + j]);
                }}
            }}
        }}
    }}
}}
",
            half = lanes / 2,
            isnan = if self.dtype.real() == DType::F64 { "f64_isnan" } else { "f32_isnan" },
        );
    }
}
