//! Windows: weights that fall off towards both ends. Computed on the host in doubles.

use super::grids::placed;
use super::options::Create;
use crate::array::Array;
use crate::error::Result;
use std::f64::consts::PI;

macro_rules! windows {
    ($($(#[$meta:meta])* $f:ident($n:ident, $i:ident $(, $p:ident)?) $body:expr;)*) => { $(
        $(#[$meta])*
        ///
        /// # Errors
        /// An unknown device; those of copying it there.
        pub fn $f(count: usize $(, $p: f64)?, create: impl Into<Create>) -> Result<Array> {
            // One element alone is the middle.
            let at = |i: usize| if count == 1 { 1.0 } else { let ($n, $i) = (count as f64 - 1.0, i as f64); $body };
            placed(stringify!($f), count, at, create.into())
        }
    )* };
}

windows! {
    /// ½ − ½ cos(2πi / (n − 1)) of n elements.
    ///
    /// NumPy: `hanning(M)`.
    ///
    /// ```
    /// use polyarray_core::numpy as np;
    /// # use polyarray_cpu as _;
    /// let window = np::hanning(5, ())?;
    /// assert!(np::allclose(&window, [0.0, 0.5, 1.0, 0.5, 0.0], ())?);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    hanning(n, i) 0.5 - 0.5 * (2.0 * PI * i / n).cos();
    /// 0.54 − 0.46 cos(2πi / (n − 1)) of n elements.
    ///
    /// NumPy: `hamming(M)`.
    ///
    /// ```
    /// use polyarray_core::numpy as np;
    /// # use polyarray_cpu as _;
    /// let window = np::hamming(5, ())?;
    /// assert!(np::allclose(&window, [0.08, 0.54, 1.0, 0.54, 0.08], ())?);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    hamming(n, i) 0.54 - 0.46 * (2.0 * PI * i / n).cos();
    /// 0.42 − ½ cos(2πi / (n − 1)) + 0.08 cos(4πi / (n − 1)) of n elements.
    ///
    /// NumPy: `blackman(M)`.
    ///
    /// ```
    /// use polyarray_core::numpy as np;
    /// # use polyarray_cpu as _;
    /// let window = np::blackman(5, ())?;
    /// assert!(np::allclose(&window, [0.0, 0.34, 1.0, 0.34, 0.0], ())?);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    blackman(n, i) 0.42 - 0.5 * (2.0 * PI * i / n).cos() + 0.08 * (4.0 * PI * i / n).cos();
    /// A triangle: from 0 to 1 in the middle, and back.
    ///
    /// NumPy: `bartlett(M)`.
    ///
    /// ```
    /// use polyarray_core::numpy as np;
    /// # use polyarray_cpu as _;
    /// let window = np::bartlett(5, ())?;
    /// assert_eq!(window.to_vec::<f64>()?, [0.0, 0.5, 1.0, 0.5, 0.0]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    bartlett(n, i) 1.0 - (2.0 * i / n - 1.0).abs();
    /// Kaiser's window: I₀(β √(1 − (2i / (n − 1) − 1)²)) / I₀(β).
    ///
    /// NumPy: `kaiser(M, beta)`.
    ///
    /// ```
    /// use polyarray_core::numpy as np;
    /// # use polyarray_cpu as _;
    /// // Without a β every element is 1.
    /// assert_eq!(np::kaiser(3, 0.0, ())?.to_vec::<f64>()?, [1.0, 1.0, 1.0]);
    /// let window = np::kaiser(5, 8.6, ())?;
    /// assert_eq!(window.to_vec::<f64>()?[2], 1.0);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    kaiser(n, i, beta) bessel(beta * (1.0 - (2.0 * i / n - 1.0).powi(2)).max(0.0).sqrt()) / bessel(beta);
}

/// I₀ as Σ (x²/4)ᵏ / k!², times e^−|x| beyond which the terms are small: those of large arguments would overflow.
fn bessel(x: f64) -> f64 {
    let quarter = x * x / 4.0;
    let (mut term, mut sum, mut k) = (1.0, 1.0, 1.0);
    while term > sum * 1e-17 {
        term *= quarter / (k * k);
        sum += term;
        k += 1.0;
    }
    sum
}
