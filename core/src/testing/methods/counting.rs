//! Counts: integers, bins, cells of grids.

use super::arguments::{Arg, Case, Given, Sampler};
use crate::dtype::{DType, Kind, Scalar};
use crate::numpy::{Binning, Bins, Count};
use crate::testing::reference::{Truth, Want};
use crate::testing::samples::{Lie, Plain, Random, Sample, moderate};

pub(super) const ENTRIES: super::Family = &[
    (&["bincount", "bincount_weighted"], integers, counted),
    (&["histogram", "histogram_weighted", "histogram_bin_edges"], bins, histogram),
    (&["count_in_bins"], between, |given, _| {
        let (x, edges) = (given.array(0), given.array(1));
        let n = edges.data.len() - 1;
        let edge = |i: usize| edges.data[i].to_f64();
        let holds = |i: usize, x: f64| edge(i) <= x && (x < edge(i + 1) || (i + 1 == n && x == edge(n)));
        let found = x.data.iter().filter_map(|x| (0..n).find(|&i| holds(i, x.to_f64())));
        vec![sums(DType::I64, &[n], found.map(|i| (i, Scalar::I64(1))))]
    }),
    (&["count_numbers"], numbers, |given, _| {
        let (x, bins) = (given.array(0), *given.plain::<usize>(1));
        let number = |x: &Scalar| usize::try_from(x.to_i128().expect("they are integers")).ok();
        let found = x.data.iter().filter_map(number).filter(|&x| x < bins);
        vec![sums(DType::I64, &[bins], found.map(|x| (x, Scalar::I64(1))))]
    }),
    (&["histogram2d"], pairs, |given, _| {
        gridded(given, &[given.array(0).clone(), given.array(1).clone()], [2, 3])
    }),
    (&["histogramdd"], points, |given, _| {
        let x = given.array(0);
        let n = x.shape[1];
        let column =
            |axis: usize| Plain::new(x.dtype, &[x.shape[0]], x.data.iter().skip(axis).step_by(n).copied());
        gridded(given, &(0..n).map(column).collect::<Vec<_>>(), [1, 1])
    }),
];

fn few(dtype: DType, r: &mut Random) -> Scalar {
    Scalar::I64(r.below(9) as i64).cast(dtype)
}

fn integers(s: &mut Sampler, name: &str) -> Vec<Case> {
    let mut cases = Vec::new();
    for (n, least) in [(200, 0_usize), (7, 20), (0, 3), (0, 0)] {
        for dtype in s.some(|d| d.is_int()) {
            let lie = s.lie();
            let mut case = vec![Arg::Array(s.array(dtype, &[n], lie, few))];
            if name == "bincount_weighted" {
                let of = s.all(|d| d == DType::I32 || d == DType::F32);
                let weights = of[s.random.below(of.len())];
                case.push(Arg::Array(s.array(weights, &[n], Lie::Dense, moderate)));
            }
            case.push(Arg::plain(Count(Some(least))));
            cases.push(case);
        }
    }
    cases
}

/// Sums of weights, 1 where there are none.
fn sums(dtype: DType, shape: &[usize], at: impl Iterator<Item = (usize, Scalar)>) -> Want {
    let mut cells = vec![(0.0, 0.0, 0_usize); shape.iter().product()];
    for (i, weight) in at {
        let weight = weight.to_f64();
        let (sum, terms, n) = cells[i];
        cells[i] = (sum + weight, terms + weight.abs(), n + 1);
    }
    let truth = |&(sum, terms, _): &(f64, f64, usize)| match dtype.kind() {
        Kind::Bool | Kind::Int => Truth::Exact(Scalar::F64(sum).cast(dtype)),
        _ => Truth::Near { value: sum.into(), terms },
    };
    // The zero that all begin with is a term, too.
    let terms = 1 + cells.iter().map(|cell| cell.2).max().unwrap_or(0);
    Want { terms, ..Want::new(dtype, shape, cells.iter().map(truth).collect()) }
}

fn counted(given: &Given, name: &str) -> Vec<Want> {
    let x = given.array(0);
    let weighted = name == "bincount_weighted";
    let least = given.plain::<Count>(if weighted { 2 } else { 1 }).0.unwrap_or(0);
    let at: Vec<usize> = x.data.iter().map(|x| x.to_i128().expect("they are integers") as usize).collect();
    let n = at.iter().map(|i| i + 1).max().unwrap_or(0).max(least);
    let weights: Vec<Scalar> = match weighted {
        true => given.array(1).data.clone(),
        false => vec![Scalar::I64(1); at.len()],
    };
    let dtype = match weighted {
        true if given.array(1).dtype.is_float() => given.array(1).dtype,
        true => given.float,
        false => DType::I64,
    };
    vec![sums(dtype, &[n], at.into_iter().zip(weights))]
}

