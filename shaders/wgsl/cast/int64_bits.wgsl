// Float to 64-bit integers and back on the words, so that neither the adapter's conversions nor its 64-bit
// integers are relied on.
// |x| truncated, for |x| < 2^64, as (low word, high word).
fn f32_magnitude(x: f32) -> vec2<u32> {
    let b = f32_bits(x) & F32_ABS;
    let e = i32(b >> 23u) - 150;
    let m = (b & 0x7fffffu) | 0x800000u;
    let down = m >> u32(clamp(-e, 0, 31));
    let s = u32(clamp(e, 0, 63));
    let lo = select(m << (s & 31u), 0u, s >= 32u);
    let hi = select((m >> 1u) >> (31u - (s & 31u)), m << (s & 31u), s >= 32u);
    return select(vec2<u32>(lo, hi), vec2<u32>(select(down, 0u, e < -31), 0u), e < 0);
}
fn i64_from_f32(x: f32) -> i64_reg {
    let m = f32_magnitude(x);
    let negative = f32_signbit(x);
    let lo = select(m.x, ~m.x + 1u, negative);
    let hi = select(m.y, ~m.y + select(0u, 1u, m.x == 0u), negative);
    let big = f32_absolute(x) >= 9223372036854775808.0;
    let limit = select(vec2<u32>(0xffffffffu, 0x7fffffffu), vec2<u32>(0u, 0x80000000u), negative);
    let words = select(select(vec2<u32>(lo, hi), limit, big), vec2<u32>(0u, 0u), f32_isnan(x));
    return i64_join(words.x, words.y);
}
fn u64_from_f32(x: f32) -> u64_reg {
    let m = select(f32_magnitude(x), vec2<u32>(0xffffffffu, 0xffffffffu), x >= 18446744073709551616.0);
    let words = select(m, vec2<u32>(0u, 0u), f32_isnan(x) || f32_signbit(x));
    return u64_join(words.x, words.y);
}
// Nearest f32, ties to even: the mantissa is cut to 24 bits with a sticky bit before the conversion.
fn f32_from_words(lo: u32, hi: u32) -> f32 {
    let z = countLeadingZeros(hi | 1u);
    let top = (hi << z) | ((lo >> 1u) >> (31u - z));
    let lost = (lo << z) > 0u;
    let wide = f32_scale(f32(top | select(0u, 1u, lost)), 32 - i32(z));
    return select(wide, f32(lo), hi == 0u);
}
fn f32_from_u64(x: u64_reg) -> f32 { return f32_from_words(u64_low(x), u64_high(x)); }
fn f32_from_i64(x: i64_reg) -> f32 {
    let m = u64_from_i64(i64_absolute(x));
    let y = f32_from_words(u64_low(m), u64_high(m));
    return select(y, f32_negative(y), i64_high(x) >= 0x80000000u);
}
