//! Recording: operations become nodes of the graph. Backend and listener are fixed here, and everything that a backend may
//! decline (dtype, shape, limits) is declined here; evaluation either succeeds or fails.

use super::bounds::{Part, bound};
use super::lower::MAX_OPS;
use super::node::{Allocation, Expr, Finish, Keep, Node, Run, State};
use super::{Dense, trace};
use crate::device::residency;
use crate::device::residency::Site;
use crate::device::{ArrayBackend, Query};
use crate::dispatch::Instance;
use crate::dtype::{DType, Scalar};
use crate::error::{Error, Result, Unsupported};
use crate::expr::axes::holds;
use crate::expr::{Op, Reduction};
use crate::memory::layout::{broadcast, checked_len};
use crate::memory::{Buffer, Dims, Layout};
use parking_lot::RwLock;
use smallvec::SmallVec;
use std::fmt::Write;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};
use std::sync::{Arc, OnceLock};

/// A pending node that keeps this many times its own bytes alive, and more than [`RETAIN`], is evaluated when it is
/// recorded: the sum of a large array must not keep the array alive.
const RETAIN_RATIO: u64 = 8;
/// See [`RETAIN_RATIO`].
const RETAIN: u64 = 32 << 20;

/// Most elements of an intermediate that fits nowhere, and so is computed in passing only: a device takes minutes for so
/// many.
const MAX_SPACE: usize = (1 << 40) - 1;

/// Why nothing was recorded.
#[derive(Debug)]
pub enum NotRecorded {
    /// This backend declines; another may not.
    Declined(Unsupported),
    /// An error on any backend.
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

pub(crate) type Recorded = Result<Dense, NotRecorded>;

/// The operands for a message: `a: float32[2, 3] on host, b: 2.0`.
pub(crate) fn operands(args: &[&Dense]) -> String {
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

/// Records an elementwise operation on operands cast to `compute` (`Where`'s first: to bool).
#[inline(always)]
pub(crate) fn map<const N: usize, T: From<Dense>, E: From<NotRecorded>>(
    op: Op,
    compute: DType,
    args: [&Dense; N],
    site: &'static Site,
) -> Result<T, E>
where
    for<'a> [&'a Dense; N]: Keep,
{
    let backend = site.backend;
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
        broadcast = common_shape(op.name(), &args).map_err(NotRecorded::from)?;
        &broadcast[..]
    };
    let role = Role { inlines: true, fuses: true, constant: false };
    make_node(site, shape, dtype, role, &args, Mapped { op, compute, args })
}

