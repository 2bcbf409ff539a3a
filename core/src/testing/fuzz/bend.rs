//! Mistakes: other arguments in place of those of a sample.

use crate::array::packed::Value;
use crate::dtype::{DType, Scalar};
use crate::numpy::linalg;
use crate::numpy::{
    Along, Axes, Axis, Beyond, Binning, Bins, Bounds, Close, Contraction, Count, Covariance, Diagonal,
    EdgeOrder, Gather, Indices, NanToNum, Order, PadWidth, Period, Powers, QUANTILE_METHODS, Quantiles,
    Reduce, Scanned, Shape, Spacing, Top, Trace, Variance, fft,
};
use crate::testing::methods::{Arg, Case};
use crate::testing::samples::{LIES, Random, SHAPES, Sample, integer, moderate, random, special};
use num_complex::Complex64;
use smallvec::SmallVec;

/// Changes one argument of a call.
pub(super) fn bend(case: &mut Case, cases: &[Case], dtypes: &[DType], r: &mut Random) {
    if case.is_empty() {
        return;
    }
    let at = r.below(case.len());
    // That of another sample is right for itself, and seldom for the others.
    if r.below(4) == 0 {
        if let Some(other) = cases[r.below(cases.len())].get(at) {
            case[at] = other.clone();
        }
        return;
    }
    match &mut case[at] {
        Arg::Array(_) if r.below(8) == 0 => case[at] = Arg::Weak(scalar(r)),
        Arg::Array(sample) => *sample = bent(sample, dtypes, r),
        Arg::Arrays(samples) => match r.below(4) {
            0 => samples.clear(),
            1 if !samples.is_empty() => samples.truncate(1),
            2 if !samples.is_empty() => samples.push(bent(&samples[0], dtypes, r)),
            _ => {
                let which = r.below(samples.len());
                if let Some(sample) = samples.get_mut(which) {
                    *sample = bent(sample, dtypes, r);
                }
            }
        },
        Arg::Weak(value) => *value = scalar(r),
        Arg::Place => {}
        Arg::Plain(value, _) => {
            let value = value.clone();
            if let Some((_, make)) = EXTREMES.iter().find(|(is, _)| is(&value)) {
                case[at] = make(r);
            }
        }
    }
}

/// An array of another dtype, shape, layout or of other values.
fn bent(sample: &Sample, dtypes: &[DType], r: &mut Random) -> Sample {
    let (mut dtype, mut shape) = (sample.values.dtype, sample.values.shape.clone());
    let mut value: fn(DType, &mut Random) -> Scalar = moderate;
    match r.below(8) {
        0 | 1 => dtype = dtypes[r.below(dtypes.len())],
        2 => shape = SHAPES[r.below(SHAPES.len())].to_vec(),
        3 => shape.insert(r.below(shape.len() + 1), 1 + r.below(3)),
        4 if !shape.is_empty() => drop(shape.remove(r.below(shape.len()))),
        5 | 6 if !shape.is_empty() => {
            let axis = r.below(shape.len());
            shape[axis] = [0, 1, 2, shape[axis] + 1][r.below(4)];
        }
        _ => {
            value = [
                moderate,
                random,
                |dtype, r: &mut Random| special(dtype)[r.below(special(dtype).len())],
                |dtype, _: &mut Random| Scalar::F64(f64::NAN).cast(dtype),
                |dtype, _: &mut Random| integer(0, dtype).cast(dtype),
                |dtype, r: &mut Random| {
                    if r.below(4) == 0 { Scalar::F64(f64::NAN).cast(dtype) } else { moderate(dtype, r) }
                },
            ][r.below(6)];
        }
    }
    // Some samples stop growing.
    if shape.iter().product::<usize>() > 1 << 14 || shape.len() > 9 {
        shape.truncate(1);
    }
    let lie = LIES[r.below(LIES.len())];
    Sample::new(dtype, &shape, lie, || value(dtype, r))
}

fn scalar(r: &mut Random) -> Scalar {
    match r.below(6) {
        0 => Scalar::Bool(r.bits() & 1 == 1),
        1 => Scalar::I64(whole(r) as i64),
        2 => Scalar::U64(u64::MAX),
        3 => Scalar::C128(Complex64::new(real(r), real(r))),
        _ => Scalar::F64(real(r)),
    }
}

/// Small, and at times a power of two or the end of a type.
fn whole(r: &mut Random) -> isize {
    const ENDS: [isize; 10] = [
        isize::MAX,
        isize::MIN,
        i32::MAX as isize,
        i32::MIN as isize,
        1 << 20,
        1 << 40,
        isize::MAX / 8,
        64,
        -65,
        u32::MAX as isize + 1,
    ];
    if r.below(4) == 0 { ENDS[r.below(ENDS.len())] } else { r.below(9) as isize - 4 }
}

fn count(r: &mut Random) -> usize {
    match r.below(8) {
        0 => usize::MAX,
        _ => whole(r).unsigned_abs(),
    }
}

fn real(r: &mut Random) -> f64 {
    const REALS: [f64; 14] = [
        0.0,
        -0.0,
        1.0,
        -1.0,
        0.5,
        2.0,
        -3.5,
        101.0,
        1e-300,
        1e308,
        -1e30,
        f64::NAN,
        f64::INFINITY,
        f64::NEG_INFINITY,
    ];
    REALS[r.below(REALS.len())]
}

fn reals(r: &mut Random) -> Vec<f64> {
    (0..r.below(4)).map(|_| real(r)).collect()
}

fn axes<A: smallvec::Array<Item = isize>>(r: &mut Random) -> SmallVec<A> {
    (0..r.below(4)).map(|_| whole(r)).collect()
}

