// Sum of the integers T; it wraps.
struct T_sum { v: T_reg }
fn T_sum_empty() -> T_sum { return T_sum(T_zero()); }
fn T_sum_push(a: T_sum, x: T_reg, i: u32) -> T_sum { return T_sum(T_add(a.v, x)); }
fn T_sum_merge(a: T_sum, b: T_sum) -> T_sum { return T_sum(T_add(a.v, b.v)); }
fn T_sum_result(a: T_sum) -> T_reg { return a.v; }
