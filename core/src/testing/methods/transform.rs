//! Fourier, cosine and sine transforms, against their sums.

use super::arguments::{Arg, Case, Given, Sampler};
use super::factorisation::{computed, holds, part};
use crate::dtype::{DType, Kind};
use crate::numpy::Reduce;
use crate::numpy::fft::{Along, Norm, Over, Wave, along, kind, length, lengths, over};
use crate::testing::reference::{Want, epsilon};
use crate::testing::samples::{Lie, Plain, unravel};
use num_complex::Complex64;
use std::f64::consts::{PI, SQRT_2};

pub(super) const ENTRIES: super::Family = &[
    (&["fft", "ifft", "rfft", "irfft", "hfft", "ihfft"], rows, |given, name| {
        let step = *given.plain::<Along>(1);
        vec![step]
            .into_iter()
            .fold(Grid::of(given.array(0)), |x, step| fourier(x, name, step))
            .wanted(given, name)
    }),
    (&["fftn", "ifftn", "fft2", "ifft2", "rfftn", "rfft2", "irfftn", "irfft2"], grids, |given, name| {
        let (x, over) = (given.array(0), given.plain::<Over>(1));
        let two = name.ends_with('2');
        let mut steps = steps(x, over, two);
        let (complex, real) = match name.trim_end_matches(['n', '2']) {
            "rfft" => ("fft", "rfft"),
            "irfft" => ("ifft", "irfft"),
            plain => (plain, plain),
        };
        let mut x = Grid::of(x);
        // The real axis is the last one named, and comes first on the way forth.
        let last = steps.pop();
        if let (Some(last), false) = (last, real == "irfft") {
            x = fourier(x, real, last);
        }
        x = steps.into_iter().rev().fold(x, |x, step| fourier(x, complex, step));
        if let (Some(last), true) = (last, real == "irfft") {
            x = fourier(x, real, last);
        }
        x.wanted(given, name)
    }),
    (&["dct", "idct", "dst", "idst", "dctn", "idctn", "dstn", "idstn"], waves, |given, name| {
        let (x, wave) = (given.array(0), given.plain::<Wave>(1));
        let mut over = wave.over.clone();
        if !name.ends_with('n') && over.axes.is_none() {
            over.axes = Some([-1].as_slice().into());
        }
        let steps = steps(x, &over, false).into_iter().rev();
        let all =
            steps.fold(Grid::of(x), |x, step| x.along(step.axis, |row| wave_row(row, name, wave.kind, step)));
        all.wanted(given, if x.dtype.is_complex() { "complex" } else { "real" })
    }),
    (&["fftshift", "ifftshift"], shifts, |given, name| {
        let (x, axes) = (given.array(0), given.plain::<Reduce>(1));
        let n = x.shape.len() as isize;
        let all: Vec<isize> = (0..n).collect();
        let axes = axes.axes.as_deref().unwrap_or(&all);
        let named = |axis: usize| axes.iter().any(|&a| (if a < 0 { a + n } else { a }) as usize == axis);
        let element = |flat| {
            let index: Vec<usize> = unravel(flat, &x.shape)
                .into_iter()
                .enumerate()
                .map(|(axis, i)| {
                    let len = x.shape[axis];
                    let by = if name == "fftshift" { len.div_ceil(2) } else { len / 2 };
                    if named(axis) { (i + by) % len } else { i }
                })
                .collect();
            x.broadcast_at(&index)
        };
        vec![Want::exact(Plain::new(x.dtype, &x.shape, (0..x.data.len()).map(element).collect::<Vec<_>>()))]
    }),
];

/// An array of complex doubles.
struct Grid {
    shape: Vec<usize>,
    data: Vec<Complex64>,
}

impl Grid {
    fn of(x: &Plain) -> Grid {
        Grid { shape: x.shape.clone(), data: x.data.iter().map(|x| x.to_c128()).collect() }
    }

