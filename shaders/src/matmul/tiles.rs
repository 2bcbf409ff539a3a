//! Register tiles without barriers: products of any layout through strides, on any adapter.
//!
//! A lane computes a tile of 4 columns and some rows. On adapters that run on the CPU the lanes of a workgroup
//! lie side by side over the columns and, where there are subgroups, load different rows of A and broadcast
//! them; on real GPUs they form a square. Sums run over chunks of 256 products that are then added up, so that
//! the error grows with the chunk and not with the whole length. That order is the same in tiles of every shape, and
//! so are the bits.

use super::parts::{self, Dispatches, place};
use super::tail::{self, PlacedTail, Tail};
use super::{Matmul, Shape, Terms};
use crate::compile::Options;
use crate::fused::access::{self, Placed, Source};
use crate::fused::params::Names;
use crate::fused::storage::{element, name, register};
use crate::library::Features;
use crate::plan::{LaneMap, Plan, PlanError, Profile, Shader, Template};
use polyarray_core::DType;
use std::fmt::Write as _;

/// Columns of a lane's tile.
const COLUMNS: usize = 4;
/// Products that are summed before they are added to the total.
pub(super) const CHUNK: u32 = 256;

/// The structure of a product's kernel.
#[derive(Debug, Hash)]
struct Product {
    features: Features,
    dtype: DType,
    terms: Terms,
    batch_rank: usize,
    rows: usize,
    /// Lanes of a workgroup over columns, and over rows.
    lanes: [u32; 2],
    broadcast: bool,
    /// Four neighbouring elements are one load: of A along k, of B along its columns.
    vectors: [bool; 2],
    /// Those loads are two 64-bit words.
    wide: bool,
    immediate: bool,
    a: Source,
    b: Source,
    tail: Tail,
}

/// The tiles that compute a product: the usual one first, then others for matrices that are much longer than wide, or
/// that fill larger tiles.
pub(super) fn shapes(job: &Matmul, profile: &Profile) -> Vec<Shape> {
    // Dtypes without vectors are many instructions a product: small tiles keep the compiler quick.
    let simple = simple(job.dtype, profile.features);
    let lanes = profile.workgroup as usize;
    let mut shapes = Vec::new();
    let mut add = |rows, across| shapes.push(Shape::Tiles { rows, across });
    match profile.lane_map {
        LaneMap::Run => {
            add(if simple { 16 } else { 2 }, lanes);
            if simple && job.m <= 8 {
                add(8, lanes);
            }
        }
        LaneMap::Coalesced => {
            let (rows, across) = (if simple { 4 } else { 2 }, lanes.min(16));
            add(rows, across);
            if simple && job.m >= 128 {
                add(8, across);
            }
            // Four times as long as wide, or as wide as long: lanes that the other way round would have nothing to do.
            if job.n <= 8 * COLUMNS && across > 4 {
                add(rows, 4);
            }
            if job.m <= 4 * rows && lanes >= 64 {
                add(rows, 64);
            }
        }
    }
    shapes
}

/// Adds the steps of a product.
pub(super) fn plan(
    job: &Matmul,
    terms: Terms,
    [rows, across]: [usize; 2],
    tail: &PlacedTail,
    profile: &Profile,
    plan: &mut Plan,
) -> Result<(), PlanError> {
    let a = place(0, job, &job.a, [job.m, job.k], profile)?;
    let b = place(1, job, &job.b, [job.k, job.n], profile)?;
    let sums = terms.sum(job.dtype);
    let structure = |tail: &Tail| structure(job, terms, [rows, across], tail, &a, &b, profile);
    let plain = structure(&PlacedTail::none(sums).tail);
    let tile = [plain.rows * plain.lanes[1] as usize, COLUMNS * plain.lanes[0] as usize];
    tail.tail.check(plain.rows * COLUMNS)?;
    let depth = ((profile.loop_budget / 2) & !3) as usize;
    let dispatches = Dispatches { job, a: &a, b: &b, tail, sums, tile, depth };
    // The kernel looks for itself whether it adds.
    let shader = |_, tail: &Tail| {
        let mut product = structure(tail);
        product.immediate = profile.holds_immediates(product.names().count());
        profile.check_bindings("matmul", product.bindings() + usize::from(!product.immediate))?;
        Ok((product.immediate, Shader::new(product)))
    };
    dispatches.plan(shader, profile, plan)
}

