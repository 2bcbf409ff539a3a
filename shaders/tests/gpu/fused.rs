//! Elementwise kernels: every operation in every dtype, casts, strides, windows and tails.

use crate::device::{Device, device};
use crate::kernels::{View, elements, interpret, kernel, map_code, value};
use polyarray_core::array::HostBuffer;
use polyarray_core::dtype::DTYPES;
use polyarray_core::expr::{Instr, Kernel, OPS, Op, Output};
use polyarray_core::{DType, Scalar};
use polyarray_shaders::plan::{LaneMap, Profile};
use polyarray_shaders::{Features, fused};

/// Runs a kernel on the device under a profile.
pub fn run(gpu: &Device, kernel: &Kernel, profile: &Profile) -> Vec<Scalar> {
    let plan = fused::plan(kernel, profile).unwrap_or_else(|e| panic!("{}: {e}", kernel.label()));
    let inputs: Vec<_> = kernel
        .inputs
        .iter()
        .map(|i| {
            let any: &dyn std::any::Any = &*i.buffer;
            gpu.buffer(any.downcast_ref::<HostBuffer>().expect("tests use host buffers").bytes())
        })
        .collect();
    let out = gpu.execute(&plan, &inputs.iter().collect::<Vec<_>>());
    elements(kernel.output_dtype(), &gpu.read(&out), kernel.output_len())
}

/// Error of `got` in units of the last place of its dtype; complex numbers by their norm. Subnormal results may
/// be flushed.
pub fn ulps(got: Scalar, want: Scalar) -> f64 {
    let dtype = got.dtype();
    let (bits, min_exponent) = match dtype.real() {
        DType::F16 => (10.0, -14.0),
        DType::F32 => (23.0, -126.0),
        DType::F64 => (52.0, -1022.0),
        _ => return if got == want.cast(dtype) { 0.0 } else { f64::INFINITY },
    };
    let (g, w) = (got.to_c128(), want.to_c128());
    let rounded = want.cast(dtype).to_c128();
    let special = |x: f64| x.is_nan() || x.is_infinite();
    let part = |g: f64, w: f64, r: f64| -> Option<f64> {
        if special(g) || special(r) {
            let same = g == r || (g.is_nan() && r.is_nan());
            let edge =
                w.is_finite() && r.is_infinite() && g.abs() > r.abs().min(6e4) && g.signum() == r.signum();
            return Some(if same || edge { 0.0 } else { f64::INFINITY });
        }
        None
    };
    let specials: Vec<Option<f64>> = vec![part(g.re, w.re, rounded.re), part(g.im, w.im, rounded.im)];
    if specials.iter().any(Option::is_some) {
        // A complex number with an infinite part: the other part is not compared closely.
        return specials.into_iter().flatten().fold(0.0, f64::max);
    }
    let norm = w.re.hypot(w.im);
    let exponent = if norm == 0.0 { min_exponent } else { norm.log2().floor().max(min_exponent) };
    (g.re - w.re).hypot(g.im - w.im) / (exponent - bits).exp2()
}

/// Values that are hard in a dtype.
pub fn samples(dtype: DType) -> Vec<Scalar> {
    let ints = [
        0i64,
        1,
        2,
        3,
        7,
        -1,
        -2,
        -7,
        100,
        127,
        128,
        255,
        -128,
        32_767,
        -32_768,
        65_535,
        1 << 24,
        0x7fff_ffff,
        -0x8000_0000,
        0xffff_ffff,
        i64::MAX,
        i64::MIN,
        0x1234_5678_9abc_def0,
    ];
    let floats = [
        0.0,
        -0.0,
        1.0,
        -1.0,
        0.5,
        -1.5,
        2.0,
        3.0,
        7.25,
        -7.25,
        0.1,
        1e-3,
        100.5,
        65_504.0,
        1e-7,
        12_345.678,
        f64::INFINITY,
        f64::NEG_INFINITY,
        f64::NAN,
        1e30,
        -1e-30,
        300.0,
        -4.0,
    ];
    match dtype {
        DType::Bool => vec![Scalar::Bool(false), Scalar::Bool(true)],
        _ if dtype.is_int() => ints.iter().map(|&v| Scalar::I64(v).cast(dtype)).collect(),
        _ if dtype.is_float() => floats.iter().map(|&v| Scalar::F64(v).cast(dtype)).collect(),
        _ => {
            let parts = [0.0, -0.0, 1.0, -0.75, 2.5, 1e-4, -30.0, 700.5];
            let pairs = parts.iter().flat_map(|&re| parts.iter().map(move |&im| (re, im)));
            pairs.map(|(re, im)| Scalar::C128(num_complex::Complex64::new(re, im)).cast(dtype)).collect()
        }
    }
}

