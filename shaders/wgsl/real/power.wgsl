// x^y = e^(y·ln x) of f32, and by renaming of f64. The logarithm is a sum of two numbers, high and low: y multiplies its
// error. Products and sums give back what they round (Dekker 1971, Knuth's TwoSum).
fn f32_two_sum(a: f32, b: f32) -> vec2<f32> {
    let s = a + b;
    let t = s - a;
    return vec2<f32>(s, (a - (s - t)) + (b - t));
}
fn f32_two_product(a: f32, b: f32) -> vec2<f32> {
    let p = a * b;
    let ca = F32_SPLIT * a;
    let ah = ca - (ca - a);
    let al = a - ah;
    let cb = F32_SPLIT * b;
    let bh = cb - (cb - b);
    let bl = b - bh;
    return vec2<f32>(p, ((ah * bh - p) + ah * bl + al * bh) + al * bl);
}

// ln(1 + f) for √½ < 1 + f < √2: 2s + 2s³/3 + 2s⁵/5 + …, s = f / (2 + f). The first two terms are pairs.
fn f32_log_pair(f: f32) -> vec2<f32> {
    let d = f32_two_sum(2.0, f);
    let s = f / d.x;
    let back = f32_two_product(s, d.x);
    let s_low = (((f - back.x) - back.y) - s * d.y) / d.x;
    let square = f32_two_product(s, s);
    let z = square.x;
    let z_low = square.y + 2.0 * s * s_low;
    var p = 0.074074074074074074 * z + 0.08;
    p = p * z + 0.086956521739130434783;
    p = p * z + 0.095238095238095238095;
    p = p * z + 0.10526315789473684211;
    p = p * z + 0.11764705882352941176;
    p = p * z + 0.13333333333333333333;
    p = p * z + 0.15384615384615384615;
    p = p * z + 0.18181818181818181818;
    p = p * z + 0.22222222222222222222;
    p = p * z + 0.28571428571428571429;
    p = p * z + 0.4;
    let third = f32_two_product(z, F32_TWO_THIRDS_HIGH);
    let third_low = third.y + z * F32_TWO_THIRDS_LOW + z_low * F32_TWO_THIRDS_HIGH;
    let tail = f32_two_sum(third.x, p * z * z + third_low);
    let cubic = f32_two_product(s, tail.x);
    let sum = f32_two_sum(2.0 * s, cubic.x);
    return vec2<f32>(sum.x, sum.y + (cubic.y + s * tail.y + s_low * (2.0 + tail.x)));
}

// |x|^y for a finite x other than 0.
fn f32_pow_magnitude(a: f32, y: f32) -> f32 {
    let parts = f32_normalised(a);
    let log = f32_log_pair(parts.x - 1.0);
    let whole = f32_two_sum(parts.y * F32_LN2_HIGH, log.x);
    let low = whole.y + (log.y + parts.y * F32_LN2_LOW);
    let sum = f32_two_sum(whole.x, low);
    // A larger exponent gives 0, 1 or infinity all the same.
    let bounded = clamp(y, -F32_LARGE_POWER, F32_LARGE_POWER);
    let product = f32_two_product(bounded, sum.x);
    let rest = product.y + bounded * sum.y;
    let power = f32_exp(product.x);
    let far = f32_absolute(product.x) > F32_EXP_END;
    return select(power + power * rest, power, far || f32_isinf(power));
}

fn f32_pow(x: f32, y: f32) -> f32 {
    let a = f32_absolute(x);
    let grows = (a > 1.0) == (y > 0.0);
    let zero = f32_zero(a);
    let end = select(zero, f32_inf(a), grows);
    let edge = f32_is_zero(a) || f32_isinf(a) || f32_isinf(y);
    let magnitude = select(select(f32_pow_magnitude(a, y), end, edge), 1.0, a == 1.0);
    let whole = f32_floor(y) == y;
    let half = 0.5 * y;
    let odd = whole && !f32_isinf(y) && !(f32_floor(half) == half);
    let signed = select(magnitude, f32_negative(magnitude), odd && f32_signbit(x));
    let undefined = f32_isnan(x) || f32_isnan(y) || (x < 0.0 && !whole && !f32_isinf(x));
    let result = select(signed, f32_nan(a), undefined);
    return select(result, 1.0, f32_is_zero(y) || x == 1.0);
}
