//! Quantiles, averages, covariances, reductions without NaN.

use super::arguments::{Arg, Case, Given, Sampler};
use crate::dtype::{DType, Kind, Scalar};
use crate::expr::Reduction;
use crate::numpy::{
    Along, Covariance, Method, QUANTILE_METHODS, Quantiles, Reduce, Scanned, Variance, scan_along,
};
use crate::testing::reference::{Truth, Want, mean, rank, reduce, scan, variance};
use crate::testing::samples::{Lie, Plain, Random, Sample, moderate, ravel, unravel};
use num_complex::Complex64;

pub(super) const ENTRIES: super::Family = &[
    (&["median", "nanmedian"], medians, median),
    (&["quantile", "percentile", "nanquantile", "nanpercentile"], quantiles, quantile),
    (&["ptp"], plain_reductions, |given, _| vec![ptp(given)]),
    (&["nansum", "nanprod", "nanmin", "nanmax", "nanmean", "nanvar", "nanstd"], nan_reductions, nan_reduced),
    (&["nancumsum", "nancumprod"], nan_scans, nan_scanned),
    (
        &[
            "sum_where",
            "prod_where",
            "min_where",
            "max_where",
            "any_where",
            "all_where",
            "mean_where",
            "var_where",
            "std_where",
        ],
        masked_reductions,
        masked,
    ),
    (&["quantile_weighted", "percentile_weighted"], weighted_quantiles, weighted_quantile),
    (&["average"], averages, |given, _| vec![average(given)]),
    (&["cov", "corrcoef"], covariances, covariance),
];

/// A shape, the axes to reduce, and whether they stay.
type Slice = (&'static [usize], Option<&'static [isize]>, bool);

const SLICES: [Slice; 5] = [
    (&[41], None, false),
    (&[6, 15], Some(&[-1]), false),
    (&[8, 3, 2], Some(&[0, 2]), true),
    (&[6, 15], Some(&[0]), false),
    (&[1], None, true),
];

fn over(axes: Option<&[isize]>, keepdims: bool) -> Reduce {
    let over = axes.map_or_else(Reduce::default, Reduce::from);
    if keepdims { over.keepdims() } else { over }
}

fn with_nan(dtype: DType, r: &mut Random) -> Scalar {
    if r.below(4) == 0 && dtype.kind() >= Kind::Float {
        Scalar::F64(f64::NAN).cast(dtype)
    } else {
        moderate(dtype, r)
    }
}

fn rarely_nan(dtype: DType, r: &mut Random) -> Scalar {
    if r.below(60) == 0 && dtype.is_float() { Scalar::F64(f64::NAN).cast(dtype) } else { moderate(dtype, r) }
}

fn real(dtype: DType) -> bool {
    !dtype.is_complex() && dtype != DType::Bool
}

/// Calls over every slice, each with its option.
fn calls(
    s: &mut Sampler,
    fits: impl Fn(DType) -> bool + Copy,
    value: impl Fn(DType, &mut Random) -> Scalar + Copy,
    rest: impl Fn(&mut Sampler, Reduce) -> Vec<Arg>,
) -> Vec<Case> {
    let mut cases = Vec::new();
    for (shape, axes, keepdims) in SLICES {
        for dtype in s.some(fits) {
            let lie = s.lie();
            let x = Arg::Array(s.array(dtype, shape, lie, value));
            let rest = rest(s, over(axes, keepdims));
            cases.push(std::iter::once(x).chain(rest).collect());
        }
    }
    cases
}

fn medians(s: &mut Sampler, name: &str) -> Vec<Case> {
    let value = if name == "median" { rarely_nan } else { with_nan };
    calls(s, real, value, |_, over| vec![Arg::plain(over)])
}

