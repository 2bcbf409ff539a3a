//! The error of transforms, against their sums in double-double arithmetic (Dekker 1971).

use super::reference::wide::Wide;
use super::samples::Random;
use crate::array::Array;
use crate::dtype::DType;
use crate::error::Result;
use crate::numpy::fft::{fft, ifft, irfft, length, rfft};
use num_complex::{Complex, Complex64};
use std::ops::Mul;

/// A complex number.
#[derive(Clone, Copy)]
struct Point(Wide, Wide);

impl Mul for Point {
    type Output = Point;
    fn mul(self, other: Point) -> Point {
        Point(self.0 * other.0 - self.1 * other.1, self.0 * other.1 + self.1 * other.0)
    }
}

/// exp(−2πi k / n) for every k.
fn turns(n: usize) -> Vec<Point> {
    // 2π, with an error of 2⁻¹⁰⁵; the angle is halved six times for the series, and the result squared as often.
    let angle = Wide(std::f64::consts::TAU, 2.449_293_598_294_706_4e-16).over(-64.0 * n as f64);
    let (mut cos, mut sin, mut term) = (Wide(1.0, 0.0), Wide(0.0, 0.0), Wide(1.0, 0.0));
    for i in 1..=16 {
        term = (term * angle).over(f64::from(i));
        match i % 4 {
            1 => sin = sin + term,
            2 => cos = cos - term,
            3 => sin = sin - term,
            _ => cos = cos + term,
        }
    }
    let mut turn = Point(cos, sin);
    (0..6).for_each(|_| turn = turn * turn);
    // Each is a product of turns by powers of two, so that errors do not add up.
    let mut all = vec![Point(Wide(1.0, 0.0), Wide(0.0, 0.0))];
    while all.len() < n {
        let more: Vec<Point> = all.iter().map(|&z| z * turn).take(n - all.len()).collect();
        all.extend(more);
        turn = turn * turn;
    }
    all
}

/// The root of the summed squares of errors over that of the elements, of some elements of the spectrum of `x`.
fn error(x: &[Complex64], turns: &[Point], got: &[(usize, Complex64)]) -> f64 {
    let n = x.len();
    let (mut far, mut size) = (0.0, 0.0);
    for &(k, got) in got {
        let (mut re, mut im) = (Wide(0.0, 0.0), Wide(0.0, 0.0));
        let mut at = 0;
        for x in x {
            let Point(cos, sin) = turns[at];
            let (a, b) = (Wide(x.re, 0.0), Wide(x.im, 0.0));
            re = re + (a * cos - b * sin);
            im = im + (a * sin + b * cos);
            at += k;
            at -= if at >= n { n } else { 0 };
        }
        far += (re - Wide(got.re, 0.0)).0.powi(2) + (im - Wide(got.im, 0.0)).0.powi(2);
        size += re.0.powi(2) + im.0.powi(2);
    }
    (far / size).sqrt()
}

/// Of long results a sample is compared.
fn some(got: Vec<Complex64>, random: &mut Random) -> Vec<(usize, Complex64)> {
    let at: Vec<usize> = match got.len() {
        n @ ..=48 => (0..n).collect(),
        n => (0..if n > 4096 { 3 } else { 8 }).map(|_| random.below(n)).collect(),
    };
    at.into_iter().map(|k| (k, got[k])).collect()
}

/// Transforms `n` random points at a place, forth and back, complex and real, in float32 or float64 ones. The error, relative to
/// the result in the root of the mean square, is at most 4e-7 · log₂ n or 8e-16 · log₂ n.
///
/// # Errors
/// Those of the transforms.
///
/// # Panics
/// If an error is larger.
#[track_caller]
pub fn transforms_are_accurate(place: &str, n: usize, float: DType, random: &mut Random) -> Result<()> {
    let double = float == DType::F64;
    let most = if double { 8e-16 } else { 4e-7 } * (n as f64).log2().max(1.0);
    let number = |random: &mut Random| match random.unit() {
        x if double => x,
        x => f64::from(x as f32),
    };
    let turns = turns(n);
    let mut check = |what: &str, x: &[Complex64], got: Vec<Complex64>| {
        let error = error(x, &turns, &some(got, random));
        assert!(error <= most, "{what} of {n} points in {float} on {place}: {error:e}, {most:e} allowed");
    };
    let points: Vec<Complex64> = {
        let mut random = Random(n as u64);
        (0..n).map(|_| Complex::new(number(&mut random), number(&mut random))).collect()
    };
    let complexes = |x: &[Complex64]| -> Result<Array> {
        let narrow = |z: &Complex64| Complex::new(z.re as f32, z.im as f32);
        if double {
            Array::from(x.to_vec()).to(place)
        } else {
            Array::from(x.iter().map(narrow).collect::<Vec<_>>()).to(place)
        }
    };
    let read = |x: &Array| -> Result<Vec<Complex64>> {
        let wide = |z: Complex<f32>| Complex::new(f64::from(z.re), f64::from(z.im));
        Ok(if double { x.to_vec()? } else { x.to_vec()?.into_iter().map(wide).collect() })
    };
    check("fft", &points, read(&fft(complexes(&points)?, ())?)?);
    // The inverse is the conjugate of the transform of the conjugate.
    let conjugate = |x: &[Complex64]| x.iter().map(Complex64::conj).collect::<Vec<_>>();
    let back = read(&ifft(complexes(&points)?, ())?)?;
    let scaled = |x: &[Complex64]| x.iter().map(|z| z.conj() * n as f64).collect::<Vec<_>>();
    check("ifft", &conjugate(&points), scaled(&back));
    let reals: Vec<Complex64> = points.iter().map(|z| z.re.into()).collect();
    let floats: Vec<f64> = points.iter().map(|z| z.re).collect();
    let given = if double {
        Array::from(floats)
    } else {
        Array::from(floats.iter().map(|&x| x as f32).collect::<Vec<_>>())
    };
    check("rfft", &reals, read(&rfft(given.to(place)?, ())?)?);
    let half = &points[..n / 2 + 1];
    let whole: Vec<Complex64> = (0..n)
        .map(|k| match k {
            0 => half[0].re.into(),
            k if 2 * k == n => half[k].re.into(),
            k if 2 * k < n => half[k],
            k => half[n - k].conj(),
        })
        .collect();
    let back = irfft(complexes(half)?, length(n))?;
    let back: Vec<f64> =
        if double { back.to_vec()? } else { back.to_vec::<f32>()?.into_iter().map(f64::from).collect() };
    let back: Vec<Complex64> = back.into_iter().map(Complex64::from).collect();
    check("irfft", &conjugate(&whole), scaled(&back));
    Ok(())
}