fn some_bins() -> Vec<Bins> {
    vec![
        Bins::from(()),
        Bins::from(4),
        Bins::from((8, -4.0, 4.0)),
        Bins::from([-2.0, -1.0, 0.5, 6.0]),
        Bins::from((4, -4.0, 4.0)).density(),
        Bins::by(Binning::Sqrt),
        Bins::by(Binning::Sturges),
        Bins::by(Binning::Rice),
    ]
}

/// Elements of all kinds between and on edges at equal and at unequal distances, some of them equal.
fn between(s: &mut Sampler, _: &str) -> Vec<Case> {
    let mut cases = Vec::new();
    let edges: [&[f64]; 4] =
        [&[-4.0, -2.0, 0.0, 2.0, 4.0], &[-7.0, -6.875, 3.0, 3.0, 8.0], &[0.0, 0.0], &[-0.5, 0.5]];
    for edges in edges {
        for n in [200, 0] {
            for dtype in s.some(|d| d == DType::F32 || d == DType::F64) {
                let lie = s.lie();
                let x = s.array(dtype, &[n], lie, super::ranking::mixed);
                let edges = Plain::new(dtype, &[edges.len()], edges.iter().map(|&edge| Scalar::F64(edge)));
                cases.push(vec![Arg::Array(x), Arg::Array(Sample::dense(edges))]);
            }
        }
    }
    cases
}

/// Numbers of bins, and of none: negative, beyond the last, alike in their low words.
fn numbers(s: &mut Sampler, _: &str) -> Vec<Case> {
    let mut cases = Vec::new();
    for (n, bins) in [(3000, 7_usize), (200, 1), (0, 3), (90, 5000)] {
        let lie = s.lie();
        let x = s.array(DType::I64, &[n], lie, |_, r| {
            let near = r.below(9) as i64;
            Scalar::I64([near, near, near, -near, near + (1 << 32), i64::MIN + near][r.below(6)])
        });
        cases.push(vec![Arg::Array(x), Arg::plain(bins)]);
    }
    cases
}

fn real(dtype: DType) -> bool {
    !dtype.is_complex() && dtype != DType::Bool && dtype != DType::F16
}

fn bins(s: &mut Sampler, name: &str) -> Vec<Case> {
    let mut cases = Vec::new();
    for bins in some_bins() {
        for shape in [&[90][..], &[6, 9]] {
            for dtype in s.some(real) {
                let lies = [s.lie(), s.lie()];
                let mut case = vec![Arg::Array(s.array(dtype, shape, lies[0], moderate))];
                if name == "histogram_weighted" {
                    let of = if dtype.is_float() { dtype } else { DType::I32 };
                    case.push(Arg::Array(s.array(of, shape, lies[1], few)));
                }
                case.push(Arg::plain(bins.clone()));
                cases.push(case);
            }
        }
    }
    cases
}

/// The edges, as they are compared with elements.
fn edges(given: &Given, x: &Plain, bins: &Bins) -> Plain {
    let dtype = match x.dtype {
        float if float.is_float() && !matches!(bins.binning, Binning::Edges(_)) => float,
        _ => given.float,
    };
    let numbers: Vec<f64> = x.data.iter().map(|x| x.to_f64()).collect();
    let all = match &bins.binning {
        Binning::Edges(edges) => edges.clone(),
        rule => {
            let low = numbers.iter().copied().fold(f64::INFINITY, f64::min);
            let high = numbers.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let own = high - low;
            let (low, high) = bins.range.unwrap_or((low, high));
            let (low, high) = if low == high { (low - 0.5, high + 0.5) } else { (low, high) };
            let (n, spread) = (numbers.len() as f64, high - low);
            let width = match rule {
                Binning::Count(count) => spread / *count as f64,
                Binning::Sqrt => own / n.sqrt(),
                Binning::Sturges => own / (n.log2() + 1.0),
                _ => own / (2.0 * n.powf(1.0 / 3.0)),
            };
            let width =
                if x.dtype.is_int() && !matches!(rule, Binning::Count(_)) { width.max(1.0) } else { width };
            let count = match rule {
                Binning::Count(count) => *count,
                // All are equal.
                _ if own == 0.0 => 1,
                _ => (spread / width).ceil() as usize,
            };
            let step = spread / count as f64;
            (0..=count).map(|i| if i == count { high } else { low + i as f64 * step }).collect()
        }
    };
    Plain::new(dtype, &[all.len()], all.into_iter().map(Scalar::F64))
}

