// Product of T.
struct T_prod { v: T_reg }
fn T_prod_empty() -> T_prod { return T_prod(T_one()); }
fn T_prod_push(a: T_prod, x: T_reg, i: u32) -> T_prod { return T_prod(T_multiply(a.v, x)); }
fn T_prod_merge(a: T_prod, b: T_prod) -> T_prod { return T_prod(T_multiply(a.v, b.v)); }
fn T_prod_result(a: T_prod) -> T_reg { return a.v; }
