//! Integers and discrete distributions.

use super::generator::Generator;
use crate::array::{Array, IntoShape, Operandlike};
use crate::device::Dyn;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::numpy::{
    Shape, absolute, add, all, astype, bitwise_and, bitwise_right_shift, ceil, divide, exp, floor, full_like,
    greater, greater_equal, less, less_equal, log, log1p, logical_and, logical_not, logical_or, maximum,
    minimum, multiply, negative, remainder, sqrt, subtract, where_,
};
use std::f64::consts::PI;

impl Generator {
    /// Integers from `low` to below `high`, int64, as likely as each other to a share of (high − low) / 2⁶⁴.
    ///
    /// NumPy: `Generator.integers(low, high, size)`.
    ///
    /// ```
    /// use polyarray_core::numpy::random::Generator;
    /// # use polyarray_cpu as _;
    /// let dice = Generator::new(7).integers(1, 7, [2, 100])?;
    /// assert_eq!(dice.shape(), [2, 100]);
    /// assert!(dice.to_vec::<i64>()?.iter().all(|eyes| (1..=6).contains(eyes)));
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Argument`] if nothing lies between the bounds; those of [`random`](Generator::random).
    pub fn integers(&mut self, low: i64, high: i64, shape: impl IntoShape) -> Result<Array> {
        let range = i128::from(high) - i128::from(low);
        if range <= 0 {
            return Err(Error::Argument {
                op: "integers",
                operands: format!("low: {low}, high: {high}"),
                fix: "high lies above low".into(),
            });
        }
        let words = self.long_words(shape)?;
        let below = if range < 1 << 32 {
            // The upper 64 bits of the product of 96: multiplied by halves.
            let range = range as u64;
            let low =
                bitwise_right_shift(&multiply(&bitwise_and(&words, u64::from(u32::MAX))?, range)?, 32_u64)?;
            let high = multiply(&bitwise_right_shift(&words, 32_u64)?, range)?;
            bitwise_right_shift(&add(&high, &low)?, 32_u64)?
        } else {
            remainder(&words, range as u64)?
        };
        add(&astype(&below, DType::I64)?, low)
    }

    /// Random bytes, uint8.
    ///
    /// NumPy: `Generator.bytes(length)`, which gives Python bytes.
    ///
    /// ```
    /// use polyarray_core::{DType, numpy::random::Generator};
    /// # use polyarray_cpu as _;
    /// let x = Generator::new(7).bytes(16)?;
    /// assert_eq!((x.shape(), x.dtype()), (&[16][..], DType::U8));
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`random`](Generator::random).
    pub fn bytes(&mut self, length: usize) -> Result<Array> {
        astype(&self.integers(0, 256, length)?, DType::U8)
    }

    /// How often something of probability `p` happens in `n` trials: int64. By the number of failures between two successes
    /// where few are expected, else by rejection (Hörmann 1993, algorithm BTRS).
    ///
    /// NumPy: `Generator.binomial(n, p, size)`.
    ///
    /// ```
    /// use polyarray_core::numpy::{self as np, random::Generator};
    /// # use polyarray_cpu as _;
    /// let x = Generator::new(7).binomial(10, 0.5, 10_000)?;
    /// let mean = np::mean(&x, ())?.item()?.to_f64();
    /// assert!((mean - 5.0).abs() < 0.1);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`random`](Generator::random); parameters that don't broadcast to the shape.
    pub fn binomial(
        &mut self,
        n: impl Operandlike<Dyn>,
        p: impl Operandlike<Dyn>,
        shape: impl IntoShape,
    ) -> Result<Array> {
        let shape = Shape::from(shape).0;
        let like = self.random(&shape)?;
        let n = &multiply(&full_like(&like, 1.0, ())?, &self.parameter(n)?)?;
        let p = &multiply(&full_like(&like, 1.0, ())?, &self.parameter(p)?)?;
        // The rarer of both outcomes is counted.
        let rare = &minimum(p, &subtract(1.0, p)?)?;
        let many = &greater_equal(&multiply(n, rare)?, 10.0)?;
        let few = || logical_not(many);
        let mut counted = full_like(&like, 0.0, ())?;
        if any(&few()?)? {
            counted = self.binomial_by_gaps(n, &where_(many, 0.0, rare)?, &shape)?;
        }
        if any(many)? {
            let (n, p) = (where_(many, n, 100.0)?, where_(many, rare, 0.5)?);
            counted = where_(many, &self.binomial_by_rejection(&n, &p, &shape)?, &counted)?;
        }
        let counted = where_(&greater(p, 0.5)?, &subtract(n, &counted)?, &counted)?;
        astype(&counted, DType::I64)
    }

    /// Gaps between successes are geometric: as many as fit into n trials.
    fn binomial_by_gaps(&mut self, n: &Array, p: &Array, shape: &[isize]) -> Result<Array> {
        let scale = log1p(&negative(p)?)?;
        let (mut at, mut count) = (full_like(n, 0.0, ())?, full_like(n, 0.0, ())?);
        loop {
            let u = log1p(&negative(&self.random(shape)?)?)?;
            let gap = where_(&greater(p, 0.0)?, &add(&floor(&divide(&u, &scale)?)?, 1.0)?, f64::INFINITY)?;
            at = add(&at, &gap)?.eval()?.clone();
            let inside = less_equal(&at, n)?;
            count = where_(&inside, &add(&count, 1.0)?, &count)?.eval()?.clone();
            if !any(&inside)? {
                return Ok(count);
            }
        }
    }

    fn binomial_by_rejection(&mut self, n: &Array, p: &Array, shape: &[isize]) -> Result<Array> {
        let q = subtract(1.0, p)?;
        let spread = &sqrt(&multiply(&multiply(n, p)?, &q)?)?;
        let b = &add(&multiply(spread, 2.53)?, 1.15)?;
        let a = &add(&add(&multiply(b, 0.0248)?, &multiply(p, 0.01)?)?, -0.0873)?;
        let c = &add(&multiply(n, p)?, 0.5)?;
        let alpha = &multiply(spread, &add(&divide(5.1, b)?, 2.83)?)?;
        let mode = &floor(&multiply(&add(n, 1.0)?, p)?)?;
        let odds = &log(&divide(p, &q)?)?;
        let at_mode = &add(&log_factorial(mode)?, &log_factorial(&subtract(n, mode)?)?)?;
        self.accepted(|rng| {
            let u = subtract(&rng.random(shape)?, 0.5)?;
            let v = subtract(1.0, &rng.random(shape)?)?;
            let us = subtract(0.5, &absolute(&u)?)?;
            let k = floor(&add(&multiply(&add(&divide(&multiply(a, 2.0)?, &us)?, b)?, &u)?, c)?)?;
            let inside = logical_and(&greater_equal(&k, 0.0)?, &less_equal(&k, n)?)?;
            let k = maximum(&minimum(&k, n)?, 0.0)?;
            let scaled = log(&divide(&multiply(&v, alpha)?, &add(&divide(a, &multiply(&us, &us)?)?, b)?)?)?;
            let chance = subtract(at_mode, &add(&log_factorial(&k)?, &log_factorial(&subtract(n, &k)?)?)?)?;
            let bound = add(&chance, &multiply(&subtract(&k, mode)?, odds)?)?;
            Ok((k, logical_and(&inside, &less_equal(&scaled, &bound)?)?))
        })
    }

    /// Poisson numbers of mean `lam`: int64. By the sum of exponential numbers below 10, else by rejection (Hörmann 1993,
    /// algorithm PTRS).
    ///
    /// NumPy: `Generator.poisson(lam, size)`.
    ///
    /// ```
    /// use polyarray_core::numpy::{self as np, random::Generator};
    /// # use polyarray_cpu as _;
    /// let x = Generator::new(7).poisson(4.0, 10_000)?;
    /// let mean = np::mean(&x, ())?.item()?.to_f64();
    /// assert!((mean - 4.0).abs() < 0.1);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`random`](Generator::random); parameters that don't broadcast to the shape.
    pub fn poisson(&mut self, lam: impl Operandlike<Dyn>, shape: impl IntoShape) -> Result<Array> {
        let shape = Shape::from(shape).0;
        let like = self.random(&shape)?;
        let lam = &multiply(&full_like(&like, 1.0, ())?, &self.parameter(lam)?)?;
        let many = &greater_equal(lam, 10.0)?;
        let mut counted = full_like(&like, 0.0, ())?;
        if any(&logical_not(many)?)? {
            counted = self.poisson_by_sum(&where_(many, 0.0, lam)?, &shape)?;
        }
        if any(many)? {
            let rejected = self.poisson_by_rejection(&where_(many, lam, 10.0)?, &shape)?;
            counted = where_(many, &rejected, &counted)?;
        }
        astype(&counted, DType::I64)
    }

    fn poisson_by_sum(&mut self, lam: &Array, shape: &[isize]) -> Result<Array> {
        let (mut at, mut count) = (full_like(lam, 0.0, ())?, full_like(lam, 0.0, ())?);
        loop {
            at = add(&at, &self.standard_exponential(shape)?)?.eval()?.clone();
            let inside = less(&at, lam)?;
            count = where_(&inside, &add(&count, 1.0)?, &count)?.eval()?.clone();
            if !any(&inside)? {
                return Ok(count);
            }
        }
    }

    fn poisson_by_rejection(&mut self, lam: &Array, shape: &[isize]) -> Result<Array> {
        let b = &add(&multiply(&sqrt(lam)?, 2.53)?, 0.931)?;
        let a = &add(&multiply(b, 0.02483)?, -0.059)?;
        let alpha = &add(&divide(1.1328, &subtract(b, 3.4)?)?, 1.1239)?;
        let ln = &log(lam)?;
        self.accepted(|rng| {
            let u = subtract(&rng.random(shape)?, 0.5)?;
            let v = subtract(1.0, &rng.random(shape)?)?;
            let us = subtract(0.5, &absolute(&u)?)?;
            let k =
                floor(&add(&multiply(&add(&divide(&multiply(a, 2.0)?, &us)?, b)?, &u)?, &add(lam, 0.43)?)?)?;
            let inside = greater_equal(&k, 0.0)?;
            let k = maximum(&k, 0.0)?;
            let scaled = log(&divide(&multiply(&v, alpha)?, &add(&divide(a, &multiply(&us, &us)?)?, b)?)?)?;
            let bound = subtract(&subtract(&multiply(&k, ln)?, lam)?, &log_factorial(&k)?)?;
            Ok((k, logical_and(&inside, &less_equal(&scaled, &bound)?)?))
        })
    }

    /// Trials up to the first success of probability `p`, itself included: int64.
    ///
    /// NumPy: `Generator.geometric(p, size)`.
    ///
    /// ```
    /// use polyarray_core::numpy::{self as np, random::Generator};
    /// # use polyarray_cpu as _;
    /// let x = Generator::new(7).geometric(0.25, 10_000)?;
    /// // The mean is 1 / p.
    /// let mean = np::mean(&x, ())?.item()?.to_f64();
    /// assert!((mean - 4.0).abs() < 0.2);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`random`](Generator::random).
    pub fn geometric(&mut self, p: impl Operandlike<Dyn>, shape: impl IntoShape) -> Result<Array> {
        let trials =
            divide(&log1p(&negative(&self.random(shape)?)?)?, &log1p(&negative(&self.parameter(p)?)?)?)?;
        astype(&maximum(&ceil(&trials)?, 1.0)?, DType::I64)
    }

    /// Failures before `n` successes of probability `p`: int64. A Poisson number of a gamma mean.
    ///
    /// NumPy: `Generator.negative_binomial(n, p, size)`.
    ///
    /// ```
    /// use polyarray_core::numpy::{self as np, random::Generator};
    /// # use polyarray_cpu as _;
    /// let x = Generator::new(7).negative_binomial(3, 0.5, 10_000)?;
    /// // The mean is n · (1 − p) / p.
    /// let mean = np::mean(&x, ())?.item()?.to_f64();
    /// assert!((mean - 3.0).abs() < 0.15);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`random`](Generator::random).
    pub fn negative_binomial(
        &mut self,
        n: impl Operandlike<Dyn>,
        p: impl Operandlike<Dyn>,
        shape: impl IntoShape,
    ) -> Result<Array> {
        let (shape, p) = (Shape::from(shape).0, self.parameter(p)?);
        let mean = self.gamma(&self.parameter(n)?, &divide(&subtract(1.0, &p)?, &p)?, &shape)?;
        self.poisson(&mean, shape)
    }

    /// Numbers from 1 on of a probability proportional to k^−a, a > 1: int64 (Devroye 1986, chapter X.6).
    ///
    /// NumPy: `Generator.zipf(a, size)`.
    ///
    /// ```
    /// use polyarray_core::numpy::{self as np, random::Generator};
    /// # use polyarray_cpu as _;
    /// // Of all numbers the share 1 / ζ(4) are 1.
    /// let x = Generator::new(7).zipf(4.0, 10_000)?;
    /// let ones = np::count_nonzero(&np::equal(&x, 1)?, ())?.item()?.to_f64();
    /// assert!((ones / 10_000.0 - 0.9239).abs() < 0.02);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`random`](Generator::random).
    pub fn zipf(&mut self, a: impl Operandlike<Dyn>, shape: impl IntoShape) -> Result<Array> {
        use crate::numpy::pow;
        let (shape, a) = (Shape::from(shape).0, &self.parameter(a)?);
        let less_one = &subtract(a, 1.0)?;
        let b = &pow(2.0, less_one)?;
        let k = self.accepted(|rng| {
            let u = subtract(1.0, &rng.random(&shape)?)?;
            let v = rng.random(&shape)?;
            let x = floor(&pow(&u, &divide(-1.0, less_one)?)?)?;
            let t = pow(&add(&divide(1.0, &x)?, 1.0)?, less_one)?;
            let left = divide(&multiply(&multiply(&v, &x)?, &subtract(&t, 1.0)?)?, &subtract(b, 1.0)?)?;
            let fits = logical_and(&less_equal(&left, &divide(&t, b)?)?, &less(&x, 9.0e18)?)?;
            Ok((x, fits))
        })?;
        astype(&k, DType::I64)
    }

    /// Numbers from 1 on of a probability proportional to pᵏ / k: int64 (Kemp 1981).
    ///
    /// NumPy: `Generator.logseries(p, size)`.
    ///
    /// ```
    /// use polyarray_core::numpy::{self as np, random::Generator};
    /// # use polyarray_cpu as _;
    /// let x = Generator::new(7).logseries(0.5, 10_000)?;
    /// // The mean is −p / ((1 − p) · ln(1 − p)).
    /// let mean = np::mean(&x, ())?.item()?.to_f64();
    /// assert!((mean - 1.4427).abs() < 0.05);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`random`](Generator::random).
    pub fn logseries(&mut self, p: impl Operandlike<Dyn>, shape: impl IntoShape) -> Result<Array> {
        let (shape, p) = (Shape::from(shape).0, self.parameter(p)?);
        let v = subtract(1.0, &self.random(&shape)?)?;
        let u = subtract(1.0, &self.random(&shape)?)?;
        let q = subtract(1.0, &exp(&multiply(&log1p(&negative(&p)?)?, &u)?)?)?;
        let k = floor(&add(&divide(&log(&v)?, &log(&q)?)?, 1.0)?)?;
        let one = logical_or(&greater_equal(&v, &q)?, &less(&k, 1.0)?)?;
        astype(&where_(&one, 1.0, &k)?, DType::I64)
    }
}

/// ln k! by Stirling's series from 9 on, from which smaller ones step down.
fn log_factorial(k: &Array) -> Result<Array> {
    let z = &add(k, 9.0)?;
    let inverse = &divide(1.0, z)?;
    let square = &multiply(inverse, inverse)?;
    let series = [-1.0 / 1680.0, 1.0 / 1260.0, -1.0 / 360.0]
        .iter()
        .try_fold(full_like(z, 0.0, ())?, |sum, &c| multiply(&add(&sum, c)?, square))?;
    let tail = multiply(&add(&series, 1.0 / 12.0)?, inverse)?;
    let stirling =
        add(&subtract(&multiply(&subtract(z, 0.5)?, &log(z)?)?, z)?, &add(&tail, 0.5 * (2.0 * PI).ln())?)?;
    // Γ(k + 9) = k! · (k + 1) · … · (k + 8).
    let steps = (2..=8).try_fold(add(k, 1.0)?, |product, i| multiply(&product, &add(k, f64::from(i))?))?;
    subtract(&stirling, &log(&steps)?)
}

fn any(x: &Array) -> Result<bool> {
    Ok(all(&logical_not(x)?, ())?.item()?.to_f64() == 0.0)
}
