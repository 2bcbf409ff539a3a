//! Elementwise kernels: every lane owns whole blocks of the output, and so whole words of packed dtypes.

use super::access::{self, Access, MAX_ELEMENTS, Placed, Source};
use super::body::{self, Angles};
use super::params::{Names, scalar_words};
use super::storage::{block_put, declare_each, loaded_block, loaded_get};
use super::{transposed, windows};
use crate::compile::Options;
use crate::library::Features;
use crate::plan::{
    Bind, LaneMap, Plan, PlanError, Profile, Shader, Slot, Step, Template, buffer_bytes, entry, grid, rounds,
};
use polyarray_core::expr::{Kernel, Value};
use std::fmt::Write as _;

/// The structure of an elementwise kernel.
#[derive(Debug, Hash)]
struct Map {
    features: Features,
    workgroup: u32,
    immediate: bool,
    /// Elements per block, and whether blocks are loaded in 64-bit words.
    unit: u32,
    wide: bool,
    /// Axes that strided inputs walk; 0 where there is none.
    rank: usize,
    /// Blocks are within rows, so that strides are walked once for each.
    in_rows: bool,
    /// Uniform windows of every dense input; 0 where they are storage buffers.
    windows: u32,
    pass: Pass,
    sources: Vec<Source>,
    params: Vec<polyarray_core::DType>,
    code: Vec<Value>,
    label: String,
}

/// Large arguments of sin and cos are rare and, where branches don't skip, cost every element as much as all else.
/// There a first pass is right for the others and raises a flag for them; a second computes everything again
/// where the flag is up, and nothing where it is down.
#[derive(Clone, Copy, Debug, Hash, PartialEq)]
enum Pass {
    Only,
    First,
    Second,
}

/// The structure of the kernel that takes the flag down.
#[derive(Debug, Hash)]
struct Lower {
    features: Features,
}

impl Template for Lower {
    fn options(&self) -> Options {
        Options::own(self.features)
    }

    fn label(&self) -> String {
        "flag".to_owned()
    }

    fn wgsl(&self) -> String {
        "@group(0) @binding(0) var<storage, read_write> flag: array<u32>;
@group(0) @binding(1) var<storage, read> p: array<u32>;
fn run_time_zero() -> u32 { return p[0]; }
@compute @workgroup_size(1)
fn main() { flag[0] = run_time_zero(); }
"
        .to_owned()
    }
}

/// The flag, a scratch buffer.
const FLAG: Bind = Bind { slot: Slot::Scratch(0), offset: 0, size: 64, write: true };

/// Bytes of what a lane takes at most, a block of each round of its workgroup; more gain nothing.
const RUN_BYTES: u64 = 16 << 10;
/// Instructions up to which a block is unrolled in full; longer code only makes the compiler slow.
pub const UNROLLED_COST: u32 = 256;

/// Elements of a block: 64 bytes of the widest dtype, or fewer where a lane should own little.
fn unit(kernel: &Kernel, profile: &Profile) -> u32 {
    let widest =
        kernel.inputs.iter().map(|i| i.buffer.dtype().size()).chain([kernel.output_dtype().size()]).max();
    let most = (64 / widest.unwrap_or(4).max(4)) as u32;
    let cost = body::cost_per_element(&kernel.code);
    let fits = |&unit: &u32| unit <= most && cost * unit <= UNROLLED_COST;
    match profile.lane_map {
        LaneMap::Run => [16, 8].into_iter().find(fits).unwrap_or(4),
        LaneMap::Coalesced => 4,
    }
}

/// Plans an elementwise kernel.
pub fn plan(kernel: &Kernel, profile: &Profile) -> Result<Plan, PlanError> {
    let out = kernel.output_dtype();
    let n = kernel.output_len();
    let mut plan = Plan { output_bytes: buffer_bytes(out, n), ..Plan::default() };
    if n == 0 {
        return Ok(plan);
    }
    if n as u64 > MAX_ELEMENTS {
        return Err(PlanError::TooLarge {
            what: "the output".into(),
            elements: n as u64,
            limit: MAX_ELEMENTS,
        });
    }
    if transposed::plan(kernel, n, profile, &mut plan)? {
        return Ok(plan);
    }
    let windowed = windows::placed(kernel, n, profile)?;
    let branches_cost = profile.lane_map == LaneMap::Run && n >= windows::FEWEST;
    if branches_cost && profile.features.f64 && body::has_angles(&kernel.code) {
        plan.scratch.push(FLAG.size);
        plan.steps.push(Step {
            shader: Shader::new(Lower { features: profile.features }),
            bindings: vec![FLAG],
            params: vec![0],
            params_are_immediate: false,
            groups: [1, 1, 1],
        });
        steps(kernel, n, windowed, Pass::First, profile, &mut plan)?;
        steps(kernel, n, None, Pass::Second, profile, &mut plan)?;
    } else {
        steps(kernel, n, windowed, Pass::Only, profile, &mut plan)?;
    }
    Ok(plan)
}

