//! Continuous distributions. Sources are named where they are more than the inverse of a distribution function.

use super::generator::Generator;
use crate::array::{Array, IntoShape, Operandlike};
use crate::device::Dyn;
use crate::error::Result;
use crate::numpy::{
    Shape, add, cos, divide, exp, greater, less, less_equal, log, log1p, logical_and, logical_or, maximum,
    multiply, negative, pow, sqrt, square, subtract, tan, where_,
};
use std::f64::consts::PI;

macro_rules! distributions {
    ($($(#[$meta:meta])* $f:ident($rng:ident, $shape:ident $(, $p:ident)*) $body:block)*) => {
        impl Generator {
            $(
                $(#[$meta])*
                ///
                /// # Errors
                /// Those of [`random`](Generator::random); parameters that don't broadcast to the shape.
                pub fn $f(&mut self, $($p: impl Operandlike<Dyn>,)* shape: impl IntoShape) -> Result<Array> {
                    let $rng = self;
                    let $shape = Shape::from(shape).0;
                    $(let $p = &$rng.parameter($p)?;)*
                    $body
                }
            )*
        }
    };
}

/// −ln(1 − u): an exponential number of scale 1.
fn exponential(rng: &mut Generator, shape: &[isize]) -> Result<Array> {
    negative(&log1p(&negative(&rng.random(shape)?)?)?)
}

distributions! {
    /// Uniform numbers in [low, high).
    ///
    /// NumPy: `Generator.uniform(low, high, size)`.
    ///
    /// ```
    /// use polyarray_core::numpy::random::Generator;
    /// # use polyarray_cpu as _;
    /// let x = Generator::new(7).uniform(-1.0, 1.0, 1000)?;
    /// assert!(x.to_vec::<f64>()?.iter().all(|x| (-1.0..1.0).contains(x)));
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    uniform(rng, shape, low, high) {
        add(low, &multiply(&rng.random(shape)?, &subtract(high, low)?)?)
    }

    /// Normal numbers.
    ///
    /// NumPy: `Generator.normal(loc, scale, size)`.
    ///
    /// ```
    /// use polyarray_core::numpy::{self as np, random::Generator};
    /// # use polyarray_cpu as _;
    /// let x = Generator::new(7).normal(10.0, 2.0, 10_000)?;
    /// let mean = np::mean(&x, ())?.item()?.to_f64();
    /// assert!((mean - 10.0).abs() < 0.1);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    normal(rng, shape, loc, scale) {
        add(loc, &multiply(&rng.standard_normal(shape)?, scale)?)
    }

    /// Exponential numbers of mean 1.
    ///
    /// NumPy: `Generator.standard_exponential(size)`.
    ///
    /// ```
    /// use polyarray_core::numpy::{self as np, random::Generator};
    /// # use polyarray_cpu as _;
    /// let x = Generator::new(7).standard_exponential(10_000)?;
    /// let mean = np::mean(&x, ())?.item()?.to_f64();
    /// assert!((mean - 1.0).abs() < 0.05);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    standard_exponential(rng, shape) {
        exponential(rng, &shape)
    }

    /// Exponential numbers of mean `scale`.
    ///
    /// NumPy: `Generator.exponential(scale, size)`.
    ///
    /// ```
    /// use polyarray_core::numpy::{self as np, random::Generator};
    /// # use polyarray_cpu as _;
    /// let x = Generator::new(7).exponential(3.0, 10_000)?;
    /// let mean = np::mean(&x, ())?.item()?.to_f64();
    /// assert!((mean - 3.0).abs() < 0.15);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    exponential(rng, shape, scale) {
        multiply(&exponential(rng, &shape)?, scale)
    }

    /// Gamma numbers of a form and scale 1 (Marsaglia and Tsang 2000; below 1 by the form above it and a power).
    ///
    /// NumPy: `Generator.standard_gamma(shape, size)`.
    ///
    /// ```
    /// use polyarray_core::numpy::{self as np, random::Generator};
    /// # use polyarray_cpu as _;
    /// let x = Generator::new(7).standard_gamma(2.0, 10_000)?;
    /// let mean = np::mean(&x, ())?.item()?.to_f64();
    /// assert!((mean - 2.0).abs() < 0.1);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    standard_gamma(rng, shape, form) {
        // ln of a uniform number divided by a form below 1 takes the step down from form + 1.
        let small = less(form, 1.0)?;
        let raised = where_(&small, &add(form, 1.0)?, form)?;
        let d = &subtract(&raised, 1.0 / 3.0)?;
        let c = &divide(1.0, &sqrt(&multiply(d, 9.0)?)?)?;
        let gamma = rng.accepted(|rng| {
            let (x, u) = (rng.standard_normal(&shape)?, rng.random(&shape)?);
            let base = add(&multiply(&x, c)?, 1.0)?;
            let v = multiply(&multiply(&base, &base)?, &base)?;
            let log_v = log(&where_(&greater(&v, 0.0)?, &v, 1.0)?)?;
            let room = add(&multiply(&square(&x)?, 0.5)?, &multiply(d, &add(&subtract(1.0, &v)?, &log_v)?)?)?;
            let accepted = logical_and(&greater(&v, 0.0)?, &less(&log1p(&negative(&u)?)?, &room)?)?;
            Ok((multiply(d, &v)?, accepted))
        })?;
        let step = exp(&divide(&negative(&exponential(rng, &shape)?)?, form)?)?;
        where_(&small, &multiply(&gamma, &step)?, &gamma)
    }

    /// Gamma numbers of a form and a scale.
    ///
    /// NumPy: `Generator.gamma(shape, scale, size)`.
    ///
    /// ```
    /// use polyarray_core::numpy::{self as np, random::Generator};
    /// # use polyarray_cpu as _;
    /// let x = Generator::new(7).gamma(2.0, 3.0, 10_000)?;
    /// let mean = np::mean(&x, ())?.item()?.to_f64();
    /// assert!((mean - 6.0).abs() < 0.2);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    gamma(rng, shape, form, scale) {
        multiply(&rng.standard_gamma(form, shape)?, scale)
    }

    /// Beta numbers, in [0, 1]: the share of one gamma number in the sum of two.
    ///
    /// NumPy: `Generator.beta(a, b, size)`.
    ///
    /// ```
    /// use polyarray_core::numpy::{self as np, random::Generator};
    /// # use polyarray_cpu as _;
    /// let x = Generator::new(7).beta(1.0, 3.0, 10_000)?;
    /// let mean = np::mean(&x, ())?.item()?.to_f64();
    /// assert!((mean - 0.25).abs() < 0.01);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    beta(rng, shape, a, b) {
        let x = rng.standard_gamma(a, &shape)?;
        let y = rng.standard_gamma(b, &shape)?;
        divide(&x, &add(&x, &y)?)
    }

    /// χ² numbers of degrees of freedom.
    ///
    /// NumPy: `Generator.chisquare(df, size)`.
    ///
    /// ```
    /// use polyarray_core::numpy::{self as np, random::Generator};
    /// # use polyarray_cpu as _;
    /// let x = Generator::new(7).chisquare(4.0, 10_000)?;
    /// let mean = np::mean(&x, ())?.item()?.to_f64();
    /// assert!((mean - 4.0).abs() < 0.15);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    chisquare(rng, shape, df) {
        multiply(&rng.standard_gamma(&multiply(df, 0.5)?, shape)?, 2.0)
    }

    /// χ² numbers of degrees of freedom and non-centrality: a χ² number of one less and a squared shifted normal one, or,
    /// below one degree, of a Poisson number more.
    ///
    /// NumPy: `Generator.noncentral_chisquare(df, nonc, size)`.
    ///
    /// ```
    /// use polyarray_core::numpy::{self as np, random::Generator};
    /// # use polyarray_cpu as _;
    /// let x = Generator::new(7).noncentral_chisquare(3.0, 2.0, 10_000)?;
    /// // The mean is the sum of both.
    /// let mean = np::mean(&x, ())?.item()?.to_f64();
    /// assert!((mean - 5.0).abs() < 0.2);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    noncentral_chisquare(rng, shape, df, nonc) {
        let more = rng.poisson(&multiply(nonc, 0.5)?, &shape)?;
        rng.chisquare(&add(&multiply(&more, 2.0)?, df)?, shape)
    }

    /// F numbers: the quotient of two χ² numbers, each divided by its degrees of freedom.
    ///
    /// NumPy: `Generator.f(dfnum, dfden, size)`.
    ///
    /// ```
    /// use polyarray_core::numpy::{self as np, random::Generator};
    /// # use polyarray_cpu as _;
    /// let x = Generator::new(7).f(4.0, 10.0, 10_000)?;
    /// // The mean is below / (below − 2).
    /// let mean = np::mean(&x, ())?.item()?.to_f64();
    /// assert!((mean - 1.25).abs() < 0.1);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    f(rng, shape, above, below) {
        let x = divide(&rng.chisquare(above, &shape)?, above)?;
        divide(&x, &divide(&rng.chisquare(below, &shape)?, below)?)
    }

    /// F numbers whose numerator is a non-central χ² number.
    ///
    /// NumPy: `Generator.noncentral_f(dfnum, dfden, nonc, size)`.
    ///
    /// ```
    /// use polyarray_core::numpy::{self as np, random::Generator};
    /// # use polyarray_cpu as _;
    /// let x = Generator::new(7).noncentral_f(4.0, 10.0, 2.0, 10_000)?;
    /// // The mean is below · (above + nonc) / (above · (below − 2)).
    /// let mean = np::mean(&x, ())?.item()?.to_f64();
    /// assert!((mean - 1.875).abs() < 0.15);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    noncentral_f(rng, shape, above, below, nonc) {
        let x = divide(&rng.noncentral_chisquare(above, nonc, &shape)?, above)?;
        divide(&x, &divide(&rng.chisquare(below, &shape)?, below)?)
    }

    /// Student's t numbers of degrees of freedom.
    ///
    /// NumPy: `Generator.standard_t(df, size)`.
    ///
    /// ```
    /// use polyarray_core::numpy::{self as np, random::Generator};
    /// # use polyarray_cpu as _;
    /// let x = Generator::new(7).standard_t(5.0, 10_000)?;
    /// let mean = np::mean(&x, ())?.item()?.to_f64();
    /// assert!(mean.abs() < 0.1);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    standard_t(rng, shape, df) {
        let x = rng.standard_normal(&shape)?;
        divide(&x, &sqrt(&divide(&rng.chisquare(df, &shape)?, df)?)?)
    }

    /// Cauchy numbers of median 0 and scale 1.
    ///
    /// NumPy: `Generator.standard_cauchy(size)`.
    ///
    /// ```
    /// use polyarray_core::numpy::{self as np, random::Generator};
    /// # use polyarray_cpu as _;
    /// let x = Generator::new(7).standard_cauchy(10_000)?;
    /// // There is no mean.
    /// let median = np::median(&x, ())?.item()?.to_f64();
    /// assert!(median.abs() < 0.1);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    standard_cauchy(rng, shape) {
        tan(&multiply(&subtract(&rng.random(shape)?, 0.5)?, PI)?)
    }

    /// Gumbel numbers.
    ///
    /// NumPy: `Generator.gumbel(loc, scale, size)`.
    ///
    /// ```
    /// use polyarray_core::numpy::{self as np, random::Generator};
    /// # use polyarray_cpu as _;
    /// let x = Generator::new(7).gumbel(0.0, 1.0, 10_000)?;
    /// // The mean is Euler's constant.
    /// let mean = np::mean(&x, ())?.item()?.to_f64();
    /// assert!((mean - 0.5772).abs() < 0.07);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    gumbel(rng, shape, loc, scale) {
        subtract(loc, &multiply(&log(&exponential(rng, &shape)?)?, scale)?)
    }

    /// Laplace numbers: the difference of two exponential ones.
    ///
    /// NumPy: `Generator.laplace(loc, scale, size)`.
    ///
    /// ```
    /// use polyarray_core::numpy::{self as np, random::Generator};
    /// # use polyarray_cpu as _;
    /// let x = Generator::new(7).laplace(2.0, 1.0, 10_000)?;
    /// let mean = np::mean(&x, ())?.item()?.to_f64();
    /// assert!((mean - 2.0).abs() < 0.1);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    laplace(rng, shape, loc, scale) {
        let difference = subtract(&exponential(rng, &shape)?, &exponential(rng, &shape)?)?;
        add(loc, &multiply(&difference, scale)?)
    }

    /// Logistic numbers.
    ///
    /// NumPy: `Generator.logistic(loc, scale, size)`.
    ///
    /// ```
    /// use polyarray_core::numpy::{self as np, random::Generator};
    /// # use polyarray_cpu as _;
    /// let x = Generator::new(7).logistic(2.0, 1.0, 10_000)?;
    /// let mean = np::mean(&x, ())?.item()?.to_f64();
    /// assert!((mean - 2.0).abs() < 0.1);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    logistic(rng, shape, loc, scale) {
        // The logarithm of a quotient of two exponential numbers.
        let quotient = divide(&exponential(rng, &shape)?, &exponential(rng, &shape)?)?;
        add(loc, &multiply(&log(&quotient)?, scale)?)
    }

    /// Numbers whose logarithm is normal.
    ///
    /// NumPy: `Generator.lognormal(mean, sigma, size)`.
    ///
    /// ```
    /// use polyarray_core::numpy::{self as np, random::Generator};
    /// # use polyarray_cpu as _;
    /// let x = Generator::new(7).lognormal(0.0, 1.0, 10_000)?;
    /// // The median is the exponential of the mean.
    /// let median = np::median(&x, ())?.item()?.to_f64();
    /// assert!((median - 1.0).abs() < 0.1);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    lognormal(rng, shape, mean, sigma) {
        exp(&rng.normal(mean, sigma, shape)?)
    }

    /// Pareto II (Lomax) numbers.
    ///
    /// NumPy: `Generator.pareto(a, size)`.
    ///
    /// ```
    /// use polyarray_core::numpy::{self as np, random::Generator};
    /// # use polyarray_cpu as _;
    /// let x = Generator::new(7).pareto(3.0, 10_000)?;
    /// // The mean is 1 / (a − 1).
    /// let mean = np::mean(&x, ())?.item()?.to_f64();
    /// assert!((mean - 0.5).abs() < 0.06);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    pareto(rng, shape, a) {
        crate::numpy::expm1(&divide(&exponential(rng, &shape)?, a)?)
    }

    /// Numbers in [0, 1] of a density proportional to x^(a−1).
    ///
    /// NumPy: `Generator.power(a, size)`.
    ///
    /// ```
    /// use polyarray_core::numpy::{self as np, random::Generator};
    /// # use polyarray_cpu as _;
    /// let x = Generator::new(7).power(3.0, 10_000)?;
    /// // The mean is a / (a + 1).
    /// let mean = np::mean(&x, ())?.item()?.to_f64();
    /// assert!((mean - 0.75).abs() < 0.02);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    power(rng, shape, a) {
        pow(&subtract(1.0, &rng.random(shape)?)?, &divide(1.0, a)?)
    }

    /// Rayleigh numbers.
    ///
    /// NumPy: `Generator.rayleigh(scale, size)`.
    ///
    /// ```
    /// use polyarray_core::numpy::{self as np, random::Generator};
    /// # use polyarray_cpu as _;
    /// let x = Generator::new(7).rayleigh(1.0, 10_000)?;
    /// // The mean is √(π / 2).
    /// let mean = np::mean(&x, ())?.item()?.to_f64();
    /// assert!((mean - 1.2533).abs() < 0.05);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    rayleigh(rng, shape, scale) {
        multiply(&sqrt(&multiply(&exponential(rng, &shape)?, 2.0)?)?, scale)
    }

    /// Numbers of a density that rises from `left` to `mode` and falls to `right`.
    ///
    /// NumPy: `Generator.triangular(left, mode, right, size)`.
    ///
    /// ```
    /// use polyarray_core::numpy::{self as np, random::Generator};
    /// # use polyarray_cpu as _;
    /// let x = Generator::new(7).triangular(0.0, 1.0, 5.0, 10_000)?;
    /// let mean = np::mean(&x, ())?.item()?.to_f64();
    /// assert!((mean - 2.0).abs() < 0.1);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    triangular(rng, shape, left, mode, right) {
        let u = rng.random(shape)?;
        let (base, rise, fall) = (subtract(right, left)?, subtract(mode, left)?, subtract(right, mode)?);
        let up = add(left, &sqrt(&multiply(&u, &multiply(&base, &rise)?)?)?)?;
        let down = subtract(right, &sqrt(&multiply(&subtract(1.0, &u)?, &multiply(&base, &fall)?)?)?)?;
        where_(&less_equal(&multiply(&u, &base)?, &rise)?, &up, &down)
    }

    /// Angles in [−π, π] about `mu`, of concentration `kappa` (Best and Fisher 1979).
    ///
    /// NumPy: `Generator.vonmises(mu, kappa, size)`.
    ///
    /// ```
    /// use polyarray_core::numpy::{self as np, random::Generator};
    /// # use polyarray_cpu as _;
    /// let x = Generator::new(7).vonmises(0.0, 4.0, 10_000)?;
    /// let mean = np::mean(&x, ())?.item()?.to_f64();
    /// assert!(mean.abs() < 0.05);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    vonmises(rng, shape, mu, kappa) {
        let tau = add(&sqrt(&add(&multiply(&square(kappa)?, 4.0)?, 1.0)?)?, 1.0)?;
        let rho = divide(&subtract(&tau, &sqrt(&multiply(&tau, 2.0)?)?)?, &multiply(kappa, 2.0)?)?;
        let r = &divide(&add(&square(&rho)?, 1.0)?, &multiply(&rho, 2.0)?)?;
        let cosine = rng.accepted(|rng| {
            let z = cos(&multiply(&rng.random(&shape)?, PI)?)?;
            let w = divide(&add(&multiply(r, &z)?, 1.0)?, &add(r, &z)?)?;
            let y = multiply(kappa, &subtract(r, &w)?)?;
            let v = subtract(1.0, &rng.random(&shape)?)?;
            let quick = greater(&subtract(&multiply(&y, &subtract(2.0, &y)?)?, &v)?, 0.0)?;
            let slow = greater(&subtract(&add(&log(&divide(&y, &v)?)?, 1.0)?, &y)?, 0.0)?;
            Ok((w, logical_or(&quick, &slow)?))
        })?;
        let bounded = maximum(&crate::numpy::minimum(&cosine, 1.0)?, -1.0)?;
        let angle = crate::numpy::copysign(&crate::numpy::acos(&bounded)?, &subtract(&rng.random(&shape)?, 0.5)?)?;
        // About 0 every angle is as likely; and what goes beyond π comes back at −π.
        let flat = multiply(&subtract(&rng.random(&shape)?, 0.5)?, 2.0 * PI)?;
        let angle = add(&where_(&less(kappa, 1e-5)?, &flat, &angle)?, mu)?;
        subtract(&crate::numpy::remainder(&add(&angle, PI)?, 2.0 * PI)?, PI)
    }

    /// Inverse Gaussian numbers (Michael, Schucany and Haas 1976).
    ///
    /// NumPy: `Generator.wald(mean, scale, size)`.
    ///
    /// ```
    /// use polyarray_core::numpy::{self as np, random::Generator};
    /// # use polyarray_cpu as _;
    /// let x = Generator::new(7).wald(3.0, 1.0, 10_000)?;
    /// let mean = np::mean(&x, ())?.item()?.to_f64();
    /// assert!((mean - 3.0).abs() < 0.3);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    wald(rng, shape, mean, scale) {
        let y = multiply(mean, &square(&rng.standard_normal(&shape)?)?)?;
        let half = &divide(mean, &multiply(scale, 2.0)?)?;
        let root = sqrt(&multiply(&y, &add(&y, &multiply(scale, 4.0)?)?)?)?;
        // The smaller root by division: nothing cancels.
        let x = divide(mean, &add(&add(&multiply(&y, &divide(half, mean)?)?, 1.0)?, &multiply(&root, &divide(half, mean)?)?)?)?;
        let first = less_equal(&rng.random(&shape)?, &divide(mean, &add(mean, &x)?)?)?;
        where_(&first, &x, &divide(&square(mean)?, &x)?)
    }

    /// Weibull numbers of scale 1.
    ///
    /// NumPy: `Generator.weibull(a, size)`.
    ///
    /// ```
    /// use polyarray_core::numpy::{self as np, random::Generator};
    /// # use polyarray_cpu as _;
    /// let x = Generator::new(7).weibull(2.0, 10_000)?;
    /// // The mean is √π / 2.
    /// let mean = np::mean(&x, ())?.item()?.to_f64();
    /// assert!((mean - 0.8862).abs() < 0.05);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    weibull(rng, shape, a) {
        pow(&exponential(rng, &shape)?, &divide(1.0, a)?)
    }
}

