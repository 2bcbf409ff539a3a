// What every integer dtype T does, on a register of type T_reg (i32 or u32 for the narrow ones, which are
// wrapped back after each operation).
fn T_add(a: T_reg, b: T_reg) -> T_reg { return T_wrap(a + b); }
fn T_subtract(a: T_reg, b: T_reg) -> T_reg { return T_wrap(a - b); }
fn T_multiply(a: T_reg, b: T_reg) -> T_reg { return T_wrap(a * b); }
fn T_conj(x: T_reg) -> T_reg { return x; }
fn T_real(x: T_reg) -> T_reg { return x; }
fn T_imag(x: T_reg) -> T_reg { return T_reg(0); }
fn T_floor(x: T_reg) -> T_reg { return x; }
fn T_ceil(x: T_reg) -> T_reg { return x; }
fn T_trunc(x: T_reg) -> T_reg { return x; }
fn T_round(x: T_reg) -> T_reg { return x; }
fn T_signbit(x: T_reg) -> bool { return x < T_reg(0); }
fn T_isnan(x: T_reg) -> bool { return false; }
fn T_bitwise_invert(x: T_reg) -> T_reg { return T_wrap(~x); }
fn T_bitwise_and(a: T_reg, b: T_reg) -> T_reg { return a & b; }
fn T_bitwise_or(a: T_reg, b: T_reg) -> T_reg { return a | b; }
fn T_bitwise_xor(a: T_reg, b: T_reg) -> T_reg { return a ^ b; }
fn T_minimum(a: T_reg, b: T_reg) -> T_reg { return min(a, b); }
fn T_maximum(a: T_reg, b: T_reg) -> T_reg { return max(a, b); }
fn T_equal(a: T_reg, b: T_reg) -> bool { return a == b; }
fn T_not_equal(a: T_reg, b: T_reg) -> bool { return !(a == b); }
fn T_less(a: T_reg, b: T_reg) -> bool { return a < b; }
fn T_less_equal(a: T_reg, b: T_reg) -> bool { return a <= b; }
fn T_greater(a: T_reg, b: T_reg) -> bool { return a > b; }
fn T_greater_equal(a: T_reg, b: T_reg) -> bool { return a >= b; }
fn T_where(c: bool, a: T_reg, b: T_reg) -> T_reg { return select(b, a, c); }
// A count that is negative or not below the number of bits shifts everything out. The register may be wider than the
// dtype: its upper bits are wrapped away, or the sign's.
fn T_shifts(b: T_reg) -> bool { return !(b < T_reg(0)) && b < T_register_bits(); }
fn T_bitwise_left_shift(a: T_reg, b: T_reg) -> T_reg {
    let inside = T_shifts(b);
    return select(T_reg(0), T_wrap(a << u32(select(T_reg(0), b, inside))), inside);
}
fn T_bitwise_right_shift(a: T_reg, b: T_reg) -> T_reg {
    let inside = T_shifts(b);
    return select(select(T_reg(0), ~T_reg(0), a < T_reg(0)), a >> u32(select(T_reg(0), b, inside)), inside);
}
// Euclid's: a remainder is of less magnitude than the divisor, whatever their signs.
fn T_gcd(a: T_reg, b: T_reg) -> T_reg {
    var x = a;
    var y = b;
    while (!(y == T_reg(0))) {
        let r = T_remainder(x, y);
        x = y;
        y = r;
    }
    return T_absolute(x);
}
// By squaring. To a negative power only 1 and -1 give another integer than 0.
fn T_pow(a: T_reg, b: T_reg) -> T_reg {
    let minus_one = T_wrap(~T_reg(0));
    let odd = (b & T_reg(1)) == T_reg(1);
    let unit = select(select(T_reg(0), select(T_reg(1), a, odd), a == minus_one), T_reg(1), a == T_reg(1));
    let negative = b < T_reg(0);
    var power = T_reg(1);
    var base = a;
    var rest = select(b, T_reg(0), negative);
    while (rest > T_reg(0)) {
        power = select(power, T_multiply(power, base), (rest & T_reg(1)) == T_reg(1));
        base = T_multiply(base, base);
        rest = rest >> 1u;
    }
    return select(power, unit, negative);
}
