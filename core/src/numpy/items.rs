//! Elements by arrays of indices, read and written, as NumPy's `x[i, j]`.

use super::creation::erased_indices;
use super::manipulation::{cast, flat, home, strong, strong_beside};
use super::options::Axis;
use super::updates::{check_bounds, from_start};
use super::{Bounds, Gather, Update, add, astype, multiply, nonzero, scatter, take, where_};
use crate::array::{Array, Operandlike};
use crate::device::Marker;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::expr::axes::wrap_axis;
use crate::memory::layout::broadcast;
use crate::multimethod;
use smallvec::SmallVec;

multimethod! {
    domain "numpy";

    /// The elements of `x` at indices: one array of integers for each of its first axes, broadcast against each other. The result
    /// has their shape, followed by the axes of `x` that are not indexed. Negative ones count from the end. A mask (an array of bool)
    /// stands for the indices of its true elements along as many axes as it has. **Evaluates the indices.** The dtype
    /// is that of `x`.
    ///
    /// NumPy: `x[indices]`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let x = Array::from([[1, 2], [3, 4]]);
    /// assert_eq!(np::get_items(&x, &[[0, 1], [1, 0]])?.to_vec::<i32>()?, [2, 3]); // x[0, 1] and x[1, 0]
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Index`] out of bounds; [`Error::DType`] for indices of another dtype; [`Error::Shape`] if they don't
    /// broadcast, are too many, or a mask has other lengths than the axes it stands for.
    pub fn get_items(x: &Array, indices: &[Array]) -> Result<Array> {
        let items = Items::of("get_items", x, indices)?;
        take(&items.matrix.reshape(items.split(x, items.rest()))?, &items.at, Gather::from(0).clip())
    }

    /// A copy of `x` in which the elements at indices, as [`get_items()`] takes them, have met `values`, which
    /// broadcast to them and are cast to the dtype of `x`. Of several values for one element, [`Update::Put`] keeps the last.
    /// **Evaluates the indices.**
    ///
    /// NumPy: `ufunc.at(x, indices, values)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let x = Array::from([0, 0, 0]);
    /// let y = np::update_items(&x, &[[0, 2, 0]], 1, np::Update::Add)?;
    /// assert_eq!(y.to_vec::<i32>()?, [2, 0, 1]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`get_items()`]; [`Error::Shape`] if `values` don't broadcast.
    pub fn update_items(x: &Array, indices: &[Array], values: &Array, by: Update) -> Result<Array> {
        let x = strong(x)?;
        let values = cast(&strong_beside(values, &x)?, x.dtype())?;
        // A mask and one value: nothing has to be counted.
        if let ([mask], Update::Put, 1) = (indices, by, values.len())
            && mask.dtype() == DType::Bool
            && mask.ndim() <= x.ndim()
            && mask.shape() == &x.shape()[..mask.ndim()]
        {
            let mask = (mask.ndim()..x.ndim()).try_fold(mask.clone(), |mask, axis| mask.expand_dims(axis as isize))?;
            return where_(&mask, &values.reshape(())?, &x);
        }
        let items = Items::of("update_items", &x, indices)?;
        let rest = items.rest();
        let shape: Vec<usize> = items.at.shape().iter().chain(rest).copied().collect();
        let size: usize = rest.iter().product();
        let place = home(&x);
        let mut at = items.at.clone();
        if size != 1 || !rest.is_empty() {
            for _ in rest {
                at = at.expand_dims(at.ndim() as isize)?;
            }
            at = add(&multiply(&at, size as i64)?, &erased_indices(size, &place)?.reshape(rest)?)?;
        }
        let mut values = values;
        while values.ndim() > shape.len() && values.shape()[0] == 1 {
            values = values.squeeze(0)?;
        }
        scatter(&x, &at.broadcast_to(&shape)?, &values.broadcast_to(&shape)?, by)
    }

    /// Of each row along an axis the elements at the indices of that row: arrays of as many axes, which broadcast against each
    /// other but for that axis. What `argsort` gives, sorts. **Evaluates the indices.** The dtype is that of `x`.
    ///
    /// NumPy: `take_along_axis(x, indices, axis)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let x = Array::from([[30, 10], [20, 40]]);
    /// let order = np::argsort(&x, 1)?;
    /// assert_eq!(np::take_along_axis(&x, &order, 1)?.to_vec::<i32>()?, [10, 30, 20, 40]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Index`] out of bounds; [`Error::DType`] if they are no integers; [`Error::Shape`] if they don't
    /// broadcast; [`Error::Axis`] out of range.
    pub fn take_along_axis(x: &Array, indices: &Array, axis: Axis) -> Result<Array> {
        let (x, at) = along_axis("take_along_axis", x, indices, axis)?;
        take(&flat(&x)?, &at, Gather::from(0).clip())
    }

    /// A copy of `x` with `values`, which broadcast to the indices, at the elements that [`take_along_axis()`] gives.
    /// **Evaluates the indices.**
    ///
    /// NumPy: `put_along_axis(x, indices, values, axis)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let x = Array::from([[10, 30], [60, 40]]);
    /// let largest = np::argmax(&x, np::axis(1).keepdims())?;
    /// assert_eq!(np::put_along_axis(&x, &largest, 99, 1)?.to_vec::<i32>()?, [10, 99, 99, 40]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`take_along_axis()`]; [`Error::Shape`] if `values` don't broadcast.
    pub fn put_along_axis(x: &Array, indices: &Array, values: &Array, axis: Axis) -> Result<Array> {
        let shape = x.shape();
        let (x, at) = along_axis("put_along_axis", x, indices, axis)?;
        if x.shape() != shape {
            return Err(Error::Shape {
                op: "put_along_axis",
                operands: format!("x: {shape:?}, indices: {:?}", indices.shape()),
                fix: "indices broadcast to the array that is written to".into(),
            });
        }
        scatter(&x, &at, &strong_beside(values, &x)?.broadcast_to(at.shape())?, Update::Put)
    }

    /// A copy of `x` with `values` at indices of the flattened array, again and again if there are less of them.
    /// **Evaluates the indices.**
    ///
    /// NumPy: `put(x, indices, values, mode)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let x = Array::from([0, 1, 2, 3, 4]);
    /// assert_eq!(np::put(&x, [0, 2], [-44, -55], ())?.to_vec::<i32>()?, [-44, 1, -55, 3, 4]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Index`] out of bounds, where that is not clipped or wrapped; [`Error::DType`] if they are no integers.
    pub fn put(x: &Array, indices: &Array, values: &Array, bounds: Bounds) -> Result<Array> {
        let (x, indices) = (strong(x)?, strong(indices)?);
        if !indices.dtype().is_int() {
            return Err(no_integers("put", &indices));
        }
        if values.is_empty() || indices.is_empty() {
            return super::copy(&x);
        }
        let values = super::resize(&strong_beside(values, &x)?, indices.shape())?;
        let brought = super::indexing::bring(&indices, x.len(), bounds)?;
        scatter(&x, brought.as_ref().unwrap_or(&indices), &values, Update::Put)
    }

    /// A copy of `x` with the first `values` where a mask is true, one after the other, again and again if there are
    /// less of them. **Evaluates the mask.**
    ///
    /// NumPy: `place(x, mask, values)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let x = Array::from([1, 2, 3, 4]);
    /// let y = np::place(&x, &np::greater(&x, 2)?, [10, 20])?;
    /// assert_eq!(y.to_vec::<i32>()?, [1, 2, 10, 20]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Shape`] if the mask has another shape; [`Error::Argument`] for no values.
    pub fn place(x: &Array, mask: &Array, values: &Array) -> Result<Array> {
        let (x, mask) = masked("place", x, mask, values)?;
        let at = super::flat_nonzero(&mask)?;
        put(&x, &at, values, Bounds::Raise)
    }

    /// A copy of `x` with `values` where a mask is true: the value at the same place of the flattened array, again and again
    /// if there are less of them.
    ///
    /// NumPy: `putmask(x, mask, values)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let x = Array::from([1, 2, 3, 4]);
    /// let y = np::putmask(&x, &np::greater(&x, 2)?, [10, 20, 30, 40])?;
    /// assert_eq!(y.to_vec::<i32>()?, [1, 2, 30, 40]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Shape`] if the mask has another shape; [`Error::Argument`] for no values.
    pub fn putmask(x: &Array, mask: &Array, values: &Array) -> Result<Array> {
        let (x, mask) = masked("putmask", x, mask, values)?;
        let values = super::resize(&cast(&strong_beside(values, &x)?, x.dtype())?, x.shape())?;
        where_(&mask, &values, &x)
    }
}

