//! The numbers that matrices are made of.

use bytemuck::Pod;
use faer::traits::ComplexField;
use num_complex::{Complex32, Complex64};
use polyarray_core::Element;

/// An element of a matrix.
pub trait Number: ComplexField + Element<Repr = Self> + Pod {
    /// Of its parts.
    type Float: Float;
    /// Real and imaginary part.
    fn parts(self) -> [Self::Float; 2];
    /// The conjugate.
    fn conjugate(self) -> Self;
    /// Without the imaginary part.
    fn real(self) -> Self;
    /// The quotient.
    fn over(self, other: Self) -> Self;
    /// Less a product.
    fn less(self, a: Self, b: Self) -> Self;
    /// Multiplied by a real number.
    fn times(self, by: Self::Float) -> Self;
}

/// A real number.
pub trait Float: Number<Float = Self> + PartialOrd {
    /// The complex number of these parts.
    type Complex: Number<Float = Self>;
    fn wide(self) -> f64;
    fn narrow(x: f64) -> Self;
}

macro_rules! numbers {
    ($($T:ident $C:ident),*) => { $(
        impl Number for $T {
            type Float = $T;
            fn parts(self) -> [$T; 2] {
                [self, 0.0]
            }
            fn conjugate(self) -> $T {
                self
            }
            fn real(self) -> $T {
                self
            }
            fn over(self, other: $T) -> $T {
                self / other
            }
            fn less(self, a: $T, b: $T) -> $T {
                self - a * b
            }
            fn times(self, by: $T) -> $T {
                self * by
            }
        }
        impl Number for $C {
            type Float = $T;
            fn parts(self) -> [$T; 2] {
                [self.re, self.im]
            }
            fn conjugate(self) -> $C {
                self.conj()
            }
            fn real(self) -> $C {
                self.re.into()
            }
            fn over(self, other: $C) -> $C {
                // The squares of the divisor may have no place in the format (Smith 1962).
                let turned = other.re.abs() < other.im.abs();
                let (a, d) = if turned { (self * $C::i(), other * $C::i()) } else { (self, other) };
                let ratio = d.im / d.re;
                let size = d.re + d.im * ratio;
                $C::new((a.re + a.im * ratio) / size, (a.im - a.re * ratio) / size)
            }
            fn less(self, a: $C, b: $C) -> $C {
                self - a * b
            }
            fn times(self, by: $T) -> $C {
                self * by
            }
        }
        impl Float for $T {
            type Complex = $C;
            fn wide(self) -> f64 {
                self.into()
            }
            fn narrow(x: f64) -> $T {
                x as $T
            }
        }
    )* };
}
numbers!(f32 Complex32, f64 Complex64);

/// Runs a block with `T` the type of a dtype's elements.
macro_rules! for_dtype {
    ($dtype:expr, $T:ident => $body:expr) => {
        match $dtype {
            polyarray_core::DType::F32 => {
                type $T = f32;
                $body
            }
            polyarray_core::DType::F64 => {
                type $T = f64;
                $body
            }
            polyarray_core::DType::C64 => {
                type $T = num_complex::Complex32;
                $body
            }
            polyarray_core::DType::C128 => {
                type $T = num_complex::Complex64;
                $body
            }
            other => Err(polyarray_core::Error::DType {
                op: "linalg",
                operands: format!("matrices of {other}"),
                fix: "cast them to a float or complex dtype; float16 to float32".into(),
            }),
        }
    };
}
pub(crate) use for_dtype;
