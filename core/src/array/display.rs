//! `Display`, in NumPy's style. An evaluation error is printed, never a panic.

use super::Array;
use super::buffer::{Buffer, HostBuffer};
use super::residency::Marker;
use crate::dtype::{DType, Element, Scalar};
use ndarray::{ArrayViewD, Axis};
use std::fmt;

/// More elements than this are summarised.
const THRESHOLD: usize = 1000;
/// Elements shown at either end of a summarised axis.
const EDGE: usize = 3;
/// Columns of a line.
const WIDTH: usize = 75;

impl<R: Marker> fmt::Display for Array<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.on_host().and_then(|(buffer, layout)| {
            let host: &HostBuffer = super::own(&*buffer, "host", "display")?;
            Ok::<String, crate::Error>(crate::with_element!(
                host.dtype(),
                T => render(&super::interop::view::<T>(host.as_slice::<T>()?, &layout))
            ))
        });
        match text {
            Ok(text) => f.write_str(&text),
            Err(e) => write!(f, "<{self:?}: {e}>"),
        }
    }
}

fn render<T: Element>(a: &ArrayViewD<'_, T>) -> String {
    let summarise = a.len() > THRESHOLD;
    let mut values = Vec::new();
    visit(a, summarise, &mut |v| values.push(v.scalar()));
    let style = Style::of(T::DTYPE, &values);
    let cells: Vec<String> = values.iter().map(|v| style.cell(*v)).collect();
    let width = cells.iter().map(|c| c.chars().count()).max().unwrap_or(0);
    let mut out = String::new();
    let mut next = cells.iter();
    write_axis(a.shape(), summarise, width, 0, &mut next, &mut out);
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

fn write_axis<'a>(
    shape: &[usize],
    summarise: bool,
    width: usize,
    depth: usize,
    cells: &mut impl Iterator<Item = &'a String>,
    out: &mut String,
) {
    let Some((&len, inner)) = shape.split_first() else {
        if let Some(c) = cells.next() {
            out.push_str(c.trim());
        }
        return;
    };
    let (head, tail) = shown(len, summarise);
    let indent = " ".repeat(depth + 1);
    out.push('[');
    let mut column = depth + 1;
    let count = head + tail.map_or(0, |t| len - t);
    for i in 0..count {
        if inner.is_empty() {
            if i > 0 {
                out.push(' ');
                column += 1;
            }
            if i == head {
                out.push_str("... ");
                column += 4;
            }
            if i > 0 && column + width > WIDTH {
                out.truncate(out.trim_end().len());
                out.push('\n');
                out.push_str(&indent);
                column = depth + 1;
            }
            if let Some(c) = cells.next() {
                out.extend(std::iter::repeat_n(' ', width - c.chars().count()));
                out.push_str(c);
                column += width;
            }
        } else {
            if i > 0 {
                out.extend(std::iter::repeat_n('\n', inner.len()));
                out.push_str(&indent);
            }
            if i == head {
                out.push_str("...");
                out.extend(std::iter::repeat_n('\n', inner.len()));
                out.push_str(&indent);
            }
            write_axis(inner, summarise, width, depth + 1, cells, out);
        }
    }
    out.push(']');
}

/// How the numbers of one array are written, so that their points align.
struct Style {
    /// Digits after the point; none for what is no float.
    decimals: usize,
    exponent: bool,
}

impl Style {
    fn of(dtype: DType, values: &[Scalar]) -> Style {
        if !dtype.is_float() && !dtype.is_complex() {
            return Style { decimals: 0, exponent: false };
        }
        let parts = values.iter().flat_map(|v| {
            let z = v.to_c128();
            [z.re, if dtype.is_complex() { z.im } else { 0.0 }]
        });
        let finite: Vec<f64> = parts.filter(|v| v.is_finite()).collect();
        let magnitudes = finite.iter().map(|v| v.abs()).filter(|v| *v > 0.0);
        let (lo, hi) = magnitudes.fold((f64::INFINITY, 0f64), |(lo, hi), v| (lo.min(v), hi.max(v)));
        // NumPy's rule for scientific notation.
        let exponent = hi >= 1e16 || (hi > 0.0 && (lo < 1e-4 || hi / lo > 1e8));
        let single = matches!(dtype, DType::F32 | DType::C64 | DType::F16);
        let decimals = finite.iter().map(|v| digits(*v, exponent, single)).max().unwrap_or(0);
        Style { decimals, exponent }
    }

