//! Builds core's kernels for tests, and interprets them one element at a time as the reference.

use crate::reduce::reference;
use polyarray_core::array::{Buffer, HostBuffer};
use polyarray_core::expr::layout::{collapse, row_major};
use polyarray_core::expr::op::Reference;
use polyarray_core::expr::{Input, Instr, Kernel, Layout, Op, Output, Value};
use polyarray_core::{DType, Scalar, with_element};
use std::collections::HashMap;
use std::sync::Arc;

/// Elements as a host buffer.
pub fn host(dtype: DType, elements: &[Scalar]) -> Arc<HostBuffer> {
    with_element!(dtype, T => {
        let v: Vec<T> = elements.iter().map(|&s| <T as polyarray_core::Element>::from_scalar(s)).collect();
        Arc::new(HostBuffer::from_vec(v))
    })
}

/// The elements in a buffer's bytes.
pub fn elements(dtype: DType, bytes: &[u8], len: usize) -> Vec<Scalar> {
    with_element!(dtype, T => {
        let n = len * size_of::<T>();
        bytemuck::checked::pod_collect_to_vec_checked::<T>(&bytes[..n])
    })
}

/// A bound for `elements`: bytes to checked elements to scalars.
mod bytemuck {
    pub mod checked {
        use polyarray_core::{Element, Scalar};
        pub fn pod_collect_to_vec_checked<T: Element>(bytes: &[u8]) -> Vec<Scalar> {
            bytes
                .chunks_exact(size_of::<T>())
                .map(|c| ::bytemuck::checked::pod_read_unaligned::<T>(c).scalar())
                .collect()
        }
    }
}

/// A view of a buffer, an input of a kernel.
#[derive(Clone)]
pub struct View {
    pub buffer: Arc<HostBuffer>,
    pub layout: Layout,
}

impl View {
    pub fn dense(dtype: DType, data: &[Scalar]) -> View {
        View { buffer: host(dtype, data), layout: Layout::dense(&[data.len()]) }
    }

    /// Of elements that lie in a buffer so.
    pub fn of(buffer: &Arc<HostBuffer>, shape: &[usize], strides: &[isize], offset: usize) -> View {
        let layout = Layout { shape: shape.into(), strides: strides.into(), offset };
        View { buffer: buffer.clone(), layout }
    }
}

/// A kernel over views that all have the shape `dims` already; axes are collapsed as core does.
pub fn kernel(
    dims: &[usize],
    split: usize,
    views: &[View],
    params: Vec<Scalar>,
    code: Vec<Value>,
    output: Output,
) -> Kernel {
    let mut strides: Vec<_> = views.iter().map(|v| v.layout.strides.clone()).collect();
    let (dims, split) = collapse(dims, split, &mut strides);
    let inputs = views
        .iter()
        .zip(strides)
        .map(|(v, strides)| Input {
            buffer: v.buffer.clone() as Arc<dyn Buffer>,
            strides,
            offset: v.layout.offset,
        })
        .collect();
    let output = match output {
        Output::Map => Output::Map,
        Output::Rows { .. } => Output::Rows { split },
        Output::Reduce { op, .. } => Output::Reduce { op, split },
    };
    Kernel { dims, inputs, params, code, output }
}

pub fn value(instr: Instr, dtype: DType) -> Value {
    Value { instr, dtype }
}

/// `op(inputs…)` in one kernel: inputs are loaded in order.
pub fn map_code(op: Op, dtypes: &[DType]) -> Vec<Value> {
    let mut code: Vec<Value> =
        dtypes.iter().enumerate().map(|(i, &d)| value(Instr::Load(i as u8), d)).collect();
    let args = [0, 1, 2].map(|i: u16| if (i as usize) < dtypes.len() { i } else { 0 });
    let compute = if op == Op::Where { dtypes[1] } else { dtypes[0] };
    code.push(value(Instr::Map(op, args), op.output(compute)));
    code
}

