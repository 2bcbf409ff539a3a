//! Matrix products.

use super::options::axis;
use super::{add, astype, bitwise_and, multiply, not_equal, sum};
use crate::array::{Array, Buffer, Finish, Operand, external_with};
use crate::dispatch::{Cx, Stop};
use crate::dtype::{DType, promote};
use crate::error::{Error, Result};
use crate::expr::layout::broadcast;
use crate::expr::{Dims, Epilogue};
use crate::multimethod;
use smallvec::SmallVec;
use std::sync::Arc;

multimethod! {
    domain "numpy";

    /// Matrix product of `a` (…, m, k) and `b` (…, k, n); leading axes broadcast. One axis is taken as a row on
    /// the left and a column on the right, and goes from the result. Integers wrap, on bool it is any-and.
    pub fn matmul(a: &Array, b: &Array) -> Result<Array> {
        let p = Product::of("matmul", a, b, promote(a.dtype(), b.dtype()))?;
        // (…, m, 1, k) · (…, 1, n, k), summed over k.
        let columns = p.b.swap_axes(-1, -2)?.expand_dims(-3)?;
        let products = multiply(&p.a.expand_dims(-2)?, &columns)?;
        let out = astype(&sum(&products, axis(-1))?, p.spec.out)?;
        p.finish(out)
    }

    /// Matrix product computed in `dtype`: `matmul(astype(a, dtype), astype(b, dtype))`, for which a backend may
    /// have a kernel that reads the operands as they are. int8 · int8 in int32 is the product of quantised
    /// networks and of genotype dosages; like every integer product it wraps.
    pub fn matmul_as(a: &Array, b: &Array, dtype: DType) -> Result<Array> {
        matmul(&astype(a, dtype)?, &astype(b, dtype)?)
    }

    /// Matrix product of bits: of uint32 words `a` (…, m, k) and `b` (…, k, n), element (i, j) is the number of
    /// bits set in both row i and column j, Σ popcount(a[i, l] & b[l, j]), in int32, which wraps. Axes as in
    /// [`matmul()`]; other dtypes are an error.
    pub fn matmul_bits(a: &Array, b: &Array) -> Result<Array> {
        words(a, b)?;
        let plane = |x: &Array, bit: u32| {
            astype(&not_equal(&bitwise_and(x, Array::from(1_u32 << bit))?, Array::from(0_u32))?, DType::I32)
        };
        let product = |bit| matmul(&plane(a, bit)?, &plane(b, bit)?);
        (1..u32::BITS).try_fold(product(0)?, |sum, bit| add(&sum, &product(bit)?))
    }
}

/// Checks the operands of a product of bits.
fn words(a: &Array, b: &Array) -> Result<()> {
    match [("a", a), ("b", b)].into_iter().find(|(_, x)| x.dtype() != DType::U32) {
        None => Ok(()),
        Some((name, x)) => Err(Error::DType {
            op: "matmul_bits",
            operands: format!("{name}: {}", x.dtype()),
            fix: "operands are words of uint32; view or cast them".into(),
        }),
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
    /// Dtype of the operands.
    pub dtype: DType,
    /// Dtype of the result: that of the operands in [`matmul()`], int32 in [`matmul_bits()`].
    pub out: DType,
}

/// A backend's kernel for a product: operands into a dense (batch…, m, n) buffer.
pub type MatmulKernel = fn(Cx, &Operand, &Operand, &Matmul) -> Result<Arc<dyn Buffer>>;

/// A backend's kernel for a product and what is done with its elements: a dense buffer of (batch…, m, n) elements of
/// the epilogue's output. `None` if it does not take this epilogue, or would be slower; both then run one after the other.
pub type EpilogueKernel = fn(Cx, &Operand, &Operand, &Matmul, &Epilogue) -> Result<Option<Arc<dyn Buffer>>>;

/// How a backend computes products.
#[derive(Clone, Copy, Debug)]
pub struct ProductKernels {
    /// The product.
    pub product: MatmulKernel,
    /// The product and its epilogue, where there is such a kernel.
    pub with_epilogue: Option<EpilogueKernel>,
}

impl From<MatmulKernel> for ProductKernels {
    fn from(product: MatmulKernel) -> Self {
        ProductKernels { product, with_epilogue: None }
    }
}

/// Which product.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProductOf {
    /// [`matmul()`].
    Matmul,
    /// [`matmul_as()`], in a dtype.
    As(DType),
    /// [`matmul_bits()`].
    Bits,
}

