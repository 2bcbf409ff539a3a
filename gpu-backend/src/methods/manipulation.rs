//! Manipulation: joining arrays.

use std::sync::Arc;

use polyarray_core::Result;
use polyarray_core::array::{Buffer, Operand};
use polyarray_core::backend::specs;
use polyarray_core::backend::{SpecKernel, kernels, single};
use polyarray_core::expr::layout::collapse;
use polyarray_shaders::methods::copy_region;
use polyarray_shaders::plan;

use super::memory;
use crate::array::{DeviceBuffer, GpuBackend};

kernels! { MANIPULATION;
    "gpu": specs::Concat = SpecKernel::new(|cx, spec, parts| {
        Ok(single(GpuBackend::open(cx.instance.index)?.concat(parts, spec)?))
    });
}

impl GpuBackend {
    /// The parts, which live here, one after another.
    ///
    /// # Errors
    /// Out of memory, device lost.
    pub fn concat(&self, parts: &[Operand], spec: &specs::Concat) -> Result<Arc<dyn Buffer>> {
        let device = self.device();
        let len = spec.shape.iter().product();
        let output = device.allocate(plan::buffer_bytes(spec.dtype, len), "concat")?;
        let inner: usize = spec.shape[spec.axis + 1..].iter().product();
        let mut column = 0;
        for part in parts {
            let layout = &part.layout;
            let run = layout.shape[spec.axis] * inner;
            let mut strides = [layout.strides.clone()];
            let (dims, _) = collapse(&layout.shape, layout.shape.len(), &mut strides);
            let job = copy_region::CopyRegion {
                dtype: spec.dtype,
                rows: spec.shape[..spec.axis].iter().product(),
                row_length: spec.shape[spec.axis] * inner,
                column,
                run,
                dims: dims.to_vec(),
                strides: strides[0].to_vec(),
                offset: layout.offset,
                len: part.buffer.len(),
            };
            let plan = self.planned("concat", copy_region::plan(&job, &device.profile().for_shaders()))?;
            device.execute_into("concat", &plan, &[memory(&part.buffer, "concat")?], &output)?;
            column += run;
        }
        Ok(Arc::new(DeviceBuffer::new(spec.dtype, len, output)))
    }
}
