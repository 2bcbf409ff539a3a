// arctan on [0, 1]: above tan(π/8) it is π/4 + arctan((t-1)/(t+1)). Chebyshev nodes, relative error 2^-66.
const F64_PI_HIGH: f64 = 3.141592653589793115997963lf;
const F64_PI_LOW: f64 = 1.224646799147353177226066e-16lf;
const F64_HALF_PI_HIGH: f64 = 1.570796326794896557998982lf;
const F64_HALF_PI_LOW: f64 = 6.12323399573676588613033e-17lf;
const F64_QUARTER_PI_HIGH: f64 = 0.7853981633974482789994909lf;
const F64_QUARTER_PI_LOW: f64 = 3.061616997868382943065165e-17lf;

fn f64_arctangent(t: f64) -> f64 {
    let upper = t > 0.41421356lf;
    let s = select(t, (t - 1.0lf) / (t + 1.0lf), upper);
    let z = s * s;
    var p = -0.013892520207010398303lf * z + 0.030610274694365921685lf;
    p = p * z - 0.041033377467417769373lf;
    p = p * z + 0.047191229424329049303lf;
    p = p * z - 0.052579989063322382509lf;
    p = p * z + 0.058819208480819429209lf;
    p = p * z - 0.066666417173027397362lf;
    p = p * z + 0.076923067223419724273lf;
    p = p * z - 0.09090909066620618171lf;
    p = p * z + 0.11111111110748203309lf;
    p = p * z - 0.14285714285711462316lf;
    p = p * z + 0.19999999999999991353lf;
    p = p * z - 0.33333333333333333329lf;
    let tail = s * z * p;
    return select(s + tail, F64_QUARTER_PI_HIGH + (s + (tail + F64_QUARTER_PI_LOW)), upper);
}
