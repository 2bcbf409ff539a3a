//! What standards say of single arguments: complex functions where a part is zero or not finite, quotients of many bits.

mod common;

use common::*;
use num_complex::Complex64;
use polyarray_core::expr::{Instr, Layout, Op};
use polyarray_core::testing::annex_g;
use polyarray_core::{DType, Scalar};

fn apply(op: Op, dtype: DType, args: &[&[Scalar]]) -> Vec<Scalar> {
    let shape = [args[0].len()];
    let views: Vec<View> = args
        .iter()
        .map(|x| View {
            buffer: host(dtype, &x.iter().map(|x| x.cast(dtype)).collect::<Vec<_>>()),
            layout: Layout::dense(&shape),
        })
        .collect();
    let mut code: Vec<(Instr, DType)> = (0..args.len()).map(|i| (Instr::Load(i as u8), dtype)).collect();
    code.push((Instr::Map(op, [0, args.len() as u16 - 1, 0]), op.output(dtype)));
    run(&kernel(&shape, &views, &[], &code, None))
}

#[test]
fn special_values_of_annex_g() {
    let mut wrong = Vec::new();
    for dtype in [DType::C64, DType::C128] {
        for op in [Op::Exp, Op::Log, Op::Sin, Op::Cos, Op::Tanh, Op::Sqrt] {
            let all: Vec<Scalar> = annex_g::arguments().into_iter().map(Scalar::C128).collect();
            for (z, got) in all.iter().zip(apply(op, dtype, &[&all])) {
                let Some([re, im]) = annex_g::special_value(op, z.to_c128()) else { continue };
                let got = got.to_c128();
                if !(re.holds(got.re, 1e-6) && im.holds(got.im, 1e-6)) {
                    wrong.push(format!("{op}({z}) of {dtype} = {got}, want {re:?} {im:?}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn floored_quotients_are_exact_integers_rounded_once() {
    let mut random = Random(5);
    for (dtype, bits) in [(DType::F16, 11.0), (DType::F32, 24.0), (DType::F64, 53.0)] {
        let (mut a, mut b) = (Vec::new(), Vec::new());
        for i in 0..100_000 {
            let divisor = Scalar::F64((1.0 + random.unit()) * [1.0, -1.0][i % 2]).cast(dtype);
            let quotient = (bits - 4.0 + 12.0 * random.unit()).exp2() * [1.0, -1.0][i / 2 % 2];
            let quotient = if i % 3 == 0 { quotient.floor() } else { quotient };
            a.push(Scalar::F64(divisor.to_f64() * quotient).cast(dtype));
            b.push(divisor);
        }
        for op in [Op::FloorDivide, Op::Remainder] {
            let got = apply(op, dtype, &[&a, &b]);
            let want = |i: usize| truth(op, dtype, &[a[i], b[i]]);
            let off = |i: &usize| ulps(got[*i].to_f64(), want(*i).to_f64(), dtype) > 0.5001;
            let wrong: Vec<usize> = (0..a.len()).filter(off).collect();
            let first = wrong.first().map(|&i| (a[i], b[i], got[i], want(i)));
            assert!(wrong.is_empty(), "{op} of {dtype}: {} wrong, as {first:?}", wrong.len());
        }
    }
}

#[test]
fn quotients_of_infinite_numbers() {
    const INF: f64 = f64::INFINITY;
    const NAN: f64 = f64::NAN;
    let z = Complex64::new;
    for (a, b, want) in [
        (z(1.0, 1.0), z(INF, INF), z(0.0, 0.0)),
        (z(1.0, -2.0), z(NAN, -INF), z(0.0, 0.0)),
        (z(INF, NAN), z(1.0, 1.0), z(INF, -INF)),
        (z(INF, 1.0), z(2.0, 0.0), z(INF, 0.5)),
        (z(1.0, INF), z(0.0, 2.0), z(INF, -0.5)),
        (z(INF, 0.0), z(0.0, INF), z(0.0, NAN)),
        (z(INF, 1.0), z(INF, 1.0), z(NAN, NAN)),
        (z(NAN, 1.0), z(1.0, 1.0), z(NAN, NAN)),
        (z(1e300, 1.0), z(1e-300, 0.0), z(INF, 1e300)),
        (z(1.5e308, 1.5e308), z(1.5e308, 1.5e308), z(1.0, 0.0)),
        (z(1.0, -1.0), z(-0.0, 0.0), z(INF, -INF)),
    ] {
        let got = apply(Op::Divide, DType::C128, &[&[Scalar::C128(a)], &[Scalar::C128(b)]])[0].to_c128();
        let same = |g: f64, w: f64| (g - w).abs() <= 1e-15 * w.abs() || g == w || (g.is_nan() && w.is_nan());
        assert!(same(got.re, want.re) && same(got.im, want.im), "{a} / {b} = {got}, want {want}");
    }
}
