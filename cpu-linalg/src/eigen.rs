//! Eigenvalues and eigenvectors.

use crate::batch::{Matrices, Reason, for_each, pieces, scale, store, stuck};
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
        for j in 0..vectors.ncols() {
            let column = vectors.col_as_slice_mut(j);
            let square = |x: &C<T>| x.parts().map(|part| part.wide() * part.wide()).iter().sum::<f64>();
            let length = column.iter().map(square).sum::<f64>().sqrt();
            if length > 0.0 {
                column.iter_mut().for_each(|x| *x = x.times(T::Float::narrow(1.0 / length)));
            }
        }
        store(vectors.as_ref(), v);
        Ok(())
    })?;
    Ok(if spec.vectors { [w, v].into_iter().flat_map(one).collect() } else { one(w) })
}

type Values<'a, T> = &'a mut [<<T as Number>::Float as Float>::Complex];
type Vectors<T> = Mat<<<T as Number>::Float as Float>::Complex>;

/// A number whose matrices need not be Hermitian.
pub trait General: Number {
    /// Eigenvalues, and vectors if they are wanted.
    fn decompose(
        a: &Mat<Self>,
        values: Values<'_, Self>,
        vectors: Option<&mut Vectors<Self>>,
    ) -> Result<(), Reason>;
}

macro_rules! general {
    ($($T:ident $C:ident),*) => { $(
        impl General for $T {
            fn decompose(a: &Mat<$T>, values: &mut [$C], vectors: Option<&mut Mat<$C>>) -> Result<(), Reason> {
                let n = a.nrows();
                let wanted = if vectors.is_some() { ComputeEigenvectors::Yes } else { ComputeEigenvectors::No };
                let (mut re, mut im) = (Diag::<$T>::zeros(n), Diag::<$T>::zeros(n));
                let mut pairs = Mat::<$T>::zeros(n, if vectors.is_some() { n } else { 0 });
                let mut memory = MemBuffer::new(evd_scratch::<$T>(
                    n, ComputeEigenvectors::No, wanted, Par::Seq, Default::default(),
                ));
                let stack = MemStack::new(&mut memory);
                let right = vectors.is_some().then(|| pairs.as_mut());
                evd_real(a.as_ref(), re.as_mut(), im.as_mut(), None, right, Par::Seq, stack, Default::default())
                    .map_err(|_| stuck())?;
                let (re, im) = (re.column_vector(), im.column_vector());
                // Of a conjugate pair the first has the imaginary part; the columns are its vector's parts.
                let mut j = 0;
                while j < n {
                    let pair = im[j] != 0.0 && j + 1 < n;
                    values[j] = Complex::new(re[j], im[j]);
                    if pair {
                        values[j + 1] = values[j].conj();
                    }
                    j += 1 + usize::from(pair);
                }
                let Some(vectors) = vectors else { return Ok(()) };
                let mut j = 0;
                while j < n {
                    let pair = im[j] != 0.0 && j + 1 < n;
                    for i in 0..n {
                        let part = if pair { pairs[(i, j + 1)] } else { 0.0 };
                        vectors[(i, j)] = Complex::new(pairs[(i, j)], part);
                        if pair {
                            vectors[(i, j + 1)] = vectors[(i, j)].conj();
                        }
                    }
                    j += 1 + usize::from(pair);
                }
                Ok(())
            }
        }
        impl General for $C {
            fn decompose(a: &Mat<$C>, values: &mut [$C], vectors: Option<&mut Mat<$C>>) -> Result<(), Reason> {
                let n = a.nrows();
                let wanted = if vectors.is_some() { ComputeEigenvectors::Yes } else { ComputeEigenvectors::No };
                let mut found = Diag::<$C>::zeros(n);
                let mut memory = MemBuffer::new(evd_scratch::<$C>(
                    n, ComputeEigenvectors::No, wanted, Par::Seq, Default::default(),
                ));
                let (stack, right) = (MemStack::new(&mut memory), vectors.map(|vectors| vectors.as_mut()));
                evd_cplx(a.as_ref(), found.as_mut(), None, right, Par::Seq, stack, Default::default())
                    .map_err(|_| stuck())?;
                values.iter_mut().zip(found.column_vector().iter()).for_each(|(to, from)| *to = *from);
                Ok(())
            }
        }
    )* };
}
general!(f32 Complex32, f64 Complex64);
