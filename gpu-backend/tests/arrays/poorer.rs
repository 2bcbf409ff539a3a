//! The paths of poorer adapters, run by devices that claim less than they have.

use std::sync::Arc;

use polyarray_core::array::{ArrayBackend, Buffer, HostBuffer, Operand, Part, Span};
use polyarray_core::expr::{Dims, Input, Instr, Kernel, Layout, Op, Output, Reduction, Strides, Value};
use polyarray_core::{DType, Element, Scalar, numpy as np, with_element};
use polyarray_gpu::{Gpu, GpuBackend, LaneMap, Profile, Terms};

use crate::POISON;

/// A profile that claims less, by name.
type Poorer = (&'static str, fn(&mut Profile));

const POORER: [Poorer; 9] = [
    ("as it is", |_| ()),
    ("coalesced lanes", |p| (p.lane_map, p.workgroup) = (LaneMap::Coalesced, 64)),
    ("no immediates", |p| p.immediates = 0),
    ("bindings of 1 MiB", |p| p.max_binding = 1 << 20),
    ("bindings of 1 MiB, coalesced", |p| {
        (p.max_binding, p.lane_map, p.workgroup) = (1 << 20, LaneMap::Coalesced, 64)
    }),
    ("no 64-bit integers", |p| (p.int64, p.f64) = (false, false)),
    ("no SPIR-V as it is", |p| p.passthrough = false),
    ("staged copies", |p| p.mapped_primary = false),
    ("grids of 200 groups per dimension", |p| p.max_groups = 200),
];

pub fn backends() -> impl Iterator<Item = (&'static str, GpuBackend)> {
    POORER.into_iter().map(|(name, change)| {
        let (adapter, _) = polyarray_gpu::adapters::chosen().unwrap_or_else(|error| panic!("{error}"));
        let mut profile = adapter.profile.clone();
        change(&mut profile);
        let gpu = Gpu::open_as(adapter, profile).unwrap_or_else(|error| panic!("{name}: {error}"));
        gpu.set_poison(Some(POISON));
        (name, GpuBackend::over(0, gpu))
    })
}

fn input(buffer: &Arc<dyn Buffer>, strides: &[isize], offset: usize) -> Input {
    Input { buffer: Arc::clone(buffer), strides: Strides::from_slice(strides), offset }
}

fn value(instr: Instr, dtype: DType) -> Value {
    Value { instr, dtype }
}

/// `a * 2 + b`, over two inputs.
fn affine(dtype: DType) -> Vec<Value> {
    vec![
        value(Instr::Load(0), dtype),
        value(Instr::Param(0), dtype),
        value(Instr::Map(Op::Multiply, [0, 1, 0]), dtype),
        value(Instr::Load(1), dtype),
        value(Instr::Map(Op::Add, [2, 3, 0]), dtype),
    ]
}

const ROWS: usize = 1009;
const COLUMNS: usize = 353;

#[test]
fn elementwise_kernels_dense_and_strided() {
    let len = ROWS * COLUMNS;
    let (a, b): (Vec<i64>, Vec<i64>) =
        ((0..len as i64).collect(), (0..len as i64).map(|i| i * i - 77).collect());
    for (name, backend) in backends() {
        for dtype in [DType::I64, DType::U8, DType::I16, DType::F32] {
            let cast = |x: &[i64]| {
                let bytes: Vec<u8> = x
                    .iter()
                    .flat_map(|&v| Scalar::I64(v).cast(dtype).to_bytes()[..dtype.size()].to_vec())
                    .collect();
                let mut host = HostBuffer::unwritten(dtype, x.len()).unwrap();
                host.bytes_mut().copy_from_slice(&bytes);
                host
            };
            let (x, y) = (backend.upload(&cast(&a)).unwrap(), backend.upload(&cast(&b)).unwrap());
            let expect = |at: &dyn Fn(usize, usize) -> (usize, usize)| -> Vec<u8> {
                (0..ROWS)
                    .flat_map(|i| (0..COLUMNS).map(move |j| (i, j)))
                    .flat_map(|(i, j)| {
                        let (p, q) = at(i, j);
                        let (p, q) = (Scalar::I64(a[p]).cast(dtype), Scalar::I64(b[q]).cast(dtype));
                        let sum = match dtype {
                            DType::F32 => Scalar::F32(p.to_f64() as f32 * 2.0 + q.to_f64() as f32),
                            _ => Scalar::I64(p.to_i128().unwrap() as i64 * 2 + q.to_i128().unwrap() as i64)
                                .cast(dtype),
                        };
                        sum.to_bytes()[..dtype.size()].to_vec()
                    })
                    .collect()
            };
            let c = COLUMNS as isize;
            let run = |dims: &[usize], inputs: Vec<Input>| {
                let kernel = Kernel {
                    dims: Dims::from_slice(dims),
                    inputs,
                    params: vec![Scalar::I64(2).cast(dtype)],
                    code: affine(dtype),
                    output: Output::Map,
                };
                let out = backend.run(&kernel).unwrap_or_else(|error| panic!("{name}: {error}"));
                backend.download(&*out).unwrap().bytes().to_vec()
            };
            let dense = run(&[len], vec![input(&x, &[1], 0), input(&y, &[1], 0)]);
            assert!(dense == expect(&|i, j| (i * COLUMNS + j, i * COLUMNS + j)), "{name}, {dtype}, dense");
            // The first reversed, the second a row broadcast.
            let mixed =
                run(&[ROWS, COLUMNS], vec![input(&x, &[-c, -1], len - 1), input(&y, &[0, 1], 5 * COLUMNS)]);
            assert!(
                mixed == expect(&|i, j| (len - 1 - i * COLUMNS - j, 5 * COLUMNS + j)),
                "{name}, {dtype}, mixed"
            );
            // A square part, transposed.
            let k = COLUMNS;
            let turned = {
                let kernel = Kernel {
                    dims: Dims::from_slice(&[k, k]),
                    inputs: vec![input(&x, &[1, c], 3), input(&y, &[c, 1], 0)],
                    params: vec![Scalar::I64(2).cast(dtype)],
                    code: affine(dtype),
                    output: Output::Map,
                };
                let out = backend.run(&kernel).unwrap_or_else(|error| panic!("{name}: {error}"));
                backend.download(&*out).unwrap().bytes().to_vec()
            };
            let whole = expect(&|i, j| if i < k { (j * COLUMNS + i + 3, i * COLUMNS + j) } else { (0, 0) });
            let want = &whole[..k * k * dtype.size()];
            assert!(turned == want, "{name}, {dtype}, transposed");
        }
    }
}

#[test]
fn reductions_over_rows_columns_and_all() {
    let len = ROWS * COLUMNS;
    let host: Vec<i32> = (0..len).map(|i| (i as i32).wrapping_mul(2_654_435) >> 9).collect();
    for (name, backend) in backends() {
        let x = backend.upload(&HostBuffer::from_vec(host.clone())).unwrap();
        let c = COLUMNS as isize;
        for op in [Reduction::Sum, Reduction::Min, Reduction::ArgMax] {
            // Kept axes, reduced axes, and how the input walks them.
            let cases: [(&[usize], &[isize], usize); 3] =
                [(&[ROWS, COLUMNS], &[c, 1], 1), (&[COLUMNS, ROWS], &[1, c], 1), (&[len], &[1], 0)];
            for (dims, strides, split) in cases {
                let kernel = Kernel {
                    dims: Dims::from_slice(dims),
                    inputs: vec![input(&x, strides, 0)],
                    params: Vec::new(),
                    code: vec![
                        value(Instr::Load(0), DType::I32),
                        value(Instr::Map(Op::Negative, [0, 0, 0]), DType::I32),
                    ],
                    output: Output::Reduce { op, split },
                };
                let out = backend.run(&kernel).unwrap_or_else(|error| panic!("{name}, {op}: {error}"));
                let got = backend.download(&*out).unwrap();
                let groups: usize = dims[..split].iter().product();
                for g in 0..groups {
                    let row: Vec<i32> = match (split, dims[0] == ROWS) {
                        (0, _) => host.clone(),
                        (_, true) => host[g * COLUMNS..(g + 1) * COLUMNS].to_vec(),
                        _ => (0..ROWS).map(|i| host[i * COLUMNS + g]).collect(),
                    };
                    let row = row.iter().map(|&v| v.wrapping_neg());
                    match op {
                        Reduction::Sum => {
                            let want = row.fold(0_i32, i32::wrapping_add);
                            assert_eq!(got.as_slice::<i32>().unwrap()[g], want, "{name}, {op} {dims:?}, {g}");
                        }
                        Reduction::Min => {
                            assert_eq!(
                                got.as_slice::<i32>().unwrap()[g],
                                row.min().unwrap(),
                                "{name}, {op} {dims:?}, {g}"
                            );
                        }
                        _ => {
                            let max = row.clone().max().unwrap();
                            let want = row.into_iter().position(|v| v == max).unwrap() as i64;
                            assert_eq!(got.as_slice::<i64>().unwrap()[g], want, "{name}, {op} {dims:?}, {g}");
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn products_pieces_and_elements_by_index() {
    let host: Vec<i32> = (0..ROWS * COLUMNS).map(|i| (i % 1013) as i32 - 500).collect();
    let operand = |buffer: &Arc<dyn Buffer>, layout: Layout| Operand { buffer: Arc::clone(buffer), layout };
    for (name, backend) in backends() {
        let x = backend.upload(&HostBuffer::from_vec(host.clone())).unwrap();
        let ints = |buffer: Arc<dyn Buffer>| backend.download(&*buffer).unwrap().into_vec::<i32>().unwrap();
        let dense = Layout::dense(&[ROWS, COLUMNS]);

        // The array transposed, times its first columns.
        let mut turned = dense.clone();
        turned.shape.reverse();
        turned.strides.reverse();
        let (m, k, n) = (19, ROWS, 7);
        turned.shape[0] = m;
        let mut columns = dense.clone();
        columns.shape[1] = n;
        let spec = np::specs::Matmul {
            batch: Dims::new(),
            m,
            k,
            n,
            dtype: DType::I32,
            out: DType::I32,
            terms: np::specs::Terms::Products,
        };
        let got = ints(
            backend.matmul(&operand(&x, turned), &operand(&x, columns), &spec, Terms::Products).unwrap(),
        );
        for i in 0..m {
            for j in 0..n {
                let want = (0..k).fold(0_i32, |sum, l| {
                    sum.wrapping_add(host[l * COLUMNS + i].wrapping_mul(host[l * COLUMNS + j]))
                });
                assert_eq!(got[i * n + j], want, "{name}, matmul {i} {j}");
            }
        }

        // Beside itself, the second one reversed.
        let reversed = Layout {
            shape: dense.shape.clone(),
            strides: dense.strides.iter().map(|s| -s).collect(),
            offset: host.len() - 1,
        };
        let spec =
            np::specs::Concat { shape: Dims::from_slice(&[ROWS, 2 * COLUMNS]), dtype: DType::I32, axis: 1 };
        let parts = [operand(&x, dense.clone()), operand(&x, reversed)];
        let got = ints(backend.concat(&parts, &spec).unwrap());
        for (i, row) in got.chunks(2 * COLUMNS).enumerate() {
            assert!(row[..COLUMNS] == host[i * COLUMNS..(i + 1) * COLUMNS], "{name}, concat, row {i}");
            let back = host.iter().rev().skip(i * COLUMNS).take(COLUMNS);
            assert!(row[COLUMNS..].iter().eq(back), "{name}, concat, row {i} reversed");
        }

        // Columns by index, from either end.
        let at: Vec<i16> = (0..100).map(|i| if i % 2 == 0 { i * 3 } else { -1 - i }).collect();
        let indices = backend.upload(&HostBuffer::from_vec(at.clone())).unwrap();
        let shape = Dims::from_slice(&[ROWS, at.len()]);
        let spec = np::specs::Take { shape, dtype: DType::I32, axis: 1, len: COLUMNS, index_axes: 1 };
        let picked = backend.take(&operand(&x, dense), &operand(&indices, Layout::dense(&[at.len()])), &spec);
        for (i, row) in ints(picked.unwrap()).chunks(at.len()).enumerate() {
            let column = |j: i16| j.rem_euclid(COLUMNS as i16) as usize;
            let want = at.iter().map(|&j| host[i * COLUMNS + column(j)]);
            assert!(row.iter().copied().eq(want), "{name}, take, row {i}");
        }
    }
}

#[test]
fn assignments_of_words_and_of_less() {
    for (name, backend) in backends() {
        for dtype in [DType::I64, DType::U8, DType::F32] {
            let host = |from: i64, len: usize| {
                let bytes = (0..len as i64).flat_map(|v| {
                    Scalar::I64((v + from) % 251).cast(dtype).to_bytes()[..dtype.size()].to_vec()
                });
                let mut host = HostBuffer::unwritten(dtype, len).unwrap();
                host.bytes_mut().copy_from_slice(&bytes.collect::<Vec<u8>>());
                host
            };
            let (rows, columns) = (ROWS / 3 - 1, COLUMNS / 2 - 3);
            let (old, new) = (host(0, ROWS * COLUMNS), host(7, rows * columns));
            let (x, v) = (backend.upload(&old).unwrap(), backend.upload(&new).unwrap());
            let part = Part {
                shape: Dims::from_slice(&[ROWS, COLUMNS]),
                spans: [Span { start: 2, step: 3, count: rows }, Span { start: 1, step: 2, count: columns }]
                    .into_iter()
                    .collect(),
            };
            // The value lies by columns.
            let turned = Layout {
                shape: Dims::from_slice(&[rows, columns]),
                strides: Strides::from_slice(&[1, rows as isize]),
                offset: 0,
            };
            let x = Operand { buffer: x, layout: Layout::dense(&part.shape) };
            let v = Operand { buffer: v, layout: turned };
            let out = backend.assign(&x, &v, &part).unwrap_or_else(|error| panic!("{name}: {error}"));
            let got = backend.download(&*out).unwrap();
            let size = dtype.size();
            for (k, element) in got.bytes().chunks(size).enumerate() {
                let (i, j) = (k / COLUMNS, k % COLUMNS);
                let inside = i >= 2 && i % 3 == 2 && i / 3 < rows && j % 2 == 1 && j / 2 < columns;
                let (from, at) = if inside { (&new, j / 2 * rows + i / 3) } else { (&old, k) };
                assert_eq!(element, &from.bytes()[at * size..][..size], "{name}, {dtype}, {i} {j}");
            }
        }
    }
}

/// In one kernel where words of the output are not shared by rows, else one after the other.
#[test]
fn rows_that_are_gone_on_with() {
    let len = ROWS * COLUMNS;
    let host: Vec<f32> = (0..len).map(|i| (i * 7919 % 2003) as f32 / 500.0 - 2.0).collect();
    for (name, backend) in backends() {
        for (out, most) in [(DType::F32, 1e-6), (DType::F16, 1e-3)] {
            let x = backend.upload(&HostBuffer::from_vec(host.clone())).unwrap();
            let map = |op, a, b| value(Instr::Map(op, [a, b, 0]), DType::F32);
            let kernel = Kernel {
                dims: Dims::from_slice(&[ROWS, COLUMNS]),
                inputs: vec![input(&x, &[COLUMNS as isize, 1], 0)],
                params: Vec::new(),
                code: vec![
                    value(Instr::Load(0), DType::F32),
                    value(Instr::Reduce(Reduction::Max, 0), DType::F32),
                    map(Op::Subtract, 0, 1),
                    map(Op::Exp, 2, 0),
                    value(Instr::Reduce(Reduction::Sum, 3), DType::F32),
                    map(Op::Divide, 3, 4),
                    value(Instr::Cast(5), out),
                ],
                output: Output::Rows { split: 1 },
            };
            let result = backend.run(&kernel).unwrap_or_else(|error| panic!("{name}, {out}: {error}"));
            let got = backend.download(&*result).unwrap();
            assert_eq!((got.dtype(), got.len()), (out, len));
            let got: Vec<f64> = with_element!(out, T =>
                got.into_vec::<T>().unwrap().iter().map(|x| x.scalar().to_f64()).collect());
            for (r, row) in host.chunks(COLUMNS).enumerate() {
                let most_of = row.iter().fold(f64::NEG_INFINITY, |a, &b| a.max(f64::from(b)));
                let sum: f64 = row.iter().map(|&x| (f64::from(x) - most_of).exp()).sum();
                for (c, &x) in row.iter().enumerate() {
                    let want = (f64::from(x) - most_of).exp() / sum;
                    let got = got[r * COLUMNS + c];
                    assert!(
                        (got - want).abs() <= most * want,
                        "{name}, {out} at {r}, {c}: {got}, want {want}"
                    );
                }
            }
        }
    }
}
