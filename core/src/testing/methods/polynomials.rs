//! Polynomials, by complex doubles.

use super::arguments::{Arg, Case, Given, Sampler};
use crate::dtype::{DType, Kind, Scalar, promote};
use crate::numpy::Count;
use crate::testing::reference::{Truth, Want, epsilon};
use crate::testing::samples::{Lie, Plain, Random, Sample, integer, moderate};
use num_complex::Complex64;

pub(super) const ENTRIES: super::Family = &[
    (&["polyval", "polyadd", "polysub", "polymul"], two, |given, name| vec![both(given, name)]),
    (&["polydiv"], quotients, divided),
    (&["polyder", "polyint"], times, |given, name| vec![calculus(given, name)]),
    (&["poly"], vectors, |given, _| vec![from_roots(given)]),
    (&["roots"], vectors, roots),
    (&["polyfit"], points, fitted),
];

fn number(dtype: DType) -> bool {
    dtype != DType::Bool
}

fn two(s: &mut Sampler, name: &str) -> Vec<Case> {
    let mut cases = Vec::new();
    for (a, b) in [(&[5][..], &[3][..]), (&[3], &[6]), (&[1], &[1])] {
        for dtype in s.some(number) {
            let lies = [s.lie(), s.lie()];
            let b = if name == "polyval" && b == [6] { &[2, 3][..] } else { b };
            cases.push(vec![
                Arg::Array(s.array(dtype, a, lies[0], moderate)),
                Arg::Array(s.array(dtype, b, lies[1], moderate)),
            ]);
        }
    }
    cases
}

/// A number of the dtype: integers wrap.
fn near(value: Complex64, terms: f64, dtype: DType) -> Truth {
    if dtype.is_int() { Truth::Exact(integer(value.re as i128, dtype)) } else { Truth::Near { value, terms } }
}

fn both(given: &Given, name: &str) -> Want {
    let (a, b) = (given.array(0), given.array(1));
    let dtype = promote(a.dtype, b.dtype);
    let of = |x: &Plain| x.data.iter().map(|x| x.to_c128()).collect::<Vec<_>>();
    let (p, q) = (of(a), of(b));
    let (m, n) = (p.len(), q.len());
    if name == "polyval" {
        let value = |x: &Complex64| {
            let value = p.iter().fold(Complex64::ZERO, |y, p| y * x + p);
            near(value, p.iter().fold(0.0, |y, p| y * x.norm() + p.norm()), dtype)
        };
        return Want { terms: 2 * m, ..Want::new(dtype, &b.shape, q.iter().map(value).collect()) };
    }
    if name == "polymul" {
        let product = |k: usize| {
            let pairs = || (0..m).filter(move |&i| i <= k && k - i < n).map(move |i| (i, k - i));
            let value = pairs().map(|(i, j)| p[i] * q[j]).sum();
            near(value, pairs().map(|(i, j)| p[i].norm() * q[j].norm()).sum(), dtype)
        };
        return Want {
            terms: m.min(n),
            ..Want::new(dtype, &[m + n - 1], (0..m + n - 1).map(product).collect())
        };
    }
    let long = m.max(n);
    let at =
        |x: &[Complex64], k: usize| if k + x.len() < long { Complex64::ZERO } else { x[k + x.len() - long] };
    let sign = if name == "polyadd" { 1.0 } else { -1.0 };
    Want::new(dtype, &[long], (0..long).map(|k| near(at(&p, k) + at(&q, k) * sign, 0.0, dtype)).collect())
}

/// Divisors whose first coefficient is 1.
fn quotients(s: &mut Sampler, _: &str) -> Vec<Case> {
    let mut cases = Vec::new();
    for (m, n) in [(6, 3), (4, 1), (2, 4)] {
        for dtype in s.some(|d| number(d) && d != DType::F16) {
            let lie = s.lie();
            let mut b = s.array(dtype, &[n], Lie::Dense, moderate).values;
            b.data[0] = Scalar::I64(1).cast(dtype);
            cases.push(vec![Arg::Array(s.array(dtype, &[m], lie, moderate)), Arg::Array(Sample::dense(b))]);
        }
    }
    cases
}

fn float(given: &Given, dtype: DType) -> DType {
    if dtype.kind() < Kind::Float { given.float } else { dtype }
}

fn divided(given: &Given, _: &str) -> Vec<Want> {
    let (a, b) = (given.array(0), given.array(1));
    let dtype = float(given, promote(a.dtype, b.dtype));
    let of = |x: &Plain| x.data.iter().map(|x| x.to_c128()).collect::<Vec<_>>();
    let (mut rest, b) = (of(a), of(b));
    let (m, n) = (rest.len(), b.len());
    let mut quotient = Vec::new();
    for i in 0..(m + 1).saturating_sub(n) {
        let share = rest[i] / b[0];
        b.iter().enumerate().for_each(|(j, b)| rest[i + j] -= share * b);
        quotient.push(share);
    }
    if quotient.is_empty() {
        quotient.push(Complex64::ZERO);
    }
    let rest = rest.split_off(m - m.min(n - 1));
    // What is between grows by the divisor's coefficients in each step.
    let room = 65536.0 * epsilon(dtype);
    let want = [quotient, rest];
    let results = want.iter().map(|part| (dtype, vec![part.len()])).collect::<Vec<_>>();
    Want::checked(results, move |got| {
        for (got, want) in got.iter().zip(&want) {
            for (got, want) in got.data.iter().zip(want) {
                let got = got.to_c128();
                if (got - want).norm() > room * want.norm().max(1.0) {
                    return Err(format!("{got} instead of {want}"));
                }
            }
        }
        Ok(())
    })
}

