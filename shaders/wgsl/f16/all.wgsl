// Half precision: computed in f32, rounded to a half. For + - * / and sqrt the double rounding is harmless, as
// 24 ≥ 2·11 + 2 bits (Figueroa 1995).
fn f16_negative(x: f32) -> f32 { return f32_negative(x); }
fn f16_absolute(x: f32) -> f32 { return f32_absolute(x); }
fn f16_floor(x: f32) -> f32 { return f32_floor(x); }
fn f16_ceil(x: f32) -> f32 { return f32_ceil(x); }
fn f16_trunc(x: f32) -> f32 { return f32_trunc(x); }
fn f16_round(x: f32) -> f32 { return f32_round(x); }
fn f16_expm1(x: f32) -> f32 { return f16_rounded(f32_expm1(x)); }
fn f16_log1p(x: f32) -> f32 { return f16_rounded(f32_log1p(x)); }
fn f16_log2(x: f32) -> f32 { return f16_rounded(f32_log2(x)); }
fn f16_log10(x: f32) -> f32 { return f16_rounded(f32_log10(x)); }
fn f16_pow(a: f32, b: f32) -> f32 { return f16_rounded(f32_pow(a, b)); }
fn f16_atan2(a: f32, b: f32) -> f32 { return f16_rounded(f32_atan2(a, b)); }
fn f16_copysign(a: f32, b: f32) -> f32 { return f32_copysign(a, b); }
fn f16_signbit(x: f32) -> bool { return f32_signbit(x); }
fn f16_complex(a: f32, b: f32) -> vec2<f32> { return vec2<f32>(a, b); }
fn f16_sqrt(x: f32) -> f32 { return f16_rounded(f32_sqrt(x)); }
fn f16_exp(x: f32) -> f32 { return f16_rounded(f32_exp(x)); }
fn f16_log(x: f32) -> f32 { return f16_rounded(f32_log(x)); }
fn f16_sin(x: f32) -> f32 { return f16_rounded(f32_sin(x)); }
fn f16_cos(x: f32) -> f32 { return f16_rounded(f32_cos(x)); }
fn f16_tanh(x: f32) -> f32 { return f16_rounded(f32_tanh(x)); }
fn f16_conj(x: f32) -> f32 { return x; }
fn f16_real(x: f32) -> f32 { return x; }
fn f16_imag(x: f32) -> f32 { return f32_run_time_zero(); }
fn f16_isnan(x: f32) -> bool { return f32_isnan(x); }
fn f16_add(a: f32, b: f32) -> f32 { return f16_rounded(a + b); }
fn f16_subtract(a: f32, b: f32) -> f32 { return f16_rounded(a - b); }
fn f16_multiply(a: f32, b: f32) -> f32 { return f16_rounded(a * b); }
fn f16_divide(a: f32, b: f32) -> f32 { return f16_rounded(a / b); }
fn f16_floor_divide(a: f32, b: f32) -> f32 { return f16_rounded(f32_floor_divide(a, b)); }
fn f16_remainder(a: f32, b: f32) -> f32 { return f16_rounded(f32_remainder(a, b)); }
fn f16_minimum(a: f32, b: f32) -> f32 { return f32_minimum(a, b); }
fn f16_maximum(a: f32, b: f32) -> f32 { return f32_maximum(a, b); }
fn f16_equal(a: f32, b: f32) -> bool { return a == b; }
fn f16_not_equal(a: f32, b: f32) -> bool { return !(a == b); }
fn f16_less(a: f32, b: f32) -> bool { return a < b; }
fn f16_less_equal(a: f32, b: f32) -> bool { return a <= b; }
fn f16_greater(a: f32, b: f32) -> bool { return a > b; }
fn f16_greater_equal(a: f32, b: f32) -> bool { return a >= b; }
fn f16_where(c: bool, a: f32, b: f32) -> f32 { return select(b, a, c); }
fn f16_lowest() -> f32 { return f32_lowest(); }
fn f16_highest() -> f32 { return f32_highest(); }
