//! `take`: elements of an axis by index. The source is any view of three axes (before, the axis, after), the
//! output dense `(outer, count, inner)`.

use crate::builder::{Builder, addressable};
use crate::fused::body::cast;
use crate::fused::input_access::{Access, Placed, Source};
use crate::fused::storage::{block, block_put, declare_blocks, name};
use crate::params::{Names, reciprocal};
use crate::plan::{Plan, PlanError, Profile};
use crate::shader::{Module, Template};
use polyarray_core::DType;
use std::fmt::Write as _;

/// A take. The source is [`crate::Slot::Input`] 0, the indices are [`crate::Slot::Input`] 1: a view of one axis of any integer
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
    if !job.index_dtype.is_int() {
        return Err(PlanError::NoSuchOp { op: "take by an index", dtype: job.index_dtype });
    }
    let n = job.outer * job.count * job.inner;
    let mut builder = Builder::new(profile, job.dtype, n)?;
    if n == 0 {
        return Ok(builder.finish());
    }
    if job.length > i32::MAX as usize {
        let (elements, limit) = (job.length as u64, i32::MAX as u64);
        return Err(PlanError::TooLarge { what: "the axis".into(), elements, limit });
    }
    addressable("the indices", job.count)?;
    let dims = [job.outer, job.length, job.inner];
    let (dtype, len) = (job.dtype, job.source_len);
    let source =
        Placed::from_parts(0, dtype, len, &dims, &job.source_strides, job.source_offset, None, profile)?;
    // Whole blocks of what lies after the axis, where its length allows; else blocks of single elements.
    let (source, unit) = source.strided().in_blocks(&dims, profile, |unit| job.inner.is_multiple_of(unit));
    let unit = if unit > 1 { unit } else { UNIT };
    let (dims, strides) = ([job.count], [job.index_stride]);
    let (dtype, len) = (job.index_dtype, job.index_len);
    let indices =
        Placed::from_parts(1, dtype, len, &dims, &strides, job.index_offset, None, profile)?.strided();
    let shader = builder.shader(Gather { unit, source: source.source, indices: indices.source });
    for part in builder.parts(0..n, job.dtype.size()) {
        let blocks = (part.len() as u64).div_ceil(u64::from(unit));
        let per_lane = profile.per_lane(blocks, RUN);
        let numbers = [part.len(), part.start, blocks as usize, per_lane as usize, job.length];
        let mut params: Vec<u32> = numbers.iter().map(|&x| x as u32).collect();
        for length in [job.inner, job.count] {
            // An axis of one element is never divided by: the kernel selects.
            let [magic, shift] = reciprocal(length as u32);
            params.extend([length as u32, magic, shift]);
        }
        params.extend(source.words(0, unit, profile));
        params.extend(indices.words(0, unit, profile));
        let mut bindings = [source.binds(0, 0, profile), indices.binds(0, 0, profile)].concat();
        bindings.push(builder.output(part));
        let groups = builder.groups(blocks.div_ceil(u64::from(per_lane)));
        builder.step(&shader, bindings, params, groups)?;
    }
    Ok(builder.finish())
}

impl Template for Gather {
    fn label(&self) -> String {
        format!("take {}", self.source.dtype)
    }

    fn params(&self, names: &mut Names) {
        names.words(&["count", "start", "blocks", "per_lane", "length"]);
        for axis in ["inner", "picks"] {
            for what in ["", "_magic", "_shift"] {
                names.word(format!("{axis}{what}"));
            }
        }
        self.source.params(0, 3, names);
        self.indices.params(1, 1, names);
    }

    fn write(&self, module: &mut Module) {
        let (dtype, unit) = (self.source.dtype, self.unit);
        declare_blocks([dtype], unit, module);
        self.source.declare(0, unit, module);
        self.indices.declare(1, unit, module);
        module.read_write("out", &block(dtype, unit));
        // An axis shorter than 2^31 is indexed by 32 bits; a 64-bit index beyond them is out of bounds anyway.
        let long = matches!(self.indices.dtype, DType::I64 | DType::U64);
        let raw = "load1(p.first1 + pick * p.stride1_0)";
        let index = if long {
            let name = name(self.indices.dtype);
            format!("narrow_index({name}_low({raw}), {name}_high({raw}))")
        } else {
            cast(self.indices.dtype, DType::I32, raw)
        };
        let _ = write!(
            module,
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
"
        );
        module.entry();
        module.rounds("b");
        let taken = if self.source.access == Access::Rows {
            format!("in0[source(p.start + b * {unit}u) / {unit}u]")
        } else {
            let element = |e| format!("load0(source(p.start + min(b * {unit}u + {e}u, p.count - 1u)))");
            block_put(dtype, module.features.int64, &(0..unit).map(element).collect::<Vec<_>>())
        };
        let _ = write!(module, "        out[b] = {taken};\n    }}\n}}\n");
    }
}
