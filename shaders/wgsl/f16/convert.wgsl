// Half precision lives in f32 registers; every result is rounded back to a half, to nearest, ties to even.
alias f16_reg = f32;

// Bits of a half.
fn f16_bits(x: f32) -> u32 {
    let b = f32_bits(x);
    let sign = (b >> 16u) & 0x8000u;
    let a = b & F32_ABS;
    let normal = (a - 0x38000000u) >> 13u;
    // A subnormal half is an integer times 2^-24.
    let low = u32(f32_absolute(x) * 16777216.0);
    let finite = select(normal, low, a < 0x38800000u);
    let special = select(0x7c00u, 0x7e00u, a > F32_INF);
    return sign | select(finite, special, a >= F32_INF);
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

// The nearest half.
fn f16_rounded(x: f32) -> f32 {
    let b = f32_bits(x);
    let a = b & F32_ABS;
    // Normal: round by adding just below half of the last place, and the last kept bit.
    let normal = (a + 0xfffu + ((a >> 13u) & 1u)) & 0xffffe000u;
    // Subnormal: the last place of 0.5 is 2^-24.
    let low = f32_bits((f32_absolute(x) + 0.5) - 0.5);
    let finite = select(select(normal, low, a < 0x38800000u), F32_INF, a >= 0x477ff000u);
    return f32_from_bits((b & F32_SIGN) | select(finite, F32_QUIET, a > F32_INF));
}
