//! The largest singular values of large matrices, by products with a few random vectors.

use super::matrices::{adjoint, computed, part, split};
use super::{QrMode, qr, svd};
use crate::array::Array;
use crate::error::Result;
use crate::multimethod;
use crate::numpy::manipulation::home;
use crate::numpy::random::{Drawn, Generator, Stream, erased_draw};
use crate::numpy::{astype, matmul};

/// How many singular values are wanted, and how they are looked for: a number, `Sketch::from(10).oversamples(5).seed(7)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sketch {
    /// Singular values and vectors that are wanted.
    pub components: usize,
    /// Random vectors beyond these.
    pub oversamples: usize,
    /// Products with the matrix and its adjoint that bring the vectors nearer; none for 7, or 4 where more than a tenth of
    /// the singular values are wanted.
    pub iterations: Option<usize>,
    /// Where the vectors come from.
    pub stream: Stream,
}

impl Sketch {
    /// With so many random vectors more than components; 10 unless it is said.
    ///
    /// ```
    /// use polyarray_core::numpy::linalg::Sketch;
    /// assert_eq!(Sketch::from(3).oversamples(20).oversamples, 20);
    /// ```
    #[must_use]
    pub fn oversamples(self, oversamples: usize) -> Sketch {
        Sketch { oversamples, ..self }
    }

    /// With so many iterations.
    ///
    /// ```
    /// use polyarray_core::numpy::linalg::Sketch;
    /// assert_eq!(Sketch::from(3).iterations(2).iterations, Some(2));
    /// ```
    #[must_use]
    pub fn iterations(self, iterations: usize) -> Sketch {
        Sketch { iterations: Some(iterations), ..self }
    }

    /// With the vectors of a seed; 0 unless it is said.
    ///
    /// ```
    /// use polyarray_core::numpy::linalg::Sketch;
    /// assert_ne!(Sketch::from(3).seed(7).stream, Sketch::from(3).stream);
    /// ```
    #[must_use]
    pub fn seed(self, seed: u64) -> Sketch {
        Sketch { stream: Stream { key: seed, block: 0 }, ..self }
    }

    /// With vectors of a generator, whose next arrays have nothing in common with them.
    ///
    /// ```
    /// use polyarray_core::numpy::{linalg::Sketch, random::Generator};
    /// let mut rng = Generator::new(7);
    /// let (one, other) = (Sketch::from(3).generator(&mut rng), Sketch::from(3).generator(&mut rng));
    /// assert_ne!(one.stream, other.stream);
    /// ```
    #[must_use]
    pub fn generator(self, rng: &mut Generator) -> Sketch {
        Sketch { stream: rng.split().stream(), ..self }
    }
}

impl From<usize> for Sketch {
    fn from(components: usize) -> Sketch {
        Sketch { components, oversamples: 10, iterations: None, stream: Stream { key: 0, block: 0 } }
    }
}

multimethod! {
    domain "numpy.linalg";

    /// The largest singular values `s` (…, k), in descending order, of matrices (…, m, n), and their vectors `u` (…, m, k) and
    /// `vh` (…, k, n): products with random vectors, orthogonalised between them, find a space that holds them, in which the
    /// matrices are small (Halko, Martinsson, Tropp 2011, "Finding structure with randomness", algorithms 4.4 and 5.1). Exact
    /// but for rounding where k and `oversamples` are no less than the rank; else the nearer, the faster the singular values
    /// fall. k is no more than m and n. A seed gives the same vectors on every device.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy::{self as np, linalg}};
    /// # use {polyarray_cpu as _, polyarray_cpu_linalg as _};
    /// // Of rank 1: one vector is enough.
    /// let x = Array::from([[3.0, 4.0], [6.0, 8.0]]);
    /// let (u, s, vh) = linalg::randomized_svd(&x, 1)?;
    /// assert!(np::allclose(&s, [125.0_f64.sqrt()], ())?);
    /// assert!(np::allclose(&np::matmul(&np::multiply(&u, &s)?, &vh)?, &x, ())?);
    /// // Nearer, where the singular values fall slowly.
    /// let better = linalg::Sketch::from(1).oversamples(20).iterations(10).seed(7);
    /// assert!(np::allclose(&linalg::randomized_svd(&x, better)?.1, &s, ())?);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// scikit-learn: `randomized_svd(M, n_components, n_oversamples, n_iter, random_state)`, without its choice of signs.
    ///
    /// NumPy: none.
    ///
    /// # Errors
    /// Those of [`svd()`].
    pub fn randomized_svd(x: &Array, sketch: Sketch) -> Result<(Array, Array, Array)> {
        let (_, [m, n]) = split("randomized_svd", x)?;
        let x = computed(x)?;
        if m >= n {
            return sketched(&x, sketch);
        }
        let (u, s, vh) = sketched(&adjoint(&x)?, sketch)?;
        Ok((adjoint(&vh)?, s, adjoint(&u)?))
    }
}

/// Of matrices with no more columns than rows.
fn sketched(x: &Array, sketch: Sketch) -> Result<(Array, Array, Array)> {
    let n = x.shape()[x.ndim() - 1];
    let k = sketch.components.min(n);
    let width = k.saturating_add(sketch.oversamples).min(n);
    let vectors = erased_draw(sketch.stream, Drawn::Normal, n * width, x.dtype().real(), &home(x))?;
    let vectors = astype(&vectors.reshape([n, width])?, x.dtype())?;
    let basis = |x: &Array| qr(x, QrMode::Reduced).map(|(q, _)| q);
    let back = adjoint(x)?;
    let mut q = basis(&matmul(x, &vectors)?)?;
    for _ in 0..sketch.iterations.unwrap_or(if 10 * k < n { 7 } else { 4 }) {
        q = basis(&matmul(x, basis(&matmul(&back, &q)?)?)?)?;
    }
    let (u, s, vh) = svd(matmul(adjoint(&q)?, x)?, false)?;
    let u = matmul(&q, part(&u, 0..width, 0..k)?)?;
    Ok((u, s.slice(format!("..., :{k}"))?, part(&vh, 0..k, 0..n)?))
}
