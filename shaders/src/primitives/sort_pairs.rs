//! Stable sorting of rows, by radix from the least significant digit on.
//!
//! Elements become keys, ordered as unsigned integers, and indices go along. Every pass counts the digits of each lane's run
//! of a row, finds how many elements come before each digit of each run (in the order of rows, digits and runs, so that a
//! row's elements stay in it), and moves elements there, one after the other. A lane counts in its own places of memory:
//! there are no atomics, so the order is the same always.

use super::View;
use super::levels::Levels;
use super::ties::{self, Row};
use crate::builder::{Builder, addressable};
use crate::fused::accumulator::Accumulator;
use crate::fused::input_access::{self, Placed, Source};
use crate::fused::storage::{block, declare_blocks, name, register};
use crate::params::Names;
use crate::plan::{LaneMap, Plan, PlanError, Profile};
use crate::shader::{Module, Template};
use polyarray_core::DType;
use polyarray_core::expr::Reduction;
use std::fmt::Write as _;

/// What a sort gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Sorted {
    /// The elements in order.
    Values,
    /// Their indices in the row, int64.
    Indices,
}

/// Rows of [`crate::Slot::Input`] 0, each sorted on its own, into a dense [`crate::Slot::Output`]. Stable, also when
/// descending; NaN comes last in either direction, and zeros are equal whatever their signs.
#[derive(Clone, Debug)]
pub struct Sort {
    /// Rows.
    pub rows: usize,
    /// Elements of a row.
    pub len: usize,
    /// Bool or real.
    pub dtype: DType,
    /// The largest first.
    pub descending: bool,
    /// What is wanted.
    pub gives: Sorted,
    /// The operand.
    pub x: View,
}

/// The words of a pair that are kept: of the key, low and high, and the index.
#[derive(Clone, Copy, Debug, Hash)]
struct Kept {
    high: bool,
    index: bool,
}

/// How elements become keys.
#[derive(Clone, Copy, Debug, Hash)]
pub(super) struct Keyed {
    pub source: Source,
    pub descending: bool,
}

/// Makes keys.
#[derive(Debug, Hash)]
struct Keys {
    keyed: Keyed,
    kept: Kept,
}

/// Counts the digits of each run.
#[derive(Debug, Hash)]
struct Count {
    bits: u32,
}

/// Moves pairs to their places.
#[derive(Debug, Hash)]
struct Move {
    bits: u32,
    kept: Kept,
    /// The digit is one of the high word.
    high: bool,
    /// The pairs come from the keys: their indices are their numbers.
    first: bool,
}

/// Writes the result: indices, elements by their indices, or elements from their keys.
#[derive(Debug, Hash)]
struct Finish {
    dtype: DType,
    gives: Sorted,
    kept: Kept,
    descending: bool,
    /// The operand, where elements are taken from it.
    source: Option<Source>,
}

/// Elements of a block of the result.
const UNIT: u32 = 4;
/// Blocks that a lane takes, at most.
const RUN: u64 = 65;

/// How the passes are cut up.
struct Shape {
    /// Bits of a digit.
    bits: u32,
    /// Elements of a run, and runs of a row.
    run: usize,
    runs: usize,
}

impl Shape {
    fn of(job: &Sort, profile: &Profile) -> Shape {
        // Digits as wide as leave the row much longer than the table of its counts.
        let (bits, run) = match profile.lane_map {
            LaneMap::Run if job.len >= 1 << 18 && key_bits(job.dtype) == 32 => {
                (11, (job.len / 512).next_power_of_two().clamp(4096, 16384))
            }
            LaneMap::Run if job.len >= 4096 => (8, (job.len / 1024).next_power_of_two().clamp(1024, 8192)),
            LaneMap::Run => (4, 1024),
            LaneMap::Coalesced => (4, 256),
        };
        Shape { bits, run, runs: job.len.div_ceil(run) }
    }

    /// Counts of so many rows.
    fn counts(&self, rows: usize) -> usize {
        (rows * self.runs) << self.bits
    }
}

/// Bits of a key.
pub(super) fn key_bits(dtype: DType) -> u32 {
    8 * dtype.size() as u32
}

