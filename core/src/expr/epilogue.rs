//! What is done with a product's elements as soon as they are there.

use super::kernel::Kernel;
use crate::dtype::DType;

/// Elementwise code over the elements of a product.
///
/// The kernel's axes are those of the product, (batch…, m, n); unlike those of a kernel that runs by itself they are
/// not collapsed, so that a backend finds rows and columns again. It has no reduction.
#[derive(Clone, Debug)]
pub struct Epilogue {
    /// The code, its other inputs and its scalars. `Load` of the number [`Epilogue::product`] is the product's element.
    pub kernel: Kernel,
    /// Dtype of the product's elements.
    pub dtype: DType,
}

impl Epilogue {
    /// The number under which the code loads the product's element: that of the input after the last.
    pub fn product(&self) -> usize {
        self.kernel.inputs.len()
    }
}
