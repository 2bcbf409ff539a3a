//! Elementwise functions that are formulas in terms of the op table: the truth of each on doubles, complex doubles and wide
//! integers.

use super::arguments::{Arg, Case, Given, Sampler};
use super::elementwise::{any, beside};
use crate::dtype::{DType, Kind, Scalar, promote};
use crate::expr::Op;
use crate::memory::layout::broadcast;
use crate::numpy::{Close, NanToNum};
use crate::testing::reference::wide::{Wide, two_product};
use crate::testing::reference::{Truth, Want};
use crate::testing::samples::{Lie, Plain, SHAPES, Sample, ends, integer, special, unravel};
use num_complex::Complex64;
use std::f64::consts::{E, LN_2, PI};

pub(super) const ENTRIES: super::Family = &[
    (&["nan_to_num"], replacements, replaced),
    (
        &["modf"],
        |s, _| samples(s, "trunc_part"),
        |given, _| ["fraction_part", "trunc_part"].map(|name| reference(given, name).remove(0)).into(),
    ),
    (
        &["nextafter"],
        |s, _| samples(s, "heaviside"),
        |given, _| vec![steps(given, None, |x| next(x[0], x[1]))],
    ),
    (&["spacing"], |s, _| samples(s, "cbrt"), |given, _| vec![steps(given, None, |x| gap(x[0]))]),
    (
        &["frexp"],
        |s, _| samples(s, "cbrt"),
        |given, _| {
            let exponent = |x: &[Scalar]| Scalar::I32(parts(x[0].to_f64()).1);
            vec![
                steps(given, None, |x| Scalar::F64(parts(x[0].to_f64()).0).cast(x[0].dtype())),
                steps(given, Some(DType::I32), exponent),
            ]
        },
    ),
    (&["ldexp"], scalings, |given, _| {
        let (x, n) = (given.array(0), given.array(1));
        let out = if x.dtype.kind() < Kind::Float { given.float } else { x.dtype };
        let scaled = |x: &[Scalar]| {
            let n = x[1].to_i128().unwrap_or(0) as i32;
            let half = n / 2;
            Truth::near((x[0].to_f64() * 2_f64.powi(half) * 2_f64.powi(n - half)).into())
        };
        vec![map(&[x, n], out, scaled)]
    }),
    (&["float_power"], powers, |given, _| {
        let (a, b) = (given.array(0), given.array(1));
        let complex = a.dtype.is_complex() || b.dtype.is_complex();
        let power = |x: &[Scalar]| match complex {
            true => Truth::near(x[0].to_c128().powc(x[1].to_c128())),
            false => Truth::near(x[0].to_f64().powf(x[1].to_f64()).into()),
        };
        vec![map(&[a, b], if complex { DType::C128 } else { DType::F64 }, power)]
    }),
    (&["isclose", "allclose"], pairs, |given, name| close(given, name == "allclose")),
    (&["array_equal", "array_equiv"], pairs, |given, name| same(given, name == "array_equiv")),
];

/// The dtype of a result.
#[derive(Clone, Copy, PartialEq)]
enum Gives {
    /// That of the computation.
    Same,
    /// Its real part's.
    Part,
    /// Bool.
    Test,
    /// This one.
    Fixed(DType),
}

/// What a function is.
struct Formula {
    name: &'static str,
    arity: usize,
    /// Integers become the default float.
    inexact: bool,
    gives: Gives,
    real: Option<fn(&[f64]) -> f64>,
    complex: Option<fn(&[Complex64]) -> Complex64>,
    int: Option<fn(&[i128]) -> i128>,
}

