//! Values of one dtype as another, as [`polyarray_core::Scalar::cast`] documents: those that are one loop; see
//! `cast_loop` in `fused::ops` for the others, which are two in turn or none.

use num_complex::{Complex32, Complex64};

/// A value of one dtype as another.
pub trait CastTo<U> {
    /// The cast.
    fn cast_to(self) -> U;
}

macro_rules! cast {
    ($($S:ty => $($D:ty),*: $x:ident $e:expr;)*) => {$($(
        impl CastTo<$D> for $S {
            #[inline(always)]
            fn cast_to(self) -> $D {
                let $x = self;
                $e as $D
            }
        }
    )*)*};
}
cast!(
    bool => i16: x x;
    u8 => u16, u32, u64, i16, f32, f64: x x;
    u16 => u8, u32, u64, f32, f64: x x;
    u32 => u8, u16, u64, f32, f64: x x;
    u64 => u8, u16, u32, f32, f64: x x;
    i8 => u16, u32, u64, i16, f32, f64: x x;
    i16 => u32, u64, i16, f32, f64: x x;
    i32 => u64, f32, f64: x x;
    i64 => f32, f64: x x;
    f32 => i32, i64, u32, u64, f32, f64: x x;
    f64 => i32, i64, u32, u64, f32, f64: x x;
    u8 => bool: x 0 != x;
    u16 => bool: x 0 != x;
    u32 => bool: x 0 != x;
    u64 => bool: x 0 != x;
    f32 => bool: x 0.0 != x;
    f64 => bool: x 0.0 != x;
);

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

impl CastTo<Complex64> for Complex32 {
    #[inline(always)]
    fn cast_to(self) -> Complex64 {
        Complex64::new(self.re as f64, self.im as f64)
    }
}

impl CastTo<Complex32> for Complex64 {
    #[inline(always)]
    fn cast_to(self) -> Complex32 {
        Complex32::new(self.re as f32, self.im as f32)
    }
}
