//! Kernels with row reductions fused into them, as real GPUs get them.

use crate::device::device;
use crate::fused::{profiles, run, ulps};
use crate::kernels::{View, host, interpret, kernel, value};
use crate::random::Sample;
use crate::reduce::tame;
use polyarray_core::dtype::DTYPES;
use polyarray_core::expr::{Instr, Kernel, Op, Output, REDUCTIONS, Reduction, Value};
use polyarray_core::{DType, Scalar};
use polyarray_shaders::fused::{plan, supports_reduction};
use polyarray_shaders::plan::{LaneMap, PlanError, Profile};

/// With the adapter's features and without.
fn coalesced() -> Vec<Profile> {
    let gpu = device();
    let plain = profiles(gpu)[1];
    vec![Profile { lane_map: LaneMap::Coalesced, workgroup: 64, ..gpu.profile }, plain]
}

fn stored(shape: &[usize], split: usize, views: &[View], params: Vec<Scalar>, code: Vec<Value>) -> Kernel {
    kernel(shape, split, views, params, code, Output::Rows { split })
}

#[track_caller]
fn check(k: &Kernel, profile: &Profile, limit: f64) {
    let got = run(device(), k, profile);
    let want = interpret(k);
    assert_eq!(got.len(), want.len());
    for (i, (got, want)) in got.iter().zip(want).enumerate() {
        let far = ulps(*got, want);
        assert!(far <= limit, "{} of {:?} at {i}: {got:?}, want {want:?}: {far} ULP", k.label(), k.dims);
    }
}

/// Elements of a row less the reduction of it, or what is nearest to that in the dtype.
fn beside(op: Reduction, dtype: DType) -> Vec<Value> {
    let with = match dtype {
        DType::Bool => Op::BitwiseXor,
        _ => Op::Subtract,
    };
    vec![
        value(Instr::Load(0), dtype),
        value(Instr::Reduce(op, 0), op.output(dtype)),
        value(Instr::Cast(1), dtype),
        value(Instr::Map(with, [0, 2, 0]), dtype),
    ]
}

#[test]
fn every_reduction_of_every_dtype_is_gone_on_with() {
    let mut sample = Sample::new(2);
    for (p, profile) in coalesced().into_iter().enumerate() {
        for op in REDUCTIONS {
            for dtype in DTYPES {
                if supports_reduction(op, dtype, profile.features).is_err() {
                    continue;
                }
                if p == 1 && !matches!(dtype, DType::I64 | DType::U64 | DType::Bool | DType::F32) {
                    continue;
                }
                // Rows of whole blocks, rows that end within one, and a single one of those.
                for (rows, n) in [(7, 152), (5, 27), (1, 27)] {
                    if !sample.takes(4) {
                        continue;
                    }
                    let data = host(dtype, &tame(dtype, rows * n));
                    let view = View::of(&data, &[rows, n], &[n as isize, 1], 0);
                    let k = stored(&[rows, n], 1, &[view], vec![], beside(op, dtype));
                    let limit = match op {
                        // A product rounds at every step, and the difference from a sum is of its size.
                        Reduction::Prod => 400.0,
                        _ => 1.5,
                    };
                    match plan(&k, &profile) {
                        // Words of the output that two rows share.
                        Err(PlanError::Apart { .. }) => {
                            assert!(rows == 5 && dtype.size() < 4, "{op} of {dtype}")
                        }
                        _ => check(&k, &profile, limit),
                    }
                }
            }
        }
    }
}

fn softmax(dtype: DType) -> Vec<Value> {
    vec![
        value(Instr::Load(0), dtype),
        value(Instr::Reduce(Reduction::Max, 0), dtype),
        value(Instr::Map(Op::Subtract, [0, 1, 0]), dtype),
        value(Instr::Map(Op::Exp, [2, 0, 0]), dtype),
        value(Instr::Reduce(Reduction::Sum, 3), dtype),
        value(Instr::Map(Op::Divide, [3, 4, 0]), dtype),
    ]
}

#[test]
fn rows_of_any_length_and_lie() {
    let profile = coalesced()[0];
    let dtype = DType::F32;
    let ramp = |n: usize| -> Vec<Scalar> {
        (0..n).map(|i| Scalar::F32((i * 37 % 101) as f32 / 25.0 - 2.0)).collect()
    };
    // Several rows to a workgroup, one of all its lanes, several rounds; all elements in one.
    for (rows, n) in [(1, 1000), (300, 2), (70, 3), (33, 16), (9, 256), (3, 4096), (2, 9001)] {
        let data = host(dtype, &ramp(rows * n + 7));
        let (across, along) = (n as isize, rows as isize);
        for view in [
            View::of(&data, &[rows, n], &[across, 1], 0),
            View::of(&data, &[rows, n], &[across, 1], 3),
            View::of(&data, &[rows, n], &[-across, -1], rows * n - 1),
            View::of(&data, &[rows, n], &[1, along], 0),
            View::of(&data, &[rows, n], &[0, 1], 0),
        ] {
            check(&stored(&[rows, n], 1, &[view], vec![], softmax(dtype)), &profile, 6.0);
        }
    }
    // Axes that don't walk as one, kept and reduced ones.
    let shape = [3, 4, 5, 8];
    let data = host(dtype, &ramp(2 * 480));
    let view = View::of(&data, &shape, &[320, 16, 64, 2], 1);
    check(&stored(&shape, 2, &[view], vec![], softmax(dtype)), &profile, 6.0);
}

