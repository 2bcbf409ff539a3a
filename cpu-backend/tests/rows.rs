//! Kernels with row reductions fused into them: against the reductions by themselves, whose own tests hold
//! them to the truth, and against float64.

mod common;

use common::*;
use polyarray_core::array::{Buffer, HostBuffer};
use polyarray_core::dtype::DTYPES;
use polyarray_core::expr::{Instr, Kernel, Op, Output, Reduction};
use polyarray_core::{DType, Kind, Scalar};

const FOLDS: [Reduction; 6] =
    [Reduction::Sum, Reduction::Prod, Reduction::Min, Reduction::Max, Reduction::Any, Reduction::All];

fn defined(op: Reduction, dtype: DType) -> bool {
    match op {
        Reduction::Any | Reduction::All => dtype == DType::Bool,
        // Core reduces sums of bools in int64.
        Reduction::Sum | Reduction::Prod => dtype != DType::Bool,
        _ => !dtype.is_complex(),
    }
}

/// A kernel that stores an element for each.
fn stored(
    shape: &[usize],
    views: &[View],
    params: &[Scalar],
    code: &[(Instr, DType)],
    split: usize,
) -> Kernel {
    let mut kernel = kernel(shape, views, params, code, Some((Reduction::Sum, split)));
    kernel.output = Output::Rows { split: kernel.split() };
    kernel
}

#[test]
fn every_reduction_stands_at_each_of_its_elements() {
    for (shape, split) in [
        (vec![5, 2], 1),
        (vec![40, 3], 1),
        (vec![7, 100], 1),
        (vec![3, 511], 1),
        (vec![3, 512], 1),
        (vec![2, 2048], 1),
        (vec![600], 0),
        (vec![4, 3, 5, 7], 2),
    ] {
        for (lie, dtype) in LIES.iter().flat_map(|lie| DTYPES.map(|dtype| (*lie, dtype))) {
            let x = view(dtype, &shape, lie, 5);
            for op in FOLDS.into_iter().filter(|&op| defined(op, dtype)) {
                let out = op.output(dtype);
                let got = run(&stored(
                    &shape,
                    std::slice::from_ref(&x),
                    &[],
                    &[(Instr::Load(0), dtype), (Instr::Reduce(op, 0), out)],
                    split,
                ));
                let want = run(&kernel(
                    &shape,
                    std::slice::from_ref(&x),
                    &[],
                    &[(Instr::Load(0), dtype)],
                    Some((op, split)),
                ));
                let row: usize = shape[split..].iter().product();
                for (i, got) in got.iter().enumerate() {
                    let want = want[i / row];
                    let same = distance(*got, want, 0.0) == 0.0;
                    // Inputs that are gathered may be added up in other blocks.
                    let near = matches!(dtype.kind(), Kind::Float | Kind::Complex)
                        && matches!(op, Reduction::Sum | Reduction::Prod)
                        && lie != Lie::Dense;
                    assert!(
                        same || near,
                        "{op} of {dtype} {lie:?} over {row} at {i}: {got:?}, want {want:?}"
                    );
                }
            }
        }
    }
}

/// Elements of a view in the order of its shape.
fn floats(view: &View) -> Vec<f64> {
    let buffer: &HostBuffer = (&*view.buffer as &dyn std::any::Any).downcast_ref().unwrap();
    indices(&view.layout.shape).map(|index| element(buffer, view.layout.at(&index)).to_f64()).collect()
}

/// A view of floats between -1 and 1.
fn small(dtype: DType, shape: &[usize], lie: Lie, seed: u64) -> View {
    let mut view = view(dtype, shape, lie, seed);
    let mut random = Random(seed);
    let values: Vec<Scalar> =
        (0..view.buffer.len()).map(|_| Scalar::F64(2.0 * random.unit() - 1.0).cast(dtype)).collect();
    view.buffer = host(dtype, &values);
    view
}

/// Neumaier's sum.
fn exact_sum(terms: impl Iterator<Item = f64>) -> f64 {
    let (mut sum, mut lost) = (0.0f64, 0.0);
    for x in terms {
        let next = sum + x;
        lost += if sum.abs() >= x.abs() { (sum - next) + x } else { (x - next) + sum };
        sum = next;
    }
    sum + lost
}

