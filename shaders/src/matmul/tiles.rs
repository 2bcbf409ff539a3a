//! Register tiles without barriers: products of any layout through strides, on any adapter.
//!
//! A lane computes a tile of 4 columns and some rows. On adapters that run on the CPU the lanes of a workgroup
//! lie side by side over the columns and, where there are subgroups, load different rows of A and broadcast
//! them; on real GPUs they form a square. Sums run over chunks of 256 products that are then added up, so that
//! the error grows with the chunk and not with the whole length.

use super::epilogue::{self, EpilogueCode, PlacedEpilogue};
use super::split_k::{self, Dispatches, place};
use super::{Matmul, Terms};
use crate::builder::Builder;
use crate::compile::Exact;
use crate::fused::input_access::{self, Placed, Source};
use crate::fused::storage::{element, name, register};
use crate::library::Features;
use crate::params::Names;
use crate::plan::{LaneMap, PlanError};
use crate::shader::{Module, Template};
use polyarray_core::DType;
use std::fmt::Write as _;

/// Columns of a lane's tile.
const COLUMNS: usize = 4;
/// Products that are summed before they are added to the total.
const CHUNK: u32 = 256;

/// The structure of a product's kernel.
#[derive(Debug, Hash)]
struct Product {
    dtype: DType,
    terms: Terms,
    batch_rank: usize,
    rows: usize,
    /// Lanes of a workgroup over columns, and over rows.
    lanes: [u32; 2],
    broadcast: bool,
    /// Four neighbouring elements are one load: of A along k, of B along its columns.
    vectors: [bool; 2],
    a: Source,
    b: Source,
    epilogue: EpilogueCode,
}

/// Adds the steps of a product.
pub(super) fn plan(
    job: &Matmul,
    terms: Terms,
    epilogue: &PlacedEpilogue,
    builder: &mut Builder<'_>,
) -> Result<(), PlanError> {
    let profile = builder.profile;
    let a = place(0, job, &job.a, [job.m, job.k], profile)?;
    let b = place(1, job, &job.b, [job.k, job.n], profile)?;
    // Dtypes without vectors are many instructions a product: small tiles keep the compiler quick.
    let simple = simple(job.dtype, profile.features);
    let (rows, across) = match profile.lane_map {
        LaneMap::Run => (if simple { 16 } else { 2 }, profile.workgroup),
        LaneMap::Coalesced => (if simple { 4 } else { 2 }, profile.workgroup.min(16)),
    };
    let lanes = [across, (profile.workgroup / across).max(1)];
    let broadcast = profile.lane_map == LaneMap::Run && profile.subgroups && profile.workgroup == 8 && simple;
    let tile = [rows * lanes[1] as usize, COLUMNS * lanes[0] as usize];
    epilogue.code.check(rows * COLUMNS)?;
    let depth = ((profile.loop_budget / 2) & !3) as usize;
    let dispatches = Dispatches { job, a: &a, b: &b, epilogue, sums: terms.sum(job.dtype), tile, depth };
    // The kernel looks for itself whether it adds.
    let shader = |builder: &Builder<'_>, _, epilogue: &EpilogueCode| {
        let product = Product {
            dtype: job.dtype,
            terms,
            batch_rank: job.batch.len(),
            rows,
            lanes,
            broadcast,
            vectors: [vectors(&a, job.k, job.dtype), vectors(&b, job.n, job.dtype)],
            a: a.source,
            b: b.source,
            epilogue: epilogue.clone(),
        };
        builder.shader_of(product, lanes[0] * lanes[1])
    };
    dispatches.plan(shader, builder)
}

/// True where an operand's rows can be read four elements at a time.
fn vectors(operand: &Placed, columns: usize, dtype: DType) -> bool {
    let (last, others) = operand.strides.split_last().expect("a matrix has two axes");
    dtype.size() == 4
        && *last == 1
        && columns > 0
        && [columns, operand.offset].iter().all(|n| n.is_multiple_of(4))
        && others.iter().all(|s| s % 4 == 0)
        && operand.source.bindings() == 1
}

/// True where vectors of the dtype exist, so that a tile's row is one vector.
fn simple(dtype: DType, features: Features) -> bool {
    match dtype {
        DType::F32 | DType::F64 | DType::I32 | DType::U32 => true,
        DType::I64 | DType::U64 => features.int64,
        _ => false,
    }
}

