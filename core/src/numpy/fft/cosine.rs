//! Cosine transforms, by transforms of as many real numbers (Makhoul 1980).

use super::options::{Norm, Over, Wave, along};
use super::several::steps;
use super::transform::{complex, float};
use super::{fft, irfft, rfft};
use crate::array::Array;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::memory::HostBuffer;
use crate::multimethod;
use crate::numpy::creation::beside;
use crate::numpy::manipulation::{alike, numbers_beside};
use crate::numpy::rows::move_axis;
use crate::numpy::{add, astype, concat, imag, multiply, negative, real, take};
use num_complex::{Complex32, Complex64};
use std::f64::consts::{PI, SQRT_2};

multimethod! {
    domain "numpy.fft";

    /// The discrete cosine transform along one axis, the last unless named, of type 1 to 4, 2 unless told; real, or complex of
    /// complex numbers, of the real and the imaginary part. Lengths and dtypes as in [`rfft()`], norms as in SciPy: with
    /// `Norm::Ortho` the matrix of the transform is orthogonal.
    ///
    /// NumPy: `scipy.fft.dct(x, type, n, axis, norm)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy::{self as np, fft}};
    /// # use {polyarray_cpu as _, polyarray_cpu_fft as _};
    /// let x = Array::from([1.0, 1.0, 1.0, 1.0]);
    /// assert!(np::allclose(&fft::dct(&x, ())?, [8.0, 0.0, 0.0, 0.0], ())?);
    /// assert!(np::allclose(&fft::dct(&x, fft::Norm::Ortho)?, [2.0, 0.0, 0.0, 0.0], ())?);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`fft()`]; [`Error::Argument`](crate::Error::Argument) for another type; [`Error::Shape`](crate::Error::Shape)
    /// for less than two points in type 1.
    pub fn dct(x: &Array, wave: Wave) -> Result<Array> {
        one_axis("dct", x, wave, false, &COSINES)
    }

    /// The inverse of [`dct()`] of the same type.
    ///
    /// NumPy: `scipy.fft.idct(x, type, n, axis, norm)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use {polyarray_cpu as _, polyarray_cpu_fft as _};
    /// let x = Array::from([8.0, 0.0, 0.0, 0.0]);
    /// assert!(np::allclose(&np::fft::idct(&x, ())?, [1.0, 1.0, 1.0, 1.0], ())?);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`dct()`].
    pub fn idct(x: &Array, wave: Wave) -> Result<Array> {
        one_axis("idct", x, wave, true, &COSINES)
    }

    /// [`dct()`] along several axes, all of them unless told.
    ///
    /// NumPy: `scipy.fft.dctn(x, type, s, axes, norm)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use {polyarray_cpu as _, polyarray_cpu_fft as _};
    /// let x = Array::from([[1.0, 1.0], [1.0, 1.0]]);
    /// assert!(np::allclose(&np::fft::dctn(&x, ())?, [[16.0, 0.0], [0.0, 0.0]], ())?);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`dct()`].
    pub fn dctn(x: &Array, wave: Wave) -> Result<Array> {
        several("dctn", x, wave, false, &COSINES)
    }

    /// The inverse of [`dctn()`] of the same type.
    ///
    /// NumPy: `scipy.fft.idctn(x, type, s, axes, norm)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use {polyarray_cpu as _, polyarray_cpu_fft as _};
    /// let x = Array::from([[16.0, 0.0], [0.0, 0.0]]);
    /// assert!(np::allclose(&np::fft::idctn(&x, ())?, [[1.0, 1.0], [1.0, 1.0]], ())?);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`dct()`].
    pub fn idctn(x: &Array, wave: Wave) -> Result<Array> {
        several("idctn", x, wave, true, &COSINES)
    }
}

/// Cosine or sine transforms.
pub(super) struct Family {
    /// The transform along the last axis of real numbers, of a type that has been checked; orthogonal or without a factor.
    pub transform: fn(&Array, u8, bool) -> Result<Array>,
    /// Points of the periodic continuation of so many in type 1; of the other types it has twice as many.
    pub first_period: fn(usize) -> usize,
}

