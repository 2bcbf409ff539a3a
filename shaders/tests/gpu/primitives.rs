//! Prefix sums, sorting and compaction: every dtype, sizes around every bound, layouts, rows of all lengths, arrays beyond
//! one binding. Outputs and scratch are poisoned.

use crate::device::{Device, device};
use crate::fused::profiles;
use crate::kernels::{elements, host};
use crate::random::{Sample, random};
use polyarray_core::dtype::DTYPES;
use polyarray_core::expr::Reduction;
use polyarray_core::{DType, Kind, Scalar};
use polyarray_shaders::Plan;
use polyarray_shaders::plan::{PlanError, Profile};
use polyarray_shaders::primitives::View;
use polyarray_shaders::primitives::compact::{self, Compact, Gathered};
use polyarray_shaders::primitives::rank_indices::{self, RankIndices};
use polyarray_shaders::primitives::scan::{self, Scan};
use polyarray_shaders::primitives::sort_pairs::{self, Sort, Sorted};

fn holds(profile: &Profile, dtype: DType) -> bool {
    profile.features.f64 || !matches!(dtype, DType::F64 | DType::C128)
}

/// How a matrix lies: densely, by columns, backwards with gaps, or all rows the same.
fn layouts(rows: usize, len: usize) -> [View; 4] {
    let (r, l) = (rows as isize, len as isize);
    let view =
        |len: isize, offset: isize, strides| View { len: len as usize, offset: offset as usize, strides };
    [
        view(r * l + 64, 64, [l, 1]),
        view(r * l + 3, 3, [1, r]),
        view(r * (2 * l + 5) + 9, (r * (2 * l + 5) - 1).max(0), [-(2 * l + 5), -2]),
        view(l + 7, 7, [0, 1]),
    ]
}

fn at(view: &View, len: usize, i: usize) -> usize {
    let (row, column) = ((i / len) as isize, (i % len) as isize);
    (view.offset as isize + row * view.strides[0] + column * view.strides[1]) as usize
}

fn run(gpu: &Device, plan: &Plan, dtype: DType, len: usize, inputs: &[(DType, &[Scalar])]) -> Vec<Scalar> {
    let inputs: Vec<_> = inputs.iter().map(|(dtype, data)| gpu.buffer(host(*dtype, data).bytes())).collect();
    elements(dtype, &gpu.read(&gpu.execute(plan, &inputs.iter().collect::<Vec<_>>())), len)
}

/// Numbers of a dtype: small ones for products.
fn numbers(dtype: DType, n: usize, op: Reduction, state: &mut u64) -> Vec<Scalar> {
    (0..n)
        .map(|_| {
            let bits = random(state);
            let x = (bits >> 40) as f64 / f64::from(1 << 24);
            let y = (bits & 0xffff) as f64 / 65536.0;
            let (re, im) = match op {
                Reduction::Prod => (0.9 + x / 5.0, y / 8.0),
                _ => (200.0 * x - 80.0, 10.0 * y),
            };
            match dtype.kind() {
                Kind::Complex => Scalar::C128(num_complex::Complex64::new(re, im)).cast(dtype),
                // Sums of halves stay in their range.
                Kind::Float if dtype == DType::F16 && op == Reduction::Sum => {
                    Scalar::F64(re / 64.0).cast(dtype)
                }
                Kind::Float => Scalar::F64(re).cast(dtype),
                _ => Scalar::I64(bits as i64 >> 20).cast(dtype),
            }
        })
        .collect()
}

/// A sum in twice the precision: (value, error).
fn add((s, e): (f64, f64), x: f64) -> (f64, f64) {
    let t = s + x;
    let b = t - s;
    (t, e + ((s - (t - b)) + (x - b)))
}

