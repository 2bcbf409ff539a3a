// Shifts of pairs of words. A count that is not below 64, or negative, shifts everything out. Two shifts in place of one
// by 32, which would be by nothing.
fn u64_bitwise_left_shift(a: vec2<u32>, b: vec2<u32>) -> vec2<u32> {
    let t = b.x & 31u;
    let low = a.x << t;
    let high = (a.y << t) | ((a.x >> 1u) >> (31u - t));
    let shifted = select(vec2<u32>(low, high), vec2<u32>(0u, low), b.x >= 32u);
    return select(vec2<u32>(0u, 0u), shifted, b.y == 0u && b.x < 64u);
}
// `fill` comes in from above.
fn u64_shift_down(a: vec2<u32>, b: vec2<u32>, fill: u32) -> vec2<u32> {
    let t = b.x & 31u;
    let high = (a.y >> t) | ((fill << 1u) << (31u - t));
    let low = (a.x >> t) | ((a.y << 1u) << (31u - t));
    let shifted = select(vec2<u32>(low, high), vec2<u32>(high, fill), b.x >= 32u);
    return select(vec2<u32>(fill, fill), shifted, b.y == 0u && b.x < 64u);
}
fn u64_bitwise_right_shift(a: vec2<u32>, b: vec2<u32>) -> vec2<u32> { return u64_shift_down(a, b, 0u); }
fn i64_bitwise_left_shift(a: vec2<u32>, b: vec2<u32>) -> vec2<u32> { return u64_bitwise_left_shift(a, b); }
fn i64_bitwise_right_shift(a: vec2<u32>, b: vec2<u32>) -> vec2<u32> {
    return u64_shift_down(a, b, select(0u, 0xffffffffu, a.y >= 0x80000000u));
}