macro_rules! formulas {
    ($($name:ident($arity:literal, $typing:ident, $gives:expr) {
        $(real $real:expr;)? $(complex $complex:expr;)? $(int $int:expr;)?
    })*) => {
        const FORMULAS: &[Formula] = &[$(Formula {
            name: stringify!($name),
            arity: $arity,
            inexact: formulas!(@ $typing),
            gives: $gives,
            real: formulas!(@some $($real)?),
            complex: formulas!(@some $($complex)?),
            int: formulas!(@some $($int)?),
        }),*];
    };
    (@ inexact) => { true };
    (@ same) => { false };
    (@some) => { None };
    (@some $f:expr) => { Some($f) };
}

use Gives::{Fixed, Part, Same, Test};

formulas! {
    tan(1, inexact, Same) { real |x| x[0].tan(); complex |z| z[0].tan(); }
    asin(1, inexact, Same) { real |x| x[0].asin(); complex |z| z[0].asin(); }
    acos(1, inexact, Same) { real |x| x[0].acos(); complex |z| z[0].acos(); }
    atan(1, inexact, Same) { real |x| x[0].atan(); complex |z| z[0].atan(); }
    sinh(1, inexact, Same) { real |x| x[0].sinh(); complex |z| z[0].sinh(); }
    cosh(1, inexact, Same) { real |x| x[0].cosh(); complex |z| z[0].cosh(); }
    asinh(1, inexact, Same) { real |x| if x[0].abs() > 1e150 { (x[0].abs().ln() + LN_2).copysign(x[0]) } else { x[0].asinh() }; complex |z| z[0].asinh(); }
    acosh(1, inexact, Same) { real |x| acosh(x[0]); complex |z| z[0].acosh(); }
    atanh(1, inexact, Same) { real atanh; complex |z| z[0].atanh(); }
    exp2(1, inexact, Same) { real |x| x[0].exp2(); }
    cbrt(1, inexact, Same) { real |x| x[0].cbrt(); }
    sinc(1, inexact, Same) {
        real sinc;
    }
    deg2rad(1, inexact, Same) { real |x| x[0] * (PI / 180.0); }
    rad2deg(1, inexact, Same) { real |x| x[0] * (180.0 / PI); }
    i0(1, inexact, Same) { real i0; }
    positive(1, same, Same) { real |x| x[0]; complex |z| z[0]; int |x| x[0]; }
    square(1, same, Same) { real |x| x[0] * x[0]; complex |z| z[0] * z[0]; int |x| x[0].wrapping_mul(x[0]); }
    reciprocal(1, inexact, Same) { real |x| 1.0 / x[0]; complex |z| 1.0 / z[0]; }
    sign(1, same, Same) { real |x| if x[0] == 0.0 || x[0].is_nan() { x[0].abs() } else { x[0].signum() };
        complex |z| if z[0].norm() == 0.0 { z[0] } else { z[0] / z[0].norm() };
        int |x| x[0].signum(); }
    angle(1, inexact, Part) { real |x| 0.0_f64.atan2(x[0]); complex |z| z[0].arg().into(); }
    hypot(2, inexact, Same) { real |x| x[0].hypot(x[1]); }
    logaddexp(2, inexact, Same) { real |x| logaddexp(x[0], x[1], 1.0); }
    logaddexp2(2, inexact, Same) { real |x| logaddexp(x[0], x[1], LN_2); }
    fmin(2, same, Same) { real |x| x[0].min(x[1]); int |x| x[0].min(x[1]); }
    fmax(2, same, Same) { real |x| x[0].max(x[1]); int |x| x[0].max(x[1]); }
    fmod(2, same, Same) { real |x| x[0] % x[1]; int |x| if x[1] == 0 { 0 } else { x[0] % x[1] }; }
    heaviside(2, inexact, Same) { real |x| match x[0] {
        a if a.is_nan() => a,
        0.0 => x[1],
        a => f64::from(a > 0.0),
    }; }
    clip(3, same, Same) { real |x| if x[..3].iter().any(|x| x.is_nan()) { f64::NAN } else { x[0].max(x[1]).min(x[2]) };
        int |x| x[0].max(x[1]).min(x[2]); }
    lcm(2, same, Same) { int |x| match (x[0].abs(), x[1].abs()) {
        (0, _) | (_, 0) => 0,
        (a, b) => (a / divisor(a, b)).wrapping_mul(b),
    }; }
    bitwise_count(1, same, Fixed(DType::U8)) { int |x| i128::from(x[0].unsigned_abs().count_ones()); }
    isfinite(1, same, Test) { real |x| f64::from(x[0].is_finite()); complex |z| f64::from(z[0].is_finite()).into(); int |_| 1; }
    isinf(1, same, Test) { real |x| f64::from(x[0].is_infinite());
        complex |z| f64::from(z[0].re.is_infinite() || z[0].im.is_infinite()).into();
        int |_| 0; }
    isposinf(1, same, Test) { real |x| f64::from(x[0] == f64::INFINITY); int |_| 0; }
    isneginf(1, same, Test) { real |x| f64::from(x[0] == f64::NEG_INFINITY); int |_| 0; }
    isreal(1, same, Test) { real |_| 1.0; complex |z| f64::from(z[0].im == 0.0).into(); int |_| 1; }
    iscomplex(1, same, Test) { real |_| 0.0; complex |z| f64::from(z[0].im != 0.0).into(); int |_| 0; }
    trunc_part(1, inexact, Same) { real |x| x[0].trunc(); }
    fraction_part(1, inexact, Same) { real |x| if x[0].is_infinite() { 0_f64.copysign(x[0]) } else { (x[0] - x[0].trunc()).copysign(x[0]) }; }
}

