//! Matrix products: every dtype, layouts, batches, edges, long sums, outputs beyond one binding.

use crate::device::{Device, device};
use crate::fused::{profiles, ulps};
use crate::kernels::{elements, host};
use polyarray_core::{DType, Scalar};
use polyarray_shaders::matmul::{Matmul, Operand, Terms, plan, plan_terms};
use polyarray_shaders::plan::Profile;

fn run(
    gpu: &Device,
    job: &Matmul,
    terms: Terms,
    a: &[Scalar],
    b: &[Scalar],
    profile: &Profile,
) -> Vec<Scalar> {
    let plan = plan_terms(job, terms, profile).unwrap_or_else(|e| panic!("{e}"));
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
    assert_eq!(plan(&job, &profile).expect("it fits").steps.len(), 5);
    check(gpu, &job, &data(DType::F32, m * k, 5), &data(DType::F32, k * n, 6), &profile);
}

/// The layouts that are packed in different ways: rows side by side, columns, and lengths that are odd.
#[test]
fn panels_of_every_dtype_and_layout() {
    let gpu = device();
    let own = gpu.profile;
    assert!(own.windows == 0 || own.subgroups, "panels are what is tested here");
    for dtype in [DType::F32, DType::F64, DType::I32] {
        for (m, k, n) in [(37, 46, 70), (16, 33, 127), (50, 64, 33)] {
            for transposed in [false, true] {
                let operand = |rows: usize, columns: usize| match transposed {
                    true => {
                        Operand { row_stride: 1, column_stride: rows as isize, ..dense((rows, columns), &[]) }
                    }
                    false => dense((rows, columns), &[]),
                };
                let job = Matmul { dtype, batch: vec![], m, k, n, a: operand(m, k), b: operand(k, n) };
                check(gpu, &job, &data(dtype, m * k, 1), &data(dtype, k * n, 2), &own);
            }
        }
    }
}

/// The widest loads that lengths, strides and the offset allow: none of them may read a neighbour.
#[test]
fn operands_are_packed_by_loads_of_every_width() {
    let gpu = device();
    let own = gpu.profile;
    assert!(own.windows == 0 || own.features.int64, "loads in 64-bit words are what is tested here");
    let mut widths = std::collections::BTreeSet::new();
    for dtype in [DType::F32, DType::F64] {
        // Multiples of 8, 4, 2 and 1; chunks of an odd number of quads.
        for (m, k, n) in [
            (24, 72, 72),
            (40, 36, 68),
            (18, 38, 70),
            (17, 37, 67),
            (24, 520, 72),
            (16, 1032, 64),
            (20, 48, 66),
        ] {
            for (pad, offset) in [(0, 0), (4, 8), (2, 4), (6, 2)] {
                // Rows of a wider matrix, from an element in its first one on.
                let part = |rows: usize, columns: usize| {
                    let wide = columns + pad + offset;
                    Operand {
                        len: rows * wide,
                        offset,
                        row_stride: wide as isize,
                        ..dense((rows, columns), &[])
                    }
                };
                let turned = |rows: usize, columns: usize| {
                    let Operand { len, offset, row_stride, column_stride, .. } = part(columns, rows);
                    let (row_stride, column_stride) = (column_stride, row_stride);
                    Operand { len, offset, row_stride, column_stride, batch_strides: vec![] }
                };
                for (a, b) in [(part(m, k), part(k, n)), (turned(m, k), turned(k, n))] {
                    let (x, y) = (data(dtype, a.len, 1), data(dtype, b.len, 2));
                    let job = Matmul { dtype, batch: vec![], m, k, n, a, b };
                    check(gpu, &job, &x, &y, &own);
                    for step in plan(&job, &own).expect("it fits").steps {
                        if step.shader.label().contains("pack") {
                            let wgsl = step.shader.wgsl();
                            let source = wgsl.lines().find(|line| line.contains("in0_0:"));
                            let source = source.unwrap_or_else(|| panic!("{wgsl}"));
                            widths.insert(source.rsplit_once(": ").map(|(_, ty)| ty.to_owned()));
                        }
                    }
                }
            }
        }
    }
    if own.windows > 0 {
        let wide = ["array<u64>;", "array<vec2<u64>>;", "array<vec4<u64>>;"];
        assert!(wide.iter().all(|ty| widths.contains(&Some((*ty).to_owned()))), "{widths:?}");
    }
}

