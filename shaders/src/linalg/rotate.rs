//! Jacobi's rotations from one side (Hestenes 1958): the columns of a matrix are turned, two at a time, until all are
//! orthogonal. In a round each column has one partner, and in a sweep each other column once, as in a tournament.

use super::{Part, entry, least_square, params, write_arithmetic};
use crate::builder::Builder;
use crate::compile::Exact;
use crate::fused::storage::element;
use crate::params::{Names, param_register, scalar_words};
use crate::plan::{Bind, PlanError, Slot};
use crate::shader::{Module, Template};
use polyarray_core::backend::specs::Block;
use polyarray_core::{DType, Scalar};
use std::fmt::Write as _;

/// Sweeps at most: they end when one turns nothing, mostly after 5 to 10.
const SWEEPS: usize = 24;

/// The sweeps.
#[derive(Debug, Hash)]
struct Rotate {
    dtype: DType,
}

/// What comes of them, by the lengths of the columns.
#[derive(Debug, Hash)]
struct Order {
    dtype: DType,
    most: usize,
}

/// Loop iterations of a lane in one sweep.
pub fn loops(n: usize, lanes: u32) -> usize {
    let players = n.next_multiple_of(2);
    players * ((players / 2).div_ceil(lanes as usize) * (2 * n + 1) + 1) + 1
}

pub fn plan(
    block: &Block,
    part: &Part,
    binds: &[Bind],
    lanes: u32,
    most: usize,
    builder: &mut Builder<'_>,
) -> Result<(), PlanError> {
    let (n, dtype) = (block.n, block.dtype);
    let bytes = (part.total * n * n * dtype.size()) as u64;
    for (number, bytes) in [bytes, bytes, (part.total * 4) as u64].into_iter().enumerate() {
        builder.scratch_at(number, bytes, true);
    }
    let kept = |number, write| part.bind(Slot::Scratch(number), dtype, n * n, write);
    let state = part.bind(Slot::Scratch(2), DType::U32, 1, true);
    let epsilon = if dtype.real() == DType::F64 { f64::EPSILON } else { f64::from(f32::EPSILON) };
    let tolerance = scalar_words(Scalar::F64(epsilon * n.max(8) as f64 / 4.0).cast(dtype.real()));
    let budget = builder.profile.loop_budget as usize;
    let copies = 2 * (n * n).div_ceil(lanes as usize);
    let together = (budget.saturating_sub(copies) / loops(n, lanes)).clamp(1, SWEEPS);
    let shader = builder.shader_of(Rotate { dtype }, lanes);
    for first in (0..SWEEPS).step_by(together) {
        let words = [part.count, n, n, first, together.min(SWEEPS - first)].map(|x| x as u32);
        let words = words.into_iter().chain(tolerance.iter().copied());
        let binds = vec![binds[0], kept(0, true), kept(1, true), state];
        builder.step(&shader, binds, words, part.count as u64)?;
    }
    let shader = builder.shader_of(Order { dtype, most }, lanes);
    let binds = [&[kept(0, false), kept(1, false)], &binds[1..]].concat();
    builder.step(&shader, binds, [part.count, n, n].map(|x| x as u32), part.count as u64)
}

impl Template for Rotate {
    fn label(&self) -> String {
        format!("jacobi {}", self.dtype)
    }

    fn exact(&self) -> Exact {
        Exact::Nowhere
    }

    fn params(&self, names: &mut Names) {
        params(&["first", "sweeps"], names);
        names.scalars(&[self.dtype.real()]);
    }