/// Plans a sort.
///
/// # Errors
/// [`PlanError`]: a dtype that the adapter lacks, complex numbers, indices beyond 32 bits, rows of which one does not fit a
/// binding.
pub fn plan(job: &Sort, profile: &Profile) -> Result<Plan, PlanError> {
    if job.dtype.is_complex() {
        return Err(PlanError::NoSuchOp { op: "sort", dtype: job.dtype });
    }
    let n = job.rows.saturating_mul(job.len);
    addressable("the output", n)?;
    let out = if job.gives == Sorted::Indices { DType::I64 } else { job.dtype };
    let mut builder = Builder::new(profile, out, n)?;
    if n == 0 {
        return Ok(builder.finish());
    }
    let shape = Shape::of(job, profile);
    let wide = job.dtype.size() == 8;
    // Whole rows at a time, as many as fit: their keys, their counts.
    let fits = |rows: usize| {
        let words = (rows * job.len).max(shape.counts(rows)) as u64;
        words.saturating_mul(4) <= profile.max_binding
    };
    let mut rows = job.rows;
    while rows > 1 && !fits(rows) {
        rows = rows.div_ceil(2);
    }
    // The result of each of several groups of rows begins at an aligned byte.
    if rows < job.rows {
        let align = profile.alignment() as usize / out.size();
        let step = align >> job.len.trailing_zeros().min(align.ilog2());
        rows = (rows / step * step).max(step).min(job.rows);
    }
    if !fits(rows) {
        let limit = profile.max_binding / 4;
        return Err(PlanError::TooLarge { what: "a row".into(), elements: job.len as u64, limit });
    }
    let (x, dims) = job.x.placed(0, job.dtype, [job.rows, job.len], None, profile)?;
    // Elements come back from their keys, but for zeros and NaNs: those of one row are restored, of several all elements are
    // gathered by their indices.
    let ties = job.gives == Sorted::Values && job.dtype.is_float();
    let row = (job.len * job.dtype.size()) as u64;
    let restores = ties && job.rows == 1 && job.dtype.size() >= 4 && row <= profile.max_binding;
    let gathers = ties && !restores;
    let keyed = Keyed { source: x.source, descending: job.descending };
    let kept = Kept { high: wide, index: gathers || job.gives == Sorted::Indices };
    let most = (rows * job.len) as u64 * 4;
    let mut buffers = |wanted: bool| [0, 1].map(|_| if wanted { builder.scratch(most) } else { 0 });
    let (low, high, index) = (buffers(true), buffers(wide), buffers(kept.index));
    let counts = builder.scratch(shape.counts(rows) as u64 * 4);
    let accumulator = Accumulator::new(Reduction::Sum, DType::U32);
    for first in (0..job.rows).step_by(rows) {
        let here = rows.min(job.rows - first);
        let elements = here * job.len;
        let bytes = elements as u64 * 4;
        let levels = Levels::new(&mut builder, &accumulator, shape.counts(here));
        let strided = x.source.strided();
        let blocks = (elements as u64).div_ceil(u64::from(UNIT));
        let per_lane = profile.per_lane(blocks, RUN);
        let block_groups = builder.groups(blocks.div_ceil(u64::from(per_lane)));
        let placed = |x: &Placed| -> Vec<u32> {
            let mut words = Vec::new();
            if strided {
                words.extend(input_access::axis_words(&dims, 0..2));
            }
            words.extend(x.words(0, UNIT, profile));
            words
        };
        // Keys.
        let shader = builder.shader(Keys { keyed, kept });
        let numbers = [elements as u32, (first * job.len) as u32, blocks as u32, per_lane];
        let mut bindings = x.binds(0, n, profile);
        bindings.push(builder.shown(low[0], bytes, true));
        if wide {
            bindings.push(builder.shown(high[0], bytes, true));
        }
        builder.step(&shader, bindings, numbers.into_iter().chain(placed(&x)), block_groups)?;
        // Passes.
        let lanes = here * shape.runs;
        let groups = builder.groups(lanes as u64);
        let passes = key_bits(job.dtype).div_ceil(shape.bits);
        for pass in 0..passes {
            let shift = pass * shape.bits;
            let (from, to) = ((pass % 2) as usize, (pass % 2) as usize ^ 1);
            let digits = if shift >= 32 { high[from] } else { low[from] };
            let numbers = [lanes, job.len, shape.runs, shape.run, shift as usize % 32].map(|x| x as u32);
            let table = shape.counts(here) as u64 * 4;
            let shader = builder.shader(Count { bits: shape.bits });
            let bindings = vec![builder.shown(digits, bytes, false), builder.shown(counts, table, true)];
            builder.step(&shader, bindings, numbers, groups)?;
            levels.exclusive(&mut builder, counts, None)?;
            let first = pass == 0;
            let shader = builder.shader(Move { bits: shape.bits, kept, high: shift >= 32, first });
            let mut bindings = vec![builder.shown(counts, table, true)];
            for (wanted, [a, b], read) in [
                (true, [low[from], low[to]], true),
                (wide, [high[from], high[to]], true),
                (kept.index, [index[from], index[to]], !first),
            ] {
                if wanted && read {
                    bindings.push(builder.shown(a, bytes, false));
                }
                if wanted {
                    bindings.push(builder.shown(b, bytes, true));
                }
            }
            builder.step(&shader, bindings, numbers, groups)?;
        }
        // The result.
        let last = (passes % 2) as usize;
        let source = gathers.then_some(x.source);
        let (dtype, gives, descending) = (job.dtype, job.gives, job.descending);
        let shader = builder.shader(Finish { dtype, gives, kept, descending, source });
        let base = first * job.len;
        let mut shown = Vec::new();
        if kept.index {
            shown.push(builder.shown(index[last], bytes, false));
        } else {
            shown.push(builder.shown(low[last], bytes, false));
            if wide {
                shown.push(builder.shown(high[last], bytes, false));
            }
        }
        if gathers {
            shown.extend(x.binds(0, n, profile));
        }
        for part in builder.parts(base..base + elements, out.size()) {
            let blocks = (part.len() as u64).div_ceil(u64::from(UNIT));
            let per_lane = profile.per_lane(blocks, RUN);
            let numbers = [elements, base, part.start - base, blocks as usize, per_lane as usize, job.len];
            let mut params: Vec<u32> = numbers.iter().map(|&x| x as u32).collect();
            if gathers {
                params.extend(placed(&x));
            }
            let bindings = shown.iter().copied().chain([builder.output(part)]).collect();
            let groups = builder.groups(blocks.div_ceil(u64::from(per_lane)));
            builder.step(&shader, bindings, params, groups)?;
        }
        if restores {
            let words = [true, wide].into_iter().zip([low, high]).filter(|(wanted, _)| *wanted);
            let row = Row {
                keyed,
                len: job.len,
                run: super::run(n, profile),
                operand: (x.binds(0, n, profile), placed(&x)),
                keys: words.map(|(_, buffers)| builder.shown(buffers[last], bytes, false)).collect(),
            };
            ties::restore(&row, &mut builder)?;
        }
    }
    Ok(builder.finish())
}

