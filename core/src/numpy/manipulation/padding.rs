//! Padding: a frame around an array.

use super::{alike, cast, home, one, part, strong, strong_beside, with_length};
use crate::array::{Array, Whole};
use crate::dtype::{DType, Kind, Scalar};
use crate::error::{Error, Result};
use crate::multimethod;
use crate::numpy::creation::erased_indices;
use crate::numpy::options::axis;
use crate::numpy::{
    Gather, add, concat, divide, floor, floor_divide, full, greater, less, max, mean, min, minimum, multiply,
    remainder, round, subtract, take, where_,
};
use smallvec::SmallVec;

/// What [`pad()`] puts around an array; `()` for zeros, a scalar for that value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Pad {
    /// One value.
    Constant(Scalar),
    /// The element at the edge.
    Edge,
    /// From the edge element, which is not repeated, to a value.
    LinearRamp {
        /// The outermost value.
        end: Scalar,
    },
    /// The largest element along the axis.
    Maximum,
    /// The mean of the elements along the axis, rounded to even for integers.
    Mean,
    /// The smallest element along the axis.
    Minimum,
    /// The array mirrored at the edge element, which is not repeated.
    Reflect,
    /// As `Reflect`, and turned round about the value at the edge: 2 · edge − mirrored, as NumPy's `reflect_type="odd"`.
    ReflectOdd,
    /// The array mirrored at the edge.
    Symmetric,
    /// As `Symmetric`, and turned round about the value at the edge.
    SymmetricOdd,
    /// The array again.
    Wrap,
}

impl From<()> for Pad {
    fn from((): ()) -> Pad {
        Pad::Constant(Scalar::Bool(false))
    }
}

macro_rules! pad_from {
    ($($t:ty),*) => { $( impl From<$t> for Pad { fn from(value: $t) -> Pad { Pad::Constant(value.into()) } } )* };
}
pad_from!(bool, i32, i64, f32, f64, num_complex::Complex64, Scalar);

/// How many elements [`pad()`] adds before and behind each axis: one number for all, a pair for all axes, or a pair for
/// each axis.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PadWidth(SmallVec<[[isize; 2]; 4]>);

impl<T: Whole> From<T> for PadWidth {
    fn from(both: T) -> PadWidth {
        PadWidth(std::iter::once([both.whole(); 2]).collect())
    }
}
impl<T: Whole> From<(T, T)> for PadWidth {
    fn from((before, behind): (T, T)) -> PadWidth {
        PadWidth(std::iter::once([before.whole(), behind.whole()]).collect())
    }
}
impl<T: Whole, const N: usize> From<[(T, T); N]> for PadWidth {
    fn from(each: [(T, T); N]) -> PadWidth {
        PadWidth::from(&each[..])
    }
}
impl<T: Whole> From<&[(T, T)]> for PadWidth {
    fn from(each: &[(T, T)]) -> PadWidth {
        PadWidth(each.iter().map(|(before, behind)| [before.whole(), behind.whole()]).collect())
    }
}
impl<T: Whole> From<Vec<(T, T)>> for PadWidth {
    fn from(each: Vec<(T, T)>) -> PadWidth {
        PadWidth::from(&each[..])
    }
}

impl PadWidth {
    /// Before and behind each axis of an array.
    pub(crate) fn each(&self, shape: &[usize]) -> Result<Vec<[usize; 2]>> {
        let bad = |fix: &str| Error::Shape {
            op: "pad",
            operands: format!("widths {:?} of an array of shape {shape:?}", self.0),
            fix: fix.into(),
        };
        let widths = self.0.iter().map(|&[a, b]| Some([usize::try_from(a).ok()?, usize::try_from(b).ok()?]));
        let widths = widths.collect::<Option<Vec<_>>>().ok_or_else(|| bad("widths are 0 or more"))?;
        match widths.len() {
            1 => Ok(vec![widths[0]; shape.len()]),
            n if n == shape.len() => Ok(widths),
            _ => Err(bad("give one pair for all axes, or one for each")),
        }
    }
}

multimethod! {
    domain "numpy";

    /// The array with elements before and behind each axis.
    ///
    /// NumPy: `pad(x, pad_width, mode)`.
    ///
    /// # Errors
    /// [`Error::Shape`] for widths that are negative or as many as there are no axes, and where an axis without elements
    /// is to be continued.
    pub fn pad(x: &Array, width: PadWidth, mode: Pad) -> Result<Array> {
        let x = strong(x)?;
        let widths = width.each(x.shape())?;
        if let Pad::Constant(value) = mode {
            return framed(&x, &widths, value);
        }
        let mut out = x;
        for (axis, &[before, behind]) in widths.iter().enumerate() {
            if before + behind == 0 {
                continue;
            }
            let len = out.shape()[axis];
            if len == 0 {
                return Err(Error::Shape {
                    op: "pad",
                    operands: format!("axis {axis} of shape {:?}", out.shape()),
                    fix: "an axis without elements can't be continued; pad with a constant".into(),
                });
            }
            out = match mode {
                Pad::Edge | Pad::Reflect | Pad::Symmetric | Pad::Wrap | Pad::ReflectOdd | Pad::SymmetricOdd => {
                    continued(&out, axis, [before, behind], mode)?
                }
                Pad::LinearRamp { end } => {
                    let ends = [ramp(&out, axis, 0, before, end)?, ramp(&out, axis, len - 1, behind, end)?.flip(axis)?];
                    concat(&[&ends[0], &out, &ends[1]], axis)?
                }
                _ => {
                    let value = level(&out, axis, mode)?;
                    let run = |n: usize| value.broadcast_to(&with_length(&out, axis, n)[..]);
                    concat(&[&run(before)?, &out, &run(behind)?], axis)?
                }
            };
        }
        Ok(out)
    }
}

