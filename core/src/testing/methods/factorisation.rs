//! Factorisations: what they give is checked by multiplying it back, not by its elements.

use super::arguments::{Arg, Case, Given, Sampler};
use crate::dtype::{DType, Kind, Scalar, promote};
use crate::numpy::linalg::{QrMode, Sketch, Triangle, Triangular};
use crate::testing::reference::{Matrix, Want, epsilon};
use crate::testing::samples::{Lie, Plain, Random, Sample, moderate};
use num_complex::Complex64;

pub(super) const ENTRIES: super::Family = &[
    (&["cholesky"], definite, |given, _| {
        let (x, triangle) = (given.array(0), *given.plain::<Triangle>(1));
        let dtype = computed(x.dtype, given.float);
        let want = hermitian(x, triangle);
        Want::checked([(dtype, x.shape.clone())], move |got| {
            each(&want, &[&got[0]], |a, parts| {
                let upper = triangle == Triangle::Upper;
                let l = if upper { parts[0].adjoint() } else { parts[0].clone() };
                let positive = (0..l.rows).all(|i| l.at(i, i).re > 0.0 && l.at(i, i).im == 0.0);
                holds(l.is_triangular(false) && positive, "a triangle with a positive diagonal")?;
                near(&l.times(&l.adjoint()), a, dtype, "l · lᴴ")
            })
        })
    }),
    (&["qr"], rectangular, |given, _| {
        let (x, mode) = (given.array(0), *given.plain::<QrMode>(1));
        let dtype = computed(x.dtype, given.float);
        let (lead, [m, n]) = split(x);
        let k = if mode == QrMode::Complete { m } else { m.min(n) };
        let want = Matrix::all(x);
        Want::checked([(dtype, [lead, &[m, k]].concat()), (dtype, [lead, &[k, n]].concat())], move |got| {
            each(&want, &[&got[0], &got[1]], |a, parts| {
                holds(parts[1].is_triangular(true), "an upper triangle")?;
                orthonormal(&parts[0], dtype, "q")?;
                near(&parts[0].times(&parts[1]), a, dtype, "q · r")
            })
        })
    }),
    (&["eigh"], symmetric, |given, _| {
        let (x, triangle) = (given.array(0), *given.plain::<Triangle>(1));
        let dtype = computed(x.dtype, given.float);
        let (lead, [n, _]) = split(x);
        let want = hermitian(x, triangle);
        Want::checked([(dtype.real(), [lead, &[n]].concat()), (dtype, x.shape.clone())], move |got| {
            let values = Matrix::vectors(&got[0]);
            each(&want, &[&got[1]], |a, parts| {
                let (v, w) = (&parts[0], &values[parts.index]);
                holds(w.data.is_sorted_by(|x, y| x.re <= y.re), "ascending values")?;
                orthonormal(v, dtype, "v")?;
                near(&v.times(&Matrix::diagonal(w, n, n)).times(&v.adjoint()), a, dtype, "v · diag(w) · vᴴ")
            })
        })
    }),
    (&["eigvalsh"], symmetric, |given, _| {
        let (x, triangle) = (given.array(0), *given.plain::<Triangle>(1));
        let dtype = computed(x.dtype, given.float);
        let (lead, [n, _]) = split(x);
        let want = hermitian(x, triangle);
        Want::checked([(dtype.real(), [lead, &[n]].concat())], move |got| {
            let values = Matrix::vectors(&got[0]);
            each(&want, &[], |a, parts| {
                // Shifted by more than the least of them they are singular values.
                let shift = a.size();
                let shifted = a.plus(shift, &Matrix::identity(n)).singular_values().values;
                let wanted = shifted.iter().rev().map(|s| Complex64::from(s - shift)).collect();
                let wanted = Matrix { rows: n, columns: 1, data: wanted };
                within(&values[parts.index], &wanted, 2.0 * shift, n, dtype, "the values")
            })
        })
    }),
    (&["eig"], square, |given, _| {
        let x = given.array(0);
        let dtype = complex(computed(x.dtype, given.float));
        let (lead, [n, _]) = split(x);
        let want = Matrix::all(x);
        Want::checked([(dtype, [lead, &[n]].concat()), (dtype, x.shape.clone())], move |got| {
            let values = Matrix::vectors(&got[0]);
            each(&want, &[&got[1]], |a, parts| {
                let (v, w) = (&parts[0], &values[parts.index]);
                let lengths = (0..n).map(|j| (0..n).map(|i| v.at(i, j).norm_sqr()).sum::<f64>());
                holds(
                    lengths.into_iter().all(|l| (l - 1.0).abs() < 100.0 * epsilon(dtype)),
                    "vectors of length 1",
                )?;
                let (left, right) = (a.times(v), v.times(&Matrix::diagonal(w, n, n)));
                within(&left, &right, a.size(), n, dtype, "x · v and v · diag(w)")?;
                trace(a, w, dtype)
            })
        })
    }),
    (&["eigvals"], square, |given, _| {
        let x = given.array(0);
        let dtype = complex(computed(x.dtype, given.float));
        let (lead, [n, _]) = split(x);
        let want = Matrix::all(x);
        Want::checked([(dtype, [lead, &[n]].concat())], move |got| {
            let values = Matrix::vectors(&got[0]);
            each(&want, &[], |a, parts| {
                let w = &values[parts.index];
                for &value in &w.data {
                    // Of a matrix that differs by rounding it is one: x − w is nearly singular.
                    let shifted =
                        Matrix::new(n, n, |i, j| a.at(i, j) - if i == j { value } else { 0.0.into() });
                    let least = shifted.singular_values().values.last().copied().unwrap_or(0.0);
                    let most = room(n, dtype) * a.size();
                    holds(least <= most, &format!("x − {value} singular: {least:e} is more than {most:e}"))?;
                }
                trace(a, w, dtype)
            })
        })
    }),
    (&["svd"], rectangular_full, |given, _| {
        let (x, full) = (given.array(0), *given.plain::<bool>(1));
        let dtype = computed(x.dtype, given.float);
        let (lead, [m, n]) = split(x);
        let k = m.min(n);
        let (left, right) = if full { (m, n) } else { (k, k) };
        let want = Matrix::all(x);
        let shapes = [
            (dtype, [lead, &[m, left]].concat()),
            (dtype.real(), [lead, &[k]].concat()),
            (dtype, [lead, &[right, n]].concat()),
        ];
        Want::checked(shapes, move |got| {
            let values = Matrix::vectors(&got[1]);
            each(&want, &[&got[0], &got[2]], |a, parts| {
                let s = &values[parts.index];
                let falls = s.data.is_sorted_by(|x, y| x.re >= y.re) && s.data.iter().all(|s| s.re >= 0.0);
                holds(falls, "values that descend and are not negative")?;
                orthonormal(&parts[0], dtype, "u")?;
                orthonormal(&parts[1].adjoint(), dtype, "v")?;
                let scaled = parts[0].times(&Matrix::diagonal(s, left, right));
                near(&scaled.times(&parts[1]), a, dtype, "u · diag(s) · vh")
            })
        })
    }),
    (&["randomized_svd"], sketched, |given, _| {
        let (x, sketch) = (given.array(0), *given.plain::<Sketch>(1));
        let dtype = computed(x.dtype, given.float);
        let (lead, [m, n]) = split(x);
        let k = sketch.components.min(m).min(n);
        let want = Matrix::all(x);
        let shapes = [
            (dtype, [lead, &[m, k]].concat()),
            (dtype.real(), [lead, &[k]].concat()),
            (dtype, [lead, &[k, n]].concat()),
        ];
        Want::checked(shapes, move |got| {
            let values = Matrix::vectors(&got[1]);
            each(&want, &[&got[0], &got[2]], |a, parts| {
                let s = &values[parts.index];
                orthonormal(&parts[0], dtype, "u")?;
                orthonormal(&parts[1].adjoint(), dtype, "v")?;
                let tall = if a.rows < a.columns { a.adjoint() } else { a.clone() };
                let all = tall.singular_values().values;
                let data: Vec<Complex64> = all[..k].iter().copied().map(Complex64::from).collect();
                let wanted = Matrix { rows: k, columns: 1, data };
                within(s, &wanted, a.size(), m.max(n), dtype, "the values")?;
                // As near as a matrix of that rank can be.
                let product = parts[0].times(&Matrix::diagonal(s, k, k)).times(&parts[1]);
                let least = all[k..].iter().map(|s| s * s).sum::<f64>().sqrt();
                let (far, most) = (product.far(a), least * 1.0001 + room(m.max(n), dtype) * a.size());
                holds(far <= most, &format!("u · diag(s) · vh: {far:e} away, {most:e} allowed"))
            })
        })
    }),
    (&["svdvals"], rectangular_plain, |given, _| {
        let x = given.array(0);
        let dtype = computed(x.dtype, given.float);
        let (lead, [m, n]) = split(x);
        let want = Matrix::all(x);
        Want::checked([(dtype.real(), [lead, &[m.min(n)]].concat())], move |got| {
            let values = Matrix::vectors(&got[0]);
            each(&want, &[], |a, parts| {
                let tall = if a.rows < a.columns { a.adjoint() } else { a.clone() };
                let data: Vec<Complex64> =
                    tall.singular_values().values.into_iter().map(Complex64::from).collect();
                let wanted = Matrix { rows: data.len(), columns: 1, data };
                within(&values[parts.index], &wanted, a.size(), m.max(n), dtype, "the values")
            })
        })
    }),
    (&["lu_factor"], rectangular_plain, |given, _| {
        let x = given.array(0);
        let dtype = computed(x.dtype, given.float);
        let (lead, [m, n]) = split(x);
        let k = m.min(n);
        let want = Matrix::all(x);
        Want::checked([(dtype, x.shape.clone()), (DType::I32, [lead, &[k]].concat())], move |got| {
            let exchanges = Matrix::vectors(&got[1]);
            each(&want, &[&got[0]], |a, parts| {
                let lu = &parts[0];
                let l = Matrix::new(m, k, |i, j| {
                    if i == j {
                        1.0.into()
                    } else if i > j {
                        lu.at(i, j)
                    } else {
                        0.0.into()
                    }
                });
                let u = Matrix::new(k, n, |i, j| if i <= j { lu.at(i, j) } else { 0.0.into() });
                let mut rows: Vec<usize> = (0..m).collect();
                for (i, with) in exchanges[parts.index].data.iter().enumerate() {
                    holds(with.re >= i as f64 && with.re < m as f64, "exchanges with rows that follow")?;
                    rows.swap(i, with.re as usize);
                }
                let largest = l.data.iter().map(|x| x.norm()).fold(0.0, f64::max);
                holds(largest < 1.5, "partial pivoting")?;
                near(&l.times(&u), &Matrix::new(m, n, |i, j| a.at(rows[i], j)), dtype, "l · u")
            })
        })
    }),
    (&["solve"], systems, |given, _| solved(given, None)),
    (&["solve_triangular"], triangles, |given, _| solved(given, Some(*given.plain::<Triangular>(2)))),
];

