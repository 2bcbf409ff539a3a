// sin and cos of f32, and by renaming of f64: each quadrant is a kernel with a sign.
fn f32_quadrant(angle: f32_angle, turn: u32) -> f32 {
    let q = angle.quadrant + turn;
    let y = select(f32_sin_kernel(angle.r), f32_cos_kernel(angle.r), (q & 1u) == 1u);
    return select(y, f32_negative(y), (q & 2u) == 2u);
}
fn f32_sin(x: f32) -> f32 {
    let y = f32_quadrant(f32_reduce(x), 0u);
    let odd = select(y, f32_negative(y), f32_signbit(x));
    return select(odd, f32_nan(x), f32_isnan(x) || f32_isinf(x));
}
fn f32_cos(x: f32) -> f32 {
    let y = f32_quadrant(f32_reduce(x), 1u);
    return select(y, f32_nan(x), f32_isnan(x) || f32_isinf(x));
}
// sin and cos in one reduction.
fn f32_sin_cos(x: f32) -> vec2<f32> {
    let angle = f32_reduce(x);
    let s = f32_quadrant(angle, 0u);
    let both = vec2<f32>(select(s, f32_negative(s), f32_signbit(x)), f32_quadrant(angle, 1u));
    let nan = f32_nan(x);
    return select(both, vec2<f32>(nan, nan), f32_isnan(x) || f32_isinf(x));
}