/// Operands of a product brought to a common form.
struct Product {
    a: Array,
    b: Array,
    spec: Matmul,
    row: bool,
    column: bool,
}

impl Product {
    fn of(op: &'static str, a: &Array, b: &Array, out: DType) -> Result<Product> {
        let bad = |fix: &str| Error::Shape {
            op,
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
        let spec = Matmul { m: ma[0], k: ma[1], n: mb[1], dtype, out, batch };
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

    fn record(&self, cx: Cx, op: &'static str, kernels: ProductKernels) -> Result<Array, Stop<Error>> {
        let ProductKernels { product, with_epilogue } = kernels;
        let shape: Dims = self.spec.batch.iter().copied().chain([self.spec.m, self.spec.n]).collect();
        let spec = self.spec.clone();
        let run = Arc::new(move |o: &[Operand]| product(cx, &o[0], &o[1], &spec));
        let finish = with_epilogue.map(|kernel| -> Arc<Finish> {
            let spec = self.spec.clone();
            Arc::new(move |o: &[Operand], epilogue: &Epilogue| kernel(cx, &o[0], &o[1], &spec, epilogue))
        });
        let args = [&self.a, &self.b];
        let out = external_with(cx.instance, op, &shape, self.spec.out, &args, run, finish)?;
        Ok(self.finish(out)?)
    }
}

/// Checks a product and records a backend's kernels for it.
///
/// # Errors
/// Declined by what the backend does not support; failed for shapes that don't fit, and for bits of operands that are
/// not uint32.
pub fn record_product(
    cx: Cx,
    a: &Array,
    b: &Array,
    of: ProductOf,
    kernels: ProductKernels,
) -> Result<Array, Stop<Error>> {
    let (op, out) = match of {
        ProductOf::Matmul => ("matmul", promote(a.dtype(), b.dtype())),
        ProductOf::As(dtype) => ("matmul_as", dtype),
        ProductOf::Bits => {
            words(a, b)?;
            ("matmul_bits", DType::I32)
        }
    };
    Product::of(op, a, b, out)?.record(cx, op, kernels)
}

/// Checks a matrix product and records a backend's kernel for it.
///
/// # Errors
/// Those of [`record_product`].
pub fn record_matmul(cx: Cx, a: &Array, b: &Array, kernel: MatmulKernel) -> Result<Array, Stop<Error>> {
    record_product(cx, a, b, ProductOf::Matmul, kernel.into())
}

/// Checks a product in another dtype and records a backend's kernel for it. The kernel gets operands of their
/// promoted dtype, and has to compute what [`matmul()`] does after a cast of both to `dtype`.
///
/// # Errors
/// Those of [`record_product`].
pub fn record_matmul_as(
    cx: Cx,
    a: &Array,
    b: &Array,
    dtype: DType,
    kernel: MatmulKernel,
) -> Result<Array, Stop<Error>> {
    record_product(cx, a, b, ProductOf::As(dtype), kernel.into())
}

/// Checks a product of bits and records a backend's kernel for it.
///
/// # Errors
/// Those of [`record_product`].
pub fn record_matmul_bits(cx: Cx, a: &Array, b: &Array, kernel: MatmulKernel) -> Result<Array, Stop<Error>> {
    record_product(cx, a, b, ProductOf::Bits, kernel.into())
}