fn check_scan(gpu: &Device, job: &Scan, data: &[Scalar], profile: &Profile) {
    let n = job.rows * job.len;
    let what = format!("{} of {} as {}, {} x {}", job.op.name(), job.from, job.dtype, job.rows, job.len);
    let plan = scan::plan(job, profile).unwrap_or_else(|e| panic!("{what}: {e}"));
    let got = run(gpu, &plan, job.dtype, n, &[(job.from, data)]);
    let eps = match job.dtype.real() {
        DType::F16 => 1e-3,
        DType::F32 => f64::from(f32::EPSILON),
        _ => f64::EPSILON,
    };
    let sum = job.op == Reduction::Sum;
    let (mut whole, mut parts, mut product, mut size) = (0u64, [(0.0, 0.0); 2], Scalar::I64(1), 0.0);
    for (i, got) in got.iter().enumerate() {
        if i % job.len == 0 {
            (whole, parts, product, size) =
                (u64::from(!sum), [(0.0, 0.0); 2], Scalar::C128(num_complex::Complex64::new(1.0, 0.0)), 0.0);
        }
        let x = data[at(&job.x, job.len, i)].cast(job.dtype);
        if let Some(x) = x.to_i128() {
            whole = if sum { whole.wrapping_add(x as u64) } else { whole.wrapping_mul(x as u64) };
            assert_eq!(*got, Scalar::U64(whole).cast(job.dtype), "{what} at {i}");
            continue;
        }
        let x = x.to_c128();
        let (want, error) = if sum {
            parts = [add(parts[0], x.re), add(parts[1], x.im)];
            size += x.norm();
            (num_complex::Complex64::new(parts[0].0 + parts[0].1, parts[1].0 + parts[1].1), eps * size * eps)
        } else {
            product = Scalar::C128(product.to_c128() * x);
            (product.to_c128(), eps * ((i % job.len) as f64 + 2.0) * product.to_c128().norm())
        };
        let error = error + eps * want.norm() + f64::MIN_POSITIVE;
        assert!((got.to_c128() - want).norm() <= error, "{what} at {i}: {got:?}, want {want}");
    }
}

const SIZES: [[usize; 2]; 14] = [
    [1, 1],
    [5, 1],
    [1, 15],
    [1, 16],
    [3, 17],
    [1, 63],
    [1, 64],
    [1, 65],
    [9, 64],
    [2, 1000],
    [300, 3],
    [1, 4097],
    [4, 4096],
    [2, 9001],
];

#[test]
fn scans_of_every_dtype() {
    let gpu = device();
    let mut state = 5;
    let mut sample = Sample::new(9);
    for (p, profile) in profiles(gpu).into_iter().enumerate() {
        for dtype in DTYPES.into_iter().filter(|&d| d != DType::Bool && holds(&profile, d)) {
            for op in [Reduction::Sum, Reduction::Prod] {
                for [rows, len] in SIZES {
                    for (lie, x) in layouts(rows, len).into_iter().enumerate() {
                        if !sample.takes(if p == 0 && lie == 0 { 6 } else { 70 }) {
                            continue;
                        }
                        let data = numbers(dtype, x.len, op, &mut state);
                        check_scan(gpu, &Scan { op, rows, len, from: dtype, dtype, x }, &data, &profile);
                    }
                }
            }
        }
        // Narrow operands summed in a wide dtype, and a bool.
        for (from, dtype) in [(DType::U8, DType::I64), (DType::Bool, DType::I64), (DType::F16, DType::F32)] {
            let x = layouts(3, 700)[p].clone();
            let data = numbers(from, x.len, Reduction::Sum, &mut state);
            check_scan(gpu, &Scan { op: Reduction::Sum, rows: 3, len: 700, from, dtype, x }, &data, &profile);
        }
    }
}

#[test]
fn scans_of_many_rows_and_of_long_ones() {
    let gpu = device();
    let mut state = 6;
    for (profile, dtype) in profiles(gpu).into_iter().zip([DType::F32, DType::I64, DType::I16]) {
        let parts = Profile { max_binding: 1 << 18, ..profile };
        for (rows, len, profile) in [
            (1, 1 << 20, profile),
            (70_001, 3, profile),
            (65_537, 1, profile),
            (3, 100_003, parts),
            (70_000, 5, parts),
        ] {
            let x = layouts(rows, len)[0].clone();
            let data = numbers(dtype, x.len, Reduction::Sum, &mut state);
            check_scan(gpu, &Scan { op: Reduction::Sum, rows, len, from: dtype, dtype, x }, &data, &profile);
        }
    }
}