/// Features below the adapter's own too, and both lane maps.
pub fn profiles(gpu: &Device) -> Vec<Profile> {
    let own = gpu.profile;
    let plain = Profile {
        features: Features::default(),
        lane_map: LaneMap::Coalesced,
        workgroup: 64,
        immediates: 0,
        windows: 0,
        windowed_loads: false,
        ..own
    };
    let run = Profile { lane_map: LaneMap::Run, workgroup: 8, ..plain };
    vec![own, plain, run, Profile { windows: own.windows, windowed_loads: true, ..run }]
}

/// The adapter's own profile, and one without any feature for the dtypes that are emulated there.
fn profiles_for(gpu: &Device, dtypes: &[DType]) -> Vec<Profile> {
    let mut all = profiles(gpu);
    let emulated = dtypes.iter().any(|d| matches!(d, DType::I64 | DType::U64));
    all.truncate(if emulated { 2 } else { 1 });
    all
}

fn holds(profile: &Profile, dtype: DType) -> bool {
    profile.features.f64 || !matches!(dtype, DType::F64 | DType::C128)
}

/// Every combination of the samples as operands.
fn operands(op: Op, dtype: DType) -> Vec<Vec<Scalar>> {
    let x = samples(dtype);
    match op.info().arity {
        1 => vec![x],
        2 => {
            let n = x.len();
            let first = (0..n * n).map(|i| x[i / n]).collect();
            vec![first, (0..n * n).map(|i| x[i % n]).collect()]
        }
        _ => {
            let n = x.len();
            let condition = (0..2 * n + 1).map(|i| Scalar::Bool(i % 3 == 0)).collect();
            vec![
                condition,
                (0..2 * n + 1).map(|i| x[i % n]).collect(),
                (0..2 * n + 1).map(|i| x[(i + 1) % n]).collect(),
            ]
        }
    }
}

/// Whether the reference itself is exact enough to hold the kernel to it.
fn tolerance(op: Op, dtype: DType) -> f64 {
    match op {
        _ if !(dtype.is_float() || dtype.is_complex()) => 0.0,
        // The reference is a double, too: its own error counts.
        Op::Exp | Op::Log | Op::Sin | Op::Cos | Op::Tanh if dtype == DType::F64 => 8.0,
        // And the complex one loses digits near |z| = 1; functions_complex.rs is precise.
        Op::Exp | Op::Log | Op::Sin | Op::Cos | Op::Tanh if dtype == DType::C128 => 1e8,
        Op::Exp | Op::Log | Op::Sin | Op::Cos | Op::Tanh => 4.0,
        Op::Sqrt | Op::Divide | Op::Multiply | Op::Absolute if dtype.is_complex() => 4.0,
        Op::FloorDivide => 1.0,
        // Half a unit in each part is more in the norm.
        Op::Add | Op::Subtract if dtype.is_complex() => 0.71,
        Op::Add | Op::Subtract | Op::Multiply | Op::Divide | Op::Sqrt | Op::Remainder => 0.5001,
        _ => 0.0,
    }
}

