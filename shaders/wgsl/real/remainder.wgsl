// Python's modulo and floor division on f32, and by renaming on f64, from the exact remainder of the division
// (so that the quotient is never one too large), as NumPy builds them.
fn f32_remainder(a: f32, b: f32) -> f32 {
    let m = f32_fmod(a, b);
    let other_sign = f32_signbit(m) == !f32_signbit(b);
    let floored = select(m, m + b, other_sign);
    return select(select(floored, f32_zero(b), f32_is_zero(m)), m, f32_isnan(m));
}

fn f32_floor_divide(a: f32, b: f32) -> f32 {
    let m = f32_fmod(a, b);
    let steps = (a - m) / b;
    let below = f32_signbit(m) == !f32_signbit(b) && !f32_is_zero(m);
    let q = select(steps, steps - 1.0, below);
    let low = f32_floor(q);
    let rounded = select(low, low + 1.0, q - low > 0.5);
    let exact = select(rounded, f32_zero(a / b), f32_is_zero(q));
    return select(select(exact, m, f32_isnan(m)), a / b, f32_is_zero(b));
}
