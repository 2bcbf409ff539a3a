//! `Generator`: a stream, and where its arrays are made.

use super::stream::{Drawn, Stream, erased_draw};
use crate::array::{Array, IntoShape, Operandlike, lengths};
use crate::device::residency::site;
use crate::device::{Device, Dyn, instance_at};
use crate::dtype::{DType, Kind};
use crate::error::{Error, Result};
use crate::numpy::{Shape, add, all, astype, dtype, full, logical_or, multiply, where_};

/// A generator of random arrays: NumPy's `Generator`.
///
/// One seed gives the same numbers on every device. Floats are of the device's default float unless [`dtype`] says
/// otherwise. Parameters of distributions are scalars or arrays, which broadcast to the shape.
///
/// ```
/// use polyarray_core::{Array, numpy::random::Generator};
/// # use polyarray_cpu as _;
/// let mut rng = Generator::new(7).device("host")?;
/// let x = rng.normal(0.0, &Array::from([1.0, 2.0, 3.0]), [1000, 3])?;
/// assert_eq!(x.shape(), [1000, 3]);
/// # Ok::<(), polyarray_core::Error>(())
/// ```
///
/// [`dtype`]: Generator::dtype
#[derive(Clone, Debug)]
pub struct Generator {
    stream: Stream,
    device: Device,
    dtype: Option<DType>,
}

/// A generator of a seed: NumPy's name for [`Generator::new`].
///
/// ```
/// use polyarray_core::numpy as np;
/// # use polyarray_cpu as _;
/// let x = np::random::default_rng(7).random([2, 3])?;
/// assert_eq!(x.shape(), [2, 3]);
/// # Ok::<(), polyarray_core::Error>(())
/// ```
pub fn default_rng(seed: u64) -> Generator {
    Generator::new(seed)
}