/// One value around the array, which is written once.
fn framed(x: &Array, widths: &[[usize; 2]], value: Scalar) -> Result<Array> {
    let create = alike(x, x.dtype());
    let value = full((), value.cast(x.dtype()), create)?;
    let mut out = x.clone();
    for (axis, &[before, behind]) in widths.iter().enumerate() {
        let run = |n: usize| value.broadcast_to(&with_length(&out, axis, n)[..]);
        if before + behind > 0 {
            out = concat(&[&run(before)?, &out, &run(behind)?], axis)?;
        }
    }
    Ok(out)
}

/// Continued by elements of the axis itself.
fn continued(x: &Array, axis: usize, [before, behind]: [usize; 2], mode: Pad) -> Result<Array> {
    let odd = matches!(mode, Pad::ReflectOdd | Pad::SymmetricOdd);
    if odd && x.dtype() == DType::F16 {
        // Halves are rounded once.
        return cast(&continued(&cast(x, DType::F32)?, axis, [before, behind], mode)?, DType::F16);
    }
    let len = x.shape()[axis] as i64;
    let all = (before + behind).checked_add(x.shape()[axis]).ok_or_else(|| Error::TooLarge {
        place: "pad".into(),
        bytes: u128::MAX,
        detail: "its length does not fit an address".into(),
    })?;
    let at = subtract(&erased_indices(all, &home(x))?, before as i64)?;
    // After so many elements it begins anew.
    let period = match mode {
        Pad::Reflect | Pad::ReflectOdd => (2 * len - 2).max(1),
        Pad::Symmetric | Pad::SymmetricOdd => 2 * len,
        _ => len,
    };
    if mode == Pad::Edge {
        return take(x, &at, Gather::from(axis).clip());
    }
    let early = less(&at, 0)?;
    // What lies before the first element is as what lies behind it, turned round.
    let from_first = if mode == Pad::SymmetricOdd { subtract(-1, &at)? } else { subtract(0, &at)? };
    let at = if odd { where_(&early, &from_first, &at)? } else { at };
    let turn = remainder(&at, period)?;
    let there = match mode {
        Pad::Wrap => turn.clone(),
        // The way back: from the edge itself, or from its neighbour.
        Pad::Symmetric | Pad::SymmetricOdd => minimum(&turn, &subtract(2 * len - 1, &turn)?)?,
        // An axis of one element is never left.
        _ if len == 1 => multiply(&turn, 0)?,
        _ => minimum(&turn, &subtract(2 * len - 2, &turn)?)?,
    };
    let mirrored = take(x, &there, Gather::from(axis).clip())?;
    if !odd || len == 1 {
        return Ok(mirrored);
    }
    let mut lengths = vec![1_usize; x.ndim()];
    lengths[axis] = all;
    let along = |x: &Array| x.reshape(&lengths[..]);
    let (first, last) = (one(x, axis, 0)?, one(x, axis, len as usize - 1)?);
    let about = |edge: &Array, x: &Array| subtract(&add(edge, edge)?, x);
    let mut out = where_(&along(&greater(&turn, len - 1)?)?, &about(&last, &mirrored)?, &mirrored)?;
    // Each period more adds twice what lies between the edges.
    if before.max(behind) as i64 >= period - len {
        let rounds = cast(&along(&multiply(&floor_divide(&at, period)?, 2)?)?, x.dtype())?;
        out = add(&out, &multiply(&rounds, &subtract(&last, &first)?)?)?;
    }
    where_(&along(&early)?, &about(&first, &out)?, &out)
}

/// The value to pad with along an axis, from all of its elements.
fn level(x: &Array, along: usize, mode: Pad) -> Result<Array> {
    let over = axis(along).keepdims();
    match mode {
        Pad::Maximum => max(x, over),
        Pad::Minimum => min(x, over),
        _ if x.dtype().is_int() => cast(&round(&mean(x, over)?)?, x.dtype()),
        _ => cast(&mean(x, over)?, x.dtype()),
    }
}

/// From `end` up to the element at an edge, which is left out.
fn ramp(x: &Array, axis: usize, edge: usize, len: usize, end: Scalar) -> Result<Array> {
    let edge = one(x, axis, edge)?;
    if len == 0 {
        return part(&edge, axis, 0, 1, 0);
    }
    let mut lengths = vec![1_usize; x.ndim()];
    lengths[axis] = len;
    let i = erased_indices(len, &home(x))?.reshape(lengths)?;
    // In floats, also of integers: from one to another there are fractions.
    let edge = if x.dtype().kind() < Kind::Float { multiply(&edge, 1.0)? } else { edge };
    let end = strong_beside(&Array::weak(end), &edge)?;
    let ramp =
        add(&multiply(&cast(&i, edge.dtype())?, &divide(&subtract(&edge, &end)?, len as f64)?)?, &end)?;
    let whole = x.dtype().is_int();
    cast(&if whole { floor(&ramp)? } else { ramp }, x.dtype())
}
