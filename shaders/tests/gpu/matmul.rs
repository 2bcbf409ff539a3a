//! Matrix products: every dtype, layouts, batches, edges, long sums, outputs beyond one binding.

use crate::device::{Device, device};
use crate::fused::{profiles, ulps};
use crate::kernels::{elements, host};
use crate::random::Sample;
use polyarray_core::{DType, Scalar};
use polyarray_shaders::matmul::{Matmul, Operand, Terms, plan};
use polyarray_shaders::plan::Profile;

fn run(
    gpu: &Device,
    job: &Matmul,
    terms: Terms,
    a: &[Scalar],
    b: &[Scalar],
    profile: &Profile,
) -> Vec<Scalar> {
    let plan = plan(job, terms, profile).unwrap_or_else(|e| panic!("{e}"));
    let (a, b) = (gpu.buffer(host(job.dtype, a).bytes()), gpu.buffer(host(job.dtype, b).bytes()));
    let out = gpu.execute(&plan, &[&a, &b]);
    elements(terms.sum(job.dtype), &gpu.read(&out), job.batch.iter().product::<usize>() * job.m * job.n)
}

/// Element `(batch…, row, column)` of an operand.
fn at(operand: &Operand, batch: &[usize], data: &[Scalar], flat: usize, row: usize, column: usize) -> Scalar {
    let mut rest = flat;
    let mut index = operand.offset as isize;
    for (axis, &length) in batch.iter().enumerate().rev() {
        index += (rest % length) as isize * operand.batch_strides[axis];
        rest /= length;
    }
    data[(index + row as isize * operand.row_stride + column as isize * operand.column_stride) as usize]
}

fn check(gpu: &Device, job: &Matmul, a: &[Scalar], b: &[Scalar], profile: &Profile) {
    check_elements(job, a, b, &run(gpu, job, Terms::Products, a, b, profile));
}

/// Compares a product's elements with sums in double precision, or of wide integers.
pub fn check_elements(job: &Matmul, a: &[Scalar], b: &[Scalar], got: &[Scalar]) {
    let eps = match job.dtype.real() {
        DType::F32 => f64::from(f32::EPSILON),
        _ => f64::EPSILON,
    };
    for (i, g) in got.iter().enumerate() {
        let (flat, row, column) = (i / (job.m * job.n), i / job.n % job.m, i % job.n);
        let pairs = (0..job.k)
            .map(|k| (at(&job.a, &job.batch, a, flat, row, k), at(&job.b, &job.batch, b, flat, k, column)));
        if job.dtype.is_int() {
            let sum = pairs.fold(0i128, |s, (x, y)| {
                s.wrapping_add(x.to_i128().unwrap_or(0).wrapping_mul(y.to_i128().unwrap_or(0)))
            });
            assert_eq!(ulps(*g, Scalar::U64(sum as u64).cast(job.dtype)), 0.0, "{} at {i}: {g:?}", job.dtype);
        } else {
            let mut want = num_complex::Complex64::new(0.0, 0.0);
            let mut size = 0.0;
            for (x, y) in pairs {
                want += x.to_c128() * y.to_c128();
                size += x.to_c128().norm() * y.to_c128().norm();
            }
            let error = (g.to_c128() - want).norm();
            // Chunks of 256: rounding grows with the chunk, not with the length.
            assert!(error <= 40.0 * eps * size, "{} at {i}: {g:?}, want {want}", job.dtype);
        }
    }
}

pub fn data(dtype: DType, n: usize, seed: usize) -> Vec<Scalar> {
    (0..n)
        .map(|i| {
            let v = ((i * 7919 + seed * 104_729) % 2003) as f64 - 1000.0;
            match dtype.is_int() {
                true => Scalar::I64(v as i64 * 3_000_017).cast(dtype),
                false => Scalar::C128(num_complex::Complex64::new(
                    v / 256.0,
                    if dtype.is_complex() { v / 100.0 - 3.0 } else { 0.0 },
                ))
                .cast(dtype),
            }
        })
        .collect()
}

pub fn dense(job: (usize, usize), batch: &[usize]) -> Operand {
    let (rows, columns) = job;
    let matrix = rows * columns;
    let mut strides = vec![0; batch.len()];
    let mut step = matrix as isize;
    for axis in (0..batch.len()).rev() {
        strides[axis] = step;
        step *= batch[axis] as isize;
    }
    Operand {
        len: step as usize,
        offset: 0,
        batch_strides: strides,
        row_stride: columns as isize,
        column_stride: 1,
    }
}

const DTYPES: [DType; 8] =
    [DType::F32, DType::F64, DType::I32, DType::I64, DType::U32, DType::U64, DType::C64, DType::C128];

