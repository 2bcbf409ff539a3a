//! Singular values and vectors, in float64: float32 is computed in it and rounded once.
//!
//! Matrices of a batch are shared among threads, and each is one thread's: the bits do not depend on their number.

mod bidiagonal;

use crate::identity::KIND;
use crate::parallel::{for_each, worth_sharing};
use crate::view::View;
use bidiagonal::{Columns, Number, decompose};
use bytemuck::Pod;
use num_complex::{Complex32, Complex64};
use polyarray_core::backend::specs::Svd;
use polyarray_core::backend::{Buffers, HostBuffer, Operand, one};
use polyarray_core::{DType, Element, Error, Result};
use std::sync::{Mutex, PoisonError};

/// U, S and Vh of each matrix.
///
/// # Errors
/// Out of memory; an operand that is not on the host; a dtype that is not inexact; elements that are not finite, and no
/// convergence.
pub fn svd(x: &Operand, spec: &Svd) -> Result<Buffers> {
    match spec.dtype {
        DType::F32 => svd_as::<f32>(x, spec),
        DType::F64 => svd_as::<f64>(x, spec),
        DType::C64 => svd_as::<Complex32>(x, spec),
        DType::C128 => svd_as::<Complex64>(x, spec),
        other => Err(Error::DType {
            op: "svd",
            operands: format!("elements of {other}"),
            fix: "cast them to a float or complex dtype; float16 to float32".into(),
        }),
    }
}

/// What is decomposed in a wider dtype.
trait Decomposed: Element<Repr = Self> + Pod {
    type Real: Element<Repr = Self::Real> + Pod;
    type Wide: Number + Send + Sync;
    fn widen(self) -> Self::Wide;
    fn narrow(wide: Self::Wide) -> Self;
    fn real(x: f64) -> Self::Real;
}

macro_rules! decomposed {
    ($($T:ty as $Wide:ty, $Real:ty: |$x:ident| $widen:expr, $narrow:expr;)*) => {$(
        impl Decomposed for $T {
            type Real = $Real;
            type Wide = $Wide;
            fn widen(self) -> $Wide {
                let $x = self;
                $widen
            }
            fn narrow($x: $Wide) -> $T {
                $narrow
            }
            fn real(x: f64) -> $Real {
                x as $Real
            }
        }
    )*};
}
decomposed!(
    f32 as f64, f32: |x| x.into(), x as f32;
    f64 as f64, f64: |x| x, x;
    Complex32 as Complex64, f32: |x| Complex64::new(x.re.into(), x.im.into()), Complex32::new(x.re as f32, x.im as f32);
    Complex64 as Complex64, f64: |x| x, x;
);

fn svd_as<T: Decomposed>(x: &Operand, spec: &Svd) -> Result<Buffers> {
    let view = View::of::<T>(x, "svd")?;
    let &Svd { m, n, full_matrices, .. } = spec;
    let (count, k) = (spec.batch.iter().product::<usize>(), m.min(n));
    let (columns, rows) = if full_matrices { (m, n) } else { (k, k) };
    let mut u = HostBuffer::unwritten(T::DTYPE, count * m * columns)?;
    let mut s = HostBuffer::unwritten(T::Real::DTYPE, count * k)?;
    let mut vh = HostBuffer::unwritten(T::DTYPE, count * rows * n)?;
    let failed = Mutex::new(None);
    {
        let (mut us, mut ss, mut vs) =
            (u.as_repr_mut::<T>()?, s.as_repr_mut::<T::Real>()?, vh.as_repr_mut::<T>()?);
        let mut parts = Vec::with_capacity(count);
        for _ in 0..count {
            let (u, s, v);
            (u, us) = us.split_at_mut(m * columns);
            (s, ss) = ss.split_at_mut(k);
            (v, vs) = vs.split_at_mut(rows * n);
            parts.push((u, s, v));
        }
        let share = worth_sharing(count, m * n * k);
        for_each(
            parts.into_iter().enumerate(),
            share,
            &|| vec![T::zeroed(); m * n],
            &|x, (i, (u, s, vh))| {
                view.copy(i * m * n, x);
                if let Err(reason) = one_matrix(x, [m, n], [columns, rows], u, s, vh) {
                    failed.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert((i, reason));
                }
            },
        );
    }
    match failed.into_inner().unwrap_or_else(PoisonError::into_inner) {
        Some((i, reason)) => Err(Error::Backend {
            op: "svd".into(),
            backend: KIND.into(),
            message: if count == 1 { reason.into() } else { format!("matrix {i}: {reason}") },
        }),
        None => Ok([u, s, vh].into_iter().flat_map(one).collect()),
    }
}

