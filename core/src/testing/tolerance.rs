//! How far a result may be from the reference: the numeric contract of `docs/NUMERICS.md`, in one place.

use super::methods::is_formula;
use super::reference::Truth;
use crate::dtype::{DType, Kind, Scalar};
use crate::expr::OPS;

/// How far a value may be from what is wanted: `|got − want| ≤ absolute + relative · |want|`. NaN equals NaN,
/// and infinities equal themselves.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tolerance {
    /// Absolute part.
    pub absolute: f64,
    /// Part of the wanted magnitude.
    pub relative: f64,
}

impl Tolerance {
    /// Equal, bit for bit but for the sign of zero and the payload of NaN.
    pub const EXACT: Tolerance = Tolerance { absolute: 0.0, relative: 0.0 };

    /// A share of the wanted magnitude.
    pub const fn relative(relative: f64) -> Tolerance {
        Tolerance { absolute: 0.0, relative }
    }

    /// A distance, whatever the magnitude.
    pub const fn absolute(absolute: f64) -> Tolerance {
        Tolerance { absolute, relative: 0.0 }
    }

    pub(super) fn holds(self, got: f64, want: f64) -> bool {
        got == want
            || (got.is_nan() && want.is_nan())
            || (got - want).abs() <= self.absolute + self.relative * want.abs()
    }
}

/// What a method promises about its floats. Bools and integers are always exact.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rule {
    /// Units in the last place of the exact result. Complex numbers: normwise.
    pub ulps: f64,
    /// Times ε and the sum of the magnitudes of all terms; 0 where nothing is summed.
    pub terms: f64,
    /// The sign of a zero counts.
    pub signed_zero: bool,
}

/// Correctly rounded, with room for a reference that is itself rounded to a wider format.
const ROUNDED: f64 = 0.5001;

/// Where a result was computed, as far as the contract distinguishes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Where {
    /// On the host.
    Host,
    /// On a device: float64 functions are all its own, and subnormal results may flush.
    Device,
}

/// The rule of a method with a first operand of `input` and a result of `dtype`, of `n` terms each.
pub fn rule(method: &str, input: DType, dtype: DType, n: usize) -> Rule {
    let n = n.max(1) as f64;
    let complex = dtype.is_complex();
    // The reference of double precision functions is the C library's, and of complex ones a formula in doubles.
    let functions = match dtype {
        DType::F16 => 1.0,
        DType::F64 => 5.0,
        DType::C128 => 8.0,
        _ => 4.0,
    };
    let of = |ulps: f64, terms: f64| Rule { ulps, terms, signed_zero: !complex };
    let pairwise = n.log2() + 2.0;
    match method {
        // Zeros are equal, whatever their signs.
        "minimum" | "maximum" | "fmin" | "fmax" | "clip" | "min" | "max" | "nanmin" | "nanmax"
        | "order_statistics" | "min_where" | "max_where" => Rule { signed_zero: false, ..of(0.0, 0.0) },
        "add" | "subtract" | "polyadd" | "polysub" => of(ROUNDED, 0.0),
        "outer" | "kron" => Rule { signed_zero: false, ..of(if complex { 4.0 } else { ROUNDED }, 0.0) },
        "polyder" | "polyint" => of(if complex { 8.0 } else { 2.0 * ROUNDED }, 0.0),
        "multiply" | "divide" => of(if complex { 4.0 } else { ROUNDED }, 0.0),
        "remainder" => of(ROUNDED, 0.0),
        "absolute" => of(if input.is_complex() { 4.0 } else { 0.0 }, 0.0),
        "sqrt" if complex => of(functions, 0.0),
        "sqrt" => of(ROUNDED, 0.0),
        "floor_divide" | "divmod" => of(ROUNDED, 0.0),
        _ if is_function(method) => of(functions, 0.0),
        // Several roundings; of complex numbers the reference is a formula in doubles that loses digits, too.
        // Two exponentials and a series.
        "i0" => of(2.0 * functions, 0.0),
        "logaddexp" | "logaddexp2" if !complex => of(functions, 2.0),
        "sinc" => Rule { signed_zero: false, ..of(functions, 0.0) },
        _ if is_formula(method) => of(if dtype == DType::C128 { 1e4 } else { functions }, 0.0),
        "astype" => of(ROUNDED, 0.0),
        "sum" | "trace" | "nansum" | "sum_where" => Rule { signed_zero: false, ..of(1.0, pairwise) },
        "prod" | "nanprod" | "prod_where" | "cumulative_prod" | "nancumprod" => of(2.0 * (n + 2.0), 0.0),
        "mean" | "nanmean" | "mean_where" => Rule { signed_zero: false, ..of(2.0, pairwise) },
        // Sums of squares or of singular values, and a root.
        "norm" | "vector_norm" | "matrix_norm" => Rule { signed_zero: false, ..of(8.0, 4.0 * pairwise) },
        // The difference of two products.
        "cross" => Rule { signed_zero: false, ..of(1.0, 2.0) },
        // Two passes: squares of rounded distances, summed.
        "var" | "std" | "nanvar" | "nanstd" | "var_where" | "std_where" => {
            Rule { signed_zero: false, ..of(4.0 * pairwise + 16.0, 0.0) }
        }
        // Lines of 128 in order, then the lines of a span.
        "cumulative_sum" | "nancumsum" => Rule { signed_zero: false, ..of(1.0, n.min(384.0) + n / 32768.0) },
        // A few operations on a few numbers; terms are their magnitudes.
        "median" | "nanmedian" | "quantile" | "nanquantile" | "percentile" | "nanpercentile" | "interp"
        | "gradient" | "gradient_at" => Rule { signed_zero: false, ..of(4.0, 4.0) },
        "histogram" | "histogram2d" | "histogramdd" => of(4.0, 0.0),
        "average" | "trapezoid" | "trapezoid_at" => Rule { signed_zero: false, ..of(4.0, pairwise + 2.0) },
        // Products of distances from means, which are rounded.
        "cov" | "corrcoef" => Rule { signed_zero: false, ..of(4.0, 2.0 * n + 8.0) },
        "ptp" | "diff" | "ediff1d" => Rule { signed_zero: false, ..of(0.0, 0.0) },
        // One after the other; what meets nothing stays as it is.
        "scatter" | "update_items" | "reduce_segments" | "reduceat" | "bincount_weighted"
        | "histogram_weighted" => Rule { signed_zero: false, ..of(2.0 * (n - 1.0), n - 1.0) },
        "matmul" | "matmul_as" | "einsum" | "tensordot" | "inner" | "dot" | "vdot" | "vecdot" | "matvec"
        | "vecmat" | "multi_dot" | "convolve" | "correlate" | "polymul" | "polyval" | "poly" => {
            Rule { signed_zero: false, ..of(1.0, 2.0 * n) }
        }
        _ => of(0.0, 0.0),
    }
}

