//! A user's WGSL over arrays.

use std::collections::BTreeSet;
use std::sync::Arc;

use parking_lot::Mutex;

use polyarray_core::array::downcast;
use polyarray_core::backend::{
    Buffer, Buffers, Cx, Dims, Layout, Operand, Outputs, Spec, SpecKernel, Stop, output, record_with,
};
use polyarray_core::{Array, DType, Error, Result};
use smallvec::SmallVec;

use super::backend::GpuBackend;
use super::buffer::DeviceBuffer;
use super::kind::KIND;
use crate::device::Gpu;
use crate::error::GpuError;
use crate::raw::RawKernel;
use crate::submit::Window;

/// The shape of a kernel's result, from the shapes of its operands.
pub type ShapeOf = fn(&[&[usize]]) -> Result<Vec<usize>>;

/// How often a kernel runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grid {
    /// So many invocations at least, in workgroups that are spread over two dimensions where one can't hold them, as
    /// [`RawKernel::launch_over`] does.
    Lanes(u64),
    /// So many workgroups.
    Groups([u32; 3]),
}

impl RawKernel {
    /// Records a call on the GPU that a call was dispatched to: operands are read from bindings 0, 1, …, and results, each of
    /// this shape and dtype, written to those after them. A view of consecutive elements is bound as a part of its buffer where
    /// bindings may begin there; other views are made dense first. Elements that the kernel does not write have any value.
    /// `params` are the kernel's immediates.
    ///
    /// # Errors
    /// Failed: [`Error::Backend`] where the kernel does not compile, with the compiler's message; where its bindings are not one
    /// for each operand and each result, their element types are not the arrays', its immediates are not as long as
    /// `params`, or the grid is larger than the device's limit.
    pub fn record(
        &self,
        cx: Cx,
        operands: &[&Array],
        outputs: Outputs,
        grid: Grid,
        params: &[u8],
    ) -> Result<SmallVec<[Array; 3]>, Stop<Error>> {
        let inputs = operands.iter().map(|operand| operand.dtype());
        let dtypes: Vec<DType> = inputs.chain(outputs.iter().map(|(_, dtype)| *dtype)).collect();
        let gpu = GpuBackend::open(cx.instance.index)?.device();
        self.check(&gpu, &dtypes, operands.len(), grid, params).map_err(Error::from)?;
        let spec = RawCall { kernel: self.clone(), outputs, grid, params: params.to_vec() };
        record_with(cx, spec, operands, SpecKernel::new(run))
    }

    /// What can be told before anything runs: the kernel compiles, and takes what it is given.
    fn check(
        &self,
        gpu: &Gpu,
        dtypes: &[DType],
        operands: usize,
        grid: Grid,
        params: &[u8],
    ) -> Result<(), GpuError> {
        let pipeline = self.compile(gpu)?;
        let complain = |problem: String| Err(GpuError::Binding { kernel: self.name().to_owned(), problem });
        if dtypes.len() != pipeline.bindings().len() {
            return complain(format!(
                "it binds {} buffers; {operands} operands and {} results were given",
                pipeline.bindings().len(),
                dtypes.len() - operands
            ));
        }
        if params.len() != pipeline.immediates() as usize {
            return complain(format!(
                "it takes {} bytes of immediates, {} were given",
                pipeline.immediates(),
                params.len()
            ));
        }
        for (binding, &dtype) in pipeline.bindings().iter().zip(dtypes) {
            let fits = binding.element.is_none_or(|element| elements_of(dtype).contains(&element));
            if !fits {
                return complain(format!(
                    "`{}` is an array of {}, which can't hold {dtype} ({})",
                    binding.name,
                    binding.element.unwrap_or("a struct"),
                    elements_of(dtype).join(" or ")
                ));
            }
        }
        let limit = gpu.profile().max_groups;
        match grid {
            Grid::Groups(groups) if groups.iter().any(|&n| n > limit) => Err(GpuError::Grid {
                kernel: self.name().to_owned(),
                device: gpu.title(),
                asked: groups.map(u64::from),
                limit,
            }),
            _ => Ok(()),
        }
    }
}

/// A user's kernel as a function of arrays with one result. Register [`ArrayKernel::record`] as the GPU's implementation of a
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

    /// Records a call, as [`RawKernel::record`] does.
    ///
    /// # Errors
    /// Failed: [`Error::Shape`] of `shape`'s own; those of [`RawKernel::record`].
    pub fn record(&self, cx: Cx, operands: &[&Array], params: &[u8]) -> Result<Array, Stop<Error>> {
        let shapes: Vec<&[usize]> = operands.iter().map(|operand| operand.shape()).collect();
        let shape: Dims = (self.shape)(&shapes)?.into();
        let lanes = (self.lanes)(shape.iter().product()) as u64;
        let outputs = output(shape, self.output);
        Ok(self.kernel.record(cx, operands, outputs, Grid::Lanes(lanes), params)?.remove(0))
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
#[derive(Debug, Clone, PartialEq)]
struct RawCall {
    kernel: RawKernel,
    outputs: Outputs,
    grid: Grid,
    params: Vec<u8>,
}

impl Spec for RawCall {
    const NAME: &'static str = "raw kernel";

    fn name(&self) -> &'static str {
        // Interned: a program has few kernels, and traces keep names for as long as it runs.
        static NAMES: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());
        let mut names = NAMES.lock();
        let name = self.kernel.name();
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
        self.outputs.clone()
    }
}

fn run(cx: Cx, spec: &RawCall, operands: &[Operand]) -> Result<Buffers> {
    let backend = GpuBackend::open(cx.instance.index)?;
    let (device, name) = (backend.device(), spec.kernel.name());
    let results = DeviceBuffer::of_results(&device, spec.outputs.clone(), name)?;
    let shown = operands.iter().map(|operand| shown(backend, operand)).collect::<Result<Vec<Operand>>>()?;
    let mut windows = shown
        .iter()
        .map(|Operand { buffer, layout }| {
            let memory = downcast::<DeviceBuffer>(&**buffer, KIND, name)?.memory();
            let size = buffer.dtype().size();
            let bytes = (layout.len() * size).next_multiple_of(4).max(4) as u64;
            Ok(Window { buffer: memory, offset: (layout.offset * size) as u64, bytes })
        })
        .collect::<Result<Vec<_>>>()?;
    windows.extend(results.iter().map(|result| Window::from(result.memory())));
    match spec.grid {
        Grid::Lanes(lanes) => spec.kernel.launch_over(&device, &windows, &spec.params, lanes)?,
        Grid::Groups(groups) => spec.kernel.launch(&device, &windows, &spec.params, groups)?,
    }
    drop(windows);
    Ok(results.into_iter().map(|result| Arc::new(result) as Arc<dyn Buffer>).collect())
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
