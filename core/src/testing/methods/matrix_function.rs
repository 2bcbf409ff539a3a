//! Functions of matrices: inverses, determinants, norms, powers, exponentials, least squares.

use super::arguments::{Arg, Case, Given, Sampler};
use super::factorisation::{SQUARE, any, computed, each, holds, part, room, split, within};
use crate::dtype::{DType, Kind, Scalar, promote, promote_all};
use crate::numpy::linalg::{Norm, NormOrder, Tolerance, ord};
use crate::numpy::{Reduce, axis};
use crate::testing::reference::{Matrix, Truth, Want, einsum, epsilon};
use crate::testing::samples::{Plain, Sample, moderate, unravel};
use num_complex::Complex64;

pub(super) const ENTRIES: super::Family = &[
    (&["inv"], regular, |given, _| {
        let x = given.array(0);
        let dtype = computed(x.dtype, given.float);
        let want = Matrix::all(x);
        Want::checked([(dtype, x.shape.clone())], move |got| {
            each(&want, &[&got[0]], |a, parts| {
                let n = a.rows;
                within(
                    &a.times(&parts[0]),
                    &Matrix::identity(n),
                    a.size() * parts[0].size(),
                    n,
                    dtype,
                    "x · inv(x)",
                )
            })
        })
    }),
    (&["det", "slogdet"], determined, |given, name| {
        let x = given.array(0);
        let dtype = computed(x.dtype, given.float);
        let (lead, [n, _]) = split(x);
        let (lead, want) = (lead.to_vec(), Matrix::all(x));
        let mut results = vec![(dtype, lead.clone())];
        if name == "slogdet" {
            results.push((dtype.real(), lead));
        }
        Want::checked(results, move |got| {
            for (i, a) in want.iter().enumerate() {
                let part = |at: usize| got[at].data[i].to_c128();
                let det = if got.len() == 2 { part(0) * part(1).re.exp() } else { part(0) };
                let wanted = if n == 0 { Complex64::from(1.0) } else { a.eliminate(&Matrix::identity(n)).0 };
                let wanted = if wanted.is_finite() { wanted } else { 0.0.into() };
                // No determinant is larger than the product of the lengths of the rows.
                let row = |i: usize| (0..n).map(|j| a.at(i, j).norm_sqr()).sum::<f64>().sqrt();
                let most = room(n, dtype) * n as f64 * (0..n).map(row).product::<f64>();
                holds(
                    (det - wanted).norm() <= most,
                    &format!("{det} instead of {wanted}, {most:e} allowed"),
                )?;
            }
            Ok(())
        })
    }),
    (&["pinv"], deficient, |given, _| {
        let x = given.array(0);
        let dtype = computed(x.dtype, given.float);
        let (lead, [m, n]) = split(x);
        let want = Matrix::all(x);
        Want::checked([(dtype, [lead, &[n, m]].concat())], move |got| {
            each(&want, &[&got[0]], |a, parts| {
                // The four conditions of Moore and Penrose.
                let (p, most) = (&parts[0], m.max(n));
                let (ap, pa) = (a.times(p), p.times(a));
                let size = a.size() * p.size();
                within(&ap.times(a), a, size * a.size(), most, dtype, "x · p · x")?;
                within(&pa.times(p), p, size * p.size(), most, dtype, "p · x · p")?;
                within(&ap, &ap.adjoint(), size, most, dtype, "x · p Hermitian")?;
                within(&pa, &pa.adjoint(), size, most, dtype, "p · x Hermitian")
            })
        })
    }),
    (&["matrix_rank"], deficient, |given, _| {
        let x = given.array(0);
        let dtype = computed(x.dtype, given.float);
        if x.shape.len() < 2 {
            let any = x.data.iter().any(|v| v.to_c128() != Complex64::ZERO);
            return vec![Want::exact(Plain::new(DType::I64, &[], [Scalar::I64(any.into())]))];
        }
        let (lead, [m, n]) = split(x);
        let ranks = Matrix::all(x).into_iter().map(|a| Scalar::I64(rank(&a, m.max(n), dtype) as i64));
        vec![Want::exact(Plain::new(DType::I64, lead, ranks.collect::<Vec<_>>()))]
    }),
    (&["lstsq"], overdetermined, least_squares),
    (&["vector_norm"], vector_norms, |given, _| {
        vec![vector_norm(given.array(0), given.plain(1), given.float)]
    }),
    (&["matrix_norm"], matrix_norms, |given, _| {
        vec![matrix_norm(given.array(0), given.plain(1), given.float)]
    }),
    (&["norm"], norms, |given, _| {
        let (x, norm) = (given.array(0), given.plain::<Norm>(1));
        let axes = norm.over.axes.as_ref().map_or(x.shape.len(), |axes| axes.len());
        let of_vectors = axes == 1 || norm.ord.is_none() && norm.over.axes.is_none();
        vec![if of_vectors { vector_norm(x, norm, given.float) } else { matrix_norm(x, norm, given.float) }]
    }),
    (&["cond"], conditions, |given, _| {
        let (x, ord) = (given.array(0), *given.plain::<NormOrder>(1));
        let dtype = computed(x.dtype, given.float);
        let (lead, [m, n]) = split(x);
        let want = Matrix::all(x);
        Want::checked([(dtype.real(), lead.to_vec())], move |got| {
            for (i, a) in want.iter().enumerate() {
                let value = got[0].data[i].to_f64();
                let s = a.singular_values().values;
                let spread = s[0] / s[s.len() - 1];
                let wanted = match ord {
                    NormOrder::P(2.0) => spread,
                    NormOrder::P(-2.0) => 1.0 / spread,
                    ord => one_norm(a, ord) * one_norm(&a.eliminate(&Matrix::identity(n)).1, ord),
                };
                // It is itself what errors of the matrix grow by.
                let most = room(m.max(n), dtype) * spread * wanted.max(1.0);
                holds(
                    (value - wanted).abs() <= most,
                    &format!("{value:e} instead of {wanted:e}, {most:e} allowed"),
                )?;
            }
            Ok(())
        })
    }),
    (&["matrix_power"], powers, |given, _| {
        let (x, power) = (given.array(0), *given.plain::<i64>(1));
        let dtype = if power < 0 { computed(x.dtype, given.float) } else { x.dtype };
        let want = Matrix::all(x);
        Want::checked([(dtype, x.shape.clone())], move |got| {
            each(&want, &[&got[0]], |a, parts| {
                let n = a.rows;
                let raised =
                    |a: &Matrix| (0..power.unsigned_abs()).fold(Matrix::identity(n), |p, _| p.times(a));
                let size = a.size().powi(power.unsigned_abs() as i32) * (power.unsigned_abs() + 1) as f64;
                if power >= 0 {
                    let mut want = raised(a);
                    if dtype.is_int() {
                        // Integers wrap.
                        let wrapped = |z: &Complex64| Scalar::I64(z.re as i64).cast(dtype).to_c128();
                        want.data = want.data.iter().map(wrapped).collect();
                    }
                    within(&parts[0], &want, size, n, dtype, "the power")
                } else {
                    let back = raised(a).times(&parts[0]);
                    within(
                        &back,
                        &Matrix::identity(n),
                        size * parts[0].size(),
                        n,
                        dtype,
                        "its product with the power",
                    )
                }
            })
        })
    }),
    (&["expm"], exponents, |given, _| {
        let x = given.array(0);
        let dtype = computed(x.dtype, given.float);
        let want = Matrix::all(x);
        Want::checked([(dtype, x.shape.clone())], move |got| {
            each(&want, &[&got[0]], |a, parts| {
                // Errors grow with the norm, by which the matrix is halved and squared again.
                let size = (1.0 + a.size()) * exponential(a).size();
                within(&parts[0], &exponential(a), size, a.rows, dtype, "exp")
            })
        })
    }),
    (&["multi_dot"], chains, |given, _| {
        let arrays = given.arrays(0);
        let dtype = promote_all(arrays.iter().map(|x| x.dtype)).expect("there are some");
        let last = arrays.len() - 1;
        let labels: Vec<String> = (0..=last)
            .map(|i| {
                let both: String = ('a'..).skip(i).take(2).collect();
                if arrays[i].shape.len() == 2 { both } else { both[usize::from(i == 0)..][..1].into() }
            })
            .collect();
        let labels: Vec<&str> = labels.iter().map(String::as_str).collect();
        let first = if arrays[0].shape.len() == 2 { &labels[0][..1] } else { "" };
        let end = if arrays[last].shape.len() == 2 { &labels[last][1..] } else { "" };
        vec![einsum(&labels, &format!("{first}{end}"), &arrays, dtype)]
    }),
];

