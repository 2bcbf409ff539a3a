// |z| and √z without overflow on the way: both parts are scaled by a power of two, which is exact.
fn c64_absolute(z: vec2<f32>) -> f32 {
    let a = f32_absolute(z.x);
    let b = f32_absolute(z.y);
    let e = clamp(f32_exponent(select(b, a, a > b)), -F32_SCALE_MAX, F32_SCALE_MAX);
    let x = f32_scale(a, -e);
    let y = f32_scale(b, -e);
    let r = f32_scale(f32_sqrt(x * x + y * y), e);
    let nan = select(r, f32_nan(r), c64_isnan(z));
    return select(nan, f32_inf(a), f32_isinf(a) || f32_isinf(b));
}

// Principal root: the larger part from (|z| + |re|) / 2, the other by division, so nothing cancels. The branch
// cut follows the sign of im, zeros included.
fn c64_sqrt(z: vec2<f32>) -> vec2<f32> {
    let m = max(f32_exponent(z.x), f32_exponent(z.y));
    let e = clamp(m, -F32_SCALE_MAX, F32_SCALE_MAX) & -2;
    let x = f32_scale(f32_absolute(z.x), -e);
    let y = f32_scale(f32_absolute(z.y), -e);
    let t = f32_sqrt(0.5 * (f32_sqrt(x * x + y * y) + x));
    let u = 0.5 * y / t;
    let half = e / 2;
    let big = f32_scale(t, half);
    let small = f32_scale(u, half);
    let left = f32_signbit(z.x);
    let root = vec2<f32>(select(big, small, left), f32_copysign(select(small, big, left), z.y));
    let zero = f32_is_zero(z.x) && f32_is_zero(z.y);
    let finite = select(root, vec2<f32>(f32_absolute(z.x), z.y), zero);
    return select(finite, c64_sqrt_special(z), c64_isnan(z) || f32_isinf(z.x) || f32_isinf(z.y));
}

// C11 annex G.6.4.2.
fn c64_sqrt_special(z: vec2<f32>) -> vec2<f32> {
    let nan = f32_nan(z.x + z.y);
    let left = f32_signbit(z.x);
    let im_nan = f32_isnan(z.y);
    let inf = f32_inf(f32_absolute(z.x));
    let zero = f32_zero(f32_absolute(z.x));
    let right_edge = vec2<f32>(inf, select(f32_copysign(zero, z.y), nan, im_nan));
    let left_edge = vec2<f32>(select(zero, nan, im_nan), f32_copysign(inf, z.y));
    let edge = select(right_edge, left_edge, left);
    let inner = select(vec2<f32>(nan, nan), edge, f32_isinf(z.x));
    return select(inner, vec2<f32>(inf, z.y), f32_isinf(z.y));
}
