// The double-precision twins of real/bits.wgsl; f64 is used only where 64-bit integers are.
const F64_ABS: u64 = 0x7ffffffffffffffflu;
const F64_SIGN: u64 = 0x8000000000000000lu;
const F64_INF: u64 = 0x7ff0000000000000lu;
const F64_QUIET: u64 = 0x7ff8000000000000lu;

// Largest exponent by which complex functions scale.
const F64_SCALE_MAX: i32 = 1000;

// Multiplied by it, a subnormal number is normal.
const F64_LIFT: f64 = 18014398509481984.0lf;
const F64_LIFT_BITS: i32 = 54;
const F64_LEAST_EXPONENT: i32 = -1022;
const F64_LOG10_E: f64 = 0.43429448190325182765lf;

// Multiplied by it, a number splits into halves of its digits.
const F64_SPLIT: f64 = 134217729.0lf;
const F64_TWO_THIRDS_HIGH: f64 = 0.66666666666666662966lf;
const F64_TWO_THIRDS_LOW: f64 = 3.7007434154171882626e-17lf;
const F64_LARGE_POWER: f64 = 1.2089258196146292e24lf;
const F64_EXP_END: f64 = 760.0lf;

fn f64_bits(x: f64) -> u64 { return bitcast<u64>(x); }
fn f64_from_bits(b: u64) -> f64 { return bitcast<f64>(b); }
fn f64_isnan(x: f64) -> bool { return (f64_bits(x) & F64_ABS) > F64_INF; }
fn f64_isinf(x: f64) -> bool { return (f64_bits(x) & F64_ABS) == F64_INF; }
fn f64_nan(x: f64) -> f64 { return f64_from_bits(f64_bits(x) | F64_QUIET); }
fn f64_inf(x: f64) -> f64 { return f64_from_bits((f64_bits(x) & F64_SIGN) | F64_INF); }
fn f64_zero(x: f64) -> f64 { return f64_from_bits(f64_bits(x) & F64_SIGN); }
fn f64_copysign(x: f64, sign: f64) -> f64 {
    return f64_from_bits((f64_bits(x) & F64_ABS) | (f64_bits(sign) & F64_SIGN));
}
fn f64_signbit(x: f64) -> bool { return (f64_bits(x) & F64_SIGN) > 0lu; }
fn f64_pow2(k: i32) -> f64 { return bitcast<f64>(u64(k + 1023) << 52u); }
// x·2^k for k in -2044..=2046, rounded once: the first product is exact.
fn f64_scale(x: f64, k: i32) -> f64 {
    let h = k >> 1u;
    return x * f64_pow2(h) * f64_pow2(k - h);
}
fn f64_exponent(x: f64) -> i32 { return i32(u32((f64_bits(x) & F64_ABS) >> 52u)) - 1023; }
alias f64_reg = f64;
fn f64_opaque(x: f64) -> f64 { return f64_from_bits(f64_bits(x) ^ u64(run_time_zero())); }
fn f64_run_time_zero() -> f64 { return bitcast<f64>(u64(run_time_zero())); }