#[test]
fn infinite_sums_and_nan_stay() {
    let gpu = device();
    let data: Vec<Scalar> = [1.0, f32::INFINITY, 2.0, f32::NEG_INFINITY, 3.0].map(Scalar::F32).to_vec();
    let x = View { len: 5, offset: 0, strides: [5, 1] };
    let job = Scan { op: Reduction::Sum, rows: 1, len: 5, from: DType::F32, dtype: DType::F32, x };
    let got = run(gpu, &scan::plan(&job, &gpu.profile).unwrap(), DType::F32, 5, &[(DType::F32, &data)]);
    let got: Vec<f64> = got.iter().map(|x| x.to_f64()).collect();
    assert_eq!(got[..3], [1.0, f64::INFINITY, f64::INFINITY]);
    assert!(got[3].is_nan() && got[4].is_nan(), "{got:?}");
}

/// What is hard to sort: few values, NaN, zeros of both signs, the ends of the range.
fn unsorted(dtype: DType, n: usize, state: &mut u64) -> Vec<Scalar> {
    (0..n)
        .map(|_| {
            let bits = random(state);
            let x = match bits % 11 {
                0 => f64::NAN,
                1 => -0.0,
                2 => 0.0,
                3 => f64::INFINITY,
                4 => f64::NEG_INFINITY,
                5 => 1e-42,
                _ => ((bits >> 32) as i32 >> (bits % 24)) as f64 / 16.0,
            };
            match dtype.kind() {
                Kind::Float => Scalar::F64(x).cast(dtype),
                _ if bits.is_multiple_of(3) => Scalar::I64((bits >> 60) as i64 - 8).cast(dtype),
                _ => Scalar::I64(bits as i64).cast(dtype),
            }
        })
        .collect()
}

fn order(a: Scalar, b: Scalar, descending: bool) -> std::cmp::Ordering {
    let nan = |x: Scalar| x.to_i128().is_none() && x.to_f64().is_nan();
    let ordered = match (a.to_i128(), b.to_i128()) {
        (Some(a), Some(b)) => a.cmp(&b),
        _ if nan(a) || nan(b) => return nan(a).cmp(&nan(b)),
        _ => a.to_f64().partial_cmp(&b.to_f64()).unwrap(),
    };
    if descending { ordered.reverse() } else { ordered }
}

fn check_sort(gpu: &Device, job: &Sort, data: &[Scalar], profile: &Profile) {
    let (n, out) = (job.rows * job.len, if job.gives == Sorted::Indices { DType::I64 } else { job.dtype });
    let what = format!("{job:?}");
    let plan = sort_pairs::plan(job, profile).unwrap_or_else(|e| panic!("{what}: {e}"));
    let got = run(gpu, &plan, out, n, &[(job.dtype, data)]);
    for (row, got) in got.chunks(job.len).enumerate() {
        let x: Vec<Scalar> = (0..job.len).map(|i| data[at(&job.x, job.len, row * job.len + i)]).collect();
        let mut want: Vec<usize> = (0..job.len).collect();
        want.sort_by(|&a, &b| order(x[a], x[b], job.descending));
        for (i, (got, want)) in got.iter().zip(want).enumerate() {
            let want = match job.gives {
                Sorted::Indices => Scalar::I64(want as i64),
                Sorted::Values => x[want],
            };
            assert!(
                format!("{got:?}") == format!("{want:?}"),
                "{what}, row {row} at {i}: {got:?}, want {want:?}"
            );
        }
    }
}

#[test]
fn sorts_of_every_dtype() {
    let gpu = device();
    let mut state = 7;
    let mut sample = Sample::new(10);
    for (p, profile) in profiles(gpu).into_iter().enumerate() {
        for dtype in DTYPES.into_iter().filter(|&d| !d.is_complex() && holds(&profile, d)) {
            for [rows, len] in SIZES {
                for (lie, x) in layouts(rows, len).into_iter().enumerate() {
                    for (gives, descending) in [
                        (Sorted::Values, false),
                        (Sorted::Values, true),
                        (Sorted::Indices, false),
                        (Sorted::Indices, true),
                    ] {
                        if !sample.takes(if p == 0 && lie == 0 { 10 } else { 120 }) {
                            continue;
                        }
                        let data = unsorted(dtype, x.len, &mut state);
                        let job = Sort { rows, len, dtype, descending, gives, x: x.clone() };
                        check_sort(gpu, &job, &data, &profile);
                    }
                }
            }
        }
    }
}

