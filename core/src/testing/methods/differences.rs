//! Differences, slopes, areas, interpolation, convolution.

use super::arguments::{Arg, Case, Given, Sampler};
use crate::dtype::{DType, Kind, Scalar, promote};
use crate::numpy::{Axes, Axis, Beyond, Count, EdgeOrder, Mode, Period, Spacing};
use crate::testing::reference::{Truth, Want, pick};
use crate::testing::samples::{Lie, Plain, Random, Sample, integer, moderate, ravel, unravel};
use num_complex::Complex64;

pub(super) const ENTRIES: super::Family = &[
    (&["diff", "ediff1d"], differences, difference),
    (&["gradient", "gradient_at"], gradients, gradient),
    (&["trapezoid", "trapezoid_at"], areas, area),
    (&["interp"], lines, |given, _| vec![interpolated(given)]),
    (&["unwrap"], turns, |given, _| vec![unwrapped(given)]),
    (&["convolve", "correlate"], vectors, convolved),
    (&["sliding_window_view"], windows, |given, _| {
        let (x, window) = (given.array(0), given.plain::<Count>(1).0.expect("samples say how long"));
        let axis = wrap(given.plain::<Axis>(2).0, x.shape.len());
        let mut shape = x.shape.clone();
        shape[axis] += 1;
        shape[axis] -= window;
        shape.push(window);
        vec![pick(x, &shape, |index| {
            let (within, at) = index.split_last().expect("there is a window");
            let mut from = at.to_vec();
            from[axis] += within;
            from
        })]
    }),
];

fn wrap(axis: isize, n: usize) -> usize {
    if axis < 0 { (axis + n as isize) as usize } else { axis as usize }
}

/// The rows of an array along an axis, each with the index of its first element.
fn rows(shape: &[usize], axis: usize) -> Vec<Vec<usize>> {
    let starts = (0..shape.iter().product()).map(|i| unravel(i, shape)).filter(|index| index[axis] == 0);
    starts.collect()
}

fn at(x: &Plain, start: &[usize], axis: usize, i: usize) -> Scalar {
    let mut index = start.to_vec();
    index[axis] = i;
    x.data[ravel(&index, &x.shape)]
}

/// What `f` gives for each row, under a shape whose axis has another length.
fn by_rows(
    x: &Plain,
    axis: usize,
    len: usize,
    mut f: impl FnMut(&[usize], usize) -> Truth,
) -> (Vec<usize>, Vec<Truth>) {
    let mut shape = x.shape.clone();
    shape[axis] = len;
    let mut out = vec![Truth::Exact(Scalar::Bool(false)); shape.iter().product()];
    for start in rows(&shape, axis) {
        for i in 0..len {
            let mut index = start.clone();
            index[axis] = i;
            out[ravel(&index, &shape)] = f(&start, i);
        }
    }
    (shape, out)
}

fn less(a: Scalar, b: Scalar, dtype: DType) -> Scalar {
    match (a.to_i128(), b.to_i128()) {
        (Some(a), Some(b)) if dtype == DType::Bool => Scalar::Bool(a != b),
        (Some(a), Some(b)) => integer(a - b, dtype),
        _ => Scalar::C128(a.to_c128() - b.to_c128()).cast(dtype),
    }
}

fn differences(s: &mut Sampler, name: &str) -> Vec<Case> {
    let mut cases = Vec::new();
    for (shape, n, axis) in
        [(&[40][..], 1_usize, 0), (&[5, 9], 2, -1), (&[5, 9], 1, 0), (&[2, 3], 3, 0), (&[3], 0, 0)]
    {
        for dtype in s.some(|d| name == "diff" || d != DType::Bool) {
            let lie = s.lie();
            let mut case = vec![Arg::Array(s.array(dtype, shape, lie, moderate))];
            if name == "diff" {
                case.extend([Arg::plain(Count(Some(n))), Arg::plain(Axis(axis))]);
            }
            cases.push(case);
        }
    }
    cases
}

fn difference(given: &Given, name: &str) -> Vec<Want> {
    let x = given.array(0);
    let flat = Plain { shape: vec![x.data.len()], ..x.clone() };
    let (x, n, axis) = match name {
        "diff" => (x, given.plain::<Count>(1).0.unwrap_or(1), wrap(given.plain::<Axis>(2).0, x.shape.len())),
        _ => (&flat, 1, 0),
    };
    let mut out = x.clone();
    for _ in 0..n {
        let len = out.shape[axis].saturating_sub(1);
        let step = |start: &[usize], i| {
            Truth::Exact(less(at(&out, start, axis, i + 1), at(&out, start, axis, i), x.dtype))
        };
        let (shape, elements) = by_rows(&out, axis, len, step);
        out = Want::new(x.dtype, &shape, elements).plain();
    }
    vec![Want::exact(out)]
}

