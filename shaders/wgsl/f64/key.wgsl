// Keys of f64, as those of sort/keys.wgsl.
fn f64_key(x: f64) -> vec2<u32> {
    let b = f64_bits(x);
    let key = select(b | F64_SIGN, ~b, b > F64_SIGN);
    let ordered = select(key, 0xfffffffffffffffflu, f64_isnan(x));
    return vec2<u32>(u64_low(ordered), u64_high(ordered));
}
fn f64_from_key(k: vec2<u32>) -> f64 {
    let key = u64_join(k.x, k.y);
    return f64_from_bits(select(~key, key ^ F64_SIGN, k.y >= 0x80000000u));
}
