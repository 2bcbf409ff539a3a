//! Numbers as text. The rules are those of NumPy 2.4: its scalars' for a single number, and `FloatingFormat`'s for the
//! elements of an array, whose points stand in one column.

use super::{DType, Kind, Scalar};

/// Digits after the point of an array's elements, at most.
const PRECISION: usize = 8;

/// A scalar: with all the digits that distinguish it, or with `precision` digits after the point.
pub(crate) fn single(v: Scalar, precision: Option<usize>, plus: bool) -> String {
    // From here on a number is in scientific notation.
    let most = match v.dtype() {
        DType::F16 => 1e3,
        DType::F32 | DType::C64 => 1e6,
        _ => 1e16,
    };
    let number = |x: f64, whole: &str, plus: bool| {
        let text = match precision {
            _ if !x.is_finite() => special(x).into(),
            Some(digits) => format!("{x:.digits$}"),
            None if x == 0.0 || (1e-4..most).contains(&x.abs()) => {
                let text = shortest(x, v.dtype(), false);
                if text.contains('.') { text } else { text + whole }
            }
            None => {
                let text = shortest(x, v.dtype(), true);
                let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
                format!("{mantissa}{}", power(exponent, 2))
            }
        };
        signed(text, plus)
    };
    match v.dtype().kind() {
        Kind::Complex => {
            let z = v.to_c128();
            match precision {
                Some(_) => format!("{}{}j", number(z.re, "", plus), number(z.im, "", true)),
                None if z.re == 0.0 && z.re.is_sign_positive() => format!("{}j", number(z.im, "", plus)),
                None => format!("({}{}j)", number(z.re, "", plus), number(z.im, "", true)),
            }
        }
        Kind::Float => number(v.to_f64(), ".0", plus),
        Kind::Bool => truth(v).into(),
        _ => signed(whole(v), plus),
    }
}

fn whole(v: Scalar) -> String {
    v.to_i128().map_or_else(String::new, |whole| whole.to_string())
}

fn truth(v: Scalar) -> &'static str {
    if v.to_f64() != 0.0 { "True" } else { "False" }
}

fn special(v: f64) -> &'static str {
    if v.is_nan() {
        "nan"
    } else if v > 0.0 {
        "inf"
    } else {
        "-inf"
    }
}

fn signed(text: String, plus: bool) -> String {
    if plus && !text.starts_with('-') { format!("+{text}") } else { text }
}

/// `e+07` from `7`.
fn power(exponent: &str, digits: usize) -> String {
    let (sign, e) = exponent.strip_prefix('-').map_or(('+', exponent), |e| ('-', e));
    format!("e{sign}{e:0>digits$}")
}

/// The shortest decimal that rounds to `v` in its dtype; of several, the one next to `v`, and the even one of a tie.
fn shortest(v: f64, dtype: DType, exponent: bool) -> String {
    let same = |text: &str| match dtype {
        DType::F16 => text.parse().is_ok_and(|x| half::f16::from_f64(x).to_f64() == v),
        DType::F32 | DType::C64 => text.parse() == Ok(v as f32),
        _ => text.parse() == Ok(v),
    };
    let short = match dtype {
        // Five digits distinguish all of them. Below a power of two its neighbour is nearer than above, so that the
        // decimal above may do where the nearest one does not.
        DType::F16 => (0..5).find_map(|digits| {
            let nearest = format!("{v:.digits$e}");
            let above = || {
                let (mantissa, power) = nearest.split_once('e')?;
                let digit = 10f64.powi(-(digits as i32)).copysign(v);
                Some(format!("{:.digits$}e{power}", mantissa.parse::<f64>().ok()? + digit))
            };
            if same(&nearest) { Some(nearest) } else { above().filter(|above| same(above)) }
        }),
        DType::F32 | DType::C64 => Some(format!("{:e}", v as f32)),
        _ => None,
    };
    let short = short.unwrap_or_else(|| format!("{v:e}"));
    let digits = short.find('.').map_or(0, |point| short.find('e').unwrap_or(short.len()) - point - 1);
    let rounded = format!("{v:.digits$e}");
    let short = if same(&rounded) { rounded } else { short };
    if exponent { short } else { positional(&short) }
}

/// A number in scientific notation, written out.
fn positional(scientific: &str) -> String {
    let (mantissa, power) = scientific.split_once('e').unwrap_or((scientific, "0"));
    let (sign, mantissa) = mantissa.strip_prefix('-').map_or(("", mantissa), |rest| ("-", rest));
    let mut digits = mantissa.replace('.', "");
    // Digits before the point.
    let whole = power.parse::<i32>().unwrap_or(0) + 1;
    if whole <= 0 {
        digits.insert_str(0, &"0".repeat(1 + whole.unsigned_abs() as usize));
    }
    let whole = whole.max(1) as usize;
    if digits.len() <= whole {
        return format!("{sign}{digits:0<whole$}");
    }
    format!("{sign}{}.{}", &digits[..whole], &digits[whole..])
}

/// The format of the elements of one array.
pub(crate) enum Cells {
    Bool,
    Int { width: usize, plus: bool },
    Float(Column),
    Complex(Column, Column),
}