/// One (m, n) matrix: U with so many columns, Vh with so many rows.
fn one_matrix<T: Decomposed>(
    x: &[T],
    [m, n]: [usize; 2],
    [columns, rows]: [usize; 2],
    u: &mut [T],
    s: &mut [T::Real],
    vh: &mut [T],
) -> Result<(), &'static str> {
    // The longer side down. Our rows, conjugated, are the columns of the adjoint: Aᴴ = V S Uᴴ.
    let wide = m < n;
    let a: Vec<T::Wide> = match wide {
        true => x.iter().map(|x| x.widen().conj()).collect(),
        false => (0..m * n).map(|i| x[i % m * n + i / m].widen()).collect(),
    };
    let (long, short) = (m.max(n), m.min(n));
    let (left, values, right) =
        decompose(Columns { data: a, rows: long }, short, if wide { rows } else { columns })?;
    let (of_u, of_v) = if wide { (right, left) } else { (left, right) };
    s.iter_mut().zip(&values).for_each(|(s, &value)| *s = T::real(value));
    for (i, u) in u.iter_mut().enumerate() {
        *u = T::narrow(of_u.column(i % columns)[i / columns]);
    }
    vh.iter_mut().zip(&of_v.data).for_each(|(v, x)| *v = T::narrow(x.conj()));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Random, dense, poison};
    use polyarray_core::Scalar;
    use polyarray_core::backend::{Spec, downcast};

    fn numbers(buffers: &Buffers, i: usize) -> Vec<Complex64> {
        let buffer: &HostBuffer = downcast(&*buffers[i], "cpu", "test").unwrap();
        (0..polyarray_core::backend::Buffer::len(buffer))
            .map(|j| crate::testing::stored(buffer, j).to_c128())
            .collect()
    }

    fn run(x: Operand, full_matrices: bool) -> Result<Buffers> {
        let (dtype, [count, m, n]) = (x.buffer.dtype(), x.layout.shape[..].try_into().unwrap());
        let spec = Svd { batch: [count].as_slice().into(), m, n, dtype, full_matrices };
        spec.outputs().iter().for_each(|(shape, dtype)| poison(*dtype, shape.iter().product()));
        svd(&x, &spec)
    }

    fn product(a: &[Complex64], b: &[Complex64], [p, q, r]: [usize; 3]) -> Vec<Complex64> {
        let mut out = vec![Complex64::ZERO; p * r];
        for i in 0..p {
            for l in 0..q {
                (0..r).for_each(|j| out[i * r + j] += a[i * q + l] * b[l * r + j]);
            }
        }
        out
    }

    fn adjoint(a: &[Complex64], m: usize, n: usize) -> Vec<Complex64> {
        (0..n).flat_map(|j| (0..m).map(move |i| a[i * n + j].conj())).collect()
    }

    fn assert_close(got: &[Complex64], want: impl IntoIterator<Item = Complex64>, most: f64, what: &str) {
        for (i, (got, want)) in got.iter().zip(want).enumerate() {
            assert!((got - want).norm() <= most, "{what}, element {i}: {got} and {want}");
        }
    }

    fn check<T: Decomposed>(m: usize, n: usize, full: bool, values: &[Complex64], eps: f64) {
        let x: Vec<T> = values.iter().map(|&z| T::from_scalar(Scalar::C128(z))).collect();
        let exact: Vec<Complex64> = x.iter().map(|x| x.scalar().to_c128()).collect();
        let count = x.len() / (m * n).max(1);
        let results = run(dense(x, &[count, m, n]), full).unwrap();
        let k = m.min(n);
        let (columns, rows) = if full { (m, n) } else { (k, k) };
        let (u, s, vh) = (numbers(&results, 0), numbers(&results, 1), numbers(&results, 2));
        assert_eq!([u.len(), s.len(), vh.len()], [count * m * columns, count * k, count * rows * n]);
        for b in 0..count {
            let (u, s, vh) =
                (&u[b * m * columns..][..m * columns], &s[b * k..][..k], &vh[b * rows * n..][..rows * n]);
            assert!(s.windows(2).all(|w| w[0].re >= w[1].re) && s.iter().all(|s| s.re >= 0.0), "{s:?}");
            let identity = |n: usize| (0..n * n).map(move |i| f64::from(i % (n + 1) == 0).into());
            let most = eps * (m + n) as f64;
            assert_close(
                &product(&adjoint(u, m, columns), u, [columns, m, columns]),
                identity(columns),
                most,
                "UᴴU",
            );
            assert_close(&product(vh, &adjoint(vh, rows, n), [rows, n, rows]), identity(rows), most, "VhV");
            let scaled: Vec<Complex64> = (0..m * k).map(|i| u[i / k * columns + i % k] * s[i % k]).collect();
            let largest = s.first().map_or(0.0, |s| s.re);
            let back = product(&scaled, &vh[..k * n], [m, k, n]);
            assert_close(
                &back,
                exact[b * m * n..][..m * n].iter().copied(),
                most * largest + 1e-300,
                "U S Vh",
            );
        }
    }

    #[test]
    fn vectors_are_orthonormal_and_give_the_matrix_back() {
        let mut random = Random(21);
        for (m, n) in [(1, 1), (1, 5), (5, 1), (4, 4), (7, 3), (3, 7), (40, 33), (90, 20), (150, 150)] {
            for kind in 0..3 {
                let batch = if m > 50 { 1 } else { 3 };
                let values: Vec<Complex64> = (0..batch * m * n)
                    .map(|i| match kind {
                        // Anything; of rank one; all zero but one.
                        0 => Complex64::new(random.unit() - 0.5, random.unit() - 0.5),
                        1 => Complex64::new((i % n + 1) as f64 * (i / n % m + 1) as f64, 0.0),
                        _ => Complex64::from(f64::from(i == m * n / 2)),
                    })
                    .collect();
                for full in [false, true] {
                    check::<f32>(m, n, full, &values, 1.2e-7);
                    check::<f64>(m, n, full, &values, 4.5e-16);
                    check::<Complex32>(m, n, full, &values, 1.2e-7);
                    check::<Complex64>(m, n, full, &values, 4.5e-16);
                }
            }
        }
    }

    #[test]
    fn singular_values_of_known_matrices() {
        let results = run(dense(vec![3f64, 0.0, 0.0, 0.0, -5.0, 0.0], &[1, 2, 3]), false).unwrap();
        assert_close(&numbers(&results, 1), [5.0.into(), 3.0.into()], 1e-14, "S");
        // Of the differences of neighbours, 2 sin(k pi / 2(n + 1)).
        let n = 60;
        let x: Vec<f64> = (0..n * (n + 1))
            .map(|i| f64::from(i % (n + 1) == i / (n + 1)) - f64::from(i % (n + 1) == i / (n + 1) + 1))
            .collect();
        let results = run(dense(x, &[1, n, n + 1]), false).unwrap();
        let want = (1..=n).rev().map(|k| {
            let angle = k as f64 * std::f64::consts::PI / (2 * (n + 1)) as f64;
            Complex64::from(2.0 * angle.sin())
        });
        assert_close(&numbers(&results, 1), want, 1e-14, "S");
        // Numbers whose squares have no place in float64.
        for scale in [1e-320, 1e-200, 1e200] {
            let results = run(dense(vec![3.0 * scale, 0.0, 0.0, 4.0 * scale], &[1, 2, 2]), false).unwrap();
            let values = [4.0, 3.0].map(|s| Complex64::from(s * scale));
            assert_close(&numbers(&results, 1), values, 1e-15 * scale.max(1e-309), "S");
        }
    }

    #[test]
    fn transposed_and_reversed_operands() {
        let mut x = dense((0..24).map(|i| f64::from(i * i % 17)).collect(), &[2, 4, 3]);
        let plain = run(x.clone(), true).unwrap();
        // The same matrices transposed: U and V change places.
        (x.layout.shape, x.layout.strides) = ([2, 3, 4].as_slice().into(), [12, 1, 3].as_slice().into());
        let turned = run(x, true).unwrap();
        assert_close(&numbers(&turned, 1), numbers(&plain, 1), 1e-13, "S");
    }

    #[test]
    fn matrices_without_elements_and_ones_that_do_not_converge() {
        check::<f64>(3, 0, false, &[], 0.0);
        let full = run(dense(Vec::<f64>::new(), &[2, 3, 0]), true).unwrap();
        let identity = [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0].map(Complex64::from);
        assert_eq!(numbers(&full, 0), [identity, identity].concat());
        let full = run(dense(Vec::<f64>::new(), &[1, 0, 3]), true).unwrap();
        assert_eq!(numbers(&full, 2), identity);
        for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert!(run(dense(vec![1.0, bad, 2.0, 3.0], &[1, 2, 2]), false).is_err());
        }
        assert!(run(dense(vec![1, 2], &[1, 1, 2]), false).is_err(), "integers");
    }
}
