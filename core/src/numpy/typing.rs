//! The dtypes in which operations compute, and elementwise operations recorded by these rules.

use super::complex_functions;
use crate::array::Array;
use crate::device::residency::{self, Site};
use crate::dispatch::{Instance, Stop};
use crate::dtype::{DType, Kind, Scalar, promote, promote_weak};
use crate::error::{Error, Result};
use crate::expr::op::Typing;
use crate::expr::{Op, Reduction};
use crate::graph::node::Keep;
use crate::graph::record::Recorded;
use crate::graph::{Dense, NotRecorded, record};
use smallvec::SmallVec;

/// Records an elementwise operation.
pub(super) fn map<const N: usize>(op: Op, args: [&Array; N], instance: Instance) -> Result<Array, Stop<Error>>
where
    for<'a> [&'a Dense; N]: Keep,
{
    let site = residency::site(instance)?;
    match compute_dtype(op, &args, site.default_float) {
        Ok(DType::F64) if op.info().typing == Typing::Test && args.iter().all(|a| a.dtype().is_int()) => {
            Ok(compare_signed_with_unsigned(op, args[0], args[N - 1], site)?.into())
        }
        Ok(compute) => record::map(op, compute, args.map(|a| &a.dense), site),
        Err(_) if complex_functions::has(op) && args.iter().any(|a| a.dtype().is_complex()) => {
            Ok(complex_functions::apply(op, args)?)
        }
        Err(e) => beyond(op, &args, instance)?.ok_or(Stop::Failed(e)),
    }
}

/// A comparison of signed integers with those of uint64, which no integer dtype has both of: exact, as in NumPy 2. What is
/// negative is less; the others are compared as unsigned ones.
#[cold]
fn compare_signed_with_unsigned(op: Op, a: &Array, b: &Array, site: &'static Site) -> Recorded {
    record::common_shape(op.name(), &[&a.dense, &b.dense])?;
    let swapped = match op {
        Op::Less => Op::Greater,
        Op::LessEqual => Op::GreaterEqual,
        Op::Greater => Op::Less,
        Op::GreaterEqual => Op::LessEqual,
        same => same,
    };
    let (signed, unsigned, op) = if a.dtype() == DType::U64 { (b, a, swapped) } else { (a, b, op) };
    let zero = Array::weak(Scalar::I64(0));
    let (sign, join) = match op {
        Op::Equal | Op::Greater | Op::GreaterEqual => (Op::GreaterEqual, Op::BitwiseAnd),
        _ => (Op::Less, Op::BitwiseOr),
    };
    let compare = |op, dtype, args: [&Dense; 2]| record::map::<2, Dense, NotRecorded>(op, dtype, args, site);
    let sign = compare(sign, DType::I64, [&signed.dense, &zero.dense])?;
    let size = compare(op, DType::U64, [&signed.dense, &unsigned.dense])?;
    compare(join, DType::Bool, [&sign, &size])
}

fn describe(args: &[&Array]) -> String {
    let operands: SmallVec<[&Dense; 3]> = args.iter().map(|a| &a.dense).collect();
    record::operands(&operands)
}

/// The dtype that `op` computes in over `args`.
///
/// # Errors
/// [`Error::DType`] if the operation is not defined there or a scalar doesn't fit.
#[inline(always)]
fn compute_dtype(op: Op, args: &[&Array], float: DType) -> Result<DType> {
    let info = op.info();
    let first = args[0].dtype();
    let alike = args.iter().all(|a| a.dtype() == first && !a.is_weak());
    if alike && op != Op::Where && info.kinds.has(first.kind()) && first.kind() >= Kind::Float {
        return Ok(first);
    }
    promoted(op, args, float)
}

