//! Enrolment at link time: `auto` can then be named. It is never used otherwise.

use polyarray_core::array::ARRAY_KINDS;
use polyarray_core::dispatch::linkme::distributed_slice;
use polyarray_core::dispatch::{
    BackendKind, Cx, Decline, Fit, Instance, Key, Kind, KindCell, REGISTRATIONS, Registrar, Stop, linked_kind,
};
use polyarray_core::numpy::{Ranking, Work, Wrapper, register_wrapper};
use polyarray_core::{Array, Error};

use crate::decide;
use crate::plain::plain;

/// The kind's name.
const KIND: &str = "auto";

static CELL: KindCell = KindCell::new(KIND);

/// The kind, as scopes name it.
#[allow(non_upper_case_globals, reason = "reads as a backend, not as a constant: `scope!(auto);`")]
pub const auto: Kind = Kind::new(&CELL);

/// Its answers to dispatch: it accepts every residency for which a backend of arrays is linked.
struct AutoKind;

impl BackendKind for AutoKind {
    fn name(&self) -> &'static str {
        KIND
    }
    fn explicit(&self) -> bool {
        true
    }
    fn select(&self, _: &[Key]) -> Result<u16, Decline> {
        Ok(0)
    }
    fn fit(&self, _: u16, key: Key) -> Fit {
        let index = key.name().rsplit_once(':').and_then(|(_, index)| index.parse().ok()).unwrap_or(0);
        if key == Key::NONE || ARRAY_KINDS.iter().any(|kind| (kind.residency)(index) == key) {
            Fit::Native
        } else {
            Fit::Never("no backend of arrays that `auto` could hand it to is linked")
        }
    }
    fn instances(&self) -> Vec<String> {
        vec![KIND.into()]
    }
    fn instance_name(&self, _: u16) -> String {
        KIND.into()
    }
}

linked_kind! { AUTO_IS_LINKED: &AutoKind; }

struct Auto;

impl Wrapper for Auto {
    fn plain(work: Work, operands: &[&Array]) -> Option<Instance> {
        plain(work, operands)
    }
    fn rank(_: Cx, work: Work, operands: &[&Array]) -> Result<Ranking, Stop<Error>> {
        decide::rank(work, operands)
    }
}

#[distributed_slice(REGISTRATIONS)]
#[linkme(crate = polyarray_core::dispatch::linkme)]
static FORWARDERS: fn(&mut Registrar<'_>) = |registrar| register_wrapper::<Auto>(registrar, KIND);
