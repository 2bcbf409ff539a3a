//! Evaluation: partitions the pending graph into fused kernels and runs them on its backend in dependency order, without
//! recursion over the graph and without holding a lock during computation.

use super::lower::Lowered;
use super::node::{Expr, Node, NodeRef, Several};
use super::{Dense, trace};
use crate::device::residency;
use crate::device::residency::Site;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::memory::Operand;
use crate::memory::{Buffer, HostBuffer, Layout};
use smallvec::{SmallVec, smallvec};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

/// A part of host memory that a value may be written to instead of a buffer of its own.
struct Target<'a> {
    out: &'a mut HostBuffer,
    part: &'a Layout,
    written: bool,
}

/// The node's value, computed if it is pending.
pub(crate) fn evaluate(root: &NodeRef) -> Result<Arc<dyn Buffer>> {
    if let Some(v) = root.value.get() {
        return Ok(v.clone());
    }
    if root.weak {
        // Not published: kernels take the scalar as a parameter, on any device.
        if let Some(Expr::Full(v)) = root.pending().as_deref() {
            return Ok(Arc::new(scalar_buffer(*v)));
        }
    }
    walk(root, None)?;
    Ok(root.value.get().expect("the walk ends when the root has its value").clone())
}

/// Computes a pending node straight into a part of a host buffer, where its backend does that: the node then stays pending.
/// `false`, with nothing written, where it has its value in a buffer as ever.
pub(crate) fn evaluate_into(node: &NodeRef, out: &mut HostBuffer, part: &Layout) -> Result<bool> {
    let mut target = Target { out, part, written: false };
    walk(node, Some(&mut target))?;
    Ok(target.written)
}

fn walk(root: &NodeRef, mut target: Option<&mut Target<'_>>) -> Result<()> {
    // Depth first: a node stays on the stack, with its code, until its operands are computed.
    let mut stack: SmallVec<[(NodeRef, Option<Lowered>); 1]> = smallvec![(root.clone(), None)];
    while let Some((node, kept)) = stack.last_mut().map(|(node, kept)| (node.clone(), kept.take())) {
        if node.value.get().is_some() {
            stack.pop();
            continue;
        }
        super::interrupt::check()?;
        let Some(expr) = node.pending() else {
            match node.failure() {
                Some(e) => return Err(e),
                None => continue, // another thread published it meanwhile
            }
        };
        let lowered = match (&*expr, kept) {
            (Expr::Extern { .. } | Expr::Pick { .. }, _) => None,
            (_, Some(lowered)) => Some(lowered),
            _ => Some(Lowered::of(&node, &expr, None)?),
        };
        let needs: SmallVec<[NodeRef; 4]> = match (&*expr, &lowered) {
            (_, Some(lowered)) => lowered.needs(),
            // A kernel by spec takes buffers, also of constants.
            (expr, None) => {
                let operands = expr.args().iter().map(|arg| &arg.node);
                operands.filter(|node| node.value.get().is_none() && !node.weak).cloned().collect()
            }
        };
        if !needs.is_empty() {
            if let Some((_, kept)) = stack.last_mut() {
                *kept = lowered;
            }
            stack.extend(needs.into_iter().map(|node| (node, None)));
            continue;
        }
        let product = lowered.as_ref().and_then(Lowered::product).cloned();
        let reductions = lowered.as_ref().map(Lowered::reductions).unwrap_or_default();
        let own = target.as_deref_mut().filter(|_| NodeRef::ptr_eq(&node, root));
        let computed = match compute(&node, &expr, lowered, own) {
            Ok(Computed::Buffer(buffer)) => Ok(buffer),
            Ok(Computed::Written) => return Ok(()),
            Ok(Computed::Unfused) => {
                let lowered = Lowered::of(&node, &expr, product.as_deref())?;
                if let Some((_, kept)) = stack.last_mut() {
                    *kept = Some(lowered);
                }
                continue;
            }
            Err(e) => Err(e),
        };
        drop(expr);
        match computed {
            Ok(buffer) => node.publish(buffer),
            Err(e) => {
                // Memory may be free the next time, and a limit may be raised; every other error is permanent.
                if !matches!(e, Error::OutOfMemory { .. } | Error::TooLarge { .. }) {
                    node.fail(&e);
                }
                return Err(e);
            }
        }
        // Handles or consumers of a node that was fused away may still read it: it is then computed once more, and kept.
        for fused in product.iter().chain(&reductions).filter(|node| NodeRef::strong_count(node) > 1) {
            fused.materialise.store(true, Relaxed);
        }
        stack.pop();
    }
    Ok(())
}

/// What came of running a node.
enum Computed {
    /// Its value.
    Buffer(Arc<dyn Buffer>),
    /// The value stands in the target.
    Written,
    /// Its backend does not fuse the epilogue onto the product, which is then to be computed by itself.
    Unfused,
}