/// Names of the words that say where the operand's elements are.
pub(super) fn source_params(source: &Source, names: &mut Names) {
    if source.strided() {
        input_access::axis_params(0..2, names);
    }
    source.params(0, 2, names);
}

/// Declares the operand, and `fn x_at(i)`, its element of flat number `i`.
pub(super) fn declare_operand(source: &Source, module: &mut Module) {
    source.declare(0, 1, module);
    let at = match source.strided() {
        true => {
            input_access::write_offsets_struct(&[*source], module);
            input_access::write_offsets("offsets", &[*source], 0..2, module);
            "p.first0 + offsets(i).o0"
        }
        false => "p.first0",
    };
    let _ = writeln!(module, "fn x_at(i: u32) -> {} {{ return load0({at}); }}", register(source.dtype));
}

/// The largest key of a dtype, whose bits `descending` flips.
pub(super) fn all_bits(dtype: DType) -> &'static str {
    match dtype.size() {
        1 => "vec2<u32>(0xffu, 0u)",
        2 => "vec2<u32>(0xffffu, 0u)",
        4 => "vec2<u32>(0xffffffffu, 0u)",
        _ => "vec2<u32>(0xffffffffu, 0xffffffffu)",
    }
}

impl Keyed {
    /// Declares `fn key_of(x)`: NaN, whose key is the largest, comes last in either direction.
    pub fn write(&self, module: &mut Module) {
        let dtype = self.source.dtype;
        let all = all_bits(dtype);
        let key = match (self.descending, dtype.is_float()) {
            (false, _) => "key".to_owned(),
            (true, false) => format!("key ^ {all}"),
            (true, true) => format!("select(key ^ {all}, key, all(key == {all}))"),
        };
        let _ = write!(
            module,
            "fn key_of(x: {}) -> vec2<u32> {{
    let key = {}_key(x);
    return {key};
}}
",
            register(dtype),
            name(dtype)
        );
    }
}

impl Template for Keys {
    fn label(&self) -> String {
        format!("sort keys {}", self.keyed.source.dtype)
    }

    fn params(&self, names: &mut Names) {
        names.words(&["count", "base", "blocks", "per_lane"]);
        source_params(&self.keyed.source, names);
    }

