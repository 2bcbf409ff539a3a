//! `x[key]` and `x[key] = value`: slices, new axes, masks and arrays of indices, mixed as NumPy mixes them.
use polyarray::{self as np, Array, DType, Item, Slice};
use pyo3::exceptions::{PyIndexError, PyTypeError};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyEllipsis, PyList, PySlice, PyTuple};
use smallvec::SmallVec;

use crate::array::PyArray;
use crate::errors::Raise;
use crate::operand::{broadcast, is_numpy, operand, operand_beside};
use crate::work;

/// One part of a key.
enum Part {
    Basic(Item),
    /// Indices, or a mask.
    Array(Array),
}

fn part(given: &Bound<'_, PyAny>) -> PyResult<Part> {
    if given.is_none() {
        return Ok(Part::Basic(Item::NewAxis));
    }
    if given.is_instance_of::<PyEllipsis>() {
        return Ok(Part::Basic(Item::Ellipsis));
    }
    if let Ok(slice) = given.cast::<PySlice>() {
        let end = |name: &str| -> PyResult<Option<isize>> {
            let value = slice.getattr(name)?;
            if value.is_none() { Ok(None) } else { value.extract().map(Some) }
        };
        let step = end("step")?.unwrap_or(1);
        return Ok(Part::Basic(Item::Slice { start: end("start")?, stop: end("stop")?, step }));
    }
    let sequence = given.is_instance_of::<PyList>();
    let numpy = is_numpy(given)?;
    if given.is_instance_of::<PyBool>() || given.is_instance_of::<PyArray>() || sequence || numpy {
        let mut array = match given.extract::<bool>() {
            Ok(mask) if given.is_instance_of::<PyBool>() => np::full((), mask, ()).raise()?,
            _ => operand(given)?,
        };
        // An empty list has NumPy's default dtype, which is no integer.
        if sequence && array.is_empty() {
            array = np::astype(&array, DType::I64).raise()?;
        }
        if !array.dtype().is_int() && array.dtype() != DType::Bool {
            return Err(PyIndexError::new_err(format!(
                "arrays of indices are of integers or of bool, not of {}",
                array.dtype()
            )));
        }
        // An integer without axes is an index like any other, unless its value would have to be read from a device.
        if array.ndim() == 0 && array.dtype().is_int() {
            let at = array.item().raise()?.to_i128().and_then(|at| isize::try_from(at).ok());
            return Ok(Part::Basic(Item::At(at.unwrap_or(isize::MAX))));
        }
        return Ok(Part::Array(array));
    }
    match given.extract::<isize>() {
        Ok(at) => Ok(Part::Basic(Item::At(at))),
        Err(_) => {
            let kind = given.get_type();
            Err(PyIndexError::new_err(format!(
                "{kind} is no index; there are integers, slices, `...`, None, and arrays of integers or of bool"
            )))
        }
    }
}

/// A key in parts, with all axes named.
struct Key {
    parts: Vec<Part>,
}

impl Key {
    fn of(x: &Array, given: &Bound<'_, PyAny>) -> PyResult<Key> {
        let mut parts: Vec<Part> = match given.cast::<PyTuple>() {
            Ok(items) => items.iter().map(|item| part(&item)).collect::<PyResult<_>>()?,
            Err(_) => vec![part(given)?],
        };
        let ellipses = parts.iter().filter(|part| matches!(part, Part::Basic(Item::Ellipsis))).count();
        if ellipses > 1 {
            return Err(PyIndexError::new_err("a key has one `...` at most"));
        }
        let named: usize = parts.iter().map(Part::axes).sum();
        if named > x.ndim() {
            return Err(PyIndexError::new_err(format!(
                "{named} indices of an array with {} axes, of shape {:?}",
                x.ndim(),
                x.shape()
            )));
        }
        if parts.iter().any(|part| matches!(part, Part::Array(_))) {
            fit_masks(x, &mut parts, named)?;
            let all =
                std::iter::repeat_with(|| Part::Basic(Item::Slice { start: None, stop: None, step: 1 }));
            let at = parts.iter().position(|part| matches!(part, Part::Basic(Item::Ellipsis)));
            // It stays in front of the axes that it stands for: arrays on both sides of it do not stand side by side, even where
            // it stands for none.
            let at = at.map_or(parts.len(), |at| at + 1);
            parts.splice(at..at, all.take(x.ndim() - named));
        }
        Ok(Key { parts })
    }

    fn basic(&self) -> Option<Slice> {
        let item = |part: &Part| match part {
            Part::Basic(item) => Some(*item),
            Part::Array(_) => None,
        };
        self.parts.iter().map(item).collect::<Option<SmallVec<_>>>().map(Slice)
    }
}

impl Part {
    /// How many axes it stands for.
    fn axes(&self) -> usize {
        match self {
            Part::Basic(Item::At(_) | Item::Slice { .. }) => 1,
            Part::Basic(_) => 0,
            Part::Array(mask) if mask.dtype() == DType::Bool => mask.ndim(),
            Part::Array(_) => 1,
        }
    }
}