fn float(given: &Given, dtype: DType) -> DType {
    if dtype.kind() < Kind::Float { given.float } else { dtype }
}

fn gradients(s: &mut Sampler, name: &str) -> Vec<Case> {
    let mut cases = Vec::new();
    for (shape, axes) in [(&[12][..], &[0][..]), (&[5, 9], &[]), (&[5, 9], &[-1]), (&[3, 4], &[0])] {
        for order in [1, 2] {
            for dtype in s.some(|d| d != DType::Bool && d != DType::F16) {
                let lie = s.lie();
                let x = Arg::Array(s.array(dtype, shape, lie, moderate));
                if name == "gradient" {
                    let step = Spacing::from([0.5, 2.0][s.random.below(2)]).edge_order(order);
                    cases.push(vec![x, Arg::plain(step), Arg::plain(Axes(axes.into()))]);
                } else {
                    let axis = axes.first().copied().unwrap_or(1);
                    let n = shape[wrap(axis, shape.len())];
                    let places = (0..n).map(|i| Scalar::F64((i * i) as f64 / 4.0));
                    let of = if dtype.is_float() { dtype } else { DType::F32 };
                    let places = Arg::Array(Sample::dense(Plain::new(of, &[n], places)));
                    cases.push(vec![x, places, Arg::plain(Axis(axis)), Arg::plain(EdgeOrder(order))]);
                }
            }
        }
    }
    cases
}

/// The slope at `x` of the parabola (of the line where there are two points) through points.
fn slope(points: &[(f64, Complex64)], x: f64) -> (Complex64, f64) {
    let weight = |i: usize| -> f64 {
        let others: Vec<usize> = (0..points.len()).filter(|&j| j != i).collect();
        let below: f64 = others.iter().map(|&j| points[i].0 - points[j].0).product();
        let above: f64 = match others[..] {
            [_] => 1.0,
            [a, b] => (x - points[a].0) + (x - points[b].0),
            _ => panic!("two points or three"),
        };
        above / below
    };
    let terms = (0..points.len()).map(|i| points[i].1 * weight(i));
    (terms.clone().sum(), terms.map(|term| term.norm()).sum())
}

fn gradient(given: &Given, name: &str) -> Vec<Want> {
    let x = given.array(0);
    let n = x.shape.len();
    let (axes, order): (Vec<usize>, usize) = match name {
        "gradient" => {
            let named: Vec<usize> = given.plain::<Axes>(2).0.iter().map(|&a| wrap(a, n)).collect();
            (if named.is_empty() { (0..n).collect() } else { named }, given.plain::<Spacing>(1).edge_order)
        }
        _ => (vec![wrap(given.plain::<Axis>(2).0, n)], given.plain::<EdgeOrder>(3).0),
    };
    let along = |axis: usize| {
        let len = x.shape[axis];
        let place = |i: usize| match name {
            "gradient" => i as f64 * given.plain::<Spacing>(1).steps[0],
            _ => given.array(1).data[i].to_f64(),
        };
        let of = |start: &[usize], i: usize| {
            let inner = i > 0 && i + 1 < len;
            let (low, high) = match (inner, i) {
                (true, i) => (i - 1, i + 1),
                (false, 0) => (0, order),
                _ => (len - 1 - order, len - 1),
            };
            let points: Vec<(f64, Complex64)> =
                (low..=high).map(|k| (place(k), at(x, start, axis, k).to_c128())).collect();
            let (value, terms) = slope(&points, place(i));
            Truth::Near { value, terms }
        };
        let (shape, elements) = by_rows(x, axis, len, of);
        Want::new(float(given, x.dtype), &shape, elements)
    };
    axes.into_iter().map(along).collect()
}

fn areas(s: &mut Sampler, name: &str) -> Vec<Case> {
    let mut cases = Vec::new();
    for (shape, axis) in [(&[30][..], 0), (&[4, 9], -1), (&[9, 4], 0), (&[1], 0)] {
        let dtypes = s.dtypes.clone();
        let held = |d: DType| dtypes.contains(&promote(d, DType::F32));
        for dtype in s.some(|d| d != DType::Bool && d != DType::F16 && held(d)) {
            let lie = s.lie();
            let y = Arg::Array(s.array(dtype, shape, lie, moderate));
            let step = if name == "trapezoid" {
                Arg::plain(0.5_f64)
            } else {
                let n = shape[wrap(axis, shape.len())];
                let of = if dtype.is_float() { dtype } else { DType::F32 };
                Arg::Array(s.array(of, &[n], Lie::Dense, moderate))
            };
            cases.push(vec![y, step, Arg::plain(Axis(axis))]);
        }
    }
    cases
}