const COSINES: Family = Family { transform: transformed, first_period: |n| 2 * n.saturating_sub(1) };

/// Along one axis.
pub(super) fn one_axis(
    op: &'static str,
    x: &Array,
    wave: Wave,
    inverse: bool,
    family: &Family,
) -> Result<Array> {
    let over = Over {
        axes: Some(wave.over.axes.clone().unwrap_or_else(|| [-1].as_slice().into())),
        ..wave.over.clone()
    };
    if over.axes.as_ref().is_some_and(|axes| axes.len() != 1) {
        return Err(Error::Argument {
            op,
            operands: format!("axes {:?}", over.axes),
            fix: "it transforms along one axis; the function whose name ends in n takes several".into(),
        });
    }
    several(op, x, Wave { over, ..wave }, inverse, family)
}

/// Along several axes.
pub(super) fn several(
    op: &'static str,
    x: &Array,
    wave: Wave,
    inverse: bool,
    family: &Family,
) -> Result<Array> {
    let kind = match (wave.kind, inverse) {
        (kind @ (1 | 4), _) | (kind @ (2 | 3), false) => kind,
        // Types 2 and 3 are each other's inverses.
        (2, true) => 3,
        (3, true) => 2,
        (other, _) => {
            return Err(Error::Argument {
                op,
                operands: format!("type {other}"),
                fix: "there are types 1 to 4".into(),
            });
        }
    };
    if x.dtype().is_complex() {
        let part = |x: &Array| several(op, x, wave.clone(), inverse, family);
        return add(&part(&real(x)?)?, &multiply(&part(&imag(x)?)?, Complex64::i())?);
    }
    let (norm, dtype) = (wave.over.norm, float(x)?);
    let x = if x.dtype() == dtype { x.clone() } else { astype(x, dtype)? };
    steps(op, &x, &wave.over, None, false)?.iter().rev().try_fold(x, |x, step| {
        let x = sized(&move_axis(&x, step.axis, -1)?, step.n)?;
        let n = x.shape()[x.ndim() - 1];
        // Of how many points the periodic continuation is.
        let period = if kind == 1 { (family.first_period)(n) } else { 2 * n };
        if n == 0 || period == 0 {
            return Err(Error::Shape {
                op,
                operands: format!("x: {:?}, axis {}, n: {:?}", x.shape(), step.axis, step.n),
                fix: "a transform has at least one point, a cosine transform of type 1 two".into(),
            });
        }
        let result = (family.transform)(&x, kind, norm == Norm::Ortho)?;
        let scale = norm.scale(period, inverse);
        let result = if scale == 1.0 { result } else { multiply(&result, scale)? };
        move_axis(&result, -1, step.axis)
    })
}

/// Cropped or filled up with zeros along the last axis.
fn sized(x: &Array, n: Option<usize>) -> Result<Array> {
    let have = x.shape()[x.ndim() - 1];
    match n {
        Some(n) if n < have => x.slice(format!("..., :{n}")),
        Some(n) if n > have => {
            let mut shape = x.shape().to_vec();
            *shape.last_mut().expect("it has an axis") = n - have;
            concat(&[x.clone(), zeros(&shape, x)?], -1)
        }
        _ => Ok(x.clone()),
    }
}

pub(super) fn zeros(shape: &[usize], like: &Array) -> Result<Array> {
    crate::numpy::full(shape, 0.0, alike(like, like.dtype()))
}

/// Whether there is memory for a table of so many elements, which is made on the host.
fn room(elements: &impl Iterator) -> Result<()> {
    let n = elements.size_hint().0;
    if n > 1 << 20 { HostBuffer::unwritten(DType::C128, n).map(|_| ()) } else { Ok(()) }
}

/// exp(i · angle) of each angle, in the complex dtype beside an array's: angles are multiples of π / `period`, which are
/// reduced before they are rounded.
fn turns(numerators: impl Iterator<Item = usize>, period: usize, sign: f64, like: &Array) -> Result<Array> {
    let turn = |k: usize| Complex64::from_polar(1.0, sign * PI * (k % (2 * period)) as f64 / period as f64);
    let narrow = |z: Complex64| Complex32::new(z.re as f32, z.im as f32);
    room(&numerators)?;
    let turns = numerators.map(turn);
    let turns = match complex(like.dtype()) {
        DType::C128 => Array::from(turns.collect::<Vec<_>>()),
        _ => Array::from(turns.map(narrow).collect::<Vec<_>>()),
    };
    beside(&turns, like)
}