fn divisor(a: i128, b: i128) -> i128 {
    if b == 0 { a } else { divisor(b, a % b) }
}

/// The bits of a float, below those of its sign, and whether it is negative.
fn bits(x: Scalar) -> (u64, bool) {
    let (bits, size) = match x {
        Scalar::F16(x) => (u64::from(x.to_bits()), 16),
        Scalar::F32(x) => (u64::from(x.to_bits()), 32),
        Scalar::F64(x) => (x.to_bits(), 64),
        other => panic!("{other} is no float"),
    };
    let sign = 1_u64 << (size - 1);
    (bits & !sign, bits & sign != 0)
}

/// The other way round.
fn float(bits: u64, negative: bool, dtype: DType) -> Scalar {
    let bits = bits | u64::from(negative) << (dtype.size() * 8 - 1);
    match dtype {
        DType::F16 => Scalar::F16(half::f16::from_bits(bits as u16)),
        DType::F32 => Scalar::F32(f32::from_bits(bits as u32)),
        _ => Scalar::F64(f64::from_bits(bits)),
    }
}

/// The next float in a direction, by its bits.
fn next(x: Scalar, towards: Scalar) -> Scalar {
    let (a, b) = (x.to_f64(), towards.to_f64());
    if a.is_nan() || b.is_nan() {
        return Scalar::F64(f64::NAN).cast(x.dtype());
    }
    if a == b {
        return towards;
    }
    match bits(x) {
        (0, _) => float(1, b < 0.0, x.dtype()),
        (size, negative) => {
            float(if (b > a) == (a > 0.0) { size + 1 } else { size - 1 }, negative, x.dtype())
        }
    }
}

/// To the next float of larger magnitude.
fn gap(x: Scalar) -> Scalar {
    let a = x.to_f64();
    let far = Scalar::F64(if a < 0.0 { f64::NEG_INFINITY } else { f64::INFINITY }).cast(x.dtype());
    // Exact, as both are beside each other.
    Scalar::F64(next(x, far).to_f64() - a).cast(x.dtype())
}

/// Mantissa and exponent.
fn parts(x: f64) -> (f64, i32) {
    if x == 0.0 || !x.is_finite() {
        return (x, 0);
    }
    let (mut m, mut e) = (x, 0);
    while m.abs() >= 1.0 {
        (m, e) = (m / 2.0, e + 1);
    }
    while m.abs() < 0.5 {
        (m, e) = (m * 2.0, e - 1);
    }
    (m, e)
}