#[test]
fn every_dtype_with_edges() {
    let gpu = device();
    let mut sample = Sample::new(6);
    for (p, profile) in profiles(gpu).into_iter().enumerate() {
        for dtype in DTYPES {
            // A dtype with vectors and one without, where the profile is not the adapter's own.
            let here = if p == 0 {
                profile.features.f64 || !matches!(dtype, DType::F64 | DType::C128)
            } else {
                matches!(dtype, DType::F32 | DType::I64)
            };
            if !here {
                continue;
            }
            for (m, k, n) in [(19, 23, 37), (18, 24, 44), (1, 5, 1), (33, 0, 3)] {
                if p > 0 && !sample.takes(2) {
                    continue;
                }
                let job =
                    Matmul { dtype, batch: vec![], m, k, n, a: dense((m, k), &[]), b: dense((k, n), &[]) };
                check(gpu, &job, &data(dtype, m * k, 1), &data(dtype, k * n, 2), &profile);
            }
        }
    }
}

#[test]
fn batches_layouts_and_parts() {
    let gpu = device();
    for own in profiles(gpu) {
        for max_binding in [own.max_binding, 1 << 14] {
            let profile = Profile { max_binding, ..own };
            let (m, k, n) = (45, 30, 50);
            let batch = vec![2, 3];
            let transposed = Operand { row_stride: 1, column_stride: m as isize, ..dense((k, m), &batch) };
            let shared = Operand {
                len: k * n,
                offset: k * n - 1,
                batch_strides: vec![0, 0],
                row_stride: -(n as isize),
                column_stride: -1,
            };
            let job = Matmul { dtype: DType::F32, batch: batch.clone(), m, k, n, a: transposed, b: shared };
            check(gpu, &job, &data(DType::F32, 6 * m * k, 3), &data(DType::F32, k * n, 4), &profile);
        }
    }
}

#[test]
fn long_sums_in_several_dispatches() {
    let gpu = device();
    let profile = Profile { loop_budget: 2000, ..gpu.profile };
    let (m, k, n) = (3, 5000, 5);
    let job =
        Matmul { dtype: DType::F32, batch: vec![], m, k, n, a: dense((m, k), &[]), b: dense((k, n), &[]) };
    assert_eq!(plan(&job, Terms::Products, &profile).expect("it fits").steps.len(), 5);
    check(gpu, &job, &data(DType::F32, m * k, 5), &data(DType::F32, k * n, 6), &profile);
}

/// What a real GPU runs. Software adapters take long to compile a barrier among many stores, so only whole quads are run,
/// and the other variants, which are the same text with other numbers, compiled.
#[test]
fn blocks_in_workgroup_memory() {
    let gpu = device();
    let profile = Profile { lane_map: polyarray_shaders::LaneMap::Coalesced, workgroup: 256, ..gpu.profile };
    let job = |m: usize, k: usize, n: usize| Matmul {
        dtype: DType::F32,
        batch: vec![],
        m,
        k,
        n,
        a: Operand { row_stride: 1, column_stride: m as isize, ..dense((m, k), &[]) },
        b: dense((k, n), &[]),
    };
    let whole = Matmul { a: dense((72, 100), &[]), ..job(72, 100, 132) };
    let (a, b) = (data(DType::F32, whole.a.len, 7), data(DType::F32, whole.b.len, 8));
    check(gpu, &whole, &a, &b, &profile);
    // Nothing whole, sums longer than the loop budget, the larger square.
    let short = Profile { loop_budget: 64, ..profile };
    for (job, profile, steps) in
        [(job(67, 37, 50), profile, 1), (whole, short, 3), (job(2048, 64, 2048), profile, 1)]
    {
        let plan = plan(&job, Terms::Products, &profile).expect("it fits");
        assert_eq!(plan.steps.len(), steps);
        for step in plan.steps {
            assert!(step.shader.label().contains("blocks"));
            step.shader.compile().unwrap_or_else(|e| panic!("{e}"));
        }
    }
}

#[test]
fn bits() {
    let gpu = device();
    for profile in profiles(gpu) {
        {
            let (dtype, terms) = (DType::U32, Terms::Bits);
            for (m, k, n) in [(33, 47, 64), (20, 9, 5), (33, 1056, 64)] {
                let job =
                    Matmul { dtype, batch: vec![], m, k, n, a: dense((m, k), &[]), b: dense((k, n), &[]) };
                let (a, b) = (data(dtype, m * k, 5), data(dtype, k * n, 6));
                let got = run(gpu, &job, terms, &a, &b, &profile);
                for (i, got) in got.iter().enumerate() {
                    let sum = (0..k).fold(0_i128, |sum, l| {
                        let term = |x: Scalar| x.to_i128().unwrap_or(0);
                        let (x, y) = (term(a[i / n * k + l]), term(b[l * n + i % n]));
                        sum + i128::from((x & y).count_ones())
                    });
                    assert_eq!(got.to_i128(), Some(sum), "{dtype} {terms:?} at {i}");
                }
            }
        }
    }
}
