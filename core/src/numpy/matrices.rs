//! Matrices made of an array: triangles, diagonals, Vandermonde's.

use super::creation::erased_indices;
use super::manipulation::{Pad, alike, cast, home, pad, part, strong};
use super::options::scan_along;
use super::{concat, cumulative_prod, equal, greater, less_equal, ones, subtract, where_, zeros};
use crate::array::Array;
use crate::dtype::{DType, promote};
use crate::error::{Error, Result};
use crate::multimethod;

multimethod! {
    domain "numpy";

    /// Matrices (…, m, n) with zeros above the diagonal `k`: 0 is the main one, positive ones lie above it. An array of
    /// one axis is the row of a square matrix.
    ///
    /// NumPy: `tril(x, k)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let x = Array::from([[1.0, 2.0], [3.0, 4.0]]);
    /// assert_eq!(np::tril(&x, 0)?.to_vec::<f64>()?, [1.0, 0.0, 3.0, 4.0]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Shape`] for an array without axes.
    pub fn tril(x: &Array, k: i64) -> Result<Array> {
        triangle("tril", x, k, true)
    }

    /// Matrices (…, m, n) with zeros below the diagonal `k`: 0 is the main one, positive ones lie above it. An array of
    /// one axis is the row of a square matrix.
    ///
    /// NumPy: `triu(x, k)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let x = Array::from([[1.0, 2.0], [3.0, 4.0]]);
    /// assert_eq!(np::triu(&x, 0)?.to_vec::<f64>()?, [1.0, 2.0, 0.0, 4.0]);
    /// assert_eq!(np::triu(&x, 1)?.to_vec::<f64>()?, [0.0, 2.0, 0.0, 0.0]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Shape`] for an array without axes.
    pub fn triu(x: &Array, k: i64) -> Result<Array> {
        triangle("triu", x, k, false)
    }

    /// Of a matrix its diagonal `k`, a view where strides can express it; of an array of one axis the square matrix that has
    /// it as its diagonal `k`, zeros elsewhere.
    ///
    /// NumPy: `diag(x, k)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let x = Array::from([[1.0, 2.0], [3.0, 4.0]]);
    /// assert_eq!(np::diag(&x, 0)?.to_vec::<f64>()?, [1.0, 4.0]);
    /// let v = Array::from([5.0, 6.0]);
    /// assert_eq!(np::diag(&v, 0)?.to_vec::<f64>()?, [5.0, 0.0, 0.0, 6.0]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Shape`] for another number of axes.
    pub fn diag(x: &Array, k: i64) -> Result<Array> {
        let x = strong(x)?;
        match *x.shape() {
            [n] => {
                let off = usize::try_from(k.unsigned_abs()).unwrap_or(usize::MAX);
                let size = n.checked_add(off).ok_or_else(|| Error::TooLarge {
                    place: "diag".into(), bytes: u128::MAX, detail: "its length does not fit an address".into(),
                })?;
                // Above the main diagonal an element stands in its row, below it in its column.
                let all = pad(&x, (0, off), Pad::from(()))?;
                let i = erased_indices(size, &home(&x))?;
                let on = equal(&i, &super::add(&i.expand_dims(1)?, k)?)?;
                let spread = if k < 0 { all } else { all.expand_dims(1)? };
                where_(&on, &spread, &zero_beside(&x)?)
            }
            [m, n] => {
                let (down, across) = if k < 0 { (k.unsigned_abs() as usize, 0) } else { (0, k as usize) };
                let (rows, columns) = (m.saturating_sub(down), n.saturating_sub(across));
                let len = rows.min(columns);
                let square = part(&part(&x, 0, down.min(m), 1, if len == 0 { 0 } else { rows })?, 1, across.min(n), 1, columns)?;
                if len == 0 {
                    return square.reshape([0]);
                }
                let square = part(&part(&square, 0, 0, 1, len)?, 1, 0, 1, len)?;
                part(&super::manipulation::flat(&square)?, 0, 0, len as isize + 1, len)
            }
            _ => Err(Error::Shape {
                op: "diag",
                operands: format!("x: {:?}", x.shape()),
                fix: "it takes one axis or two".into(),
            }),
        }
    }

    /// The square matrix with the flattened elements on its diagonal `k`, zeros elsewhere.
    ///
    /// NumPy: `diagflat(x, k)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let x = Array::from([[5.0], [6.0]]);
    /// assert_eq!(np::diagflat(&x, 0)?.to_vec::<f64>()?, [5.0, 0.0, 0.0, 6.0]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    pub fn diagflat(x: &Array, k: i64) -> Result<Array> {
        diag(&super::ravel(x)?, k)
    }

    /// The matrix whose columns are powers of a vector: `columns` of them (its length for `()`), the highest first unless
    /// they are to be increasing. Integers in 64 bits.
    ///
    /// NumPy: `vander(x, N, increasing)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let x = Array::from([1.0, 2.0, 3.0]);
    /// let v = np::vander(&x, ())?;
    /// assert_eq!(v.to_vec::<f64>()?, [1.0, 1.0, 1.0, 4.0, 2.0, 1.0, 9.0, 3.0, 1.0]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Shape`] if `x` has not one axis.
    pub fn vander(x: &Array, powers: Powers) -> Result<Array> {
        let [n] = *x.shape() else {
            return Err(Error::Shape {
                op: "vander",
                operands: format!("x: {:?}", x.shape()),
                fix: "it takes one axis".into(),
            });
        };
        let columns = powers.columns.unwrap_or(n);
        let x = cast(x, promote(x.dtype(), DType::I64))?;
        let create = alike(&x, x.dtype());
        if columns == 0 {
            return zeros([n, 0], create);
        }
        let rest = x.expand_dims(1)?.broadcast_to([n, columns - 1])?;
        let factors = concat(&[ones([n, 1], create)?, rest], 1)?;
        let ascending = cumulative_prod(&factors, scan_along(1).dtype(x.dtype()))?;
        if powers.increasing { Ok(ascending) } else { ascending.flip(1) }
    }
}

