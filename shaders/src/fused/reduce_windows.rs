//! The first stage of reductions whose dense inputs are read through uniform windows: along rows that lie in
//! one piece, or down columns. Its partial results are merged by the stages of [`super::reduce`].

use super::access::{self, Access, Placed, Source, alignment};
use super::accumulate::Accumulator;
use super::body;
use super::map::UNROLLED_COST;
use super::params::{Names, scalar_words};
use super::reduce_place::still;
use super::storage::{declare_each, loaded_get};
use super::windows;
use crate::compile::Options;
use crate::library::Features;
use crate::plan::{Bind, LaneMap, Plan, PlanError, Profile, Shader, Slot, Step, Template, WINDOW, grid};
use polyarray_core::DType;
use polyarray_core::expr::{Kernel, Value};
use std::fmt::Write as _;

/// Blocks that a lane takes of a row, about; and lanes per window, at least.
const COUNT: usize = 64;
const LANES: usize = 64;

/// How the reduced elements lie.
#[derive(Clone, Copy, Debug, Hash, PartialEq)]
enum Walk {
    /// Side by side: a lane takes a segment of a row of every window.
    Rows,
    /// A row apart: a lane takes a block of columns, through all rows of all windows.
    Columns,
}

/// The structure of the stage.
#[derive(Debug, Hash)]
struct Stage {
    features: Features,
    workgroup: u32,
    immediate: bool,
    accumulator: Accumulator,
    walk: Walk,
    windows: u32,
    unit: u32,
    wide: bool,
    /// The last block of all is not full.
    ragged: bool,
    sources: Vec<Source>,
    /// Inputs that don't change along the reduced axes: loaded once.
    hoisted: Vec<bool>,
    params: Vec<DType>,
    code: Vec<Value>,
    kept_axes: usize,
    axes: usize,
    label: String,
}

/// The partial results of one plan.
pub struct Partials {
    /// Per output.
    pub segments: usize,
}

/// The windows of one stage: their size, and what a lane does with them.
struct Geometry {
    /// Whole rows of a window, or 1 where a row is cut into chunks.
    rows: usize,
    /// Chunks of a row, and blocks of a chunk.
    chunks: usize,
    chunk: usize,
    /// Blocks from a row to the next.
    step: usize,
    /// Segments of a chunk, and blocks of a segment ([`Walk::Rows`]).
    segments: usize,
    count: usize,
}

