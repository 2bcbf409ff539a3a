//! What unit tests share: operands of every layout, and memory that is not clean.

use polyarray_core::array::{Buffer, HostBuffer, Operand};
use polyarray_core::expr::Layout;
use polyarray_core::{DType, Element, Scalar, with_element};
use smallvec::smallvec;
use std::sync::Arc;

/// A small deterministic generator (xorshift64*, Vigna 2016).
pub struct Random(pub u64);

impl Random {
    /// The next number.
    pub fn bits(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }
    /// The next number in 0..1.
    pub fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// A dense operand.
pub fn dense<T: Element>(xs: Vec<T>, shape: &[usize]) -> Operand {
    Operand { buffer: Arc::new(HostBuffer::from_vec(xs)), layout: Layout::dense(shape) }
}

/// An element of a buffer.
pub fn stored(buffer: &HostBuffer, i: usize) -> Scalar {
    let size = buffer.dtype().size();
    let bytes = &buffer.bytes()[i * size..][..size];
    with_element!(buffer.dtype(), T => bytemuck::checked::pod_read_unaligned::<T>(bytes).scalar())
}

/// The element at a row-major position.
pub fn element(x: &Operand, flat: usize) -> Scalar {
    let index = crate::iteration::unravel(flat, &x.layout.shape);
    let buffer = (&*x.buffer as &dyn std::any::Any).downcast_ref().expect("it is on the host");
    stored(buffer, x.layout.at(&index))
}

/// Leaves memory full of ones behind, which the next result of this size is likely to get.
pub fn poison(dtype: DType, len: usize) {
    HostBuffer::unwritten(dtype, len).expect("it fits").bytes_mut().fill(0xff);
}

/// Operands of (rows, length) elements: dense, with gaps, walked backwards, across and repeated. Values are small, so that few
/// sums overflow, with zeros of both signs, many equals, and, in floats, infinities and NaNs where there is room for few of them.
pub fn operands(dtype: DType, sizes: &[(usize, usize)]) -> Vec<Operand> {
    let mut random = Random(0x5eed + dtype as u64);
    let mut all = vec![];
    for &(rows, len) in sizes {
        let spacious = 2 * (2 * rows + 1) * (2 * len + 1);
        let xs: Vec<Scalar> = (0..spacious)
            .map(|_| {
                let x = match random.bits() % 8 {
                    0 => 0.0,
                    1 => -0.0,
                    2 => 1.0,
                    _ => (random.unit() * 9.0).floor() - 4.0 + if dtype.is_float() { 0.125 } else { 0.0 },
                };
                let im = if random.bits().is_multiple_of(3) { 0.0 } else { 0.5 };
                Scalar::C128(num_complex::Complex64::new(x, im))
            })
            .collect();
        let buffer: Arc<dyn Buffer> = with_element!(dtype, T => {
            Arc::new(HostBuffer::from_vec(xs.iter().map(|&x| T::from_scalar(x)).collect::<Vec<T>>()))
        });
        let (r, l) = (rows as isize, len as isize);
        let last = |n: isize| n.max(1) - 1;
        for (strides, offset) in [
            ([l, 1], 0),
            ([l + 3, 1], 2),
            ([2 * l + 1, 2], 1),
            ([-l, -1], last(r) * l + last(l)),
            ([1, r], 0),
            ([1, -r - 1], 1 + last(l) * (r + 1)),
            ([0, 1], 3),
            ([1, 0], 3),
        ] {
            let layout = Layout {
                shape: smallvec![rows, len],
                strides: smallvec![strides[0], strides[1]],
                offset: offset as usize,
            };
            all.push(Operand { buffer: buffer.clone(), layout });
        }
    }
    all
}