#[test]
fn every_operation_in_every_dtype() {
    let gpu = device();
    let mut failures = Vec::new();
    for row in OPS {
        for dtype in DTYPES {
            for (p, profile) in profiles_for(gpu, &[dtype]).iter().enumerate() {
                if !row.kinds.has(dtype.kind()) || !holds(profile, dtype) {
                    continue;
                }
                let data = operands(row.op, dtype);
                let n = data[0].len();
                let dtypes: Vec<DType> = data.iter().map(|d| d[0].dtype()).collect();
                let views: Vec<View> = data.iter().zip(&dtypes).map(|(d, &t)| View::dense(t, d)).collect();
                let k = kernel(&[n], 1, &views, vec![], map_code(row.op, &dtypes), Output::Map);
                let got = run(gpu, &k, profile);
                let limit = tolerance(row.op, dtype);
                for i in 0..n {
                    let x: Vec<Scalar> = data.iter().map(|d| d[i]).collect();
                    let want = crate::kernels::apply(row.op, &x);
                    let error = ulps(got[i], want);
                    if error.is_nan() || error > limit {
                        failures.push(format!(
                            "profile {p}: {}({x:?}) = {:?}, want {want:?}: {error} ULP",
                            row.name, got[i]
                        ));
                    }
                }
            }
        }
    }
    assert!(
        failures.is_empty(),
        "{} wrong, as\n{}",
        failures.len(),
        failures[..failures.len().min(60)].join("\n")
    );
}

#[test]
fn every_cast() {
    let gpu = device();
    let mut failures = Vec::new();
    for from in DTYPES {
        for to in DTYPES {
            for (p, profile) in profiles_for(gpu, &[from, to]).iter().enumerate() {
                if !holds(profile, from) || !holds(profile, to) {
                    continue;
                }
                let data = samples(from);
                let code = vec![value(Instr::Load(0), from), value(Instr::Cast(0), to)];
                let k = kernel(&[data.len()], 1, &[View::dense(from, &data)], vec![], code, Output::Map);
                let got = run(gpu, &k, profile);
                for (x, g) in data.iter().zip(&got) {
                    let want = x.cast(to);
                    let same = format!("{g:?}") == format!("{want:?}")
                        || (ulps(*g, want) == 0.0 && !to.is_complex());
                    let complex = to.is_complex() && ulps(*g, want) == 0.0;
                    if !same && !complex {
                        failures.push(format!("profile {p}: {x:?} as {to} = {g:?}, want {want:?}"));
                    }
                }
            }
        }
    }
    assert!(
        failures.is_empty(),
        "{} wrong, as\n{}",
        failures.len(),
        failures[..failures.len().min(60)].join("\n")
    );
}

/// Numbers 0, 1, 2, … in a dtype.
fn counting(dtype: DType, n: usize) -> Vec<Scalar> {
    (0..n).map(|i| Scalar::I64(i as i64).cast(dtype)).collect()
}

#[test]
fn strides_offsets_broadcasts_and_tails() {
    let gpu = device();
    for profile in profiles(gpu) {
        for dtype in DTYPES.into_iter().filter(|&d| d != DType::Bool && holds(&profile, d)) {
            let data = crate::kernels::host(dtype, &counting(dtype, 2000));
            // Rows that no block divides, and rows of whole blocks of 16, 8 and 4.
            for shape in [[5, 7, 9], [5, 3, 16], [3, 7, 24], [5, 7, 12]] {
                // One dtype of each size is enough for the blocks.
                if shape[2] % 4 == 0 && ![DType::U8, DType::F16, DType::F32, DType::F64].contains(&dtype) {
                    continue;
                }
                let [a, b, c] = shape.map(|d| d as isize);
                let view = |strides: [isize; 3], offset| View::of(&data, &shape, &strides, offset);
                let dense = [b * c, c, 1];
                let cases = [
                    vec![view(dense, 0), view(dense, 64)],
                    vec![view([1, a, a * b], 3), view([-b * c, -c, -1], 700)],
                    vec![view([0, 0, 0], 17), view([0, c, 1], 1)],
                    vec![view(dense, 5), view([128, 1, 0], 0)],
                    vec![view(dense, 0), view([0, c, 1], 16)],
                    vec![view([0, 0, 1], 64), view([c, -c, 1], 320)],
                    vec![view([b, 1, 0], 3), view([b * 32, 32, 2], 9)],
                ];
                for views in cases {
                    let code = map_code(Op::Add, &[dtype, dtype]);
                    let k = kernel(&shape, 3, &views, vec![], code, Output::Map);
                    assert_eq!(run(gpu, &k, &profile), interpret(&k), "{dtype} {:?}", k.inputs);
                }
            }
        }
    }
}

