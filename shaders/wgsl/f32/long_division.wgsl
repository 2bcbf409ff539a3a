// Long division of the mantissas, eight bits a step.
fn f32_is_zero(x: f32) -> bool { return (f32_bits(x) & F32_ABS) == 0u; }

// Mantissa and exponent of a finite number: |x| = x·2^y, with bit 23 set unless x is zero.
fn f32_split(x: f32) -> vec2<i32> {
    let b = f32_bits(x) & F32_ABS;
    let fraction = b & 0x7fffffu;
    let shift = countLeadingZeros(fraction | 1u) - 8u;
    let normal = b >= 0x800000u;
    let m = select(fraction << shift, fraction | 0x800000u, normal);
    return vec2<i32>(i32(m), select(1 - i32(shift), i32(b >> 23u), normal) - 150);
}

// |a / b|, towards zero, is high·2^shift and bits below of which some are set, or all; the remainder is exact and has the
// sign of a, and is NaN where there is none.
struct f32_division { high: u32, shift: i32, some: bool, all: bool, remainder: f32 }
fn f32_long_division(a: f32, b: f32) -> f32_division {
    let x = f32_split(a);
    let y = f32_split(b);
    let m = u32(max(y.x, 1));
    var r = u32(x.x);
    var high = 0u;
    if (x.y >= y.y) {
        high = r / m;
        r = r % m;
    }
    var left = x.y - y.y;
    var shift = 0;
    var some = false;
    var all = true;
    while (left > 0) {
        let step = u32(min(left, 8));
        let next = r << step;
        let digit = next / m;
        r = next - digit * m;
        let full = high > 0xffffffu;
        high = select(high << step | digit, high, full);
        shift += select(0, i32(step), full);
        some = some || (full && digit > 0u);
        all = all && (!full || digit == (1u << step) - 1u);
        left -= i32(step);
    }
    let whole = select(f32_scale(f32(r), y.y), a, x.y < y.y);
    let signed = f32_copysign(whole, a);
    let bad = f32_isnan(a) || f32_isnan(b) || f32_isinf(a) || f32_is_zero(b);
    let rest = select(select(signed, a, f32_isinf(b) || f32_is_zero(a)), f32_nan(a), bad);
    return f32_division(high, shift, some, all, rest);
}
// The quotient as a float, or the next larger integer: 24 bits, one to round by, and one for all that is below.
fn f32_long_quotient(d: f32_division, next: bool) -> f32 {
    let carries = next && d.all;
    let high = select(d.high, d.high + 1u, carries);
    let below = select(0u, 1u, (d.some || (next && d.shift > 0)) && !carries);
    let room = high < 0x80000000u;
    return f32_scale(f32(select(high, high << 1u, room) | below), d.shift - select(0, 1, room));
}
fn f32_fmod(a: f32, b: f32) -> f32 { return f32_long_division(a, b).remainder; }
