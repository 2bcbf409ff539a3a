//! Quotients: floored ones of as many bits as a format has and more, and complex ones from end to end of it.

use crate::device::device;
use crate::fused::{run, ulps};
use crate::kernels::{View, apply, kernel, map_code};
use crate::random::random;
use num_complex::Complex64;
use polyarray_core::expr::{Op, Output};
use polyarray_core::{DType, Scalar};

fn evaluate(op: Op, dtype: DType, a: &[Scalar], b: &[Scalar]) -> Vec<Scalar> {
    let views = [a, b].map(|data| View::dense(dtype, data));
    let gpu = device();
    run(gpu, &kernel(&[a.len()], 1, &views, vec![], map_code(op, &[dtype; 2]), Output::Map), &gpu.profile)
}

fn holds(dtype: DType) -> bool {
    device().profile.features.f64 || !matches!(dtype, DType::F64 | DType::C128)
}

#[test]
fn floored_quotients_are_exact_integers_rounded_once() {
    let mut state = 5;
    for (dtype, bits) in [(DType::F16, 11), (DType::F32, 24), (DType::F64, 53)] {
        if !holds(dtype) {
            continue;
        }
        let (mut a, mut b) = (Vec::new(), Vec::new());
        let mut uniform = || random(&mut state) as f64 / u64::MAX as f64;
        for i in 0..40_000 {
            let exponent = f64::from(bits) - 4.0 + 12.0 * uniform();
            // Of every size, and a unit of the last place above and below a whole number.
            let divisor = Scalar::F64((1.0 + uniform()) * [1.0, -1.0][i % 2]).cast(dtype);
            let quotient = exponent.exp2() * [1.0, -1.0][i / 2 % 2];
            let quotient = if i % 3 == 0 { quotient.floor() } else { quotient };
            a.push(Scalar::F64(divisor.to_f64() * quotient).cast(dtype));
            b.push(divisor);
        }
        for op in [Op::FloorDivide, Op::Remainder] {
            let got = evaluate(op, dtype, &a, &b);
            let wrong = (0..a.len()).filter(|&i| {
                let error = ulps(got[i], apply(op, &[a[i], b[i]]));
                error.is_nan() || error > 0.5001
            });
            let wrong: Vec<usize> = wrong.collect();
            let first = wrong.first().map(|&i| (a[i], b[i], got[i], apply(op, &[a[i], b[i]])));
            assert!(wrong.is_empty(), "{op} of {dtype}: {} wrong, as {first:?}", wrong.len());
        }
    }
}

#[test]
fn complex_quotients_neither_overflow_nor_vanish_on_the_way() {
    let mut state = 9;
    for (dtype, most) in [(DType::C64, 3e38), (DType::C128, 1.5e308)] {
        if !holds(dtype) {
            continue;
        }
        let scalar = |re: f64, im: f64| Scalar::C128(Complex64::new(re, im)).cast(dtype);
        let (mut a, mut b) = (Vec::new(), Vec::new());
        for signs in [(1.0, 1.0), (1.0, -1.0), (-1.0, 1.0)] {
            for size in [most, most / 2.0, 1.0, 4.0 / most] {
                a.push(scalar(size * signs.0, size * signs.1));
                b.push(scalar(size * signs.0, size * signs.1));
            }
        }
        let range = if dtype == DType::C64 { 126 } else { 1020 };
        for _ in 0..5000 {
            let mut part = |middle: i32, spread: i32| {
                let k = middle + (random(&mut state) % (2 * spread as u64)) as i32 - spread;
                let x = 1.0 + random(&mut state) as f64 / u64::MAX as f64;
                let x = x * 2f64.powi(k / 2) * 2f64.powi(k - k / 2);
                if random(&mut state) & 1 == 0 { x } else { -x }
            };
            let middle = part(0, 1) as i32 * range * 7 / 8;
            a.push(scalar(part(middle, range / 8), part(middle, range / 8)));
            b.push(scalar(part(middle, range / 8), part(middle, range / 8)));
        }
        let got = evaluate(Op::Divide, dtype, &a, &b);
        for i in 0..a.len() {
            let want = apply(Op::Divide, &[a[i], b[i]]);
            let error = ulps(got[i], want);
            assert!(error <= 4.0, "{:?} / {:?} = {:?}, want {want:?}: {error} ULP", a[i], b[i], got[i]);
        }
    }
}
