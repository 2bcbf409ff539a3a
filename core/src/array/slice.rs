//! Slices: ndarray's `s![..]`, and Python's, as a value or parsed from Python's own notation.

use crate::error::{Error, Result};
use crate::memory::Layout;
use ndarray::SliceInfoElem;
use smallvec::SmallVec;

/// One item of a Python index: `x[3, 1:-1:2, ..., None]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Item {
    /// One index; the axis is removed. A negative one counts from the end.
    At(isize),
    /// `start:stop:step`, clamped to the axis as Python does; a negative step goes backwards.
    Slice {
        /// First, or none for the end it starts from.
        start: Option<isize>,
        /// One past the last.
        stop: Option<isize>,
        /// Not 0.
        step: isize,
    },
    /// `None`: an axis of length 1.
    NewAxis,
    /// `...`: all axes not otherwise named.
    Ellipsis,
}

/// A list of [`Item`]s: what [`Array::slice`](super::Array::slice) takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slice(pub SmallVec<[Item; 4]>);

impl Slice {
    /// Parses Python's notation: `"1:-1, ::2, ..., None, 3"`.
    ///
    /// # Errors
    /// [`Error::Shape`] naming the item that is none.
    pub fn parse(text: &str) -> Result<Slice> {
        text.split(',').map(|t| item(t.trim(), text)).collect::<Result<_>>().map(Slice)
    }
}

fn item(t: &str, whole: &str) -> Result<Item> {
    let bad = || Error::Shape {
        op: "slice",
        operands: format!("{t:?} in {whole:?}"),
        fix: "items are numbers, start:stop:step, `...` and `None`".into(),
    };
    match t {
        "..." => return Ok(Item::Ellipsis),
        "None" | "newaxis" => return Ok(Item::NewAxis),
        _ => {}
    }
    let number = |t: &str| match t.trim() {
        "" => Ok(None),
        t => t.parse::<isize>().map(Some).map_err(|_| bad()),
    };
    let mut parts = t.split(':');
    let first = number(parts.next().unwrap_or(""))?;
    let Some(stop) = parts.next() else { return first.map(Item::At).ok_or_else(bad) };
    let step = parts.next().map_or(Ok(None), number)?.unwrap_or(1);
    if parts.next().is_some() {
        return Err(bad());
    }
    Ok(Item::Slice { start: first, stop: number(stop)?, step })
}

impl TryFrom<&str> for Slice {
    type Error = Error;
    fn try_from(text: &str) -> Result<Slice> {
        Slice::parse(text)
    }
}

/// An index list of ndarray's: its slices are taken first and then reversed by a negative step, and bounds are
/// checked instead of clamped.
pub(crate) enum Spec {
    Python(Slice),
    Ndarray(Vec<SliceInfoElem>),
    Resolved(Picks),
}

/// What [`Array::slice`](super::Array::slice) accepts.
pub trait IntoSpec {
    #[doc(hidden)]
    fn into_spec(self) -> Result<SpecBox>;
}

#[doc(hidden)]
pub struct SpecBox(pub(crate) Spec);

impl IntoSpec for Slice {
    fn into_spec(self) -> Result<SpecBox> {
        Ok(SpecBox(Spec::Python(self)))
    }
}

impl IntoSpec for &str {
    fn into_spec(self) -> Result<SpecBox> {
        Slice::parse(self)?.into_spec()
    }
}

impl IntoSpec for &String {
    fn into_spec(self) -> Result<SpecBox> {
        self.as_str().into_spec()
    }
}

impl IntoSpec for String {
    fn into_spec(self) -> Result<SpecBox> {
        self.as_str().into_spec()
    }
}

impl<T: AsRef<[SliceInfoElem]>, I: ndarray::Dimension, O: ndarray::Dimension> IntoSpec
    for ndarray::SliceInfo<T, I, O>
{
    fn into_spec(self) -> Result<SpecBox> {
        Ok(SpecBox(Spec::Ndarray(<Self as AsRef<[SliceInfoElem]>>::as_ref(&self).to_vec())))
    }
}

/// A slice of one axis, resolved against the shape: within bounds, counted from the start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Picked {
    /// One index; the axis is removed.
    Index(usize),
    /// `len` elements from `start` on, `step` apart; it may be negative.
    Range {
        /// The first.
        start: usize,
        /// From one to the next.
        step: isize,
        /// How many.
        len: usize,
    },
    /// An axis of length 1 that the array does not have.
    NewAxis,
}

/// A resolved slice: one for each axis of the array, and the new ones between them.
pub type Picks = SmallVec<[Picked; 4]>;

impl IntoSpec for &[Picked] {
    fn into_spec(self) -> Result<SpecBox> {
        Ok(SpecBox(Spec::Resolved(self.into())))
    }
}

