// Square root of f64, correctly rounded: a single-precision seed for 1/√m, two Newton steps, and the root of 53 bits as an
// integer. Its distance from n, the mantissa times 2^52, is exact in 64 bits, as it is small; it corrects the root twice,
// and at last says on which side of n the halves between neighbouring roots lie: (r ± 1/2)² = r² ± r + 1/4.
fn f64_sqrt(x: f64) -> f64 {
    let tiny = f64_exponent(x) < -1022;
    let v = select(x, x * 18014398509481984.0lf, tiny);
    let half = f64_exponent(v) >> 1u;
    let m = f64_scale(v, -2 * half);
    var y = f64(1.0 / sqrt(f32(m)));
    y = y * (1.5lf - 0.5lf * m * y * y);
    y = y * (1.5lf - 0.5lf * m * y * y);
    let n = (f64_bits(m) & 0xffffffffffffflu | 0x10000000000000lu) << u32(52 + f64_exponent(m));
    let s = m * y;
    let first = f64_bits(s) - 0x3fe0000000000000lu;
    let residual = f64_from_i64(bitcast<i64>(n - first * first)) * 0.00000000000000000000000000000004930380657631324lf;
    let near = f64_bits(s + 0.5lf * y * residual) - 0x3fe0000000000000lu;
    let off = bitcast<i64>(n - near * near);
    let up = select(near, near + 1lu, off > bitcast<i64>(near));
    let rounded = select(up, near - 1lu, off <= -bitcast<i64>(near));
    let root = f64_scale(f64_from_bits(rounded + 0x3fe0000000000000lu), select(half, half - 27, tiny));
    let same = f64_is_zero(x) || f64_isnan(x) || (f64_isinf(x) && !f64_signbit(x));
    return select(select(root, f64_nan(x), f64_signbit(x)), x, same);
}
