//! Reductions: a first stage with the elementwise prologue, then stages over its partial results, by a tree
//! that depends on shape and adapter only. No atomics, so the same input gives the same bits.

use super::access::{self, Access, MAX_ELEMENTS, Placed, Source};
use super::accumulate::Accumulator;
use super::body::{self, Angles, TOGETHER};
use super::params::{Names, scalar_words};
use super::reduce_place::{kept_is_fast, place, place_columns, still};
use super::reduce_windows;
use super::storage::{declare_each, element, loaded_get, per_word, word_put};
use crate::compile::Options;
use crate::library::Features;
use crate::plan::{
    Bind, LaneMap, Plan, PlanError, Profile, Shader, Slot, Step, Template, buffer_bytes, grid,
};
use polyarray_core::DType;
use polyarray_core::expr::{Kernel, Reduction, Value};
use std::fmt::Write as _;

/// What a stage reads.
#[derive(Debug, Hash)]
enum From {
    /// The kernel's inputs, through its code.
    Inputs {
        sources: Vec<Source>,
        params: Vec<DType>,
        code: Vec<Value>,
        /// Elements per step of the loop: whole blocks, or 1.
        unit: u32,
        /// They are of neighbouring outputs, not of one.
        columns: bool,
        /// Blocks are loaded in 64-bit words.
        wide: bool,
        /// The last block is not full.
        ragged: bool,
        /// Inputs that don't change along the reduced axes: loaded once for each segment.
        hoisted: Vec<bool>,
        kept_axes: usize,
        axes: usize,
    },
    /// Partial results of the stage before.
    Partials,
}

/// What a stage writes.
#[derive(Clone, Copy, Debug, Hash, PartialEq)]
enum To {
    /// One partial result per lane.
    Partials {
        /// Neighbouring lanes take neighbouring outputs, not neighbouring segments.
        kept_fast: bool,
    },
    /// One word of the output per lane.
    Output,
}

/// The structure of one stage.
#[derive(Debug, Hash)]
struct Stage {
    features: Features,
    workgroup: u32,
    immediate: bool,
    accumulator: Accumulator,
    from: From,
    to: To,
    label: String,
}

/// The numbers of one stage.
struct Numbers {
    /// Outputs, of which the first is number `start`.
    kept: usize,
    start: usize,
    /// Outputs of each lane.
    outputs: usize,
    /// Steps of the reduced range, of which each lane takes at most `count`.
    units: usize,
    count: usize,
    segments: usize,
    interleaved: bool,
}

/// Partial results that one lane of a later stage merges.
const FAN_IN: usize = 64;
/// Longest loop of a first stage.
const LONGEST: usize = 4096;
/// Longest loop down columns: every row may be another page of memory, and as many pages' addresses are cached.
const TALLEST: usize = 1024;

