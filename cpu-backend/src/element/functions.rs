//! exp, log, sin, cos and tanh without branches, so that a loop over them becomes SIMD code: range reduction in
//! extended precision, then a polynomial. Every product is fused with the sum after it: meant to be compiled for
//! processors that can (`crate::simd::fused`), on all of which they give the same bits.
//!
//! Polynomials of exp, sin and cos are minimax, derived by `coefficients.py` beside this crate's manifest; the
//! logarithm's are those of fdlibm (Sun, 1993: e_log.c, and FreeBSD's e_logf.c), whose scheme it follows.

/// The functions in one float format.
macro_rules! functions {
    (
        $(#[$doc:meta])* $module:ident: $F:ident in $U:ident, $MANTISSA:literal bits, bias $BIAS:literal;
        exp $EXP:expr, from $exp_low:literal to $exp_high:literal; tanh to $tanh_high:literal;
        sin $SIN:expr; cos $COS:expr; angles to $angle:literal, half_pi $HALF_PI:expr;
        ln2 $LN2:expr; log $LOG:expr; lift $lift:literal;
    ) => {
        $(#[$doc])*
        pub mod $module {
            use std::$F::consts::{FRAC_1_SQRT_2, FRAC_2_PI, FRAC_PI_2, LN_2, LOG2_E};

            /// Largest size of an argument of [`sin`] and [`cos`]; what lies beyond needs more digits of pi.
            pub const ANGLE: $F = $angle;

            /// Adding it rounds to an integer, which then stands in the lowest bits.
            const ROUND: $F = 1.5 * (1u64 << $MANTISSA) as $F;
            const MANTISSA: $U = (1 << $MANTISSA) - 1;

            /// The nearest integer as a float and, modulo a power of two, as bits.
            #[inline(always)]
            fn nearest(x: $F) -> ($F, $U) {
                let shifted = x + ROUND;
                (shifted - ROUND, shifted.to_bits().wrapping_sub(ROUND.to_bits()))
            }

            /// By Horner's scheme, the lowest coefficient first.
            #[inline(always)]
            fn polynomial<const N: usize>(c: &[$F; N], x: $F) -> $F {
                let mut sum = c[N - 1];
                for i in (0..N - 1).rev() {
                    sum = sum.mul_add(x, c[i]);
                }
                sum
            }

            /// 2^(biased - BIAS).
            #[inline(always)]
            fn power_of_two(biased: $U) -> $F {
                $F::from_bits(biased << $MANTISSA)
            }

            /// (e^r - 1, n) of x = n ln2 + r, |r| <= ln2 / 2.
            #[inline(always)]
            fn reduced_exp(x: $F) -> ($F, $U) {
                const LN2: [$F; 2] = $LN2;
                let (n, bits) = nearest(x * LOG2_E);
                let r = n.mul_add(-LN2[1], n.mul_add(-LN2[0], x));
                ((r * r).mul_add(polynomial(&$EXP, r), r), bits)
            }

            /// e^x.
            #[inline(always)]
            pub fn exp(x: $F) -> $F {
                // Beyond these it is 0 or infinite all the same. NaN stays.
                let x = if x > $exp_high { $exp_high } else { x };
                let x = if x < $exp_low { $exp_low } else { x };
                let (tail, n) = reduced_exp(x);
                // 2^n in two factors: it may be subnormal or beyond the largest number where the result is not.
                let biased = n.wrapping_add(2 * $BIAS);
                let half = biased >> 1;
                (tail + 1.0) * power_of_two(half) * power_of_two(biased - half)
            }

            /// tanh x = t / (t + 2) of t = e^2|x| - 1.
            #[inline(always)]
            pub fn tanh(x: $F) -> $F {
                let size = x.abs();
                // Beyond it the result is 1. NaN stays.
                let size = if size > $tanh_high { $tanh_high } else { size };
                let (tail, n) = reduced_exp(size + size);
                let scale = power_of_two(n.wrapping_add($BIAS));
                let t = tail.mul_add(scale, scale - 1.0);
                (t / (t + 2.0)).copysign(x)
            }

            /// The sine of |x| + quarter pi / 2, for |x| up to [`ANGLE`].
            #[inline(always)]
            fn shifted_sin(x: $F, quarter: $U) -> $F {
                const HALF_PI: [$F; 3] = $HALF_PI;
                let x = x.abs();
                let (n, bits) = nearest(x * FRAC_2_PI);
                // The first step is exact (Cody and Waite 1980, with fused products).
                let r = n.mul_add(-HALF_PI[2], n.mul_add(-HALF_PI[1], n.mul_add(-HALF_PI[0], x)));
                sin_cos_of_quarters(bits.wrapping_add(quarter), r).0
            }

            /// sin and cos of so many quarter turns and an angle r, |r| ≤ π/4.
            #[inline(always)]
            pub fn sin_cos_of_quarters(quarters: $U, r: $F) -> ($F, $F) {
                let z = r * r;
                let sin = (r * z).mul_add(polynomial(&$SIN, z), r);
                let cos = (z * z).mul_add(polynomial(&$COS, z), z.mul_add(-0.5, 1.0));
                let (s, c) = if quarters & 1 == 0 { (sin, cos) } else { (cos, sin) };
                let sign = |x: $F, half: $U| $F::from_bits(x.to_bits() ^ (half >> 1 << ($U::BITS - 1)));
                (sign(s, quarters), sign(c, quarters.wrapping_add(1)))
            }

            /// sin x, for |x| up to [`ANGLE`]; NaN of what is not finite.
            #[inline(always)]
            pub fn sin(x: $F) -> $F {
                let sign = x.to_bits() & (1 << ($U::BITS - 1));
                $F::from_bits(shifted_sin(x, 0).to_bits() ^ sign)
            }

            /// cos x, for |x| up to [`ANGLE`]; NaN of what is not finite.
            #[inline(always)]
            pub fn cos(x: $F) -> $F {
                shifted_sin(x, 1)
            }

            /// ln x: x = 2^e (1 + f), 1 + f in [sqrt(1/2), sqrt(2)), and
            /// ln(1 + f) = f - f^2/2 + s (f^2/2 + R(s^2)), s = f / (2 + f).
            #[inline(always)]
            pub fn log(x: $F) -> $F {
                const LN2: [$F; 2] = $LN2;
                const LOW: $U = FRAC_1_SQRT_2.to_bits();
                const ONE: $U = (1.0 as $F).to_bits();
                let subnormal = x < $F::MIN_POSITIVE;
                let y = if subnormal { x * (1u64 << $lift) as $F } else { x };
                let bits = y.to_bits().wrapping_add(ONE - LOW);
                let biased = $F::from_bits((bits >> $MANTISSA) | ROUND.to_bits());
                let bias = if subnormal { ROUND + $BIAS as $F + $lift as $F } else { ROUND + $BIAS as $F };
                let e = biased - bias;
                let f = $F::from_bits((bits & MANTISSA) + LOW) - 1.0;
                let s = f / (2.0 + f);
                let z = s * s;
                let half = 0.5 * f * f;
                let low = e.mul_add(LN2[1], s * z.mul_add(polynomial(&$LOG, z), half));
                let log = e.mul_add(LN2[0], f - (half - low));
                let special = if x == 0.0 { $F::NEG_INFINITY } else { $F::NAN };
                let special = if x == $F::INFINITY { x } else { special };
                if x > 0.0 && x < $F::INFINITY { log } else { special }
            }
        }
    };
}

functions! {
    /// In f32.
    single: f32 in u32, 23 bits, bias 127;
    exp [0.5, 0.16666542, 0.04166628, 0.008366643, 0.0013946572],
        from -104.0 to 89.0; tanh to 10.0;
    sin [-0.16666654, 0.008332063, -0.00019502135];
    cos [0.04166664, -0.0013887185, 2.4418128e-05];
    angles to 1e5, half_pi [FRAC_PI_2, -4.371139e-08, -1.7151245e-15];
    ln2 [LN_2, -1.9046542e-09];
    log [0.6666666, 0.40000972, 0.28498787, 0.24279079]; lift 25;
}

functions! {
    /// In f64.
    double: f64 in u64, 52 bits, bias 1023;
    exp [
        0.5000000000000006,
        0.16666666666666685,
        0.04166666666657296,
        0.008333333333314555,
        0.0013888888932611023,
        0.00019841269903107502,
        2.480150415097418e-05,
        2.7557227894779795e-06,
        2.7626449436395874e-07,
        2.5114488379451685e-08,
    ], from -746.0 to 710.0; tanh to 22.0;
    sin [
        -0.1666666666666662,
        0.008333333333319651,
        -0.00019841269827577232,
        2.7557312912817636e-06,
        -2.505063548229744e-08,
        1.5889658973096692e-10,
    ];
    cos [
        0.041666666666666574,
        -0.0013888888888869534,
        2.480158728663527e-05,
        -2.7557313535332e-07,
        2.0875612936774832e-09,
        -1.1353971503857452e-11,
    ];
    angles to 1e9, half_pi [FRAC_PI_2, 6.123233995736766e-17, -1.4973849048591698e-33];
    ln2 [LN_2, 2.3190468138462996e-17];
    log [
        0.6666666666666735,
        0.3999999999940942,
        0.2857142874366239,
        0.22222198432149784,
        0.1818357216161805,
        0.15313837699209373,
        0.14798198605116586,
    ];
    lift 54;
}
