//! The error of transforms, against their sums in double-double arithmetic (Dekker 1971): relative to the result, in the
//! root of the mean square, at most 4e-7 · log₂ n in float32 and 8e-16 · log₂ n in float64. Of lengths above 48 a sample of the
//! elements is compared.

use num_complex::Complex;
use polyarray_core::numpy::fft::{fft, rfft};
use polyarray_core::testing::samples::Random;
use polyarray_core::{Array, Result};
use std::ops::{Add, Mul, Neg, Sub};
use {polyarray_cpu as _, polyarray_cpu_fft as _};

/// A sum of two doubles, the second of which is no larger than a rounding error of the first.
#[derive(Clone, Copy)]
struct Wide(f64, f64);

fn two_sum(a: f64, b: f64) -> Wide {
    let sum = a + b;
    let part = sum - a;
    Wide(sum, (a - (sum - part)) + (b - part))
}

fn two_product(a: f64, b: f64) -> Wide {
    let split = |x: f64| {
        let shifted = x * 134_217_729.0;
        let high = shifted - (shifted - x);
        (high, x - high)
    };
    let (product, (ah, al), (bh, bl)) = (a * b, split(a), split(b));
    Wide(product, ((ah * bh - product) + ah * bl + al * bh) + al * bl)
}

impl Add for Wide {
    type Output = Wide;
    fn add(self, other: Wide) -> Wide {
        let (high, low) = (two_sum(self.0, other.0), two_sum(self.1, other.1));
        let carried = two_sum(high.0, high.1 + low.0);
        two_sum(carried.0, carried.1 + low.1)
    }
}

impl Neg for Wide {
    type Output = Wide;
    fn neg(self) -> Wide {
        Wide(-self.0, -self.1)
    }
}

impl Sub for Wide {
    type Output = Wide;
    fn sub(self, other: Wide) -> Wide {
        self + -other
    }
}

impl Mul for Wide {
    type Output = Wide;
    fn mul(self, other: Wide) -> Wide {
        let product = two_product(self.0, other.0);
        two_sum(product.0, product.1 + (self.0 * other.1 + self.1 * other.0))
    }
}

impl Wide {
    /// The quotient by a whole number, by one step of refinement.
    fn over(self, n: f64) -> Wide {
        let first = self.0 / n;
        let rest = self - two_product(first, n);
        two_sum(first, (rest.0 + rest.1) / n)
    }
}

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

/// The root of the summed squares of errors over that of the elements.
fn error(x: &[Complex<f64>], got: &[Complex<f64>], random: &mut Random) -> f64 {
    let n = x.len();
    let turns = turns(n);
    let sampled: Vec<usize> =
        if n <= 48 { (0..got.len()).collect() } else { (0..8).map(|_| random.below(got.len())).collect() };
    let (mut far, mut size) = (0.0, 0.0);
    for k in sampled {
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
        far += (re - Wide(got[k].re, 0.0)).0.powi(2) + (im - Wide(got[k].im, 0.0)).0.powi(2);
        size += re.0.powi(2) + im.0.powi(2);
    }
    (far / size).sqrt()
}

fn holds(n: usize, random: &mut Random) -> Result<()> {
    let wide: Vec<Complex<f64>> = (0..n).map(|_| Complex::new(random.unit(), random.unit())).collect();
    let narrow: Vec<Complex<f32>> = wide.iter().map(|z| Complex::new(z.re as f32, z.im as f32)).collect();
    let exact = |z: &Complex<f32>| Complex::new(f64::from(z.re), f64::from(z.im));
    let real = |z: &Complex<f64>| Complex::new(z.re, 0.0);
    let levels = (n as f64).log2().max(1.0);
    let check = |what: &str, error: f64, most: f64| {
        assert!(error <= most * levels, "{what} of {n} points: {error:e}, {:e} allowed", most * levels);
    };
    let got = fft(Array::from(wide.clone()), ())?.to_vec::<Complex<f64>>()?;
    check("fft in float64", error(&wide, &got, random), 8e-16);
    let got = fft(Array::from(narrow.clone()), ())?.to_vec::<Complex<f32>>()?;
    let got: Vec<_> = got.iter().map(exact).collect();
    check("fft in float32", error(&narrow.iter().map(exact).collect::<Vec<_>>(), &got, random), 4e-7);
    let reals: Vec<Complex<f64>> = wide.iter().map(real).collect();
    let got =
        rfft(Array::from(reals.iter().map(|z| z.re).collect::<Vec<_>>()), ())?.to_vec::<Complex<f64>>()?;
    check("rfft in float64", error(&reals, &got, random), 8e-16);
    Ok(())
}

#[test]
fn errors_grow_with_the_logarithm_of_the_length() -> Result<()> {
    let mut random = Random(7);
    for n in (1..=1024).chain([3_usize.pow(12), 1 << 20, 65_537, 999_983]) {
        holds(n, &mut random)?;
    }
    Ok(())
}