fn maybe<T>(r: &mut Random, make: impl Fn(&mut Random) -> T) -> Option<T> {
    (r.below(3) > 0).then(|| make(r))
}

fn truth(r: &mut Random) -> bool {
    r.bits() & 1 == 1
}

fn dtype(r: &mut Random) -> DType {
    crate::dtype::DTYPES[r.below(crate::dtype::DTYPES.len())]
}

fn reduce(r: &mut Random) -> Reduce {
    Reduce { axes: maybe(r, axes), keepdims: truth(r) }
}

fn diagonal(r: &mut Random) -> Diagonal {
    Diagonal { offset: whole(r), axes: maybe(r, |r| [whole(r), whole(r)]) }
}

fn over(r: &mut Random) -> fft::Over {
    let norm = [fft::Norm::Backward, fft::Norm::Ortho, fft::Norm::Forward][r.below(3)];
    fft::Over { s: maybe(r, axes), axes: maybe(r, axes), norm }
}

fn binning(r: &mut Random) -> Binning {
    match r.below(4) {
        0 => Binning::Edges(reals(r)),
        1 => Binning::Scott,
        2 => Binning::FreedmanDiaconis,
        _ => Binning::Count(count(r)),
    }
}

/// Subscripts that are no formula, and some that are one for other operands.
const SUBSCRIPTS: [&str; 14] = [
    "",
    "->",
    "ij,jk->ik",
    "ii->i",
    "i",
    "ij->ji->ij",
    "...i,...i->...",
    "i...j->...",
    ".",
    "ij,jk",
    "ij->z",
    "ij->ii",
    "a1->a",
    "ab,bc,cd,de->ae",
];

type Extreme = (fn(&Value) -> bool, fn(&mut Random) -> Arg);

macro_rules! extremes {
    ($($t:ty = $make:expr;)*) => { &[$((
        |value| value.get::<$t>().is_some(),
        |r| {
            let make: fn(&mut Random) -> $t = $make;
            Arg::plain(make(r))
        },
    )),*] };
}

/// Options with numbers in them. Others are exchanged for those of other samples.
const EXTREMES: &[Extreme] = extremes! {
    bool = truth;
    i64 = |r| whole(r) as i64;
    usize = count;
    f64 = real;
    String = |r| SUBSCRIPTS[r.below(SUBSCRIPTS.len())].to_owned();
    Scalar = scalar;
    DType = dtype;
    Option<DType> = |r| maybe(r, dtype);
    Axis = |r| Axis(whole(r));
    Along = |r| Along(maybe(r, whole));
    Axes = |r| Axes(axes(r));
    Shape = |r| Shape(axes(r));
    Count = |r| Count(maybe(r, count));
    EdgeOrder = |r| EdgeOrder(count(r));
    Indices = |r| if truth(r) { Indices::One(whole(r)) } else { Indices::Many(axes::<[isize; 4]>(r).to_vec()) };
    Reduce = reduce;
    Variance = |r| Variance { axes: reduce(r), ddof: real(r) };
    Scanned = |r| Scanned { axis: maybe(r, whole), dtype: maybe(r, dtype), include_initial: truth(r) };
    Order = |r| Order { axis: whole(r), descending: truth(r) };
    Top = |r| Top { axis: whole(r), smallest: truth(r) };
    Gather = |r| Gather {
        axis: maybe(r, whole),
        bounds: [Bounds::Raise, Bounds::Clip, Bounds::Wrap][r.below(3)],
    };
    Quantiles = |r| Quantiles {
        q: reals(r),
        single: truth(r),
        method: QUANTILE_METHODS[r.below(QUANTILE_METHODS.len())],
    };
    Bins = |r| Bins { binning: binning(r), range: maybe(r, |r| (real(r), real(r))), density: truth(r) };
    Close = |r| Close { rtol: real(r), atol: real(r), equal_nan: truth(r) };
    NanToNum = |r| NanToNum { nan: real(r), posinf: maybe(r, real), neginf: maybe(r, real) };
    Covariance = |r| Covariance { columns: truth(r), ddof: real(r) };
    Spacing = |r| Spacing { steps: reals(r), edge_order: count(r) };
    Beyond = |r| Beyond { left: maybe(r, real), right: maybe(r, real) };
    Period = |r| Period { period: real(r), discontinuity: maybe(r, real) };
    Powers = |r| Powers { columns: maybe(r, count), increasing: truth(r) };
    Contraction = |r| if truth(r) { Contraction::Adjacent(count(r)) } else { Contraction::Axes(axes(r), axes(r)) };
    PadWidth = |r| match r.below(3) {
        0 => PadWidth::from(whole(r)),
        1 => PadWidth::from((whole(r), whole(r))),
        _ => PadWidth::from((0..r.below(4)).map(|_| (whole(r), whole(r))).collect::<Vec<_>>()),
    };
    Diagonal = diagonal;
    Trace = |r| Trace { of: diagonal(r), dtype: maybe(r, dtype) };
    fft::Along = |r| fft::Along { n: maybe(r, count), axis: whole(r), norm: over(r).norm };
    fft::Over = over;
    fft::Wave = |r| fft::Wave { kind: r.below(6) as u8, over: over(r) };
    linalg::Norm = |r| linalg::Norm {
        over: reduce(r),
        ord: maybe(r, |r| {
            [linalg::NormOrder::Frobenius, linalg::NormOrder::Nuclear, linalg::NormOrder::P(real(r))][r.below(3)]
        }),
    };
    linalg::NormOrder = |r| linalg::NormOrder::P(real(r));
    linalg::Tolerance = |r| linalg::Tolerance(maybe(r, real));
};