fn no_integers(op: &'static str, indices: &Array) -> Error {
    Error::DType {
        op,
        operands: format!("indices of {}", indices.dtype()),
        fix: "indices are integers; cast them with astype".into(),
    }
}

fn masked(op: &'static str, x: &Array, mask: &Array, values: &Array) -> Result<(Array, Array)> {
    let x = strong(x)?;
    if mask.shape() != x.shape() {
        return Err(Error::Shape {
            op,
            operands: format!("x: {:?}, mask: {:?}", x.shape(), mask.shape()),
            fix: "the mask has the shape of the array".into(),
        });
    }
    if values.is_empty() && !x.is_empty() {
        return Err(Error::Argument { op, operands: "no values".into(), fix: "give at least one".into() });
    }
    Ok((x, super::elementwise::truth(mask)?))
}

/// Indices of the first axes of an array as one: row-major positions, in bounds.
struct Items {
    at: Array,
    /// The array.
    matrix: Array,
    axes: usize,
}

impl Items {
    fn of(op: &'static str, x: &Array, indices: &[Array]) -> Result<Items> {
        let x = strong(x)?;
        let bad = |fix: &str| {
            let shapes: Vec<&[usize]> = indices.iter().map(Array::shape).collect();
            Error::Shape { op, operands: format!("x: {:?}, indices: {shapes:?}", x.shape()), fix: fix.into() }
        };
        let mut each: Vec<(Array, bool)> = Vec::new();
        for index in indices {
            if index.dtype() == DType::Bool {
                let axes = each.len()..each.len() + index.ndim();
                if index.ndim() == 0 || x.shape().get(axes) != Some(index.shape()) {
                    return Err(bad("a mask has the lengths of the axes that it stands for, at least one"));
                }
                each.extend(nonzero(index)?.into_iter().map(|at| (at, true)));
            } else if index.dtype().is_int() {
                each.push((strong_beside(index, &Array::scalar(0_i64)).or_else(|_| strong(index))?, false));
            } else {
                return Err(Error::DType {
                    op,
                    operands: format!("an index of {}", index.dtype()),
                    fix: "indices are integers, or masks of bool; cast them with astype".into(),
                });
            }
        }
        if each.is_empty() || each.len() > x.ndim() {
            return Err(bad("give at least one array of indices, and at most one for each axis"));
        }
        let mut shape: SmallVec<[usize; 4]> = SmallVec::new();
        for (index, _) in &each {
            shape = broadcast(&shape, index.shape())
                .ok_or_else(|| bad("index arrays must broadcast"))?
                .as_slice()
                .into();
        }
        let mut at: Option<Array> = None;
        for (axis, (index, known)) in each.iter().enumerate() {
            let len = x.shape()[axis];
            let mut own = astype(index, DType::I64)?;
            if !known {
                check_bounds(op, index, axis, -(len as i128), len)?;
                own = from_start(&own, len)?;
            }
            at = Some(match at {
                Some(at) => add(&multiply(&at, len as i64)?, &own)?,
                None => own,
            });
        }
        let at = at.expect("there is one").broadcast_to(&shape[..])?;
        Ok(Items { at, axes: each.len(), matrix: x })
    }

