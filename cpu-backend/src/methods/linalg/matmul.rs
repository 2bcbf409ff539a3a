//! Matrix products: floats by the `gemm` crates, which take any strides, and complex numbers as products of real ones;
//! integers (which wrap) and bool (any of ands) by a blocked loop of our own; small integers with an int32 result, and
//! bits, from packed panels. float16 is left to core, which casts to float32 and back.

use super::gemm::Gemm;
use super::int_gemm::microkernels::{self, GROUP, Kernel, Pair, Quad};
use super::int_gemm::{self, Extent};
use super::matrices::{Matrices, Matrix, dense};
use super::wrapping::wrapping;
use crate::element::Arithmetic;
use crate::element::cast::CastTo;
use crate::fused::epilogue::{self, Finish, Region};
use crate::parallel::{for_each, for_each_chunk, worth_sharing};
use crate::view::View;
use bytemuck::Pod;
use gemm_common::Parallelism;
use num_complex::{Complex32, Complex64};
use polyarray_core::array::{HostBuffer, Operand};
use polyarray_core::backend::specs::Matmul;
use polyarray_core::dispatch::detached;
use polyarray_core::expr::{Epilogue, Strides};
use polyarray_core::{DType, Element, Error, Result};
use std::ops::Range;
use std::sync::atomic::{AtomicPtr, Ordering::Relaxed};

/// Multiplications in one product from which threads share it; smaller ones are shared by the batch.
const LARGE: usize = 1 << 20;
/// Multiplications from which `gemm` cuts a product itself.
const HUGE: usize = 1 << 26;
/// Multiplications of a piece of a product.
const PIECE: usize = 1 << 22;
/// Elements of a piece of the product that are still in the second-level cache when its epilogue runs.
const CACHED: usize = 1 << 16;
/// Elements of a small result.
const SMALL: usize = 1 << 14;
/// Rows that a piece has a multiple of.
const ROWS: usize = 16;
/// Columns that a piece has a multiple of: whole registers of every instruction set.
const COLUMNS: usize = 48;
/// Products of a batch from which every thread computes whole ones.
const MANY: usize = 32;

/// Is the product better computed together with this epilogue?
pub fn takes(spec: &Matmul, epilogue: &Epilogue) -> bool {
    // What `gemm` cuts is there as a whole before anything can go on: then only the place of a temporary is saved.
    let beside = spec.out.size() != epilogue.kernel.output_dtype().size();
    let floats = spec.dtype.is_float() || spec.dtype.is_complex();
    let whole = floats && gemm_cuts(spec.m, spec.n, spec.m.saturating_mul(spec.n).saturating_mul(spec.k));
    epilogue::takes(epilogue) && !(whole && beside)
}

/// The product of (batch…, m, k) and (batch…, k, n), or what becomes of it, as a dense (batch…, m, n) buffer.
///
/// # Errors
/// Out of memory; an operand that is not on the host.
pub fn matmul(a: &Operand, b: &Operand, spec: &Matmul, finish: &Finish<'_>) -> Result<HostBuffer> {
    macro_rules! by_dtype {
        ($($($I:ident)|+ => $T:ty),*) => {
            match spec.dtype {
                DType::F32 => floats::<f32>(a, b, spec, finish),
                DType::F64 => floats::<f64>(a, b, spec, finish),
                DType::C64 => complex::<Complex32, f32>(a, b, spec, finish),
                DType::C128 => complex::<Complex64, f64>(a, b, spec, finish),
                DType::F16 => Err(Error::DType {
                    op: "matmul",
                    operands: "operands of float16".into(),
                    fix: "cast them to float32".into(),
                }),
                // Integers wrap: signed ones have the bits of unsigned ones.
                $($(DType::$I)|+ => wrapping::<$T>(a, b, spec, finish),)*
            }
        };
    }
    by_dtype!(Bool => bool, I8 | U8 => u8, I16 | U16 => u16, I32 | U32 => u32, I64 | U64 => u64)
}

/// Can [`matmul_narrow`] compute the product of operands of this dtype in the other one?
pub fn is_narrow(dtype: DType, out: DType) -> bool {
    // Modulo 2^32 both are the same.
    matches!(out, DType::I32 | DType::U32)
        && matches!(dtype, DType::Bool | DType::I8 | DType::U8 | DType::I16)
}

