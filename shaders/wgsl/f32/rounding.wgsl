// floor and the square root of f32 are correctly rounded in the language; the zero's sign and NaN are kept by hand.
fn f32_floor(x: f32) -> f32 {
    let whole = f32_exponent(x) >= 23;
    let y = floor(x);
    return select(select(y, x, f32_is_zero(x)), x, whole);
}
fn f32_sqrt(x: f32) -> f32 {
    let below = x < 1.1754943508222875e-38;
    let y = sqrt(select(x, x * 16777216.0, below));
    let root = select(y, y * 0.000244140625, below);
    return select(select(root, x, f32_is_zero(x) || f32_isnan(x)), f32_nan(x), x < 0.0);
}
