//! Enrolment at link time: `auto` can then be named. It is never used otherwise.

use polyarray_core::array::ARRAY_KINDS;
use polyarray_core::backend::{
    BackendKind, Call, Cx, Decline, Fit, Instance, Key, Kind, KindCell, Stop, Values, interceptors,
    linked_kind,
};
use polyarray_core::{Array, Error};
use smallvec::SmallVec;

use crate::decide::{self, Estimate};
use crate::work::Work;

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

interceptors! { AUTO_INTERCEPTS; "auto": "numpy" = hand_on; }

/// Hands a call to the instance that is expected to take the least time, or to the next one where that has no answer.
/// What is not weighed is declined: its default runs here, part by part, or the backends around have it.
fn hand_on(_: Cx, call: &Call) -> Result<Values, Stop<Error>> {
    let Some(work) = Work::of(call) else { return Err(Stop::declined("its cost is not known")) };
    let operands: SmallVec<[&Array; 4]> = call.arrays().collect();
    let mut last = None;
    for Estimate { on, again, .. } in decide::rank(work, &operands)? {
        let answer = match again {
            0 => call.on(on),
            again => recorded_again(call, on, again)?.on(on),
        };
        match answer {
            Err(error) if error.is_not_found() => last = Some(error),
            answer => return Ok(answer?),
        }
    }
    Err(last.map_or_else(|| Stop::declined("it holds no backend for this"), Stop::Failed))
}

/// The call with those operands that are marked recorded on another instance, pending work included, where that can be.
fn recorded_again(call: &Call, to: Instance, again: u8) -> Result<Call, Error> {
    let mut at = 0;
    call.map_arrays(|operand| {
        at += 1;
        let there = if again >> (at - 1) & 1 == 1 { operand.recorded_on(to)? } else { None };
        Ok(there.unwrap_or_else(|| operand.clone()))
    })
}
