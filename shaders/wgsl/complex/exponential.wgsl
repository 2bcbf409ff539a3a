// exp, with the special values of C11 annex G.
fn c64_exp(z: vec2<f32>) -> vec2<f32> {
    let sc = f32_sin_cos(z.y);
    // The exponent is applied last, so that e^x alone does not overflow before the product does.
    let k = select(0, f32_shift(z.x), z.x > 0.0);
    let e = f32_exp_shifted(z.x, -k);
    let re = f32_scale(e * sc.y, k);
    let im = f32_scale(e * sc.x, k);
    let real_axis = vec2<f32>(f32_exp(z.x), z.y);
    let finite = select(vec2<f32>(re, im), real_axis, f32_is_zero(z.y));
    let low = f32_isinf(z.x) && f32_signbit(z.x);
    let high = f32_isinf(z.x) && !f32_signbit(z.x);
    let wild = f32_isinf(z.y) || f32_isnan(z.y);
    let zero = f32_zero(f32_absolute(z.x));
    let vanishing = vec2<f32>(f32_copysign(zero, select(sc.y, zero, wild)), f32_copysign(zero, select(sc.x, z.y, wild)));
    let growing = vec2<f32>(z.x, f32_nan(z.y));
    let edge = select(finite, vanishing, low);
    return select(edge, growing, high && wild);
}
