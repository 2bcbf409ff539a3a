//! How shapes, axes and indices are given: one conversion each.

use crate::error::{Error, Result};
use crate::memory::Dims;
use smallvec::SmallVec;

/// A shape: `()`, `3`, `[2, 3]`, `(2, 3)`, a slice, a vector, of any integer type. Where one length may be left to be
/// worked out (`reshape`), it is −1.
pub trait IntoShape {
    /// The lengths.
    fn into_shape(self) -> SmallVec<[isize; 4]>;
}

/// Axes, or an index for each axis: `()`, `-1`, `[0, 1]`, `(0, 1)`, a slice, a vector, of any integer type. Negative ones
/// count from the end.
pub trait IntoAxes {
    /// The axes.
    fn into_axes(self) -> SmallVec<[isize; 4]>;
}

/// A type of lengths and axes.
pub trait Whole: Copy {
    /// As the widest; one beyond it becomes the largest there is, which nothing has.
    fn whole(self) -> isize;
}

macro_rules! whole {
    ($($t:ty),*) => { $(
        impl Whole for $t {
            fn whole(self) -> isize { isize::try_from(self).unwrap_or(isize::MAX) }
        }
    )* };
}
whole!(i32, i64, isize, u32, u64, usize);

macro_rules! conversions {
    ($($name:ident $convert:ident;)*) => { $(
        impl $name for () {
            fn $convert(self) -> SmallVec<[isize; 4]> { SmallVec::new() }
        }
        impl<T: Whole> $name for T {
            fn $convert(self) -> SmallVec<[isize; 4]> { std::iter::once(self.whole()).collect() }
        }
        impl<T: Whole, const N: usize> $name for [T; N] {
            fn $convert(self) -> SmallVec<[isize; 4]> { self.into_iter().map(T::whole).collect() }
        }
        impl<T: Whole, const N: usize> $name for &[T; N] {
            fn $convert(self) -> SmallVec<[isize; 4]> { self.iter().map(|n| n.whole()).collect() }
        }
        impl<T: Whole> $name for &[T] {
            fn $convert(self) -> SmallVec<[isize; 4]> { self.iter().map(|n| n.whole()).collect() }
        }
        impl<T: Whole> $name for Vec<T> {
            fn $convert(self) -> SmallVec<[isize; 4]> { self.into_iter().map(T::whole).collect() }
        }
        impl<T: Whole> $name for &Vec<T> {
            fn $convert(self) -> SmallVec<[isize; 4]> { self.iter().map(|n| n.whole()).collect() }
        }
        impl<T: Whole, const N: usize> $name for SmallVec<[T; N]> {
            fn $convert(self) -> SmallVec<[isize; 4]> { self.into_iter().map(T::whole).collect() }
        }
        impl<T: Whole, const N: usize> $name for &SmallVec<[T; N]> {
            fn $convert(self) -> SmallVec<[isize; 4]> { self.iter().map(|n| n.whole()).collect() }
        }
        conversions! { @tuple $name $convert A B; A B C; A B C D; A B C D E }
    )* };
    (@tuple $name:ident $convert:ident $($($t:ident)*);*) => { $(
        impl<$($t: Whole),*> $name for ($($t,)*) {
            #[allow(non_snake_case, reason = "a variable for each type")]
            fn $convert(self) -> SmallVec<[isize; 4]> {
                let ($($t,)*) = self;
                [$($t.whole()),*].into_iter().collect()
            }
        }
    )* };
}
conversions! { IntoShape into_shape; IntoAxes into_axes; }

/// A shape without a length that is to be worked out.
pub(crate) fn lengths(op: &'static str, shape: &[isize]) -> Result<Dims> {
    let length = |&n: &isize| usize::try_from(n).ok();
    shape.iter().map(length).collect::<Option<Dims>>().ok_or_else(|| Error::Shape {
        op,
        operands: format!("shape {shape:?}"),
        fix: "lengths are 0 or more".into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(s: impl IntoShape) -> Vec<isize> {
        s.into_shape().to_vec()
    }

    #[test]
    fn shapes_are_given_as_it_comes() {
        let two = SmallVec::<[isize; 4]>::from_slice(&[2, 3]);
        for given in [
            shape([2, 3]),
            shape(&[2_usize, 3]),
            shape(vec![2_i64, 3]),
            shape((2, 3_usize)),
            shape(&[2_usize, 3][..]),
            shape(two.clone()),
            shape(&two),
        ] {
            assert_eq!(given, [2, 3]);
        }
        assert_eq!((shape(()), shape(-1), shape(u64::MAX)), (vec![], vec![-1], vec![isize::MAX]));
        assert!(lengths("zeros", &[2, -1]).is_err());
    }
}