    /// The axes that are not indexed.
    fn rest(&self) -> &[usize] {
        &self.matrix.shape()[self.axes..]
    }

    /// The shape with the indexed axes as one.
    fn split(&self, x: &Array, rest: &[usize]) -> Vec<usize> {
        std::iter::once(x.shape()[..self.axes].iter().product()).chain(rest.iter().copied()).collect()
    }
}

/// The array, broadcast against the indices but for the axis, and the positions of its elements that they name.
fn along_axis(op: &'static str, x: &Array, indices: &Array, axis: Axis) -> Result<(Array, Array)> {
    let axis = wrap_axis(op, axis.0, x.ndim())?;
    let bad = |fix: &str| Error::Shape {
        op,
        operands: format!("x: {:?}, indices: {:?}, axis {axis}", x.shape(), indices.shape()),
        fix: fix.into(),
    };
    if indices.ndim() != x.ndim() {
        return Err(bad("indices have as many axes as the array"));
    }
    if !indices.dtype().is_int() {
        return Err(no_integers(op, indices));
    }
    let len = x.shape()[axis];
    check_bounds(op, indices, axis, -(len as i128), len)?;
    let with = |shape: &[usize], n: usize| -> SmallVec<[usize; 4]> {
        let mut shape: SmallVec<[usize; 4]> = shape.into();
        shape[axis] = n;
        shape
    };
    let common = broadcast(&with(x.shape(), 1), &with(indices.shape(), 1))
        .ok_or_else(|| bad("all lengths but that of the axis must broadcast"))?;
    let whole = with(&common, len);
    let at = from_start(&astype(indices, DType::I64)?, len)?;
    let mut at = at.broadcast_to(&with(&common, indices.shape()[axis])[..])?;
    // The positions: along the axis the index says, along the others each stands where it is.
    let place = home(x);
    let step = |axis: usize| whole[axis + 1..].iter().product::<usize>() as i64;
    at = multiply(&at, step(axis))?;
    for (other, &n) in common.iter().enumerate() {
        if other != axis && n > 1 {
            let mut own: SmallVec<[usize; 4]> = SmallVec::from_elem(1, common.len());
            own[other] = n;
            at = add(&at, &multiply(&erased_indices(n, &place)?, step(other))?.reshape(&own)?)?;
        }
    }
    Ok((x.broadcast_to(&whole[..])?, at))
}

