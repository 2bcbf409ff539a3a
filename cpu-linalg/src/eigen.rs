//! Eigenvalues and eigenvectors.

use crate::batch::{Matrices, Reason, for_each, pieces, scale, store, stuck};
use crate::inverse_iteration::{mend, normalise};
use crate::number::{Float, Number};
use faer::diag::Diag;
use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::evd::{
    ComputeEigenvectors, evd_cplx, evd_real, evd_scratch, self_adjoint_evd, self_adjoint_evd_scratch,
};
use faer::{Mat, Par};
use num_complex::{Complex, Complex32, Complex64};
use polyarray_core::backend::specs::Eigen;
use polyarray_core::backend::{Buffers, HostBuffer, Operand, one};
use polyarray_core::{Element, Result};

pub fn eigen<T: General>(x: &Operand, spec: &Eigen) -> Result<Buffers> {
    if spec.hermitian { hermitian::<T>(x, spec) } else { general::<T>(x, spec) }
}

fn hermitian<T: Number>(x: &Operand, spec: &Eigen) -> Result<Buffers> {
    let (n, count) = (spec.n, spec.batch.iter().product());
    let size = if spec.vectors { n * n } else { 0 };
    let matrices = Matrices::<T>::of(x, "eigh")?;
    let mut w = HostBuffer::unwritten(T::Float::DTYPE, count * n)?;
    let mut v = HostBuffer::unwritten(T::DTYPE, count * size)?;
    let parts = pieces(w.as_repr_mut::<T::Float>()?, n, count).into_iter();
    let parts = parts.zip(pieces(v.as_repr_mut::<T>()?, size, count)).collect();
    for_each("eigh", parts, n * n * n, |i, (w, v): (&mut [T::Float], &mut [T])| {
        let mut a = matrices.matrix(i);
        // What is above the diagonal is not read, nor is the imaginary part on it.
        for j in 0..n {
            a.col_as_slice_mut(j)[..j].fill(T::zeroed());
            a[(j, j)] = a[(j, j)].real();
        }
        let unit = scale(&mut a)?;
        let wanted = if spec.vectors { ComputeEigenvectors::Yes } else { ComputeEigenvectors::No };
        let mut values = Diag::<T>::zeros(n);
        let mut vectors = Mat::zeros(n, if spec.vectors { n } else { 0 });
        let mut memory =
            MemBuffer::new(self_adjoint_evd_scratch::<T>(n, wanted, Par::Seq, Default::default()));
        self_adjoint_evd(
            a.as_ref(),
            values.as_mut(),
            spec.vectors.then(|| vectors.as_mut()),
            Par::Seq,
            MemStack::new(&mut memory),
            Default::default(),
        )
        .map_err(|_| stuck())?;
        for (w, value) in w.iter_mut().zip(values.column_vector().iter()) {
            *w = value.parts()[0].times(unit);
        }
        store(vectors.as_ref(), v);
        Ok(())
    })?;
    Ok(if spec.vectors { [w, v].into_iter().flat_map(one).collect() } else { one(w) })
}

fn general<T: General>(x: &Operand, spec: &Eigen) -> Result<Buffers> {
    let (n, count) = (spec.n, spec.batch.iter().product());
    let size = if spec.vectors { n * n } else { 0 };
    let matrices = Matrices::<T>::of(x, "eig")?;
    type C<T> = <<T as Number>::Float as Float>::Complex;
    let mut w = HostBuffer::unwritten(C::<T>::DTYPE, count * n)?;
    let mut v = HostBuffer::unwritten(C::<T>::DTYPE, count * size)?;
    let parts = pieces(w.as_repr_mut::<C<T>>()?, n, count).into_iter();
    let parts = parts.zip(pieces(v.as_repr_mut::<C<T>>()?, size, count)).collect();
    for_each("eig", parts, n * n * n, |i, (w, v): (&mut [C<T>], &mut [C<T>])| {
        let mut a = matrices.matrix(i);
        let unit = scale(&mut a)?;
        let mut vectors = Mat::zeros(n, if spec.vectors { n } else { 0 });
        T::decompose(&a, w, spec.vectors.then_some(&mut vectors))?;
        w.iter_mut().for_each(|w| *w = w.times(unit));
        store(vectors.as_ref(), v);
        Ok(())
    })?;
    Ok(if spec.vectors { [w, v].into_iter().flat_map(one).collect() } else { one(w) })
}

type Values<'a, T> = &'a mut [<<T as Number>::Float as Float>::Complex];
type Vectors<T> = Mat<<<T as Number>::Float as Float>::Complex>;

/// A number whose matrices need not be Hermitian.
pub trait General: Number {
    /// Eigenvalues, and vectors of length 1 if they are wanted.
    fn decompose(
        a: &Mat<Self>,
        values: Values<'_, Self>,
        vectors: Option<&mut Vectors<Self>>,
    ) -> Result<(), Reason>;
}

