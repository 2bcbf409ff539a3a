//! Matrix products: batched, any layout. Contraction is allowed here, and any order of summation within a block.
//!
//! `blocks` computes it on real GPUs, `tiles` what is too small for that, dtypes that it does not take, and everything on
//! adapters that run on the CPU.

mod blocks;
mod epilogue;
mod split_k;
mod tiles;

use crate::builder::Builder;
use crate::plan::{LaneMap, Plan, PlanError, Profile, check_dtype};
use epilogue::PlacedEpilogue;
use polyarray_core::DType;
use polyarray_core::expr::Epilogue;

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
    /// Bits set in both words, in int32.
    Bits,
}

impl Terms {
    /// The dtype of the output.
    pub fn sum(self, operands: DType) -> DType {
        match self {
            Terms::Products => operands,
            Terms::Bits => DType::I32,
        }
    }
}

/// Plans a product of such terms; bits are those of u32 words.
///
/// # Errors
/// [`PlanError`]: a dtype that the adapter lacks or that is packed, operands beyond 32-bit indices.
pub fn plan(job: &Matmul, terms: Terms, profile: &Profile) -> Result<Plan, PlanError> {
    plan_placed(job, terms, &PlacedEpilogue::none(terms.sum(job.dtype)), profile)
}

/// Plans a product and its epilogue, whose axes are (batch…, m, n) of the job, and whose inputs [`crate::Slot::Input`]
/// 2, 3, …
///
/// # Errors
/// As [`plan`]; also where both are better computed one after the other, or can't be computed otherwise.
pub fn plan_epilogue(
    job: &Matmul,
    terms: Terms,
    epilogue: &Epilogue,
    profile: &Profile,
) -> Result<Plan, PlanError> {
    if profile.lane_map == LaneMap::Run {
        // Each epilogue would be another product's kernel, which takes an adapter that runs on the CPU half a second to two
        // to compile; a kernel of its own takes a twentieth of that, and is not slower where it loads anything.
        return Err(PlanError::Epilogue { dtype: epilogue.kernel.output_dtype() });
    }
    plan_placed(job, terms, &PlacedEpilogue::new(epilogue, profile)?, profile)
}

fn plan_placed(
    job: &Matmul,
    terms: Terms,
    epilogue: &PlacedEpilogue,
    profile: &Profile,
) -> Result<Plan, PlanError> {
    check_dtype(job.dtype, profile.features)?;
    let computed = match terms {
        Terms::Products => job.dtype.size() >= 4,
        Terms::Bits => job.dtype == DType::U32,
    };
    if !computed {
        return Err(PlanError::NoSuchOp { op: "matmul", dtype: job.dtype });
    }
    let elements = job.batch.iter().product::<usize>() * job.m * job.n;
    let mut builder = Builder::new(profile, epilogue.code.out, elements)?;
    if elements > 0 && terms == Terms::Products && blocks::fits(job, profile) {
        blocks::plan(job, epilogue, &mut builder)?;
    } else if elements > 0 {
        tiles::plan(job, terms, epilogue, &mut builder)?;
    }
    Ok(builder.finish())
}
