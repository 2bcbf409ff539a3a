//! Reductions over more elements than a kernel's 32-bit indices count: what is reduced is broadcast or computed, and never
//! stored. The iteration space is cut along its first axis, and again while a part is too long.

use std::sync::Arc;

use polyarray_core::array::{ArrayBackend, Buffer, Operand};
use polyarray_core::backend::{Layout, specs};
use polyarray_core::expr::kernel::Id;
use polyarray_core::expr::layout::row_major;
use polyarray_core::expr::{Dims, Input, Instr, Kernel, Op, Output, Reduction, Value};
use polyarray_core::{DType, Result, Scalar};

use super::backend::GpuBackend;

/// A dense buffer as an input of a kernel over one axis.
fn along(buffer: &Arc<dyn Buffer>) -> Input {
    Input { buffer: Arc::clone(buffer), strides: row_major(&[buffer.len()]), offset: 0 }
}

/// One element for all.
fn everywhere(buffer: &Arc<dyn Buffer>) -> Input {
    Input { strides: [0].as_slice().into(), ..along(buffer) }
}

/// The kernel over a part of its first axis, `len` elements from `start` on.
fn part(kernel: &Kernel, start: usize, len: usize) -> Kernel {
    let mut part = kernel.clone();
    for input in &mut part.inputs {
        input.offset = input.offset.wrapping_add_signed(start as isize * input.strides[0]);
    }
    part.dims[0] = len;
    if len == 1 {
        part.dims.remove(0);
        for input in &mut part.inputs {
            input.strides.remove(0);
        }
        if let Output::Reduce { split, .. } = &mut part.output {
            *split = split.saturating_sub(1);
        }
    }
    part
}

/// The reduction, if a kernel is one of more than `most` elements. Not of their indices, which are those of a whole, nor
/// of rows, which have kernels of their own.
pub(super) fn in_parts(kernel: &Kernel, most: usize) -> Option<Reduction> {
    let whole = |value: &Value| matches!(value.instr, Instr::Iota | Instr::Reduce(..));
    match kernel.output {
        Output::Reduce { op, .. } if kernel.dims.iter().product::<usize>() > most => {
            (!kernel.code.iter().any(whole)).then_some(op)
        }
        _ => None,
    }
}

impl GpuBackend {
    /// Runs a reduction in parts of at most `most` elements each.
    ///
    /// # Errors
    /// As [`GpuBackend::run`](polyarray_core::array::ArrayBackend::run).
    pub(super) fn reduce_in_parts(
        &self,
        kernel: &Kernel,
        op: Reduction,
        most: usize,
    ) -> Result<Arc<dyn Buffer>> {
        let rest: usize = kernel.dims[1..].iter().product();
        let step = (most / rest).max(1);
        if step >= kernel.dims[0] {
            return self.run_within(kernel, most);
        }
        let reduce = |kernel: &Kernel| -> Result<Vec<Arc<dyn Buffer>>> {
            let starts = (0..kernel.dims[0]).step_by(step);
            starts
                .map(|start| self.run_within(&part(kernel, start, step.min(kernel.dims[0] - start)), most))
                .collect()
        };
        if kernel.split() > 0 {
            return self.joined(&reduce(kernel)?);
        }
        let dtype = kernel.result().dtype;
        if matches!(op, Reduction::ArgMin | Reduction::ArgMax) {
            let places = self.joined(&reduce(kernel)?)?;
            let by = if op == Reduction::ArgMin { Reduction::Min } else { Reduction::Max };
            let output = Output::Reduce { op: by, split: 0 };
            let values = self.joined(&reduce(&Kernel { output, ..kernel.clone() })?)?;
            return self.place_in_all(&values, &places, op, step * rest);
        }
        if dtype != DType::F16 {
            return self.run_along(
                &[along(&self.joined(&reduce(kernel)?)?)],
                &[],
                &[load(0, dtype)],
                Some(op),
            );
        }
        // Halves are reduced as floats and rounded once, as they are where all is computed at once.
        let mut wide = kernel.clone();
        let last = (wide.code.len() - 1) as Id;
        wide.code.push(Value { instr: Instr::Cast(last), dtype: DType::F32 });
        let joined = self.joined(&reduce(&wide)?)?;
        let all = self.run_along(&[along(&joined)], &[], &[load(0, DType::F32)], Some(op))?;
        self.run_along(
            &[along(&all)],
            &[],
            &[load(0, DType::F32), Value { instr: Instr::Cast(0), dtype }],
            None,
        )
    }

    fn run_within(&self, kernel: &Kernel, most: usize) -> Result<Arc<dyn Buffer>> {
        match in_parts(kernel, most) {
            Some(op) => self.reduce_in_parts(kernel, op, most),
            None => self.run(kernel),
        }
    }