/// Leading axes, and the last two.
pub(super) fn split(x: &Plain) -> (&[usize], [usize; 2]) {
    let (lead, matrix) = x.shape.split_at(x.shape.len() - 2);
    (lead, [matrix[0], matrix[1]])
}

/// The dtype that matrices of a dtype are computed in.
pub(super) fn computed(dtype: DType, float: DType) -> DType {
    match dtype {
        DType::F16 => DType::F32,
        dtype if dtype.kind() < Kind::Float => float,
        dtype => dtype,
    }
}

fn complex(dtype: DType) -> DType {
    match dtype {
        DType::F32 => DType::C64,
        DType::F64 => DType::C128,
        complex => complex,
    }
}

/// How far a computation with matrices of n rows may be from the exact one, as a share of what went into it.
pub(super) fn room(n: usize, dtype: DType) -> f64 {
    8.0 * n.max(4) as f64 * epsilon(dtype)
}

pub(super) fn holds(condition: bool, what: &str) -> Result<(), String> {
    if condition { Ok(()) } else { Err(format!("it does not hold: {what}")) }
}

/// Two matrices differ by no more than rounding of numbers of a size does.
pub(super) fn within(
    got: &Matrix,
    want: &Matrix,
    size: f64,
    n: usize,
    dtype: DType,
    what: &str,
) -> Result<(), String> {
    let (far, most) = (got.far(want), room(n, dtype) * size);
    holds(far <= most, &format!("{what}: {far:e} away, {most:e} allowed"))
}

