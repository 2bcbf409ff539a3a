// tanh, and the sinh and cosh that complex functions need. Near zero the polynomial keeps the relative accuracy
// that e^x - e^-x loses; Chebyshev nodes, relative errors 2^-30 and 2^-32.
fn f32_tanh(x: f32) -> f32 {
    let a = f32_absolute(x);
    let z = x * x;
    var p = 0.0022927448 * z - 0.0083439455;
    p = p * z + 0.0217689187;
    p = p * z - 0.0539592596;
    p = p * z + 0.1333330356;
    p = p * z - 0.3333333317;
    let near = a + a * z * p;
    let far = 1.0 - 2.0 / (f32_exp(2.0 * min(a, 10.0)) + 1.0);
    let y = f32_copysign(select(far, near, a < 0.625), x);
    return select(y, x, f32_isnan(x));
}

// sinh(x)·2^-shift: shifted, neither it nor cosh overflows before the result does.
fn f32_sinh(x: f32, shift: i32) -> f32 {
    let a = f32_absolute(x);
    let z = x * x;
    var p = 2.80628026e-6 * z + 0.00019838102;
    p = p * z + 0.0083333396759;
    p = p * z + 0.1666666664684;
    let near = f32_scale(a + a * z * p, -shift);
    let far = f32_exp_shifted(a, -1 - shift) - f32_exp_shifted(-a, -1 - shift);
    return f32_copysign(select(far, near, a < 1.0), x);
}
fn f32_cosh(x: f32, shift: i32) -> f32 {
    let a = f32_absolute(x);
    return f32_exp_shifted(a, -1 - shift) + f32_exp_shifted(-a, -1 - shift);
}

// Binary exponent of e^|x|, in a range that exp_shifted takes.
fn f32_shift(x: f32) -> i32 {
    let a = f32_absolute(x);
    return i32(select(170.0, a, a < 170.0) * F32_LOG2_E);
}