/// Runs one node whose operands are computed.
fn compute(
    node: &Node,
    expr: &Expr,
    lowered: Option<Lowered>,
    target: Option<&mut Target<'_>>,
) -> Result<Computed> {
    let Some(Site { backend, .. }) = node.site else {
        unreachable!("only leaves and weak scalars have no backend, and they are never computed");
    };
    let empty = |dtype| backend.upload(&HostBuffer::unwritten(dtype, 0)?);
    if let Expr::Extern { several: Some(results), .. } = expr
        && results.iter().all(|(shape, _)| shape.contains(&0))
    {
        let buffers = results.iter().map(|(_, dtype)| empty(*dtype)).collect::<Result<_>>()?;
        return Ok(Computed::Buffer(Arc::new(Several(buffers))));
    }
    if node.shape.contains(&0) && !matches!(expr, Expr::Extern { several: Some(_), .. }) {
        return empty(node.dtype).map(Computed::Buffer);
    }
    match expr {
        Expr::Extern { name, args, run, several, .. } => {
            let operands = args.iter().map(operand).collect::<Result<Vec<_>>>()?;
            trace::ran(node, name, operands.len());
            let mut buffers = run(&operands)?;
            let Some(results) = several else {
                let wrong = || mismatch(node, name, buffers.len(), 1);
                let buffer = if buffers.len() == 1 { buffers.remove(0) } else { return Err(wrong()) };
                check(node, || (*name).into(), &*buffer)?;
                return Ok(Computed::Buffer(buffer));
            };
            if buffers.len() != results.len() {
                return Err(mismatch(node, name, buffers.len(), results.len()));
            }
            for (buffer, (shape, dtype)) in buffers.iter().zip(results) {
                check_as(node, || (*name).into(), &**buffer, *dtype, shape.iter().product())?;
            }
            return Ok(Computed::Buffer(Arc::new(Several(buffers))));
        }
        Expr::Pick { of, index } => {
            let all = of.node.computed()?;
            let all: &Several = crate::memory::downcast(&*all, node.home.name(), "pick")?;
            return Ok(Computed::Buffer(all.0[*index].clone()));
        }
        _ => {}
    }
    // Recorded even if it fits nowhere, because a consumer might have computed it in passing.
    backend.fits(node.dtype, node.len())?;
    let lowered = lowered.map_or_else(|| Lowered::of(node, expr, None), Ok)?;
    if lowered.product().is_some() {
        return run_epilogue(node, lowered);
    }
    let kernel = lowered.kernel(node, expr)?;
    trace::kernel(node, &kernel);
    if let Some(target) = target {
        target.written = backend.run_into(&kernel, target.out, target.part)?;
        if target.written {
            return Ok(Computed::Written);
        }
    }
    let buffer = backend.run(&kernel)?;
    check(node, || kernel.label(), &*buffer)?;
    Ok(Computed::Buffer(buffer))
}

/// Runs a product with the epilogue fused, if its backend takes it.
fn run_epilogue(node: &Node, lowered: Lowered) -> Result<Computed> {
    let Some((product, epilogue)) = lowered.epilogue()? else { return Ok(Computed::Unfused) };
    let operands = product.args.iter().map(operand).collect::<Result<Vec<_>>>()?;
    let Some(buffer) = (product.finish)(&operands, &epilogue)? else { return Ok(Computed::Unfused) };
    trace::epilogue(node, product.name, &operands, &epilogue.kernel);
    check(node, || format!("{} {}", product.name, epilogue.kernel.label()), &*buffer)?;
    Ok(Computed::Buffer(buffer))
}

fn operand(arg: &Dense) -> Result<Operand> {
    Ok(Operand { buffer: arg.node.computed()?, layout: arg.layout() })
}

/// An error if a backend returned another dtype or length than was recorded.
fn check(node: &Node, op: impl FnOnce() -> String, buffer: &dyn Buffer) -> Result<()> {
    check_as(node, op, buffer, node.dtype, node.shape.iter().product())
}

fn check_as(
    node: &Node,
    op: impl FnOnce() -> String,
    buffer: &dyn Buffer,
    dtype: DType,
    len: usize,
) -> Result<()> {
    if (buffer.dtype(), buffer.len()) == (dtype, len) {
        return Ok(());
    }
    Err(Error::Backend {
        op: op(),
        backend: residency::name(node.home),
        message: format!(
            "it returned {} x {} where {len} x {dtype} was recorded",
            buffer.len(),
            buffer.dtype()
        ),
    })
}

fn mismatch(node: &Node, name: &str, got: usize, want: usize) -> Error {
    Error::Backend {
        op: name.into(),
        backend: residency::name(node.home),
        message: format!("its kernel returned {got} results where {want} were recorded"),
    }
}

/// A host buffer of one value.
pub(crate) fn scalar_buffer(value: crate::dtype::Scalar) -> HostBuffer {
    crate::with_element!(value.dtype(), T => HostBuffer::from_vec(vec![<T as crate::dtype::Element>::from_scalar(value)]))
}
