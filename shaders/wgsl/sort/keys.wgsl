// Keys of (low word, high word) that are ordered as unsigned integers where elements are ordered as numbers. Of floats, NaN
// has the largest key, and both zeros have one: the positive one and some NaN come back.
fn key_below(a: vec2<u32>, b: vec2<u32>) -> bool { return a.y < b.y || (a.y == b.y && a.x < b.x); }
fn bool_key(x: bool) -> vec2<u32> { return vec2<u32>(select(0u, 1u, x), 0u); }
fn u8_key(x: u32) -> vec2<u32> { return vec2<u32>(x, 0u); }
fn u16_key(x: u32) -> vec2<u32> { return vec2<u32>(x, 0u); }
fn u32_key(x: u32) -> vec2<u32> { return vec2<u32>(x, 0u); }
fn i8_key(x: i32) -> vec2<u32> { return vec2<u32>((bitcast<u32>(x) & 0xffu) ^ 0x80u, 0u); }
fn i16_key(x: i32) -> vec2<u32> { return vec2<u32>((bitcast<u32>(x) & 0xffffu) ^ 0x8000u, 0u); }
fn i32_key(x: i32) -> vec2<u32> { return vec2<u32>(bitcast<u32>(x) ^ 0x80000000u, 0u); }
fn u64_key(x: u64_reg) -> vec2<u32> { return vec2<u32>(u64_low(x), u64_high(x)); }
fn i64_key(x: i64_reg) -> vec2<u32> { return vec2<u32>(i64_low(x), i64_high(x) ^ 0x80000000u); }
fn f16_key(x: f32) -> vec2<u32> {
    let b = f16_bits(x);
    let negative = b > 0x8000u;
    let key = select(b | 0x8000u, b ^ 0xffffu, negative);
    return vec2<u32>(select(key, 0xffffu, f32_isnan(x)), 0u);
}
fn f32_key(x: f32) -> vec2<u32> {
    let b = f32_bits(x);
    let negative = b > 0x80000000u;
    let key = select(b | 0x80000000u, ~b, negative);
    return vec2<u32>(select(key, 0xffffffffu, f32_isnan(x)), 0u);
}
fn bool_from_key(k: vec2<u32>) -> bool { return k.x > 0u; }
fn u8_from_key(k: vec2<u32>) -> u32 { return k.x; }
fn u16_from_key(k: vec2<u32>) -> u32 { return k.x; }
fn u32_from_key(k: vec2<u32>) -> u32 { return k.x; }
fn i8_from_key(k: vec2<u32>) -> i32 { return bitcast<i32>((k.x ^ 0x80u) << 24u) >> 24u; }
fn i16_from_key(k: vec2<u32>) -> i32 { return bitcast<i32>((k.x ^ 0x8000u) << 16u) >> 16u; }
fn i32_from_key(k: vec2<u32>) -> i32 { return bitcast<i32>(k.x ^ 0x80000000u); }
fn u64_from_key(k: vec2<u32>) -> u64_reg { return u64_join(k.x, k.y); }
fn i64_from_key(k: vec2<u32>) -> i64_reg { return i64_join(k.x, k.y ^ 0x80000000u); }
fn f16_from_key(k: vec2<u32>) -> f32 { return f16_from_bits(select(k.x ^ 0xffffu, k.x ^ 0x8000u, k.x >= 0x8000u)); }
fn f32_from_key(k: vec2<u32>) -> f32 { return f32_from_bits(select(~k.x, k.x ^ 0x80000000u, k.x >= 0x80000000u)); }
