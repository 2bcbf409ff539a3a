// What both 64-bit integer dtypes T do as pairs of words. Sums carry; the product's low half needs three
// word products.
fn T_add(a: vec2<u32>, b: vec2<u32>) -> vec2<u32> {
    let lo = a.x + b.x;
    return vec2<u32>(lo, a.y + b.y + select(0u, 1u, lo < a.x));
}
fn T_subtract(a: vec2<u32>, b: vec2<u32>) -> vec2<u32> {
    return vec2<u32>(a.x - b.x, a.y - b.y - select(0u, 1u, a.x < b.x));
}
fn T_negative(x: vec2<u32>) -> vec2<u32> { return T_subtract(vec2<u32>(0u, 0u), x); }
fn T_multiply(a: vec2<u32>, b: vec2<u32>) -> vec2<u32> {
    return vec2<u32>(a.x * b.x, u32_multiply_high(a.x, b.x) + a.x * b.y + a.y * b.x);
}
fn T_conj(x: vec2<u32>) -> vec2<u32> { return x; }
fn T_real(x: vec2<u32>) -> vec2<u32> { return x; }
fn T_imag(x: vec2<u32>) -> vec2<u32> { return vec2<u32>(0u, 0u); }
fn T_floor(x: vec2<u32>) -> vec2<u32> { return x; }
fn T_ceil(x: vec2<u32>) -> vec2<u32> { return x; }
fn T_trunc(x: vec2<u32>) -> vec2<u32> { return x; }
fn T_round(x: vec2<u32>) -> vec2<u32> { return x; }
fn T_signbit(x: vec2<u32>) -> bool { return T_less(x, vec2<u32>(0u, 0u)); }
fn T_isnan(x: vec2<u32>) -> bool { return false; }
fn T_bitwise_invert(x: vec2<u32>) -> vec2<u32> { return ~x; }
fn T_bitwise_and(a: vec2<u32>, b: vec2<u32>) -> vec2<u32> { return a & b; }
fn T_bitwise_or(a: vec2<u32>, b: vec2<u32>) -> vec2<u32> { return a | b; }
fn T_bitwise_xor(a: vec2<u32>, b: vec2<u32>) -> vec2<u32> { return a ^ b; }
fn T_equal(a: vec2<u32>, b: vec2<u32>) -> bool { return a.x == b.x && a.y == b.y; }
fn T_not_equal(a: vec2<u32>, b: vec2<u32>) -> bool { return !T_equal(a, b); }
fn T_less_equal(a: vec2<u32>, b: vec2<u32>) -> bool { return !T_less(b, a); }
fn T_greater(a: vec2<u32>, b: vec2<u32>) -> bool { return T_less(b, a); }
fn T_greater_equal(a: vec2<u32>, b: vec2<u32>) -> bool { return !T_less(a, b); }
fn T_minimum(a: vec2<u32>, b: vec2<u32>) -> vec2<u32> { return select(a, b, T_less(b, a)); }
fn T_maximum(a: vec2<u32>, b: vec2<u32>) -> vec2<u32> { return select(a, b, T_less(a, b)); }
fn T_where(c: bool, a: vec2<u32>, b: vec2<u32>) -> vec2<u32> { return select(b, a, c); }
// Euclid's.
fn T_gcd(a: vec2<u32>, b: vec2<u32>) -> vec2<u32> {
    var x = a;
    var y = b;
    while ((y.x | y.y) > 0u) {
        let r = T_remainder(x, y);
        x = y;
        y = r;
    }
    return T_absolute(x);
}
// By squaring. To a negative power only 1 and -1 give another integer than 0.
fn T_pow(a: vec2<u32>, b: vec2<u32>) -> vec2<u32> {
    let one = vec2<u32>(1u, 0u);
    let odd = (b.x & 1u) == 1u;
    let minus_one = (a.x & a.y) == 0xffffffffu;
    let unit = select(select(vec2<u32>(0u, 0u), select(one, a, odd), minus_one), one, T_equal(a, one));
    var power = one;
    var base = a;
    var rest = b;
    while ((rest.x | rest.y) > 0u) {
        power = select(power, T_multiply(power, base), (rest.x & 1u) == 1u);
        base = T_multiply(base, base);
        rest = vec2<u32>((rest.x >> 1u) | (rest.y << 31u), rest.y >> 1u);
    }
    return select(power, unit, T_signbit(b));
}