/// Plans a reduction over the trailing axes.
pub fn plan(kernel: &Kernel, op: Reduction, split: usize, profile: &Profile) -> Result<Plan, PlanError> {
    let dtype = kernel.result().dtype;
    super::supports_reduction(op, dtype, profile.features)?;
    let accumulator = Accumulator::new(op, dtype, profile);
    let (kept, reduced) = (kernel.output_len(), kernel.reduced_len());
    let mut plan = Plan { output_bytes: buffer_bytes(accumulator.out, kept), ..Plan::default() };
    if kept == 0 {
        return Ok(plan);
    }
    for (what, n) in [("the iteration space", kept as u64 * reduced as u64), ("the output", kept as u64)] {
        if n > MAX_ELEMENTS {
            return Err(PlanError::TooLarge { what: what.into(), elements: n, limit: MAX_ELEMENTS });
        }
    }
    let job = Job { profile, accumulator: &accumulator, label: kernel.label() };
    if let Some(first) = reduce_windows::plan(kernel, split, &accumulator, profile, &mut plan)? {
        job.merge(&mut plan, kept, 0, first.segments)?;
        return Ok(plan);
    }
    let (placed, unit, columns) = match place_columns(kernel, split, profile)? {
        Some((placed, unit)) => (placed, unit, true),
        None => {
            let (placed, unit) = place(kernel, split, kept, reduced, profile)?;
            (placed, unit, false)
        }
    };
    let sources: Vec<Source> = placed.iter().map(|p| p.source).collect();
    // Steps of the reduced range, and outputs of a lane.
    let (units, outputs) =
        if columns { (reduced, unit as usize) } else { (reduced.div_ceil(unit as usize), 1) };
    let count = first_count(kernel, kept / outputs, units, unit, accumulator.out, profile);
    let count = if columns { count.min(TALLEST) } else { count };
    let segments = units.div_ceil(count).max(1);
    let kept_fast = kept_is_fast(&placed, split);
    // Outputs per round: what their partial results or they themselves need fits one binding.
    let bytes_per_output = (segments as u64 * accumulator.bytes).max(accumulator.out.size() as u64);
    let part = if kept as u64 * bytes_per_output <= profile.max_binding {
        kept
    } else {
        ((profile.max_binding / bytes_per_output) as usize / 1024 * 1024).max(1024)
    };
    let from = |placed: &[Placed]| From::Inputs {
        sources: placed.iter().map(|p| p.source).collect(),
        params: kernel.params.iter().map(|s| s.dtype()).collect(),
        code: kernel.code.clone(),
        unit,
        columns,
        wide: profile.wide(),
        ragged: !columns && !reduced.is_multiple_of(unit as usize),
        hoisted: placed.iter().map(|p| still(p, split)).collect(),
        kept_axes: split,
        axes: kernel.dims.len(),
    };
    for start in (0..kept).step_by(part) {
        let here = part.min(kept - start);
        let mut input_words = access::axis_words(&kernel.dims, 0..split);
        input_words.extend(access::axis_words(&kernel.dims, split..kernel.dims.len()));
        if !sources.iter().any(Source::strided) {
            input_words.clear();
        }
        let mut binds = Vec::new();
        for p in &placed {
            input_words.extend(p.words(0, unit, profile));
            binds.extend(p.binds(0, kept * reduced, profile));
        }
        input_words.extend(kernel.params.iter().flat_map(|&s| scalar_words(s)));
        input_words.push(reduced as u32);
        let interleaved = profile.lane_map == LaneMap::Coalesced && !kept_fast;
        let numbers = Numbers { kept: here, start, outputs, units, count, segments, interleaved };
        let whole = segments == 1 && !columns;
        let to = if whole { To::Output } else { To::Partials { kept_fast } };
        job.stage(&mut plan, from(&placed), to, &numbers, binds, &input_words, 0)?;
        if !whole {
            job.merge(&mut plan, here, start, segments)?;
        }
    }
    Ok(plan)
}

/// Steps of the loop of a lane of the first stage: enough lanes, bounded loops.
fn first_count(
    kernel: &Kernel,
    kept: usize,
    units: usize,
    unit: u32,
    out: DType,
    profile: &Profile,
) -> usize {
    let lanes = match profile.lane_map {
        LaneMap::Run => 512,
        LaneMap::Coalesced => 1 << 16,
    };
    let inner = 1 + unit * body::loops_per_element(&kernel.code, profile.features.int64);
    let most = ((profile.loop_budget / (inner * per_word(out))) as usize).clamp(1, LONGEST);
    units.div_ceil((lanes / kept).max(1)).max(16).min(most).min(units.max(1))
}

/// What all stages of a reduction share.
struct Job<'a> {
    profile: &'a Profile,
    accumulator: &'a Accumulator,
    label: String,
}