#[test]
fn sorts_of_many_rows_and_of_long_ones() {
    let gpu = device();
    let mut state = 8;
    for (profile, dtype) in profiles(gpu).into_iter().zip([DType::F32, DType::I64, DType::U8]) {
        let parts = Profile { max_binding: 1 << 18, ..profile };
        for (rows, len, profile) in [
            (1, 1 << 20, profile),
            (70_001, 3, profile),
            (65_537, 1, profile),
            (100, 1004, parts),
            (9000, 9, parts),
        ] {
            for gives in [Sorted::Values, Sorted::Indices] {
                let x = layouts(rows, len)[0].clone();
                let data = unsorted(dtype, x.len, &mut state);
                check_sort(gpu, &Sort { rows, len, dtype, descending: false, gives, x }, &data, &profile);
            }
        }
    }
}

fn check_ranks(gpu: &Device, job: &RankIndices, data: &[Scalar], profile: &Profile) {
    let what = format!("{job:?}");
    let plan = rank_indices::plan(job, profile).unwrap_or_else(|e| panic!("{what}: {e}"));
    let got = run(gpu, &plan, DType::I64, job.rows * job.ranks.len(), &[(job.dtype, data)]);
    for (row, got) in got.chunks(job.ranks.len()).enumerate() {
        let x: Vec<Scalar> = (0..job.len).map(|i| data[at(&job.x, job.len, row * job.len + i)]).collect();
        let mut sorted: Vec<usize> = (0..job.len).collect();
        sorted.sort_by(|&a, &b| order(x[a], x[b], job.descending));
        for (&got, &rank) in got.iter().zip(&job.ranks) {
            assert_eq!(got, Scalar::I64(sorted[rank] as i64), "{what}, row {row}, rank {rank}");
        }
    }
}

#[test]
fn indices_of_ranks_are_those_of_a_sort() {
    let gpu = device();
    let mut state = 9;
    let mut sample = Sample::new(12);
    for (p, profile) in profiles(gpu).into_iter().enumerate() {
        for dtype in DTYPES.into_iter().filter(|&d| !d.is_complex() && holds(&profile, d)) {
            if p > 0 && !sample.takes(3) {
                continue;
            }
            // Of each dtype the kernels of one layout, order and number of ranks: all lengths share them.
            let [lie, descending, count] = [4, 2, 4].map(|n| random(&mut state) as usize % n);
            let (descending, count) = (descending == 1, [1, 2, 5, 11][count]);
            for [rows, len] in SIZES.into_iter().chain([[2, 70_001]]).filter(|[rows, len]| rows * len > 0) {
                let x = layouts(rows, len)[lie].clone();
                let data = unsorted(dtype, x.len, &mut state);
                let ranks = (0..count).map(|_| random(&mut state) as usize % len).collect();
                check_ranks(gpu, &RankIndices { rows, len, dtype, ranks, descending, x }, &data, &profile);
            }
        }
    }
    // More elements than a workgroup takes; more ranks than tables.
    let x = layouts(1, 1 << 20)[0].clone();
    for dtype in [DType::F32, DType::I16] {
        let (data, ranks) = (unsorted(dtype, x.len, &mut state), (0..1 << 20).step_by(70_001).collect());
        let mut job = RankIndices { rows: 1, len: 1 << 20, dtype, ranks, descending: false, x: x.clone() };
        check_ranks(gpu, &job, &data, &gpu.profile);
        assert!(job.pays());
        job.ranks.extend([1, 2]);
        assert!(matches!(rank_indices::plan(&job, &gpu.profile), Err(PlanError::TooLarge { .. })));
        assert!(!job.pays());
    }
}