impl Generator {
    /// The stream of a seed, from its beginning.
    ///
    /// ```
    /// use polyarray_core::numpy::random::Generator;
    /// # use polyarray_cpu as _;
    /// // The same seed, the same numbers.
    /// let (a, b) = (Generator::new(7).random(4)?, Generator::new(7).random(4)?);
    /// assert_eq!(a.to_vec::<f64>()?, b.to_vec::<f64>()?);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    pub fn new(seed: u64) -> Generator {
        Generator::from_stream(Stream { key: seed, block: 0 })
    }

    /// From a place in a stream: what [`stream`](Generator::stream) gave once.
    ///
    /// ```
    /// use polyarray_core::numpy::random::Generator;
    /// # use polyarray_cpu as _;
    /// let mut rng = Generator::new(7);
    /// rng.random(100)?;
    /// let mut later = Generator::from_stream(rng.stream());
    /// assert_eq!(later.random(4)?.to_vec::<f64>()?, rng.random(4)?.to_vec::<f64>()?);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    pub fn from_stream(stream: Stream) -> Generator {
        Generator { stream, device: Device::Default, dtype: None }
    }

    /// The place in its stream, from which [`from_stream`](Generator::from_stream) goes on.
    ///
    /// ```
    /// use polyarray_core::numpy::random::Generator;
    /// # use polyarray_cpu as _;
    /// let mut rng = Generator::new(7);
    /// let before = rng.stream();
    /// rng.random(100)?;
    /// assert!(rng.stream().key == before.key && rng.stream().block > before.block);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    pub fn stream(&self) -> Stream {
        self.stream
    }

    /// Arrays are made on this device.
    ///
    /// ```
    /// use polyarray_core::numpy::random::Generator;
    /// # use polyarray_cpu as _;
    /// let mut rng = Generator::new(7).device("host")?;
    /// assert_eq!(rng.random(3)?.shape(), [3]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// A name that is no device.
    pub fn device(mut self, device: impl TryInto<Device, Error: Into<Error>>) -> Result<Generator> {
        self.device = device.try_into().map_err(Into::into)?;
        Ok(self)
    }

    /// Floats are of this dtype.
    ///
    /// ```
    /// use polyarray_core::{DType, numpy::random::Generator};
    /// # use polyarray_cpu as _;
    /// let mut rng = Generator::new(7).dtype(DType::F32);
    /// assert_eq!(rng.random(3)?.dtype(), DType::F32);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    #[must_use]
    pub fn dtype(mut self, dtype: DType) -> Generator {
        self.dtype = Some(dtype);
        self
    }

    /// Another generator, whose stream has nothing in common with this one's; each call gives another.
    ///
    /// ```
    /// use polyarray_core::numpy::random::Generator;
    /// # use polyarray_cpu as _;
    /// let mut rng = Generator::new(7);
    /// let mut other = rng.split();
    /// assert_ne!(other.random(4)?.to_vec::<f64>()?, rng.random(4)?.to_vec::<f64>()?);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    #[must_use]
    pub fn split(&mut self) -> Generator {
        // The finaliser of SplitMix64 (Steele, Lea, Flood 2014) over key and place, which no two splits share.
        let mut z = self.stream.key ^ (self.stream.block as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        self.stream.block += 1;
        Generator { stream: Stream { key: z ^ (z >> 31), block: 0 }, ..self.clone() }
    }

    /// As many generators as asked for, by [`split`](Generator::split).
    ///
    /// NumPy: `Generator.spawn(n)`.
    ///
    /// ```
    /// use polyarray_core::numpy::random::Generator;
    /// # use polyarray_cpu as _;
    /// let mut workers = Generator::new(7).spawn(3);
    /// assert_ne!(workers[0].random(4)?.to_vec::<f64>()?, workers[1].random(4)?.to_vec::<f64>()?);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    pub fn spawn(&mut self, n: usize) -> Vec<Generator> {
        (0..n).map(|_| self.split()).collect()
    }

    /// The same stream 2⁶⁴ · `times` blocks later: parts of one stream for parallel work.
    ///
    /// NumPy: `Philox.jumped(jumps)`.
    ///
    /// ```
    /// use polyarray_core::numpy::random::Generator;
    /// # use polyarray_cpu as _;
    /// let mut rng = Generator::new(7);
    /// let mut far = rng.jumped(1);
    /// assert_ne!(far.random(4)?.to_vec::<f64>()?, rng.random(4)?.to_vec::<f64>()?);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    #[must_use]
    pub fn jumped(&self, times: u64) -> Generator {
        let block = self.stream.block.wrapping_add(u128::from(times) << 64);
        Generator { stream: Stream { block, ..self.stream }, ..self.clone() }
    }

    /// Uniform numbers in [0, 1).
    ///
    /// NumPy: `Generator.random(size)`.
    ///
    /// ```
    /// use polyarray_core::numpy::random::Generator;
    /// # use polyarray_cpu as _;
    /// let x = Generator::new(7).random([2, 3])?;
    /// assert!(x.to_vec::<f64>()?.iter().all(|x| (0.0..1.0).contains(x)));
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// A shape that is none; a dtype that is no float, or that the device lacks; those of the device.
    pub fn random(&mut self, shape: impl IntoShape) -> Result<Array> {
        self.floats(Drawn::Uniform, shape)
    }

    /// Normal numbers of mean 0 and variance 1.
    ///
    /// NumPy: `Generator.standard_normal(size)`.
    ///
    /// ```
    /// use polyarray_core::numpy::{self as np, random::Generator};
    /// # use polyarray_cpu as _;
    /// let x = Generator::new(7).standard_normal(10_000)?;
    /// let mean = np::mean(&x, ())?.item()?.to_f64();
    /// assert!(mean.abs() < 0.05);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`random`](Generator::random).
    pub fn standard_normal(&mut self, shape: impl IntoShape) -> Result<Array> {
        self.floats(Drawn::Normal, shape)
    }

    /// 64 random bits as uint64.
    pub(super) fn long_words(&mut self, shape: impl IntoShape) -> Result<Array> {
        let shape = Shape::from(shape);
        let n: usize = lengths("random", &shape.0)?.iter().product();
        let words = self.draw(Drawn::Words, 2 * n, DType::U32)?.reshape([n, 2])?;
        let low = astype(&words.slice(":, 0")?, DType::U64)?;
        let high = astype(&words.slice(":, 1")?, DType::U64)?;
        add(&multiply(&high, 1_u64 << 32)?, &low)?.reshape(shape.0)
    }

    fn floats(&mut self, drawn: Drawn, shape: impl IntoShape) -> Result<Array> {
        let shape = Shape::from(shape);
        let n: usize = lengths("random", &shape.0)?.iter().product();
        let dtype = self.float()?;
        let wide = if dtype == DType::F16 { DType::F32 } else { dtype };
        let flat = self.draw(drawn, n, wide)?;
        let flat = if wide == dtype { flat } else { astype(&flat, dtype)? };
        flat.reshape(shape.0)
    }

    fn draw(&mut self, drawn: Drawn, count: usize, dtype: DType) -> Result<Array> {
        let array = erased_draw(self.stream, drawn, count, dtype, &self.place()?)?;
        let blocks = count.div_ceil(16 / dtype.size());
        self.stream.block = self.stream.block.wrapping_add(blocks as u128);
        Ok(array)
    }

    /// Where arrays are made.
    pub(super) fn place(&self) -> Result<Device> {
        self.device.placed()
    }

    /// The dtype of floats.
    pub(super) fn float(&self) -> Result<DType> {
        match self.dtype {
            Some(dtype) if dtype.kind() == Kind::Float => Ok(dtype),
            Some(dtype) => Err(Error::DType {
                op: "random",
                operands: format!("a generator of {dtype}"),
                fix: "random numbers are of a float dtype; cast the result".into(),
            }),
            None => match self.place()? {
                Device::At(key) => Ok(site(instance_at(key)?)?.default_float),
                Device::Default => Ok(DType::F64),
            },
        }
    }

    /// Values of which each is drawn again until it is accepted.
    pub(super) fn accepted(
        &mut self,
        mut attempt: impl FnMut(&mut Generator) -> Result<(Array, Array)>,
    ) -> Result<Array> {
        let (mut values, mut done) = attempt(self)?;
        // Rejection leaves a constant share each time: far fewer rounds than this.
        for _ in 0..256 {
            values.eval()?;
            if all(&done, ())?.item()?.to_f64() != 0.0 {
                break;
            }
            let (again, accepted) = attempt(self)?;
            values = where_(&done, &values, &again)?;
            done = logical_or(&done, &accepted)?.eval()?.clone();
        }
        Ok(values)
    }
}

impl Generator {
    /// A parameter of a distribution: a scalar is a float where the arrays are made.
    pub(super) fn parameter(&self, x: impl Operandlike<Dyn>) -> Result<Array> {
        let x = x.operand();
        match x.is_weak() {
            true => full((), x.item()?, dtype(self.float()?).device(self.place()?)),
            false => Ok(x.into_owned()),
        }
    }
}