impl Job<'_> {
    /// The later stages, from `segments` partial results of each of `kept` outputs in scratch buffer 0.
    fn merge(&self, plan: &mut Plan, kept: usize, start: usize, segments: usize) -> Result<(), PlanError> {
        let mut units = segments;
        let mut level = 0;
        loop {
            let segments = units.div_ceil(FAN_IN);
            let numbers = Numbers {
                kept,
                start,
                outputs: 1,
                units,
                count: FAN_IN.min(units),
                segments,
                interleaved: false,
            };
            let to = if segments == 1 { To::Output } else { To::Partials { kept_fast: false } };
            let bytes = kept as u64 * units as u64 * self.accumulator.bytes;
            let source = vec![Bind {
                slot: Slot::Scratch(level),
                offset: 0,
                size: bytes.div_ceil(64) * 64,
                write: false,
            }];
            self.stage(plan, From::Partials, to, &numbers, source, &[], level + 1)?;
            if segments == 1 {
                return Ok(());
            }
            units = segments;
            level += 1;
        }
    }

    #[expect(clippy::too_many_arguments, reason = "each is one thing that a stage is made of")]
    fn stage(
        &self,
        plan: &mut Plan,
        from: From,
        to: To,
        numbers: &Numbers,
        mut bindings: Vec<Bind>,
        input_words: &[u32],
        scratch: usize,
    ) -> Result<(), PlanError> {
        let mut stage = Stage {
            features: self.profile.features,
            workgroup: self.profile.workgroup,
            immediate: false,
            accumulator: self.accumulator.clone(),
            from,
            to,
            label: self.label.clone(),
        };
        stage.immediate = self.profile.holds_immediates(stage.names().count());
        let needed = bindings.len() + 1 + usize::from(!stage.immediate);
        self.profile.check_bindings(&self.label, needed)?;
        let out = self.accumulator.out;
        let (lanes, target) = match to {
            To::Output => {
                let offset = numbers.start as u64 * out.size() as u64;
                let size = buffer_bytes(out, numbers.kept);
                let words = numbers.kept.div_ceil(per_word(out) as usize);
                (words, Bind { slot: Slot::Output, offset, size, write: true })
            }
            To::Partials { .. } => {
                let partials = numbers.kept * numbers.segments;
                let size = (partials as u64 * self.accumulator.bytes).div_ceil(64) * 64;
                if plan.scratch.len() <= scratch {
                    plan.scratch.push(size);
                }
                plan.scratch[scratch] = plan.scratch[scratch].max(size);
                let target = Bind { slot: Slot::Scratch(scratch), offset: 0, size, write: true };
                (partials / numbers.outputs, target)
            }
        };
        bindings.push(target);
        let (step_of_segment, step) =
            if numbers.interleaved { (1, numbers.segments) } else { (numbers.count, 1) };
        let mut params = vec![
            0,
            numbers.kept as u32,
            numbers.start as u32,
            numbers.units as u32,
            numbers.count as u32,
            numbers.segments as u32,
            step_of_segment as u32,
            step as u32,
        ];
        params.extend(input_words);
        plan.steps.push(Step {
            params_are_immediate: stage.immediate,
            shader: Shader::new(stage),
            bindings,
            params,
            groups: grid((lanes as u64).div_ceil(u64::from(self.profile.workgroup)), self.profile),
        });
        Ok(())
    }
}

impl Stage {
    fn names(&self) -> Names {
        let mut names = Names::new();
        for name in ["kept", "start", "units", "count", "segments", "segment_step", "step"] {
            names.word(name);
        }
        if let From::Inputs { sources, params, kept_axes, axes, .. } = &self.from {
            if sources.iter().any(Source::strided) {
                access::axis_params(0..*kept_axes, &mut names);
                access::axis_params(*kept_axes..*axes, &mut names);
            }
            for (i, source) in sources.iter().enumerate() {
                source.params(i, *axes, &mut names);
            }
            names.scalars(params);
            names.word("reduced");
        }
        names
    }