    fn cell(&self, v: Scalar) -> String {
        match v {
            Scalar::Bool(_) => v.to_string(),
            v if v.dtype().is_complex() => {
                let z = v.to_c128();
                let im = self.number(z.im);
                let sign = if im.starts_with('-') { "" } else { "+" };
                format!("{}{sign}{im}j", self.number(z.re))
            }
            v if v.dtype().is_float() => self.number(v.to_f64()),
            v => v.to_string(),
        }
    }

    fn number(&self, v: f64) -> String {
        if v.is_nan() {
            return "nan".into();
        }
        if v.is_infinite() {
            return if v > 0.0 { "inf".into() } else { "-inf".into() };
        }
        if self.exponent {
            let s = format!("{:.*e}", self.decimals, v);
            let (m, e) = s.split_once('e').unwrap_or((&s, "0"));
            let m = if m.contains('.') { m.into() } else { format!("{m}.") };
            let (sign, e) = e.strip_prefix('-').map_or(('+', e), |e| ('-', e));
            return format!("{m}e{sign}{e:0>2}");
        }
        // Trailing zeros become blanks, so that points stand in one column.
        let s = format!("{:.*}", self.decimals, v);
        let Some((whole, fraction)) = s.split_once('.') else { return format!("{s}.") };
        let kept = fraction.trim_end_matches('0');
        format!("{whole}.{kept}{}", " ".repeat(fraction.len() - kept.len()))
    }
}

/// Digits after the point that tell `v` apart, at most 8.
fn digits(v: f64, exponent: bool, single: bool) -> usize {
    let text = match (exponent, single) {
        (true, true) => format!("{:e}", v as f32),
        (true, false) => format!("{v:e}"),
        (false, true) => format!("{}", v as f32),
        (false, false) => format!("{v}"),
    };
    let mantissa = text.split('e').next().unwrap_or("");
    mantissa.split_once('.').map_or(0, |(_, f)| f.len()).min(8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_as_numpy_does() {
        // Each expectation is what NumPy 2.1 prints.
        assert_eq!(Array::from(vec![1.0, 2.5, -3.25]).to_string(), "[ 1.    2.5  -3.25]");
        assert_eq!(Array::from(vec![1, 20, -3]).to_string(), "[ 1 20 -3]");
        assert_eq!(Array::from(vec![true, false]).to_string(), "[ True False]");
        assert_eq!(Array::from([[1.0f32, 2.0], [3.0, 4.0]]).to_string(), "[[1. 2.]\n [3. 4.]]");
        assert_eq!(Array::from(Vec::<f32>::new()).to_string(), "[]");
        assert_eq!(Array::scalar(2.0f64).to_string(), "2.");
        assert_eq!(Array::from(vec![f64::NAN, 1.0, f64::INFINITY]).to_string(), "[nan  1. inf]");
        assert_eq!(Array::from(vec![1e-10, 1.0]).to_string(), "[1.e-10 1.e+00]");
        let long = Array::from((0..2000).collect::<Vec<i32>>());
        assert_eq!(long.to_string(), "[   0    1    2 ... 1997 1998 1999]");
        let cube = Array::from((0..8).collect::<Vec<i64>>()).reshape([2, 2, 2]).unwrap();
        assert_eq!(cube.to_string(), "[[[0 1]\n  [2 3]]\n\n [[4 5]\n  [6 7]]]");
    }
}
