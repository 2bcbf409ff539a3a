//! What the host backend costs on 16 Mi elements. Medians of one run, in milliseconds:
//! `cargo bench -p polyarray-cpu --bench fused`, with part of a name after `--` for some of them.
//!
//! The yardstick is NumPy's two in-place passes over reused memory, to be run beside it:
//! `t = np.empty_like(a); np.multiply(a, b, out=t); np.add(t, c, out=t)`.

use polyarray_core::array::{ArrayBackend, HostBuffer};
use polyarray_core::expr::layout::collapse;
use polyarray_core::expr::{Input, Instr, Kernel, Layout, Op, Output, Reduction, Strides, Value};
use polyarray_core::{DType, numpy as np};
use polyarray_cpu::BACKEND;
use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

const F: DType = DType::F32;

fn report(name: &str, bytes: usize, mut f: impl FnMut()) {
    let wanted = std::env::args().skip(1).find(|a| !a.starts_with('-'));
    if wanted.is_some_and(|part| !name.contains(&part)) {
        return;
    }
    f();
    let mut times: Vec<f64> = (0..15)
        .map(|_| {
            let start = Instant::now();
            f();
            start.elapsed().as_secs_f64()
        })
        .collect();
    times.sort_by(f64::total_cmp);
    let t = times[times.len() / 2];
    println!("{name:<36} {:8.2} ms {:7.1} GB/s", t * 1e3, bytes as f64 / t / 1e9);
}

fn input(layout: &Layout, n: usize) -> Input {
    let data: Vec<f32> = (0..n).map(|i| (i % 1000) as f32 * 0.01).collect();
    Input {
        buffer: Arc::new(HostBuffer::from_vec(data)),
        strides: layout.strides.clone(),
        offset: layout.offset,
    }
}

fn kernel(
    shape: &[usize],
    mut inputs: Vec<Input>,
    code: &[Instr],
    reduce: Option<(Reduction, usize)>,
) -> Kernel {
    let mut strides: Vec<Strides> = inputs.iter().map(|i| i.strides.clone()).collect();
    let (dims, split) = collapse(shape, reduce.map_or(shape.len(), |r| r.1), &mut strides);
    inputs.iter_mut().zip(strides).for_each(|(i, s)| i.strides = s);
    Kernel {
        dims,
        inputs,
        params: vec![],
        code: code.iter().map(|&instr| Value { instr, dtype: F }).collect(),
        output: reduce.map_or(Output::Map, |(op, _)| Output::Reduce { op, split }),
    }
}

fn main() {
    let n = 16 << 20;
    let square = [4096, 4096];
    let run = |name: &str, bytes: usize, k: &Kernel| {
        report(name, bytes, || {
            black_box(BACKEND.run(k).expect("it fits"));
        });
    };
    let flat = Layout::dense(&[n]);
    let three = || (0..3).map(|_| input(&flat, n)).collect::<Vec<_>>();
    let load = Instr::Load;
    let fma =
        [load(0), load(1), load(2), Instr::Map(Op::Multiply, [0, 1, 0]), Instr::Map(Op::Add, [3, 2, 0])];
    run("a*b+c", 4 * 4 * n, &kernel(&[n], three(), &fma, None));
    run("sum(a*b+c)", 3 * 4 * n, &kernel(&[n], three(), &fma, Some((Reduction::Sum, 0))));
    let dense = Layout::dense(&square);
    let turned = Layout { strides: [1isize, 4096].as_slice().into(), ..dense.clone() };
    let one = |l: &Layout| vec![input(l, n)];
    for (name, op) in [("sum", Reduction::Sum), ("max", Reduction::Max), ("argmax", Reduction::ArgMax)] {
        run(&format!("{name}, all"), 4 * n, &kernel(&square, one(&dense), &[load(0)], Some((op, 0))));
        run(&format!("{name}, rows"), 4 * n, &kernel(&square, one(&dense), &[load(0)], Some((op, 1))));
        run(&format!("{name}, columns"), 4 * n, &kernel(&square, one(&turned), &[load(0)], Some((op, 1))));
    }
    run(
        "sum of rows of 8",
        4 * n,
        &kernel(&[n / 8, 8], one(&Layout::dense(&[n / 8, 8])), &[load(0)], Some((Reduction::Sum, 1))),
    );
    run("copy, transposed", 8 * n, &kernel(&square, one(&turned), &[load(0)], None));
    let both = vec![input(&dense, n), input(&turned, n)];
    run("a + b.T", 12 * n, &kernel(&square, both, &[load(0), load(1), Instr::Map(Op::Add, [0, 1, 0])], None));
    for op in [Op::Sqrt, Op::Exp, Op::Log, Op::Sin, Op::Tanh] {
        run(op.name(), 8 * n, &kernel(&[n], one(&flat), &[load(0), Instr::Map(op, [0, 0, 0])], None));
    }
    let matrix = |dtype| np::full([1024, 1024], 0.5, dtype).expect("it fits");
    for dtype in [DType::F32, DType::F64, DType::I32] {
        let (a, b) = (matrix(dtype), matrix(dtype));
        report(&format!("matmul 1024, {dtype}"), 0, || {
            np::matmul(&a, &b).and_then(|x| x.eval().map(drop)).expect("it fits");
        });
    }
}
