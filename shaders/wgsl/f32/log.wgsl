// ln(m·2^e) = e·ln2 + ln(1+f), √½ ≤ 1+f < √2. Polynomial of (ln(1+f) - f + f²/2)/f³ through Chebyshev nodes;
// relative error 2^-28. The big terms are added last.
fn f32_log_near_one(f: f32) -> f32 {
    var p = 0.069716114715 * f - 0.114797338466;
    p = p * f + 0.116854199235;
    p = p * f - 0.124256873315;
    p = p * f + 0.142490576457;
    p = p * f - 0.166678023195;
    p = p * f + 0.200007157489;
    p = p * f - 0.24999996957;
    p = p * f + 0.3333333118;
    return p * f * f * f;
}

// ln(v / 2^lift) of a normal v.
fn f32_log_of_normal(v: f32, lift: i32) -> f32 {
    // Adding the gap between 1 and √½ to the bits carries into the exponent exactly where m ≥ √2 would start.
    let shifted = (f32_bits(v) & F32_ABS) + 0x004afb0du;
    let e = i32(shifted >> 23u) - 127;
    let m = f32_from_bits((shifted & 0x007fffffu) + 0x3f3504f3u);
    let f = m - 1.0;
    let k = f32(e - lift);
    let square = 0.5 * f * f;
    return k * F32_LN2_HIGH + (f - (square - (f32_log_near_one(f) + k * F32_LN2_LOW)));
}

fn f32_log(x: f32) -> f32 {
    let tiny = f32_exponent(x) < -126;
    let y = f32_log_of_normal(select(x, x * 33554432.0, tiny), select(0, 25, tiny));
    let special = select(y, x, f32_isnan(x) || f32_isinf(x));
    let negative = select(special, f32_nan(x), x < 0.0);
    return select(negative, f32_from_bits(F32_SIGN | F32_INF | f32_bits(x)), f32_is_zero(x));
}
