//! Floor division and modulo of doubles, exact before they are rounded once: references of the op table.

/// Python's float modulo (the result has the divisor's sign), as NumPy's `remainder`.
pub fn float_remainder(a: f64, b: f64) -> f64 {
    let m = a % b;
    if b == 0.0 || m.is_nan() {
        f64::NAN
    } else if m == 0.0 {
        0f64.copysign(b)
    } else if (b < 0.0) != (m < 0.0) {
        m + b
    } else {
        m
    }
}

/// The largest integer not above `a / b`, rounded once. NumPy's, from quotients that are rounded before, is off by one in 8 %
/// of those from 2⁵¹ on. As the array API has it, and NumPy has not, a number by an infinite one is a zero, and an infinite number
/// by one is infinite.
pub fn float_floor_divide(a: f64, b: f64) -> f64 {
    let sign = if a.is_sign_negative() == b.is_sign_negative() { 1.0 } else { -1.0 };
    if b == 0.0 || !a.is_finite() || !b.is_finite() {
        return a / b;
    }
    let ((m, i), (n, j)) = (parts(a), parts(b));
    let (m, n) = match i - j {
        // Of so many bits that the fraction hardly changes how the quotient is rounded.
        74.. => return a / b,
        up @ 0.. => (m << up, n),
        // Less than 1.
        _ => (i128::from(a != 0.0), i128::MAX),
    };
    let toward_zero = m / n;
    (toward_zero + i128::from(sign < 0.0 && m % n != 0)) as f64 * sign
}

/// Mantissa and exponent: |x| = m 2^e.
fn parts(x: f64) -> (i128, i32) {
    let bits = x.to_bits() & (u64::MAX >> 1);
    let exponent = (bits >> 52) as i32;
    let implicit = if exponent > 0 { 1 << 52 } else { 0 };
    (i128::from(bits & ((1 << 52) - 1) | implicit), exponent.max(1) - 1075)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotients_are_exact_integers_rounded_once() {
        let odd = 2f64.powi(53) - 1.0;
        for (a, b, want) in [
            (21203694.0, -3.1654508113861084, -6698476.0),
            (5.674971066200698e16, -6.891007929188201, -8235328016621860.0),
            (7.278997118219011e16, 9.708168434684435, 7497806787337240.0),
            (odd, 2.0, 2f64.powi(52) - 1.0),
            (-odd, 2.0, -2f64.powi(52)),
            (-0.0, 3.0, -0.0),
            (1.0, f64::INFINITY, 0.0),
            (-1.0, f64::INFINITY, -0.0),
            (f64::NEG_INFINITY, 2.0, f64::NEG_INFINITY),
            (0.0, f64::NEG_INFINITY, -0.0),
            (-5e-324, f64::MAX, -1.0),
            (5e-324, 1.0, 0.0),
            (1.0, 5e-324, f64::INFINITY),
            (f64::MAX, 1.0, f64::MAX),
        ] {
            let got = float_floor_divide(a, b);
            assert_eq!(got.to_bits(), want.to_bits(), "{a:e} // {b:e} = {got:e}, want {want:e}");
        }
        assert!(
            float_floor_divide(f64::INFINITY, f64::INFINITY).is_nan()
                && float_floor_divide(1.0, f64::NAN).is_nan()
        );
    }
}
