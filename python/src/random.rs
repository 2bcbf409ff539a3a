//! The class `Generator`: NumPy's, over a stream that is the same on every device.
use parking_lot::Mutex;
use polyarray::random::{Generator, Stream};
use polyarray::{self as np, Array};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;

use crate::array::PyArray;
use crate::creation::{Lengths, device};
use crate::dtypes::Given;
use crate::errors::Raise;
use crate::operand::operand;

/// A generator of random arrays. One seed gives the same numbers on every device, whatever the number of threads.
#[pyclass(frozen, name = "Generator", module = "polyarray.random")]
pub struct PyGenerator(Mutex<Generator>);

/// `default_rng(seed, device=None, dtype=None)`: a generator of a seed, that makes arrays on a device.
#[pyfunction]
#[pyo3(signature = (seed, *, device=None, dtype=None))]
pub fn default_rng(
    seed: u64,
    device: Option<&Bound<'_, PyAny>>,
    dtype: Option<Given>,
) -> PyResult<PyGenerator> {
    PyGenerator::new(seed, device, dtype)
}

/// The shape of `size`: no axes by default.
fn shape(size: Option<Lengths>) -> Vec<isize> {
    size.map(|size| size.0).unwrap_or_default()
}

/// The shape of parameters that are broadcast, where no size is given.
fn broadcast(size: Option<Lengths>, parameters: &[&[usize]]) -> PyResult<Vec<isize>> {
    match (size, crate::operand::broadcast(parameters)) {
        (Some(size), _) => Ok(size.0),
        (None, Some(lengths)) => Ok(lengths.into_iter().map(|len| len as isize).collect()),
        (None, None) => Err(PyValueError::new_err("the parameters do not broadcast")),
    }
}

impl PyGenerator {
    fn draw(
        &self,
        py: Python<'_>,
        draw: impl FnOnce(&mut Generator) -> np::Result<Array> + Send,
    ) -> PyResult<PyArray> {
        py.detach(|| draw(&mut self.0.lock())).raise().map(PyArray::new)
    }
}

macro_rules! distributions {
    ($($name:ident($($parameter:ident $(= $default:literal)?),*) $text:literal $doc:literal;)*) => {
        #[pymethods]
        impl PyGenerator {
            $(
                #[doc = $doc]
                #[pyo3(signature = ($($parameter $(= $crate::random::or($default))?,)* size=None), text_signature = $text)]
                fn $name<'py>(
                    &self,
                    py: Python<'py>,
                    $($parameter: Parameter<'py>,)*
                    size: Option<Lengths>,
                ) -> PyResult<PyArray> {
                    $(let $parameter = $parameter.array()?;)*
                    let shape = broadcast(size, &[$($parameter.shape()),*])?;
                    self.draw(py, move |rng| rng.$name($(&$parameter,)* shape))
                }
            )*
        }
    };
}

/// A parameter of a distribution: a number or an array.
enum Parameter<'py> {
    Given(Bound<'py, PyAny>),
    Default(f64),
}

fn or<'py>(default: f64) -> Parameter<'py> {
    Parameter::Default(default)
}

impl Parameter<'_> {
    fn array(self) -> PyResult<Array> {
        match self {
            Parameter::Given(given) => operand(&given),
            Parameter::Default(value) => Ok(Array::weak(np::Scalar::F64(value))),
        }
    }
}

impl<'py> FromPyObject<'_, 'py> for Parameter<'py> {
    type Error = PyErr;
    fn extract(given: Borrowed<'_, 'py, PyAny>) -> PyResult<Parameter<'py>> {
        Ok(Parameter::Given(given.to_owned()))
    }
}

