// Arithmetic of f32, and by renaming of f64. The compile pipeline marks every operation exact.
fn f32_add(a: f32, b: f32) -> f32 { return a + b; }
fn f32_subtract(a: f32, b: f32) -> f32 { return a - b; }
fn f32_multiply(a: f32, b: f32) -> f32 { return a * b; }
fn f32_divide(a: f32, b: f32) -> f32 { return a / b; }
fn f32_negative(x: f32) -> f32 { return f32_from_bits(f32_bits(x) ^ F32_SIGN); }
fn f32_absolute(x: f32) -> f32 { return f32_from_bits(f32_bits(x) & F32_ABS); }
fn f32_conj(x: f32) -> f32 { return x; }
fn f32_real(x: f32) -> f32 { return x; }
fn f32_imag(x: f32) -> f32 { return f32_run_time_zero(); }
fn f32_complex(a: f32, b: f32) -> vec2<f32> { return vec2<f32>(a, b); }