/// Resolves a slice of an array of this shape.
pub(crate) fn resolve(shape: &[usize], spec: &Spec) -> Result<Picks> {
    match spec {
        Spec::Python(s) => python(shape, &s.0),
        Spec::Ndarray(items) => ndarrays(shape, items),
        Spec::Resolved(picks) => resolved(shape, picks),
    }
}

/// The layout seen through a slice.
pub(crate) fn apply(layout: &Layout, spec: &Spec) -> Result<Layout> {
    let picks = resolve(&layout.shape, spec)?;
    let mut out = Layout { shape: SmallVec::new(), strides: SmallVec::new(), offset: 0 };
    let (mut offset, mut axis) = (layout.offset as isize, 0);
    for pick in picks {
        match pick {
            Picked::NewAxis => {
                out.shape.push(1);
                out.strides.push(0);
                continue;
            }
            Picked::Index(i) => offset += i as isize * layout.strides[axis],
            Picked::Range { start, step, len } => {
                // An empty axis keeps the offset inside the buffer.
                if len > 0 {
                    offset += start as isize * layout.strides[axis];
                }
                out.shape.push(len);
                out.strides.push(layout.strides[axis] * step);
            }
        }
        axis += 1;
    }
    out.offset = if out.is_empty() { layout.offset } else { offset as usize };
    Ok(out)
}

struct Cursor<'a> {
    shape: &'a [usize],
    axis: usize,
    picks: Picks,
}

impl<'a> Cursor<'a> {
    fn new(shape: &'a [usize]) -> Self {
        Cursor { shape, axis: 0, picks: SmallVec::new() }
    }
    /// The axis is walked from `start` by `step`, `len` elements.
    fn keep(&mut self, start: isize, step: isize, len: usize) {
        // A step that is never taken may be too large to multiply with.
        let (start, step) = (if len > 0 { start as usize } else { 0 }, if len > 1 { step } else { 1 });
        self.picks.push(Picked::Range { start, step, len });
        self.axis += 1;
    }
    fn len(&self) -> usize {
        self.shape[self.axis]
    }
    fn at(&mut self, i: isize) -> Result<()> {
        let k = crate::expr::axes::wrap_index("slice", i as i64, self.axis, self.len())?;
        self.picks.push(Picked::Index(k));
        self.axis += 1;
        Ok(())
    }
    fn new_axis(&mut self) {
        self.picks.push(Picked::NewAxis);
    }
    fn rest(&mut self, until: usize) {
        while self.axis < until {
            let n = self.len();
            self.keep(0, 1, n);
        }
    }
    fn finish(mut self) -> Picks {
        self.rest(self.shape.len());
        self.picks
    }
}

/// Callers may construct picks themselves, so they are checked again.
fn resolved(shape: &[usize], picks: &[Picked]) -> Result<Picks> {
    let mut c = Cursor::new(shape);
    for pick in picks {
        if *pick == Picked::NewAxis {
            c.new_axis();
            continue;
        }
        if c.axis == shape.len() {
            return Err(too_many(c.axis + 1, shape));
        }
        match *pick {
            Picked::Index(i) => c.at(isize::try_from(i).unwrap_or(isize::MAX))?,
            Picked::Range { step: 0, .. } => return Err(zero_step(c.axis, shape)),
            Picked::Range { start, step, len } => {
                let far = |n: usize| isize::try_from(n).unwrap_or(isize::MAX);
                let last = far(start).saturating_add(step.saturating_mul(far(len.saturating_sub(1))));
                for end in [far(start), last] {
                    if len > 0 && (end < 0 || end >= far(c.len())) {
                        return Err(Error::Index {
                            op: "slice",
                            index: end as i64,
                            axis: c.axis,
                            len: c.len(),
                        });
                    }
                }
                c.keep(far(start), step, len);
            }
            Picked::NewAxis => {}
        }
    }
    Ok(c.finish())
}

fn too_many(given: usize, shape: &[usize]) -> Error {
    Error::Shape {
        op: "slice",
        operands: format!("{given} indices into shape {shape:?}"),
        fix: "give at most one per axis, and at most one `...`".into(),
    }
}

fn zero_step(axis: usize, shape: &[usize]) -> Error {
    Error::Shape {
        op: "slice",
        operands: format!("step 0 along axis {axis} of shape {shape:?}"),
        fix: "a step is not 0; -1 walks backwards".into(),
    }
}

