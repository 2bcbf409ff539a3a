//! Element types: the fourteen dtypes, the Rust types that hold them, and how they promote.
//!
//! Promotion follows the Python Array API standard; what the standard leaves undefined (an integer with a
//! float, a signed with an unsigned 64-bit integer) follows NumPy 2. Rust scalars are *weak*: they take the dtype of the
//! array that they are combined with, and raise only its kind (see [`promote_weak`]).

pub(crate) mod numbers;

use half::f16;
use num_complex::{Complex32, Complex64};
use std::fmt;

/// The type of an array's elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
#[allow(missing_docs, reason = "the names say it")]
pub enum DType {
    Bool,
    I8,
    I16,
    I32,
    I64,
    U8,
    U16,
    U32,
    U64,
    F16,
    F32,
    F64,
    C64,
    C128,
}

/// The kind of a dtype, from narrow to wide; a weak scalar can raise an array's kind, never its width.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Kind {
    Bool,
    Int,
    Float,
    Complex,
}

use DType::*;

/// Every dtype, in the order of the enum.
pub const DTYPES: [DType; 14] = [Bool, I8, I16, I32, I64, U8, U16, U32, U64, F16, F32, F64, C64, C128];

impl DType {
    /// NumPy's name of the dtype.
    pub const fn name(self) -> &'static str {
        match self {
            Bool => "bool",
            I8 => "int8",
            I16 => "int16",
            I32 => "int32",
            I64 => "int64",
            U8 => "uint8",
            U16 => "uint16",
            U32 => "uint32",
            U64 => "uint64",
            F16 => "float16",
            F32 => "float32",
            F64 => "float64",
            C64 => "complex64",
            C128 => "complex128",
        }
    }

    /// Bytes of one element in host memory.
    pub const fn size(self) -> usize {
        match self {
            Bool | I8 | U8 => 1,
            I16 | U16 | F16 => 2,
            I32 | U32 | F32 => 4,
            I64 | U64 | F64 | C64 => 8,
            C128 => 16,
        }
    }

    /// The kind.
    pub const fn kind(self) -> Kind {
        match self {
            Bool => Kind::Bool,
            I8 | I16 | I32 | I64 | U8 | U16 | U32 | U64 => Kind::Int,
            F16 | F32 | F64 => Kind::Float,
            C64 | C128 => Kind::Complex,
        }
    }

    /// True of the signed and unsigned integers (not of bool).
    pub const fn is_int(self) -> bool {
        matches!(self.kind(), Kind::Int)
    }

    /// True of u8, u16, u32, u64.
    pub const fn is_unsigned(self) -> bool {
        matches!(self, U8 | U16 | U32 | U64)
    }

    /// True of the real floats.
    pub const fn is_float(self) -> bool {
        matches!(self.kind(), Kind::Float)
    }

    /// True of the complex dtypes.
    pub const fn is_complex(self) -> bool {
        matches!(self.kind(), Kind::Complex)
    }

    /// The real dtype of a complex one's parts; any other dtype itself.
    pub const fn real(self) -> DType {
        match self {
            C64 => F32,
            C128 => F64,
            d => d,
        }
    }

    /// The complex dtype whose parts are of a float dtype, for float16 complex64; any other dtype itself.
    pub const fn complex(self) -> DType {
        match self {
            F16 | F32 => C64,
            F64 => C128,
            d => d,
        }
    }

    /// The dtype of that name, NumPy's (`float32`) or Rust's (`f32`).
    pub fn parse(name: &str) -> Option<DType> {
        DTYPES.into_iter().find(|d| {
            let n = d.name();
            n == name || (n != "bool" && short(*d) == name)
        })
    }
}

/// Rust's spelling: `f32`, `c64`.
fn short(d: DType) -> String {
    format!("{d:?}").to_lowercase()
}

