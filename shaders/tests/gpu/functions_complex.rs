//! Complex functions, normwise against 200-bit arithmetic, and the special values of C11 annex G.

use crate::device::{Device, device};
use crate::fused::run;
use crate::kernels::{View, kernel, map_code};
use crate::random::random;
use astro_float::{BigFloat, Consts, RoundingMode};
use num_complex::Complex64;
use polyarray_core::expr::{Op, Output};
use polyarray_core::testing::annex_g;
use polyarray_core::{DType, Scalar};

const BITS: usize = 256;
const RM: RoundingMode = RoundingMode::ToEven;

fn evaluate(gpu: &Device, op: Op, dtype: DType, z: &[Complex64]) -> Vec<Complex64> {
    let data: Vec<Scalar> = z.iter().map(|&z| Scalar::C128(z).cast(dtype)).collect();
    let k = kernel(&[z.len()], 1, &[View::dense(dtype, &data)], vec![], map_code(op, &[dtype]), Output::Map);
    run(gpu, &k, &gpu.profile).into_iter().map(Scalar::to_c128).collect()
}

/// A complex number in big floats.
struct Big {
    re: BigFloat,
    im: BigFloat,
}

fn big(x: f64) -> BigFloat {
    BigFloat::from_f64(x, BITS)
}
fn add(a: &BigFloat, b: &BigFloat) -> BigFloat {
    a.add(b, BITS, RM)
}
fn sub(a: &BigFloat, b: &BigFloat) -> BigFloat {
    a.sub(b, BITS, RM)
}
fn mul(a: &BigFloat, b: &BigFloat) -> BigFloat {
    a.mul(b, BITS, RM)
}
fn div(a: &BigFloat, b: &BigFloat) -> BigFloat {
    a.div(b, BITS, RM)
}

/// The function by its textbook formula, which at this precision is good enough.
fn reference(op: Op, z: Complex64, c: &mut Consts) -> Big {
    let (x, y) = (big(z.re), big(z.im));
    let half = big(0.5);
    let exp = |x: &BigFloat, c: &mut Consts| x.exp(BITS, RM, c);
    let cosh = |x: &BigFloat, c: &mut Consts| mul(&half, &add(&exp(x, c), &exp(&x.neg(), c)));
    let sinh = |x: &BigFloat, c: &mut Consts| mul(&half, &sub(&exp(x, c), &exp(&x.neg(), c)));
    let norm2 = add(&mul(&x, &x), &mul(&y, &y));
    match op {
        Op::Exp => {
            let e = exp(&x, c);
            Big { re: mul(&e, &y.cos(BITS, RM, c)), im: mul(&e, &y.sin(BITS, RM, c)) }
        }
        Op::Log => {
            let modulus = mul(&half, &norm2.ln(BITS, RM, c));
            // The angle in (-π, π] from that of (|x|, |y|).
            let pi = c.pi(BITS, RM);
            let first = if x.is_zero() { mul(&half, &pi) } else { div(&y.abs(), &x.abs()).atan(BITS, RM, c) };
            let angle = if x.is_negative() { sub(&pi, &first) } else { first };
            Big { re: modulus, im: if y.is_negative() { angle.neg() } else { angle } }
        }
        Op::Sin => {
            Big { re: mul(&x.sin(BITS, RM, c), &cosh(&y, c)), im: mul(&x.cos(BITS, RM, c), &sinh(&y, c)) }
        }
        Op::Cos => Big {
            re: mul(&x.cos(BITS, RM, c), &cosh(&y, c)),
            im: mul(&x.sin(BITS, RM, c), &sinh(&y, c)).neg(),
        },
        Op::Tanh => {
            let (s, co) = (y.sin(BITS, RM, c), y.cos(BITS, RM, c));
            let sh = sinh(&x, c);
            let d = add(&mul(&sh, &sh), &mul(&co, &co));
            Big { re: div(&mul(&sh, &cosh(&x, c)), &d), im: div(&mul(&s, &co), &d) }
        }
        Op::Sqrt => {
            let modulus = norm2.sqrt(BITS, RM);
            let re = mul(&half, &add(&modulus, &x)).sqrt(BITS, RM);
            let im = mul(&half, &sub(&modulus, &x)).sqrt(BITS, RM);
            Big { re, im: if y.is_negative() { im.neg() } else { im } }
        }
        other => unreachable!("{other} is no complex function"),
    }
}

/// A double near a big float: good to the comparison's needs, as only differences are measured with it.
fn to_f64(x: &BigFloat) -> f64 {
    let (Some(e), Some(words)) = (x.exponent(), x.mantissa_digits()) else { return 0.0 };
    let top = words.last().copied().unwrap_or(0) as f64 * 2f64.powi(-64);
    let value = top
        * 2f64.powi(e.clamp(-2000, 2000) / 2)
        * 2f64.powi(e.clamp(-2000, 2000) - e.clamp(-2000, 2000) / 2);
    if x.is_negative() { -value } else { value }
}

