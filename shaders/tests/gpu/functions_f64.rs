//! Every f64 function of the library against 160-bit arithmetic: at most 4 ULP over the whole domain.

use crate::device::device;
use crate::random::random;
use astro_float::{BigFloat, Consts, RoundingMode};
use polyarray_shaders::{Library, Options, compile};

const BITS: usize = 160;

fn evaluate(function: &str, x: &[f64]) -> Vec<f64> {
    let source = format!(
        "@group(0) @binding(0) var<storage, read> x: array<f64>;
        @group(0) @binding(1) var<storage, read_write> y: array<f64>;
        @group(0) @binding(2) var<storage, read> zero: array<u32>;
        fn run_time_zero() -> u32 {{ return zero[0]; }}
        @compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3<u32>) {{
            if (id.x < {}u) {{ y[id.x] = {function}(x[id.x]); }}
        }}",
        x.len()
    );
    let gpu = device();
    let linked = Library::get(gpu.profile.features).link(&source);
    let spirv =
        compile(function, &linked, &Options::own(gpu.profile.features)).unwrap_or_else(|e| panic!("{e}"));
    let input = gpu.buffer(bytemuck::cast_slice(x));
    let output = gpu.poisoned(8 * x.len() as u64);
    let zero = gpu.buffer(&[0; 64]);
    gpu.run(&spirv, &[&input, &output, &zero], [x.len().div_ceil(64) as u32, 1, 1]);
    bytemuck::cast_slice(&gpu.read(&output))[..x.len()].to_vec()
}

/// |got - want| in units of the last place of `want`, at least those of the smallest normal number.
fn ulp(got: f64, want: &BigFloat) -> f64 {
    let nearest = to_f64(want);
    if nearest.is_nan() || nearest.is_infinite() || got.is_nan() || got.is_infinite() {
        let same = got == nearest || (got.is_nan() && nearest.is_nan());
        let edge = nearest.abs() >= f64::MAX && got.abs() >= f64::MAX && (got < 0.0) == (nearest < 0.0);
        return if same || edge { 0.0 } else { f64::INFINITY };
    }
    let exponent = i32::from(want.exponent().unwrap_or(0) < -1021).max(0);
    let exponent = if exponent == 1 || nearest == 0.0 { -1022 } else { want.exponent().unwrap_or(0) - 1 };
    let difference = exactly(got).sub(want, BITS, RoundingMode::ToEven);
    // The difference is tiny; scaled by a power of two it is an ordinary double.
    let scaled = scale(&difference, 52 - exponent);
    to_f64(&scaled).abs()
}

fn scale(x: &BigFloat, by: i32) -> BigFloat {
    let mut y = x.clone();
    if let Some(e) = x.exponent() {
        y.set_exponent(e + by);
    }
    y
}

/// The double as a big float. astro-float misreads subnormal ones, so they are scaled to normal and back.
fn exactly(x: f64) -> BigFloat {
    if x.is_subnormal() {
        return scale(&BigFloat::from_f64(x * 2f64.powi(200), BITS), -200);
    }
    BigFloat::from_f64(x, BITS)
}

fn to_f64(x: &BigFloat) -> f64 {
    if x.is_nan() {
        return f64::NAN;
    }
    if x.is_inf() {
        return if x.is_inf_neg() { f64::NEG_INFINITY } else { f64::INFINITY };
    }
    let (Some(exponent), Some(words)) = (x.exponent(), x.mantissa_digits()) else { return 0.0 };
    let (Some(top), next) = (words.last(), words.iter().rev().nth(1).copied().unwrap_or(0)) else {
        return 0.0;
    };
    // 2·top + a sticky bit holds enough for one rounding.
    let sticky = u128::from(next > 0);
    let magnitude = ((u128::from(*top) << 1) | sticky) as f64;
    let value = magnitude
        * 2f64.powi((exponent - 65).clamp(-2000, 2000) / 2)
        * 2f64.powi((exponent - 65).clamp(-2000, 2000) - (exponent - 65).clamp(-2000, 2000) / 2);
    if x.is_negative() { -value } else { value }
}