/// A key with arrays: first a slice, then indices of some of its axes, which are moved to the front.
struct Advanced {
    slice: Slice,
    /// The axes of the sliced array in order, the indexed ones first.
    order: SmallVec<[isize; 4]>,
    indices: Vec<Array>,
    /// Where the axes of the indices go: between the others if they stand side by side, to the front if not.
    at: usize,
}

impl Advanced {
    fn of(x: &Array, key: &Key) -> PyResult<Advanced> {
        let mut slice = SmallVec::new();
        let (mut indexed, mut others): (SmallVec<[isize; 4]>, SmallVec<[isize; 4]>) = Default::default();
        let mut indices = Vec::new();
        let (mut axis, mut out) = (0, 0);
        // The groups of parts that are arrays or integers, which are arrays without axes here.
        let (mut groups, mut inside, mut before) = (0, false, 0);
        for part in &key.parts {
            let advanced = matches!(part, Part::Array(_) | Part::Basic(Item::At(_)));
            if advanced && !inside {
                groups += 1;
                before = if groups == 1 { others.len() } else { before };
            }
            inside = advanced;
            match part {
                Part::Array(array) => {
                    if array.dtype() == DType::Bool && array.ndim() == 0 {
                        // A mask without axes adds one, which has one element or none.
                        slice.push(Item::NewAxis);
                        let count = usize::from(array.item().raise()?.to_f64() != 0.0);
                        indices.push(np::zeros(count, np::dtype(DType::I64)).raise()?);
                        indexed.push(out);
                        out += 1;
                        continue;
                    }
                    let axes = part.axes();
                    if array.dtype() == DType::Bool {
                        indices.extend(np::nonzero(array).raise()?);
                    } else {
                        indices.push(array.clone());
                    }
                    for _ in 0..axes {
                        slice.push(Item::Slice { start: None, stop: None, step: 1 });
                        indexed.push(out);
                        out += 1;
                    }
                    axis += axes;
                }
                Part::Basic(Item::At(at)) => {
                    let (len, at) = (x.shape()[axis] as isize, *at);
                    if at < -len || at >= len {
                        return Err(PyIndexError::new_err(format!(
                            "index {at} is out of bounds for axis {axis} of length {len}"
                        )));
                    }
                    // A slice of one element, so that the value need not be uploaded with the indices.
                    slice.push(Item::Slice {
                        start: Some(at),
                        stop: if at == -1 { None } else { Some(at + 1) },
                        step: 1,
                    });
                    indices.push(np::full((), 0i64, ()).raise()?);
                    indexed.push(out);
                    (axis, out) = (axis + 1, out + 1);
                }
                Part::Basic(Item::Ellipsis) => {}
                Part::Basic(item) => {
                    slice.push(*item);
                    others.push(out);
                    out += 1;
                    axis += part.axes();
                }
            }
        }
        let shapes: Vec<&[usize]> = indices.iter().map(Array::shape).collect();
        if broadcast(&shapes).is_none() {
            return Err(PyIndexError::new_err(format!(
                "arrays of indices of shapes {shapes:?} do not broadcast"
            )));
        }
        let at = if groups == 1 { before } else { 0 };
        // Indices live where the array does.
        for index in &mut indices {
            if index.residency() != x.residency() {
                *index = index.to(np::Device::from(x.residency())).raise()?;
            }
        }
        indexed.extend(others);
        Ok(Advanced { slice: Slice(slice), order: indexed, indices, at })
    }

    /// How many axes the indices have together.
    fn axes(&self) -> usize {
        self.indices.iter().map(Array::ndim).max().unwrap_or(0)
    }

    fn get(&self, x: &Array) -> np::Result<Array> {
        let moved = x.slice(self.slice.clone())?.permute(self.order.clone())?;
        let found = np::get_items(&moved, &self.indices)?;
        if self.at == 0 {
            return Ok(found);
        }
        let (n, at) = (self.axes(), self.at);
        let order: SmallVec<[isize; 4]> =
            (n..n + at).chain(0..n).chain(n + at..found.ndim()).map(|axis| axis as isize).collect();
        found.permute(order)
    }

    fn set(&self, x: &mut Array, value: &Array) -> np::Result<()> {
        let part = x.slice(self.slice.clone())?;
        let mut moved = part.permute(self.order.clone())?;
        let value = if self.at == 0 { value.clone() } else { self.value_in_front(&moved, value)? };
        moved.set_items(&self.indices, &value)?;
        // Back in the order of the axes.
        let mut back: SmallVec<[isize; 4]> = SmallVec::from_elem(0, self.order.len());
        for (place, &axis) in self.order.iter().enumerate() {
            back[axis as usize] = place as isize;
        }
        let written = moved.permute(back)?;
        drop(part);
        x.assign(self.slice.clone(), &written)
    }

