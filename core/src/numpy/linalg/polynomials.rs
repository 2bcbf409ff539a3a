//! What eigenvalues and least squares say of polynomials.

use super::matrices::epsilon;
use super::{eigvals, lstsq};
use crate::array::Array;
use crate::error::Error;
use crate::multimethod;
use crate::numpy::manipulation::{alike, one, part, strong};
use crate::numpy::polynomials::{floats, vector};
use crate::numpy::{
    concat, cumulative_prod, divide, eye, flat_nonzero, multiply, negative, ones, scan_along, sqrt, sum,
    zeros,
};

multimethod! {
    domain "numpy.linalg";

    /// The roots of a polynomial, complex, in no order: the eigenvalues of its companion matrix. Leading zeros are left out.
    /// **Evaluates the coefficients.**
    ///
    /// NumPy: `roots(p)`, which are real where all of them are.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use {polyarray_cpu as _, polyarray_cpu_linalg as _};
    /// // x² − 5x + 6 = (x − 2) · (x − 3)
    /// let roots = np::roots(&Array::from([1.0, -5.0, 6.0]))?;
    /// assert!(np::allclose(&np::sort(&roots, ())?, [2.0, 3.0], ())?);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`polyval()`](fn@crate::numpy::polyval) and of [`eigvals()`](fn@eigvals).
    pub fn roots(p: &Array) -> Result<Array> {
        vector("roots", p)?;
        let p = floats(&strong(p)?)?;
        let set = flat_nonzero(&p)?.to("host")?.to_vec::<i64>()?;
        let (Some(&first), Some(&last)) = (set.first(), set.last()) else {
            return zeros([0], alike(&p, p.dtype().complex()));
        };
        let (first, last) = (first as usize, last as usize);
        let (n, at_zero) = (last - first, p.len() - 1 - last);
        let none = zeros([at_zero], alike(&p, p.dtype().complex()))?;
        if n == 0 {
            return Ok(none);
        }
        let row = negative(&divide(&part(&p, 0, first + 1, 1, n)?, &one(&p, 0, first)?)?)?;
        let below = eye((n - 1, n), alike(&p, p.dtype()))?;
        let companion = concat(&[row.reshape([1, n])?, below], 0)?;
        concat(&[eigvals(&companion)?, none], 0)
    }

    /// The polynomial of a degree that is nearest to points (x, y) by least squares: `degree` + 1 coefficients for y of one axis,
    /// columns of them for the columns of y.
    ///
    /// NumPy: `polyfit(x, y, deg)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use {polyarray_cpu as _, polyarray_cpu_linalg as _};
    /// // The line 2x + 1.
    /// let x = Array::from([0.0, 1.0, 2.0]);
    /// assert!(np::allclose(&np::polyfit(&x, [1.0, 3.0, 5.0], 1)?, [2.0, 1.0], ())?);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Shape`] for x of other than one axis, or y of another length; those of [`lstsq()`].
    pub fn polyfit(x: &Array, y: &Array, degree: usize) -> Result<Array> {
        let n = vector("polyfit", x)?;
        if y.ndim() == 0 || y.ndim() > 2 || y.shape()[0] != n || n == 0 {
            return Err(Error::Shape {
                op: "polyfit",
                operands: format!("x: {:?}, y: {:?}", x.shape(), y.shape()),
                fix: "y has one axis or two, the first as long as x, which has elements".into(),
            });
        }
        // Vandermonde's matrix, which `vander` has of no narrower integers than 64 bits, and so of no float32.
        let x = floats(&strong(x)?)?;
        let ones = ones([n, 1], alike(&x, x.dtype()))?;
        let factors = concat(&[ones, x.expand_dims(1)?.broadcast_to([n, degree])?], 1)?;
        let powers = cumulative_prod(&factors, scan_along(1))?.flip(1)?;
        // Columns of one length are solved for more exactly.
        let scale = sqrt(&sum(&multiply(&powers, &powers)?, 0)?)?;
        let share = n as f64 * epsilon(powers.dtype());
        let (c, ..) = lstsq(&divide(&powers, &scale)?, &floats(y)?, share)?;
        divide(&c, &if y.ndim() == 1 { scale } else { scale.expand_dims(1)? })
    }
}
