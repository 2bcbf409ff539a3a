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
// a / b by Smith's scaling (Smith 1962, Algorithm 116): neither part overflows on the way. By zero each part is
// divided by zero, as NumPy does.
fn c64_divide(a: vec2<f32>, b: vec2<f32>) -> vec2<f32> {
    let wide = f32_absolute(b.x) >= f32_absolute(b.y);
    let p = select(b.y, b.x, wide);
    let q = select(b.x, b.y, wide);
    let r = q / p;
    let d = p + q * r;
    let re = select(a.x * r + a.y, a.x + a.y * r, wide) / d;
    let im = select(a.y * r - a.x, a.y - a.x * r, wide) / d;
    let zero = f32_absolute(p);
    let by_zero = vec2<f32>(a.x / zero, a.y / zero);
    return select(vec2<f32>(re, im), by_zero, f32_is_zero(b.x) && f32_is_zero(b.y));
}
