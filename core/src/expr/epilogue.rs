//! Elementwise code fused onto a product.

use super::kernel::Kernel;
use crate::dtype::DType;

/// Elementwise code over the elements of a product.
///
/// The kernel's axes are those of the product, (batch…, m, n). Unlike other kernels' they are not collapsed, so that a
/// backend can tell rows from columns. It has no reduction.
#[derive(Clone, Debug)]
pub struct Epilogue {
    /// The code, its other inputs and its scalars. `Load` of the number [`Epilogue::product`] is the product's element.
    pub kernel: Kernel,
    /// Dtype of the product's elements.
    pub dtype: DType,
}

impl Epilogue {
    /// The number by which the code loads the product's element: the number of inputs.
    pub fn product(&self) -> usize {
        self.kernel.inputs.len()
    }
}