/// A product is the matrix that was factorised.
fn near(got: &Matrix, want: &Matrix, dtype: DType, what: &str) -> Result<(), String> {
    within(got, want, want.size(), want.rows.max(want.columns), dtype, what)
}

fn orthonormal(q: &Matrix, dtype: DType, what: &str) -> Result<(), String> {
    let identity = Matrix::identity(q.columns);
    within(
        &q.adjoint().times(q),
        &identity,
        1.0 + identity.size(),
        q.rows,
        dtype,
        &format!("{what} orthonormal"),
    )
}

fn trace(a: &Matrix, w: &Matrix, dtype: DType) -> Result<(), String> {
    let sum: Complex64 = (0..a.rows).map(|i| a.at(i, i)).sum();
    let far = (w.data.iter().sum::<Complex64>() - sum).norm();
    let most = room(a.rows, dtype) * a.size();
    holds(far <= most, &format!("the sum of the values, {far:e} away from the trace, {most:e} allowed"))
}

/// The results for one matrix of a batch.
pub(super) struct Parts {
    /// Which one.
    pub index: usize,
    parts: Vec<Matrix>,
}

impl std::ops::Index<usize> for Parts {
    type Output = Matrix;
    fn index(&self, at: usize) -> &Matrix {
        &self.parts[at]
    }
}

