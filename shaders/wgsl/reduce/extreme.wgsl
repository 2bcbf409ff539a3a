// Smallest and largest of T; NaN wins.
struct T_min { v: T_reg }
fn T_min_empty() -> T_min { return T_min(T_highest()); }
fn T_min_push(a: T_min, x: T_reg, i: u32) -> T_min { return T_min(T_minimum(a.v, x)); }
fn T_min_merge(a: T_min, b: T_min) -> T_min { return T_min(T_minimum(a.v, b.v)); }
fn T_min_result(a: T_min) -> T_reg { return a.v; }
struct T_max { v: T_reg }
fn T_max_empty() -> T_max { return T_max(T_lowest()); }
fn T_max_push(a: T_max, x: T_reg, i: u32) -> T_max { return T_max(T_maximum(a.v, x)); }
fn T_max_merge(a: T_max, b: T_max) -> T_max { return T_max(T_maximum(a.v, b.v)); }
fn T_max_result(a: T_max) -> T_reg { return a.v; }