/// The elements of each slice, in the order of the results, and the shape of these.
fn slices(x: &Plain, over: &Reduce) -> (Vec<Vec<Scalar>>, Vec<usize>) {
    let n = x.shape.len() as isize;
    let reduced: Vec<usize> = match &over.axes {
        None => (0..x.shape.len()).collect(),
        Some(axes) => axes.iter().map(|&a| if a < 0 { (a + n) as usize } else { a as usize }).collect(),
    };
    let whole: Vec<usize> =
        (0..x.shape.len()).map(|a| if reduced.contains(&a) { 1 } else { x.shape[a] }).collect();
    let mut slices = vec![Vec::new(); whole.iter().product()];
    for (i, &value) in x.data.iter().enumerate() {
        let mut index = unravel(i, &x.shape);
        reduced.iter().for_each(|&a| index[a] = 0);
        slices[ravel(&index, &whole)].push(value);
    }
    let kept = (0..x.shape.len()).filter(|a| over.keepdims || !reduced.contains(a)).map(|a| whole[a]);
    let shape = kept.collect();
    (slices, shape)
}

fn float(given: &Given, dtype: DType) -> DType {
    if dtype.kind() < Kind::Float { given.float } else { dtype }
}

/// Sorted numbers; none if one is NaN that is not to be left out.
fn sorted(values: &[Scalar], skip: bool) -> Option<Vec<f64>> {
    let mut values: Vec<Scalar> = values.iter().copied().filter(|x| !skip || !x.to_f64().is_nan()).collect();
    values.sort_by(|&a, &b| rank(a, b));
    let numbers: Vec<f64> = values.iter().map(|x| x.to_f64()).collect();
    (!numbers.is_empty() && !numbers.iter().any(|x| x.is_nan())).then_some(numbers)
}

fn near(value: f64, terms: f64) -> Truth {
    Truth::Near { value: value.into(), terms }
}

fn median(given: &Given, name: &str) -> Vec<Want> {
    let (x, over) = (given.array(0), given.plain::<Reduce>(1));
    let (slices, shape) = slices(x, over);
    let of = |values: &Vec<Scalar>| match sorted(values, name == "nanmedian") {
        None => near(f64::NAN, 0.0),
        Some(x) => {
            let (a, b) = (x[(x.len() - 1) / 2], x[x.len() / 2]);
            near(a / 2.0 + b / 2.0, a.abs() + b.abs())
        }
    };
    vec![Want::new(float(given, x.dtype), &shape, slices.iter().map(of).collect())]
}

fn quantiles(s: &mut Sampler, name: &str) -> Vec<Case> {
    let value = if name.starts_with("nan") { with_nan } else { rarely_nan };
    let scale = if name.ends_with("percentile") { 100.0 } else { 1.0 };
    let mut cases = Vec::new();
    for method in QUANTILE_METHODS {
        for (k, (shape, axes, keepdims)) in SLICES.into_iter().enumerate() {
            if (k + method as usize).is_multiple_of(2) && !s.thorough {
                continue;
            }
            for dtype in s.some(real) {
                let lie = s.lie();
                let x = Arg::Array(s.array(dtype, shape, lie, value));
                // Products with the number of elements are exact, so that it is clear between which elements they lie.
                let of = |q: f64| q * scale;
                let q = match s.random.below(3) {
                    0 => Quantiles::from(of(0.25)),
                    1 => Quantiles::from([0.0, 0.5, 0.125, 1.0].map(of)),
                    _ => Quantiles::from(vec![of(0.75), of(0.0625)]),
                };
                cases.push(vec![x, Arg::plain(q.by(method)), Arg::plain(over(axes, keepdims))]);
            }
        }
    }
    cases
}

