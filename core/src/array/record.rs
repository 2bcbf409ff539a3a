//! Recording: operations become nodes of the graph. Backend and listener are fixed here, and whatever can be
//! declined (dtype, shape, limits) is declined here; evaluation finishes or fails.

use super::backend::{ArrayBackend, Query};
use super::bounds::{Part, bound};
use super::lower::MAX_OPS;
use super::node::{Expr, Finish, Keep, Node, Room, Run, State};
use super::residency::Site;
use super::{Array, residency, trace};
use crate::dispatch::{Instance, Stop};
use crate::dtype::{DType, Kind, Scalar, promote, promote_weak};
use crate::error::{Error, Result, Unsupported};
use crate::expr::layout::{broadcast, checked_len};
use crate::expr::{Dims, Layout, Op, Reduction};
use parking_lot::RwLock;
use smallvec::SmallVec;
use std::fmt::Write;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};
use std::sync::{Arc, OnceLock};

/// A pending node that keeps this many times its own bytes alive, and more than [`RETAIN`], is evaluated when
/// it is recorded: a sum of a big array must not keep the array.
const RETAIN_RATIO: u64 = 8;
/// See [`RETAIN_RATIO`].
const RETAIN: u64 = 32 << 20;

/// Why nothing was recorded.
#[derive(Debug)]
pub enum NotRecorded {
    /// This backend can't; another may.
    Declined(Unsupported),
    /// Nobody can.
    Failed(Error),
}

impl From<Error> for NotRecorded {
    fn from(e: Error) -> Self {
        NotRecorded::Failed(e)
    }
}

impl From<Unsupported> for NotRecorded {
    fn from(u: Unsupported) -> Self {
        NotRecorded::Declined(u)
    }
}

type Recorded = Result<Array, NotRecorded>;
/// What a backend's implementation returns.
type Answer = Result<Array, Stop<Error>>;

/// The operands for a message: `a: float32[2, 3] on host, b: 2.0`.
pub(crate) fn operands(args: &[&Array]) -> String {
    let mut out = String::new();
    for (i, a) in args.iter().enumerate() {
        let sep = if i == 0 { "" } else { ", " };
        let name = ["a", "b", "c"].get(i).copied().unwrap_or("x");
        let _ = match a.describe_value() {
            Some(v) => write!(out, "{sep}{name}: {v}"),
            None => write!(out, "{sep}{name}: {}{:?} on {}", a.dtype(), a.shape(), a.residency()),
        };
    }
    out
}