/// Each element of operands in the float that they become.
fn steps(given: &Given, out: Option<DType>, f: impl Fn(&[Scalar]) -> Scalar) -> Want {
    let operands: Vec<&Plain> = (0..given.args.len()).map(|n| given.array(n)).collect();
    let met = operands.iter().map(|x| x.dtype).reduce(promote).expect("there is an operand");
    let dtype = if met.kind() < Kind::Float { given.float } else { met };
    let cast: Vec<Plain> = operands.iter().map(|x| x.cast(dtype)).collect();
    map(&cast.iter().collect::<Vec<_>>(), out.unwrap_or(dtype), |x| Truth::Exact(f(x)))
}

/// The C library's formula loses digits near 1 where this one does not.
fn atanh(x: &[f64]) -> f64 {
    0.5 * (2.0 * x[0] / (1.0 - x[0])).ln_1p()
}

/// As [`atanh`].
fn acosh(x: f64) -> f64 {
    let t = x - 1.0;
    if x > 1e150 { x.ln() + LN_2 } else { (t + t.sqrt() * (t + 2.0).sqrt()).ln_1p() }
}

/// ln(bᵃ + bᶜ) to base b, for ln b = `base`.
fn logaddexp(a: f64, b: f64, base: f64) -> f64 {
    if a == b {
        return a + LN_2 / base;
    }
    let apart = -(a - b).abs();
    let rest = if base == 1.0 { apart.exp() } else { apart.exp2() }.ln_1p() / base;
    if a.is_nan() || b.is_nan() { f64::NAN } else { a.max(b) + rest }
}

/// sin(πx) is that of what the next even number leaves of x.
fn sinc(x: &[f64]) -> f64 {
    let rest = x[0] - 2.0 * (x[0] / 2.0).round();
    let rest = if rest.abs() > 0.5 { (1.0 - rest.abs()).copysign(rest) } else { rest };
    if x[0] == 0.0 { 1.0 } else { (PI * rest).sin() / (PI * x[0]) }
}

/// The series Σ (x²/4)ᵏ / k!² where its terms are few, the asymptotic one beyond.
fn i0(x: &[f64]) -> f64 {
    let a = x[0].abs();
    if a > 1400.0 {
        return if a.is_finite() { f64::INFINITY } else { f64::NAN };
    }
    // From there on e^−2a, the smallest term of the asymptotic series, is far below a rounding.
    if a > 30.0 {
        let (mut term, mut sum) = (1.0, 1.0);
        for k in 1..40 {
            let odd = f64::from(2 * k - 1);
            term *= odd * odd / (8.0 * a * f64::from(k));
            sum += term;
        }
        return (a / 2.0).exp() * (sum / (2.0 * PI * a).sqrt()) * (a / 2.0).exp();
    }
    // The terms grow at first: rounding them to doubles would cost a unit in the last place each.
    let (mut term, mut sum, quarter) = (Wide(1.0, 0.0), Wide(1.0, 0.0), two_product(a / 2.0, a / 2.0));
    for k in 1..200 {
        term = (term * quarter).over(f64::from(k * k));
        sum = sum + term;
    }
    sum.0
}

fn formula(name: &str) -> Option<&'static Formula> {
    FORMULAS.iter().find(|formula| formula.name == name)
}

/// Samples and reference of a formula.
pub(super) fn entry(name: &str) -> Option<(super::Samples, super::Reference)> {
    formula(name).map(|_| (samples as super::Samples, reference as super::Reference))
}

/// Units in the last place that formulas of several roundings are held to.
pub(in crate::testing) fn is_formula(name: &str) -> bool {
    formula(name).is_some_and(|f| f.inexact)
        || matches!(name, "square" | "sign" | "modf" | "ldexp" | "float_power")
}

