// Long division of the mantissas, eleven bits a step; see that of f32.
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

struct f64_division { high: u64, shift: i32, some: bool, all: bool, remainder: f64 }
fn f64_long_division(a: f64, b: f64) -> f64_division {
    let ea = f64_mantissa_exponent(a);
    let eb = f64_mantissa_exponent(b);
    let m = max(f64_mantissa(b), 1lu);
    var r = f64_mantissa(a);
    var high = 0lu;
    if (ea >= eb) {
        high = r / m;
        r = r % m;
    }
    var left = ea - eb;
    var shift = 0;
    var some = false;
    var all = true;
    while (left > 0) {
        let step = u32(min(left, 11));
        let next = r << step;
        let digit = next / m;
        r = next - digit * m;
        let full = high > 0x1ffffffffffffflu;
        high = select(high << step | digit, high, full);
        shift += select(0, i32(step), full);
        some = some || (full && digit > 0lu);
        all = all && (!full || digit == (1lu << step) - 1lu);
        left -= i32(step);
    }
    let whole = select(f64_scale(f64_from_u64(r), eb), a, ea < eb);
    let signed = f64_copysign(whole, a);
    let bad = f64_isnan(a) || f64_isnan(b) || f64_isinf(a) || f64_is_zero(b);
    let rest = select(select(signed, a, f64_isinf(b) || f64_is_zero(a)), f64_nan(a), bad);
    return f64_division(high, shift, some, all, rest);
}
fn f64_long_quotient(d: f64_division, next: bool) -> f64 {
    let carries = next && d.all;
    let high = select(d.high, d.high + 1lu, carries);
    let below = select(0lu, 1lu, (d.some || (next && d.shift > 0)) && !carries);
    let room = high < 0x8000000000000000lu;
    return f64_scale(f64_from_u64(select(high, high << 1u, room) | below), d.shift - select(0, 1, room));
}
fn f64_fmod(a: f64, b: f64) -> f64 { return f64_long_division(a, b).remainder; }
