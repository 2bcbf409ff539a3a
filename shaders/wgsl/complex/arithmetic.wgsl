// Complex arithmetic on (re, im): c64 on f32, and by renaming c128 on f64. The product is the plain formula, as
// NumPy's; its error is small against the modulus.
alias c64_reg = vec2<f32>;
fn c64_add(a: vec2<f32>, b: vec2<f32>) -> vec2<f32> { return a + b; }
fn c64_subtract(a: vec2<f32>, b: vec2<f32>) -> vec2<f32> { return a - b; }
fn c64_multiply(a: vec2<f32>, b: vec2<f32>) -> vec2<f32> {
    return vec2<f32>(a.x * b.x - a.y * b.y, a.x * b.y + a.y * b.x);
}
fn c64_negative(x: vec2<f32>) -> vec2<f32> { return vec2<f32>(f32_negative(x.x), f32_negative(x.y)); }
fn c64_conj(x: vec2<f32>) -> vec2<f32> { return vec2<f32>(x.x, f32_negative(x.y)); }
fn c64_real(x: vec2<f32>) -> f32 { return x.x; }
fn c64_imag(x: vec2<f32>) -> f32 { return x.y; }
fn c64_isnan(x: vec2<f32>) -> bool { return f32_isnan(x.x) || f32_isnan(x.y); }
fn c64_equal(a: vec2<f32>, b: vec2<f32>) -> bool { return a.x == b.x && a.y == b.y; }
fn c64_not_equal(a: vec2<f32>, b: vec2<f32>) -> bool { return !(a.x == b.x && a.y == b.y); }
fn c64_where(c: bool, a: vec2<f32>, b: vec2<f32>) -> vec2<f32> { return select(b, a, c); }
