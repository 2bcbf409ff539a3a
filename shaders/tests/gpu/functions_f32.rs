//! Every f32 function of the library against doubles: at most 4 ULP over the whole domain, and the Array API
//! standard's special values.

use crate::device::device;
use crate::random::random;
use polyarray_shaders::{Features, Library, Options, compile};

/// Runs `function` on every value of `x`, eight to a lane.
fn evaluate(function: &str, x: &[f32], features: Features) -> Vec<f32> {
    let source = format!(
        "@group(0) @binding(0) var<storage, read> x: array<u32>;
        @group(0) @binding(1) var<storage, read_write> y: array<u32>;
        @group(0) @binding(2) var<storage, read> zero: array<u32>;
        fn run_time_zero() -> u32 {{ return zero[0]; }}
        @compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) n: vec3<u32>) {{
            let start = (id.x + id.y * n.x * 64u) * 8u;
            for (var i = start; i < start + 8u; i++) {{
                if (i < arrayLength(&y)) {{ y[i] = bitcast<u32>({function}(bitcast<f32>(x[i]))); }}
            }}
        }}"
    );
    let linked = Library::get(features).link(&source);
    let spirv = compile(function, &linked, &Options::own(features)).unwrap_or_else(|e| panic!("{e}"));
    let gpu = device();
    let input = gpu.buffer(bytemuck::cast_slice(x));
    let output = gpu.poisoned(4 * x.len() as u64);
    let zero = gpu.buffer(&[0; 64]);
    let groups = x.len().div_ceil(512) as u32;
    gpu.run(&spirv, &[&input, &output, &zero], [groups.min(1024), groups.div_ceil(1024), 1]);
    bytemuck::cast_slice(&gpu.read(&output))[..x.len()].to_vec()
}

/// Distance in units of the last place of the nearest f32, at least those of the smallest normal number.
fn ulp(got: f32, want: f64) -> f64 {
    let rounded = want as f32;
    if rounded.is_nan() || rounded.is_infinite() || got.is_nan() || got.is_infinite() {
        let near_overflow = want.abs() > f64::from(f32::MAX) * (1.0 - 1e-6);
        return if got == rounded
            || (got.is_nan() && rounded.is_nan())
            || (near_overflow && got.abs() == f32::MAX)
        {
            0.0
        } else {
            f64::INFINITY
        };
    }
    let exponent = (want.abs().max(f64::from(f32::MIN_POSITIVE))).log2().floor();
    (f64::from(got) - want).abs() / (exponent - 23.0).exp2()
}

/// A million arguments: every exponent, dense around what functions find hard, and random bits.
fn arguments() -> Vec<f32> {
    let mut x = vec![0.0, -0.0, f32::INFINITY, f32::NEG_INFINITY, f32::NAN, -f32::NAN, f32::MAX, f32::MIN];
    x.extend([
        f32::MIN_POSITIVE,
        -f32::MIN_POSITIVE,
        1e-45,
        -1e-45,
        1e4,
        -1e4,
        88.722_84,
        88.722_85,
        -103.97,
        -87.336,
    ]);
    let mut state = 1;
    for exponent in 0..255u32 {
        for _ in 0..1000 {
            x.push(f32::from_bits(exponent << 23 | (random(&mut state) as u32 & 0x807f_ffff)));
        }
    }
    for (low, high, n) in [(-120.0, 100.0, 200_000), (0.4, 2.5, 200_000), (-8.0, 8.0, 200_000)] {
        x.extend((0..n).map(|i| (low + (high - low) * f64::from(i) / f64::from(n)) as f32));
    }
    // Near multiples of π/2, where sine and cosine cancel.
    for k in 0..60_000 {
        let near = (f64::from(k) * std::f64::consts::FRAC_PI_2) as f32;
        x.extend([near, f32::from_bits(near.to_bits() + 1), -near]);
    }
    x.extend((0..200_000).map(|_| f32::from_bits(random(&mut state) as u32)));
    // The worst case of f32 reduction by π/2 (Muller, Elementary Functions).
    x.extend([16_367_173.0 * 2f32.powi(72), -16_367_173.0 * 2f32.powi(72)]);
    x
}

#[track_caller]
fn check(function: &str, reference: fn(f64) -> f64, limit: f64) {
    let x = arguments();
    assert!(x.len() >= 1_000_000);
    // The reduction of big angles uses 64-bit integers where there are some.
    let mut all = vec![Features::default(), device().profile.features];
    all.dedup();
    for features in all {
        check_with(function, reference, limit, &x, features);
    }
}

#[track_caller]
fn check_with(function: &str, reference: fn(f64) -> f64, limit: f64, x: &[f32], features: Features) {
    let y = evaluate(function, x, features);
    let (mut worst, mut at) = (0.0, 0.0);
    for (&x, &got) in x.iter().zip(&y) {
        let want = reference(f64::from(x));
        // Subnormal arguments may count as zeros of their sign.
        let flushed =
            if x.is_subnormal() { ulp(got, reference(f64::from(0f32.copysign(x)))) } else { f64::INFINITY };
        let error = ulp(got, want).min(flushed);
        if error > worst || (error.is_infinite() && worst.is_finite()) {
            (worst, at) = (error, x);
        }
        if want == 0.0 && x.is_normal() | (x == 0.0) && got == 0.0 {
            let underflow = x != 0.0 && function == "f32_exp";
            assert!(
                underflow || got.is_sign_negative() == want.is_sign_negative(),
                "{function}({x}): sign of zero"
            );
        }
    }
    println!("{function}: {worst:.2} ULP at {at:e}");
    assert!(worst <= limit, "{function}({at:e}) is off by {worst} ULP");
}

#[test]
fn exponential() {
    check("f32_exp", f64::exp, 4.0);
}

#[test]
fn logarithm() {
    check("f32_log", f64::ln, 4.0);
}

#[test]
fn sine() {
    check("f32_sin", f64::sin, 4.0);
}

#[test]
fn cosine() {
    check("f32_cos", f64::cos, 4.0);
}

#[test]
fn hyperbolic_tangent() {
    check("f32_tanh", f64::tanh, 4.0);
}

#[test]
fn exact_ones() {
    check("f32_sqrt", f64::sqrt, 0.5);
    check("f32_floor", f64::floor, 0.0);
    check("f32_absolute", f64::abs, 0.0);
    check("f32_negative", |x| -x, 0.0);
}

#[test]
fn halves_round_to_nearest_even() {
    let halves = |x: f64| half::f16::from_f32(x as f32).to_f64();
    check("f16_rounded", halves, 0.0);
}
