//! Powers, exponentials and long products of matrices.

use super::matrices::{cast, computed, identity, square};
use super::{inv, solve};
use crate::array::Array;
use crate::dtype::promote_all;
use crate::error::{Error, Result};
use crate::multimethod;
use crate::numpy::{
    absolute, add, axis, exp, full_like, greater, matmul, max, multiply, subtract, sum, where_,
};

multimethod! {
    domain "numpy.linalg";

    /// Square matrices (…, n, n) multiplied by themselves `power` times, by repeated squaring; 0 gives the identity, a
    /// negative power is that of the inverses.
    ///
    /// NumPy: `linalg.matrix_power(x, n)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use {polyarray_cpu as _, polyarray_cpu_linalg as _};
    /// let x = Array::from([[1.0, 1.0], [1.0, 0.0]]);
    /// assert_eq!(np::linalg::matrix_power(&x, 5)?.to_vec::<f64>()?, [8.0, 5.0, 5.0, 3.0]);
    /// assert!(np::allclose(&np::linalg::matrix_power(&x, -1)?, [[0.0, 1.0], [1.0, -1.0]], ())?);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Shape`](crate::Error::Shape) for matrices that are not square; those of [`inv()`] for negative powers.
    pub fn matrix_power(x: &Array, power: i64) -> Result<Array> {
        let (_, n) = square("matrix_power", x)?;
        if power == 0 {
            return identity(n, x)?.broadcast_to(x.shape());
        }
        let mut square = if power < 0 { inv(x)? } else { x.clone() };
        let (mut rest, mut product): (u64, Option<Array>) = (power.unsigned_abs(), None);
        loop {
            if rest & 1 == 1 {
                product = Some(match product {
                    Some(product) => matmul(&product, &square)?,
                    None => square.clone(),
                });
            }
            rest >>= 1;
            match product {
                Some(product) if rest == 0 => return Ok(product),
                _ => square = matmul(&square, &square)?,
            }
        }
    }

    /// The exponentials Σ xⁱ / i! of square matrices (…, n, n): by scaling, a Padé approximant of degree 13 and squaring
    /// (Higham 2005). Integers are computed in the device's default float, float16 in float32. **Evaluates `x`**, since the
    /// scale depends on its norm.
    ///
    /// NumPy: `scipy.linalg.expm(x)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use {polyarray_cpu as _, polyarray_cpu_linalg as _};
    /// let x = Array::from([[0.0, 2.0], [0.0, 0.0]]);
    /// assert!(np::allclose(&np::linalg::expm(&x)?, [[1.0, 2.0], [0.0, 1.0]], ())?);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Shape`](crate::Error::Shape) for matrices that are not square; what computing `x` fails with.
    pub fn expm(x: &Array) -> Result<Array> {
        let (_, n) = square("expm", x)?;
        let x = computed(x)?;
        if x.is_empty() {
            return Ok(x);
        }
        if n == 1 {
            return exp(&x);
        }
        // Each matrix is halved as often as its own 1-norm asks for.
        let norm = max(&sum(&absolute(&x)?, axis(-2))?, axis(-1).keepdims())?.expand_dims(-1)?;
        norm.eval()?;
        let largest = max(&norm, ())?.item()?.to_f64();
        let halvings = if largest.is_finite() { (largest / THETA).log2().ceil().max(0.0) as u32 } else { 0 };
        let mut scale = full_like(&norm, 1.0, ())?;
        for i in 0..halvings {
            scale = where_(&greater(&norm, THETA * 2_f64.powi(i as i32))?, &multiply(&scale, 0.5)?, &scale)?;
        }
        let mut power = pade(&multiply(&x, &scale)?, n)?;
        for i in 0..halvings {
            let squared = greater(&norm, THETA * 2_f64.powi(i as i32))?;
            power = where_(&squared, &matmul(&power, &power)?, &power)?;
        }
        Ok(power)
    }

    /// The product of two or more arrays, multiplied in the order that needs the fewest operations. The first and the last
    /// may have one axis, the others have two.
    ///
    /// NumPy: `linalg.multi_dot(arrays)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use {polyarray_cpu as _, polyarray_cpu_linalg as _};
    /// let row = Array::from([[1.0, 2.0]]);
    /// let x = Array::from([[0.0, 1.0], [1.0, 0.0]]);
    /// let column = Array::from([[3.0], [4.0]]);
    /// assert_eq!(np::linalg::multi_dot(&[row, x, column])?.to_vec::<f64>()?, [10.0]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Shape`](crate::Error::Shape) for less than two arrays, or shapes that do not fit.
    pub fn multi_dot(arrays: &[Array]) -> Result<Array> {
        let last = arrays.len().saturating_sub(1);
        let fits = |(i, x): (usize, &Array)| x.ndim() == 2 || x.ndim() == 1 && (i == 0 || i == last);
        if arrays.len() < 2 || !arrays.iter().enumerate().all(fits) {
            let shapes: Vec<&[usize]> = arrays.iter().map(|x| x.shape()).collect();
            return Err(Error::Shape {
                op: "multi_dot",
                operands: format!("{shapes:?}"),
                fix: "give two or more matrices; only the first and the last may have one axis".into(),
            });
        }
        // Lengths between the factors: factor i is (sides[i], sides[i + 1]).
        let first = if arrays[0].ndim() == 1 { 1 } else { arrays[0].shape()[0] };
        let end = |x: &Array| if x.ndim() == 1 { 1 } else { x.shape()[1] };
        let inner = arrays[..last].iter().map(|x| x.shape()[x.ndim() - 1]);
        let sides: Vec<f64> =
            std::iter::once(first).chain(inner).chain([end(&arrays[last])]).map(|n| n as f64).collect();
        let splits = splits(&sides);
        // In the dtype of all of them, whichever are multiplied first.
        let dtype = promote_all(arrays.iter().map(Array::dtype));
        let alike = |x: &Array| dtype.map_or(Ok(x.clone()), |dtype| cast(x, dtype));
        let arrays = arrays.iter().map(alike).collect::<Result<Vec<_>>>()?;
        chain(&arrays, &splits, 0, last)
    }
}