fn python(shape: &[usize], items: &[Item]) -> Result<Picks> {
    let named = items.iter().filter(|i| matches!(i, Item::At(_) | Item::Slice { .. })).count();
    let dots = items.iter().filter(|i| **i == Item::Ellipsis).count();
    if named > shape.len() || dots > 1 {
        return Err(too_many(named, shape));
    }
    let mut c = Cursor::new(shape);
    let mut left = named;
    for item in items {
        match *item {
            Item::NewAxis => c.new_axis(),
            Item::Ellipsis => c.rest(shape.len() - left),
            Item::At(i) => {
                left -= 1;
                c.at(i)?;
            }
            Item::Slice { step: 0, .. } => return Err(zero_step(c.axis, shape)),
            Item::Slice { start, stop, step } => {
                left -= 1;
                let n = c.len() as isize;
                // Python's rule (slice.indices): wrap once, then clamp; backwards the ends lie one lower.
                let (low, high) = if step > 0 { (0, n) } else { (-1, n - 1) };
                let bound = |i: isize| (if i < 0 { i.saturating_add(n) } else { i }).clamp(low, high);
                let start = start.map_or(if step > 0 { low } else { high }, bound);
                let stop = stop.map_or(if step > 0 { high } else { low }, bound);
                let span = if step > 0 { stop - start } else { start - stop };
                let len = if span <= 0 { 0 } else { ((span - 1) as usize) / step.unsigned_abs() + 1 };
                c.keep(start, step, len);
            }
        }
    }
    Ok(c.finish())
}

fn ndarrays(shape: &[usize], items: &[SliceInfoElem]) -> Result<Picks> {
    let named = items.iter().filter(|i| !matches!(i, SliceInfoElem::NewAxis)).count();
    if named > shape.len() {
        return Err(too_many(named, shape));
    }
    let mut c = Cursor::new(shape);
    for item in items {
        match *item {
            SliceInfoElem::NewAxis => c.new_axis(),
            SliceInfoElem::Index(i) => c.at(i)?,
            SliceInfoElem::Slice { step: 0, .. } => return Err(zero_step(c.axis, shape)),
            SliceInfoElem::Slice { start, end, step } => {
                let n = c.len() as isize;
                let wrap = |i: isize| if i < 0 { i + n } else { i };
                let (start, end) = (wrap(start), end.map_or(n, wrap));
                let end = end.max(start);
                for i in [start, end] {
                    if i < 0 || i > n {
                        return Err(Error::Index {
                            op: "slice",
                            index: i as i64,
                            axis: c.axis,
                            len: n as usize,
                        });
                    }
                }
                let span = (end - start) as usize;
                let len = span.div_ceil(step.unsigned_abs());
                c.keep(if step > 0 { start } else { end - 1 }, step, len);
            }
        }
    }
    Ok(c.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn python_slices_clamp_and_walk_backwards() {
        let l = Layout::dense(&[10]);
        for (text, offset, stride, len) in [
            ("2:5", 2, 1, 3),
            ("-3:", 7, 1, 3),
            ("::-1", 9, -1, 10),
            ("100:", 0, 1, 0),
            ("8:2:-2", 8, -2, 3),
            (":-100:-1", 9, -1, 10),
            ("::3", 0, 3, 4),
            ("5:5", 0, 1, 0),
        ] {
            let out = apply(&l, &Spec::Python(Slice::parse(text).unwrap())).unwrap();
            assert_eq!((out.offset, out.strides[0], out.shape[0]), (offset, stride, len), "{text}");
        }
        let l = Layout::dense(&[2, 3, 4]);
        let out = apply(&l, &Spec::Python(Slice::parse("1, ..., None, -1").unwrap())).unwrap();
        assert_eq!((out.shape.as_slice(), out.offset), ([3, 1].as_slice(), 15));
        for bad in ["1:2:0", "0,0,0,0", "...,...", "x", "9", "1:2:3:4", "-3"] {
            let out = Slice::parse(bad).and_then(|s| apply(&l, &Spec::Python(s)));
            assert!(out.is_err(), "{bad} gave {out:?}");
        }
    }

    #[test]
    fn ndarray_slices_agree_with_ndarray() {
        let a = ndarray::Array::from_iter(0..24usize).into_shape_with_order((4, 6)).unwrap();
        let l = Layout::dense(&[4, 6]);
        let data: Vec<usize> = (0..24).collect();
        macro_rules! check { ($($s:tt)*) => {
            let s = ndarray::s![$($s)*];
            let want: Vec<usize> = a.slice(s).iter().copied().collect();
            let out = apply(&l, &s.into_spec().unwrap().0).unwrap();
            let got: Vec<usize> = crate::memory::strided::view(&data, &out).iter().copied().collect();
            assert_eq!(got, want);
        } }
        check!(1..3, ..;2);
        check!(..;-1, 1..;-2);
        check!(2, -3..);
        check!(.., ndarray::NewAxis, 3);
        check!(1..1, ..);
        assert!(apply(&l, &ndarray::s![0..5, ..].into_spec().unwrap().0).is_err());
        assert!(apply(&l, &ndarray::s![4, 0].into_spec().unwrap().0).is_err());
    }
}
