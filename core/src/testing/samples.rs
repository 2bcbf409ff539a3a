//! Arguments worth testing with: every dtype, shapes and layouts that kernels stumble over, special values.

use crate::array::Array;
use crate::dtype::{DType, Element, Kind, Scalar};
use crate::error::Result;
use crate::with_element;
use num_complex::Complex64;
use std::fmt;

/// A generator whose every run is the same (SplitMix64, Steele and others 2014).
#[derive(Clone, Debug)]
pub struct Random(pub u64);

impl Random {
    /// The next 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// In 0..n.
    pub fn below(&mut self, n: usize) -> usize {
        (self.bits() % n.max(1) as u64) as usize
    }

    /// In -1..1.
    pub fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1_u64 << 52) as f64 - 1.0
    }
}

/// The multi-index of a row-major position.
pub fn unravel(mut flat: usize, shape: &[usize]) -> Vec<usize> {
    let mut out = vec![0; shape.len()];
    for (o, d) in out.iter_mut().zip(shape).rev() {
        *o = flat % d;
        flat /= d;
    }
    out
}

/// The row-major position of a multi-index.
pub fn ravel(index: &[usize], shape: &[usize]) -> usize {
    index.iter().zip(shape).fold(0, |flat, (i, d)| flat * d + i)
}

/// Elements of an array as plain numbers, row-major: what the reference computes with.
#[derive(Clone, Debug, PartialEq)]
pub struct Plain {
    /// The dtype of the elements.
    pub dtype: DType,
    /// Lengths of the axes.
    pub shape: Vec<usize>,
    /// The elements, of that dtype.
    pub data: Vec<Scalar>,
}

impl Plain {
    /// From elements, which are cast to the dtype.
    pub fn new(dtype: DType, shape: &[usize], data: impl IntoIterator<Item = Scalar>) -> Plain {
        let data: Vec<Scalar> = data.into_iter().map(|x| x.cast(dtype)).collect();
        assert_eq!(data.len(), shape.iter().product::<usize>());
        Plain { dtype, shape: shape.to_vec(), data }
    }

    /// The elements of an array, wherever it lives.
    ///
    /// # Errors
    /// What computing or reading it fails with.
    pub fn read(x: &Array) -> Result<Plain> {
        let data = with_element!(x.dtype(), T => x.to_vec::<T>()?.into_iter().map(Element::scalar).collect());
        Ok(Plain { dtype: x.dtype(), shape: x.shape().to_vec(), data })
    }

    /// Its elements in memory, row-major, little-endian; a bool is a byte.
    pub fn bytes(&self) -> Vec<u8> {
        with_element!(self.dtype, T => {
            let elements: Vec<T> = self.data.iter().map(|&x| T::from_scalar(x)).collect();
            bytemuck::cast_slice::<T, u8>(&elements).to_vec()
        })
    }

    /// As a dense array on the host.
    pub fn array(&self) -> Array {
        let flat = with_element!(self.dtype, T =>
            Array::from(self.data.iter().map(|&x| T::from_scalar(x)).collect::<Vec<T>>()));
        let shape: Vec<isize> = self.shape.iter().map(|&n| n as isize).collect();
        flat.reshape(shape).expect("the elements fill the shape")
    }

    /// The element at an index of a shape that this one broadcasts to.
    pub fn broadcast_at(&self, index: &[usize]) -> Scalar {
        let more = index.len() - self.shape.len();
        let own = self
            .shape
            .iter()
            .zip(&index[more..])
            .fold(0, |flat, (&d, &i)| flat * d + if d == 1 { 0 } else { i });
        self.data[own]
    }

    /// The elements in another dtype.
    #[must_use]
    pub fn cast(&self, dtype: DType) -> Plain {
        Plain::new(dtype, &self.shape, self.data.iter().copied())
    }
}

/// How an array lies in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lie {
    /// Row-major, without gaps.
    Dense,
    /// Behind a first row that is not part of it.
    Offset,
    /// Every second element along every axis.
    Strided,
    /// Every axis backwards.
    Reversed,
    /// Axes in the opposite order.
    Transposed,
    /// The first axis repeats.
    Broadcast,
    /// The last axis repeats.
    BroadcastLast,
}

/// Every [`Lie`].
pub const LIES: [Lie; 7] = [
    Lie::Dense,
    Lie::Offset,
    Lie::Strided,
    Lie::Reversed,
    Lie::Transposed,
    Lie::Broadcast,
    Lie::BroadcastLast,
];

