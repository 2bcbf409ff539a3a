//! The kernel of packed panels, as text.

use super::{Element, LANES, QUAD, ROWS};
use crate::compile::{Exact, Options};
use crate::fused::params::Names;
use crate::library::Features;
use crate::matmul::Terms;
use crate::plan::{Template, WINDOW};
use polyarray_core::DType;
use std::fmt::Write as _;

/// Steps of a sum one after the other, at most.
const STEPS: usize = 4;

/// The structure of the kernel.
#[derive(Debug, Hash)]
pub(super) struct Panels {
    pub features: Features,
    pub immediate: bool,
    pub element: Element,
    /// Columns of a lane's tile: windows of B.
    pub columns: usize,
    /// Adds what an earlier chunk left.
    pub continues: bool,
    /// Rows of the result are whole numbers of a lane's columns, which are then stored at once: a store costs its lanes a
    /// loop, however wide it is.
    pub whole: bool,
}

impl Panels {
    pub fn names(&self) -> Names {
        let mut names = Names::new();
        for name in ["down", "across", "quads", "lead", "matrix_step", "row_step", "rows", "columns"] {
            names.word(name);
        }
        names
    }

    fn stored(&self) -> &'static str {
        if self.features.int64 { "vec2<u64>" } else { "vec4<u32>" }
    }

    /// Turns of the loop that a quad takes. All sixteen bytes of one at once are 43 KB of code, which is fetched from the
    /// second-level cache each time: a product of 1024³ took 29.5 ms, and takes 22.7 by halves.
    fn turns(&self) -> usize {
        if self.element.terms == Terms::Bytes && self.features.int64 { 2 } else { 1 }
    }

    /// Reads what a turn takes of a quad: all of it, or the 64-bit half that is this turn's.
    fn load(&self, to: &str, window: &str, from: &str) -> String {
        match self.turns() {
            1 => format!("        let {to} = {window}[{from} + k];\n"),
            turns => format!("        let {to} = {window}[{from} + k][t % {turns}u];\n"),
        }
    }

    /// Word `w` of the quad `from`: 64 bits of a double, else 32.
    fn word(&self, from: &str, w: usize, long: bool) -> String {
        match (long, self.features.int64) {
            (true, _) => format!("{from}.{}", ["x", "y"][w]),
            (false, true) => {
                let half = format!("{from}.{}", ["x", "y"][w / 2]);
                if w.is_multiple_of(2) { format!("u32({half})") } else { format!("u32({half} >> 32u)") }
            }
            (false, false) => format!("{from}.{}", ["x", "y", "z", "w"][w]),
        }
    }

    /// Operands `name_0`, `name_1` … of what a turn takes, `from`.
    fn unpack(&self, from: &str, name: &str) -> String {
        let (element, operand) = (self.element, self.element.operand());
        let mut text = String::new();
        for s in 0..element.steps() / self.turns() {
            let word = match (element.terms, self.turns()) {
                (Terms::Bytes, 1) => self.word(from, s / 4, false),
                (Terms::Bytes, _) if s < 4 => format!("u32({from})"),
                (Terms::Bytes, _) => format!("u32({from} >> 32u)"),
                _ => self.word(from, s, operand == "f64"),
            };
            let value = match (element.terms, element.dtype) {
                (Terms::Bytes, DType::I8) => {
                    format!("f32(bitcast<i32>({word} << {}u) >> 24u)", 24 - s % 4 * 8)
                }
                (Terms::Bytes, _) => format!("f32(({word} >> {}u) & 0xffu)", s % 4 * 8),
                _ if operand == "u32" => word,
                _ => format!("bitcast<{operand}>({word})"),
            };
            let _ = writeln!(text, "        let {name}_{s} = {value};");
        }
        text
    }
}

impl Template for Panels {
    fn options(&self) -> Options {
        Options {
            immediates: self.immediate,
            subgroups: true,
            exact: Exact::Nowhere,
            ..Options::own(self.features)
        }
    }

    fn label(&self) -> String {
        format!("matmul panels {ROWS}x{} {}", LANES * self.columns, self.element.dtype)
    }

