//! `take`: elements of an axis by index. The source is any view of three axes (before, the axis, after), the
//! output dense `(outer, count, inner)`.

use crate::compile::Options;
use crate::fused::access::{Access, MAX_ELEMENTS, Placed, Source};
use crate::fused::body::cast;
use crate::fused::params::{Names, reciprocal};
use crate::fused::storage::{block_put, declare_loaded, loaded_block};
use crate::library::Features;
use crate::plan::{
    Bind, Plan, PlanError, Profile, Shader, Slot, Step, Template, buffer_bytes, check_dtype, entry, grid,
    rounds,
};
use polyarray_core::DType;
use std::fmt::Write as _;

/// A take. The source is [`Slot::Input`] 0, the indices are [`Slot::Input`] 1: a view of one axis of any integer
/// dtype. Indices count from the end where negative.
///
/// The kernel clamps indices to the axis, so that it never reads a neighbour's memory; *whether* they are in
/// bounds is for the caller to check first, with a minimum and a maximum.
#[derive(Clone, Debug)]
pub struct Take {
    /// Of source and output.
    pub dtype: DType,
    /// Lengths before the axis, of the axis (at least 1), and after it.
    pub outer: usize,
    /// Length of the axis.
    pub length: usize,
    /// Length after the axis.
    pub inner: usize,
    /// Elements in the source's buffer.
    pub source_len: usize,
    /// The source's first element.
    pub source_offset: usize,
    /// The source's steps along the three axes.
    pub source_strides: [isize; 3],
    /// An integer dtype.
    pub index_dtype: DType,
    /// Number of indices.
    pub count: usize,
    /// Elements in the indices' buffer.
    pub index_len: usize,
    /// The first index.
    pub index_offset: usize,
    /// Step from an index to the next.
    pub index_stride: isize,
}

/// Elements per block: whole words of every dtype.
const UNIT: u32 = 4;
/// Blocks of a lane's run on adapters that run on the CPU.
const RUN: u64 = 65;

#[derive(Debug, Hash)]
struct Gather {
    features: Features,
    workgroup: u32,
    immediate: bool,
    wide: bool,
    /// Elements of a block.
    unit: u32,
    source: Source,
    indices: Source,
}

/// Plans a take.
///
/// # Errors
/// [`PlanError`].
pub fn plan(job: &Take, profile: &Profile) -> Result<Plan, PlanError> {
    check_dtype(job.dtype, profile.features)?;
    if !job.index_dtype.is_int() {
        return Err(PlanError::NoSuchOp { op: "take by an index", dtype: job.index_dtype });
    }
    let n = job.outer * job.count * job.inner;
    let mut plan = Plan { output_bytes: buffer_bytes(job.dtype, n), ..Plan::default() };
    if n == 0 {
        return Ok(plan);
    }
    if n as u64 > MAX_ELEMENTS || job.length as u64 > i32::MAX as u64 {
        let elements = (n as u64).max(job.length as u64);
        return Err(PlanError::TooLarge { what: "the output".into(), elements, limit: i32::MAX as u64 });
    }
    let dims = [job.outer, job.length, job.inner];
    let strided = |mut placed: Placed| {
        if !placed.source.strided() {
            placed.source.access = Access::Strided { windows: 1 };
        }
        placed
    };
    let source = strided(Placed::from_parts(
        0,
        job.dtype,
        job.source_len,
        &dims,
        &job.source_strides,
        job.source_offset,
        None,
        profile,
    )?);
    // Whole blocks of what lies after the axis, where its length allows; else blocks of single elements.
    let (source, block) = source.in_blocks(&dims, profile, |unit| job.inner.is_multiple_of(unit));
    let unit = if block > 1 { block } else { UNIT };
    let indices = strided(Placed::from_parts(
        1,
        job.index_dtype,
        job.index_len,
        &[job.count],
        &[job.index_stride],
        job.index_offset,
        None,
        profile,
    )?);
    let mut gather = Gather {
        features: profile.features,
        workgroup: profile.workgroup,
        immediate: false,
        wide: profile.wide(),
        unit,
        source: source.source,
        indices: indices.source,
    };
    gather.immediate = profile.holds_immediates(gather.names().count());
    let needed = gather.bindings() + usize::from(!gather.immediate);
    profile.check_bindings("take", needed)?;
    let immediate = gather.immediate;
    let shader = Shader::new(gather);
    let part = match n as u64 * job.dtype.size() as u64 <= profile.max_binding {
        true => n,
        false => (profile.max_binding / job.dtype.size() as u64 / 65_536).max(1) as usize * 65_536,
    };
    for start in (0..n).step_by(part) {
        let count = part.min(n - start);
        let blocks = (count as u64).div_ceil(u64::from(unit));
        let per_lane = u64::from(profile.per_lane(blocks, RUN));
        let mut params =
            vec![0, count as u32, start as u32, blocks as u32, per_lane as u32, job.length as u32];
        for length in [job.inner, job.count] {
            // An axis of one element is never divided by: the kernel selects.
            let [magic, shift] = reciprocal(length as u32);
            params.extend([length as u32, magic, shift]);
        }
        params.extend(source.words(0, unit, profile));
        params.extend(indices.words(0, unit, profile));
        let mut bindings = [source.binds(0, 0, profile), indices.binds(0, 0, profile)].concat();
        let offset = (start * job.dtype.size()) as u64;
        bindings.push(Bind { slot: Slot::Output, offset, size: buffer_bytes(job.dtype, count), write: true });
        plan.steps.push(Step {
            shader: shader.clone(),
            bindings,
            params,
            params_are_immediate: immediate,
            groups: grid(blocks.div_ceil(per_lane).div_ceil(u64::from(profile.workgroup)), profile),
        });
    }
    Ok(plan)
}