/// Up to this 1-norm the approximant is exact to rounding in double precision (Higham 2005, table 2.3).
const THETA: f64 = 5.371_920_351_148_152;

/// The coefficients of the approximant of degree 13.
const PADE: [f64; 14] = [
    64_764_752_532_480_000.0,
    32_382_376_266_240_000.0,
    7_771_770_303_897_600.0,
    1_187_353_796_428_800.0,
    129_060_195_264_000.0,
    10_559_470_521_600.0,
    670_442_572_800.0,
    33_522_128_640.0,
    1_323_241_920.0,
    40_840_800.0,
    960_960.0,
    16_380.0,
    182.0,
    1.0,
];

/// exp(x) of matrices whose norm is at most [`THETA`].
fn pade(x: &Array, n: usize) -> Result<Array> {
    // In float32 the coefficients' range is too wide to multiply sums by, so all are divided by the first.
    let b = PADE.map(|b| b / PADE[0]);
    let identity = identity(n, x)?;
    let x2 = matmul(x, x)?;
    let x4 = matmul(&x2, &x2)?;
    let x6 = matmul(&x4, &x2)?;
    let three = |b2: f64, b4: f64, b6: f64| -> Result<Array> {
        add(&multiply(&x6, b6)?, &add(&multiply(&x4, b4)?, &multiply(&x2, b2)?)?)
    };
    let odd = add(
        &matmul(&x6, &three(b[9], b[11], b[13])?)?,
        &add(&three(b[3], b[5], b[7])?, &multiply(&identity, b[1])?)?,
    )?;
    let u = matmul(x, &odd)?;
    let v = add(
        &matmul(&x6, &three(b[8], b[10], b[12])?)?,
        &add(&three(b[2], b[4], b[6])?, &multiply(&identity, b[0])?)?,
    )?;
    solve(&subtract(&v, &u)?, &add(&v, &u)?)
}

/// Where to split the product of factors i to j, for every i < j: the order of fewest multiplications (Cormen and others,
/// section 14.2).
fn splits(sides: &[f64]) -> Vec<Vec<usize>> {
    let n = sides.len() - 1;
    let mut cost = vec![vec![0.0; n]; n];
    let mut at = vec![vec![0; n]; n];
    for length in 1..n {
        for i in 0..n - length {
            let j = i + length;
            let costs =
                (i..j).map(|k| (k, cost[i][k] + cost[k + 1][j] + sides[i] * sides[k + 1] * sides[j + 1]));
            let (k, least) =
                costs.fold((i, f64::INFINITY), |best, one| if one.1 < best.1 { one } else { best });
            (at[i][j], cost[i][j]) = (k, least);
        }
    }
    at
}

fn chain(arrays: &[Array], splits: &[Vec<usize>], i: usize, j: usize) -> Result<Array> {
    if i == j {
        return Ok(arrays[i].clone());
    }
    let k = splits[i][j];
    matmul(&chain(arrays, splits, i, k)?, &chain(arrays, splits, k + 1, j)?)
}
