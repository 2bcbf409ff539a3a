//! The domain `numpy.random`: streams of random numbers that are the same on every backend.
//!
//! Bits come from Philox4x32-10 (Salmon, Moraes, Dror, Shaw 2011, "Parallel random numbers: as easy as 1, 2, 3"), which
//! computes each block of four words from a key and the block's number alone: no thread waits for another, and the number of
//! threads changes nothing. Uniform numbers and integers are the same bit for bit on every backend; functions of them, as
//! normal numbers are, to a few units in the last place.

mod continuous;
mod discrete;
mod generator;
mod order;
mod stream;

pub use generator::{Generator, default_rng};
pub use stream::{Draw, Drawn, Stream, draw, erased_draw};

pub(super) use stream::register;
