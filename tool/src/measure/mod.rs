//! Measuring: rounds of several sides in turn, medians and quartiles, and the machine's own ceilings.
//!
//! What `bench` is built on. Nothing here prints, reads arguments or knows a table of operations.
mod ceilings;
mod place;
mod timing;

pub use ceilings::{copy_rate, product_rate};
pub use place::Place;
pub use timing::{Call, Schedule, Times, interleaved};
