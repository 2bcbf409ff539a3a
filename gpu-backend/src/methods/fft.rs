//! Fourier transforms, and the tables that they read.

use std::sync::Arc;

use polyarray_core::array::{ArrayBackend, Buffer, HostBuffer, Operand};
use polyarray_core::backend::specs::{self, Transform};
use polyarray_core::backend::{Cx, Layout, SpecKernel, Unsupported, kernels, single};
use polyarray_core::{DType, Result};
use polyarray_shaders::fft::{self, Table};

use super::{memory, shader_profile, unsupported, view};
use crate::array::GpuBackend;

kernels! { FFT;
    "gpu": specs::Fft = SpecKernel::new(|cx, spec, o| {
            Ok(single(GpuBackend::open(cx.instance.index)?.transform(&o[0], spec)?))
        })
        .supporting(fits);
}

fn fits(cx: Cx, spec: &specs::Fft) -> Result<(), Unsupported> {
    fft::check(spec, &shader_profile(cx)?).map_err(|error| unsupported("fft", error))
}

impl GpuBackend {
    /// The transforms of the rows of an operand that lives here.
    ///
    /// # Errors
    /// Out of memory, device lost, rows longer than a binding.
    pub fn transform(&self, x: &Operand, spec: &specs::Fft) -> Result<Arc<dyn Buffer>> {
        let profile = self.device().profile().for_shaders();
        let (plan, tables) = self.planned("fft", fft::plan(spec, &view(x), &profile))?;
        let tables = tables.into_iter().map(|table| self.table(table, spec.dtype));
        let tables = tables.collect::<Result<Vec<_>>>()?;
        let inputs = [&x.buffer].into_iter().chain(&tables).map(|buffer| memory(buffer, "fft"));
        let inputs = inputs.collect::<Result<Vec<_>>>()?;
        let [_, width] = spec.lengths();
        let real = spec.transform == Transform::RealBackward;
        let dtype = if real { spec.dtype.real() } else { spec.dtype };
        self.execute("fft", &plan, &inputs, (dtype, spec.rows * width))
    }

    /// A table, as it is kept or made anew.
    fn table(&self, table: Table, dtype: DType) -> Result<Arc<dyn Buffer>> {
        if let Some(found) = self.tables().find(table, dtype, &self.device()) {
            return Ok(found);
        }
        let mut made = self.upload(&elements(table, dtype)?)?;
        if let Table::Spectrum { len, .. } = table {
            let spec =
                specs::Fft { rows: 1, len, given: len, dtype, transform: Transform::Forward, scale: 1.0 };
            made = self.transform(&Operand { buffer: made, layout: Layout::dense(&[1, len]) }, &spec)?;
        }
        self.tables().keep(table, dtype, &made);
        Ok(made)
    }
}

fn elements(table: Table, dtype: DType) -> Result<HostBuffer> {
    let numbers = table.elements();
    let mut host = HostBuffer::unwritten(dtype, numbers.len())?;
    let bytes = host.bytes_mut();
    match dtype {
        DType::C128 => bytes.copy_from_slice(bytemuck::cast_slice(&numbers)),
        _ => {
            let narrow: Vec<[f32; 2]> = numbers.iter().map(|z| z.map(|x| x as f32)).collect();
            bytes.copy_from_slice(bytemuck::cast_slice(&narrow));
        }
    }
    Ok(host)
}