impl Gather {
    fn names(&self) -> Names {
        let mut names = Names::new();
        for name in ["count", "start", "blocks", "per_lane", "length"] {
            names.word(name);
        }
        for axis in ["inner", "picks"] {
            for what in ["", "_magic", "_shift"] {
                names.word(format!("{axis}{what}"));
            }
        }
        self.source.params(0, 3, &mut names);
        self.indices.params(1, 1, &mut names);
        names
    }

    fn bindings(&self) -> usize {
        self.source.bindings() + self.indices.bindings() + 1
    }
}

impl Template for Gather {
    fn options(&self) -> Options {
        Options { immediates: self.immediate, ..Options::own(self.features) }
    }

    fn label(&self) -> String {
        format!("take {}", self.source.dtype)
    }

    fn wgsl(&self) -> String {
        let dtype = self.source.dtype;
        let int64 = self.features.int64;
        let mut text = self.names().declare(self.immediate, self.bindings());
        let (unit, wide) = (self.unit, self.wide);
        text += &declare_loaded(dtype, unit, int64, wide);
        text += &self.source.declare(0, 0, unit, wide);
        text += &self.indices.declare(1, self.source.bindings(), unit, wide);
        let _ = writeln!(
            text,
            "@group(0) @binding({}) var<storage, read_write> out: array<{}>;",
            self.bindings() - 1,
            loaded_block(dtype, unit, wide)
        );
        // An axis shorter than 2^31 is indexed by 32 bits; a 64-bit index beyond them is out of bounds anyway.
        let long = matches!(self.indices.dtype, DType::I64 | DType::U64);
        let raw = "load1(p.first1 + pick * p.stride1_0)";
        let index = if long {
            let name = crate::fused::storage::name(self.indices.dtype);
            format!("narrow_index({name}_low({raw}), {name}_high({raw}))")
        } else {
            cast(self.indices.dtype, DType::I32, raw)
        };
        let _ = write!(
            text,
            "fn narrow_index(low: u32, high: u32) -> i32 {{
    let fits = (high == 0u && low < 0x80000000u) || (high == 0xffffffffu && low >= 0x80000000u);
    return select(2147483647, bitcast<i32>(low), fits);
}}
fn split(n: u32, length: u32, magic: u32, shift: u32) -> vec2<u32> {{
    let q = select(index_divide(n, magic, shift), n, length == 1u);
    return vec2<u32>(q, n - q * length);
}}
fn source(i: u32) -> u32 {{
    let a = split(i, p.inner, p.inner_magic, p.inner_shift);
    let b = split(a.x, p.picks, p.picks_magic, p.picks_shift);
    let pick = b.y;
    let index = {index};
    let length = bitcast<i32>(p.length);
    let at = clamp(select(index, index + length, index < 0), 0, length - 1);
    return p.first0 + b.x * p.stride0_0 + u32(at) * p.stride0_1 + a.y * p.stride0_2;
}}
{}{}",
            entry(self.workgroup),
            rounds(self.workgroup, "b", "p.blocks")
        );
        let taken = if self.source.access == Access::Rows {
            format!("in0[source(p.start + b * {unit}u) / {unit}u]")
        } else {
            let element = |e| format!("load0(source(p.start + min(b * {unit}u + {e}u, p.count - 1u)))");
            block_put(dtype, int64, wide, &(0..unit).map(element).collect::<Vec<_>>())
        };
        let _ = write!(text, "        out[b] = {taken};\n    }}\n}}\n");
        text
    }
}
