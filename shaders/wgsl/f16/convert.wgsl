// Half precision lives in f32 registers; every result is rounded back to a half, to nearest, ties to even.
alias f16_reg = f32;

fn f16_bits(x: f32) -> u32 {
    let b = f32_bits(x);
    let sign = (b >> 16u) & 0x8000u;
    let a = b & F32_ABS;
    // Normal: rebias, then round by adding just below half of the last place, and the last kept bit.
    let normal = ((a - 0x38000000u) + 0xfffu + ((a >> 13u) & 1u)) >> 13u;
    // Subnormal: shift the mantissa to units of 2^-24, and round the same way.
    let s = clamp(126u - (a >> 23u), 1u, 25u);
    let m = (a & 0x7fffffu) | 0x800000u;
    let low = (m + ((1u << (s - 1u)) - 1u) + ((m >> s) & 1u)) >> s;
    let finite = select(select(normal, low, a < 0x38800000u), 0x7c00u, a >= 0x477ff000u);
    return sign | select(select(finite, 0x7e00u, a > F32_INF), 0u, a < 0x33000000u);
}

fn f16_from_bits(h: u32) -> f32 {
    let sign = (h & 0x8000u) << 16u;
    let a = h & 0x7fffu;
    let normal = (a << 13u) + 0x38000000u;
    let special = (a << 13u) | F32_INF;
    // A subnormal half is an integer times 2^-24, which f32 holds exactly.
    let low = f32_bits(f32(a) * 5.9604644775390625e-8);
    let b = select(select(normal, low, a < 0x400u), special, a >= 0x7c00u);
    return f32_from_bits(sign | b);
}

fn f16_round(x: f32) -> f32 { return f16_from_bits(f16_bits(x)); }
