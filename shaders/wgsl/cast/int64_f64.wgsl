// Between 64-bit integers and f64, where an adapter has both.
fn u64_magnitude(x: f64) -> u64 {
    let e = f64_exponent(x) - 52;
    let m = (f64_bits(x) & 0xffffffffffffflu) | 0x10000000000000lu;
    return select(m << u32(clamp(e, 0, 11)), select(m >> u32(clamp(-e, 0, 63)), 0lu, e < -63), e < 0);
}
fn i64_from_f64(x: f64) -> i64 {
    let m = u64_magnitude(x);
    let negative = f64_signbit(x);
    let value = bitcast<i64>(select(m, ~m + 1lu, negative));
    let limit = bitcast<i64>(select(0x7ffffffffffffffflu, 0x8000000000000000lu, negative));
    let big = f64_absolute(x) >= 9223372036854775808.0lf;
    return select(select(value, limit, big), 0li, f64_isnan(x));
}
fn u64_from_f64(x: f64) -> u64 {
    let y = select(u64_magnitude(x), 0xfffffffffffffffflu, x >= 18446744073709551616.0lf);
    return select(y, 0lu, f64_isnan(x) || f64_signbit(x));
}
// Both words are exact in f64, and so is the high one's multiple: one rounding, in the sum.
fn f64_from_u64(x: u64) -> f64 { return f64(u64_high(x)) * 4294967296.0lf + f64(u64_low(x)); }
fn f64_from_i64(x: i64) -> f64 {
    let m = bitcast<u64>(i64_absolute(x));
    return select(f64_from_u64(m), f64_negative(f64_from_u64(m)), x < 0li);
}
fn f64_from_i32(x: i32) -> f64 { return f64(x); }
fn f64_from_u32(x: u32) -> f64 { return f64(x); }
