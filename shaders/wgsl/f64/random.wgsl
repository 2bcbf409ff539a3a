// The upper 53 bits of two words as a number below 2^53.
fn whole_f64(low: u32, high: u32) -> f64 {
    return f64_from_u32(high >> 5u) * 67108864.0lf + f64_from_u32(low >> 6u);
}
fn uniform_f64(low: u32, high: u32) -> f64 { return whole_f64(low, high) * 1.1102230246251565404e-16lf; }
// Two normal numbers.
fn normal_f64(w: vec4<u32>) -> vec2<f64> {
    let u = (whole_f64(w.x, w.y) + 0.5lf) * 1.1102230246251565404e-16lf;
    // The angle, 53 bits of a turn: its upper two bits, rounded, are the nearest quarter, what is left is exact.
    let quadrant = (w.w + 0x20000000u) >> 30u;
    let left = f64_from_i32(bitcast<i32>(w.w - (quadrant << 30u)) >> 5u) * 67108864.0lf + f64_from_u32(w.z >> 6u);
    let angle = f64_angle(quadrant, left * 6.9757369960172631734e-16lf);
    return f64_sqrt(-2.0lf * f64_log_of_normal(u, 0)) * vec2<f64>(f64_quadrant(angle, 1u), f64_quadrant(angle, 0u));
}
