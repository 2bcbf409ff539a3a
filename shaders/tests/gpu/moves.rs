//! take, and copies into regions: every dtype, packed ones at every alignment.

use crate::device::{Device, device};
use crate::fused::profiles;
use crate::kernels::{elements, host};
use crate::random::Sample;
use polyarray_core::dtype::DTYPES;
use polyarray_core::{DType, Scalar};
use polyarray_shaders::methods::copy_region::{self, CopyRegion};
use polyarray_shaders::methods::take::{self, Take};
use polyarray_shaders::plan::Profile;

fn counting(dtype: DType, n: usize) -> Vec<Scalar> {
    (0..n)
        .map(|i| match dtype {
            DType::Bool => Scalar::Bool(i % 3 == 0),
            _ => Scalar::I64(i as i64 + 1).cast(dtype),
        })
        .collect()
}

fn holds(profile: &Profile, dtype: DType) -> bool {
    profile.features.f64 || !matches!(dtype, DType::F64 | DType::C128)
}

fn check_take(gpu: &Device, job: &Take, indices: &[i64], profile: &Profile) {
    let source = counting(job.dtype, job.source_len);
    let index_data: Vec<Scalar> = indices.iter().map(|&i| Scalar::I64(i).cast(job.index_dtype)).collect();
    let plan = take::plan(job, profile).unwrap_or_else(|e| panic!("{e}"));
    let inputs = [
        gpu.buffer(host(job.dtype, &source).bytes()),
        gpu.buffer(host(job.index_dtype, &index_data).bytes()),
    ];
    let out = gpu.execute(&plan, &[&inputs[0], &inputs[1]]);
    let got = elements(job.dtype, &gpu.read(&out), job.outer * job.count * job.inner);
    for (i, g) in got.iter().enumerate() {
        let (o, c, r) = (i / (job.count * job.inner), i / job.inner % job.count, i % job.inner);
        let pick = index_data[job.index_offset + c * job.index_stride as usize].to_i128().unwrap_or(0);
        let index = if pick < 0 { pick + job.length as i128 } else { pick } as isize;
        let s = job.source_strides;
        let at = job.source_offset as isize + o as isize * s[0] + index * s[1] + r as isize * s[2];
        assert_eq!(*g, source[at as usize], "{} by {} at {i}", job.dtype, job.index_dtype);
    }
}

#[test]
fn take_any_dtype_by_any_integer() {
    let gpu = device();
    let mut sample = Sample::new(8);
    for profile in profiles(gpu) {
        for (i, dtype) in DTYPES.into_iter().enumerate().filter(|&(_, d)| holds(&profile, d)) {
            let index_dtype = [DType::I64, DType::I32, DType::I8, DType::I16][i % 4];
            let (outer, length, inner) = (3, 7, [1, 5][i % 2]);
            let dense = [(length * inner) as isize, inner as isize, 1];
            let job = Take {
                dtype,
                outer,
                length,
                inner,
                source_len: outer * length * inner,
                source_offset: 0,
                source_strides: dense,
                index_dtype,
                count: 9,
                index_len: 18,
                index_offset: 0,
                index_stride: 2,
            };
            let indices: Vec<i64> = (0..18).map(|i| (i * 5) % 14 - 7).collect();
            check_take(gpu, &job, &indices, &profile);
            // A flipped view, with the axis innermost.
            let flipped = Take {
                source_offset: outer * length * inner - 1,
                source_strides: [-((length * inner) as isize), -1, -(length as isize)],
                ..job.clone()
            };
            check_take(gpu, &flipped, &indices, &profile);
            // Whole blocks of every size.
            for inner in [64, 32, 8, 12, 6] {
                if !sample.takes(3) {
                    continue;
                }
                let (outer, gap) = (2, inner as isize + 64);
                let source_strides = [7 * gap, gap, 1];
                let source_len = outer * 7 * gap as usize + 64;
                let blocks =
                    Take { outer, inner, source_len, source_offset: 64, source_strides, ..job.clone() };
                check_take(gpu, &blocks, &indices, &profile);
            }
        }
    }
}

#[test]
fn take_beyond_one_binding_and_out_of_bounds() {
    let gpu = device();
    for own in profiles(gpu) {
        let profile = Profile { max_binding: 1 << 18, ..own };
        let job = Take {
            dtype: DType::F32,
            outer: 1,
            length: 200_000,
            inner: 1,
            source_len: 200_000,
            source_offset: 0,
            source_strides: [200_000, 1, 1],
            index_dtype: DType::I64,
            count: 100_001,
            index_len: 100_001,
            index_offset: 0,
            index_stride: 1,
        };
        let indices: Vec<i64> = (0..100_001).map(|i| (i * 7_919) % 200_000 - 100_000).collect();
        check_take(gpu, &job, &indices, &profile);
        // Out of bounds is clamped: the last element, never a neighbour's memory.
        let job = Take { count: 3, index_len: 3, ..job };
        let data = counting(DType::F32, 200_000);
        let plan = take::plan(&job, &profile).expect("it fits");
        let wild = [Scalar::I64(i64::MAX), Scalar::I64(1 << 33), Scalar::I64(-200_001)];
        let inputs =
            [gpu.buffer(host(DType::F32, &data).bytes()), gpu.buffer(host(DType::I64, &wild).bytes())];
        let got = elements(DType::F32, &gpu.read(&gpu.execute(&plan, &[&inputs[0], &inputs[1]])), 3);
        assert_eq!(got, [data[199_999], data[199_999], data[0]]);
    }
}