distributions! {
    uniform(low = 0.0, high = 1.0) "($self, low=0.0, high=1.0, size=None)" "Uniform numbers from `low` to below `high`.";
    normal(loc = 0.0, scale = 1.0) "($self, loc=0.0, scale=1.0, size=None)" "Normal numbers.";
    exponential(scale = 1.0) "($self, scale=1.0, size=None)" "Exponential numbers of mean `scale`.";
    standard_gamma(shape) "($self, shape, size=None)" "Gamma numbers of scale 1.";
    gamma(shape, scale = 1.0) "($self, shape, scale=1.0, size=None)" "Gamma numbers.";
    beta(a, b) "($self, a, b, size=None)" "Beta numbers.";
    chisquare(df) "($self, df, size=None)" "Chi-square numbers.";
    noncentral_chisquare(df, nonc) "($self, df, nonc, size=None)" "Noncentral chi-square numbers.";
    f(dfnum, dfden) "($self, dfnum, dfden, size=None)" "Fisher's F.";
    noncentral_f(dfnum, dfden, nonc) "($self, dfnum, dfden, nonc, size=None)" "Noncentral F numbers.";
    standard_t(df) "($self, df, size=None)" "Student's t.";
    gumbel(loc = 0.0, scale = 1.0) "($self, loc=0.0, scale=1.0, size=None)" "Gumbel numbers.";
    laplace(loc = 0.0, scale = 1.0) "($self, loc=0.0, scale=1.0, size=None)" "Laplace numbers.";
    logistic(loc = 0.0, scale = 1.0) "($self, loc=0.0, scale=1.0, size=None)" "Logistic numbers.";
    lognormal(mean = 0.0, sigma = 1.0) "($self, mean=0.0, sigma=1.0, size=None)" "Log-normal numbers.";
    pareto(a) "($self, a, size=None)" "Pareto II numbers.";
    power(a) "($self, a, size=None)" "Numbers whose density is a power.";
    rayleigh(scale = 1.0) "($self, scale=1.0, size=None)" "Rayleigh numbers.";
    triangular(left, mode, right) "($self, left, mode, right, size=None)" "Numbers of a triangular density.";
    vonmises(mu, kappa) "($self, mu, kappa, size=None)" "Angles of von Mises.";
    wald(mean, scale) "($self, mean, scale, size=None)" "Inverse Gaussian numbers.";
    weibull(a) "($self, a, size=None)" "Weibull numbers.";
    binomial(n, p) "($self, n, p, size=None)" "How often something of probability `p` happens in `n` trials.";
    poisson(lam = 1.0) "($self, lam=1.0, size=None)" "How many events there are where `lam` are expected.";
    geometric(p) "($self, p, size=None)" "The number of trials up to the first success.";
    negative_binomial(n, p) "($self, n, p, size=None)" "The number of failures up to the `n`th success.";
    zipf(a) "($self, a, size=None)" "Numbers of Zipf's law.";
    logseries(p) "($self, p, size=None)" "Numbers of the logarithmic series.";
}

#[pymethods]
impl PyGenerator {
    #[new]
    #[pyo3(signature = (seed, *, device=None, dtype=None))]
    fn new(seed: u64, device: Option<&Bound<'_, PyAny>>, dtype: Option<Given>) -> PyResult<PyGenerator> {
        let mut rng = Generator::new(seed).device(self::device(device)?).raise()?;
        if let Some(dtype) = dtype {
            rng = rng.dtype(dtype.0);
        }
        Ok(PyGenerator(Mutex::new(rng)))
    }

    /// The place in its stream: a key and the number of a block.
    #[getter]
    fn state(&self) -> (u64, u128) {
        let stream = self.0.lock().stream();
        (stream.key, stream.block)
    }

    /// A generator that goes on from a place that `state` gave once.
    #[staticmethod]
    fn from_state(state: (u64, u128)) -> PyGenerator {
        PyGenerator(Mutex::new(Generator::from_stream(Stream { key: state.0, block: state.1 })))
    }

    /// Generators of streams of their own.
    fn spawn(&self, n_children: usize) -> Vec<PyGenerator> {
        let mut rng = self.0.lock();
        (0..n_children).map(|_| PyGenerator(Mutex::new(rng.split()))).collect()
    }

    /// Uniform numbers from 0 to below 1.
    #[pyo3(signature = (size=None))]
    fn random(&self, py: Python<'_>, size: Option<Lengths>) -> PyResult<PyArray> {
        self.draw(py, |rng| rng.random(shape(size)))
    }

    /// Normal numbers of mean 0 and deviation 1.
    #[pyo3(signature = (size=None))]
    fn standard_normal(&self, py: Python<'_>, size: Option<Lengths>) -> PyResult<PyArray> {
        self.draw(py, |rng| rng.standard_normal(shape(size)))
    }

    /// Exponential numbers of mean 1.
    #[pyo3(signature = (size=None))]
    fn standard_exponential(&self, py: Python<'_>, size: Option<Lengths>) -> PyResult<PyArray> {
        self.draw(py, |rng| rng.standard_exponential(shape(size)))
    }

    /// Cauchy numbers.
    #[pyo3(signature = (size=None))]
    fn standard_cauchy(&self, py: Python<'_>, size: Option<Lengths>) -> PyResult<PyArray> {
        self.draw(py, |rng| rng.standard_cauchy(shape(size)))
    }

    /// Integers from `low` to below `high`, up to `high` with `endpoint`; with one bound from 0 on.
    #[pyo3(signature = (low, high=None, size=None, *, endpoint=false))]
    fn integers(
        &self,
        py: Python<'_>,
        low: i64,
        high: Option<i64>,
        size: Option<Lengths>,
        endpoint: bool,
    ) -> PyResult<PyArray> {
        let (low, high) = high.map_or((0, low), |high| (low, high));
        self.draw(py, |rng| rng.integers(low, high.saturating_add(i64::from(endpoint)), shape(size)))
    }

