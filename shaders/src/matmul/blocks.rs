//! Blocks in workgroup memory: the product on real GPUs.
//!
//! A workgroup of 256 lanes computes a tile of 64 or 128 rows and as many columns, every lane 4 or 8 rows of 4 or 8
//! columns in registers. Both operands pass through workgroup memory, a few k at a time: while one half of it is computed
//! with, the other is filled, so that there is one barrier a step. Every lane loads one quad of each operand a
//! step, along whichever axis lies side by side in memory.
//!
//! Every tile gives the same bits: an element is the sum of its products one after the other, in parts of the same
//! length, and what is added beyond the end of it is the same to its last bit.

use super::Matmul;
use super::epilogue::{self, EpilogueCode, PlacedEpilogue};
use super::split_k::{self, Dispatches, place};
use crate::builder::Builder;
use crate::compile::Exact;
use crate::fused::input_access::{self, Placed, Source};
use crate::fused::storage::{element, register};
use crate::params::Names;
use crate::plan::{LaneMap, PlanError, Profile};
use crate::shader::{Module, Template};
use polyarray_core::DType;
use std::fmt::Write as _;

/// Lanes of a workgroup, and along each side of its tile.
const LANES: usize = 256;
const SIDE: usize = 16;
/// Squares below which the smaller ones keep more of the device busy.
const FEW: usize = 128;
/// Sums end at multiples of so many k, the longest step of a tile: zeros take part wherever an element has another
/// length, which makes a negative zero (of a product too small for its format) a positive one in every tile.
const WHOLE: usize = 16;

/// How an operand is loaded.
#[derive(Clone, Copy, Debug, Hash)]
struct Quads {
    /// A lane's quad lies along k; else along the rows (of A) or columns (of B).
    along_k: bool,
    /// It is one load.
    vector: bool,
}

/// The structure of the kernel.
#[derive(Clone, Debug, Hash)]
struct Block {
    dtype: DType,
    batch_rank: usize,
    /// Rows and columns of a workgroup's tile.
    tile: [usize; 2],
    quads: [Quads; 2],
    sources: [Source; 2],
    /// Rows of the output are whole quads.
    out_vector: bool,
    /// Adds to what an earlier dispatch has left.
    adds: bool,
    epilogue: EpilogueCode,
}

/// Whether this is the way to compute a product.
pub(super) fn fits(job: &Matmul, profile: &Profile) -> bool {
    matches!(job.dtype, DType::F32 | DType::I32 | DType::U32)
        && profile.lane_map == LaneMap::Coalesced
        && profile.workgroup as usize >= LANES
        && job.m >= 48
        && job.n >= 48
        && job.k >= 16
}

/// Rows and columns of a workgroup: squares of 128 if they keep the device busy, else of 64.
fn tile(job: &Matmul) -> [usize; 2] {
    let batches: usize = job.batch.iter().product();
    let squares = job.m.div_ceil(128) * job.n.div_ceil(128) * batches;
    if squares >= FEW { [128, 128] } else { [64, 64] }
}

/// Adds the steps of a product.
pub(super) fn plan(
    job: &Matmul,
    epilogue: &PlacedEpilogue,
    builder: &mut Builder<'_>,
) -> Result<(), PlanError> {
    let profile = builder.profile;
    let a = place(0, job, &job.a, [job.m, job.k], profile)?;
    let b = place(1, job, &job.b, [job.k, job.n], profile)?;
    let (rank, tile) = (job.batch.len(), tile(job));
    let quads = [quads(&a, rank, rank + 1, [job.m, job.k]), quads(&b, rank + 1, rank, [job.n, job.k])];
    epilogue.code.check(tile[0] / SIDE * (tile[1] / SIDE))?;
    // Of the shortest steps, which make the most trips, whatever the tile's own: parts of another length would be summed
    // in another order.
    let shortest = LANES * 4 / 128;
    let trips = profile.loop_budget as usize / (shortest + 1);
    let depth = (trips * shortest / WHOLE).max(1) * WHOLE;
    let dispatches = Dispatches { job, a: &a, b: &b, epilogue, sums: job.dtype, tile, depth };
    let shader = |builder: &Builder<'_>, adds: bool, epilogue: &EpilogueCode| {
        let block = Block {
            dtype: job.dtype,
            batch_rank: rank,
            tile,
            quads,
            sources: [a.source, b.source],
            out_vector: job.n.is_multiple_of(4) && in_vectors(epilogue.out),
            adds,
            epilogue: epilogue.clone(),
        };
        builder.shader_of(block, LANES as u32)
    };
    dispatches.plan(shader, builder)
}

/// Are four neighbours of the output one vector?
fn in_vectors(dtype: DType) -> bool {
    matches!(dtype, DType::F32 | DType::I32 | DType::U32)
}