impl fmt::Display for DType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// The common dtype of two arrays.
pub const fn promote(a: DType, b: DType) -> DType {
    if a as u8 == b as u8 {
        return a;
    }
    // The table is symmetric: put the lower one first.
    let (a, b) = if (a as u8) < (b as u8) { (a, b) } else { (b, a) };
    match (a, b) {
        (Bool, d) => d,
        // Signed with signed, unsigned with unsigned, float with float, complex with complex: the wider.
        (I8 | I16 | I32, I16 | I32 | I64) => b,
        (U8 | U16 | U32, U16 | U32 | U64) => b,
        (F16 | F32, F32 | F64) => b,
        (C64, C128) => C128,
        // Signed with unsigned: the smallest signed type that holds both; beyond 64 bits, float64.
        (I8, U8) => I16,
        (I8 | I16, U16) => I32,
        (I8 | I16 | I32, U32) => I64,
        (I16 | I32 | I64, U8) | (I32 | I64, U16) | (I64, U32) => a,
        (I8 | I16 | I32 | I64, U64) => F64,
        // An integer with a float: the float that holds the integer's range well enough (NumPy's table).
        (I8 | U8, F16) => F16,
        (I8 | U8 | I16 | U16, F32) | (I16 | U16, F16) => F32,
        (I8 | I16 | I32 | I64 | U8 | U16 | U32 | U64, F16 | F32 | F64) => F64,
        (I8 | U8 | I16 | U16 | F16 | F32, C64) => C64,
        _ => C128,
    }
}

/// The common dtype of several, whatever their order: those of the higher kinds first, since [`promote`] is not
/// associative across kinds (int8 and uint8 with float16 are float16). None of none.
pub fn promote_all(dtypes: impl IntoIterator<Item = DType>) -> Option<DType> {
    let mut dtypes: Vec<DType> = dtypes.into_iter().collect();
    dtypes.sort_by_key(|dtype| std::cmp::Reverse((dtype.kind(), *dtype as u8)));
    dtypes.into_iter().reduce(promote)
}

/// The common dtype of an array and a weak scalar of kind `weak`; `float` is the default float of the device.
pub const fn promote_weak(array: DType, weak: Kind, float: DType) -> DType {
    match (array.kind(), weak) {
        (Kind::Bool, Kind::Int) => I64,
        (Kind::Bool | Kind::Int, Kind::Float) => float,
        (Kind::Bool | Kind::Int, Kind::Complex) => match float {
            F64 => C128,
            _ => C64,
        },
        (Kind::Float, Kind::Complex) => match array {
            F64 => C128,
            _ => C64,
        },
        _ => array,
    }
}

/// One value of a dtype: what a kernel's parameters, `get` and `item` carry.
#[derive(Clone, Copy, Debug, PartialEq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Scalar {
    Bool(bool),
    I8(i8),
    I16(i16),
    I32(i32),
    I64(i64),
    U8(u8),
    U16(u16),
    U32(u32),
    U64(u64),
    F16(f16),
    F32(f32),
    F64(f64),
    C64(Complex32),
    C128(Complex64),
}

/// A Rust type that is the element of an array.
///
/// `bool` is not `Pod`, so elements are read through bytemuck's checked casts: a byte that is neither 0 nor 1
/// is detected.
pub trait Element: bytemuck::CheckedBitPattern + bytemuck::NoUninit + Send + Sync + fmt::Debug {
    /// The dtype.
    const DTYPE: DType;
    /// How it is stored: itself; a byte for bool.
    type Repr: bytemuck::Pod + Send + Sync;
    /// As a scalar.
    fn scalar(self) -> Scalar;
    /// From a scalar, cast as NumPy's `astype` does (see [`Scalar::cast`]).
    fn from_scalar(s: Scalar) -> Self;
}

