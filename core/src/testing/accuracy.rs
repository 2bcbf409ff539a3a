//! How many units in the last place the functions of floats are off in float32, over their whole domain.

use super::conformance::{Conformance, Place};
use super::methods::{Arg, Case, Given, entry};
use super::reference::Truth;
use super::samples::{Plain, Random, Sample};
use super::tolerance::{Where, is_inexact, ulp};
use crate::array::packed::{MethodRow, ParamKind};
use crate::dtype::{DType, Scalar};
use crate::error::Result;

/// The largest error of a function on each backend.
#[derive(Clone, Debug, PartialEq)]
pub struct Accuracy {
    /// The function.
    pub method: &'static str,
    /// For each backend: units in the last place; infinity for a wrong NaN, infinity or sign of these.
    pub ulps: Vec<f64>,
    /// For each backend: the arguments of which that is true.
    pub at: Vec<Vec<f32>>,
}

/// The largest errors of every elementwise function of floats on the first instances of some kinds, of `points` arguments
/// (or pairs of these) in float32, against the suite's references in float64. Functions of one argument get bit patterns at
/// even distances, from the smallest subnormal number to NaN; those of two get half of their pairs at random from all bit
/// patterns and half between 2⁻⁸ and 2⁸ in magnitude. Where what is added may cancel, units are those of the largest term. A subnormal result may be 0 on a device.
///
/// # Errors
/// A kind is not linked, or its first instance doesn't open.
pub fn accuracy(kinds: &[&str], points: usize) -> Result<Vec<Accuracy>> {
    let suites = kinds.iter().map(|kind| {
        let suite = Conformance::of(kind);
        suite.place().map(|place| (suite, place))
    });
    let suites = suites.collect::<Result<Vec<_>>>()?;
    let mut all = Vec::new();
    for row in suites.first().into_iter().flat_map(|(suite, _)| suite.rows()) {
        let arrays = row.params.iter().filter(|param| param.kind == ParamKind::Array).count();
        // Its exponents are integers.
        let floats = is_inexact(row.name) && row.name != "ldexp";
        if floats && arrays == row.params.len() && (1..=2).contains(&arrays) {
            all.extend(of(row, arrays, &suites, points));
        }
    }
    all.sort_by_key(|accuracy: &Accuracy| accuracy.method);
    Ok(all)
}

fn of(row: &MethodRow, arity: usize, suites: &[(Conformance, Place)], points: usize) -> Option<Accuracy> {
    let case = case(arity, points);
    let (_, reference) = entry(row)?;
    let want = reference(&Given { args: &case, float: DType::F32 }, row.name);
    let [want] = &want[..] else { return None };
    if want.dtype != DType::F32 {
        return None;
    }
    let mut found = Accuracy { method: row.name, ulps: Vec::new(), at: Vec::new() };
    for (suite, place) in suites {
        let got = suite.results(row, &case, std::slice::from_ref(want), place, usize::MAX);
        let got = match got {
            Ok((_, mut read)) => read.remove(0).data,
            Err(_) => Vec::new(),
        };
        let mut worst = (if got.len() == want.elements.len() { 0.0 } else { f64::INFINITY }, 0);
        for (i, (&got, truth)) in got.iter().zip(&want.elements).enumerate() {
            let off = off(got.to_f64(), truth, place);
            if off > worst.0 {
                worst = (off, i);
            }
        }
        let arguments =
            case.iter().flat_map(Arg::samples).map(|sample| sample.values.data[worst.1].to_f64() as f32);
        found.ulps.push(worst.0);
        found.at.push(arguments.collect());
    }
    Some(found)
}

/// The arguments of one call.
fn case(arity: usize, points: usize) -> Case {
    let mut random = Random(32);
    let array = |data: Vec<f32>| {
        let data = data.into_iter().map(Scalar::F32);
        Arg::Array(Sample::dense(Plain::new(DType::F32, &[points], data)))
    };
    if arity == 1 {
        let step = (1_u64 << 32) / points as u64;
        return vec![array((0..points as u64).map(|i| f32::from_bits((i * step) as u32)).collect())];
    }
    let mut operand = || {
        let one = |i: usize| match i % 2 {
            0 => f32::from_bits(random.bits() as u32),
            _ => {
                let size = (16.0 * random.unit() - 8.0).exp2() as f32;
                if random.below(2) == 0 { size } else { -size }
            }
        };
        array((0..points).map(one).collect())
    };
    vec![operand(), operand()]
}

/// Units in the last place between a result and the truth.
fn off(got: f64, truth: &Truth, place: &Place) -> f64 {
    let (want, terms) = match truth {
        Truth::Exact(value) => (value.to_f64(), 0.0),
        Truth::Near { value, terms } => (value.re, *terms),
        Truth::Special(_) | Truth::Infinite => return 0.0,
    };
    let most = f64::from(f32::MAX);
    let unit = ulp(want.abs().max(terms).min(most), DType::F32);
    let rounded = f64::from(want as f32);
    if got == rounded || (got.is_nan() && want.is_nan()) {
        // At most half a unit.
        return if want.is_finite() && got.is_finite() { (got - want).abs() / unit } else { 0.0 };
    }
    let flushed = place.at == Where::Device && got == 0.0 && want.abs() < f64::from(f32::MIN_POSITIVE);
    if flushed {
        return 0.0;
    }
    // One past the largest number is infinity.
    let nearly = |x: f64| if x.is_infinite() { (most + ulp(most, DType::F32)).copysign(x) } else { x };
    let distance = (nearly(got) - nearly(want)).abs() / unit;
    if distance.is_nan() { f64::INFINITY } else { distance }
}
