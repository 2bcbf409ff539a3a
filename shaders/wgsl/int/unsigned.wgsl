// Unsigned integers: division by zero is 0, as in NumPy.
fn T_negative(x: T_reg) -> T_reg { return T_wrap(T_reg(0) - x); }
fn T_absolute(x: T_reg) -> T_reg { return x; }
fn T_floor_divide(a: T_reg, b: T_reg) -> T_reg {
    let zero = b == T_reg(0);
    return select(a / select(b, T_reg(1), zero), T_reg(0), zero);
}
fn T_remainder(a: T_reg, b: T_reg) -> T_reg {
    let zero = b == T_reg(0);
    return select(a % select(b, T_reg(1), zero), T_reg(0), zero);
}
