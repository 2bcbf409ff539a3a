// |x| = quadrant·π/2 + r by Payne and Hanek (1983): the 53-bit mantissa times those 192 bits of 2/π that matter.
struct f64_angle { quadrant: u32, r: f64 }

fn f64_reduce(x: f64) -> f64_angle {
    let b = f64_bits(x) & F64_ABS;
    let e = i32(u32(b >> 52u)) - 1075;
    let small = b < 0x3fe921fb54442d18lu;
    // Bit of the padded 2/π that has weight 2^1 once multiplied by 2^e: all before it are multiples of 4.
    let at = u32(clamp(e + 62, 0, 1087));
    let i = at >> 5u;
    let s = u32(at & 31u);
    let w2 = f64_two_over_pi_bits(i, s);
    let w1 = f64_two_over_pi_bits(i + 2u, s);
    let w0 = f64_two_over_pi_bits(i + 4u, s);
    let m = (b & 0xffffffffffffflu) | 0x10000000000000lu;
    let low = m * w1 + u64_multiply_high(m, w0);
    let high = m * w2 + u64_multiply_high(m, w1) + select(0lu, 1lu, low < m * w1);
    // high:low / 2^126 is the angle in quarter turns, modulo 4: round to the nearest quarter.
    let quadrant = u32((high + 0x2000000000000000lu) >> 62u);
    let hi = (high << 2u) | (low >> 62u);
    let lo = low << 2u;
    let negative = hi >= 0x8000000000000000lu;
    let flip = select(0lu, 0xfffffffffffffffflu, negative);
    let n = hi ^ flip;
    let z = u64_leading_zeros(n | 1lu);
    let bits = (n << z) | (((lo ^ flip) >> 1u) >> (63u - z));
    let r = f64_scale(f64_from_u64(bits) * 1.5707963267948966192lf, -64 - i32(z));
    let signed = select(r, f64_negative(r), negative);
    return f64_angle(select(quadrant & 3u, 0u, small), select(signed, f64_absolute(x), small));
}

// 64 bits of 2/π from bit s of word i on.
fn f64_two_over_pi_bits(i: u32, s: u32) -> u64 {
    let high = (u64(f64_two_over_pi(i)) << 32u) | u64(f64_two_over_pi(i + 1u));
    return (high << s) | ((u64(f64_two_over_pi(i + 2u)) << s) >> 32u);
}

// sin and cos on |r| ≤ π/4; Chebyshev nodes, relative errors 2^-66 and 2^-71.
fn f64_sin_kernel(r: f64) -> f64 {
    let z = r * r;
    var p = -7.5865765881710724626e-13lf * z + 1.6058529572267876353e-10lf;
    p = p * z - 2.5052106219521894233e-8lf;
    p = p * z + 2.7557319219301918704e-6lf;
    p = p * z - 0.00019841269841265017028lf;
    p = p * z + 0.0083333333333333314699lf;
    p = p * z - 0.16666666666666666665lf;
    return r + r * z * p;
}
fn f64_cos_kernel(r: f64) -> f64 {
    let z = r * r;
    var p = 4.745804889760674174e-14lf * z - 1.1470459749675606144e-11lf;
    p = p * z + 2.087675578389403842e-9lf;
    p = p * z - 2.7557319221382115583e-7lf;
    p = p * z + 0.000024801587301584619787lf;
    p = p * z - 0.0013888888888888887853lf;
    p = p * z + 0.041666666666666666666lf;
    return 1.0lf - (0.5lf * z - z * z * p);
}