/// Adds the first stage where windows are the way to load; its partial results are in scratch buffer 0.
pub fn plan(
    kernel: &Kernel,
    split: usize,
    accumulator: &Accumulator,
    profile: &Profile,
    plan: &mut Plan,
) -> Result<Option<Partials>, PlanError> {
    let (kept, reduced) = (kernel.output_len(), kernel.reduced_len());
    let n = kept * reduced;
    let dtypes = kernel.inputs.iter().map(|i| i.buffer.dtype());
    if !profile.windowed_loads || profile.lane_map != LaneMap::Run || n < windows::FEWEST {
        return Ok(None);
    }
    let Some(unit) = windows::unit(dtypes, 4) else { return Ok(None) };
    let Some((walk, placed)) = place(kernel, split, unit, profile)? else { return Ok(None) };
    let dense: Vec<&Placed> = placed.iter().filter(|p| p.source.access == Access::Dense).collect();
    let Some(geometry) = geometry(walk, kept, reduced, unit as usize, &dense, profile) else {
        return Ok(None);
    };
    let cost = (body::cost_per_element(&kernel.code) + 6) * unit;
    let small = placed.iter().filter(|p| p.source.uniform).count() as u32;
    let windows =
        (profile.windows.saturating_sub(small) / dense.len() as u32).min((2 * UNROLLED_COST / cost).max(1));
    // Rows: every window leaves its own. Columns: every dispatch leaves one.
    let groups_of_rows = reduced.div_ceil(geometry.rows * windows as usize);
    let segments = match walk {
        Walk::Rows => geometry.chunks * geometry.segments,
        Walk::Columns => groups_of_rows,
    };
    let bytes = (kept * segments) as u64 * accumulator.bytes;
    if windows == 0 || bytes > profile.max_binding {
        return Ok(None);
    }
    let loops = u64::from(1 + unit * windows * body::loops_per_element(&kernel.code, profile.features.int64));
    let trips = match walk {
        Walk::Rows => geometry.count,
        Walk::Columns => geometry.rows,
    };
    if trips as u64 * loops > u64::from(profile.loop_budget) {
        return Ok(None);
    }
    let hoisted = placed.iter().map(|p| still(p, split));
    let mut stage = Stage {
        features: profile.features,
        workgroup: profile.workgroup,
        immediate: false,
        accumulator: accumulator.clone(),
        walk,
        windows,
        unit,
        wide: profile.features.int64,
        ragged: walk == Walk::Rows && !reduced.is_multiple_of(unit as usize),
        sources: placed.iter().map(|p| p.source).collect(),
        hoisted: hoisted.collect(),
        params: kernel.params.iter().map(|s| s.dtype()).collect(),
        code: kernel.code.clone(),
        kept_axes: split,
        axes: kernel.dims.len(),
        label: kernel.label(),
    };
    stage.immediate = profile.holds_immediates(stage.names().count());
    if stage.storage_buffers() + usize::from(!stage.immediate) > profile.storage_buffers as usize {
        return Ok(None);
    }
    let (immediate, shader) = (stage.immediate, Shader::new(stage));
    let mut constant = Vec::new();
    if placed.iter().any(|p| p.source.strided()) {
        constant.extend(access::axis_words(&kernel.dims, 0..split));
        constant.extend(access::axis_words(&kernel.dims, split..kernel.dims.len()));
    }
    for p in &placed {
        constant.extend(p.words(0, unit, profile));
    }
    constant.extend(kernel.params.iter().flat_map(|&s| scalar_words(s)));
    let size = bytes.div_ceil(64) * 64;
    plan.scratch.push(size);
    let target = Bind { slot: Slot::Scratch(0), offset: 0, size, write: true };
    let mut step = |window0: usize, part: usize, lanes: usize, shows: &dyn Fn(usize) -> (usize, usize)| {
        let mut bindings = Vec::new();
        for p in &placed {
            match p.source.access {
                Access::Dense => bindings.extend((0..windows as usize).map(|w| {
                    let (from, to) = shows(w);
                    windows::bind(p, p.offset + from, p.offset + to)
                })),
                _ => bindings.extend(p.binds(0, n, profile)),
            }
        }
        bindings.push(target);
        let numbers = [
            kept,
            reduced,
            window0,
            geometry.rows,
            geometry.chunks,
            geometry.chunk,
            geometry.step,
            geometry.segments,
            geometry.count,
            segments,
            part,
        ];
        let mut params = vec![0];
        params.extend(numbers.map(|x| x as u32));
        params.extend(&constant);
        plan.steps.push(Step {
            shader: shader.clone(),
            bindings,
            params,
            params_are_immediate: immediate,
            groups: grid((lanes as u64).div_ceil(u64::from(profile.workgroup)), profile),
        });
    };
    let unit = unit as usize;
    match walk {
        Walk::Rows => {
            let all = kept.div_ceil(geometry.rows) * geometry.chunks;
            for window0 in (0..all).step_by(windows as usize) {
                step(window0, 0, geometry.rows * geometry.segments, &|w| {
                    // Beyond the last window the last is shown again, and nothing of it is kept.
                    let window = (window0 + w).min(all - 1);
                    let row = window / geometry.chunks * geometry.rows;
                    let from = row * reduced + window % geometry.chunks * geometry.chunk * unit;
                    let to = match geometry.chunks {
                        1 => (row + geometry.rows).min(kept) * reduced,
                        _ => (from + geometry.chunk * unit).min((row + 1) * reduced),
                    };
                    (from, to)
                });
            }
        }
        Walk::Columns => {
            let columns = kept;
            for chunk in 0..geometry.chunks {
                let first = chunk * geometry.chunk * unit;
                let width = (geometry.chunk * unit).min(columns - first);
                for part in 0..groups_of_rows {
                    let row0 = part * geometry.rows * windows as usize;
                    step(chunk * geometry.chunk, part, width / unit, &|w| {
                        let row = row0 + w * geometry.rows;
                        let row = if row < reduced { row } else { row0 };
                        let last = (row + geometry.rows).min(reduced) - 1;
                        (row * columns + first, last * columns + first + width)
                    });
                }
            }
        }
    }
    Ok(Some(Partials { segments }))
}

