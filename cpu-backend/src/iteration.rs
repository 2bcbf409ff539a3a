//! Walking a strided view in row-major order from any element on.

use polyarray_core::expr::Dims;
use smallvec::SmallVec;

/// The multi-index of the element at a row-major position.
pub fn unravel(mut flat: usize, dims: &[usize]) -> Dims {
    let mut index: Dims = SmallVec::from_elem(0, dims.len());
    for (i, &d) in index.iter_mut().zip(dims).rev() {
        // An axis of length 0 has no element to stand on.
        *i = flat % d.max(1);
        flat /= d.max(1);
    }
    index
}

/// Element at a multi-index.
pub fn position(index: &[usize], strides: &[isize], offset: isize) -> isize {
    offset + index.iter().zip(strides).map(|(&i, &s)| i as isize * s).sum::<isize>()
}

/// Calls `run(first, n, position, step)` for each run along the innermost axis of the `n` elements that follow
/// `start`: `first` counts from the start, `position` and `step` are where the run lies in the view's buffer.
pub fn walk(
    dims: &[usize],
    strides: &[isize],
    offset: isize,
    start: usize,
    n: usize,
    mut run: impl FnMut(usize, usize, isize, isize),
) {
    let mut index = unravel(start, dims);
    let mut at = position(&index, strides, offset);
    let Some(inner) = dims.len().checked_sub(1) else {
        return run(0, n, at, 0);
    };
    let mut done = 0;
    while done < n {
        let len = (dims[inner] - index[inner]).min(n - done);
        run(done, len, at, strides[inner]);
        done += len;
        // The odometer: back to the start of the row, then on along the next axis that has not ended.
        at -= index[inner] as isize * strides[inner];
        index[inner] = 0;
        for axis in (0..inner).rev() {
            index[axis] += 1;
            at += strides[axis];
            if index[axis] < dims[axis] {
                break;
            }
            at -= index[axis] as isize * strides[axis];
            index[axis] = 0;
        }
    }
}

/// Copies the `out.len()` elements that follow `start` in row-major order out of a strided view.
pub fn gather<T: Copy>(
    from: &[T],
    dims: &[usize],
    strides: &[isize],
    offset: isize,
    start: usize,
    out: &mut [T],
) {
    let n = out.len();
    walk(dims, strides, offset, start, n, |first, n, at, step| {
        let (out, at) = (&mut out[first..first + n], at as usize);
        match step {
            1 => out.copy_from_slice(&from[at..at + n]),
            0 => out.fill(from[at]),
            2.. => {
                for (o, &x) in out.iter_mut().zip(from[at..].iter().step_by(step as usize)) {
                    *o = x;
                }
            }
            _ => {
                for (o, &x) in out.iter_mut().zip(from[..=at].iter().rev().step_by(step.unsigned_abs())) {
                    *o = x;
                }
            }
        }
    });
}
