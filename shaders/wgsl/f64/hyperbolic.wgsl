// tanh, and the sinh and cosh that complex functions need; near zero tanh is sinh/cosh.
fn f64_tanh(x: f64) -> f64 {
    let a = f64_absolute(x);
    let near = f64_sinh_near(a) / f64_cosh(a, 0);
    let far = 1.0lf - 2.0lf / (f64_exp(2.0lf * select(a, 20.0lf, a > 20.0lf)) + 1.0lf);
    let y = f64_copysign(select(far, near, a < 0.625lf), x);
    return select(y, x, f64_isnan(x));
}

// sinh on [0, 1]; Chebyshev nodes, relative error 2^-71.
fn f64_sinh_near(a: f64) -> f64 {
    let z = a * a;
    var p = 2.8445264169895285633e-15lf * z + 7.6466253616566576563e-13lf;
    p = p * z + 1.605904839635056164e-10lf;
    p = p * z + 2.5052108364058040751e-8lf;
    p = p * z + 2.7557319224040338598e-6lf;
    p = p * z + 0.00019841269841269773197lf;
    p = p * z + 0.0083333333333333333658lf;
    p = p * z + 0.16666666666666666667lf;
    return a + a * z * p;
}

// sinh(x)·2^-shift: shifted, neither it nor cosh overflows before the result does.
fn f64_sinh(x: f64, shift: i32) -> f64 {
    let a = f64_absolute(x);
    let near = f64_scale(f64_sinh_near(a), -shift);
    let far = f64_exp_shifted(a, -1 - shift) - f64_exp_shifted(f64_negative(a), -1 - shift);
    return f64_copysign(select(far, near, a < 1.0lf), x);
}
fn f64_cosh(x: f64, shift: i32) -> f64 {
    let a = f64_absolute(x);
    return f64_exp_shifted(a, -1 - shift) + f64_exp_shifted(f64_negative(a), -1 - shift);
}

// Binary exponent of e^|x|, in a range that exp_shifted takes.
fn f64_shift(x: f64) -> i32 {
    let a = f64_absolute(x);
    return i32(select(1390.0lf, a, a < 1390.0lf) * F64_LOG2_E);
}
