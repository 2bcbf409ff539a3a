// The exact remainder of a / b with the sign of a: long division of the mantissas, eight bits a step.
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

fn f32_fmod(a: f32, b: f32) -> f32 {
    let x = f32_split(a);
    let y = f32_split(b);
    let m = u32(max(y.x, 1));
    var r = u32(x.x);
    if (x.y >= y.y) { r = r % m; }
    var left = x.y - y.y;
    while (left > 0) {
        let step = min(left, 8);
        r = (r << u32(step)) % m;
        left -= step;
    }
    let whole = select(f32_scale(f32(r), y.y), a, x.y < y.y);
    let signed = f32_copysign(whole, a);
    let bad = f32_isnan(a) || f32_isnan(b) || f32_isinf(a) || f32_is_zero(b);
    return select(select(signed, a, f32_isinf(b) || f32_is_zero(a)), f32_nan(a), bad);
}