/// How the inputs are reached, and along what they are walked.
fn place(
    kernel: &Kernel,
    split: usize,
    unit: u32,
    profile: &Profile,
) -> Result<Option<(Walk, Vec<Placed>)>, PlanError> {
    let (kept, reduced) = (kernel.output_len(), kernel.reduced_len());
    let column_strides = [1, kept as isize];
    for walk in [Walk::Rows, Walk::Columns] {
        if walk == Walk::Columns && (kernel.dims.len() != 2 || split != 1 || kept < unit as usize) {
            continue;
        }
        let mut all = Vec::new();
        for (i, input) in kernel.inputs.iter().enumerate() {
            let dense = (walk == Walk::Rows).then_some(unit);
            let mut placed = Placed::new(i, input, &kernel.dims, dense, profile)?;
            if walk == Walk::Columns && *input.strides == column_strides {
                placed.source.access = Access::Dense;
            }
            all.push(placed.through_window(profile));
        }
        let fits = |p: &Placed| match p.source.access {
            Access::Dense => windows::starts_aligned(p, profile) && p.offset.is_multiple_of(unit as usize),
            Access::Scalar => true,
            Access::Rows | Access::Strided { .. } => p.source.uniform,
        };
        let any = all.iter().any(|p| p.source.access == Access::Dense);
        if any && reduced > 0 && all.iter().all(fits) {
            return Ok(Some((walk, all)));
        }
    }
    Ok(None)
}

/// The largest windows that begin at aligned bytes; `None` where rows don't allow any.
fn geometry(
    walk: Walk,
    kept: usize,
    reduced: usize,
    unit: usize,
    dense: &[&Placed],
    profile: &Profile,
) -> Option<Geometry> {
    let widest = dense.iter().map(|p| p.source.dtype.size()).max()?;
    // Blocks of a window.
    let most = WINDOW as usize / (unit * widest);
    let align = alignment(profile) as usize;
    let aligned =
        |blocks: usize| dense.iter().all(|p| (blocks * unit * p.source.dtype.size()).is_multiple_of(align));
    let length = if walk == Walk::Rows { reduced } else { kept };
    let single = walk == Walk::Rows && kept == 1;
    if !single && !length.is_multiple_of(unit) {
        return None;
    }
    let step = length.div_ceil(unit);
    let (rows, chunks, chunk) = if step <= most {
        let group = (1..=4).find(|&g| aligned(g * step)).or(single.then_some(1))?;
        let wanted = if walk == Walk::Rows { kept } else { reduced };
        let rows = (most / step).min(wanted.div_ceil(group) * group) / group * group;
        (rows, 1, step)
    } else if single || aligned(step) {
        let chunks = step.div_ceil(most);
        let chunk = step.div_ceil(chunks).div_ceil(64) * 64;
        (1, step.div_ceil(chunk), chunk)
    } else {
        return None;
    };
    if rows == 0 || !(aligned(chunk) || chunks == 1) {
        return None;
    }
    let segments = (chunk.div_ceil(COUNT)).max(LANES.div_ceil(rows)).min(chunk.div_ceil(4)).max(1);
    let count = chunk.div_ceil(segments);
    Some(Geometry { rows, chunks, chunk, step, segments: chunk.div_ceil(count), count })
}

impl Stage {
    fn names(&self) -> Names {
        let mut names = Names::new();
        for name in [
            "kept", "reduced", "window0", "rows", "chunks", "chunk", "row_step", "segments", "count",
            "partials", "part",
        ] {
            names.word(name);
        }
        if self.sources.iter().any(Source::strided) {
            access::axis_params(0..self.kept_axes, &mut names);
            access::axis_params(self.kept_axes..self.axes, &mut names);
        }
        for (i, source) in self.sources.iter().enumerate() {
            source.params(i, self.axes, &mut names);
        }
        names.scalars(&self.params);
        names
    }

