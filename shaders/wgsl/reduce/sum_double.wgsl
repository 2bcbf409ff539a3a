// Sum of f32 in double precision, where that is native and cheaper than to keep errors: rounded once, at the end.
struct f32_double_sum { s: f64 }
fn f32_double_sum_empty() -> f32_double_sum { return f32_double_sum(f64_run_time_zero()); }
fn f32_double_sum_push(a: f32_double_sum, x: f32, i: u32) -> f32_double_sum { return f32_double_sum(a.s + f64(x)); }
fn f32_double_sum_merge(a: f32_double_sum, b: f32_double_sum) -> f32_double_sum { return f32_double_sum(a.s + b.s); }
fn f32_double_sum_result(a: f32_double_sum) -> f32 { return f32(a.s); }
// The same of c64.
struct c64_double_sum { s: vec2<f64> }
fn c64_double_sum_empty() -> c64_double_sum {
    return c64_double_sum(vec2<f64>(f64_run_time_zero(), f64_run_time_zero()));
}
fn c64_double_sum_push(a: c64_double_sum, x: vec2<f32>, i: u32) -> c64_double_sum {
    return c64_double_sum(vec2<f64>(a.s.x + f64(x.x), a.s.y + f64(x.y)));
}
fn c64_double_sum_merge(a: c64_double_sum, b: c64_double_sum) -> c64_double_sum {
    return c64_double_sum(vec2<f64>(a.s.x + b.s.x, a.s.y + b.s.y));
}
fn c64_double_sum_result(a: c64_double_sum) -> vec2<f32> { return vec2<f32>(f32(a.s.x), f32(a.s.y)); }
