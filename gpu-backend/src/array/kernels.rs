//! The methods that are no fused kernel: matrix products, concatenation, elements by index.

use std::sync::Arc;

use polyarray_core::Result;
use polyarray_core::array::{Buffer, Operand, own};
use polyarray_core::backend::{Cx, SpecKernel, Unsupported, kernels};
use polyarray_core::expr::{Epilogue, Layout, Strides, layout::collapse};
use polyarray_core::numpy as np;
use polyarray_shaders::matmul::Terms;
use polyarray_shaders::methods::{copy_region, take};
use polyarray_shaders::{matmul, plan};

use super::backend::GpuBackend;
use super::buffer::DeviceBuffer;
use super::kind::KIND;

kernels! { GPU_KERNELS;
    "gpu": np::Matmul = SpecKernel::new(|cx, spec, o| {
            let backend = GpuBackend::open(cx.instance.index)?;
            Ok(std::iter::once(backend.matmul(&o[0], &o[1], spec, terms(spec))?).collect())
        })
        .with_epilogue(|cx, spec, o, epilogue| {
            GpuBackend::open(cx.instance.index)?.matmul_epilogue(&o[0], &o[1], spec, terms(spec), epilogue)
        })
        .supporting(multiplies);
    "gpu": np::Concat = SpecKernel::new(|cx, spec, parts| {
        Ok(std::iter::once(GpuBackend::open(cx.instance.index)?.concat(parts, spec)?).collect())
    });
    "gpu": np::Take = SpecKernel::new(|cx, spec, o| {
        Ok(std::iter::once(GpuBackend::open(cx.instance.index)?.take(&o[0], &o[1], spec)?).collect())
    });
}

fn terms(spec: &np::Matmul) -> Terms {
    match spec.terms {
        np::Terms::Bits => Terms::Bits,
        np::Terms::Products => Terms::Products,
    }
}

/// Packed dtypes are multiplied in wider ones, and operands are cast first to what they are multiplied in.
fn multiplies(_: Cx, spec: &np::Matmul) -> Result<(), Unsupported> {
    match terms(spec) {
        Terms::Bits => Ok(()),
        Terms::Products if spec.dtype.size() < 4 => Err(Unsupported::DType(spec.dtype)),
        Terms::Products if spec.dtype != spec.out => {
            Err(Unsupported::Because("it has no kernel for a product of these dtypes"))
        }
        Terms::Products => Ok(()),
    }
}

fn memory<'a>(buffer: &'a Arc<dyn Buffer>, op: &str) -> Result<&'a crate::pool::GpuBuffer> {
    Ok(own::<DeviceBuffer>(&**buffer, KIND, op)?.memory())
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
        spec: &np::Matmul,
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
        spec: &np::Matmul,
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

    /// The parts, which live here, one after another.
    ///
    /// # Errors
    /// Out of memory, device lost.
    pub fn concat(&self, parts: &[Operand], spec: &np::Concat) -> Result<Arc<dyn Buffer>> {
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
    pub fn take(&self, x: &Operand, indices: &Operand, spec: &np::Take) -> Result<Arc<dyn Buffer>> {
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

/// The product as the shaders know it, and its epilogue over the same axes: batch axes that all walk as one are one.
fn matmul_job(
    a: &Operand,
    b: &Operand,
    spec: &np::Matmul,
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
