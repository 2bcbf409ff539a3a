//! A strided part of an array, by axis.

use crate::memory::Dims;
use smallvec::SmallVec;

/// Indices `start`, `start + step`, … along one axis, `count` of them, at least one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// The first.
    pub start: usize,
    /// Step, at least 1.
    pub step: usize,
    /// How many.
    pub count: usize,
}

/// A part of an array, by axis: what [`ArrayBackend::assign`](crate::device::ArrayBackend::assign) writes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Shape of the whole array.
    pub shape: Dims,
    /// One for each axis.
    pub spans: SmallVec<[Span; 4]>,
}