impl Formula {
    fn takes(&self, dtype: DType) -> bool {
        match dtype.kind() {
            Kind::Bool => self.int.is_some() && self.gives == Test,
            Kind::Int => self.int.is_some(),
            Kind::Float => self.real.is_some(),
            Kind::Complex => self.complex.is_some(),
        }
    }

    fn compute(&self, dtypes: &[DType], float: DType) -> DType {
        let met = dtypes.iter().copied().reduce(promote).expect("there is an operand");
        if self.inexact && met.kind() < Kind::Float { float } else { met }
    }

    fn output(&self, compute: DType) -> DType {
        match self.gives {
            Same => compute,
            Part => compute.real(),
            Test => DType::Bool,
            Fixed(dtype) => dtype,
        }
    }

    fn at(&self, compute: DType, x: &[Scalar]) -> Truth {
        let out = self.output(compute);
        let number = |value: Complex64| match out {
            DType::Bool => Truth::Exact(Scalar::Bool(value.re != 0.0)),
            _ => Truth::near(value),
        };
        match compute.kind() {
            Kind::Bool | Kind::Int => {
                let x: Vec<i128> = x.iter().filter_map(|x| x.to_i128()).collect();
                Truth::Exact(integer(self.int.expect("samples are integers")(&x), out))
            }
            Kind::Float => {
                let x: Vec<f64> = x.iter().map(|x| x.to_f64()).collect();
                let value = self.real.expect("samples are real")(&x).into();
                match self.name {
                    // The larger argument and what is added may cancel. The difference is rounded before its exponential is taken.
                    "logaddexp" | "logaddexp2" => {
                        let apart = (x[0] - x[1]).abs();
                        let base: f64 = if self.name == "logaddexp" { E } else { 2.0 };
                        let through = if apart.is_finite() { apart * base.powf(-apart) } else { 0.0 };
                        Truth::Near { value, terms: x[0].max(x[1]).abs() + through }
                    }
                    _ => number(value),
                }
            }
            Kind::Complex => {
                let x: Vec<Complex64> = x.iter().map(|x| x.to_c128()).collect();
                number(self.complex.expect("samples are complex")(&x))
            }
        }
    }
}

/// Random elements after the special ones.
const MORE: usize = 200;

fn samples(s: &mut Sampler, name: &str) -> Vec<Case> {
    let formula = formula(name).expect("it is in the table");
    let mut cases = Vec::new();
    for dtype in s.all(|d| formula.takes(d)) {
        // Cuts and infinities of complex functions are compared with NumPy's; off them the formulas must agree.
        let few = if dtype.is_complex() { Vec::new() } else { special(dtype) };
        let n = few.len();
        let columns = (0..formula.arity).map(|operand| {
            let pairs = if formula.arity == 1 { n } else { n * n };
            let pick = |i: usize| match operand {
                0 if formula.arity > 1 => few[i / n],
                1 => few[i % n],
                2 => few[(i * 7 + i / n) % n],
                _ => few[i],
            };
            let mut all: Vec<Scalar> = (0..pairs).map(pick).collect();
            all.extend((0..MORE).map(|_| crate::testing::samples::random(dtype, &mut s.random)));
            Arg::Array(Sample::dense(Plain::new(dtype, &[all.len()], all)))
        });
        cases.push(columns.collect());
    }
    let takes = |d: DType| formula.takes(d) || (formula.inexact && matches!(d.kind(), Kind::Int));
    for shape in SHAPES.into_iter().step_by(if s.thorough { 1 } else { 2 }) {
        for dtype in s.some(takes) {
            let operand = |operand: usize| {
                let (shape, lie) = (if operand == 0 { shape.to_vec() } else { beside(shape, s) }, s.lie());
                Arg::Array(s.array(dtype, &shape, lie, |d, r| {
                    if d.is_complex() { crate::testing::samples::random(d, r) } else { any(Op::Where, d, r) }
                }))
            };
            cases.push((0..formula.arity).map(operand).collect());
        }
    }
    cases
}