/// The bin of an element: each has its left edge, the last one both.
fn bin(edges: &Plain, x: Scalar) -> Option<usize> {
    let (x, bins) = (x.cast(edges.dtype).to_f64(), edges.data.len() - 1);
    let edge = |i: usize| edges.data[i].to_f64();
    (0..bins).rev().find(|&i| edge(i) <= x && (x < edge(i + 1) || (i + 1 == bins && x == edge(bins))))
}

fn histogram(given: &Given, name: &str) -> Vec<Want> {
    let weighted = name == "histogram_weighted";
    let (x, bins) = (given.array(0), given.plain::<Bins>(if weighted { 2 } else { 1 }));
    let edges = edges(given, x, bins);
    if name == "histogram_bin_edges" {
        return vec![Want::exact(edges)];
    }
    let n = edges.data.len() - 1;
    let weight = |i: usize| if weighted { given.array(1).data[i] } else { Scalar::I64(1) };
    let dtype = if weighted { given.array(1).dtype } else { DType::I64 };
    let at = x.data.iter().enumerate().filter_map(|(i, &value)| Some((bin(&edges, value)?, weight(i))));
    let mut counts = sums(dtype, &[n], at);
    if bins.density {
        let plain = counts.plain();
        let total: f64 = plain.data.iter().map(|x| x.to_f64()).sum();
        let width = |i: usize| edges.data[i + 1].to_f64() - edges.data[i].to_f64();
        let of = |i: usize| Truth::near((plain.data[i].to_f64() / total / width(i)).into());
        counts.elements = (0..n).map(of).collect();
        counts.dtype = if dtype.is_float() { dtype } else { given.float };
    }
    vec![counts, Want::exact(edges)]
}

fn pairs(s: &mut Sampler, _: &str) -> Vec<Case> {
    let mut cases = Vec::new();
    for bins in [Bins::from(3), Bins::from((4, -4.0, 4.0)).density()] {
        for dtype in s.some(real) {
            let lies = [s.lie(), s.lie()];
            let [x, y] = lies.map(|lie| Arg::Array(s.array(dtype, &[60], lie, moderate)));
            cases.push(vec![
                x,
                y,
                Arg::plain(bins.clone()),
                Arg::plain(Bins { density: false, ..Bins::from([-9.0, 0.0, 1.0, 9.0]) }),
            ]);
        }
    }
    cases
}

fn points(s: &mut Sampler, _: &str) -> Vec<Case> {
    let mut cases = Vec::new();
    for bins in [Bins::from(3), Bins::from((4, -4.0, 4.0)).density()] {
        for dtype in s.some(real) {
            let lie = s.lie();
            cases.push(vec![Arg::Array(s.array(dtype, &[70, 3], lie, moderate)), Arg::plain(bins.clone())]);
        }
    }
    cases
}

/// Counts of points in cells, and the edges; the arguments say where the bins of the axes stand.
fn gridded(given: &Given, axes: &[Plain], at: [usize; 2]) -> Vec<Want> {
    let bins: Vec<&Bins> = (0..axes.len()).map(|axis| given.plain::<Bins>(at[axis.min(1)])).collect();
    let all: Vec<Plain> = axes.iter().zip(&bins).map(|(x, bins)| edges(given, x, bins)).collect();
    let shape: Vec<usize> = all.iter().map(|edges| edges.data.len() - 1).collect();
    let mut counts = vec![0_u32; shape.iter().product()];
    for i in 0..axes[0].data.len() {
        let cell = axes.iter().zip(&all).map(|(x, edges)| bin(edges, x.data[i])).collect::<Option<Vec<_>>>();
        if let Some(cell) = cell {
            counts[crate::testing::samples::ravel(&cell, &shape)] += 1;
        }
    }
    let total: f64 = counts.iter().map(|&n| f64::from(n)).sum();
    let density = bins.iter().any(|bins| bins.density);
    let of = |flat: usize| {
        let mut value = f64::from(counts[flat]);
        if density {
            value /= total;
            for (axis, &i) in crate::testing::samples::unravel(flat, &shape).iter().enumerate() {
                value /= all[axis].data[i + 1].to_f64() - all[axis].data[i].to_f64();
            }
        }
        Truth::near(value.into())
    };
    let h = Want::new(given.float, &shape, (0..counts.len()).map(of).collect());
    std::iter::once(h).chain(all.into_iter().map(Want::exact)).collect()
}