/// The operation on scalars, by the op table's reference.
pub fn apply(op: Op, x: &[Scalar]) -> Scalar {
    let compute = if op == Op::Where { x[1].dtype() } else { x[0].dtype() };
    let out = op.output(compute);
    let int = |x: &Scalar| x.to_i128();
    let from_int = |v: i128| Scalar::I64(v as i64).cast(out_int(out, v));
    let finish_int = |v: i128| match out {
        DType::U64 => Scalar::U64(v as u64),
        DType::I64 => Scalar::I64(v as i64),
        DType::Bool => Scalar::Bool(v != 0),
        _ => from_int(v).cast(out),
    };
    match op.info().reference {
        Reference::Select => {
            if x[0] == Scalar::Bool(true) {
                x[1]
            } else {
                x[2]
            }
        }
        Reference::Unary { int: Some(f), .. } if int(&x[0]).is_some() => match (op, x[0]) {
            // The reference flips all bits of a wide integer; a bool has one.
            (Op::Invert, Scalar::Bool(b)) => Scalar::Bool(!b),
            _ => finish_int(f(int(&x[0]).unwrap_or(0))),
        },
        Reference::Binary { int: Some(f), .. } if int(&x[0]).is_some() => {
            finish_int(f(int(&x[0]).unwrap_or(0), int(&x[1]).unwrap_or(0)))
        }
        Reference::Unary { complex: Some(f), .. } if compute.is_complex() => Scalar::C128(f(x[0].to_c128())),
        Reference::Binary { complex: Some(f), .. } if compute.is_complex() || out.is_complex() => {
            Scalar::C128(f(x[0].to_c128(), x[1].to_c128()))
        }
        Reference::Unary { real: Some(f), .. } => Scalar::F64(f(x[0].to_f64())),
        Reference::Binary { real: Some(f), .. } => Scalar::F64(f(x[0].to_f64(), x[1].to_f64())),
        _ => unreachable!("{op} has no reference for {compute}"),
    }
}

fn out_int(out: DType, _: i128) -> DType {
    if out == DType::U64 { DType::U64 } else { DType::I64 }
}

/// The kernel's elements before a reduction at its end, in row-major order of its dims. Every value is rounded to its
/// dtype, as a kernel does.
pub fn interpret(kernel: &Kernel) -> Vec<Scalar> {
    let mut reduced = HashMap::new();
    for (id, value) in kernel.code.iter().enumerate() {
        if let Instr::Reduce(op, a) = value.instr {
            let dtype = kernel.code[a as usize].dtype;
            let values = each(kernel, a as usize, &reduced);
            let rows = values.chunks(kernel.reduced_len()).map(|row| reference(op, dtype, row));
            reduced.insert(id, rows.collect::<Vec<_>>());
        }
    }
    each(kernel, kernel.code.len() - 1, &reduced)
}

/// Value `last` of every element; of reductions, the values for each row are known.
fn each(kernel: &Kernel, last: usize, reduced: &HashMap<usize, Vec<Scalar>>) -> Vec<Scalar> {
    let inputs: Vec<Vec<Scalar>> = kernel
        .inputs
        .iter()
        .map(|i| {
            let any: &dyn std::any::Any = &*i.buffer;
            let host = any.downcast_ref::<HostBuffer>().expect("tests use host buffers");
            elements(host.dtype(), host.bytes(), host.len())
        })
        .collect();
    let n: usize = kernel.dims.iter().product();
    let dense = row_major(&kernel.dims);
    (0..n)
        .map(|index| {
            let at: Vec<usize> =
                kernel.dims.iter().zip(&dense).map(|(&d, &s)| index / s as usize % d).collect();
            let mut values: Vec<Scalar> = Vec::new();
            for (id, v) in kernel.code[..=last].iter().enumerate() {
                let x = match v.instr {
                    Instr::Load(i) => {
                        let input = &kernel.inputs[i as usize];
                        let step: isize = at.iter().zip(&input.strides).map(|(&i, &s)| i as isize * s).sum();
                        inputs[i as usize][(input.offset as isize + step) as usize]
                    }
                    Instr::Param(i) => kernel.params[i as usize],
                    Instr::Iota => Scalar::I64(index as i64),
                    Instr::Cast(from) => values[from as usize],
                    Instr::Reduce(..) => reduced[&id][index / kernel.reduced_len()],
                    Instr::Map(op, args) => {
                        let x: Vec<Scalar> =
                            args[..op.info().arity].iter().map(|&a| values[a as usize]).collect();
                        apply(op, &x)
                    }
                };
                values.push(x.cast(v.dtype));
            }
            values[values.len() - 1]
        })
        .collect()
}