/// The elements of operands that broadcast, one result each.
fn map(operands: &[&Plain], out: DType, at: impl Fn(&[Scalar]) -> Truth) -> Want {
    let shape = operands
        .iter()
        .map(|x| x.shape.clone())
        .reduce(|a, b| broadcast(&a, &b).expect("samples broadcast").to_vec())
        .expect("there is an operand");
    let element = |flat: usize| {
        let index = unravel(flat, &shape);
        at(&operands.iter().map(|x| x.broadcast_at(&index)).collect::<Vec<_>>())
    };
    Want::new(out, &shape, (0..shape.iter().product()).map(element).collect())
}

fn reference(given: &Given, name: &str) -> Vec<Want> {
    let formula = formula(name).expect("it is in the table");
    let operands: Vec<&Plain> = (0..formula.arity).map(|n| given.array(n)).collect();
    let compute = formula.compute(&operands.iter().map(|x| x.dtype).collect::<Vec<_>>(), given.float);
    let cast: Vec<Plain> = operands.iter().map(|x| x.cast(compute)).collect();
    vec![map(&cast.iter().collect::<Vec<_>>(), formula.output(compute), |x| formula.at(compute, x))]
}

fn replacements(s: &mut Sampler, _: &str) -> Vec<Case> {
    let mut cases = Vec::new();
    for dtype in s.all(|_| true) {
        let all = special(dtype);
        let x = Sample::dense(Plain::new(dtype, &[all.len()], all));
        let with = NanToNum { nan: 0.5, posinf: Some(8.0), neginf: None };
        cases.push(vec![Arg::Array(x.clone()), Arg::plain(NanToNum::default())]);
        cases.push(vec![Arg::Array(x), Arg::plain(with)]);
    }
    cases
}

fn replaced(given: &Given, _: &str) -> Vec<Want> {
    let (x, with) = (given.array(0), given.plain::<NanToNum>(1));
    let most = match x.dtype.real() {
        DType::F16 => 65504.0,
        DType::F32 => f64::from(f32::MAX),
        _ => f64::MAX,
    };
    let part = |x: f64| match x {
        x if x.is_nan() => with.nan,
        x if x == f64::INFINITY => with.posinf.unwrap_or(most),
        x if x == f64::NEG_INFINITY => with.neginf.unwrap_or(-most),
        x => x,
    };
    let of = |x: &Scalar| match x.dtype().kind() {
        Kind::Bool | Kind::Int => *x,
        Kind::Float => Scalar::F64(part(x.to_f64())).cast(x.dtype()),
        Kind::Complex => {
            let z = x.to_c128();
            Scalar::C128(Complex64::new(part(z.re), part(z.im))).cast(x.dtype())
        }
    };
    vec![Want::exact(Plain::new(x.dtype, &x.shape, x.data.iter().map(of)))]
}

fn scalings(s: &mut Sampler, _: &str) -> Vec<Case> {
    let mut cases = Vec::new();
    for dtype in s.all(|d| d.is_float() || d == DType::I32) {
        let x = s.array(dtype, &[41], Lie::Dense, |d, r| any(Op::Where, d, r));
        let n = s.array(DType::I32, &[41], Lie::Dense, |_, r| Scalar::I64(r.below(60) as i64 - 30));
        cases.push(vec![Arg::Array(x), Arg::Array(n)]);
    }
    cases
}

fn powers(s: &mut Sampler, _: &str) -> Vec<Case> {
    let mut cases = Vec::new();
    for dtype in s.all(|d| d != DType::Bool) {
        let operand = |s: &mut Sampler| Arg::Array(s.array(dtype, &[3, 17], Lie::Strided, any_finite));
        cases.push(vec![operand(s), operand(s)]);
    }
    cases
}

