//! Packing an operand of a product into panels: 8 rows (or columns) side by side, a quad of 16 bytes along k
//! after the other, zeros beyond the edges. One workgroup packs one panel, a lane its row.

use super::Matmul;
use super::panels::{Element, LANES, QUAD};
use crate::compile::Options;
use crate::fused::access::{self, Placed, Source};
use crate::fused::params::Names;
use crate::fused::storage::{name, per_word};
use crate::library::Features;
use crate::plan::{Bind, Plan, PlanError, Profile, Shader, Slot, Step, Template, grid};
use polyarray_core::DType;
use std::fmt::Write as _;

/// The rows of A, or the columns of B.
#[derive(Clone, Copy, Debug)]
pub(super) struct Side {
    /// How many.
    pub count: usize,
    /// Windows that a block of them is spread over, a panel in each.
    pub windows: usize,
    /// Neighbours lie in neighbouring lanes of a panel; else in the same lane of neighbouring windows.
    pub adjacent_lanes: bool,
}

/// Where everything lies in a packed operand: chunk, window, matrix, block, quad, lane.
#[derive(Clone, Copy, Debug)]
pub(super) struct Packed {
    pub element: Element,
    pub side: Side,
    pub batches: usize,
    pub blocks: usize,
    pub chunks: usize,
    pub quads: usize,
}

impl Packed {
    /// Bytes of it all.
    pub fn bytes(&self) -> u64 {
        (self.chunks * self.side.windows * self.batches * self.blocks * self.quads * LANES * QUAD) as u64
    }

    /// Number of a panel; `block` counts through all matrices.
    pub fn panel(&self, chunk: usize, window: usize, block: usize) -> usize {
        (chunk * self.side.windows + window) * self.batches * self.blocks + block
    }
}

/// How the source is loaded.
#[derive(Clone, Copy, Debug, Hash, PartialEq)]
enum Loads {
    /// Element by element.
    Each,
    /// So many 64-bit words along k: half a quad, a quad, or two.
    Along { words: usize },
    /// So many 64-bit words of neighbouring rows (columns), which go to neighbouring windows.
    Across { words: usize },
}

/// The structure of the kernel.
#[derive(Debug, Hash)]
struct Pack {
    features: Features,
    immediate: bool,
    element: Element,
    loads: Loads,
    adjacent_lanes: bool,
    batch_rank: usize,
    source: Source,
}

/// Adds the step that packs operand `number` of a product into `slot`.
pub(super) fn plan(
    job: &Matmul,
    number: usize,
    layout: &Packed,
    slot: Slot,
    profile: &Profile,
    plan: &mut Plan,
) -> Result<(), PlanError> {
    let operand = [&job.a, &job.b][number];
    // Axes: batch, rows (columns), k.
    let mut dims = job.batch.clone();
    dims.extend([layout.side.count, job.k]);
    let mut strides = operand.batch_strides.clone();
    let (row, column) = (operand.row_stride, operand.column_stride);
    strides.extend(if number == 0 { [row, column] } else { [column, row] });
    let dtype = layout.element.dtype;
    let mut source =
        Placed::from_parts(number, dtype, operand.len, &dims, &strides, operand.offset, None, profile)?;
    if !source.source.strided() {
        source.source.access = access::Access::Strided { windows: 1 };
    }
    let loads = loads(layout, &source, job.k, profile);
    let mut pack = Pack {
        features: profile.features,
        immediate: false,
        element: layout.element,
        loads,
        adjacent_lanes: layout.side.adjacent_lanes,
        batch_rank: job.batch.len(),
        source: source.source,
    };
    pack.immediate = profile.holds_immediates(pack.names().count());
    let needed = source.source.bindings() + 1 + usize::from(!pack.immediate);
    profile.check_bindings("matmul", needed)?;
    let (immediate, shader) = (pack.immediate, Shader::new(pack));
    // Whole chunks, and parts of them where a binding shows no more: a panel is never split.
    let panel = (layout.quads * LANES * QUAD) as u64;
    let panels = layout.bytes() / panel;
    let step = match loads {
        Loads::Across { .. } => panels,
        _ => (profile.max_binding / panel).max(1),
    };
    for first in (0..panels).step_by(step as usize) {
        let here = step.min(panels - first);
        let groups = here / loads.panels(dtype) as u64;
        let mut params = vec![0];
        let numbers = [
            first as usize,
            here as usize,
            layout.side.windows,
            layout.batches * layout.blocks,
            layout.blocks,
            layout.quads,
            layout.side.count,
            job.k,
        ];
        params.extend(numbers.map(|x| x as u32));
        params.extend(access::axis_words(&job.batch, 0..job.batch.len()));
        params.extend(source.words(0, 1, profile));
        let mut bindings = source.binds(0, 0, profile);
        bindings.push(Bind { slot, offset: first * panel, size: here * panel, write: true });
        plan.steps.push(Step {
            shader: shader.clone(),
            bindings,
            params,
            params_are_immediate: immediate,
            groups: grid(groups, profile),
        });
    }
    Ok(())
}

