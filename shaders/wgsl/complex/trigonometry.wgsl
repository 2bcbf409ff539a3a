// sin, cos, sinh and cosh, each part a product of a real circular and a real hyperbolic function.

// sin(x + iy) = sin x·cosh y + i·cos x·sinh y.
fn c64_sin(z: vec2<f32>) -> vec2<f32> {
    let h = c64_sinh(vec2<f32>(f32_negative(z.y), z.x));
    return vec2<f32>(h.y, f32_negative(h.x));
}
// cos(z) = cosh(iz).
fn c64_cos(z: vec2<f32>) -> vec2<f32> {
    return c64_cosh(vec2<f32>(f32_negative(z.y), z.x));
}

fn c64_sinh(z: vec2<f32>) -> vec2<f32> {
    let sc = f32_sin_cos(z.y);
    let k = f32_shift(z.x);
    let re = f32_scale(f32_sinh(z.x, k) * sc.y, k);
    let im = f32_scale(f32_cosh(z.x, k) * sc.x, k);
    // Zero and infinity stay what they are against an angle that is none.
    let wild = f32_isinf(z.y) || f32_isnan(z.y);
    let fixed_re = select(re, z.x, wild && (f32_is_zero(z.x) || f32_isinf(z.x)));
    return vec2<f32>(fixed_re, select(im, z.y, f32_is_zero(z.y)));
}
fn c64_cosh(z: vec2<f32>) -> vec2<f32> {
    let sc = f32_sin_cos(z.y);
    let k = f32_shift(z.x);
    let re = f32_scale(f32_cosh(z.x, k) * sc.y, k);
    let im = f32_scale(f32_sinh(z.x, k) * sc.x, k);
    let wild = f32_isinf(z.y) || f32_isnan(z.y);
    let fixed_re = select(re, f32_absolute(z.x), wild && f32_isinf(z.x));
    // On an axis the imaginary part is zero, whatever the other part is.
    let on_axis = f32_is_zero(z.x) || f32_is_zero(z.y);
    return vec2<f32>(fixed_re, select(im, f32_zero(im), on_axis && f32_isnan(im)));
}
