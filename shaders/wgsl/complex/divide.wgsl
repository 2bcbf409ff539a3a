// a / b by Smith's scaling (Smith 1962, Algorithm 116) of numbers scaled to near 1, so that nothing overflows or vanishes
// before the quotient does. By a number on an axis it is two real quotients, and by zero each part is divided by |0|, as
// NumPy does.
fn c64_divide(a: vec2<f32>, b: vec2<f32>) -> vec2<f32> {
    let wide = f32_absolute(b.x) >= f32_absolute(b.y);
    let top = select(vec2<f32>(a.y, f32_negative(a.x)), a, wide);
    let pivot = select(b.y, b.x, wide);
    let divisor = select(pivot, f32_absolute(pivot), f32_is_zero(pivot));
    let by_axis = vec2<f32>(top.x / divisor, top.y / divisor);
    let ea = c64_exponent(a);
    let eb = c64_exponent(b);
    let u = c64_scale(a, -ea);
    let v = c64_scale(b, -eb);
    let p = select(v.y, v.x, wide);
    let q = select(v.x, v.y, wide);
    let r = q / p;
    let d = p + q * r;
    let re = select(u.x * r + u.y, u.x + u.y * r, wide) / d;
    let im = select(u.y * r - u.x, u.y - u.x * r, wide) / d;
    let general = c64_scale(vec2<f32>(re, im), ea - eb);
    let quotient = select(general, by_axis, f32_is_zero(select(b.x, b.y, wide)));
    let lost = f32_isnan(quotient.x) && f32_isnan(quotient.y);
    return select(quotient, c64_divide_infinite(u, v), lost && !(c64_isinf(a) == c64_isinf(b)));
}

// What C11 annex G.5.1 makes of NaN: an infinite number by a finite one is infinite, a finite one by an infinite one zero.
fn c64_divide_infinite(a: vec2<f32>, b: vec2<f32>) -> vec2<f32> {
    let u = select(a, c64_direction(a), c64_isinf(a));
    let v = select(b, c64_direction(b), c64_isinf(b));
    let zero = f32_zero(f32_absolute(a.x));
    let size = select(zero, f32_inf(zero), c64_isinf(a));
    return vec2<f32>(size * (u.x * v.x + u.y * v.y), size * (u.y * v.x - u.x * v.y));
}
fn c64_isinf(z: vec2<f32>) -> bool { return f32_isinf(z.x) || f32_isinf(z.y); }
// Infinite parts as ±1, others as ±0.
fn c64_direction(z: vec2<f32>) -> vec2<f32> {
    let zero = f32_zero(f32_absolute(z.x));
    return vec2<f32>(
        f32_copysign(select(zero, 1.0, f32_isinf(z.x)), z.x),
        f32_copysign(select(zero, 1.0, f32_isinf(z.y)), z.y),
    );
}
// Binary exponent of the larger part, in the range that scaling takes.
fn c64_exponent(z: vec2<f32>) -> i32 {
    return clamp(max(f32_exponent(z.x), f32_exponent(z.y)), -F32_SCALE_MAX, F32_SCALE_MAX);
}
fn c64_scale(z: vec2<f32>, k: i32) -> vec2<f32> { return vec2<f32>(f32_scale(z.x, k), f32_scale(z.y, k)); }