fn structure(
    job: &Matmul,
    terms: Terms,
    [rows, across]: [usize; 2],
    tail: &Tail,
    a: &Placed,
    b: &Placed,
    profile: &Profile,
) -> Product {
    let subgroup = profile.lane_map == LaneMap::Run && profile.subgroups && profile.workgroup == 8;
    let broadcast = subgroup && simple(job.dtype, profile.features);
    let across = across as u32;
    let lanes = [across, (profile.workgroup / across).max(1)];
    Product {
        features: profile.features,
        dtype: job.dtype,
        terms,
        batch_rank: job.batch.len(),
        rows,
        lanes,
        broadcast,
        vectors: [vectors(a, job.k, job.dtype), vectors(b, job.n, job.dtype)],
        wide: profile.wide(),
        immediate: false,
        a: a.source,
        b: b.source,
        tail: tail.clone(),
    }
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
    fn names(&self) -> Names {
        parts::names(self.batch_rank, [self.a, self.b], &self.tail)
    }

    fn bindings(&self) -> usize {
        self.a.bindings() + self.b.bindings() + self.tail.bindings() + 1
    }

    /// Sum, chunk and update of a lane's tile as text: vectors where they exist, else one variable each.
    fn tile(&self) -> Tile {
        let t = name(self.dtype);
        let reg = register(self.dtype);
        if simple(self.dtype, self.features) {
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
    fn declare(&self, i: usize, binding: usize) -> String {
        if !self.vectors[i] {
            return [self.a, self.b][i].declare(i, binding, 1, false);
        }
        let t = register(self.dtype);
        let (stored, load) = match self.wide {
            false => (format!("vec4<{t}>"), "v".to_owned()),
            true => {
                let word = |half: &str, c: &str| format!("bitcast<{t}>(u64_{half}(v.{c}))");
                let words = [word("low", "x"), word("high", "x"), word("low", "y"), word("high", "y")];
                ("vec2<u64>".to_owned(), format!("vec4<{t}>({})", words.join(", ")))
            }
        };
        format!(
            "@group(0) @binding({binding}) var<storage, read> in{i}: array<{stored}>;
fn load{i}(at: u32) -> vec4<{t}> {{
    let v = in{i}[at / 4u];
    return {load};
}}
"
        )
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
    fn options(&self) -> Options {
        Options {
            immediates: self.immediate,
            subgroups: self.broadcast,
            exact: self.tail.exact(),
            ..Options::own(self.features)
        }
    }

    fn label(&self) -> String {
        let [across, down] = self.lanes.map(|lanes| lanes as usize);
        let (rows, columns) = (self.rows * down, COLUMNS * across);
        format!("matmul tiles {rows}x{columns} {}{}", self.dtype, self.tail.label())
    }

    fn wgsl(&self) -> String {
        let (rank, rows) = (self.batch_rank, self.rows);
        let sources = self.tail.with([self.a, self.b]);
        let mut text = self.names().declare(self.immediate, self.bindings());
        text += &self.declare(0, 0);
        text += &self.declare(1, self.a.bindings());
        text += &self.tail.declare(self.a.bindings() + self.b.bindings());
        // The sum of bits is signed, and summed as it comes.
        let stored = if self.tail.is_empty() { self.dtype } else { self.tail.out };
        let _ = writeln!(
            text,
            "@group(0) @binding({}) var<storage, read_write> out: array<{}>;",
            self.bindings() - 1,
            element(stored)
        );
        text += &access::offsets_struct(&sources);
        text += &access::offsets_function("batch_offsets", &sources, 0..rank);
        let [across, down] = self.lanes;
        let _ = write!(
            text,
            "@compute @workgroup_size({workgroup})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, @builtin(local_invocation_index) local: u32) {{
    let g = group.x + group.y * groups.x;
    let batch = g / (p.tiles_m * p.tiles_n);
    let tile = g % (p.tiles_m * p.tiles_n);
    if (batch >= p.batches) {{ return; }}
    let row = ((tile / p.tiles_n) * {down}u + local / {across}u) * {rows}u;
    let column = ((tile % p.tiles_n) * {across}u + local % {across}u) * {COLUMNS}u;
    let at_batch = batch_offsets(p.batch0 + batch);
",
            workgroup = across * down,
        );
        // Rows and columns beyond the edge are computed from the last again, and not stored.
        let pointers = if self.broadcast { rows / 8 } else { rows };
        for r in 0..pointers {
            let mine =
                if self.broadcast { format!("row + {}u + local", r * 8) } else { format!("row + {r}u") };
            let _ = writeln!(
                text,
                "    let pa{r} = p.first0 + at_batch.o0 + (p.row0 + min({mine}, p.rows - 1u)) * p.stride0_{rank};"
            );
        }
        for c in 0..COLUMNS {
            // Four columns at a time: the tile is inside or outside as a whole.
            let column = match self.vectors[1] {
                true => "min(column, p.n - 4u)".to_owned(),
                false => format!("min(column + {c}u, p.n - 1u)"),
            };
            let _ =
                writeln!(text, "    let pb{c} = p.first1 + at_batch.o1 + {column} * p.stride1_{};", rank + 1);
        }
        let tile = self.tile();
        let per_row = |piece: &str| (0..rows).map(|r| piece.replace('@', &r.to_string())).collect::<String>();
        text += &per_row(&tile.declare.replace('#', "sum@"));
        let place = "p.lead + (batch * p.m + row + @u) * p.n + column";
        let guard = |c: usize| format!("row + @u < p.rows && column + {c}u < p.n");
        // Sums that are not complete are left only where the output has their dtype.
        if stored == self.dtype {
            text += "    if (p.first > 0u) {\n";
            for c in 0..COLUMNS {
                let set = tile.set[c].replace("OLD", &format!("out[{place} + {c}u]"));
                text += &per_row(&format!("        if ({}) {{ {set} }}\n", guard(c)));
            }
            text += "    }\n";
        }
        let _ = write!(
            text,
            "    for (var start = p.first; start < p.last; start += {CHUNK}u) {{
    let end = min(start + {CHUNK}u, p.last);
{}{}",
            per_row(&tile.declare.replace('#', "chunk@")),
            self.inner(&per_row(&tile.update)),
        );
        text += &per_row(&tile.fold);
        text += "    }\n";
        for c in 0..COLUMNS {
            let column = format!("column + {c}u");
            let index = format!("((p.batch0 + batch) * p.m + p.row0 + row + @u) * p.n + {column}");
            let here = tail::Place { row: "p.row0 + row + @u", column: &column, index: &index };
            let value = self.tail.element(&tile.element[c], self.dtype, &here);
            text += &per_row(&format!("    if ({}) {{ out[{place} + {c}u] = {value}; }}\n", guard(c)));
        }
        text + "}\n"
    }
}