/// Elements of a 64-bit word.
fn neighbours(dtype: DType) -> usize {
    8 / dtype.size()
}

impl Loads {
    /// Panels that a workgroup packs, of neighbouring windows.
    fn panels(self, dtype: DType) -> usize {
        match self {
            Loads::Across { words } => words * neighbours(dtype),
            _ => 1,
        }
    }

    /// 64-bit words of one load.
    fn words(self) -> usize {
        match self {
            Loads::Each => 1,
            Loads::Along { words } | Loads::Across { words } => words,
        }
    }
}

/// The widest loads that the source's layout allows. A load costs its lanes a loop, however wide it is.
fn loads(layout: &Packed, source: &Placed, k: usize, profile: &Profile) -> Loads {
    let rank = source.strides.len();
    let (across, along) = (source.strides[rank - 2], source.strides[rank - 1]);
    let dtype = layout.element.dtype;
    let side = &layout.side;
    if !profile.features.int64 || source.source.bindings() != 1 || !matches!(dtype.size(), 1 | 4 | 8) {
        return Loads::Each;
    }
    // Whether loads of so many elements begin at multiples of them, if their neighbours lie next to each other.
    let even = |elements: usize, step: isize| {
        source.offset.is_multiple_of(elements)
            && source.strides[..rank - 2]
                .iter()
                .chain([&step])
                .all(|s| s.unsigned_abs().is_multiple_of(elements))
    };
    let fits = |loads: &Loads| {
        let elements = loads.words() * neighbours(dtype);
        match *loads {
            Loads::Each => true,
            Loads::Along { words } => {
                along == 1
                    && even(elements, across)
                    && k.is_multiple_of(elements)
                    && layout.quads.is_multiple_of(words.div_ceil(2))
            }
            Loads::Across { .. } => {
                across == 1
                    && even(elements, along)
                    && !side.adjacent_lanes
                    && side.windows.is_multiple_of(elements)
                    && side.count.is_multiple_of(elements)
                    && layout.bytes() <= profile.max_binding
            }
        }
    };
    let along = [4, 2, 1].map(|words| Loads::Along { words });
    let across = [4, 2, 1].map(|words| Loads::Across { words });
    along.into_iter().chain(across).find(fits).unwrap_or(Loads::Each)
}

/// One of so many words of a vector.
fn part(vector: &str, words: usize, word: usize) -> String {
    if words == 1 { vector.to_owned() } else { format!("{vector}.{}", ["x", "y", "z", "w"][word]) }
}

/// The type of so many 64-bit words.
fn vector(words: usize) -> String {
    if words == 1 { "u64".to_owned() } else { format!("vec{words}<u64>") }
}

