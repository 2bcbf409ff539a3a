// |x| = quadrant·π/2 + r by Payne and Hanek (1983): the 24-bit mantissa times those 96 bits of 2/π that matter,
// in integers, so that any finite argument keeps all its bits.
struct f32_angle { quadrant: u32, r: f32 }

// Words i..i+4 of 2/π after a zero word. Selects, not an indexed array: an array constant is spilled to memory
// by naga at each use.
fn f32_two_over_pi(i: u32) -> vec4<u32> {
    let a = select(vec4<u32>(0u, 0xa2f9836eu, 0x4e441529u, 0xfc2757d1u),
                   vec4<u32>(0xfc2757d1u, 0xf534ddc0u, 0xdb629599u, 0x3c439041u), i >= 3u);
    let b = select(vec2<u32>(0xf534ddc0u, 0xdb629599u), vec2<u32>(0xfe5163abu, 0xdebbc561u), i >= 3u);
    let j = select(i, i - 3u, i >= 3u);
    let one = select(a, vec4<u32>(a.yzw, b.x), j >= 1u);
    return select(one, vec4<u32>(a.zw, b), j >= 2u);
}

fn f32_reduce(x: f32) -> f32_angle {
    let b = f32_bits(x) & F32_ABS;
    let e = i32(b >> 23u) - 150;
    let small = b < 0x3f490fdbu;
    // Bit of the padded 2/π that has weight 2^1 once multiplied by 2^e: all before it are multiples of 4.
    let at = u32(clamp(e + 30, 0, 191));
    let w = f32_two_over_pi(at >> 5u);
    let s = at & 31u;
    let t = (32u - s) & 31u;
    let carry = select(0xffffffffu, 0u, s == 0u);
    let w2 = (w.x << s) | ((w.y >> t) & carry);
    let w1 = (w.y << s) | ((w.z >> t) & carry);
    let w0 = (w.z << s) | ((w.w >> t) & carry);
    let m = (b & 0x7fffffu) | 0x800000u;
    let product = f32_angle_product(m, w2, w1, w0);
    let high = product.x;
    let low = product.y;
    // high:low / 2^62 is the angle in quarter turns, modulo 4: round to the nearest quarter.
    let quadrant = (high + 0x20000000u) >> 30u;
    let hi = (high << 2u) | (low >> 30u);
    let lo = low << 2u;
    let negative = hi >= 0x80000000u;
    let flip = select(0u, 0xffffffffu, negative);
    // Below 2^31 both, so that the cheaper signed conversion does. Where the first rounds, the second is too
    // small to count; where it is exact, the second has the bits that cancellation has left.
    let whole = f32(bitcast<i32>(hi ^ flip));
    let rest = f32(bitcast<i32>((lo ^ flip) >> 1u));
    let r = (whole + rest * (1.0 / 2147483648.0)) * (1.5707963267948966 / 4294967296.0);
    let signed = select(r, -r, negative);
    return f32_angle(select(quadrant & 3u, 0u, small), select(signed, f32_absolute(x), small));
}

// sin and cos on |r| ≤ π/4; Chebyshev nodes, relative errors 2^-35 and 2^-39.
fn f32_sin_kernel(r: f32) -> f32 {
    let z = r * r;
    let p = (2.7249314055e-6 * z - 0.00019840082013) * (z * z) + (0.00833333186595 * z - 0.16666666663833);
    return r + r * z * p;
}
fn f32_cos_kernel(r: f32) -> f32 {
    let z = r * r;
    let p = (-2.7300446197e-7 * z + 0.0000248005964356) * (z * z) + (0.041666666664302 - 0.001388888766471 * z);
    return 1.0 - (0.5 * z - z * z * p);
}
