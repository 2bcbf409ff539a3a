//! Functions against arbitrary precision (astro-float, 256 bits), not against the library that computes them:
//! f64 and f32 within 4 units of the last place over their whole domain, complex numbers in the norm.

mod common;

use astro_float::{BigFloat, Consts, RoundingMode};
use common::*;
use num_complex::Complex64;
use polyarray_core::dtype::Element;
use polyarray_core::expr::{Instr, Layout, Op};
use polyarray_core::{DType, Scalar};
use std::slice;

const BITS: usize = 256;
/// The products of the logarithm and the division cancel: more digits for them.
const MANY: usize = 1100;
const EXACT: RoundingMode = RoundingMode::ToEven;

struct Exact(Consts);

impl Exact {
    fn new() -> Exact {
        Exact(Consts::new().unwrap())
    }
    fn exp(&mut self, x: &BigFloat) -> BigFloat {
        x.exp(BITS, EXACT, &mut self.0)
    }
    fn sin(&mut self, x: &BigFloat) -> BigFloat {
        x.sin(BITS, EXACT, &mut self.0)
    }
    fn cos(&mut self, x: &BigFloat) -> BigFloat {
        x.cos(BITS, EXACT, &mut self.0)
    }
    /// (sinh x, cosh x)
    fn hyperbolic(&mut self, x: &BigFloat) -> (BigFloat, BigFloat) {
        let (up, down) = (x.exp(MANY, EXACT, &mut self.0), x.neg().exp(MANY, EXACT, &mut self.0));
        let two = big(2.0);
        (quotient(&difference(&up, &down), &two), quotient(&sum(&up, &down), &two))
    }
    fn real(&mut self, op: Op, x: &BigFloat) -> BigFloat {
        match op {
            Op::Exp => self.exp(x),
            Op::Log => x.ln(BITS, EXACT, &mut self.0),
            Op::Sin => self.sin(x),
            Op::Cos => self.cos(x),
            Op::Tanh => x.tanh(BITS, EXACT, &mut self.0),
            Op::Sqrt => x.sqrt(BITS, EXACT),
            _ => panic!("{op} is no function"),
        }
    }
    fn arg(&mut self, x: &BigFloat, y: &BigFloat) -> BigFloat {
        let pi = self.0.pi(BITS, EXACT);
        let angle = quotient(y, x).atan(BITS, EXACT, &mut self.0);
        match (x.is_negative(), y.is_negative()) {
            (true, true) => difference(&angle, &pi),
            (true, false) => sum(&angle, &pi),
            _ => angle,
        }
    }
    fn complex(&mut self, op: Op, z: [&BigFloat; 2], w: [&BigFloat; 2]) -> [BigFloat; 2] {
        let ([x, y], [u, v]) = (z, w);
        let two = big(2.0);
        match op {
            Op::Exp => {
                let size = self.exp(x);
                [product(&size, &self.cos(y)), product(&size, &self.sin(y))]
            }
            Op::Log => {
                let norm = sum(&product(x, x), &product(y, y));
                [quotient(&norm.ln(MANY, EXACT, &mut self.0), &two), self.arg(x, y)]
            }
            Op::Sqrt => {
                let norm = sum(&product(x, x), &product(y, y)).sqrt(MANY, EXACT);
                let t = quotient(&sum(&norm, &x.abs()), &two).sqrt(MANY, EXACT);
                let other = quotient(&y.abs(), &product(&two, &t));
                let (re, im) = if x.is_negative() { (other, t) } else { (t, other) };
                [re, if y.is_negative() { im.neg() } else { im }]
            }
            Op::Sin => {
                let (sinh, cosh) = self.hyperbolic(y);
                [product(&self.sin(x), &cosh), product(&self.cos(x), &sinh)]
            }
            Op::Cos => {
                let (sinh, cosh) = self.hyperbolic(y);
                [product(&self.cos(x), &cosh), product(&self.sin(x), &sinh).neg()]
            }
            Op::Tanh => {
                let (x2, y2) = (product(x, &two), product(y, &two));
                let (sinh, cosh) = self.hyperbolic(&x2);
                let d = sum(&cosh, &self.cos(&y2));
                [quotient(&sinh, &d), quotient(&self.sin(&y2), &d)]
            }
            Op::Divide => {
                let d = sum(&product(u, u), &product(v, v));
                let re = sum(&product(x, u), &product(y, v));
                let im = difference(&product(y, u), &product(x, v));
                [quotient(&re, &d), quotient(&im, &d)]
            }
            _ => panic!("{op} is no complex function"),
        }
    }
}