/// Transposes a square of elements, one word of them to a row, by halves (Warren, Hacker's Delight, 7-3); returns
/// the names of the columns' words.
fn transpose(rows: &[String], text: &mut String) -> Vec<String> {
    let mut rows = rows.to_vec();
    let mut distance = rows.len() / 2;
    while distance > 0 {
        let shift = distance * 64 / rows.len();
        // The lower half of every pair of halves.
        let mask = (0..64).step_by(2 * shift).fold(0u64, |mask, at| mask | (u64::MAX >> (64 - shift)) << at);
        for i in (0..rows.len()).filter(|i| i & distance == 0) {
            let (a, b) = (rows[i].clone(), rows[i + distance].clone());
            let (low, high) = (format!("{a}l"), format!("{a}h"));
            let _ = writeln!(
                text,
                "        let {low} = ({a} & {mask}lu) | (({b} & {mask}lu) << {shift}u);
        let {high} = (({a} >> {shift}u) & {mask}lu) | ({b} & {inverse}lu);",
                inverse = !mask
            );
            (rows[i], rows[i + distance]) = (low, high);
        }
        distance /= 2;
    }
    rows
}

impl Pack {
    fn names(&self) -> Names {
        let mut names = Names::new();
        for name in ["panel0", "panels", "windows", "all_blocks", "blocks", "quads", "count", "k"] {
            names.word(name);
        }
        access::axis_params(0..self.batch_rank, &mut names);
        self.source.params(0, self.batch_rank + 2, &mut names);
        names
    }

    /// The words of a quad, from `per` loads at `at`, guarded by `inside`.
    fn quad(&self) -> String {
        let (along, dtype) = (self.batch_rank + 1, self.element.dtype);
        let per_quad = self.element.per_quad();
        let int64 = self.features.int64;
        let mut text = String::new();
        let stride = format!("p.stride0_{along}");
        match self.loads {
            Loads::Along { words } => {
                let per_load = words * neighbours(dtype);
                let mut found = Vec::new();
                for l in 0..2usize.div_ceil(words) {
                    let _ = writeln!(
                        text,
                        "        let in{l} = inside && k + {e}u < p.k;
        let v{l} = select({vector}(), in0_0[select(0u, (at + k + {e}u) / {per_load}u, in{l})], in{l});",
                        e = l * per_load,
                        vector = vector(words)
                    );
                    found.extend((0..words).map(|word| part(&format!("v{l}"), words, word)));
                }
                for (i, quad) in found.chunks(2).enumerate() {
                    let _ = writeln!(text, "        let quad{i} = vec2<u64>({}, {});", quad[0], quad[1]);
                }
            }
            Loads::Across { words } => {
                let n = neighbours(dtype);
                for e in 0..per_quad {
                    let _ = writeln!(
                        text,
                        "        let in{e} = inside && k + {e}u < p.k;
        let v{e} = select({vector}(), in0_0[select(0u, (at + (k + {e}u) * {stride}) / {per_load}u, in{e})], in{e});",
                        vector = vector(words),
                        per_load = n * words
                    );
                }
                for word in 0..words {
                    let rows: Vec<String> = (0..per_quad).map(|e| format!("w{word}_{e}")).collect();
                    for (e, row) in rows.iter().enumerate() {
                        let _ =
                            writeln!(text, "        let {row} = {};", part(&format!("v{e}"), words, word));
                    }
                    let halves: Vec<_> = rows.chunks(n).map(|block| transpose(block, &mut text)).collect();
                    for (i, (low, high)) in halves[0].iter().zip(&halves[1]).enumerate() {
                        let _ =
                            writeln!(text, "        let quad{} = vec2<u64>({low}, {high});", word * n + i);
                    }
                }
            }
            Loads::Each => {
                for e in 0..per_quad {
                    let _ = writeln!(
                        text,
                        "        let in{e} = inside && k + {e}u < p.k;
        let e{e} = load0(select(p.first0, at + (k + {e}u) * {stride}, in{e}));"
                    );
                }
                let bits = |e: usize| match dtype {
                    DType::F32 | DType::I32 => format!("select(0u, bitcast<u32>(e{e}), in{e})"),
                    DType::F64 | DType::I64 => format!("select(u64(0u), bitcast<u64>(e{e}), in{e})"),
                    DType::U64 => format!("select(u64(0u), e{e}, in{e})"),
                    DType::U32 => format!("select(0u, e{e}, in{e})"),
                    _ => format!("select(0u, {}_pack(e{e}), in{e})", name(dtype)),
                };
                let word = |w: usize| {
                    let per = per_word(dtype) as usize;
                    let parts: Vec<String> =
                        (0..per).map(|i| format!("({} << {}u)", bits(w * per + i), i * 32 / per)).collect();
                    format!("({})", parts.join(" | "))
                };
                let _ = match (dtype.size(), int64) {
                    (8, _) => writeln!(text, "        let quad0 = vec2<u64>({}, {});", bits(0), bits(1)),
                    (_, true) => writeln!(
                        text,
                        "        let quad0 = vec2<u64>(u64({}) | (u64({}) << 32u), u64({}) | (u64({}) << 32u));",
                        word(0),
                        word(1),
                        word(2),
                        word(3)
                    ),
                    (_, false) => writeln!(
                        text,
                        "        let quad0 = vec4<u32>({}, {}, {}, {});",
                        word(0),
                        word(1),
                        word(2),
                        word(3)
                    ),
                };
            }
        }
        text
    }
}

