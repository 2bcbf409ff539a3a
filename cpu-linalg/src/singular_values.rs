//! Singular values and vectors.

use crate::batch::{Matrices, for_each, pieces, scale, store, store_adjoint, stuck};
use crate::number::Number;
use faer::diag::Diag;
use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::svd::{ComputeSvdVectors, svd as decompose, svd_scratch};
use faer::{Mat, Par};
use polyarray_core::backend::specs::{Svd, SvdParts};
use polyarray_core::backend::{Buffers, HostBuffer, Operand, one};
use polyarray_core::{Element, Result};

pub fn svd<T: Number>(x: &Operand, spec: &Svd) -> Result<Buffers> {
    let (m, n, count) = (spec.m, spec.n, spec.batch.iter().product());
    let k = m.min(n);
    let (wanted, [columns, rows]) = match spec.parts {
        SvdParts::Values => (ComputeSvdVectors::No, [0, 0]),
        SvdParts::Reduced => (ComputeSvdVectors::Thin, [k, k]),
        SvdParts::Full => (ComputeSvdVectors::Full, [m, n]),
    };
    let matrices = Matrices::<T>::of(x, "svd")?;
    let mut u = HostBuffer::unwritten(T::DTYPE, count * m * columns)?;
    let mut s = HostBuffer::unwritten(T::Float::DTYPE, count * k)?;
    let mut vh = HostBuffer::unwritten(T::DTYPE, count * rows * n)?;
    let us = pieces(u.as_repr_mut::<T>()?, m * columns, count);
    let vs = pieces(vh.as_repr_mut::<T>()?, rows * n, count);
    let ss = pieces(s.as_repr_mut::<T::Float>()?, k, count);
    let parts = us.into_iter().zip(ss).zip(vs).collect();
    type Parts<'a, T> = ((&'a mut [T], &'a mut [<T as Number>::Float]), &'a mut [T]);
    for_each("svd", parts, m * n * k, |i, ((u, s), vh): Parts<'_, T>| {
        let mut a = matrices.matrix(i);
        let unit = scale(&mut a)?;
        let mut left = Mat::zeros(m, columns);
        let mut right = Mat::zeros(n, rows);
        let mut values = Diag::<T>::zeros(k);
        let vectors = spec.parts != SvdParts::Values;
        let mut memory = MemBuffer::new(svd_scratch::<T>(m, n, wanted, wanted, Par::Seq, Default::default()));
        decompose(
            a.as_ref(),
            values.as_mut(),
            vectors.then(|| left.as_mut()),
            vectors.then(|| right.as_mut()),
            Par::Seq,
            MemStack::new(&mut memory),
            Default::default(),
        )
        .map_err(|_| stuck())?;
        for (s, value) in s.iter_mut().zip(values.column_vector().iter()) {
            *s = value.parts()[0].times(unit);
        }
        store(left.as_ref(), u);
        store_adjoint(right.as_ref(), vh);
        Ok(())
    })?;
    Ok(match spec.parts {
        SvdParts::Values => one(s),
        _ => [u, s, vh].into_iter().flat_map(one).collect(),
    })
}