/// Along which axis an operand is loaded: axis `k` of its strides, or `across`.
fn quads(operand: &Placed, across: usize, k: usize, [count, depth]: [usize; 2]) -> Quads {
    let step = |axis: usize| operand.strides[axis].unsigned_abs();
    let along_k = step(k) <= step(across);
    let (fast, length) = if along_k { (k, depth) } else { (across, count) };
    let others = operand.strides.iter().enumerate().filter(|(axis, _)| *axis != fast);
    let vector = operand.strides[fast] == 1
        && operand.source.bindings() == 1
        && [length, operand.offset].iter().all(|n| n.is_multiple_of(4))
        && others.map(|(_, s)| s).all(|s| s % 4 == 0);
    Quads { along_k, vector }
}

impl Block {
    /// k of a step: both halves of both operands of a square fill 16 KiB.
    fn step(&self) -> usize {
        LANES * 4 / self.tile[0].max(self.tile[1])
    }

    /// `fn fetch{i}(from, k0)`: the lane's quad of operand `i`, zeros beyond the edges; and `fn keep{i}`, which
    /// puts it into workgroup memory.
    fn transfers(&self, i: usize) -> String {
        let Quads { along_k, vector } = self.quads[i];
        let rank = self.batch_rank;
        let t = register(self.dtype);
        let step = self.step();
        // The operand's own axes: rows and k of A, k and columns of B.
        let (across_axis, k_axis) = if i == 0 { (rank, rank + 1) } else { (rank + 1, rank) };
        let per_k = self.tile[i] / 4;
        // The shorter side of a tile that is no square has no quad for every lane.
        let loaded = per_k * step;
        let (mine, own) = match loaded < LANES {
            true => {
                (format!("local < {loaded}u && "), format!("    if (local >= {loaded}u) {{ return; }}\n"))
            }
            false => (String::new(), String::new()),
        };
        let (across, k) = match along_k {
            true => (format!("(local / {}u)", step / 4), format!("(local % {}u) * 4u", step / 4)),
            false => (format!("(local % {per_k}u) * 4u"), format!("(local / {per_k}u)")),
        };
        let mut text = format!(
            "fn fetch{i}(local: u32, base: u32, tile: u32, count: u32, k0: u32) -> vec4<{t}> {{
    let x = tile + {across};
    let k = k0 + {k};
    var q = vec4<{t}>({t}(0), {t}(0), {t}(0), {t}(0));
"
        );
        let at = |x: &str, k: &str| {
            format!("base + ({x}) * p.stride{i}_{across_axis} + ({k}) * p.stride{i}_{k_axis}")
        };
        if vector {
            let _ = writeln!(
                text,
                "    if ({mine}x < count && k < p.last) {{ q = in{i}[({}) / 4u]; }}",
                at("x", "k")
            );
        } else {
            for e in 0..4 {
                let (x, k) = match along_k {
                    true => ("x".to_owned(), format!("k + {e}u")),
                    false => (format!("x + {e}u"), "k".to_owned()),
                };
                let _ = writeln!(
                    text,
                    "    if ({mine}{x} < count && {k} < p.last) {{ q[{e}] = load{i}({}); }}",
                    at(&x, &k)
                );
            }
        }
        let _ = write!(text, "    return q;\n}}\nfn keep{i}(local: u32, half: u32, q: vec4<{t}>) {{\n{own}");
        let place = |k: String, x: &str| format!("tile{i}[(half * {step}u + {k}) * {per_k}u + {x}]");
        match along_k {
            true => {
                for e in 0..4 {
                    let at = place(format!("{k} + {e}u"), &format!("{across} / 4u"));
                    let _ = writeln!(text, "    {at}[{across} % 4u] = q[{e}];");
                }
            }
            false => {
                let _ = writeln!(text, "    {} = q;", place(k, &format!("{across} / 4u")));
            }
        }
        text + "}\n"
    }
}

impl Template for Block {
    fn label(&self) -> String {
        let [rows, columns] = self.tile;
        format!("matmul blocks {rows}x{columns} {}{}", self.dtype, self.epilogue.label())
    }

    fn exact(&self) -> Exact {
        self.epilogue.exact()
    }

    fn params(&self, names: &mut Names) {
        split_k::params(self.batch_rank, self.sources, &self.epilogue, names);
    }

