//! Comparison of arrays within a tolerance.

use super::tolerance::Tolerance;
use crate::array::Array;
use crate::dtype::DType;
use crate::error::Result;
use crate::numpy::astype;
use num_complex::Complex64;

/// Panics with the first difference, the largest one and their number unless the two arrays agree. Arrays of
/// different dtypes are compared by value; different shapes never agree.
#[track_caller]
pub fn assert_allclose(got: &Array, want: &Array, tolerance: Tolerance) {
    if let Some(difference) = difference(got, want, tolerance).unwrap_or_else(|e| Some(format!("{e}"))) {
        panic!("{difference}");
    }
}

/// Where two arrays disagree, in words; nothing if they agree.
///
/// # Errors
/// What evaluating or reading them fails with.
pub fn difference(got: &Array, want: &Array, tolerance: Tolerance) -> Result<Option<String>> {
    if got.shape() != want.shape() {
        return Ok(Some(format!("the shape is {:?}, wanted is {:?}", got.shape(), want.shape())));
    }
    let values = |a: &Array| -> Result<Vec<Complex64>> {
        let a = a.to("host")?;
        if a.dtype() == DType::C128 { a.to_vec() } else { astype(&a, DType::C128)?.to_vec() }
    };
    let (g, w) = (values(got)?, values(want)?);
    let holds = |a: &Complex64, b: &Complex64| tolerance.holds(a.re, b.re) && tolerance.holds(a.im, b.im);
    let mut bad = (0..g.len()).filter(|&i| !holds(&g[i], &w[i]));
    let Some(first) = bad.next() else { return Ok(None) };
    let more = bad.count();
    let worst = (0..g.len()).map(|i| (g[i] - w[i]).norm()).fold(0.0, f64::max);
    Ok(Some(format!(
        "element {:?} is {}, wanted is {}; {} of {} differ, the largest distance is {worst:e} ({tolerance:?})",
        super::samples::unravel(first, got.shape()),
        g[first],
        w[first],
        more + 1,
        g.len()
    )))
}
