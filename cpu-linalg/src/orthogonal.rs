//! The QR factorisation.

use crate::batch::{Matrices, for_each, pieces, scale, store};
use crate::number::Number;
use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::householder::{
    apply_block_householder_sequence_on_the_left_in_place_scratch,
    apply_block_householder_sequence_on_the_left_in_place_with_conj,
};
use faer::linalg::qr::no_pivoting::factor::{qr_in_place, qr_in_place_scratch, recommended_block_size};
use faer::{Conj, Mat, Par};
use polyarray_core::Result;
use polyarray_core::backend::specs::Qr;
use polyarray_core::backend::{Buffers, HostBuffer, Operand, one};

pub fn qr<T: Number>(x: &Operand, spec: &Qr) -> Result<Buffers> {
    let (m, n, k, count) = (spec.m, spec.n, spec.inner(), spec.batch.iter().product());
    let size = m.min(n);
    let matrices = Matrices::<T>::of(x, "qr")?;
    let mut q = HostBuffer::unwritten(T::DTYPE, count * m * k)?;
    let mut r = HostBuffer::unwritten(T::DTYPE, count * k * n)?;
    let parts = pieces(q.as_repr_mut::<T>()?, m * k, count).into_iter();
    let parts = parts.zip(pieces(r.as_repr_mut::<T>()?, k * n, count)).collect();
    for_each("qr", parts, m * n * size, |i, (q, r): (&mut [T], &mut [T])| {
        let mut a = matrices.matrix(i);
        // Elements that are not finite go through, as in NumPy.
        let unit = scale(&mut a).ok();
        let block = recommended_block_size::<T>(m, n);
        let mut coefficients = Mat::zeros(block, size);
        let scratch = qr_in_place_scratch::<T>(m, n, block, Par::Seq, Default::default());
        let mut memory = MemBuffer::new(scratch);
        let stack = MemStack::new(&mut memory);
        qr_in_place(a.as_mut(), coefficients.as_mut(), Par::Seq, stack, Default::default());
        for (row, r) in r.chunks_mut(n.max(1)).enumerate() {
            for (column, r) in r.iter_mut().enumerate() {
                *r = match (column >= row && row < size, unit) {
                    (false, _) => T::zeroed(),
                    (true, None) => a[(row, column)],
                    (true, Some(unit)) => a[(row, column)].times(unit),
                };
            }
        }
        let mut basis = Mat::identity(m, k);
        let scratch = apply_block_householder_sequence_on_the_left_in_place_scratch::<T>(m, block, k);
        let mut memory = MemBuffer::new(scratch);
        apply_block_householder_sequence_on_the_left_in_place_with_conj(
            a.as_ref().get(.., ..size),
            coefficients.as_ref(),
            Conj::No,
            basis.as_mut(),
            Par::Seq,
            MemStack::new(&mut memory),
        );
        store(basis.as_ref(), q);
        Ok(())
    })?;
    Ok([q, r].into_iter().flat_map(one).collect())
}
