//! The host as a backend of arrays.

use crate::fused::program::{LONGEST_ROW, Program};
use crate::fused::reduce::{reduce, reducible};
use crate::identity::{KIND, cpu};
use polyarray_core::array::{ArrayBackend, Buffer, HOST, HostBuffer, KernelLimits, Query, downcast};
use polyarray_core::backend::Layout;
use polyarray_core::dispatch::{Instance, Key};
use polyarray_core::expr::{Kernel, Output};
use polyarray_core::{DType, Error, Result, Unsupported};
use std::sync::Arc;

/// The host: kernels run on rayon's threads, arrays live in host memory. Results are ready when `run` returns.
#[derive(Clone, Copy, Debug)]
pub struct CpuBackend;

/// The one instance.
pub static BACKEND: CpuBackend = CpuBackend;

impl ArrayBackend for CpuBackend {
    fn instance(&self) -> Instance {
        cpu.instance(0)
    }

    fn identity(&self) -> String {
        crate::identity::identity().into()
    }

    fn residency(&self) -> Key {
        *HOST
    }

    fn supports(&self, query: Query) -> Result<(), Unsupported> {
        match query {
            Query::Map(op, dtype) if !op.info().kinds.has(dtype.kind()) => {
                Err(Unsupported::Op(op.name(), dtype))
            }
            Query::Reduce(op, dtype) if !reducible(op, dtype) => Err(Unsupported::Op(op.name(), dtype)),
            _ => Ok(()),
        }
    }

    fn limits(&self) -> KernelLimits {
        // A kernel's inputs are numbered by a byte, and one number is the product's whose epilogue it is.
        KernelLimits { inputs: 254, axes: usize::MAX, row: LONGEST_ROW }
    }

    fn default_float(&self) -> DType {
        DType::F64
    }

    fn fits(&self, dtype: DType, len: usize) -> Result<()> {
        let bytes = len as u128 * dtype.size() as u128;
        if bytes <= isize::MAX as u128 {
            return Ok(());
        }
        Err(Error::TooLarge { place: "host".into(), bytes, detail: "the address space".into() })
    }

    fn run(&self, kernel: &Kernel) -> Result<Arc<dyn Buffer>> {
        Ok(Arc::new(match kernel.output {
            Output::Map | Output::Rows { .. } => Program::map(kernel)?,
            Output::Reduce { op, .. } => reduce(kernel, op)?,
        }))
    }

    fn run_into(&self, kernel: &Kernel, out: &mut HostBuffer, part: &Layout) -> Result<bool> {
        Program::map_into(kernel, out, part)
    }

    fn upload(&self, host: &HostBuffer) -> Result<Arc<dyn Buffer>> {
        Ok(Arc::new(copy(host)?))
    }

    fn download(&self, buffer: &dyn Buffer) -> Result<HostBuffer> {
        copy(downcast(buffer, KIND, "download")?)
    }

    fn synchronize(&self) -> Result<()> {
        Ok(())
    }
}

fn copy(from: &HostBuffer) -> Result<HostBuffer> {
    let mut to = HostBuffer::unwritten(from.dtype(), from.len())?;
    to.bytes_mut().copy_from_slice(from.bytes());
    Ok(to)
}
