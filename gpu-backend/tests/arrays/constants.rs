//! Zeros and ones that a driver can derive from integers, in float algebra: it must not fold it.

use crate::{dtypes, on_gpu};
use polyarray_core::{Array, DType, Kind, Result, Scalar, numpy as np};

type Program = fn(&Array, &Array) -> Result<Array>;
/// What it gives of an integer and a float, in exact arithmetic but for what is not finite.
type Want = fn(f64, f64) -> f64;

#[allow(clippy::eq_op, reason = "x - x is NaN where x is not finite")]
const PROGRAMS: [(&str, Program, Want); 16] = [
    ("x / (a - a)", |a, x| np::divide(x, np::subtract(a, a)?), |_, x| x / 0.0),
    ("x * (a ^ a)", |a, x| np::multiply(x, np::bitwise_xor(a, a)?), |_, x| x * 0.0),
    ("x / (a & 0)", |a, x| np::divide(x, np::bitwise_and(a, 0)?), |_, x| x / 0.0),
    ("(a - a) / x", |a, x| np::divide(np::subtract(a, a)?, x), |_, x| 0.0 / x),
    ("isnan(a) / x", |a, x| np::divide(np::isnan(a)?, x), |_, x| 0.0 / x),
    ("x / isnan(a)", |a, x| np::divide(x, np::isnan(a)?), |_, x| x / 0.0),
    ("x / imag(a)", |a, x| np::divide(x, np::imag(a)?), |_, x| x / 0.0),
    ("x * (a < a)", |a, x| np::multiply(x, np::less(a, a)?), |_, x| x * 0.0),
    ("x / (a != a)", |a, x| np::divide(x, np::not_equal(a, a)?), |_, x| x / 0.0),
    ("x - x * (a == a)", |a, x| np::subtract(x, np::multiply(x, np::equal(a, a)?)?), |_, x| x - x),
    ("x // (a - a)", |a, x| np::floor_divide(x, np::subtract(a, a)?), |_, x| x / 0.0),
    ("x % (a - a)", |a, x| np::remainder(x, np::subtract(a, a)?), |_, _| f64::NAN),
    ("x / (min(a, a) - a)", |a, x| np::divide(x, np::subtract(np::minimum(a, a)?, a)?), |_, x| x / 0.0),
    (
        "x * where(a == a, a - a, a)",
        |a, x| np::multiply(x, np::where_(np::equal(a, a)?, np::subtract(a, a)?, a)?),
        |_, x| x * 0.0,
    ),
    ("a / (a - a)", |a, _| np::divide(a, np::subtract(a, a)?), |a, _| a / 0.0),
    (
        "real((a ^ a) as complex / x)",
        |a, x| {
            let complex = if x.dtype() == DType::F64 { DType::C128 } else { DType::C64 };
            np::real(np::divide(np::astype(np::bitwise_xor(a, a)?, complex)?, x)?)
        },
        |_, x| 0.0 / x,
    ),
];

#[test]
fn what_follows_from_integers_is_not_folded() {
    let (ints, floats) = ([1i64, 2, 100, 7, 3, 5], [1.5, -2.0, f64::NAN, f64::INFINITY, -f64::INFINITY, 0.0]);
    let mut wrong = Vec::new();
    for int in dtypes().into_iter().filter(|d| d.kind() == Kind::Int) {
        for float in dtypes().into_iter().filter(|d| d.kind() == Kind::Float) {
            let a = np::astype(on_gpu(&Array::from(ints.to_vec())), int).unwrap().eval().unwrap().clone();
            let x = np::astype(on_gpu(&Array::from(floats.map(|x| x as f32).to_vec())), float).unwrap();
            let x = x.eval().unwrap().clone();
            for (name, program, want) in PROGRAMS {
                let y = program(&a, &x).unwrap_or_else(|e| panic!("{name}: {e}"));
                let got = np::astype(&y, DType::F32).unwrap().to_vec::<f32>().unwrap();
                for i in 0..ints.len() {
                    let want = Scalar::F64(want(ints[i] as f64, floats[i])).cast(DType::F32).to_f64();
                    let got = f64::from(got[i]);
                    if !(got == want || (got.is_nan() && want.is_nan())) {
                        wrong.push(format!(
                            "{name} of {int} {} and {float} {} = {got}, want {want}",
                            ints[i], floats[i]
                        ));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong[..wrong.len().min(40)].join("\n"));
}
