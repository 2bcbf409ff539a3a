// Tests and values by bit pattern. Drivers fold comparisons of a value with itself and literal infinities;
// they can't fold bits they don't know.
const F32_ABS: u32 = 0x7fffffffu;
const F32_SIGN: u32 = 0x80000000u;
const F32_INF: u32 = 0x7f800000u;
const F32_QUIET: u32 = 0x7fc00000u;

// Largest exponent by which complex functions scale.
const F32_SCALE_MAX: i32 = 120;

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