/// Checks each matrix with its results.
pub(super) fn each(
    want: &[Matrix],
    results: &[&Plain],
    check: impl Fn(&Matrix, &Parts) -> Result<(), String>,
) -> Result<(), String> {
    let results: Vec<Vec<Matrix>> = results.iter().map(|x| Matrix::all(x)).collect();
    for (index, a) in want.iter().enumerate() {
        let parts = results.iter().map(|of| of[index].clone()).collect();
        check(a, &Parts { index, parts }).map_err(|what| format!("matrix {index}: {what}"))?;
    }
    Ok(())
}

/// The Hermitian matrices of which one triangle is read.
fn hermitian(x: &Plain, triangle: Triangle) -> Vec<Matrix> {
    let whole = |a: Matrix| {
        Matrix::new(a.rows, a.rows, |i, j| {
            if i == j {
                a.at(i, i).re.into()
            } else if (triangle == Triangle::Upper) == (i < j) {
                a.at(i, j)
            } else {
                a.at(j, i).conj()
            }
        })
    };
    Matrix::all(x).into_iter().map(whole).collect()
}

/// Matrices broadcast to leading axes.
fn broadcast(x: &Plain, lead: &[usize]) -> Vec<Matrix> {
    let (own, [m, n]) = split(x);
    let all = Matrix::all(x);
    let index = Plain::new(DType::I64, own, (0..all.len()).map(|i| Scalar::I64(i as i64)));
    let at = |flat| {
        let lead = crate::testing::samples::unravel(flat, lead);
        index.broadcast_at(&lead).to_i128().expect("it is an integer") as usize
    };
    let count: usize = lead.iter().product();
    (0..count)
        .map(|flat| all.get(at(flat)).cloned().unwrap_or(Matrix::new(m, n, |_, _| 0.0.into())))
        .collect()
}