    /// Every row along an axis replaced.
    fn along(self, axis: isize, row: impl Fn(&[Complex64]) -> Vec<Complex64>) -> Grid {
        let axis = (if axis < 0 { axis + self.shape.len() as isize } else { axis }) as usize;
        let inner: usize = self.shape[axis + 1..].iter().product();
        let outer: usize = self.shape[..axis].iter().product();
        let len = self.shape[axis];
        let mut rows = Vec::new();
        for o in 0..outer {
            for i in 0..inner {
                let old: Vec<Complex64> = (0..len).map(|k| self.data[(o * len + k) * inner + i]).collect();
                rows.push(row(&old));
            }
        }
        let new = rows.first().map_or_else(|| row(&vec![Complex64::ZERO; len]).len(), Vec::len);
        let mut shape = self.shape.clone();
        shape[axis] = new;
        let element = |flat: usize| rows[flat / (new * inner) * inner + flat % inner][flat / inner % new];
        Grid { data: (0..outer * new * inner).map(element).collect(), shape }
    }

    /// Results are near in the mean: errors of a transform spread over all of its elements.
    fn wanted(self, given: &Given, name: &str) -> Vec<Want> {
        let x = given.array(0);
        let float = computed(x.dtype, given.float).real();
        let real = name.starts_with("irfft") || name == "hfft" || name == "real";
        let dtype = match float {
            _ if real => float,
            DType::F64 => DType::C128,
            _ => DType::C64,
        };
        let size = |data: &[Complex64]| data.iter().map(Complex64::norm_sqr).sum::<f64>().sqrt();
        let steps = (self.data.len().max(x.data.len()).max(2) as f64).log2() + 4.0;
        let most = 4.0 * steps * epsilon(dtype) * size(&self.data);
        Want::checked([(dtype, self.shape.clone())], move |got| {
            let far: Vec<Complex64> =
                got[0].data.iter().zip(&self.data).map(|(got, want)| got.to_c128() - want).collect();
            let far = size(&far);
            holds(far <= most, &format!("{far:e} away from the sum, {most:e} allowed"))
        })
    }
}

/// The transforms along single axes.
fn steps(x: &Plain, over: &Over, two: bool) -> Vec<Along> {
    let axes: Vec<isize> = match (&over.axes, &over.s) {
        (Some(axes), _) => axes.to_vec(),
        (None, _) if two => vec![-2, -1],
        (None, Some(s)) => (-(s.len() as isize)..0).collect(),
        (None, None) => (0..x.shape.len() as isize).collect(),
    };
    let points = |i: usize| over.s.as_ref().and_then(|s| usize::try_from(s[i]).ok());
    axes.iter().enumerate().map(|(i, &axis)| Along { n: points(i), ..along(axis).norm(over.norm) }).collect()
}

/// Of so many points, with zeros where there are fewer.
fn sized(row: &[Complex64], n: usize) -> Vec<Complex64> {
    (0..n).map(|i| row.get(i).copied().unwrap_or_default()).collect()
}

fn scale(norm: Norm, n: usize, backwards: bool) -> f64 {
    match (norm, backwards) {
        (Norm::Ortho, _) => (n as f64).sqrt().recip(),
        (Norm::Backward, true) | (Norm::Forward, false) => (n as f64).recip(),
        _ => 1.0,
    }
}

fn dft(x: &[Complex64], sign: f64, scale: f64) -> Vec<Complex64> {
    let n = x.len();
    let turn = |k: usize| Complex64::from_polar(1.0, sign * 2.0 * PI * k as f64 / n as f64);
    let turns: Vec<Complex64> = (0..n).map(turn).collect();
    let one = |k: usize| x.iter().enumerate().map(|(j, x)| x * turns[j * k % n]).sum::<Complex64>() * scale;
    (0..n).map(one).collect()
}

