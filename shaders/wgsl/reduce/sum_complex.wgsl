// Compensated sum of c64, and by renaming of c128, a part at a time.
struct c64_sum { re: f32_sum, im: f32_sum }
fn c64_sum_empty() -> c64_sum { return c64_sum(f32_sum_empty(), f32_sum_empty()); }
fn c64_sum_push(a: c64_sum, x: vec2<f32>, i: u32) -> c64_sum {
    return c64_sum(f32_sum_push(a.re, x.x, i), f32_sum_push(a.im, x.y, i));
}
fn c64_sum_merge(a: c64_sum, b: c64_sum) -> c64_sum {
    return c64_sum(f32_sum_merge(a.re, b.re), f32_sum_merge(a.im, b.im));
}
fn c64_sum_result(a: c64_sum) -> vec2<f32> { return vec2<f32>(f32_sum_result(a.re), f32_sum_result(a.im)); }
