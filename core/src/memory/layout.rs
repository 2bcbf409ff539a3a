//! Layouts: shape, strides and offset of a view, in elements. Views are metadata; nothing here touches data.

use smallvec::SmallVec;

/// Lengths along the axes. Four axes stay inline.
pub type Dims = SmallVec<[usize; 4]>;
/// Steps along the axes, in elements; 0 repeats an element, a negative one goes backwards.
pub type Strides = SmallVec<[isize; 4]>;

/// The positions of an array's elements in its buffer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    /// Lengths.
    pub shape: Dims,
    /// Steps in elements.
    pub strides: Strides,
    /// Element at index (0, 0, …).
    pub offset: usize,
}

/// Number of elements of a shape; `None` where it does not fit an `isize`, as strides must. The other lengths of an
/// empty shape must fit as if the zero were not there (NumPy's rule, too), so that no product over some of the axes,
/// and no stride, overflows.
pub fn checked_len(shape: &[usize]) -> Option<usize> {
    let (mut most, mut empty) = (1usize, false);
    for &d in shape {
        match d {
            0 => empty = true,
            d => most = most.checked_mul(d)?,
        }
    }
    (most <= isize::MAX as usize).then_some(if empty { 0 } else { most })
}

/// Row-major strides of a shape.
pub fn row_major(shape: &[usize]) -> Strides {
    let mut strides: Strides = SmallVec::from_elem(0, shape.len());
    let mut step = 1isize;
    for i in (0..shape.len()).rev() {
        strides[i] = step;
        step = step.wrapping_mul(shape[i].max(1) as isize);
    }
    strides
}

/// The shape two shapes broadcast to (NumPy's rule: align at the last axis, 1 stretches).
pub fn broadcast(a: &[usize], b: &[usize]) -> Option<Dims> {
    if a == b {
        return Some(SmallVec::from_slice(a));
    }
    let n = a.len().max(b.len());
    let at = |s: &[usize], i: usize| (i + s.len()).checked_sub(n).map_or(1, |j| s[j]);
    (0..n)
        .map(|i| match (at(a, i), at(b, i)) {
            (x, y) if x == y => Some(x),
            (1, y) => Some(y),
            (x, 1) => Some(x),
            _ => None,
        })
        .collect()
}

impl Layout {
    /// Dense row-major.
    pub fn dense(shape: &[usize]) -> Layout {
        Layout { shape: SmallVec::from_slice(shape), strides: row_major(shape), offset: 0 }
    }

    /// Number of elements.
    pub fn len(&self) -> usize {
        self.shape.iter().product()
    }

    /// True where there is no element.
    pub fn is_empty(&self) -> bool {
        self.shape.contains(&0)
    }

    /// Row-major without gaps from offset 0. Axes of length 1 may have any stride.
    pub fn is_dense(&self) -> bool {
        self.offset == 0 && self.is_contiguous()
    }

    /// Row-major without gaps, from any offset.
    pub fn is_contiguous(&self) -> bool {
        let mut step = 1isize;
        for (&d, &s) in self.shape.iter().zip(&self.strides).rev() {
            if d != 1 && s != step {
                return self.is_empty();
            }
            step = step.wrapping_mul(d as isize);
        }
        true
    }

    /// The layout seen through a broadcast to `shape`, which [`broadcast`] must allow.
    pub fn broadcast_to(&self, shape: &[usize]) -> Option<Layout> {
        let lead = shape.len().checked_sub(self.shape.len())?;
        let mut strides: Strides = SmallVec::from_elem(0, shape.len());
        for (i, (&d, &s)) in self.shape.iter().zip(&self.strides).enumerate() {
            match d {
                _ if d == shape[lead + i] => strides[lead + i] = s,
                1 => {}
                _ => return None,
            }
        }
        Some(Layout { shape: SmallVec::from_slice(shape), strides, offset: self.offset })
    }

    /// The same elements under another shape, where no copy is needed for that.
    pub fn reshape(&self, shape: &[usize]) -> Option<Layout> {
        debug_assert_eq!(checked_len(shape), Some(self.len()));
        if self.is_empty() {
            return Some(Layout::dense(shape));
        }
        // Join old axes into runs of constant stride, then split the runs along the new axes.
        let old: SmallVec<[(usize, isize); 4]> =
            self.shape.iter().copied().zip(self.strides.iter().copied()).filter(|&(d, _)| d != 1).collect();
        let mut strides: Strides = SmallVec::from_elem(0, shape.len());
        let (mut i, mut j) = (0, 0);
        while i < old.len() {
            while j < shape.len() && shape[j] == 1 {
                j += 1;
            }
            let (start_i, start_j) = (i, j);
            let (mut have, mut want) = (old[i].0, shape[j]);
            while have != want {
                if have < want {
                    i += 1;
                    have *= old[i].0;
                } else {
                    j += 1;
                    want *= shape[j];
                }
            }
            // Old axes start_i..=i must be one run.
            if (start_i..i).any(|k| old[k].1 != old[k + 1].1 * old[k + 1].0 as isize) {
                return None;
            }
            let mut step = old[i].1;
            for k in (start_j..=j).rev() {
                strides[k] = step;
                step *= shape[k] as isize;
            }
            i += 1;
            j += 1;
        }
        Some(Layout { shape: SmallVec::from_slice(shape), strides, offset: self.offset })
    }