impl Product {
    /// Sum, chunk and update of a lane's tile as text: vectors where they exist, else one variable each.
    fn tile(&self, features: Features) -> Tile {
        let t = name(self.dtype);
        let reg = register(self.dtype);
        if simple(self.dtype, features) {
            let zero = format!("vec4<{reg}>({reg}(0), {reg}(0), {reg}(0), {reg}(0))");
            return Tile {
                declare: format!("var #: vec4<{reg}> = {zero};\n"),
                update: match self.terms {
                    Terms::Bits => {
                        "        chunk@ += countOneBits(vec4<u32>(a@) & vec4<u32>(b0, b1, b2, b3));\n"
                            .to_owned()
                    }
                    _ => "        chunk@ += a@ * vec4<REG>(b0, b1, b2, b3);\n".replace("REG", &reg),
                },
                fold: "    sum@ += chunk@;\n".to_owned(),
                element: ["x", "y", "z", "w"].map(|c| format!("sum@.{c}")),
                set: ["x", "y", "z", "w"].map(|c| format!("sum@.{c} = OLD;")),
            };
        }
        let zero = match self.dtype {
            DType::C64 => "vec2<f32>(f32_run_time_zero(), f32_run_time_zero())".to_owned(),
            DType::C128 => "vec2<f64>(f64_run_time_zero(), f64_run_time_zero())".to_owned(),
            _ => format!("{t}_zero()"),
        };
        let each = |f: &dyn Fn(usize) -> String| (0..COLUMNS).map(f).collect::<String>();
        Tile {
            declare: each(&|c| format!("var #_{c}: {reg} = {zero};\n")),
            update: each(&|c| format!("        chunk@_{c} = {t}_add(chunk@_{c}, {t}_multiply(a@, b{c}));\n")),
            fold: each(&|c| format!("    sum@_{c} = {t}_add(sum@_{c}, chunk@_{c});\n")),
            element: [0, 1, 2, 3].map(|c| format!("sum@_{c}")),
            set: [0, 1, 2, 3].map(|c| format!("sum@_{c} = OLD;")),
        }
    }

    /// Declares an operand: as vectors of four, or element by element.
    fn declare(&self, i: usize, module: &mut Module) {
        if !self.vectors[i] {
            return [self.a, self.b][i].declare(i, 1, module);
        }
        let vector = format!("vec4<{}>", register(self.dtype));
        module.read(&format!("in{i}"), &vector);
        let _ = writeln!(module, "fn load{i}(at: u32) -> {vector} {{ return in{i}[at / 4u]; }}");
    }

    /// The inner loop: `a{r}` of every row, `b0`..`b3`, and the update of the tile, for one k or for four.
    fn inner(&self, update: &str) -> String {
        let rank = self.batch_rank;
        let pointers = if self.broadcast { self.rows / 8 } else { self.rows };
        let steps = if self.vectors[0] { 4 } else { 1 };
        let mut text = format!("    for (var k = start; k < end; k += {steps}u) {{\n");
        for r in 0..pointers {
            let _ = writeln!(text, "        let mine{r} = load0(pa{r} + k * p.stride0_{});", rank + 1);
        }
        for step in 0..steps {
            let part = if steps == 4 { [".x", ".y", ".z", ".w"][step] } else { "" };
            text += "        {\n";
            for r in 0..self.rows {
                let _ = match self.broadcast {
                    true => writeln!(
                        text,
                        "        let a{r} = subgroupBroadcast(mine{}{part}, {}u);",
                        r / 8,
                        r % 8
                    ),
                    false => writeln!(text, "        let a{r} = mine{r}{part};"),
                };
            }
            let at = format!("(k + {step}u) * p.stride1_{rank}");
            if self.vectors[1] {
                let _ = writeln!(text, "        let row = load1(pb0 + {at});");
            }
            for c in 0..COLUMNS {
                let _ = match self.vectors[1] {
                    true => writeln!(text, "        let b{c} = row.{};", ["x", "y", "z", "w"][c]),
                    false => writeln!(text, "        let b{c} = load1(pb{c} + {at});"),
                };
            }
            text += update;
            text += "        }\n";
        }
        text + "    }\n"
    }
}

/// Pieces of text; `@` stands for the row.
struct Tile {
    declare: String,
    update: String,
    fold: String,
    element: [String; COLUMNS],
    set: [String; COLUMNS],
}