/// Elements per block, windows per dense input (0 where they are storage buffers), and the inputs.
pub type Reached = (u32, u32, Vec<Placed>);

/// Adds the steps of one pass.
fn steps(
    kernel: &Kernel,
    n: usize,
    windowed: Option<Reached>,
    pass: Pass,
    profile: &Profile,
    plan: &mut Plan,
) -> Result<(), PlanError> {
    let out = kernel.output_dtype();
    let place = |unit: u32| -> Result<Vec<Placed>, PlanError> {
        let placed = kernel.inputs.iter().enumerate().map(|(i, input)| {
            Ok(Placed::new(i, input, &kernel.dims, Some(unit), profile)?.through_window(profile))
        });
        placed.collect()
    };
    let (mut unit, windows, mut placed) = match windowed {
        Some(windowed) => windowed,
        None => (unit(kernel, profile), 0, place(unit(kernel, profile))?),
    };
    // Blocks within rows, shorter ones if need be, where that saves loads. Only there: other lengths make another kernel.
    let mut in_rows = false;
    let longest = unit;
    let units = [16, 8, 4].into_iter().filter(|&u| u == longest || (u < longest && windows == 0));
    for shorter in units.filter(|&u| access::rows_hold(&kernel.dims, u)) {
        if placed.iter().any(|p| p.source.strided()) && !in_rows {
            let again = if shorter == unit { placed.clone() } else { place(shorter)? };
            let again: Vec<Placed> =
                again.into_iter().map(|p| p.in_rows(shorter, kernel.dims.len() - 1)).collect();
            in_rows = again.iter().any(|p| p.source.steady || p.source.access == Access::Rows);
            if in_rows {
                (unit, placed) = (shorter, again);
            }
        }
    }
    let sources: Vec<Source> = placed.iter().map(|p| p.source).collect();
    let rank = if sources.iter().any(Source::strided) { kernel.dims.len() } else { 0 };
    let mut template = Map {
        features: profile.features,
        workgroup: profile.workgroup,
        immediate: false,
        unit,
        wide: profile.wide(),
        rank,
        in_rows,
        windows,
        pass,
        sources,
        params: kernel.params.iter().map(|s| s.dtype()).collect(),
        code: kernel.code.clone(),
        label: kernel.label(),
    };
    template.immediate = profile.holds_immediates(template.names().count());
    let needed = template.storage_buffers() + usize::from(!template.immediate);
    profile.check_bindings(&template.label, needed)?;
    let immediate = template.immediate;
    let shader = Shader::new(template);
    if windows > 0 {
        let structure = windows::Structure { shader: &shader, immediate, unit, windows, rank };
        windows::steps(kernel, &placed, &structure, profile, plan);
        if pass == Pass::First {
            plan.steps.iter_mut().skip(1).for_each(|step| step.bindings.push(FLAG));
        }
        return Ok(());
    }
    let part = part_elements(&placed, out.size(), n, profile);
    for start in (0..n).step_by(part) {
        let count = part.min(n - start);
        let blocks = (count as u64).div_ceil(u64::from(unit));
        let per_lane = per_lane(blocks, unit, kernel, profile);
        let mut params = vec![0, count as u32, start as u32, blocks as u32, per_lane];
        params.extend(access::axis_words(&kernel.dims, 0..rank));
        let mut bindings = Vec::new();
        for p in &placed {
            params.extend(p.words(start, unit, profile));
            bindings.extend(p.binds(start, count, profile));
        }
        params.extend(kernel.params.iter().flat_map(|&s| scalar_words(s)));
        let offset = (start * out.size()) as u64;
        bindings.push(Bind { slot: Slot::Output, offset, size: buffer_bytes(out, count), write: true });
        if pass != Pass::Only {
            bindings.push(Bind { write: pass == Pass::First, ..FLAG });
        }
        let lanes = blocks.div_ceil(u64::from(per_lane));
        plan.steps.push(Step {
            shader: shader.clone(),
            bindings,
            params,
            params_are_immediate: immediate,
            groups: grid(lanes.div_ceil(u64::from(profile.workgroup)), profile),
        });
    }
    Ok(())
}

