//! What tests of array code need: comparison within a tolerance, one test body on every backend, and the conformance
//! suite, which runs every method on a backend against a reference in higher precision.
//!
//! [`conformance`] is the contract of a backend: its author calls it in a test of their own. The pieces are public, too:
//! [`samples`] makes arguments, [`mod@reference`] says what a method gives, [`tolerance`] how far from that it may be.

mod accuracy;
mod allclose;
pub mod annex_g;
mod calls;
mod conformance;
mod factorisations;
mod fuzz;
mod methods;
mod places;
pub mod reference;
pub mod samples;
pub mod tolerance;
mod transforms;

pub use accuracy::{Accuracy, accuracy};
pub use allclose::{assert_allclose, difference};
pub use calls::{Called, Given};
pub use conformance::{Conformance, Ran, Report, Way, conformance};
pub use factorisations::factorisations;
pub use fuzz::{Fuzz, Fuzzed};
pub use places::{every_backend, on_every_backend};
pub use tolerance::Tolerance;

pub use transforms::transforms_are_accurate;