/// A quantile of sorted numbers, by the definitions of Hyndman and Fan: with the number of elements, counted from 1, that lies
/// at or below it.
fn quantile_of(x: &[f64], q: f64, method: Method) -> Truth {
    let n = x.len() as f64;
    let at = |k: f64| x[(k.clamp(1.0, n) - 1.0) as usize];
    let exact = |k: f64| near(at(k), 0.0);
    // m of their table: the quantile lies at n q + m.
    let m = match method {
        Method::InvertedCdf => return exact((n * q).ceil()),
        Method::AveragedInvertedCdf => {
            let k = n * q;
            let (a, b) = if k == k.floor() { (at(k), at(k + 1.0)) } else { (at(k.ceil()), at(k.ceil())) };
            return near(a / 2.0 + b / 2.0, a.abs() + b.abs());
        }
        Method::ClosestObservation => {
            // The nearest, and of two equally near the even one.
            let k = n * q;
            let (low, rest) = ((k - 0.5).floor(), (k - 0.5).fract());
            return exact(if rest == 0.0 && low.rem_euclid(2.0) == 0.0 { low } else { low + 1.0 });
        }
        Method::Lower => return exact(((n - 1.0) * q).floor() + 1.0),
        Method::Higher => return exact(((n - 1.0) * q).ceil() + 1.0),
        Method::Nearest => return exact(((n - 1.0) * q).round_ties_even() + 1.0),
        Method::Midpoint => {
            let k = (n - 1.0) * q + 1.0;
            let (a, b) = (at(k.floor()), at(k.ceil()));
            return near(a / 2.0 + b / 2.0, a.abs() + b.abs());
        }
        Method::InterpolatedInvertedCdf => 0.0,
        Method::Hazen => 0.5,
        Method::Weibull => q,
        Method::Linear => 1.0 - q,
        Method::MedianUnbiased => (q + 1.0) / 3.0,
        Method::NormalUnbiased => q / 4.0 + 3.0 / 8.0,
    };
    let k = n * q + m;
    let (a, b) = (at(k.floor()), at(k.floor() + 1.0));
    let (a, b) = if k < 1.0 { (at(1.0), at(1.0)) } else { (a, b) };
    near(a + (b - a) * (k - k.floor()), a.abs() + b.abs())
}

fn quantile(given: &Given, name: &str) -> Vec<Want> {
    let (x, q, over) = (given.array(0), given.plain::<Quantiles>(1), given.plain::<Reduce>(2));
    let scale = if name.ends_with("percentile") { 100.0 } else { 1.0 };
    let (slices, rest) = slices(x, over);
    let discrete = matches!(
        q.method,
        Method::InvertedCdf | Method::ClosestObservation | Method::Lower | Method::Higher | Method::Nearest
    );
    let mut shape = rest;
    if !q.single {
        shape.insert(0, q.q.len());
    }
    let of = |q_of: &f64, values: &Vec<Scalar>| match sorted(values, name.starts_with("nan")) {
        None => near(f64::NAN, 0.0),
        Some(x) => quantile_of(&x, q_of / scale, q.method),
    };
    let elements: Vec<Truth> =
        q.q.iter().flat_map(|of_q| slices.iter().map(move |values| of(of_q, values))).collect();
    let dtype = if discrete { x.dtype } else { float(given, x.dtype) };
    let exact = |truth: Truth| if discrete { Truth::Exact(truth.rounded(dtype)) } else { truth };
    vec![Want::new(dtype, &shape, elements.into_iter().map(exact).collect())]
}

fn plain_reductions(s: &mut Sampler, _: &str) -> Vec<Case> {
    calls(s, real, moderate, |_, over| vec![Arg::plain(over)])
}

fn ptp(given: &Given) -> Want {
    let (x, over) = (given.array(0), given.plain(1));
    let [high, low] = [Reduction::Max, Reduction::Min].map(|op| reduce(op, x, over).plain());
    let less = |(a, b): (&Scalar, &Scalar)| match (a.to_i128(), b.to_i128()) {
        (Some(a), Some(b)) => crate::testing::samples::integer(a - b, x.dtype),
        _ => Scalar::F64(a.to_f64() - b.to_f64()),
    };
    Want::exact(Plain::new(x.dtype, &high.shape, high.data.iter().zip(&low.data).map(less)))
}

fn nan_reductions(s: &mut Sampler, name: &str) -> Vec<Case> {
    let spread = matches!(name, "nanvar" | "nanstd");
    let ordered = matches!(name, "nanmin" | "nanmax");
    let value = |dtype: DType, r: &mut Random| match name {
        "nanprod" if r.below(4) > 0 => Scalar::F64(1.0 + r.unit() / 8.0).cast(dtype),
        _ => with_nan(dtype, r),
    };
    calls(
        s,
        |d| !(ordered && d.is_complex()),
        value,
        |s, over| {
            let ddof = [0.0, 1.0][s.random.below(2)];
            vec![if spread { Arg::plain(over.ddof(ddof)) } else { Arg::plain(over) }]
        },
    )
}

