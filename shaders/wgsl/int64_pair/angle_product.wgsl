// The middle 64 bits, (high, low), of a 24-bit m times the 96 bits w2 w1 w0.
fn f32_angle_product(m: u32, w2: u32, w1: u32, w0: u32) -> vec2<u32> {
    let low = m * w1 + u32_multiply_high(m, w0);
    let high = m * w2 + u32_multiply_high(m, w1) + select(0u, 1u, low < m * w1);
    return vec2<u32>(high, low);
}
