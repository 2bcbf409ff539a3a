// The exact remainder of a / b with the sign of a: long division of the mantissas, eleven bits a step.
fn f64_is_zero(x: f64) -> bool { return (f64_bits(x) & F64_ABS) == 0lu; }

fn f64_mantissa(x: f64) -> u64 {
    let b = f64_bits(x) & F64_ABS;
    let fraction = b & 0xffffffffffffflu;
    return select(fraction << f64_subnormal_shift(fraction), fraction | 0x10000000000000lu, b >= 0x10000000000000lu);
}

// Exponent e such that |x| = f64_mantissa(x)·2^e.
fn f64_mantissa_exponent(x: f64) -> i32 {
    let b = f64_bits(x) & F64_ABS;
    let shift = f64_subnormal_shift(b & 0xffffffffffffflu);
    return select(1 - i32(shift), i32(u32(b >> 52u)), b >= 0x10000000000000lu) - 1075;
}

fn f64_subnormal_shift(fraction: u64) -> u32 {
    return max(u64_leading_zeros(fraction | 1lu), 11u) - 11u;
}

fn f64_fmod(a: f64, b: f64) -> f64 {
    let ea = f64_mantissa_exponent(a);
    let eb = f64_mantissa_exponent(b);
    let m = max(f64_mantissa(b), 1lu);
    var r = f64_mantissa(a);
    if (ea >= eb) { r = r % m; }
    var left = ea - eb;
    while (left > 0) {
        let step = min(left, 11);
        r = (r << u32(step)) % m;
        left -= step;
    }
    let whole = select(f64_scale(f64_from_u64(r), eb), a, ea < eb);
    let signed = f64_copysign(whole, a);
    let bad = f64_isnan(a) || f64_isnan(b) || f64_isinf(a) || f64_is_zero(b);
    return select(select(signed, a, f64_isinf(b) || f64_is_zero(a)), f64_nan(a), bad);
}
