//! Measuring: rounds of several sides in turn, medians and quartiles, and the machine's own ceilings.
//!
//! What the tool's `bench` is built on, and whatever else has to know how long work takes on a place. Nothing
//! here prints, reads arguments or knows a table of operations.
//!
//! ```
//! use polyarray::measure::{Place, Schedule, interleaved};
//! use polyarray::{self as np, Array};
//! let host = Place::open("host")?;
//! let x = Array::from(vec![1.0f32; 1000]);
//! let quick = Schedule { seconds: 0.001, warm_up: 1, least: 3, most: 10, patience: 1.0 };
//! let all = interleaved(&quick, &mut [
//!     Box::new(|| Ok(host.resident_round(&[x.clone()], &|x| np::sqrt(&x[0]))?.1)),
//!     Box::new(|| Ok(host.resident_round(&[x.clone()], &|x| np::exp(&x[0]))?.1)),
//! ]);
//! for times in all {
//!     let times = times?;
//!     assert!(times.q1 <= times.median && times.median <= times.q3);
//! }
//! # Ok::<(), polyarray::Error>(())
//! ```

mod ceilings;
mod place;
mod timing;

pub use ceilings::{copy_rate, product_rate};
pub use place::{Body, Place};
pub use timing::{Call, Schedule, Times, interleaved};
