//! The instances that work can be handed to, with their costs at hand.

use std::cell::Cell;

use polyarray_core::array::{ARRAY_KINDS, HOST, instance_at, residency_of};
use polyarray_core::dispatch::{Instance, Key, KindId};

use crate::Costs;
use crate::costs::{generation, known};

/// One of them.
#[derive(Clone, Copy, Debug)]
pub struct Side {
    pub instance: Instance,
    /// Where its arrays live.
    pub key: Key,
    pub costs: &'static Costs,
}

thread_local! {
    /// The table, and the generation of costs that it is of. A decision looks at it without a lock.
    static SIDES: Cell<(u64, &'static [Side])> = const { Cell::new((0, &[])) };
}

/// The first instance of every kind of arrays, and every other one that was met; without those that can't be opened
/// or measured.
pub fn sides() -> &'static [Side] {
    let (of, sides) = SIDES.get();
    if of == generation() && !sides.is_empty() { sides } else { listed() }
}

#[cold]
fn listed() -> &'static [Side] {
    for kind in ARRAY_KINDS {
        // Measured if it can be. What can't is not offered, and says why to whoever names it.
        let _ = Costs::of(Instance { kind: KindId::intern(kind.name), index: 0 });
    }
    let now = generation();
    let side = |(instance, costs)| Some(Side { instance, key: residency_of(instance).ok()?, costs });
    let sides: Vec<Side> = known().into_iter().filter_map(side).collect();
    // There are as many tables as changes to what is known: a few.
    let sides: &'static [Side] = sides.leak();
    SIDES.set((now, sides));
    sides
}

/// The one whose arrays have this residency.
pub fn at(key: Key) -> Option<&'static Side> {
    let find = || sides().iter().find(|side| side.key == key);
    if let Some(side) = find() {
        return Some(side);
    }
    Costs::of(instance_at(key).ok()?).ok()?;
    find()
}

/// Seconds for a copy between two; from one device to another it goes by way of the host. None if there is no way.
pub fn moved(from: &Side, to: &Side, bytes: f64) -> Option<f64> {
    let host = *HOST;
    let leave = if from.key == host { 0.0 } else { from.costs.download.as_ref()?.at(bytes) };
    let arrive = if to.key == host { 0.0 } else { to.costs.upload.as_ref()?.at(bytes) };
    Some(leave + arrive)
}