fn is_nan(x: Scalar) -> bool {
    let x = x.to_c128();
    x.re.is_nan() || x.im.is_nan()
}

fn nan_reduced(given: &Given, name: &str) -> Vec<Want> {
    let x = given.array(0);
    let own = match name {
        "nanvar" | "nanstd" => &given.plain::<Variance>(1).axes,
        _ => given.plain::<Reduce>(1),
    };
    let (slices, shape) = slices(x, own);
    let slices: Vec<Vec<Scalar>> =
        slices.into_iter().map(|slice| slice.into_iter().filter(|&x| !is_nan(x)).collect()).collect();
    // Each slice by the reference of the reduction, of what is left of it.
    let of = |slice: &Vec<Scalar>| -> Want {
        let row = Plain::new(x.dtype, &[slice.len()], slice.iter().copied());
        let all = Reduce::default();
        match name {
            "nanmean" => mean(&row, &all, given.float),
            "nanvar" | "nanstd" => {
                let ddof = given.plain::<Variance>(1).ddof;
                let floats = x.dtype.kind() >= Kind::Float;
                let mut want = variance(&row, &all.ddof(ddof), given.float, name == "nanstd");
                if floats && slice.len() as f64 <= ddof {
                    want.elements = vec![near(f64::NAN, 0.0)];
                }
                want
            }
            "nansum" => reduce(Reduction::Sum, &row, &all),
            "nanprod" => reduce(Reduction::Prod, &row, &all),
            _ if slice.is_empty() => Want::new(x.dtype, &[], vec![near(f64::NAN, 0.0)]),
            "nanmin" => reduce(Reduction::Min, &row, &all),
            _ => reduce(Reduction::Max, &row, &all),
        }
    };
    let each: Vec<Want> = slices.iter().map(of).collect();
    let terms = each.iter().map(|want| want.terms).max().unwrap_or(1);
    let dtype = each.first().map_or(x.dtype, |want| want.dtype);
    vec![Want { terms, ..Want::new(dtype, &shape, each.iter().map(|want| want.elements[0]).collect()) }]
}

fn masked_reductions(s: &mut Sampler, name: &str) -> Vec<Case> {
    let mut cases = Vec::new();
    let ordered = matches!(name, "min_where" | "max_where");
    let value = |dtype: DType, r: &mut Random| match name {
        "prod_where" if dtype.kind() >= Kind::Float => Scalar::F64(1.0 + r.unit() / 8.0).cast(dtype),
        _ => moderate(dtype, r),
    };
    let coin = |_: DType, r: &mut Random| Scalar::Bool(r.below(3) > 0);
    for (shape, axes, keepdims) in SLICES.into_iter().chain([(&[0, 3][..], Some(&[0][..]), false)]) {
        for dtype in s.some(|d| !(ordered && d.is_complex())) {
            let lies = [s.lie(), s.lie()];
            // A mask of the last axis broadcasts.
            let mask = if s.random.bits() & 1 == 0 { shape } else { &shape[shape.len() - 1..] };
            let mut case = vec![
                Arg::Array(s.array(dtype, shape, lies[0], value)),
                Arg::Array(s.array(DType::Bool, mask, lies[1], coin)),
            ];
            let over = over(axes, keepdims);
            if ordered {
                case.push(Arg::plain(Scalar::I64(1).cast(if dtype == DType::Bool {
                    dtype
                } else {
                    DType::I64
                })));
            }
            case.push(match name {
                "var_where" | "std_where" => Arg::plain(over.ddof([0.0, 1.0][s.random.below(2)])),
                _ => Arg::plain(over),
            });
            cases.push(case);
        }
    }
    cases
}

