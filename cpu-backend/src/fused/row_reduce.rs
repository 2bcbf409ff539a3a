//! Reductions whose results the code goes on with.

use crate::element::Arithmetic;
use crate::fused::fold::{All, Any, Fold, Max, Min, Prod, Repr, Sum};
use crate::fused::ops::{among, ordered};
use polyarray_core::dtype::ty;
use polyarray_core::expr::Reduction;
use polyarray_core::{DType, Element, with_element};

/// A loop over rows of so many elements: from these to one for each row, or the other way.
pub type RowLoop = fn(&[u8], usize, &mut [u8]);

/// The fold of rows in a dtype; none where it is not defined.
pub fn row_fold(op: Reduction, dtype: DType) -> Option<RowLoop> {
    match op {
        Reduction::Sum => Some(with_element!(dtype, T => fold_rows::<Sum<T>>)),
        Reduction::Prod => Some(with_element!(dtype, T => fold_rows::<Prod<T>>)),
        Reduction::Min => ordered!(dtype, T => fold_rows::<Min<T>>),
        Reduction::Max => ordered!(dtype, T => fold_rows::<Max<T>>),
        Reduction::Any => (dtype == DType::Bool).then_some(fold_rows::<Any>),
        Reduction::All => (dtype == DType::Bool).then_some(fold_rows::<All>),
        // An index is seldom gone on with.
        Reduction::ArgMin | Reduction::ArgMax => None,
    }
}

fn fold_rows<F: Fold>(xs: &[u8], row: usize, out: &mut [u8]) {
    let xs: &[Repr<F>] = bytemuck::cast_slice(xs);
    let out: &mut [<F::Out as Element>::Repr] = bytemuck::cast_slice_mut(out);
    for (xs, out) in xs.chunks_exact(row).zip(out) {
        *out = F::finish(F::slice(xs, 0)).to_repr();
    }
}

/// Writes what is one for each row to each of its elements.
pub fn row_spread(dtype: DType) -> RowLoop {
    with_element!(dtype, T => spread_rows::<T>)
}

fn spread_rows<T: Element>(xs: &[u8], row: usize, out: &mut [u8]) {
    let (xs, out): (&[T::Repr], &mut [T::Repr]) = (bytemuck::cast_slice(xs), bytemuck::cast_slice_mut(out));
    for (x, out) in xs.iter().zip(out.chunks_exact_mut(row)) {
        out.fill(*x);
    }
}