/// Long enough for windows: dense inputs, tails, offsets, a repeated row and a repeated column.
#[test]
fn dense_inputs_through_windows() {
    let gpu = device();
    let (rows, columns) = (211, 331);
    let n = rows * columns;
    for profile in profiles(gpu).into_iter().filter(|p| p.windowed_loads) {
        let own = profile.features == gpu.profile.features;
        for dtype in [DType::F32, DType::F64, DType::I16, DType::C64] {
            if !holds(&profile, dtype) || (!own && dtype != DType::F32) {
                continue;
            }
            let data = crate::kernels::host(dtype, &counting(dtype, n + 640));
            let view = |strides: &[isize], offset| View::of(&data, &[rows, columns], strides, offset);
            let dense = [columns as isize, 1];
            for views in [
                vec![view(&dense, 0), view(&dense, 640)],
                vec![view(&dense, 64), view(&[0, 1], 3)],
                vec![view(&[1, 0], 7), view(&dense, 0)],
                vec![view(&dense, 0), view(&dense, 1)],
            ] {
                let code = map_code(Op::Multiply, &[dtype, dtype]);
                let k = kernel(&[rows, columns], 2, &views, vec![], code, Output::Map);
                let (got, want) = (run(gpu, &k, &profile), interpret(&k));
                let wrong = got.iter().zip(&want).position(|(g, w)| ulps(*g, *w) > 1.0);
                assert!(wrong.is_none(), "{dtype} {:?} at {wrong:?}", k.inputs);
            }
        }
        // Blocks of 16 for the sake of the bools.
        let mask: Vec<Scalar> = (0..n).map(|i| Scalar::Bool(i % 3 == 0)).collect();
        let data = counting(DType::F32, n);
        let views = [View::dense(DType::Bool, &mask), View::dense(DType::F32, &data)];
        let views = [views[0].clone(), views[1].clone(), views[1].clone()];
        let mut code = map_code(Op::Where, &[DType::Bool, DType::F32, DType::F32]);
        code[2] = value(Instr::Param(0), DType::F32);
        let views = &views[..2];
        let k = kernel(&[n], 1, views, vec![Scalar::F32(-1.0)], code, Output::Map);
        assert_eq!(run(gpu, &k, &profile), interpret(&k));
    }
}

/// Where large arguments are a second pass: without any, with some, and with garbage behind the end, which must not
/// count as one.
#[test]
fn sines_of_near_and_far_arguments() {
    let gpu = device();
    let n = 70_001;
    let near = |i: usize| match i % 7 {
        0 => ((i * 7919) % 2_097_143) as f32 - 1_048_571.5,
        1 => std::f32::consts::FRAC_PI_2 * (i % 4099) as f32,
        2 => -0.0,
        3 => 1e-30,
        _ => (i % 1009) as f32 / 100.0 - 5.0,
    };
    let far = [1e10, -3e38, f32::INFINITY, f32::NAN, 1_048_576.0, -1e7];
    let sets: [Vec<f32>; 2] = [
        (0..n).map(near).collect(),
        (0..n).map(|i| if i % 9973 == 5 { far[i / 9973 % 6] } else { near(i) }).collect(),
    ];
    for values in sets {
        let data: Vec<Scalar> = values.iter().map(|&x| Scalar::F32(x)).collect();
        for op in [Op::Sin, Op::Cos] {
            let code = map_code(op, &[DType::F32]);
            let k = kernel(&[n], 1, &[View::dense(DType::F32, &data)], vec![], code, Output::Map);
            let got = run(gpu, &k, &gpu.profile);
            for (x, g) in data.iter().zip(&got) {
                let want = crate::kernels::apply(op, &[*x]);
                let error = ulps(*g, want);
                assert!(error <= 4.0, "{op:?} of {x:?}: {g:?}, want {want:?}: {error} ULP");
                let sign = |s: Scalar| s.to_f64().is_sign_negative();
                assert!(sign(*g) == sign(want) || want.to_f64() != 0.0, "{op:?} of {x:?}: {g:?}");
            }
        }
    }
}