impl<R: Marker> Array<R> {
    /// The elements at arrays of indices: [`get_items()`](fn@crate::numpy::get_items) as a method.
    ///
    /// ```
    /// use polyarray_core::Array;
    /// # use polyarray_cpu as _;
    /// let x = Array::from([[1, 2], [3, 4]]);
    /// assert_eq!(x.get_items(&[[0, 1], [1, 0]])?.to_vec::<i32>()?, [2, 3]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of the function.
    pub fn get_items(&self, indices: &[impl Operandlike<R>]) -> Result<Array<R>> {
        get_items(self, indices)
    }

    /// Writes `values` to the elements at arrays of indices, or where a mask is true; other handles keep their values.
    ///
    /// NumPy: `x[indices] = values`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let mut x = Array::from([1, 2, 3]);
    /// x.set_items(&[[0, 2]], [10, 30])?;
    /// assert_eq!(x.to_vec::<i32>()?, [10, 2, 30]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`update_items()`](fn@crate::numpy::update_items).
    pub fn set_items(&mut self, indices: &[impl Operandlike<R>], values: impl Operandlike<R>) -> Result<()> {
        self.update_items(indices, values, Update::Put)
    }

    /// Lets the elements at arrays of indices meet `values`; other handles keep their values.
    ///
    /// NumPy: `ufunc.at(x, indices, values)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let mut x = Array::from([0, 0, 0]);
    /// x.update_items(&[[0, 2, 0]], 1, np::Update::Add)?;
    /// assert_eq!(x.to_vec::<i32>()?, [2, 0, 1]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`update_items()`](fn@crate::numpy::update_items).
    pub fn update_items(
        &mut self,
        indices: &[impl Operandlike<R>],
        values: impl Operandlike<R>,
        by: Update,
    ) -> Result<()> {
        *self = update_items(&*self, indices, values, by)?;
        Ok(())
    }
}
