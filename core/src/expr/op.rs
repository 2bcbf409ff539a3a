//! The op table: every elementwise operation, once. Tests, docs, benches, both lowerings and the tool's `ops` iterate over
//! it. A new operation is a row here, an arm on the CPU, which the compiler requires, and a WGSL function, which the
//! shaders crate requires.

use super::complex;
use super::float_division::{float_floor_divide, float_remainder};
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

/// The table itself: `op_table!(callback)` hands every row to a macro. A row is: variant, function, NumPy's
/// name, arity, kinds, typing, doc, reference, special cases.
macro_rules! op_table {
    ($callback:path) => {
        $callback! {
    row(Negative, negative, "negative", unary,
        NUMBER,
        Same,
        "`-x`; integers wrap.",
        Unary { real: Some(|x| -x), complex: Some(|x| -x), int: Some(|x| -x) },
        &[(&[0.0], -0.0), (&[-0.0], 0.0), (&[INF], -INF), (&[NAN], NAN)],
    ),
    row(Absolute, absolute, "absolute", unary,
        ALL,
        RealPart,
        "Magnitude; that of a complex number is real and never overflows on the way.",
        Unary {
            real: Some(f64::abs),
            complex: Some(|x| Complex64::new(x.re.hypot(x.im), 0.0)),
            int: Some(i128::abs),
        },
        &[(&[-0.0], 0.0), (&[-INF], INF), (&[NAN], NAN)],
    ),
    row(Floor, floor, "floor", unary,
        ORDERED,
        Same,
        "Largest integer not above `x`, in the dtype of `x`.",
        Unary { real: Some(f64::floor), complex: None, int: Some(|x| x) },
        &[(&[-0.0], -0.0), (&[-0.5], -1.0), (&[INF], INF), (&[-INF], -INF), (&[NAN], NAN)],
    ),
    row(Ceil, ceil, "ceil", unary,
        ORDERED,
        Same,
        "Smallest integer not below `x`, in the dtype of `x`.",
        Unary { real: Some(f64::ceil), complex: None, int: Some(|x| x) },
        &[(&[-0.0], -0.0), (&[-0.5], -0.0), (&[0.5], 1.0), (&[INF], INF), (&[-INF], -INF), (&[NAN], NAN)],
    ),
    row(Trunc, trunc, "trunc", unary,
        ORDERED,
        Same,
        "`x` without its fraction, in the dtype of `x`.",
        Unary { real: Some(f64::trunc), complex: None, int: Some(|x| x) },
        &[(&[-0.0], -0.0), (&[-0.5], -0.0), (&[-1.5], -1.0), (&[INF], INF), (&[-INF], -INF), (&[NAN], NAN)],
    ),
    row(Round, round, "round", unary,
        ORDERED,
        Same,
        "Nearest integer, of two the even one, in the dtype of `x`; each part of a complex number.",
        Unary { real: Some(f64::round_ties_even), complex: None, int: Some(|x| x) },
        &[(&[0.5], 0.0), (&[-0.5], -0.0), (&[1.5], 2.0), (&[2.5], 2.0), (&[INF], INF), (&[NAN], NAN)],
    ),
    row(Sqrt, sqrt, "sqrt", unary,
        INEXACT,
        Inexact,
        "Square root, correctly rounded on reals; principal branch on complex numbers.",
        Unary { real: Some(f64::sqrt), complex: Some(complex::sqrt), int: None },
        &[(&[-1.0], NAN), (&[0.0], 0.0), (&[-0.0], -0.0), (&[INF], INF), (&[-INF], NAN), (&[NAN], NAN)],
    ),
    row(Exp, exp, "exp", unary,
        INEXACT,
        Inexact,
        "e to the power `x`.",
        Unary { real: Some(f64::exp), complex: Some(complex::exp), int: None },
        &[
            (&[0.0], 1.0),
            (&[-0.0], 1.0),
            (&[INF], INF),
            (&[-INF], 0.0),
            (&[NAN], NAN),
            (&[1e4], INF),
            (&[-1e4], 0.0),
        ],
    ),
    row(Log, log, "log", unary,
        INEXACT,
        Inexact,
        "Natural logarithm; principal branch on complex numbers.",
        Unary { real: Some(f64::ln), complex: Some(complex::log), int: None },
        &[
            (&[1.0], 0.0),
            (&[0.0], -INF),
            (&[-0.0], -INF),
            (&[-1.0], NAN),
            (&[INF], INF),
            (&[-INF], NAN),
            (&[NAN], NAN),
        ],
    ),
    row(Expm1, expm1, "expm1", unary,
        FLOAT,
        Inexact,
        "e to the power `x`, less 1: accurate for small `x`.",
        Unary { real: Some(f64::exp_m1), complex: None, int: None },
        &[(&[0.0], 0.0), (&[-0.0], -0.0), (&[INF], INF), (&[-INF], -1.0), (&[NAN], NAN), (&[-1e4], -1.0)],
    ),
    row(Log1p, log1p, "log1p", unary,
        FLOAT,
        Inexact,
        "Natural logarithm of `1 + x`: accurate for small `x`.",
        Unary { real: Some(f64::ln_1p), complex: None, int: None },
        &[(&[0.0], 0.0), (&[-0.0], -0.0), (&[-1.0], -INF), (&[-2.0], NAN), (&[INF], INF), (&[NAN], NAN)],
    ),
    row(Log2, log2, "log2", unary,
        FLOAT,
        Inexact,
        "Logarithm to base 2, exact for powers of it.",
        Unary { real: Some(f64::log2), complex: None, int: None },
        &[(&[1.0], 0.0), (&[8.0], 3.0), (&[0.0], -INF), (&[-0.0], -INF), (&[-1.0], NAN), (&[INF], INF), (&[NAN], NAN)],
    ),
    row(Log10, log10, "log10", unary,
        FLOAT,
        Inexact,
        "Logarithm to base 10.",
        Unary { real: Some(f64::log10), complex: None, int: None },
        &[(&[1.0], 0.0), (&[0.0], -INF), (&[-0.0], -INF), (&[-1.0], NAN), (&[INF], INF), (&[NAN], NAN)],
    ),
    row(Sin, sin, "sin", unary,
        INEXACT,
        Inexact,
        "Sine of radians, accurate for any finite argument.",
        Unary { real: Some(f64::sin), complex: Some(complex::sin), int: None },
        &[(&[0.0], 0.0), (&[-0.0], -0.0), (&[INF], NAN), (&[-INF], NAN), (&[NAN], NAN)],
    ),
    row(Cos, cos, "cos", unary,
        INEXACT,
        Inexact,
        "Cosine of radians, accurate for any finite argument.",
        Unary { real: Some(f64::cos), complex: Some(complex::cos), int: None },
        &[(&[0.0], 1.0), (&[-0.0], 1.0), (&[INF], NAN), (&[-INF], NAN), (&[NAN], NAN)],
    ),
    row(Tanh, tanh, "tanh", unary,
        INEXACT,
        Inexact,
        "Hyperbolic tangent.",
        Unary { real: Some(f64::tanh), complex: Some(complex::tanh), int: None },
        &[(&[0.0], 0.0), (&[-0.0], -0.0), (&[INF], 1.0), (&[-INF], -1.0), (&[1e4], 1.0), (&[NAN], NAN)],
    ),
    row(Conj, conj, "conj", unary,
        NUMBER,
        Same,
        "Complex conjugate; a real number itself.",
        Unary { real: Some(|x| x), complex: Some(|x| x.conj()), int: Some(|x| x) },
        &[],
    ),
    row(Real, real, "real", unary,
        NUMBER,
        RealPart,
        "Real part.",
        Unary { real: Some(|x| x), complex: Some(|x| Complex64::new(x.re, 0.0)), int: Some(|x| x) },
        &[],
    ),
    row(Imag, imag, "imag", unary,
        NUMBER,
        RealPart,
        "Imaginary part; 0 for a real number.",
        Unary { real: Some(|_| 0.0), complex: Some(|x| Complex64::new(x.im, 0.0)), int: Some(|_| 0) },
        &[(&[NAN], 0.0)],
    ),
    row(IsNan, isnan, "isnan", unary,
        ALL,
        Test,
        "True where a part of `x` is not a number.",
        Unary {
            real: Some(|x| t(x.is_nan())),
            complex: Some(|x| tc(x.re.is_nan() || x.im.is_nan())),
            int: Some(|_| 0),
        },
        &[(&[NAN], 1.0), (&[INF], 0.0), (&[-INF], 0.0), (&[0.0], 0.0)],
    ),
    row(SignBit, signbit, "signbit", unary,
        REAL,
        Test,
        "True where the sign of `x` is negative, that of a zero too.",
        Unary { real: Some(|x| t(x.is_sign_negative())), complex: None, int: Some(|x| (x < 0) as i128) },
        &[(&[-0.0], 1.0), (&[0.0], 0.0), (&[INF], 0.0), (&[-INF], 1.0)],
    ),
    row(Invert, bitwise_invert, "bitwise_invert", unary,
        BITS,
        Same,
        "Every bit flipped; on bool, not.",
        Unary { real: None, complex: None, int: Some(|x| !x) },
        &[],
    ),
    row(Add, add, "add", binary,
        ALL,
        Same,
        "`a + b`; integers wrap, on bool it is or.",
        Binary { real: Some(|a, b| a + b), complex: Some(|a, b| a + b), int: Some(|a, b| a + b) },
        &[
            (&[INF, -INF], NAN),
            (&[-0.0, -0.0], -0.0),
            (&[-0.0, 0.0], 0.0),
            (&[NAN, 1.0], NAN),
            (&[INF, 1.0], INF),
        ],
    ),
    row(Subtract, subtract, "subtract", binary,
        NUMBER,
        Same,
        "`a - b`; integers wrap.",
        Binary { real: Some(|a, b| a - b), complex: Some(|a, b| a - b), int: Some(|a, b| a - b) },
        &[(&[INF, INF], NAN), (&[-0.0, 0.0], -0.0), (&[0.0, 0.0], 0.0), (&[1.0, NAN], NAN)],
    ),
    row(Multiply, multiply, "multiply", binary,
        ALL,
        Same,
        "`a * b`; integers wrap, on bool it is and.",
        Binary { real: Some(|a, b| a * b), complex: Some(|a, b| a * b), int: Some(|a, b| a.wrapping_mul(b)) },
        &[(&[INF, 0.0], NAN), (&[0.0, NAN], NAN), (&[-0.0, 5.0], -0.0), (&[-INF, 2.0], -INF)],
    ),
    row(Divide, divide, "divide", binary,
        INEXACT,
        Inexact,
        "`a / b` in floating point, correctly rounded on reals.",
        Binary { real: Some(|a, b| a / b), complex: Some(complex::divide), int: None },
        &[
            (&[0.0, 0.0], NAN),
            (&[1.0, 0.0], INF),
            (&[1.0, -0.0], -INF),
            (&[INF, INF], NAN),
            (&[1.0, INF], 0.0),
            (&[NAN, 1.0], NAN),
        ],
    ),
    row(FloorDivide, floor_divide, "floor_divide", binary,
        REAL,
        Same,
        "Largest integer not above `a / b`, rounded once; an integer divided by zero is 0.",
        Binary { real: Some(float_floor_divide), complex: None, int: Some(floor_div) },
        &[
            (&[0.0, 0.0], NAN),
            (&[7.0, -2.0], -4.0),
            (&[-7.0, 2.0], -4.0),
            (&[NAN, 1.0], NAN),
            (&[1.0, 0.0], INF),
        ],
    ),
    row(Remainder, remainder, "remainder", binary,
        REAL,
        Same,
        "`a - b * floor(a / b)`, exact, with the sign of `b`; an integer by zero is 0.",
        Binary { real: Some(float_remainder), complex: None, int: Some(floor_mod) },
        &[
            (&[7.0, -2.0], -1.0),
            (&[-7.0, 2.0], 1.0),
            (&[1.0, 0.0], NAN),
            (&[INF, 2.0], NAN),
            (&[-0.0, 2.0], 0.0),
        ],
    ),
    row(Pow, pow, "pow", binary,
        REAL,
        Same,
        "`a` to the power `b`; integers wrap, and to a negative power they are the quotient 1 / a towards zero.",
        Binary { real: Some(f64::powf), complex: None, int: Some(int_pow) },
        &[
            (&[0.0, 0.0], 1.0),
            (&[NAN, 0.0], 1.0),
            (&[1.0, NAN], 1.0),
            (&[-1.0, INF], 1.0),
            (&[-0.0, -3.0], -INF),
            (&[-0.0, 3.0], -0.0),
            (&[-8.0, 1.5], NAN),
            (&[-INF, 3.0], -INF),
            (&[0.5, -INF], INF),
            (&[2.0, -INF], 0.0),
        ],
    ),
    row(Atan2, atan2, "atan2", binary,
        FLOAT,
        Inexact,
        "The angle of the point (`b`, `a`) in radians, from -π to π: the arctangent of `a / b` by quadrant.",
        Binary { real: Some(f64::atan2), complex: None, int: None },
        &[(&[0.0, 1.0], 0.0), (&[-0.0, 1.0], -0.0), (&[0.0, -0.0], std::f64::consts::PI), (&[NAN, 1.0], NAN)],
    ),
    row(CopySign, copysign, "copysign", binary,
        FLOAT,
        Inexact,
        "The magnitude of `a` with the sign of `b`, that of a zero too.",
        Binary { real: Some(f64::copysign), complex: None, int: None },
        &[(&[1.0, -0.0], -1.0), (&[-1.0, 0.0], 1.0), (&[INF, -1.0], -INF)],
    ),
    row(Complex, complex, "complex", binary,
        FLOAT,
        Parts,
        "The complex number of real part `a` and imaginary part `b`, neither of which is computed with: `a + 1j * b` of every value.",
        Binary { real: None, complex: Some(|a, b| Complex64::new(a.re, b.re)), int: None },
        &[],
    ),
    row(Minimum, minimum, "minimum", binary,
        ORDERED,
        Same,
        "The smaller one; NaN if either is.",
        Binary {
            real: Some(|a, b| if a.is_nan() || b.is_nan() { NAN } else { a.min(b) }),
            complex: None,
            int: Some(|a, b| a.min(b)),
        },
        &[(&[NAN, 1.0], NAN), (&[1.0, NAN], NAN), (&[-INF, 1.0], -INF)],
    ),
    row(Maximum, maximum, "maximum", binary,
        ORDERED,
        Same,
        "The larger one; NaN if either is.",
        Binary {
            real: Some(|a, b| if a.is_nan() || b.is_nan() { NAN } else { a.max(b) }),
            complex: None,
            int: Some(|a, b| a.max(b)),
        },
        &[(&[NAN, 1.0], NAN), (&[1.0, NAN], NAN), (&[INF, 1.0], INF)],
    ),
    row(Equal, equal, "equal", binary,
        ALL,
        Test,
        "`a == b`.",
        Binary {
            real: Some(|a, b| t(a == b)),
            complex: Some(|a, b| tc(a == b)),
            int: Some(|a, b| (a == b) as i128),
        },
        &[(&[NAN, NAN], 0.0), (&[0.0, -0.0], 1.0), (&[INF, INF], 1.0)],
    ),
    row(NotEqual, not_equal, "not_equal", binary,
        ALL,
        Test,
        "`a != b`.",
        Binary {
            real: Some(|a, b| t(a != b)),
            complex: Some(|a, b| tc(a != b)),
            int: Some(|a, b| (a != b) as i128),
        },
        &[(&[NAN, NAN], 1.0), (&[0.0, -0.0], 0.0)],
    ),
    row(Less, less, "less", binary,
        ORDERED,
        Test,
        "`a < b`.",
        Binary { real: Some(|a, b| t(a < b)), complex: None, int: Some(|a, b| (a < b) as i128) },
        &[(&[NAN, 1.0], 0.0), (&[1.0, NAN], 0.0), (&[-0.0, 0.0], 0.0)],
    ),
    row(LessEqual, less_equal, "less_equal", binary,
        ORDERED,
        Test,
        "`a <= b`.",
        Binary { real: Some(|a, b| t(a <= b)), complex: None, int: Some(|a, b| (a <= b) as i128) },
        &[(&[NAN, NAN], 0.0), (&[0.0, -0.0], 1.0)],
    ),
    row(Greater, greater, "greater", binary,
        ORDERED,
        Test,
        "`a > b`.",
        Binary { real: Some(|a, b| t(a > b)), complex: None, int: Some(|a, b| (a > b) as i128) },
        &[(&[NAN, 1.0], 0.0), (&[1.0, NAN], 0.0)],
    ),
    row(GreaterEqual, greater_equal, "greater_equal", binary,
        ORDERED,
        Test,
        "`a >= b`.",
        Binary { real: Some(|a, b| t(a >= b)), complex: None, int: Some(|a, b| (a >= b) as i128) },
        &[(&[NAN, NAN], 0.0), (&[0.0, -0.0], 1.0)],
    ),
    row(BitwiseAnd, bitwise_and, "bitwise_and", binary,
        BITS,
        Same,
        "Bits set in both; on bool, and.",
        Binary { real: None, complex: None, int: Some(|a, b| a & b) },
        &[],
    ),
    row(BitwiseOr, bitwise_or, "bitwise_or", binary,
        BITS,
        Same,
        "Bits set in either; on bool, or.",
        Binary { real: None, complex: None, int: Some(|a, b| a | b) },
        &[],
    ),
    row(BitwiseXor, bitwise_xor, "bitwise_xor", binary,
        BITS,
        Same,
        "Bits set in one of the two; on bool, xor.",
        Binary { real: None, complex: None, int: Some(|a, b| a ^ b) },
        &[],
    ),
    row(LeftShift, bitwise_left_shift, "bitwise_left_shift", binary,
        INTEGER,
        Same,
        "`a` with its bits shifted `b` places up; 0 where `b` is negative or not below the number of bits.",
        Binary { real: None, complex: None, int: Some(|a, b| if (0..64).contains(&b) { a << b } else { 0 }) },
        &[],
    ),
    row(RightShift, bitwise_right_shift, "bitwise_right_shift", binary,
        INTEGER,
        Same,
        "`a` with its bits shifted `b` places down, its sign kept; 0 or -1 where `b` is negative or not below the number of bits.",
        Binary { real: None, complex: None, int: Some(|a, b| a >> if (0..64).contains(&b) { b } else { 64 }) },
        &[],
    ),
    row(Where, where_, "where", ternary,
        ALL,
        Select,
        "`a` where the condition holds, else `b`.",
        Reference::Select,
        &[],
    ),
        }
    };
}
pub(crate) use op_table;

macro_rules! define_ops {
    ($(row($op:ident, $f:ident, $name:literal, $arity:ident, $kinds:expr, $typing:expr, $doc:literal, $reference:expr, $special:expr $(,)?)),* $(,)?) => {
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