/// Inputs that lie dense across the rows: read by tiles on adapters of the CPU type, where sizes and offsets allow.
#[test]
fn transposed_inputs() {
    let gpu = device();
    for profile in profiles(gpu) {
        let own = profile.features == gpu.profile.features;
        for dtype in [DType::F32, DType::U8, DType::Bool, DType::I16, DType::F64, DType::C64, DType::C128] {
            if !holds(&profile, dtype) || (!own && dtype != DType::F32) {
                continue;
            }
            // Batches, rows, columns: whole tiles of every size, and some that are none.
            for [outer, rows, columns] in [[3, 272, 328], [1, 1040, 72], [2, 300, 204], [1, 271, 330]] {
                let n = outer * rows * columns;
                let data = crate::kernels::host(dtype, &counting(dtype, n + 80));
                let shape = [outer, rows, columns];
                let [o, r, c] = shape.map(|x| x as isize);
                let view = |strides: [isize; 3], offset| View::of(&data, &shape, &strides, offset);
                let down = view([r * c, 1, r], 0);
                let around = view([r, 1, o * r], 64);
                let dense = view([r * c, c, 1], 16);
                let op = if dtype == DType::Bool { Op::BitwiseXor } else { Op::Add };
                let (row, column, one) = (view([0, 0, 1], 32), view([0, 1, 0], 48), view([0, 0, 0], 5));
                let offbeat = view([r * c, c, 1], 3);
                for views in [
                    vec![down.clone(), dense],
                    vec![around, row],
                    vec![column, down.clone()],
                    vec![down.clone(), one],
                    vec![down.clone(), offbeat],
                ] {
                    let k = kernel(&shape, 3, &views, vec![], map_code(op, &[dtype, dtype]), Output::Map);
                    assert_eq!(run(gpu, &k, &profile), interpret(&k), "{dtype} {shape:?} {:?}", k.inputs);
                }
                if dtype == DType::F32 && profile.lane_map == LaneMap::Run && profile.features.int64 {
                    let code = map_code(Op::Negative, &[dtype]);
                    let k = kernel(&shape, 3, &[down], vec![], code, Output::Map);
                    let plan = polyarray_shaders::fused::plan(&k, &profile).expect("it can be planned");
                    let tiled = plan.steps[0].shader.wgsl().contains("p.across");
                    assert_eq!(tiled, rows % 4 == 0 && columns % 4 == 0, "{shape:?}");
                }
            }
        }
    }
}

#[test]
fn parameters_and_iota() {
    let gpu = device();
    for profile in profiles(gpu) {
        for dtype in DTYPES.into_iter().filter(|&d| holds(&profile, d)) {
            let scalar = samples(dtype)[1];
            let other = if dtype == DType::Bool { Op::BitwiseXor } else { Op::Multiply };
            let code = vec![
                value(Instr::Iota, DType::I64),
                value(Instr::Cast(0), dtype),
                value(Instr::Param(0), dtype),
                value(Instr::Map(other, [1, 2, 0]), dtype),
            ];
            let k = kernel(&[1001], 1, &[], vec![scalar], code, Output::Map);
            let (got, want) = (run(gpu, &k, &profile), interpret(&k));
            assert!(got.iter().zip(&want).all(|(g, w)| ulps(*g, *w) == 0.0), "{dtype}: {:?}", &got[..8]);
        }
    }
}

#[test]
fn arrays_beyond_one_binding() {
    let gpu = device();
    for own in profiles(gpu).into_iter().take(3) {
        // Windows of 1 MiB make small arrays big.
        let profile = Profile { max_binding: 1 << 20, ..own };
        for dtype in [DType::U8, DType::F32, DType::I16] {
            let (rows, columns) = (1531, 700 * 4 / dtype.size());
            let n = rows * columns;
            let data = crate::kernels::host(dtype, &counting(dtype, n));
            let view = |strides: &[isize], offset| View::of(&data, &[columns, rows], strides, offset);
            for views in [
                vec![view(&[rows as isize, 1], 0), view(&[1, columns as isize], 0)],
                vec![view(&[-(rows as isize), -1], n - 1), view(&[0, 0], n - 5)],
            ] {
                let code = map_code(Op::Subtract, &[dtype, dtype]);
                let k = kernel(&[columns, rows], 2, &views, vec![], code, Output::Map);
                assert!(fused::plan(&k, &profile).expect("it fits").steps.len() > 3);
                assert!(run(gpu, &k, &profile) == interpret(&k), "{dtype}");
            }
        }
    }
}