/// The product of small integers in int32 or uint32.
///
/// # Errors
/// As [`matmul`]; dtypes that are not [`is_narrow`].
pub fn matmul_narrow(a: &Operand, b: &Operand, spec: &Matmul, finish: &Finish<'_>) -> Result<HostBuffer> {
    match spec.dtype {
        DType::Bool => bytes::<bool>(a, b, spec, finish),
        DType::I8 => bytes::<i8>(a, b, spec, finish),
        DType::U8 => bytes::<u8>(a, b, spec, finish),
        DType::I16 => pairs::<i16>(a, b, spec, finish),
        other => Err(Error::DType {
            op: "matmul_as",
            operands: format!("operands of {other}"),
            fix: "cast them and call matmul".into(),
        }),
    }
}

/// Products of integers of 8 bits: in fours if the processor has instructions for that, else in pairs.
fn bytes<T: Arithmetic + CastTo<i16>>(
    a: &Operand,
    b: &Operand,
    spec: &Matmul,
    finish: &Finish<'_>,
) -> Result<HostBuffer> {
    if microkernels::quads(spec.dtype == DType::I8).is_none() {
        return pairs::<T>(a, b, spec, finish);
    }
    let k = spec.k;
    packed_product::<T>(a, b, spec, finish, |a, b, m, n, out| {
        let quad = |l: usize, at: &dyn Fn(usize) -> T| -> Quad {
            std::array::from_fn(
                |i| if 4 * l + i < k { CastTo::<i16>::cast_to(at(4 * l + i)) as u8 } else { 0 },
            )
        };
        let Some(kernel) = microkernels::quads(spec.dtype == DType::I8) else { return };
        int_gemm::product(
            Extent { m, k: k.div_ceil(4), n },
            |i, l| quad(l, &|l| a.at(i, l)),
            |l, j| quad(l, &|l| b.at(l, j)),
            kernel,
            out,
        );
    })
}

fn pairs<T: Arithmetic + CastTo<i16>>(
    a: &Operand,
    b: &Operand,
    spec: &Matmul,
    finish: &Finish<'_>,
) -> Result<HostBuffer> {
    let k = spec.k;
    packed_product::<T>(a, b, spec, finish, |a, b, m, n, out| {
        let pair = |l: usize, at: &dyn Fn(usize) -> T| -> Pair {
            let second = if 2 * l + 1 < k { at(2 * l + 1) } else { T::ZERO };
            [at(2 * l).cast_to(), second.cast_to()]
        };
        int_gemm::product(
            Extent { m, k: k.div_ceil(2), n },
            |i, l| pair(l, &|l| a.at(i, l)),
            |l, j| pair(l, &|l| b.at(l, j)),
            Kernel { tile: microkernels::pairs, start: None },
            out,
        );
    })
}

/// Counts of common bits of rows and columns of words.
///
/// # Errors
/// As [`matmul`].
pub fn matmul_bits(a: &Operand, b: &Operand, spec: &Matmul, finish: &Finish<'_>) -> Result<HostBuffer> {
    packed_product::<u32>(a, b, spec, finish, |a, b, m, n, out| {
        let k = spec.k;
        if let Some(kernel) = microkernels::counted() {
            return int_gemm::product(Extent { m, k, n }, |i, l| a.at(i, l), |l, j| b.at(l, j), kernel, out);
        }
        let extent = Extent { m, k: k.next_multiple_of(GROUP), n };
        let left = |i, l| if l < k { a.at(i, l) } else { 0 };
        let right = |l, j| if l < k { b.at(l, j) } else { 0 };
        int_gemm::product(extent, left, right, Kernel { tile: microkernels::bits, start: None }, out);
    })
}