    /// The index among all elements, from the extreme values of parts of `length` elements and their places in these.
    fn place_in_all(
        &self,
        values: &Arc<dyn Buffer>,
        places: &Arc<dyn Buffer>,
        op: Reduction,
        length: usize,
    ) -> Result<Arc<dyn Buffer>> {
        let number = self.run_along(&[along(values)], &[], &[load(0, values.dtype())], Some(op))?;
        let int = |instr| Value { instr, dtype: DType::I64 };
        let code = [
            int(Instr::Iota),
            int(Instr::Load(1)),
            Value { instr: Instr::Map(Op::Equal, [0, 1, 0]), dtype: DType::Bool },
            int(Instr::Param(0)),
            int(Instr::Map(Op::Multiply, [0, 3, 0])),
            int(Instr::Load(0)),
            int(Instr::Map(Op::Add, [4, 5, 0])),
            int(Instr::Param(1)),
            int(Instr::Map(Op::Where, [2, 6, 7])),
        ];
        let params = [Scalar::I64(length as i64), Scalar::I64(0)];
        let one = self.run_along(&[along(places), everywhere(&number)], &params, &code, None)?;
        self.run_along(&[along(&one)], &[], &[load(0, DType::I64)], Some(Reduction::Sum))
    }

    /// Runs code over one axis, as long as the first input.
    fn run_along(
        &self,
        inputs: &[Input],
        params: &[Scalar],
        code: &[Value],
        op: Option<Reduction>,
    ) -> Result<Arc<dyn Buffer>> {
        let len = inputs[0].buffer.len();
        let mut kernel = Kernel {
            dims: Dims::from_slice(&[len]),
            inputs: inputs.to_vec(),
            params: params.to_vec(),
            code: code.to_vec(),
            output: op.map_or(Output::Map, |op| Output::Reduce { op, split: 0 }),
        };
        if len == 1 {
            kernel.dims.clear();
            kernel.inputs.iter_mut().for_each(|input| input.strides.clear());
        }
        self.run(&kernel)
    }

    fn joined(&self, parts: &[Arc<dyn Buffer>]) -> Result<Arc<dyn Buffer>> {
        let dense = |buffer: &Arc<dyn Buffer>| {
            let layout = Layout::dense(&[buffer.len()]);
            Operand { buffer: Arc::clone(buffer), layout }
        };
        let len = parts.iter().map(|buffer| buffer.len()).sum();
        let shape = Dims::from_slice(&[len]);
        let parts: Vec<Operand> = parts.iter().map(dense).collect();
        let dtype = parts[0].buffer.dtype();
        self.concat(&parts, &specs::Concat { shape, dtype, axis: 0 })
    }
}

fn load(input: u8, dtype: DType) -> Value {
    Value { instr: Instr::Load(input), dtype }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adapters;
    use crate::device::Gpu;
    use polyarray_core::array::HostBuffer;
    use polyarray_core::half::f16;

    /// Sums and places of 5 × 7 × 9 numbers, plain and over the last axes, in parts of some lengths.
    #[test]
    fn parts_give_what_the_whole_gives() {
        let adapter = adapters::chosen().unwrap_or_else(|error| panic!("{error}")).0;
        let backend = GpuBackend::over(0, Gpu::open(adapter).unwrap());
        let dims = [5, 7, 9];
        let numbers: Vec<i32> = (0..315).map(|i| (i * 37 + 11) % 251 - 100).collect();
        let halves: Vec<f16> = numbers.iter().map(|&n| f16::from_f32(n as f32)).collect();
        for host in [HostBuffer::from_vec(numbers), HostBuffer::from_vec(halves)] {
            let dtype = host.dtype();
            let input = Input {
                buffer: backend.upload(&host).unwrap(),
                // Turned and reversed.
                strides: [1, 45, -5].as_slice().into(),
                offset: 40,
            };
            for op in [Reduction::Sum, Reduction::ArgMax] {
                for split in [0, 1, 2] {
                    let kernel = Kernel {
                        dims: Dims::from_slice(&dims),
                        inputs: vec![input.clone()],
                        params: Vec::new(),
                        code: vec![load(0, dtype)],
                        output: Output::Reduce { op, split },
                    };
                    let bytes =
                        |buffer: Arc<dyn Buffer>| backend.download(&*buffer).unwrap().bytes().to_vec();
                    let whole = bytes(backend.run(&kernel).unwrap());
                    for most in [8, 20, 130] {
                        let parts = bytes(backend.run_within(&kernel, most).unwrap());
                        assert_eq!(parts, whole, "{op:?} of {dtype} from axis {split} in parts of {most}");
                    }
                }
            }
        }
    }
}
