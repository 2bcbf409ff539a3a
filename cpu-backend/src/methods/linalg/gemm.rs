//! The `gemm` crates' products of real floats, for row-major results.

use crate::element::Number;
use bytemuck::Pod;
use gemm_common::Parallelism;

/// A matrix: where its first element is, and the steps from row to row and from column to column.
pub type Strided<T> = (*const T, isize, isize);

/// A float that has a product.
pub trait Gemm: Number<Repr = Self> + Pod {
    /// The product of (m, k) and (k, n) matrices to `to`, whose rows lie so far apart.
    ///
    /// # Safety
    /// Every element of the operands is in memory that may be read, those of the result in memory that is nobody else's.
    unsafe fn gemm(
        extent: [usize; 3],
        to: (*mut Self, isize),
        left: Strided<Self>,
        right: Strided<Self>,
        parallelism: Parallelism,
    );
}

macro_rules! gemm {
    ($($T:ident by $product:path;)*) => {$(
        impl Gemm for $T {
            unsafe fn gemm(
                [m, k, n]: [usize; 3],
                (to, pitch): (*mut $T, isize),
                (mut left, mut left_row, mut left_column): Strided<$T>,
                (mut right, mut right_row, mut right_column): Strided<$T>,
                parallelism: Parallelism,
            ) {
                // The kernels write columns: a result of rows is the product of the transposed operands, in turn.
                let (m, n, to_row, to_column) = if pitch > 1 { (n, m, 1, pitch) } else { (m, n, pitch, 1) };
                if pitch > 1 {
                    (left, left_row, left_column, right, right_row, right_column) =
                        (right, right_column, right_row, left, left_column, left_row);
                }
                // They want the summed axis of the left operand walked forwards.
                if left_column < 0 && k > 0 {
                    let last = k as isize - 1;
                    left = left.wrapping_offset(last * left_column);
                    right = right.wrapping_offset(last * right_row);
                    (left_column, right_row) = (-left_column, -right_row);
                }
                // SAFETY: the caller's promise; the same elements are read and written in either order.
                unsafe {
                    $product()(
                        m, n, k, to, to_column, to_row, false, left, left_column, left_row, right, right_column, right_row,
                        0.0, 1.0, false, false, false, parallelism,
                    );
                }
            }
        }
    )*};
}
gemm!(f32 by gemm_f32::gemm::f32::get_gemm_fn; f64 by gemm_f64::gemm::f64::get_gemm_fn;);
