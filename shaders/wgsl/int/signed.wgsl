// Signed integers: division towards minus infinity. By zero it is 0, as in NumPy, and MIN / -1 wraps; the
// hardware's answer to both is undefined, so the divisor is replaced first.
fn T_negative(x: T_reg) -> T_reg { return T_wrap(T_reg(0) - x); }
fn T_absolute(x: T_reg) -> T_reg { return select(x, T_negative(x), x < T_reg(0)); }
fn T_floor_divide(a: T_reg, b: T_reg) -> T_reg {
    let plain = b > T_reg(0) || b < T_reg(-1);
    let d = select(T_reg(1), b, plain);
    let q = a / d;
    let r = a - q * d;
    let down = !(r == T_reg(0)) && ((r < T_reg(0)) == !(d < T_reg(0)));
    let floored = select(q, q - T_reg(1), down);
    return select(select(floored, T_negative(a), b == T_reg(-1)), T_reg(0), b == T_reg(0));
}
fn T_remainder(a: T_reg, b: T_reg) -> T_reg {
    let plain = b > T_reg(0) || b < T_reg(-1);
    let d = select(T_reg(1), b, plain);
    let r = a - (a / d) * d;
    let down = !(r == T_reg(0)) && ((r < T_reg(0)) == !(d < T_reg(0)));
    return select(T_reg(0), select(r, r + d, down), plain);
}