/// [`compute_dtype`] of operands that are not all alike.
fn promoted(op: Op, args: &[&Array], float: DType) -> Result<DType> {
    let info = op.info();
    let values = if op == Op::Where { &args[1..] } else { args };
    let mut strong: Option<DType> = None;
    let mut weak: Option<Kind> = None;
    // The precision of the scalars themselves.
    let mut own: Option<DType> = None;
    for a in values {
        if a.is_weak() {
            let k = a.dtype().kind();
            weak = Some(weak.map_or(k, |w| w.max(k)));
            if k >= Kind::Float {
                own = Some(own.map_or(a.dtype(), |o| promote(o, a.dtype())));
            }
        } else {
            strong = Some(strong.map_or(a.dtype(), |s| promote(s, a.dtype())));
        }
    }
    // Between scalars alone `where` chooses, and computes nothing: they keep their precision.
    let float = match own {
        Some(half @ (DType::F16 | DType::F32)) if op == Op::Where && strong.is_none() => half,
        Some(DType::C64) if op == Op::Where && strong.is_none() => DType::F32,
        _ => float,
    };
    let promoted = match (strong, weak) {
        (Some(s), Some(w)) => promote_weak(s, w, float),
        (Some(s), None) => s,
        (None, Some(Kind::Bool)) => DType::Bool,
        (None, Some(Kind::Int)) => DType::I64,
        (None, Some(Kind::Float)) => float,
        (None, _) => promote_weak(float, Kind::Complex, float),
    };
    let compute = match info.typing {
        Typing::Inexact | Typing::Parts if promoted.kind() < Kind::Float => float,
        _ => promoted,
    };
    if !info.kinds.has(compute.kind()) {
        return Err(Error::DType {
            op: info.name,
            operands: describe(args),
            fix: format!("it is not defined on {compute}; cast the operands with astype"),
        });
    }
    if weak.is_some() && compute.is_int() {
        for a in values.iter().filter(|a| a.is_weak()) {
            if let Some(v) = a.dense.weak_value()
                && v.cast(compute).to_i128() != v.to_i128()
            {
                return Err(Error::DType {
                    op: info.name,
                    operands: describe(args),
                    fix: format!("{v} does not fit {compute}; cast the array to a wider dtype first"),
                });
            }
        }
    }
    Ok(compute)
}

/// A comparison of integers with a scalar that their dtype can't hold, which has one answer for all of them.
#[cold]
fn beyond(op: Op, args: &[&Array], instance: Instance) -> Result<Option<Array>, NotRecorded> {
    let (scalar, array, first) = match *args {
        [a, b] if a.is_weak() && !b.is_weak() => (a, b, true),
        [a, b] if b.is_weak() && !a.is_weak() => (b, a, false),
        _ => return Ok(None),
    };
    let value = scalar.dense.weak_value().and_then(|v| v.to_i128());
    let Some(value) = value.filter(|_| array.dtype().is_int() && scalar.dtype().is_int()) else {
        return Ok(None);
    };
    // Beyond the range, a negative scalar is below every element, and a positive one above.
    let below = (value < 0) == first;
    let answer = match op {
        Op::Equal => false,
        Op::NotEqual => true,
        Op::Less | Op::LessEqual => below,
        Op::Greater | Op::GreaterEqual => !below,
        _ => return Ok(None),
    };
    let operands: SmallVec<[&Dense; 3]> = args.iter().map(|a| &a.dense).collect();
    let shape = record::common_shape(op.name(), &operands)?;
    Ok(Some(record::full(&shape, Scalar::Bool(answer), instance)?.into()))
}

/// The dtype in which a reduction runs: sums and products of bools and small integers in 64 bits.
pub(super) fn reduction_dtype(op: Reduction, dtype: DType) -> Result<DType> {
    Ok(match op {
        Reduction::Any | Reduction::All => DType::Bool,
        Reduction::Sum | Reduction::Prod => match dtype {
            d if d.is_unsigned() => DType::U64,
            d if d.is_int() || d == DType::Bool => DType::I64,
            d => d,
        },
        _ => {
            ordered(op.name(), dtype)?;
            dtype
        }
    })
}

/// Real numbers have an order.
pub(super) fn ordered(op: &'static str, dtype: DType) -> Result<()> {
    match dtype.is_complex() {
        true => Err(Error::DType {
            op,
            operands: format!("an array of {dtype}"),
            fix: "complex numbers have no order; take real(x), imag(x) or absolute(x)".into(),
        }),
        false => Ok(()),
    }
}
