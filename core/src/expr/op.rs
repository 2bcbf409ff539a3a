//! Elementwise operations and reductions, from the op table. Tests, docs, benches, both lowerings and the tool's `ops`
//! iterate over [`OPS`]. A new operation is a row of the table, an arm on the CPU, which the compiler requires, and a WGSL function, which the
//! shaders crate requires.

use super::complex;
use super::float_division::{float_floor_divide, float_remainder};
use super::op_table::op_table;
use crate::dtype::{DType, Kind};
use num_complex::Complex64;
use std::fmt;

/// Which kinds of dtype an operation computes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kinds(u8);

impl Kinds {
    const fn of(kinds: &[Kind]) -> Kinds {
        let mut bits = 0;
        let mut i = 0;
        while i < kinds.len() {
            bits |= 1 << kinds[i] as u8;
            i += 1;
        }
        Kinds(bits)
    }
    /// True if the operation computes in `kind`.
    pub const fn has(self, kind: Kind) -> bool {
        self.0 & (1 << kind as u8) != 0
    }
}

const ALL: Kinds = Kinds::of(&[Kind::Bool, Kind::Int, Kind::Float, Kind::Complex]);
const NUMBER: Kinds = Kinds::of(&[Kind::Int, Kind::Float, Kind::Complex]);
const REAL: Kinds = Kinds::of(&[Kind::Int, Kind::Float]);
const ORDERED: Kinds = Kinds::of(&[Kind::Bool, Kind::Int, Kind::Float]);
const INEXACT: Kinds = Kinds::of(&[Kind::Float, Kind::Complex]);
const BITS: Kinds = Kinds::of(&[Kind::Bool, Kind::Int]);
const INTEGER: Kinds = Kinds::of(&[Kind::Int]);
const FLOAT: Kinds = Kinds::of(&[Kind::Float]);

/// How the dtype that an operation computes in, and that of its result, follow from its operands'.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Typing {
    /// Computes in the promoted dtype and keeps it.
    Same,
    /// Integers and bools first become the device's default float.
    Inexact,
    /// Computes in the promoted dtype; the result is bool.
    Test,
    /// Computes in the dtype; the result is its real part's dtype.
    RealPart,
    /// As `Inexact`; the result is of the complex dtype whose parts those are, for float16 complex64.
    Parts,
    /// The first operand is a bool, the others are promoted and kept.
    Select,
}

/// What an operation is, on doubles, complex doubles and wide integers: the truth that tests compare with.
#[derive(Clone, Copy)]
#[allow(missing_docs, reason = "the type says it")]
pub enum Reference {
    Unary {
        real: Option<fn(f64) -> f64>,
        complex: Option<fn(Complex64) -> Complex64>,
        int: Option<fn(i128) -> i128>,
    },
    Binary {
        real: Option<fn(f64, f64) -> f64>,
        complex: Option<fn(Complex64, Complex64) -> Complex64>,
        int: Option<fn(i128, i128) -> i128>,
    },
    /// `Where`: the test harness selects.
    Select,
}

/// One row of the op table.
pub struct OpInfo {
    /// The operation.
    pub op: Op,
    /// Its name in the `numpy` domain.
    pub name: &'static str,
    /// Number of operands.
    pub arity: usize,
    /// Kinds it computes in.
    pub kinds: Kinds,
    /// How dtypes follow.
    pub typing: Typing,
    /// What it does, one line.
    pub doc: &'static str,
    /// The truth.
    pub reference: Reference,
    /// Real special cases, operands then result (Array API standard).
    pub special: &'static [(&'static [f64], f64)],
}

impl fmt::Debug for OpInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpInfo").field("name", &self.name).field("arity", &self.arity).finish()
    }
}

use Reference::{Binary, Unary};
use Typing::*;

const INF: f64 = f64::INFINITY;
const NAN: f64 = f64::NAN;

/// A truth value as a number.
fn t<T: From<u8>>(b: bool) -> T {
    T::from(b as u8)
}
fn tc(b: bool) -> Complex64 {
    Complex64::new(b as u8 as f64, 0.0)
}

/// Division towards minus infinity; by zero it is 0, as in NumPy.
fn floor_div(a: i128, b: i128) -> i128 {
    if b == 0 { 0 } else { a.div_euclid(b) - (b < 0 && a.rem_euclid(b) != 0) as i128 }
}
fn floor_mod(a: i128, b: i128) -> i128 {
    if b == 0 { 0 } else { a - b * floor_div(a, b) }
}

fn greatest_common_divisor(a: i128, b: i128) -> i128 {
    if b == 0 { a.abs() } else { greatest_common_divisor(b, a % b) }
}

/// `a` to the power `b`, wrapping in 64 bits; to a negative power the quotient towards zero: that of 1 and -1 is not 0.
fn int_pow(a: i128, b: i128) -> i128 {
    match (a, b) {
        (1, _) => 1,
        (-1, b) => 1 - 2 * (b & 1),
        (_, b) if b < 0 => 0,
        (a, b) => {
            let (mut power, mut base, mut b) = (1_u64, a as u64, b);
            while b > 0 {
                if b & 1 == 1 {
                    power = power.wrapping_mul(base);
                }
                base = base.wrapping_mul(base);
                b >>= 1;
            }
            i128::from(power)
        }
    }
}

