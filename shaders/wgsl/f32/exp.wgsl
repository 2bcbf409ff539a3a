// e^x = 2^k·e^r with |r| ≤ ln2/2. k·LN2_HIGH is exact (12 and 9 bits). Polynomial of (e^r - 1 - r)/r² through
// Chebyshev nodes; relative error 2^-31.
const F32_LN2_HIGH: f32 = 0.693115234375;
const F32_LN2_LOW: f32 = 0.000031946184945309417232;
const F32_LOG2_E: f32 = 1.442695040888963;

// e^x·2^shift, for a result that rounds once. Beyond the bounds it is infinite or 0 even if the smallest number is to be
// multiplied with it, or the largest.
fn f32_exp_shifted(x: f32, shift: i32) -> f32 {
    let high = select(x, 195.0, x > 195.0);
    let v = select(high, -180.0, high < -180.0);
    // Adding 1.5·2^23 leaves the nearest integer in the low bits.
    let t = v * F32_LOG2_E + 12582912.0;
    let k = t - 12582912.0;
    let r = (v - k * F32_LN2_HIGH) - k * F32_LN2_LOW;
    // Estrin's order: neighbouring terms first, so that no step waits for all those before.
    let z = r * r;
    let high_terms = (0.00019891981 * r + 0.0013934545) * z + (0.00833331002 * r + 0.0416664568);
    let p = high_terms * z + (0.16666666683 * r + 0.50000000143);
    let y = 1.0 + (r + z * p);
    return select(f32_scale(y, clamp(bitcast<i32>(t) - 0x4b400000 + shift, -252, 254)), x, f32_isnan(x));
}

fn f32_exp(x: f32) -> f32 { return f32_exp_shifted(x, 0); }