#[test]
fn panels_in_several_tiles_chunks_and_batches() {
    let gpu = device();
    for (batch, m, k, n) in [(vec![], 70, 1100, 300), (vec![5], 40, 70, 70), (vec![2, 3], 17, 600, 65)] {
        let job = Matmul {
            dtype: DType::F32,
            batch: batch.clone(),
            m,
            k,
            n,
            a: dense((m, k), &batch),
            b: dense((k, n), &batch),
        };
        let matrices: usize = batch.iter().product();
        let (a, b) = (data(DType::F32, matrices * m * k, 3), data(DType::F32, matrices * k * n, 4));
        check(gpu, &job, &a, &b, &gpu.profile);
    }
}

/// What a real GPU runs. Software adapters take long to compile a barrier among many stores, so only whole quads are run
/// (`shapes.rs`), and the other variants, which are the same text with other numbers, compiled.
#[test]
fn blocks_in_workgroup_memory() {
    let gpu = device();
    let profile = Profile {
        lane_map: polyarray_shaders::LaneMap::Coalesced,
        workgroup: 256,
        windows: 0,
        ..gpu.profile
    };
    let job = |m: usize, k: usize, n: usize| Matmul {
        dtype: DType::F32,
        batch: vec![],
        m,
        k,
        n,
        a: Operand { row_stride: 1, column_stride: m as isize, ..dense((m, k), &[]) },
        b: dense((k, n), &[]),
    };
    let whole = job(72, 100, 132);
    // Nothing whole, sums longer than the loop budget, the larger square.
    let short = Profile { loop_budget: 64, ..profile };
    for (job, profile, steps) in
        [(job(67, 37, 50), profile, 1), (whole, short, 3), (job(2048, 64, 2048), profile, 1)]
    {
        let plan = plan(&job, &profile).expect("it fits");
        assert_eq!(plan.steps.len(), steps);
        for step in plan.steps {
            assert!(step.shader.label().contains("blocks"));
            step.shader.compile().unwrap_or_else(|e| panic!("{e}"));
        }
    }
}

#[test]
fn bytes_and_bits() {
    let gpu = device();
    for profile in profiles(gpu) {
        for (dtype, terms) in
            [(DType::I8, Terms::Bytes), (DType::U8, Terms::Bytes), (DType::U32, Terms::Bits)]
        {
            for (m, k, n) in
                [(40, 64, 66), (33, 47, 64), (20, 9, 5), (40, 96, 72), (33, 1056, 64), (24, 40, 72)]
            {
                let job =
                    Matmul { dtype, batch: vec![], m, k, n, a: dense((m, k), &[]), b: dense((k, n), &[]) };
                let (a, b) = (data(dtype, m * k, 5), data(dtype, k * n, 6));
                if terms == Terms::Bytes
                    && !polyarray_shaders::matmul::takes_bytes(dtype, [m, k, n], &profile)
                {
                    assert!(plan_terms(&job, terms, &profile).is_err(), "bytes are cast first there");
                    continue;
                }
                let got = run(gpu, &job, terms, &a, &b, &profile);
                for (i, got) in got.iter().enumerate() {
                    let sum = (0..k).fold(0_i128, |sum, l| {
                        let term = |x: Scalar| x.to_i128().unwrap_or(0);
                        let (x, y) = (term(a[i / n * k + l]), term(b[l * n + i % n]));
                        sum + match terms {
                            Terms::Bits => i128::from((x & y).count_ones()),
                            _ => x * y,
                        }
                    });
                    assert_eq!(got.to_i128(), Some(sum), "{dtype} {terms:?} at {i}");
                }
            }
        }
    }
}
