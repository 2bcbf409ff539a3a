//! Values of one dtype as another.

use super::Arithmetic;
use super::half::{half, single};
use half::f16;
use num_complex::{Complex32, Complex64};

/// A value of one dtype as another, as [`polyarray_core::Scalar::cast`] documents.
pub trait CastTo<U> {
    /// The cast.
    fn cast_to(self) -> U;
}

macro_rules! cast {
    ($($S:ty => $($D:ty),* ; $x:ident $e:expr)*) => {$($(
        impl CastTo<$D> for $S {
            #[inline(always)]
            fn cast_to(self) -> $D { let $x = self; $e as $D }
        }
    )*)*};
}

macro_rules! casts_of_primitives {
    ($($S:ty: $x:ident $half:expr;)*) => {$(
        cast!($S => i32, i64, u32, u64, f32, f64; x x);
        impl CastTo<bool> for $S {
            #[inline(always)]
            fn cast_to(self) -> bool { self != <$S as Arithmetic>::ZERO }
        }
        impl CastTo<f16> for $S {
            #[inline(always)]
            fn cast_to(self) -> f16 { let $x = self; $half }
        }
        casts_to_complex!($S);
    )*};
}
macro_rules! casts_to_complex {
    ($S:ty) => {
        impl CastTo<Complex32> for $S {
            #[inline(always)]
            fn cast_to(self) -> Complex32 {
                Complex32::new(self.cast_to(), 0.0)
            }
        }
        impl CastTo<Complex64> for $S {
            #[inline(always)]
            fn cast_to(self) -> Complex64 {
                Complex64::new(self.cast_to(), 0.0)
            }
        }
    };
}
casts_of_primitives!(
    i8: x half(x as f32); i16: x half(x as f32); u8: x half(x as f32); u16: x half(x as f32); f32: x half(x);
    i32: x f16::from_f64(x as f64); i64: x f16::from_f64(x as f64); f64: x f16::from_f64(x);
    u32: x f16::from_f64(x as f64); u64: x f16::from_f64(x as f64);
);
cast!(i8 => i8, i16, u8, u16; x x i16 => i8, i16, u8, u16; x x i32 => i8, i16, u8, u16; x x);
cast!(i64 => i8, i16, u8, u16; x x u8 => i8, i16, u8, u16; x x u16 => i8, i16, u8, u16; x x);
cast!(u32 => i8, i16, u8, u16; x x u64 => i8, i16, u8, u16; x x);
/// The nearest number to zero that is whole, between two bounds; 0 for NaN. Adding 1.5 times a power of two leaves it in the
/// low bits: `as`, which saturates, is compiled to one element after another.
macro_rules! casts_to_few_bits {
    ($($F:ty, $magic:expr => $($D:ty),*;)*) => {$($(
        impl CastTo<$D> for $F {
            #[inline(always)]
            fn cast_to(self) -> $D {
                let x = if self.is_nan() { 0.0 } else { self };
                let x = if x < <$D>::MIN as $F { <$D>::MIN as $F } else { x };
                let x = if x > <$D>::MAX as $F { <$D>::MAX as $F } else { x };
                (x.trunc() + $magic).to_bits() as $D
            }
        }
    )*)*};
}
casts_to_few_bits!(
    f32, 12_582_912.0 => i8, i16, u8, u16;
    f64, 6_755_399_441_055_744.0 => i8, i16, u8, u16;
);

cast!(bool => i8, i16, i32, i64, u8, u16, u32, u64, f32, f64; x (x as u8));
cast!(f16 => i8, i16, i32, i64, u8, u16, u32, u64, f32, f64; x single(x));
casts_to_complex!(bool);
casts_to_complex!(f16);

macro_rules! cast_by {
    ($($S:ty => $D:ty: $x:ident $e:expr;)*) => {$(
        impl CastTo<$D> for $S {
            #[inline(always)]
            fn cast_to(self) -> $D { let $x = self; $e }
        }
    )*};
}
cast_by!(
    bool => bool: x x;
    bool => f16: x if x { f16::ONE } else { f16::ZERO };
    f16 => bool: x x != f16::ZERO;
    f16 => f16: x x;
    Complex32 => bool: x x != Complex32::ZERO;
    Complex64 => bool: x x != Complex64::ZERO;
    Complex32 => Complex32: x x;
    Complex32 => Complex64: x Complex64::new(x.re as f64, x.im as f64);
    Complex64 => Complex32: x Complex32::new(x.re as f32, x.im as f32);
    Complex64 => Complex64: x x;
);
macro_rules! casts_of_the_real_part {
    ($($S:ty)*) => {$(cast_by!(
        $S => i8: x x.re.cast_to(); $S => i16: x x.re.cast_to(); $S => i32: x x.re.cast_to();
        $S => i64: x x.re.cast_to(); $S => u8: x x.re.cast_to(); $S => u16: x x.re.cast_to();
        $S => u32: x x.re.cast_to(); $S => u64: x x.re.cast_to(); $S => f16: x x.re.cast_to();
        $S => f32: x x.re.cast_to(); $S => f64: x x.re.cast_to();
    );)*};
}
casts_of_the_real_part!(Complex32 Complex64);
