// tanh without overflow (Kahan 1987, CTANH), every term multiplied by cos² so that its poles need no care.
fn c64_tanh(z: vec2<f32>) -> vec2<f32> {
    let sc = f32_sin_cos(z.y);
    let a = f32_absolute(z.x);
    let s = f32_sinh(select(a, 20.0, a > 20.0), 0);
    let d = s * s + sc.y * sc.y;
    let re = s * f32_sqrt(1.0 + s * s) / d;
    let im = sc.x * sc.y / d;
    let far = a > 20.0;
    let far_im = 4.0 * sc.x * sc.y * f32_exp(-2.0 * a);
    let nan = f32_isnan(z.x) || f32_isnan(sc.x);
    let one = select(f32_copysign(select(re, 1.0, far), z.x), f32_nan(a), nan);
    let both = vec2<f32>(one, select(select(im, far_im, far), f32_nan(a), nan));
    let axis = vec2<f32>(both.x, select(both.y, z.y, f32_is_zero(z.y)));
    let edge = vec2<f32>(f32_copysign(1.0, z.x), f32_copysign(f32_zero(a), select(sc.x * sc.y, z.y, f32_isnan(sc.x))));
    let start = vec2<f32>(select(axis.x, z.x, f32_is_zero(z.x)), axis.y);
    return select(start, edge, f32_isinf(z.x));
}
