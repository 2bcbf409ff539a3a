//! Strided layouts over a buffer as ndarray views.

use super::{Buffer, HostBuffer, Layout};
use crate::error::Result;
use ndarray::{ArrayViewD, ArrayViewMutD, IxDyn, ShapeBuilder};
use smallvec::SmallVec;

/// A layout over elements as an ndarray view. The layout must lie within them.
pub(crate) fn view<'a, T>(data: &'a [T], layout: &Layout) -> ArrayViewD<'a, T> {
    let empty = layout.is_empty();
    let (lo, hi) = layout.extent().unwrap_or((0, 0));
    let part = if empty { &data[..0] } else { &data[lo..=hi] };
    if empty {
        return ArrayViewD::from_shape(IxDyn(&layout.shape), part).expect("an empty shape needs no element");
    }
    // ndarray builds from non-negative strides; axes of negative stride are inverted afterwards.
    let strides: SmallVec<[usize; 4]> = layout.strides.iter().map(|s| s.unsigned_abs()).collect();
    let shape = IxDyn(&layout.shape).strides(IxDyn(&strides));
    let mut v = ArrayViewD::from_shape(shape, part).expect("strides and extent come from one layout");
    for (axis, &s) in layout.strides.iter().enumerate() {
        if s < 0 {
            v.invert_axis(ndarray::Axis(axis));
        }
    }
    v
}

/// The same, mutable. The layout must map each index to a distinct element.
pub(crate) fn view_mut<'a, T>(data: &'a mut [T], layout: &Layout) -> ArrayViewMutD<'a, T> {
    let part = match layout.extent() {
        Some((lo, hi)) => &mut data[lo..=hi],
        None => &mut data[..0],
    };
    // The stride of an axis of length 1 is arbitrary, and ndarray requires it to be small.
    let strides =
        layout.shape.iter().zip(&layout.strides).map(|(&n, s)| if n > 1 { s.unsigned_abs() } else { 1 });
    let strides: SmallVec<[usize; 4]> = strides.collect();
    let shape = IxDyn(&layout.shape).strides(IxDyn(&strides));
    let mut v = ArrayViewMutD::from_shape(shape, part).expect("strides and extent come from one layout");
    for (axis, (&n, &s)) in layout.shape.iter().zip(&layout.strides).enumerate() {
        if n > 1 && s < 0 {
            v.invert_axis(ndarray::Axis(axis));
        }
    }
    v
}

/// The elements of a view, dense.
pub(crate) fn gather(host: &HostBuffer, layout: &Layout) -> Result<HostBuffer> {
    crate::with_element!(host.dtype(), T => {
        let view = view::<T>(host.as_slice::<T>()?, layout);
        Ok(HostBuffer::from_vec(view.iter().copied().collect::<Vec<T>>()))
    })
}