/// The solution of systems of equations, with a whole matrix or a triangle of it.
fn solved(given: &Given, form: Option<Triangular>) -> Vec<Want> {
    let (a, b) = (given.array(0), given.array(1));
    let vector = b.shape.len() == 1;
    let columns = Plain { shape: [&b.shape[..], &[1]].concat(), ..b.clone() };
    let b = if vector { columns } else { b.clone() };
    let dtype = promote(computed(a.dtype, given.float), computed(b.dtype, given.float));
    let (lead_a, [n, _]) = split(a);
    let (lead_b, [_, k]) = split(&b);
    let lead = crate::memory::layout::broadcast(lead_a, lead_b).expect("leading axes broadcast").to_vec();
    let shape = if vector { [&lead[..], &[n]].concat() } else { [&lead[..], &[n, k]].concat() };
    let (a, b) = (broadcast(a, &lead), broadcast(&b, &lead));
    let read = move |a: &Matrix| match form {
        None => a.clone(),
        Some(form) => Matrix::new(n, n, |i, j| match (form.triangle, i == j) {
            (_, true) if form.unit_diagonal => 1.0.into(),
            (Triangle::Upper, _) if i <= j => a.at(i, j),
            (Triangle::Lower, _) if i >= j => a.at(i, j),
            _ => 0.0.into(),
        }),
    };
    Want::checked([(dtype, shape)], move |got| {
        let x = Plain { shape: [&lead[..], &[n, k]].concat(), ..got[0].clone() };
        each(&a, &[&x], |a, parts| {
            let (a, x, b) = (read(a), &parts[0], &b[parts.index]);
            within(&a.times(x), b, a.size() * x.size() + b.size(), n, dtype, "a · x")
        })
    })
}

/// In −1..1, whole numbers in integers.
pub(super) fn part(dtype: DType, r: &mut Random) -> Scalar {
    if dtype.kind() < Kind::Float {
        return moderate(dtype, r);
    }
    Scalar::C128(Complex64::new(r.unit(), r.unit())).cast(dtype)
}

/// Matrices of which a form is special: 0 all zero, 1 of rank two, 2 with rows of very different size, 3 Hilbert's, which
/// are nearly singular.
fn special(s: &mut Sampler, dtype: DType, shape: &[usize], form: usize) -> Sample {
    let [m, n] = [shape[shape.len() - 2], shape[shape.len() - 1]];
    let element = |flat: usize, r: &mut Random| {
        let (i, j) = (flat / n % m, flat % n);
        match form {
            0 => Scalar::F64(0.0),
            1 => Scalar::F64(((i + 1) * (j + 2)) as f64 - (i * i % 3) as f64),
            2 => Scalar::C128(part(dtype, r).to_c128() * 4_f64.powi(-(i as i32 % 40))),
            _ => Scalar::F64(1.0 / (i + j + 1) as f64),
        }
    };
    let count: usize = shape.iter().product();
    let data: Vec<Scalar> = (0..count).map(|flat| element(flat, &mut s.random)).collect();
    Sample::dense(Plain::new(dtype, shape, data))
}

/// Matrices of every inexact dtype and one other, one alone and in a batch, of special form, and without elements.
pub(super) fn any(s: &mut Sampler, shapes: &[&[usize]]) -> Vec<Sample> {
    let mut found = Vec::new();
    for dtype in s.all(|d| d.kind() >= Kind::Float) {
        found.push(s.array(dtype, shapes[0], Lie::Dense, part));
    }
    for dtype in s.some(|d| d.kind() < Kind::Float && d != DType::Bool) {
        found.push(s.array(dtype, shapes[0], Lie::Dense, part));
    }
    for shape in &shapes[1..] {
        for dtype in s.some(|d| d.kind() >= Kind::Float) {
            let lie = s.lie();
            found.push(s.array(dtype, shape, lie, part));
        }
    }
    let [m, n] = [shapes[0][0], shapes[0][1]];
    for form in 0..3 {
        for dtype in s.some(|d| d.kind() >= Kind::Float && d != DType::F16) {
            found.push(special(s, dtype, &[m, n], form));
        }
    }
    found
}

