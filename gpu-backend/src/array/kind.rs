//! The kind `gpu`, as the dispatch engine and core's arrays know it: enrolled when it is linked.
//! Nothing here opens an adapter before an array is to be there.

use polyarray_core::array::{ARRAY_KINDS, ArrayBackend, ArrayKind};
use polyarray_core::dispatch::linkme::distributed_slice;
use polyarray_core::dispatch::{
    BackendKind, Decline, Fit, Key, Kind, KindCell, REGISTRATIONS, Registrar, linked_kind,
};
use polyarray_core::numpy as np;

use super::backend::GpuBackend;
use crate::adapters;

/// The kind's name.
pub const KIND: &str = "gpu";

static CELL: KindCell = KindCell::new(KIND);

/// The kind as a value: what scopes and registrations name.
#[allow(non_upper_case_globals, reason = "reads as a backend, not as a constant: `scope!(gpu);`")]
pub const gpu: Kind = Kind::new(&CELL);

/// The residency of an instance.
pub(super) fn residency(index: u16) -> Key {
    Key::intern(&format!("{KIND}:{index}"))
}

/// The instance that a residency belongs to.
fn index_of(key: Key) -> Option<u16> {
    key.name().strip_prefix(KIND)?.strip_prefix(':')?.parse().ok()
}

struct GpuKind;

impl BackendKind for GpuKind {
    fn name(&self) -> &'static str {
        KIND
    }

    fn select(&self, keys: &[Key]) -> Result<u16, Decline> {
        let mut chosen = None;
        for index in keys.iter().flat_map(|key| key.parts()).filter_map(|&part| index_of(part)) {
            match chosen {
                Some(other) if other != index => {
                    return Err(Decline::new("the operands are on two GPUs; copy one with .to(…)"));
                }
                _ => chosen = Some(index),
            }
        }
        Ok(chosen.unwrap_or(0))
    }

    /// What lives elsewhere is copied through the host.
    fn fit(&self, index: u16, key: Key) -> Fit {
        if index_of(key) == Some(index) { Fit::Native } else { Fit::Copy }
    }

    fn falls_back(&self) -> bool {
        true
    }

    fn instances(&self) -> Vec<String> {
        let count = adapters::list().map_or(0, <[_]>::len);
        (0..count).map(|index| format!("{KIND}:{index}")).collect()
    }
}

linked_kind! { GPU_IS_LINKED: &GpuKind; }

#[distributed_slice(ARRAY_KINDS)]
#[linkme(crate = polyarray_core::dispatch::linkme)]
static GPU_ARRAYS: ArrayKind = ArrayKind {
    name: KIND,
    open: |index| Ok(GpuBackend::open(index)? as &'static dyn ArrayBackend),
    residency,
};

#[distributed_slice(REGISTRATIONS)]
#[linkme(crate = polyarray_core::dispatch::linkme)]
static GPU_METHODS: fn(&mut Registrar<'_>) = |registrar| np::register_methods(registrar, KIND);