fn big(x: f64) -> BigFloat {
    // astro-float reads subnormal doubles as half of what they are.
    if x != 0.0 && x.abs() < f64::MIN_POSITIVE {
        let up = 2f64.powi(54);
        return quotient(&BigFloat::from_f64(x * up, MANY), &BigFloat::from_f64(up, MANY));
    }
    BigFloat::from_f64(x, MANY)
}
fn sum(a: &BigFloat, b: &BigFloat) -> BigFloat {
    a.add(b, MANY, EXACT)
}
fn difference(a: &BigFloat, b: &BigFloat) -> BigFloat {
    a.sub(b, MANY, EXACT)
}
fn product(a: &BigFloat, b: &BigFloat) -> BigFloat {
    a.mul(b, MANY, EXACT)
}
fn quotient(a: &BigFloat, b: &BigFloat) -> BigFloat {
    a.div(b, MANY, EXACT)
}

/// The nearest double, or nearly: only sizes are read from it. Infinite above the range.
fn double(x: &BigFloat) -> f64 {
    let Some((words, _, sign, exponent, _)) = x.as_raw_parts() else {
        return if x.is_inf_neg() {
            f64::NEG_INFINITY
        } else if x.is_inf_pos() {
            f64::INFINITY
        } else {
            f64::NAN
        };
    };
    // The mantissa is a fraction, its highest word last.
    let high = words
        .iter()
        .rev()
        .take(2)
        .fold((0.0, 2f64.powi(-64)), |(v, scale), &w| (v + w as f64 * scale, scale * 2f64.powi(-64)));
    let half = exponent.clamp(-1200, 1200) / 2;
    let v = high.0 * 2f64.powi(half) * 2f64.powi(exponent.clamp(-1200, 1200) - half);
    if sign.is_negative() { -v } else { v }
}

/// How far a computed double is from the truth, in units of the last place of `unit`.
fn off(got: f64, want: &BigFloat, unit: f64) -> f64 {
    let size = double(want);
    if size.is_infinite() || size.is_nan() || !got.is_finite() {
        // The largest finite number rounds up only beyond its own half unit: close enough.
        return if got == size || (got.is_nan() && size.is_nan()) { 0.0 } else { f64::INFINITY };
    }
    double(&difference(&big(got), want)).abs() / ulp(unit, DType::F64)
}

fn apply<T: Element>(op: Op, args: &[Vec<T>]) -> Vec<Scalar> {
    let n = args[0].len();
    let views: Vec<View> = args
        .iter()
        .map(|x| {
            let values: Vec<Scalar> = x.iter().map(|x| x.scalar()).collect();
            View { buffer: host(T::DTYPE, &values), layout: Layout::dense(&[n]) }
        })
        .collect();
    let mut code: Vec<(Instr, DType)> = (0..args.len() as u8).map(|i| (Instr::Load(i), T::DTYPE)).collect();
    code.push((Instr::Map(op, [0, args.len() as u16 - 1, 0]), T::DTYPE));
    run(&kernel(&[n], &views, &[], &code, None))
}

const FUNCTIONS: [Op; 6] = [Op::Exp, Op::Log, Op::Sin, Op::Cos, Op::Tanh, Op::Sqrt];

/// A number of any size.
fn any_size(random: &mut Random, from: i32, to: i32) -> f64 {
    let exponent = from + (random.bits() % (to - from) as u64) as i32;
    let sign = if random.bits() & 1 == 0 { 1.0 } else { -1.0 };
    sign * (1.0 + random.unit()) * 2f64.powi(exponent / 2) * 2f64.powi(exponent - exponent / 2)
}

