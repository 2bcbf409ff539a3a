// The other exponential and logarithms of f32, and by renaming of f64.

// e^x - 1: for small x 2·sinh(x/2)·e^(x/2), which nothing cancels in.
fn f32_expm1(x: f32) -> f32 {
    let half = 0.5 * x;
    let near = 2.0 * f32_sinh(half, 0) * f32_exp(half);
    let far = f32_exp(x) - 1.0;
    return select(far, near, f32_absolute(x) < 1.0);
}

// ln(1 + x), also for tiny x: the rounding error of 1 + x is given back.
fn f32_log1p(x: f32) -> f32 {
    let u = 1.0 + x;
    let lost = x - (u - 1.0);
    let y = f32_log(u);
    let finite = u > 0.0 && !f32_isinf(u);
    return select(select(y, y + lost / u, finite), x, f32_is_zero(x));
}

// (m, k) of x = m·2^k with m from √½ to √2, for a finite positive x.
fn f32_normalised(x: f32) -> vec2<f32> {
    let tiny = f32_exponent(x) < F32_LEAST_EXPONENT;
    let v = select(x, x * F32_LIFT, tiny);
    let e = f32_exponent(v);
    let m = f32_scale(v, -e);
    let upper = m > 1.4142135;
    return vec2<f32>(select(m, 0.5 * m, upper), f32(select(e, e + 1, upper) - select(0, F32_LIFT_BITS, tiny)));
}

// The logarithm of a power of 2 is its exponent.
fn f32_log2(x: f32) -> f32 {
    let parts = f32_normalised(x);
    let y = parts.y + f32_log(parts.x) * F32_LOG2_E;
    return select(f32_log(x), y, x > 0.0 && !f32_isinf(x));
}

fn f32_log10(x: f32) -> f32 { return f32_log(x) * F32_LOG10_E; }

fn f32_atan2(y: f32, x: f32) -> f32 { return f32_argument(y, x); }
