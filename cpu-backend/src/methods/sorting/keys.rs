//! Keys: unsigned integers in the order of the elements.

use super::radix::Word;
use polyarray_core::{DType, Kind};

/// How the bits of elements are ordered.
#[derive(Clone, Copy, Debug)]
pub struct Order {
    form: Form,
    descending: bool,
}

#[derive(Clone, Copy, Debug)]
enum Form {
    Unsigned,
    Signed,
    Float,
}

impl Order {
    /// The order of a real dtype's elements; none of complex ones.
    pub fn of(dtype: DType, descending: bool) -> Option<Order> {
        let form = match dtype.kind() {
            Kind::Complex => return None,
            Kind::Float => Form::Float,
            Kind::Int if !dtype.is_unsigned() => Form::Signed,
            Kind::Int | Kind::Bool => Form::Unsigned,
        };
        Some(Order { form, descending })
    }

    /// Are there elements that are equal and differ in their bits?
    pub fn has_ties(self) -> bool {
        matches!(self.form, Form::Float)
    }
}

/// The bits of an element, as long as it.
pub trait Bits: bytemuck::Pod + Ord + Send + Sync {
    /// How many.
    const BITS: u32;
    /// What its keys are sorted as.
    type Word: Word;
    /// Writes the keys of elements. NaNs have one key, above all others in either direction; the zeros of floats have one of their own each unless
    /// they are `tied`.
    fn keys(elements: &[Self], order: Order, tied: bool, key: impl FnMut(usize, Self));
    /// The element that has a key: of NaNs one, of tied zeros the positive one.
    fn element(self, order: Order) -> Self;
    /// The key as a word.
    fn word(self) -> Self::Word;
    /// The key that a word is.
    fn of_word(word: Self::Word) -> Self;
    /// The key as the largest of them.
    fn widen(self) -> u64;
    /// The key that it ends in.
    fn narrow(key: u64) -> Self;
    /// Is it the key of NaN?
    fn is_nan(self, order: Order) -> bool;
    /// The keys of the zeros of floats, in their order.
    const ZEROS: [Self; 2];
    /// The key of one element.
    fn key(self, order: Order, tied: bool) -> Self {
        let mut key = self;
        Self::keys(&[self], order, tied, |_, k| key = k);
        key
    }
}

macro_rules! bits {
    ($($B:ty as $Word:ty: $infinity:expr;)*) => {$(
        impl Bits for $B {
            const BITS: u32 = <$B>::BITS;
            // Each other's complement, so they are these in either order.
            const ZEROS: [$B; 2] = [(1 << (<$B>::BITS - 1)) - 1, 1 << (<$B>::BITS - 1)];
            type Word = $Word;
            #[inline(always)]
            fn keys(elements: &[$B], order: Order, tied: bool, mut key: impl FnMut(usize, $B)) {
                const SIGN: $B = 1 << (<$B>::BITS - 1);
                let flip = if order.descending { <$B>::MAX } else { 0 };
                let each = elements.iter().enumerate();
                match order.form {
                    Form::Unsigned => each.for_each(|(i, &x)| key(i, x ^ flip)),
                    Form::Signed => each.for_each(|(i, &x)| key(i, x ^ SIGN ^ flip)),
                    Form::Float => {
                        // What negative zero becomes.
                        let zero = if tied { SIGN } else { !SIGN };
                        each.for_each(|(i, &x)| {
                            let k = if x & SIGN != 0 { !x } else { x | SIGN };
                            let k = if x == SIGN { zero } else { k };
                            // Only NaN has bits whose key is the largest, in either direction.
                            key(i, if x & !SIGN > $infinity { <$B>::MAX } else { k ^ flip });
                        });
                    }
                }
            }
            #[inline(always)]
            fn element(self, order: Order) -> $B {
                const SIGN: $B = 1 << (<$B>::BITS - 1);
                let key = if order.descending { !self } else { self };
                match order.form {
                    Form::Unsigned => key,
                    Form::Signed => key ^ SIGN,
                    Form::Float if key & SIGN != 0 => key ^ SIGN,
                    Form::Float => !key,
                }
            }
            #[inline(always)]
            fn word(self) -> $Word {
                self.into()
            }
            #[inline(always)]
            fn of_word(word: $Word) -> $B {
                word as $B
            }
            #[inline(always)]
            fn widen(self) -> u64 {
                self.into()
            }
            #[inline(always)]
            fn narrow(key: u64) -> $B {
                key as $B
            }
            fn is_nan(self, order: Order) -> bool {
                order.has_ties() && self == <$B>::MAX
            }
        }
    )*};
}
bits!(
    u8 as u32: 0;
    u16 as u32: 0x7c00;
    u32 as u32: 0x7f80_0000;
    u64 as u64: 0x7ff0_0000_0000_0000;
);

/// A key above the index of its element.
pub trait Pair: Word {
    /// Bits of the index.
    const INDEX: u32;
    /// Makes one.
    fn new(key: u64, index: usize) -> Self;
    /// The key.
    fn key(self) -> u64;
    /// The index alone.
    fn index(self) -> Self;
    /// The index as a result.
    fn result(self) -> i64;
}

macro_rules! pairs {
    ($($W:ty: $bits:literal;)*) => {$(
        impl Pair for $W {
            const INDEX: u32 = $bits;
            #[inline(always)]
            fn new(key: u64, index: usize) -> $W {
                <$W>::from(key) << $bits | index as $W
            }
            #[inline(always)]
            fn key(self) -> u64 {
                (self >> $bits) as u64
            }
            #[inline(always)]
            fn index(self) -> $W {
                self & ((1 << $bits) - 1)
            }
            #[inline(always)]
            fn result(self) -> i64 {
                self.index() as i64
            }
        }
    )*};
}
pairs!(u64: 32; u128: 64;);