    fn write(&self, module: &mut Module) {
        module.read("x", element(self.dtype));
        module.read_write("w", element(self.dtype));
        module.read_write("v", element(self.dtype));
        module.read_write("turned", "u32");
        write_arithmetic(self.dtype, module);
        let lanes = module.workgroup;
        *module += "var<workgroup> turning: u32;\n";
        entry(module);
        // Columns lie as rows.
        let _ = write!(
            module,
            "    let n = p.n;
    let base = g * n * n;
    if (p.first == 0u) {{
        for (var t = local; t < n * n; t += {lanes}u) {{
            let i = t / n;
            let j = t % n;
            w[base + t] = x[base + j * n + i];
            v[base + t] = whole(select(R(0), R(1), i == j));
        }}
        if (local == 0u) {{ turned[g] = 1u; }}
    }}
    let players = n + (n & 1u);
    for (var sweep = 0u; sweep < p.sweeps; sweep += 1u) {{
        storageBarrier();
        if (local == 0u) {{ turning = turned[g]; }}
        let goes_on = workgroupUniformLoad(&turning);
        if (goes_on == 0u) {{ break; }}
        if (local == 0u) {{ turned[g] = 0u; }}
        for (var round = 1u; round < players; round += 1u) {{
            storageBarrier();
            for (var pair = local; pair < players / 2u; pair += {lanes}u) {{
                // The last one stays, the others go round.
                let a = (round - 1u + pair) % (players - 1u);
                let b = select((round - 1u + players - 1u - pair) % (players - 1u), players - 1u, pair == 0u);
                if (a < n && b < n) {{ turn(base, a * n, b * n, n, g); }}
            }}
        }}
    }}
}}
fn turn(base: u32, a: u32, b: u32, n: u32, g: u32) {{
    var first = R(0);
    var second = R(0);
    var both = whole(R(0));
    for (var i = 0u; i < n; i += 1u) {{
        let y = w[base + a + i];
        let z = w[base + b + i];
        first += square(y);
        second += square(z);
        both += times(conjugate(y), z);
    }}
    // Of a number whose square has few digits left, the direction has few, too.
    if (!(square(both) > R({least}))) {{ return; }}
    let angle = root(square(both));
    if (!(angle > {tolerance} * (root(first) * root(second)))) {{ return; }}
    turned[g] = 1u;
    let phase = conjugate(both) / angle;
    let zeta = (second - first) / (angle + angle);
    var tangent = R(1) / (abs(zeta) + root(R(1) + zeta * zeta));
    if (zeta < R(0)) {{ tangent = -tangent; }}
    let cosine = R(1) / root(R(1) + tangent * tangent);
    let sine = cosine * tangent;
    for (var i = 0u; i < n; i += 1u) {{
        let y = w[base + a + i];
        let z = times(phase, w[base + b + i]);
        w[base + a + i] = y * cosine - z * sine;
        w[base + b + i] = y * sine + z * cosine;
        let s = v[base + a + i];
        let t = times(phase, v[base + b + i]);
        v[base + a + i] = s * cosine - t * sine;
        v[base + b + i] = s * sine + t * cosine;
    }}
}}
",
            least = least_square(self.dtype),
            tolerance = param_register(0, self.dtype.real()),
        );
    }
}

impl Template for Order {
    fn label(&self) -> String {
        format!("jacobi order {}", self.dtype)
    }

    fn exact(&self) -> Exact {
        Exact::Nowhere
    }

    fn params(&self, names: &mut Names) {
        params(&[], names);
    }

    fn write(&self, module: &mut Module) {
        module.read("w", element(self.dtype));
        module.read("v", element(self.dtype));
        module.read_write("columns", element(self.dtype));
        module.read_write("lengths", element(self.dtype.real()));
        module.read_write("vectors", element(self.dtype));
        write_arithmetic(self.dtype, module);
        let _ = writeln!(module, "var<workgroup> long: array<R, {}>;", self.most);
        entry(module);
        let lanes = module.workgroup;
        let _ = write!(
            module,
            "    let n = p.n;
    let base = g * n * n;
    for (var j = local; j < n; j += {lanes}u) {{
        var sum = R(0);
        for (var i = 0u; i < n; i += 1u) {{ sum += square(w[base + j * n + i]); }}
        long[j] = root(sum);
    }}
    workgroupBarrier();
    for (var j = local; j < n; j += {lanes}u) {{
        var place = 0u;
        for (var i = 0u; i < n; i += 1u) {{
            if (long[i] > long[j] || (i < j && !(long[j] > long[i]))) {{ place += 1u; }}
        }}
        lengths[g * n + place] = long[j];
        for (var i = 0u; i < n; i += 1u) {{
            columns[base + i * n + place] = w[base + j * n + i];
            vectors[base + i * n + place] = v[base + j * n + i];
        }}
    }}
}}
"
        );
    }
}
