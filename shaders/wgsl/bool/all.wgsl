// bool: + is or, * is and, false < true.
alias bool_reg = bool;
fn bool_absolute(x: bool) -> bool { return x; }
fn bool_floor(x: bool) -> bool { return x; }
fn bool_ceil(x: bool) -> bool { return x; }
fn bool_trunc(x: bool) -> bool { return x; }
fn bool_round(x: bool) -> bool { return x; }
fn bool_isnan(x: bool) -> bool { return false; }
fn bool_bitwise_invert(x: bool) -> bool { return !x; }
fn bool_add(a: bool, b: bool) -> bool { return a || b; }
fn bool_multiply(a: bool, b: bool) -> bool { return a && b; }
fn bool_minimum(a: bool, b: bool) -> bool { return a && b; }
fn bool_maximum(a: bool, b: bool) -> bool { return a || b; }
fn bool_equal(a: bool, b: bool) -> bool { return a == b; }
fn bool_not_equal(a: bool, b: bool) -> bool { return !(a == b); }
fn bool_less(a: bool, b: bool) -> bool { return !a && b; }
fn bool_less_equal(a: bool, b: bool) -> bool { return !a || b; }
fn bool_greater(a: bool, b: bool) -> bool { return a && !b; }
fn bool_greater_equal(a: bool, b: bool) -> bool { return a || !b; }
fn bool_bitwise_and(a: bool, b: bool) -> bool { return a && b; }
fn bool_bitwise_or(a: bool, b: bool) -> bool { return a || b; }
fn bool_bitwise_xor(a: bool, b: bool) -> bool { return !(a == b); }
fn bool_where(c: bool, a: bool, b: bool) -> bool { return select(b, a, c); }
