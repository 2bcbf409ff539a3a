//! float16: stored in 16 bits, computed in f32. The conversions have no branch and call nothing, so that loops over
//! them are compiled to vectors, which those of the `half` crate are not: they ask for the processor's features each.

use super::{Arithmetic, stored_as_itself};
use ::half::f16;

/// A half as a float: exact. (Giesen, "Half to float done quic", 2012.)
#[inline(always)]
pub fn single(x: f16) -> f32 {
    let bits = u32::from(x.to_bits());
    let magnitude = (bits & 0x7fff) << 13;
    // 2^112 moves the exponent from one bias to the other, and makes subnormal halves normal.
    let finite = (f32::from_bits(magnitude) * f32::from_bits(0x7780_0000)).to_bits();
    let special = magnitude | 0x7f80_0000;
    let magnitude = if magnitude >= 0x0f80_0000 { special } else { finite };
    f32::from_bits(magnitude | (bits & 0x8000) << 16)
}

/// The half nearest to a float, ties to even.
#[inline(always)]
pub fn half(x: f32) -> f16 {
    let bits = x.to_bits();
    let magnitude = bits & 0x7fff_ffff;
    // Half the last place, and a bit more where the last place is odd: ties round to even; the bias changes.
    let odd = (magnitude >> 13) & 1;
    let normal = (magnitude.wrapping_add(0xc800_0fff).wrapping_add(odd)) >> 13;
    // Adding 0.5 leaves what a subnormal half keeps in the low bits, rounded by the addition.
    let subnormal = (f32::from_bits(magnitude) + 0.5).to_bits().wrapping_sub(0x3f00_0000);
    let special = if magnitude > 0x7f80_0000 { 0x7e00 } else { 0x7c00 };
    let finite = if magnitude < 0x3880_0000 { subnormal } else { normal };
    let magnitude = if magnitude >= 0x4780_0000 { special } else { finite };
    f16::from_bits((magnitude | (bits >> 16) & 0x8000) as u16)
}

impl Arithmetic for f16 {
    type Acc = f32;
    const ZERO: f16 = f16::ZERO;
    const NOTHING: f16 = f16::NEG_ZERO;
    const ONE: f16 = f16::ONE;
    stored_as_itself!();
    #[inline(always)]
    fn widen(self) -> f32 {
        single(self)
    }
    #[inline(always)]
    fn narrow(acc: f32) -> f16 {
        half(acc)
    }
    #[inline(always)]
    fn plus(self, other: f16) -> f16 {
        half(single(self) + single(other))
    }
    #[inline(always)]
    fn times(self, other: f16) -> f16 {
        half(single(self) * single(other))
    }
    #[inline(always)]
    fn not_a_number(self) -> bool {
        self.to_bits() & 0x7fff > 0x7c00
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_half_is_the_float_that_the_half_crate_says() {
        for bits in 0..=u16::MAX {
            let x = f16::from_bits(bits);
            let (got, want) = (single(x), x.to_f32());
            assert!(got.to_bits() == want.to_bits() || (got.is_nan() && want.is_nan()), "{bits:#x}");
        }
    }

    #[test]
    fn floats_around_every_half_and_every_tie_round_as_in_the_half_crate() {
        let check = |bits: u32| {
            let x = f32::from_bits(bits);
            let (got, want) = (half(x), f16::from_f32(x));
            assert!(got.to_bits() == want.to_bits() || (got.is_nan() && want.is_nan()), "{x:e} ({bits:#x})");
        };
        // The thirteen bits that a half lacks decide at zero, at the half way, and around both.
        for high in 0..1 << 19 {
            for low in [0, 1, 0xfff, 0x1000, 0x1001, 0x1fff] {
                check(high << 13 | low);
            }
        }
        (0..1 << 16).for_each(|i: u32| check(i.wrapping_mul(0x9e37_79b9)));
    }
}