/// The number of singular values that count.
fn rank(a: &Matrix, longer: usize, dtype: DType) -> usize {
    let s = a.singular_values().values;
    let least = s.first().map_or(0.0, |largest| largest * epsilon(dtype) * longer as f64);
    s.iter().filter(|s| **s > least).count()
}

fn least_squares(given: &Given, _: &str) -> Vec<Want> {
    let (a, b) = (given.array(0), given.array(1));
    let vector = b.shape.len() == 1;
    let columns = Plain { shape: [&b.shape[..], &[1]].concat(), ..b.clone() };
    let b = if vector { columns } else { b.clone() };
    let dtype = promote(computed(a.dtype, given.float), computed(b.dtype, given.float));
    let (lead, [m, n]) = split(a);
    let (lead, k) = (lead.to_vec(), b.shape[b.shape.len() - 1]);
    let shape = |last: &[usize]| [&lead[..], last].concat();
    let solution = if vector { shape(&[n]) } else { shape(&[n, k]) };
    let results = [
        (dtype, solution),
        (dtype.real(), shape(&[if m > n { k } else { 0 }])),
        (DType::I64, lead.clone()),
        (dtype.real(), shape(&[m.min(n)])),
    ];
    let whole = shape(&[n, k]);
    let (a, b) = (Matrix::all(a), Matrix::all(&b));
    Want::checked(results, move |got| {
        let x = Plain { shape: whole.clone(), ..got[0].clone() };
        each(&a, &[&x], |a, parts| {
            let (x, b, most) = (&parts[0], &b[parts.index], m.max(n));
            let rank = rank(a, most, dtype);
            holds(got[2].data[parts.index].to_f64() == rank as f64, &format!("the rank {rank}"))?;
            // The residual is orthogonal to the columns, and the solution to what the matrix maps to 0.
            let residual = b.plus(-1.0, &a.times(x));
            let size = a.size() * (a.size() * x.size() + b.size());
            let zero = |rows: usize| Matrix::new(rows, k, |_, _| 0.0.into());
            within(&a.adjoint().times(&residual), &zero(n), size, most, dtype, "aᴴ · residual")?;
            let vectors = a.singular_values().vectors;
            let kernel = Matrix::new(n - rank, n, |i, j| vectors.at(j, rank + i).conj());
            let size = x.size() * spread(a, rank)
                + b.size() / a.singular_values().values[..rank].last().unwrap_or(&1.0);
            within(&kernel.times(x), &zero(n - rank), size, most, dtype, "the shortest solution")?;
            for j in 0..if m > n { k } else { 0 } {
                let square: f64 = (0..m).map(|i| residual.at(i, j).norm_sqr()).sum();
                let got = got[1].data[parts.index * k + j].to_f64();
                let most = room(most, dtype) * (a.size() * x.size() + b.size()).powi(2);
                holds((got - square).abs() <= most, &format!("residual {got:e} instead of {square:e}"))?;
            }
            Ok(())
        })
    })
}