#[test]
fn double_functions_over_their_whole_domain() {
    let mut exact = Exact::new();
    for op in FUNCTIONS {
        let mut worst = 0.0f64;
        let mut random = Random(11);
        let mut xs: Vec<f64> = (0..700).map(|_| any_size(&mut random, -1074, 1023)).collect();
        xs.extend((0..700).map(|_| any_size(&mut random, -12, 11)));
        // Near the zeros of the logarithm and of the sine, and at the ends of the exponential.
        xs.extend((1..60).map(|k| 1.0 + 2f64.powi(-k)));
        xs.extend((1..60).map(|k| k as f64 * std::f64::consts::FRAC_PI_2));
        xs.extend([709.782, 709.79, -708.4, -745.1, -745.2, 710.5, f64::MAX, f64::MIN_POSITIVE]);
        if matches!(op, Op::Log | Op::Sqrt) {
            xs.iter_mut().for_each(|x| *x = x.abs());
        }
        for (got, &x) in apply(op, &[xs.clone()]).iter().zip(&xs) {
            let (got, want) = (got.to_f64(), exact.real(op, &big(x)));
            let far = off(got, &want, double(&want));
            assert!(far <= 3.0, "{op}({x:e}) = {got:e}, want {:e}: {far} ULP", double(&want));
            worst = worst.max(far);
        }
        println!("{op}, float64: at most {worst:.2} ULP");
    }
}

/// f64 is the truth for the narrower floats: every f16, each 20,011th f32, and angles close together.
#[test]
fn narrow_functions_over_their_whole_domain() {
    for op in FUNCTIONS {
        let halves: Vec<half::f16> = (0..=u16::MAX).map(half::f16::from_bits).collect();
        let mut singles: Vec<f32> = (0..=u32::MAX).step_by(20_011).map(f32::from_bits).collect();
        singles.extend((0..100_000).map(|i| (i - 50_000) as f32 * 1.99e-3));
        let mut worst = 0.0f64;
        let mut check = |got: Scalar, x: f64, allowed: f64| {
            let want = truth(op, DType::F64, &[Scalar::F64(x)]).to_f64();
            let far = ulps(got.to_f64(), want, got.dtype());
            assert!(far <= allowed, "{op}({x:e}) = {got:?}, want {want:e}: {far} ULP");
            worst = worst.max(far);
        };
        for (got, x) in apply(op, slice::from_ref(&halves)).into_iter().zip(&halves) {
            check(got, x.to_f64(), 1.0);
        }
        for (got, &x) in apply(op, slice::from_ref(&singles)).into_iter().zip(&singles) {
            check(got, x as f64, 3.0);
        }
        println!("{op}, narrow floats: at most {worst:.2} ULP");
    }
}

/// The loop's blocks, their tails, a block with an angle in it that needs more digits of pi, and a scalar: the bits
/// are a function of the element.
#[test]
fn bits_do_not_depend_on_where_an_element_stands() {
    let mut random = Random(5);
    let xs: Vec<f64> = (0..9_001).map(|_| any_size(&mut random, -20, 40)).collect();
    let narrow: Vec<f32> = xs.iter().map(|&x| x as f32).collect();
    for op in FUNCTIONS {
        let (all, all_narrow) = (apply(op, slice::from_ref(&xs)), apply(op, slice::from_ref(&narrow)));
        for at in (0..xs.len()).step_by(37) {
            for n in [1, 2, 7, 40] {
                let range = at..(at + n).min(xs.len());
                let same = |a: &[Scalar], b: &[Scalar]| {
                    a.iter().zip(b).all(|(a, b)| a.to_bytes() == b.to_bytes() || a.to_f64().is_nan())
                };
                let mut alone = xs[range.clone()].to_vec();
                alone.push(1e300);
                assert!(same(&all[range.clone()], &apply(op, &[alone])), "{op} of {:?}", &xs[range]);
                let mut alone = narrow[range.clone()].to_vec();
                alone.push(1e30);
                assert!(
                    same(&all_narrow[range.clone()], &apply(op, &[alone])),
                    "{op} of {:?}",
                    &narrow[range]
                );
            }
            let repeated =
                View { buffer: host(DType::F64, &[Scalar::F64(xs[at])]), layout: Layout::dense(&[]) };
            let repeated = View { layout: repeated.layout.broadcast_to(&[3]).unwrap(), ..repeated };
            let code = [(Instr::Load(0), DType::F64), (Instr::Map(op, [0, 0, 0]), DType::F64)];
            for got in run(&kernel(&[3], &[repeated], &[], &code, None)) {
                assert!(got.to_bytes() == all[at].to_bytes() || got.to_f64().is_nan(), "{op} of {}", xs[at]);
            }
        }
    }
}

