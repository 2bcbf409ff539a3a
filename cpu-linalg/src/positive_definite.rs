//! Cholesky's factorisation.

use crate::batch::{Matrices, for_each, pieces, store};
use crate::number::{Float, Number};
use faer::Par;
use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::cholesky::llt::factor::{LltError, cholesky_in_place, cholesky_in_place_scratch};
use polyarray_core::Result;
use polyarray_core::backend::specs::{Cholesky, Fault};
use polyarray_core::backend::{Buffers, HostBuffer, Operand, one};

pub fn cholesky<T: Number>(x: &Operand, spec: &Cholesky) -> Result<Buffers> {
    let (n, count) = (spec.n, spec.batch.iter().product());
    let matrices = Matrices::<T>::of(x, "cholesky")?;
    let mut l = HostBuffer::unwritten(T::DTYPE, count * n * n)?;
    for_each("cholesky", pieces(l.as_repr_mut::<T>()?, n * n, count), n * n * n, |i, l| {
        let mut a = matrices.matrix(i);
        let scratch = cholesky_in_place_scratch::<T>(n, Par::Seq, Default::default());
        let mut memory = MemBuffer::new(scratch);
        let done = cholesky_in_place(
            a.as_mut(),
            Default::default(),
            Par::Seq,
            MemStack::new(&mut memory),
            Default::default(),
        );
        let refused = |row: usize| Fault::NotPositiveDefinite.reason(row);
        done.map_err(|LltError::NonPositivePivot { index }| refused(index))?;
        // NaN is not positive either.
        let positive = |j: usize| a[(j, j)].parts()[0] > T::Float::narrow(0.0);
        if let Some(row) = (0..n).find(|&j| !positive(j)) {
            return Err(refused(row));
        }
        // What is above the diagonal is still the operand's.
        for j in 0..n {
            a.col_as_slice_mut(j)[..j].fill(T::zeroed());
            a[(j, j)] = a[(j, j)].real();
        }
        store(a.as_ref(), l);
        Ok(())
    })?;
    Ok(one(l))
}