/// The largest singular value over the least that counts.
fn spread(a: &Matrix, rank: usize) -> f64 {
    let s = a.singular_values().values;
    if rank == 0 { 1.0 } else { s[0] / s[rank - 1] }
}

/// exp of a matrix: Taylor's series of a part of it, squared.
fn exponential(a: &Matrix) -> Matrix {
    let halvings = (a.size().max(1e-300) * 8.0).log2().ceil().max(0.0) as i32;
    let zero = Matrix::new(a.rows, a.rows, |_, _| 0.0.into());
    let part = zero.plus(2_f64.powi(-halvings), a);
    let (mut sum, mut term) = (Matrix::identity(a.rows), Matrix::identity(a.rows));
    for i in 1..24 {
        term = zero.plus(1.0 / f64::from(i), &term.times(&part));
        sum = sum.plus(1.0, &term);
    }
    (0..halvings).fold(sum, |power, _| power.times(&power))
}

/// The dtype of a norm.
fn norm_dtype(x: DType, float: DType) -> DType {
    if x == DType::F16 { x } else { computed(x, float).real() }
}

/// Groups of elements along axes: the shape with the axes kept or not, and each group with its position in it.
fn groups(x: &Plain, axes: &[usize], keepdims: bool) -> (Vec<usize>, Vec<Vec<Complex64>>) {
    let outer: Vec<usize> =
        (0..x.shape.len()).map(|i| if axes.contains(&i) { 1 } else { x.shape[i] }).collect();
    // The axes in the order in which they are named.
    let inner: Vec<usize> = axes.iter().map(|&i| x.shape[i]).collect();
    let group = |flat: usize| {
        let start = unravel(flat, &outer);
        let element = |flat: usize| {
            let mut index = start.clone();
            axes.iter().zip(unravel(flat, &inner)).for_each(|(&axis, i)| index[axis] = i);
            x.broadcast_at(&index).to_c128()
        };
        (0..inner.iter().product()).map(element).collect()
    };
    let all = (0..outer.iter().product()).map(group).collect();
    let shape = (0..outer.len()).filter(|i| keepdims || !axes.contains(i)).map(|i| outer[i]).collect();
    (shape, all)
}

