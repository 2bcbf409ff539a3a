//! Reductions: a first stage with the elementwise prologue, then stages over its partial results, by a tree
//! that depends on shape and adapter only. No atomics, so the same input gives the same bits.

use super::accumulator::Accumulator;
use super::body;
use super::input_access::{self, Access, Source};
use super::reduce_place::{kept_is_fast, place, place_columns, still};
use super::storage::{block_get, declare_blocks, element, per_word, word_put};
use crate::builder::{Builder, addressable};
use crate::params::{Names, scalar_words};
use crate::plan::{Bind, LaneMap, Plan, PlanError, Profile};
use crate::shader::{Module, Template};
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
    let accumulator = Accumulator::new(op, dtype);
    let (kept, reduced) = (kernel.output_len(), kernel.reduced_len());
    let builder = Builder::new(profile, accumulator.out, kept)?;
    if kept == 0 {
        return Ok(builder.finish());
    }
    addressable("the iteration space", kept.saturating_mul(reduced))?;
    let (placed, unit, columns) = match place_columns(kernel, split, profile)? {
        Some((placed, unit)) => (placed, unit, true),
        None => {
            let (placed, unit) = place(kernel, split, kept, reduced, profile)?;
            (placed, unit, false)
        }
    };
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
    let from = || From::Inputs {
        sources: placed.iter().map(|p| p.source).collect(),
        params: kernel.params.iter().map(|s| s.dtype()).collect(),
        code: kernel.code.clone(),
        unit,
        columns,
        ragged: !columns && !reduced.is_multiple_of(unit as usize),
        hoisted: placed.iter().map(|p| still(p, split)).collect(),
        kept_axes: split,
        axes: kernel.dims.len(),
    };
    let mut words = Vec::new();
    if placed.iter().any(|p| p.source.strided()) {
        words.extend(input_access::axis_words(&kernel.dims, 0..split));
        words.extend(input_access::axis_words(&kernel.dims, split..kernel.dims.len()));
    }
    let mut binds = Vec::new();
    for p in &placed {
        words.extend(p.words(0, unit, profile));
        binds.extend(p.binds(0, kept * reduced, profile));
    }
    words.extend(kernel.params.iter().flat_map(|&s| scalar_words(s)));
    words.push(reduced as u32);
    let mut job = Job { builder, accumulator: &accumulator, label: kernel.label() };
    for start in (0..kept).step_by(part) {
        let here = part.min(kept - start);
        let interleaved = profile.lane_map == LaneMap::Coalesced && !kept_fast;
        let numbers = Numbers { kept: here, start, outputs, units, count, segments, interleaved };
        let whole = segments == 1 && !columns;
        let to = if whole { To::Output } else { To::Partials { kept_fast } };
        job.stage(from(), to, &numbers, binds.clone(), &words, 0)?;
        if !whole {
            job.merge(here, start, segments)?;
        }
    }
    Ok(job.builder.finish())
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
    builder: Builder<'a>,
    accumulator: &'a Accumulator,
    label: String,
}

impl Job<'_> {
    /// The later stages, from `segments` partial results of each of `kept` outputs in scratch buffer 0.
    fn merge(&mut self, kept: usize, start: usize, segments: usize) -> Result<(), PlanError> {
        let mut units = segments;
        let mut level = 0;
        loop {
            let (segments, count) = (units.div_ceil(FAN_IN), FAN_IN.min(units));
            let numbers = Numbers { kept, start, outputs: 1, units, count, segments, interleaved: false };
            let to = if segments == 1 { To::Output } else { To::Partials { kept_fast: false } };
            let source =
                self.builder.scratch_at(level, kept as u64 * units as u64 * self.accumulator.bytes, false);
            self.stage(From::Partials, to, &numbers, vec![source], &[], level + 1)?;
            if segments == 1 {
                return Ok(());
            }
            units = segments;
            level += 1;
        }
    }

    fn stage(
        &mut self,
        from: From,
        to: To,
        numbers: &Numbers,
        mut bindings: Vec<Bind>,
        input_words: &[u32],
        scratch: usize,
    ) -> Result<(), PlanError> {
        let Numbers { kept, start, outputs, units, count, segments, interleaved } = *numbers;
        let out = self.accumulator.out;
        let lanes = match to {
            To::Output => {
                bindings.push(self.builder.output(start..start + kept));
                kept.div_ceil(per_word(out) as usize)
            }
            To::Partials { .. } => {
                let partials = kept * segments;
                bindings.push(self.builder.scratch_at(
                    scratch,
                    partials as u64 * self.accumulator.bytes,
                    true,
                ));
                partials / outputs
            }
        };
        let (segment_step, step) = if interleaved { (1, segments) } else { (count, 1) };
        let params = [kept, start, units, count, segments, segment_step, step].map(|x| x as u32);
        let params = params.into_iter().chain(input_words.iter().copied());
        let (accumulator, label) = (self.accumulator.clone(), self.label.clone());
        let shader = self.builder.shader(Stage { accumulator, from, to, label });
        let groups = self.builder.groups(lanes as u64);
        self.builder.step(&shader, bindings, params, groups)
    }
}