macro_rules! define_ops {
    ($(row($op:ident, $f:ident, $name:literal, $arity:ident, $kinds:expr, $typing:expr, $doc:literal, $operands:tt => $type:ident $result:literal, $reference:expr, $special:expr $(,)?)),* $(,)?) => {
        /// An elementwise operation of a fused kernel. Its row in [`OPS`] says the rest.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(u8)]
        pub enum Op { $(#[doc = $doc] $op),* }

        /// Every operation, in the order of [`Op`].
        pub const OPS: &[OpInfo] = &[$(OpInfo {
            op: Op::$op,
            name: $name,
            arity: define_ops!(@arity $arity),
            kinds: $kinds,
            typing: $typing,
            doc: $doc,
            reference: $reference,
            special: $special,
        }),*];
    };
    (@arity unary) => { 1 };
    (@arity binary) => { 2 };
    (@arity ternary) => { 3 };
}
op_table!(define_ops);

impl Op {
    /// The operation's row.
    pub const fn info(self) -> &'static OpInfo {
        &OPS[self as usize]
    }

    /// Its name in the `numpy` domain.
    pub const fn name(self) -> &'static str {
        self.info().name
    }

    /// Whether it is a transcendental function: what the contract holds to some units in the last place, and costs most.
    pub const fn is_function(self) -> bool {
        use Op::*;
        matches!(self, Exp | Log | Expm1 | Log1p | Log2 | Log10 | Sin | Cos | Tanh | Pow | Atan2)
    }

    /// Dtype of the result when the operation computes in `compute`.
    pub const fn output(self, compute: DType) -> DType {
        match self.info().typing {
            Test => DType::Bool,
            RealPart => compute.real(),
            Parts => compute.complex(),
            Same | Inexact | Select => compute,
        }
    }
}

impl fmt::Display for Op {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A reduction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Reduction {
    /// Sum by a fixed tree; 0 of nothing. Integers wrap.
    Sum,
    /// Product by a fixed tree; 1 of nothing.
    Prod,
    /// Smallest; NaN if any is. Of nothing: an error at the call.
    Min,
    /// Largest; NaN if any is. Of nothing: an error at the call.
    Max,
    /// Is any non-zero; input and output are bool. False of nothing.
    Any,
    /// Are all non-zero; input and output are bool. True of nothing.
    All,
    /// Row-major index (i64) of the first smallest among the reduced elements; the first NaN wins.
    ArgMin,
    /// Row-major index (i64) of the first largest among the reduced elements; the first NaN wins.
    ArgMax,
}

/// Every reduction.
pub const REDUCTIONS: [Reduction; 8] = [
    Reduction::Sum,
    Reduction::Prod,
    Reduction::Min,
    Reduction::Max,
    Reduction::Any,
    Reduction::All,
    Reduction::ArgMin,
    Reduction::ArgMax,
];

impl Reduction {
    /// Its name in the `numpy` domain.
    pub const fn name(self) -> &'static str {
        match self {
            Reduction::Sum => "sum",
            Reduction::Prod => "prod",
            Reduction::Min => "min",
            Reduction::Max => "max",
            Reduction::Any => "any",
            Reduction::All => "all",
            Reduction::ArgMin => "argmin",
            Reduction::ArgMax => "argmax",
        }
    }

    /// Dtype of the result over elements of `input` (already cast: sums of small integers arrive as i64/u64,
    /// any and all as bool).
    pub const fn output(self, input: DType) -> DType {
        match self {
            Reduction::ArgMin | Reduction::ArgMax => DType::I64,
            Reduction::Any | Reduction::All => DType::Bool,
            _ => input,
        }
    }

    /// True if reducing nothing has a value.
    pub const fn has_identity(self) -> bool {
        matches!(self, Reduction::Sum | Reduction::Prod | Reduction::Any | Reduction::All)
    }
}

impl fmt::Display for Reduction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_stand_where_their_op_points() {
        for (i, row) in OPS.iter().enumerate() {
            assert_eq!(row.op as usize, i, "{}", row.name);
            let arity = match row.reference {
                Unary { .. } => 1,
                Binary { .. } => 2,
                Reference::Select => 3,
            };
            assert_eq!(row.arity, arity, "{}", row.name);
            for (x, _) in row.special {
                assert_eq!(x.len(), arity, "{}", row.name);
            }
        }
    }

    #[test]
    fn the_references_obey_their_own_special_cases() {
        for row in OPS {
            for &(x, want) in row.special {
                let got = match row.reference {
                    Unary { real: Some(f), .. } => f(x[0]),
                    Binary { real: Some(f), .. } => f(x[0], x[1]),
                    _ => unreachable!("{} has special cases and no real reference", row.name),
                };
                let same = got.to_bits() == want.to_bits() || (got.is_nan() && want.is_nan());
                assert!(same, "{}({x:?}) = {got}, want {want}", row.name);
            }
        }
    }

    #[test]
    fn integer_division_floors_and_survives_zero() {
        for (a, b, q, r) in [(7, 2, 3, 1), (-7, 2, -4, 1), (7, -2, -4, -1), (-7, -2, 3, -1), (5, 0, 0, 0)] {
            assert_eq!((floor_div(a, b), floor_mod(a, b)), (q, r), "{a} {b}");
        }
    }
}