impl Template for Product {
    fn label(&self) -> String {
        let [across, down] = self.lanes.map(|lanes| lanes as usize);
        let (rows, columns) = (self.rows * down, COLUMNS * across);
        format!("matmul tiles {rows}x{columns} {}{}", self.dtype, self.epilogue.label())
    }

    fn exact(&self) -> Exact {
        self.epilogue.exact()
    }

    fn subgroups(&self) -> bool {
        self.broadcast
    }

    fn params(&self, names: &mut Names) {
        split_k::params(self.batch_rank, [self.a, self.b], &self.epilogue, names);
    }

    fn write(&self, module: &mut Module) {
        let (rank, rows) = (self.batch_rank, self.rows);
        let sources = self.epilogue.with([self.a, self.b]);
        self.declare(0, module);
        self.declare(1, module);
        self.epilogue.declare(module);
        // The sum of bits is signed, and summed as it comes.
        let stored = if self.epilogue.is_empty() { self.dtype } else { self.epilogue.out };
        module.read_write("out", element(stored));
        input_access::write_offsets_struct(&sources, module);
        input_access::write_offsets("batch_offsets", &sources, 0..rank, module);
        let [across, down] = self.lanes;
        module.entry();
        // Neighbouring workgroups have the same columns, whose elements lie apart: they stay in the cache.
        let _ = write!(
            module,
            "    let batch = g / (p.tiles_m * p.tiles_n);
    let tile = g % (p.tiles_m * p.tiles_n);
    if (batch >= p.batches) {{ return; }}
    let row = ((tile % p.tiles_m) * {down}u + local / {across}u) * {rows}u;
    let column = ((tile / p.tiles_m) * {across}u + local % {across}u) * {COLUMNS}u;
    let at_batch = batch_offsets(p.batch0 + batch);
"
        );
        // Rows and columns beyond the edge are computed from the last again, and not stored.
        let pointers = if self.broadcast { rows / 8 } else { rows };
        for r in 0..pointers {
            let mine =
                if self.broadcast { format!("row + {}u + local", r * 8) } else { format!("row + {r}u") };
            let _ = writeln!(
                module,
                "    let pa{r} = p.first0 + at_batch.o0 + (p.row0 + min({mine}, p.rows - 1u)) * p.stride0_{rank};"
            );
        }
        for c in 0..COLUMNS {
            // Four columns at a time: the tile is inside or outside as a whole.
            let column = match self.vectors[1] {
                true => "min(column, p.n - 4u)".to_owned(),
                false => format!("min(column + {c}u, p.n - 1u)"),
            };
            let _ = writeln!(
                module,
                "    let pb{c} = p.first1 + at_batch.o1 + {column} * p.stride1_{};",
                rank + 1
            );
        }
        let tile = self.tile(module.features);
        let per_row = |piece: &str| (0..rows).map(|r| piece.replace('@', &r.to_string())).collect::<String>();
        *module += &per_row(&tile.declare.replace('#', "sum@"));
        let place = "p.lead + (batch * p.m + row + @u) * p.n + column";
        let guard = |c: usize| format!("row + @u < p.rows && column + {c}u < p.n");
        // Sums that are not complete are left only where the output has their dtype.
        if stored == self.dtype {
            *module += "    if (p.first > 0u) {\n";
            for c in 0..COLUMNS {
                let set = tile.set[c].replace("OLD", &format!("out[{place} + {c}u]"));
                *module += &per_row(&format!("        if ({}) {{ {set} }}\n", guard(c)));
            }
            *module += "    }\n";
        }
        let _ = write!(
            module,
            "    for (var start = p.first; start < p.last; start += {CHUNK}u) {{
    let end = min(start + {CHUNK}u, p.last);
{}{}",
            per_row(&tile.declare.replace('#', "chunk@")),
            self.inner(&per_row(&tile.update)),
        );
        *module += &per_row(&tile.fold);
        *module += "    }\n";
        for c in 0..COLUMNS {
            let column = format!("column + {c}u");
            let index = format!("((p.batch0 + batch) * p.m + p.row0 + row + @u) * p.n + {column}");
            let here = epilogue::Place { row: "p.row0 + row + @u", column: &column, index: &index };
            let value = self.epilogue.element(&tile.element[c], self.dtype, &here);
            *module += &per_row(&format!("    if ({}) {{ out[{place} + {c}u] = {value}; }}\n", guard(c)));
        }
        *module += "}\n";
    }
}