fn masked(given: &Given, name: &str) -> Vec<Want> {
    let (x, mask) = (given.array(0), given.array(1));
    let last = given.args.len() - 1;
    let own = match name {
        "var_where" | "std_where" => &given.plain::<Variance>(last).axes,
        _ => given.plain::<Reduce>(last),
    };
    let mask = Plain::new(
        DType::Bool,
        &x.shape,
        (0..x.data.len()).map(|i| mask.broadcast_at(&unravel(i, &x.shape))),
    );
    let ((slices, shape), (masks, _)) = (slices(x, own), slices(&mask, own));
    let of = |(slice, mask): (&Vec<Scalar>, &Vec<Scalar>)| -> Want {
        let kept = slice.iter().zip(mask).filter(|(_, mask)| **mask == Scalar::Bool(true)).map(|(x, _)| *x);
        let mut kept: Vec<Scalar> = kept.collect();
        if matches!(name, "min_where" | "max_where") {
            kept.push(*given.plain::<Scalar>(2));
        }
        let row = Plain::new(x.dtype, &[kept.len()], kept);
        let all = Reduce::default();
        match name {
            "mean_where" => mean(&row, &all, given.float),
            "var_where" | "std_where" => variance(
                &row,
                &all.ddof(given.plain::<Variance>(last).ddof),
                given.float,
                name == "std_where",
            ),
            "sum_where" => reduce(Reduction::Sum, &row, &all),
            "prod_where" => reduce(Reduction::Prod, &row, &all),
            "any_where" => reduce(Reduction::Any, &row, &all),
            "all_where" => reduce(Reduction::All, &row, &all),
            "min_where" => reduce(Reduction::Min, &row, &all),
            _ => reduce(Reduction::Max, &row, &all),
        }
    };
    let each: Vec<Want> = slices.iter().zip(&masks).map(of).collect();
    let terms = each.iter().map(|want| want.terms).max().unwrap_or(1);
    let dtype = each.first().map_or(x.dtype, |want| want.dtype);
    vec![Want { terms, ..Want::new(dtype, &shape, each.iter().map(|want| want.elements[0]).collect()) }]
}

fn weighted_quantiles(s: &mut Sampler, name: &str) -> Vec<Case> {
    let scale = if name.starts_with("percentile") { 100.0 } else { 1.0 };
    let weight = |d: DType, r: &mut Random| Scalar::I64([0, 1, 2, 3, 8][r.below(5)]).cast(d);
    let mut cases = Vec::new();
    for (shape, axes, keepdims) in [
        (&[41][..], None, false),
        (&[6, 15], Some(&[-1][..]), false),
        (&[8, 3, 2], Some(&[0, 2]), true),
        (&[15, 6], Some(&[0]), false),
    ] {
        for dtype in s.some(real) {
            let lies = [s.lie(), s.lie()];
            let along = axes.is_some_and(|axes| axes.len() == 1) && s.random.bits() & 1 == 0;
            let shape_of = if along { &[15][..] } else { shape };
            let mut weights = s.array(DType::I32, shape_of, lies[1], weight);
            // No slice is without a weight, whatever the axis, and where all along one are the same.
            for (i, w) in weights.values.data.iter_mut().enumerate() {
                if unravel(i, shape_of).iter().sum::<usize>() % 2 == 0 {
                    *w = Scalar::I64(1).cast(DType::I32);
                }
            }
            let weights = Sample::dense(weights.values);
            let q =
                [Quantiles::from(0.25 * scale), Quantiles::from([0.0, 0.5, 0.8125, 1.0].map(|q| q * scale))];
            let q = q[s.random.below(2)].clone().by(Method::InvertedCdf);
            cases.push(vec![
                Arg::Array(s.array(dtype, shape, lies[0], rarely_nan)),
                Arg::Array(weights),
                Arg::plain(q),
                Arg::plain(over(axes, keepdims)),
            ]);
        }
    }
    cases
}