    fn write(&self, module: &mut Module) {
        declare_operand(&self.keyed.source, module);
        self.keyed.write(module);
        module.read_write("low", "u32");
        if self.kept.high {
            module.read_write("high", "u32");
        }
        module.entry();
        module.rounds("b");
        for e in 0..UNIT {
            let _ = writeln!(
                module,
                "        {{
        let i = b * {UNIT}u + {e}u;
        if (i < p.count) {{
            let key = key_of(x_at(p.base + i));"
            );
            *module += "            low[i] = key.x;\n";
            if self.kept.high {
                *module += "            high[i] = key.y;\n";
            }
            *module += "        }\n        }\n";
        }
        *module += "    }\n}\n";
    }
}

/// Begins the entry point of a pass: `at` is the place of the lane's count of digit 0, those of the others `p.runs` apart,
/// and its elements are `start..end`.
fn pass_entry(bits: u32, module: &mut Module) {
    module.entry();
    let lanes = module.workgroup;
    let _ = write!(
        module,
        "    let lane = g * {lanes}u + local;
    if (lane < p.lanes) {{
        let row = lane / p.runs;
        let begin = (lane - row * p.runs) * p.run;
        let at = row * p.runs * {}u + lane - row * p.runs;
        let start = row * p.len + begin;
        let end = start + min(p.run, p.len - begin);
",
        1 << bits
    );
}

/// Names of the words of a pass.
const PASS: [&str; 5] = ["lanes", "len", "runs", "run", "shift"];

impl Template for Count {
    fn label(&self) -> String {
        format!("sort counts {}", self.bits)
    }

    fn params(&self, names: &mut Names) {
        names.words(&PASS);
    }

    fn write(&self, module: &mut Module) {
        let digits = 1 << self.bits;
        module.read("keys", "u32");
        module.read_write("counts", "u32");
        pass_entry(self.bits, module);
        let _ = write!(
            module,
            "        for (var d = 0u; d < {digits}u; d++) {{ counts[at + d * p.runs] = 0u; }}
        for (var i = start; i < end; i++) {{
            let place = at + ((keys[i] >> p.shift) & {}u) * p.runs;
            counts[place] += 1u;
        }}
    }}
}}
",
            digits - 1
        );
    }
}

impl Template for Move {
    fn label(&self) -> String {
        format!("sort moves {}", self.bits)
    }

    fn params(&self, names: &mut Names) {
        names.words(&PASS);
    }

    fn write(&self, module: &mut Module) {
        module.read_write("counts", "u32");
        module.read("low", "u32");
        module.read_write("new_low", "u32");
        if self.kept.high {
            module.read("high", "u32");
            module.read_write("new_high", "u32");
        }
        if self.kept.index {
            if !self.first {
                module.read("index", "u32");
            }
            module.read_write("new_index", "u32");
        }
        pass_entry(self.bits, module);
        let _ = write!(
            module,
            "        for (var i = start; i < end; i++) {{
            let place = at + (({}[i] >> p.shift) & {}u) * p.runs;
            let to = counts[place];
            counts[place] = to + 1u;
            new_low[to] = low[i];
",
            if self.high { "high" } else { "low" },
            (1 << self.bits) - 1
        );
        if self.kept.high {
            *module += "            new_high[to] = high[i];\n";
        }
        if self.kept.index {
            let index = if self.first { "i" } else { "index[i]" };
            let _ = writeln!(module, "            new_index[to] = {index};");
        }
        *module += "        }\n    }\n}\n";
    }
}

impl Template for Finish {
    fn label(&self) -> String {
        format!("sorted {:?} {}", self.gives, self.dtype).to_lowercase()
    }

    fn params(&self, names: &mut Names) {
        names.words(&["count", "base", "start", "blocks", "per_lane", "len"]);
        if let Some(source) = &self.source {
            source_params(source, names);
        }
    }

    fn write(&self, module: &mut Module) {
        let out = if self.gives == Sorted::Indices { DType::I64 } else { self.dtype };
        declare_blocks([out], UNIT, module);
        if self.kept.index {
            module.read("index", "u32");
        } else {
            module.read("low", "u32");
            if self.kept.high {
                module.read("high", "u32");
            }
        }
        if let Some(source) = &self.source {
            declare_operand(source, module);
        }
        module.read_write("out", &block(out, UNIT));
        let value = match (self.gives, &self.source) {
            (Sorted::Indices, _) => "i64_from_u32(index[i] % p.len)".to_owned(),
            (Sorted::Values, Some(_)) => "x_at(p.base + index[i])".to_owned(),
            (Sorted::Values, None) => {
                let high = if self.kept.high { "high[i]" } else { "0u" };
                let flip = if self.descending { format!(" ^ {}", all_bits(out)) } else { String::new() };
                format!("{}_from_key(vec2<u32>(low[i], {high}){flip})", name(out))
            }
        };
        let _ = writeln!(
            module,
            "fn value(number: u32) -> {} {{
    let i = min(p.start + number, p.count - 1u);
    return {value};
}}",
            register(out)
        );
        super::store_values(out, UNIT, module);
    }
}
