//! The one checker: makes views of every kind over special and random values, runs a kernel, and compares
//! each element with the truth in higher precision; the first that differs is reported with its operands.

#![allow(dead_code, reason = "each test crate uses its part")]

use num_complex::{Complex32, Complex64};
use polyarray_core::array::{ArrayBackend, Buffer, HostBuffer};
use polyarray_core::expr::layout::{checked_len, collapse, row_major};
use polyarray_core::expr::{Input, Instr, Kernel, Layout, Op, Output, Strides, Value};
use polyarray_core::{DType, Element, Kind, Scalar, with_element};
use polyarray_cpu::CpuBackend;
use std::sync::Arc;

pub fn backend() -> CpuBackend {
    CpuBackend
}

/// A view on host memory.
#[derive(Clone)]
pub struct View {
    pub buffer: Arc<HostBuffer>,
    pub layout: Layout,
}

impl View {
    pub fn dtype(&self) -> DType {
        self.buffer.dtype()
    }
    pub fn at(&self, index: &[usize]) -> Scalar {
        element(&self.buffer, self.layout.at(index))
    }
    /// Every element, row-major.
    pub fn elements(&self) -> Vec<Scalar> {
        indices(&self.layout.shape).map(|i| self.at(&i)).collect()
    }
}

pub fn element(buffer: &HostBuffer, i: usize) -> Scalar {
    // One element's bytes: `as_slice` looks at every bool each time.
    let size = buffer.dtype().size();
    let bytes = &buffer.bytes()[i * size..][..size];
    with_element!(buffer.dtype(), T => bytemuck::checked::pod_read_unaligned::<T>(bytes).scalar())
}

/// Every multi-index of a shape, row-major.
pub fn indices(shape: &[usize]) -> impl Iterator<Item = Vec<usize>> + use<> {
    let shape = shape.to_vec();
    (0..checked_len(&shape).unwrap()).map(move |mut flat| {
        let mut index = vec![0; shape.len()];
        for (i, &d) in index.iter_mut().zip(&shape).rev() {
            *i = flat % d;
            flat /= d;
        }
        index
    })
}

/// A small deterministic generator (xorshift64*, Vigna 2016).
pub struct Random(pub u64);
impl Random {
    pub fn bits(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }
    pub fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1u64 << 53) as f64
    }
}

const SPECIAL: [f64; 26] = [
    0.0,
    -0.0,
    1.0,
    -1.0,
    0.5,
    -0.5,
    2.0,
    -2.0,
    3.0,
    7.0,
    -7.0,
    1e-3,
    22.5,
    -88.0,
    88.0,
    1e4,
    -1e4,
    65504.0,
    1e-40,
    3e38,
    1e300,
    -1e300,
    1e-310,
    f64::INFINITY,
    f64::NEG_INFINITY,
    f64::NAN,
];

/// Values worth computing with: special ones, then random ones of many sizes.
pub fn values(dtype: DType, n: usize, seed: u64) -> Vec<Scalar> {
    let mut random = Random(seed | 1);
    let real = |random: &mut Random, i: usize| match i {
        i if i < SPECIAL.len() => SPECIAL[i],
        i if i % 3 == 0 => random.unit() * 200.0 - 100.0,
        _ => (random.unit() * 2.0 - 1.0) * 10f64.powi((random.bits() % 9) as i32 - 4),
    };
    // A stride coprime to the table's length pairs every special value with every other one in time.
    (0..n)
        .map(|i| match dtype.kind() {
            Kind::Bool => Scalar::Bool(random.bits() & 1 == 1),
            Kind::Int => match i % 4 {
                0 => Scalar::I64(random.bits() as i64).cast(dtype),
                1 => Scalar::I64((random.bits() % 21) as i64 - 10).cast(dtype),
                2 => Scalar::I64([0, 1, -1, i64::MAX, i64::MIN][(random.bits() % 5) as usize]).cast(dtype),
                _ => extreme(dtype, random.bits() & 1 == 0),
            },
            Kind::Float => {
                let at = if random.bits().is_multiple_of(4) { (random.bits() % 26) as usize } else { 26 + i };
                Scalar::F64(real(&mut random, at)).cast(dtype)
            }
            // Moderate sizes: what over- and underflows is tested by itself.
            Kind::Complex => Scalar::C128(Complex64::new(
                real(&mut random, 26 + i).clamp(-60.0, 60.0),
                real(&mut random, 27 + i).clamp(-60.0, 60.0),
            ))
            .cast(dtype),
        })
        .collect()
}

fn extreme(dtype: DType, high: bool) -> Scalar {
    let bits = dtype.size() as u32 * 8;
    let (lo, hi) = if dtype.is_unsigned() {
        (0, (1i128 << bits) - 1)
    } else {
        (-(1i128 << (bits - 1)), (1i128 << (bits - 1)) - 1)
    };
    integer(if high { hi } else { lo }, dtype)
}