impl General for f64 {
    fn decompose(
        a: &Mat<f64>,
        values: &mut [Complex64],
        vectors: Option<&mut Mat<Complex64>>,
    ) -> Result<(), Reason> {
        let n = a.nrows();
        let wanted = if vectors.is_some() { ComputeEigenvectors::Yes } else { ComputeEigenvectors::No };
        let (mut re, mut im) = (Diag::<f64>::zeros(n), Diag::<f64>::zeros(n));
        let mut pairs = Mat::<f64>::zeros(n, if vectors.is_some() { n } else { 0 });
        let mut memory = MemBuffer::new(evd_scratch::<f64>(
            n,
            ComputeEigenvectors::No,
            wanted,
            Par::Seq,
            Default::default(),
        ));
        let stack = MemStack::new(&mut memory);
        let right = vectors.is_some().then(|| pairs.as_mut());
        evd_real(a.as_ref(), re.as_mut(), im.as_mut(), None, right, Par::Seq, stack, Default::default())
            .map_err(|_| stuck())?;
        let (re, im) = (re.column_vector(), im.column_vector());
        // Of a conjugate pair the first has the imaginary part; the columns are its vector's parts.
        let mut seconds = Vec::new();
        for j in 0..n {
            if seconds.last() == Some(&j) {
                values[j] = values[j - 1].conj();
                continue;
            }
            values[j] = Complex::new(re[j], im[j]);
            if im[j] != 0.0 && j + 1 < n {
                seconds.push(j + 1);
            }
        }
        let Some(vectors) = vectors else { return Ok(()) };
        let conjugate = |vectors: &mut Mat<Complex64>| {
            for &j in &seconds {
                for i in 0..n {
                    vectors[(i, j)] = vectors[(i, j - 1)].conj();
                }
            }
        };
        *vectors = Mat::from_fn(n, n, |i, j| {
            let part = if seconds.binary_search(&(j + 1)).is_ok() { pairs[(i, j + 1)] } else { 0.0 };
            Complex::new(pairs[(i, j)], part)
        });
        conjugate(vectors);
        normalise(vectors);
        mend(&Mat::from_fn(n, n, |i, j| a[(i, j)].into()), values, vectors);
        conjugate(vectors);
        Ok(())
    }
}

impl General for Complex64 {
    fn decompose(
        a: &Mat<Complex64>,
        values: &mut [Complex64],
        vectors: Option<&mut Mat<Complex64>>,
    ) -> Result<(), Reason> {
        let n = a.nrows();
        let wanted = if vectors.is_some() { ComputeEigenvectors::Yes } else { ComputeEigenvectors::No };
        let mut found = Diag::<Complex64>::zeros(n);
        let mut memory = MemBuffer::new(evd_scratch::<Complex64>(
            n,
            ComputeEigenvectors::No,
            wanted,
            Par::Seq,
            Default::default(),
        ));
        let mut vectors = vectors;
        let (stack, right) =
            (MemStack::new(&mut memory), vectors.as_deref_mut().map(|vectors| vectors.as_mut()));
        evd_cplx(a.as_ref(), found.as_mut(), None, right, Par::Seq, stack, Default::default())
            .map_err(|_| stuck())?;
        values.iter_mut().zip(found.column_vector().iter()).for_each(|(to, from)| *to = *from);
        if let Some(vectors) = vectors {
            normalise(vectors);
            mend(a, values, vectors);
        }
        Ok(())
    }
}

/// Single precision by way of double: where eigenvalues lie close together, faer's vectors in single precision are up to 20
/// times as far from holding as rounding explains.
macro_rules! widened {
    ($($T:ident $Wide:ident $widen:expr),*) => { $(
        impl General for $T {
            fn decompose(
                a: &Mat<$T>,
                values: &mut [Complex32],
                vectors: Option<&mut Mat<Complex32>>,
            ) -> Result<(), Reason> {
                let n = a.nrows();
                let widen: fn($T) -> $Wide = $widen;
                let wide = Mat::from_fn(n, n, |i, j| widen(a[(i, j)]));
                let (mut w, mut v) = (vec![Complex64::default(); n], vectors.as_ref().map(|_| Mat::zeros(n, n)));
                $Wide::decompose(&wide, &mut w, v.as_mut())?;
                let narrow = |x: Complex64| Complex32::new(x.re as f32, x.im as f32);
                values.iter_mut().zip(w).for_each(|(to, from)| *to = narrow(from));
                if let (Some(vectors), Some(v)) = (vectors, v) {
                    *vectors = Mat::from_fn(n, n, |i, j| narrow(v[(i, j)]));
                }
                Ok(())
            }
        }
    )* };
}
widened!(f32 f64 f64::from, Complex32 Complex64 |x| Complex::new(x.re.into(), x.im.into()));