    fn storage_buffers(&self) -> usize {
        self.sources.iter().filter(|s| s.access == Access::Scalar).count() + 1
    }

    /// `compute` of element `e` of a block: the loaded blocks are `{block}{i}`.
    fn call(&self, index: &str, e: usize, block: &str, outer: &str, inner: &str) -> String {
        let mut call = format!("compute({index}");
        for (i, source) in self.sources.iter().enumerate() {
            call += ", ";
            call += &match source.access {
                Access::Scalar => format!("s{i}"),
                Access::Dense => {
                    let (unit, int64) = (self.unit, self.features.int64);
                    loaded_get(source.dtype, unit, int64, self.wide, &format!("{block}{i}"), e)
                }
                _ if self.hoisted[i] => format!("h{i}_{outer}"),
                _ => format!("load{i}(p.first{i} + outer_{outer}.o{i} + {inner}.o{i})"),
            };
        }
        call + ")"
    }

    /// The offsets of output `k`, and what is loaded once for it; named after `name`.
    fn outer(&self, k: &str, name: &str) -> String {
        let mut text = String::new();
        if self.sources.iter().any(Source::strided) {
            let _ = writeln!(text, "    let outer_{name} = kept_offsets(min({k}, p.kept - 1u));");
            for (i, source) in self.sources.iter().enumerate() {
                if source.strided() && self.hoisted[i] {
                    let _ = writeln!(text, "    let h{i}_{name} = load{i}(p.first{i} + outer_{name}.o{i});");
                }
            }
        }
        text
    }

    fn inner(&self, name: &str, element: &str) -> String {
        let walks = (0..self.sources.len()).any(|i| self.sources[i].strided() && !self.hoisted[i]);
        if walks { format!("        let {name} = reduced_offsets({element});\n") } else { String::new() }
    }

    fn blocks(&self, w: u32, at: &str) -> String {
        let dense = |(_, s): &(usize, &Source)| s.access == Access::Dense;
        let inputs = self.sources.iter().enumerate().filter(dense);
        inputs.map(|(i, _)| format!("        let b{w}_{i} = in{i}_{w}[{at}];\n")).collect()
    }

    fn rows(&self) -> String {
        let acc = &self.accumulator.prefix;
        let unit = self.unit;
        let mut text = "    let row = lane / p.segments;\n    let segment = lane % p.segments;\n".to_owned();
        for w in 0..self.windows {
            let _ = writeln!(
                text,
                "    let window{w} = p.window0 + {w}u;
    let k{w} = (window{w} / p.chunks) * p.rows + row;
    let from{w} = (window{w} % p.chunks) * p.chunk;
    let until{w} = min(p.chunk, p.row_step - min(from{w}, p.row_step));
    var a{w} = {acc}_empty();"
            );
            text += &self.outer(&format!("k{w}"), &w.to_string());
        }
        text += "    for (var j = 0u; j < p.count; j++) {
        let u = segment * p.count + j;
        let at = row * p.row_step + u;
";
        for w in 0..self.windows {
            text += "        {\n";
            text += &self.blocks(w, "at");
            for e in 0..unit {
                let _ = writeln!(text, "        let r{e} = (from{w} + u) * {unit}u + {e}u;");
                text += &self.inner(&format!("inner{e}"), &format!("r{e}"));
                let call = self.call(
                    &format!("k{w} * p.reduced + r{e}"),
                    e as usize,
                    &format!("b{w}_"),
                    &w.to_string(),
                    &format!("inner{e}"),
                );
                let push = self.accumulator.push.replace('x', &format!("x{e}"));
                let _ = writeln!(
                    text,
                    "        let x{e} = {call};
        if (u < until{w}{guard}) {{ a{w} = {acc}_push(a{w}, {push}, r{e}); }}",
                    guard = if self.ragged { format!(" && r{e} < p.reduced") } else { String::new() }
                );
            }
            text += "        }\n";
        }
        text += "    }\n";
        for w in 0..self.windows {
            let _ = writeln!(
                text,
                "    if (row < p.rows && k{w} < p.kept) {{ out[k{w} * p.partials + (window{w} % p.chunks) * p.segments + segment] = a{w}; }}"
            );
        }
        text
    }

