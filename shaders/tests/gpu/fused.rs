//! Elementwise kernels: every operation in every dtype, casts, strides and tails.

use crate::device::{Device, device};
use crate::kernels::{View, elements, interpret, kernel, map_code, value};
use crate::random::Sample;
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
        ..own
    };
    let run = Profile { lane_map: LaneMap::Run, workgroup: 8, ..plain };
    vec![own, plain, run]
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
        _ if op.is_function() && matches!(dtype, DType::F64 | DType::C128) => 8.0,
        _ if op.is_function() => 4.0,
        Op::Sqrt | Op::Divide | Op::Multiply | Op::Absolute if dtype.is_complex() => 4.0,
        // Half a unit in each part is more in the norm.
        Op::Add | Op::Subtract if dtype.is_complex() => 0.71,
        Op::Add | Op::Subtract | Op::Multiply | Op::Divide | Op::FloorDivide | Op::Sqrt | Op::Remainder => {
            0.5001
        }
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
    let mut sample = Sample::new(1);
    for (p, profile) in profiles(gpu).into_iter().enumerate() {
        for dtype in DTYPES.into_iter().filter(|&d| d != DType::Bool && holds(&profile, d)) {
            let data = crate::kernels::host(dtype, &counting(dtype, 2000));
            // One dtype of each size is enough for the blocks.
            let sized = [DType::U8, DType::F16, DType::F32, DType::F64].contains(&dtype);
            // Rows that no block divides, and rows of whole blocks of 16, 8 and 4.
            for shape in [[5, 7, 9], [5, 3, 16], [3, 7, 24], [5, 7, 12]] {
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
                    if !sample.takes(if p == 0 && sized { 2 } else { 12 }) {
                        continue;
                    }
                    let code = map_code(Op::Add, &[dtype, dtype]);
                    let k = kernel(&shape, 3, &views, vec![], code, Output::Map);
                    assert_eq!(run(gpu, &k, &profile), interpret(&k), "{dtype} {:?}", k.inputs);
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
    for own in profiles(gpu) {
        // Bindings of 128 KiB make small arrays big.
        let profile = Profile { max_binding: 1 << 17, ..own };
        for dtype in [DType::U8, DType::F32, DType::I16] {
            let (rows, columns) = (531, 400 * 4 / dtype.size());
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
