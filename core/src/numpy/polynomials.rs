//! Polynomials: vectors of coefficients, that of the highest power first.

use super::manipulation::{alike, common, one, pad, part, strong};
use super::{Count, Mode, Pad, add, arange, concat, convolve, divide, multiply, subtract, zeros};
use crate::array::Array;
use crate::dtype::Kind;
use crate::error::{Error, Result};
use crate::multimethod;

multimethod! {
    domain "numpy";

    /// The values of a polynomial at every element of `x`, by Horner's rule.
    ///
    /// NumPy: `polyval(p, x)`.
    ///
    /// # Errors
    /// [`Error::Shape`] if `p` has not one axis.
    pub fn polyval(p: &Array, x: &Array) -> Result<Array> {
        let n = vector("polyval", p)?;
        let (p, x) = common(p, x)?;
        if n == 0 {
            return zeros(x.shape(), alike(&x, x.dtype()));
        }
        let coefficient = |i: usize| one(&p, 0, i)?.reshape(());
        // Every element takes part, so that NaN stays NaN.
        let start = add(&multiply(&x, 0)?, &coefficient(0)?)?;
        (1..n).try_fold(start, |y, i| add(&multiply(&y, &x)?, &coefficient(i)?))
    }

    /// The sum of two polynomials.
    ///
    /// NumPy: `polyadd(a, b)`.
    ///
    /// # Errors
    /// Those of [`polyval()`].
    pub fn polyadd(a: &Array, b: &Array) -> Result<Array> {
        let (a, b) = as_long("polyadd", a, b)?;
        add(&a, &b)
    }

    /// The difference of two polynomials.
    ///
    /// NumPy: `polysub(a, b)`.
    ///
    /// # Errors
    /// Those of [`polyval()`].
    pub fn polysub(a: &Array, b: &Array) -> Result<Array> {
        let (a, b) = as_long("polysub", a, b)?;
        subtract(&a, &b)
    }

    /// The product of two polynomials.
    ///
    /// NumPy: `polymul(a, b)`.
    ///
    /// # Errors
    /// Those of [`convolve()`].
    pub fn polymul(a: &Array, b: &Array) -> Result<Array> {
        convolve(a, b, Mode::Full)
    }

    /// Quotient and remainder of two polynomials, in floats. The leading zeros of the remainder are not left out, as NumPy does:
    /// it has one coefficient less than the divisor. **Evaluates the divisor's first coefficient.**
    ///
    /// NumPy: `polydiv(a, b)`.
    ///
    /// # Errors
    /// [`Error::Argument`] if the divisor has no coefficients, or its first one is 0; those of [`polyval()`].
    pub fn polydiv(a: &Array, b: &Array) -> Result<(Array, Array)> {
        let (m, n) = (vector("polydiv", a)?, vector("polydiv", b)?);
        let (a, b) = common(a, b)?;
        let (a, b) = (floats(&a)?, floats(&b)?);
        if n == 0 || one(&b, 0, 0)?.item()?.to_c128() == 0.0.into() {
            return Err(Error::Argument {
                op: "polydiv",
                operands: format!("a divisor of {n} coefficients"),
                fix: "its first coefficient is not 0".into(),
            });
        }
        let lead = one(&b, 0, 0)?;
        let (mut rest, mut quotient) = (a.clone(), Vec::new());
        for i in 0..(m + 1).saturating_sub(n) {
            let share = divide(&one(&rest, 0, i)?, &lead)?;
            let spread = pad(&multiply(&b, &share)?, (i, m - n - i), Pad::from(()))?;
            rest = subtract(&rest, &spread)?;
            quotient.push(share);
        }
        let quotient = match &quotient[..] {
            [] => zeros([1], alike(&a, a.dtype()))?,
            quotient => concat(quotient, 0)?,
        };
        let left = m.min(n - 1);
        Ok((quotient, part(&rest, 0, m - left, 1, left)?))
    }

    /// The derivative of a polynomial, `times` times (`()`: once).
    ///
    /// NumPy: `polyder(p, m)`.
    ///
    /// # Errors
    /// Those of [`polyval()`].
    pub fn polyder(p: &Array, times: Count) -> Result<Array> {
        vector("polyder", p)?;
        (0..times.0.unwrap_or(1).min(p.len())).try_fold(strong(p)?, |p, _| {
            let n = p.len() - 1;
            let powers = super::manipulation::cast(&descending(n, &p)?, p.dtype())?;
            multiply(&part(&p, 0, 0, 1, n)?, &powers)
        })
    }

    /// The polynomial in floats whose derivative is another one, `times` times (`()`: once); its last coefficients are 0.
    ///
    /// NumPy: `polyint(p, m)`.
    ///
    /// # Errors
    /// Those of [`polyval()`].
    pub fn polyint(p: &Array, times: Count) -> Result<Array> {
        vector("polyint", p)?;
        let p = floats(&strong(p)?)?;
        let (times, power) = (times.0.unwrap_or(1), super::manipulation::cast(&descending(p.len(), &p)?, p.dtype())?);
        // The largest number divided by the factorial of 400 is 0.
        let integral = (0..times.min(400)).try_fold(p, |p, i| divide(&p, &add(&power, i as f64)?));
        pad(&integral?, (0, times), Pad::from(()))
    }

    /// The polynomial whose roots are the elements of a vector, and whose first coefficient is 1. NumPy's are real where the roots
    /// are each other's conjugates; take [`real()`](fn@super::real) of these.
    ///
    /// NumPy: `poly(roots)`.
    ///
    /// # Errors
    /// Those of [`polyval()`].
    pub fn poly(roots: &Array) -> Result<Array> {
        let n = vector("poly", roots)?;
        let roots = floats(&strong(roots)?)?;
        let one_more = super::ones([1], alike(&roots, roots.dtype()))?;
        (0..n).try_fold(one_more.clone(), |p, i| {
            convolve(&p, &concat(&[one_more.clone(), super::negative(&one(&roots, 0, i)?)?], 0)?, Mode::Full)
        })
    }
}

pub(super) fn vector(op: &'static str, p: &Array) -> Result<usize> {
    match *p.shape() {
        [n] => Ok(n),
        _ => Err(Error::Shape {
            op,
            operands: format!("{:?}", p.shape()),
            fix: "coefficients are a vector: one axis".into(),
        }),
    }
}

pub(super) fn floats(x: &Array) -> Result<Array> {
    if x.dtype().kind() < Kind::Float { multiply(x, 1.0) } else { Ok(x.clone()) }
}

/// n, n − 1, … 1.
fn descending(n: usize, like: &Array) -> Result<Array> {
    subtract(n as i64, &arange(n, alike(like, crate::dtype::DType::I64))?)
}

/// Two polynomials of as many coefficients.
fn as_long(op: &'static str, a: &Array, b: &Array) -> Result<(Array, Array)> {
    let (m, n) = (vector(op, a)?, vector(op, b)?);
    let (a, b) = common(a, b)?;
    let more = |x: &Array, by: usize| if by > 0 { pad(x, (by, 0), Pad::from(())) } else { Ok(x.clone()) };
    Ok((more(&a, n.saturating_sub(m))?, more(&b, m.saturating_sub(n))?))
}
