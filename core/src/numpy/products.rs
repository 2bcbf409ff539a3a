//! Matrix products.

use super::Answer;
use super::options::axis;
use super::{add, astype, bitwise_and, multiply, not_equal, sum};
use crate::array::Array;
use crate::array::spec::{Outputs, Spec, kernel_for, output, record_one};
use crate::dispatch::{Cx, Registrar};
use crate::dtype::{DType, promote};
use crate::error::{Error, Result};
use crate::memory::Dims;
use crate::memory::layout::broadcast;
use crate::multimethod;
use smallvec::SmallVec;

multimethod! {
    domain "numpy";

    /// Matrix product of `a` (…, m, k) and `b` (…, k, n); leading axes broadcast. One axis is taken as a row on
    /// the left and a column on the right, and goes from the result. Integers wrap, on bool it is any-and.
    ///
    /// NumPy: `matmul(a, b)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let a = Array::from([[1.0, 2.0], [3.0, 4.0]]);
    /// assert_eq!(np::matmul(&a, [[0.0, 1.0], [1.0, 0.0]])?.to_vec::<f64>()?, [2.0, 1.0, 4.0, 3.0]);
    /// assert_eq!(np::matmul(&a, [1.0, 1.0])?.to_vec::<f64>()?, [3.0, 7.0]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Shape`] for operands without axes, for a last axis of `a` that is not as long as the second last of `b`,
    /// and for leading axes that don't broadcast.
    pub fn matmul(a: &Array, b: &Array) -> Result<Array> {
        let p = Product::of("matmul", a, b, promote(a.dtype(), b.dtype()), Terms::Products)?;
        // (…, m, 1, k) · (…, 1, n, k), summed over k.
        let columns = p.b.swap_axes(-1, -2)?.expand_dims(-3)?;
        let products = multiply(&p.a.expand_dims(-2)?, &columns)?;
        let out = astype(&sum(&products, axis(-1))?, p.spec.out)?;
        p.finish(out)
    }

    /// Matrix product computed in `dtype`: `matmul(astype(a, dtype), astype(b, dtype))`, for which a backend may
    /// have a kernel that reads the operands as they are. int8 · int8 in int32 is the product of quantised
    /// networks and of genotype dosages; like every integer product it wraps.
    ///
    /// NumPy: none.
    ///
    /// ```
    /// use polyarray_core::{Array, DType, numpy as np};
    /// # use polyarray_cpu as _;
    /// let a = Array::from([[100_i8, 100]]);
    /// assert_eq!(np::matmul_as(&a, [[100_i8], [100]], DType::I32)?.to_vec::<i32>()?, [20_000]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`matmul()`].
    pub fn matmul_as(a: &Array, b: &Array, dtype: DType) -> Result<Array> {
        matmul(&astype(a, dtype)?, &astype(b, dtype)?)
    }

    /// Matrix product of bits: of uint32 words `a` (…, m, k) and `b` (…, k, n), element (i, j) is the number of
    /// bits set in both row i and column j, Σ popcount(a[i, l] & b[l, j]), in int32, which wraps. Axes as in
    /// [`matmul()`]; other dtypes are an error.
    ///
    /// NumPy: none.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let a = Array::from([[0b1011_u32, 0b1]]);
    /// assert_eq!(np::matmul_bits(&a, [[0b0011_u32], [0b1]])?.to_vec::<i32>()?, [3]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::DType`] for other than uint32; those of [`matmul()`].
    pub fn matmul_bits(a: &Array, b: &Array) -> Result<Array> {
        words(a, b)?;
        let plane = |x: &Array, bit: u32| {
            astype(&not_equal(&bitwise_and(x, 1_u32 << bit)?, 0_u32)?, DType::I32)
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

/// What is summed in a product.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Terms {
    /// Products of elements.
    Products,
    /// Bits set in both words.
    Bits,
}

/// A matrix product. Operands come as (batch…, m, k) and (batch…, k, n), broadcast to the same batch axes, in any
/// layout (strides of broadcast axes are 0). The result is dense, (batch…, m, n).
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
    /// Dtype of the result: that of the operands in [`matmul()`], int32 in [`matmul_bits()`]. In another one, the
    /// product is that of the operands cast to it.
    pub out: DType,
    /// What is summed.
    pub terms: Terms,
}

impl Spec for Matmul {
    const NAME: &'static str = "matmul";

    fn name(&self) -> &'static str {
        match self.terms {
            Terms::Bits => "matmul_bits",
            Terms::Products if self.dtype != self.out => "matmul_as",
            Terms::Products => Self::NAME,
        }
    }

    fn outputs(&self) -> Outputs {
        let shape: Dims = self.batch.iter().copied().chain([self.m, self.n]).collect();
        output(shape, self.out)
    }
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
    fn of(op: &'static str, a: &Array, b: &Array, out: DType, terms: Terms) -> Result<Product> {
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
        let spec = Matmul { m: ma[0], k: ma[1], n: mb[1], dtype, out, batch, terms };
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

    fn record(self, cx: Cx) -> Answer {
        let out = record_one(cx, self.spec.clone(), &[&self.a, &self.b])?;
        Ok(self.finish(out)?)
    }
}

/// A wider dtype that holds the product of a narrow one, to the same bits: it wraps, or rounds once more.
fn wide(dtype: DType) -> Option<DType> {
    match dtype {
        DType::Bool | DType::U8 | DType::U16 => Some(DType::U32),
        DType::I8 | DType::I16 => Some(DType::I32),
        DType::F16 => Some(DType::F32),
        _ => None,
    }
}

fn record_matmul(cx: Cx, a: &Array, b: &Array) -> Answer {
    let dtype = promote(a.dtype(), b.dtype());
    let product = Product::of("matmul", a, b, dtype, Terms::Products)?;
    if let Some(wide) = wide(dtype)
        && kernel_for(cx, &product.spec).is_err()
    {
        let spec = Matmul { dtype: wide, out: wide, ..product.spec };
        let wider = Product { a: astype(&product.a, wide)?, b: astype(&product.b, wide)?, spec, ..product };
        return Ok(astype(&wider.record(cx)?, dtype)?);
    }
    product.record(cx)
}

/// Registers products for a kind whose kernels compute them.
pub(super) fn register(r: &mut Registrar<'_>, kind: &str) {
    r.register::<matmul>(kind, record_matmul);
    r.register::<matmul_as>(kind, |cx: Cx, a: &Array, b: &Array, dtype: DType| -> Answer {
        Product::of("matmul_as", a, b, dtype, Terms::Products)?.record(cx)
    });
    r.register::<matmul_bits>(kind, |cx: Cx, a: &Array, b: &Array| -> Answer {
        words(a, b)?;
        Product::of("matmul_bits", a, b, DType::I32, Terms::Bits)?.record(cx)
    });
}