/// Products of a batch, one after the other, of 32-bit integers.
fn packed_product<T: Arithmetic>(
    a: &Operand,
    b: &Operand,
    spec: &Matmul,
    finish: &Finish<'_>,
    product: impl Fn(Matrix<'_, T>, Matrix<'_, T>, usize, usize, int_gemm::Out<'_>),
) -> Result<HostBuffer> {
    let &Matmul { m, n, .. } = spec;
    let batch: usize = spec.batch.iter().product();
    let mut out = HostBuffer::unwritten(finish.dtype, batch * m * n)?;
    let (a, b) = (Matrices::<T>::of(a)?, Matrices::<T>::of(b)?);
    // A matrix without elements has no chunks.
    let matrix = (m * n * finish.dtype.size()).max(1);
    for (i, bytes) in out.bytes_mut().chunks_exact_mut(matrix).enumerate() {
        product(a.matrix(i), b.matrix(i), m, n, int_gemm::Out { bytes, first: i * m * n, finish });
    }
    Ok(out)
}

/// Products of real floats.
fn floats<T: Gemm>(a: &Operand, b: &Operand, spec: &Matmul, finish: &Finish<'_>) -> Result<HostBuffer> {
    let extent = Extent { m: spec.m, k: spec.k, n: spec.n };
    real(&Matrices::<T>::of(a)?, &Matrices::<T>::of(b)?, &spec.batch, extent, 1, finish)
}

/// Products of complex numbers, as real ones: with rows of the left operand as they lie in memory, (re, im, re, ...), and
/// two rows, (re, im, re, ...) and (-im, re, -im, ...), for each one of the right operand, so do rows of the result.
fn complex<C: Element<Repr = C> + Pod, T: Gemm>(
    a: &Operand,
    b: &Operand,
    spec: &Matmul,
    finish: &Finish<'_>,
) -> Result<HostBuffer> {
    let &Matmul { m, k, n, .. } = spec;
    let (a, b) = (Matrices::<C>::of(a)?, Matrices::<C>::of(b)?);
    let batch = &spec.batch[..];
    let copy;
    let left: View<'_, T> = if a.column_step == 1 || k == 1 {
        let mut strides: Strides = a.view.strides.iter().map(|step| 2 * step).collect();
        strides[batch.len() + 1] = 1;
        View {
            data: bytemuck::cast_slice(a.view.data),
            strides,
            offset: 2 * a.view.offset,
            ..dense(batch, m, 2 * k)
        }
    } else {
        copy = a.view.dense();
        View { data: bytemuck::cast_slice(&copy), ..dense(batch, m, 2 * k) }
    };
    // A matrix that all products share is written once.
    let shared = b.view.strides[..batch.len()].iter().all(|&step| step == 0);
    let count = if shared { 1 } else { batch.iter().product() };
    let mut rows = HostBuffer::unwritten(T::DTYPE, count * 4 * k * n)?;
    let pair = (4 * n * size_of::<T>()).max(1);
    let share = worth_sharing(count * k, n);
    for_each_chunk(rows.bytes_mut(), pair, share, &|| vec![C::zeroed(); n], &|line, i, out| {
        b.view.copy(i * n, line);
        let (first, second) = bytemuck::cast_slice_mut::<u8, T>(out).split_at_mut(2 * n);
        let parts = bytemuck::cast_slice::<C, T>(line).as_chunks().0;
        for ((&[re, im], first), second) in
            parts.iter().zip(first.as_chunks_mut().0).zip(second.as_chunks_mut().0)
        {
            (*first, *second) = ([re, im], [im.negated(), re]);
        }
    });
    let mut right = View { data: rows.as_repr::<T>()?, ..dense(batch, 2 * k, 2 * n) };
    if shared {
        right.strides[..batch.len()].fill(0);
    }
    let extent = Extent { m, k: 2 * k, n: 2 * n };
    real::<T>(&Matrices::new(left), &Matrices::new(right), batch, extent, 2, finish)
}