/// An array to be made: its elements, and how it lies.
#[derive(Clone, Debug)]
pub struct Sample {
    /// What it holds.
    pub values: Plain,
    lie: Lie,
    /// What lies in memory.
    base: Plain,
}

impl Sample {
    /// Lies row-major.
    pub fn dense(values: Plain) -> Sample {
        Sample { base: values.clone(), values, lie: Lie::Dense }
    }

    /// Lies as told; `value` is asked for the elements in memory, one after the other.
    pub fn new(dtype: DType, shape: &[usize], lie: Lie, mut value: impl FnMut() -> Scalar) -> Sample {
        let lie = if shape.is_empty() { Lie::Dense } else { lie };
        let mut stored = shape.to_vec();
        match lie {
            Lie::Dense | Lie::Reversed => {}
            Lie::Offset => stored[0] += 1,
            Lie::Strided => stored.iter_mut().for_each(|n| *n = 2 * *n + 1),
            Lie::Transposed => stored.reverse(),
            Lie::Broadcast => stored[0] = 1,
            Lie::BroadcastLast => stored[shape.len() - 1] = 1,
        }
        let count = stored.iter().product();
        let base = Plain::new(dtype, &stored, (0..count).map(|_| value()));
        let seen = |flat: usize| {
            let mut index = unravel(flat, shape);
            match lie {
                Lie::Dense => {}
                Lie::Offset => index[0] += 1,
                Lie::Strided => index.iter_mut().for_each(|i| *i = 2 * *i + 1),
                Lie::Reversed => index.iter_mut().zip(shape).for_each(|(i, n)| *i = n - 1 - *i),
                Lie::Transposed => index.reverse(),
                Lie::Broadcast => index[0] = 0,
                Lie::BroadcastLast => index[shape.len() - 1] = 0,
            }
            base.data[ravel(&index, &stored)]
        };
        let values = Plain::new(dtype, shape, (0..shape.iter().product()).map(seen));
        Sample { values, lie, base }
    }

    /// The array, whose memory `place` puts where it is to live.
    ///
    /// # Errors
    /// Those of `place` and of the views.
    pub fn array(&self, place: &dyn Fn(&Array) -> Result<Array>) -> Result<Array> {
        let base = place(&self.base.array())?;
        let shape = &self.values.shape;
        Ok(match self.lie {
            Lie::Dense => base,
            Lie::Offset => base.slice("1:")?,
            Lie::Strided => base.slice(vec!["1::2"; shape.len()].join(", "))?,
            Lie::Reversed => base.flip((0..shape.len() as isize).collect::<Vec<_>>())?,
            Lie::Transposed => base.permute((0..shape.len() as isize).rev().collect::<Vec<_>>())?,
            Lie::Broadcast | Lie::BroadcastLast => base.broadcast_to(shape)?,
        })
    }
}

impl fmt::Display for Sample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{:?} {:?}", self.values.dtype, self.values.shape, self.lie)
    }
}

/// The least and the greatest value of an integer dtype.
pub fn ends(dtype: DType) -> (i128, i128) {
    let bits = dtype.size() * 8;
    if dtype == DType::Bool {
        (0, 1)
    } else if dtype.is_unsigned() {
        (0, (1 << bits) - 1)
    } else {
        (-(1 << (bits - 1)), (1 << (bits - 1)) - 1)
    }
}

/// An integer in a bool or integer dtype, wrapping; in a bool, its lowest bit.
pub fn integer(value: i128, dtype: DType) -> Scalar {
    match dtype {
        DType::Bool => Scalar::Bool(value & 1 == 1),
        _ => Scalar::U64(value as u64).cast(dtype),
    }
}

/// Where functions have their bends and formats their ends.
const REALS: [f64; 30] = [
    0.0,
    -0.0,
    1.0,
    -1.0,
    0.5,
    -0.5,
    2.0,
    -2.5,
    3.0,
    -3.0,
    7.0,
    0.3,
    1e-3,
    88.0,
    -87.0,
    104.0,
    709.0,
    -745.0,
    std::f64::consts::PI,
    std::f64::consts::FRAC_PI_2,
    1e4,
    -1e4,
    12_582_911.0,
    16_777_217.0,
    1e10,
    1e22,
    f64::INFINITY,
    f64::NEG_INFINITY,
    f64::NAN,
    1.0 + 1e-7,
];

/// Complex numbers on and near the unit circle, near zero, and where hyperbolic functions become exponentials.
const COMPLEX: [(f64, f64); 8] = [
    (0.6, 0.8),
    (1.0 + 1.0 / 1048576.0, 1.0 / 4194304.0),
    (1e-4, -2e-5),
    (30.0, 1.0),
    (-30.0, -2.0),
    (1.0, -30.0),
    (-25.0, 40.0),
    (-0.7, 1e-3),
];