macro_rules! elements {
    ($($variant:ident $ty:ty as $repr:ty),*) => {
        $(
            impl Element for $ty {
                const DTYPE: DType = DType::$variant;
                type Repr = $repr;
                #[inline]
                fn scalar(self) -> Scalar { Scalar::$variant(self) }
                fn from_scalar(s: Scalar) -> Self {
                    match s.cast(DType::$variant) { Scalar::$variant(v) => v, _ => unreachable!("cast gives the dtype asked for") }
                }
            }
            impl From<$ty> for Scalar { #[inline] fn from(v: $ty) -> Scalar { Scalar::$variant(v) } }
        )*
        impl Scalar {
            /// The dtype.
            pub const fn dtype(self) -> DType { match self { $(Scalar::$variant(_) => DType::$variant),* } }
            /// The element's bytes, as in host memory; the rest is zero.
            pub fn to_bytes(self) -> [u8; 16] {
                let mut out = [0; 16];
                match self { $(Scalar::$variant(v) => { let b = bytemuck::bytes_of(&v); out[..b.len()].copy_from_slice(b); })* }
                out
            }
        }
        /// The Rust type behind each dtype, by the dtype's name: for [`with_element!`](crate::with_element).
        pub mod ty {
            $(#[allow(missing_docs, reason = "the names say it")] pub type $variant = super::element_types::$variant;)*
        }
        mod element_types { $(pub type $variant = $ty;)* }
    };
}
/// Calls a generic function or block with the Rust type of a dtype: `with_element!(dtype, T => body::<T>())`.
#[macro_export]
macro_rules! with_element {
    ($d:expr, $T:ident => $body:expr) => {
        $crate::with_element!(@arms $d, $T, $body; Bool I8 I16 I32 I64 U8 U16 U32 U64 F16 F32 F64 C64 C128)
    };
    (@arms $d:expr, $T:ident, $body:expr; $($v:ident)*) => {
        $crate::with_element!(@match $d; $([$v $T $body])*)
    };
    (@match $d:expr; $([$v:ident $T:ident $body:expr])*) => {
        match $d { $($crate::DType::$v => { type $T = $crate::dtype::ty::$v; $body })* }
    };
}

elements!(
    Bool bool as u8, I8 i8 as i8, I16 i16 as i16, I32 i32 as i32, I64 i64 as i64,
    U8 u8 as u8, U16 u16 as u16, U32 u32 as u32, U64 u64 as u64,
    F16 half::f16 as half::f16, F32 f32 as f32, F64 f64 as f64,
    C64 num_complex::Complex32 as num_complex::Complex32, C128 num_complex::Complex64 as num_complex::Complex64
);

/// The double as a float whose last bit stands for all that were cut off (rounded to odd): rounded again, to fewer bits, it
/// gives what the double gives rounded once. The conversions of float64 to float16 that processors and libraries have round
/// twice, or drop bits.
#[inline(always)]
pub fn rounded_to_odd(x: f64) -> f32 {
    const CUT: u64 = (1 << 29) - 1;
    let bits = x.to_bits();
    f64::from_bits(bits & !CUT | u64::from(bits & CUT != 0) << 29) as f32
}

impl Scalar {
    /// The value as a complex double: exact but for integers beyond 2⁵³.
    pub fn to_c128(self) -> Complex64 {
        let re = |x: f64| Complex64::new(x, 0.0);
        match self {
            Scalar::Bool(v) => re(v as u8 as f64),
            Scalar::I8(v) => re(v as f64),
            Scalar::I16(v) => re(v as f64),
            Scalar::I32(v) => re(v as f64),
            Scalar::I64(v) => re(v as f64),
            Scalar::U8(v) => re(v as f64),
            Scalar::U16(v) => re(v as f64),
            Scalar::U32(v) => re(v as f64),
            Scalar::U64(v) => re(v as f64),
            Scalar::F16(v) => re(v.to_f64()),
            Scalar::F32(v) => re(v as f64),
            Scalar::F64(v) => re(v),
            Scalar::C64(v) => Complex64::new(v.re as f64, v.im as f64),
            Scalar::C128(v) => v,
        }
    }

    /// The real part as a double.
    pub fn to_f64(self) -> f64 {
        self.to_c128().re
    }

    /// The real part in single precision, rounded once.
    pub fn to_f32(self) -> f32 {
        match self.cast(DType::F32) {
            Scalar::F32(v) => v,
            v => v.to_f64() as f32,
        }
    }

    /// The value as a wide integer where it is a bool or an integer.
    pub fn to_i128(self) -> Option<i128> {
        Some(match self {
            Scalar::Bool(v) => v as i128,
            Scalar::I8(v) => v as i128,
            Scalar::I16(v) => v as i128,
            Scalar::I32(v) => v as i128,
            Scalar::I64(v) => v as i128,
            Scalar::U8(v) => v as i128,
            Scalar::U16(v) => v as i128,
            Scalar::U32(v) => v as i128,
            Scalar::U64(v) => v as i128,
            _ => return None,
        })
    }

    /// The value in another dtype. Integers wrap; a float becomes the integer towards zero, saturating, NaN
    /// becomes 0; complex to real keeps the real part; anything non-zero (NaN too) is `true`.
    ///
    /// NumPy leaves floats that an integer can't hold undefined (they differ between processors); saturation
    /// is what every backend here does.
    pub fn cast(self, to: DType) -> Scalar {
        if let Some(i) = self.to_i128() {
            return match to {
                Bool => Scalar::Bool(i != 0),
                I8 => Scalar::I8(i as i8),
                I16 => Scalar::I16(i as i16),
                I32 => Scalar::I32(i as i32),
                I64 => Scalar::I64(i as i64),
                U8 => Scalar::U8(i as u8),
                U16 => Scalar::U16(i as u16),
                U32 => Scalar::U32(i as u32),
                U64 => Scalar::U64(i as u64),
                F16 => Scalar::F16(f16::from_f32(rounded_to_odd(i as f64))),
                F32 => Scalar::F32(i as f32),
                F64 => Scalar::F64(i as f64),
                C64 => Scalar::C64(Complex32::new(i as f32, 0.0)),
                C128 => Scalar::C128(Complex64::new(i as f64, 0.0)),
            };
        }
        let z = self.to_c128();
        match to {
            Bool => Scalar::Bool(!(z.re == 0.0 && z.im == 0.0)),
            I8 => Scalar::I8(z.re as i8),
            I16 => Scalar::I16(z.re as i16),
            I32 => Scalar::I32(z.re as i32),
            I64 => Scalar::I64(z.re as i64),
            U8 => Scalar::U8(z.re as u8),
            U16 => Scalar::U16(z.re as u16),
            U32 => Scalar::U32(z.re as u32),
            U64 => Scalar::U64(z.re as u64),
            F16 => Scalar::F16(f16::from_f32(rounded_to_odd(z.re))),
            F32 => Scalar::F32(z.re as f32),
            F64 => Scalar::F64(z.re),
            C64 => Scalar::C64(Complex32::new(z.re as f32, z.im as f32)),
            C128 => Scalar::C128(z),
        }
    }
}

/// Prints as NumPy's scalars do: with the fewest digits that tell the value apart in its dtype. `{:.2}` and `{:+}` mean what
/// they do for Rust's numbers.
impl fmt::Display for Scalar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = numbers::single(*self, f.precision(), f.sign_plus());
        match (f.width(), f.align()) {
            (None, _) => f.write_str(&text),
            (Some(width), Some(fmt::Alignment::Left)) => write!(f, "{text:<width$}"),
            (Some(width), _) => write!(f, "{text:>width$}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn promotion_is_symmetric_idempotent_and_numpys() {
        for a in DTYPES {
            assert_eq!(promote(a, a), a);
            for b in DTYPES {
                assert_eq!(promote(a, b), promote(b, a), "{a} {b}");
                assert!(promote(a, b).kind() >= a.kind().max(b.kind()));
            }
        }
        // Rows of numpy.promote_types, NumPy 2.1.
        for (a, b, want) in [
            (I8, U8, I16),
            (I16, U16, I32),
            (I32, U32, I64),
            (I64, U64, F64),
            (I8, U64, F64),
            (I64, U8, I64),
            (I8, F16, F16),
            (I16, F16, F32),
            (U16, F16, F32),
            (I32, F16, F64),
            (I16, F32, F32),
            (I32, F32, F64),
            (U64, F32, F64),
            (F64, C64, C128),
            (I32, C64, C128),
            (I16, C64, C64),
            (F32, C64, C64),
            (Bool, U8, U8),
            (F16, F64, F64),
        ] {
            assert_eq!(promote(a, b), want, "{a} {b}");
        }
    }

    #[test]
    fn weak_scalars_raise_the_kind_only() {
        assert_eq!(promote_weak(U8, Kind::Int, F64), U8);
        assert_eq!(promote_weak(Bool, Kind::Int, F64), I64);
        assert_eq!(promote_weak(I32, Kind::Float, F64), F64);
        assert_eq!(promote_weak(F32, Kind::Float, F64), F32);
        assert_eq!(promote_weak(F32, Kind::Complex, F64), C64);
        assert_eq!(promote_weak(I8, Kind::Complex, F32), C64);
    }

    #[test]
    fn doubles_become_halves_by_one_rounding() {
        let half = |x: f64| match (Scalar::F64(x).cast(F16), Scalar::C128(Complex64::new(x, 1.0)).cast(F16)) {
            (Scalar::F16(a), Scalar::F16(b)) if a == b => a.to_bits(),
            other => panic!("{x:e} gives {other:?}"),
        };
        assert_eq!(half(1.0 + 2f64.powi(-11) + 2f64.powi(-40)), 0x3c01);
        for bits in 0..0x7c00u16 {
            let value = f16::from_bits(bits).to_f64();
            // Beyond the largest number the next one would be 65536.
            let next = if bits == 0x7bff { 65536.0 } else { f16::from_bits(bits + 1).to_f64() };
            let tie = (value + next) / 2.0;
            assert_eq!(half(value), bits);
            assert_eq!(half(tie), bits + (bits & 1), "the tie {tie:e}");
            for k in [20, 30, 40, 50] {
                let little = tie * 2f64.powi(-k);
                assert_eq!(half(tie - little), bits, "below the tie {tie:e}");
                assert_eq!(half(tie + little), bits + 1, "above the tie {tie:e}");
                assert_eq!(half(-tie - little), (bits + 1) | 0x8000, "above the tie {tie:e}");
            }
        }
        assert_eq!(half(5e-324), 0);
        assert_eq!(half(f64::MAX), 0x7c00);
        assert!(Scalar::F64(f64::NAN).cast(F16).to_f64().is_nan());
    }

    #[test]
    fn casts_wrap_saturate_and_truncate() {
        assert_eq!(Scalar::I32(300).cast(U8), Scalar::U8(44));
        assert_eq!(Scalar::I64(-1).cast(U64), Scalar::U64(u64::MAX));
        assert_eq!(Scalar::F64(-2.9).cast(I8), Scalar::I8(-2));
        assert_eq!(Scalar::F32(f32::NAN).cast(I32), Scalar::I32(0));
        assert_eq!(Scalar::F32(f32::NAN).cast(Bool), Scalar::Bool(true));
        assert_eq!(Scalar::F64(1e300).cast(I64), Scalar::I64(i64::MAX));
        assert_eq!(Scalar::U64(u64::MAX).cast(I64), Scalar::I64(-1));
        assert_eq!(DType::parse("f32"), Some(F32));
        assert_eq!(DType::parse("uint16"), Some(U16));
        assert_eq!(DType::parse("float31"), None);
    }
}
