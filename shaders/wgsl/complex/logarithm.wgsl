// log z = ln|z| + i·arg z. Near |z| = 1 the modulus is taken as ln(1 + (|z|² - 1))/2 with the difference formed
// before anything is rounded away.
fn c64_log(z: vec2<f32>) -> vec2<f32> {
    let a = f32_absolute(z.x);
    let b = f32_absolute(z.y);
    let x = select(b, a, a > b);
    let y = select(a, b, a > b);
    let e = clamp(f32_exponent(x), -F32_SCALE_MAX, F32_SCALE_MAX);
    let xs = f32_scale(x, -e);
    let ys = f32_scale(y, -e);
    let far = 0.5 * f32_log(xs * xs + ys * ys) + f32(e) * F32_LN2_LOW + f32(e) * F32_LN2_HIGH;
    let near = 0.5 * f32_log1p((x - 1.0) * (x + 1.0) + y * y);
    let modulus = select(far, near, x > 0.5 && x < 2.0);
    let zero = select(modulus, f32_from_bits(F32_SIGN | F32_INF | f32_bits(x)), f32_is_zero(x));
    let nan = select(zero, f32_nan(a + b), c64_isnan(z));
    let re = select(nan, f32_inf(a), f32_isinf(a) || f32_isinf(b));
    return vec2<f32>(re, f32_argument(z.y, z.x));
}
