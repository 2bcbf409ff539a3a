//! What a device's shader compiler does to arithmetic. The probes are the backend's first test: they
//! run when a device is opened, `polyarray devices` shows them, and kernels follow them, not names.
//!
//! Every probe's operands come from a buffer, as the scalars of our kernels do: what a compiler does
//! to literals is no concern of ours.

use crate::device::Gpu;
use crate::error::{GpuError, Result};
use crate::pipeline::{Route, Source};
use crate::submit::{Dispatch, Params, Window};

/// What one probe found.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// What was tried.
    pub name: &'static str,
    /// Whether our kernels rely on it.
    pub needed: bool,
    /// Whether it is as IEEE 754 (and NumPy) have it.
    pub holds: bool,
    /// The value that came.
    pub got: f64,
    /// The value of IEEE 754.
    pub wanted: f64,
}

/// One probe: an expression over the runtime operands `v(i)`, and what IEEE 754 says it is.
struct Probe {
    name: &'static str,
    needed: bool,
    expression: &'static str,
    wanted: f64,
}

/// The operands, `v(0)` onwards. As f32 and as f64: both formats have these values exactly.
const OPERANDS: [f64; 12] = [
    1e8,
    1.0,
    f64::INFINITY,
    f64::NAN,
    0.0,
    -0.0,
    2.5,
    3.5,
    3.0,
    2.0,
    1.000_244_140_625, // 1 + 2^-12
    f64::MAX,          // replaced by the format's own largest value
];

const fn needed(name: &'static str, expression: &'static str, wanted: f64) -> Probe {
    Probe { name, needed: true, expression, wanted }
}

const fn told(name: &'static str, expression: &'static str, wanted: f64) -> Probe {
    Probe { name, needed: false, expression, wanted }
}

/// Probes of f32. `big` is 1e8, whose unit in the last place is 8.
const SINGLE: &[Probe] = &[
    needed("(a+b)-b is not a", "(v(1) + v(0)) - v(0)", 0.0),
    needed("the error term of TwoSum", "two_sum_error(v(0), v(1))", 1.0),
    needed("the error term of a split product", "two_product_error(v(10), v(10))", 5.960_464_477_539_063e-8),
    needed("inf - inf is NaN", "v(2) - v(2)", f64::NAN),
    needed("NaN * 0 is NaN", "v(3) * v(4)", f64::NAN),
    needed("inf * 0 is NaN", "v(2) * v(4)", f64::NAN),
    needed("-0 + 0 is +0", "v(1) / (v(5) + v(4))", f64::INFINITY),
    needed("0 - 0 is +0", "v(1) / (v(4) - v(4))", f64::INFINITY),
    needed("NaN equals nothing, by !(a == b)", "select(v(4), v(1), !(v(3) == v(3)))", 1.0),
    needed("NaN is not less", "select(v(4), v(1), v(3) < v(1))", 0.0),
    needed("2.5 rounds to even by the magic number", "(v(6) + magic()) - magic()", 2.0),
    needed("3.5 rounds to even by the magic number", "(v(7) + magic()) - magic()", 4.0),
    needed("products are not reassociated", "(v(11) * v(11)) / v(11)", f64::INFINITY),
    needed("1/3 is correctly rounded", "v(1) / v(8)", 1.0 / 3.0),
    needed("sqrt 2 is correctly rounded", "sqrt(v(9))", std::f64::consts::SQRT_2),
    needed("a*b+c is rounded twice, not fused", "v(10) * v(10) - rounded_square()", 0.0),
    needed("exp 1, our own, within 4 ULP", "ulps(f32_exp(v(1)), e())", 0.0),
    told("fma is fused", "fma(v(10), v(10), -rounded_square())", 5.960_464_477_539_063e-8),
    told("NaN != NaN, by a != b", "select(v(4), v(1), v(3) != v(3))", 1.0),
    told("min propagates NaN", "min(v(1), v(3))", f64::NAN),
    told("max propagates NaN", "max(v(3), v(1))", f64::NAN),
    told("NaN * 0.0 is NaN, by a literal", "v(3) * 0.0", f64::NAN),
    told("-0 + 0.0 is +0, by a literal", "v(1) / (v(5) + 0.0)", f64::INFINITY),
    told("NaN to i32 is 0", "f32(i32(v(3)))", 0.0),
    told("inf to i32 saturates", "f32(i32(v(2)) - 2147483647)", 0.0),
    told("7 / 0 is 0 in i32", "f32(7 / i32(v(4)))", 0.0),
    told("subnormals are kept", "(bitcast<f32>(4u + u32(v(4))) / v(9)) / bitcast<f32>(1u + u32(v(4)))", 2.0),
];

