//! Matrix products.

use std::sync::Arc;

use polyarray_core::Result;
use polyarray_core::array::{Buffer, Operand};
use polyarray_core::backend::specs;
use polyarray_core::backend::{Cx, SpecKernel, Unsupported, kernels, single};
use polyarray_core::expr::{Epilogue, Strides, layout::collapse};
use polyarray_shaders::matmul::{self, Terms};

use super::memory;
use crate::array::GpuBackend;

kernels! { LINALG;
    "gpu": specs::Matmul = SpecKernel::new(|cx, spec, o| {
            let backend = GpuBackend::open(cx.instance.index)?;
            Ok(single(backend.matmul(&o[0], &o[1], spec, terms(spec))?))
        })
        .with_epilogue(|cx, spec, o, epilogue| {
            GpuBackend::open(cx.instance.index)?.matmul_epilogue(&o[0], &o[1], spec, terms(spec), epilogue)
        })
        .supporting(multiplies);
}

fn terms(spec: &specs::Matmul) -> Terms {
    match spec.terms {
        specs::Terms::Bits => Terms::Bits,
        specs::Terms::Products => Terms::Products,
    }
}

/// Packed dtypes are multiplied in wider ones, and operands are cast first to what they are multiplied in.
fn multiplies(_: Cx, spec: &specs::Matmul) -> Result<(), Unsupported> {
    match terms(spec) {
        Terms::Bits => Ok(()),
        Terms::Products if spec.dtype.size() < 4 => Err(Unsupported::DType(spec.dtype)),
        Terms::Products if spec.dtype != spec.out => {
            Err(Unsupported::Because("it has no kernel for a product of these dtypes"))
        }
        Terms::Products => Ok(()),
    }
}

impl GpuBackend {
    /// The matrix product of two operands that live here, whose dtype is not packed.
    ///
    /// # Errors
    /// Out of memory, device lost, operands beyond 32-bit indices.
    pub fn matmul(
        &self,
        a: &Operand,
        b: &Operand,
        spec: &specs::Matmul,
        terms: Terms,
    ) -> Result<Arc<dyn Buffer>> {
        let (job, _) = matmul_job(a, b, spec, None);
        let operands = [memory(&a.buffer, "matmul")?, memory(&b.buffer, "matmul")?];
        let profile = self.device().profile().for_shaders();
        let plan = self.planned("matmul", matmul::plan(&job, terms, &profile))?;
        let len = spec.batch.iter().product::<usize>() * spec.m * spec.n;
        self.execute("matmul", &plan, &operands, (spec.out, len))
    }

    /// The product and what is done with its elements, if that is one kernel here.
    ///
    /// # Errors
    /// As [`GpuBackend::matmul`].
    pub fn matmul_epilogue(
        &self,
        a: &Operand,
        b: &Operand,
        spec: &specs::Matmul,
        terms: Terms,
        epilogue: &Epilogue,
    ) -> Result<Option<Arc<dyn Buffer>>> {
        let (job, epilogue) = matmul_job(a, b, spec, Some(epilogue));
        let Some(epilogue) = epilogue else { return Ok(None) };
        let profile = self.device().profile().for_shaders();
        // What can't be planned together is planned, or fails, one after the other.
        let Ok(plan) = matmul::plan_epilogue(&job, terms, &epilogue, &profile) else { return Ok(None) };
        let kernel = &epilogue.kernel;
        let label = format!("matmul {}", kernel.label());
        let buffers = [&a.buffer, &b.buffer].into_iter().chain(kernel.inputs.iter().map(|i| &i.buffer));
        let inputs = buffers.map(|buffer| memory(buffer, &label)).collect::<Result<Vec<_>>>()?;
        self.execute(&label, &plan, &inputs, (kernel.output_dtype(), kernel.output_len())).map(Some)
    }
}

/// The product as the shaders know it, and its epilogue over the same axes: batch axes that all walk as one are one.
fn matmul_job(
    a: &Operand,
    b: &Operand,
    spec: &specs::Matmul,
    epilogue: Option<&Epilogue>,
) -> (matmul::Matmul, Option<Epilogue>) {
    let batches = spec.batch.len();
    let others = epilogue.iter().flat_map(|e| &e.kernel.inputs).map(|input| &input.strides);
    let all = [&a.layout.strides, &b.layout.strides].into_iter().chain(others);
    let mut strides: Vec<Strides> = all.map(|strides| strides[..batches].into()).collect();
    let (batch, _) = collapse(&spec.batch, batches, &mut strides);
    let operand = |x: &Operand, batch: &[isize]| matmul::Operand {
        len: x.buffer.len(),
        offset: x.layout.offset,
        batch_strides: batch.to_vec(),
        row_stride: x.layout.strides[batches],
        column_stride: x.layout.strides[batches + 1],
    };
    let epilogue = epilogue.map(|epilogue| {
        let mut epilogue = epilogue.clone();
        epilogue.kernel.dims = batch.iter().copied().chain([spec.m, spec.n]).collect();
        for (input, batch) in epilogue.kernel.inputs.iter_mut().zip(&strides[2..]) {
            let matrix = &input.strides[batches..];
            input.strides = batch.iter().chain(matrix).copied().collect();
        }
        epilogue
    });
    let job = matmul::Matmul {
        dtype: spec.dtype,
        batch: batch.to_vec(),
        m: spec.m,
        k: spec.k,
        n: spec.n,
        a: operand(a, &strides[0]),
        b: operand(b, &strides[1]),
    };
    (job, epilogue)
}