/// The special values of a dtype: ends, borders, infinities, NaN, zeros of both signs, subnormal numbers.
pub fn special(dtype: DType) -> Vec<Scalar> {
    let reals = |dtype: DType| -> Vec<f64> {
        let borders = match dtype {
            DType::F16 => [65504.0, 6.103_515_625e-5, 5.96e-8],
            DType::F32 => [f64::from(f32::MAX), f64::from(f32::MIN_POSITIVE), 1e-45],
            _ => [f64::MAX, f64::MIN_POSITIVE, 5e-324],
        };
        REALS.into_iter().chain(borders).collect()
    };
    match dtype.kind() {
        Kind::Bool => vec![Scalar::Bool(false), Scalar::Bool(true)],
        Kind::Int => {
            let (least, most) = ends(dtype);
            let near = [0, 1, 2, 3, 5, 7, 8, 10, 31, 32, 63, 64, 100, -1, -2, -3, -7, -8, -100];
            let ends = [least, least + 1, most, most - 1, most / 2, most / 2 + 1];
            near.into_iter().chain(ends).map(|x| integer(x, dtype)).collect()
        }
        Kind::Float => reals(dtype).into_iter().map(|x| Scalar::F64(x).cast(dtype)).collect(),
        Kind::Complex => {
            // Squares of the last four over- and underflow; scaled by two, so do the last two.
            let (big, small) = if dtype == DType::C64 { (1e30, 1e-30) } else { (1e200, 1e-200) };
            let (most, least) = if dtype == DType::C64 { (3e38, 2e-38) } else { (1.5e308, 3e-308) };
            let parts = [
                0.0,
                -0.0,
                1.0,
                -1.0,
                0.5,
                3.0,
                f64::NAN,
                f64::INFINITY,
                -f64::INFINITY,
                big,
                -small,
                most,
                -least,
            ];
            let pairs = parts.iter().flat_map(|&re| parts.iter().map(move |&im| (re, im)));
            let all = pairs.chain(COMPLEX).map(|(re, im)| Complex64::new(re, im));
            all.map(|z| Scalar::C128(z).cast(dtype)).collect()
        }
    }
}

/// A random value: integers over their whole range or near zero, floats over all bit patterns or near the bends of
/// functions, complex numbers of moderate size.
pub fn random(dtype: DType, random: &mut Random) -> Scalar {
    match dtype.kind() {
        Kind::Bool => Scalar::Bool(random.bits() & 1 == 1),
        Kind::Int if random.bits() & 1 == 0 => Scalar::I64(random.below(41) as i64 - 20).cast(dtype),
        Kind::Int => Scalar::U64(random.bits()).cast(dtype),
        Kind::Float => match (dtype, random.bits() & 1) {
            (DType::F16, 0) => Scalar::F16(half::f16::from_bits(random.bits() as u16)),
            (DType::F32, 0) => Scalar::F32(f32::from_bits(random.bits() as u32)),
            (DType::F64, 0) => Scalar::F64(f64::from_bits(random.bits())),
            _ => Scalar::F64(random.unit() * 100.0).cast(dtype),
        },
        Kind::Complex => Scalar::C128(Complex64::new(4.0 * random.unit(), 4.0 * random.unit())).cast(dtype),
    }
}

/// A value of moderate size, with a fraction in floats: few sums of it wrap or overflow, and many are equal.
pub fn moderate(dtype: DType, random: &mut Random) -> Scalar {
    let part = |random: &mut Random| (random.unit() * 64.0).round() / 8.0;
    match dtype.kind() {
        Kind::Bool => Scalar::Bool(random.bits() & 1 == 1),
        Kind::Int => Scalar::I64((random.below(17) as i64 - 8).max(if dtype.is_unsigned() { 0 } else { -8 }))
            .cast(dtype),
        Kind::Float => Scalar::F64(part(random)).cast(dtype),
        Kind::Complex => Scalar::C128(Complex64::new(part(random), part(random))).cast(dtype),
    }
}

/// Shapes that kernels stumble over: none, one element, nothing, axes of length 1, short inner axes, more elements than
/// a block or workgroup has.
pub const SHAPES: [&[usize]; 9] =
    [&[], &[1], &[0], &[3, 0, 2], &[2, 1, 3], &[9, 2], &[7, 1, 5, 1], &[5, 67], &[1031]];
