//! Products with an epilogue: on this adapter, whichever way it computes them, and as on one that does not
//! run on the CPU.

use std::sync::Arc;

use polyarray_core::array::trace::KERNELS;
use polyarray_core::array::{ArrayBackend, Buffer, HostBuffer, Operand};
use polyarray_core::dispatch::explain;
use polyarray_core::expr::{Dims, Epilogue, Input, Instr, Kernel, Layout, Op, Output, Strides, Value};
use polyarray_core::{Array, DType, Result, numpy as np};
use polyarray_gpu::{Gpu, GpuBackend, LaneMap};
use polyarray_shaders::matmul::Terms;

use crate::{POISON, device, on_gpu};

fn floats(shape: &[usize], seed: usize) -> Array {
    let n: usize = shape.iter().product();
    let values: Vec<f32> = (0..n).map(|i| ((i + seed) * 7919 % 2003) as f32 / 1000.0 - 1.0).collect();
    on_gpu(&Array::from_vec(values, shape).unwrap())
}

#[test]
fn expressions_over_products() {
    type Tail = fn(&Array, &Array) -> Result<Array>;
    let tails: [(Tail, bool); 6] = [
        (|p, row| np::maximum(np::add(p, row)?, 0.0), true),
        (|p, row| np::where_(np::less(p, 0.0)?, row, p), true),
        (|p, _| np::add(np::multiply(p, 0.5)?, p), true),
        (|p, _| np::astype(np::multiply(p, 100.0)?, DType::I32), true),
        // Elements of which several share a word; the product seen otherwise.
        (|p, row| np::astype(np::add(p, row)?, DType::F16), false),
        (|p, row| np::add(p.swap_axes(-1, -2)?.swap_axes(-1, -2)?.flip([-2])?, row), false),
    ];
    let takes = device().profile().lane_map == LaneMap::Coalesced;
    for (left, right) in [
        (&[1, 1][..], &[1, 1][..]),
        (&[3, 5], &[5, 7]),
        (&[2, 70, 60], &[60, 130]),
        (&[65, 1300], &[1300, 90]),
    ] {
        let (a, b) = (floats(left, 1), floats(right, 2));
        let row = floats(&right[right.len() - 1..], 3);
        for (i, (tail, one)) in tails.iter().enumerate() {
            let p = np::matmul(&a, &b).unwrap();
            p.eval().unwrap();
            let want = np::astype(tail(&p, &row).unwrap(), DType::F64).unwrap().to_vec::<f64>();
            let (got, how) = explain(|| {
                let y = tail(&np::matmul(&a, &b)?, &row)?;
                y.eval()?;
                Ok::<_, polyarray_core::Error>(y)
            });
            let got = np::astype(got.unwrap(), DType::F64).unwrap().to_vec::<f64>().unwrap();
            for (got, want) in got.iter().zip(want.unwrap()) {
                assert!(
                    (got - want).abs() <= 1e-3 * want.abs().max(1.0),
                    "tail {i} of {left:?}: {got}, {want}"
                );
            }
            if left[0] > 1 {
                assert_eq!(how.counters[KERNELS], if takes && *one { 1 } else { 2 }, "tail {i}: {how}");
            }
        }
    }
}

#[test]
fn as_on_a_real_gpu() {
    let (adapter, _) = polyarray_gpu::adapters::chosen().unwrap_or_else(|error| panic!("{error}"));
    let mut profile = adapter.profile.clone();
    (profile.lane_map, profile.workgroup) = (LaneMap::Coalesced, 64);
    let gpu = Gpu::open_as(adapter, profile).unwrap();
    gpu.set_poison(Some(POISON));
    let backend = GpuBackend::over(0, gpu);
    // Batch axes that walk as one, and one that repeats a matrix: the same for operands and other inputs.
    let (batch, [m, k, n]) = ([2, 3, 2], [9, 5, 7]);
    let ramp = |n: usize| (0..n).map(|i| (i * 37 % 101) as i32 - 50).collect::<Vec<i32>>();
    let upload = |x: &[i32]| backend.upload(&HostBuffer::from_vec(x.to_vec())).unwrap();
    let (a, b, row) = (ramp(12 * m * k), ramp(2 * k * n), ramp(6 * n));
    let operand = |buffer: Arc<dyn Buffer>, shape: &[usize], strides: &[isize]| Operand {
        buffer,
        layout: Layout { shape: shape.into(), strides: strides.into(), offset: 0 },
    };
    let [mk, kn] = [(m * k) as isize, (k * n) as isize];
    let left = operand(upload(&a), &[2, 3, 2, m, k], &[6 * mk, 2 * mk, mk, k as isize, 1]);
    let right = operand(upload(&b), &[2, 3, 2, k, n], &[0, 0, kn, n as isize, 1]);
    let value = |instr, dtype| Value { instr, dtype };
    let kernel = Kernel {
        dims: Dims::from_slice(&[2, 3, 2, m, n]),
        inputs: vec![Input {
            buffer: upload(&row),
            strides: Strides::from_slice(&[3 * n as isize, n as isize, 0, 0, 1]),
            offset: 0,
        }],
        params: vec![],
        code: vec![
            value(Instr::Load(1), DType::I32),
            value(Instr::Load(0), DType::I32),
            value(Instr::Map(Op::Add, [0, 1, 0]), DType::I32),
            value(Instr::Iota, DType::I32),
            value(Instr::Map(Op::Subtract, [2, 3, 0]), DType::I32),
            value(Instr::Cast(4), DType::F32),
        ],
        output: Output::Map,
    };
    let epilogue = Epilogue { kernel, dtype: DType::I32 };
    let spec = np::specs::Matmul {
        batch: Dims::from_slice(&batch),
        m,
        k,
        n,
        dtype: DType::I32,
        out: DType::I32,
        terms: np::specs::Terms::Products,
    };
    let out = backend.matmul_epilogue(&left, &right, &spec, Terms::Products, &epilogue).unwrap();
    let got = backend.download(&*out.expect("it is one kernel")).unwrap().into_vec::<f32>().unwrap();
    for (at, got) in got.iter().enumerate() {
        let (matrix, i, j) = (at / (m * n), at / n % m, at % n);
        let sum: i32 =
            (0..k).map(|l| a[matrix * m * k + i * k + l] * b[(matrix % 2) * k * n + l * n + j]).sum();
        assert_eq!(*got, (sum + row[matrix / 2 * n + j] - at as i32) as f32, "{at}");
    }
}
