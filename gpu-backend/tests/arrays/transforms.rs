//! Transforms: their error at every length of up to 1024 points and at long ones, and the paths of poorer adapters.

use num_complex::{Complex, Complex64};
use polyarray_core::array::{ArrayBackend, HostBuffer, Operand};
use polyarray_core::backend::specs::{Fft, Transform};
use polyarray_core::expr::Layout;
use polyarray_core::testing::samples::Random;
use polyarray_core::testing::{Conformance, Way, transforms_are_accurate};
use polyarray_core::{DType, Result};
use std::f64::consts::TAU;

use crate::{device, dtypes, poorer};

const LONG: [usize; 4] = [531_441, 1 << 20, 65_537, 999_983];

#[test]
fn errors_grow_with_the_logarithm_of_the_length() -> Result<()> {
    device();
    let mut random = Random(7);
    for n in (1..=1024).chain(LONG) {
        transforms_are_accurate("gpu:0", n, DType::F32, &mut random)?;
    }
    // As long in doubles would take too long: short ones, primes and prime powers.
    let factor = |n: usize| (2..=n).find(|p| n.is_multiple_of(*p)).unwrap_or(1);
    let power = |n: usize| factor(n).pow((n as f64).log(factor(n) as f64).round() as u32) == n;
    let some = (1..=1024).filter(|&n| n <= 64 || power(n));
    if dtypes().contains(&DType::F64) {
        for n in some.chain(LONG) {
            transforms_are_accurate("gpu:0", n, DType::F64, &mut random)?;
        }
    }
    Ok(())
}

#[test]
fn every_transform_gives_what_the_reference_gives_without_the_host() -> Result<()> {
    device();
    let report = Conformance::of("gpu").domains(&["numpy.fft"]).run()?;
    assert!(report.failures.is_empty(), "{report}");
    assert!(report.ran.len() > 20, "{report}");
    for ran in &report.ran {
        let falls_back = ran.ways.iter().any(|way| matches!(way, Way::Fallback | Way::DefaultFallsBack));
        assert!(!falls_back, "{}: {:?}", ran.method, ran.ways);
    }
    Ok(())
}

/// A row's transform by its sum.
fn sum(row: &[Complex64], spec: &Fft) -> Vec<Complex64> {
    let n = spec.len;
    let backward = matches!(spec.transform, Transform::Backward | Transform::RealBackward);
    let sign = if backward { 1.0 } else { -1.0 };
    let whole: Vec<Complex64> = match spec.transform {
        Transform::RealBackward => (0..n)
            .map(|j| match j {
                0 => row[0].re.into(),
                j if 2 * j == n => row[j].re.into(),
                j if 2 * j < n => row[j],
                j => row[n - j].conj(),
            })
            .collect(),
        _ => (0..n).map(|j| row.get(j).copied().unwrap_or_default()).collect(),
    };
    let turns: Vec<Complex64> =
        (0..n).map(|k| Complex64::from_polar(1.0, sign * TAU * k as f64 / n as f64)).collect();
    let one = |k: usize| whole.iter().enumerate().map(|(j, x)| x * turns[j * k % n]).sum::<Complex64>();
    (0..spec.lengths()[1]).map(|k| one(k) * spec.scale).collect()
}

/// Rows of lengths that take one pass and several, convolution, and halves; more of them than a poor binding shows; across and
/// along memory; with zeros behind.
#[test]
fn rows_on_poorer_adapters() {
    use Transform::{Backward, Forward, RealBackward, RealForward};
    let cases = [
        (7, 12, 9, Forward, false),
        (3, 1000, 1000, RealForward, false),
        (2, 1000, 501, RealBackward, false),
        (2, 243, 100, RealBackward, true),
        (130, 1009, 1009, Backward, false),
        (40, 4096, 4096, Forward, true),
        (2, 3600, 3600, RealForward, true),
    ];
    let mut random = Random(5);
    let jobs: Vec<_> = cases
        .map(|(rows, len, given, transform, turned)| {
            let spec = Fft { rows, len, given, dtype: DType::C64, transform, scale: 0.5 };
            let real = transform == RealForward;
            let mut number = || f64::from(random.unit() as f32);
            let x: Vec<Complex64> = (0..rows * given)
                .map(|_| Complex64::new(number(), if real { 0.0 } else { number() }))
                .collect();
            let step = if turned { [1, rows] } else { [given, 1] };
            let of = |row: usize| (0..given).map(|j| x[row * step[0] + j * step[1]]).collect::<Vec<_>>();
            let want = [0, rows - 1].map(|row| sum(&of(row), &spec));
            let strides = step.map(|step| step as isize);
            let layout = Layout {
                shape: [rows, given].as_slice().into(),
                strides: strides.as_slice().into(),
                offset: 0,
            };
            let host = match real {
                true => HostBuffer::from_vec(x.iter().map(|z| z.re as f32).collect::<Vec<_>>()),
                false => HostBuffer::from_vec(
                    x.iter().map(|z| Complex::new(z.re as f32, z.im as f32)).collect::<Vec<_>>(),
                ),
            };
            (spec, host, layout, want)
        })
        .into();
    for (name, backend) in poorer::backends() {
        for (spec, host, layout, want) in &jobs {
            let operand = Operand { buffer: backend.upload(host).unwrap(), layout: layout.clone() };
            let got = backend.transform(&operand, spec).unwrap_or_else(|e| panic!("{name}, {spec:?}: {e}"));
            let got = backend.download(&*got).unwrap();
            let got: Vec<Complex64> = match spec.transform {
                RealBackward => got.as_slice::<f32>().unwrap().iter().map(|&x| f64::from(x).into()).collect(),
                _ => {
                    let wide = |z: &Complex<f32>| Complex64::new(f64::from(z.re), f64::from(z.im));
                    got.as_slice::<Complex<f32>>().unwrap().iter().map(wide).collect()
                }
            };
            let width = spec.lengths()[1];
            for (row, want) in [0, spec.rows - 1].into_iter().zip(want) {
                let got = &got[row * width..(row + 1) * width];
                let far: f64 = got.iter().zip(want).map(|(got, want)| (got - want).norm_sqr()).sum();
                let error = (far / want.iter().map(Complex64::norm_sqr).sum::<f64>()).sqrt();
                let most = 4e-7 * (spec.len as f64).log2();
                assert!(error <= most, "{name}, {spec:?}, row {row}: {error:e}, {most:e} allowed");
            }
        }
    }
}
