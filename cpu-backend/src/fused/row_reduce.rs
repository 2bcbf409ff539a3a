//! Reductions whose results fuse with the code that uses them.

use super::reducer::{Reducer, RowLoop};
use crate::erased::with_bits;
use bytemuck::Pod;
use polyarray_core::DType;
use polyarray_core::expr::Reduction;

/// The fold of rows in a dtype; none where it is not defined, and in float16.
pub fn row_fold(op: Reduction, dtype: DType) -> Option<RowLoop> {
    match op {
        // An index is seldom computed with.
        Reduction::ArgMin | Reduction::ArgMax => None,
        op => Reducer::of(op, dtype).map(|reducer| reducer.rows),
    }
}

/// Writes what is one for each row to each of its elements.
pub fn row_spread(dtype: DType) -> RowLoop {
    with_bits!(dtype.size(), P => spread_rows::<P>)
}

fn spread_rows<P: Pod>(xs: &[u8], row: usize, out: &mut [u8]) {
    let (xs, out): (&[P], &mut [P]) = (bytemuck::cast_slice(xs), bytemuck::cast_slice_mut(out));
    for (x, out) in xs.iter().zip(out.chunks_exact_mut(row)) {
        out.fill(*x);
    }
}