/// |got - want| / |want| in units of the last place.
fn error(got: Complex64, want: &Big, dtype: DType) -> f64 {
    let bits = if dtype == DType::C64 { 23 } else { 52 };
    let smallest = if dtype == DType::C64 { f64::from(f32::MIN_POSITIVE) } else { f64::MIN_POSITIVE };
    let difference = to_f64(&sub(&big(got.re), &want.re)).hypot(to_f64(&sub(&big(got.im), &want.im)));
    let size = to_f64(&want.re).hypot(to_f64(&want.im)).max(smallest);
    difference / 2f64.powi(size.log2().floor() as i32 - bits)
}

fn arguments(dtype: DType) -> Vec<Complex64> {
    let mut state = 11;
    let mut uniform = || random(&mut state) as f64 / u64::MAX as f64;
    let mut z = Vec::new();
    for _ in 0..200 {
        // Everywhere in size, near 0, near |z| = 1, near the real axis, in the overflow zone of e^|x|.
        let angle = (uniform() - 0.5) * std::f64::consts::TAU;
        z.push(Complex64::from_polar((uniform() * 12.0 - 8.0).exp2(), angle));
        z.push(Complex64::from_polar((uniform() * 60.0 - 60.0).exp2(), angle));
        z.push(Complex64::from_polar(1.0 + (uniform() - 0.5) * (-uniform() * 30.0).exp2(), angle));
        z.push(Complex64::new(uniform() * 20.0 - 10.0, (uniform() - 0.5) * (-uniform() * 40.0).exp2()));
        z.push(Complex64::new((uniform() - 0.5) * 160.0, uniform() * 50.0));
        z.push(Complex64::new(uniform() * 50.0, (uniform() - 0.5) * 160.0));
    }
    z.iter().map(|&z| Scalar::C128(z).cast(dtype).to_c128()).collect()
}

#[test]
fn four_ulp_in_the_norm() {
    let gpu = device();
    let mut consts = Consts::new().expect("the constants cache fits in memory");
    for dtype in [DType::C64, DType::C128] {
        if dtype == DType::C128 && !gpu.profile.features.f64 {
            continue;
        }
        for op in [Op::Exp, Op::Log, Op::Sin, Op::Cos, Op::Tanh, Op::Sqrt] {
            let z = arguments(dtype);
            let y = evaluate(gpu, op, dtype, &z);
            let (mut worst, mut at) = (0.0, z[0]);
            for (&z, &got) in z.iter().zip(&y) {
                let e = error(got, &reference(op, z, &mut consts), dtype);
                if e > worst || e.is_nan() {
                    (worst, at) = (e, z);
                }
            }
            println!("{op} of {dtype}: {worst:.2} ULP at {at}");
            assert!(worst <= 4.0, "{op} of {dtype} at {at} is off by {worst} ULP");
        }
    }
}

#[test]
fn special_values_of_annex_g() {
    let gpu = device();
    let mut wrong = Vec::new();
    for dtype in [DType::C64, DType::C128] {
        if dtype == DType::C128 && !gpu.profile.features.f64 {
            continue;
        }
        for op in [Op::Exp, Op::Log, Op::Sin, Op::Cos, Op::Tanh, Op::Sqrt] {
            let z = annex_g::arguments();
            for (z, got) in z.iter().zip(evaluate(gpu, op, dtype, &z)) {
                let Some([re, im]) = annex_g::special_value(op, *z) else { continue };
                if !(re.holds(got.re, 1e-6) && im.holds(got.im, 1e-6)) {
                    wrong.push(format!("{op}({z:?}) of {dtype} = {got:?}, want {re:?} {im:?}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn what_overflows_is_infinite_beside_the_smallest_number_too() {
    let gpu = device();
    for (dtype, huge, tiny) in [(DType::C64, 1e30, 1e-45), (DType::C128, 1e200, 5e-324)] {
        if dtype == DType::C128 && !gpu.profile.features.f64 {
            continue;
        }
        let inf = f64::INFINITY;
        for (op, z, want) in [
            (Op::Exp, (huge, tiny), (inf, inf)),
            (Op::Exp, (huge, -tiny), (inf, -inf)),
            (Op::Sin, (tiny, huge), (inf, inf)),
            (Op::Cos, (tiny, huge), (inf, -inf)),
        ] {
            let got = evaluate(gpu, op, dtype, &[Complex64::new(z.0, z.1)])[0];
            assert_eq!((got.re, got.im), want, "{op}({z:?}) of {dtype}");
        }
    }
}
