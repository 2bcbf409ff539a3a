// The angle of (x, y) in (-π, π], signs of zeros kept; arctangent of the smaller over the larger part.
fn f32_argument(y: f32, x: f32) -> f32 {
    let a = f32_absolute(x);
    let b = f32_absolute(y);
    let steep = b > a;
    let top = select(b, a, steep);
    let bottom = select(a, b, steep);
    let both = f32_isinf(a) && f32_isinf(b);
    let ratio = select(top / bottom, 1.0, both);
    let t = select(select(ratio, f32_zero(top), f32_is_zero(bottom)), f32_zero(top), f32_isinf(bottom) && !both);
    let angle = f32_arctangent(t);
    let up = select(angle, F32_HALF_PI_HIGH - (angle - F32_HALF_PI_LOW), steep);
    let left = select(up, F32_PI_HIGH - (up - F32_PI_LOW), f32_signbit(x));
    return select(f32_copysign(left, y), f32_nan(a + b), f32_isnan(x) || f32_isnan(y));
}
