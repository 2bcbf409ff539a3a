//! Operands of products: matrices of a batch.

use crate::element::Arithmetic;
use crate::identity::KIND;
use crate::iteration::{position, unravel};
use crate::view::View;
use polyarray_core::array::Operand;
use polyarray_core::expr::Dims;
use polyarray_core::expr::layout::row_major;
use polyarray_core::{Element, Error, Result};

/// One matrix of a batch.
pub struct Matrix<'a, T: Element> {
    pub data: &'a [T::Repr],
    pub start: isize,
    pub row_step: isize,
    pub column_step: isize,
}

impl<T: Arithmetic> Matrix<'_, T> {
    #[inline(always)]
    pub fn at(&self, row: usize, column: usize) -> T {
        let at = self.start + row as isize * self.row_step + column as isize * self.column_step;
        T::from_repr(self.data[at as usize])
    }
}

/// One operand of the product: where each matrix of the batch starts, and its steps.
pub struct Matrices<'a, T: Element> {
    pub view: View<'a, T::Repr>,
    pub row_step: isize,
    pub column_step: isize,
}

impl<'a, T: Element> Matrices<'a, T> {
    pub fn of(operand: &'a Operand) -> Result<Matrices<'a, T>> {
        let view = View::bits(operand, "matmul")?;
        // Raw pointers are made from these strides: an operand that leaves its buffer must not get there.
        if operand.layout.extent().is_some_and(|(_, last)| last >= view.data.len()) {
            return Err(Error::Backend {
                op: "matmul".into(),
                backend: KIND.into(),
                message: format!("a view reaches beyond its buffer of {} elements", view.data.len()),
            });
        }
        Ok(Matrices::new(view))
    }

    pub fn new(view: View<'a, T::Repr>) -> Matrices<'a, T> {
        let n = view.strides.len();
        Matrices { row_step: view.strides[n - 2], column_step: view.strides[n - 1], view }
    }

    pub fn matrix(&self, batch: usize) -> Matrix<'_, T> {
        let (row_step, column_step) = (self.row_step, self.column_step);
        Matrix { data: self.view.data, start: self.start(batch), row_step, column_step }
    }

    /// Position of the first element of a matrix.
    pub fn start(&self, batch: usize) -> isize {
        let n = self.view.dims.len() - 2;
        position(&unravel(batch, &self.view.dims[..n]), &self.view.strides[..n], self.view.offset)
    }
}

/// A dense view of matrices, of which the elements are still to be given.
pub fn dense<'a, P>(batch: &[usize], rows: usize, columns: usize) -> View<'a, P> {
    let dims: Dims = batch.iter().copied().chain([rows, columns]).collect();
    View { data: &[], strides: row_major(&dims), dims, offset: 0 }
}
