//! The LU factorisation, and systems of linear equations.

use crate::batch::{Matrices, for_each, pieces, store};
use crate::number::{Float, Number};
use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::lu::partial_pivoting::factor::{lu_in_place, lu_in_place_scratch};
use faer::linalg::lu::partial_pivoting::solve::{solve_in_place, solve_in_place_scratch};
use faer::linalg::triangular_solve::{
    solve_lower_triangular_in_place, solve_unit_lower_triangular_in_place,
    solve_unit_upper_triangular_in_place, solve_upper_triangular_in_place,
};
use faer::perm::PermRef;
use faer::{Mat, Par};
use polyarray_core::Result;
use polyarray_core::backend::specs::{Fault, Lu, Solve, TriangularSolve};
use polyarray_core::backend::{Buffers, HostBuffer, Operand, one};
use polyarray_core::numpy::linalg::Triangle;

/// Factorises a matrix in place, and returns what the rows of the product are, and the inverse of that.
pub fn factor<T: Number>(a: &mut Mat<T>) -> [Vec<usize>; 2] {
    let (m, n) = a.shape();
    let mut rows = [vec![0; m], vec![0; m]];
    let [forward, backward] = &mut rows;
    let mut memory = MemBuffer::new(lu_in_place_scratch::<usize, T>(m, n, Par::Seq, Default::default()));
    lu_in_place(a.as_mut(), forward, backward, Par::Seq, MemStack::new(&mut memory), Default::default());
    rows
}

/// The factorisation of a singular matrix: a column in which no pivot is left is left as it is.
fn eliminate<T: Number>(a: &mut Mat<T>) -> Vec<usize> {
    let (m, n) = a.shape();
    let mut rows: Vec<usize> = (0..m).collect();
    for k in 0..m.min(n) {
        let size = |i: usize| a[(i, k)].parts().map(|part| part.wide().abs()).iter().sum::<f64>();
        let best = (k..m).fold(k, |best, i| if size(i) > size(best) { i } else { best });
        rows.swap(k, best);
        for j in 0..n {
            a.col_as_slice_mut(j).swap(k, best);
        }
        let pivot = a[(k, k)];
        if pivot == T::zeroed() {
            continue;
        }
        let factors = a.col_as_slice_mut(k);
        factors[k + 1..].iter_mut().for_each(|x| *x = x.over(pivot));
        let factors = factors.to_vec();
        for j in k + 1..n {
            let column = a.col_as_slice_mut(j);
            let top = column[k];
            column[k + 1..]
                .iter_mut()
                .zip(&factors[k + 1..])
                .for_each(|(x, &factor)| *x = x.less(factor, top));
        }
    }
    rows
}

pub fn lu<T: Number>(x: &Operand, spec: &Lu) -> Result<Buffers> {
    let (m, n, count) = (spec.m, spec.n, spec.batch.iter().product());
    let k = m.min(n);
    let matrices = Matrices::<T>::of(x, "lu_factor")?;
    let mut lu = HostBuffer::unwritten(T::DTYPE, count * m * n)?;
    let mut piv = HostBuffer::unwritten(polyarray_core::DType::I32, count * k)?;
    let parts = pieces(lu.as_repr_mut::<T>()?, m * n, count).into_iter();
    let parts = parts.zip(pieces(piv.as_repr_mut::<i32>()?, k, count)).collect();
    for_each("lu_factor", parts, m * n * k, |i, (lu, piv): (&mut [T], &mut [i32])| {
        let mut a = matrices.matrix(i);
        let [mut rows, _] = factor(&mut a);
        let finite = |j| a.col_as_slice(j).iter().flat_map(|x| x.parts()).all(|part| part.wide().is_finite());
        if !(0..n).all(finite) {
            // The library multiplies by the inverse of a pivot, which may be 0, or so small that it has none.
            a = matrices.matrix(i);
            rows = eliminate(&mut a);
        }
        store(a.as_ref(), lu);
        // The exchanges, one after the other, that bring the rows there.
        let mut at: Vec<usize> = (0..m).collect();
        let mut place: Vec<usize> = (0..m).collect();
        for (i, piv) in piv.iter_mut().enumerate() {
            let j = place[rows[i]];
            *piv = j as i32;
            at.swap(i, j);
            (place[at[i]], place[at[j]]) = (i, j);
        }
        Ok(())
    })?;
    Ok([lu, piv].into_iter().flat_map(one).collect())
}

pub fn solve<T: Number>(o: &[Operand], spec: &Solve) -> Result<Buffers> {
    let (n, columns, count) = (spec.n, spec.columns, spec.batch.iter().product());
    let (a, b) = (Matrices::<T>::of(&o[0], "solve")?, Matrices::<T>::of(&o[1], "solve")?);
    let mut x = HostBuffer::unwritten(T::DTYPE, count * n * columns)?;
    for_each("solve", pieces(x.as_repr_mut::<T>()?, n * columns, count), n * n * (n + columns), |i, x| {
        let (mut a, mut b) = (a.matrix(i), b.matrix(i));
        let [forward, backward] = factor(&mut a);
        if let Some(row) = (0..n).find(|&j| a[(j, j)] == T::zeroed()) {
            return Err(Fault::Singular.reason(row));
        }
        let mut memory = MemBuffer::new(solve_in_place_scratch::<usize, T>(n, columns, Par::Seq));
        let rows = PermRef::new_checked(&forward, &backward, n);
        solve_in_place(a.as_ref(), a.as_ref(), rows, b.as_mut(), Par::Seq, MemStack::new(&mut memory));
        store(b.as_ref(), x);
        Ok(())
    })?;
    Ok(one(x))
}

pub fn substitute<T: Number>(o: &[Operand], spec: &TriangularSolve) -> Result<Buffers> {
    let (n, columns, count) = (spec.n, spec.columns, spec.batch.iter().product());
    let (op, form) = ("solve_triangular", spec.form);
    let (a, b) = (Matrices::<T>::of(&o[0], op)?, Matrices::<T>::of(&o[1], op)?);
    let mut x = HostBuffer::unwritten(T::DTYPE, count * n * columns)?;
    for_each(op, pieces(x.as_repr_mut::<T>()?, n * columns, count), n * n * columns, |i, x| {
        let (a, mut b) = (a.matrix(i), b.matrix(i));
        let on_diagonal = |j: usize| a[(j, j)] == T::zeroed();
        if let Some(row) = (0..n).find(|&j| !form.unit_diagonal && on_diagonal(j)) {
            return Err(Fault::SingularTriangle.reason(row));
        }
        match (form.triangle, form.unit_diagonal) {
            (Triangle::Lower, false) => solve_lower_triangular_in_place(a.as_ref(), b.as_mut(), Par::Seq),
            (Triangle::Lower, true) => solve_unit_lower_triangular_in_place(a.as_ref(), b.as_mut(), Par::Seq),
            (Triangle::Upper, false) => solve_upper_triangular_in_place(a.as_ref(), b.as_mut(), Par::Seq),
            (Triangle::Upper, true) => solve_unit_upper_triangular_in_place(a.as_ref(), b.as_mut(), Par::Seq),
        }
        store(b.as_ref(), x);
        Ok(())
    })?;
    Ok(one(x))
}