fn arguments() -> Vec<f64> {
    let mut x = vec![0.0, -0.0, f64::INFINITY, f64::NEG_INFINITY, f64::NAN, f64::MAX, f64::MIN, 1.0, -1.0];
    x.extend([f64::MIN_POSITIVE, 5e-324, -5e-324, 709.78, 709.79, -745.2, -708.4, 1e22, 1e4]);
    let mut state = 7;
    for exponent in (0..2047u64).step_by(3) {
        x.push(f64::from_bits(exponent << 52 | (random(&mut state) & 0x800f_ffff_ffff_ffff)));
    }
    for (low, high, n) in [(-745.0, 710.0, 1500), (0.4, 2.5, 2500), (-3.0, 3.0, 2500)] {
        x.extend((0..n).map(|i| low + (high - low) * (f64::from(i) + 0.3) / f64::from(n)));
    }
    x.extend((1..1200).map(|k| f64::from(k * k) * std::f64::consts::FRAC_PI_2));
    // The worst case of f64 reduction by π/2 (Muller, Elementary Functions).
    x.push(6_381_956_970_095_103.0 * 2f64.powi(797));
    x
}

#[track_caller]
fn check(function: &str, reference: impl Fn(&BigFloat, &mut Consts) -> BigFloat, special: fn(f64) -> f64) {
    let x = arguments();
    let y = evaluate(function, &x);
    let mut consts = Consts::new().expect("the constants cache fits in memory");
    let (mut worst, mut at) = (0.0, 0.0);
    for (&x, &got) in x.iter().zip(&y) {
        let error = if x == 0.0 || !x.is_finite() {
            let want = special(x);
            if got.to_bits() == want.to_bits() || (got.is_nan() && want.is_nan()) {
                0.0
            } else {
                f64::INFINITY
            }
        } else {
            ulp(got, &reference(&exactly(x), &mut consts))
        };
        if error > worst {
            (worst, at) = (error, x);
        }
    }
    println!("{function}: {worst:.2} ULP at {at:e}");
    assert!(worst <= 4.0, "{function}({at:e}) is off by {worst} ULP");
}

const RM: RoundingMode = RoundingMode::ToEven;

#[test]
fn doubles_within_four_ulp() {
    if !device().profile.features.f64 {
        // An adapter without f64 has no such functions; f64 is then refused when an array is made.
        assert!(!Library::get(device().profile.features).has("f64_exp"));
        return;
    }
    check("f64_exp", |x, c| x.exp(BITS, RM, c), f64::exp);
    check("f64_log", |x, c| x.ln(BITS, RM, c), f64::ln);
    // Large arguments cancel against many bits of π.
    check("f64_sin", |x, c| x.sin(1300, RM, c), f64::sin);
    check("f64_cos", |x, c| x.cos(1300, RM, c), f64::cos);
    check("f64_tanh", |x, c| x.tanh(BITS, RM, c), f64::tanh);
    check("f64_sqrt", |x, _| x.sqrt(BITS, RM), f64::sqrt);
    check("f64_floor", |x, _| x.floor(), f64::floor);
}

/// Just below a power of four the root lies half a unit below a power of two; and the ends of the format.
#[test]
fn square_roots_round_correctly() {
    if !device().profile.features.f64 {
        return;
    }
    let mut x = vec![f64::MAX, f64::MIN_POSITIVE, 5e-324, 3.0];
    let mut state = 3;
    for exponent in (-1022..1024).step_by(2).flat_map(|k| [k, k, k + 1]) {
        let power = 2f64.powi(exponent);
        x.extend((0..4).flat_map(|i| [power.to_bits() + i, power.to_bits() - 1 - i]).map(f64::from_bits));
        x.push(power * (1.0 + random(&mut state) as f64 / 2f64.powi(64)));
    }
    // Squares of numbers half way between two floats, and their neighbours.
    for _ in 0..20_000 {
        let half_way = 1.0 + (random(&mut state) >> 38) as f64 / 2f64.powi(26) + 2f64.powi(-27);
        let square = (half_way * half_way).to_bits();
        x.extend([square - 1, square, square + 1].map(f64::from_bits));
        x.push(1.0 + 3.0 * random(&mut state) as f64 / 2f64.powi(64));
    }
    let wrong: Vec<f64> =
        x.iter().zip(evaluate("f64_sqrt", &x)).filter(|(x, y)| x.sqrt() != *y).map(|(x, _)| *x).collect();
    assert!(wrong.is_empty(), "{} of {} wrong, as the root of {:e}", wrong.len(), x.len(), wrong[0]);
}
