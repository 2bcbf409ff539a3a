// floor by clearing the fraction bits; subtracting one from a negative number is a carry into the integer bits.
fn f64_floor(x: f64) -> f64 {
    let e = f64_exponent(x);
    let fraction = F64_FRACTION >> u32(clamp(e, 0, 52));
    let b = f64_bits(x);
    let away = select(b, b + fraction, f64_signbit(x));
    let y = f64_from_bits(away & ~fraction);
    // A literal zero would do, but drivers make a select of literals from a negated truth value, which is -0.
    let small = select(f64_zero(x), -1.0lf, f64_signbit(x));
    let low = select(y, select(small, x, f64_is_zero(x)), e < 0);
    return select(low, x, e >= 52);
}
const F64_FRACTION: u64 = 0xffffffffffffflu;