/// An integer in a dtype, wrapping.
pub fn integer(v: i128, dtype: DType) -> Scalar {
    match dtype {
        DType::Bool => Scalar::Bool(v != 0),
        DType::U64 => Scalar::U64(v as u64),
        _ => Scalar::I64(v as i64).cast(dtype),
    }
}

pub fn host(dtype: DType, values: &[Scalar]) -> Arc<HostBuffer> {
    Arc::new(with_element!(dtype, T =>
        HostBuffer::from_vec(values.iter().map(|&v| T::from_scalar(v)).collect::<Vec<T>>())))
}

/// How a view lies in its buffer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Lie {
    Dense,
    /// From an offset, every second element along the last axis.
    Strided,
    /// Every axis backwards.
    Reversed,
    /// Axes in the opposite order.
    Transposed,
    /// The first axis repeats.
    Broadcast,
    /// The last axis repeats.
    BroadcastLast,
    /// One element everywhere.
    Constant,
}

pub const LIES: [Lie; 7] = [
    Lie::Dense,
    Lie::Strided,
    Lie::Reversed,
    Lie::Transposed,
    Lie::Broadcast,
    Lie::BroadcastLast,
    Lie::Constant,
];

/// A view of a shape, lying as asked for.
pub fn view(dtype: DType, shape: &[usize], lie: Lie, seed: u64) -> View {
    let n: usize = shape.iter().product();
    let mut layout = Layout::dense(shape);
    let mut stored = n.max(1);
    match lie {
        Lie::Dense => {}
        Lie::Strided => {
            stored = 2 * n + 3;
            layout.offset = 3;
            layout.strides.iter_mut().for_each(|s| *s *= 2);
        }
        Lie::Reversed => {
            layout.offset = n.saturating_sub(1);
            layout.strides.iter_mut().for_each(|s| *s = -*s);
        }
        Lie::Transposed => {
            let back: Vec<usize> = shape.iter().rev().copied().collect();
            layout.strides = row_major(&back).iter().rev().copied().collect();
        }
        Lie::Broadcast if !shape.is_empty() => {
            layout.strides[0] = 0;
        }
        Lie::BroadcastLast if !shape.is_empty() => {
            let mut kept = shape.to_vec();
            *kept.last_mut().unwrap() = 1;
            layout.strides = row_major(&kept);
            *layout.strides.last_mut().unwrap() = 0;
        }
        Lie::Broadcast | Lie::BroadcastLast => {}
        Lie::Constant => layout.strides.iter_mut().for_each(|s| *s = 0),
    }
    View { buffer: host(dtype, &values(dtype, stored, seed)), layout }
}

/// A kernel over views of one shape, collapsed as core does it. `split` counts axes of the shape.
pub fn kernel(
    shape: &[usize],
    views: &[View],
    params: &[Scalar],
    code: &[(Instr, DType)],
    reduction: Option<(polyarray_core::expr::Reduction, usize)>,
) -> Kernel {
    let mut strides: Vec<Strides> = views.iter().map(|v| v.layout.strides.clone()).collect();
    let split = reduction.map_or(shape.len(), |(_, s)| s);
    let (dims, split) = collapse(shape, split, &mut strides);
    Kernel {
        dims,
        inputs: views
            .iter()
            .zip(strides)
            .map(|(v, strides)| Input { buffer: v.buffer.clone(), strides, offset: v.layout.offset })
            .collect(),
        params: params.to_vec(),
        code: code.iter().map(|&(instr, dtype)| Value { instr, dtype }).collect(),
        output: reduction.map_or(Output::Map, |(op, _)| Output::Reduce { op, split }),
    }
}

/// Fills the pool's free blocks with ones: an element that a kernel forgets shows.
pub fn poison(bytes: usize) {
    let mut dirty = HostBuffer::unwritten(DType::U8, bytes).unwrap();
    dirty.bytes_mut().fill(0xFF);
}

/// Runs a kernel into poisoned memory.
pub fn run(kernel: &Kernel) -> Vec<Scalar> {
    poison(kernel.output_len() * kernel.output_dtype().size());
    let out = backend().run(kernel).unwrap();
    let out: &HostBuffer = (&*out as &dyn std::any::Any).downcast_ref().unwrap();
    assert_eq!((out.len(), out.dtype()), (kernel.output_len(), kernel.output_dtype()));
    (0..out.len()).map(|i| element(out, i)).collect()
}

/// Distance of two floats in units of the last place of `want`, whose value is known better than the dtype.
pub fn ulps(got: f64, want: f64, dtype: DType) -> f64 {
    let rounded = Scalar::F64(want).cast(dtype).to_f64();
    if got == rounded || (got.is_nan() && rounded.is_nan()) {
        return 0.0;
    }
    if !got.is_finite() || !rounded.is_finite() {
        return f64::INFINITY;
    }
    (got - want).abs() / ulp(want, dtype)
}

