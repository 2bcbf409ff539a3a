// ln(m·2^e) = e·ln2 + ln(1+f), √½ ≤ 1+f < √2, with s = f/(2+f) and ln(1+f) = f - s·(f - R), where s·R is the
// tail of the odd series of ln((1+s)/(1-s)). R/s² through Chebyshev nodes; relative error 2^-64.
fn f64_log_tail(z: f64) -> f64 {
    var p = 0.1308803485092755383lf * z + 0.13268638369266823879lf;
    p = p * z + 0.15386244737621666606lf;
    p = p * z + 0.18181795547521136235lf;
    p = p * z + 0.22222222392581045097lf;
    p = p * z + 0.28571428570799785031lf;
    p = p * z + 0.40000000000000883236lf;
    p = p * z + 0.66666666666666666463lf;
    return p * z;
}

// ln(v / 2^lift) of a normal v.
fn f64_log_of_normal(v: f64, lift: i32) -> f64 {
    // The gap between 1 and √½ in the bits, as in the single-precision function.
    let shifted = (f64_bits(v) & F64_ABS) + 0x00095f619980c434lu;
    let e = i32(u32(shifted >> 52u)) - 1023;
    let m = f64_from_bits((shifted & 0xffffffffffffflu) + 0x3fe6a09e667f3bcclu);
    let f = m - 1.0lf;
    let k = f64(e - lift);
    let s = f / (2.0lf + f);
    let square = 0.5lf * f * f;
    let tail = s * (square + f64_log_tail(s * s));
    return k * F64_LN2_HIGH + (f - (square - (tail + k * F64_LN2_LOW)));
}

fn f64_log(x: f64) -> f64 {
    let tiny = f64_exponent(x) < -1022;
    let y = f64_log_of_normal(select(x, x * 18014398509481984.0lf, tiny), select(0, 54, tiny));
    let special = select(y, x, f64_isnan(x) || f64_isinf(x));
    let negative = select(special, f64_nan(x), x < 0.0lf);
    return select(negative, f64_from_bits(F64_SIGN | F64_INF | f64_bits(x)), f64_is_zero(x));
}