fn wrapped(over: &Reduce, n: usize, default: Vec<usize>) -> Vec<usize> {
    let wrap = |&a: &isize| (if a < 0 { a + n as isize } else { a }) as usize;
    over.axes.as_ref().map_or(default, |axes| axes.iter().map(wrap).collect())
}

/// Values known to a share of their size, which `terms` is.
fn real_want(dtype: DType, shape: &[usize], values: Vec<f64>, n: usize) -> Want {
    let near = |value: f64| Truth::Near { value: value.into(), terms: value.abs() };
    Want { terms: n, ..Want::new(dtype, shape, values.into_iter().map(near).collect()) }
}

fn vector_norm(x: &Plain, norm: &Norm, float: DType) -> Want {
    let NormOrder::P(p) = norm.ord.unwrap_or(NormOrder::P(2.0)) else {
        panic!("samples have orders of vectors")
    };
    let axes = wrapped(&norm.over, x.shape.len(), (0..x.shape.len()).collect());
    let (shape, groups) = groups(x, &axes, norm.over.keepdims);
    let of = |group: &Vec<Complex64>| {
        let sizes = group.iter().map(|x| x.norm());
        match p {
            f64::INFINITY => sizes.fold(0.0, f64::max),
            f64::NEG_INFINITY => sizes.fold(f64::INFINITY, f64::min),
            0.0 => sizes.filter(|x| *x != 0.0).count() as f64,
            p => sizes.map(|x| x.powf(p)).sum::<f64>().powf(1.0 / p),
        }
    };
    let n = groups.first().map_or(1, Vec::len);
    real_want(norm_dtype(x.dtype, float), &shape, groups.iter().map(of).collect(), n)
}

/// The norm of one matrix.
fn one_norm(a: &Matrix, ord: NormOrder) -> f64 {
    let tall = if a.rows < a.columns { a.adjoint() } else { a.clone() };
    let columns = |a: &Matrix| -> Vec<f64> {
        (0..a.columns).map(|j| (0..a.rows).map(|i| a.at(i, j).norm()).sum()).collect()
    };
    let largest = |values: Vec<f64>| values.into_iter().fold(0.0, f64::max);
    let least = |values: Vec<f64>| values.into_iter().fold(f64::INFINITY, f64::min);
    match ord {
        NormOrder::Frobenius => a.size(),
        NormOrder::Nuclear => tall.singular_values().values.iter().sum(),
        NormOrder::P(2.0) => largest(tall.singular_values().values),
        NormOrder::P(-2.0) => least(tall.singular_values().values),
        NormOrder::P(1.0) => largest(columns(a)),
        NormOrder::P(-1.0) => least(columns(a)),
        NormOrder::P(f64::INFINITY) => largest(columns(&a.adjoint())),
        _ => least(columns(&a.adjoint())),
    }
}

fn matrix_norm(x: &Plain, norm: &Norm, float: DType) -> Want {
    let n = x.shape.len();
    let axes = wrapped(&norm.over, n, vec![n - 2, n - 1]);
    let (rows, columns) = (x.shape[axes[0]], x.shape[axes[1]]);
    let (shape, groups) = groups(x, &axes, norm.over.keepdims);
    let ord = norm.ord.unwrap_or(NormOrder::Frobenius);
    let of = |data: &Vec<Complex64>| one_norm(&Matrix { rows, columns, data: data.clone() }, ord);
    let mut want =
        real_want(norm_dtype(x.dtype, float), &shape, groups.iter().map(of).collect(), rows * columns);
    if matches!(ord, NormOrder::Nuclear | NormOrder::P(2.0 | -2.0)) {
        // Singular values are known to a share of the largest.
        for (element, data) in want.elements.iter_mut().zip(&groups) {
            let size = data.iter().map(Complex64::norm_sqr).sum::<f64>().sqrt();
            *element = Truth::Near { value: element.rounded(DType::F64).to_c128(), terms: size };
        }
    }
    want
}

