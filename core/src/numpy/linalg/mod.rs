//! The domain `numpy.linalg`.

pub(super) mod decompositions;

pub use decompositions::{erased_svd, svd};

use crate::dispatch::Registrar;

pub(super) fn register(r: &mut Registrar<'_>, kind: &str) {
    decompositions::register(r, kind);
}