/// The shape that all operands broadcast to.
pub(crate) fn common_shape(op: &'static str, args: &[&Dense]) -> Result<Dims> {
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
pub(crate) fn cast(arg: &Dense, to: DType, instance: Instance) -> Recorded {
    let site = residency::site(instance)?;
    site.backend.supports(Query::Cast(arg.dtype(), to))?;
    pending(site, SmallVec::from_slice(arg.shape()), to, Expr::Cast { arg: arg.clone() })
}

/// Records a dense copy where the array lives, on the array's own backend; an array of host data that no backend made uses
/// the host's.
pub(crate) fn copy(arg: &Dense) -> Result<Dense> {
    let instance = match arg.node.site {
        Some(site) => site.instance,
        None => residency::instance_at(*residency::HOST)?,
    };
    cast(arg, arg.dtype(), instance).map_err(|e| failed("copy", instance, e))
}

/// The error of an operation that its only candidate did not record.
pub(crate) fn failed(op: &str, instance: Instance, e: NotRecorded) -> Error {
    match e {
        NotRecorded::Failed(e) => e,
        NotRecorded::Declined(reason) => {
            Error::Unsupported { op: op.into(), backend: instance.name(), reason }
        }
    }
}

/// A host buffer as an operand.
pub(crate) fn host_leaf(buffer: Arc<dyn Buffer>, layout: Layout) -> Dense {
    let dense = layout.is_dense() && layout.len() == buffer.len();
    let shape = if dense { layout.shape.clone() } else { SmallVec::from_slice(&[buffer.len()]) };
    Dense::new(Node::leaf(shape, *residency::HOST, None, buffer), (!dense).then_some(layout))
}

/// Records an array of one value.
pub(crate) fn full(shape: &[usize], value: Scalar, instance: Instance) -> Recorded {
    let site = residency::site(instance)?;
    site.backend.supports(Query::Hold(value.dtype()))?;
    pending(site, checked_shape("full", shape)?, value.dtype(), Expr::Full(value))
}

/// Records 0, 1, 2, … as i64.
pub(crate) fn iota(len: usize, instance: Instance) -> Recorded {
    let site = residency::site(instance)?;
    site.backend.supports(Query::Hold(DType::I64))?;
    pending(site, SmallVec::from_slice(&[len]), DType::I64, Expr::Iota)
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
pub(crate) fn reduce(
    op: Reduction,
    compute: DType,
    arg: &Dense,
    axes: u64,
    keepdims: bool,
    instance: Instance,
) -> Recorded {
    let site = residency::site(instance)?;
    site.backend.supports(Query::Reduce(op, compute))?;
    if compute != arg.dtype() {
        site.backend.supports(Query::Cast(arg.dtype(), compute))?;
    }
    let reduced = |axis: usize| holds(axes, axis);
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
    let out: Dense = pending(site, kept, op.output(compute), expr)?;
    if !keepdims {
        return Ok(out);
    }
    let shape: Dims = (0..arg.ndim()).map(|i| if reduced(i) { 1 } else { arg.shape()[i] }).collect();
    Ok(Dense::new(out.node, Some(Layout::dense(&shape))))
}

/// Records a kernel by spec, which takes evaluated operands and returns a dense buffer for each of `outputs`. It may be
/// called again after memory was full, and is never called where all results are empty.
///
/// # Errors
/// What opening the backend fails with; [`Error::TooLarge`].
pub(crate) fn external(
    instance: Instance,
    name: &'static str,
    outputs: SmallVec<[(Dims, DType); 3]>,
    args: &[&Dense],
    run: Arc<Run>,
    epilogue: Option<Arc<Finish>>,
) -> Result<SmallVec<[Dense; 3]>, NotRecorded> {
    let site = residency::site(instance)?;
    for (shape, dtype) in &outputs {
        site.backend.supports(Query::Hold(*dtype))?;
        checked_shape(name, shape)?;
    }
    // A bare scalar has a buffer on the kernel's residency only once it is cast there.
    let own = |a: &&Dense| if a.is_weak() { cast(a, a.dtype(), instance) } else { Ok((*a).clone()) };
    let args = args.iter().map(own).collect::<Result<_, NotRecorded>>()?;
    let several = outputs.len() > 1;
    let results = if several { Some(outputs.clone()) } else { None };
    let Some((shape, dtype)) = outputs.into_iter().next() else {
        return Err(NotRecorded::Failed(Error::Backend {
            op: name.into(),
            backend: instance.name(),
            message: "a spec has at least one output".into(),
        }));
    };
    let all = pending(
        site,
        shape,
        dtype,
        Expr::Extern { name, args, run, finish: epilogue, several: results.clone() },
    )?;
    let Some(results) = results else { return Ok(std::iter::once(all).collect()) };
    let pick = |(index, (shape, dtype))| pending(site, shape, dtype, Expr::Pick { of: all.clone(), index });
    results.into_iter().enumerate().map(pick).collect()
}

/// How a node takes part in fusion.
#[derive(Clone, Copy)]
struct Role {
    /// It computes operands inline.
    inlines: bool,
    /// A consumer may compute it inline.
    fuses: bool,
    /// It is one value everywhere.
    constant: bool,
}

/// Makes a pending node for an existing expression.
fn pending(site: &'static Site, shape: Dims, dtype: DType, expr: Expr) -> Recorded {
    // The operands are read before the expression moves into its node.
    let args: SmallVec<[Dense; 3]> = expr.args().iter().cloned().collect();
    let args: SmallVec<[&Dense; 3]> = args.iter().collect();
    let fuses = expr.is_elementwise();
    let inlines = fuses || matches!(expr, Expr::Reduce { .. });
    let role = Role { inlines, fuses, constant: matches!(expr, Expr::Full(_)) };
    make_node(site, &shape, dtype, role, &args, expr)
}

/// Builds an expression inside its node. A trait, because `inline(always)` can't be put on a closure.
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
    args: [&'a Dense; N],
}

impl<'a, const N: usize> Make for Mapped<'a, N>
where
    [&'a Dense; N]: Keep,
{
    #[inline(always)]
    fn make(self) -> Expr {
        Expr::Map { op: self.op, compute: self.compute, args: self.args.keep() }
    }
}

/// Makes a pending node with its bounds; the expression is built inside the node, not moved there.
#[inline(always)]
fn make_node<T: From<Dense>, E: From<NotRecorded>>(
    site: &'static Site,
    shape: &[usize],
    dtype: DType,
    role: Role,
    args: &[&Dense],
    expr: impl Make,
) -> Result<T, E> {
    let (backend, limits) = (site.backend, site.limits);
    if shape.len() > limits.axes {
        let (got, limit) = (shape.len() as u64, limits.axes as u64);
        return Err(NotRecorded::from(Unsupported::Limit { what: "number of axes", got, limit }).into());
    }
    let len = checked_len(shape).ok_or_else(|| NotRecorded::from(uncountable(backend, shape)))?;
    if let Err(e) = backend.fits(dtype, len) {
        // What is computed from operands need never be materialised; its evaluation asks again.
        if !role.fuses || args.is_empty() || len > MAX_SPACE {
            return Err(NotRecorded::from(e).into());
        }
    }
    // Three locals, not a `Part`: packed into a register and read back, they stalled recording by 20 ns.
    let (mut size, mut leaves, mut retains) = (1u32, 0u32, 0u64);
    for &arg in args {
        if !arg.node.is_leaf() {
            arg.node.consumers.fetch_add(1, Relaxed);
        }
        let part = Part::of(arg, role.inlines);
        size += part.size;
        leaves += part.leaves;
        retains = retains.saturating_add(part.retains);
    }
    if role.inlines && (size > MAX_OPS || leaves as usize > limits.inputs) {
        (size, leaves) = bound(args, limits.inputs);
    }
    let retains_too_much =
        retains > RETAIN && retains > RETAIN_RATIO * (len as u64).saturating_mul(dtype.size() as u64);
    let sink = trace::listener();
    let allocation = Allocation::new();
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
        materialise: AtomicBool::new(false),
        leaf: false,
        representation: None,
    };
    let node = allocation.fill(node, shape);
    let out = Dense::new(node, None);
    if retains_too_much {
        out.eval().map_err(NotRecorded::from)?;
    }
    Ok(T::from(out))
}

#[cold]
fn uncountable(backend: &dyn ArrayBackend, shape: &[usize]) -> Error {
    Error::TooLarge {
        place: residency::name(backend.residency()),
        bytes: u128::MAX,
        detail: format!("shape {shape:?} has more elements than an address can count"),
    }
}
