// The middle 64 bits, (high, low), of a 24-bit m times the 96 bits w2 w1 w0: two products fit 64 bits each.
fn f32_angle_product(m: u32, w2: u32, w1: u32, w0: u32) -> vec2<u32> {
    let low = (u64(m) * u64(w0)) >> 32u;
    let all = (u64(m * w2) << 32u) + u64(m) * u64(w1) + low;
    return vec2<u32>(u32(all >> 32u), u32(all & 0xfffffffflu));
}