impl Stage {
    /// Declares what the stage reads; the loop body that takes it in.
    fn source(&self, module: &mut Module) -> String {
        let acc = &self.accumulator.prefix;
        let From::Inputs { sources, code, unit, columns, ragged, hoisted, kept_axes, axes, .. } = &self.from
        else {
            module.read("partials", acc);
            return format!("            a = {acc}_merge(a, partials[k * p.units + u]);\n");
        };
        let int64 = module.features.int64;
        declare_blocks(sources.iter().filter(|s| s.by_block()).map(|s| s.dtype), *unit, module);
        for (i, source) in sources.iter().enumerate() {
            source.declare(i, *unit, module);
        }
        let dtypes: Vec<_> = sources.iter().map(|s| s.dtype).collect();
        body::write_function("compute", code, &dtypes, module);
        let mut body = String::new();
        if sources.iter().any(Source::strided) {
            input_access::write_offsets_struct(sources, module);
            input_access::write_offsets("kept_offsets", sources, 0..*kept_axes, module);
            input_access::write_offsets("reduced_offsets", sources, *kept_axes..*axes, module);
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
            Access::Dense => block_get(source.dtype, int64, &format!("b{i}"), e),
            _ if hoisted[i] && !*columns => format!("h{i}"),
            _ => source.element(i, e, &offset(i), axis, int64),
        };
        let index = |e| format!("({}) * p.reduced + r{e}", output(e));
        let results = body::write_calls("compute", *unit, sources, index, argument, &mut body);
        for (e, x) in results.iter().enumerate() {
            let state = if *columns { format!("a{e}") } else { "a".to_owned() };
            let push = self.accumulator.push.replace('x', x);
            let guard = if *ragged && e > 0 { format!("if (r{e} < p.reduced) ") } else { String::new() };
            let _ = writeln!(body, "            {guard}{{ {state} = {acc}_push({state}, {push}, r{e}); }}");
        }
        body
    }
}

impl Template for Stage {
    fn label(&self) -> String {
        self.label.clone()
    }

    fn params(&self, names: &mut Names) {
        names.words(&["kept", "start", "units", "count", "segments", "segment_step", "step"]);
        if let From::Inputs { sources, params, kept_axes, axes, .. } = &self.from {
            if sources.iter().any(Source::strided) {
                input_access::axis_params(0..*kept_axes, names);
                input_access::axis_params(*kept_axes..*axes, names);
            }
            for (i, source) in sources.iter().enumerate() {
                source.params(i, *axes, names);
            }
            names.scalars(params);
            names.word("reduced");
        }
    }

    fn write(&self, module: &mut Module) {
        let acc = &self.accumulator.prefix;
        let step = self.source(module);
        module.read_write("out", if self.to == To::Output { element(self.accumulator.out) } else { acc });
        // One segment of an output, or of a block of them, by one lane.
        let columns = self.columns();
        let _ = match columns {
            None => writeln!(module, "fn segment(k: u32, s: u32) -> {acc} {{\n    var a = {acc}_empty();"),
            Some(_) => writeln!(module, "fn segment(k: u32, s: u32) {{"),
        };
        for e in 0..columns.unwrap_or(0) {
            let _ = writeln!(module, "    var a{e} = {acc}_empty();");
        }
        if let From::Inputs { sources, hoisted, unit, .. } = &self.from {
            if sources.iter().any(Source::strided) {
                *module += "    let outer = kept_offsets(p.start + k);\n";
            }
            for (i, source) in sources.iter().enumerate() {
                if hoisted[i] && columns.is_some() {
                    *module += &source.load_block(i, &format!("p.first{i} + outer.o{i}"), *unit);
                } else if hoisted[i] {
                    let _ = writeln!(module, "    let h{i} = load{i}(p.first{i} + outer.o{i});");
                }
                if source.access == Access::Scalar {
                    let _ = writeln!(module, "    let s{i} = load{i}(p.first{i});");
                }
            }
        }
        let _ = write!(
            module,
            "    for (var j = 0u; j < p.count; j++) {{
        let u = s * p.segment_step + j * p.step;
        if (u < p.units) {{
{step}        }}
    }}
"
        );
        for e in 0..columns.unwrap_or(0) {
            let _ = writeln!(module, "    out[(k + {e}u) * p.segments + s] = a{e};");
        }
        *module += if columns.is_none() { "    return a;\n}\n" } else { "}\n" };
        module.entry();
        let lanes = module.workgroup;
        let _ = writeln!(module, "    let lane = g * {lanes}u + local;");
        let _ = match (self.to, columns) {
            (To::Partials { .. }, Some(unit)) => write!(
                module,
                "    let blocks = p.kept / {unit}u;
    if (lane < blocks * p.segments) {{ segment(lane % blocks * {unit}u, lane / blocks); }}
}}
"
            ),
            (To::Partials { kept_fast }, None) => {
                let (k, s) = if kept_fast {
                    ("lane % p.kept", "lane / p.kept")
                } else {
                    ("lane / p.segments", "lane % p.segments")
                };
                writeln!(
                    module,
                    "    if (lane < p.kept * p.segments) {{ out[({k}) * p.segments + ({s})] = segment({k}, {s}); }}\n}}"
                )
            }
            (To::Output, _) => module.write_str(&self.output_words()),
        };
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
