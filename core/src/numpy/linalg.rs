//! Matrix products.

use super::options::axis;
use super::{astype, multiply, sum};
use crate::array::{Array, Operand, external};
use crate::dispatch::{Cx, Stop};
use crate::dtype::{DType, promote};
use crate::error::{Error, Result};
use crate::expr::Dims;
use crate::expr::layout::broadcast;
use crate::multimethod;
use smallvec::SmallVec;
use std::sync::Arc;

multimethod! {
    domain "numpy";

    /// Matrix product of `a` (…, m, k) and `b` (…, k, n); leading axes broadcast. One axis is taken as a row on
    /// the left and a column on the right, and goes from the result. Integers wrap, on bool it is any-and.
    pub fn matmul(a: &Array, b: &Array) -> Result<Array> {
        let p = Product::of(a, b)?;
        // (…, m, 1, k) · (…, 1, n, k), summed over k.
        let columns = p.b.swap_axes(-1, -2)?.expand_dims(-3)?;
        let products = multiply(&p.a.expand_dims(-2)?, &columns)?;
        let out = astype(&sum(&products, axis(-1))?, p.spec.dtype)?;
        p.finish(out)
    }
}

/// A matrix product, checked: what a backend's kernel computes. Operands come as (batch…, m, k) and
/// (batch…, k, n), broadcast to the same batch axes, in any layout (strides of broadcast axes are 0).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Matmul {
    /// Leading axes.
    pub batch: Dims,
    /// Rows of the left operand.
    pub m: usize,
    /// Columns of the left operand, rows of the right one. May be 0: the result is 0.
    pub k: usize,
    /// Columns of the right operand.
    pub n: usize,
    /// Dtype of the operands and the result.
    pub dtype: DType,
}

/// A backend's kernel for [`matmul()`]: operands into a dense (batch…, m, n) buffer.
pub type MatmulKernel = fn(Cx, &Operand, &Operand, &Matmul) -> Result<Arc<dyn crate::array::Buffer>>;

/// Operands of a product brought to a common form.
struct Product {
    a: Array,
    b: Array,
    spec: Matmul,
    row: bool,
    column: bool,
}

impl Product {
    fn of(a: &Array, b: &Array) -> Result<Product> {
        let bad = |fix: &str| Error::Shape {
            op: "matmul",
            operands: format!("a: {:?}, b: {:?}", a.shape(), b.shape()),
            fix: fix.into(),
        };
        if a.ndim() == 0 || b.ndim() == 0 {
            return Err(bad("operands have at least one axis; use multiply for scalars"));
        }
        let (row, column) = (a.ndim() == 1, b.ndim() == 1);
        let dtype = promote(a.dtype(), b.dtype());
        let cast = |x: &Array| if x.dtype() == dtype { Ok(x.clone()) } else { astype(x, dtype) };
        let a2 = if row { cast(a)?.expand_dims(0)? } else { cast(a)? };
        let b2 = if column { cast(b)?.expand_dims(1)? } else { cast(b)? };
        let (batch_a, ma) = a2.shape().split_at(a2.ndim() - 2);
        let (batch_b, mb) = b2.shape().split_at(b2.ndim() - 2);
        if ma[1] != mb[0] {
            return Err(bad(&format!(
                "the last axis of a ({}) must equal the second last of b ({})",
                ma[1], mb[0]
            )));
        }
        let batch = broadcast(batch_a, batch_b).ok_or_else(|| bad("leading axes must broadcast"))?;
        let spec = Matmul { m: ma[0], k: ma[1], n: mb[1], dtype, batch };
        let with = |x: usize, y: usize| -> Dims { spec.batch.iter().copied().chain([x, y]).collect() };
        let a3 = a2.broadcast_to(with(spec.m, spec.k))?;
        let b3 = b2.broadcast_to(with(spec.k, spec.n))?;
        Ok(Product { a: a3, b: b3, spec, row, column })
    }

    /// The result without the axes that vectors were given.
    fn finish(&self, out: Array) -> Result<Array> {
        let n = out.ndim() as isize;
        let axes: SmallVec<[isize; 2]> =
            [(self.row, n - 2), (self.column, n - 1)].into_iter().filter(|x| x.0).map(|x| x.1).collect();
        if axes.is_empty() { Ok(out) } else { out.squeeze(&axes) }
    }
}

/// Checks a matrix product and records a backend's kernel for it.
///
/// # Errors
/// Declined by what the backend does not support; failed for shapes that don't fit.
pub fn record_matmul(cx: Cx, a: &Array, b: &Array, kernel: MatmulKernel) -> Result<Array, Stop<Error>> {
    let p = Product::of(a, b)?;
    let shape: Dims = p.spec.batch.iter().copied().chain([p.spec.m, p.spec.n]).collect();
    let spec = p.spec.clone();
    let run = Arc::new(move |o: &[Operand]| kernel(cx, &o[0], &o[1], &spec));
    let out = external(cx.instance, "matmul", &shape, p.spec.dtype, &[&p.a, &p.b], run)?;
    Ok(p.finish(out)?)
}