/// Products of real matrices. An element of the result, and of the output, is `parts` of their elements.
fn real<T: Gemm>(
    a: &Matrices<'_, T>,
    b: &Matrices<'_, T>,
    batch: &[usize],
    extent: Extent,
    parts: usize,
    finish: &Finish<'_>,
) -> Result<HostBuffer> {
    let Extent { m, k, n } = extent;
    let (batch, width, size) = (batch.iter().product::<usize>(), n / parts, finish.dtype.size());
    let mut out = HostBuffer::unwritten(finish.dtype, batch * m * width)?;
    let scratch = || finish.scratch();
    if k == 0 {
        for_each_chunk(out.bytes_mut(), m * width * size, batch > 1, &scratch, &|scratch, i, out| {
            finish.run::<T>(scratch, i * m * width, out, |out| out.fill(T::ZERO));
        });
        return Ok(out);
    }
    let work = m.saturating_mul(n).saturating_mul(k);
    // A batch is shared product by product, where it has enough of them for any machine's threads.
    let by_batch = (batch >= MANY || work < LARGE) && worth_sharing(batch, work);
    let pieces = if by_batch || work < LARGE { Some(Pieces::Whole) } else { pieces(m, n, work) };
    // Rows and columns of one product, to where its first element and its next row go.
    let product = |matrix: usize, rows: Range<usize>, columns: Range<usize>, to: *mut T, row: usize| {
        let (a, b) = (a.matrix(matrix), b.matrix(matrix));
        let parallelism = if pieces.is_none() { Parallelism::Rayon(0) } else { Parallelism::None };
        // SAFETY: `Matrices` checked that every element that the strides reach lies in its buffer, and neither operand is
        // empty; the callers below give room for these rows and columns.
        detached(|| unsafe {
            T::gemm(
                [rows.len(), k, columns.len()],
                (to, row as isize),
                (
                    a.data.as_ptr().offset(a.start + rows.start as isize * a.row_step),
                    a.row_step,
                    a.column_step,
                ),
                (
                    b.data.as_ptr().offset(b.start + columns.start as isize * b.column_step),
                    b.row_step,
                    b.column_step,
                ),
                parallelism,
            );
        });
    };
    let Some(pieces) = pieces else {
        for (i, out) in out.bytes_mut().chunks_exact_mut(m * width * size).enumerate() {
            product(i, 0..m, 0..n, bytemuck::cast_slice_mut(out).as_mut_ptr(), n);
            finish.run_all(i * m * width, out);
        }
        return Ok(out);
    };
    let group = (LARGE / 16 / work).max(1);
    for_each_chunk(out.bytes_mut(), group * m * width * size, by_batch, &scratch, &|_, first, out| {
        for (i, out) in out.chunks_exact_mut(m * width * size).enumerate() {
            let matrix = first * group + i;
            // A pointer that threads may share.
            let out = AtomicPtr::new(out.as_mut_ptr());
            for_each(0..pieces.number(m, n), !by_batch, &scratch, &|scratch, piece| {
                let (rows, columns) = pieces.get(piece, m, n);
                let at = rows.start * width + columns.start / parts;
                let first = matrix * m * width + at;
                let region = Region { first, rows: rows.len(), columns: columns.len() / parts, pitch: width };
                // SAFETY: `out` holds m × width elements, row-major, which are ours alone, and no two pieces have an
                // element in common.
                unsafe {
                    finish.run_region(scratch, region, out.load(Relaxed).add(at * size), |to, row| {
                        product(matrix, rows, columns, to, row * parts);
                    });
                }
            });
        }
    });
    Ok(out)
}

/// How a product is cut: into so many rows or columns each.
#[derive(Clone, Copy)]
enum Pieces {
    Whole,
    Rows(usize),
    Columns(usize),
}

impl Pieces {
    fn number(self, m: usize, n: usize) -> usize {
        match self {
            Pieces::Whole => 1,
            Pieces::Rows(size) => m.div_ceil(size),
            Pieces::Columns(size) => n.div_ceil(size),
        }
    }

    fn get(self, piece: usize, m: usize, n: usize) -> (Range<usize>, Range<usize>) {
        let part = |length: usize, size: usize| piece * size..length.min((piece + 1) * size);
        match self {
            Pieces::Whole => (0..m, 0..n),
            Pieces::Rows(size) => (part(m, size), 0..n),
            Pieces::Columns(size) => (0..m, part(n, size)),
        }
    }
}

/// Is a product better cut by `gemm`? It packs an operand once for all threads, which tells in large products, and waits
/// for them, which tells in small ones.
fn gemm_cuts(m: usize, n: usize, work: usize) -> bool {
    // An operand that is long and narrow costs little to pack again, and so does one of a small result.
    work > HUGE && m.max(n) / m.min(n) < 8 && m * n > SMALL
}

/// How to cut a product for threads to share, unless `gemm` does.
fn pieces(m: usize, n: usize, work: usize) -> Option<Pieces> {
    if gemm_cuts(m, n, work) {
        return None;
    }
    Some(if m >= n {
        Pieces::Rows((PIECE / (work / m)).min(CACHED / n).max(2 * ROWS).next_multiple_of(ROWS))
    } else {
        Pieces::Columns((PIECE / (work / n)).min(CACHED / m).max(2 * COLUMNS).next_multiple_of(COLUMNS))
    })
}
