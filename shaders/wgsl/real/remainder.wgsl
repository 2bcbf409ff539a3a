// Python's modulo and floor division on f32, and by renaming on f64, from one long division: the quotient is that of the
// exact integer, rounded once. (NumPy's is off by one where it has more than 22 bits in f32, 51 in f64.)
fn f32_remainder(a: f32, b: f32) -> f32 {
    let m = f32_fmod(a, b);
    let other_sign = f32_signbit(m) == !f32_signbit(b);
    let floored = select(m, m + b, other_sign);
    return select(select(floored, f32_zero(b), f32_is_zero(m)), m, f32_isnan(m));
}

fn f32_floor_divide(a: f32, b: f32) -> f32 {
    let d = f32_long_division(a, b);
    // Away from zero where it is negative and not whole.
    let away = !f32_is_zero(d.remainder) && f32_signbit(a) == !f32_signbit(b);
    let q = f32_copysign(f32_long_quotient(d, away), f32_from_bits(f32_bits(a) ^ f32_bits(b)));
    // The remainder is no number where an operand is infinite or none.
    let plain = f32_is_zero(b) || f32_isnan(d.remainder) || f32_isinf(b);
    return select(q, a / b, plain);
}
