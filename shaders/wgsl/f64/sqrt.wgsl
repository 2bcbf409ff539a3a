// Square root of f64: a single-precision seed for 1/√m, three Newton steps, and one correction of the root with
// the exact residual m - s² (the square is split, as fused multiply-add can't be relied on).
fn f64_sqrt(x: f64) -> f64 {
    let tiny = f64_exponent(x) < -1022;
    let v = select(x, x * 18014398509481984.0lf, tiny);
    let e = f64_exponent(v);
    let half = e >> 1u;
    let m = f64_scale(v, -2 * half);
    var y = f64(1.0 / sqrt(f32(m)));
    y = y * (1.5lf - 0.5lf * m * y * y);
    y = y * (1.5lf - 0.5lf * m * y * y);
    let s = m * y;
    let hi = f64_from_bits(f64_bits(s) & 0xfffffffff8000000lu);
    let lo = s - hi;
    let residual = ((m - hi * hi) - 2.0lf * hi * lo) - lo * lo;
    let root = f64_scale(s + 0.5lf * y * residual, select(half, half - 27, tiny));
    let same = f64_is_zero(x) || f64_isnan(x) || (f64_isinf(x) && !f64_signbit(x));
    return select(select(root, f64_nan(x), f64_signbit(x)), x, same);
}
