//! The reference interpreter: what each method gives, computed one scalar after another, in doubles (sums and products
//! with compensation), complex doubles and wide integers.
//!
//! It shares no code with the backends, and knows neither layouts nor fusion nor blocks.

mod contraction;
mod elementwise;
mod manipulation;
mod matrix;
mod movement;
mod order;
mod product;
mod reduction;
pub(crate) mod wide;

pub use contraction::{diagonal, einsum};
pub use elementwise::{compute_dtype, element};
pub use manipulation::{pad, pick, split, trimmed};
pub use matrix::{Matrix, SingularValues, epsilon};
pub use movement::{concat, full, indices, select, stack, take};
pub use order::{argsort, flat_nonzero, nonzero, rank, scan, search, sort};
pub use product::matmul;
pub use reduction::{fold, mean, reduce, segments, variance};

use super::annex_g::Part;
use super::samples::Plain;
use crate::dtype::{DType, Scalar};
use num_complex::Complex64;
use std::fmt;
use std::sync::Arc;

/// What an element of a result is to be.
#[derive(Clone, Copy, Debug)]
pub enum Truth {
    /// This value, in the dtype of the result.
    Exact(Scalar),
    /// Near a value that is known better than the dtype of the result holds it.
    Near {
        /// The value.
        value: Complex64,
        /// The sum of the magnitudes of what was summed.
        terms: f64,
    },
    /// A complex number that a standard lists, part by part.
    Special([Part; 2]),
    /// A complex number with an infinite part.
    Infinite,
}

impl Truth {
    /// Near a value that is no sum.
    pub fn near(value: Complex64) -> Truth {
        Truth::Near { value, terms: 0.0 }
    }

    /// As an element of a dtype.
    pub fn rounded(self, dtype: DType) -> Scalar {
        match self {
            Truth::Exact(value) => value.cast(dtype),
            Truth::Near { value, .. } => Scalar::C128(value).cast(dtype),
            Truth::Infinite => Scalar::C128(Complex64::new(f64::INFINITY, f64::NAN)).cast(dtype),
            Truth::Special([re, im]) => Scalar::C128(Complex64::new(re.value(), im.value())).cast(dtype),
        }
    }
}

/// A condition that the results of a call must meet together, where no element alone is right or wrong: a
/// factorisation's product is the matrix.
#[derive(Clone)]
pub struct Check(Arc<CheckFn>);

type CheckFn = dyn Fn(&[Plain]) -> Result<(), String> + Send + Sync;

impl Check {
    /// Says of the results what is wrong.
    pub fn new(check: impl Fn(&[Plain]) -> Result<(), String> + Send + Sync + 'static) -> Check {
        Check(Arc::new(check))
    }

    /// Whether the results meet it.
    ///
    /// # Errors
    /// What is wrong.
    pub fn holds(&self, results: &[Plain]) -> Result<(), String> {
        (self.0)(results)
    }
}

impl fmt::Debug for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Check")
    }
}

/// What an array that a method gives is to be.
#[derive(Clone, Debug)]
pub struct Want {
    /// Its dtype.
    pub dtype: DType,
    /// Its shape.
    pub shape: Vec<usize>,
    /// Its elements, row-major; none where a check says what they are to be.
    pub elements: Vec<Truth>,
    /// Number of terms that each element is a sum or product of; 1 where it is none.
    pub terms: usize,
    /// What all results of the call must meet together.
    pub check: Option<Check>,
}

impl Want {
    /// Of elements that are no sums.
    pub fn new(dtype: DType, shape: &[usize], elements: Vec<Truth>) -> Want {
        Want { dtype, shape: shape.to_vec(), elements, terms: 1, check: None }
    }

    /// Results of these dtypes and shapes that meet a condition together.
    pub fn checked(
        results: impl IntoIterator<Item = (DType, Vec<usize>)>,
        check: impl Fn(&[Plain]) -> Result<(), String> + Send + Sync + 'static,
    ) -> Vec<Want> {
        let mut wants: Vec<Want> =
            results.into_iter().map(|(dtype, shape)| Want::new(dtype, &shape, Vec::new())).collect();
        if let Some(first) = wants.first_mut() {
            first.check = Some(Check::new(check));
        }
        wants
    }

    /// Number of elements.
    pub fn len(&self) -> usize {
        self.shape.iter().product()
    }

    /// Whether there is nothing to compute.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Of exact elements.
    pub fn exact(values: Plain) -> Want {
        Want::new(values.dtype, &values.shape, values.data.into_iter().map(Truth::Exact).collect())
    }

    /// As elements of the dtype.
    pub fn plain(&self) -> Plain {
        Plain::new(self.dtype, &self.shape, self.elements.iter().map(|e| e.rounded(self.dtype)))
    }
}

/// A sum of doubles and what was lost of it (Knuth's TwoSum).
#[derive(Clone, Copy, Default)]
pub(super) struct Compensated {
    sum: f64,
    lost: f64,
}

impl Compensated {
    /// Adds a double.
    pub fn add(&mut self, x: f64) {
        let sum = self.sum + x;
        let part = sum - self.sum;
        self.lost += (self.sum - (sum - part)) + (x - part);
        self.sum = sum;
    }

    /// Adds the exact product of two doubles.
    pub fn add_product(&mut self, a: f64, b: f64) {
        let product = a * b;
        self.add(product);
        let lost = a.mul_add(b, -product);
        if lost.is_finite() {
            self.lost += lost;
        }
    }

    /// The sum; infinite and undefined ones are those of plain addition.
    pub fn total(self) -> f64 {
        if self.sum.is_finite() { self.sum + self.lost } else { self.sum }
    }
}
