//! A fused kernel, as core passes it to a backend: one pass over its inputs, one new dense output.

use super::op::{Op, Reduction};
use crate::dtype::{DType, Scalar};
use crate::memory::Buffer;
use crate::memory::layout::{Dims, Strides, row_major};
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// Index of a value in [`Kernel::code`].
pub type Id = u16;

/// What computes a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Instr {
    /// The element of an input.
    Load(u8),
    /// A scalar parameter, in the value's dtype. Never a literal in generated code: shader compilers fold literals wrongly,
    /// and each value of a literal would need its own pipeline.
    Param(u8),
    /// The row-major index of the element in the iteration space, as i64.
    Iota,
    /// An operation on earlier values. All operands have the dtype that the operation computes in (`Where`:
    /// the first is bool); unused operands are 0.
    Map(Op, [Id; 3]),
    /// Another value in this value's dtype, cast as [`Scalar::cast`] does.
    Cast(Id),
    /// An earlier value reduced over the trailing axes, from [`Kernel::split`] on: one value per row (the elements along
    /// those axes), which later code uses.
    Reduce(Reduction, Id),
}

/// One value of the code, in single static assignment: operands come before their uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Value {
    /// What computes it.
    pub instr: Instr,
    /// Its dtype.
    pub dtype: DType,
}

/// One input: a buffer and the kernel's strides over it.
#[derive(Clone)]
pub struct Input {
    /// The buffer, resident on the backend that runs the kernel.
    pub buffer: Arc<dyn Buffer>,
    /// Step per axis of [`Kernel::dims`], in elements.
    pub strides: Strides,
    /// Element at index (0, 0, …).
    pub offset: usize,
}

impl fmt::Debug for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}[{:?} + {}]", self.buffer.dtype(), self.strides, self.offset)
    }
}

/// What is done with the last value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Output {
    /// Stored, one per element of `dims`.
    Map,
    /// The same, where the code has row reductions, over the axes of `dims` from `split` on.
    Rows {
        /// Number of leading axes.
        split: usize,
    },
    /// Reduced over the trailing axes of `dims`, from `split` on. The output is dense over the leading
    /// ones; its dtype is `op.output(dtype of the last value)`.
    Reduce {
        /// The reduction.
        op: Reduction,
        /// Number of leading axes that stay.
        split: usize,
    },
}

/// A fused kernel.
///
/// `dims` is collapsed (see [`super::layout::collapse`]): neighbouring axes of one common stride in every input are
/// joined, and no axis has length 1. A scalar has no axes. A backend never runs a kernel with an empty output, but may run
/// one that reduces over no elements (an empty sum is 0).
#[derive(Clone, Debug)]
pub struct Kernel {
    /// Lengths of the iteration space, row-major.
    pub dims: Dims,
    /// Inputs.
    pub inputs: Vec<Input>,
    /// Scalar parameters, each in the dtype of the value that loads it.
    pub params: Vec<Scalar>,
    /// The code; its last value is the result.
    pub code: Vec<Value>,
    /// What is done with the result.
    pub output: Output,
}

impl Kernel {
    /// Number of leading axes that are not reduced.
    pub fn split(&self) -> usize {
        match self.output {
            Output::Map => self.dims.len(),
            Output::Rows { split } | Output::Reduce { split, .. } => split,
        }
    }

    /// Number of output elements.
    pub fn output_len(&self) -> usize {
        match self.output {
            Output::Map | Output::Rows { .. } => self.dims.iter().product(),
            Output::Reduce { split, .. } => self.dims[..split].iter().product(),
        }
    }

    /// Strides over a dense input with one element per row.
    pub fn row_strides(&self) -> Strides {
        let mut strides = row_major(&self.dims[..self.split()]);
        strides.resize(self.dims.len(), 0);
        strides
    }

    /// Whether the code has row reductions.
    pub fn has_rows(&self) -> bool {
        self.code.iter().any(|value| matches!(value.instr, Instr::Reduce(..)))
    }

    /// Number of elements of a row; 1 without reductions.
    pub fn reduced_len(&self) -> usize {
        self.dims[self.split()..].iter().product()
    }

    /// The last value.
    pub fn result(&self) -> Value {
        *self.code.last().expect("lowering never makes an empty kernel")
    }

    /// Dtype of the output.
    pub fn output_dtype(&self) -> DType {
        match self.output {
            Output::Map | Output::Rows { .. } => self.result().dtype,
            Output::Reduce { op, .. } => op.output(self.result().dtype),
        }
    }

    /// Hashes all that the compiled program depends on: the code with its dtypes, the inputs' dtypes, the rank, the
    /// reduction and its split. Shapes, strides, offsets and scalars are run-time parameters.
    pub fn hash_structure(&self, state: &mut impl Hasher) {
        self.code.hash(state);
        self.output.hash(state);
        self.dims.len().hash(state);
        for input in &self.inputs {
            input.buffer.dtype().hash(state);
        }
    }

    /// The code in one line, such as `multiply add`: for traces and labels.
    pub fn label(&self) -> String {
        let mut words: Vec<&str> = self
            .code
            .iter()
            .filter_map(|v| match v.instr {
                Instr::Map(op, _) => Some(op.name()),
                Instr::Iota => Some("iota"),
                Instr::Cast(_) => Some("cast"),
                Instr::Reduce(op, _) => Some(op.name()),
                Instr::Load(_) | Instr::Param(_) => None,
            })
            .collect();
        if let Output::Reduce { op, .. } = self.output {
            words.push(op.name());
        }
        if words.is_empty() {
            words.push("copy");
        }
        words.join(" ")
    }
}
