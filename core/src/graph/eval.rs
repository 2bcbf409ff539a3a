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
        let computed = match compute(&node, &expr, lowered) {
            Ok(Some(buffer)) => Ok(buffer),
            Ok(None) => {
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
    Ok(root.value.get().expect("the stack is empty only when the root has its value").clone())
}

/// Computes a fused node straight into a part of a host buffer; it stays pending. `false`, with nothing written, where its
/// backend doesn't do that.
pub(crate) fn evaluate_into(node: &NodeRef, out: &mut HostBuffer, part: &Layout) -> Result<bool> {
    let (Some(Site { backend, .. }), Some(expr)) = (node.site, node.pending()) else { return Ok(false) };
    if !matches!(&*expr, Expr::Map { .. }) {
        return Ok(false);
    }
    let lowered = Lowered::of(node, &expr, None)?;
    if lowered.product().is_some() {
        return Ok(false);
    }
    lowered.needs().iter().try_for_each(|need| evaluate(need).map(|_| ()))?;
    let kernel = lowered.kernel(node, &expr)?;
    let done = backend.run_into(&kernel, out, part)?;
    if done {
        trace::kernel(node, &kernel);
    }
    Ok(done)
}

/// Runs one node whose operands are computed. `None` if its backend does not fuse the epilogue onto the product, which is
/// then to be computed by itself.
fn compute(node: &Node, expr: &Expr, lowered: Option<Lowered>) -> Result<Option<Arc<dyn Buffer>>> {
    let Some(Site { backend, .. }) = node.site else {
        unreachable!("only leaves and weak scalars have no backend, and they are never computed");
    };
    let empty = |dtype| backend.upload(&HostBuffer::unwritten(dtype, 0)?);
    if let Expr::Extern { several: Some(results), .. } = expr
        && results.iter().all(|(shape, _)| shape.contains(&0))
    {
        let buffers = results.iter().map(|(_, dtype)| empty(*dtype)).collect::<Result<_>>()?;
        return Ok(Some(Arc::new(Several(buffers))));
    }
    if node.shape.contains(&0) && !matches!(expr, Expr::Extern { several: Some(_), .. }) {
        return empty(node.dtype).map(Some);
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
                return Ok(Some(buffer));
            };
            if buffers.len() != results.len() {
                return Err(mismatch(node, name, buffers.len(), results.len()));
            }
            for (buffer, (shape, dtype)) in buffers.iter().zip(results) {
                check_as(node, || (*name).into(), &**buffer, *dtype, shape.iter().product())?;
            }
            return Ok(Some(Arc::new(Several(buffers))));
        }
        Expr::Pick { of, index } => {
            let all = of.node.computed()?;
            let all: &Several = crate::memory::downcast(&*all, node.home.name(), "pick")?;
            return Ok(Some(all.0[*index].clone()));
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
    let buffer = backend.run(&kernel)?;
    check(node, || kernel.label(), &*buffer)?;
    Ok(Some(buffer))
}

/// Runs a product with the epilogue fused, if its backend takes it.
fn run_epilogue(node: &Node, lowered: Lowered) -> Result<Option<Arc<dyn Buffer>>> {
    let Some((product, epilogue)) = lowered.epilogue()? else { return Ok(None) };
    let operands = product.args.iter().map(operand).collect::<Result<Vec<_>>>()?;
    let Some(buffer) = (product.finish)(&operands, &epilogue)? else { return Ok(None) };
    trace::epilogue(node, product.name, &operands, &epilogue.kernel);
    check(node, || format!("{} {}", product.name, epilogue.kernel.label()), &*buffer)?;
    Ok(Some(buffer))
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
