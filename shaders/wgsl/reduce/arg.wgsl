// Where the first smallest and the first largest of T are; the first NaN wins. Ties go to the lower index, so
// the order of merging does not matter; an index of all ones is "nothing yet".
struct T_argmin { v: T_reg, i: u32 }
fn T_argmin_empty() -> T_argmin { return T_argmin(T_highest(), 0xffffffffu); }
fn T_argmin_push(a: T_argmin, x: T_reg, i: u32) -> T_argmin { return T_argmin_merge(a, T_argmin(x, i)); }
fn T_argmin_merge(a: T_argmin, b: T_argmin) -> T_argmin {
    let nans = T_isnan(a.v) && T_isnan(b.v);
    let first = T_less(a.v, b.v) || (T_isnan(a.v) && !nans);
    let tie = (nans || T_equal(a.v, b.v)) && a.i < b.i;
    return T_argmin(T_where(first || tie, a.v, b.v), select(b.i, a.i, first || tie));
}
fn T_argmin_result(a: T_argmin) -> i64_reg { return i64_from_u32(a.i); }
struct T_argmax { v: T_reg, i: u32 }
fn T_argmax_empty() -> T_argmax { return T_argmax(T_lowest(), 0xffffffffu); }
fn T_argmax_push(a: T_argmax, x: T_reg, i: u32) -> T_argmax { return T_argmax_merge(a, T_argmax(x, i)); }
fn T_argmax_merge(a: T_argmax, b: T_argmax) -> T_argmax {
    let nans = T_isnan(a.v) && T_isnan(b.v);
    let first = T_greater(a.v, b.v) || (T_isnan(a.v) && !nans);
    let tie = (nans || T_equal(a.v, b.v)) && a.i < b.i;
    return T_argmax(T_where(first || tie, a.v, b.v), select(b.i, a.i, first || tie));
}
fn T_argmax_result(a: T_argmax) -> i64_reg { return i64_from_u32(a.i); }
