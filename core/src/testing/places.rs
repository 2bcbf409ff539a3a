//! One test body on every backend.
//!
//! See [`on_every_backend`].

use crate::array::{ARRAY_KINDS, open, residency};
use crate::dispatch::{Instance, kinds};
use crate::error::Result;

/// The instances of every linked kind of arrays, opened, in the order of registration.
///
/// # Errors
/// What opening fails with, for a kind that has no instance too: a test never passes by not running.
pub fn every_backend() -> Result<Vec<Instance>> {
    let mut all = Vec::new();
    for kind in kinds().into_iter().filter(|k| ARRAY_KINDS.iter().any(|a| a.name == k.name())) {
        let count = kind.id().backend().map_or(0, |b| b.instances().len()).max(1);
        for i in 0..count {
            let instance = kind.instance(i as u16);
            open(instance)?;
            all.push(instance);
        }
    }
    Ok(all)
}

/// Runs a test on every backend there is, handing it the name of a place such as `"host"` or `"gpu:0"`.
///
/// # Panics
/// If the body fails, naming the place; if a linked kind has no instance that opens (a machine without an
/// adapter: the message says how to get one).
#[track_caller]
pub fn on_every_backend(test: impl Fn(&str) -> Result<()>) {
    let instances = every_backend().unwrap_or_else(|e| panic!("{e}"));
    for instance in instances {
        let place = residency::residency_of(instance).unwrap_or_else(|e| panic!("{e}"));
        if let Err(e) = test(place.name()) {
            panic!("on {place}: {e}");
        }
    }
}