/// Pairs of arrays, some of which are equal or nearly.
fn pairs(s: &mut Sampler, name: &str) -> Vec<Case> {
    let mut cases = Vec::new();
    for dtype in s.all(|_| true) {
        for near in [0.0, 1e-9, 2e-5, 1.0] {
            let x = s.array(dtype, &[5, 7], Lie::Dense, any_finite);
            let moved = x.values.data.iter().map(|v| match dtype.kind() {
                Kind::Float | Kind::Complex => Scalar::C128(v.to_c128() * (1.0 + near)).cast(dtype),
                _ if near == 1.0 => integer(v.to_i128().unwrap_or(0) ^ 1, dtype),
                _ => *v,
            });
            let y = Sample::dense(Plain::new(dtype, &[5, 7], moved.collect::<Vec<_>>()));
            let mut case = vec![Arg::Array(x), Arg::Array(y)];
            if name.ends_with("close") {
                case.push(Arg::plain(Close::from(())));
            }
            cases.push(case);
        }
    }
    for dtype in s.some(|d| d.is_float()) {
        let column = |values: &[f64]| {
            let values: Vec<Scalar> = values.iter().map(|&x| Scalar::F64(x)).collect();
            Arg::Array(Sample::dense(Plain::new(dtype, &[values.len()], values)))
        };
        let (inf, nan) = (f64::INFINITY, f64::NAN);
        let mut case = vec![column(&[inf, inf, nan, nan, 1.0]), column(&[inf, -inf, nan, 1.0, inf])];
        if name.ends_with("close") {
            case.push(Arg::plain(Close::from(()).equal_nan()));
        }
        cases.push(case);
        let mut case = vec![column(&[1.0, 1.0]), column(&[1.0])];
        if name.ends_with("close") {
            case.push(Arg::plain(Close::from(())));
        }
        cases.push(case);
    }
    cases
}

fn any_finite(dtype: DType, r: &mut crate::testing::samples::Random) -> Scalar {
    match dtype.kind() {
        Kind::Float | Kind::Complex => crate::testing::samples::moderate(dtype, r),
        _ => {
            let (least, most) = ends(dtype);
            integer((least + r.below(17) as i128).min(most), dtype)
        }
    }
}

fn close(given: &Given, whole: bool) -> Vec<Want> {
    let (a, b, within) = (given.array(0), given.array(1), given.plain::<Close>(2));
    let of = |x: &[Scalar]| {
        let (a, b) = (x[0].to_c128(), x[1].to_c128());
        let nan = a.is_nan() && b.is_nan() && within.equal_nan;
        let near = b.is_finite() && (a - b).norm() <= within.atol + within.rtol * b.norm();
        Truth::Exact(Scalar::Bool(near || alike(x[0], x[1]) || nan))
    };
    let each = map(&[a, b], DType::Bool, of);
    if !whole {
        return vec![each];
    }
    let all = each.plain().data.iter().all(|x| *x == Scalar::Bool(true));
    vec![Want::exact(Plain::new(DType::Bool, &[], [Scalar::Bool(all)]))]
}

/// Equal, whatever their dtypes.
fn alike(a: Scalar, b: Scalar) -> bool {
    match (a.to_i128(), b.to_i128()) {
        (Some(a), Some(b)) => a == b,
        _ => a.to_c128() == b.to_c128(),
    }
}

fn same(given: &Given, broadcasts: bool) -> Vec<Want> {
    let (a, b) = (given.array(0), given.array(1));
    let fits = if broadcasts { broadcast(&a.shape, &b.shape).is_some() } else { a.shape == b.shape };
    let equal = fits && {
        let each = map(&[a, b], DType::Bool, |x| Truth::Exact(Scalar::Bool(alike(x[0], x[1]))));
        each.plain().data.iter().all(|x| *x == Scalar::Bool(true))
    };
    vec![Want::exact(Plain::new(DType::Bool, &[], [Scalar::Bool(equal)]))]
}
