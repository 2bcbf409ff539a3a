//! `Display`, in NumPy's style. An evaluation error is printed, never a panic.

use super::Array;
use crate::device::Marker;
use crate::dtype::{DType, Element, Scalar};
use crate::memory::{Buffer, HostBuffer};
use ndarray::{ArrayViewD, Axis};
use std::fmt;

/// More elements than this are summarised.
const THRESHOLD: usize = 1000;
/// Elements shown at either end of a summarised axis.
const EDGE: usize = 3;
/// Columns of a line.
const WIDTH: usize = 75;
/// Digits after the point.
const PRECISION: usize = 8;

impl<R: Marker> fmt::Display for Array<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.on_host().and_then(|(buffer, layout)| {
            let host: &HostBuffer = crate::memory::downcast(&*buffer, "host", "display")?;
            Ok::<String, crate::error::Error>(crate::with_element!(
                host.dtype(),
                T => render(&crate::memory::strided::view::<T>(host.as_slice::<T>()?, &layout))
            ))
        });
        match text {
            Ok(text) => f.write_str(&text),
            Err(e) => write!(f, "<{self:?}: {e}>"),
        }
    }
}

fn render<T: Element>(a: &ArrayViewD<'_, T>) -> String {
    if a.is_empty() {
        return "[]".into();
    }
    if a.ndim() == 0 {
        return a.first().map(|v| single(v.scalar())).unwrap_or_default();
    }
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
            write_axis(inner, summarise, width, depth + 1, cells, out);
        }
        return out.push(']');
    }
    // The closing brackets need space, too.
    let most = WIDTH - 1 - depth.min(WIDTH / 2);
    let mut column = depth + 1;
    let mut word = |text: &str, first: bool| {
        if !first {
            out.push(' ');
            column += 1;
            if column + text.chars().count() > most && column > depth + 2 {
                out.truncate(out.trim_end().len());
                out.extend(["\n", indent.as_str()]);
                column = depth + 1;
            }
        }
        out.push_str(text);
        column += text.chars().count();
    };
    for i in 0..count {
        if gap == Some(i) {
            word("...", false);
        }
        let cell = cells.next().map_or("", String::as_str);
        word(&format!("{cell:>width$}"), i == 0);
    }
    out.push(']');
}

/// A scalar: with all the digits that distinguish it, as NumPy's scalars.
fn single(v: Scalar) -> String {
    let number = |x: f64, whole: &str| {
        if !x.is_finite() {
            return special(x);
        }
        let x = shortest(x, v.dtype());
        if x == 0.0 || (1e-4..1e16).contains(&x.abs()) {
            let text = format!("{x}");
            return if text.contains('.') { text } else { text + whole };
        }
        let text = format!("{x:e}");
        let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        format!("{mantissa}{}", power(exponent, 2))
    };
    match v {
        v if v.dtype().is_complex() => {
            let z = v.to_c128();
            let im = number(z.im, "");
            if z.re == 0.0 && z.re.is_sign_positive() {
                return format!("{im}j");
            }
            let sign = if im.starts_with('-') { "" } else { "+" };
            format!("({}{sign}{im}j)", number(z.re, ""))
        }
        v if v.dtype().is_float() => number(v.to_f64(), ".0"),
        v => v.to_string(),
    }
}

fn special(v: f64) -> String {
    if v.is_nan() { "nan" } else { if v > 0.0 { "inf" } else { "-inf" } }.into()
}

/// `e+07` from `7`.
fn power(exponent: &str, digits: usize) -> String {
    let (sign, e) = exponent.strip_prefix('-').map_or(('+', exponent), |e| ('-', e));
    format!("e{sign}{e:0>digits$}")
}

/// The shortest decimal that rounds to `v` in its dtype, as the double that prints so.
fn shortest(v: f64, dtype: DType) -> f64 {
    let parsed = |text: String| text.parse().unwrap_or(v);
    match dtype {
        DType::F32 | DType::C64 => parsed(format!("{}", v as f32)),
        // Five digits distinguish all of them.
        DType::F16 => (0..5)
            .map(|digits| parsed(format!("{v:.digits$e}")))
            .find(|&short| half::f16::from_f64(short).to_f64() == v)
            .unwrap_or(v),
        _ => v,
    }
}

