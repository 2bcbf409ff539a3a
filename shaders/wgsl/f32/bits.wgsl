// Tests and values by bit pattern. Drivers fold comparisons of a value with itself and literal infinities;
// they can't fold bits they don't know.
const F32_ABS: u32 = 0x7fffffffu;
const F32_SIGN: u32 = 0x80000000u;
const F32_INF: u32 = 0x7f800000u;
const F32_QUIET: u32 = 0x7fc00000u;

// Largest exponent by which complex functions scale.
const F32_SCALE_MAX: i32 = 120;

// Multiplied by it, a subnormal number is normal.
const F32_LIFT: f32 = 33554432.0;
const F32_LIFT_BITS: i32 = 25;
const F32_LEAST_EXPONENT: i32 = -126;
const F32_LOG10_E: f32 = 0.4342944819032518;

// Multiplied by it, a number splits into halves of its digits.
const F32_SPLIT: f32 = 4097.0;
const F32_TWO_THIRDS_HIGH: f32 = 0.666666686534881591796875;
const F32_TWO_THIRDS_LOW: f32 = -1.9868214925130208333e-8;
const F32_LARGE_POWER: f32 = 1099511627776.0;
const F32_EXP_END: f32 = 120.0;

fn f32_bits(x: f32) -> u32 { return bitcast<u32>(x); }
fn f32_from_bits(b: u32) -> f32 { return bitcast<f32>(b); }
fn f32_isnan(x: f32) -> bool { return (f32_bits(x) & F32_ABS) > F32_INF; }
fn f32_isinf(x: f32) -> bool { return (f32_bits(x) & F32_ABS) == F32_INF; }
// Not a number, whatever x is.
fn f32_nan(x: f32) -> f32 { return f32_from_bits(f32_bits(x) | F32_QUIET); }
// Infinity with the sign of x.
fn f32_inf(x: f32) -> f32 { return f32_from_bits((f32_bits(x) & F32_SIGN) | F32_INF); }
// Zero with the sign of x.
fn f32_zero(x: f32) -> f32 { return f32_from_bits(f32_bits(x) & F32_SIGN); }
fn f32_copysign(x: f32, sign: f32) -> f32 {
    return f32_from_bits((f32_bits(x) & F32_ABS) | (f32_bits(sign) & F32_SIGN));
}
fn f32_signbit(x: f32) -> bool { return (f32_bits(x) & F32_SIGN) > 0u; }
fn f32_pow2(k: i32) -> f32 { return bitcast<f32>(u32(k + 127) << 23u); }
// x·2^k for k in -252..=254, rounded once: the first product is exact.
fn f32_scale(x: f32, k: i32) -> f32 {
    let h = k >> 1u;
    return x * f32_pow2(h) * f32_pow2(k - h);
}
// Unbiased exponent of a normal number.
fn f32_exponent(x: f32) -> i32 { return i32((f32_bits(x) & F32_ABS) >> 23u) - 127; }
alias f32_reg = f32;
// The same number, of which drivers know nothing.
fn f32_opaque(x: f32) -> f32 { return f32_from_bits(f32_bits(x) ^ run_time_zero()); }
fn f32_run_time_zero() -> f32 { return bitcast<f32>(run_time_zero()); }