#[test]
fn regions_of_every_dtype_at_every_alignment() {
    let gpu = device();
    let mut sample = Sample::new(7);
    for own in profiles(gpu) {
        for dtype in DTYPES.into_iter().filter(|&d| holds(&own, d)) {
            for (rows, row_length, column, run) in [(1, 41, 3, 17), (5, 7, 2, 4), (9, 3, 2, 1), (4, 8, 4, 4)]
            {
                // The source is walked backwards.
                let n = rows * run;
                check_region(gpu, &own, dtype, [rows, row_length, column, run], &[n], &[-1], n - 1);
            }
            // Whole blocks of every size, of a dense source, and of one with gaps between its rows.
            for (rows, row_length, column, run) in
                [(1, 4096, 512, 1024), (6, 192, 64, 128), (7, 40, 16, 8), (6, 24, 8, 12), (5, 16, 2, 6)]
            {
                if !sample.takes(3) {
                    continue;
                }
                let job = [rows, row_length, column, run];
                check_region(gpu, &own, dtype, job, &[rows * run], &[1], 0);
                let gap = run as isize + 64;
                check_region(gpu, &own, dtype, job, &[rows, run], &[gap, 1], 64);
                check_region(gpu, &own, dtype, job, &[rows, run], &[gap, 1], 3);
                check_region(gpu, &own, dtype, job, &[rows, run], &[0, 1], 8);
            }
        }
    }
}

/// A region of a destination of zeros, from a source of those steps without zeros.
fn check_region(
    gpu: &Device,
    profile: &Profile,
    dtype: DType,
    [rows, row_length, column, run]: [usize; 4],
    dims: &[usize],
    strides: &[isize],
    offset: usize,
) {
    let at = |r: usize, c: usize| match *strides {
        [step] => offset as isize + (r * run + c) as isize * step,
        [down, along] => offset as isize + r as isize * down + c as isize * along,
        _ => unreachable!("one axis or two"),
    };
    let len = at(0, 0).max(at(rows - 1, run - 1)) as usize + 1;
    let (dims, strides) = (dims.to_vec(), strides.to_vec());
    let job =
        CopyRegion { dtype, rows, row_length, column, run, dims, strides: strides.clone(), offset, len };
    let source = counting(dtype, len);
    let old: Vec<Scalar> = vec![Scalar::I64(0).cast(dtype); rows * row_length];
    let plan = copy_region::plan(&job, profile).unwrap_or_else(|e| panic!("{e}"));
    let input = gpu.buffer(host(dtype, &source).bytes());
    let out = gpu.buffer(host(dtype, &old).bytes());
    gpu.execute_into(&plan, &[&input], &out);
    let got = elements(dtype, &gpu.read(&out), rows * row_length);
    for (i, g) in got.iter().enumerate() {
        let (r, c) = (i / row_length, i % row_length);
        let inside = (column..column + run).contains(&c);
        let want = if inside { source[at(r, c - column) as usize] } else { old[i] };
        assert_eq!(*g, want, "{dtype} {job:?} at {i}");
    }
}

#[test]
fn regions_beyond_one_binding() {
    let gpu = device();
    for own in profiles(gpu) {
        let profile = Profile { max_binding: 1 << 16, ..own };
        for dtype in [DType::U8, DType::F32] {
            let (rows, row_length, column, run) = (301, 1003, 5, 500);
            let n = rows * run;
            let (dims, strides) = (vec![rows, run], vec![1, rows as isize]);
            let job = CopyRegion { dtype, rows, row_length, column, run, dims, strides, offset: 0, len: n };
            let source = counting(dtype, n);
            let plan = copy_region::plan(&job, &profile).expect("it fits");
            assert!(plan.steps.len() > 3);
            let input = gpu.buffer(host(dtype, &source).bytes());
            let out = gpu.buffer(&vec![0; plan.output_bytes as usize]);
            gpu.execute_into(&plan, &[&input], &out);
            let got = elements(dtype, &gpu.read(&out), rows * row_length);
            for (i, g) in got.iter().enumerate() {
                let (r, c) = (i / row_length, i % row_length);
                let inside = (column..column + run).contains(&c);
                let want = if inside { source[(c - column) * rows + r] } else { Scalar::I64(0).cast(dtype) };
                assert_eq!(*g, want, "{dtype} at {i}");
            }
        }
    }
}