/// The format of the numbers of one array, which aligns their points.
struct Style {
    real: Floats,
    imaginary: Floats,
}

impl Style {
    fn of(dtype: DType, values: &[Scalar]) -> Style {
        let (mut re, mut im) = (Vec::new(), Vec::new());
        if dtype.is_float() || dtype.is_complex() {
            re.extend(values.iter().map(|v| v.to_f64()));
        }
        if dtype.is_complex() {
            im.extend(values.iter().map(|v| v.to_c128().im));
        }
        Style { real: Floats::of(dtype, &re, false), imaginary: Floats::of(dtype, &im, true) }
    }

    fn cell(&self, v: Scalar) -> String {
        match v {
            v if v.dtype().is_complex() => {
                let z = v.to_c128();
                // The unit follows the digits; blanks that align points come behind it.
                let im = self.imaginary.number(z.im);
                let digits = im.trim_end();
                format!("{}{digits}j{}", self.real.number(z.re), &im[digits.len()..])
            }
            v if v.dtype().is_float() => self.real.number(v.to_f64()),
            v => v.to_string(),
        }
    }
}

/// A column of floats. The rules are those of NumPy's `FloatingFormat`.
struct Floats {
    dtype: DType,
    exponent: bool,
    /// Always with a sign.
    signed: bool,
    /// Characters before the point, digits after it, digits of the exponent.
    left: usize,
    right: usize,
    power: usize,
}

impl Floats {
    fn of(dtype: DType, values: &[f64], signed: bool) -> Floats {
        let finite = || values.iter().copied().filter(|v| v.is_finite());
        let magnitudes = finite().map(f64::abs).filter(|v| *v > 0.0);
        let (lo, hi) = magnitudes.fold((f64::INFINITY, 0f64), |(lo, hi), v| (lo.min(v), hi.max(v)));
        let most = match dtype {
            DType::F16 => 1e3,
            DType::F32 | DType::C64 => 1e6,
            _ => 1e8,
        };
        let exponent = hi >= most || (hi > 0.0 && (lo < 1e-4 || hi / lo > 1000.0));
        let mut style = Floats { dtype, exponent, signed, left: 0, right: 0, power: 2 };
        for v in finite() {
            let (whole, fraction, power) = style.digits(v, None);
            style.left = style.left.max(whole.len());
            style.right = style.right.max(fraction.len());
            style.power = style.power.max(power.trim_start_matches('-').len());
        }
        let tail = style.tail();
        let wide = |v: &f64| style.sign(special(*v)).len().saturating_sub(tail);
        let special = values.iter().filter(|v| !v.is_finite()).map(wide).max();
        style.left = style.left.max(special.unwrap_or(0));
        style
    }

    /// Characters from the point on.
    fn tail(&self) -> usize {
        1 + self.right + if self.exponent { 2 + self.power } else { 0 }
    }

    fn sign(&self, text: String) -> String {
        if self.signed && !text.starts_with('-') && text != "nan" { format!("+{text}") } else { text }
    }

    /// What stands before the point, after it, and the exponent: the fewest digits that tell `v` apart, at most
    /// [`PRECISION`] after the point, or as many as are asked for.
    fn digits(&self, v: f64, fixed: Option<usize>) -> (String, String, String) {
        let show = |v: f64, digits: Option<usize>| match (self.exponent, digits) {
            (true, Some(digits)) => format!("{v:.digits$e}"),
            (true, None) => format!("{v:e}"),
            (false, Some(digits)) => format!("{v:.digits$}"),
            (false, None) => format!("{v}"),
        };
        let parts = |text: &str| {
            let (mantissa, power) = text.split_once('e').unwrap_or((text, ""));
            let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
            (self.sign(whole.into()), fraction.to_owned(), power.to_owned())
        };
        let mut out = parts(&show(shortest(v, self.dtype), None));
        if out.1.len() > PRECISION {
            // Rounded from the number itself, not from its shortest form.
            out = parts(&show(v, Some(PRECISION)));
            out.1.truncate(out.1.trim_end_matches('0').len());
        }
        if let Some(fixed) = fixed {
            out.1.extend(std::iter::repeat_n('0', fixed.saturating_sub(out.1.len())));
        }
        out
    }