const RECTANGULAR: [&[usize]; 9] =
    [&[17, 9], &[5, 13], &[1, 1], &[8, 8], &[2, 3, 6, 4], &[3, 0], &[0, 3], &[0, 2, 2], &[40, 33]];
pub(super) const SQUARE: [&[usize]; 6] = [&[12, 12], &[1, 1], &[2, 3, 5, 5], &[0, 0], &[0, 2, 2], &[35, 35]];

/// Calls of a factorisation with matrices of one shape, of every dtype and form: as they come, special, and seen from the side.
pub(in crate::testing) fn of_shape(name: &str, s: &mut Sampler, shape: &[usize]) -> Vec<Case> {
    let mut all = Vec::new();
    for dtype in s.all(|d| d.kind() >= Kind::Float && d != DType::F16) {
        all.extend([Lie::Dense, Lie::Transposed].map(|lie| s.array(dtype, shape, lie, part)));
        all.extend((0..4).map(|form| special(s, dtype, shape, form)));
    }
    let rows = shape[shape.len() - 1];
    match name {
        "cholesky" => halves(all, |n| 256.0 * n as f64),
        "eigh" | "eigvalsh" => halves(all, |_| 0.0),
        "solve" => heavy(s, all, |_| vec![rows, 3]),
        "solve_triangular" => {
            // Solutions of large ones with a unit diagonal grow beyond all numbers unless what is beside it is small.
            let small = |x: Sample| {
                let largest = x.values.data.iter().map(|v| v.to_c128().norm()).fold(1.0, f64::max);
                let data = x.values.data.iter().map(|v| v.to_c128() / (largest * rows as f64));
                Sample::dense(Plain::new(x.values.dtype, shape, data.map(Scalar::C128)))
            };
            let all = all.into_iter().map(small).collect();
            formed(heavy(s, all, |_| vec![rows, 3]))
        }
        "qr" => modes(all),
        "svd" => fullness(all),
        _ => alone(all),
    }
}

fn alone(all: Vec<Sample>) -> Vec<Case> {
    all.into_iter().map(|x| vec![Arg::Array(x)]).collect()
}

fn fullness(all: Vec<Sample>) -> Vec<Case> {
    let both = |x: Sample| [true, false].map(|full| vec![Arg::Array(x.clone()), Arg::plain(full)]);
    all.into_iter().flat_map(both).collect()
}

fn modes(all: Vec<Sample>) -> Vec<Case> {
    let modes = [QrMode::Reduced, QrMode::Complete];
    let both = |x: Sample| modes.map(|mode| vec![Arg::Array(x.clone()), Arg::plain(mode)]);
    all.into_iter().flat_map(both).collect()
}

fn rectangular_plain(s: &mut Sampler, _: &str) -> Vec<Case> {
    alone(any(s, &RECTANGULAR))
}

fn rectangular_full(s: &mut Sampler, _: &str) -> Vec<Case> {
    fullness(any(s, &RECTANGULAR))
}

/// Matrices whose shorter side is no longer than the sketch, which then holds all of them; and one of a low rank.
fn sketched(s: &mut Sampler, _: &str) -> Vec<Case> {
    const SHAPES: [&[usize]; 8] =
        [&[17, 9], &[5, 13], &[1, 1], &[8, 8], &[2, 3, 6, 4], &[3, 0], &[0, 3], &[0, 2, 2]];
    let mut all = any(s, &SHAPES);
    for dtype in s.some(|d| d.kind() >= Kind::Float && d != DType::F16) {
        all.push(special(s, dtype, &[30, 25], 1));
    }
    all.into_iter().map(|x| vec![Arg::Array(x), Arg::plain(Sketch::from(3))]).collect()
}