/// Square matrices with a heavy diagonal.
fn heavy(s: &mut Sampler, shapes: &[&[usize]]) -> Vec<Sample> {
    let all = any(s, shapes).into_iter();
    all.map(|x| {
        let (shape, dtype) = (x.values.shape.clone(), x.values.dtype);
        let n = shape[shape.len() - 1];
        let element = |(flat, value): (usize, &Scalar)| {
            let more = if flat / n % n == flat % n { 2.0 * n as f64 } else { 0.0 };
            Scalar::C128(value.to_c128() + more)
        };
        Sample::dense(Plain::new(
            dtype,
            &shape,
            x.values.data.iter().enumerate().map(element).collect::<Vec<_>>(),
        ))
    })
    .collect()
}

fn regular(s: &mut Sampler, _: &str) -> Vec<Case> {
    heavy(s, &SQUARE).into_iter().map(|x| vec![Arg::Array(x)]).collect()
}

fn determined(s: &mut Sampler, name: &str) -> Vec<Case> {
    let mut cases: Vec<Case> = any(s, &SQUARE[..5]).into_iter().map(|x| vec![Arg::Array(x)]).collect();
    cases.extend(regular(s, name).into_iter().take(3));
    cases
}

const SHAPES: [&[usize]; 6] = [&[9, 6], &[4, 7], &[1, 1], &[2, 3, 5, 4], &[3, 0], &[0, 2, 2]];

/// Of full rank and of less: rows of very different size would leave the rank to rounding.
fn deficient(s: &mut Sampler, name: &str) -> Vec<Case> {
    let graded = |x: &Sample| {
        let last = x.values.data.chunks(x.values.shape[x.values.shape.len() - 1].max(1)).last();
        last.is_some_and(|row| row.iter().all(|v| v.to_c128().norm() < 1e-3 && v.to_c128().norm() > 0.0))
    };
    let all = any(s, &SHAPES).into_iter().filter(|x| !graded(x));
    let mut cases: Vec<Case> = all.map(|x| vec![Arg::Array(x), Arg::plain(Tolerance(None))]).collect();
    if name == "matrix_rank" {
        for shape in [&[][..], &[3]] {
            let lie = s.lie();
            cases.push(vec![Arg::Array(s.array(DType::F32, shape, lie, part)), Arg::plain(Tolerance(None))]);
        }
    }
    cases
}

fn overdetermined(s: &mut Sampler, name: &str) -> Vec<Case> {
    let mut cases = deficient(s, name);
    for (n, case) in cases.iter_mut().enumerate() {
        let x = &case[0].samples()[0].values;
        let (lead, [m, _]) = split(x);
        let dtype = x.dtype;
        let shape = if lead.is_empty() && n % 3 == 0 { vec![m] } else { [lead, &[m, 2]].concat() };
        let lie = s.lie();
        case.insert(1, Arg::Array(s.array(dtype, &shape, lie, part)));
    }
    cases
}

fn vector_norms(s: &mut Sampler, _: &str) -> Vec<Case> {
    let infinite = f64::INFINITY;
    let forms: [Norm; 9] = [
        ().into(),
        axis(0).into(),
        axis(-1).keepdims().into(),
        axis(-1).ord(1),
        axis([0, 1]).ord(infinite),
        axis(0).ord(-infinite),
        axis(-1).ord(0),
        axis(-1).ord(3),
        ord(2.5),
    ];
    let mut cases = Vec::new();
    for (n, form) in forms.into_iter().enumerate() {
        let dtypes = if n == 2 { s.few(|d| d != DType::Bool) } else { s.some(|d| d != DType::Bool) };
        for dtype in dtypes {
            let lie = s.lie();
            cases.push(vec![Arg::Array(s.array(dtype, &[5, 7], lie, moderate)), Arg::plain(form.clone())]);
        }
    }
    cases.push(vec![
        Arg::Array(s.array(DType::F32, &[3, 0], crate::testing::samples::Lie::Dense, part)),
        Arg::plain(axis(-1).ord(2)),
    ]);
    cases
}

