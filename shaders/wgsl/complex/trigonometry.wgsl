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
    let wild = f32_isinf(z.y) || f32_isnan(z.y);
    // On the axes a zero part stays a zero of its own sign, also against an infinity.
    let fixed_im = select(im, z.y, f32_is_zero(z.y));
    let fixed_re = select(re, z.x, f32_is_zero(z.x) || (wild && f32_isinf(z.x)));
    return vec2<f32>(fixed_re, fixed_im);
}
fn c64_cosh(z: vec2<f32>) -> vec2<f32> {
    let sc = f32_sin_cos(z.y);
    let k = f32_shift(z.x);
    let re = f32_scale(f32_cosh(z.x, k) * sc.y, k);
    let im = f32_scale(f32_sinh(z.x, k) * sc.x, k);
    let wild = f32_isinf(z.y) || f32_isnan(z.y);
    let zero = f32_zero(f32_absolute(z.y));
    let on_axis = f32_is_zero(z.x) || f32_is_zero(z.y);
    let sign = f32_from_bits(f32_bits(z.x) ^ f32_bits(z.y));
    let fixed_re = select(re, f32_absolute(z.x), wild && f32_isinf(z.x));
    return vec2<f32>(fixed_re, select(im, f32_copysign(zero, sign), on_axis && !f32_isnan(sign)));
}
