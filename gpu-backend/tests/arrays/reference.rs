//! The truth, from the op table's references, and how far from it a result may be.

use polyarray_core::expr::OpInfo;
use polyarray_core::expr::op::Reference;
use polyarray_core::{DType, Kind, Scalar};

use crate::Random;

/// Special values, the borders of integers and formats, and random ones over the whole domain.
pub fn values(dtype: DType, random: &mut Random, count: usize) -> Vec<Scalar> {
    let special = [
        0.0,
        -0.0,
        1.0,
        -1.0,
        0.5,
        -0.5,
        2.0,
        3.0,
        -3.0,
        7.0,
        1e-3,
        127.0,
        128.0,
        -128.0,
        255.0,
        256.0,
        65535.0,
        1e4,
        -1e4,
        1e10,
        88.0,
        -87.0,
        709.0,
        std::f64::consts::PI,
        std::f64::consts::FRAC_PI_2,
        f64::INFINITY,
        f64::NEG_INFINITY,
        f64::NAN,
    ];
    let mut out: Vec<Scalar> = match dtype.kind() {
        Kind::Bool | Kind::Int => special
            .iter()
            .filter(|x| x.is_finite())
            .map(|&x| Scalar::I64(x as i64).cast(dtype))
            .chain(
                [i64::MIN, i64::MAX, -1, 0, 1 << 31, 1 << 15, 1 << 7, u32::MAX.into()]
                    .map(|x| Scalar::I64(x).cast(dtype)),
            )
            .collect(),
        Kind::Float => {
            let borders = match dtype {
                DType::F16 => [65504.0, 6.103_515_625e-5, 5.96e-8],
                DType::F32 => [f64::from(f32::MAX), f64::from(f32::MIN_POSITIVE), 1e-45],
                _ => [f64::MAX, f64::MIN_POSITIVE, 5e-324],
            };
            special.iter().chain(&borders).map(|&x| Scalar::F64(x).cast(dtype)).collect()
        }
        Kind::Complex => Vec::new(),
    };
    while out.len() < count {
        out.push(match dtype {
            // Every second one over all bit patterns, the others where functions have their bends.
            DType::F32 if out.len().is_multiple_of(2) => Scalar::F32(f32::from_bits(random.bits() as u32)),
            DType::F64 if out.len().is_multiple_of(2) => Scalar::F64(f64::from_bits(random.bits())),
            DType::F16 | DType::F32 | DType::F64 => Scalar::F64(random.unit() * 100.0).cast(dtype),
            DType::C64 | DType::C128 => {
                Scalar::C128(num_complex::Complex64::new(random.unit() * 4.0, random.unit() * 4.0))
                    .cast(dtype)
            }
            _ => Scalar::U64(random.bits()).cast(dtype),
        });
    }
    out
}

/// What the op table says that `op` gives, computing in `dtype`.
pub fn truth(op: &OpInfo, dtype: DType, x: &[Scalar]) -> Scalar {
    let out = op.op.output(dtype);
    let int = |v: i128| match out {
        // The table's integers are wide; a bool has one bit, but `!0` has all of them.
        DType::Bool if op.name == "bitwise_invert" => Scalar::Bool(v & 1 != 0),
        DType::Bool => Scalar::Bool(v != 0),
        _ => Scalar::U64(v as u64).cast(out),
    };
    let wide = |k: usize| x[k].to_i128().expect("integers have integers");
    match (op.reference, dtype.kind()) {
        (Reference::Select, _) => {
            if x[0].to_f64() != 0.0 {
                x[1]
            } else {
                x[2]
            }
        }
        (Reference::Unary { int: Some(f), .. }, Kind::Bool | Kind::Int) => int(f(wide(0))),
        (Reference::Binary { int: Some(f), .. }, Kind::Bool | Kind::Int) => int(f(wide(0), wide(1))),
        (Reference::Unary { real: Some(f), .. }, Kind::Float) => Scalar::F64(f(x[0].to_f64())).cast(out),
        (Reference::Binary { real: Some(f), .. }, Kind::Float) => {
            Scalar::F64(f(x[0].to_f64(), x[1].to_f64())).cast(out)
        }
        (Reference::Unary { complex: Some(f), .. }, Kind::Complex) => {
            Scalar::C128(f(x[0].to_c128())).cast(out)
        }
        (Reference::Binary { complex: Some(f), .. }, _) if dtype.is_complex() || out.is_complex() => {
            Scalar::C128(f(x[0].to_c128(), x[1].to_c128())).cast(out)
        }
        _ => panic!("{} has no reference in {dtype}", op.name),
    }
}

/// Precision of a float format, and its smallest normal number.
fn format(dtype: DType) -> (f64, f64) {
    match dtype {
        DType::F16 => (2_f64.powi(-10), 2_f64.powi(-14)),
        DType::F32 | DType::C64 => (f64::from(f32::EPSILON), f64::from(f32::MIN_POSITIVE)),
        _ => (f64::EPSILON, f64::MIN_POSITIVE),
    }
}

/// Why `got` is not `want`, within `ulps` units in the last place of `want`; `None` where it is. Units
/// count from the smallest normal number: subnormals may flush.
pub fn differs(got: Scalar, want: Scalar, ulps: f64) -> Option<String> {
    let dtype = want.dtype();
    if got.dtype() != dtype {
        return Some(format!("dtype {} instead of {dtype}", got.dtype()));
    }
    let (epsilon, tiny) = format(dtype);
    let wrong = || Some(format!("{got} instead of {want}"));
    match dtype.kind() {
        Kind::Bool | Kind::Int => {
            if got == want {
                None
            } else {
                wrong()
            }
        }
        Kind::Float => {
            let (g, w) = (got.to_f64(), want.to_f64());
            if w.is_nan() || g.is_nan() {
                return if w.is_nan() && g.is_nan() { None } else { wrong() };
            }
            if w == 0.0 {
                // The sign of a zero belongs to the value, unless it is a flushed subnormal's.
                return if g == 0.0 && (g.is_sign_negative() == w.is_sign_negative())
                    || g.abs() <= tiny && g != 0.0
                {
                    None
                } else {
                    wrong()
                };
            }
            if g == w {
                return None;
            }
            if w.is_infinite() || g.is_infinite() {
                // One past the largest number is infinity: that is one unit.
                let largest = match dtype {
                    DType::F16 => 65504.0,
                    DType::F32 => f64::from(f32::MAX),
                    _ => f64::MAX,
                };
                let (a, b) = (g.clamp(-largest, largest), w.clamp(-largest, largest));
                return if ulps >= 1.0 && (a - b).abs() <= largest * epsilon * ulps { None } else { wrong() };
            }
            let unit = 2_f64.powf(w.abs().max(tiny).log2().floor()) * epsilon;
            let off = ((g - w) / unit).abs();
            if off <= ulps { None } else { Some(format!("{got} instead of {want}, {off:.1} ULP off")) }
        }
        Kind::Complex => {
            let (g, w) = (got.to_c128(), want.to_c128());
            if !(w.re.is_finite() && w.im.is_finite()) {
                let same = |g: f64, w: f64| g == w || (g.is_nan() && w.is_nan());
                return if same(g.re, w.re) && same(g.im, w.im) { None } else { wrong() };
            }
            let off = (g - w).norm();
            // The norm of the largest numbers overflows.
            if g == w || off <= ulps * epsilon * w.norm().max(tiny) { None } else { wrong() }
        }
    }
}