    fn number(&self, v: f64) -> String {
        if !v.is_finite() {
            return format!("{:>1$}", self.sign(special(v)), self.left + self.tail());
        }
        let (whole, fraction, exponent) = self.digits(v, self.exponent.then_some(self.right));
        let power = if self.exponent { power(&exponent, self.power) } else { String::new() };
        // Trailing zeros become blanks, so that points stand in one column.
        format!("{whole:>left$}.{fraction:<right$}{power}", left = self.left, right = self.right)
    }
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
        assert_eq!(Array::scalar(2.0f64).to_string(), "2.0");
        assert_eq!(Array::from(vec![f64::NAN, 1.0, f64::INFINITY]).to_string(), "[nan  1. inf]");
        assert_eq!(Array::from(vec![1e-10, 1.0]).to_string(), "[1.e-10 1.e+00]");
        let long = Array::from((0..2000).collect::<Vec<i32>>());
        assert_eq!(long.to_string(), "[   0    1    2 ... 1997 1998 1999]");
        let cube = Array::from((0..8).collect::<Vec<i64>>()).reshape([2, 2, 2]).unwrap();
        assert_eq!(cube.to_string(), "[[[0 1]\n  [2 3]]\n\n [[4 5]\n  [6 7]]]");
    }

    #[test]
    fn digits_points_and_lines_are_where_numpy_has_them() {
        // Each expectation is what NumPy 2.4 prints.
        let c = num_complex::Complex64::new;
        let h = |v: &[f64]| Array::from(v.iter().map(|v| half::f16::from_f64(*v)).collect::<Vec<_>>());
        for (a, want) in [
            (Array::scalar(1e20), "1e+20"),
            (Array::scalar(0.1f32), "0.1"),
            (Array::scalar(half::f16::from_f64(0.1)), "0.1"),
            (Array::scalar(c(1.0, 2.0)), "(1+2j)"),
            (Array::scalar(c(0.0, 2.5)), "2.5j"),
            (h(&[0.1, 1.0 / 3.0, 2.0 / 3.0]), "[0.1    0.3333 0.6665]"),
            (h(&[0.1, 0.2, 65504.0]), "[1.00e-01 2.00e-01 6.55e+04]"),
            (Array::from(vec![-0.732_267_4_f32, 1.0425134]), "[-0.7322674  1.0425134]"),
            (Array::from(vec![0.3, 0.1 + 0.2]), "[0.3 0.3]"),
            (Array::from(vec![123_456_789.123_456_79]), "[1.23456789e+08]"),
            (Array::from(vec![1234567.8_f32]), "[1.2345678e+06]"),
            (Array::from(vec![1.0, 1234.5]), "[1.0000e+00 1.2345e+03]"),
            (Array::from(vec![1.5e300, 1e-300]), "[1.5e+300 1.0e-300]"),
            (Array::from(vec![1.0, f64::NAN, -f64::INFINITY]), "[  1.  nan -inf]"),
            (Array::from(vec![c(1.0, 2.0), c(3.5, -4.0)]), "[1. +2.j 3.5-4.j]"),
            (Array::from(vec![c(f64::NAN, 1.0), c(2.0, f64::INFINITY)]), "[nan +1.j  2.+infj]"),
            (Array::from(vec![c(1e-10, 1.0)]), "[1.e-10+1.j]"),
            (Array::from_vec(Vec::<f64>::new(), &[2, 0, 3]).unwrap(), "[]"),
        ] {
            assert_eq!(a.to_string(), want);
        }
        let lines = Array::from((0..50).collect::<Vec<i32>>()).to_string();
        let first = lines.lines().next().unwrap();
        assert_eq!(first, "[ 0  1  2  3  4  5  6  7  8  9 10 11 12 13 14 15 16 17 18 19 20 21 22 23");
    }
}
