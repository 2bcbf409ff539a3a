// The upper 53 bits of two words as a number below 2^53.
fn whole_f64(low: u32, high: u32) -> f64 {
    return f64_from_u32(high >> 5u) * 67108864.0lf + f64_from_u32(low >> 6u);
}
fn uniform_f64(low: u32, high: u32) -> f64 { return whole_f64(low, high) * 1.1102230246251565404e-16lf; }
// Two normal numbers.
fn normal_f64(w: vec4<u32>) -> vec2<f64> {
    let u = (whole_f64(w.x, w.y) + 0.5lf) * 1.1102230246251565404e-16lf;
    let sc = f64_sin_cos(whole_f64(w.z, w.w) * 6.9757369960172631734e-16lf);
    return f64_sqrt(-2.0lf * f64_log(u)) * sc.yx;
}