/// The last axis in another order.
fn ordered(x: &Array, order: impl Iterator<Item = usize>) -> Result<Array> {
    room(&order)?;
    let order = Array::from(order.map(|i| i as i64).collect::<Vec<_>>());
    take(x, &beside(&order, x)?, -1)
}

/// Some elements of the last axis multiplied by a number.
pub(super) fn weighted(x: &Array, at: &[usize], by: f64) -> Result<Array> {
    let n = x.shape()[x.ndim() - 1];
    multiply(x, &numbers_beside((0..n).map(|i| if at.contains(&i) { by } else { 1.0 }), x.dtype(), x)?)
}

/// The transform along the last axis, without a factor; orthogonal up to one.
pub(super) fn transformed(x: &Array, kind: u8, orthogonal: bool) -> Result<Array> {
    let n = x.shape()[x.ndim() - 1];
    let ends = [0, n - 1];
    match (kind, orthogonal) {
        (1, false) => first(x, n),
        (1, true) => weighted(&first(&weighted(x, &ends, SQRT_2)?, n)?, &ends, SQRT_2.recip()),
        (2, false) => second(x, n),
        (2, true) => weighted(&second(x, n)?, &[0], SQRT_2.recip()),
        (3, false) => third(x, n),
        (3, true) => third(&weighted(x, &[0], SQRT_2)?, n),
        _ => fourth(x, n),
    }
}

/// x continued evenly: x[n − 1], …, x[1] after itself.
fn first(x: &Array, n: usize) -> Result<Array> {
    let even = ordered(x, (0..n).chain((1..n.saturating_sub(1)).rev()))?;
    real(&rfft(&even, along(-1))?)
}

/// Even elements first, then the odd ones backwards: element i of that is element `evens(n)[i]` of x.
fn evens(n: usize) -> impl Iterator<Item = usize> {
    (0..n).step_by(2).chain((0..n / 2).rev().map(|i| 2 * i + 1))
}

fn second(x: &Array, n: usize) -> Result<Array> {
    let spectrum = rfft(&ordered(x, evens(n))?, along(-1))?;
    let turned = multiply(&multiply(&spectrum, &turns(0..n / 2 + 1, 2 * n, -1.0, x)?)?, 2.0)?;
    let low = real(&turned)?;
    let high = negative(&imag(&turned.slice(format!("..., 1:{}", n.div_ceil(2)))?)?)?;
    concat(&[low, high.flip(-1)?], -1)
}

fn third(x: &Array, n: usize) -> Result<Array> {
    let half = n / 2 + 1;
    let low = x.slice(format!("..., :{half}"))?;
    let high = x.slice(format!("..., {}:", n + 1 - half))?.flip(-1)?;
    let mut shape = x.shape().to_vec();
    *shape.last_mut().expect("it has an axis") = 1;
    let high = concat(&[zeros(&shape, x)?, high], -1)?;
    let spectrum = add(&low, &multiply(&high, -Complex64::i())?)?;
    let turned = multiply(&spectrum, &turns(0..half, 2 * n, 1.0, x)?)?;
    let mixed = irfft(&turned, along(-1).n(n).norm(Norm::Forward))?;
    // Back in order.
    let mut at = vec![0; n];
    evens(n).enumerate().for_each(|(i, from)| at[from] = i);
    ordered(&mixed, at.into_iter())
}

fn fourth(x: &Array, n: usize) -> Result<Array> {
    let turned = multiply(x, &turns(0..n, 2 * n, -1.0, x)?)?;
    let spectrum = fft(&turned, along(-1).n(2 * n))?.slice(format!("..., :{n}"))?;
    let turns = turns((0..n).map(|k| 2 * k + 1), 4 * n, -1.0, x)?;
    multiply(&real(&multiply(&spectrum, &turns)?)?, 2.0)
}