fn check_compact(
    gpu: &Device,
    profile: &Profile,
    len: usize,
    mask: (DType, View),
    values: Option<(DType, View)>,
) {
    let mut state = len as u64 + 11;
    let mask_data: Vec<Scalar> = (0..mask.1.len)
        .map(|i| {
            let bits = random(&mut state);
            match mask.0.kind() {
                Kind::Bool => Scalar::Bool(bits.is_multiple_of(3)),
                Kind::Float => Scalar::F64([0.0, -0.0, f64::NAN, 0.25, 1e-3][bits as usize % 5]).cast(mask.0),
                _ => Scalar::I64(if i % 4 == 0 { 1 << (bits % 30) } else { 0 }).cast(mask.0),
            }
        })
        .collect();
    let set = |x: Scalar| x.cast(DType::Bool) == Scalar::Bool(true);
    let chosen: Vec<usize> = (0..len).filter(|&i| set(mask_data[at(&mask.1, len, i)])).collect();
    let (out, gathered, data) = match &values {
        None => (DType::I64, Gathered::Indices, Vec::new()),
        Some((dtype, x)) => {
            let data: Vec<Scalar> = (0..x.len).map(|i| Scalar::I64(i as i64 * 7 + 1).cast(*dtype)).collect();
            (*dtype, Gathered::Values { dtype: *dtype, x: x.clone() }, data)
        }
    };
    let job = Compact { len, count: chosen.len(), mask_dtype: mask.0, mask: mask.1, gathered };
    let plan = compact::plan(&job, profile).unwrap_or_else(|e| panic!("{job:?}: {e}"));
    let mut inputs = vec![(mask.0, &mask_data[..])];
    inputs.extend(values.as_ref().map(|(dtype, _)| (*dtype, &data[..])));
    let got = run(gpu, &plan, out, chosen.len(), &inputs);
    for (got, &i) in got.iter().zip(&chosen) {
        let want = match &values {
            None => Scalar::I64(i as i64),
            Some((_, x)) => data[at(x, len, i)],
        };
        assert_eq!(*got, want, "{job:?} at {i}");
    }
}

#[test]
fn compactions() {
    let gpu = device();
    let mut sample = Sample::new(11);
    for profile in profiles(gpu) {
        let masks = DTYPES.into_iter().filter(|&d| holds(&profile, d) && !d.is_complex());
        for (mask, dtype) in masks.flat_map(|mask| DTYPES.map(|dtype| (mask, dtype))) {
            for len in [0, 1, 15, 64, 65, 257, 5000] {
                if !holds(&profile, dtype) || !sample.takes(120) {
                    continue;
                }
                let [dense, _, back, _] = layouts(1, len);
                check_compact(gpu, &profile, len, (mask, dense.clone()), None);
                check_compact(gpu, &profile, len, (mask, back.clone()), Some((dtype, dense.clone())));
                check_compact(gpu, &profile, len, (mask, dense), Some((dtype, back)));
            }
        }
        let parts = Profile { max_binding: 1 << 19, ..profile };
        let (million, less) = (layouts(1, 1 << 20)[0].clone(), layouts(1, 300_007)[0].clone());
        check_compact(gpu, &profile, 1 << 20, (DType::Bool, million.clone()), None);
        check_compact(gpu, &profile, 1 << 20, (DType::F32, million.clone()), Some((DType::U8, million)));
        check_compact(gpu, &parts, 300_007, (DType::F32, less.clone()), Some((DType::I64, less.clone())));
        check_compact(gpu, &parts, 300_007, (DType::I16, less.clone()), None);
    }
}

#[test]
fn nothing_and_what_can_not_be() {
    let gpu = device();
    let x = View { len: 0, offset: 0, strides: [0, 1] };
    for (rows, len) in [(0, 5), (5, 0), (0, 0)] {
        let from = DType::F32;
        let job = Scan { op: Reduction::Sum, rows, len, from, dtype: from, x: x.clone() };
        assert!(scan::plan(&job, &gpu.profile).unwrap().steps.is_empty());
        let (descending, gives) = (false, Sorted::Values);
        let job = Sort { rows, len, dtype: from, descending, gives, x: x.clone() };
        assert!(sort_pairs::plan(&job, &gpu.profile).unwrap().steps.is_empty());
    }
    let (dtype, descending, gives) = (DType::C64, false, Sorted::Indices);
    let job = Sort { rows: 1, len: 3, dtype, descending, gives, x: x.clone() };
    assert!(matches!(sort_pairs::plan(&job, &gpu.profile), Err(PlanError::NoSuchOp { .. })));
    let small = Profile { max_binding: 1 << 16, ..gpu.profile };
    let job = Sort { len: 1 << 20, dtype: DType::F32, x: View { len: 1 << 20, ..x }, ..job };
    assert!(matches!(sort_pairs::plan(&job, &small), Err(PlanError::TooLarge { .. })));
}