    fn wgsl(&self) -> String {
        let (element, columns, stored) = (self.element, self.columns, self.stored());
        let (turns, operand) = (self.turns(), element.operand());
        let steps = element.steps() / turns;
        // Integers wrap: sums of signed ones have the same bits.
        let bytes = element.terms == Terms::Bytes;
        let sum = if bytes { "u32" } else { operand };
        let entries = WINDOW as usize / QUAD;
        let panels = ROWS / LANES;
        let mut declarations = String::new();
        let mut binding = 0;
        let mut bind = |text: &mut String, space: &str, name: String, ty: String| {
            let _ = writeln!(text, "@group(0) @binding({binding}) var<{space}> {name}: {ty};");
            binding += 1;
            binding
        };
        for i in 0..panels {
            bind(&mut declarations, "uniform", format!("a{i}"), format!("array<{stored}, {entries}>"));
        }
        for i in 0..columns {
            bind(&mut declarations, "uniform", format!("b{i}"), format!("array<{stored}, {entries}>"));
        }
        if self.continues {
            bind(&mut declarations, "uniform", "left".into(), format!("array<{stored}, {entries}>"));
        }
        let stores = match self.whole {
            true => format!("vec{}<u64>", columns * element.sum().size() / 8),
            false => sum.to_owned(),
        };
        let next = bind(&mut declarations, "storage, read_write", "out".into(), format!("array<{stores}>"));
        let mut text = self.names().declare(self.immediate, next);
        text += &declarations;
        let _ = write!(
            text,
            "@compute @workgroup_size({LANES})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, @builtin(local_invocation_index) lane: u32) {{
    let g = group.x + group.y * groups.x;
    let row = (g / p.across) % p.down;
    let column = g % p.across;
    let matrix = g / (p.across * p.down);
    let from_a = (matrix * p.down + row) * p.quads * {LANES}u + lane;
    let from_b = (matrix * p.across + column) * p.quads * {LANES}u + lane;
"
        );
        for r in 0..ROWS {
            for c in 0..columns {
                let _ = writeln!(text, "    var s{r}_{c} = {operand}(0);");
            }
        }
        // Of a quad of each lane after the other, or its parts.
        let _ = writeln!(text, "    for (var t = 0u; t < p.quads * {turns}u; t += 1u) {{");
        let _ = writeln!(text, "        let k = t / {turns}u * {LANES}u;");
        for c in 0..columns {
            text += &self.load(&format!("quad_b{c}"), &format!("b{c}"), "from_b");
        }
        for i in 0..panels {
            text += &self.load(&format!("quad_a{i}"), &format!("a{i}"), "from_a");
        }
        for c in 0..columns {
            text += &self.unpack(&format!("quad_b{c}"), &format!("y{c}"));
        }
        for i in 0..panels {
            text += &self.unpack(&format!("quad_a{i}"), &format!("mine{i}"));
            for lane in 0..LANES {
                let r = i * LANES + lane;
                for s in 0..steps {
                    let _ = writeln!(text, "        let x{r}_{s} = subgroupBroadcast(mine{i}_{s}, {lane}u);");
                }
                // Few steps of a sum one after the other: the processor looks no further than so many that wait.
                for first in (0..steps).step_by(STEPS) {
                    for c in 0..columns {
                        let steps = first..steps.min(first + STEPS);
                        let value = steps.fold(format!("s{r}_{c}"), |sum, s| {
                            element.step(&sum, &format!("x{r}_{s}"), &format!("y{c}_{s}"))
                        });
                        let _ = writeln!(text, "        s{r}_{c} = {value};");
                    }
                }
            }
        }
        text += "    }\n";
        let _ = writeln!(
            text,
            "    let first = p.lead + matrix * p.matrix_step + (row * {ROWS}u) * p.row_step + (column * {LANES}u + lane) * {columns}u;"
        );
        let per_quad = QUAD / element.sum().size();
        for r in 0..ROWS {
            let _ = writeln!(text, "    {{\n        let at = first + {r}u * p.row_step;");
            if self.continues {
                // What is left lies in tiles of this dispatch, as a chunk that is not the last writes it.
                let _ = writeln!(
                    text,
                    "        let old = ((matrix * p.down + row) * {ROWS}u + {r}u) * (p.across * {}u) + (column * {LANES}u + lane) * {columns}u;",
                    LANES * columns
                );
                for q in 0..columns / per_quad {
                    let _ = writeln!(text, "        let old{q} = left[old / {per_quad}u + {q}u];");
                    for w in 0..per_quad {
                        let word = self.word(&format!("old{q}"), w, per_quad == 2);
                        let _ = writeln!(text, "        let z{q}_{w} = bitcast<{sum}>({word});");
                    }
                }
            }
            let values: Vec<String> = (0..columns)
                .map(|c| {
                    let mut value = format!("s{r}_{c}");
                    if bytes {
                        value = format!("bitcast<u32>(i32({value}))");
                    }
                    if self.continues {
                        value = format!("{value} + z{}_{}", c / per_quad, c % per_quad);
                    }
                    value
                })
                .collect();
            let row = format!("row * {ROWS}u + {r}u < p.rows");
            let column = |c: usize| format!("(column * {LANES}u + lane) * {columns}u + {c}u < p.columns");
            if self.whole {
                let words: Vec<String> = match per_quad {
                    2 => values.iter().map(|value| format!("bitcast<u64>({value})")).collect(),
                    _ => (values.chunks(2))
                        .map(|pair| {
                            let [low, high] = [0, 1].map(|i| format!("u64(bitcast<u32>({}))", pair[i]));
                            format!("{low} | ({high} << 32u)")
                        })
                        .collect(),
                };
                let _ = writeln!(
                    text,
                    "        if ({row} && {}) {{ out[at / {columns}u] = {stores}({}); }}",
                    column(0),
                    words.join(", ")
                );
            } else {
                for (c, value) in values.iter().enumerate() {
                    let _ =
                        writeln!(text, "        if ({row} && {}) {{ out[at + {c}u] = {value}; }}", column(c));
                }
            }
            text += "    }\n";
        }
        text + "}\n"
    }
}
