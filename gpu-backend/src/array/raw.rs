//! A user's WGSL over arrays.

use std::collections::BTreeSet;
use std::sync::Arc;

use parking_lot::Mutex;

use polyarray_core::array::downcast;
use polyarray_core::backend::{
    Buffer, Buffers, Cx, Dims, Layout, Operand, Outputs, Spec, SpecKernel, Stop, output, record_with, single,
};
use polyarray_core::{Array, DType, Error, Result};
use polyarray_shaders::plan;

use super::backend::GpuBackend;
use super::buffer::DeviceBuffer;
use super::kind::KIND;
use crate::error::GpuError;
use crate::raw::RawKernel;
use crate::submit::Window;

/// The shape of a kernel's result, from the shapes of its operands.
pub type ShapeOf = fn(&[&[usize]]) -> Result<Vec<usize>>;

/// A user's kernel as a function of arrays: it reads its operands from bindings 0, 1, … and writes its
/// result to the last one. Register [`ArrayKernel::record`] as the GPU's implementation of a
/// multimethod, or call it from one.
#[derive(Debug, Clone)]
pub struct ArrayKernel {
    kernel: RawKernel,
    output: DType,
    shape: ShapeOf,
    lanes: fn(usize) -> usize,
}

impl ArrayKernel {
    /// A kernel whose result has this dtype, and the shape that `shape` gives; one lane per element of
    /// the result.
    pub fn new(kernel: RawKernel, output: DType, shape: ShapeOf) -> Self {
        Self { kernel, output, shape, lanes: |elements| elements }
    }

    /// Another number of lanes: from the number of elements of the result.
    #[must_use]
    pub fn lanes(mut self, lanes: fn(usize) -> usize) -> Self {
        self.lanes = lanes;
        self
    }

    /// Records a call on the GPU that the call was dispatched to. A view of consecutive elements is bound as a part of
    /// its buffer where bindings may begin there; other views are made dense first. `params` are the kernel's immediates.
    ///
    /// # Errors
    /// Failed: [`Error::Shape`] of `shape`'s own; [`Error::Backend`] where the kernel does not compile,
    /// its bindings are not one per operand and one for the result, or their element types are not the
    /// arrays'.
    pub fn record(&self, cx: Cx, operands: &[&Array], params: &[u8]) -> Result<Array, Stop<Error>> {
        let backend = GpuBackend::open(cx.instance.index)?;
        self.check(backend, operands)?;
        let shapes: Vec<&[usize]> = operands.iter().map(|operand| operand.shape()).collect();
        let shape = (self.shape)(&shapes)?;
        let spec = RawCall { kernel: self.clone(), shape: shape.into(), params: params.to_vec() };
        let mut results = record_with(cx, spec, operands, SpecKernel::new(run))?;
        Ok(results.remove(0))
    }

    /// What can be told before anything runs: the kernel compiles and binds what it is given.
    fn check(&self, backend: &GpuBackend, operands: &[&Array]) -> Result<()> {
        let pipeline = self.kernel.compile(&backend.device())?;
        let complain = |problem: String| {
            Error::from(GpuError::Binding { kernel: self.kernel.name().to_owned(), problem })
        };
        let dtypes: Vec<DType> =
            operands.iter().map(|operand| operand.dtype()).chain([self.output]).collect();
        if dtypes.len() != pipeline.bindings().len() {
            return Err(complain(format!(
                "it binds {} buffers; {} operands and a result were given",
                pipeline.bindings().len(),
                operands.len()
            )));
        }
        for (binding, dtype) in pipeline.bindings().iter().zip(dtypes) {
            let fits = binding.element.is_none_or(|element| elements_of(dtype).contains(&element));
            if !fits {
                return Err(complain(format!(
                    "`{}` is an array of {}, which can't hold {dtype} ({})",
                    binding.name,
                    binding.element.unwrap_or("a struct"),
                    elements_of(dtype).join(" or ")
                )));
            }
        }
        Ok(())
    }

    fn run(
        &self,
        backend: &GpuBackend,
        operands: &[Operand],
        params: &[u8],
        len: usize,
    ) -> Result<Arc<dyn Buffer>> {
        let device = backend.device();
        let output = device.allocate(plan::buffer_bytes(self.output, len), self.kernel.name())?;
        let shown =
            operands.iter().map(|operand| shown(backend, operand)).collect::<Result<Vec<Operand>>>()?;
        let mut windows = shown
            .iter()
            .map(|Operand { buffer, layout }| {
                let memory = downcast::<DeviceBuffer>(&**buffer, KIND, self.kernel.name())?.memory();
                let size = buffer.dtype().size();
                let bytes = (layout.len() * size).next_multiple_of(4).max(4) as u64;
                Ok(Window { buffer: memory, offset: (layout.offset * size) as u64, bytes })
            })
            .collect::<Result<Vec<_>>>()?;
        windows.push(Window::from(&output));
        self.kernel.launch_over(&device, &windows, params, (self.lanes)(len) as u64)?;
        Ok(Arc::new(DeviceBuffer::new(self.output, len, output)))
    }
}

/// The operand as a kernel may be shown it: its elements in order, from where a binding may begin. A view of whole
/// rows is one; other views are copied.
fn shown(backend: &GpuBackend, operand: &Operand) -> Result<Operand> {
    let Operand { buffer, layout } = operand;
    let alignment = backend.device().profile().offset_alignment as usize;
    if layout.is_contiguous() && (layout.offset * buffer.dtype().size()).is_multiple_of(alignment) {
        return Ok(operand.clone());
    }
    Ok(Operand { buffer: backend.dense(operand)?, layout: Layout::dense(&layout.shape) })
}

/// One call of a kernel.
#[derive(Debug, Clone)]
struct RawCall {
    kernel: ArrayKernel,
    shape: Dims,
    params: Vec<u8>,
}

impl PartialEq for RawCall {
    fn eq(&self, other: &Self) -> bool {
        let name = |call: &RawCall| call.kernel.kernel.name().to_owned();
        (name(self), &self.shape, &self.params) == (name(other), &other.shape, &other.params)
    }
}

impl Spec for RawCall {
    const NAME: &'static str = "raw kernel";

    fn name(&self) -> &'static str {
        // Interned: a program has few kernels, and traces keep names for as long as it runs.
        static NAMES: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());
        let mut names = NAMES.lock();
        let name = self.kernel.kernel.name();
        match names.get(name) {
            Some(known) => known,
            None => {
                let name: &'static str = Box::leak(name.into());
                names.insert(name);
                name
            }
        }
    }

    fn outputs(&self) -> Outputs {
        output(self.shape.clone(), self.kernel.output)
    }
}

fn run(cx: Cx, spec: &RawCall, operands: &[Operand]) -> Result<Buffers> {
    let len = spec.shape.iter().product();
    let buffer = spec.kernel.run(GpuBackend::open(cx.instance.index)?, operands, &spec.params, len)?;
    Ok(single(buffer))
}

/// The WGSL scalars that a kernel may see the elements of a dtype as.
fn elements_of(dtype: DType) -> &'static [&'static str] {
    match dtype {
        DType::Bool | DType::I8 | DType::U8 | DType::I16 | DType::U16 => &["u32"],
        DType::I32 => &["i32", "u32"],
        DType::U32 => &["u32"],
        DType::I64 => &["i64", "u32"],
        DType::U64 => &["u64", "u32"],
        DType::F16 => &["f16", "u32"],
        DType::F32 => &["f32", "u32"],
        DType::C64 => &["f32"],
        DType::F64 => &["f64", "u32"],
        DType::C128 => &["f64"],
    }
}
