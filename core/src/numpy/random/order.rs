//! Order and choice.

use super::generator::Generator;
use crate::array::{Array, IntoShape};
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::expr::axes::wrap_axis;
use crate::numpy::creation::beside;
use crate::numpy::manipulation::numbers_beside;
use crate::numpy::{
    Along, Shape, Side, argsort, astype, count_nonzero, divide, greater, greater_equal, less, logical_and,
    minimum, searchsorted, subtract, take, take_along_axis, where_,
};

impl Generator {
    /// The numbers 0 to n − 1 in random order: int64.
    ///
    /// NumPy: `Generator.permutation(n)`.
    ///
    /// ```
    /// use polyarray_core::numpy::{self as np, random::Generator};
    /// # use polyarray_cpu as _;
    /// let order = Generator::new(7).permutation(5)?;
    /// assert_eq!(np::sort(&order, ())?.to_vec::<i64>()?, [0, 1, 2, 3, 4]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
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
    /// ```
    /// use polyarray_core::{Array, numpy::{self as np, random::Generator}};
    /// # use polyarray_cpu as _;
    /// let rows = Generator::new(7).shuffled(&Array::from([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]))?;
    /// assert_eq!(np::sort(&rows, 0)?.to_vec::<f64>()?, [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
    /// // A row stays whole.
    /// assert!(np::array_equal(&np::diff(&rows, 1, 1)?, [[1.0], [1.0], [1.0]])?);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
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

    /// The elements of each slice along an axis in a random order of their own (`()`: those of the whole array): a copy.
    ///
    /// NumPy: `Generator.permuted(x, axis)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy::{self as np, random::Generator}};
    /// # use polyarray_cpu as _;
    /// let x = Generator::new(7).permuted(&Array::from([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]), 1)?;
    /// assert_eq!(np::sort(&x, 1)?.to_vec::<f64>()?, [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`random`](Generator::random); an axis out of range.
    pub fn permuted(&mut self, x: &Array, along: impl Into<Along>) -> Result<Array> {
        let keys = |rng: &mut Generator, shape: &[usize]| rng.long_words(shape);
        let Some(axis) = along.into().0 else {
            let order = beside(&argsort(&keys(self, &[x.len()])?, ())?, x)?;
            return take(&x.reshape([x.len()])?, &order, 0)?.reshape(x.shape());
        };
        let axis = wrap_axis("permuted", axis, x.ndim())? as isize;
        take_along_axis(x, &beside(&argsort(&keys(self, x.shape())?, axis)?, x)?, axis)
    }

    /// Parts of an array along its first axis, drawn with replacement, each with a probability: as [`choice`](Generator::choice).
    ///
    /// NumPy: `Generator.choice(x, size, p=p)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy::random::Generator};
    /// # use polyarray_cpu as _;
    /// let x = Array::from([1.0, 2.0, 3.0]);
    /// assert_eq!(Generator::new(7).choice_weighted(&x, &[0.0, 1.0, 0.0], 4)?.to_vec::<f64>()?, [2.0; 4]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Argument`] for probabilities that are negative, not as many, or don't sum to 1; those of
    /// [`random`](Generator::random).
    pub fn choice_weighted(&mut self, x: &Array, p: &[f64], shape: impl IntoShape) -> Result<Array> {
        probabilities("choice_weighted", x, p)?;
        let mut total = 0.0;
        let up_to = p.iter().map(|p| {
            total += p;
            total
        });
        let up_to: Vec<f64> = up_to.collect();
        let u = self.random(shape)?;
        let up_to = Array::from(up_to.iter().map(|x| x / total).collect::<Vec<_>>());
        let up_to = beside(&astype(&up_to, u.dtype())?, &u)?;
        // Rounding may take u to 1: the last one that is ever drawn.
        let last = p.iter().rposition(|&p| p > 0.0).unwrap_or(0) as i64;
        let at = minimum(&searchsorted(&up_to, &u, Side::Right)?, last)?;
        take(x, &beside(&at, x)?, 0)
    }

    /// Parts of an array along its first axis, drawn without replacement, one after the other, each with a probability among
    /// those that are left (Efraimidis and Spirakis 2006).
    ///
    /// NumPy: `Generator.choice(x, size, replace=False, p=p)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy::{self as np, random::Generator}};
    /// # use polyarray_cpu as _;
    /// let x = Array::from([1.0, 2.0, 3.0]);
    /// let two = Generator::new(7).sample_weighted(&x, &[0.5, 0.0, 0.5], 2)?;
    /// assert_eq!(np::sort(&two, ())?.to_vec::<f64>()?, [1.0, 3.0]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Argument`] if fewer have a probability, and as for [`choice_weighted`](Generator::choice_weighted).
    pub fn sample_weighted(&mut self, x: &Array, p: &[f64], count: usize) -> Result<Array> {
        probabilities("sample_weighted", x, p)?;
        let there = p.iter().filter(|&&p| p > 0.0).count();
        if count > there {
            return Err(Error::Argument {
                op: "sample_weighted",
                operands: format!("{count} of {there} with a probability"),
                fix: "draw with replacement, by choice_weighted".into(),
            });
        }
        // Exponential numbers whose rates are the probabilities: the first ones are drawn first.
        let wait = self.standard_exponential(p.len())?;
        let rate = numbers_beside(p.iter().copied(), wait.dtype(), &wait)?;
        let wait = where_(&greater(&rate, 0.0)?, &divide(&wait, &rate)?, f64::INFINITY)?;
        let order = argsort(&wait, ())?.slice(format!(":{count}"))?;
        take(x, &beside(&order, x)?, 0)
    }

