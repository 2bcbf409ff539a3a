// A block of Philox4x32-10 (Salmon, Moraes, Dror, Shaw 2011).
fn philox(block: vec4<u32>, seed: vec2<u32>) -> vec4<u32> {
    var c = block;
    var k = seed;
    for (var i = 0u; i < 10u; i++) {
        let first = vec2<u32>(u32_multiply_high(c.x, 0xd2511f53u), c.x * 0xd2511f53u);
        let second = vec2<u32>(u32_multiply_high(c.z, 0xcd9e8d57u), c.z * 0xcd9e8d57u);
        c = vec4<u32>(second.x ^ c.y ^ k.x, second.y, first.x ^ c.w ^ k.y, first.y);
        k = k + vec2<u32>(0x9e3779b9u, 0xbb67ae85u);
    }
    return c;
}

// The block so many after one.
fn later_block(block: vec4<u32>, by: u32) -> vec4<u32> {
    let x = block.x + by;
    let y = block.y + select(0u, 1u, x < by);
    let carry = y < block.y;
    let z = block.z + select(0u, 1u, carry);
    return vec4<u32>(x, y, z, block.w + select(0u, 1u, carry && z == 0u));
}

fn uniform_f32(w: u32) -> f32 { return f32(w >> 8u) * 5.9604644775390625e-8; }
// Two normal numbers.
fn normal_f32(a: u32, b: u32) -> vec2<f32> {
    let u = f32(a) * 2.3283064365386963e-10 + 1.1641532182693481e-10;
    // The angle is b / 2^32 of a turn: its upper two bits, rounded, are the nearest quarter, what is left is exact.
    let quadrant = (b + 0x20000000u) >> 30u;
    let angle = f32_angle(quadrant, f32(bitcast<i32>(b - (quadrant << 30u))) * 1.4629180792671596e-9);
    return f32_sqrt(-2.0 * f32_log_of_normal(u, 0)) * vec2<f32>(f32_quadrant(angle, 1u), f32_quadrant(angle, 0u));
}