fn weighted_quantile(given: &Given, name: &str) -> Vec<Want> {
    let (x, weights, q, over) =
        (given.array(0), given.array(1), given.plain::<Quantiles>(2), given.plain::<Reduce>(3));
    let scale = if name.starts_with("percentile") { 100.0 } else { 1.0 };
    let weight = |i: usize| {
        let index = unravel(i, &x.shape);
        match over.axes.as_deref() {
            Some(&[axis]) if weights.shape.len() < x.shape.len() => {
                weights.data
                    [index[if axis < 0 { (axis + x.shape.len() as isize) as usize } else { axis as usize }]]
            }
            _ => weights.data[i],
        }
    };
    let weights = Plain::new(DType::I32, &x.shape, (0..x.data.len()).map(weight));
    let ((slices, rest), (weights, _)) = (slices(x, over), slices(&weights, over));
    let of = |q: f64, values: &[Scalar], weights: &[Scalar]| {
        let mut both: Vec<(Scalar, f64)> =
            values.iter().copied().zip(weights.iter().map(|w| w.to_f64())).collect();
        both.sort_by(|a, b| rank(a.0, b.0));
        if both.iter().any(|(x, _)| is_nan(*x)) {
            return Truth::Exact(Scalar::F64(f64::NAN));
        }
        let total: f64 = both.iter().map(|(_, w)| w).sum();
        let mut up_to = 0.0;
        let found = both.iter().find(|(_, w)| {
            up_to += w;
            up_to > 0.0 && up_to >= q * total
        });
        Truth::Exact(found.unwrap_or(&both[both.len() - 1]).0)
    };
    let mut shape = rest;
    if !q.single {
        shape.insert(0, q.q.len());
    }
    let each = |q: &f64| slices.iter().zip(&weights).map(|(x, w)| of(q / scale, x, w)).collect::<Vec<_>>();
    vec![Want::new(x.dtype, &shape, q.q.iter().flat_map(each).collect())]
}

fn nan_scans(s: &mut Sampler, name: &str) -> Vec<Case> {
    let mut cases = Vec::new();
    for (shape, axis) in [(&[300][..], 0), (&[5, 9], -1), (&[9, 4], 0)] {
        for dtype in s.some(|_| true) {
            let lie = s.lie();
            let value = |d: DType, r: &mut Random| match name {
                "nancumprod" if r.below(4) > 0 => Scalar::F64(1.0 + r.unit() / 64.0).cast(d),
                "nancumprod" => {
                    if d.kind() >= Kind::Float {
                        Scalar::F64(f64::NAN).cast(d)
                    } else {
                        Scalar::Bool(true).cast(d)
                    }
                }
                _ => with_nan(d, r),
            };
            let x = s.array(dtype, shape, lie, value);
            cases.push(vec![Arg::Array(x), Arg::plain(scan_along(axis))]);
        }
    }
    cases
}

fn nan_scanned(given: &Given, name: &str) -> Vec<Want> {
    let (x, along) = (given.array(0), given.plain::<Scanned>(1));
    let (op, fill) = if name == "nancumsum" { (Reduction::Sum, 0) } else { (Reduction::Prod, 1) };
    let filled = x.data.iter().map(|&x| if is_nan(x) { Scalar::I64(fill) } else { x });
    vec![scan(op, &Plain::new(x.dtype, &x.shape, filled), along)]
}

fn averages(s: &mut Sampler, _: &str) -> Vec<Case> {
    let mut cases = Vec::new();
    let positive = |d: DType, r: &mut Random| Scalar::I64(1 + r.below(5) as i64).cast(d);
    for (shape, weights, axis) in [
        (&[17][..], &[17][..], None),
        (&[4, 9], &[9], Some(-1)),
        (&[4, 9], &[4, 9], Some(0)),
        (&[4, 9], &[4, 9], None),
    ] {
        for dtype in s.some(|d| d != DType::F16) {
            let lies = [s.lie(), s.lie()];
            let x = s.array(dtype, shape, lies[0], moderate);
            let weights =
                s.array(if dtype.is_float() { dtype } else { DType::I32 }, weights, lies[1], positive);
            cases.push(vec![Arg::Array(x), Arg::Array(weights), Arg::plain(Along(axis))]);
        }
    }
    cases
}