fn rectangular(s: &mut Sampler, _: &str) -> Vec<Case> {
    modes(any(s, &RECTANGULAR))
}

fn square(s: &mut Sampler, _: &str) -> Vec<Case> {
    alone(any(s, &SQUARE))
}

/// Square matrices of which one triangle is read; the other one holds NaN where the dtype has it.
fn halves(all: Vec<Sample>, more: impl Fn(usize) -> f64) -> Vec<Case> {
    let mut cases = Vec::new();
    for (n, x) in all.into_iter().enumerate() {
        let triangle = if n % 2 == 0 { Triangle::Lower } else { Triangle::Upper };
        let (shape, dtype) = (x.values.shape.clone(), x.values.dtype);
        let rows = shape[shape.len() - 1];
        let element = |(flat, value): (usize, &Scalar)| {
            let (i, j) = (flat / rows % rows, flat % rows);
            match (i == j, (triangle == Triangle::Upper) == (i < j)) {
                (true, _) => Scalar::C128(Complex64::new(value.to_c128().re + more(rows), 0.0)),
                (_, true) => *value,
                (_, false) => Scalar::F64(f64::NAN),
            }
        };
        let data: Vec<Scalar> = x.values.data.iter().enumerate().map(element).collect();
        cases.push(vec![Arg::Array(Sample::dense(Plain::new(dtype, &shape, data))), Arg::plain(triangle)]);
    }
    cases
}

fn symmetric(s: &mut Sampler, _: &str) -> Vec<Case> {
    halves(any(s, &SQUARE), |_| 0.0)
}

/// The diagonal outweighs each row: those of rank two have elements up to some hundreds.
fn definite(s: &mut Sampler, _: &str) -> Vec<Case> {
    halves(any(s, &SQUARE), |n| 256.0 * n as f64)
}

/// Matrices with a heavy diagonal, and right-hand sides: vectors, columns, broadcast.
fn systems(s: &mut Sampler, _: &str) -> Vec<Case> {
    let sides: [&[usize]; 6] = [&[12, 3], &[1, 1], &[5], &[0, 2], &[0, 2, 1], &[4, 35, 2]];
    let all = any(s, &SQUARE);
    heavy(s, all, |shape| sides[SQUARE.iter().position(|square| *square == shape).unwrap_or(0)].to_vec())
}

/// With right-hand sides of a shape that depends on the matrices'.
fn heavy(s: &mut Sampler, all: Vec<Sample>, side: impl Fn(&[usize]) -> Vec<usize>) -> Vec<Case> {
    let mut cases = Vec::new();
    for x in all {
        let (shape, dtype) = (x.values.shape.clone(), x.values.dtype);
        let rows = shape[shape.len() - 1];
        let element = |(flat, value): (usize, &Scalar)| {
            let heavy = if flat / rows % rows == flat % rows { rows as f64 } else { 0.0 };
            Scalar::C128(value.to_c128() + heavy)
        };
        let data: Vec<Scalar> = x.values.data.iter().enumerate().map(element).collect();
        let a = Sample::dense(Plain::new(dtype, &shape, data));
        let lie = s.lie();
        let b = s.array(dtype, &side(&shape), lie, part);
        cases.push(vec![Arg::Array(a), Arg::Array(b)]);
    }
    cases
}

fn triangles(s: &mut Sampler, name: &str) -> Vec<Case> {
    formed(systems(s, name))
}

fn formed(mut cases: Vec<Case>) -> Vec<Case> {
    let forms = [
        Triangular::from(()),
        Triangular::from(Triangle::Lower),
        Triangular::from(Triangle::Upper).unit_diagonal(),
        Triangular::from(Triangle::Lower).unit_diagonal(),
    ];
    for (n, case) in cases.iter_mut().enumerate() {
        case.push(Arg::plain(forms[n % 4]));
    }
    cases
}
