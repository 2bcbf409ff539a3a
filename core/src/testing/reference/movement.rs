//! What moves elements: gathers, joins, creation.

use super::Want;
use crate::dtype::{DType, Scalar, promote};
use crate::testing::samples::{Plain, ravel, unravel};

fn count(shape: &[usize]) -> usize {
    shape.iter().product()
}

fn wrap(axis: isize, n: usize) -> usize {
    if axis < 0 { (n as isize + axis) as usize } else { axis as usize }
}

/// Elements at indices along an axis; of the flattened array without one.
pub fn take(x: &Plain, indices: &Plain, axis: Option<isize>) -> Want {
    let flat = Plain { shape: vec![x.data.len()], ..x.clone() };
    let (x, axis) = axis.map_or((&flat, 0), |axis| (x, wrap(axis, x.shape.len())));
    let mut shape = x.shape.clone();
    shape.splice(axis..=axis, indices.shape.iter().copied());
    let element = |i: usize| {
        let mut index = unravel(i, &shape);
        let within: Vec<usize> = index.splice(axis..axis + indices.shape.len(), [0]).collect();
        let at = indices.data[ravel(&within, &indices.shape)].to_i128().expect("indices are integers");
        index[axis] = wrap(at as isize, x.shape[axis]);
        x.data[ravel(&index, &x.shape)]
    };
    Want::exact(Plain::new(x.dtype, &shape, (0..count(&shape)).map(element)))
}

/// The elements, or rows, where a mask is set.
pub fn select(x: &Plain, mask: &Plain) -> Want {
    let rest = &x.shape[mask.shape.len()..];
    let size = count(rest);
    let set = (0..mask.data.len()).filter(|&i| mask.data[i] == Scalar::Bool(true));
    let data: Vec<Scalar> = set.flat_map(|i| x.data[i * size..(i + 1) * size].to_vec()).collect();
    let kept = mask.data.iter().filter(|&&m| m == Scalar::Bool(true)).count();
    Want::exact(Plain::new(x.dtype, &[&[kept], rest].concat(), data))
}

/// Arrays one after another.
pub fn concat(parts: &[Plain], axis: isize) -> Want {
    let axis = wrap(axis, parts[0].shape.len());
    let dtype = parts.iter().map(|part| part.dtype).reduce(promote).expect("there is one");
    let mut shape = parts[0].shape.clone();
    shape[axis] = parts.iter().map(|part| part.shape[axis]).sum();
    let element = |i: usize| {
        let mut index = unravel(i, &shape);
        let mut part = 0;
        while index[axis] >= parts[part].shape[axis] {
            index[axis] -= parts[part].shape[axis];
            part += 1;
        }
        parts[part].data[ravel(&index, &parts[part].shape)]
    };
    Want::exact(Plain::new(dtype, &shape, (0..count(&shape)).map(element)))
}

/// Arrays along a new axis.
pub fn stack(parts: &[Plain], axis: isize) -> Want {
    let axis = wrap(axis, parts[0].shape.len() + 1);
    let longer = |part: &Plain| {
        let mut shape = part.shape.clone();
        shape.insert(axis, 1);
        Plain { shape, ..part.clone() }
    };
    concat(&parts.iter().map(longer).collect::<Vec<_>>(), axis as isize)
}

/// One value everywhere.
pub fn full(shape: &[usize], value: Scalar, dtype: DType) -> Want {
    Want::exact(Plain::new(dtype, shape, (0..count(shape)).map(|_| value)))
}

/// 0, 1, … n − 1.
pub fn indices(n: usize) -> Want {
    Want::exact(Plain::new(DType::I64, &[n], (0..n).map(|i| Scalar::I64(i as i64))))
}