fn average(given: &Given) -> Want {
    let (x, weights, along) = (given.array(0), given.array(1), given.plain::<Along>(2).0);
    let over = over(along.as_ref().map(std::slice::from_ref), false);
    let n = x.shape.len();
    let weight = |i: usize| {
        let index = unravel(i, &x.shape);
        match along {
            Some(axis) if weights.shape.len() < n => weights.data[index[(axis + n as isize) as usize % n]],
            _ => weights.data[i],
        }
    };
    let product = |i: usize| Scalar::C128(x.data[i].to_c128() * weight(i).to_f64());
    let products = Plain::new(DType::C128, &x.shape, (0..x.data.len()).map(product));
    let total = Plain::new(DType::F64, &x.shape, (0..x.data.len()).map(weight));
    let (sums, shape) = slices(&products, &over);
    let (totals, _) = slices(&total, &over);
    let of = |(sum, total): (&Vec<Scalar>, &Vec<Scalar>)| {
        let total: f64 = total.iter().map(|x| x.to_f64()).sum();
        let value: Complex64 = sum.iter().map(|x| x.to_c128()).sum();
        let terms: f64 = sum.iter().map(|x| x.to_c128().norm()).sum();
        Truth::Near { value: value / total, terms: terms / total }
    };
    let weights = float(given, weights.dtype);
    let dtype = crate::dtype::promote(x.dtype, weights);
    let dtype = if dtype == DType::C128 && given.float == DType::F32 { DType::C64 } else { dtype };
    let terms = sums.first().map_or(1, Vec::len);
    Want { terms, ..Want::new(dtype, &shape, sums.iter().zip(&totals).map(of).collect()) }
}

fn covariances(s: &mut Sampler, _: &str) -> Vec<Case> {
    let mut cases = Vec::new();
    let options = [Covariance::from(()), Covariance::from(()).columns(), Covariance::from(()).ddof(0.0)];
    for (k, shape) in [&[3, 40][..], &[40, 2], &[50]].into_iter().enumerate() {
        for dtype in s.some(|d| d != DType::F16 && d != DType::Bool) {
            let lie = if k == 2 { Lie::Dense } else { Lie::Strided };
            let x = s.array(dtype, shape, lie, moderate);
            cases.push(vec![Arg::Array(x), Arg::plain(options[k])]);
        }
    }
    cases
}

fn covariance(given: &Given, name: &str) -> Vec<Want> {
    let (x, of) = (given.array(0), given.plain::<Covariance>(1));
    let (m, n) = match x.shape[..] {
        [n] => (1, n),
        [n, m] if of.columns => (m, n),
        [m, n] => (m, n),
        _ => panic!("samples have one axis or two"),
    };
    let at = |i: usize, k: usize| {
        x.data[if of.columns && x.shape.len() == 2 { k * m + i } else { i * n + k }].to_c128()
    };
    let means: Vec<Complex64> =
        (0..m).map(|i| (0..n).map(|k| at(i, k)).sum::<Complex64>() / n as f64).collect();
    let left = n as f64 - of.ddof;
    let c = |i: usize, j: usize| {
        let product = |k: usize| (at(i, k) - means[i]) * (at(j, k) - means[j]).conj();
        let size = |k: usize| (at(i, k).norm() + means[i].norm()) * (at(j, k).norm() + means[j].norm());
        ((0..n).map(product).sum::<Complex64>() / left, (0..n).map(size).sum::<f64>() / left)
    };
    let element = |flat: usize| {
        let (i, j) = (flat / m, flat % m);
        let (value, terms) = c(i, j);
        if name == "cov" {
            return Truth::Near { value, terms };
        }
        let scale = (c(i, i).0.re * c(j, j).0.re).sqrt();
        Truth::Near { value: value / scale, terms: terms / scale + 2.0 }
    };
    let shape: &[usize] = if m == 1 { &[] } else { &[m, m] };
    let dtype = float(given, x.dtype);
    vec![Want { terms: n, ..Want::new(dtype, shape, (0..m * m).map(element).collect()) }]
}
