//! Arguments of a call, as samples and as the reference sees them.

use crate::array::packed::Value;
use crate::dtype::{DType, Scalar};
use crate::testing::samples::{LIES, Lie, Plain, Random, Sample};
use std::fmt;

/// One argument of a sampled call.
#[derive(Clone)]
pub enum Arg {
    /// An array.
    Array(Sample),
    /// Several arrays.
    Arrays(Vec<Sample>),
    /// A Rust scalar in place of an array.
    Weak(Scalar),
    /// The place that is tested.
    Place,
    /// Anything else, and how it prints.
    Plain(Value, String),
}

impl Arg {
    /// A plain argument.
    pub fn plain<T: fmt::Debug + Send + Sync + 'static>(value: T) -> Arg {
        let text = format!("{value:?}");
        Arg::Plain(Value::plain(value), text)
    }

    /// The number that the argument is.
    pub fn number(&self) -> Option<Scalar> {
        match self {
            Arg::Weak(value) => Some(*value),
            Arg::Plain(value, _) => value.get().map(|&x: &f64| Scalar::F64(x)),
            _ => None,
        }
    }

    /// The arrays of the argument.
    pub fn samples(&self) -> &[Sample] {
        match self {
            Arg::Array(sample) => std::slice::from_ref(sample),
            Arg::Arrays(samples) => samples,
            _ => &[],
        }
    }
}

impl fmt::Display for Arg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Arg::Array(sample) => write!(f, "{sample}"),
            Arg::Arrays(samples) => f.debug_list().entries(samples.iter().map(ToString::to_string)).finish(),
            Arg::Weak(value) => write!(f, "scalar {value}"),
            Arg::Place => f.write_str("here"),
            Arg::Plain(_, text) => f.write_str(text),
        }
    }
}

/// The arguments of one call.
pub type Case = Vec<Arg>;

/// A call as the reference sees it.
pub struct Given<'a> {
    /// The arguments.
    pub args: &'a [Arg],
    /// The default float of the place.
    pub float: DType,
}

impl Given<'_> {
    /// An array argument.
    pub fn array(&self, at: usize) -> &Plain {
        &self.args[at].samples()[0].values
    }

    /// Several arrays.
    pub fn arrays(&self, at: usize) -> Vec<Plain> {
        self.args[at].samples().iter().map(|sample| sample.values.clone()).collect()
    }

    /// A plain argument.
    pub fn plain<T: 'static>(&self, at: usize) -> &T {
        match &self.args[at] {
            Arg::Plain(value, _) => value.get().expect("the samples have the type of the parameter"),
            _ => panic!("argument {at} is not plain"),
        }
    }
}

/// Makes samples: from one seed always the same.
pub struct Sampler {
    /// Where values come from.
    pub random: Random,
    /// The dtypes that the place holds.
    pub dtypes: Vec<DType>,
    /// Every layout in every dtype, not each in one; on a device every combination is a kernel to compile.
    pub thorough: bool,
    turn: usize,
}

impl Sampler {
    /// For a place that holds these dtypes.
    pub fn new(seed: u64, dtypes: Vec<DType>, thorough: bool) -> Sampler {
        Sampler { random: Random(seed), dtypes, thorough, turn: seed as usize % 7 }
    }

    /// The dtypes of the place that satisfy `of`.
    pub fn all(&self, of: impl Fn(DType) -> bool) -> Vec<DType> {
        self.dtypes.iter().copied().filter(|&d| of(d)).collect()
    }

    /// Another one each time: a dtype for a case that is about something else. All of them where it is thorough.
    pub fn some(&mut self, of: impl Fn(DType) -> bool) -> Vec<DType> {
        let all = self.all(of);
        if self.thorough || all.is_empty() {
            return all;
        }
        self.turn += 1;
        vec![all[self.turn % all.len()]]
    }

    /// Three others each time, for methods in terms of those that are tried in every dtype. All where it is thorough.
    pub fn few(&mut self, of: impl Fn(DType) -> bool) -> Vec<DType> {
        if self.thorough { self.all(of) } else { (0..3).flat_map(|_| self.some(&of)).collect() }
    }

    /// Another layout each time.
    pub fn lie(&mut self) -> Lie {
        self.turn += 1;
        LIES[self.turn % LIES.len()]
    }

    /// An array of values.
    pub fn array(
        &mut self,
        dtype: DType,
        shape: &[usize],
        lie: Lie,
        value: impl Fn(DType, &mut Random) -> Scalar,
    ) -> Sample {
        let random = &mut self.random;
        Sample::new(dtype, shape, lie, || value(dtype, random))
    }
}