fn area(given: &Given, name: &str) -> Vec<Want> {
    let y = given.array(0);
    let axis = wrap(given.plain::<Axis>(2).0, y.shape.len());
    let n = y.shape[axis];
    let step = |i: usize| match name {
        "trapezoid" => *given.plain::<f64>(1),
        _ => given.array(1).data[i + 1].to_f64() - given.array(1).data[i].to_f64(),
    };
    let of = |start: &[usize], _: usize| {
        let (mut value, mut terms) = (Complex64::default(), 0.0);
        for i in 0..n - 1 {
            let part =
                (at(y, start, axis, i).to_c128() + at(y, start, axis, i + 1).to_c128()) * step(i) / 2.0;
            value += part;
            terms += part.norm() + (at(y, start, axis, i).to_c128() * step(i)).norm();
        }
        Truth::Near { value, terms }
    };
    let (mut shape, elements) = by_rows(y, axis, 1, of);
    shape.remove(axis);
    let dtype = match name {
        "trapezoid_at" if given.array(1).dtype.is_float() => promote(y.dtype, given.array(1).dtype),
        _ => float(given, y.dtype),
    };
    vec![Want { terms: n, ..Want::new(dtype, &shape, elements) }]
}

fn lines(s: &mut Sampler, _: &str) -> Vec<Case> {
    let mut cases = Vec::new();
    for (k, shape) in [&[50][..], &[4, 5], &[], &[0]].into_iter().enumerate() {
        for dtype in s.some(|d| d != DType::Bool && d != DType::F16 && !d.is_complex()) {
            let n = [6, 1, 9, 3][k];
            let lie = s.lie();
            let x = s.array(dtype, shape, lie, |d, r: &mut Random| {
                if n > 1 && r.below(12) == 0 { Scalar::F64(f64::NAN).cast(d) } else { moderate(d, r) }
            });
            let of = if dtype.is_float() { dtype } else { DType::F32 };
            let places = (0..n).map(|i| Scalar::F64(i as f64 * 1.5 - 4.0));
            let places = Arg::Array(Sample::dense(Plain::new(of, &[n], places)));
            let values = Arg::Array(s.array(of, &[n], Lie::Dense, moderate));
            let beyond = if s.random.bits() & 1 == 0 { Beyond::from(()) } else { Beyond::from((-1.0, 7.5)) };
            cases.push(vec![Arg::Array(x), places, values, Arg::plain(beyond)]);
        }
    }
    cases
}

fn interpolated(given: &Given) -> Want {
    let (x, xp, fp, beyond) = (given.array(0), given.array(1), given.array(2), given.plain::<Beyond>(3));
    let n = xp.data.len();
    let [place, value] = [xp, fp].map(|p| move |i: usize| p.data[i].to_f64());
    let of = |x: &Scalar| {
        let x = x.to_f64();
        let exact = |value: f64| Truth::Near { value: value.into(), terms: 0.0 };
        if x.is_nan() {
            return exact(x);
        }
        if x < place(0) {
            return exact(beyond.left.unwrap_or(value(0)));
        }
        if x > place(n - 1) {
            return exact(beyond.right.unwrap_or(value(n - 1)));
        }
        match (0..n).rev().find(|&i| place(i) <= x) {
            Some(i) if i + 1 < n && place(i) < x => {
                let part = (x - place(i)) / (place(i + 1) - place(i));
                let between = value(i) + (value(i + 1) - value(i)) * part;
                Truth::Near { value: between.into(), terms: value(i).abs() + value(i + 1).abs() }
            }
            Some(i) => exact(value(i)),
            None => exact(f64::NAN),
        }
    };
    let dtype = promote(float(given, x.dtype), fp.dtype);
    Want::new(dtype, &x.shape, x.data.iter().map(of).collect())
}

fn turns(s: &mut Sampler, _: &str) -> Vec<Case> {
    let mut cases = Vec::new();
    for (shape, axis) in [(&[30][..], 0), (&[4, 9], -1), (&[9, 4], 0), (&[1], 0)] {
        for dtype in s.some(|d| matches!(d, DType::I32 | DType::I64 | DType::F32 | DType::F64)) {
            let lie = s.lie();
            let x =
                s.array(dtype, shape, lie, |d, r: &mut Random| Scalar::I64(r.below(40) as i64 - 20).cast(d));
            let period = [Period::from(6.0), Period::from(4.0).from_jumps_of(3.0), Period::from(7.0)]
                [s.random.below(3)];
            cases.push(vec![Arg::Array(x), Arg::plain(period), Arg::plain(Axis(axis))]);
        }
    }
    cases
}

