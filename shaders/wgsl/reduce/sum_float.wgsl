// Compensated sum of f32, and by renaming of f64: every rounding error is kept (TwoSum, Knuth 1969) and added
// at the end.
struct f32_sum { s: f32, e: f32 }
fn f32_sum_empty() -> f32_sum { return f32_sum(f32_run_time_zero(), f32_run_time_zero()); }
fn f32_sum_push(a: f32_sum, x: f32, i: u32) -> f32_sum {
    let s = a.s + x;
    let b = s - a.s;
    return f32_sum(s, a.e + ((a.s - (s - b)) + (x - b)));
}
fn f32_sum_merge(a: f32_sum, b: f32_sum) -> f32_sum {
    let c = f32_sum_push(a, b.s, 0u);
    return f32_sum(c.s, c.e + b.e);
}
// The errors of an infinite sum are no numbers.
fn f32_sum_result(a: f32_sum) -> f32 { return select(a.s + a.e, a.s, f32_isinf(a.s) || f32_isnan(a.s) || f32_is_zero(a.e)); }
