//! What tests of array code need: comparison within a tolerance, and one test body on every backend.
//!
//! ```
//! use polyarray::{self as np, testing};
//! testing::on_every_backend(|place| {
//!     let x = np::linspace(0.0, 1.0, 5, np::dtype(np::DType::F32).device(place))?;
//!     let y = np::exp(&x)?;
//!     let want: Vec<f64> = (0..5).map(|i| (i as f64 / 4.0).exp()).collect();
//!     testing::assert_allclose(&y, &np::Array::from(want), testing::Tolerance::relative(1e-6));
//!     Ok(())
//! });
//! ```

use crate::{Array, DType, Result, astype};
use polyarray_core::array::{ARRAY_KINDS, open, residency};
use polyarray_core::dispatch::{Instance, kinds};

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

    fn holds(self, got: f64, want: f64) -> bool {
        got == want
            || (got.is_nan() && want.is_nan())
            || (got - want).abs() <= self.absolute + self.relative * want.abs()
    }
}

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
    let values = |a: &Array| -> Result<Vec<num_complex::Complex64>> {
        let a = a.to("host")?;
        if a.dtype() == DType::C128 { a.to_vec() } else { astype(&a, DType::C128)?.to_vec() }
    };
    let (g, w) = (values(got)?, values(want)?);
    let holds = |a: &num_complex::Complex64, b: &num_complex::Complex64| {
        tolerance.holds(a.re, b.re) && tolerance.holds(a.im, b.im)
    };
    let mut bad = (0..g.len()).filter(|&i| !holds(&g[i], &w[i]));
    let Some(first) = bad.next() else { return Ok(None) };
    let more = bad.count();
    let worst = (0..g.len()).map(|i| (g[i] - w[i]).norm()).fold(0.0, f64::max);
    Ok(Some(format!(
        "element {:?} is {}, wanted is {}; {} of {} differ, the largest distance is {worst:e} ({tolerance:?})",
        index(first, got.shape()),
        g[first],
        w[first],
        more + 1,
        g.len()
    )))
}

fn index(mut linear: usize, shape: &[usize]) -> Vec<usize> {
    let mut out = vec![0; shape.len()];
    for (o, d) in out.iter_mut().zip(shape).rev() {
        *o = linear % d;
        linear /= d;
    }
    out
}

/// The instances of every linked kind of arrays, opened, in the order of registration.
///
/// # Errors
/// What opening fails with, for a kind that has no instance too: a test never passes by not running.
pub fn every_backend() -> Result<Vec<Instance>> {
    let mut all = Vec::new();
    for kind in kinds().into_iter().filter(|k| ARRAY_KINDS.iter().any(|a| a.name == k.name())) {
        let count = kind.id().backend().map_or(0, |b| b.instances().len()).max(1);
        for i in 0..count {
            let instance = kind.instance(i as u16);
            open(instance)?;
            all.push(instance);
        }
    }
    Ok(all)
}

/// Runs a test on every backend there is, handing it the name of a place such as `"host"` or `"gpu:0"`.
///
/// # Panics
/// If the body fails, naming the place; if a linked kind has no instance that opens (a machine without an
/// adapter: the message says how to get one).
#[track_caller]
pub fn on_every_backend(test: impl Fn(&str) -> Result<()>) {
    let instances = every_backend().unwrap_or_else(|e| panic!("{e}"));
    for instance in instances {
        let place = residency::residency_of(instance).unwrap_or_else(|e| panic!("{e}"));
        if let Err(e) = test(place.name()) {
            panic!("on {place}: {e}");
        }
    }
}
