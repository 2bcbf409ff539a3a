//! What tests of array code need: comparison within a tolerance, one test body on every backend, and the conformance
//! suite for authors of backends.
//!
//! ```
//! use polyarray::{self as np, testing};
//! testing::on_every_backend(|place| {
//!     let x = np::linspace(0.0, 1.0, 5, np::dtype(np::DType::F32).device(place))?;
//!     let y = np::exp(&x)?;
//!     let want: Vec<f64> = (0..5).map(|i| (i as f64 / 4.0).exp()).collect();
//!     testing::assert_allclose(&y, &np::Array::from(want), testing::Tolerance::relative(1e-6));
//!     Ok(())
//! });
//! ```

pub use polyarray_core::testing::*;
