//! Options of linear algebra.

use crate::numpy::Reduce;

/// Which triangle of a matrix is meant; `()` is the lower one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Triangle {
    /// The elements on the diagonal and below it.
    #[default]
    Lower,
    /// The elements on the diagonal and above it.
    Upper,
}

impl From<()> for Triangle {
    fn from((): ()) -> Triangle {
        Triangle::Lower
    }
}

/// Which triangle of the matrix is read, and whether its diagonal is: `()` for the upper one, as in SciPy,
/// `Triangle::Lower`, `Triangular::from(Triangle::Lower).unit_diagonal()`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Triangular {
    /// The triangle that is read.
    pub triangle: Triangle,
    /// The diagonal is taken as 1, and not read.
    pub unit_diagonal: bool,
}

impl Triangular {
    /// The diagonal is 1.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy::{self as np, linalg::{Triangle, Triangular}}};
    /// # use {polyarray_cpu as _, polyarray_cpu_linalg as _};
    /// // What is on the diagonal and above it is not read.
    /// let a = Array::from([[9.0, 9.0], [2.0, 9.0]]);
    /// let form = Triangular::from(Triangle::Lower).unit_diagonal();
    /// assert!(np::allclose(&np::linalg::solve_triangular(&a, [1.0, 5.0], form)?, [1.0, 3.0], ())?);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    #[must_use]
    pub fn unit_diagonal(self) -> Triangular {
        Triangular { unit_diagonal: true, ..self }
    }
}

impl From<()> for Triangular {
    fn from((): ()) -> Triangular {
        Triangle::Upper.into()
    }
}

impl From<Triangle> for Triangular {
    fn from(triangle: Triangle) -> Triangular {
        Triangular { triangle, unit_diagonal: false }
    }
}

/// How much of Q and R is wanted; `()` is `Reduced`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum QrMode {
    /// As many columns of Q and rows of R as the shorter side of the matrix.
    #[default]
    Reduced,
    /// A square Q.
    Complete,
}

impl From<()> for QrMode {
    fn from((): ()) -> QrMode {
        QrMode::Reduced
    }
}

/// What counts as zero, as a share of the largest singular value: `()` for ε times the longer side of the matrix.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Tolerance(pub Option<f64>);

impl From<()> for Tolerance {
    fn from((): ()) -> Tolerance {
        Tolerance(None)
    }
}

impl From<f64> for Tolerance {
    fn from(share: f64) -> Tolerance {
        Tolerance(Some(share))
    }
}

/// Which norm: a number, infinite ones too; `()` is 2.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum NormOrder {
    /// The root of the sum of the squared magnitudes of a matrix.
    Frobenius,
    /// The sum of the singular values of a matrix.
    Nuclear,
    /// The p-norm.
    P(f64),
}

impl From<()> for NormOrder {
    fn from((): ()) -> NormOrder {
        NormOrder::P(2.0)
    }
}

impl From<f64> for NormOrder {
    fn from(p: f64) -> NormOrder {
        NormOrder::P(p)
    }
}

impl From<i32> for NormOrder {
    fn from(p: i32) -> NormOrder {
        NormOrder::P(p.into())
    }
}

/// Which norm, along which axes: whatever [`Reduce`] is made of, `ord(1)`, `axis(0).ord(1)`, `axis(0).keepdims().ord(1)`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Norm {
    /// The axes, and whether they stay.
    pub over: Reduce,
    /// The order; none for the function's own.
    pub ord: Option<NormOrder>,
}

/// A norm of this order.
///
/// ```
/// use polyarray_core::{Array, numpy as np};
/// # use {polyarray_cpu as _, polyarray_cpu_linalg as _};
/// let x = Array::from([3.0, -4.0]);
/// let largest = np::linalg::vector_norm(&x, np::linalg::ord(f64::INFINITY))?;
/// assert_eq!(largest.item()?.to_f64(), 4.0);
/// # Ok::<(), polyarray_core::Error>(())
/// ```
pub fn ord(ord: impl Into<NormOrder>) -> Norm {
    Reduce::default().ord(ord)
}

impl Reduce {
    /// The norm of this order along these axes.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use {polyarray_cpu as _, polyarray_cpu_linalg as _};
    /// let x = Array::from([[3.0, -4.0], [1.0, 1.0]]);
    /// let norms = np::linalg::vector_norm(&x, np::axis(0).ord(1))?;
    /// assert_eq!(norms.to_vec::<f64>()?, [4.0, 5.0]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    #[must_use]
    pub fn ord(self, ord: impl Into<NormOrder>) -> Norm {
        Norm { over: self, ord: Some(ord.into()) }
    }
}

impl<T: Into<Reduce>> From<T> for Norm {
    fn from(over: T) -> Norm {
        Norm { over: over.into(), ord: None }
    }
}