fn times(s: &mut Sampler, _: &str) -> Vec<Case> {
    let mut cases = Vec::new();
    for (n, times) in [(5, None), (6, Some(2)), (1, None)] {
        for dtype in s.some(|d| number(d) && d != DType::F16) {
            let lie = s.lie();
            cases.push(vec![Arg::Array(s.array(dtype, &[n], lie, moderate)), Arg::plain(Count(times))]);
        }
    }
    cases
}

fn calculus(given: &Given, name: &str) -> Want {
    let (x, times) = (given.array(0), given.plain::<Count>(1).0.unwrap_or(1));
    let mut p: Vec<Complex64> = x.data.iter().map(|x| x.to_c128()).collect();
    for _ in 0..times {
        let n = p.len();
        p = if name == "polyder" {
            p[..n - 1].iter().enumerate().map(|(i, p)| p * (n - 1 - i) as f64).collect()
        } else {
            p.iter().enumerate().map(|(i, p)| p / (n - i) as f64).chain([Complex64::ZERO]).collect()
        };
    }
    let dtype = if name == "polyder" { x.dtype } else { float(given, x.dtype) };
    Want::new(dtype, &[p.len()], p.into_iter().map(|p| near(p, 0.0, dtype)).collect())
}

fn vectors(s: &mut Sampler, name: &str) -> Vec<Case> {
    let small = |d: DType, r: &mut Random| Scalar::I64(1 + r.below(4) as i64).cast(d);
    let mut cases = Vec::new();
    for n in [1, 4, 6] {
        for dtype in s.some(|d| number(d) && d != DType::F16) {
            let lie = s.lie();
            cases.push(vec![Arg::Array(s.array(dtype, &[n], lie, small))]);
        }
    }
    if name == "roots" {
        let column = |x: &[f64]| {
            vec![Arg::Array(Sample::dense(Plain::new(
                DType::F32,
                &[x.len()],
                x.iter().map(|&x| Scalar::F64(x)),
            )))]
        };
        cases.extend([column(&[0.0, 1.0, -3.0, 2.0, 0.0]), column(&[0.0, 0.0]), column(&[])]);
    }
    cases
}

fn product(roots: &[Complex64]) -> Vec<Complex64> {
    roots.iter().fold(vec![Complex64::from(1.0)], |p, root| {
        (0..=p.len())
            .map(|k| p.get(k).copied().unwrap_or_default() - if k > 0 { root * p[k - 1] } else { 0.0.into() })
            .collect()
    })
}

fn from_roots(given: &Given) -> Want {
    let x = given.array(0);
    let roots: Vec<Complex64> = x.data.iter().map(|x| x.to_c128()).collect();
    let sizes: Vec<Complex64> = roots.iter().map(|r| Complex64::from(-r.norm())).collect();
    let (p, sizes) = (product(&roots), product(&sizes));
    let elements = p.iter().zip(sizes).map(|(&value, size)| Truth::Near { value, terms: size.re }).collect();
    Want { terms: 2 * roots.len(), ..Want::new(float(given, x.dtype), &[p.len()], elements) }
}

fn roots(given: &Given, _: &str) -> Vec<Want> {
    let x = given.array(0);
    let dtype = float(given, x.dtype).complex();
    let all: Vec<Complex64> = x.data.iter().map(|x| x.to_c128()).collect();
    let first = all.iter().position(|p| *p != Complex64::ZERO).unwrap_or(all.len());
    let p = all[first..].to_vec();
    let count = p.len().saturating_sub(1);
    Want::checked([(dtype, vec![count])], move |got| {
        // The polynomial of these roots is the one that was given, but for a factor.
        let roots: Vec<Complex64> = got[0].data.iter().map(|x| x.to_c128()).collect();
        let size = p.iter().map(|p| p.norm()).fold(0.0, f64::max);
        for (got, want) in product(&roots).iter().zip(&p) {
            let got = got * p[0];
            if (got - want).norm() > 1000.0 * epsilon(dtype) * size {
                return Err(format!("a coefficient of {got} instead of {want}"));
            }
        }
        Ok(())
    })
}

/// Values of a polynomial of small whole coefficients, exactly.
fn points(s: &mut Sampler, _: &str) -> Vec<Case> {
    let mut cases = Vec::new();
    for columns in [None, Some(2)] {
        for dtype in s.some(|d| d.is_float() && d != DType::F16 || d == DType::I32) {
            let x: Vec<f64> = (-5..=5).map(f64::from).collect();
            let width = columns.unwrap_or(1);
            let y = x.iter().flat_map(|x| (0..width).map(move |c| 2.0 * x * x - (1.0 + c as f64) * x + 3.0));
            let y: Vec<Scalar> = y.map(Scalar::F64).collect();
            let shape: &[usize] = if columns.is_some() { &[11, 2] } else { &[11] };
            let x = Sample::dense(Plain::new(dtype, &[11], x.into_iter().map(Scalar::F64)));
            cases.push(vec![
                Arg::Array(x),
                Arg::Array(Sample::dense(Plain::new(dtype, shape, y))),
                Arg::plain(2_usize),
            ]);
        }
    }
    cases
}

fn fitted(given: &Given, _: &str) -> Vec<Want> {
    let (x, y) = (given.array(0), given.array(1));
    let dtype = float(given, promote(x.dtype, y.dtype));
    let columns = y.shape.get(1).copied();
    let shape: Vec<usize> = std::iter::once(3).chain(columns).collect();
    Want::checked([(dtype, shape)], move |got| {
        let width = columns.unwrap_or(1);
        for (i, got) in got[0].data.iter().enumerate() {
            let want = [2.0, -1.0 - (i % width) as f64, 3.0][i / width];
            if (got.to_f64() - want).abs() > 2000.0 * epsilon(dtype) {
                return Err(format!("{got} instead of {want}"));
            }
        }
        Ok(())
    })
}