    /// A value in the order of a key's result, with the axes of the indices in front.
    fn value_in_front(&self, moved: &Array, value: &Array) -> np::Result<Array> {
        let (n, at) = (self.axes(), self.at);
        let ndim = n + moved.ndim() - self.indices.len();
        if value.ndim() == 0 {
            return Ok(value.clone());
        }
        let mut shape: SmallVec<[isize; 4]> = SmallVec::from_elem(1, ndim.saturating_sub(value.ndim()));
        shape.extend(value.shape().iter().map(|&len| len as isize));
        let order: SmallVec<[isize; 4]> =
            (at..at + n).chain(0..at).chain(at + n..ndim).map(|axis| axis as isize).collect();
        value.reshape(shape)?.permute(order)
    }
}

/// Masks are as long as the axes that they stand for; one without elements, as the array API has it, chooses none of them.
fn fit_masks(x: &Array, parts: &mut [Part], named: usize) -> PyResult<()> {
    let mut axis = 0;
    for part in parts {
        let axes = if matches!(part, Part::Basic(Item::Ellipsis)) { x.ndim() - named } else { part.axes() };
        if let Part::Array(mask) = part
            && mask.dtype() == DType::Bool
        {
            let lengths = &x.shape()[axis..axis + axes];
            if mask.shape().iter().zip(lengths).any(|(&len, &of)| len != of && len != 0) {
                let of = mask.shape();
                return Err(PyIndexError::new_err(format!(
                    "a mask of shape {of:?} for axes of lengths {lengths:?}; they are to be equal"
                )));
            }
            if mask.shape() != lengths {
                *mask = np::zeros(lengths, np::dtype(DType::Bool)).raise()?;
            }
        }
        axis += axes;
    }
    Ok(())
}

#[pymethods]
impl PyArray {
    fn __getitem__(&self, py: Python<'_>, key: &Bound<'_, PyAny>) -> PyResult<PyArray> {
        let x = self.array();
        let key = Key::of(&x, key)?;
        if let Some(slice) = key.basic() {
            return x.slice(slice).raise().map(PyArray::new);
        }
        if let [Part::Array(mask)] = &key.parts[..]
            && mask.dtype() == DType::Bool
            && mask.ndim() > 0
        {
            let mask = beside(mask, &x).raise()?;
            let long = work::calls_long([&x, &mask].into_iter());
            return work::wait(py, long, move || np::select(&x, &mask)).map(PyArray::new);
        }
        let advanced = Advanced::of(&x, &key)?;
        let long = work::calls_long(std::iter::once(&x));
        work::wait(py, long, move || advanced.get(&x)).map(PyArray::new)
    }

    fn __setitem__(&self, key: &Bound<'_, PyAny>, value: &Bound<'_, PyAny>) -> PyResult<()> {
        let mut value = operand_beside(value, Some(self.residency()))?;
        self.update(|x| {
            if !value.is_weak() && value.dtype().kind() > x.dtype().kind() {
                return Err(PyTypeError::new_err(format!(
                    "{} is not written to an array of {}",
                    value.dtype(),
                    x.dtype()
                )));
            }
            let key = Key::of(x, key)?;
            if let Some(slice) = key.basic() {
                return x.assign(slice, &value).raise();
            }
            let one = value.ndim() == 0;
            if one && let Some(mask) = whole_mask(x, &key) {
                let value = in_dtype(&value, x.dtype()).raise()?;
                *x = np::where_(&beside(&mask, x).raise()?, &value, &*x).raise()?;
                return Ok(());
            }
            value = in_dtype(&value, x.dtype()).raise()?;
            Advanced::of(x, &key)?.set(x, &value).raise()
        })
    }

    fn __delitem__(&self, _key: &Bound<'_, PyAny>) -> PyResult<()> {
        Err(PyTypeError::new_err("elements of arrays can't be deleted; use delete()"))
    }
}

/// A value with the array's own dtype; a scalar stays one.
fn in_dtype(value: &Array, dtype: DType) -> np::Result<Array> {
    if value.dtype() == dtype || value.is_weak() && value.dtype().kind() <= dtype.kind() {
        Ok(value.clone())
    } else {
        np::astype(value, dtype)
    }
}

/// The mask of a key that is nothing else, with the axes of the array.
fn whole_mask(x: &Array, key: &Key) -> Option<Array> {
    match &key.parts[..] {
        [Part::Array(mask), rest @ ..]
            if mask.dtype() == DType::Bool
                && mask.ndim() > 0
                && x.shape().starts_with(mask.shape())
                && rest.iter().all(|part| {
                    matches!(
                        part,
                        Part::Basic(Item::Slice { start: None, stop: None, step: 1 } | Item::Ellipsis)
                    )
                }) =>
        {
            let mut shape: SmallVec<[isize; 4]> = mask.shape().iter().map(|&len| len as isize).collect();
            shape.resize(x.ndim(), 1);
            mask.reshape(shape).ok()
        }
        _ => None,
    }
}

/// A mask where the array lives.
fn beside(mask: &Array, x: &Array) -> np::Result<Array> {
    if mask.residency() == x.residency() {
        Ok(mask.clone())
    } else {
        mask.to(np::Device::from(x.residency()))
    }
}