fn matrix_norms(s: &mut Sampler, _: &str) -> Vec<Case> {
    let infinite = f64::INFINITY;
    let forms: [Norm; 9] = [
        ().into(),
        ord(NormOrder::Nuclear),
        ord(2),
        ord(-2),
        ord(1),
        ord(-1),
        ord(infinite),
        ord(-infinite),
        axis([0, 2]).keepdims().ord(2),
    ];
    let shapes: [&[usize]; 2] = [&[5, 7], &[3, 4, 4]];
    let mut cases = Vec::new();
    for (n, form) in forms.into_iter().enumerate() {
        let dtypes = if n == 0 { s.few(|d| d != DType::Bool) } else { s.some(|d| d.kind() >= Kind::Float) };
        for dtype in dtypes {
            let lie = s.lie();
            let shape = shapes[if n == 8 { 1 } else { n % 2 }];
            cases.push(vec![Arg::Array(s.array(dtype, shape, lie, part)), Arg::plain(form.clone())]);
        }
    }
    cases
}

fn norms(s: &mut Sampler, _: &str) -> Vec<Case> {
    let forms: [(&[usize], Norm); 6] = [
        (&[2, 3, 4], ().into()),
        (&[9], ord(1)),
        (&[4, 6], ord(1)),
        (&[4, 6], ord(NormOrder::Frobenius)),
        (&[2, 3, 4], axis([0, -1]).into()),
        (&[4, 6], axis(0).ord(3)),
    ];
    let mut cases = Vec::new();
    for (shape, form) in forms {
        for dtype in s.some(|d| d.kind() >= Kind::Float) {
            let lie = s.lie();
            cases.push(vec![Arg::Array(s.array(dtype, shape, lie, part)), Arg::plain(form.clone())]);
        }
    }
    cases
}

fn conditions(s: &mut Sampler, _: &str) -> Vec<Case> {
    let orders = [
        NormOrder::P(2.0),
        NormOrder::P(-2.0),
        NormOrder::P(1.0),
        NormOrder::Frobenius,
        NormOrder::P(f64::INFINITY),
    ];
    let all = heavy(s, &[&[6, 6], &[1, 1], &[2, 3, 3]]).into_iter().enumerate();
    all.map(|(n, x)| vec![Arg::Array(x), Arg::plain(orders[n % 5])]).collect()
}

fn powers(s: &mut Sampler, _: &str) -> Vec<Case> {
    let mut cases = Vec::new();
    for (n, x) in heavy(s, &[&[4, 4], &[1, 1], &[2, 3, 3], &[0, 0]]).into_iter().enumerate() {
        let exact = x.values.dtype.kind() < Kind::Float || x.values.dtype == DType::F16;
        let power = if exact { [1, 0, 2][n % 3] } else { [3, 0, 1, -1, 5, -2][n % 6] };
        cases.push(vec![Arg::Array(x), Arg::plain(power as i64)]);
    }
    cases
}

fn exponents(s: &mut Sampler, _: &str) -> Vec<Case> {
    let special = |x: &Sample| x.values.data.iter().all(|v| v.to_c128().norm() < 12.0);
    let all = any(s, &[&[6, 6], &[1, 1], &[2, 3, 3], &[0, 0], &[0, 2, 2], &[20, 20]]).into_iter();
    all.filter(special).map(|x| vec![Arg::Array(x)]).collect()
}

fn chains(s: &mut Sampler, _: &str) -> Vec<Case> {
    let all: [&[&[usize]]; 4] = [
        &[&[3, 7], &[7, 2], &[2, 5]],
        &[&[3, 4], &[4, 2]],
        &[&[5], &[5, 3], &[3, 4], &[4]],
        &[&[2, 3], &[3]],
    ];
    let mut cases = Vec::new();
    for shapes in all {
        for dtype in s.some(|d| d != DType::F16) {
            let mut arrays = Vec::new();
            for shape in shapes {
                let lie = s.lie();
                arrays.push(s.array(dtype, shape, lie, moderate));
            }
            cases.push(vec![Arg::Arrays(arrays)]);
        }
    }
    cases
}
