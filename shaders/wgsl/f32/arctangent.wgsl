// arctan on [0, 1]: above tan(π/8) it is π/4 + arctan((t-1)/(t+1)). Chebyshev nodes, relative error 2^-28.
const F32_PI_HIGH: f32 = 3.1415927410125732421875;
const F32_PI_LOW: f32 = -8.74227800037248566167205e-8;
const F32_HALF_PI_HIGH: f32 = 1.57079637050628662109375;
const F32_HALF_PI_LOW: f32 = -4.371139000186242830836025e-8;
const F32_QUARTER_PI_HIGH: f32 = 0.785398185253143310546875;
const F32_QUARTER_PI_LOW: f32 = -2.185569500093121415418012e-8;

fn f32_arctangent(t: f32) -> f32 {
    let upper = t > 0.41421356;
    let s = select(t, (t - 1.0) / (t + 1.0), upper);
    let z = s * s;
    var p = -0.06447741047 * z + 0.10742466849;
    p = p * z - 0.14263838476;
    p = p * z + 0.199995371;
    p = p * z - 0.33333331746;
    let tail = s * z * p;
    return select(s + tail, F32_QUARTER_PI_HIGH + (s + (tail + F32_QUARTER_PI_LOW)), upper);
}