/// Elements per dispatch: every dense binding fits the adapter's largest.
fn part_elements(placed: &[Placed], out_size: usize, n: usize, profile: &Profile) -> usize {
    /// A multiple of every alignment and block.
    const STEP: u64 = 1 << 16;
    let mut part = n as u64;
    let dense = placed.iter().filter(|p| p.source.access == Access::Dense);
    let widths = dense.map(|p| (p.source.dtype.size(), p.offset)).chain([(out_size, 0)]);
    for (size, offset) in widths {
        let lead = if offset == 0 { 0 } else { u64::from(profile.offset_alignment).max(64) };
        if n as u64 * size as u64 + lead > profile.max_binding {
            part = part.min(((profile.max_binding - lead) / size as u64 / STEP * STEP).max(STEP));
        }
    }
    part as usize
}

/// Blocks of a lane.
pub fn per_lane(blocks: u64, unit: u32, kernel: &Kernel, profile: &Profile) -> u32 {
    let loops = 1 + unit * body::loops_per_element(&kernel.code, profile.features.int64);
    let budget = (profile.loop_budget / loops).max(1);
    let most = RUN_BYTES / (u64::from(unit) * kernel.output_dtype().size().max(4) as u64);
    profile.per_lane(blocks, most).min(budget)
}

impl Map {
    fn names(&self) -> Names {
        let mut names = Names::new();
        for name in ["count", "start", "blocks", "per_lane"] {
            names.word(name);
        }
        if self.windows > 0 {
            names.word("window");
        }
        access::axis_params(0..self.rank, &mut names);
        for (i, source) in self.sources.iter().enumerate() {
            source.params(i, self.rank, &mut names);
        }
        names.scalars(&self.params);
        names
    }

    /// Bindings of one input.
    fn bindings_of(&self, source: &Source) -> usize {
        match source.access {
            Access::Dense if self.windows > 0 => self.windows as usize,
            _ => source.bindings(),
        }
    }

    fn bindings(&self) -> usize {
        self.sources.iter().map(|s| self.bindings_of(s)).sum::<usize>() + 1 + self.flags()
    }

    fn storage_buffers(&self) -> usize {
        let uniform = |s: &&Source| s.uniform || (self.windows > 0 && s.access == Access::Dense);
        let count = self.sources.iter().filter(|s| !uniform(s)).map(Source::bindings).sum::<usize>();
        count + 1 + self.flags()
    }

    /// Bindings of the flag.
    fn flags(&self) -> usize {
        usize::from(self.pass != Pass::Only)
    }
}

impl Template for Map {
    fn options(&self) -> Options {
        Options { immediates: self.immediate, ..Options::own(self.features) }
    }

    fn label(&self) -> String {
        self.label.clone()
    }

    fn wgsl(&self) -> String {
        let (unit, int64) = (self.unit, self.features.int64);
        let out = self.code.last().expect("a kernel has code").dtype;
        let mut text = self.names().declare(self.immediate, self.bindings());
        let stored = loaded_block(out, unit, self.wide);
        let loaded = self.sources.iter().filter(|s| s.by_block()).map(|s| s.dtype);
        text += &declare_each([out].into_iter().chain(loaded).map(|d| (d, unit)), int64, self.wide);
        let mut binding = 0;
        for (i, source) in self.sources.iter().enumerate() {
            text += &match source.access {
                Access::Dense if self.windows > 0 => {
                    windows::declare(source.dtype, i, binding, self.windows, unit, self.wide)
                }
                _ => source.declare(i, binding, unit, self.wide),
            };
            binding += self.bindings_of(source);
        }
        let _ =
            writeln!(text, "@group(0) @binding({binding}) var<storage, read_write> out: array<{stored}>;");
        if self.pass != Pass::Only {
            let access = if self.pass == Pass::First { "read_write" } else { "read" };
            let _ = writeln!(
                text,
                "@group(0) @binding({}) var<storage, {access}> flag: array<u32>;",
                binding + 1
            );
        }
        let any_strided = self.sources.iter().any(Source::strided);
        if any_strided {
            text += &access::offsets_struct(&self.sources);
            text += &access::offsets_function("offsets", &self.sources, 0..self.rank);
        }
        let dtypes: Vec<_> = self.sources.iter().map(|s| s.dtype).collect();
        let angles = if self.pass == Pass::First { Angles::Near } else { Angles::All };
        text += &body::function_for("compute", &self.code, &dtypes, angles, self.together(), |i, dtype| {
            body::param_register(dtype, |w| format!("p.c{i}_{w}"))
        });
        text += &entry(self.workgroup);
        for (i, source) in self.sources.iter().enumerate() {
            if source.access == Access::Scalar {
                let _ = writeln!(text, "    let s{i} = load{i}(p.first{i});");
            }
        }
        if self.windows > 0 {
            return text + &self.windowed(any_strided);
        }
        if self.pass == Pass::First {
            text += "    until = p.start + p.count;\n";
        }
        let blocks = match self.pass {
            // No trip where the flag is down.
            Pass::Second => "select(0u, p.blocks, flag[0] > 0u)",
            _ => "p.blocks",
        };
        text += &rounds(self.workgroup, "b", blocks);
        for (i, source) in self.sources.iter().enumerate() {
            if source.access == Access::Dense {
                let _ = writeln!(text, "        let b{i} = in{i}[b + p.first{i}];");
            }
        }
        let results = self.block("b", any_strided, &mut text);
        let _ = writeln!(text, "        out[b] = {};\n    }}", block_put(out, int64, self.wide, &results));
        text + self.raise_flag() + "}\n"
    }
}