/// Probes of f64, on adapters that have it.
const DOUBLE: &[Probe] = &[
    needed("f64: (a+b)-b is not a", "(v(1) + v(0)) - v(0)", 0.0),
    needed("f64: the error term of TwoSum", "two_sum_error(v(0), v(1))", 1.0),
    needed("f64: inf - inf is NaN", "v(2) - v(2)", f64::NAN),
    needed("f64: NaN * 0 is NaN", "v(3) * v(4)", f64::NAN),
    needed("f64: NaN equals nothing, by !(a == b)", "select(v(4), v(1), !(v(3) == v(3)))", 1.0),
    needed("f64: 2.5 rounds to even by the magic number", "(v(6) + magic()) - magic()", 2.0),
    needed("f64: 3.5 rounds to even by the magic number", "(v(7) + magic()) - magic()", 4.0),
    needed("f64: 1/3 is correctly rounded", "v(1) / v(8)", 1.0 / 3.0),
    needed("f64: sqrt 2 is correctly rounded", "f64_sqrt(v(9))", std::f64::consts::SQRT_2),
    needed("f64: exp 1, our own, within 4 ULP", "ulps(f64_exp(v(1)), e())", 0.0),
];

/// The helpers that the expressions use, for the float type `real`.
const HELPERS: &str = "
@group(0) @binding(0) var<storage, read> operands: array<real>;
@group(0) @binding(1) var<storage, read_write> results: array<real>;
@group(0) @binding(2) var<storage, read> zeros: array<u32>;
fn run_time_zero() -> u32 { return zeros[0]; }
fn v(i: u32) -> real { return operands[i]; }
fn magic() -> real { return operands[12]; }
fn rounded_square() -> real { return operands[14]; }
fn e() -> real { return operands[15]; }
// 0 where x is within 4 units in the last place of y; operands[16] is 4 ULP, relative.
fn ulps(x: real, y: real) -> real { return select(x - y, operands[4], abs(x - y) <= operands[16] * y); }
// Knuth, The Art of Computer Programming 2, 4.2.2, theorem B.
fn two_sum_error(a: real, b: real) -> real {
    let s = a + b;
    let t = s - a;
    return (a - (s - t)) + (b - t);
}
// Dekker 1971, with Veltkamp's split; operands[13] is 2^ceil(p/2) + 1.
fn two_product_error(a: real, b: real) -> real {
    let c = operands[13];
    let a_big = (c * a) - ((c * a) - a);
    let a_small = a - a_big;
    let b_big = (c * b) - ((c * b) - b);
    let b_small = b - b_big;
    let p = a * b;
    return a_small * b_small - (((p - a_big * b_big) - a_small * b_big) - a_big * b_small);
}
";

/// Runs all probes that the device's formats allow.
///
/// # Errors
/// Whatever keeps a kernel from running at all.
pub(crate) fn run(gpu: &Gpu) -> Result<Vec<Outcome>> {
    let single = |x: f64| x as f32;
    let mut operands: Vec<f32> = OPERANDS.iter().map(|&x| single(x)).collect();
    operands[11] = f32::MAX;
    // 1.5 * 2^23 pushes the fraction out; 2^12 + 1 splits a 24-bit significand; 1 + 2^-11 is the
    // square of operand 10, rounded.
    operands.extend([12_582_912.0, 4097.0, 1.000_488_3, std::f32::consts::E, 2.0 * f32::EPSILON]);
    let mut results = vec![0_f32; SINGLE.len()];
    launch(gpu, SINGLE, "f32", bytemuck::cast_slice(&operands), bytemuck::cast_slice_mut(&mut results))?;
    let mut outcomes: Vec<Outcome> = SINGLE
        .iter()
        .zip(&results)
        .map(|(probe, &got)| outcome(probe, f64::from(got), f64::from(single(probe.wanted))))
        .collect();
    if gpu.profile().shader_features().f64 {
        let mut operands = OPERANDS.to_vec();
        // A unit in the last place of 1e17 is 16.
        operands[0] = 1e17;
        operands.extend([
            6_755_399_441_055_744.0,
            134_217_729.0,
            1.0,
            std::f64::consts::E,
            2.0 * f64::EPSILON,
        ]);
        let mut results = vec![0_f64; DOUBLE.len()];
        launch(gpu, DOUBLE, "f64", bytemuck::cast_slice(&operands), bytemuck::cast_slice_mut(&mut results))?;
        outcomes.extend(DOUBLE.iter().zip(&results).map(|(probe, &got)| outcome(probe, got, probe.wanted)));
    }
    Ok(outcomes)
}