    /// Declarations and the loop body of what the stage reads; the number of bindings used.
    fn source(&self) -> (String, String, usize) {
        let acc = &self.accumulator.prefix;
        let From::Inputs { sources, code, unit, columns, wide, ragged, hoisted, kept_axes, axes, .. } =
            &self.from
        else {
            let text = format!("@group(0) @binding(0) var<storage, read> partials: array<{acc}>;\n");
            let body = format!("            a = {acc}_merge(a, partials[k * p.units + u]);\n");
            return (text, body, 1);
        };
        let int64 = self.features.int64;
        let mut text = String::new();
        let loaded = sources.iter().filter(|s| s.by_block()).map(|s| (s.dtype, *unit));
        text += &declare_each(loaded, int64, *wide);
        let mut binding = 0;
        for (i, source) in sources.iter().enumerate() {
            text += &source.declare(i, binding, *unit, *wide);
            binding += source.bindings();
        }
        let dtypes: Vec<_> = sources.iter().map(|s| s.dtype).collect();
        let together = if *wide { TOGETHER.min(*unit) } else { 1 };
        text += &body::function_for("compute", code, &dtypes, Angles::All, together, |i, dtype| {
            body::param_register(dtype, |w| format!("p.c{i}_{w}"))
        });
        let mut body = String::new();
        if sources.iter().any(Source::strided) {
            text += &access::offsets_struct(sources);
            text += &access::offsets_function("kept_offsets", sources, 0..*kept_axes);
            text += &access::offsets_function("reduced_offsets", sources, *kept_axes..*axes);
            let first = if *columns { "u".to_owned() } else { format!("u * {unit}u") };
            let _ = writeln!(body, "            let inner = reduced_offsets({first});");
        }
        let offset = |i: usize| match hoisted[i] {
            true => format!("p.first{i} + outer.o{i}"),
            false => format!("p.first{i} + outer.o{i} + inner.o{i}"),
        };
        for (i, source) in sources.iter().enumerate() {
            if source.access == Access::Dense {
                let _ =
                    writeln!(body, "            let b{i} = in{i}[(p.start + k) * p.units + u + p.first{i}];");
            } else if source.strided() && !hoisted[i] {
                body += &source.load_block(i, &offset(i), *unit);
            }
        }
        // The axis of a block, the output that its element belongs to, and the element's number along the reduced axes.
        let axis = if *columns { kept_axes - 1 } else { axes.saturating_sub(1) };
        let output = |e: u32| if *columns { format!("p.start + k + {e}u") } else { "p.start + k".to_owned() };
        for e in 0..*unit {
            let r = if *columns { "u".to_owned() } else { format!("u * {unit}u + {e}u") };
            let _ = writeln!(body, "            let r{e} = {r};");
        }
        let argument = |i: usize, source: &Source, e: u32| match source.access {
            Access::Scalar => format!("s{i}"),
            Access::Dense => loaded_get(source.dtype, *unit, int64, *wide, &format!("b{i}"), e as usize),
            _ if hoisted[i] && !*columns => format!("h{i}"),
            _ => source.element(i, e, &offset(i), axis, (*unit, int64, *wide)),
        };
        let index = |e| format!("({}) * p.reduced + r{e}", output(e));
        for (e, x) in
            body::calls("compute", *unit, together, sources, index, argument, &mut body).iter().enumerate()
        {
            let state = if *columns { format!("a{e}") } else { "a".to_owned() };
            let push = self.accumulator.push.replace('x', x);
            let guard = if *ragged && e > 0 { format!("if (r{e} < p.reduced) ") } else { String::new() };
            let _ = writeln!(body, "            {guard}{{ {state} = {acc}_push({state}, {push}, r{e}); }}");
        }
        (text, body, binding)
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
        let out = self.accumulator.out;
        let (source, step, binding) = self.source();
        let mut text = self.names().declare(self.immediate, binding + 1);
        text += &source;
        let target = match self.to {
            To::Output => element(out),
            To::Partials { .. } => acc,
        };
        let _ =
            writeln!(text, "@group(0) @binding({binding}) var<storage, read_write> out: array<{target}>;");
        // One segment of an output, or of a block of them, by one lane.
        let columns = self.columns();
        let _ = match columns {
            None => writeln!(text, "fn segment(k: u32, s: u32) -> {acc} {{\n    var a = {acc}_empty();"),
            Some(_) => writeln!(text, "fn segment(k: u32, s: u32) {{"),
        };
        for e in 0..columns.unwrap_or(0) {
            let _ = writeln!(text, "    var a{e} = {acc}_empty();");
        }
        if let From::Inputs { sources, hoisted, unit, .. } = &self.from {
            if sources.iter().any(Source::strided) {
                text += "    let outer = kept_offsets(p.start + k);\n";
            }
            for (i, source) in sources.iter().enumerate() {
                if hoisted[i] && columns.is_some() {
                    text += &source.load_block(i, &format!("p.first{i} + outer.o{i}"), *unit);
                } else if hoisted[i] {
                    let _ = writeln!(text, "    let h{i} = load{i}(p.first{i} + outer.o{i});");
                }
                if source.access == Access::Scalar {
                    let _ = writeln!(text, "    let s{i} = load{i}(p.first{i});");
                }
            }
        }
        let _ = write!(
            text,
            "    for (var j = 0u; j < p.count; j++) {{
        let u = s * p.segment_step + j * p.step;
        if (u < p.units) {{
{step}        }}
    }}
"
        );
        for e in 0..columns.unwrap_or(0) {
            let _ = writeln!(text, "    out[(k + {e}u) * p.segments + s] = a{e};");
        }
        let _ = write!(
            text,
            "{}}}
@compute @workgroup_size({})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, @builtin(local_invocation_index) local: u32) {{
    let lane = (group.x + group.y * groups.x) * {}u + local;
",
            if columns.is_none() { "    return a;\n" } else { "" },
            self.workgroup,
            self.workgroup
        );
        text += &match self.to {
            To::Partials { .. } if columns.is_some() => {
                let unit = columns.unwrap_or(1);
                format!(
                    "    let blocks = p.kept / {unit}u;
    if (lane < blocks * p.segments) {{ segment(lane % blocks * {unit}u, lane / blocks); }}
}}
"
                )
            }
            To::Partials { kept_fast } => {
                let (k, s) = if kept_fast {
                    ("lane % p.kept", "lane / p.kept")
                } else {
                    ("lane / p.segments", "lane % p.segments")
                };
                format!(
                    "    if (lane < p.kept * p.segments) {{ out[({k}) * p.segments + ({s})] = segment({k}, {s}); }}\n}}\n"
                )
            }
            To::Output => self.output_words(),
        };
        text
    }
}

impl Stage {
    /// Outputs of each lane, where it has a block of them.
    fn columns(&self) -> Option<u32> {
        match self.from {
            From::Inputs { columns: true, unit, .. } => Some(unit),
            _ => None,
        }
    }

    /// The end of a last stage: a lane owns one word of the output, 1, 2 or 4 elements.
    fn output_words(&self) -> String {
        let acc = &self.accumulator.prefix;
        let out = self.accumulator.out;
        let n = per_word(out);
        let result = |k: &str| {
            // Outputs beyond the last are computed from the last again: their bytes are padding.
            let of = format!("{acc}_result(segment(min({k}, p.kept - 1u), 0u))");
            self.accumulator.result.replace('x', &of)
        };
        if n == 1 {
            return format!("    if (lane < p.kept) {{ out[lane] = {}; }}\n}}\n", result("lane"));
        }
        let elements: Vec<String> = (0..n).map(|e| result(&format!("lane * {n}u + {e}u"))).collect();
        format!("    if (lane * {n}u < p.kept) {{ out[lane] = {}; }}\n}}\n", word_put(out, &elements))
    }
}
