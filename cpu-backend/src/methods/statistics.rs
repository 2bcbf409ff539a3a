//! Variance of float32 and float64, reading memory once: every block is read twice, the second time from cache.
//!
//! A block gives its mean m, rounded, then Σd and Σd² of the distances d = x - m: the variance is
//! (Σd² - (Σd)²/n) / n, where Σd is only what rounding left (the corrected two-pass algorithm), and moments of
//! blocks merge pairwise. Source: T. F. Chan, G. H. Golub, R. J. LeVeque, "Algorithms for computing the sample
//! variance: analysis and recommendations", The American Statistician 37 (1983). A mean is kept in two float64, so
//! that the distance of two of them has all its digits, however far from zero they lie.

mod columns;
mod moments;

use crate::fused::fold::Tree;
use crate::parallel::{collect, for_each_chunk, worth_sharing};
use crate::view::View;
use columns::columns;
use moments::{Float, Lines, Moments, SPAN, finish};
use polyarray_core::array::{HostBuffer, Operand};
use polyarray_core::backend::specs::Var;
use polyarray_core::{DType, Error, Result};

/// Fewer columns are copied row by row instead.
const NARROW: usize = 8;

/// Does [`var`] take elements of this dtype?
pub fn has_var(dtype: DType) -> bool {
    matches!(dtype, DType::F32 | DType::F64)
}

/// The variance over the trailing axes.
///
/// # Errors
/// Out of memory; an operand that is not on the host, or that does not [`has_var`].
pub fn var(x: &Operand, spec: &Var) -> Result<HostBuffer> {
    match x.buffer.dtype() {
        DType::F32 => var_as::<f32>(x, spec),
        DType::F64 => var_as::<f64>(x, spec),
        other => Err(Error::DType {
            op: "var",
            operands: format!("elements of {other}"),
            fix: "cast them with astype first".into(),
        }),
    }
}

fn var_as<T: Float>(x: &Operand, spec: &Var) -> Result<HostBuffer> {
    let mut view = View::of::<T>(x, "var")?;
    let n: usize = view.dims[..spec.split].iter().product();
    let len: usize = view.dims[spec.split..].iter().product();
    let mut out = HostBuffer::unwritten(T::DTYPE, n)?;
    if len == 0 {
        out.as_repr_mut::<T>()?.fill(finish::<T>(Moments::NONE, spec));
        return Ok(out);
    }
    let split = view.collapse(spec.split);
    let (kept, reduced) = view.strides.split_at(split);
    let lines = Lines { split, len, dense: matches!(reduced, [] | [1]), view: &view };
    match (kept, reduced) {
        ([.., 1], &[step]) if step != 1 && view.dims[split - 1] >= NARROW => {
            columns(&lines, step, spec, out.as_repr_mut::<T>()?);
        }
        _ => rows(&lines, spec, out.as_repr_mut::<T>()?),
    }
    Ok(out)
}

fn rows<T: Float>(lines: &Lines<'_, T>, spec: &Var, out: &mut [T]) {
    let (n, len) = (out.len(), lines.len);
    let share = worth_sharing(n.saturating_mul(len), 4);
    if len <= SPAN {
        let task = SPAN / len;
        let bytes = bytemuck::cast_slice_mut(out);
        for_each_chunk(bytes, task * size_of::<T>(), share, &|| (), &|_, i, out| {
            let out: &mut [T] = bytemuck::cast_slice_mut(out);
            for (j, o) in out.iter_mut().enumerate() {
                *o = finish(lines.moments(i * task + j, 0..len), spec);
            }
        });
        return;
    }
    let spans = len.div_ceil(SPAN);
    let parts = collect(n * spans, share, &|| (), &|_, i| {
        let first = i % spans * SPAN;
        lines.moments(i / spans, first..len.min(first + SPAN))
    });
    for (o, parts) in out.iter_mut().zip(parts.chunks_exact(spans)) {
        let mut tree = Tree::new(Moments::merge);
        parts.iter().for_each(|&part| tree.push(part));
        *o = finish(tree.finish().unwrap_or(Moments::NONE), spec);
    }
}