/// (x - mean) / sqrt(var + eps) * gain + index, with the mean's factor as a parameter, the gain along rows, and a weight for
/// each row.
fn normal(n: usize) -> (Vec<Value>, Vec<Scalar>) {
    let dtype = DType::F32;
    let map = |op, a, b| value(Instr::Map(op, [a, b, 0]), dtype);
    let code = vec![
        value(Instr::Load(0), dtype),
        value(Instr::Reduce(Reduction::Sum, 0), dtype),
        value(Instr::Param(0), dtype),
        map(Op::Multiply, 1, 2),
        map(Op::Subtract, 0, 3),
        map(Op::Multiply, 4, 4),
        value(Instr::Reduce(Reduction::Sum, 5), dtype),
        map(Op::Multiply, 6, 2),
        value(Instr::Param(1), dtype),
        map(Op::Add, 7, 8),
        map(Op::Sqrt, 9, 0),
        map(Op::Divide, 4, 10),
        value(Instr::Load(1), dtype),
        map(Op::Multiply, 11, 12),
        value(Instr::Load(2), dtype),
        map(Op::Multiply, 13, 14),
        value(Instr::Iota, DType::I32),
        value(Instr::Cast(16), dtype),
        map(Op::Add, 15, 17),
    ];
    (code, vec![Scalar::F32(1.0 / n as f32), Scalar::F32(1e-3)])
}

#[test]
fn what_is_one_for_each_row_and_what_is_not() {
    for profile in coalesced() {
        for (rows, n) in [(20, 64), (6, 50)] {
            let data = |seed: usize, n: usize| {
                let x: Vec<Scalar> =
                    (0..n).map(|i| Scalar::F32(((i * 53 + seed) % 89) as f32 / 44.5 - 0.9)).collect();
                host(DType::F32, &x)
            };
            let (x, gain, weight) = (data(1, rows * n), data(2, n), data(3, rows));
            let shape = [rows, n];
            let views = [
                View::of(&x, &shape, &[n as isize, 1], 0),
                View::of(&gain, &shape, &[0, 1], 0),
                View::of(&weight, &shape, &[1, 0], 0),
            ];
            let (code, params) = normal(n);
            // Of numbers up to the index, to which the small ones are added.
            check(&stored(&shape, 1, &views, params.clone(), code.clone()), &profile, 4.0);
            // Ending in a reduction: the largest of each row, without the index.
            let code = code[..16].to_vec();
            let k = kernel(&shape, 1, &views, params, code, Output::Reduce { op: Reduction::Max, split: 1 });
            let got = run(device(), &k, &profile);
            let values = interpret(&k);
            for (r, got) in got.iter().enumerate() {
                let row = values[r * n..(r + 1) * n].iter().map(|x| x.to_f64());
                let want = row.fold(f64::NEG_INFINITY, f64::max);
                assert!(
                    (got.to_f64() - want).abs() <= 2e-6 * want.abs().max(1.0),
                    "{r}: {got:?}, want {want}"
                );
            }
        }
    }
}

#[test]
fn apart_it_is_the_same() {
    let dtype = DType::F16;
    let profile = coalesced()[0];
    let data: Vec<Scalar> =
        (0..5 * 27).map(|i| Scalar::F64((i * 31 % 64) as f64 / 32.0 - 1.0).cast(dtype)).collect();
    let view = View::of(&host(dtype, &data), &[5, 27], &[27, 1], 0);
    let k = stored(&[5, 27], 1, &[view], vec![], softmax(dtype));
    assert!(matches!(plan(&k, &profile), Err(PlanError::Apart { .. })));
    let mut reductions = Vec::new();
    let last = k
        .unfused(|k| {
            reductions.push(k.label());
            Ok(host(k.output_dtype(), &run(device(), k, &profile)))
        })
        .unwrap();
    assert_eq!(reductions, ["max", "subtract exp sum"]);
    assert_eq!(last.label(), "subtract exp divide");
    let (got, want) = (run(device(), &last, &profile), interpret(&k));
    for (i, (got, want)) in got.iter().zip(want).enumerate() {
        assert!(ulps(*got, want) <= 2.0, "{i}: {got:?}, want {want:?}");
    }
}

#[test]
fn shapes_make_no_other_kernel() {
    let profile = coalesced()[0];
    let shader = |rows: usize, n: usize| {
        let data = host(DType::F32, &tame(DType::F32, rows * n));
        let view = View::of(&data, &[rows, n], &[n as isize, 1], 0);
        plan(&stored(&[rows, n], 1, &[view], vec![], softmax(DType::F32)), &profile).unwrap().steps[0]
            .shader
            .clone()
    };
    assert_eq!(shader(3, 1000), shader(70, 4096));
    assert_ne!(shader(3, 1000), shader(3, 100), "fewer lanes for each row");
}