impl Cells {
    pub fn of(dtype: DType, values: &[Scalar], precision: Option<usize>, plus: bool) -> Cells {
        let column = |part: &dyn Fn(&Scalar) -> f64, plus| {
            Column::of(dtype, &values.iter().map(part).collect::<Vec<_>>(), precision, plus)
        };
        match dtype.kind() {
            Kind::Bool => Cells::Bool,
            Kind::Float => Cells::Float(column(&|v| v.to_f64(), plus)),
            Kind::Complex => {
                Cells::Complex(column(&|v| v.to_c128().re, plus), column(&|v| v.to_c128().im, true))
            }
            _ => {
                let wide = values.iter().map(|v| signed(whole(*v), plus).len());
                Cells::Int { width: wide.max().unwrap_or(0), plus }
            }
        }
    }

    pub fn cell(&self, v: Scalar) -> String {
        match self {
            Cells::Bool => format!("{:>5}", truth(v)),
            Cells::Int { width, plus } => format!("{:>width$}", signed(whole(v), *plus)),
            Cells::Float(column) => column.number(v.to_f64()),
            Cells::Complex(real, imaginary) => {
                let z = v.to_c128();
                // The unit follows the digits; blanks that align points come behind it.
                let im = imaginary.number(z.im);
                let digits = im.trim_end();
                format!("{}{digits}j{}", real.number(z.re), &im[digits.len()..])
            }
        }
    }
}

/// A column of floats.
pub(crate) struct Column {
    dtype: DType,
    /// As many digits after the point as the format string asks for, not the fewest.
    fixed: bool,
    exponent: bool,
    plus: bool,
    /// Characters before the point, digits after it, digits of the exponent.
    left: usize,
    right: usize,
    power: usize,
}

/// What stands before the point, after it, and the exponent.
type Parts = (String, String, String);

impl Column {
    fn of(dtype: DType, values: &[f64], precision: Option<usize>, plus: bool) -> Column {
        let finite = || values.iter().copied().filter(|v| v.is_finite());
        let magnitudes = finite().map(f64::abs).filter(|v| *v > 0.0);
        let (lo, hi) = magnitudes.fold((f64::INFINITY, 0f64), |(lo, hi), v| (lo.min(v), hi.max(v)));
        // NumPy compares in the dtype.
        let (most, least, ratio) = match dtype {
            DType::F16 => {
                let narrow = |v: f32| f64::from(half::f16::from_f32(v));
                (1e3, narrow(1e-4), narrow(hi as f32 / lo as f32))
            }
            DType::F32 | DType::C64 => (1e6, f64::from(1e-4f32), f64::from(hi as f32 / lo as f32)),
            _ => (1e8, 1e-4, hi / lo),
        };
        let exponent = hi >= most || (hi > 0.0 && (lo < least || ratio > 1000.0));
        let right = precision.unwrap_or(PRECISION);
        let mut column =
            Column { dtype, fixed: precision.is_some(), exponent, plus, left: 0, right, power: 2 };
        let all: Vec<Parts> = finite().map(|v| column.digits(v, 0)).collect();
        let most = |len: &dyn Fn(&Parts) -> usize| all.iter().map(len).max().unwrap_or(0);
        column.left = most(&|(whole, ..)| whole.len());
        column.right = most(&|(_, fraction, _)| fraction.len());
        column.power = most(&|(.., power)| power.trim_start_matches('-').len()).max(2);
        let tail = column.tail();
        if values.iter().any(|v| !v.is_finite()) {
            let signed = plus || values.contains(&f64::NEG_INFINITY);
            column.left = column.left.max((3 + usize::from(signed)).saturating_sub(tail));
        }
        column
    }

    /// Characters from the point on.
    fn tail(&self) -> usize {
        1 + self.right + if self.exponent { 2 + self.power } else { 0 }
    }

    /// The fewest digits that tell `v` apart, at least `least` and at most `self.right` of them after the point; or exactly
    /// `self.right`. What is neither is rounded from the number itself, not from its shortest form.
    fn digits(&self, v: f64, least: usize) -> Parts {
        let parts = |text: &str| {
            let (mantissa, power) = text.split_once('e').unwrap_or((text, ""));
            let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
            (signed(whole.into(), self.plus), fraction.to_owned(), power.to_owned())
        };
        let rounded = |digits: usize| {
            parts(&if self.exponent { format!("{v:.digits$e}") } else { format!("{v:.digits$}") })
        };
        if self.fixed {
            return rounded(self.right);
        }
        let short = parts(&shortest(v, self.dtype, self.exponent));
        let mut out = match short.1.len() {
            len if len > self.right => rounded(self.right),
            len if len < least => rounded(least),
            _ => short,
        };
        out.1.truncate(out.1.trim_end_matches('0').len().max(least));
        out
    }

    fn number(&self, v: f64) -> String {
        if !v.is_finite() {
            return format!("{:>1$}", signed(special(v).into(), self.plus), self.left + self.tail());
        }
        let (whole, fraction, exponent) = self.digits(v, if self.exponent { self.right } else { 0 });
        let power = if self.exponent { power(&exponent, self.power) } else { String::new() };
        // Blanks for trailing zeros, so that points stand in one column.
        format!("{whole:>left$}.{fraction:<right$}{power}", left = self.left, right = self.right)
    }
}
