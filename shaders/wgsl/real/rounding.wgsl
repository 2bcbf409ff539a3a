// Roundings of f32, and by renaming of f64, in terms of floor; the sign of a zero is that of x.
fn f32_ceil(x: f32) -> f32 { return f32_negative(f32_floor(f32_negative(x))); }
fn f32_trunc(x: f32) -> f32 { return f32_copysign(f32_floor(f32_absolute(x)), x); }
// Of two nearest integers the even one. The fraction is exact.
fn f32_round(x: f32) -> f32 {
    let a = f32_absolute(x);
    let low = f32_floor(a);
    let fraction = a - low;
    let odd = low - 2.0 * f32_floor(0.5 * low) > 0.0;
    let up = fraction > 0.5 || (fraction == 0.5 && odd);
    return f32_copysign(select(low, low + 1.0, up), x);
}