    fn write(&self, module: &mut Module) {
        let (tile, step, rank) = (self.tile, self.step(), self.batch_rank);
        let t = register(self.dtype);
        let zero = format!("vec4<{t}>({t}(0), {t}(0), {t}(0), {t}(0))");
        for (i, source) in self.sources.iter().enumerate() {
            match self.quads[i].vector {
                true => module.read(&format!("in{i}"), &format!("vec4<{t}>")),
                false => source.declare(i, 1, module),
            }
        }
        self.epilogue.declare(module);
        let out = self.epilogue.out;
        let stored =
            if self.out_vector { format!("vec4<{}>", register(out)) } else { element(out).to_owned() };
        module.read_write("out", &stored);
        for (i, side) in tile.iter().enumerate() {
            let _ = writeln!(module, "var<workgroup> tile{i}: array<vec4<{t}>, {}>;", 2 * step * side / 4);
        }
        let sources = self.epilogue.with(self.sources);
        input_access::write_offsets_struct(&sources, module);
        input_access::write_offsets("batch_offsets", &sources, 0..rank, module);
        *module += &self.transfers(0);
        *module += &self.transfers(1);
        let [rows, columns] = tile.map(|side| side / SIDE);
        let quads = columns / 4;
        // Steps shorter than `WHOLE` make as many more trips over zeros.
        let end = match step < WHOLE {
            true => format!("p.first + ((p.last - p.first + {}u) & {}u)", WHOLE - 1, !(WHOLE as u32 - 1)),
            false => "p.last".to_owned(),
        };
        module.entry();
        let _ = write!(
            module,
            "    let batch = g / (p.tiles_m * p.tiles_n);
    let tile = g % (p.tiles_m * p.tiles_n);
    if (batch >= p.batches) {{ return; }}
    let row = (tile / p.tiles_n) * {down}u;
    let column = (tile % p.tiles_n) * {across}u;
    let at_batch = batch_offsets(p.batch0 + batch);
    let from0 = p.first0 + at_batch.o0 + p.row0 * p.stride0_{rank};
    let from1 = p.first1 + at_batch.o1;
    let down = (local / {SIDE}u);
    let across = (local % {SIDE}u);
",
            down = tile[0],
            across = tile[1],
        );
        for r in 0..rows {
            for c in 0..quads {
                let _ = writeln!(module, "    var s{r}_{c} = {zero};");
            }
        }
        let _ = write!(
            module,
            "    keep0(local, 0u, fetch0(local, from0, row, p.rows, p.first));
    keep1(local, 0u, fetch1(local, from1, column, p.n, p.first));
    workgroupBarrier();
    var half = 0u;
    let end = {end};
    for (var k = p.first; k < end; k += {step}u) {{
        let next0 = fetch0(local, from0, row, p.rows, k + {step}u);
        let next1 = fetch1(local, from1, column, p.n, k + {step}u);
"
        );
        // The compilers of real GPUs unroll it.
        let _ = writeln!(module, "        for (var kk = 0u; kk < {step}u; kk++) {{");
        {
            for i in 0..2 {
                let lane = ["down", "across"][i];
                let per_k = tile[i] / 4;
                for q in 0..per_k / SIDE {
                    // Halves of the side apart, so that neighbouring lanes read neighbouring quads.
                    let _ = writeln!(
                        module,
                        "        let x{i}_{q} = tile{i}[(half * {step}u + kk) * {per_k}u + {}u + {lane}];",
                        q * SIDE
                    );
                }
            }
            for r in 0..rows {
                for c in 0..quads {
                    let _ = writeln!(
                        module,
                        "        s{r}_{c} += x0_{}.{} * x1_{c};",
                        r / 4,
                        ["x", "y", "z", "w"][r % 4]
                    );
                }
            }
            *module += "        }\n";
        }
        *module += "        half = 1u - half;
        keep0(local, half, next0);
        keep1(local, half, next1);
        workgroupBarrier();
    }
";
        for r in 0..rows {
            let _ =
                writeln!(module, "    let row{r} = row + {}u + down * 4u + {}u;", r / 4 * SIDE * 4, r % 4);
            for c in 0..quads {
                let _ = writeln!(module, "    {{\n    let c = column + {}u + across * 4u;", c * SIDE * 4);
                let _ = writeln!(module, "    let to = p.lead + (batch * p.m + row{r}) * p.n + c;");
                let value = |e: usize| {
                    let sum = match (self.adds, self.out_vector) {
                        (true, true) => format!("s{r}_{c}[{e}] + out[to / 4u][{e}]"),
                        (true, false) => format!("s{r}_{c}[{e}] + out[to + {e}u]"),
                        _ => format!("s{r}_{c}[{e}]"),
                    };
                    let (row, column) = (format!("p.row0 + row{r}"), format!("c + {e}u"));
                    let index = format!("((p.batch0 + batch) * p.m + {row}) * p.n + {column}");
                    let place = epilogue::Place { row: &row, column: &column, index: &index };
                    self.epilogue.element(&sum, self.dtype, &place)
                };
                if self.out_vector {
                    let values = match self.epilogue.is_empty() {
                        true => format!("s{r}_{c}{}", if self.adds { " + out[to / 4u]" } else { "" }),
                        false => format!("{stored}({})", [0, 1, 2, 3].map(value).join(", ")),
                    };
                    let _ = writeln!(
                        module,
                        "    if (row{r} < p.rows && c < p.n) {{
        out[to / 4u] = {values};
    }}"
                    );
                } else {
                    for e in 0..4 {
                        let _ = writeln!(
                            module,
                            "    if (row{r} < p.rows && c + {e}u < p.n) {{
        out[to + {e}u] = {};
    }}",
                            value(e)
                        );
                    }
                }
                *module += "    }\n";
            }
        }
        *module += "}\n";
    }
}
