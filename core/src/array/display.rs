//! `Display`, in NumPy's style. An evaluation error is printed, never a panic.

use super::Array;
use crate::device::Marker;
use crate::dtype::numbers::{Cells, single};
use crate::dtype::{Element, Scalar};
use crate::memory::{Buffer, HostBuffer};
use ndarray::{ArrayViewD, Axis};
use std::fmt;

/// More elements than this are summarised.
const THRESHOLD: usize = 1000;
/// Elements shown at either end of a summarised axis.
const EDGE: usize = 3;
/// Columns of a line.
const WIDTH: usize = 75;

/// Prints as NumPy's `str` does. As for numbers, `{:.2}` asks for two digits after the point, `{:+}` for the sign of positive
/// numbers, and `{:10}` for ten columns for each element at least; `{:#}` shows all elements of a long array.
///
/// ```
/// use polyarray_core::array::Array;
/// let x = Array::from([[0.5, -1.25], [100.0, f64::NAN]]);
/// assert_eq!(x.to_string(), "[[  0.5   -1.25]\n [100.      nan]]");
/// assert_eq!(format!("{x:.1}"), "[[  0.5  -1.2]\n [100.0   nan]]");
/// ```
impl<R: Marker> fmt::Display for Array<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let asked = Asked {
            precision: f.precision(),
            plus: f.sign_plus(),
            all: f.alternate(),
            width: f.width().unwrap_or(0),
            left: matches!(f.align(), Some(fmt::Alignment::Left)),
        };
        let text = self.on_host().and_then(|(buffer, layout)| {
            let host: &HostBuffer = crate::memory::downcast(&*buffer, "host", "display")?;
            Ok::<String, crate::error::Error>(crate::with_element!(
                host.dtype(),
                T => render(&crate::memory::strided::view::<T>(host.as_slice::<T>()?, &layout), asked)
            ))
        });
        match text {
            Ok(text) => f.write_str(&text),
            Err(e) => write!(f, "<{self:?}: {e}>"),
        }
    }
}

/// What the format string asks for.
#[derive(Clone, Copy)]
struct Asked {
    /// Digits after the point; the fewest that tell elements apart if none.
    precision: Option<usize>,
    plus: bool,
    /// Not summarised.
    all: bool,
    /// Columns of an element at least, filled on this side.
    width: usize,
    left: bool,
}

impl Asked {
    fn widened(self, cell: String) -> String {
        let width = self.width;
        if self.left { format!("{cell:<width$}") } else { format!("{cell:>width$}") }
    }
}

fn render<T: Element>(a: &ArrayViewD<'_, T>, asked: Asked) -> String {
    if a.ndim() == 0 {
        let text = a.first().map(|v| single(v.scalar(), asked.precision, asked.plus));
        return asked.widened(text.unwrap_or_default());
    }
    if a.is_empty() {
        return "[]".into();
    }
    let summarise = a.len() > THRESHOLD && !asked.all;
    let mut values: Vec<Scalar> = Vec::new();
    visit(a, summarise, &mut |v| values.push(v.scalar()));
    let style = Cells::of(T::DTYPE, &values, asked.precision, asked.plus);
    let mut cells = values.iter().map(|v| asked.widened(style.cell(*v)));
    let mut out = String::new();
    write_axis(a.shape(), summarise, 0, &mut cells, &mut out);
    out
}

/// The positions shown along an axis: all, or the two ends around a gap.
fn shown(len: usize, summarise: bool) -> (usize, Option<usize>) {
    if summarise && len > 2 * EDGE { (EDGE, Some(len - EDGE)) } else { (len, None) }
}

fn visit<T: Element>(a: &ArrayViewD<'_, T>, summarise: bool, f: &mut dyn FnMut(T)) {
    if a.ndim() == 0 {
        return a.iter().for_each(|v| f(*v));
    }
    let len = a.len_of(Axis(0));
    let (head, tail) = shown(len, summarise);
    for i in (0..head).chain(tail.map_or(len..len, |t| t..len)) {
        visit(&a.index_axis(Axis(0), i), summarise, f);
    }
}

fn write_axis(
    shape: &[usize],
    summarise: bool,
    depth: usize,
    cells: &mut dyn Iterator<Item = String>,
    out: &mut String,
) {
    let Some((&len, inner)) = shape.split_first() else { return };
    let (head, tail) = shown(len, summarise);
    let gap = tail.is_some().then_some(head);
    let indent = " ".repeat(depth + 1);
    out.push('[');
    let count = head + tail.map_or(0, |t| len - t);
    if !inner.is_empty() {
        for i in 0..count {
            let lines = "\n".repeat(inner.len());
            if i > 0 {
                out.extend([lines.as_str(), indent.as_str()]);
            }
            if gap == Some(i) {
                out.extend(["...", lines.as_str(), indent.as_str()]);
            }
            write_axis(inner, summarise, depth + 1, cells, out);
        }
        return out.push(']');
    }
    // The closing brackets need space, too.
    let most = WIDTH.saturating_sub(depth + 1);
    let mut column = depth + 1;
    let mut word = |text: &str, first: bool| {
        let columns = text.chars().count();
        if !first {
            out.push(' ');
            column += 1;
            if column + columns > most {
                out.truncate(out.trim_end().len());
                out.extend(["\n", indent.as_str()]);
                column = depth + 1;
            }
        }
        out.push_str(text);
        column += columns;
    };
    for i in 0..count {
        if gap == Some(i) {
            word("...", false);
        }
        word(&cells.next().unwrap_or_default(), i == 0);
    }
    out.push(']');
}