impl Template for Pack {
    fn options(&self) -> Options {
        Options { immediates: self.immediate, ..Options::own(self.features) }
    }

    fn label(&self) -> String {
        format!("matmul pack {}", self.element.dtype)
    }

    fn wgsl(&self) -> String {
        let binding = self.source.bindings();
        let mut text = self.names().declare(self.immediate, binding + 1);
        text += &match self.loads {
            Loads::Each => self.source.declare(0, 0, 1, false),
            loads => {
                format!("@group(0) @binding(0) var<storage, read> in0_0: array<{}>;\n", vector(loads.words()))
            }
        };
        let stored = if self.features.int64 { "vec2<u64>" } else { "vec4<u32>" };
        let _ =
            writeln!(text, "@group(0) @binding({binding}) var<storage, read_write> out: array<{stored}>;");
        text += &access::offsets_struct(&[self.source]);
        text += &access::offsets_function("batch_offsets", &[self.source], 0..self.batch_rank);
        let rank = self.batch_rank;
        // Panels that a lane writes, of neighbouring windows, whose number is a multiple of theirs.
        let n = self.loads.panels(self.element.dtype);
        // Quads of each of them that it writes in a turn.
        let quads = if let Loads::Along { words } = self.loads { words.div_ceil(2) } else { 1 };
        let panel = format!(
            "let group_number = p.panel0 / {n}u + g;
    let chunk_window = (group_number / p.all_blocks) * {n}u;
    let block = group_number % p.all_blocks;
    let panel = chunk_window * p.all_blocks + block;"
        );
        let row = match self.adjacent_lanes {
            true => format!("((block % p.blocks) * p.windows + window) * {LANES}u + lane"),
            false => format!("((block % p.blocks) * {LANES}u + lane) * p.windows + window"),
        };
        let per_quad = self.element.per_quad();
        let _ = write!(
            text,
            "@compute @workgroup_size({LANES})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, @builtin(local_invocation_index) lane: u32) {{
    let g = group.x + group.y * groups.x;
    {panel}
    if (g >= p.panels / {n}u) {{ return; }}
    let chunk = chunk_window / p.windows;
    let window = chunk_window % p.windows;
    let row = {row};
    let inside = row < p.count;
    let at = p.first0 + batch_offsets(block / p.blocks).o0 + row * p.stride0_{rank};
    let to = (panel - p.panel0) * p.quads * {LANES}u + lane;
    for (var quad_number = 0u; quad_number < p.quads; quad_number += {quads}u) {{
        let k = (chunk * p.quads + quad_number) * {per_quad}u;
{quad}{stores}    }}
}}
",
            quad = self.quad(),
            stores = (0..n * quads)
                .map(|i| {
                    let (panel, quad) = (i / quads, i % quads);
                    format!("        out[to + ({panel}u * p.all_blocks * p.quads + quad_number + {quad}u) * {LANES}u] = quad{i};\n")
                })
                .collect::<String>(),
        );
        text
    }
}