/// Which powers [`vander()`] gives: `()`, a number of columns, `.increasing()`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Powers {
    /// Number of columns; none for as many as rows.
    pub columns: Option<usize>,
    /// The power 0 comes first.
    pub increasing: bool,
}

impl Powers {
    /// The power 0 comes first.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let x = Array::from([2.0, 3.0]);
    /// let powers = np::vander(&x, np::Powers::from(3).increasing())?;
    /// assert_eq!(powers.to_vec::<f64>()?, [1.0, 2.0, 4.0, 1.0, 3.0, 9.0]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    #[must_use]
    pub fn increasing(self) -> Powers {
        Powers { increasing: true, ..self }
    }
}

impl From<()> for Powers {
    fn from((): ()) -> Powers {
        Powers::default()
    }
}

impl From<usize> for Powers {
    fn from(columns: usize) -> Powers {
        Powers { columns: Some(columns), increasing: false }
    }
}

fn triangle(op: &'static str, x: &Array, k: i64, lower: bool) -> Result<Array> {
    let x = strong(x)?;
    let (m, n) = match *x.shape() {
        [] => {
            return Err(Error::Shape {
                op,
                operands: "an array without axes".into(),
                fix: "it takes matrices, or a row".into(),
            });
        }
        [n] => (n, n),
        [.., m, n] => (m, n),
    };
    let place = home(&x);
    let (i, j) = (erased_indices(m, &place)?.expand_dims(1)?, erased_indices(n, &place)?);
    let distance = subtract(&j, &i)?;
    let kept = if lower { less_equal(&distance, k)? } else { greater(&distance, k.saturating_sub(1))? };
    where_(&kept, &x, &zero_beside(&x)?)
}

/// A zero of the dtype of an array, where it lives.
fn zero_beside(x: &Array) -> Result<Array> {
    zeros((), alike(x, x.dtype()))
}