    /// Parts of an array along its first axis, drawn with replacement: the shape, then the other axes of `x`.
    ///
    /// NumPy: `Generator.choice(x, size)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy::{self as np, random::Generator}};
    /// # use polyarray_cpu as _;
    /// let x = Array::from([1.0, 2.0, 3.0]);
    /// let drawn = Generator::new(7).choice(&x, [2, 50])?;
    /// assert_eq!(drawn.shape(), [2, 50]);
    /// assert_eq!(np::unique(&drawn)?.to_vec::<f64>()?, [1.0, 2.0, 3.0]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
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
    /// ```
    /// use polyarray_core::{Array, numpy::{self as np, random::Generator}};
    /// # use polyarray_cpu as _;
    /// let x = Array::from([1.0, 2.0, 3.0]);
    /// assert_eq!(np::unique(&Generator::new(7).sample(&x, 2)?)?.len(), 2);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
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
    /// ```
    /// use polyarray_core::numpy::{self as np, random::Generator};
    /// # use polyarray_cpu as _;
    /// let x = Generator::new(7).hypergeometric(5, 5, 4, 10_000)?;
    /// // Half of ten things are good: of four that are drawn, two.
    /// let mean = np::mean(&x, ())?.item()?.to_f64();
    /// assert!((mean - 2.0).abs() < 0.1);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
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

    /// How many of `nsample` things drawn without replacement are of each colour, of which there are `colors`: int64, the shape
    /// and then one axis of the colours. Each element sorts random keys, so that all together should be a few thousand.
    ///
    /// NumPy: `Generator.multivariate_hypergeometric(colors, nsample, size)`.
    ///
    /// ```
    /// use polyarray_core::numpy::{self as np, random::Generator};
    /// # use polyarray_cpu as _;
    /// let drawn = Generator::new(7).multivariate_hypergeometric(&[5, 0, 3], 4, 10)?;
    /// assert_eq!(drawn.shape(), [10, 3]);
    /// assert_eq!(np::sum(&drawn, -1)?.to_vec::<i64>()?, [4; 10]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Argument`] if there are fewer things than are drawn; those of [`random`](Generator::random).
    pub fn multivariate_hypergeometric(
        &mut self,
        colors: &[usize],
        nsample: usize,
        shape: impl IntoShape,
    ) -> Result<Array> {
        let all = colors.iter().try_fold(0_usize, |all, &n| all.checked_add(n)).filter(|&all| nsample <= all);
        let Some(all) = all else {
            return Err(Error::Argument {
                op: "multivariate_hypergeometric",
                operands: format!("{nsample} of {colors:?}"),
                fix: "no more can be drawn than there are".into(),
            });
        };
        let mut keyed = Shape::from(shape).0;
        keyed.push(all as isize);
        let order = argsort(&self.long_words(keyed)?, ())?.slice(format!("..., :{nsample}"))?;
        let (mut below, mut counts) = (0, Vec::new());
        for &n in colors {
            let inside = logical_and(&greater_equal(&order, below)?, &less(&order, below + n as i64)?)?;
            counts.push(count_nonzero(&inside, -1)?);
            below += n as i64;
        }
        crate::numpy::stack(&counts, -1)
    }

    /// How often each of several outcomes comes in `n` trials: int64, the shape and then one axis of the outcomes, whose
    /// probabilities `pvals` are; what they lack to 1 is the last one's.
    ///
    /// NumPy: `Generator.multinomial(n, pvals, size)`.
    ///
    /// ```
    /// use polyarray_core::numpy::{self as np, random::Generator};
    /// # use polyarray_cpu as _;
    /// let counts = Generator::new(7).multinomial(20, &[0.5, 0.2, 0.3], 10)?;
    /// assert_eq!(counts.shape(), [10, 3]);
    /// assert_eq!(np::sum(&counts, -1)?.to_vec::<i64>()?, [20; 10]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
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

fn probabilities(op: &'static str, x: &Array, p: &[f64]) -> Result<()> {
    let total: f64 = p.iter().sum();
    let good = x.shape().first() == Some(&p.len()) && p.iter().all(|p| (0.0..=1.0).contains(p));
    if good && (total - 1.0).abs() < 1e-8 {
        return Ok(());
    }
    Err(Error::Argument {
        op,
        operands: format!("x: {:?}, {} probabilities that sum to {total}", x.shape(), p.len()),
        fix: "give one for each part along the first axis, from 0 to 1, which sum to 1".into(),
    })
}