/// All numbers are whole or halves: every step is exact.
fn unwrapped(given: &Given) -> Want {
    let (x, period) = (given.array(0), given.plain::<Period>(1));
    let axis = wrap(given.plain::<Axis>(2).0, x.shape.len());
    let (p, half) = (period.period, period.period / 2.0);
    let jump = period.discontinuity.unwrap_or(half);
    let whole = x.dtype.is_int();
    let (low, high) = if whole { (-half.floor(), half.floor()) } else { (-half, half) };
    let of = |start: &[usize], i: usize| {
        let value = |k: usize| at(x, start, axis, k).to_f64();
        let mut out = value(i);
        for k in 1..=i {
            let step = value(k) - value(k - 1);
            let mut within = (step - low).rem_euclid(p) + low;
            if within == low && step > 0.0 && (!whole || p % 2.0 == 0.0) {
                within = high;
            }
            if step.abs() >= jump {
                out += within - step;
            }
        }
        Truth::Exact(Scalar::F64(out).cast(x.dtype))
    };
    let (shape, elements) = by_rows(x, axis, x.shape[axis], of);
    Want::new(x.dtype, &shape, elements)
}

fn vectors(s: &mut Sampler, _: &str) -> Vec<Case> {
    let mut cases = Vec::new();
    for mode in [Mode::Full, Mode::Same, Mode::Valid] {
        for (n, m) in [(20, 5), (4, 9), (7, 7), (1, 1), (6, 4)] {
            for dtype in s.some(|d| d != DType::Bool) {
                let lies = [s.lie(), s.lie()];
                let [a, v] = [(n, lies[0]), (m, lies[1])]
                    .map(|(n, lie)| Arg::Array(s.array(dtype, &[n], lie, moderate)));
                cases.push(vec![a, v, Arg::plain(mode)]);
            }
        }
    }
    cases
}

fn convolved(given: &Given, name: &str) -> Vec<Want> {
    let (a, v, mode) = (given.array(0), given.array(1), *given.plain::<Mode>(2));
    let (n, m) = (a.data.len() as isize, v.data.len() as isize);
    // A correlation is the convolution with the other one's conjugates, backwards.
    let turned = name == "correlate";
    let of_v = |k: isize| if turned { v.data[(m - 1 - k) as usize] } else { v.data[k as usize] };
    let element = |i: isize| {
        let range = (i - m + 1).max(0)..=i.min(n - 1);
        if a.dtype.kind() < Kind::Float {
            let products = range.map(|k| (a.data[k as usize].to_i128(), of_v(i - k).to_i128()));
            let sum = products.map(|(x, y)| x.unwrap_or(0) * y.unwrap_or(0)).sum();
            return Truth::Exact(integer(sum, a.dtype));
        }
        let (mut value, mut terms) = (Complex64::default(), 0.0);
        for k in range {
            let y = of_v(i - k).to_c128();
            let product = a.data[k as usize].to_c128() * if turned { y.conj() } else { y };
            value += product;
            terms += product.norm();
        }
        Truth::Near { value, terms }
    };
    let (short, long) = (n.min(m), n.max(m));
    // The middle of an odd remainder: of a correlation with a longer second one it lies on the other side.
    let (first, len) = match mode {
        Mode::Full => (0, n + m - 1),
        Mode::Valid => (short - 1, long - short + 1),
        Mode::Same if turned && m > n => (short / 2, long),
        Mode::Same => ((short - 1) / 2, long),
    };
    let elements = (first..first + len).map(element).collect();
    vec![Want { terms: short as usize, ..Want::new(a.dtype, &[len as usize], elements) }]
}

fn windows(s: &mut Sampler, _: &str) -> Vec<Case> {
    let mut cases = Vec::new();
    for (shape, window, axis) in [(&[20][..], 3_usize, 0), (&[4, 9], 4, -1), (&[5, 3], 5, 0)] {
        for dtype in s.some(|_| true) {
            let lie = s.lie();
            let x = s.array(dtype, shape, lie, moderate);
            cases.push(vec![Arg::Array(x), Arg::plain(Count(Some(window))), Arg::plain(Axis(axis))]);
        }
    }
    cases
}