    /// Random bytes.
    fn bytes<'py>(&self, py: Python<'py>, length: usize) -> PyResult<Bound<'py, pyo3::types::PyBytes>> {
        let drawn = py.detach(|| self.0.lock().bytes(length).and_then(|x| x.to_vec::<u8>())).raise()?;
        Ok(pyo3::types::PyBytes::new(py, &drawn))
    }

    /// The numbers below an integer, or the rows of an array, in random order.
    fn permutation(&self, py: Python<'_>, x: &Bound<'_, PyAny>) -> PyResult<PyArray> {
        match x.extract::<usize>() {
            Ok(n) if !x.is_instance_of::<PyArray>() => self.draw(py, |rng| rng.permutation(n)),
            _ => {
                let x = operand(x)?;
                self.draw(py, move |rng| rng.shuffled(&x))
            }
        }
    }

    /// Puts the rows of an array in random order.
    fn shuffle(&self, py: Python<'_>, x: &Bound<'_, PyArray>) -> PyResult<()> {
        let array = x.get().array();
        let shuffled = py.detach(|| self.0.lock().shuffled(&array)).raise()?;
        x.get().update(|array| {
            *array = shuffled;
            Ok(())
        })
    }

    /// An array whose parts along an axis are in random orders, each in its own; without an axis all elements are.
    #[pyo3(signature = (x, *, axis=None))]
    fn permuted(&self, py: Python<'_>, x: &Bound<'_, PyAny>, axis: Option<isize>) -> PyResult<PyArray> {
        let x = operand(x)?;
        self.draw(py, move |rng| match axis {
            Some(axis) => rng.permuted(&x, axis),
            None => rng.permuted(&x, ()),
        })
    }

    /// Elements of an array, or of the numbers below an integer; without `replace` each once at most. `p` are their
    /// probabilities.
    #[pyo3(signature = (a, size=None, replace=true, p=None))]
    fn choice(
        &self,
        py: Python<'_>,
        a: &Bound<'_, PyAny>,
        size: Option<Lengths>,
        replace: bool,
        p: Option<Vec<f64>>,
    ) -> PyResult<PyArray> {
        let x = match a.extract::<usize>() {
            Ok(n) if !a.is_instance_of::<PyArray>() => np::arange(n, ()).raise()?,
            _ => operand(a)?,
        };
        let shape = shape(size);
        if replace {
            return self.draw(py, move |rng| match p {
                Some(p) => rng.choice_weighted(&x, &p, shape),
                None => rng.choice(&x, shape),
            });
        }
        let count = usize::try_from(shape.iter().product::<isize>())
            .map_err(|_| PyTypeError::new_err("choice: lengths are 0 or more"))?;
        let tail: Vec<isize> = x.shape().iter().skip(1).map(|&len| len as isize).collect();
        self.draw(py, move |rng| {
            let drawn = match p {
                Some(p) => rng.sample_weighted(&x, &p, count),
                None => rng.sample(&x, count),
            };
            drawn?.reshape([shape, tail].concat())
        })
    }

    /// How often each of several outcomes happens in `n` trials.
    #[pyo3(signature = (n, pvals, size=None))]
    fn multinomial(
        &self,
        py: Python<'_>,
        n: i64,
        pvals: Vec<f64>,
        size: Option<Lengths>,
    ) -> PyResult<PyArray> {
        self.draw(py, move |rng| rng.multinomial(n, &pvals, shape(size)))
    }

    /// Vectors of normal numbers, of a mean and a covariance.
    #[pyo3(signature = (mean, cov, size=None))]
    fn multivariate_normal(
        &self,
        py: Python<'_>,
        mean: &Bound<'_, PyAny>,
        cov: &Bound<'_, PyAny>,
        size: Option<Lengths>,
    ) -> PyResult<PyArray> {
        let (mean, cov) = (operand(mean)?, operand(cov)?);
        self.draw(py, move |rng| rng.multivariate_normal(&mean, &cov, shape(size)))
    }

    /// How many of each colour are among `nsample` drawn, of `colors` that there are of each.
    #[pyo3(signature = (colors, nsample, size=None))]
    fn multivariate_hypergeometric(
        &self,
        py: Python<'_>,
        colors: Vec<usize>,
        nsample: usize,
        size: Option<Lengths>,
    ) -> PyResult<PyArray> {
        self.draw(py, move |rng| rng.multivariate_hypergeometric(&colors, nsample, shape(size)))
    }

    /// Shares that add up to 1.
    #[pyo3(signature = (alpha, size=None))]
    fn dirichlet(
        &self,
        py: Python<'_>,
        alpha: &Bound<'_, PyAny>,
        size: Option<Lengths>,
    ) -> PyResult<PyArray> {
        let alpha = operand(alpha)?;
        self.draw(py, move |rng| rng.dirichlet(&alpha, shape(size)))
    }

    /// How many of `nsample` things are good, drawn from `ngood` good and `nbad` bad ones.
    #[pyo3(signature = (ngood, nbad, nsample, size=None))]
    fn hypergeometric(
        &self,
        py: Python<'_>,
        ngood: usize,
        nbad: usize,
        nsample: usize,
        size: Option<Lengths>,
    ) -> PyResult<PyArray> {
        self.draw(py, move |rng| rng.hypergeometric(ngood, nbad, nsample, shape(size)))
    }
}
