//! The domain `numpy.linalg`.

mod decompositions;

pub use decompositions::*;

use crate::dispatch::Registrar;

pub(super) fn register(r: &mut Registrar<'_>, kind: &str) {
    decompositions::register(r, kind);
}