impl Generator {
    /// Shares that sum to 1 along the last axis, which is as long as `alpha`, of one axis: each row is gamma numbers of these
    /// forms, divided by their sum.
    ///
    /// NumPy: `Generator.dirichlet(alpha, size)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy::{self as np, random::Generator}};
    /// # use polyarray_cpu as _;
    /// let x = Generator::new(7).dirichlet(&Array::from([1.0, 2.0, 1.0]), 5)?;
    /// assert_eq!(x.shape(), [5, 3]);
    /// assert!(np::allclose(&np::sum(&x, -1)?, 1.0, ())?);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`random`](Generator::random); `alpha` has not one axis.
    pub fn dirichlet(&mut self, alpha: &Array, shape: impl IntoShape) -> Result<Array> {
        if alpha.ndim() != 1 {
            return Err(crate::error::Error::Shape {
                op: "dirichlet",
                operands: format!("alpha: {:?}", alpha.shape()),
                fix: "it has one axis".into(),
            });
        }
        let mut full = Shape::from(shape).0;
        full.push(alpha.len() as isize);
        let gamma = self.standard_gamma(alpha, full)?;
        divide(&gamma, &crate::numpy::sum(&gamma, crate::numpy::axis(-1).keepdims())?)
    }

    /// Normal vectors, along the last axis, of a mean (n) and a covariance (n, n), symmetric and without negative eigenvalues
    /// but for rounding: standard normal ones times the root of the covariance, by its singular values.
    ///
    /// NumPy: `Generator.multivariate_normal(mean, cov, size)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy::{self as np, random::Generator}};
    /// # use {polyarray_cpu as _, polyarray_cpu_linalg as _};
    /// let (mean, cov) = (Array::from([1.0, 2.0]), Array::from([[1.0, 0.5], [0.5, 1.0]]));
    /// let x = Generator::new(7).multivariate_normal(&mean, &cov, 10_000)?;
    /// assert_eq!(x.shape(), [10_000, 2]);
    /// assert!(np::allclose(&np::mean(&x, 0)?, &mean, np::atol(0.1))?);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`random`](Generator::random) and of [`svd`](crate::numpy::linalg::svd()); parameters of other shapes.
    pub fn multivariate_normal(&mut self, mean: &Array, cov: &Array, shape: impl IntoShape) -> Result<Array> {
        let n = mean.len();
        if mean.ndim() != 1 || cov.shape() != [n, n] {
            return Err(crate::error::Error::Shape {
                op: "multivariate_normal",
                operands: format!("mean: {:?}, cov: {:?}", mean.shape(), cov.shape()),
                fix: "the mean has one axis, the covariance is a square matrix of as many rows".into(),
            });
        }
        let mut full = Shape::from(shape).0;
        full.push(n as isize);
        let x = self.standard_normal(&full[..])?;
        let (_, s, vh) = crate::numpy::linalg::svd(cov, false)?;
        let root = multiply(&sqrt(&s)?.expand_dims(1)?, &vh)?;
        // One matrix of all vectors: there may be no axis before the last one.
        let rows = x.reshape([(x.len() / n.max(1)) as isize, n as isize])?;
        let spread = crate::numpy::matmul(&rows, &crate::numpy::astype(&root, x.dtype())?)?;
        add(&spread.reshape(x.shape())?, mean)
    }
}