fn fourier(x: Grid, name: &str, step: Along) -> Grid {
    x.along(step.axis, |row| {
        let to_real = matches!(name, "irfft" | "hfft");
        let n = step.n.unwrap_or(if to_real { 2 * (row.len() - 1) } else { row.len() });
        let half = n / 2 + 1;
        let backwards = matches!(name, "ifft" | "irfft" | "ihfft");
        let (sign, scale) = (if backwards { 1.0 } else { -1.0 }, scale(step.norm, n, backwards));
        if !to_real {
            let all = dft(&sized(row, n), sign, scale);
            return if matches!(name, "rfft" | "ihfft") { all[..half].to_vec() } else { all };
        }
        let mut whole = sized(row, half);
        whole[0].im = 0.0;
        if n.is_multiple_of(2) {
            whole[half - 1].im = 0.0;
        }
        let mirrored: Vec<Complex64> =
            (0..n).map(|k| if k < half { whole[k] } else { whole[n - k].conj() }).collect();
        let all = dft(&mirrored, sign, scale);
        all.into_iter().map(|z| Complex64::from(z.re)).collect()
    })
}

/// The sums that SciPy's documentation gives.
fn wave_row(row: &[Complex64], name: &str, kind: u8, step: Along) -> Vec<Complex64> {
    let mut x = sized(row, step.n.unwrap_or(row.len()));
    let n = x.len();
    let (sine, inverse, ortho) = (name.contains("dst"), name.starts_with('i'), step.norm == Norm::Ortho);
    let kind = match (kind, inverse) {
        (2, true) => 3,
        (3, true) => 2,
        (kind, _) => kind,
    };
    let period = match (kind, sine) {
        (1, true) => 2 * (n + 1),
        (1, false) => 2 * (n - 1),
        _ => 2 * n,
    };
    let ends: &[usize] = match (kind, sine) {
        (1, false) => &[0, n - 1],
        (2 | 3, false) => &[0],
        (2 | 3, true) => &[n - 1],
        _ => &[],
    };
    if ortho && kind != 2 {
        ends.iter().for_each(|&i| x[i] *= SQRT_2);
    }
    let angle = |a: usize, b: usize, c: usize| PI * ((a * b) % (2 * c)) as f64 / c as f64;
    let one = |k: usize| -> Complex64 {
        let term = |j: usize| {
            let (factor, angle) = match (kind, sine) {
                (1, false) => (if j == 0 || j == n - 1 { 1.0 } else { 2.0 }, angle(k, j, n - 1)),
                (2, false) => (2.0, angle(k, 2 * j + 1, 2 * n)),
                (3, false) => (if j == 0 { 1.0 } else { 2.0 }, angle(2 * k + 1, j, 2 * n)),
                (1, true) => (2.0, angle(k + 1, j + 1, n + 1)),
                (2, true) => (2.0, angle(k + 1, 2 * j + 1, 2 * n)),
                (3, true) => (if j == n - 1 { 1.0 } else { 2.0 }, angle(2 * k + 1, j + 1, 2 * n)),
                _ => (2.0, angle(2 * k + 1, 2 * j + 1, 4 * n)),
            };
            x[j] * factor * if sine { angle.sin() } else { angle.cos() }
        };
        (0..n).map(term).sum::<Complex64>() * scale(step.norm, period, inverse)
    };
    let mut all: Vec<Complex64> = (0..n).map(one).collect();
    if ortho && kind != 3 {
        ends.iter().for_each(|&i| all[i] /= SQRT_2);
    }
    all
}

fn takes(name: &str, dtype: DType) -> bool {
    !(dtype.is_complex() && (name.starts_with("rfft") || name == "ihfft"))
}