/// The dtype that `op` computes in over `args`.
///
/// # Errors
/// [`Error::DType`] if the operation is not defined there or a scalar doesn't fit.
#[inline(always)]
pub(crate) fn compute_dtype(op: Op, args: &[&Array], float: DType) -> Result<DType> {
    let info = op.info();
    let first = args[0].dtype();
    let alike = args.iter().all(|a| a.dtype() == first && !a.node.weak);
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
    for a in values {
        if a.node.weak {
            let k = a.dtype().kind();
            weak = Some(weak.map_or(k, |w| w.max(k)));
        } else {
            strong = Some(strong.map_or(a.dtype(), |s| promote(s, a.dtype())));
        }
    }
    let promoted = match (strong, weak) {
        (Some(s), Some(w)) => promote_weak(s, w, float),
        (Some(s), None) => s,
        (None, Some(Kind::Bool)) => DType::Bool,
        (None, Some(Kind::Int)) => DType::I64,
        (None, Some(Kind::Float)) => float,
        (None, _) => promote_weak(float, Kind::Complex, float),
    };
    let compute = match info.typing {
        crate::expr::op::Typing::Inexact if promoted.kind() < Kind::Float => float,
        _ => promoted,
    };
    if !info.kinds.has(compute.kind()) {
        return Err(Error::DType {
            op: info.name,
            operands: operands(args),
            fix: format!("it is not defined on {compute}; cast the operands with astype"),
        });
    }
    if weak.is_some() && compute.is_int() {
        for a in values.iter().filter(|a| a.node.weak) {
            if let Some(Expr::Full(v)) = a.node.pending().as_deref()
                && v.cast(compute).to_i128() != v.to_i128()
            {
                return Err(Error::DType {
                    op: info.name,
                    operands: operands(args),
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
        [a, b] if a.node.weak && !b.node.weak => (a, b, true),
        [a, b] if b.node.weak && !a.node.weak => (b, a, false),
        _ => return Ok(None),
    };
    let value = match scalar.node.pending().as_deref() {
        Some(Expr::Full(v)) => v.to_i128(),
        _ => None,
    };
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
    let shape = common_shape(op.name(), args)?;
    full(&shape, Scalar::Bool(answer), instance).map(Some)
}

/// Records an elementwise operation.
pub(crate) fn map<const N: usize>(op: Op, args: [&Array; N], instance: Instance) -> Answer
where
    for<'a> [&'a Array; N]: Keep,
{
    let site = residency::site(instance)?;
    let backend = site.backend;
    let compute = match compute_dtype(op, &args, site.default_float) {
        Ok(dtype) => dtype,
        Err(e) => return beyond(op, &args, instance)?.ok_or(Stop::Failed(e)),
    };
    let dtype = op.output(compute);
    backend.supports(Query::Map(op, compute)).map_err(NotRecorded::from)?;
    for (i, a) in args.iter().enumerate() {
        let want = if i == 0 && op == Op::Where { DType::Bool } else { compute };
        if a.dtype() != want && !a.node.weak {
            backend.supports(Query::Cast(a.dtype(), want)).map_err(NotRecorded::from)?;
        }
    }
    let broadcast;
    let mut shape = args[0].shape();
    if shape.is_empty() {
        shape = args[N - 1].shape();
    }
    let shape = if args.iter().all(|a| a.ndim() == 0 || same(a.shape(), shape)) {
        shape
    } else {
        broadcast = common_shape(op.name(), &args)?;
        &broadcast[..]
    };
    let role = Role { takes: true, fuses: true, constant: false };
    book(site, shape, dtype, role, &args, Mapped { op, compute, args })
}

/// The shape all operands broadcast to.
pub(crate) fn common_shape(op: &'static str, args: &[&Array]) -> Result<Dims> {
    let mut shape: Dims = SmallVec::from_slice(args[0].shape());
    for a in &args[1..] {
        if !same(a.shape(), &shape) {
            shape = broadcast(&shape, a.shape()).ok_or_else(|| Error::Shape {
                op,
                operands: operands(args),
                fix: "aligned at the last axis, lengths must be equal or 1; reshape or expand_dims one"
                    .into(),
            })?;
        }
    }
    Ok(shape)
}

/// Equality of two short lists, without the call that comparing slices makes.
#[inline]
fn same(a: &[usize], b: &[usize]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(x, y)| x == y)
}

/// Records a cast; to the same dtype it is a dense copy.
pub(crate) fn cast(arg: &Array, to: DType, instance: Instance) -> Recorded {
    let site = residency::site(instance)?;
    site.backend.supports(Query::Cast(arg.dtype(), to))?;
    finish(site, SmallVec::from_slice(arg.shape()), to, Expr::Cast { arg: arg.clone() })
}

/// Records a dense copy where the array lives. A device array has its backend at hand; only an array in plain
/// host memory has none, and takes the host's.
pub(crate) fn copy(arg: &Array) -> Result<Array> {
    let instance = match arg.node.site {
        Some(site) => site.instance,
        None => residency::instance_at(*residency::HOST)?,
    };
    cast(arg, arg.dtype(), instance).map_err(|e| failed("copy", instance, e))
}

/// What was declined, where there is no other candidate to ask.
pub(crate) fn failed(op: &str, instance: Instance, e: NotRecorded) -> Error {
    match e {
        NotRecorded::Failed(e) => e,
        NotRecorded::Declined(reason) => {
            Error::Unsupported { op: op.into(), backend: instance.name(), reason }
        }
    }
}

/// Records an array of one value.
pub(crate) fn full(shape: &[usize], value: Scalar, instance: Instance) -> Recorded {
    let site = residency::site(instance)?;
    site.backend.supports(Query::Hold(value.dtype()))?;
    finish(site, checked_shape("full", shape)?, value.dtype(), Expr::Full(value))
}

/// Records 0, 1, 2, … as i64.
pub(crate) fn iota(len: usize, instance: Instance) -> Recorded {
    let site = residency::site(instance)?;
    site.backend.supports(Query::Hold(DType::I64))?;
    finish(site, SmallVec::from_slice(&[len]), DType::I64, Expr::Iota)
}

/// A shape whose number of elements fits a `usize`.
pub(crate) fn checked_shape(op: &'static str, shape: &[usize]) -> Result<Dims> {
    checked_len(shape).map(|_| SmallVec::from_slice(shape)).ok_or_else(|| Error::Shape {
        op,
        operands: format!("shape {shape:?}"),
        fix: "it has more elements than an address can count".into(),
    })
}

/// Records a reduction over the axes set in `axes`.
pub(crate) fn reduce(op: Reduction, arg: &Array, axes: u64, keepdims: bool, instance: Instance) -> Recorded {
    let site = residency::site(instance)?;
    let compute = reduction_dtype(op, arg.dtype())?;
    site.backend.supports(Query::Reduce(op, compute))?;
    if compute != arg.dtype() {
        site.backend.supports(Query::Cast(arg.dtype(), compute))?;
    }
    let reduced = |axis: usize| axes >> axis & 1 == 1;
    let nothing = arg.shape().iter().enumerate().any(|(i, &d)| reduced(i) && d == 0);
    if nothing && !op.has_identity() {
        return Err(Error::Shape {
            op: op.name(),
            operands: operands(&[arg]),
            fix: "there is no element to choose from along an axis of length 0".into(),
        }
        .into());
    }
    let kept: Dims = (0..arg.ndim()).filter(|&i| !reduced(i)).map(|i| arg.shape()[i]).collect();
    let expr = Expr::Reduce { op, compute, arg: arg.clone(), axes };
    let out = finish(site, kept, op.output(compute), expr)?;
    if !keepdims {
        return Ok(out);
    }
    let shape: Dims = (0..arg.ndim()).map(|i| if reduced(i) { 1 } else { arg.shape()[i] }).collect();
    Ok(Array::from_node(out.node, Some(Layout::dense(&shape))))
}

/// The dtype in which a reduction runs: sums and products of bools and small integers in 64 bits.
fn reduction_dtype(op: Reduction, dtype: DType) -> Result<DType> {
    Ok(match op {
        Reduction::Any | Reduction::All => DType::Bool,
        Reduction::Sum | Reduction::Prod => match dtype {
            d if d.is_unsigned() => DType::U64,
            d if d.is_int() || d == DType::Bool => DType::I64,
            d => d,
        },
        _ if dtype.is_complex() => {
            return Err(Error::DType {
                op: op.name(),
                operands: format!("an array of {dtype}"),
                fix: "complex numbers have no order; reduce real(x), imag(x) or absolute(x)".into(),
            });
        }
        _ => dtype,
    })
}

/// Records an implementation of a backend's own, which gets its operands evaluated. `run` must give a dense
/// buffer of `shape` and `dtype`; it may be called again if memory was full, and is never called for an empty
/// result.
///
/// # Errors
/// What opening the backend fails with; [`Error::TooLarge`].
pub fn external(
    instance: Instance,
    name: &'static str,
    shape: &[usize],
    dtype: DType,
    args: &[&Array],
    run: Arc<Run>,
) -> Recorded {
    external_with(instance, name, shape, dtype, args, run, None)
}

/// The same of an implementation that may go on with its elements.
pub(crate) fn external_with(
    instance: Instance,
    name: &'static str,
    shape: &[usize],
    dtype: DType,
    args: &[&Array],
    run: Arc<Run>,
    finish_with: Option<Arc<Finish>>,
) -> Recorded {
    let site = residency::site(instance)?;
    site.backend.supports(Query::Hold(dtype))?;
    // A bare scalar has no buffer where the implementation looks for one until it is cast there.
    let own = |a: &&Array| if a.is_weak() { cast(a, a.dtype(), instance) } else { Ok((*a).clone()) };
    let args = args.iter().map(own).collect::<Result<_, NotRecorded>>()?;
    finish(site, checked_shape(name, shape)?, dtype, Expr::Extern { name, args, run, finish: finish_with })
}

/// How a node takes part in fused kernels.
#[derive(Clone, Copy)]
struct Role {
    /// It computes operands inline.
    takes: bool,
    /// A consumer may compute it inline.
    fuses: bool,
    /// It is one value everywhere.
    constant: bool,
}

/// Books a node of an expression that is at hand.
fn finish(site: &'static Site, shape: Dims, dtype: DType, expr: Expr) -> Recorded {
    // The operands are looked at before the expression moves into its node.
    let args: SmallVec<[Array; 3]> = expr.args().iter().cloned().collect();
    let args: SmallVec<[&Array; 3]> = args.iter().collect();
    let fuses = expr.is_elementwise();
    let takes = fuses || matches!(expr, Expr::Reduce { .. });
    let role = Role { takes, fuses, constant: matches!(expr, Expr::Full(_)) };
    book(site, &shape, dtype, role, &args, expr)
}

/// What makes an expression where its node is. Not a closure: those are inlined only where the compiler likes.
trait Make {
    fn make(self) -> Expr;
}

impl Make for Expr {
    fn make(self) -> Expr {
        self
    }
}

struct Mapped<'a, const N: usize> {
    op: Op,
    compute: DType,
    args: [&'a Array; N],
}

impl<'a, const N: usize> Make for Mapped<'a, N>
where
    [&'a Array; N]: Keep,
{
    #[inline(always)]
    fn make(self) -> Expr {
        Expr::Map { op: self.op, compute: self.compute, args: self.args.keep() }
    }
}

/// Bounds a node and makes it; the expression is made where the node is, not moved there.
#[inline(always)]
fn book<E: From<NotRecorded>>(
    site: &'static Site,
    shape: &[usize],
    dtype: DType,
    role: Role,
    args: &[&Array],
    expr: impl Make,
) -> Result<Array, E> {
    let (backend, limits) = (site.backend, site.limits);
    if shape.len() > limits.axes {
        let (got, limit) = (shape.len() as u64, limits.axes as u64);
        return Err(NotRecorded::from(Unsupported::Limit { what: "number of axes", got, limit }).into());
    }
    let len = checked_len(shape).ok_or_else(|| NotRecorded::from(uncountable(backend, shape)))?;
    backend.fits(dtype, len).map_err(NotRecorded::from)?;
    // Three locals, not a `Part`: packed into a register and read back, they stalled recording by 20 ns.
    let (mut size, mut leaves, mut retains) = (1u32, 0u32, 0u64);
    for &arg in args {
        if !arg.node.is_leaf() {
            arg.node.consumers.fetch_add(1, Relaxed);
        }
        let part = Part::of(arg, role.takes);
        size += part.size;
        leaves += part.leaves;
        retains = retains.saturating_add(part.retains);
    }
    if role.takes && (size > MAX_OPS || leaves as usize > limits.inputs) {
        (size, leaves) = bound(args, limits.inputs);
    }
    let hoards =
        retains > RETAIN && retains > RETAIN_RATIO * (len as u64).saturating_mul(dtype.size() as u64);
    let sink = trace::listener();
    let room = Room::new();
    let node = Node {
        size,
        leaves,
        retains,
        fuses: role.fuses,
        constant: role.constant,
        sink,
        shape: Dims::new(),
        dtype,
        home: site.residency,
        site: Some(site),
        weak: false,
        value: OnceLock::new(),
        state: RwLock::new(State::Pending(expr.make())),
        consumers: AtomicU32::new(0),
        cut: AtomicBool::new(false),
        leaf: false,
    };
    let node = room.hold(node, shape);
    let out = Array::from_node(node, None);
    if hoards {
        out.eval().map_err(NotRecorded::from)?;
    }
    Ok(out)
}

#[cold]
fn uncountable(backend: &dyn ArrayBackend, shape: &[usize]) -> Error {
    Error::TooLarge {
        place: residency::name(backend.residency()),
        bytes: u128::MAX,
        detail: format!("shape {shape:?} has more elements than an address can count"),
    }
}