/// The unit of the last place of a dtype at `x`.
pub fn ulp(x: f64, dtype: DType) -> f64 {
    let (digits, least) = match dtype.real() {
        DType::F16 => (10, -14),
        DType::F32 => (23, -126),
        _ => (52, -1022),
    };
    let exponent = if x == 0.0 { least } else { (x.abs().log2().floor() as i32).max(least) };
    // Two steps: the last place of a subnormal is itself too small for one power.
    2f64.powi(exponent) * 2f64.powi(-digits)
}

/// Complex distance in units of the last place of the larger part.
pub fn norm_ulps(got: Complex64, want: Complex64, dtype: DType) -> f64 {
    let round = |z: Complex64| {
        if dtype == DType::C64 { Scalar::C64(Complex32::new(z.re as f32, z.im as f32)).to_c128() } else { z }
    };
    let rounded = round(want);
    let same = |a: f64, b: f64| a == b || (a.is_nan() && b.is_nan());
    if same(got.re, rounded.re) && same(got.im, rounded.im) {
        return 0.0;
    }
    if !(got.re.is_finite() && got.im.is_finite() && rounded.re.is_finite() && rounded.im.is_finite()) {
        return f64::INFINITY;
    }
    (got - want).norm() / ulp(want.re.abs().max(want.im.abs()), dtype)
}

/// Fails with the first element that is further than `allowed` units of the last place from the truth.
pub fn check(
    what: &str,
    shape: &[usize],
    got: &[Scalar],
    want: impl Fn(&[usize]) -> (Scalar, String),
    allowed: f64,
) {
    for (i, index) in indices(shape).enumerate() {
        let (want, operands) = want(&index);
        let far = distance(got[i], want, allowed);
        assert!(
            far <= allowed,
            "{what}: at {index:?} of {shape:?} got {:?}, want {want:?} ({far} ULP off), operands {operands}",
            got[i]
        );
    }
}

/// Units of the last place between a result and the truth; infinite where dtypes or signs of zero differ.
pub fn distance(got: Scalar, want: Scalar, allowed: f64) -> f64 {
    let dtype = got.dtype();
    match dtype.kind() {
        Kind::Bool | Kind::Int => {
            if got == want {
                0.0
            } else {
                f64::INFINITY
            }
        }
        Kind::Float => {
            let (g, w) = (got.to_f64(), want.to_f64());
            let rounded = want.cast(dtype).to_f64();
            if allowed == 0.0 && g == 0.0 && rounded == 0.0 && g.is_sign_negative() != w.is_sign_negative() {
                return f64::INFINITY;
            }
            ulps(g, w, dtype)
        }
        Kind::Complex => norm_ulps(got.to_c128(), want.to_c128(), dtype),
    }
}

/// The truth about one operation on one element: in f64 for floats (rounded by the comparison), exact for
/// integers.
pub fn truth(op: Op, compute: DType, args: &[Scalar]) -> Scalar {
    use polyarray_core::expr::op::Reference;
    let info = op.info();
    let out = op.output(compute);
    if let Reference::Select = info.reference {
        return if args[0] == Scalar::Bool(true) { args[1] } else { args[2] };
    }
    match compute.kind() {
        Kind::Bool | Kind::Int => {
            let x: Vec<i128> = args.iter().map(|a| a.to_i128().unwrap()).collect();
            let r = match info.reference {
                Reference::Unary { int: Some(f), .. } => f(x[0]),
                Reference::Binary { int: Some(f), .. } => f(x[0], x[1]),
                _ => panic!("{op} has no integer reference"),
            };
            // `!1` is -2: on bool only the lowest bit is there.
            let r = if compute == DType::Bool && op == Op::Invert { r & 1 } else { r };
            integer(r, out)
        }
        Kind::Float => {
            let x: Vec<f64> = args.iter().map(|a| a.to_f64()).collect();
            let r = match info.reference {
                Reference::Unary { real: Some(f), .. } => f(x[0]),
                Reference::Binary { real: Some(f), .. } => f(x[0], x[1]),
                Reference::Binary { complex: Some(f), .. } => {
                    return Scalar::C128(f(x[0].into(), x[1].into())).cast(out);
                }
                _ => panic!("{op} has no real reference"),
            };
            if out == DType::Bool { Scalar::Bool(r != 0.0) } else { Scalar::F64(r) }
        }
        Kind::Complex => {
            let x: Vec<Complex64> = args.iter().map(|a| a.to_c128()).collect();
            let r = match info.reference {
                Reference::Unary { complex: Some(f), .. } => f(x[0]),
                Reference::Binary { complex: Some(f), .. } => f(x[0], x[1]),
                _ => panic!("{op} has no complex reference"),
            };
            match out.kind() {
                Kind::Bool => Scalar::Bool(r.re != 0.0),
                Kind::Float => Scalar::F64(r.re),
                _ => Scalar::C128(r),
            }
        }
    }
}