impl Map {
    /// Elements computed side by side.
    fn together(&self) -> u32 {
        if self.wide { body::TOGETHER } else { 1 }
    }

    /// The results of block number `block`, whose loaded inputs are `b0`, `b1` …
    fn block(&self, block: &str, any_strided: bool, text: &mut String) -> Vec<String> {
        let (unit, int64) = (self.unit, self.features.int64);
        let _ = writeln!(text, "        let i = {block} * {unit}u;");
        let offset = |i: usize, e: u32| format!("p.first{i} + o{e}.o{i}");
        // Beyond the end the last elements are read again: nothing out of bounds is touched.
        if self.in_rows {
            let _ = writeln!(text, "        let o0 = offsets(p.start + min(i, p.count - {unit}u));");
            for (i, source) in self.sources.iter().enumerate().filter(|(_, s)| s.strided()) {
                *text += &source.load_block(i, &offset(i, 0), unit);
            }
        }
        if any_strided && !self.in_rows {
            for e in 0..unit {
                let _ = writeln!(text, "        let o{e} = offsets(p.start + min(i + {e}u, p.count - 1u));");
            }
        }
        let argument = |i: usize, source: &Source, e: u32| match source.access {
            Access::Scalar => format!("s{i}"),
            Access::Dense => loaded_get(source.dtype, unit, int64, self.wide, &format!("b{i}"), e as usize),
            _ if self.in_rows => source.element(i, e, &offset(i, 0), self.rank - 1, (unit, int64, self.wide)),
            _ => format!("load{i}({})", offset(i, e)),
        };
        let index = |e| format!("p.start + i + {e}u");
        body::calls("compute", unit, self.together(), &self.sources, index, argument, text)
    }

    /// The loop over blocks where dense inputs are windows: a lane takes the same block of every window, and
    /// neighbouring lanes neighbouring blocks.
    fn windowed(&self, any_strided: bool) -> String {
        let out = self.code.last().expect("a kernel has code").dtype;
        let lanes = self.workgroup;
        let mut text = String::new();
        if self.pass == Pass::First {
            text += "    until = p.start + p.count;\n";
        }
        let _ = write!(
            text,
            "    for (var step = 0u; step < p.per_lane; step++) {{
        let at = (g * p.per_lane + step) * {lanes}u + local;
"
        );
        for w in 0..self.windows {
            let _ = writeln!(text, "        {{\n        let b = {w}u * p.window + at;");
            for (i, source) in self.sources.iter().enumerate() {
                if source.access == Access::Dense {
                    let _ = writeln!(text, "        let b{i} = in{i}_{w}[at];");
                }
            }
            let results = self.block("b", any_strided, &mut text);
            let _ = writeln!(
                text,
                "        if (at < p.window && b < p.blocks) {{ out[b] = {}; }}\n        }}",
                block_put(out, self.features.int64, self.wide, &results)
            );
        }
        text + "    }\n" + self.raise_flag() + "}\n"
    }

    /// The end of a first pass.
    fn raise_flag(&self) -> &'static str {
        if self.pass == Pass::First { "    if (far) { flag[0] = 1u; }\n" } else { "" }
    }
}