#[test]
fn softmax_of_rows_of_any_length() {
    for dtype in [DType::F16, DType::F32, DType::F64] {
        let code = [
            (Instr::Load(0), dtype),
            (Instr::Reduce(Reduction::Max, 0), dtype),
            (Instr::Map(Op::Subtract, [0, 1, 0]), dtype),
            (Instr::Map(Op::Exp, [2, 0, 0]), dtype),
            (Instr::Reduce(Reduction::Sum, 3), dtype),
            (Instr::Map(Op::Divide, [3, 4, 0]), dtype),
        ];
        for (rows, row) in [(1, 2), (1000, 3), (70, 129), (3, 511), (40, 512), (9, 5000), (5, 16384)] {
            for lie in [Lie::Dense, Lie::Strided, Lie::Reversed, Lie::Transposed, Lie::Broadcast] {
                let x = small(dtype, &[rows, row], lie, 7);
                let got = run(&stored(&[rows, row], std::slice::from_ref(&x), &[], &code, 1));
                let x = floats(&x);
                for (r, x) in x.chunks(row).enumerate() {
                    let most = x.iter().fold(f64::NEG_INFINITY, |a, &b| a.max(b));
                    let sum = exact_sum(x.iter().map(|x| (x - most).exp()));
                    for (i, x) in x.iter().enumerate() {
                        let (got, want) = (got[r * row + i].to_f64(), (x - most).exp() / sum);
                        // Each of five operations rounds once, and the truth for float64 three times.
                        let far = ulps(got, want, dtype);
                        assert!(
                            far <= 8.0,
                            "{dtype} {lie:?} rows of {row} at {r}, {i}: {got}, want {want}: {far}"
                        );
                    }
                }
            }
        }
    }
}

#[test]
fn values_of_rows_meet_each_other_and_elements() {
    let dtype = DType::F64;
    // ((x - mean) * gain + index) * weight of the row + 2 of the mean, which is sum * (1 / length).
    let code = [
        (Instr::Load(0), dtype),
        (Instr::Reduce(Reduction::Sum, 0), dtype),
        (Instr::Param(0), dtype),
        (Instr::Map(Op::Multiply, [1, 2, 0]), dtype),
        (Instr::Map(Op::Subtract, [0, 3, 0]), dtype),
        (Instr::Load(1), dtype),
        (Instr::Map(Op::Multiply, [4, 5, 0]), dtype),
        (Instr::Iota, DType::I64),
        (Instr::Cast(7), dtype),
        (Instr::Map(Op::Add, [6, 8, 0]), dtype),
        (Instr::Load(2), dtype),
        (Instr::Map(Op::Multiply, [9, 10, 0]), dtype),
        (Instr::Map(Op::Add, [3, 3, 0]), dtype),
        (Instr::Map(Op::Add, [11, 12, 0]), dtype),
    ];
    for (rows, row) in [(1, 2), (300, 3), (64, 256), (5, 700)] {
        let shape = [rows, row];
        let views = [
            small(dtype, &shape, Lie::Dense, 3),
            small(dtype, &shape, Lie::Broadcast, 4),
            small(dtype, &shape, Lie::BroadcastLast, 5),
        ];
        let mean = [Scalar::F64(1.0 / row as f64)];
        let (x, gain, weight) = (floats(&views[0]), floats(&views[1]), floats(&views[2]));
        let means: Vec<f64> = x.chunks(row).map(|row| row.iter().sum::<f64>() / row.len() as f64).collect();
        let want =
            |i: usize| ((x[i] - means[i / row]) * gain[i] + i as f64) * weight[i] + 2.0 * means[i / row];
        let near = |got: f64, want: f64| (got - want).abs() <= 1e-12 * want.abs().max(1.0);
        let got = run(&stored(&shape, &views, &mean, &code, 1));
        for (i, got) in got.iter().enumerate() {
            assert!(near(got.to_f64(), want(i)), "{shape:?} at {i}: {got:?}, want {}", want(i));
        }
        // The same without the index, ending in a reduction.
        let ends = code.iter().map(|&(instr, dtype)| match instr {
            Instr::Iota => (Instr::Param(1), DType::I64),
            _ => (instr, dtype),
        });
        let ends: Vec<_> = ends.collect();
        let params = [mean[0], Scalar::I64(7)];
        let got = run(&kernel(&shape, &views, &params, &ends, Some((Reduction::Max, 1))));
        for (r, got) in got.iter().enumerate() {
            let of = |i: usize| ((x[i] - means[r]) * gain[i] + 7.0) * weight[i] + 2.0 * means[r];
            let want = (r * row..(r + 1) * row).map(of).fold(f64::NEG_INFINITY, f64::max);
            assert!(near(got.to_f64(), want), "{shape:?} row {r}: {got:?}, want {want}");
        }
    }
}

#[test]
fn what_is_the_same_everywhere_is_reduced_too() {
    let dtype = DType::I64;
    let code = [
        (Instr::Param(0), dtype),
        (Instr::Reduce(Reduction::Sum, 0), dtype),
        (Instr::Reduce(Reduction::Sum, 1), dtype),
        (Instr::Load(0), dtype),
        (Instr::Map(Op::Add, [2, 3, 0]), dtype),
    ];
    for (rows, row) in [(3, 5), (2, 600)] {
        let x = view(dtype, &[rows, row], Lie::Dense, 9);
        let got = run(&stored(&[rows, row], std::slice::from_ref(&x), &[Scalar::I64(3)], &code, 1));
        let buffer: &HostBuffer = (&*x.buffer as &dyn std::any::Any).downcast_ref().unwrap();
        for (i, got) in got.iter().enumerate() {
            let x = element(buffer, i).to_i128().unwrap() as i64;
            assert_eq!(*got, Scalar::I64(x.wrapping_add((3 * row * row) as i64)), "{i}");
        }
    }
}
