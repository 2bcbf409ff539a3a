//! Matrix products: batched, any layout. Contraction is allowed here, and any order of summation within a block.
//!
//! Which shape computes a product is decided by what the adapter is and by the product's size: `panels` on
//! adapters that run on the CPU, `blocks` on real GPUs, `tiles` for what is too small for either and for dtypes that
//! neither takes. Each has several shapes ([`shapes`]), all of which give the same bits: a rule takes the first, and
//! whoever has measured them takes another ([`plan_shape`]).

mod blocks;
mod pack;
mod panels;
mod parts;
mod shape;
mod tail;
mod tiles;

use crate::fused::access::MAX_ELEMENTS;
use crate::plan::{LaneMap, Plan, PlanError, Profile, buffer_bytes, check_dtype};
use polyarray_core::DType;
use polyarray_core::expr::Epilogue;
use tail::PlacedTail;

pub use shape::{SOURCES, Shape, shapes};

/// One operand of a product: how its elements lie in its buffer.
#[derive(Clone, Debug)]
pub struct Operand {
    /// Elements in the buffer.
    pub len: usize,
    /// Element at index (0, …, 0).
    pub offset: usize,
    /// Steps along the batch axes, in elements; 0 repeats a matrix.
    pub batch_strides: Vec<isize>,
    /// Step from a row to the next.
    pub row_stride: isize,
    /// Step from a column to the next.
    pub column_stride: isize,
}

/// A product `a @ b` of shapes `batch + (m, k)` and `batch + (k, n)`; the output is dense `batch + (m, n)`.
#[derive(Clone, Debug)]
pub struct Matmul {
    /// Of both operands and the output. The packed dtypes are not computed in: cast them to i32, u32 or f32,
    /// multiply, and cast back, which gives the same bits as wrapping (or rounding once) in the narrow type.
    pub dtype: DType,
    /// Lengths of the batch axes, each at least 2 (collapse the others away).
    pub batch: Vec<usize>,
    /// Rows of `a`.
    pub m: usize,
    /// Columns of `a`, rows of `b`.
    pub k: usize,
    /// Columns of `b`.
    pub n: usize,
    /// The left operand, [`crate::Slot::Input`] 0.
    pub a: Operand,
    /// The right operand, [`crate::Slot::Input`] 1.
    pub b: Operand,
}

/// What is summed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Terms {
    /// Products, in the operands' dtype.
    Products,
    /// Products of int8 (or uint8), in int32 (uint32).
    Bytes,
    /// Bits set in both words, in int32.
    Bits,
}

impl Terms {
    /// The dtype of the output.
    pub fn sum(self, operands: DType) -> DType {
        match self {
            Terms::Products => operands,
            Terms::Bytes if operands == DType::U8 => DType::U32,
            Terms::Bytes | Terms::Bits => DType::I32,
        }
    }
}

/// Plans a product.
///
/// # Errors
/// [`PlanError`]: a dtype that the adapter lacks or that is packed, operands beyond 32-bit indices.
pub fn plan(job: &Matmul, profile: &Profile) -> Result<Plan, PlanError> {
    plan_terms(job, Terms::Products, profile)
}

/// Plans a product of other terms: of bytes where [`takes_bytes`] says so, or of the bits of u32 words.
///
/// # Errors
/// As [`plan`].
pub fn plan_terms(job: &Matmul, terms: Terms, profile: &Profile) -> Result<Plan, PlanError> {
    plan_tail(job, terms, &PlacedTail::none(terms.sum(job.dtype)), None, profile)
}

/// Plans a product and what is done with its elements; the epilogue's axes are (batch…, m, n) of the job, and its inputs
/// [`crate::Slot::Input`] 2, 3, …
///
/// # Errors
/// As [`plan`]; also where both are better done one after the other, or can't be done otherwise.
pub fn plan_epilogue(
    job: &Matmul,
    terms: Terms,
    epilogue: &Epilogue,
    profile: &Profile,
) -> Result<Plan, PlanError> {
    plan_tail(job, terms, &PlacedTail::new(epilogue, profile)?, None, profile)
}

/// Plans a product, and what is done with its elements where there is that, in one of its [`shapes`].
///
/// # Errors
/// As [`plan_epilogue`]; and [`PlanError::Shape`] for any other shape.
pub fn plan_shape(
    job: &Matmul,
    terms: Terms,
    epilogue: Option<&Epilogue>,
    shape: Shape,
    profile: &Profile,
) -> Result<Plan, PlanError> {
    let tail = match epilogue {
        Some(epilogue) => PlacedTail::new(epilogue, profile)?,
        None => PlacedTail::none(terms.sum(job.dtype)),
    };
    plan_tail(job, terms, &tail, Some(shape), profile)
}

fn plan_tail(
    job: &Matmul,
    terms: Terms,
    tail: &PlacedTail,
    shape: Option<Shape>,
    profile: &Profile,
) -> Result<Plan, PlanError> {
    check_dtype(job.dtype, profile.features)?;
    if profile.lane_map == LaneMap::Run && !tail.tail.is_empty() {
        // Each epilogue would be another product's kernel, which takes an adapter that runs on the CPU half a second to two
        // to compile; a kernel of its own takes a twentieth of that, and is not slower where it loads anything.
        return Err(tail::not_taken(tail.tail.out));
    }
    let element = panels::Element { dtype: job.dtype, terms };
    let fits = panels::fits(job, element, profile);
    let no_such = PlanError::NoSuchOp { op: "matmul", dtype: job.dtype };
    match terms {
        Terms::Products if job.dtype.size() < 4 => return Err(no_such),
        Terms::Bytes if !fits || !matches!(job.dtype, DType::I8 | DType::U8) => return Err(no_such),
        Terms::Bits if job.dtype != DType::U32 => return Err(no_such),
        _ => {}
    }
    let elements = job.batch.iter().product::<usize>() * job.m * job.n;
    let out = tail.tail.out;
    let mut plan = Plan { output_bytes: buffer_bytes(out, elements), ..Plan::default() };
    if elements == 0 {
        return Ok(plan);
    }
    if elements as u64 > MAX_ELEMENTS {
        return Err(PlanError::TooLarge {
            what: "the product".into(),
            elements: elements as u64,
            limit: MAX_ELEMENTS,
        });
    }
    match shape::choose(&shapes(job, terms, profile), shape)? {
        Shape::Panels { columns } => panels::plan(job, element, columns, profile, &mut plan)?,
        Shape::Blocks { rows, columns } => blocks::plan(job, [rows, columns], tail, profile, &mut plan)?,
        Shape::Tiles { rows, across } => tiles::plan(job, terms, [rows, across], tail, profile, &mut plan)?,
    }
    Ok(plan)
}

/// Whether a product of bytes of that size is one kernel here; else cast the operands first.
pub fn takes_bytes(dtype: DType, [m, k, n]: [usize; 3], profile: &Profile) -> bool {
    let operand =
        || Operand { len: 1, offset: 0, batch_strides: Vec::new(), row_stride: 1, column_stride: 1 };
    let job = Matmul { dtype, batch: Vec::new(), m, k, n, a: operand(), b: operand() };
    matches!(dtype, DType::I8 | DType::U8)
        && panels::fits(&job, panels::Element { dtype, terms: Terms::Bytes }, profile)
}
