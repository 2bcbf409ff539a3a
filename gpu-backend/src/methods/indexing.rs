//! Indexing: elements by index.

use std::sync::Arc;

use polyarray_core::Result;
use polyarray_core::array::{Buffer, Operand};
use polyarray_core::backend::specs;
use polyarray_core::backend::{SpecKernel, kernels, single};
use polyarray_core::expr::Layout;
use polyarray_shaders::methods::take;

use super::memory;
use crate::array::GpuBackend;

kernels! { INDEXING;
    "gpu": specs::Take = SpecKernel::new(|cx, spec, o| {
        Ok(single(GpuBackend::open(cx.instance.index)?.take(&o[0], &o[1], spec)?))
    });
}

impl GpuBackend {
    /// The operand seen under another shape: as it lies where that can be, else from a dense copy.
    fn reshaped(&self, x: &Operand, shape: &[usize]) -> Result<(Arc<dyn Buffer>, Layout)> {
        match x.layout.reshape(shape) {
            Some(layout) => Ok((Arc::clone(&x.buffer), layout)),
            None => Ok((self.dense(x)?, Layout::dense(shape))),
        }
    }

    /// The elements of `x` at `indices`, which are in bounds. Both live here.
    ///
    /// # Errors
    /// Out of memory, device lost, operands beyond 32-bit indices.
    pub fn take(&self, x: &Operand, indices: &Operand, spec: &specs::Take) -> Result<Arc<dyn Buffer>> {
        let shape = &x.layout.shape;
        let outer = shape[..spec.axis].iter().product();
        let inner = shape[spec.axis + 1..].iter().product();
        let (source, layout) = self.reshaped(x, &[outer, spec.len, inner])?;
        let count = indices.layout.len();
        let (at, index) = self.reshaped(indices, &[count])?;
        let dtype = x.buffer.dtype();
        let job = take::Take {
            dtype,
            outer,
            length: spec.len,
            inner,
            source_len: source.len(),
            source_offset: layout.offset,
            source_strides: [layout.strides[0], layout.strides[1], layout.strides[2]],
            index_dtype: at.dtype(),
            count,
            index_len: at.len(),
            index_offset: index.offset,
            index_stride: index.strides[0],
        };
        let plan = self.planned("take", take::plan(&job, &self.device().profile().for_shaders()))?;
        let inputs = [memory(&source, "take")?, memory(&at, "take")?];
        self.execute("take", &plan, &inputs, (dtype, outer * count * inner))
    }
}