/// Whether the results of a method are rounded, elementwise functions of its arguments.
pub(super) fn is_inexact(method: &str) -> bool {
    method == "sqrt" || is_function(method) || is_formula(method)
}

/// Whether a method is a transcendental operation of the table.
fn is_function(method: &str) -> bool {
    OPS.iter().any(|row| row.name == method && row.op.is_function())
}

/// ε and the smallest normal number of a float format.
fn format(dtype: DType) -> (f64, f64, f64) {
    match dtype.real() {
        DType::F16 => (2_f64.powi(-10), 2_f64.powi(-14), 65504.0),
        DType::F32 => (f64::from(f32::EPSILON), f64::from(f32::MIN_POSITIVE), f64::from(f32::MAX)),
        _ => (f64::EPSILON, f64::MIN_POSITIVE, f64::MAX),
    }
}

/// The unit in the last place of a dtype at `x`; below the smallest normal number it stays what it is there.
pub fn ulp(x: f64, dtype: DType) -> f64 {
    let (epsilon, least, _) = format(dtype);
    let exponent = if x.is_nan() { 0.0 } else { x.abs().clamp(least, f64::MAX).log2().floor() };
    // `log2` may round up to the next power.
    let power = exponent.exp2();
    let power = if power > x.abs().max(least) { power / 2.0 } else { power };
    power * epsilon
}

/// Why a result is not what the rule allows; nothing where it is.
pub fn differs(rule: Rule, got: Scalar, truth: &Truth, place: Where) -> Option<String> {
    let dtype = got.dtype();
    match *truth {
        Truth::Exact(want) if matches!(dtype.kind(), Kind::Bool | Kind::Int) => {
            (got != want).then(|| format!("{got} instead of {want}"))
        }
        Truth::Exact(want) => distance(rule, got, want, want.to_c128(), 0.0, place),
        Truth::Near { value, terms } => {
            distance(rule, got, Scalar::C128(value).cast(dtype), value, terms, place)
        }
        Truth::Infinite => {
            let z = got.to_c128();
            (!(z.re.is_infinite() || z.im.is_infinite()))
                .then(|| format!("{got} instead of an infinite number"))
        }
        Truth::Special(want) => {
            let (z, relative) = (got.to_c128(), rule.ulps * format(dtype).0);
            let good = want[0].holds(z.re, relative) && want[1].holds(z.im, relative);
            (!good).then(|| format!("{got} instead of {want:?}"))
        }
    }
}

fn distance(
    rule: Rule,
    got: Scalar,
    rounded: Scalar,
    want: num_complex::Complex64,
    terms: f64,
    place: Where,
) -> Option<String> {
    let dtype = got.dtype();
    let (epsilon, least, most) = format(dtype);
    let (g, r) = (got.to_c128(), rounded.to_c128());
    let room = |want: f64| rule.ulps * ulp(want, dtype) + rule.terms * epsilon * terms;
    let part = |g: f64, r: f64, want: f64, room: f64| -> bool {
        if g.is_nan() || r.is_nan() {
            return g.is_nan() && r.is_nan();
        }
        if g == 0.0 && r == 0.0 {
            return !rule.signed_zero || g.is_sign_negative() == r.is_sign_negative();
        }
        if g == r {
            return true;
        }
        if !g.is_finite() || !r.is_finite() {
            // One past the largest number is infinity: that is one unit.
            let largest = |x: f64| x.clamp(-most, most);
            return rule.ulps >= 1.0 && (largest(g) - largest(r)).abs() <= room;
        }
        let flushed = place == Where::Device && g == 0.0 && r.abs() < least;
        flushed || (g - want).abs() <= room
    };
    let good = if dtype.is_complex() {
        let finite = g.is_finite() && r.is_finite();
        if finite && (rule.ulps > ROUNDED || rule.terms > 0.0) {
            (g - want).norm() <= room(want.norm())
                || (place == Where::Device && want.norm() < least && g.norm() == 0.0)
        } else {
            part(g.re, r.re, want.re, room(want.re)) && part(g.im, r.im, want.im, room(want.im))
        }
    } else {
        part(g.re, r.re, want.re, room(want.re))
    };
    if good {
        return None;
    }
    let far = (g - want).norm() / ulp(want.norm(), dtype);
    Some(format!("{got} instead of {rounded}, {far:.2} ULP off, {rule:?}"))
}
