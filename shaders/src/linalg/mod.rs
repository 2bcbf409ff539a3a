//! Blocks of factorisations: small matrices and narrow ones, a workgroup for each.
//!
//! A matrix stays in the output, where a workgroup's lanes work on it between barriers. The number of barriers is that of the
//! columns, not of the elements: what one step needs of another is scaled where it is used, and stored scaled at the end.
//! Contraction is allowed, as in products. No lane loops more often than the profile says: long work is several dispatches.

mod cholesky;
mod lu;
mod reflect;
mod rotate;
mod substitute;

use crate::builder::Builder;
use crate::fused::storage::element;
use crate::params::Names;
use crate::plan::{Bind, LaneMap, Plan, PlanError, Profile, Slot, buffer_bytes, check_dtype};
use crate::shader::{Module, Shader};
use polyarray_core::DType;
use polyarray_core::backend::specs::{Block, Factor};
use polyarray_core::backend::{Dims, Spec};
use std::fmt::Write as _;
use std::ops::Range;

/// Rows and columns of the largest square blocks: beyond, products of halves are quicker.
const LARGEST: usize = 64;
/// Columns of the widest panel, and rows and columns of the largest matrix that is rotated.
const WIDEST: usize = 32;
/// Rows that fewer lanes than a full workgroup are enough for.
const SHORT: usize = 64;
/// Matrices in a multiple of this number begin at an aligned byte, wherever bindings may begin.
const TOGETHER: usize = 64;

/// The matrices of a job that one dispatch works on, and how its buffers show them.
struct Part {
    first: usize,
    count: usize,
    total: usize,
}

impl Part {
    /// The binding of a buffer with so many elements for each matrix.
    fn bind(&self, slot: Slot, dtype: DType, elements: usize, write: bool) -> Bind {
        let size = (elements * dtype.size()) as u64;
        let offset = self.first as u64 * size;
        let end = crate::builder::padded((offset + self.count as u64 * size).max(1));
        Bind { slot, offset, size: end.min(buffer_bytes(dtype, self.total * elements)) - offset, write }
    }
}

/// The dtype, and elements for each matrix, of each operand, and of each result, the first of which is the output.
fn buffers(block: &Block) -> [Vec<(DType, usize)>; 2] {
    let &Block { factor, m, n, dtype, .. } = block;
    let operands = match factor {
        Factor::Substitute(_) => vec![(dtype, m * m), (dtype, m * n)],
        _ => vec![(dtype, m * n)],
    };
    let of_each = |(shape, dtype): (Dims, DType)| (dtype, shape[block.batch.len()..].iter().product());
    [operands, block.outputs().into_iter().map(of_each).collect()]
}

/// Lanes of a workgroup: a power of two.
fn lanes(block: &Block, profile: &Profile) -> u32 {
    let all = 1 << profile.workgroup.max(1).ilog2();
    let small = profile.lane_map == LaneMap::Coalesced && block.m <= SHORT;
    if small { all.min(64) } else { all }
}

/// Matrices that one dispatch works on, at most.
fn together(block: &Block, profile: &Profile) -> Option<usize> {
    let count: usize = block.batch.iter().product();
    let widest =
        buffers(block).concat().iter().map(|(dtype, elements)| elements * dtype.size()).max().unwrap_or(0);
    let most = profile.max_binding as usize / widest.max(1);
    match count <= most {
        true => Some(count),
        false => Some(most / TOGETHER * TOGETHER).filter(|&most| most > 0),
    }
}

/// # Errors
/// [`PlanError`]: the adapter lacks the dtype, or the matrices are larger than one workgroup takes.
pub fn check(block: &Block, profile: &Profile) -> Result<(), PlanError> {
    check_dtype(block.dtype, profile.features)?;
    let (m, n, lanes, budget) = (block.m, block.n, lanes(block, profile), profile.loop_budget as usize);
    let (elements, limit) = match block.factor {
        Factor::Cholesky => (n, LARGEST),
        Factor::Substitute(_) => (m, LARGEST),
        Factor::Lu | Factor::Reflect => (n, if m <= LARGEST { LARGEST } else { WIDEST }),
        Factor::Rotate => (n, WIDEST),
    };
    let copies = (m * n).div_ceil(lanes as usize);
    let loops = match block.factor {
        Factor::Cholesky => cholesky::loops(n, lanes),
        Factor::Substitute(_) => substitute::loops(m, n, lanes),
        Factor::Lu => lu::loops(m, n, lanes, 0) + copies,
        Factor::Reflect => reflect::loops(m, n, lanes, 0) + copies,
        Factor::Rotate => rotate::loops(n, lanes) + 2 * copies,
    };
    let fits = elements <= limit && loops <= budget && together(block, profile).is_some();
    let too_large =
        || PlanError::TooLarge { what: "a matrix".into(), elements: elements as u64, limit: limit as u64 };
    if fits { Ok(()) } else { Err(too_large()) }
}