fn rows(s: &mut Sampler, name: &str) -> Vec<Case> {
    let mut cases = Vec::new();
    for dtype in s.few(|d| takes(name, d)) {
        cases.push(vec![Arg::Array(s.array(dtype, &[3, 12], Lie::Dense, part)), Arg::plain(along(-1))]);
    }
    let few: [(&[usize], Along); 10] = [
        (&[2], along(0)),
        (&[5, 7], along(0).norm(Norm::Ortho)),
        (&[2, 9, 3], along(1).norm(Norm::Forward)),
        (&[4, 6], length(9)),
        (&[4, 9], length(6)),
        (&[13], along(-1).n(5).norm(Norm::Ortho)),
        (&[3, 4], length(1)),
        (&[17, 31], along(0).n(16)),
        (&[2, 64], along(-1).norm(Norm::Ortho)),
        (&[0, 8], along(-1)),
    ];
    for (shape, option) in few {
        for dtype in s.some(|d| takes(name, d) && d.kind() >= Kind::Float) {
            let lie = s.lie();
            cases.push(vec![Arg::Array(s.array(dtype, shape, lie, part)), Arg::plain(option)]);
        }
    }
    cases
}

fn grids(s: &mut Sampler, name: &str) -> Vec<Case> {
    let few: [(&[usize], Over); 7] = [
        (&[4, 6], ().into()),
        (&[3, 5, 4], ().into()),
        (&[3, 5, 4], over([0, 1]).norm(Norm::Ortho)),
        (&[5, 4], lengths([3, 8])),
        (&[3, 4, 6], over([2, 0]).s([-1, 5]).norm(Norm::Forward)),
        (&[2, 3, 8], over(-1)),
        (&[7, 3], lengths([8, -1]).norm(Norm::Forward)),
    ];
    let mut cases = Vec::new();
    for (n, (shape, option)) in few.into_iter().enumerate() {
        let dtypes = match n {
            0 => s.few(|d| takes(name, d) && (d.kind() >= Kind::Float || d == DType::I32)),
            _ => s.some(|d| takes(name, d) && d.kind() >= Kind::Float),
        };
        for dtype in dtypes {
            let lie = s.lie();
            cases.push(vec![Arg::Array(s.array(dtype, shape, lie, part)), Arg::plain(option.clone())]);
        }
    }
    cases
}

fn waves(s: &mut Sampler, name: &str) -> Vec<Case> {
    let mut cases = Vec::new();
    for (n, len) in [8, 7, 2, 15, 5, 30].into_iter().enumerate().step_by(if s.thorough { 1 } else { 2 }) {
        for which in 1..=4 {
            for dtype in s.some(|d| d.kind() >= Kind::Float) {
                let norm = [Norm::Backward, Norm::Ortho, Norm::Forward][(n + usize::from(which)) % 3];
                let lie = s.lie();
                let (shape, wave) = match n {
                    4 => ([len, 3], kind(which).along(0).norm(norm)),
                    5 if name.ends_with('n') => ([6, len], kind(which).norm(norm)),
                    5 => ([2, len], kind(which).along(-1).s([9]).norm(norm)),
                    _ => ([3, len], kind(which).along(-1).norm(norm)),
                };
                cases.push(vec![Arg::Array(s.array(dtype, &shape, lie, part)), Arg::plain(wave)]);
            }
        }
    }
    for which in 2..=4 {
        cases.push(vec![
            Arg::Array(s.array(DType::F32, &[3, 1], Lie::Dense, part)),
            Arg::plain(kind(which).along(-1)),
        ]);
    }
    cases
}

fn shifts(s: &mut Sampler, _: &str) -> Vec<Case> {
    let few: [(&[usize], Reduce); 5] = [
        (&[5], ().into()),
        (&[4, 7], ().into()),
        (&[4, 7], (-1).into()),
        (&[2, 3, 4], [0, 2].into()),
        (&[0, 3], ().into()),
    ];
    let mut cases = Vec::new();
    for (shape, axes) in few {
        for dtype in s.some(|_| true) {
            let lie = s.lie();
            let x = s.array(dtype, shape, lie, crate::testing::samples::random);
            cases.push(vec![Arg::Array(x), Arg::plain(axes.clone())]);
        }
    }
    cases
}