    /// Element at a multi-index, which must be in bounds.
    pub fn at(&self, index: &[usize]) -> usize {
        let step: isize = index.iter().zip(&self.strides).map(|(&i, &s)| i as isize * s).sum();
        (self.offset as isize + step) as usize
    }

    /// Smallest and largest element touched; `None` where empty.
    pub fn extent(&self) -> Option<(usize, usize)> {
        if self.is_empty() {
            return None;
        }
        let (mut lo, mut hi) = (self.offset as isize, self.offset as isize);
        for (&d, &s) in self.shape.iter().zip(&self.strides) {
            let reach = (d as isize - 1) * s;
            if reach < 0 { lo += reach } else { hi += reach }
        }
        Some((lo as usize, hi as usize))
    }
}

/// Joins neighbouring axes that have one common stride in every layout, and drops axes of length 1, in place: a kernel of
/// any rank over dense operands becomes one-dimensional. Axes from `split` on (the reduced ones) are never
/// joined with those before it. Returns the dims and the new position of `split`.
pub fn collapse(dims: &[usize], split: usize, strides: &mut [Strides]) -> (Dims, usize) {
    let mut out: Dims = SmallVec::new();
    let mut kept: SmallVec<[usize; 8]> = SmallVec::new(); // last old axis of each new one
    let mut new_split = 0;
    for (axis, &d) in dims.iter().enumerate() {
        if axis == split {
            new_split = out.len();
        }
        if d == 1 {
            continue;
        }
        let joins = match kept.last() {
            Some(&last) if out.len() > new_split || axis < split => {
                strides.iter().all(|s| s[last] == s[axis] * d as isize)
            }
            _ => false,
        };
        if joins {
            *out.last_mut().expect("kept is not empty") *= d;
            *kept.last_mut().expect("kept is not empty") = axis;
        } else {
            out.push(d);
            kept.push(axis);
        }
    }
    if split >= dims.len() {
        new_split = out.len();
    }
    for s in strides.iter_mut() {
        *s = kept.iter().map(|&axis| s[axis]).collect();
    }
    (out, new_split)
}

#[cfg(test)]
mod tests {
    use super::*;
    use smallvec::smallvec;

    #[test]
    fn broadcasting_aligns_at_the_last_axis() {
        assert_eq!(broadcast(&[3, 1], &[4]).unwrap().as_slice(), [3, 4]);
        assert_eq!(broadcast(&[], &[2]).unwrap().as_slice(), [2]);
        assert_eq!(broadcast(&[0], &[1]).unwrap().as_slice(), [0]);
        assert_eq!(broadcast(&[0], &[2]), None);
        assert_eq!(broadcast(&[2, 3], &[3, 2]), None);
    }

    #[test]
    fn reshape_is_free_only_along_even_runs() {
        let l = Layout::dense(&[4, 6]);
        assert_eq!(l.reshape(&[2, 2, 3, 2]).unwrap().strides.as_slice(), [12, 6, 2, 1]);
        let t = Layout { shape: smallvec![6, 4], strides: smallvec![1, 6], offset: 0 };
        assert_eq!(t.reshape(&[24]), None);
        assert_eq!(t.reshape(&[2, 3, 4]).unwrap().strides.as_slice(), [3, 1, 6]);
        assert_eq!(t.reshape(&[6, 1, 4, 1]).unwrap().strides[0], 1);
        let flipped = Layout { shape: smallvec![4, 6], strides: smallvec![-6, -1], offset: 23 };
        assert_eq!(flipped.reshape(&[24]).unwrap().strides.as_slice(), [-1]);
    }

    #[test]
    fn collapse_joins_what_all_walk_as_one() {
        let mut s = [row_major(&[2, 3, 4]), row_major(&[2, 3, 4])];
        assert_eq!(collapse(&[2, 3, 4], 3, &mut s), (smallvec![24], 1));
        let mut s = [row_major(&[2, 3, 4]), smallvec![0, 4, 1]];
        assert_eq!(collapse(&[2, 3, 4], 3, &mut s), (smallvec![2, 12], 2));
        assert_eq!(s[1].as_slice(), [0, 1]);
        // The reduced axis is not joined even where it could be.
        let mut s = [row_major(&[2, 3, 4])];
        assert_eq!(collapse(&[2, 3, 4], 2, &mut s), (smallvec![6, 4], 1));
        let mut s = [row_major(&[2, 3, 4])];
        assert_eq!(collapse(&[2, 3, 4], 0, &mut s), (smallvec![24], 0));
        let mut s = [row_major(&[1, 1])];
        assert_eq!(collapse(&[1, 1], 1, &mut s), (smallvec![], 0));
    }
}
