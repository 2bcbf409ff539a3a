//! Draws from a stream: the one method of the domain that has kernels.

use super::super::Answer;
use crate::array::Array;
use crate::array::spec::{Outputs, Spec, output, record_one};
use crate::device::Device;
use crate::dispatch::{Cx, Registrar, Stop};
use crate::dtype::DType;
use crate::error::Error;
use crate::multimethod;

/// A place in a stream of random numbers: which stream, and how many blocks of it are used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Stream {
    /// Which stream.
    pub key: u64,
    /// The next block.
    pub block: u128,
}

/// What is made of the words of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Drawn {
    /// The four words, as uint32.
    Words,
    /// Uniform numbers in [0, 1): four of 24 bits in float32, two of 53 bits in float64.
    Uniform,
    /// Normal numbers of mean 0 and variance 1 by pairs (Box and Muller 1958): four in float32, two in float64.
    Normal,
}

multimethod! {
    erased domain "numpy.random";

    /// `count` numbers from a place of a stream on, one axis: words are uint32, others float32 or float64.
    ///
    /// NumPy: none; what `Generator` is made of.
    pub fn draw(stream: Stream, drawn: Drawn, count: usize, dtype: DType, device: &Device) -> Result<Array>;
}

/// Random numbers. No operands; the result is dense, (count).
///
/// Element e belongs to block `stream.block + e / n`, of n elements: the words of Philox4x32-10 with the block's number as
/// counter, lowest word first, and the key's low word first. Uniform: the upper 24 bits of each word, or the 53 upper bits of
/// words 0 and 1, then 2 and 3, the second being the higher one. Normal, of each pair (a, b) of words, or of such doubles:
/// r = √(−2·ln((a + ½)/2ᵏ)) times cosine and sine of 2πb/2ᵏ, k = 32 or 53.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Draw {
    /// From here on.
    pub stream: Stream,
    /// What is made of the words.
    pub drawn: Drawn,
    /// Number of elements.
    pub count: usize,
    /// Their dtype.
    pub dtype: DType,
}

impl Draw {
    /// Elements of a block.
    ///
    /// ```
    /// use polyarray_core::{DType, numpy::specs::{Draw, Drawn, Stream}};
    /// let stream = Stream { key: 7, block: 0 };
    /// let draw = Draw { stream, drawn: Drawn::Uniform, count: 10, dtype: DType::F64 };
    /// assert_eq!(draw.per_block(), 2);
    /// ```
    pub fn per_block(&self) -> usize {
        16 / self.dtype.size()
    }
}

impl Spec for Draw {
    const NAME: &'static str = "draw";

    fn outputs(&self) -> Outputs {
        output([self.count].as_slice(), self.dtype)
    }
}

/// Registers draws for a kind whose kernels compute them.
pub(in crate::numpy) fn register(r: &mut Registrar<'_>, kind: &str) {
    r.register::<draw>(
        kind,
        |cx: Cx, stream: Stream, drawn: Drawn, count: usize, dtype: DType, _: &Device| -> Answer {
            let fits = match drawn {
                Drawn::Words => dtype == DType::U32,
                Drawn::Uniform | Drawn::Normal => matches!(dtype, DType::F32 | DType::F64),
            };
            if !fits {
                return Err(Stop::Failed(Error::DType {
                    op: "draw",
                    operands: format!("{drawn:?} in {dtype}"),
                    fix: "words are uint32, uniform and normal numbers float32 or float64".into(),
                }));
            }
            record_one(cx, Draw { stream, drawn, count, dtype }, &[])
        },
    );
}
