// e^x = 2^k·e^r with |r| ≤ ln2/2. k·LN2_HIGH is exact (32 and 11 bits). Polynomial of (e^r - 1 - r)/r² through
// Chebyshev nodes; relative error 2^-68.
const F64_LN2_HIGH: f64 = 0.69314718036912381649017333984375lf;
const F64_LN2_LOW: f64 = 1.908214929270587816144266e-10lf;
const F64_LOG2_E: f64 = 1.442695040888963407359925lf;

// e^x·2^shift, for a result that rounds once. Beyond the bounds it is infinite or 0 even if the smallest number is to be
// multiplied with it, or the largest.
fn f64_exp_shifted(x: f64, shift: i32) -> f64 {
    let high = select(x, 1470.0lf, x > 1470.0lf);
    let v = select(high, -1400.0lf, high < -1400.0lf);
    let k = f64_floor(v * F64_LOG2_E + 0.5lf);
    let r = (v - k * F64_LN2_HIGH) - k * F64_LN2_LOW;
    var p = 1.6087177234380782278e-10lf * r + 2.0918961837795778064e-9lf;
    p = p * r + 2.5052069594795684812e-8lf;
    p = p * r + 2.755726102934376868e-7lf;
    p = p * r + 2.7557319248633825543e-6lf;
    p = p * r + 0.000024801587338565345553lf;
    p = p * r + 0.00019841269841262762552lf;
    p = p * r + 0.0013888888888878268954lf;
    p = p * r + 0.0083333333333333340768lf;
    p = p * r + 0.041666666666666677821lf;
    p = p * r + 0.16666666666666666667lf;
    p = p * r + 0.5lf;
    let y = 1.0lf + (r + r * r * p);
    return select(f64_scale(y, clamp(i32(k) + shift, -2044, 2046)), x, f64_isnan(x));
}

fn f64_exp(x: f64) -> f64 { return f64_exp_shifted(x, 0); }
