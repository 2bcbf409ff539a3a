//! Order and choice.

use super::generator::Generator;
use crate::array::{Array, IntoShape};
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::numpy::creation::beside;
use crate::numpy::{Shape, argsort, astype, subtract, take};

impl Generator {
    /// The numbers 0 to n − 1 in random order: int64.
    ///
    /// NumPy: `Generator.permutation(n)`.
    ///
    /// # Errors
    /// Those of [`random`](Generator::random).
    pub fn permutation(&mut self, n: usize) -> Result<Array> {
        // By random keys of 64 bits: for two to be equal n has to be some billions.
        argsort(&self.long_words(n)?, ())
    }

    /// The parts of an array along its first axis in random order: a copy.
    ///
    /// NumPy: `Generator.permutation(x)`, and in place `Generator.shuffle(x)`.
    ///
    /// # Errors
    /// Those of [`random`](Generator::random); an array without axes.
    pub fn shuffled(&mut self, x: &Array) -> Result<Array> {
        let Some(&n) = x.shape().first() else {
            return Err(Error::Shape {
                op: "shuffled",
                operands: "an array without axes".into(),
                fix: "reshape to [1] first".into(),
            });
        };
        let order = beside(&self.permutation(n)?, x)?;
        take(x, &order, 0)
    }

    /// Parts of an array along its first axis, drawn with replacement: the shape, then the other axes of `x`.
    ///
    /// NumPy: `Generator.choice(x, size)`.
    ///
    /// # Errors
    /// Those of [`integers`](Generator::integers).
    pub fn choice(&mut self, x: &Array, shape: impl IntoShape) -> Result<Array> {
        let n = x.shape().first().copied().unwrap_or(0);
        let at = beside(&self.integers(0, n as i64, shape)?, x)?;
        take(x, &at, 0)
    }

    /// Parts of an array along its first axis, drawn without replacement, in random order.
    ///
    /// NumPy: `Generator.choice(x, size, replace=False)`.
    ///
    /// # Errors
    /// [`Error::Argument`] if there are fewer; those of [`random`](Generator::random).
    pub fn sample(&mut self, x: &Array, count: usize) -> Result<Array> {
        let n = x.shape().first().copied().unwrap_or(0);
        if count > n {
            return Err(Error::Argument {
                op: "sample",
                operands: format!("{count} of {n}"),
                fix: "draw with replacement, by choice".into(),
            });
        }
        let order = beside(&self.permutation(n)?.slice(format!(":{count}"))?, x)?;
        take(x, &order, 0)
    }

    /// How many of `nsample` things drawn without replacement are among the `good` first ones of good + bad: int64. Each
    /// element sorts random keys, so that both groups together should be a few thousand.
    ///
    /// NumPy: `Generator.hypergeometric(ngood, nbad, nsample, size)`.
    ///
    /// # Errors
    /// [`Error::Argument`] if there are fewer things than are drawn; those of [`random`](Generator::random).
    pub fn hypergeometric(
        &mut self,
        good: usize,
        bad: usize,
        nsample: usize,
        shape: impl IntoShape,
    ) -> Result<Array> {
        if nsample > good + bad {
            return Err(Error::Argument {
                op: "hypergeometric",
                operands: format!("{nsample} of {good} and {bad}"),
                fix: "no more can be drawn than there are".into(),
            });
        }
        let mut keyed = Shape::from(shape).0;
        keyed.push((good + bad) as isize);
        let order = argsort(&self.long_words(keyed)?, ())?.slice(format!("..., :{nsample}"))?;
        crate::numpy::count_nonzero(&crate::numpy::less(&order, good as i64)?, -1)
    }

    /// How often each of several outcomes comes in `n` trials: int64, the shape and then one axis of the outcomes, whose
    /// probabilities `pvals` are; what they lack to 1 is the last one's.
    ///
    /// NumPy: `Generator.multinomial(n, pvals, size)`.
    ///
    /// # Errors
    /// [`Error::Argument`] for probabilities below 0 or beyond 1 together; those of [`random`](Generator::random).
    pub fn multinomial(&mut self, n: i64, pvals: &[f64], shape: impl IntoShape) -> Result<Array> {
        let total: f64 = pvals.iter().take(pvals.len().saturating_sub(1)).sum();
        if pvals.is_empty() || pvals.iter().any(|p| !(0.0..=1.0).contains(p)) || total > 1.0 + 1e-12 {
            return Err(Error::Argument {
                op: "multinomial",
                operands: format!("pvals: {pvals:?}"),
                fix: "probabilities lie between 0 and 1 and sum to 1".into(),
            });
        }
        let shape = Shape::from(shape).0;
        let zeros = astype(&self.random(&shape)?, DType::I64)?;
        let (mut left, mut rest, mut counts) = (crate::numpy::add(&zeros, n)?, 1.0_f64, Vec::new());
        for &p in &pvals[..pvals.len() - 1] {
            let share = if rest > 0.0 { (p / rest).clamp(0.0, 1.0) } else { 0.0 };
            let count = self.binomial(&left, share, &shape)?;
            left = subtract(&left, &count)?;
            rest -= p;
            counts.push(count);
        }
        counts.push(left);
        crate::numpy::stack(&counts, -1)
    }
}
