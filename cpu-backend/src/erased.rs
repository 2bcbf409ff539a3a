//! Values of which only the size matters.

use bytemuck::Pod;

/// A value of at most 16 bytes.
pub type Erased = u128;

/// A value as bits.
pub fn erase<P: Pod>(value: P) -> Erased {
    let mut erased = 0;
    bytemuck::bytes_of_mut(&mut erased)[..size_of::<P>()].copy_from_slice(bytemuck::bytes_of(&value));
    erased
}

/// A value from its bits.
pub fn restore<P: Pod>(erased: Erased) -> P {
    bytemuck::pod_read_unaligned(&bytemuck::bytes_of(&erased)[..size_of::<P>()])
}

/// Room for so many bytes, aligned for any element.
pub fn room(bytes: usize) -> Vec<Erased> {
    vec![0; bytes.div_ceil(size_of::<Erased>())]
}

/// Evaluates an expression with a type that holds the bits of elements of so many bytes, and is aligned no more than any
/// of them: what only moves elements is compiled once for each size.
macro_rules! with_bits {
    ($size:expr, $P:ident => $body:expr) => {
        $crate::erased::with_bits!(@match $size, $P, $body; 1 u8, 2 u16, 4 u32, 8 [u32; 2], _ [u32; 4])
    };
    (@match $size:expr, $P:ident, $body:expr; $($n:tt $ty:ty),*) => {
        match $size { $($n => { type $P = $ty; $body })* }
    };
}
pub(crate) use with_bits;