fn outcome(probe: &Probe, got: f64, wanted: f64) -> Outcome {
    let holds = if wanted.is_nan() { got.is_nan() } else { got == wanted };
    Outcome { name: probe.name, needed: probe.needed, holds, got, wanted }
}

fn launch(gpu: &Gpu, probes: &[Probe], real: &str, operands: &[u8], results: &mut [u8]) -> Result<()> {
    let mut text = format!("alias real = {real};\n{HELPERS}\n@compute @workgroup_size(1)\nfn probe() {{\n");
    for (index, probe) in probes.iter().enumerate() {
        text.push_str(&format!("    results[{index}] = {};\n", probe.expression));
    }
    text.push('}');
    // Our own functions are probed, too: those of the drivers are loose, or garbage.
    let wgsl = polyarray_shaders::Library::get(gpu.profile().shader_features()).link(&text);
    let source = Source { name: "algebra probes", wgsl: &wgsl, entry: "probe", route: Route::Exact };
    let pipeline = gpu.pipeline(&source)?;
    let input = gpu.upload(operands, "algebra probes")?;
    let output = gpu.upload(&vec![0xA5; results.len()], "algebra probes")?;
    let zeros = gpu.upload(&[0; 64], "algebra probes")?;
    let windows = [Window::from(&input), Window::from(&output), Window::from(&zeros)];
    gpu.dispatch(&Dispatch {
        pipeline: &pipeline,
        windows: &windows,
        params: Params::Immediates(&[]),
        groups: [1, 1, 1],
    })?;
    gpu.read(&output, 0, results)
}

/// The variable that has a device refused whose needed probes fail.
const EXACT: &str = "POLYARRAY_EXACT";

/// # Errors
/// [`GpuError::Inexact`] naming every needed probe that failed, where `POLYARRAY_EXACT` is 1.
pub(crate) fn require(
    adapter: &str,
    outcomes: &[Outcome],
    variable: &dyn Fn(&str) -> Option<String>,
) -> Result<()> {
    if variable(EXACT).is_none_or(|value| value != "1") {
        return Ok(());
    }
    let failed: Vec<String> = outcomes
        .iter()
        .filter(|outcome| outcome.needed && !outcome.holds)
        .map(|outcome| format!("{}: {} instead of {}", outcome.name, outcome.got, outcome.wanted))
        .collect();
    if failed.is_empty() {
        Ok(())
    } else {
        Err(GpuError::Inexact { adapter: adapter.to_owned(), failed: failed.join("; ") })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_needed_failure_refuses_the_device_where_that_is_asked_for() {
        let asked = |_: &str| Some("1".to_owned());
        let failed = Outcome { name: "TwoSum", needed: true, holds: false, got: 0.0, wanted: 1.0 };
        let told = Outcome { name: "fma", needed: false, ..failed.clone() };
        require("gpu:0", std::slice::from_ref(&told), &asked).expect("what is only told refuses nothing");
        require("gpu:0", std::slice::from_ref(&failed), &|_| None).expect("it is listed, and opens");
        let error = require("gpu:0", &[told, failed], &asked).unwrap_err().to_string();
        assert!(error.contains("TwoSum: 0 instead of 1") && !error.contains("fma"), "{error}");
    }
}
