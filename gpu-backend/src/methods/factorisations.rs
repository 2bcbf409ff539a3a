//! Blocks of factorisations.

use polyarray_core::Result;
use polyarray_core::array::{Buffer, Operand};
use polyarray_core::backend::specs::Block;
use polyarray_core::backend::{Buffers, Cx, Spec, SpecKernel, Unsupported, kernels};
use polyarray_shaders::linalg;
use std::sync::Arc;

use super::{memory, shader_profile, unsupported};
use crate::array::{DeviceBuffer, GpuBackend};

kernels! { FACTORISATIONS;
    "gpu": Block = SpecKernel::new(|cx, spec, o| GpuBackend::open(cx.instance.index)?.factorised(o, spec))
        .supporting(fits);
}

fn fits(cx: Cx, spec: &Block) -> Result<(), Unsupported> {
    linalg::check(spec, &shader_profile(cx)?).map_err(|error| unsupported(spec.name(), error))
}

impl GpuBackend {
    /// The results of a block of operands that live here.
    ///
    /// # Errors
    /// Out of memory, device lost.
    pub fn factorised(&self, operands: &[Operand], spec: &Block) -> Result<Buffers> {
        let (device, op) = (self.device(), spec.name());
        let plan = self.planned(op, linalg::plan(spec, &device.profile().for_shaders()))?;
        let operands = operands.iter().map(|x| self.dense(x)).collect::<Result<Vec<_>>>()?;
        let results = DeviceBuffer::of_results(&device, spec.outputs(), op)?;
        let mut inputs = operands.iter().map(|x| memory(x, op)).collect::<Result<Vec<_>>>()?;
        inputs.extend(results[1..].iter().map(|x| x.memory()));
        device.execute_into(op, &plan, &inputs, results[0].memory())?;
        Ok(results.into_iter().map(|x| Arc::new(x) as Arc<dyn Buffer>).collect())
    }
}
