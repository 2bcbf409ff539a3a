// f64 to the other dtypes; to half by way of a float rounded to odd, which leaves the second rounding right.
fn i32_from_f64(x: f64) -> i32 {
    let low = select(x, -2147483648.0lf, x < -2147483648.0lf);
    let y = select(i32(select(low, 0.0lf, x >= 2147483648.0lf)), 2147483647, x >= 2147483648.0lf);
    return select(y, 0, f64_isnan(x));
}
fn u32_from_f64(x: f64) -> u32 {
    let low = select(x, 0.0lf, x < 0.0lf);
    let y = select(u32(select(low, 0.0lf, x >= 4294967296.0lf)), 0xffffffffu, x >= 4294967296.0lf);
    return select(y, 0u, f64_isnan(x));
}
fn f16_from_f64(x: f64) -> f32 {
    let y = f32(x);
    let back = f64_absolute(f64(y));
    let a = f64_absolute(x);
    let exact = back == a || f32_isinf(y) || f64_isnan(x) || f32_is_zero(y);
    let odd = (f32_bits(y) - select(0u, 1u, back > a)) | 1u;
    return f16_rounded(select(f32_from_bits(odd), y, exact));
}