/// Zeros keep their signs, infinities and the ends of the range are what the op table says.
#[test]
fn functions_at_the_edges() {
    const INF: f64 = f64::INFINITY;
    let cases = [
        (Op::Exp, 0.0, 1.0),
        (Op::Exp, -INF, 0.0),
        (Op::Exp, INF, INF),
        (Op::Exp, 1e30, INF),
        (Op::Exp, -1e30, 0.0),
        (Op::Log, 1.0, 0.0),
        (Op::Log, 0.0, -INF),
        (Op::Log, -0.0, -INF),
        (Op::Log, INF, INF),
        (Op::Log, -1.0, f64::NAN),
        (Op::Log, -INF, f64::NAN),
        (Op::Sin, 0.0, 0.0),
        (Op::Sin, -0.0, -0.0),
        (Op::Sin, INF, f64::NAN),
        (Op::Cos, 0.0, 1.0),
        (Op::Cos, -0.0, 1.0),
        (Op::Cos, -INF, f64::NAN),
        (Op::Tanh, -0.0, -0.0),
        (Op::Tanh, INF, 1.0),
        (Op::Tanh, -INF, -1.0),
    ];
    for (op, x, want) in cases {
        // Long enough for the vector code, not its tail.
        for got in [&apply(op, &[vec![x; 17]])[..], &apply(op, &[vec![x as f32; 17]])].concat() {
            let got = got.to_f64();
            let same = got.to_bits() == want.to_bits() || (got.is_nan() && want.is_nan());
            assert!(same, "{op}({x}) = {got}, want {want}");
        }
        assert!(apply(op, &[vec![f64::NAN; 9]])[8].to_f64().is_nan(), "{op}(NaN)");
        assert!(apply(op, &[vec![f32::NAN; 9]])[8].to_f64().is_nan(), "{op}(NaN)");
    }
}

#[test]
fn complex_functions_in_the_norm() {
    let mut exact = Exact::new();
    for op in FUNCTIONS.into_iter().chain([Op::Divide]) {
        let mut random = Random(23);
        // Both parts of any size where the result is; else where neither over- nor underflows.
        let (from, to) = match op {
            Op::Log | Op::Sqrt => (-1060, 1022),
            Op::Divide => (-500, 500),
            _ => (-20, 9),
        };
        let mut draw = |n: usize| -> Vec<Complex64> {
            let part = |random: &mut Random, i: usize| match i % 2 {
                0 => any_size(random, from, to),
                _ => any_size(random, -6, 6),
            };
            (0..n).map(|i| Complex64::new(part(&mut random, i), part(&mut random, i / 2))).collect()
        };
        let mut zs = draw(300);
        // Close to 1, where the logarithm of the norm cancels.
        zs.extend((1..40).map(|k| Complex64::new(1.0 - 2f64.powi(-k), 2f64.powi(-k / 2) * 0.7)));
        let ws = draw(zs.len());
        let args = if op == Op::Divide { vec![zs.clone(), ws.clone()] } else { vec![zs.clone()] };
        for ((got, z), w) in apply(op, &args).iter().zip(&zs).zip(&ws) {
            let got = got.to_c128();
            let (x, y, u, v) = (big(z.re), big(z.im), big(w.re), big(w.im));
            let [re, im] = exact.complex(op, [&x, &y], [&u, &v]);
            let unit = double(&re).abs().max(double(&im).abs());
            let far = off(got.re, &re, unit).max(off(got.im, &im, unit));
            assert!(
                far <= 4.0,
                "{op}({z}, {w}) = {got:e}, want {:e} {:e}i: {far} ULP",
                double(&re),
                double(&im)
            );
        }
    }
}

/// e^750 overflows, e^750 * 1e-310 does not.
#[test]
fn an_exponential_that_overflows_in_one_part_only() {
    let got = apply(Op::Exp, &[vec![Complex64::new(750.0, 1e-310)]])[0].to_c128();
    let im = (750.0 - 310.0 * std::f64::consts::LN_10).exp();
    assert!(got.re == f64::INFINITY && (got.im - im).abs() < 1e-9 * im, "{got}");
}
