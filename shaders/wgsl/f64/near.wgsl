// sin and cos of f32 for |x| < 2^20, by double precision: x - k·π/2 with π/2 in two parts (Cody and Waite 1980),
// the first of 33 bits, so that its product with a k of 20 bits is exact.
const F32_FAR: u32 = 0x49800000u;
fn f32_is_far(x: f32) -> bool { return (f32_bits(x) & F32_ABS) >= F32_FAR; }
fn f32_reduce_near(x: f32) -> f32_angle {
    let v = f64(x);
    // Adding 1.5·2^52 leaves the nearest integer in the low bits.
    let t = v * 0.6366197723675814lf + 6755399441055744.0lf;
    let k = t - 6755399441055744.0lf;
    let r = (v - k * 1.5707963267341256lf) - k * 6.077100506506192e-11lf;
    return f32_angle(u32(bitcast<u64>(t) & 3lu), f32(r));
}
// Zero keeps its sign.
fn f32_sin_near(x: f32) -> f32 { return select(f32_quadrant(f32_reduce_near(x), 0u), x, f32_is_zero(x)); }
fn f32_cos_near(x: f32) -> f32 { return f32_quadrant(f32_reduce_near(x), 1u); }
