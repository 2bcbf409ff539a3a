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

/// Rows below which copying one takes less time than finding it: they are copied many at a time.
const SHORT_ROW: usize = 32;

/// Copies the `out.len()` elements that follow `start` in row-major order out of a strided view.
pub fn gather<T: Copy>(
    from: &[T],
    dims: &[usize],
    strides: &[isize],
    offset: isize,
    start: usize,
    out: &mut [T],
) {
    let by_runs = |start: usize, out: &mut [T]| {
        walk(dims, strides, offset, start, out.len(), |first, n, at, step| {
            copy_run(from, at, step, &mut out[first..first + n]);
        });
    };
    match (dims, strides) {
        (&[ref outer @ .., inner], &[ref outer_steps @ .., step])
            if (1..SHORT_ROW).contains(&inner) && !outer.is_empty() =>
        {
            // Whole rows, many at a time along the axis before the last, and what is before and behind them.
            let head = (start.next_multiple_of(inner) - start).min(out.len());
            let (head, rest) = out.split_at_mut(head);
            let (rows, tail) = rest.split_at_mut(rest.len() / inner * inner);
            let first = (start + head.len()) / inner;
            by_runs(start, head);
            walk(outer, outer_steps, offset, first, rows.len() / inner, |first, n, at, down| {
                copy_rows(from, at, [down, step], inner, &mut rows[first * inner..(first + n) * inner]);
            });
            by_runs(start + head.len() + rows.len(), tail);
        }
        _ => by_runs(start, out),
    }
}

fn copy_run<T: Copy>(from: &[T], at: isize, step: isize, out: &mut [T]) {
    let (n, at) = (out.len(), at as usize);
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
}

/// Rows of `inner` elements, of which each begins `down` after the one before.
fn copy_rows<T: Copy>(from: &[T], at: isize, [down, step]: [isize; 2], inner: usize, out: &mut [T]) {
    if down == 0 {
        // One row again and again: twice as many at a time.
        copy_run(from, at, step, &mut out[..inner]);
        let mut have = inner;
        while have < out.len() {
            let n = have.min(out.len() - have);
            out.copy_within(..n, have);
            have += n;
        }
        return;
    }
    if step == 1 && down == inner as isize {
        // Rows without anything between them.
        return copy_run(from, at, step, out);
    }
    match inner {
        2 => copy_rows_of::<2, T>(from, at, [down, step], out),
        3 => copy_rows_of::<3, T>(from, at, [down, step], out),
        4 => copy_rows_of::<4, T>(from, at, [down, step], out),
        _ => {
            for (row, out) in out.chunks_exact_mut(inner).enumerate() {
                copy_run(from, at + row as isize * down, step, out);
            }
        }
    }
}

fn copy_rows_of<const N: usize, T: Copy>(from: &[T], at: isize, [down, step]: [isize; 2], out: &mut [T]) {
    let rows = out.as_chunks_mut::<N>().0.iter_mut();
    if (down, step) == (1, 0) {
        // Each element N times.
        return rows.zip(&from[at as usize..]).for_each(|(out, &x)| *out = [x; N]);
    }
    let begins = (0..).map(|row| (at + row * down) as usize);
    match step {
        1 => rows.zip(begins).for_each(|(out, at)| out.copy_from_slice(&from[at..at + N])),
        0 => rows.zip(begins).for_each(|(out, at)| *out = [from[at]; N]),
        _ => rows.zip(begins).for_each(|(out, at)| {
            *out = std::array::from_fn(|k| from[at.wrapping_add_signed(k as isize * step)]);
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Short rows of every length and step, from every element on.
    #[test]
    fn a_gather_is_what_its_indices_say() {
        let from: Vec<u32> = (0..400).collect();
        for inner in [1, 2, 3, 4, 5, 31, 32] {
            for strides in [[40, inner as isize, 1], [7, 0, 1], [1, 2, 3], [-5, 3, -2], [3, 1, 0], [0, -1, 2]]
            {
                let dims = [3, 4, inner];
                let (n, offset) = (12 * inner, 150);
                let all: Vec<u32> =
                    (0..n).map(|i| from[position(&unravel(i, &dims), &strides, offset) as usize]).collect();
                for start in 0..n.min(40) {
                    for len in [0, 1, inner - 1, inner, 2 * inner + 1, n] {
                        let len = len.min(n - start);
                        let mut out = vec![u32::MAX; len];
                        gather(&from, &dims, &strides, offset, start, &mut out);
                        assert_eq!(out, all[start..start + len], "{dims:?} {strides:?} from {start}");
                    }
                }
            }
        }
    }
}