    fn columns(&self) -> String {
        let acc = &self.accumulator.prefix;
        let unit = self.unit;
        let windows = self.windows;
        let mut text = format!("    let column = (p.window0 + lane) * {unit}u;\n");
        for e in 0..unit {
            let _ = writeln!(text, "    var a{e} = {acc}_empty();");
            text += &self.outer(&format!("column + {e}u"), &e.to_string());
        }
        text += "    for (var j = 0u; j < p.rows; j++) {\n        let at = j * p.row_step + lane;\n";
        for w in 0..windows {
            let _ = writeln!(text, "        {{\n        let r = (p.part * {windows}u + {w}u) * p.rows + j;");
            text += &self.inner("inner", "r");
            text += &self.blocks(w, "at");
            for e in 0..unit {
                let call = self.call(
                    &format!("(column + {e}u) * p.reduced + r"),
                    e as usize,
                    &format!("b{w}_"),
                    &e.to_string(),
                    "inner",
                );
                let push = self.accumulator.push.replace('x', &format!("x{e}"));
                let _ = writeln!(
                    text,
                    "        let x{e} = {call};
        if (r < p.reduced) {{ a{e} = {acc}_push(a{e}, {push}, r); }}"
                );
            }
            text += "        }\n";
        }
        text += "    }\n";
        for e in 0..unit {
            let _ = writeln!(
                text,
                "    if (lane < p.chunk && column + {e}u < p.kept) {{ out[(column + {e}u) * p.partials + p.part] = a{e}; }}"
            );
        }
        text
    }
}

impl Template for Stage {
    fn options(&self) -> Options {
        Options { immediates: self.immediate, ..Options::own(self.features) }
    }

    fn label(&self) -> String {
        self.label.clone()
    }

    fn wgsl(&self) -> String {
        let acc = &self.accumulator.prefix;
        let int64 = self.features.int64;
        let dense = self.sources.iter().filter(|s| s.access == Access::Dense);
        let mut bindings = declare_each(dense.map(|s| (s.dtype, self.unit)), int64, self.wide);
        let mut binding = 0;
        for (i, source) in self.sources.iter().enumerate() {
            if source.access == Access::Dense {
                bindings += &windows::declare(source.dtype, i, binding, self.windows, self.unit, self.wide);
                binding += self.windows as usize;
            } else {
                bindings += &source.declare(i, binding, self.unit, self.wide);
                binding += source.bindings();
            }
        }
        let mut text = self.names().declare(self.immediate, binding + 1);
        text += &bindings;
        let _ = writeln!(text, "@group(0) @binding({binding}) var<storage, read_write> out: array<{acc}>;");
        if self.sources.iter().any(Source::strided) {
            text += &access::offsets_struct(&self.sources);
            text += &access::offsets_function("kept_offsets", &self.sources, 0..self.kept_axes);
            text += &access::offsets_function("reduced_offsets", &self.sources, self.kept_axes..self.axes);
        }
        let dtypes: Vec<_> = self.sources.iter().map(|s| s.dtype).collect();
        text += &body::function(&self.code, &dtypes, |i, dtype| {
            body::param_register(dtype, |w| format!("p.c{i}_{w}"))
        });
        let _ = write!(
            text,
            "@compute @workgroup_size({w})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, @builtin(local_invocation_index) local: u32) {{
    let lane = (group.x + group.y * groups.x) * {w}u + local;
",
            w = self.workgroup
        );
        for (i, source) in self.sources.iter().enumerate() {
            if source.access == Access::Scalar {
                let _ = writeln!(text, "    let s{i} = load{i}(p.first{i});");
            }
        }
        text += &match self.walk {
            Walk::Rows => self.rows(),
            Walk::Columns => self.columns(),
        };
        text + "}\n"
    }
}