/// Plans a block of dense operands: the inputs are the operands, and then all results but the first, which are written.
///
/// # Errors
/// Those of [`check`]; results beyond 32-bit indices.
pub fn plan(block: &Block, profile: &Profile) -> Result<Plan, PlanError> {
    check(block, profile)?;
    let total: usize = block.batch.iter().product();
    let [operands, results] = buffers(block);
    let mut builder = Builder::new(profile, block.dtype, total * results[0].1)?;
    let lanes = lanes(block, profile);
    let together = together(block, profile).unwrap_or(1).max(1);
    for first in (0..total).step_by(together) {
        let part = Part { first, count: together.min(total - first), total };
        let bind = |slot, &(dtype, elements): &(DType, usize), write| part.bind(slot, dtype, elements, write);
        let read = operands.iter().enumerate().map(|(i, of)| bind(Slot::Input(i), of, false));
        let output = bind(Slot::Output, &results[0], true);
        let behind = (operands.len()..).zip(&results[1..]).map(|(i, of)| bind(Slot::Input(i), of, true));
        let binds: Vec<Bind> = read.chain([output]).chain(behind).collect();
        match block.factor {
            Factor::Cholesky => cholesky::plan(block, &part, binds, lanes, &mut builder)?,
            Factor::Substitute(form) => substitute::plan(block, form, &part, binds, lanes, &mut builder)?,
            Factor::Lu => lu::plan(block, &part, &binds, lanes, &mut builder)?,
            Factor::Reflect => reflect::plan(block, &part, &binds, lanes, &mut builder)?,
            Factor::Rotate => rotate::plan(block, &part, &binds, lanes, WIDEST, &mut builder)?,
        }
    }
    Ok(builder.finish())
}

/// Writes the arithmetic of a dtype: numbers are `T`, the real ones of their parts `R`.
fn write_arithmetic(dtype: DType, module: &mut Module) {
    let (t, r) = (element(dtype), element(dtype.real()));
    let root = if dtype.real() == DType::F64 { "f64_sqrt" } else { "f32_sqrt" };
    let _ = writeln!(module, "alias T = {t};\nalias R = {r};\nfn root(a: R) -> R {{ return {root}(a); }}");
    *module += if dtype.is_complex() {
        "fn times(a: T, b: T) -> T { return T(a.x * b.x - a.y * b.y, a.x * b.y + a.y * b.x); }
fn conjugate(a: T) -> T { return T(a.x, -a.y); }
fn real_part(a: T) -> R { return a.x; }
fn whole(a: R) -> T { return T(a, R(0)); }
fn size(a: T) -> R { return abs(a.x) + abs(a.y); }
fn square(a: T) -> R { return a.x * a.x + a.y * a.y; }
"
    } else {
        "fn times(a: T, b: T) -> T { return a * b; }
fn conjugate(a: T) -> T { return a; }
fn real_part(a: T) -> R { return a; }
fn whole(a: R) -> T { return a; }
fn size(a: T) -> R { return abs(a); }
fn square(a: T) -> R { return a * a; }
"
    };
    let over = match dtype {
        DType::C64 => "c64_divide(a, b)",
        DType::C128 => "c128_divide(a, b)",
        _ => "a / b",
    };
    let _ = writeln!(module, "fn over(a: T, b: T) -> T {{ return {over}; }}");
}

/// What the square of a number is at least that has all its digits, as a literal.
fn least_square(dtype: DType) -> &'static str {
    if dtype.real() == DType::F64 { "1e-290" } else { "1e-36" }
}

/// Begins the entry point of a workgroup for each of `p.count` matrices.
fn entry(module: &mut Module) {
    module.entry();
    *module += "    if (g >= p.count) { return; }\n";
}

/// Names of the words that every such kernel has first.
fn params(more: &[&str], names: &mut Names) {
    names.words(&["count", "m", "n"]);
    names.words(more);
}

/// Plans a kernel over the columns, in as few dispatches as the adapter's loops allow: `p.first` and `p.end`, behind the other
/// words, say which. The first one copies the operand, too.
fn by_columns(
    shader: &Shader,
    block: &Block,
    part: &Part,
    binds: &[Bind],
    loops: impl Fn(usize, usize, u32, usize) -> usize,
    lanes: u32,
    builder: &mut Builder<'_>,
) -> Result<(), PlanError> {
    let (m, n) = (block.m, block.n);
    let copies = (m * n).div_ceil(lanes as usize);
    for Range { start, end } in ranges(m.min(n), copies, builder.profile, |k| loops(m, n, lanes, k)) {
        let words = [part.count, m, n, start, end].map(|x| x as u32);
        builder.step(shader, binds.to_vec(), words, part.count as u64)?;
    }
    Ok(())
}

/// The columns of each dispatch. There is always one.
fn ranges(
    columns: usize,
    copies: usize,
    profile: &Profile,
    loops: impl Fn(usize) -> usize,
) -> Vec<Range<usize>> {
    let budget = profile.loop_budget as usize;
    let (mut ranges, mut first, mut left) = (Vec::new(), 0, budget.saturating_sub(copies));
    for k in 0..columns {
        if k > first && loops(k) > left {
            ranges.push(first..k);
            (first, left) = (k, budget);
        }
        left = left.saturating_sub(loops(k));
    }
    ranges.push(first..columns);
    ranges
}
